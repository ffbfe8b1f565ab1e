use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::collect::{Walk, add_integrity, read, walk};
use crate::model::address::Address;
use crate::model::layout::Layout;
use crate::model::release::Release;
use crate::prepare::references::ImportMaps;
use crate::prepare::report::Missing;
use crate::prepare::rules::{Kind, Rule, Rules, SourceMaps};

type Tree = BTreeMap<String, String>;

fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn try_publish(
    files: &Tree,
    rules: &[Rule],
    known: &[&Release],
) -> Result<(Prepared, tempfile::TempDir), Vec<Problem>> {
    let references = References::new(&["/static/".to_owned()], &Missing::default()).expect("good settings");
    try_publish_as(files, rules, known, &references)
}

fn try_publish_as(
    files: &Tree,
    rules: &[Rule],
    known: &[&Release],
    references: &Arc<References>,
) -> Result<(Prepared, tempfile::TempDir), Vec<Problem>> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).expect("room for it");
        fs::write(file, text).expect("room for it");
    }
    let order = Walk { folders: vec![folder.path().to_owned()], ..Walk::default() };
    let rules = Rules::new(rules, SourceMaps::Publish).expect("good rules");
    let rules = if references.maps == ImportMaps::None { rules } else { rules.with_import_map() };
    let collected = read(walk(&order).0, &rules, &Layout::new("", None), 0)?;
    let mut prepared = rewrite(collected, references, known)?;
    add_integrity(&mut prepared.release, &prepared.sources, known)?;
    Ok((prepared, folder))
}

fn publish(files: &Tree, known: &[&Release]) -> (Prepared, tempfile::TempDir) {
    try_publish(files, &[], known).expect("nothing that must not be")
}

/// What is served, by logical path, with `!` for each address.
fn served(prepared: &Prepared) -> Tree {
    let entries = prepared.release.entries();
    let texts = entries.map(|(path, entry)| {
        let bytes = prepared.sources[&entry.name].read().expect("an unchanged file");
        assert_eq!(bytes.len() as u64, entry.size, "{path}");
        let mut text = String::from_utf8(bytes).expect("text");
        for (_, target) in prepared.release.entries() {
            text = text.replace(&target.address.in_key(), "!");
        }
        (path.to_string(), text)
    });
    texts.collect()
}

fn addresses(release: &Release) -> BTreeMap<String, Address> {
    release.entries().map(|(path, entry)| (path.to_string(), entry.address)).collect()
}

/// The files whose addresses differ.
fn renamed(before: &Release, after: &Release) -> BTreeSet<String> {
    let (before, after) = (addresses(before), addresses(after));
    before.into_iter().filter(|(path, address)| after.get(path) != Some(address)).map(|(path, _)| path).collect()
}

#[test]
fn a_reference_gets_the_address_of_what_it_names() {
    let files = tree(&[
        ("css/app.css", "@import 'base.css';\na{b:url(../img/a.png?v=1#x)}/* url(../img/a.png) */"),
        ("css/base.css", "a{b:url( \"/static/img/a.png\" )}"),
        ("img/a.png", "png"),
        ("index.html", "<link rel=stylesheet href=css/app.css><a href=other.html>x</a><img src=\"img/a.png\">"),
        ("other.html", "<a href=index.html>"),
    ]);
    let (prepared, _folder) = publish(&files, &[]);
    assert_eq!(prepared.warnings, []);
    let served = served(&prepared);
    assert_eq!(served["css/app.css"], "@import 'base.!.css';\na{b:url(../img/a.!.png?v=1#x)}/* url(../img/a.png) */");
    assert_eq!(served["css/base.css"], "a{b:url( \"/static/img/a.!.png\" )}");
    let page = "<link rel=stylesheet href=css/app.!.css><a href=other.html>x</a><img src=\"img/a.!.png\">";
    assert_eq!(served["index.html"], page);
    assert_eq!(served["other.html"], files["other.html"]);
}

#[test]
fn outside_circles_an_address_is_that_of_what_is_served() {
    let files = tree(&[("a.css", "@import 'b.css';"), ("b.css", "a{b:url(c.png)}"), ("c.png", "png")]);
    let (prepared, _folder) = publish(&files, &[]);
    for (path, entry) in prepared.release.entries() {
        let source = &prepared.sources[&entry.name];
        let bytes = source.read().expect("an unchanged file");
        assert_eq!(source.addresser.address_of(&bytes), entry.address, "{path}");
        assert_eq!(entry.origin.source.is_some(), path.as_str() != "c.png", "{path}");
    }
}

