//! `lastly diff`

use clap::Args;

/// Shows what differs between two releases, with sizes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly diff 1a2b3c4d5e6f live
  lastly diff live preview-123")]
pub(crate) struct Diff {
    /// The earlier release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "A")]
    pub(crate) earlier: String,
    /// The later release, likewise
    #[arg(value_name = "B")]
    pub(crate) later: String,
}
