//! The settings that stand in tables of their own.

use super::setting::Setting;

/// The settings of the `[gc]` table.
pub const GC: [Setting; 8] = [
    retention(
        "keep-for",
        "span",
        "`7d`",
        "How long a release stays after the public manifest has left it.",
        "\"14d\"",
        "--keep-for",
    ),
    retention(
        "keep-last",
        "integer",
        "`5`",
        "How many of the releases that each channel showed last stay, besides the current one.",
        "10",
        "--keep-last",
    ),
    retention(
        "keep-unreleased",
        "span",
        "`7d`",
        "How long a release stays that was uploaded and never shown.",
        "\"14d\"",
        "--keep-unreleased",
    ),
    retention(
        "intent-ttl",
        "span",
        "`24h`",
        "How long a publisher may take before it has to begin again.",
        "\"24h\"",
        "--intent-ttl",
    ),
    retention(
        "min-object-age",
        "span",
        "`24h`",
        "How old an object must be to go, so that a job that is tried again finds what it has uploaded.",
        "\"24h\"",
        "--min-object-age",
    ),
    retention(
        "max-delete",
        "percentage",
        "`50%`",
        "The largest share of all stored versions that may go at once.",
        "\"50%\"",
        "--max-delete",
    ),
    retention(
        "html-ttl",
        "span",
        "`24h`",
        "How long HTML that was made with a release may be served after the manifest has left it, by CDN and browser.",
        "\"24h\"",
        "--html-ttl",
    ),
    retention(
        "session",
        "span",
        "`24h`",
        "How long a page that is open may still load something.",
        "\"24h\"",
        "--session",
    ),
];

const fn retention(
    key: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
    flag: &'static str,
) -> Setting {
    Setting { key, kind, default, meaning, example, variable: None, flag: Some(flag) }
}

/// The settings of the `[compression]` table.
pub const COMPRESSION: [Setting; 3] = [
    Setting {
        key: "form",
        kind: r#"`"off"`, `"variants"` or `"in-place"`"#,
        default: r#"required; without the table, `"off"`"#,
        meaning: "Whether compressed variants lie beside files, for the function in `examples/cloudfront` to choose \
                  among, or files are stored compressed and given so to every visitor.",
        example: r#""variants""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "encodings",
        kind: r#"list of `"br"` and `"gzip"`"#,
        default: r#"`["br", "gzip"]`; in place, where there can be but one, `["br"]`"#,
        meaning: "The encodings.",
        example: r#"["br", "gzip"]"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "min-size",
        kind: "bytes, as an integer",
        default: "`1024`",
        meaning: "The size of the smallest file that is compressed.",
        example: "1024",
        variable: None,
        flag: None,
    },
];

/// The settings of a `[[cloudfront]]` table.
pub const DISTRIBUTION: [Setting; 3] = [
    Setting {
        key: "id",
        kind: "string",
        default: "required",
        meaning: "The distribution's id.",
        example: r#""E2QWRUHAPOMQZL""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "origin-path",
        kind: "string",
        default: "none",
        meaning: "The distribution's origin path: what it puts before a URL's path to get a key; `/` says that it has \
                  none.",
        example: r#""/static""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "wait",
        kind: "true or false",
        default: "`false`",
        meaning: "Whether a publish ends only when the invalidation has been carried out everywhere.",
        example: "true",
        variable: None,
        flag: Some("--wait"),
    },
];

/// The settings of a `[[rules]]` table.
pub const RULE: [Setting; 6] = [
    Setting {
        key: "files",
        kind: "glob, or list of globs",
        default: "required, but for a tree",
        meaning: "The files it is about. A glob without a slash matches names in any folder; one that begins with a \
                  slash is tied to the root.",
        example: r#"["*.woff2", "/fonts/**"]"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "kind",
        kind: r#"`"asset"`, `"page"`, `"sealed"` or `"exclude"`"#,
        default: "a page by its name, else an asset",
        meaning: "What they become: served under an address, or under their own URL, or under the name that a bundler \
                  has hashed already, or not published.",
        example: r#""page""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "headers",
        kind: "table of strings",
        default: "none",
        meaning: "Response headers to set; `false` takes one away.",
        example: r#"{ "cache-control" = "public, max-age=60", "content-language" = false }"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "source-maps",
        kind: r#"`"publish"` or `"exclude"`"#,
        default: "what the setting at the top says",
        meaning: "Whether source maps among them are published.",
        example: r#""exclude""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "compress",
        kind: "true or false",
        default: "by their types",
        meaning: "Whether those among them are compressed that gain by it, where `[compression]` says how.",
        example: "false",
        variable: None,
        flag: None,
    },
    Setting {
        key: "tree",
        kind: "path of a folder",
        default: "none",
        meaning: "In place of `files` and `kind`: a folder that is published whole, under one address in its name.",
        example: r#""vendor/tinymce/""#,
        variable: None,
        flag: None,
    },
];
