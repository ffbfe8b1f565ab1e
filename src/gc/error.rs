//! Why a collection does not begin, or does not end.

use std::io;

use super::policy::TooShort;
use crate::error::{Explain, Kind};
use crate::model::layout::{ChannelName, Key};
use crate::model::wire::WireError;
use crate::store::{Reason, StoreError, Versioning};

/// A collection that does not begin. Nothing has been changed.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The store keeps no versions, so that a late delete could hit what was put there since.
    #[error("the store does not keep versions{}", match .0 { Versioning::Suspended => " any more", _ => "" })]
    NotVersioned(Versioning),
    /// Nobody can see whether the store keeps versions.
    #[error("it cannot be seen whether the store keeps versions")]
    Unseen(#[source] StoreError),
    /// The store does not say what time it is.
    #[error("the store does not tell the time")]
    NoClock,
    /// Browsers may still ask for what would go.
    #[error(transparent)]
    TooShort(#[from] TooShort),
    /// A manifest is there and cannot be read.
    #[error("the manifest `{key}` cannot be read")]
    Unreadable {
        /// Its key.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: WireError,
    },
    /// A manifest has gone.
    #[error("the manifest `{key}` of channel `{channel}` is missing")]
    Missing {
        /// Its key.
        key: Key,
        /// Its channel.
        channel: ChannelName,
    },
    /// A manifest shows what the ledger knows nothing of.
    #[error("the manifest of `{channel}` shows sequence {public}, but the ledger {}: an older ledger has been put back",
        match .ledger { Some(sequence) => format!("only {sequence}"), None => "knows no such channel".to_owned() })]
    LedgerBehind {
        /// The channel.
        channel: ChannelName,
        /// The manifest's sequence.
        public: u64,
        /// The ledger's, if it knows the channel.
        ledger: Option<u64>,
    },
    /// Objects of two sites cannot be told apart.
    #[error("another site's ledger lies at `{ledger}`, and one of the two sites lies within the other")]
    Nested {
        /// That ledger.
        ledger: Key,
    },
    /// More would go than was allowed.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// What goes is more than fits into memory, and there is no place to put it.
    #[error("the temporary file of what goes cannot be used")]
    NoRoom(#[source] io::Error),
    /// Others write the ledger all the time.
    #[error("the ledger changed every time while the collection was worked out")]
    Contended,
}

/// More would go than was allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{goes} of {total} stored versions would go, which is more than {max} %")]
pub struct TooMuch {
    /// Versions that would go.
    pub goes: u64,
    /// All versions of the site's own objects.
    pub total: u64,
    /// The most that may go, in percent.
    pub max: u8,
}

/// Versions that could not be deleted. They stay condemned, and are harmless: publishers put such objects again.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {total} condemned versions could not be deleted")]
pub struct Undeleted {
    /// How many.
    pub failed: u64,
    /// Of how many.
    pub total: u64,
    /// Why the first of them could not.
    #[source]
    pub first: StoreError,
}

impl Explain for GcError {
    fn kind(&self) -> Kind {
        match self {
            Self::TooShort(_) | Self::Nested { .. } => Kind::Usage,
            Self::Contended => Kind::Outrun,
            _ => Kind::Failed,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NotVersioned(_) => "switch versioning on, and collect 15 minutes later: `lastly doctor` says how",
            Self::Unseen(error) => return error.hints(),
            Self::NoClock => "its answers carry no `Date`: is there a proxy in front of it?",
            Self::TooShort(_) => "give a longer `--keep-for`, or `--allow-short-retention` if nobody is looking",
            Self::Unreadable { source: WireError::Newer { .. }, .. } => {
                "a later version of lastly publishes this site: update this one"
            }
            Self::Unreadable { .. } => "a bucket with versions still holds the one before: restore it",
            Self::Missing { .. } => "publish the channel again, or roll it back to what it shows: that writes it",
            Self::LedgerBehind { .. } => "restore the newest version of the ledger",
            Self::Nested { .. } => "give each site a prefix of its own that does not begin with the other's",
            Self::TooMuch(_) => "if that is right, allow it with `--max-delete`, as in `--max-delete 90%`",
            Self::NoRoom(_) => "about 120 bytes are needed for each version that goes, where TMPDIR says",
            Self::Contended => "run the same command again",
        };
        vec![hint.to_owned()]
    }
}

impl Explain for Undeleted {
    fn hints(&self) -> Vec<String> {
        let again = "they stay condemned, which harms nobody; the next collection tries again".to_owned();
        match self.first.reason {
            Reason::Denied => {
                vec!["`lastly policy gc` prints the permissions that a collector needs".to_owned(), again]
            }
            _ => vec![again],
        }
    }
}
