//! Pages and what is found in them. In the tables, `«` and `»` enclose the bytes of each reference, `⟦` and `⟧` those
//! of embedded text; the marks are taken out before the page is read.

use std::ops::Range;

use proptest::prelude::*;

use super::{Embedded, find};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind, Reference};

use Embedded::{Css, Declarations, Module, Script};
use Kind::{Link, Resource};

const STYLE: Kind = Kind::Style;
const SCRIPT: Kind = Kind::Script;
const MENTION: Kind = Kind::Mention;

type Language = (Embedded, Range<usize>);

/// What is found in a page that begins at the byte `start` of its file, and what embedded text was handed over.
fn found_from(page: &str, start: usize) -> (Found, Vec<Language>) {
    let (mut found, mut embedded) = (Found::default(), Vec::new());
    let mut record = |language, text: &Excerpt<'_>, _: &mut Found| embedded.push((language, text.span()));
    find(&Excerpt::verbatim(page, start), &mut record, &mut found);
    embedded.sort_by_key(|(_, span)| span.start);
    (found, embedded)
}

fn found(page: &str) -> Found {
    found_from(page, 0).0
}

/// The places in the page without marks that this pair of marks encloses.
fn marked(text: &str, open: char, close: char) -> Vec<Range<usize>> {
    let (mut spans, mut at) = (Vec::new(), 0);
    for c in text.chars() {
        match c {
            _ if c == open => spans.push(at..at),
            _ if c == close => spans.last_mut().expect("an opening mark").end = at,
            '«' | '»' | '⟦' | '⟧' => {}
            _ => at += c.len_utf8(),
        }
    }
    spans
}

fn without_marks(text: &str) -> String {
    text.replace(['«', '»', '⟦', '⟧'], "")
}

/// Asserts that exactly what is marked is found, of these kinds and languages, with and without a byte-order mark.
fn check(text: &str, kinds: &[Kind], languages: &[Embedded]) {
    let page = without_marks(text);
    for start in [0, 3] {
        let (found, embedded) = found_from(&page, start);
        let expect = |spans: Vec<Range<usize>>| spans.into_iter().map(move |span| span.start + start..span.end + start);
        let references: Vec<_> =
            found.references.iter().map(|reference| (reference.kind, reference.value.span())).collect();
        let expected: Vec<_> = kinds.iter().copied().zip(expect(marked(text, '«', '»'))).collect();
        assert_eq!(kinds.len(), marked(text, '«', '»').len(), "a kind for each mark: {text}");
        assert_eq!(references, expected, "{text}");
        let expected: Vec<_> = languages.iter().copied().zip(expect(marked(text, '⟦', '⟧'))).collect();
        assert_eq!(languages.len(), marked(text, '⟦', '⟧').len(), "a language for each mark: {text}");
        assert_eq!(embedded, expected, "{text}");
        assert_eq!(found.remarks, []);
    }
}

#[test]
fn attributes_that_name_files_are_found() {
    for (text, kinds) in [
        ("<img src='«a.png»' alt=b.png longdesc=c.html>", &[Resource] as &[Kind]),
        ("<IMG SRC=«a.png»>", &[Resource]),
        ("<image src=«a.png»>", &[Resource]),
        ("<img src=«a.png/»>", &[Resource]),
        ("<img src = \" «a.png»\n\">", &[Resource]),
        ("<video src=«a.mp4» poster=«a.jpg»><source src=«b.webm»><track src=«c.vtt»></video>", &[Resource; 4]),
        ("<audio src='«a.mp3»'></audio><embed src=«b.swf»><bgsound src=«c.mid»>", &[Resource; 3]),
        ("<input type=Image src=«a.png»><input src=b.png><input type=text src=c.png>", &[Resource]),
        ("<iframe src=«a.html»></iframe><frame src=«b.html»>", &[Link; 2]),
        ("<a href=«a.html» ping=b>x</a><map><area href='«/b/?x#y»'></map>", &[Link; 2]),
        ("<object data=«a.svg» codebase=b classid=c></object>", &[Resource]),
        ("<body background=«a.gif»><table background=«b.gif»><td background=«c.gif»>", &[Resource; 3]),
        ("<form action=a><button formaction=b>x</button></form><blockquote cite=c></blockquote>", &[]),
        ("<div src=a href=b data=c poster=d></div><my-a src=e></my-a>", &[]),
        ("<a href='«http://x.test/a»'></a><a href=«//x.test/b»></a>", &[Link; 2]),
    ] {
        check(text, kinds, &[]);
    }
}

