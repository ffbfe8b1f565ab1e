//! What a single value must be, wherever it was given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ignore::gitignore::GitignoreBuilder;

use super::given::Bad;
use super::schema::nearest;
use super::settings::{Distribution, StoreAddress};
use crate::cdn::path::BaseUrl;
use crate::model::headers::Headers;
use crate::model::layout::ChannelName;
use crate::model::path::AssetPath;
use crate::model::timestamp::parse_span;
use crate::prepare::references::ImportMaps;
use crate::prepare::rules::{self, Kind, SourceMaps};

/// A store's address; a folder's path is relative to `base`.
pub(super) fn store(text: &str, base: &Path) -> Result<StoreAddress, Bad> {
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        check_bucket(bucket)?;
        let prefix = key_folder(prefix.trim_end_matches('/'))?;
        return Ok(StoreAddress::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
    }
    match text.strip_prefix("dir:") {
        Some("") => Err(Bad::new("`dir:` names no folder").hint("write the path behind it: `dir:public-store`")),
        Some(path) => Ok(StoreAddress::Directory(folder(Path::new(path), base)?)),
        None => {
            let hint = "a bucket is written `s3://BUCKET/PREFIX`, a folder on this machine `dir:PATH`";
            Err(Bad::new(format!("`{text}` is not the address of a store")).hint(hint))
        }
    }
}

/// The rules for the names of general purpose buckets.
fn check_bucket(name: &str) -> Result<(), Bad> {
    let outer = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    let address = name.split('.').count() == 4 && name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let ends = outer(name.as_bytes().first()) && outer(name.as_bytes().last());
    if plain && ends && (3..=63).contains(&name.len()) && !name.contains("..") && !address {
        return Ok(());
    }
    let hint = "3 to 63 lower-case letters, digits, `-` and single `.`, beginning and ending with a letter or digit, \
                and no IP address";
    Err(Bad::new(format!("`{name}` cannot be the name of a bucket")).hint(hint))
}

/// What keys begin with: nothing, or a path that S3 and URLs can carry.
fn key_folder(text: &str) -> Result<&str, Bad> {
    if text.is_empty() {
        return Ok(text);
    }
    let bad = |error| Bad::new(format!("keys cannot begin with `{text}`: {error}"));
    AssetPath::new(text).map(|_| text).map_err(bad)
}

/// What private keys begin with.
pub(super) fn control(text: &str) -> Result<String, Bad> {
    match key_folder(text.trim_end_matches('/'))? {
        "" => Err(Bad::new("private keys must begin with something").hint("leave `control` out, or write `.lastly/`")),
        folder => Ok(format!("{folder}/")),
    }
}

/// A folder on this machine, its path relative to `base`.
pub(super) fn folder(path: &Path, base: &Path) -> Result<PathBuf, Bad> {
    if path.as_os_str().is_empty() {
        return Err(Bad::new("the path of a folder is empty").hint("`.` is the folder itself"));
    }
    if path.starts_with("~") {
        let message = format!("`{}` begins with `~`, which only a shell replaces", path.display());
        return Err(Bad::new(message).hint("write the path of the home folder out"));
    }
    Ok(base.join(path))
}

/// The URL that stands for the prefix, with a slash at its end.
pub(super) fn base_url(text: &str) -> Result<String, Bad> {
    url(text)?;
    Ok(if text.ends_with('/') { text.to_owned() } else { format!("{text}/") })
}

/// The URL of a cache that understands `PURGE`.
pub(super) fn purge(text: &str) -> Result<String, Bad> {
    match url(text) {
        Ok(url) if url.scheme().is_some() => Ok(text.to_owned()),
        Err(bad) if text.starts_with("http") => Err(bad),
        _ => Err(Bad::new(format!("`{text}` is not the URL of a cache")).hint("it begins with `http://`")),
    }
}

fn url(text: &str) -> Result<BaseUrl, Bad> {
    BaseUrl::parse(text).map_err(|error| Bad::new(error.to_string()))
}

/// A channel's name.
pub(super) fn channel(text: &str) -> Result<ChannelName, Bad> {
    ChannelName::new(text).map_err(|error| Bad::new(error.to_string()))
}

/// A distribution's id.
pub(super) fn distribution_id(id: &str) -> Result<String, Bad> {
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Ok(id.to_owned());
    }
    let hint = "capital letters and digits, as in `E2QWRUHAPOMQZL`: not the domain name and not the ARN";
    Err(Bad::new(format!("`{id}` is not the id of a distribution")).hint(hint))
}

/// A distribution by its id, and behind a colon its origin path where that is to be said.
pub(super) fn distribution(text: &str) -> Result<Distribution, Bad> {
    let (id, path) = text.split_once(':').map_or((text, None), |(id, path)| (id, Some(path)));
    let origin_path = path.map(origin_path).transpose()?;
    Ok(Distribution { id: distribution_id(id)?, origin_path, wait: false })
}

