//! Settings: what the file, the environment and the flags say, resolved once.

use std::path::PathBuf;

use crate::model::layout::ChannelName;
use crate::prepare::rules::{Rule, SourceMaps};

/// Everything that can be set, with defaults in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the site lies.
    pub store: StoreAddress,
    /// What private keys begin with; `None` for the default of [`crate::model::layout::Layout::new`].
    pub control: Option<String>,
    /// The URL that stands for the prefix.
    pub base_url: Option<String>,
    /// The channel.
    pub channel: ChannelName,
    /// CloudFront distributions in front of the store.
    pub cloudfront: Vec<Distribution>,
    /// URLs of caches that understand `PURGE`.
    pub purge: Vec<String>,
    /// The source folders.
    pub sources: Vec<PathBuf>,
    /// Patterns of files to leave out, in gitignore syntax.
    pub ignore: Vec<String>,
    /// Whether a later source folder's file takes the place of an earlier one's.
    pub overlay: bool,
    /// Rules, in order.
    pub rules: Vec<Rule>,
    /// Whether source maps are published, where no rule says.
    pub source_maps: SourceMaps,
    /// Enters every address: raising it gives every asset a new URL.
    pub generation: u64,
    /// Requests in flight at a time.
    pub concurrency: usize,
    /// Whether the bucket stands in the path of requests; `None` to tell by the endpoint.
    pub path_style: Option<bool>,
}

/// Where a site lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreAddress {
    /// `s3://BUCKET/PREFIX`
    S3 {
        /// The bucket.
        bucket: String,
        /// What public keys begin with.
        prefix: String,
    },
    /// `dir:PATH`, the embedded store.
    Directory(PathBuf),
}

/// A CloudFront distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// Its origin path, where it has one: what it puts before a URL's path to get a key.
    pub origin_path: Option<String>,
    /// Whether to wait until an invalidation has been carried out everywhere.
    pub wait: bool,
}
