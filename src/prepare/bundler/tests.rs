//! Manifests in the shapes that the bundlers write, and what is made of them.

use insta::assert_snapshot;

use super::*;

/// What a manifest makes of files, a line for each: `=` is sealed, `~` a page, `!` was named without a hash.
fn sorted(manifest: &str, path: &str, files: &[&str]) -> String {
    let manifest = Manifest::read(manifest.as_bytes()).expect("a manifest");
    let files: Vec<AssetPath> = files.iter().map(|path| AssetPath::new(path).expect("a plain path")).collect();
    let find = |path: &str| files.iter().find(|file| file.as_str() == path);
    let mut bundled = Bundled::default();
    manifest.sort(&AssetPath::new(path).expect("a plain path"), find, &mut bundled);
    let line = |file: &AssetPath| match (bundled.kinds.get(file), bundled.plain.contains(file)) {
        (Some(Kind::Sealed), false) => format!("= {file}\n"),
        (Some(Kind::Page), false) => format!("~ {file}\n"),
        (None, true) => format!("! {file}\n"),
        (None, false) => format!("  {file}\n"),
        other => panic!("{file} is {other:?}"),
    };
    let lines: String = files.iter().map(line).collect();
    format!("{:?}\n{lines}", manifest.shape)
}

#[test]
fn vite() {
    let manifest = r#"{
        "_shared-B7PI925R.js": {"file": "assets/shared-B7PI925R.js", "name": "shared", "css": ["assets/shared-ChJ_j-JJ.css"]},
        "_shared-ChJ_j-JJ.css": {"file": "assets/shared-ChJ_j-JJ.css", "src": "_shared-ChJ_j-JJ.css"},
        "logo.svg": {"file": "assets/logo-BuPIv-2h.svg", "src": "logo.svg"},
        "views/foo.js": {"file": "assets/foo-BRBmoGS9.js", "name": "foo", "src": "views/foo.js", "isEntry": true,
            "imports": ["_shared-B7PI925R.js"], "css": ["assets/foo-abcdefgh.css"], "assets": ["assets/logo-BuPIv-2h.svg"]}
    }"#;
    let files = [
        "b/.vite/manifest.json",
        "b/assets/foo-BRBmoGS9.js",
        "b/assets/foo-BRBmoGS9.js.map",
        "b/assets/foo-abcdefgh.css",
        "b/assets/logo-BuPIv-2h.svg",
        "b/assets/old-1a2b3c4d.js",
        "b/assets/shared-B7PI925R.js",
        "b/assets/shared-ChJ_j-JJ.css",
        "b/favicon-1a2b3c4d.svg",
    ];
    assert_snapshot!(sorted(manifest, "b/.vite/manifest.json", &files), @r"
    Vite
      b/.vite/manifest.json
    = b/assets/foo-BRBmoGS9.js
    ~ b/assets/foo-BRBmoGS9.js.map
    = b/assets/foo-abcdefgh.css
    = b/assets/logo-BuPIv-2h.svg
      b/assets/old-1a2b3c4d.js
    = b/assets/shared-B7PI925R.js
    = b/assets/shared-ChJ_j-JJ.css
      b/favicon-1a2b3c4d.svg
    ");
    // Laravel's plug-in writes the same beside the folder of assets; and earlier versions put other names in.
    let manifest = r#"{"_vendor.de1fa4b5.js": {"file": "assets/vendor.de1fa4b5.js"},
        "src/main.ts": {"file": "assets/main.4889e940.js", "src": "src/main.ts", "isEntry": true}}"#;
    let files = ["build/assets/main.4889e940.js", "build/assets/vendor.de1fa4b5.js"];
    assert_snapshot!(sorted(manifest, "build/manifest.json", &files), @r"
    Vite
    = build/assets/main.4889e940.js
    = build/assets/vendor.de1fa4b5.js
    ");
}

#[test]
fn vite_without_hashes() {
    let manifest = r#"{
        "_vendor.js": {"file": "assets/vendor.js", "name": "vendor"},
        "_Dropdown-legacy.js": {"file": "assets/Dropdown-legacy.js", "name": "Dropdown"},
        "src/main.ts": {"file": "assets/main.js", "name": "main", "src": "src/main.ts", "isEntry": true,
            "css": ["assets/main.css", "assets/something.css"], "assets": ["assets/figure.png"]}
    }"#;
    let files = [
        "assets/Dropdown-legacy.js",
        "assets/figure.png",
        "assets/main.css",
        "assets/main.js",
        "assets/main.js.map",
        "assets/something.css",
        "assets/vendor.js",
    ];
    assert_snapshot!(sorted(manifest, ".vite/manifest.json", &files), @r"
    Vite
    ! assets/Dropdown-legacy.js
    ! assets/figure.png
    ! assets/main.css
    ! assets/main.js
      assets/main.js.map
    ! assets/something.css
    ! assets/vendor.js
    ");
}

#[test]
fn esbuild() {
    let manifest = r#"{
        "inputs": {"src/app.ts": {"bytes": 1, "imports": []}},
        "outputs": {
            "dist/js/app-5UDFPQ7N.js": {"entryPoint": "src/app.ts", "inputs": {"src/app.ts": {}}, "bytes": 1},
            "dist/js/app-5UDFPQ7N.js.map": {"inputs": {}, "bytes": 1},
            "dist/js/chunk-ABCDEFGH.js": {"inputs": {"src/a.ts": {}, "src/b.ts": {}}, "bytes": 1},
            "dist/js/worker.js": {"entryPoint": "src/worker.ts", "inputs": {}, "bytes": 1},
            "dist/js/logo-QNKXEGAV.png": {"inputs": {"src/logo.png": {}}, "bytes": 1}
        }
    }"#;
    let files = [
        "js/app-5UDFPQ7N.js",
        "js/app-5UDFPQ7N.js.map",
        "js/chunk-ABCDEFGH.js",
        "js/logo-QNKXEGAV.png",
        "js/worker.js",
        "meta.json",
    ];
    assert_snapshot!(sorted(manifest, "meta.json", &files), @r"
    Esbuild
    = js/app-5UDFPQ7N.js
    ~ js/app-5UDFPQ7N.js.map
    = js/chunk-ABCDEFGH.js
    = js/logo-QNKXEGAV.png
    ! js/worker.js
      meta.json
    ");
}

