//! Files with very many of something, as minified, generated or malicious ones have it: they are read in time that
//! grows no faster than they do. Nothing here is timed, for a machine can be slow: what is quadratic takes minutes.

use super::format::Format;
use super::reference::Obstacle;
use crate::model::path::AssetPath;

const MANY: usize = 50_000;

/// Finds the references of a file, and returns how many there are, and what was remarked first.
fn found(path: &str, text: &str) -> (usize, String) {
    let format = Format::of(&AssetPath::new(path).expect("a plain path")).expect("a known format");
    let found = format.find(text.as_bytes());
    let remark = match found.remarks.first().map(|remark| &remark.what) {
        None => String::new(),
        Some(Obstacle::Computed) => format!("{} computed", found.remarks.len()),
        Some(Obstacle::Unparsable(why)) => why.clone(),
    };
    (found.references.len(), remark)
}

/// Each has its text before, many times, and behind.
fn check(path: &str, cases: &[(&str, &str, &str, usize, &str)]) {
    for (before, many, behind, references, remark) in cases {
        let text = format!("{before}{}{behind}", many.repeat(MANY));
        assert_eq!(found(path, &text), (*references, (*remark).to_owned()), "{before}{many}{behind}");
    }
}

/// `before`, then `each` with every number in place of `#`, then `behind`.
fn numbered(before: &str, each: &str, behind: &str) -> String {
    let each: String = (0..MANY).map(|number| each.replace('#', &number.to_string())).collect();
    format!("{before}{each}{behind}")
}

#[test]
fn style_sheets() {
    check(
        "a.css",
        &[
            ("a{b:", "([{", "", 0, ""),
            ("a{b:", "(]", "", 0, ""),
            ("", "a{b:\"\n", "", 0, ""),
            ("", "\"", "", 0, ""),
            ("", "/*", "", 0, ""),
            ("", "/*# sourceMappingURL=a.map */", "", 1, ""),
            ("", "@import \"a.css\";", "", MANY, ""),
            ("a{", "b:url(a.png);", "}", MANY, ""),
            ("a{b:image-set(", "\"a.png\" 1x,", ")}", MANY, ""),
            ("a{", "b:\\75\\72l(a.png", "", 0, ""),
            ("a{b:url(", "\\61 ", ")}", 1, ""),
            ("a{b:url(", "a b", "", 0, ""),
            ("a{b:url(data:image/png;base64,", &"A".repeat(200), ")}", 0, ""),
        ],
    );
}

#[test]
fn pages() {
    check(
        "a.html",
        &[
            ("<a", " href=a", ">", 1, ""),
            ("", "<svg>", "", 0, ""),
            ("", "<p a=\"", "", 0, ""),
            ("", "<p style=\"b:url(a.png)\">", "", MANY, ""),
            ("", "<style>a{b:url(a.png)}</style>", "", MANY, ""),
            ("<svg><style>a{", "b:url(&amp;.png);", "}</style></svg>", MANY, ""),
            ("", "<noscript>", "<img src=a.png>", 0, ""),
            ("", "<iframe srcdoc='<img src=a.png>'></iframe>", "", MANY, ""),
            ("<img srcset=\"", "a&amp;.png 1x, ", "\">", MANY, ""),
            ("<img srcset=\"", "a (", "\">", 1, ""),
            ("<a href=\"", "&", "\">", 1, ""),
            ("<a href=\"&#", "1", "\">", 1, ""),
            ("<script>", "<!--<script>", "", 0, ""),
            ("<base href=x/>", "<img src=a.png>\n", "", MANY, ""),
        ],
    );
    let attributes = numbered("<img", " data-#=x", " src=a.png>");
    let map = numbered("<script type=importmap>{\"imports\":{", "\"#\":\"./a.js\",", "\"a\":\"b\"}}</script>");
    assert_eq!((found("a.html", &attributes).0, found("a.html", &map).0), (1, MANY));
}

#[test]
fn drawings() {
    let root = "<svg xmlns='http://www.w3.org/2000/svg'>";
    check(
        "a.svg",
        &[
            (root, "<g style='fill:url(a.png)'/>", "</svg>", MANY, ""),
            (root, "<style>a{b:url(a.png)}</style>", "</svg>", MANY, ""),
            (&format!("{root}<style>"), "<![CDATA[a{b:url(a.png)}]]>", "</style></svg>", MANY, ""),
            (&format!("{root}<a href='"), "&amp;", "'/></svg>", 1, ""),
            ("", "<?xml-stylesheet href='a.css'?>", "<svg/>", MANY, ""),
            (root, "<g>", "", 0, "the root node was opened but never closed"),
        ],
    );
    let nested = format!("{root}{}<image href='a.png'/>{}</svg>", "<g>".repeat(MANY), "</g>".repeat(MANY));
    assert_eq!(found("a.svg", &nested), (1, String::new()));
    for (text, why) in [
        (numbered("<svg", " a#='x'", "/>"), "too many attributes in one tag"),
        (numbered("<svg>", "<g xmlns:a#='x'>", "</svg>"), "too many prefixes of namespaces"),
        (numbered("<!DOCTYPE svg [", "<!ENTITY a# 'x'>", "]><svg/>"), "too many entities"),
        (
            numbered(&format!("<!DOCTYPE svg [<!ENTITY e '{}'>]><svg>", "x".repeat(MANY)), "<a href='&e;'/>", "</svg>"),
            "too many uses of entities",
        ),
    ] {
        assert_eq!(found("a.svg", &text), (0, why.to_owned()));
    }
}

#[test]
fn scripts() {
    check(
        "a.js",
        &[
            ("import './a.js';", "`${1}`;", "", 1, ""),
            ("", "import './a.js';", "", MANY, ""),
            ("", "import('./a.js');", "", MANY, ""),
            ("", "import(a);", "", 0, &format!("{MANY} computed")),
            ("", "new URL('a.png', import.meta.url);", "", MANY, ""),
            ("", "fetch('a.png');", "", MANY, ""),
            ("importScripts(", "'a.js',", "'a.js')", MANY + 1, ""),
            ("", "//# sourceMappingURL=a.map\n", "", 1, ""),
            ("import '", "\\x61", "'", 1, ""),
            ("import './a.js';a=", "a+", "a", 1, ""),
        ],
    );
}

#[test]
fn json() {
    check(
        "a.webmanifest",
        &[
            ("", "[", "", 0, "not JSON: expected fewer levels"),
            ("{\"icons\":[", "{\"src\":\"a.png\"},", "{}]}", MANY, ""),
            ("{\"icons\":[{\"src\":\"", "\\u0061", "\"}]}", 1, ""),
        ],
    );
    check("a.map", &[("{\"sections\":[", "{\"url\":\"a.map\"},", "{}]}", MANY, "")]);
    let key = "\\u0061".repeat(MANY);
    check("a.importmap", &[(&format!("{{\"{key}\":{{"), "\"a\":\"./b.js\",", "\"c\":\"d\"}}", 0, "")]);
    let hashes = numbered("{\"integrity\":{", "\"./#.js\":\"sha384-x\",", "\"a\":\"b\"}}");
    assert_eq!(found("a.importmap", &hashes), (MANY, String::new()));
}
