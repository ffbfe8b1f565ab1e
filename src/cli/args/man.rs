//! `lastly man`

use clap::Args;

/// Prints the manual page, of lastly or of one of its commands
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly man > lastly.1
  lastly man publish > lastly-publish.1")]
pub(crate) struct Man {
    /// A command of lastly
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}
