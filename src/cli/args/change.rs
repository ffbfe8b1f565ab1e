//! How a channel is moved, of every command that moves one.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};

use super::front::Front;
use crate::model::timestamp::parse_span;

/// The highest number of a build: the highest that every reader of JSON takes exactly (RFC 8259, section 6). It
/// leaves the channel's own count room to go on.
const HIGHEST_BUILD: u64 = (1 << 53) - 1;

/// Which build a channel is to show, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The build's number: refused where the channel has seen a higher one
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=HIGHEST_BUILD))]
    pub(crate) sequence: Option<u64>,
    /// Lets the channel be collected so long after its last move (not for `live`): 12h, 7d, 2w
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) expires: Option<Duration>,
}

/// How a channel is moved.
#[derive(Debug, Args)]
pub(crate) struct Change {
    /// The CDNs.
    #[command(flatten)]
    pub(crate) front: Front,
    /// Moves the channel only if it shows this release: the beginning of its id, a channel, or `none`
    #[arg(long, value_name = "ID")]
    pub(crate) expect: Option<String>,
    /// The manner.
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// Whether anything is done, and what is noted of it.
#[derive(Debug, Args)]
pub(crate) struct Manner {
    /// Does everything but the writes and prints the plan
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Writes the manifest to a file as well, whole or not at all, for servers that are to know it from the start
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest_file: Option<PathBuf>,
    /// A note for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text).ok_or_else(|| "a span is a number and one of s, m, h, d, w, as in `7d`".to_owned())
}
