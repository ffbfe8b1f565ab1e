//! The URLs of a `srcset` attribute: `a.png 1x, b.png 2x`.

use std::ops::Range;

/// Returns where each candidate's URL stands, by the standard's algorithm: a URL may hold commas, but does not end
/// with one, and a descriptor's parentheses may hold commas.
/// <https://html.spec.whatwg.org/multipage/images.html#parsing-a-srcset-attribute>
pub(super) fn candidates(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let skip = |from: usize, skipped: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().position(|byte| !skipped(*byte)).map_or(bytes.len(), |length| from + length)
    };
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let start = skip(at, &|byte| byte.is_ascii_whitespace() || byte == b',');
        if start == bytes.len() {
            return found;
        }
        at = skip(start, &|byte| !byte.is_ascii_whitespace());
        let url = text[start..at].trim_end_matches(',');
        found.push(start..start + url.len());
        if start + url.len() < at {
            continue;
        }
        let mut within = false;
        while at < bytes.len() && (within || bytes[at] != b',') {
            within = if within { bytes[at] != b')' } else { bytes[at] == b'(' };
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_end_where_the_standard_says() {
        for (text, urls) in [
            ("", &[] as &[&str]),
            (" , ,\n", &[]),
            ("a.png", &["a.png"]),
            ("a.png 1x, b.png 2x", &["a.png", "b.png"]),
            ("a.png, b.png 2x", &["a.png", "b.png"]),
            ("a.png 1x,b.png 2x", &["a.png", "b.png"]),
            ("a.png,b.png 2x", &["a.png,b.png"]),
            ("a,b.png,,, c.png", &["a,b.png", "c.png"]),
            (",\t,a.png 100w 50h\x0c,\r\nb.png 2x ", &["a.png", "b.png"]),
            ("data:image/png;base64,AA==, b.png 2x", &["data:image/png;base64,AA==", "b.png"]),
            ("data:,a b (x, y), c.png 2x", &["data:,a", "c.png"]),
            ("a.png (1x, b.png", &["a.png"]),
            ("é.png é, ü.png", &["é.png", "ü.png"]),
        ] {
            let found: Vec<&str> = candidates(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, urls, "{text:?}");
        }
    }
}
