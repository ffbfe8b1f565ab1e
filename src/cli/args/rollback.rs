//! `lastly rollback`

use clap::Args;

use super::change::Change;

/// Moves the channel back to an earlier release
///
/// Without a release, to the one that was published or activated before the current one; run twice, it goes back
/// two. No files are needed: everything a kept release names is in the store.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly rollback
  lastly rollback 1a2b3c4d5e6f --message \"the new checkout loses baskets\"")]
pub(crate) struct Rollback {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: Option<String>,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}
