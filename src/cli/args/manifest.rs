//! `lastly manifest`

use std::path::PathBuf;

use clap::Args;

/// Prints a manifest: a channel's as it is in the store, or that of any kept release
///
/// Without a release, exactly the bytes that are public. With one, the manifest that the channel has, or would have,
/// with it: `sequence` and `published` are null where the channel has never shown the release, and nothing is said of
/// how pages lie at their own URLs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly manifest
  lastly manifest 1a2b3c4d5e6f --output staticfiles.json
  lastly manifest --channel preview-123 | jq -r '.paths[\"css/app.css\"]'")]
pub(crate) struct Manifest {
    /// The release: the beginning of its id, or a channel that shows it [default: what the channel shows]
    #[arg(value_name = "ID")]
    pub(crate) release: Option<String>,
    /// Writes the manifest to a file, whole or not at all, instead of to stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