#[test]
fn what_names_no_file_is_left_out() {
    for text in [
        "<img src><img src=><img src=''><img src='  '><a href=#x></a><a href='\n#'></a>",
        "<img src='data:image/png;base64,AA=='><a href=mailto:a@b.test></a><a href=' JavaScript:a()'></a>",
        "<script src='blob:x'></script><iframe src=about:blank></iframe>",
        "<!-- <img src=a.png> --><!--[if IE]><link rel=stylesheet href=a.css><![endif]-->",
        "<textarea><img src=a.png></textarea><title><img src=b.png></title><xmp><img src=c.png></xmp>",
        "<iframe><img src=a.png></iframe><noembed><img src=b.png></noembed><noframes><img src=b.png></noframes>",
        "</img src=a.png><plaintext><img src=a.png></plaintext><img src=b.png>",
        "<img src=a.png",
        "<img title='<img src=a.png>'>",
    ] {
        check(text, &[], &[]);
    }
}

#[test]
fn of_two_attributes_of_a_name_the_first_counts() {
    check("<img src=«a.png» SRC=b.png src=c.png>", &[Resource], &[]);
    check("<img src src=a.png>", &[], &[]);
    check("<link rel=stylesheet rel=icon href=«a.css» href=b.css>", &[STYLE], &[]);
}

#[test]
fn each_candidate_of_a_srcset_is_found() {
    check("<img srcset='«a.png» 1x, «b,c.png» 2x' src=«d.png»>", &[Resource; 3], &[]);
    check(
        "<picture><source srcset=\"«a.avif»,, data:image/png;base64,A== 2x, «é.png» 3x\"></picture>",
        &[Resource; 2],
        &[],
    );
    check("<link rel=preload as=image imagesrcset='«a.png» 1x, «b.png» 2x' imagesizes=50vw>", &[Resource; 2], &[]);
    check("<link rel=preload as=image href=«a.png» imagesrcset=«b.png»>", &[Resource; 2], &[]);
    check("<img srcset='«a&amp;b.png» 1x&comma; «c.png» 2x'>", &[Resource; 2], &[]);
}

#[test]
fn a_link_is_what_its_rel_says() {
    for (link, kind) in [
        ("rel=stylesheet", Some(STYLE)),
        ("rel='Alternate  StyleSheet'", Some(STYLE)),
        ("rel='preload stylesheet' as=style", Some(STYLE)),
        ("rel=modulepreload", Some(SCRIPT)),
        ("rel=preload as=script", Some(SCRIPT)),
        ("rel=preload as=STYLE", Some(STYLE)),
        ("rel=preload as=font", Some(Resource)),
        ("rel=preload", Some(Resource)),
        ("rel=preload as=document", Some(Link)),
        ("rel=prefetch as=script", Some(Resource)),
        ("rel=icon", Some(Resource)),
        ("rel='shortcut icon'", Some(Resource)),
        ("rel=apple-touch-icon", Some(Resource)),
        ("rel=apple-touch-icon-precomposed", Some(Resource)),
        ("rel=apple-touch-startup-image", Some(Resource)),
        ("rel=mask-icon", Some(Resource)),
        ("rel=manifest", Some(Resource)),
        ("rel=image_src", Some(Resource)),
        ("rel=stylesheet/less", Some(Resource)),
        ("itemprop='url image'", Some(Resource)),
        ("itemprop=url", Some(Link)),
        ("rel=canonical", Some(Link)),
        ("rel=alternate type=application/rss+xml", Some(Link)),
        ("rel=next", Some(Link)),
        ("rel=license", Some(Link)),
        ("rel=search", Some(Link)),
        ("rel=preconnect", None),
        ("rel='dns-prefetch'", None),
        ("rel=pingback", None),
        ("rel=''", None),
        ("title=x", None),
    ] {
        let text =
            if kind.is_some() { format!("<link {link} href='«a»'>") } else { format!("<link {link} href='a'>") };
        check(&text, kind.as_slice(), &[]);
    }
}

