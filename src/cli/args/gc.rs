//! `lastly gc`, and the flags by which releases are kept from it

use std::path::PathBuf;

use clap::Args;

use crate::config::{Flags, GcFlags};
use crate::gc::{Order, Policy, Shard, Source};

/// Deletes what no kept release and no publisher at work needs any more
///
/// Without `--apply` it only prints what would go, and why everything else stays. A release stays while any of these
/// holds: a channel or a manifest shows it; it is pinned; the manifest left it less than `--keep-for` ago; it is one
/// of the `--keep-last` that its channel showed last; it was uploaded less than `--keep-unreleased` ago. Collecting
/// is safe at any time, beside publishers and other collections, and may be cut short at any point.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly gc
  lastly gc --apply
  lastly gc --apply --inventory report/2026-11-22T01-00Z/manifest.json
  lastly gc --apply --shard 3/16
  lastly gc --keep-for 14d --keep-last 10 --json")]
pub(crate) struct Gc {
    /// Acts; without it, only the plan is printed
    #[arg(long)]
    pub(crate) apply: bool,
    /// Looks for what may go in an S3 Inventory report instead of listing the bucket: its `manifest.json` on this
    /// machine, with the data files beside it or in `../data`
    #[arg(long, value_name = "MANIFEST", conflicts_with = "candidates")]
    inventory: Option<PathBuf>,
    /// Looks for what may go in a CSV file that a query has made, with a head: key, version_id[, size, is_delete_marker,
    /// last_modified]
    #[arg(long, value_name = "CSV")]
    candidates: Option<PathBuf>,
    /// Deletes one share of what goes, so that several machines can share the work, each with a number of its own
    #[arg(long, value_name = "I/N", default_value = "1/1", hide_default_value = true)]
    shard: Shard,
    /// How long a release stays after the manifest has left it [default: 7d]
    #[arg(long, value_name = "SPAN")]
    keep_for: Option<String>,
    /// How many of those that each channel showed last stay [default: 5]
    #[arg(long, value_name = "N")]
    keep_last: Option<u64>,
    /// How long a release stays that was uploaded and never shown [default: 7d]
    #[arg(long, value_name = "SPAN")]
    keep_unreleased: Option<String>,
    /// How long a publisher may take before it has to begin again [default: 24h]
    #[arg(long, value_name = "SPAN")]
    intent_ttl: Option<String>,
    /// How old an object must be to go [default: 24h]
    #[arg(long, value_name = "SPAN")]
    min_object_age: Option<String>,
    /// The largest share of all stored versions that may go at once [default: 50%]
    #[arg(long, value_name = "PERCENT")]
    max_delete: Option<String>,
    /// How long HTML may be served after the manifest has moved on [default: 24h]
    #[arg(long, value_name = "SPAN")]
    html_ttl: Option<String>,
    /// How long an open page may still load something [default: 24h]
    #[arg(long, value_name = "SPAN")]
    session: Option<String>,
    /// Lets `--keep-for` be shorter than the times for manifest, HTML and session together
    #[arg(long)]
    allow_short_retention: bool,
}

/// Keeps a release whatever its age
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lastly pin 1a2b3c4d5e6f --reason \"the spring mailing links to its images\"")]
pub(crate) struct Pin {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
    /// Why, for whoever wonders later
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// Takes a pin back
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lastly unpin 1a2b3c4d5e6f")]
pub(crate) struct Unpin {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
}

/// Keeps a release again that a collection has dropped, while its objects last
///
/// No files are needed. No channel shows it then: `lastly activate` does that.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lastly restore 1a2b3c4d5e6f && lastly activate 1a2b3c4d5e6f")]
pub(crate) struct Restore {
    /// The release: the beginning of its id
    #[arg(value_name = "ID")]
    pub(crate) release: String,
}

impl Gc {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        let gc = GcFlags {
            keep_for: self.keep_for.clone(),
            keep_last: self.keep_last,
            keep_unreleased: self.keep_unreleased.clone(),
            intent_ttl: self.intent_ttl.clone(),
            min_object_age: self.min_object_age.clone(),
            max_delete: self.max_delete.clone(),
            html_ttl: self.html_ttl.clone(),
            session: self.session.clone(),
        };
        Flags { gc, ..others }
    }

    /// The collection that is asked for, with what the settings say of it.
    pub(crate) fn order(&self, settings: &Policy, concurrency: usize) -> Order {
        let policy = Policy { allow_short_retention: self.allow_short_retention, ..*settings };
        let source = match (&self.inventory, &self.candidates) {
            (Some(manifest), _) => Source::Inventory(manifest.clone()),
            (None, Some(file)) => Source::Candidates(file.clone()),
            (None, None) => Source::Listing,
        };
        Order { policy, apply: self.apply, concurrency, source, shard: self.shard }
    }
}
