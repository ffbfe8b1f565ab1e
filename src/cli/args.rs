//! The command line as it is typed. The doc comments are the help texts; `docs/cli.md` is written from them.
//!
//! Nothing is decided here: what a flag leaves open is settled by `config`, together with the file and the
//! environment. Each command has a file of its own below; `change`, `files`, `front` and `global` hold what several
//! commands share.

mod activate;
mod change;
mod check;
mod completions;
mod config;
mod diff;
mod doctor;
mod files;
mod front;
mod gc;
mod global;
mod man;
mod manifest;
mod policy;
mod publish;
mod rollback;
mod serve;
mod show;
mod upload;
mod verify;

use clap::{CommandFactory, Parser, Subcommand};

pub(crate) use self::activate::Activate;
pub(crate) use self::change::{Change, Manner};
pub(crate) use self::check::Check;
pub(crate) use self::completions::Completions;
pub(crate) use self::config::Config;
pub(crate) use self::diff::Diff;
pub(crate) use self::doctor::Doctor;
pub(crate) use self::files::Tree;
pub(crate) use self::gc::{Gc, Pin, Restore, Unpin};
pub(crate) use self::global::{Color, Global};
pub(crate) use self::man::Man;
pub(crate) use self::manifest::Manifest;
pub(crate) use self::policy::{Policy, Role};
pub(crate) use self::publish::Publish;
pub(crate) use self::rollback::Rollback;
pub(crate) use self::serve::Serve;
pub(crate) use self::show::Show;
pub(crate) use self::upload::Upload;
pub(crate) use self::verify::{Fsck, Verify};
use super::status::statuses;

/// Publishes static assets so that no visitor ever sees a broken or mixed version.
///
/// Assets go first, under names that hold the hash of what is served there; then pages; and lastly the manifest, the
/// one small object that moves from one release to the next and the only path that is ever invalidated.
///
/// Settings come from `lastly.toml` or `[tool.lastly]` in `pyproject.toml`, then from the environment (`LASTLY_STORE`
/// for `--store`), then from flags; `lastly config` shows which and why. Credentials, region and endpoints come from
/// the AWS environment alone.
#[derive(Debug, Parser)]
#[command(name = "lastly", version, max_term_width = 100, after_long_help = statuses())]
pub(crate) struct Program {
    /// Flags of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The command line's own description: for completions, manual pages and the reference.
pub fn description() -> clap::Command {
    Program::command()
}

/// What can be done. The help of a command stands with its arguments, where it takes any.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Publish(Publish),
    Upload(Upload),
    Check(Check),
    Activate(Activate),
    Rollback(Rollback),
    /// Lists the kept releases and the channels that show them
    ///
    /// With `--channel`, only those that this channel shows or has shown.
    #[command(after_help = "\
Examples:
  lastly releases
  lastly releases --json | jq '.releases[0].id'")]
    Releases,
    Show(Show),
    Diff(Diff),
    Manifest(Manifest),
    Gc(Gc),
    Pin(Pin),
    Unpin(Unpin),
    Restore(Restore),
    Verify(Verify),
    Fsck(Fsck),
    Serve(Serve),
    Doctor(Doctor),
    Policy(Policy),
    /// Writes a commented lastly.toml into the current folder
    #[command(after_help = "\
Examples:
  lastly init
  lastly init --config deploy/lastly.toml")]
    Init,
    Config(Config),
    Completions(Completions),
    Man(Man),
}

impl Command {
    /// Whether the command can move a channel, or prepares a move: its end says whether one has moved.
    pub(crate) fn changes(&self) -> bool {
        matches!(self, Self::Publish(_) | Self::Upload(_) | Self::Activate(_) | Self::Rollback(_))
    }
}
