//! `lastly releases`

use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::config::schema::nearest;
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
        let near = nearest(name.as_str(), held.ledger.channels.keys().map(|name| name.as_str()));
        return Err(CliError::NoChannel { name: name.clone(), near: near.map(str::to_owned) }.into());
    }
    invocation.output.releases(&held.ledger, held.modified, only).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
