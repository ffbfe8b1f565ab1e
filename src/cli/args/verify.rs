//! `lastly verify` and `lastly fsck`

use clap::Args;

use crate::config::Flags;

/// Checks that everything kept releases need is in the store, and right
///
/// Asks the store once for every object, however many releases name it: whether it has a current version, of the right
/// length and with the right headers, that is not condemned; and reads every release document, every manifest, and what
/// stands at the pages' own URLs. With `--deep` it reads all bytes and takes every address again. Nothing is changed.
/// The exit status is 5 where something is wrong; every problem is told, with what to do about it. With `--channel`,
/// only what this channel shows or has shown is looked at.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly verify
  lastly verify live --deep
  lastly verify --live https://cdn.example.com/static/
  lastly verify --json | jq -r '.findings[] | .place'")]
pub(crate) struct Verify {
    /// Releases: the beginnings of their ids, or channels that show them [default: all]
    #[arg(value_name = "ID")]
    pub(crate) releases: Vec<String>,
    /// Reads all bytes and takes their addresses again
    #[arg(long)]
    pub(crate) deep: bool,
    /// Asks the site at this URL, where the prefix is served, for every asset that the channel shows, for its manifest,
    /// and for an address that nobody has made; with `--deep`, reads and compares the bytes
    #[arg(long, value_name = "URL")]
    pub(crate) live: Option<String>,
    /// The generation that the releases were made under; those up to 64 are tried besides [default: 0]
    #[arg(long, value_name = "N")]
    generation: Option<u64>,
}

/// Checks that ledger, release documents, manifests and condemned list go together
///
/// With `--rebuild`, where the ledger has been lost, it says what ledger can be made of the release documents and
/// manifests that are left, and what nobody can know any more; with `--apply` it makes that ledger. A ledger that is
/// there is never replaced. Where the bucket still has a version of the lost one, restore that instead.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly fsck
  lastly fsck --rebuild
  lastly fsck --rebuild --apply")]
pub(crate) struct Fsck {
    /// Works out a ledger to take the place of one that was lost
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Makes that ledger; without it, it is only described
    #[arg(long, requires = "rebuild")]
    pub(crate) apply: bool,
}

impl Verify {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { generation: self.generation, ..others }
    }
}
