//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::config::Flags;

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
