//! `lastly upload`

use super::manifest::{check_place, with_manifest_file};
use super::publish::{order, tell_idle};
use crate::cli::args;
use crate::cli::invocation::Invocation;
use crate::cli::output::outcome::{Deed, Outcome};
use crate::cli::status::Status;
use crate::error::Result;
use crate::publish::{Target, publish};

/// Uploads folders and keeps the release.
///
/// # Errors
/// There is no such release now.
pub(crate) async fn run(args: &args::Upload, invocation: &Invocation<'_>) -> Result<Status> {
    check_place(&args.manner)?;
    let resolved = invocation.resolve(&args.files.flags(invocation.global.flags()))?;
    let settings = &resolved.settings;
    let walk = invocation.walk(settings, &args.files.tree)?;
    let order = order(settings, walk, Target::Staged, &args.manner, invocation)?;
    let site = invocation.site(settings).await;
    let published = publish(&site, &[], &order).await?;
    tell_idle(&resolved, &order, invocation);
    let ignored = order.walk.left_out.count();
    let outcome = Outcome::published(Deed::Upload, order.dry_run, published, None, ignored);
    let outcome = with_manifest_file(outcome, &args.manner, settings, &site, invocation).await;
    Ok(invocation.output.outcome(&outcome))
}
