//! `lastly check`

use std::path::PathBuf;

use clap::Args;

use super::files::Tree;

/// Finds every reference that leads nowhere, and whatever else a publish would refuse or warn of
///
/// Looks at the files as `publish` would, with the same settings, but asks no store and writes nothing. Warnings leave
/// the exit status at 0; with errors it is 5.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly check public
  lastly check public --strict --sarif lastly.sarif
  find-assets | lastly check --files-from -
  lastly check --json | jq -r '.problems[] | \"\\(.file):\\(.line): \\(.code)\"'")]
pub(crate) struct Check {
    /// The files.
    #[command(flatten)]
    pub(crate) tree: Tree,
    /// Writes the problems to a file for code scanning and editors, as SARIF 2.1.0; `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) sarif: Option<PathBuf>,
}
