//! What stands in front of the store, of every command that asks or tells it.

use clap::Args;

use crate::config::Flags;

/// What stands in front of the store.
#[derive(Debug, Args)]
pub(crate) struct Front {
    /// Invalidates the manifest on this CloudFront distribution; can be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) cloudfront: Vec<String>,
    /// Invalidates the manifest on the cache at this URL, by an HTTP PURGE; can be given several times
    #[arg(long, value_name = "URL")]
    pub(crate) purge: Vec<String>,
    /// Waits until CloudFront has carried the invalidation out everywhere
    #[arg(long)]
    pub(crate) wait: bool,
}

/// Which distributions read the store.
#[derive(Debug, Args)]
pub(crate) struct Readers {
    /// A CloudFront distribution in front of the store; can be given several times [default: the setting `cloudfront`]
    #[arg(long, value_name = "ID")]
    pub(crate) cloudfront: Vec<String>,
}

impl Front {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { cloudfront: self.cloudfront.clone(), purge: self.purge.clone(), wait: self.wait, ..others }
    }
}

impl Readers {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { cloudfront: self.cloudfront.clone(), ..others }
    }
}
