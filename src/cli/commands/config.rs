//! `lastly config`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;

/// Shows every setting with its value and where it comes from.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn run(args: &args::Config, invocation: &Invocation<'_>) -> Result<Status> {
    let flags = args.front.flags(args.files.flags(invocation.global.flags()));
    let resolved = invocation.resolve(&flags)?;
    invocation.output.settings(&resolved).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
