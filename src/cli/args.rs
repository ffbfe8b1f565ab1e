//! The command line as it is typed. The doc comments are the help texts; `docs/cli.md` is written from them.
//!
//! Nothing is decided here: what a flag leaves open is settled by `config`, together with the file and the
//! environment.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, value_parser};

use super::status::statuses;
use crate::config::Flags;
use crate::model::timestamp::parse_span;

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

/// Flags that every command takes, before or after its name.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Where the site lies: a bucket and the beginning of its public keys, or a folder [default: dir:lastly-store]
    #[arg(long, global = true, value_name = "s3://BUCKET/PREFIX|dir:PATH")]
    pub(crate) store: Option<String>,
    /// What private keys begin with: the ledger's and the release documents' [default: .lastly/ and the prefix]
    #[arg(long, global = true, value_name = "PREFIX")]
    pub(crate) control: Option<String>,
    /// The channel [default: live]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) channel: Option<String>,
    /// The URL at which the store's prefix is served
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The settings file, instead of the nearest lastly.toml or pyproject.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Most requests in flight at a time [default: 64]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) concurrency: Option<usize>,
    /// Puts the bucket into the path of requests, not into the host's name
    #[arg(long, global = true)]
    pub(crate) path_style: bool,
    /// Writes one JSON object to stdout, also when the command fails
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// A line for every object
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Whether to use colours; auto looks for a terminal and NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Lines instead of a moving progress bar
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Publishes folders: uploads what is new and moves the channel
    ///
    /// Creates the objects that no kept release has yet, enters the release into the ledger, moves the channel, and
    /// brings pages, manifest and CDN after it. Run again, it finishes what was cut short; a run that finds nothing
    /// changed costs two requests.
    #[command(after_help = "\
Examples:
  lastly publish public --store dir:site
  lastly publish public --store s3://bucket/static --cloudfront E2QWRUHAPOMQZL
  lastly publish public --sequence \"$GITHUB_RUN_NUMBER\" --expect 1a2b3c4d5e6f
  lastly publish public --channel preview-123 --expires 7d
  lastly publish public --dry-run -v")]
    Publish(Publish),
    /// Uploads folders and keeps the release, without showing it to anyone
    ///
    /// The first half of `publish`. `activate` is the other.
    #[command(after_help = "\
Example:
  release=$(lastly upload public --json | jq -r .release)
  lastly activate \"$release\"")]
    Upload(Upload),
    /// Moves the channel to an uploaded release
    #[command(after_help = "\
Examples:
  lastly activate 1a2b3c4d5e6f
  lastly activate preview-123 --channel live")]
    Activate(Activate),
    /// Moves the channel back to an earlier release
    ///
    /// Without a release, to the one that was published or activated before the current one; run twice, it goes back
    /// two. No files are needed: everything a kept release names is in the store.
    #[command(after_help = "\
Examples:
  lastly rollback
  lastly rollback 1a2b3c4d5e6f --message \"the new checkout loses baskets\"")]
    Rollback(Rollback),
    /// Lists the kept releases and the channels that show them
    ///
    /// With `--channel`, only those that this channel shows or has shown.
    #[command(after_help = "\
Examples:
  lastly releases
  lastly releases --json | jq '.releases[0].id'")]
    Releases,
    /// Shows what a release holds: every asset and page with size, type and key
    #[command(after_help = "\
Examples:
  lastly show live
  lastly show 1a2b3c4d5e6f --json")]
    Show(Show),
    /// Shows what differs between two releases, with sizes
    #[command(after_help = "\
Examples:
  lastly diff 1a2b3c4d5e6f live
  lastly diff live preview-123")]
    Diff(Diff),
    /// Serves the site on this machine, with the headers as stored
    ///
    /// It stands where the CDN would stand: nothing takes the place of an object that is missing. Channels other than
    /// `live` lie below `/channels/`.
    #[command(after_help = "\
Example:
  lastly serve --store dir:site --port 8080")]
    Serve(Serve),
    /// Looks at everything the site depends on and says what to change
    ///
    /// Asks bucket, ledger, clock, permissions and CloudFront distributions, whatever else fails. `ok` is as it should
    /// be; `advice` works and could be better, or could not be looked at; on what is `bad`, publishing or what visitors
    /// see breaks, and the exit status is 5. Small objects are written below the private prefix, and removed again, to
    /// prove that conditional writes hold; nothing else is changed.
    #[command(after_help = "\
Examples:
  lastly doctor --store s3://bucket/static --cloudfront E2QWRUHAPOMQZL
  lastly doctor --json | jq -r '.checks[] | select(.verdict != \"ok\") | .change'")]
    Doctor(Doctor),
    /// Prints a least-privilege IAM or bucket policy for the site, as JSON
    ///
    /// It is made from the settings alone: nothing is asked of AWS and nothing is changed. With `--json` the document
    /// is the same, for it is to be handed on as it is.
    #[command(after_help = "\
Examples:
  aws iam put-role-policy --role-name deploy --policy-name lastly \\
    --policy-document \"$(lastly policy publisher --account 123456789012)\"
  lastly policy bucket --store s3://bucket/static > policy.json")]
    Policy(Policy),
    /// Writes a commented lastly.toml into the current folder
    #[command(after_help = "\
Examples:
  lastly init
  lastly init --config deploy/lastly.toml")]
    Init,
    /// Shows every setting with its value and where it comes from
    #[command(after_help = "\
Example:
  lastly config --store dir:site")]
    Config(Config),
    /// Prints completions for a shell
    #[command(after_help = "\
Examples:
  lastly completions bash > ~/.local/share/bash-completion/completions/lastly
  lastly completions zsh > ~/.zfunc/_lastly")]
    Completions(Completions),
    /// Prints the manual page, of lastly or of one of its commands
    #[command(after_help = "\
