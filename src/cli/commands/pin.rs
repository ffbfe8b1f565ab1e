//! `lastly pin` and `lastly unpin`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::gc::{pin, unpin};

/// Keeps a release whatever its age.
///
/// # Errors
/// There is no such release.
pub(crate) async fn put(args: &args::Pin, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let actor = invocation.provenance(None).actor;
    let id = pin(&invocation.site(&settings).await, &args.release, &args.reason, actor.as_deref()).await?;
    invocation.output.kept(id, "is pinned").map_err(CliError::Output)?;
    Ok(Status::DONE)
}

/// Takes a pin back.
///
/// # Errors
/// There is no such release.
pub(crate) async fn take(args: &args::Unpin, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let id = unpin(&invocation.site(&settings).await, &args.release).await?;
    invocation.output.kept(id, "is not pinned").map_err(CliError::Output)?;
    Ok(Status::DONE)
}