#[test]
fn files_of_meta_are_found() {
    for name in ["property=og:image", "property='og:image:url'", "name=og:image:secure_url", "property=og:video"] {
        check(&format!("<meta {name} content=«a»>"), &[Resource], &[]);
    }
    for name in ["name=Twitter:Image", "name=twitter:image:src", "name=twitter:player:stream", "name=thumbnail"] {
        check(&format!("<meta content='«a»' {name}>"), &[Resource], &[]);
    }
    for name in ["msapplication-TileImage", "msapplication-square70x70logo", "msapplication-config"] {
        check(&format!("<meta name={name} content=\"«/a»\">"), &[Resource], &[]);
    }
    check("<meta itemprop=image content=«a.png»><meta property='x og:audio' content=«a.mp3»>", &[Resource; 2], &[]);
    check("<meta http-equiv=Refresh content='0; url=«a.html»'>", &[Link], &[]);
    check("<meta http-equiv=refresh content=\"5;URL='«a.html?x=1&amp;y=2»'\">", &[Link], &[]);
    check("<meta http-equiv=refresh content=5><meta name=msapplication-config content=none>", &[], &[]);
    check(
        "<meta property=og:image:width content=1><meta name=description content=a.png><meta name=og:image>",
        &[],
        &[],
    );
}

#[test]
fn svg_and_mathml_have_references_of_their_own() {
    check("<svg><use href=«a.svg#b» /><use xlink:href='«c.svg#d»'/><use href=#e></svg>", &[Resource; 2], &[]);
    check("<svg><image href=«a.png» /><filter><feImage xlink:href=«b.png» /></filter></svg>", &[Resource; 2], &[]);
    check("<svg><a href=«a.html»></a><script href=«a.js»></script></svg><a href=«b»></a>", &[Link, SCRIPT, Link], &[]);
    check(
        "<svg><rect fill='⟦url(a.svg#b)⟧' mask=\"⟦url(&quot;c&quot;)⟧\" stroke=red /></svg>",
        &[],
        &[Declarations; 2],
    );
    check("<svg><foreignObject><img src=«a.png»></foreignObject><use href=«b.svg» /></svg>", &[Resource; 2], &[]);
    check("<math href=«a»><mrow href=«b»><mi href=«c»>x</mi></mrow></math>", &[Link; 3], &[]);
    check("<div fill='url(a)' href=b><use href=c></use></div>", &[], &[]);
}

#[test]
fn text_of_an_svg_is_read_with_its_references_and_sections() {
    let page = "<svg><style>a{b:url(&quot;c&quot;)}<!-- x --><![CDATA[d{e:url(&amp;)}]]></style></svg>";
    let mut texts = Vec::new();
    let mut record = |language, text: &Excerpt<'_>, _: &mut Found| {
        let at = text.text().find("d{").expect("the second part");
        texts.push((language, text.text().to_owned(), text.place(0), text.place(at)));
    };
    find(&Excerpt::verbatim(page, 3), &mut record, &mut Found::default());
    let place = |what: &str| 3 + page.find(what).expect("in the page");
    assert_eq!(texts, [(Css, "a{b:url(\"c\")}d{e:url(&amp;)}".to_owned(), place("a{"), place("d{"))]);
}

