//! What following works with, and what comes of it.

use std::error::Error;
use std::sync::Arc;

use crate::cdn::{Cdn, CdnError, Invalidated};
use crate::collect::Sources;
use crate::commit::CommitError;
use crate::error::{Explain, Kind};
use crate::model::layout::{ChannelName, Key};
use crate::model::path::AssetPath;
use crate::model::release::{Release, ReleaseId};
use crate::model::wire::WireError;
use crate::site::DocumentError;
use crate::store::StoreError;

/// How often the work begins again because the channel moved on meanwhile.
pub(super) const ROUNDS: usize = 50;

/// What there is to bring the public side up to date with.
#[derive(Debug)]
pub struct Following<'a> {
    /// The channel.
    pub channel: &'a ChannelName,
    /// The CDNs in front of the store.
    pub cdns: &'a [Arc<dyn Cdn>],
    /// The URL that stands for the prefix, for the manifest to say.
    pub base_url: Option<&'a str>,
    /// A release that is at hand, to spare reading its document.
    pub at_hand: Option<(ReleaseId, &'a Release)>,
    /// Files whose bytes are at hand, to spare reading their objects.
    pub sources: &'a Sources,
    /// Requests in flight at a time.
    pub concurrency: usize,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Pages written at their own URLs.
    pub pages_written: usize,
    /// Pages taken away.
    pub pages_removed: usize,
    /// What the CDNs were told.
    pub invalidations: Vec<Invalidated>,
}

/// The channel has moved, but not everything has followed. The same command again finishes.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A page or the manifest could not be read or written.
    #[error("the channel has moved, but its {what} has not followed yet")]
    Store {
        /// "manifest", "pages".
        what: &'static str,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The release could not be read.
    #[error("the channel has moved, but its release cannot be read")]
    Document(#[from] DocumentError),
    /// A page's file changed, or its object is gone.
    #[error("the channel has moved, but the bytes of page `{0}` are not at hand")]
    PageLost(AssetPath),
    /// Something else lies where the manifest should.
    #[error("the channel has moved, but `{key}` is not a manifest of lastly's, so it was not replaced")]
    NotAManifest {
        /// The manifest's key.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// The public side is ahead of the ledger.
    #[error("the public side shows sequence {public}, but the ledger only {ledger}: an older ledger has been put back")]
    LedgerBehind {
        /// The sequence of the manifest, or of a page.
        public: u64,
        /// The ledger's.
        ledger: u64,
    },
    /// One or more CDNs were not told.
    #[error("published, not yet invalidated: {}", .0.iter().map(with_causes).collect::<Vec<_>>().join("; "))]
    NotInvalidated(Vec<CdnError>),
    /// The ledger could not be read or noted in.
    #[error("published, but not noted in the ledger")]
    Ledger(#[source] CommitError),
    /// The channel moves faster than anyone can follow.
    #[error("the channel moved {ROUNDS} times while its public side was brought after it")]
    Outrun,
}

/// A CDN's error and what lies behind it, without what only repeats the text before. Of several CDNs each has causes
/// of its own, which a single `source` could not tell.
fn with_causes(error: &CdnError) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

impl Explain for FollowError {
    fn kind(&self) -> Kind {
        Kind::Unfinished
    }

    fn hints(&self) -> Vec<String> {
        let mut hints = match self {
            Self::Store { source, .. } => source.hints(),
            Self::Document(error) => error.hints(),
            Self::Ledger(error) => error.hints(),
            Self::NotInvalidated(errors) => errors.iter().filter_map(|error| error.hint.clone()).collect(),
            Self::NotAManifest { .. } => vec!["move that object away, or publish below another prefix".to_owned()],
            Self::LedgerBehind { .. } => vec!["restore the newest version of the ledger".to_owned()],
            Self::PageLost(_) | Self::Outrun => Vec::new(),
        };
        hints.push("the same command again finishes".to_owned());
        hints
    }
}
