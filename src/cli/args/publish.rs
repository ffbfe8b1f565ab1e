//! `lastly publish`

use clap::Args;

use super::change::{Build, Change};
use super::files::Files;

/// Publishes folders: uploads what is new and moves the channel
///
/// Creates the objects that no kept release has yet, enters the release into the ledger, moves the channel, and
/// brings pages, manifest and CDN after it. Run again, it finishes what was cut short; a run that finds nothing
/// changed costs two requests.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly publish public --store dir:site
  lastly publish public --store s3://bucket/static --cloudfront E2QWRUHAPOMQZL
  lastly publish public --sequence \"$GITHUB_RUN_NUMBER\" --expect 1a2b3c4d5e6f
  lastly publish public --channel preview-123 --expires 7d
  lastly publish --files-from files.jsonl
  lastly publish public --dry-run -v")]
pub(crate) struct Publish {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The build.
    #[command(flatten)]
    pub(crate) build: Build,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}