#[test]
fn embedded_languages_are_handed_over_whole() {
    for (text, languages) in [
        ("<style>⟦a{b:url(c)}⟧</style>", &[Css] as &[Embedded]),
        ("<STYLE type=text/css>⟦&amp; é</styl> <b>⟧</STYLE>", &[Css]),
        ("<style type=text/less>a</style><style></style><style> \n</style>", &[]),
        ("<p style='⟦a:url(b)⟧'><p style=⟦url(c)⟧><p style='color:red'><p style>", &[Declarations; 2]),
        ("<p style='⟦a:url&lpar;b)⟧'>", &[Declarations]),
        ("<script>⟦a<b && '</scrip>'⟧</script>", &[Script]),
        ("<script>⟦<!-- <script> a </script> --> é⟧</script>", &[Script]),
        ("<script type=''>⟦a⟧</script><script type=' Text/JavaScript '>⟦b⟧</script>", &[Script; 2]),
        ("<script language=javascript1.5>⟦a⟧</script><script language=vbscript>b</script>", &[Script]),
        ("<script type=application/ecmascript>⟦a⟧</script><script type=text/jscript>⟦b⟧</script>", &[Script; 2]),
        ("<script type=module>⟦import './a.js'⟧</script>", &[Module]),
        ("<script type=application/ld+json>{\"a\":\"b\"}</script><script type=text/template><img src=a></script>", &[]),
        ("<script type=speculationrules>{}</script><script type='text/javascript; a=b'>c</script>", &[]),
        ("<svg><script>⟦a⟧</script><style>⟦b⟧</style></svg>", &[Script, Css]),
        ("<select><style>⟦a⟧</style></select>", &[Css]),
        ("<style>⟦unclosed⟧", &[Css]),
    ] {
        check(text, &[], languages);
    }
    let long = format!("<script>⟦<!--{}-->⟧</script>", "é<script>x</script>".repeat(2000));
    check(&long, &[], &[Script]);
}

#[test]
fn a_script_with_a_source_has_no_text() {
    check("<script src=«a.js»>import('b.js')</script>", &[SCRIPT], &[]);
    check("<script type=module src='«a.js»'></script><script src>b</script>", &[SCRIPT], &[]);
    check("<script type=text/babel src=«a.jsx»></script>", &[Resource], &[]);
}

#[test]
fn an_import_map_is_read_where_it_stands() {
    let text =
        "<script type=importmap>{\"imports\": {\"a\": \"«./a.js»\"}, \"integrity\": {\"«./a.js»\": \"x\"}}</script>";
    check(text, &[Kind::Mapped, MENTION], &[]);
    let page = without_marks(text);
    let [checkable] = &found(&page).checkable[..] else { panic!("one hash") };
    let integrity = checkable.integrity.clone().expect("a range");
    assert_eq!((&page[checkable.reference..checkable.reference + 6], &page[integrity]), ("./a.js", "x"));
    assert!(checkable.has_crossorigin, "nothing can be added to it");
    let broken = found("<script type=importmap>{\"imports\": {\"a\": \"./a.js\"</script><img src=b.png>");
    assert_eq!((broken.references.len(), broken.remarks.len(), broken.remarks[0].place), (1, 1, 49));
}

#[test]
fn noscript_and_template_count() {
    check("<noscript><img src='«a&amp;b.png»'><style>⟦c⟧</style></noscript><img src=«b.png»>", &[Resource; 2], &[Css]);
    check("<template><img src=«a.png»><template><img src=«b.png»></template></template>", &[Resource; 2], &[]);
    check("<noscript><iframe srcdoc='<noscript><img src=a></noscript><img src=«b»>'></noscript>", &[Resource], &[]);
}

