//! What a bundler has hashed, and folders that are published whole, by the real program.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Program;

const STORE: &str = "--store dir:site --base-url /static/";

/// Every file below a folder, with its path from there.
fn files_below(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies there").to_string_lossy().into_owned();
                files.push((name, path));
            }
        }
    }
    files.sort();
    files
}

fn published(program: &Program) -> Value {
    let manifest: Value = serde_json::from_str(&program.read("site/manifest.json")).expect("a manifest");
    manifest["paths"].clone()
}

#[test]
fn a_site_that_vite_has_built_needs_no_rule() {
    let program = Program::new();
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vite/dist");
    for (name, file) in files_below(&dist) {
        program.write(&format!("dist/{name}"), &fs::read_to_string(file).expect("text"));
    }
    let told = program.run(&format!("publish dist {STORE}"));
    assert!(told.contains("--- status 0") && !told.contains("warning"), "{told}");
    let paths = published(&program);
    let hashed = files_below(&dist.join("assets"));
    assert_eq!(hashed.len(), 9);
    for (name, file) in &hashed {
        assert_eq!(paths[format!("assets/{name}")], format!("assets/{name}"));
        let there = program.read(&format!("site/assets/{name}"));
        assert_eq!(there, fs::read_to_string(file).expect("text"), "{name}");
    }
    let favicon = paths["favicon.svg"].as_str().expect("the path of an asset");
    assert_ne!(favicon, "favicon.svg");
    let page = fs::read_to_string(dist.join("index.html")).expect("text");
    assert_eq!(program.read("site/index.html"), page.replace("favicon.svg", favicon));

    // A comment in a source changes its map and not what the bundler makes of it.
    let map = hashed.iter().find(|(name, _)| name.ends_with(".map")).expect("a source map");
    let changed = fs::read_to_string(&map.1).expect("text").replace("sourcesContent", "x_other_content");
    program.write(&format!("dist/assets/{}", map.0), &changed);
    assert!(program.run(&format!("publish dist {STORE}")).contains("--- status 0"));
    assert_eq!(program.read(&format!("site/assets/{}", map.0)), changed);

    // But a name with a hash stands for one script.
    let script = hashed.iter().find(|(name, _)| name.ends_with(".js")).expect("a script");
    program.write(&format!("dist/assets/{}", script.0), "other");
    let told = program.run(&format!("publish dist {STORE}"));
    assert!(told.contains(&format!("sealed asset `assets/{}` has other bytes than", script.0)), "{told}");
    assert!(told.contains("--- status 2"), "{told}");
}

#[test]
fn a_tree_is_published_whole() {
    let program = Program::new();
    program.write("lastly.toml", "[[rules]]\ntree = \"lib/editor\"\n");
    program.write("public/index.html", "<script src=\"lib/editor/editor.js\"></script>");
    program.write("public/lib/editor/editor.js", "load(base + '/skins/' + skin + '.css')");
    program.write("public/lib/editor/skins/light.css", "a { background: url(light.png) }");
    program.write("public/lib/editor/skins/light.png", "png");
    program.write("public/lib/editor/help.html", "<img src=skins/light.png>");
    let publish = || {
        let told = program.run(&format!("publish public {STORE}"));
        assert!(told.contains("--- status 0"), "{told}");
        let paths = published(&program);
        let editor = paths["lib/editor/editor.js"].as_str().expect("the path of an asset").to_owned();
        let folder = editor.strip_suffix("/editor.js").expect("its folder");
        for file in ["editor.js", "skins/light.css", "skins/light.png", "help.html"] {
            assert_eq!(paths[format!("lib/editor/{file}")], format!("{folder}/{file}"));
            let there = program.read(&format!("site/{folder}/{file}"));
            assert_eq!(there, program.read(&format!("public/lib/editor/{file}")));
        }
        assert_eq!(program.read("site/index.html"), format!("<script src=\"{editor}\"></script>"));
        editor
    };
    let first = publish();
    assert_eq!(publish(), first);
    program.write("public/lib/editor/skins/light.png", "other");
    let second = publish();
    assert_ne!(second, first);
    // Who has the earlier page still finds everything that it may ask for.
    let before = first.replace("editor.js", "skins/light.png");
    assert_eq!(program.read(&format!("site/{before}")), "png");
    assert!(program.run("rollback --store dir:site").contains("--- status 0"));
    assert_eq!(published(&program)["lib/editor/editor.js"], Value::from(first));
}
