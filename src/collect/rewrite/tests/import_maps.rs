//! Import maps, and module specifiers that stay as they are.

use super::*;
use crate::prepare::integrity::integrity_of;

/// A page, a chain of modules below it, a module that a worker shares, and a drawing.
fn site() -> Tree {
    tree(&[
        ("index.html", "<meta charset=utf-8><script type=module src=js/app.js></script><p>x</p>"),
        ("js/app.js", "import { a } from './lib/a.js'; import('../js/late.js'); a();"),
        ("js/late.js", "export * from \"./lib/leaf.js\"; new Worker(new URL('worker.js', import.meta.url));"),
        (
            "js/lib/a.js",
            "export { leaf as a } from './leaf.js'; export const i = new URL('../../i.svg', import.meta.url);",
        ),
        ("js/lib/leaf.js", "export const leaf = () => 1;"),
        ("js/worker.js", "import './shared.js';"),
        ("js/shared.js", "import './deep.js';"),
        ("js/deep.js", "postMessage(1);"),
        ("i.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("other.html", "<p>no scripts</p>"),
    ])
}

fn references(maps: ImportMaps, integrity: bool) -> Arc<References> {
    let urls = ["https://cdn.example.com/s/".to_owned(), "/static/".to_owned()];
    References::with_import_maps(&urls, &Missing::default(), integrity, maps).expect("good settings")
}

fn try_with(files: &Tree, maps: ImportMaps, known: &[&Release]) -> Result<(Prepared, tempfile::TempDir), Vec<Problem>> {
    try_publish_as(files, &[], known, &references(maps, false))
}

fn publish_with(files: &Tree, maps: ImportMaps, known: &[&Release]) -> (Prepared, tempfile::TempDir) {
    try_with(files, maps, known).expect("nothing that must not be")
}

fn map_of(prepared: &Prepared) -> serde_json::Value {
    let entry = &prepared.release.assets["importmap.json"];
    let bytes = prepared.sources[&entry.name].read().expect("what was made");
    assert_eq!(prepared.sources[&entry.name].addresser.address_of(&bytes), entry.address);
    serde_json::from_slice(&bytes).expect("a map")
}

fn url(prepared: &Prepared, path: &str) -> String {
    format!("https://cdn.example.com/s/{}", prepared.release.assets[path].name)
}

#[test]
fn the_map_of_a_site_names_every_script_with_its_hash() {
    let (plain, _folder) = publish_with(&site(), ImportMaps::None, &[]);
    assert!(!plain.release.assets.contains_key("importmap.json"));
    let (prepared, _folder_too) = publish_with(&site(), ImportMaps::Publish, &[]);
    let map = map_of(&prepared);
    assert_eq!(map["imports"].as_object().map(serde_json::Map::len), Some(7));
    let addressed = url(&prepared, "js/lib/leaf.js");
    assert_eq!(map["imports"]["https://cdn.example.com/s/js/lib/leaf.js"], *addressed);
    assert_eq!(map["integrity"][&addressed], integrity_of(site()["js/lib/leaf.js"].as_bytes()).as_str());
    // Nothing else is other than without it.
    let mut others = prepared.release.clone();
    others.assets.remove("importmap.json");
    assert_eq!(addresses(&others), addresses(&plain.release));
    let ids = [ImportMaps::None, ImportMaps::Publish, ImportMaps::Specifiers].map(|maps| references(maps, false).id);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn specifiers_stay_and_pages_get_what_they_load() {
    let (prepared, _folder) = publish_with(&site(), ImportMaps::Specifiers, &[]);
    assert_eq!(prepared.warnings, []);
    let served = served(&prepared);
    assert_eq!(served["js/app.js"], site()["js/app.js"]);
    let late = "export * from \"./lib/leaf.js\"; new Worker(new URL('worker.!.js', import.meta.url));";
    assert_eq!(served["js/late.js"], late);
    assert!(served["js/lib/a.js"].ends_with("new URL('../../i.!.svg', import.meta.url);"), "{}", served["js/lib/a.js"]);
    assert_eq!(
        (&*served["js/worker.js"], &*served["js/shared.js"]),
        ("import './shared.!.js';", "import './deep.!.js';")
    );
    let base = "https://cdn.example.com/s/js/";
    let entry = |path: &str| {
        let (folder, name) = path.rsplit_once('.').expect("a script");
        format!("\"{base}{path}\":\"{base}{folder}.!.{name}\"")
    };
    let entries = ["late.js", "lib/a.js", "lib/leaf.js"].map(entry).join(",");
    let page = format!(
        "<meta charset=utf-8><script type=\"importmap\">{{\"imports\":{{{entries}}}}}</script>\
         <script type=module src=js/app.!.js></script><p>x</p>"
    );
    assert_eq!(served["index.html"], page);
    assert_eq!(served["other.html"], site()["other.html"]);
}

#[test]
fn a_changed_leaf_renames_nothing_else_but_the_map() {
    let changed = |path: &str, files: &Tree| {
        let mut files = files.clone();
        *files.get_mut(path).expect("it is there") += "//";
        files
    };
    let (before, _folder) = publish_with(&site(), ImportMaps::Specifiers, &[]);
    let after = |path: &str| {
        let (after, folder) = publish_with(&changed(path, &site()), ImportMaps::Specifiers, &[&before.release]);
        drop(folder);
        renamed(&before.release, &after.release).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(after("js/lib/leaf.js"), ["importmap.json", "index.html", "js/lib/leaf.js"]);
    assert_eq!(after("js/deep.js").len(), "importmap.json deep late shared worker index.html".split(' ').count());
    let (before, _folder) = publish_with(&site(), ImportMaps::None, &[]);
    let (after, _folder) = publish_with(&changed("js/lib/leaf.js", &site()), ImportMaps::None, &[]);
    assert_eq!(renamed(&before.release, &after.release).len(), 5);
}

/// The sites that one may become, step by step: a worker less, a worker more, a module less, a page that begins to load
/// modules by a script that did not.
fn becoming() -> Vec<Tree> {
    let mut sites = vec![site()];
    for (path, text) in [
        ("js/late.js", "export * from './lib/leaf.js';"),
        ("js/late.js", "new Worker(new URL('lib/a.js', import.meta.url)); import './worker.js';"),
        ("js/app.js", "import './lib/leaf.js?x'; import '/static/js/late.js'; import './deep.js';"),
        ("other.html", "<script src=js/deep.js></script>"),
        ("js/deep.js", "import('./shared.js');"),
        ("js/sw.js", "import './lib/leaf.js';"),
        ("sw.js", "import './js/late.js';"),
        ("drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script href='js/deep.js'/></svg>"),
    ] {
        let mut next = sites.last().cloned().expect("there is one");
        next.insert(path.to_owned(), text.to_owned());
        sites.push(next);
    }
    sites
}

#[test]
fn what_is_known_of_any_earlier_site_changes_nothing() {
    let sites = becoming();
    let fresh: Vec<_> = sites.iter().map(|site| publish_with(site, ImportMaps::Specifiers, &[])).collect();
    for (site, (fresh_one, _)) in sites.iter().zip(&fresh) {
        for (known, _) in &fresh {
            let (again, _folder) = publish_with(site, ImportMaps::Specifiers, &[&known.release]);
            assert_eq!(again.release, fresh_one.release);
            assert_eq!(served(&again), served(fresh_one));
        }
    }
}

#[test]
fn every_specifier_that_stays_is_in_the_map_of_each_page_that_comes_to_it() {
    for site in becoming() {
        let (prepared, _folder) = publish_with(&site, ImportMaps::Specifiers, &[]);
        let served = served(&prepared);
        for page in ["index.html", "other.html"] {
            let mut next = vec![page.to_owned()];
            let mut seen = BTreeSet::new();
            while let Some(path) = next.pop() {
                let Some(text) = served.get(&path).filter(|_| seen.insert(path.clone())) else { continue };
                let folder = path.rfind('/').map_or("", |at| &path[..=at]);
                for piece in
                    text.split(['\'', '"', '=', '>']).filter(|piece| piece.ends_with(".js") && piece.len() < 30)
                {
                    let mut lead = format!("{folder}{}", piece.replace("/static/", ""));
                    while let Some(at) = lead.find("../") {
                        let start = lead[..at - 1].rfind('/').map_or(0, |at| at + 1);
                        lead.replace_range(start..at + 3, "");
                    }
                    let lead = lead.replace("./", "").replace(".!", "");
                    let is_mapped = served[page].contains(&format!("\"https://cdn.example.com/s/{lead}\":"));
                    assert!(
                        is_mapped || piece.contains('!') || !piece.starts_with('.'),
                        "{page}: {path}: {piece} {}",
                        served[page]
                    );
                    next.push(lead);
                }
            }
        }
    }
}

#[test]
fn a_page_s_own_map_is_added_to() {
    let files = |map: &str| {
        let page = format!(
            "<script type=importmap>{map}</script><script type=module>import 'app'; import './js/deep.js'</script>"
        );
        let mut files = site();
        files.insert("index.html".to_owned(), page);
        files
    };
    let entry = |name: &str| {
        let base = "https://cdn.example.com/s/js/";
        format!("\"{base}{name}.js\":\"{base}{name}.!.js\"")
    };
    let entries = ["deep", "late", "lib/a", "lib/leaf"].map(entry).join(",");
    let after = "</script><script type=module>import 'app'; import './js/deep.js'</script>";
    for (map, expected) in [
        (
            "{\"imports\": {\"app\": \"./js/app.js\", \"./js/x.js\": \"./js/deep.js\"}}",
            format!("{{\"imports\": {{{entries},\"app\": \"./js/app.!.js\", \"./js/x.js\": \"./js/deep.!.js\"}}}}"),
        ),
        (
            "{ \"scopes\": {\"./js/\": {\"app\": \"./js/app.js\"}}}",
            format!("{{ \"imports\":{{{entries}}},\"scopes\": {{\"./js/\": {{\"app\": \"./js/app.!.js\"}}}}}}"),
        ),
    ] {
        let (prepared, _folder) = publish_with(&files(map), ImportMaps::Specifiers, &[]);
        assert_eq!(served(&prepared)["index.html"], format!("<script type=importmap>{expected}{after}"));
    }
    for map in ["{}", "{\"imports\": {}}"] {
        let problems = try_with(&files(map), ImportMaps::Specifiers, &[]).expect_err("no place to add to");
        let told = problems.iter().map(|problem| (problem.code, problem.position));
        assert_eq!(told.collect::<Vec<_>>(), [(Some(crate::event::Code::ImportMap), Some((1, 24)))]);
        assert!(try_with(&files(map), ImportMaps::Publish, &[]).is_ok());
    }
}

#[test]
fn hashes_stand_in_pages_on_request_and_nothing_ends_their_script() {
    let mut files = site();
    files.insert("js/lib/leaf.js".to_owned(), "import './</script>.js';".to_owned());
    files.insert("js/lib/</script>.js".to_owned(), "1".to_owned());
    files.insert("js/lib/a.js".to_owned(), "import './b(c) \u{e4}.js';".to_owned());
    files.insert("js/lib/b(c) \u{e4}.js".to_owned(), "2".to_owned());
    let (prepared, _folder) =
        try_publish_as(&files, &[], &[], &references(ImportMaps::Specifiers, true)).expect("nothing that must not be");
    let page = &served(&prepared)["index.html"];
    let hash = integrity_of(b"2");
    assert!(page.contains("js/lib/b(c)%20%C3%A4.js\":\"") && page.contains(hash.as_str()), "{page}");
    // What can be spelled in several ways is rewritten as ever.
    assert!(!page.contains("u003c") && page.matches("</script>").count() == 2, "{page}");
    let leaf = prepared.release.assets.get("js/lib/leaf.js").expect("it is there");
    let text = prepared.sources[&leaf.name].read().expect("unchanged");
    assert_ne!(text, files["js/lib/leaf.js"].as_bytes());
}

#[test]
fn a_page_that_is_an_asset_needs_no_map() {
    let mut files = site();
    let frame = "<script type=importmap>{}</script><script type=module>import './js/late.js'</script>";
    files.insert("frame.html".to_owned(), frame.to_owned());
    let rule = Rule { files: vec!["frame.html".to_owned()], kind: Some(Kind::Asset), ..Rule::default() };
    let published = try_publish_as(&files, &[rule], &[], &references(ImportMaps::Specifiers, false));
    let (prepared, _folder) = published.expect("nothing that must not be");
    let served = served(&prepared);
    assert!(served["frame.html"].contains("import './js/late.!.js'"), "{}", served["frame.html"]);
    assert!(served["js/late.js"].contains("from \"./lib/leaf.!.js\""), "{}", served["js/late.js"]);
    assert!(served["index.html"].contains("{\"https://cdn.example.com/s/js/late.js\":"), "{}", served["index.html"]);
}

#[test]
fn a_file_where_the_map_goes_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    fs::write(folder.path().join("importmap.json"), "{}").expect("room for it");
    let order = Walk { folders: vec![folder.path().to_owned()], ..Walk::default() };
    let rules = Rules::new(&[], SourceMaps::Publish).expect("no rules").with_import_map();
    let problems = read(walk(&order).0, &rules, &Layout::new("", None), 0).expect_err("it is in the way");
    assert_eq!(problems[0].message, "lies where the import map of the site goes");
}
