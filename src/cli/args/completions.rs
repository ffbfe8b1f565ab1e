//! `lastly completions`

use clap::Args;

/// Prints completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly completions bash > ~/.local/share/bash-completion/completions/lastly
  lastly completions zsh > ~/.zfunc/_lastly")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}
