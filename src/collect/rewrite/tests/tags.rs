//! Integrity values in pages' tags.

use super::*;
use crate::prepare::integrity::integrity_of;

fn site() -> Tree {
    let right = |text: &str| integrity_of(text.as_bytes()).as_str().to_owned();
    let (style, plain) = ("a{b:url(x.png)}", "plain()");
    let page = format!(
        "<link rel=stylesheet href=a.css integrity='{}'><script src=plain.js integrity=\"{}\"></script>\
         <script src=loop.js type=module></script><script src=\"/static/data\"></script>",
        right(style),
        right(plain)
    );
    tree(&[
        ("a.css", style),
        ("data", ""),
        ("index.html", &page),
        ("loop.js", "import './other.js';"),
        ("other.js", "import './loop.js';"),
        ("plain.js", plain),
        ("x.png", "png"),
    ])
}

fn publish_with(files: &Tree, integrity: bool, known: &[&Release]) -> (Prepared, tempfile::TempDir) {
    let references = References::with_integrity(&["/static/".to_owned()], &Missing::default(), integrity);
    let references = references.expect("good settings");
    try_publish_as(files, &[], known, &references).expect("nothing that must not be")
}

/// The integrity value of what is served in place of a file.
fn of_served(prepared: &Prepared, path: &str) -> String {
    let entry = prepared.release.entries().find(|(other, _)| other.as_str() == path).expect("a file").1;
    let bytes = prepared.sources[&entry.name].read().expect("an unchanged file");
    integrity_of(&bytes).as_str().to_owned()
}

#[test]
fn a_value_that_was_right_is_right_for_what_is_served() {
    let (prepared, _folder) = publish_with(&site(), false, &[]);
    let page = &served(&prepared)["index.html"];
    let [style, plain] = ["a.css", "plain.js"].map(|path| of_served(&prepared, path));
    let expected = format!(
        "<link rel=stylesheet href=a.!.css integrity='{style}'><script src=plain.!.js integrity=\"{plain}\"></script>\
         <script src=loop.!.js type=module></script><script src=\"/static/data.!\"></script>"
    );
    assert_eq!(page, &expected);
    assert!(!site()["index.html"].contains(&style) && site()["index.html"].contains(&plain));
}

#[test]
fn on_request_every_tag_has_one() {
    let (prepared, _folder) = publish_with(&site(), true, &[]);
    let page = &served(&prepared)["index.html"];
    let [circle, data] = ["loop.js", "data"].map(|path| of_served(&prepared, path));
    let added = format!("<script src=loop.!.js type=module integrity=\"{circle}\" crossorigin=\"anonymous\"></script>");
    assert!(page.contains(&added), "{page}");
    let added = format!("<script src=\"/static/data.!\" integrity=\"{data}\" crossorigin=\"anonymous\"></script>");
    assert!(page.ends_with(&added), "{page}");
    assert_eq!(page.matches("integrity").count(), 4);
}

#[test]
fn what_is_known_changes_no_value() {
    for integrity in [false, true] {
        let (before, _folder) = publish_with(&site(), integrity, &[]);
        for files in [site(), changed(site(), "x.png"), changed(site(), "other.js")] {
            let (fresh, _folder) = publish_with(&files, integrity, &[]);
            let (again, _folder_again) = publish_with(&files, integrity, &[&before.release]);
            assert_eq!(again.release, fresh.release);
            assert_eq!(served(&again), served(&fresh));
        }
    }
}
