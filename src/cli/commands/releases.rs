//! `lastly releases`

use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;
use crate::history::ledger;

/// Lists the kept releases.
///
/// # Errors
/// There are none, or they cannot be read.
pub(crate) async fn run(invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&invocation.global.flags())?;
    let only = invocation.global.channel.as_ref().map(|_| &settings.channel);
    let held = ledger(&invocation.site(&settings).await).await?;
    if let Some(name) = only.filter(|name| !held.ledger.channels.contains_key(*name)) {
        return Err(CliError::no_channel(&held.ledger, name).into());
    }
    invocation.output.releases(&held.ledger, held.modified, only).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