/// Two modules in a circle, one that refers to it, one that it refers to, and one apart.
fn circle() -> Tree {
    tree(&[
        ("js/a.js", "import './sub/b.js'; export const a = 1;"),
        ("js/sub/b.js", "import '../a.js'; import '../leaf.js';"),
        ("js/entry.js", "import './a.js';"),
        ("js/leaf.js", "export {};"),
        ("js/apart.js", "import './leaf.js';"),
    ])
}

fn changed(mut files: Tree, path: &str) -> Tree {
    files.get_mut(path).expect("one of the files").push_str("\n;");
    files
}

#[test]
fn a_change_renames_exactly_the_files_that_reach_it() {
    let (before, _folder) = publish(&circle(), &[]);
    assert_eq!(before.warnings, []);
    for (path, expected) in [
        ("js/a.js", &["js/a.js", "js/entry.js", "js/sub/b.js"][..]),
        ("js/sub/b.js", &["js/a.js", "js/entry.js", "js/sub/b.js"]),
        ("js/entry.js", &["js/entry.js"]),
        ("js/leaf.js", &["js/a.js", "js/apart.js", "js/entry.js", "js/leaf.js", "js/sub/b.js"]),
        ("js/apart.js", &["js/apart.js"]),
    ] {
        let (after, _folder) = publish(&changed(circle(), path), &[]);
        let renamed = renamed(&before.release, &after.release);
        assert_eq!(renamed.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{path}");
    }
}

#[test]
fn a_circle_keeps_its_addresses_wherever_it_lies() {
    let (before, _folder) = publish(&circle(), &[]);
    let moved = circle().into_iter().map(|(path, text)| (format!("vendor/x/{path}"), text)).collect();
    let (after, _folder) = publish(&moved, &[]);
    let moved: BTreeMap<String, Address> =
        addresses(&before.release).into_iter().map(|(path, address)| (format!("vendor/x/{path}"), address)).collect();
    assert_eq!(addresses(&after.release), moved);
}

#[test]
fn the_members_of_a_circle_name_one_another() {
    let (prepared, _folder) = publish(&circle(), &[]);
    let served = served(&prepared);
    assert_eq!(served["js/a.js"], "import './sub/b.!.js'; export const a = 1;");
    assert_eq!(served["js/sub/b.js"], "import '../a.!.js'; import '../leaf.!.js';");
    let circles = prepared.release.assets.iter().filter(|(_, entry)| entry.origin.circle.is_some());
    assert_eq!(circles.map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["js/a.js", "js/sub/b.js"]);
}

#[test]
fn pages_rename_nothing() {
    let files =
        tree(&[("app.js", "import('./x.js'); new URL('a.html', import.meta.url)"), ("x.js", ""), ("a.html", "")]);
    let (before, _folder) = publish(&files, &[]);
    let (after, _folder) = publish(&changed(files, "a.html"), &[]);
    assert_eq!(renamed(&before.release, &after.release), BTreeSet::from(["a.html".to_owned()]));
}

#[test]
fn sealed_files_stay_and_their_names_too() {
    let rules = [Rule { files: vec!["dist/**".to_owned()], kind: Some(Kind::Sealed), ..Rule::default() }];
    let files = tree(&[
        ("dist/app-1a2b.js", "import './chunk-3c4d.js'; new URL('../logo.png', import.meta.url)"),
        ("dist/chunk-3c4d.js", ""),
        ("logo.png", "png"),
        ("index.html", "<script src=dist/app-1a2b.js></script>"),
    ]);
    let (prepared, _folder) = try_publish(&files, &rules, &[]).expect("nothing that must not be");
    let messages: Vec<&str> = prepared.warnings.iter().map(|problem| problem.message.as_str()).collect();
    let expected = "is sealed and refers to `../logo.png`, but `logo.png` is published under its address only";
    assert_eq!(messages, [expected]);
    let served = served(&prepared);
    assert!(["dist/app-1a2b.js", "index.html"].iter().all(|path| served[*path] == files[*path]), "{served:?}");
}

#[test]
fn what_leads_nowhere_is_reported_with_its_place() {
    let files = tree(&[
        ("css/app.css", "a{}\n  b{c:url(../img/lgo.png)}\n/*# sourceMappingURL=app.css.map */"),
        ("img/logo.png", "png"),
        ("index.html", "<script src=app.js></script><img src=img/lgo.png>"),
    ]);
    let problems = try_publish(&files, &[], &[]).expect_err("a page without its script");
    let shown: Vec<String> = problems
        .iter()
        .map(|problem| {
            let name = problem.file.as_ref().and_then(|file| file.file_name()).unwrap_or_default().display();
            let (line, column) = problem.position.unwrap_or_default();
            let hint = problem.hint.as_deref().unwrap_or_default();
            format!("{:?} {name}:{line}:{column} {}; {hint}", problem.level, problem.message)
        })
        .collect();
    let expected = [
        "Warning app.css:2:11 reference `../img/lgo.png` leads nowhere: there is no `img/lgo.png`; did you mean `img/logo.png`?",
        "Warning app.css:3:22 source map `app.css.map` leads nowhere: there is no `css/app.css.map`; ",
        "Error index.html:1:13 script `app.js` leads nowhere: there is no `app.js`; ",
        "Warning index.html:1:38 reference `img/lgo.png` leads nowhere: there is no `img/lgo.png`; did you mean `img/logo.png`?",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn what_depends_on_the_page_is_looked_for_beside_the_script_and_at_the_root() {
    let files = tree(&[
        ("img/a.png", "png"),
        ("img/page.html", ""),
        (
            "js/a.js",
            "fetch('img/a.png'); fetch('img/page.html'); new Worker('./w.js?x'); fetch('../img/a.png'); fetch('x')",
        ),
        ("js/w.js", ""),
    ]);
    let (prepared, _folder) = publish(&files, &[]);
    let hints: Vec<&str> = prepared.warnings.iter().filter_map(|problem| problem.hint.as_deref()).collect();
    let hint = |relative: &str, path: &str| {
        format!("write `new URL(\"{relative}\", import.meta.url)`, or make `{path}` a page by a rule")
    };
    let image = hint("../img/a.png", "img/a.png");
    assert_eq!(hints, [&image, &hint("w.js", "js/w.js"), &image]);
    assert_eq!(served(&prepared)["js/a.js"], files["js/a.js"]);
}

#[test]
fn what_holds_a_template_s_placeholder_is_counted_and_stays() {
    for (placeholders, text) in [
        (2, "<script src='{{ url }}/app.js'></script><img src='{% static \"a.png\" %}'>"),
        (3, "<link rel=stylesheet href='<%= root %>app.css'><img src='<?php echo $a ?>.png'><img src=<%root%>/a.png>"),
        (2, "<img src='../../{{ a }}.png'><img src='{{ folder }}/'>"),
        (1, "<style>a{b:url({{a}}.png)}</style>"),
        // Links are never told of, and what leads to a file is no template's.
        (
            0,
            "<a href='{{ a }}'>1</a><a href='../{% b %}'>2</a><img src='{{ here }}.png'><img src='https://a.test/{{ a }}'>",
        ),
        (0, "<p title='{{ a }}'>{% if a %}{{ b }}<?php c() ?></p>"),
    ] {
        let files = tree(&[("docs/page.html", text), ("docs/{{ here }}.png", "png")]);
        let (prepared, _folder) = publish(&files, &[]);
        let told: Vec<&str> = prepared.warnings.iter().map(|problem| problem.message.as_str()).collect();
        let message = format!("{placeholders} references hold a template's placeholder");
        assert_eq!(told.len(), usize::from(placeholders > 0), "{told:?}");
        assert!(told.iter().all(|told| told.starts_with(&message)), "{text}: {told:?}");
        let page = text.replace("{{ here }}.png", "{{ here }}.!.png");
        assert_eq!(served(&prepared)["docs/page.html"], page);
        // What is left out today may be there tomorrow.
        assert_eq!(prepared.release.pages["docs/page.html"].origin.targets.is_none(), !text.starts_with("<p"));
    }
}

#[test]
fn a_file_that_an_earlier_release_knows_is_not_parsed_again() {
    let (before, _folder) = publish(&circle(), &[]);
    let (again, _folder) = publish(&circle(), &[&before.release]);
    assert_eq!(again.release, before.release);
    assert_eq!(served(&again), served(&before));
    let parsed = |prepared: &Prepared| -> Vec<String> {
        let entries = prepared.release.entries();
        let parsed =
            entries.filter(|(_, entry)| matches!(prepared.sources[&entry.name].rewriting, Rewriting::Known(_)));
        parsed.map(|(path, _)| path.to_string()).collect()
    };
    assert_eq!(parsed(&again), Vec::<String>::new());
    let (after, _folder) = publish(&changed(circle(), "js/entry.js"), &[&before.release]);
    assert_eq!(parsed(&after), ["js/entry.js"]);
}

#[test]
fn a_link_to_what_was_not_there_is_followed_once_it_is() {
    let mut files = tree(&[("index.html", "<a href=report.pdf>")]);
    let (before, _folder) = publish(&files, &[]);
    files.insert("report.pdf".to_owned(), "pdf".to_owned());
    let (after, _folder) = publish(&files, &[&before.release]);
    assert_eq!(served(&after)["index.html"], "<a href=report.!.pdf>");
}

#[test]
fn what_other_settings_made_is_not_taken_over() {
    let (before, _folder) = publish(&circle(), &[]);
    let rewriting = References::new(&[], &Missing::default()).expect("good settings").id;
    let other = Release { rewriting, ..before.release };
    let (again, _folder) = publish(&circle(), &[&other]);
    assert!(again.sources.values().all(|source| !matches!(source.rewriting, Rewriting::Later(_))));
}

#[test]
fn a_long_chain_and_a_large_circle() {
    let length = 2_000;
    let module = |number: usize| (format!("m/{number}.js"), format!("import './{}.js';", (number + 1) % length));
    let circle: Tree = (0..length).map(module).collect();
    let (prepared, _folder) = publish(&circle, &[]);
    let circles: BTreeSet<_> = prepared.release.assets.values().map(|entry| entry.origin.circle).collect();
    assert!(circles.len() == 1 && !circles.contains(&None), "{circles:?}");
    let mut chain = circle;
    chain.insert(format!("m/{}.js", length - 1), "export {};".to_owned());
    let (prepared, _folder) = publish(&chain, &[]);
    assert!(prepared.release.assets.values().all(|entry| entry.origin.circle.is_none()));
    let [first, second] = ["m/0.js", "m/1.js"].map(|path| &prepared.release.assets[path]);
    let expected = format!("import './1.{}.js';", second.address.in_key());
    assert_eq!(prepared.sources[&first.name].read().expect("an unchanged file"), expected.as_bytes());
}

mod import_maps;
mod tags;
mod trees;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any graph, published first and published again after any change of one file.
    #[test]
    fn what_is_known_changes_nothing(
        edges in vec(vec(0_usize..8, 0..4), 8),
        change in 0_usize..8,
        to in vec(0_usize..8, 0..4),
    ) {
        let module = |(number, targets): (usize, &Vec<usize>)| {
            let imports: String = targets.iter().map(|target| format!("import '../{target}/m.js';\n")).collect();
            (format!("{number}/m.js"), imports)
        };
        let before: Tree = edges.iter().enumerate().map(module).collect();
        let mut edges = edges;
        edges[change] = to;
        let after: Tree = edges.iter().enumerate().map(module).collect();

        let (known, _folder) = publish(&before, &[]);
        let (fresh, _folder) = publish(&after, &[]);
        let (again, _folder_again) = publish(&after, &[&known.release]);
        prop_assert_eq!(&again.release, &fresh.release);
        prop_assert_eq!(served(&again), served(&fresh));
        // Byte for byte the same but for what was put in, and every name is that of an object.
        for (path, text) in served(&fresh) {
            prop_assert_eq!(text.replace(".!", ""), after[&path].as_str());
            prop_assert_eq!(text.matches('!').count(), after[&path].matches("import").count());
        }
        // One change renames the files that reach the changed one, and no other.
        let mut reach = BTreeSet::from([change]);
        while let Some((more, _)) =
            edges.iter().enumerate().find(|(at, targets)| !reach.contains(at) && targets.iter().any(|to| reach.contains(to)))
        {
            reach.insert(more);
        }
        if before != after {
            let renamed = renamed(&known.release, &fresh.release);
            prop_assert!(renamed.iter().all(|path| reach.iter().any(|at| *path == format!("{at}/m.js"))), "{renamed:?}");
            let own = format!("{change}/m.js");
            prop_assert!(renamed.contains(&own));
        }
    }
}