#[test]
fn a_page_within_an_attribute_is_read_through_its_escapes() {
    let text =
        "<iframe srcdoc=\"<img src=&quot;«a.png?b&amp;amp;c»&quot;><p style='⟦d:url(e)⟧'>\" src=«f.html»></iframe>";
    let page = without_marks(text);
    let (found, embedded) = found_from(&page, 3);
    let place = |what: &str| 3 + page.find(what).expect("in the page");
    let references: Vec<_> =
        found.references.iter().map(|found| (found.kind, found.value.text(), found.value.place(0))).collect();
    assert_eq!(references, [(Resource, "a.png?b&c", place("a.png")), (Link, "f.html", place("f.html"))]);
    assert_eq!(found.references[0].value.place(8), place("c&quot;"));
    assert_eq!(embedded, [(Declarations, place("d:url")..place("'>"))]);
}

#[test]
fn a_page_within_an_attribute_keeps_to_its_own_base_and_quotes() {
    check("<iframe srcdoc='<base href=x/><img src=a.png>'></iframe><img src=«b.png»>", &[Resource], &[]);
    let page = "<iframe srcdoc='<script src=a.js></script><script src=b.js integrity=c></script>'></iframe>";
    let found = found(page);
    assert_eq!((found.references.len(), found.base), (2, None));
    let reference = page.find("b.js").expect("in the page");
    let integrity = page.find("=c>").expect("in the page") + 1;
    let [checkable] = &found.checkable[..] else { panic!("only what can be replaced") };
    assert_eq!((checkable.reference, checkable.integrity.clone()), (reference, Some(integrity..integrity + 1)));
    assert!(checkable.has_crossorigin, "nothing can be added to it");
}

#[test]
fn the_first_base_counts() {
    for (page, base) in [
        ("<base href=/a/>", Some("/a/")),
        ("<base target=_top><BASE HREF=' b&amp;c/ '><base href=d/>", Some("b&c/")),
        ("<base href=''><base href=a/>", None),
        ("<base href=data:,x>", None),
        ("<svg><base href=a/></svg><noscript><base href=b/></noscript>", None),
        ("<img src=a.png><base href=a/>", Some("a/")),
    ] {
        assert_eq!(found(page).base.as_deref(), base, "{page}");
    }
}

#[test]
fn places_are_exact_through_character_references() {
    let page = "<img src='a.png?x=1&amp;y=2&#38;z&copy=3'><a href=caf&eacute;/&#x62;.html>";
    let found = found(page);
    let [image, link] = &found.references[..] else { panic!("two references") };
    assert_eq!(image.value.text(), "a.png?x=1&y=2&z&copy=3");
    assert_eq!((image.value.place(0), image.value.place(9), image.value.place(10)), (10, 19, 24));
    assert_eq!(image.value.place(14), page.find("z&copy").expect("in the page"));
    assert_eq!(link.value.text(), "café/b.html");
    assert_eq!(link.value.place(7), page.find(".html").expect("in the page"));
}

#[test]
fn tags_say_where_their_attributes_can_grow() {
    // `^` is where one can be added, `{` and `}` enclose the integrity.
    for (text, has_crossorigin) in [
        ("<script src=a.js^></script>", false),
        ("<script src=a.js^ defer></script>", false),
        ("<script src=a.js^ defer=></script>", false),
        ("<script src=\"a.js\"^/></script>", false),
        ("<script defer='' src = 'a.js' async = \"\"^ ></script>", false),
        ("<script crossorigin src=a.js integrity='{sha384-x}'^></script>", true),
        ("<script integrity=\"{}\" src=a.js^></script>", false),
        ("<link rel=stylesheet href=a.css title=b/^>", false),
        ("<link href='a.mjs' CrossOrigin='' rel=modulepreload^>", true),
        ("<link rel=preload as=script href=a.js^>", false),
        ("<link rel=preload as=style href=a.css^>", false),
        ("<noscript><link rel=stylesheet href=a.css^></noscript>", false),
    ] {
        let page = text.replace(['^', '{', '}'], "");
        let [checkable] = &found(&page).checkable[..] else { panic!("one tag: {text}") };
        let mut again = page.clone();
        again.insert(checkable.end, '^');
        if let Some(integrity) = &checkable.integrity {
            again.insert(integrity.end, '}');
            again.insert(integrity.start, '{');
        }
        assert_eq!((again.as_str(), checkable.has_crossorigin), (text, has_crossorigin));
        assert!(page[checkable.reference..].starts_with("a."), "{text}");
    }
    for page in [
        "<script>a</script><script src=''></script><script type=text/babel src=a></script>",
        "<link rel=preload as=font href=a><link rel=icon href=a><link rel=canonical href=a><img src=a>",
    ] {
        assert_eq!(found(page).checkable, [], "{page}");
    }
}

