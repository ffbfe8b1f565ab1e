//! What of a written value is a URL that may name a file.
//!
//! It knows nothing of bases and of what there is: it leaves out only what can name no file of the tree whatever the
//! rest is.

use super::excerpt::Excerpt;

/// Returns the URL that a value holds, as the URL standard reads it (without control characters and spaces around
/// it, without tabs and line breaks in it), or `None` where it is empty, a mere fragment, or of a scheme other than
/// `http` and `https`.
pub(super) fn file_url(value: Excerpt<'static>) -> Option<Excerpt<'static>> {
    let text = value.text();
    let start = text.len() - text.trim_start_matches(is_margin).len();
    let trimmed = text.trim_matches(is_margin);
    if trimmed.is_empty() || trimmed.starts_with('#') || has_other_scheme(trimmed) {
        return None;
    }
    let end = start + trimmed.len();
    if !trimmed.contains(is_dropped) {
        return Some(if trimmed.len() == text.len() { value } else { value.part(start..end) });
    }
    let kept = trimmed.char_indices().filter(|(_, c)| !is_dropped(*c));
    let mut places: Vec<usize> =
        kept.flat_map(|(index, c)| (0..c.len_utf8()).map(move |byte| start + index + byte)).collect();
    places.push(end);
    Some(value.meaning(trimmed.replace(is_dropped, ""), places))
}

fn is_margin(c: char) -> bool {
    c <= ' '
}

fn is_dropped(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r')
}

/// Whether a URL, trimmed, begins with a scheme that leads to no file of a site.
fn has_other_scheme(url: &str) -> bool {
    let Some((scheme, _)) = url.split_once(':') else { return false };
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.') || is_dropped(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(is_part) {
        return false;
    }
    let scheme = scheme.replace(is_dropped, "");
    !["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(&scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(value: &str) -> Option<(String, Vec<usize>)> {
        let url = file_url(Excerpt::verbatim(value.to_owned(), 10))?;
        let places = (0..=url.text().len()).map(|index| url.place(index)).collect();
        Some((url.text().to_owned(), places))
    }

    #[test]
    fn what_can_name_no_file_is_left_out() {
        for value in
            ["", " \t\n", "#x", " #", "data:,x", "JavaScript:x()", "java\nscript:x()", "a+b-1.c:d", "C:\\a.png"]
        {
            assert_eq!(url(value), None, "{value:?}");
        }
    }

    #[test]
    fn what_may_name_a_file_is_kept_as_it_stands() {
        for value in
            ["a.png", "?x", "//host/a", "http://host/a", "HTTPS://host", "./a:b.png", "a/b:c", ":a", "1:a", "é.png#x"]
        {
            let (text, places) = url(value).expect(value);
            assert_eq!((text.as_str(), places), (value, (10..=10 + value.len()).collect()));
        }
    }

    #[test]
    fn space_around_and_line_breaks_within_are_no_part_of_it() {
        assert_eq!(url(" \x0ca.png\n"), Some(("a.png".to_owned(), (12..=17).collect())));
        assert_eq!(url("\na\r\n\té.b "), Some(("aé.b".to_owned(), vec![11, 15, 16, 17, 18, 19])));
    }
}