/// A distribution's origin path, as CloudFront writes it; `/` says that it has none.
pub(super) fn origin_path(text: &str) -> Result<String, Bad> {
    match text.strip_prefix('/') {
        Some(path) => key_folder(path.trim_end_matches('/')).map(|path| format!("/{path}")),
        None => Err(Bad::new(format!("`{text}` is not an origin path"))
            .hint("it begins with a slash: `/static`, or `/` where the distribution has none")),
    }
}

/// A pattern of files to leave out.
pub(super) fn pattern(text: &str) -> Result<String, Bad> {
    match GitignoreBuilder::new("").allow_unclosed_class(false).add_line(None, text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(Bad::new(format!("`{text}` is not an ignore pattern: {}", plain(&error)))),
    }
}

fn plain(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}

/// A glob over logical paths.
pub(super) fn glob(text: &str) -> Result<String, Bad> {
    match rules::check_glob(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(reason) => Err(Bad::new(format!("`{text}` is not a glob: {reason}"))),
    }
}

/// The folder of a tree, with a slash at its end.
pub(super) fn tree(text: &str) -> Result<String, Bad> {
    if text.contains(['*', '?']) {
        return Err(Bad::new(format!("`{text}` is a glob, and a tree is a single folder"))
            .hint("write a rule with `tree` for each folder"));
    }
    let hint = "the path of a folder, counted from the source folder: `vendor/tinymce/`";
    rules::tree_folder(text)
        .map_err(|error| Bad::new(format!("`{text}` is not the path of a folder: {error}")).hint(hint))
}

/// A header to set, or with `None` to take away.
pub(super) fn header(name: &str, value: Option<&str>) -> Result<(String, Option<String>), Bad> {
    match Headers::default().set(name, value.unwrap_or("-")) {
        Ok(()) => Ok((name.to_ascii_lowercase(), value.map(str::to_owned))),
        Err(error) => Err(Bad::new(error.to_string()).hint(error.hint())),
    }
}

/// What a rule makes of files.
pub(super) fn kind(text: &str) -> Result<Kind, Bad> {
    word(text, &Kind::WORDS)
}

/// Whether source maps are published.
pub(super) fn source_maps(text: &str) -> Result<SourceMaps, Bad> {
    word(text, &SourceMaps::WORDS)
}

/// What import maps are made.
pub(super) fn import_map(text: &str) -> Result<ImportMaps, Bad> {
    word(text, &ImportMaps::WORDS)
}

/// One of a few words.
fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Bad> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let near = nearest(text, words.iter().map(|(word, _)| *word));
        let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let bad = Bad::new(format!("`{text}` is none of {}", words.join(", ")));
        match near {
            Some(near) => bad.hint(format!("did you mean `{near}`?")),
            None => bad,
        }
    })
}

/// Requests in flight at a time.
pub(super) fn concurrency(number: u64) -> Result<usize, Bad> {
    match usize::try_from(number) {
        Ok(number @ 1..=1000) => Ok(number),
        _ => Err(Bad::new(format!("{number} requests cannot be in flight at a time")).hint("from 1 to 1000 can")),
    }
}

/// A span of time.
pub(super) fn span(text: &str) -> Result<Duration, Bad> {
    parse_span(text).ok_or_else(|| {
        Bad::new(format!("`{text}` is not a span of time")).hint("a number and one of s, m, h, d, w, as in `7d`")
    })
}

/// A share in percent.
pub(super) fn percent(text: &str) -> Result<u8, Bad> {
    let number = text.strip_suffix('%').and_then(|digits| digits.parse().ok());
    number
        .filter(|number| *number <= 100)
        .ok_or_else(|| Bad::new(format!("`{text}` is not a percentage")).hint("from `0%` to `100%`"))
}

/// How many releases of a channel stay.
pub(super) fn keep_last(number: u64) -> Result<usize, Bad> {
    usize::try_from(number).map_err(|_| Bad::new(format!("{number} releases cannot be kept")))
}

/// A whole number in a variable.
pub(super) fn number(text: &str) -> Result<u64, Bad> {
    text.parse().map_err(|_| Bad::new(format!("`{text}` is not a whole number")))
}

