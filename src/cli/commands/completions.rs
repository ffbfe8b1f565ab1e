//! `lastly completions`

use crate::cli::args::{Completions, description};
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;

/// Prints completions for a shell.
///
/// # Errors
/// They could not be written.
pub(crate) fn run(args: &Completions, invocation: &Invocation<'_>) -> Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut description(), "lastly", &mut script);
    invocation.output.text(&String::from_utf8_lossy(&script)).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