#[test]
fn webpack() {
    let manifest = r#"{
        "entrypoints": {"main": {"assets": {"js": ["/packs/js/main-9c68d5e8de1b810a80e4.js"]}}},
        "main.js": "/packs/js/main-9c68d5e8de1b810a80e4.js",
        "main.css": {"src": "https://cdn.example.com/packs/css/main-c38e50c4.css?v=1", "integrity": "sha384-x"},
        "legacy.js": "/packs/js/legacy.bundle.js",
        "images/logo.png": "/packs/images/logo-0c3d3f9a51b0e1f8.png",
        "favicon.ico": "/packs/favicon.ico"
    }"#;
    let files = [
        "packs/css/main-c38e50c4.css",
        "packs/favicon.ico",
        "packs/images/logo-0c3d3f9a51b0e1f8.png",
        "packs/js/legacy.bundle.js",
        "packs/js/main-9c68d5e8de1b810a80e4.js",
        "packs/manifest.json",
    ];
    assert_snapshot!(sorted(manifest, "packs/manifest.json", &files), @r"
    Flat
    = packs/css/main-c38e50c4.css
    ! packs/favicon.ico
    = packs/images/logo-0c3d3f9a51b0e1f8.png
    ! packs/js/legacy.bundle.js
    = packs/js/main-9c68d5e8de1b810a80e4.js
      packs/manifest.json
    ");
}

#[test]
fn rails() {
    let old = r#"{"app.css": "app-9ba3ffcc.css", "app.js.map": "app-0d2a9b1c.js.map", "app.js": "app-5cd9f3a2.js",
        "sub/x-1a2b3c4.digested.js": "sub/x-1a2b3c4.digested.js"}"#;
    let files = [
        "assets/app-0d2a9b1c.js.map",
        "assets/app-5cd9f3a2.js",
        "assets/app-9ba3ffcc.css",
        "assets/sub/x-1a2b3c4.digested.js",
    ];
    assert_snapshot!(sorted(old, "assets/.manifest.json", &files), @r"
    Flat
    = assets/app-0d2a9b1c.js.map
    = assets/app-5cd9f3a2.js
    = assets/app-9ba3ffcc.css
    = assets/sub/x-1a2b3c4.digested.js
    ");
    let new = r#"{"app.css": {"digested_path": "app-9ba3ffcc.css", "integrity": "sha384-x"}}"#;
    assert_snapshot!(sorted(new, "assets/.manifest.json", &files[1..3]), @r"
    Propshaft
      assets/app-5cd9f3a2.js
    = assets/app-9ba3ffcc.css
    ");
    let digest = "5cd9f3a25cd9f3a25cd9f3a25cd9f3a25cd9f3a25cd9f3a25cd9f3a25cd9f3a2";
    let sprockets = r#"{"files": {"app-DIGEST.js": {"logical_path": "app.js", "size": 1, "digest": "DIGEST"}},
        "assets": {"app.js": "app-DIGEST.js"}}"#;
    let name = format!("assets/app-{digest}.js");
    let sorted = sorted(&sprockets.replace("DIGEST", digest), "assets/.sprockets-manifest-1.json", &[&name]);
    assert_eq!(sorted, format!("Sprockets\n= {name}\n"));
}

#[test]
fn laravel_mix_seals_nothing() {
    let manifest = r#"{"/js/app.js": "/js/app.js?id=20e6ae1e2a6e4e3f4a8f", "/css/app.css": "/css/app.css"}"#;
    assert_snapshot!(sorted(manifest, "mix-manifest.json", &["css/app.css", "js/app.js"]), @r"
    Mix
      css/app.css
      js/app.js
    ");
}

#[test]
fn what_is_no_manifest() {
    for text in ["", "[]", "{\"a\": 1}", "{\"a\": {\"b\": \"c\"}}", "{\"name\": \"x\", \"files\": [\"dist\"]}"] {
        assert_eq!(Manifest::read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn well_known_places() {
    for (path, known) in [
        (".vite/manifest.json", true),
        ("a/b/.vite/manifest.json", true),
        ("vite/manifest.json", false),
        ("manifest.json", false),
        ("assets/.manifest.json", true),
        ("assets/.sprockets-manifest-0f.json", true),
        ("assets/.sprockets-manifest-x.json", false),
        ("mix-manifest.json", false),
    ] {
        assert_eq!(well_known(&AssetPath::new(path).expect("a plain path")).is_some(), known, "{path}");
    }
}

#[test]
fn the_part_that_is_not_the_name() {
    for (name, plain, hash) in [
        ("main-9c68d5e8.js", Some("main.js"), "-9c68d5e8"),
        ("main.bundle.js", Some("main.js"), "bundle."),
        ("jquery.min-9c68d5e8.js", Some("jquery.min.js"), "-9c68d5e8"),
        ("foo-1234foo.js", Some("foo.js"), "-1234foo"),
        ("9c68d5e8.js", Some("main.js"), "9c68d5e8"),
        ("9c68d5e8.js", None, "9c68d5e8"),
        ("main.js", Some("main.js"), ""),
        ("main", None, "main"),
    ] {
        assert_eq!(hash_in(name, plain), hash, "{name}");
    }
}