/// A yes or no in a variable.
pub(super) fn truth(text: &str) -> Result<bool, Bad> {
    word(text, &[("true", true), ("false", false), ("1", true), ("0", false)])
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    /// What a check makes of each text; `None` stands for what it refuses.
    fn check<T: Debug + PartialEq>(check: impl Fn(&str) -> Result<T, Bad>, table: &[(&str, Option<T>)]) {
        for (text, expected) in table {
            let found = check(text);
            assert_eq!(found.as_ref().ok(), expected.as_ref(), "{text:?} gives {found:?}");
        }
    }

    fn same(text: &str) -> (&str, Option<String>) {
        (text, Some(text.to_owned()))
    }

    fn becomes<'a>(text: &'a str, other: &str) -> (&'a str, Option<String>) {
        (text, Some(other.to_owned()))
    }

    #[test]
    fn stores() {
        let s3 = |bucket: &str, prefix: &str| {
            Some(StoreAddress::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
        };
        let folder = |path: &str| Some(StoreAddress::Directory(path.into()));
        let long = format!("s3://{}", "a".repeat(64));
        check(
            |text| store(text, Path::new("/base")),
            &[
                ("s3://example-assets", s3("example-assets", "")),
                ("s3://example-assets/", s3("example-assets", "")),
                ("s3://a.b-3/static/v1/", s3("a.b-3", "static/v1")),
                ("s3://abc/⊗ b", s3("abc", "⊗ b")),
                ("s3://", None),
                ("s3://ab", None),
                (&long, None),
                ("s3://Bucket", None),
                ("s3://a_b", None),
                ("s3://-ab", None),
                ("s3://ab.", None),
                ("s3://a..b", None),
                ("s3://192.168.5.4", None),
                ("s3://abc//x", None),
                ("s3://abc/a/../b", None),
                ("s3://abc/a\nb", None),
                ("dir:out", folder("/base/out")),
                ("dir:/out", folder("/out")),
                ("dir:../out", folder("/base/../out")),
                ("dir:", None),
                ("dir:~/out", None),
                ("", None),
                ("out", None),
                ("https://abc.s3.amazonaws.com/", None),
            ],
        );
    }

    #[test]
    fn base_urls() {
        check(
            base_url,
            &[
                same("https://cdn.example.com/static/"),
                becomes("https://cdn.example.com", "https://cdn.example.com/"),
                becomes("//cdn.example.com:8443/x", "//cdn.example.com:8443/x/"),
                becomes("/static", "/static/"),
                same("/"),
                same("http://[::1]:8000/"),
                same("https://cdn.example.com/caf%C3%A9/"),
                ("", None),
                ("cdn.example.com", None),
                ("ftp://cdn.example.com/", None),
                ("https:///static/", None),
                ("//", None),
                ("https://:80/", None),
                ("https://cdn.example.com:port/", None),
                ("https://user:secret@cdn.example.com/", None),
                ("/static/?v=1", None),
                ("/static/#a", None),
                ("/a b/", None),
                ("https://cdn.example.com/é/", None),
            ],
        );
    }

    #[test]
    fn passwords_are_never_repeated() {
        let bad = base_url("https://user:secret@cdn.example.com/").expect_err("it holds a password");
        assert!(!format!("{bad:?}").contains("secret"), "{bad:?}");
    }

    #[test]
    fn caches() {
        check(
            purge,
            &[
                same("http://varnish:6081"),
                same("https://cache.example.com/x/"),
                ("//varnish", None),
                ("varnish", None),
            ],
        );
    }

    #[test]
    fn what_keys_begin_with() {
        check(
            control,
            &[
                becomes("private", "private/"),
                same(".lastly/a/"),
                ("", None),
                ("/", None),
                ("/a", None),
                ("a/../b", None),
            ],
        );
        check(
            origin_path,
            &[same("/static"), becomes("/a/b/", "/a/b"), ("static", None), same("/"), ("", None), ("/a/../b", None)],
        );
    }

    #[test]
    fn distributions() {
        check(
            distribution_id,
            &[same("E2QWRUHAPOMQZL"), ("", None), ("e2q", None), ("d111111abcdef8.cloudfront.net", None)],
        );
        let named = |id: &str, path: Option<&str>| {
            Some(Distribution { id: id.to_owned(), origin_path: path.map(str::to_owned), wait: false })
        };
        check(
            distribution,
            &[
                ("E1", named("E1", None)),
                ("E1:/static/", named("E1", Some("/static"))),
                ("E1:/", named("E1", Some("/"))),
                ("E1:", None),
                ("E1:static", None),
                (":/static", None),
            ],
        );
    }

    #[test]
    fn words_and_numbers() {
        check(truth, &[("true", Some(true)), ("0", Some(false)), ("yes", None), ("TRUE", None)]);
        check(source_maps, &[("publish", Some(SourceMaps::Publish)), ("none", None)]);
        check(span, &[("7d", Some(Duration::from_secs(7 * 86_400))), ("7", None), ("", None)]);
        check(percent, &[("50%", Some(50)), ("100%", Some(100)), ("101%", None), ("50", None), ("-1%", None)]);
        check(number, &[("7", Some(7)), ("-1", None), ("1.5", None), ("", None)]);
        let near = kind("assets").expect_err("it is none of the words").hint;
        assert_eq!(near.as_deref(), Some("did you mean `asset`?"));
        assert_eq!([0, 1, 1000, 1001].map(|number| concurrency(number).is_ok()), [false, true, true, false]);
    }
}
