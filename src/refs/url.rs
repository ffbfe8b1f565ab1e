//! Which URLs can name a file of the tree, told from their text alone.

use std::ops::Range;

/// The part of a URL that counts, without surrounding white space; `None` if it cannot name a file: it is empty, a
/// pure fragment, or of another scheme than `http` and `https`.
pub(super) fn naming(url: &str) -> Option<Range<usize>> {
    // The URL Standard strips control characters and spaces at both ends, not white space in general.
    let strip = |character: char| character <= ' ';
    let start = url.len() - url.trim_start_matches(strip).len();
    let stripped = url.trim_matches(strip);
    let names = !stripped.is_empty() && !stripped.starts_with('#') && scheme(stripped).is_none_or(is_http);
    names.then(|| start..start + stripped.len())
}

fn scheme(url: &str) -> Option<&str> {
    let end = url.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'))?;
    (url[end..].starts_with(':') && url.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| &url[..end])
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_name_a_file_is_kept_without_the_space_around_it() {
        for (url, named) in [
            ("a.png", Some("a.png")),
            (" \n\ta b.png\r\n", Some("a b.png")),
            ("a.png?#iefix", Some("a.png?#iefix")),
            ("../1:2.png", Some("../1:2.png")),
            ("é:a.png", Some("é:a.png")),
            (":a.png", Some(":a.png")),
            ("//cdn.example/a.png", Some("//cdn.example/a.png")),
            ("HTTPS://cdn.example/a.png", Some("HTTPS://cdn.example/a.png")),
            ("\u{a0}", Some("\u{a0}")),
            ("?x", Some("?x")),
            ("", None),
            (" \u{1}\n", None),
            (" #a", None),
            ("data:,x", None),
            (" DATA:,x", None),
            ("javascript:void 0", None),
            ("web+x-1.0:a.png", None),
            ("about:blank", None),
        ] {
            assert_eq!(naming(url).map(|range| &url[range]), named, "{url:?}");
        }
    }
}
