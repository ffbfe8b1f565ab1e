//! The settings file: what it can say, and the messages for what it cannot.

use insta::assert_snapshot;

use super::super::given::Origin;
use super::super::settings::StoreAddress;
use super::*;
use crate::model::compression::{Encoding, Encodings, Form};
use crate::prepare::compress::Compressing;
use crate::prepare::references::ImportMaps;
use crate::prepare::report::{Allowed, Missing};
use crate::prepare::rules::{Kind, SourceMaps};

fn document(text: &str, in_pyproject: bool) -> Document {
    let file = if in_pyproject { "pyproject.toml" } else { "lastly.toml" };
    Document { file: Path::new(file).into(), folder: Path::new("/site").into(), text: text.to_owned(), in_pyproject }
}

fn layer(text: &str) -> Layer {
    let mut problems = Vec::new();
    let layer = read(&document(text, false), &mut problems);
    assert_eq!(problems, [], "{text}");
    layer
}

/// Every problem as a line, with its hint below it.
fn problems_of(document: &Document) -> String {
    let mut problems = Vec::new();
    read(document, &mut problems);
    let line = |problem: &Problem| {
        assert_eq!(problem.file.as_deref(), Some(&*document.file));
        let (line, column) = problem.position.expect("every problem of a file has its place");
        let hint = problem.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        format!("{line}:{column}: {}{hint}\n", problem.message)
    };
    problems.iter().map(line).collect()
}

fn problems(text: &str) -> String {
    problems_of(&document(text, false))
}

#[test]
fn everything_that_a_file_can_say() {
    let Layer {
        store,
        control,
        base_url,
        channel,
        cloudfront,
        purge,
        sources,
        ignore,
        overlay,
        compression,
        gc,
        bundler_manifests,
        rules,
        source_maps,
        generation,
        urls,
        strict,
        missing,
        integrity,
        import_map,
        concurrency,
        path_style,
    } = layer(
        r#"
        store = "s3://example-assets/static/"
        control = "private"
        base-url = "https://cdn.example.com/static"
        channel = "preview-7"
        purge = "http://varnish:6081"
        sources = ["dist", "/elsewhere"]
        ignore = ["*.psd"]
        overlay = true
        source-maps = "exclude"
        generation = 0x10
        urls = "/static"
        strict = true
        gc = { keep-for = "14d", keep-last = 9, max-delete = "90%" }
        integrity = true
        import-map = "specifiers"
        concurrency = 1_000
        path-style = false
        bundler-manifests = "packs/*.json"

        [missing]
        error = "app/**"
        allow = [{ file = "vendor/**" }, { target = "*.map" }]

        [compression]
        form = "variants"
        encodings = "gzip"
        min-size = 2000

        [[cloudfront]]
        id = "E2QWRUHAPOMQZL"
        origin-path = "/static/"
        wait = true

        [[cloudfront]]
        id = "E1"

        [[rules]]
        files = "*.js"
        kind = "sealed"

        [[rules]]
        files = ["a/**", "b"]
        source-maps = "publish"
        compress = true
        [rules.headers]
        Cache-Control = "max-age=60"
        content-language = false

        [[rules]]
        tree = "/vendor/mce"
        "#,
    );
    fn value<T>(given: Option<super::super::given::Given<T>>) -> T {
        given.expect("it was given").value
    }
    assert_eq!(value(store), StoreAddress::S3 { bucket: "example-assets".into(), prefix: "static".into() });
    assert_eq!(value(control), "private/");
    assert_eq!((value(gc.keep_for).as_secs(), value(gc.keep_last), value(gc.max_delete)), (14 * 86_400, 9, 90));
    assert_eq!((gc.keep_unreleased, gc.session), (None, None));
    assert_eq!(value(base_url), "https://cdn.example.com/static/");
    assert_eq!(value(channel).as_str(), "preview-7");
    assert_eq!(value(purge), ["http://varnish:6081"]);
    assert_eq!(value(sources), [Path::new("/site/dist"), Path::new("/elsewhere")]);
    assert_eq!(value(ignore), ["*.psd"]);
    assert_eq!(value(source_maps), SourceMaps::Exclude);
    assert_eq!((value(overlay), value(integrity), value(path_style)), (true, true, false));
    assert_eq!(import_map.map(|given| given.value), Some(ImportMaps::Specifiers));
    let allowed = |file: Option<&str>, target: Option<&str>| Allowed {
        file: file.map(str::to_owned),
        target: target.map(str::to_owned),
    };
    let allow = vec![allowed(Some("vendor/**"), None), allowed(None, Some("*.map"))];
    assert_eq!(value(missing), Missing { strict: false, error: vec!["app/**".to_owned()], allow });
    let gzip = Encodings::new([Encoding::Gzip]);
    assert_eq!(value(compression), Some(Compressing { form: Form::Variants(gzip), smallest: 2000 }));
    assert_eq!(value(bundler_manifests), ["packs/*.json"]);
    assert_eq!((value(urls), value(strict)), (vec!["/static/".to_owned()], true));
    assert_eq!((value(generation), value(concurrency)), (16, 1000));
    assert_eq!(
        value(cloudfront),
        [
            Distribution { id: "E2QWRUHAPOMQZL".into(), origin_path: Some("/static".into()), wait: true },
            Distribution { id: "E1".into(), origin_path: None, wait: false },
        ]
    );
    let headers =
        vec![("cache-control".to_owned(), Some("max-age=60".to_owned())), ("content-language".to_owned(), None)];
    let rules: Vec<Rule> = value(rules).into_iter().map(|given| given.value).collect();
    assert_eq!(
        rules,
        [
            Rule { files: vec!["*.js".into()], kind: Some(Kind::Sealed), ..Rule::default() },
            Rule {
                files: vec!["a/**".into(), "b".into()],
                headers,
                source_maps: Some(SourceMaps::Publish),
                compress: Some(true),
                ..Rule::default()
            },
            Rule { tree: Some("vendor/mce/".into()), ..Rule::default() },
        ]
    );
}

