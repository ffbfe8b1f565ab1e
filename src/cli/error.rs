//! What can go wrong in the program itself, before and after any operation.

use std::io;
use std::path::PathBuf;

use crate::config::schema::nearest;
use crate::error::{Explain, Kind};
use crate::model::layout::ChannelName;
use crate::model::ledger::Ledger;

/// A command that cannot be carried out as it was typed, or here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// There is no folder to publish.
    #[error("no folder to publish is named")]
    NoSources,
    /// The list of files cannot be read.
    #[error("the list of files `{}` cannot be read", file.display())]
    List {
        /// Its file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Two results for one stream.
    #[error("`--sarif -` and `--json` both write to stdout")]
    BothToStdout,
    /// A result that was to go to a file.
    #[error("`{}` cannot be written", file.display())]
    File {
        /// Its file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Something that `live` cannot have.
    #[error("channel `live` cannot expire")]
    LiveExpires,
    /// A policy is asked for, but the store is a folder.
    #[error("store `{0}` is no bucket, so there is no policy for it")]
    NoBucket(String),
    /// There is no such command to describe.
    #[error("there is no command `{0}`")]
    NoCommand(String),
    /// No release was ever shown by a channel of that name.
    #[error("there is no channel `{name}`")]
    NoChannel {
        /// The name.
        name: ChannelName,
        /// A channel whose name is near.
        near: Option<String>,
    },
    /// The manifest of what has been done was to go to a file as well.
    #[error("the manifest was not written to `{}`", file.display())]
    ManifestFile {
        /// The file.
        file: PathBuf,
        /// Whether this run moved the channel.
        moved: bool,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no folder to look at.
    #[error("there is no store at `{}`", .0.display())]
    NoFolder(PathBuf),
    /// A setting that was checked when it was resolved, and still cannot be used.
    #[error("a URL among the settings cannot be used")]
    BadUrl(#[from] crate::cdn::path::BadUrl),
    /// The settings' file is there already, or cannot be written.
    #[error("`{}` cannot be written", file.display())]
    Init {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Nothing can be served there.
    #[error("`{address}` cannot be listened on")]
    Listen {
        /// Host and port.
        address: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The result could not be written.
    #[error("the result could not be written")]
    Output(#[from] io::Error),
    /// The system does not give what a program needs.
    #[error("lastly cannot begin here")]
    Begin(#[source] io::Error),
}

impl CliError {
    /// There is no channel `name` in the ledger.
    pub(crate) fn no_channel(ledger: &Ledger, name: &ChannelName) -> Self {
        let near = nearest(name.as_str(), ledger.channels.keys().map(ChannelName::as_str));
        Self::NoChannel { name: name.clone(), near: near.map(str::to_owned) }
    }
}

impl Explain for CliError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSources | Self::List { .. } | Self::LiveExpires | Self::BothToStdout => Kind::Usage,
            Self::NoBucket(_) | Self::NoCommand(_) | Self::BadUrl(_) => Kind::Usage,
            Self::Init { .. } | Self::File { .. } | Self::Listen { .. } | Self::Output(_) | Self::Begin(_) => {
                Kind::Failed
            }
            Self::NoChannel { .. } | Self::NoFolder(_) => Kind::Failed,
            Self::ManifestFile { moved, .. } => {
                if *moved {
                    Kind::Unfinished
                } else {
                    Kind::Failed
                }
            }
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoSources => "give a folder, as in `lastly publish public`, or set `sources` in lastly.toml",
            Self::BothToStdout => "name a file, as in `--sarif lastly.sarif`",
            Self::LiveExpires => "leave `--expires` out, or name another channel with `--channel`",
            Self::NoBucket(_) => "name the bucket with `--store s3://BUCKET/PREFIX`, or set `store` in lastly.toml",
            Self::NoCommand(_) => "`lastly --help` lists the commands",
            Self::Init { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                "it is there already; `lastly config` shows what it sets"
            }
            Self::Init { source, .. } if source.kind() == io::ErrorKind::NotFound => "make its folder first",
            Self::NoChannel { near: Some(near), .. } => return vec![format!("did you mean `{near}`?")],
            Self::NoChannel { near: None, .. } => "`lastly releases` lists the channels",
            Self::NoFolder(_) => "check `--store`; the first publish makes the folder",
            Self::ManifestFile { .. } => "`lastly manifest ID --output FILE` writes it too",
            Self::Listen { .. } => "choose another address with `--host` and `--port`; port 0 takes any that is free",
            Self::List { .. }
            | Self::BadUrl(_)
            | Self::Init { .. }
            | Self::File { .. }
            | Self::Output(_)
            | Self::Begin(_) => {
                return Vec::new();
            }
        };
        vec![hint.to_owned()]
    }
}
