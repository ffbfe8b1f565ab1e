//! Pages of a listing as S3 writes them.

use std::cmp::Reverse;

use percent_encoding::percent_decode_str;

use crate::model::layout::Key;
use crate::store::Version;

/// A key as it stands in an answer that was asked for in URL encoding, where a space is a plus.
pub(super) fn decode_key(text: &str) -> Key {
    let text = text.replace('+', " ");
    Key::new(&percent_decode_str(&text).decode_utf8_lossy())
}

/// The rows of a page, versions and delete markers together: by key, and of each key the current one first and then
/// the newest. Each row comes with its time in whatever precision S3 gave it.
pub(super) fn in_order<T: Ord>(mut rows: Vec<(T, Version)>) -> Vec<Version> {
    rows.sort_by(|(at, row), (other_at, other)| {
        (&row.key, !row.current, Reverse(at)).cmp(&(&other.key, !other.current, Reverse(other_at)))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::timestamp::Timestamp;
    use crate::store::VersionId;

    #[test]
    fn keys_come_back_from_their_url_encoding() {
        for (encoded, key) in
            [("a%20b+c%2Bd", "a b c+d"), ("%E2%8A%97.txt", "⊗.txt"), ("x/%252F", "x/%2F"), ("%3F", "?")]
        {
            assert_eq!(decode_key(encoded).as_str(), key);
        }
    }

    #[test]
    fn markers_fall_in_between_versions() {
        let row = |key: &str, at: i64, current: bool, marker: bool| {
            let id = VersionId(format!("{key}{at}"));
            let modified = Timestamp::from_unix(at);
            (at, Version { key: Key::new(key), id, current, marker, size: 0, modified })
        };
        let versions = [row("a", 3, false, false), row("a", 1, false, false), row("b", 9, true, false)];
        let markers = [row("a", 2, false, true), row("a", 3, true, true)];
        let ids = in_order(versions.into_iter().chain(markers).collect()).into_iter().map(|row| (row.id.0, row.marker));
        let expected = [("a3", true), ("a3", false), ("a2", true), ("a1", false), ("b9", false)];
        assert_eq!(ids.collect::<Vec<_>>(), expected.map(|(id, marker)| (id.to_owned(), marker)));
    }
}
