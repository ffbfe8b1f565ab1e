//! `lastly diff`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::history::{ledger, release};

/// Shows what differs between two releases.
///
/// # Errors
/// One of them is not there, or cannot be read.
pub(crate) async fn run(args: &args::Diff, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let site = invocation.site(&settings).await;
    let held = ledger(&site).await?;
    let (earlier, before) = release(&site, &held, &args.earlier).await?;
    let (later, after) = release(&site, &held, &args.later).await?;
    invocation.output.difference((earlier, &before), (later, &after)).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
