//! Why a change of the ledger does not apply, and why a text does not mean one release of it.

use crate::model::layout::ChannelName;
use crate::model::release::ReleaseId;

/// Why a change of the ledger does not apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A collection has reaped the publisher's intent: what it saw of the store counts no longer.
    #[error("the publisher's intent is no longer in the ledger")]
    IntentGone,
    /// A later build is there already.
    #[error("channel `{channel}` already shows build {theirs}, which is newer than {ours}")]
    Outrun {
        /// The channel.
        channel: ChannelName,
        /// The highest build it has seen.
        theirs: u64,
        /// The build that was refused.
        ours: u64,
    },
    /// Another release than the expected one is current.
    #[error("channel `{channel}` shows {found}, not the release that was expected")]
    Unexpected {
        /// The channel.
        channel: ChannelName,
        /// What it shows.
        found: String,
    },
    /// No such release is kept.
    #[error("release {0} is not in the ledger: it was collected, or never completed")]
    NotKept(ReleaseId),
    /// No such channel.
    #[error("there is no channel `{0}`")]
    NoChannel(ChannelName),
    /// The ledger has changed since a collection was worked out from it.
    #[error("the ledger has changed since the collection was worked out")]
    Outdated,
    /// The channel has shown no other release that is still kept.
    #[error("channel `{0}` has no release before the current one that is still kept")]
    NothingBefore(ChannelName),
}

/// A text that does not mean one release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No release of the ledger begins so, and no channel is called so.
    #[error("`{0}` is neither a release in the ledger nor a channel")]
    None(String),
    /// More than one does.
    #[error("`{0}` begins the ids of {1} releases")]
    Several(String, usize),
}