#[test]
fn every_setting_of_the_table_is_read() {
    for setting in SETTINGS.iter().filter(|setting| !setting.example.is_empty()) {
        let layer = layer(&format!("{} = {}", setting.key, setting.example));
        assert_ne!(layer, Layer::default(), "{} was passed over", setting.key);
    }
    for setting in GC {
        let layer = layer(&format!("[gc]\n{} = {}", setting.key, setting.example));
        assert_ne!(layer, Layer::default(), "{} was passed over", setting.key);
    }
    for (table, settings, required) in
        [("cloudfront", &DISTRIBUTION[..], "id = \"E1\""), ("rules", &RULE[..], "files = \"*\"")]
    {
        let bare = layer(&format!("[[{table}]]\n{required}"));
        for setting in settings {
            let required = if required.starts_with(setting.key) || setting.key == "tree" { "" } else { required };
            let layer = layer(&format!("[[{table}]]\n{required}\n{} = {}", setting.key, setting.example));
            assert_ne!(layer, bare, "{} was passed over", setting.key);
        }
    }
}

#[test]
fn names_that_are_no_settings() {
    let text = "base_url = '/a'\nsauce-maps = 1\nbucket = 'a'\n\n[tool.lastly]\nchannel = 'a b'";
    assert_snapshot!(problems(text), @r"
    1:1: `base_url` is not a setting
      hint: did you mean `base-url`?
    2:1: `sauce-maps` is not a setting
      hint: did you mean `source-maps`?
    3:1: `bucket` is not a setting
      hint: there are `store`, `control`, `base-url`, `channel`, `sources`, `ignore`, `overlay`, `source-maps`, `generation`, `urls`, `strict`, `missing`, `integrity`, `import-map`, `concurrency`, `path-style`, `purge`, `cloudfront`, `gc`, `compression`, `bundler-manifests`, `rules`
    5:2: `tool` is not a setting
      hint: only in pyproject.toml do settings stand below `[tool.lastly]`
    ");
}

#[test]
fn trees_that_cannot_be() {
    let text = "[[rules]]\ntree = 'a/'\nfiles = '*'\nkind = 'page'\n[[rules]]\ntree = 'a/b'\n[[rules]]\ntree = '*/'\n\
                [[rules]]\ntree = '..'";
    assert_snapshot!(problems(text), @r"
    1:3: rule 2: the tree `a/b/` lies in the tree `a/`
    3:1: a rule with a `tree` has no `files`
      hint: a tree is everything below its folder
    4:1: a rule with a `tree` has no `kind`
      hint: a tree is everything below its folder
    8:8: `*/` is a glob, and a tree is a single folder
      hint: write a rule with `tree` for each folder
    10:8: `..` is not the path of a folder: `.` and `..` cannot be part of a path
      hint: the path of a folder, counted from the source folder: `vendor/tinymce/`
    ");
}

#[test]
fn values_of_another_type() {
    let text = r#"
store = 1
control = true
sources = ["a", 2]
ignore = { a = 1 }
overlay = "yes"
generation = -1
concurrency = 6.4
path-style = 0
purge = 2020-01-01
channel = []
rules = [1, { files = "a" }]
cloudfront = { id = "E1" }
"#;
    assert_snapshot!(problems(text), @r#"
    2:9: `store` must be a string, not an integer
      hint: for example `store = "s3://example-assets/static"`
    3:11: `control` must be a string, not `true`
      hint: for example `control = ".lastly/static/"`
    4:17: `sources` must be a string or a list of strings, not an integer
      hint: for example `sources = ["dist"]`
    5:10: `ignore` must be a string or a list of strings, not a table
      hint: for example `ignore = ["*.psd", "/drafts/"]`
    6:11: `overlay` must be true or false, not a string
      hint: for example `overlay = true`
    7:14: `generation` cannot be -1
      hint: an integer from 0 to 18446744073709551615
    8:15: `concurrency` must be an integer, not a float
      hint: for example `concurrency = 64`
    9:14: `path-style` must be true or false, not an integer
      hint: for example `path-style = true`
    10:9: `purge` must be a string or a list of strings, not a date
      hint: for example `purge = ["http://varnish.internal:6081/"]`
    11:11: `channel` must be a string, not a list
      hint: for example `channel = "live"`
    12:10: `rules` must be a list of tables, not an integer
      hint: each of its tables begins with a line `[[rules]]`
    13:14: `cloudfront` must be a list of tables, not a table
      hint: each of its tables begins with a line `[[cloudfront]]`
    "#);
}

#[test]
fn values_that_cannot_be() {
    let text = r#"
store = "public"
control = "/"
base-url = "cdn"
channel = "-"
sources = ["~/x", "ok", ""]
ignore = ["{a", "ok"]
source-maps = "no"
generation = 99999999999999999999
concurrency = 0
purge = ["varnish", "http://ok/", "http://a:b/"]
"#;
    assert_snapshot!(problems(text), @r"
    2:9: `public` is not the address of a store
      hint: a bucket is written `s3://BUCKET/PREFIX`, a folder on this machine `dir:PATH`
    3:11: private keys must begin with something
      hint: leave `control` out, or write `.lastly/`
    4:12: `cdn` cannot be used: it should begin with https://, http:// or a slash
    5:11: `-` cannot name a channel: letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 63
    6:12: `~/x` begins with `~`, which only a shell replaces
      hint: write the path of the home folder out
    6:25: the path of a folder is empty
      hint: `.` is the folder itself
    7:11: `{a` is not an ignore pattern: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
    8:15: `no` is none of `publish`, `exclude`
    9:14: `generation` cannot be 99999999999999999999
      hint: an integer from 0 to 18446744073709551615
    10:15: 0 requests cannot be in flight at a time
      hint: from 1 to 1000 can
    11:10: `varnish` is not the URL of a cache
      hint: it begins with `http://`
    11:35: `http://a:b/` cannot be used: a host, and perhaps a port, should follow the two slashes
    ");
}

#[test]
fn tables_with_mistakes() {
    let text = r#"
[[cloudfront]]
id = "d1.cloudfront.net"
origin-path = "static"

[[cloudfront]]
wait = 1
path = "a"

[[rules]]
files = ["a[", "{"]
kind = "pages"
headers = { server = "x", cache-control = true, Content-Type = "é", ETag = 1 }

[[rules]]
file = "a"
headers = { content-type = "a", Content-Type = "b" }

[[rules]]
files = []
channel = "a"
headers = "a"
"#;
    assert_snapshot!(problems(text), @r#"
    3:6: `d1.cloudfront.net` is not the id of a distribution
      hint: capital letters and digits, as in `E2QWRUHAPOMQZL`: not the domain name and not the ARN
    4:15: `static` is not an origin path
      hint: it begins with a slash: `/static`, or `/` where the distribution has none
    6:1: this distribution has no `id`
      hint: `id = "E2QWRUHAPOMQZL"` names a distribution
    7:8: `wait` must be true or false, not an integer
      hint: for example `wait = true`
    8:1: `path` is not a setting of `[[cloudfront]]`
      hint: it has `id`, `origin-path`, `wait`
    11:10: `a[` is not a glob: unclosed character class; missing ']'
    11:16: `{` is not a glob: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
    12:8: `pages` is none of `asset`, `page`, `sealed`, `exclude`
      hint: did you mean `page`?
    13:13: `server` is not a header that S3 stores with an object
      hint: S3 stores cache-control, content-disposition, content-encoding, content-language, content-type and x-amz-meta-*; set any other in a CloudFront response headers policy
    13:43: the header `cache-control` must be a string or `false`, not `true`
      hint: `false` takes a header away
    13:49: the value of `content-type` may hold visible ASCII and inner spaces only
      hint: percent-encode what is outside ASCII
    13:76: the header `ETag` must be a string or `false`, not an integer
      hint: `false` takes a header away
    15:1: this rule names no `files`
      hint: `files = "*.js"` names them by a glob, `tree = "tinymce/"` a folder as a whole
    16:1: `file` is not a setting of `[[rules]]`
      hint: did you mean `files`?
    17:13: the header `content-type` is given twice
      hint: the names of headers are the same in capital and small letters
    19:1: this rule names no `files`
      hint: `files = "*.js"` names them by a glob, `tree = "tinymce/"` a folder as a whole
    21:1: `channel` is not a setting of `[[rules]]`
      hint: `channel` belongs before the first `[[`
    22:11: `headers` must be a table, not a string
      hint: for example `headers = { "cache-control" = "public, max-age=60", "content-language" = false }`
    "#);
}

#[test]
fn mistakes_about_compression() {
    assert_snapshot!(problems("[compression]\nfrom = 'variants'\nencodings = ['gz']\nmin-size = '1k'"), @r#"
    1:2: it is not said what is to be compressed
      hint: `form = "variants"` puts variants beside files, and `form = "in-place"` stores files compressed
    2:1: `from` is not a setting of `[compression]`
      hint: did you mean `form`?
    3:14: `gz` is none of `br`, `gzip`
    4:12: `min-size` must be an integer, not a string
      hint: for example `min-size = 1024`
    "#);
    assert_snapshot!(problems("[compression]\nform = 'variant'\nrules = 1"), @r"
    2:8: `variant` is none of `off`, `variants`, `in-place`
      hint: did you mean `variants`?
    3:1: `rules` is not a setting of `[compression]`
      hint: `rules` belongs before the first `[[`
    ");
    assert_snapshot!(problems("[compression]\nform = 'in-place'\nencodings = ['br', 'gzip']"), @r#"
    1:2: a file that is compressed in place has one encoding
      hint: `encodings = ["br"]`: every browser since 2017 reads it; variants can have both
    "#);
}

#[test]
fn what_is_no_toml() {
    assert_snapshot!(problems("store = \"a\nchannel = b\n[rules\nx = = 1\nnothing = 1"), @r#"
    1:11: this is not TOML: invalid basic string, expected `"`
    2:11: this is not TOML: string values must be quoted, expected literal string
    3:7: this is not TOML: unclosed table, expected `]`
    4:5: this is not TOML: extra `=`, expected nothing
    4:7: this is not TOML: unexpected key or value, expected newline, `#`
    "#);
    assert_snapshot!(problems("store = 'dir:a'\nstore = 'dir:b'"), @"2:1: this is not TOML: duplicate key");
}

#[test]
fn places_are_counted_in_characters() {
    let text = "# ⊗\r\nsources = ['ü', 1]\r\npurge = []";
    assert!(problems(text).starts_with("2:17: "), "{}", problems(text));
    let Origin::File { line, column, .. } = layer("# ⊗\r\npurge = []").purge.expect("it was given").origin else {
        panic!("it comes from a file");
    };
    assert_eq!((line, column), (2, 9));
}

#[test]
fn a_pyproject_has_a_table_of_ours() {
    let text = "[project]\nname = 'site'\n[tool.lastly]\nstor = 'dir:a'\n[[tool.lastly.rules]]\n";
    assert_snapshot!(problems_of(&document(text, true)), @r#"
    4:1: `stor` is not a setting
      hint: did you mean `store`?
    5:1: this rule names no `files`
      hint: `files = "*.js"` names them by a glob, `tree = "tinymce/"` a folder as a whole
    "#);
    assert_snapshot!(problems_of(&document("[tool]\nlastly = 1", true)), @"2:10: `lastly` must be a table, not an integer");
    assert_snapshot!(problems_of(&document("[tool.other]\nname = 'lastly'", true)), @"1:1: there is no `[tool.lastly]` in it");
}
