//! An object as S3 describes it in the headers of an answer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::model::headers::Headers;
use crate::model::timestamp::Timestamp;
use crate::store::{Etag, Found, VersionId};

/// Reads what there is to know of an object from the headers of an answer, whose names are in lower case. `None`
/// where the answer does not describe an object: it lacks an ETag, a length or a time.
pub(super) fn found<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Found> {
    let (mut etag, mut version, mut size, mut modified, mut sha256) = (None, None, None, None, None);
    let mut stored = Headers::default();
    for (name, value) in headers {
        match name {
            "etag" => etag = Some(Etag::of_header(value)),
            "x-amz-version-id" => version = Some(VersionId(value.to_owned())),
            "content-length" => size = value.parse().ok(),
            "last-modified" => modified = Timestamp::parse_http(value),
            // Of an object that went up in parts it is a sum of sums, with their number behind a dash.
            "x-amz-checksum-sha256" => {
                sha256 = BASE64_STANDARD.decode(value).ok().and_then(|digest| digest.try_into().ok());
            }
            // Whatever lastly could not have stored is none of its business.
            _ => drop(stored.set(name, value)),
        }
    }
    Some(Found { etag: etag?, version, size: size?, modified: modified?, sha256, headers: stored })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: [(&str, &str); 10] = [
        ("etag", "\"900150983cd24fb0d6963f7d28e17f72\""),
        ("x-amz-version-id", "v1"),
        ("content-length", "3"),
        ("last-modified", "Sun, 22 Nov 2026 04:00:00 GMT"),
        ("x-amz-checksum-sha256", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ("cache-control", "no-cache"),
        ("content-type", "text/css; charset=utf-8"),
        ("x-amz-meta-team", "web"),
        ("server", "AmazonS3"),
        ("x-amz-request-id", "7A"),
    ];

    #[test]
    fn all_that_lastly_stores_comes_back() {
        let found = found(ANSWER.into_iter()).expect("it is complete");
        assert_eq!(found.etag, Etag("900150983cd24fb0d6963f7d28e17f72".to_owned()));
        assert_eq!((found.version, found.size), (Some(VersionId("v1".to_owned())), 3));
        assert_eq!(found.modified, Timestamp::from_unix(1_795_320_000));
        assert_eq!(found.sha256.map(|digest| (digest[0], digest[31])), Some((0xba, 0xad)));
        assert_eq!(
            found.headers.canonical(),
            "cache-control:no-cache\ncontent-type:text/css; charset=utf-8\nx-amz-meta-team:web\n"
        );
    }

    #[test]
    fn a_sum_of_sums_is_not_the_objects() {
        let answer = ANSWER.map(|(name, value)| match name {
            "x-amz-checksum-sha256" => (name, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=-2"),
            _ => (name, value),
        });
        assert_eq!(found(answer.into_iter()).expect("it is complete").sha256, None);
        assert_eq!(found(answer.into_iter().skip(1)), None);
    }
}
