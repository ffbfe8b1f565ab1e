//! The condemned list: plain lines, so that it can be written and read without holding more than a line.

use std::collections::BTreeSet;

use super::format::{WireError, bad};
use crate::model::layout::Key;

/// A version of an object, as the store names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CondemnedVersion {
    /// The key.
    pub key: Key,
    /// The store's id of the version.
    pub version: String,
}

/// Reads a condemned list: a line for each version, its id, a tab and its key.
///
/// # Errors
/// A line without a tab.
pub fn read_condemned(text: &str) -> Result<BTreeSet<CondemnedVersion>, WireError> {
    let bad = bad("the condemned list", "a version id, a tab and a key");
    let pair = |line: &str| {
        let (version, key) = line.split_once('\t').ok_or_else(|| bad(line))?;
        Ok(CondemnedVersion { key: Key::new(key), version: version.to_owned() })
    };
    text.lines().map(pair).collect()
}

/// Writes a condemned list, sorted by key: the inverse of [`read_condemned`].
pub fn write_condemned(versions: &BTreeSet<CondemnedVersion>) -> String {
    versions.iter().map(|pair| format!("{}\t{}\n", pair.version, pair.key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condemned_list_reads_back_as_written() {
        let pair = |key: &str, version: &str| CondemnedVersion { key: Key::new(key), version: version.to_owned() };
        let list = BTreeSet::from([pair("a b\u{2297}.css", "v2"), pair("a", "v1")]);
        let text = write_condemned(&list);
        assert_eq!(text, "v1\ta\nv2\ta b\u{2297}.css\n");
        assert_eq!(read_condemned(&text).expect("own bytes"), list);
        assert!(matches!(read_condemned("no tab"), Err(WireError::BadValue { .. })));
    }
}
