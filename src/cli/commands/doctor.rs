//! `lastly doctor`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::{Invocation, base};
use crate::cli::status::Status;
use crate::config::StoreAddress;
use crate::doctor::examine;
use crate::error::Result;

/// Looks at everything the site depends on.
///
/// # Errors
/// The settings are wrong, or the result could not be written; what is wrong with the site is in the status.
pub(crate) async fn run(args: &args::Doctor, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.readers.flags(invocation.global.flags()))?;
    if let StoreAddress::Directory(folder) = &settings.store
        && !folder.exists()
    {
        // To try what a store promises is to write into it, which would make the folder.
        return Err(CliError::NoFolder(folder.clone()).into());
    }
    let base = base(&settings)?;
    let distributions = invocation.distributions(&settings, base.as_ref());
    let checks = examine(&invocation.site(&settings).await, &distributions, base.as_ref()).await;
    Ok(invocation.output.checks(&checks).map_err(CliError::Output)?)
}
