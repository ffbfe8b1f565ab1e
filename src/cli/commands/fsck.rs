//! `lastly fsck`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::verify::{fsck, rebuild};

/// Compares the ledger with the documents beside it, or makes one of them.
///
/// # Errors
/// They could not be looked at, or no ledger can be made; what is wrong with them is in the status.
pub(crate) async fn run(args: &args::Fsck, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let site = invocation.site(&settings).await;
    let shown = if args.rebuild {
        let rebuilt = rebuild(&site, settings.concurrency, args.apply).await?;
        invocation.output.rebuilt(&rebuilt, args.apply)
    } else {
        invocation.output.compared(&fsck(&site).await?)
    };
    Ok(shown.map_err(CliError::Output)?)
}
