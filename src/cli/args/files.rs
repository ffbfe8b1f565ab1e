//! Which files are meant, of every command that takes some.

use std::path::PathBuf;

use clap::Args;

use crate::config::Flags;

/// Which files are meant and how they are taken.
#[derive(Debug, Args)]
pub(crate) struct Tree {
    /// The folders to publish [default: the setting `sources`]
    #[arg(value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Takes the files that a list names, instead of folders; `-` is stdin
    ///
    /// The list is JSON Lines: `{"path": "css/app.css", "file": "build/app.css"}` publishes the second under the path
    /// of the first. Files are relative to the current folder, and symbolic links are followed. Ignore patterns do not
    /// apply.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folders", "ignore", "overlay"])]
    pub(crate) files_from: Option<PathBuf>,
    /// Leaves files out, in gitignore syntax; can be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) ignore: Vec<String>,
    /// Lets a later folder's file take the place of an earlier one's; else that is an error
    #[arg(long)]
    pub(crate) overlay: bool,
    /// Whether source maps are published for everyone to read: publish or exclude [default: publish]
    #[arg(long, value_name = "WHAT")]
    pub(crate) source_maps: Option<String>,
    /// Makes every reference that leads nowhere an error, not only those that break one's own pages
    #[arg(long)]
    pub(crate) strict: bool,
}

impl Tree {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags {
            sources: self.folders.clone(),
            listed: self.files_from.is_some(),
            ignore: self.ignore.clone(),
            overlay: self.overlay,
            source_maps: self.source_maps.clone(),
            strict: self.strict,
            ..others
        }
    }
}

/// Which files are meant, and under which addresses they are published.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// The files.
    #[command(flatten)]
    pub(crate) tree: Tree,
    /// Enters every address: raising it gives every asset a new URL [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<u64>,
}

impl Files {
    /// Adds what these say.
    pub(crate) fn flags(&self, others: Flags) -> Flags {
        Flags { generation: self.generation, ..self.tree.flags(others) }
    }
}
