//! `lastly upload`

use clap::Args;

use super::change::Manner;
use super::files::Files;

/// Uploads folders and keeps the release, without showing it to anyone
///
/// The first half of `publish`. `activate` is the other.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  release=$(lastly upload public --json | jq -r .release)
  lastly activate \"$release\"")]
pub(crate) struct Upload {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The manner.
    #[command(flatten)]
    pub(crate) manner: Manner,
}
