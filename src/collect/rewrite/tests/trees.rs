//! Folders that are published whole, and what a bundler has hashed.

use super::*;
use crate::model::release::Entry;

fn rules() -> [Rule; 1] {
    [Rule { tree: Some("lib/mce/".to_owned()), ..Rule::default() }]
}

/// A library that finds its parts by itself, a page that loads it, and a style sheet that uses a picture of it.
fn library() -> Tree {
    tree(&[
        ("css/app.css", "a{b:url('../lib/mce/skins/x.png?v=1')}"),
        ("index.html", "<script src=lib/./mce/mce.js></script><a href='/static/lib/mc%65/help.html#x'>?</a>"),
        ("lib/mce/help.html", "<img src=skins/x.png>"),
        ("lib/mce/mce.js", "load(base + '/skins/' + name + '.css'); import('./' + name);"),
        ("lib/mce/skins/x.css", "a{b:url(x.png);c:url(../skins/x.png)}"),
        ("lib/mce/skins/x.png", "png"),
        ("lib/other.js", ""),
    ])
}

fn messages(prepared: &Prepared) -> Vec<String> {
    let text = |problem: &Problem| format!("{} ({})", problem.message, problem.hint.as_deref().unwrap_or_default());
    prepared.warnings.iter().map(text).collect()
}

/// The name of every file, with `!` for the address in it.
fn names(prepared: &Prepared) -> Vec<String> {
    let masked = |name: &str| {
        let is_address = |part: &str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts = |segment: &str| {
            segment.split('.').map(|part| if is_address(part) { "!" } else { part }).collect::<Vec<_>>().join(".")
        };
        name.split('/').map(parts).collect::<Vec<_>>().join("/")
    };
    prepared.release.entries().map(|(_, entry)| masked(entry.name.as_str())).collect()
}

#[test]
fn a_tree_has_one_address_in_its_folder_s_name() {
    let (prepared, _folder) = try_publish(&library(), &rules(), &[]).expect("nothing that must not be");
    assert_eq!(messages(&prepared), [""; 0]);
    let in_tree: Vec<&Entry> = prepared
        .release
        .assets
        .iter()
        .filter(|(path, _)| path.as_str().starts_with("lib/mce/"))
        .map(|(_, entry)| entry)
        .collect();
    let folders: BTreeSet<&str> = in_tree.iter().map(|entry| &entry.name.as_str()[..40]).collect();
    assert_eq!((in_tree.len(), folders.len()), (4, 1));
    let expected = [
        "css/app.!.css",
        "lib/mce.!/help.html",
        "lib/mce.!/mce.js",
        "lib/mce.!/skins/x.css",
        "lib/mce.!/skins/x.png",
        "lib/other.!.js",
        "index.!.html",
    ];
    assert_eq!(names(&prepared), expected);
    for (path, entry) in prepared.release.assets.iter().filter(|(path, _)| path.as_str().starts_with("lib/mce/")) {
        let bytes = prepared.sources[&entry.name].read().expect("an unchanged file");
        assert_eq!(bytes, library()[path.as_str()].as_bytes(), "{path}");
    }
    let folder = folders.first().expect("the tree's").strip_prefix("lib/").expect("it lies there");
    let read = |path: &str| {
        let entry = prepared.release.entries().find(|(other, _)| other.as_str() == path).expect("a file").1;
        String::from_utf8(prepared.sources[&entry.name].read().expect("an unchanged file")).expect("text")
    };
    assert_eq!(read("css/app.css"), library()["css/app.css"].replace("mce", folder));
    let page = library()["index.html"].replace("/mce/", &format!("/{folder}/"));
    assert_eq!(read("index.html"), page.replace("/mc%65/", &format!("/{}/", folder.replace("mce", "mc%65"))));
}

