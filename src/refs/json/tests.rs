//! JSON files and what is found in them. In the tables, `«` and `»` enclose the bytes of each reference; the marks
//! are taken out before the file is read.

use proptest::prelude::*;

use super::strings::{Role, visit_strings};
use super::{import_map, source_map, web_manifest};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind, MapThere, Obstacle, Slot};

use Kind::{Asked, Link, Mapped, Mention, Resource, SourceMap};

type Find = fn(&Excerpt<'_>, &mut Found);

fn found(find: Find, text: &str, start: usize) -> Found {
    let mut found = Found::default();
    find(&Excerpt::verbatim(text, start), &mut found);
    found
}

/// Asserts that exactly what is marked is found, of these kinds, with and without a byte-order mark.
fn check(find: Find, text: &str, kinds: &[Kind]) {
    let plain = text.replace(['«', '»'], "");
    for start in [0, 3] {
        let found = found(find, &plain, start);
        let mut marked = plain.clone();
        for reference in found.references.iter().rev() {
            let span = reference.value.span();
            marked.insert(span.end - start, '»');
            marked.insert(span.start - start, '«');
        }
        assert_eq!(marked, text);
        assert_eq!(found.references.iter().map(|found| found.kind).collect::<Vec<_>>(), kinds, "{text}");
        assert_eq!(found.remarks, []);
    }
}

#[test]
fn a_web_manifest_names_images_and_pages() {
    let text = r##"{
        "name": "a.png", "id": "/x", "start_url": "«/?x=1»", "scope": "/", "src": "a",
        "icons": [{"src": "«a.png»", "sizes": "1x1"}, {"src": "data:,x"}, {"src": ""}, "src", [{"src": "x"}]],
        "screenshots": [{"label": "é", "src": "«b\/é.png»"}],
        "shortcuts": [{"name": "x", "url": "«y.html»", "icons": [{"src": "«c.png»"}]}],
        "share_target": {"action": "/share"},
        "file_handlers": [{"action": "/open", "icons": [{"src": "«d.png»"}]}],
        "related_applications": [{"platform": "play", "url": "https://x.test/"}]
    }"##;
    check(web_manifest, text, &[Link, Resource, Resource, Link, Resource, Resource]);
}

#[test]
fn an_import_map_names_modules_on_both_sides() {
    let text = r#"{
        "imports": {
            "a": "«./a.js»", "b/": "«./b/»", "«./c.js»": "«/d.js»", "e": "f", "«https://x.test/g.js»": null,
            "h": "«HTTP://x.test/h.js»", "«./i/»": "«./i/j.js»", "data:,k": "blob:l"
        },
        "scopes": {"«./m/»": {"n": "«./n.js»"}, "«/o.js»": {"«../p.js»": "«../q.js»"}, "r": {"s": {"./t": "./u"}}},
        "integrity": {"«./a.js»": "sha384-a", "bare": "sha384-b", "./c": 1, "./d/": "sha384-c"}
    }"#
    .replace("\"./c\"", "\"«./c»\"");
    // What stands on the left need not be there.
    let imports = [Mapped, Mapped, Asked, Mapped, Asked, Mapped, Asked, Mapped];
    let kinds = [&imports[..], &[Mention, Mapped, Mention, Asked, Mapped, Mention, Mention]].concat();
    check(import_map, &text, &kinds);
    let plain = text.replace(['«', '»'], "");
    let [hash] = &found(import_map, &plain, 0).checkable[..] else { panic!("one hash of a URL") };
    let integrity = hash.integrity.clone().expect("its place");
    assert_eq!((&plain[integrity.clone()], hash.end, hash.has_crossorigin), ("sha384-a", integrity.end, true));
    assert!(plain[hash.reference..].starts_with("./a.js\": \"sha384-a"));
}

#[test]
fn a_source_map_names_its_file_and_its_sections() {
    let text = r#"{"version":3,"file":"«a.js»","sources":["b.ts","file"],"names":["file"],"sourcesContent":["{\"file\":1}"],
        "x":{"file":"c"},"sourceRoot":"/d/","mappings":"AAAA"}"#;
    check(source_map, text, &[Mention]);
    let text =
        r#"{"version":3,"sections":[{"offset":{},"url":"«a.map»"},{"map":{"file":"«b.js»","sources":["file"]}}]}"#;
    check(source_map, text, &[SourceMap, Mention]);
    check(source_map, ")]}'\n{\"file\":\"«a.js»\"}", &[Mention]);
    check(source_map, ")]}',x\r\n{\"file\":\"«a.js»\"}", &[Mention]);
    check(source_map, r#"{"file":null,"sections":"x"}"#, &[]);
}

