use proptest::prelude::*;

use super::super::reference::Obstacle;
use super::*;
use crate::refs::places;

fn found(text: &str) -> Found {
    let mut found = Found::default();
    find(&Excerpt::verbatim(text, 0), &mut found);
    assert!(found.remarks.is_empty() || found.references.is_empty(), "{found:?}");
    found
}

fn places_are_exact(text: &str) {
    places::are_exact(text, &['\\', '\0', '&', '<', '\n', '\r', '\t'], |text| found(text).references);
}

fn finds(text: &str, expected: &[(Kind, &str)]) {
    let found = found(text);
    assert_eq!(found.remarks, [], "{text}");
    let kinds: Vec<_> = found.references.iter().map(|reference| (reference.kind, reference.value.text())).collect();
    assert_eq!(kinds, expected, "{text}");
    places_are_exact(text);
}

fn svg(inside: &str) -> String {
    format!("<svg xmlns=\"{SVG}\" xmlns:xlink='{XLINK}' xmlns:x='urn:x'>{inside}</svg>")
}

fn loads(inside: &str, expected: &[&str]) {
    finds(&svg(inside), &expected.iter().map(|value| (Kind::Resource, *value)).collect::<Vec<_>>());
}

#[test]
fn every_href_is_a_reference() {
    for element in ["use", "image", "feImage", "textPath", "linearGradient", "pattern", "mpath", "symbol"] {
        loads(&format!("<{element} href='a.svg#b'/>"), &["a.svg#b"]);
        loads(&format!("<{element} xlink:href=\" a.png \"></{element}>"), &["a.png"]);
        loads(&format!("<{element} xlink:href='#b'/><{element} href='data:,x'/><{element} href=''/>"), &[]);
    }
    finds(&svg("<a href='a.html'><text/></a>"), &[(Kind::Link, "a.html")]);
    finds(&svg("<a xlink:href='../'/><a href='mailto:a@b.example'/>"), &[(Kind::Link, "../")]);
    finds(&svg("<script href='a.js'/><script>import './no.js'; url(no.png)</script>"), &[(Kind::Script, "a.js")]);
    finds("<svg><use href='a.svg'/></svg>", &[(Kind::Resource, "a.svg")]);
    finds(
        &format!("<s:svg xmlns:s='{SVG}' xmlns:l='{XLINK}'><s:a l:href='a.html'/></s:svg>"),
        &[(Kind::Link, "a.html")],
    );
    loads(
        "<x:use href='no.svg'/><use x:href='no.svg' src='no.png'/><!-- <use href='no.svg'/> --><x href='a'/>",
        &["a"],
    );
    loads(&format!("<use {} = {}'a.svg'/>", "href", " ".repeat(300)), &["a.svg"]);
}

#[test]
fn entities_are_decoded_and_keep_their_places() {
    loads("<image href='a&amp;b.png?c&amp;d'/>", &["a&b.png?c&d"]);
    loads("<image href='&lt;&gt;&quot;&apos;&#46;&#x70;ng'/>", &["<>\"'.png"]);
    loads("<image href='é&#233;&#x1F600;.png'/>", &["éé\u{1f600}.png"]);
    loads("<image href='\n  a.png\t'/>", &["a.png"]);
    loads("<rect style=\"fill: url(&quot;a\\2e png&quot;)\"/>", &["a.png"]);
    loads("<rect style='fill: url&#40;a&#x5c;.png)'/>", &["a.png"]);
    let own = format!(
        "<!DOCTYPE svg [<!ENTITY ns '{SVG}'> <!ENTITY p 'a.png'> <!ENTITY e '<use href=\"no.svg\"/>'>]>
        <svg xmlns='&ns;'><image href='&p;'/><rect style='fill: url(&p;)'/>&e;<style>b {{ c: url(&p;) }}</style>
        <style>&e; b {{ c: url(no.png) }}</style><use href='a.svg'/></svg>"
    );
    finds(&own, &[(Kind::Resource, "a.svg")]);
}

#[test]
fn styles_are_read_as_css() {
    loads("<rect style='fill: url(#a); mask: url( \"b.svg#c\" )' fill='url(d.svg#e)'/>", &["b.svg#c", "d.svg#e"]);
    for name in STYLED {
        loads(
            &format!("<rect {name}=\"url(a.svg#b) red\"/><rect {name}='url(#a)'/><rect {name}='a.svg'/>"),
            &["a.svg#b"],
        );
    }
    loads("<rect d='url(no.png)' x:fill='url(no.png)' id='url(no.png)'/>", &[]);
    loads("<style>a > b { c: url(d.png) }</style>", &["d.png"]);
    loads("<style type='text/css' title='>'><![CDATA[ a > b { c: url(d&amp;.png) } ]]></style>", &["d&amp;.png"]);
    loads(
        "<style>a { b: url(&quot;c&amp;d.png&#34;); <![CDATA[ e: ]]><!-- url(no.png) -->url(f<?x y?>.png) }</style>",
        &["c&d.png", "f.png"],
    );
    loads("<style>a { b: url(no.png); <use href='d.png'/> e: url(no.png) }</style>", &["d.png"]);
    loads("<style/><style></style><style type='text/plain'>a { b: url(no.png) }</style>", &[]);
    let sheet = svg("<style type=' TEXT/CSS '>@import 'a.css'; /*# sourceMappingURL=a.map */</style>");
    finds(&sheet, &[(Kind::Style, "a.css"), (Kind::SourceMap, "a.map")]);
}

