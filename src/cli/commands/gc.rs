//! `lastly gc`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::gc::collect;

/// Collects garbage, or says what would go.
///
/// # Errors
/// The site cannot be collected as it is. Versions that could not be deleted are in the status.
pub(crate) async fn run(args: &args::Gc, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.flags(invocation.global.flags()))?;
    let order = args.order(&settings.gc, settings.concurrency);
    let collected = collect(&invocation.site(&settings).await, &order).await?;
    Ok(invocation.output.collected(collected, args.apply).map_err(CliError::Output)?)
}
