//! `lastly activate`

use super::manifest::{check_place, with_manifest_file};
use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::{Invocation, guessed, manifest};
use crate::cli::output::outcome::{Deed, Outcome};
use crate::cli::status::Status;
use crate::config::Settings;
use crate::error::Result;
use crate::rollback::{Destination, Order, move_channel};

/// Moves the channel to an uploaded release.
///
/// # Errors
/// The channel has not moved.
pub(crate) async fn run(args: &args::Activate, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.change.front.flags(invocation.global.flags()))?;
    if settings.channel.is_live() && args.build.expires.is_some() {
        return Err(CliError::LiveExpires.into());
    }
    let to = Destination::Uploaded(args.release.clone());
    let order = Order {
        build: args.build.sequence,
        expires: args.build.expires,
        ..order(&settings, to, &args.change, invocation)
    };
    carry_out(Deed::Activate, &settings, order, &args.change.manner, invocation).await
}

/// What a move is told.
pub(crate) fn order(settings: &Settings, to: Destination, change: &args::Change, invocation: &Invocation<'_>) -> Order {
    Order {
        channel: settings.channel.clone(),
        to,
        build: None,
        expect: change.expect.clone(),
        expires: None,
        dry_run: change.manner.dry_run,
        provenance: invocation.provenance(change.manner.message.as_deref()),
        base_url: settings.base_url.clone(),
        concurrency: settings.concurrency,
    }
}

/// Moves the channel and shows what came of it.
///
/// # Errors
/// The channel has not moved.
pub(crate) async fn carry_out(
    deed: Deed,
    settings: &Settings,
    order: Order,
    manner: &args::Manner,
    invocation: &Invocation<'_>,
) -> Result<Status> {
    check_place(manner)?;
    invocation.output.moves(&order.channel);
    let site = invocation.site(settings).await;
    let moved = move_channel(&site, &invocation.cdns(settings)?, &order).await?;
    let manifest = manifest(settings, &order.channel);
    let outcome = Outcome::moved(deed, order.dry_run, moved, order.channel, manifest);
    let outcome = Outcome { guessed: guessed(settings), ..outcome };
    let outcome = with_manifest_file(outcome, manner, settings, &site, invocation).await;
    Ok(invocation.output.outcome(&outcome))
}
