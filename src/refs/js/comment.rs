//! `sourceMappingURL` in comments.

use std::ops::Range;

/// Where in `comment`, which begins with `//` or `/*`, the URL of a source map stands.
///
/// As in <https://tc39.es/ecma426/#sec-MatchSourceMapURL>, nothing but white space may follow it: a sentence about
/// source maps names none. V8 does not take one with quotes either, which such comments about code have.
pub(super) fn source_map(comment: &str) -> Option<Range<usize>> {
    let inside = match comment.strip_prefix("//") {
        Some(line) => line,
        None => comment.strip_prefix("/*")?.strip_suffix("*/")?,
    };
    let named = inside.strip_prefix(['#', '@'])?.trim_start().strip_prefix("sourceMappingURL=")?;
    let url = named.trim();
    if url.is_empty() || url.contains(|found: char| found.is_whitespace() || matches!(found, '"' | '\'' | '`')) {
        return None;
    }
    let start = 2 + inside.len() - named.trim_start().len();
    Some(start..start + url.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_what_stands_between_the_equals_sign_and_the_end() {
        for (comment, url) in [
            ("//# sourceMappingURL=a.js.map", Some("a.js.map")),
            ("//@ sourceMappingURL=a.js.map", Some("a.js.map")),
            ("//#sourceMappingURL= a.js.map \t", Some("a.js.map")),
            ("/*# sourceMappingURL=a.js.map*/", Some("a.js.map")),
            ("/*#\tsourceMappingURL=a.js.map */", Some("a.js.map")),
            ("//# sourceMappingURL=a.js.map;", Some("a.js.map;")),
            ("//# sourceMappingURL=", None),
            ("// # sourceMappingURL=a.js.map", None),
            ("// sourceMappingURL=a.js.map", None),
            ("//# sourcemappingurl=a.js.map", None),
            ("//# sourceMappingURL=a.js.map is written here", None),
            ("//# sourceMappingURL=${file}` + '", None),
            ("//# sourceURL=a.js", None),
            ("<!--# sourceMappingURL=a.js.map", None),
            ("/*/", None),
        ] {
            assert_eq!(source_map(comment).map(|range| &comment[range]), url, "{comment}");
        }
    }
}