Examples:
  lastly man > lastly.1
  lastly man publish > lastly-publish.1")]
    Man(Man),
}

/// The highest number of a build: the highest that every reader of JSON takes exactly (RFC 8259, section 6). It
/// leaves the channel's own count room to go on.
const HIGHEST_BUILD: u64 = (1 << 53) - 1;

/// `lastly publish`
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The build's number: refused where the channel has seen a higher one
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=HIGHEST_BUILD))]
    pub(crate) sequence: Option<u64>,
    /// Lets the channel be collected so long after its last move (not for `live`): 12h, 7d, 2w
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) expires: Option<Duration>,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}

/// `lastly upload`
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The manner.
    #[command(flatten)]
    pub(crate) manner: Manner,
}

/// `lastly activate`
#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
    /// The build's number: refused where the channel has seen a higher one
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=HIGHEST_BUILD))]
    pub(crate) sequence: Option<u64>,
    /// Lets the channel be collected so long after its last move (not for `live`): 12h, 7d, 2w
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub(crate) expires: Option<Duration>,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}

/// `lastly rollback`
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: Option<String>,
    /// The move.
    #[command(flatten)]
    pub(crate) change: Change,
}

/// `lastly show`
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "ID")]
    pub(crate) release: String,
}

/// `lastly diff`
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The earlier release: the beginning of its id, or a channel that shows it
    #[arg(value_name = "A")]
    pub(crate) earlier: String,
    /// The later release, likewise
    #[arg(value_name = "B")]
    pub(crate) later: String,
}

/// `lastly serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,
}

/// `lastly doctor`
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// What reads the store.
    #[command(flatten)]
    pub(crate) readers: Readers,
}

/// `lastly policy`
#[derive(Debug, Args)]
pub(crate) struct Policy {
    /// Whose policy
    #[arg(value_name = "WHOSE")]
    pub(crate) role: Role,
    /// What reads the store.
    #[command(flatten)]
    pub(crate) readers: Readers,
    /// The AWS account that the distributions belong to: twelve digits [default: the placeholder ACCOUNT]
    #[arg(long, value_name = "NUMBER", value_parser = account)]
    pub(crate) account: Option<String>,
}

/// Whose policy is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// For whoever publishes: an IAM policy
    Publisher,
    /// For whoever collects garbage: an IAM policy
    Gc,
    /// Lets CloudFront read the site, by origin access control: a bucket policy
    Reader,
    /// Refuses unconditional writes and plain HTTP to everybody: a bucket policy
    Bucket,
}

/// `lastly config`
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// The files.
    #[command(flatten)]
    pub(crate) files: Files,
    /// The CDNs.
    #[command(flatten)]
    pub(crate) front: Front,
}

/// `lastly completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// `lastly man`
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// A command of lastly
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Option<String>,
}

/// Which files are meant and how they are taken.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The folders to publish [default: the setting `sources`]
    #[arg(value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Leaves files out, in gitignore syntax; can be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) ignore: Vec<String>,
    /// Lets a later folder's file take the place of an earlier one's; else that is an error
    #[arg(long)]
    pub(crate) overlay: bool,
    /// Whether source maps are published for everyone to read: publish or exclude [default: publish]
    #[arg(long, value_name = "WHAT")]
    pub(crate) source_maps: Option<String>,
    /// Enters every address: raising it gives every asset a new URL [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<u64>,
}

/// What stands in front of the store.
#[derive(Debug, Args)]
pub(crate) struct Front {
    /// Invalidates the manifest on this CloudFront distribution; can be given several times
    #[arg(long, value_name = "ID")]
    pub(crate) cloudfront: Vec<String>,
    /// Invalidates the manifest on the cache at this URL, by an HTTP PURGE; can be given several times
    #[arg(long, value_name = "URL")]
    pub(crate) purge: Vec<String>,
    /// Waits until CloudFront has carried the invalidation out everywhere
    #[arg(long)]
    pub(crate) wait: bool,
}

/// Which distributions read the store.
#[derive(Debug, Args)]
pub(crate) struct Readers {
    /// A CloudFront distribution in front of the store; can be given several times [default: the setting `cloudfront`]
    #[arg(long, value_name = "ID")]
    pub(crate) cloudfront: Vec<String>,
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
    /// A note for the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

impl Global {
    /// What the flags of every command say about settings.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            store: self.store.clone(),
            control: self.control.clone(),
            channel: self.channel.clone(),
            base_url: self.base_url.clone(),
            concurrency: self.concurrency,
            path_style: self.path_style,
            ..Flags::default()
        }
    }
}

impl Files {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags {
            sources: self.folders.clone(),
            ignore: self.ignore.clone(),
            overlay: self.overlay,
            source_maps: self.source_maps.clone(),
            generation: self.generation,
            ..others
        }
    }
}

impl Front {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { cloudfront: self.cloudfront.clone(), purge: self.purge.clone(), wait: self.wait, ..others }
    }
}

impl Readers {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { cloudfront: self.cloudfront.clone(), ..others }
    }
}

impl Command {
    /// Whether the command can move a channel, or prepares a move: its end says whether one has moved.
    pub(crate) fn changes(&self) -> bool {
        matches!(self, Self::Publish(_) | Self::Upload(_) | Self::Activate(_) | Self::Rollback(_))
    }
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text).ok_or_else(|| "a span is a number and one of s, m, h, d, w, as in `7d`".to_owned())
}

fn account(text: &str) -> Result<String, String> {
    let is_one = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| text.to_owned()).ok_or_else(|| "an account is twelve digits, as in `123456789012`".to_owned())
}
