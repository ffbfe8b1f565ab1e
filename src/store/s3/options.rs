//! What an S3 store is made from, and what follows from it before anybody is asked.

use std::net::Ipv4Addr;
use std::time::Duration;

/// Which bucket, and how to reach it.
///
/// Region and credentials are not here: they come from the AWS environment and its profiles, as for any AWS tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Options {
    /// The bucket's name.
    pub bucket: String,
    /// The server's URL; `None` for what the AWS environment says, and Amazon's own where it says nothing.
    pub endpoint: Option<String>,
    /// Whether the bucket's name stands in the path of a URL instead of in its host. `None` for what the endpoint
    /// suggests: yes where it is an IP address or a host name without a domain, such as `localhost`.
    pub path_style: Option<bool>,
    /// How often a request is sent before its failure counts. `None` for what the AWS settings say
    /// (`AWS_MAX_ATTEMPTS`, `max_attempts`), and 7 where they say nothing else than the SDK does by itself.
    pub attempts: Option<u32>,
    /// How many requests the caller keeps in flight: as many connections are kept open for the next ones.
    pub connections: usize,
    /// Bodies of more bytes than this go up in parts.
    pub multipart_above: u64,
    /// The size of a part in bytes, at least S3's minimum of 5 MiB. Up to [`PARTS_IN_FLIGHT`] + 1 of them are held
    /// in memory for each large object on its way.
    pub part_size: u64,
}

/// How often a request is sent where nobody names a number.
pub(super) const ATTEMPTS: u32 = 7;

/// How many parts of one object are on their way at a time.
pub const PARTS_IN_FLIGHT: usize = 4;

/// The most parts S3 puts together.
const MOST_PARTS: u64 = 10_000;

/// How long one attempt may take that carries next to nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the store may take to put the parts of an object together.
pub(super) const COMPLETION_TIMEOUT: Duration = Duration::from_secs(600);

/// The slowest line that a large body still gets through, in bytes per second.
const SLOWEST: u64 = 128 * 1024;

impl S3Options {
    /// The options for a bucket that is reached as the AWS environment says.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            endpoint: None,
            path_style: None,
            attempts: None,
            connections: 64,
            multipart_above: 16 * 1024 * 1024,
            part_size: 8 * 1024 * 1024,
        }
    }

    /// The size of the parts of an object of `size` bytes: larger than asked for where there would be too many.
    pub(super) fn part_size_of(&self, size: u64) -> usize {
        let bytes = self.part_size.max(size.div_ceil(MOST_PARTS)).max(1);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }
}

/// Whether no bucket's name can be put before the endpoint's host.
pub(super) fn suggests_path_style(endpoint: &str) -> bool {
    let after_scheme = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    let ipv6 = host_and_port.starts_with('[');
    let host = host_and_port.split(':').next().unwrap_or_default();
    ipv6 || !host.contains('.') || host.ends_with(".localhost") || host.parse::<Ipv4Addr>().is_ok()
}

/// How long one attempt may take that carries `bytes` bytes.
pub(super) fn attempt_timeout(bytes: usize) -> Duration {
    PATIENCE + Duration::from_secs(bytes as u64 / SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_style_follows_from_the_host() {
        for bare in [
            "http://127.0.0.1:5000",
            "https://10.0.0.7/s3/",
            "http://[::1]:9000",
            "http://localhost",
            "http://user:secret@localhost:4566/",
            "http://s3.localhost:4566",
            "http://minio:9000",
        ] {
            assert!(suggests_path_style(bare), "{bare}");
        }
        for named in
            ["https://s3.eu-central-1.amazonaws.com", "https://storage.example.com:9000/x", "http://1.2.3.4.nip.io"]
        {
            assert!(!suggests_path_style(named), "{named}");
        }
    }

    #[test]
    fn parts_grow_where_there_would_be_too_many() {
        let options = S3Options::new("site");
        assert_eq!(options.part_size_of(17 * 1024 * 1024), 8 * 1024 * 1024);
        let huge = 200 * 1024 * 1024 * 1024;
        let part = options.part_size_of(huge) as u64;
        assert!(part > options.part_size && huge.div_ceil(part) <= MOST_PARTS, "{part}");
    }

    #[test]
    fn a_large_body_has_time() {
        assert_eq!(attempt_timeout(4096), PATIENCE);
        assert_eq!(attempt_timeout(16 * 1024 * 1024), Duration::from_secs(30 + 128));
    }
}
