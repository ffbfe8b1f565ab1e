//! `lastly restore`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::publish::restore;

/// Keeps a release again that a collection has dropped.
///
/// # Errors
/// Something of it is gone.
pub(crate) async fn run(args: &args::Restore, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let id = restore(&invocation.site(&settings).await, &args.release).await?;
    invocation.output.kept(id, "is kept, and no channel has moved").map_err(CliError::Output)?;
    Ok(Status::DONE)
}