#[test]
fn one_changed_file_renames_the_tree_and_what_leads_into_it() {
    let (before, _folder) = try_publish(&library(), &rules(), &[]).expect("nothing that must not be");
    for (changed_path, expected) in [
        (
            "lib/mce/skins/x.png",
            &[
                "css/app.css",
                "index.html",
                "lib/mce/help.html",
                "lib/mce/mce.js",
                "lib/mce/skins/x.css",
                "lib/mce/skins/x.png",
            ][..],
        ),
        ("lib/other.js", &["lib/other.js"]),
    ] {
        let files = changed(library(), changed_path);
        let (fresh, _folder) = try_publish(&files, &rules(), &[]).expect("nothing that must not be");
        let (again, _folder_again) =
            try_publish(&files, &rules(), &[&before.release]).expect("nothing that must not be");
        assert_eq!(again.release, fresh.release);
        assert_eq!(served(&again), served(&fresh));
        let name = |release: &Release| -> BTreeMap<String, Name> {
            release.entries().map(|(path, entry)| (path.to_string(), entry.name.clone())).collect()
        };
        let (names_before, names_after) = (name(&before.release), name(&fresh.release));
        let renamed = names_before.iter().filter(|(path, name)| names_after[*path] != **name);
        assert_eq!(renamed.map(|(path, _)| path.as_str()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_folder_that_becomes_a_tree_or_ceases_to_be_one_is_another_release() {
    let (assets, _folder) = try_publish(&library(), &[], &[]).expect("nothing that must not be");
    let (in_tree, _folder) = try_publish(&library(), &rules(), &[]).expect("nothing that must not be");
    assert_ne!(assets.release.tree(""), in_tree.release.tree(""));
    for (known, rules, expected) in [(&assets, &rules()[..], &in_tree), (&in_tree, &[], &assets)] {
        let (again, _folder) = try_publish(&library(), rules, &[&known.release]).expect("nothing that must not be");
        assert_eq!(again.release, expected.release);
        assert_eq!(served(&again), served(expected));
    }
}

#[test]
fn what_cannot_find_its_way_into_a_tree_or_out_of_it_is_reported() {
    let files = tree(&[
        ("img/a.png", "png"),
        ("index.html", "<base href=lib/mce/><script src=mce.js></script>"),
        ("lib/mce/a.css", "a{b:url(../../img/a.png);c:url(../mce/b.png);d:url(/static/lib/mce/b.png)}"),
        ("lib/mce/b.png", "png"),
        ("lib/mce/mce.js", "fetch('b.png')"),
        ("load.js", "import './lib/mce/mce.js'; import('./' + name); fetch('lib/mce/b.png');"),
    ]);
    let (prepared, _folder) = try_publish(&files, &rules(), &[]).expect("nothing that must not be");
    let told = messages(&prepared);
    let inside = "inside the tree, write what leads to it without `lib/mce/`";
    let expected = [
        "`mce.js` leads into the tree `lib/mce/` without naming its folder, so the tree's address cannot be put in \
         (write the folder's name: a path with `lib/mce/` in it)",
        "is part of a tree and refers to `../../img/a.png`, but `img/a.png` is published under an address only \
         (move `img/a.png` into the tree, or make it a page by a rule)",
        &format!(
            "is part of a tree and refers to `../mce/b.png`, but `lib/mce/b.png` is published under an address only ({inside})"
        ),
        &format!(
            "is part of a tree and refers to `/static/lib/mce/b.png`, but `lib/mce/b.png` is published under an address only ({inside})"
        ),
        "asks for a name that is worked out at run time and stays as it is (what it asks for has to be sealed, a \
         page, or part of a tree; if it is a module that others import by its address, as `lib/mce/mce.js` is here, \
         it has two URLs and runs twice)",
        "`lib/mce/b.png` is relative to the page that runs this, so it stays as it is, but `lib/mce/b.png` is \
         published under its address only (write `new URL(\"lib/mce/b.png\", import.meta.url)`, or make \
         `lib/mce/b.png` a page by a rule)",
    ];
    let (mut told, mut expected) = (told, expected.map(str::to_owned));
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn a_tree_that_is_not_there_is_suspicious() {
    let (prepared, _folder) = try_publish(&circle(), &rules(), &[]).expect("nothing that must not be");
    let expected = "there is nothing in the tree `lib/mce/` (its path counts from the source folder)";
    assert_eq!(messages(&prepared), [expected]);
}

/// A sealed file that names a page tells nothing; once that page is an asset it does, though the file is known.
#[test]
fn a_sealed_file_is_looked_at_again_when_what_it_names_gets_an_address() {
    let seal = Rule { files: vec!["dist/**".to_owned()], kind: Some(Kind::Sealed), ..Rule::default() };
    let page = Rule { files: vec!["*.png".to_owned()], kind: Some(Kind::Page), ..Rule::default() };
    let files = tree(&[("dist/a-1b2c3d4e.css", "a{b:url(../a.png)}"), ("a.png", "png")]);
    let (before, _folder) = try_publish(&files, &[seal.clone(), page], &[]).expect("nothing that must not be");
    assert_eq!(messages(&before), [""; 0]);
    let (after, _folder) = try_publish(&files, &[seal], &[&before.release]).expect("nothing that must not be");
    assert_eq!(after.warnings.len(), 1, "{:?}", after.warnings);
}

#[test]
fn what_a_bundler_has_hashed_is_sealed_and_its_maps_are_pages() {
    let manifest = r#"{"src/main.js": {"file": "assets/main-B1c2D3e4.js", "name": "main", "src": "src/main.js",
        "css": ["assets/main-Q9w8E7r6.css"]}, "src/plain.js": {"file": "assets/plain.js", "name": "plain"}}"#;
    let files = tree(&[
        ("dist/.vite/manifest.json", manifest),
        ("dist/assets/main-B1c2D3e4.js", "import './plain.js';\n//# sourceMappingURL=main-B1c2D3e4.js.map"),
        ("dist/assets/main-B1c2D3e4.js.map", "{\"file\":\"main-B1c2D3e4.js\"}"),
        ("dist/assets/main-Q9w8E7r6.css", "a{}"),
        ("dist/assets/plain.js", ""),
        ("dist/index.html", "<script type=module src=assets/main-B1c2D3e4.js></script><link rel=icon href=i.svg>"),
        ("dist/i.svg", "<svg/>"),
    ]);
    let (prepared, _folder) = try_publish(&files, &[], &[]).expect("nothing that must not be");
    let expected = [
        "dist/.vite/manifest.!.json",
        "dist/assets/main-B1c2D3e4.js",
        "dist/assets/main-Q9w8E7r6.css",
        "dist/assets/plain.!.js",
        "dist/i.!.svg",
        "dist/assets/main-B1c2D3e4.js.!.map",
        "dist/index.!.html",
    ];
    assert_eq!(names(&prepared), expected);
    let page = "<script type=module src=assets/main-B1c2D3e4.js></script><link rel=icon href=i.!.svg>";
    assert_eq!(served(&prepared)["dist/index.html"], page);
    let expected = [
        "names files without a hash in their names (1 of them, such as `dist/assets/plain.js`): they are not sealed, \
         but get addresses like any other asset (sealed files cannot know these addresses: let the bundler hash every \
         name, or none)",
        "is sealed and refers to `./plain.js`, but `dist/assets/plain.js` is published under its address only (seal \
         `dist/assets/plain.js` too, or make it a page by a rule)",
    ];
    assert_eq!(messages(&prepared), expected);
    // Unlike a script's, a map's bytes can change under one name.
    let rules = Rule { files: vec!["dist/**".to_owned()], kind: Some(Kind::Asset), ..Rule::default() };
    let (prepared, _folder) = try_publish(&files, &[rules], &[]).expect("nothing that must not be");
    assert!(prepared.release.assets.values().all(|entry| !entry.sealed));
}

#[test]
fn a_manifest_that_the_settings_name_must_be_one() {
    let collect = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for (path, text) in files {
            fs::write(folder.path().join(path), text).expect("room for it");
        }
        let order = Walk { folders: vec![folder.path().to_owned()], ..Walk::default() };
        let rules = Rules::new(&[], SourceMaps::Publish).expect("no rules");
        let rules = rules.with_bundler_manifests(&["packs.json".to_owned()]).expect("a good glob");
        let collected = read(walk(&order).0, &rules, &Layout::new("static", None), 0);
        let told = |problems: &[Problem]| problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>();
        collected
            .map(|collected| {
                let sealed = collected.release.assets.iter().filter(|(_, entry)| entry.sealed);
                (sealed.map(|(path, _)| path.to_string()).collect::<Vec<_>>(), told(&collected.warnings))
            })
            .map_err(|problems| told(&problems))
    };
    let hashed = ("a-1b2c3d4e.js", "");
    let flat = collect(&[hashed, ("packs.json", r#"{"a.js": "a-1b2c3d4e.js"}"#)]);
    assert_eq!(flat, Ok((vec!["a-1b2c3d4e.js".to_owned()], Vec::new())));
    let (sealed, told) = collect(&[hashed, ("packs.json", r#"{"/a.js": "/a.js?id=1"}"#)]).expect("a warning");
    assert_eq!((sealed.len(), told.len()), (0, 1));
    for files in [&[hashed][..], &[hashed, ("packs.json", "{\"a\":1}")]] {
        assert_eq!(collect(files).expect_err("no manifest").len(), 1);
    }
}

#[test]
fn the_folder_of_a_tree_gets_the_address_too() {
    let files = tree(&[
        (
            "app.js",
            "base(new URL('./lib/mce/', import.meta.url)); base(new URL('lib/mce', import.meta.url)); new URL('lib/mce/skins/.?x', import.meta.url)",
        ),
        ("css/x.svg", "<svg xmlns='http://www.w3.org/2000/svg'><a href='../lib/mce/skins/'/></svg>"),
        (
            "index.html",
            "<script type=importmap>{\"imports\": {\"mce/\": \"./lib/mce/\", \"./lib/mce/x/\": \"./lib/mce/\"},\
             \"scopes\": {\"/static/lib/mce/\": {}}}</script><a href=lib/mce/>1</a><a href=lib/mce>2</a>\
             <a href=/static/lib/mce/skins/?a#b>3</a><a href=lib/mce/not/there>4</a><a href=lib/>5</a><a href=./>6</a>",
        ),
        ("lib/mce/a.js", "new URL('./', import.meta.url); new URL('skins/', import.meta.url)"),
        ("lib/mce/help.html", "<a href=./>1</a><a href=skins/>2</a>"),
        ("lib/mce/skins/x.css", ""),
    ]);
    let (prepared, _folder) = try_publish(&files, &rules(), &[]).expect("nothing that must not be");
    assert_eq!(messages(&prepared), [""; 0]);
    let name = &prepared.release.assets["lib/mce/a.js"].name;
    let folder = name.as_str().strip_prefix("lib/").and_then(|name| name.strip_suffix("/a.js")).expect("its place");
    let served = |path: &str| {
        let (_, entry) = prepared.release.entries().find(|(other, _)| other.as_str() == path).expect("a file");
        let bytes = prepared.sources[&entry.name].read().expect("an unchanged file");
        String::from_utf8(bytes).expect("text").replace(folder, "mce.!")
    };
    assert_eq!(served("app.js"), files["app.js"].replace("mce", "mce.!"));
    assert_eq!(served("css/x.svg"), files["css/x.svg"].replace("mce", "mce.!"));
    let page = files["index.html"].replace("lib/mce", "lib/mce.!");
    assert_eq!(served("index.html"), page);
    assert_eq!(served("lib/mce/a.js"), files["lib/mce/a.js"]);
}

#[test]
fn a_link_to_a_folder_follows_it_when_it_becomes_a_tree() {
    let files = tree(&[("a.js", "a(new URL('lib/mce/', import.meta.url))"), ("lib/mce/index.html", "")]);
    let (plain, _folder) = try_publish(&files, &[], &[]).expect("nothing that must not be");
    let (in_tree, _folder) = try_publish(&files, &rules(), &[]).expect("nothing that must not be");
    assert_eq!([messages(&plain), messages(&in_tree)], [const { Vec::<String>::new() }; 2]);
    assert_eq!((plain.release.trees(), in_tree.release.trees()), (BTreeSet::new(), BTreeSet::from(["lib/mce/"])));
    for (known, rules, expected) in [(&plain, &rules()[..], &in_tree), (&in_tree, &[], &plain)] {
        let (again, _folder) = try_publish(&files, rules, &[&known.release]).expect("nothing that must not be");
        assert_eq!(served(&again), served(expected));
    }
}

#[test]
fn a_folder_in_which_names_have_addresses_is_reported_where_names_are_put_together() {
    let seal = Rule { files: vec!["sealed/**".to_owned()], kind: Some(Kind::Sealed), ..Rule::default() };
    let files = tree(&[
        (
            "app.js",
            "new URL('./img/', import.meta.url); new URL('docs/', import.meta.url); new URL('./', import.meta.url)",
        ),
        ("docs/index.html", "<a href=../img/>1</a><a href=./>2</a><a href=..>3</a><a href=../img>4</a>"),
        ("img/a.png", "png"),
        (
            "js/lib/a.js",
            "import './'; new URL('../../sealed/', import.meta.url); new URL('../../{{ x }}/', import.meta.url)",
        ),
        ("map.html", "<script type=importmap>{\"imports\": {\"lib/\": \"./js/lib/\", \"s/\": \"./sealed/\"}}</script>"),
        ("other.html", "<base href=docs/><img src=../nothing/><script src=../sealed/a-1b2c3d4e.js></script>"),
        ("sealed/a-1b2c3d4e.js", "new URL('../img/', import.meta.url)"),
    ]);
    let (prepared, _folder) = try_publish(&files, &[seal], &[]).expect("nothing that must not be");
    let told: Vec<String> = messages(&prepared).into_iter().filter(|told| told.contains("leads to a folder")).collect();
    let folder = |text: &str, hint: &str| {
        format!(
            "`{text}` leads to a folder whose files are published under their addresses only, so a name that is put \
             together with it leads nowhere ({hint})"
        )
    };
    let expected = [
        folder("./img/", "make `img/` a tree by a rule, or name each file"),
        folder("./", "name each file, or move them into a folder that a rule makes a tree"),
        folder("./js/lib/", "make `js/lib/` a tree by a rule, or name each file"),
    ];
    assert_eq!(told, expected);
    let rest: Vec<String> = messages(&prepared).into_iter().filter(|told| !expected.contains(told)).collect();
    assert_eq!(rest.len(), 2, "what a bundler and a template leave out: {rest:?}");
    assert!(prepared.release.assets["js/lib/a.js"].origin.targets.is_none());
}
