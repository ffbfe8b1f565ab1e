//! `lastly rollback`

use super::activate::{carry_out, order};
use crate::cli::args;
use crate::cli::invocation::Invocation;
use crate::cli::output::outcome::Deed;
use crate::cli::status::Status;
use crate::error::Result;
use crate::rollback::Destination;

/// Moves the channel back to an earlier release.
///
/// # Errors
/// The channel has not moved.
pub(crate) async fn run(args: &args::Rollback, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.change.front.flags(invocation.global.flags()))?;
    let to = args.release.clone().map_or(Destination::Before, Destination::Earlier);
    let order = order(&settings, to, &args.change, invocation);
    carry_out(Deed::Rollback, &settings, order, &args.change.manner, invocation).await
}
