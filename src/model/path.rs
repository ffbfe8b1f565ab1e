//! Logical paths: how an asset is named in its source folder and in the manifest.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A relative path with `/` between its segments, as the site's authors write it: `css/app.css`.
///
/// It never leaves its root, and every character of it survives the journey through S3's XML answers and,
/// percent-encoded, through a URL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetPath(Arc<str>);

/// Why a name cannot be a logical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing between two slashes, before the first or after the last.
    #[error("a segment of the path is empty")]
    EmptySegment,
    /// A `.` or `..` segment: browsers and CDNs resolve these before they ask.
    #[error("`.` and `..` cannot be part of a path")]
    DotSegment,
    /// A control character or a non-character, which S3 cannot list (XML 1.0, section 2.2).
    #[error("the name holds the character U+{0:04X}, which S3 and XML cannot carry")]
    Unprintable(u32),
}

impl AssetPath {
    /// Checks `text` and takes it as a logical path.
    ///
    /// # Errors
    /// The first rule that the path breaks.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let is_bad = |c: &char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}');
        let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_plain && let Some(bad) = text.chars().find(is_bad) {
            return Err(PathError::Unprintable(u32::from(bad)));
        }
        for segment in text.as_bytes().split(|&byte| byte == b'/') {
            match segment {
                b"" => return Err(PathError::EmptySegment),
                b"." | b".." => return Err(PathError::DotSegment),
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        // Paths are short: byte by byte is faster here than searches that are made for long texts.
        &self.0[self.0.bytes().rposition(|byte| byte == b'/').map_or(0, |at| at + 1)..]
    }

    /// Everything before the last segment, with its slash; empty at the root.
    pub fn directory(&self) -> &str {
        &self.0[..self.0.len() - self.file_name().len()]
    }

    /// What follows the last dot of the file name. A leading dot begins no extension, and a name without a dot has none.
    pub fn extension(&self) -> Option<&str> {
        let name = self.file_name();
        name.bytes().rposition(|byte| byte == b'.').filter(|&at| at > 0).map(|at| &name[at + 1..])
    }
}

/// The lowest folder, with its slash, that holds all of `folders`.
pub fn common_folder<'a>(mut folders: impl Iterator<Item = &'a str>) -> &'a str {
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        let same = common.bytes().zip(folder.bytes()).take_while(|(one, other)| one == other).count();
        &common[..common.as_bytes()[..same].iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1)]
    })
}

impl Borrow<str> for AssetPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AssetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AssetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_work() {
        for text in ["a", "css/app.css", "⊗.txt", "%2F.txt", "a b/c d.js", ".well-known/x", "...", "a\\b", "a?b#c"] {
            assert_eq!(AssetPath::new(text).map(|p| p.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn names_that_do_not() {
        for (text, error) in [
            ("", PathError::EmptySegment),
            ("/a", PathError::EmptySegment),
            ("a//b", PathError::EmptySegment),
            ("a/", PathError::EmptySegment),
            ("../a", PathError::DotSegment),
            ("a/./b", PathError::DotSegment),
            ("a\nb", PathError::Unprintable(10)),
            ("a\u{7f}", PathError::Unprintable(127)),
            ("\u{FFFE}", PathError::Unprintable(0xFFFE)),
        ] {
            assert_eq!(AssetPath::new(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn parts_of_a_name() {
        for (text, directory, extension) in [
            ("css/app.css", "css/", Some("css")),
            ("jquery.min.js", "", Some("js")),
            ("a/LICENSE", "a/", None),
            ("a.b/LICENSE", "a.b/", None),
            (".htaccess", "", None),
            ("x.", "", Some("")),
        ] {
            let path = AssetPath::new(text).expect(text);
            assert_eq!((path.directory(), path.extension()), (directory, extension));
        }
    }
}