#[test]
fn style_sheets_of_the_prolog_are_found() {
    let sheet = |instruction: &str| format!("<?xml version='1.0'?>\n{instruction}\n<!DOCTYPE svg>\n{}", svg(""));
    finds(&sheet("<?xml-stylesheet type='text/css' href='a.css'?>"), &[(Kind::Style, "a.css")]);
    finds(&sheet("<?xml-stylesheet\n\thref = \"a&amp;b.css?c\" x='y'?>"), &[(Kind::Style, "a&b.css?c")]);
    finds(&sheet("<?xml-stylesheet type=\"text/xsl\" href='a.xsl'?>"), &[(Kind::Resource, "a.xsl")]);
    for none in ["", " ", " href", " href=", " href=a.css", " href='a.css", " href='#a'", " x='href'", " href='&a;'"] {
        finds(&sheet(&format!("<?xml-stylesheet{none}?>")), &[]);
    }
    finds(&svg("<?xml-stylesheet href='no.css'?>"), &[]);
    finds(&sheet("<?xml href-stylesheet='no.css'?>").replace("<?xml h", "<?x h"), &[]);
}

#[test]
fn what_is_not_well_formed_gives_one_remark_with_its_place() {
    for (text, place) in [
        ("<svg>\n<a href='é.html'/><g href='a.png'></svg>", 41),
        ("<svg><use href='a.svg'/>", 24),
        ("<svg><use href='a.svg'/>&nbsp;</svg>", 24),
        ("<svg><use xlink:href='a.svg'/></svg>", 10),
        ("<svg><a href='a' href='b'/></svg>", 17),
        ("<svg/><svg/>", 6),
        ("text", 0),
        ("", 0),
    ] {
        let found = found(text);
        let [remark] = &found.remarks[..] else { panic!("{text}: {found:?}") };
        assert_eq!(remark.place, place, "{text}: {remark:?}");
        let Obstacle::Unparsable(message) = &remark.what else { panic!("{remark:?}") };
        assert!(!message.is_empty() && !message.contains(" at "), "{message}");
    }
    let mut found = Found::default();
    find(&Excerpt::verbatim("<svg>", 3), &mut found);
    assert_eq!(found.remarks[0].place, 8);
}

#[test]
fn elements_nested_to_any_depth_are_read() {
    let deep = svg(&format!("{}<use href='a.svg'/>{}", "<g>".repeat(100_000), "</g>".repeat(100_000)));
    assert_eq!(found(&deep).references.len(), 1);
    assert_eq!(found(&"<g>".repeat(100_000)).remarks.len(), 1);
}

const SEEDS: &[&str] = &[
    "<?xml version='1.0'?>",
    "<?xml-stylesheet href='a.css'?>",
    "<?xml-stylesheet href",
    "<!DOCTYPE svg>",
    "<!DOCTYPE svg [<!ENTITY e '<g></g>'> <!ENTITY f 'é.svg'> <!ENTITY g '</g>'> <!ENTITY h '<g></g></style>'>]>",
    "<!DOCTYPE svg [<!ENTITY a '&b;'> <!ENTITY b '&a;'> <!ENTITY h '<style>b{c:url(d)}</style></g>'>]>",
    "<g>",
    "</g>",
    "<g ",
    "<a href='é.html'>",
    "</a>",
    "<use href=\"a&amp;b.svg#c\"/>",
    "<rect fill='url(a.svg#b)' style=\"c: url(&quot;d&quot;)\"/>",
    "<style>",
    "</style>",
    "<style a='>'/>",
    "b { c: url(d.png) }",
    "url(&#x61;.png)",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "href='",
    "'",
    "\"",
    "/>",
    ">",
    "<",
    "=",
    "&e;",
    "&f;",
    "&g;",
    "&h;",
    "&a;",
    "&amp;",
    "&#46;",
    "&",
    ";",
    "\r\n",
    "\r",
    " ",
    "é",
    "\u{1f600}",
];

/// Seeds joined, often as the content of a well-formed image, then cut anywhere or not.
fn mutated() -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(prop::sample::select(SEEDS), 0..12);
    (parts, 0..4, any::<prop::sample::Index>()).prop_map(|(parts, form, cut)| {
        let mut text = match form {
            0 => parts.concat(),
            1 => svg(&parts.concat()),
            2 => format!("{}<g><style>{}</style></g>", SEEDS[4], parts.concat()),
            _ => format!("{}<g>{}</g>", parts[..parts.len() / 2].concat(), parts[parts.len() / 2..].concat()),
        };
        let ends: Vec<usize> = text.char_indices().map(|(index, _)| index).chain([text.len()]).collect();
        text.truncate(ends[(cut.index(ends.len()) * 4).min(ends.len() - 1)]);
        text
    })
}

proptest! {
    #[test]
    fn no_text_is_too_odd_and_places_are_exact_in_each(text in prop_oneof![4 => mutated(), 1 => any::<String>()]) {
        places_are_exact(&text);
    }

    #[test]
    fn values_of_any_characters_keep_their_places(value in "[a-c./é\u{1f600} ]{1,12}", escaped in any::<u64>()) {
        let mut text = String::new();
        for (index, character) in value.chars().enumerate() {
            match escaped >> (index * 2) & 3 {
                0 => text.push_str(&format!("&#{};", u32::from(character))),
                1 => text.push_str(&format!("&#x{:x};", u32::from(character))),
                _ => text.push(character),
            }
        }
        let image = svg(&format!("<use href='{text}'/>"));
        let expected = value.trim_matches(' ');
        let references = found(&image).references;
        prop_assert_eq!(references.iter().map(|r| r.value.text().len()).sum::<usize>(), expected.len());
        places_are_exact(&image);
    }
}
