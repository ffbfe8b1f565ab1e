//! `lastly show`

use clap::Args;

/// Shows what a release holds: every asset and page with size, type and key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly show live
  lastly show 1a2b3c4d5e6f --json")]
pub(crate) struct Show {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
}
