use super::*;

fn path(text: &str) -> AssetPath {
    AssetPath::new(text).expect(text)
}

fn rules(rules: &[Rule]) -> Rules {
    Rules::new(rules, SourceMaps::Publish).expect("good rules")
}

#[test]
fn pages_are_html_and_well_known_names() {
    let rules = rules(&[]);
    for (file, kind) in [
        ("index.html", Kind::Page),
        ("docs/a/index.html", Kind::Page),
        ("robots.txt", Kind::Page),
        ("docs/robots.txt", Kind::Asset),
        ("app/sw.js", Kind::Page),
        (".well-known/acme/x", Kind::Page),
        ("sitemap-1.xml", Kind::Page),
        ("css/app.css", Kind::Asset),
        ("favicon.ico", Kind::Page),
    ] {
        assert_eq!(rules.treat(&path(file), None).kind, kind, "{file}");
    }
}

#[test]
fn types_come_from_our_own_table() {
    for (file, expected) in [
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.js.map", "application/json"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.avif", "image/avif"),
        ("A.PNG", "image/png"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("LICENSE", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ] {
        assert_eq!(rules(&[]).treat(&path(file), None).headers.content_type(), expected, "{file}");
    }
}

#[test]
fn user_rules_lie_on_top_and_the_last_one_counts() {
    let set = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
    let rules = rules(&[
        Rule {
            files: vec!["*.js".into()],
            headers: vec![set("Cache-Control", "max-age=1"), set("x-amz-meta-team", "web")],
            ..Rule::default()
        },
        Rule {
            files: vec!["dist/**".into()],
            kind: Some(Kind::Sealed),
            headers: vec![set("cache-control", "max-age=2"), ("x-amz-meta-team".into(), None)],
            ..Rule::default()
        },
    ]);
    let treated = rules.treat(&path("dist/a.js"), None);
    assert_eq!(treated.kind, Kind::Sealed);
    assert_eq!(
        treated.headers.iter().collect::<Vec<_>>(),
        [("cache-control", "max-age=2"), ("content-type", "text/javascript; charset=utf-8")]
    );
    assert_eq!(rules.treat(&path("a.js"), None).headers.get("x-amz-meta-team"), Some("web"));
    assert!(Arc::ptr_eq(&treated.headers, &rules.treat(&path("dist/b.js"), None).headers));
}

#[test]
fn source_maps_can_be_left_out_everywhere_or_by_glob() {
    let nowhere = Rules::new(&[], SourceMaps::Exclude).expect("no rules");
    assert_eq!(nowhere.treat(&path("a.js.map"), None).kind, Kind::Excluded);
    assert_eq!(nowhere.treat(&path("map.js"), None).kind, Kind::Asset);
    let some = Rule { files: vec!["vendor/**".into()], source_maps: Some(SourceMaps::Exclude), ..Rule::default() };
    assert_eq!(rules(std::slice::from_ref(&some)).treat(&path("vendor/a.js.map"), None).kind, Kind::Excluded);
    assert_eq!(rules(std::slice::from_ref(&some)).treat(&path("a.js.map"), None).kind, Kind::Asset);
}

#[test]
fn a_rule_decides_over_a_bundler_and_a_bundler_over_defaults() {
    let asset = Rule { files: vec!["*.png".into()], kind: Some(Kind::Asset), ..Rule::default() };
    let rules = rules(&[asset]);
    for (file, bundled, kind) in [
        ("a-1b2c3d4e.js", Some(Kind::Sealed), Kind::Sealed),
        ("index.html", Some(Kind::Sealed), Kind::Sealed),
        ("a-1b2c3d4e.js.map", Some(Kind::Page), Kind::Page),
        ("a-1b2c3d4e.png", Some(Kind::Sealed), Kind::Asset),
        ("a.js", None, Kind::Asset),
    ] {
        assert_eq!(rules.treat(&path(file), bundled).kind, kind, "{file}");
    }
}

fn tree(folder: &str) -> Rule {
    Rule { tree: Some(folder.to_owned()), ..Rule::default() }
}

#[test]
fn a_tree_takes_everything_below_it_but_what_is_excluded() {
    let exclude = Rule { files: vec!["*.md".into()], kind: Some(Kind::Excluded), ..Rule::default() };
    let page = Rule { files: vec!["*.txt".into()], kind: Some(Kind::Page), ..Rule::default() };
    let rules = rules(&[exclude, page, tree("/vendor/ace/"), tree("mce")]);
    assert_eq!(rules.trees().collect::<Vec<_>>(), ["vendor/ace/", "mce/"]);
    for (file, bundled, kind) in [
        ("vendor/ace/ace.js", None, Kind::Tree),
        ("vendor/ace/demo/index.html", None, Kind::Tree),
        ("vendor/ace/a.txt", None, Kind::Tree),
        ("vendor/ace/a-1b2c3d4e.js", Some(Kind::Sealed), Kind::Tree),
        ("vendor/ace/README.md", None, Kind::Excluded),
        ("vendor/ace.js", None, Kind::Asset),
        ("vendor/ace-2/ace.js", None, Kind::Asset),
        ("mce/mce.js", None, Kind::Tree),
        ("x/mce/mce.js", None, Kind::Asset),
    ] {
        assert_eq!(rules.treat(&path(file), bundled).kind, kind, "{file}");
    }
}

#[test]
fn trees_are_folders_apart_from_one_another() {
    let more = Rule { files: vec!["a".into()], ..tree("a") };
    let kind = Rule { kind: Some(Kind::Tree), files: vec!["a".into()], ..Rule::default() };
    let bad = [tree("a/b/"), tree("../x"), more, kind, tree("a-b")];
    let errors = Rules::new(&bad, SourceMaps::Publish).expect_err("bad rules");
    let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "rule 2: `../x` is not the path of a folder: `.` and `..` cannot be part of a path",
            "rule 3: a tree is named by its folder alone, without `files` and `kind`",
            "rule 4: a tree is named by its folder alone, without `files` and `kind`",
            "rule 1: the tree `a/b/` lies in the tree `a/`",
        ]
    );
}

#[test]
fn globs_that_match_no_file_are_known() {
    let rule = |files: &[&str]| Rule { files: files.iter().map(|&glob| glob.into()).collect(), ..Rule::default() };
    let rules = rules(&[rule(&["*.js", "*.mjs"]), rule(&["*.css"]), rule(&["/a/**"])]);
    for file in ["a/b.js", "c.js", "d.txt"] {
        rules.treat(&path(file), None);
    }
    assert_eq!(rules.idle(), [(0, "*.mjs"), (1, "*.css")]);
}

#[test]
fn every_mistake_is_named() {
    let rule = Rule {
        files: vec!["a[".into(), "{".into()],
        headers: vec![("Server".into(), Some("x".into()))],
        ..Rule::default()
    };
    let errors = Rules::new(&[rule], SourceMaps::Publish).expect_err("bad rules");
    assert_eq!(errors.len(), 3, "{errors:?}");
}