#[test]
fn escapes_are_undone_in_keys_and_values() {
    let text = r#"{"\u0066ile":"\u0061\/\ud83d\ude00\ud83d\n\t.j\u0073"}"#;
    let found = found(source_map, text, 3);
    let [file] = &found.references[..] else { panic!("one reference") };
    assert_eq!((file.kind, file.value.text()), (Mention, "a/\u{1f600}\u{fffd}.js"));
    let places: Vec<usize> = (0..=file.value.text().len()).map(|index| file.value.place(index)).collect();
    let at = |what: &str| 3 + text.find(what).expect("in the text");
    let (smile, lone) = (at("\\ud83d\\ude00"), at("\\ud83d\\n"));
    let (dot, end) = (at(".j"), at("\"}"));
    let slash = at("\\/");
    assert_eq!(
        places,
        [at("\\u0061"), slash, smile, smile, smile, smile, lone, lone, lone, dot, dot + 1, dot + 2, end]
    );
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for (text, index, expected) in [
        ("", 0, "a value"),
        ("  ", 2, "a value"),
        ("{", 1, "a member's name"),
        (r#"{"file":"a.js""#, 14, "a comma or a brace"),
        (r#"{"file":"a.js",}"#, 15, "a member's name"),
        (r#"{"file" "a.js"}"#, 8, "a colon"),
        (r#"{"file":"a.js"]"#, 14, "a comma or a brace"),
        (r#"{"file":"a.js"} x"#, 16, "the end"),
        (r#"["a" "b"]"#, 5, "a comma or a bracket"),
        ("[1,]", 3, "a value"),
        ("[01]", 2, "no leading zero"),
        ("[-]", 2, "a value"),
        ("[1.]", 3, "a value"),
        ("[1e+]", 4, "a value"),
        ("[nul]", 1, "a value"),
        ("'a'", 0, "a value"),
        (r#"["a"#, 3, "a quote"),
        ("[\"a\nb\"]", 3, "no control character"),
        (r#"["a\x"]"#, 3, "an escape"),
        (r#"["\u12g4"]"#, 2, "an escape"),
        (r#"["\u12"#, 2, "an escape"),
        (r#"["\"#, 2, "an escape"),
        (")]}'", 4, "a value"),
    ] {
        let found = found(source_map, text, 3);
        assert_eq!(found.references, [], "{text}");
        let [remark] = &found.remarks[..] else { panic!("one remark: {text}") };
        let what = Obstacle::Unparsable(format!("not JSON: expected {expected}"));
        assert_eq!((remark.place, &remark.what), (index + 3, &what), "{text}");
    }
}

#[test]
fn depth_has_a_bound_and_takes_no_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(found(source_map, &nested(512), 0).remarks, []);
    let found = found(source_map, &nested(1_000_000), 0);
    assert_eq!(found.remarks[0].what, Obstacle::Unparsable("not JSON: expected fewer levels".to_owned()));
}

#[test]
fn all_of_json_is_taken() {
    for text in [
        "{}",
        " [ ] ",
        "null",
        "-0.5e-10",
        "[0,1E5,true,false,null,\"\",{\"\":[]},[{}]]",
        "\t{\r\n\"a\" : [ 1 , 2 ] }\n",
        "{\"a\":1,\"a\":2}",
        "[\"\u{7f}\u{2028}é\\\\\\\"\"]",
    ] {
        assert_eq!(found(source_map, text, 0), Found::default(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        for find in [web_manifest, import_map, source_map] {
            found(find, &text, 3);
        }
    }

    /// Whether it is JSON, and which strings are in it, is as another parser sees it.
    #[test]
    fn it_agrees_with_serde_json(bits in proptest::collection::vec(proptest::sample::select(BITS), 0..16)) {
        let text = bits.concat();
        let mut values = Vec::new();
        let visited = visit_strings(&text, 0, &mut |role, _, range| {
            if role == Role::Value {
                values.push(super::decode(&Excerpt::verbatim(text.as_str(), 0), range).text().to_owned());
            }
        });
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(value) if visited.is_ok() => {
                let mut pending = vec![&value];
                while let Some(value) = pending.pop() {
                    match value {
                        serde_json::Value::String(string) => prop_assert!(values.contains(string)),
                        serde_json::Value::Array(elements) => pending.extend(elements),
                        serde_json::Value::Object(members) => pending.extend(members.values()),
                        _ => {}
                    }
                }
            }
            Ok(_) => prop_assert!(false, "{text} is JSON: {visited:?}"),
            // It refuses escapes of single surrogates and numbers that no float can hold.
            Err(_) => prop_assert!(visited.is_err() || text.contains("\\ud") || text.contains("e99")),
        }
    }
}

const BITS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"file\":",
    "\"a\":",
    "{\"a\":",
    "[\"b\"",
    "1",
    "-",
    "0.5",
    "1e9",
    "1e999",
    "true",
    "null",
    "tru",
    " ",
    "\n",
    "\\",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"é\\n\"",
    "\u{1}",
    "[]",
    "{}",
];

#[test]
fn entries_can_be_added_to_an_import_map_where_it_shows_a_place() {
    for (text, imports, integrity) in [
        ("{\"imports\": {\"a\": \"./b.js\"}}", Some(Slot::Inside(13)), Some(Slot::Around(1))),
        ("{ \"x\": 1, \"integrity\": {\"./b.js\": \"y\"}}", Some(Slot::Around(2)), Some(Slot::Inside(24))),
        ("{\"imports\": {}, \"integrity\": {}}", None, None),
        ("{}", None, None),
    ] {
        let mut found = Found::default();
        import_map(&Excerpt::verbatim(text, 0), &mut found);
        assert_eq!(found.map.there, Some(MapThere { place: 0, imports, integrity }), "{text}");
    }
}
