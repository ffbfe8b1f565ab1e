//! `lastly activate`

use clap::Args;

use super::change::{Build, Change};

/// Moves the channel to an uploaded release
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly activate 1a2b3c4d5e6f
  lastly activate preview-123 --channel live")]
pub(crate) struct Activate {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
    /// The build.
    #[command(flatten)]
    pub(crate) build: Build,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}
