//! The response headers that an object carries: a closed set, with one canonical encoding.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compression::Encoding;

/// The headers S3 stores with an object and gives back with it, besides `x-amz-meta-*`.
const STORED: [&str; 5] =
    ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type"];

const ENCODING: &str = "content-encoding";

const METADATA: &str = "x-amz-meta-";

/// Response headers of an object, by lower-case name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Headers(BTreeMap<String, String>);

/// Why a header cannot be stored with an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// S3 stores no such header.
    #[error("`{0}` is not a header that S3 stores with an object")]
    NotStored(String),
    /// The value holds something that a header cannot.
    #[error("the value of `{0}` may hold visible ASCII and inner spaces only")]
    BadValue(String),
}

impl HeaderError {
    /// What to do instead.
    pub fn hint(&self) -> String {
        match self {
            Self::NotStored(_) => format!(
                "S3 stores {} and x-amz-meta-*; set any other in a CloudFront response headers policy",
                STORED.join(", ")
            ),
            Self::BadValue(_) => "percent-encode what is outside ASCII".to_owned(),
        }
    }
}

impl Headers {
    /// Sets a header, in place of an earlier one of that name (names are compared without case).
    ///
    /// # Errors
    /// The header is not one that S3 stores, or its value is not visible ASCII.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        let name = name.to_ascii_lowercase();
        let metadata = name.strip_prefix(METADATA).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        });
        if !metadata && !STORED.contains(&name.as_str()) {
            return Err(HeaderError::NotStored(name));
        }
        let visible = value.bytes().all(|b| (0x20..0x7f).contains(&b));
        if value.is_empty() || !visible || value.trim() != value {
            return Err(HeaderError::BadValue(name));
        }
        self.0.insert(name, value.to_owned());
        Ok(())
    }

    /// Takes a header away; absent is fine.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(&name.to_ascii_lowercase());
    }

    /// The same headers for bytes in this encoding.
    pub fn encoded(self: &Arc<Self>, encoding: Encoding) -> Arc<Self> {
        if self.get(ENCODING) == Some(encoding.token()) {
            return self.clone();
        }
        let mut headers = Self::clone(self);
        headers.0.insert(ENCODING.to_owned(), encoding.token().to_owned());
        Arc::new(headers)
    }

    /// The value of `Content-Encoding`, where there is one.
    pub fn content_encoding(&self) -> Option<&str> {
        self.get(ENCODING)
    }

    /// The value of a header, by lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The `Content-Type`, or the type of arbitrary bytes where none was set.
    pub fn content_type(&self) -> &str {
        self.get("content-type").unwrap_or("application/octet-stream")
    }

    /// Every header, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names of the headers that only one of two sets has, or that differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names: BTreeSet<&str> = self.iter().chain(other.iter()).map(|(name, _)| name).collect();
        names.into_iter().filter(|name| self.get(name) != other.get(name)).collect()
    }

    /// User metadata: the headers that begin with `x-amz-meta-`, without that beginning.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|(name, value)| Some((name.strip_prefix(METADATA)?, value)))
    }

    /// The bytes that enter an address: `name:value\n` for each header, sorted by name. No value can hold a line
    /// feed, so two sets of headers never share an encoding.
    pub fn canonical(&self) -> String {
        self.iter().map(|(name, value)| format!("{name}:{value}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_s3_stores() {
        let mut headers = Headers::default();
        assert_eq!(headers.set("Cache-Control", "no-cache"), Ok(()));
        assert_eq!(headers.set("x-amz-meta-team", "web"), Ok(()));
        assert_eq!(headers.set("X-Frame-Options", "DENY"), Err(HeaderError::NotStored("x-frame-options".into())));
        assert_eq!(headers.set("x-amz-meta-", "a"), Err(HeaderError::NotStored("x-amz-meta-".into())));
        for value in ["", " a", "a\nb", "é"] {
            assert!(matches!(headers.set("content-type", value), Err(HeaderError::BadValue(_))), "{value:?}");
        }
        assert_eq!(headers.canonical(), "cache-control:no-cache\nx-amz-meta-team:web\n");
        assert_eq!(headers.metadata().collect::<Vec<_>>(), [("team", "web")]);
    }
}
