//! `lastly show`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::history::{ledger, release};

/// Shows what a release holds.
///
/// # Errors
/// There is no such release, or it cannot be read.
pub(crate) async fn run(args: &args::Show, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let site = invocation.site(&settings).await;
    let held = ledger(&site).await?;
    let (id, release) = release(&site, &held, &args.release).await?;
    invocation.output.release(id, &release, &site.layout).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
