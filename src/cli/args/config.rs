//! `lastly config`

use clap::Args;

use super::files::Files;
use super::front::Front;

/// Shows every setting with its value and where it comes from
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lastly config --store dir:site")]
pub(crate) struct Config {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The CDNs.
    #[command(flatten)]
    pub(crate) front: Front,
}