#[test]
fn everything_is_in_the_order_of_places() {
    let mut embedded = |_, text: &Excerpt<'_>, found: &mut Found| {
        let value = text.part(0..text.text().len());
        found.references.push(Reference { value, kind: Resource });
    };
    let mut found = Found::default();
    let page = "<p style='url(a)' background=x><img style='url(b)' src=c srcset='d'><script>e</script><a href=f>";
    find(&Excerpt::verbatim(page, 0), &mut embedded, &mut found);
    let texts: Vec<&str> = found.references.iter().map(|reference| reference.value.text()).collect();
    assert_eq!(texts, ["url(a)", "url(b)", "c", "d", "e", "f"]);
}

/// Bits of pages, to be put together in any order.
const BITS: &[&str] = &[
    "<img src=a.png>",
    "<img srcset='a 1x, b(c,d) 2x'>",
    "<script>",
    "</script>",
    "<script src=a",
    "<style>",
    "</style>",
    "<svg>",
    "</svg>",
    "<math>",
    "<p>",
    "</p>",
    "<noscript>",
    "</noscript>",
    "<iframe srcdoc='",
    "<iframe srcdoc=\"",
    "'",
    "\"",
    ">",
    "<",
    "&",
    "&amp;",
    "&quot;",
    "&#x",
    "&#0;",
    ";",
    "=",
    " ",
    "\n",
    "é",
    "\0",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<template>",
    "<base href=b>",
    "<meta http-equiv=refresh content='0;url=",
    "<script type=importmap>",
    "{\"imports\":{\"./a\":\"./b\\u0041\"}}",
    "<link rel=stylesheet integrity href=",
    "url(",
    "<plaintext>",
    "<title>",
    "/",
    "<p style=",
    "</",
    "<select>",
    "<frameset>",
    "<td background=a>",
    "<input type=image src=a>",
    "<video poster=a src=b>",
    "<mi href=a>",
    "<object data=a>",
    "\u{feff}",
    "<desc>",
    "</desc>",
    "<annotation-xml encoding=text/html>",
];

/// Asserts what must hold for whatever page: places lie within it, in order, and values stand there.
fn holds(page: &str) {
    let (found, embedded) = found_from(page, 3);
    let mut last = 0;
    for reference in &found.references {
        let span = reference.value.span();
        assert!(last <= span.start && span.start < span.end && span.end <= page.len() + 3);
        last = span.end;
        let raw = &page[span.start - 3..span.end - 3];
        let is_plain = !raw.contains(['&', '\\', '\n', '\t', '\r']);
        assert!(!is_plain || raw == reference.value.text(), "{raw} is not {}", reference.value.text());
    }
    assert!(embedded.iter().all(|(_, span)| span.start >= 3 && span.end <= page.len() + 3));
    assert!(found.checkable.iter().all(|checkable| checkable.end <= page.len() + 3));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(page in any::<String>()) {
        holds(&page);
    }

    #[test]
    fn no_page_makes_it_panic(bits in proptest::collection::vec(proptest::sample::select(BITS), 0..40)) {
        holds(&bits.concat());
    }

    #[test]
    fn elements_that_are_passed_over_name_nothing(
        bits in proptest::collection::vec(proptest::sample::select(BITS), 0..40),
    ) {
        // In small pages, and where a page might hold an SVG, every element is looked at.
        let [all, some] = ["<!--<svg", "<!--<svh"].map(|comment| {
            found_from(&format!("{comment:20000}-->{}", bits.concat()), 0)
        });
        prop_assert_eq!(all, some);
    }
}
