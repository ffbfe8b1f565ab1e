//! `lastly publish`

use std::sync::Arc;

use super::manifest::{check_place, with_manifest_file};
use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::{Invocation, guessed, manifest};
use crate::cli::output::outcome::{Deed, Outcome};
use crate::cli::status::Status;
use crate::collect::Walk;
use crate::config::{Resolved, Settings};
use crate::error::Result;
use crate::event::Event;
use crate::publish::{Order, Target, publish};

/// Publishes folders.
///
/// # Errors
/// Nothing was published.
pub(crate) async fn run(args: &args::Publish, invocation: &Invocation<'_>) -> Result<Status> {
    check_place(&args.change.manner)?;
    let flags = args.change.front.flags(args.files.flags(invocation.global.flags()));
    let resolved = invocation.resolve(&flags)?;
    let settings = &resolved.settings;
    let name = settings.channel.clone();
    invocation.output.moves(&name);
    if name.is_live() && args.build.expires.is_some() {
        return Err(CliError::LiveExpires.into());
    }
    let target = Target::Channel {
        name: name.clone(),
        build: args.build.sequence,
        expect: args.change.expect.clone(),
        expires: args.build.expires,
    };
    let walk = invocation.walk(settings, &args.files.tree)?;
    let order = order(settings, walk, target, &args.change.manner, invocation)?;
    let site = invocation.site(settings).await;
    let published = publish(&site, &invocation.cdns(settings)?, &order).await?;
    let target = Some((name.clone(), manifest(settings, &name)));
    tell_idle(&resolved, &order, invocation);
    let ignored = order.walk.left_out.count();
    let outcome = Outcome::published(Deed::Publish, order.dry_run, published, target, ignored);
    let outcome = Outcome { guessed: guessed(settings), ..outcome };
    let outcome = with_manifest_file(outcome, &args.change.manner, settings, &site, invocation).await;
    Ok(invocation.output.outcome(&outcome))
}

/// Tells of patterns and globs that have matched no file.
pub(super) fn tell_idle(resolved: &Resolved, order: &Order, invocation: &Invocation<'_>) {
    let patterns = order.walk.left_out.idle(&order.walk.ignore);
    for problem in resolved.idle(&patterns, &order.rules.idle()) {
        invocation.output.report().tell(Event::Problem(problem));
    }
}

/// What a publish or an upload is told.
///
/// # Errors
/// A rule is none.
pub(crate) fn order(
    settings: &Settings,
    walk: Walk,
    target: Target,
    manner: &args::Manner,
    invocation: &Invocation<'_>,
) -> Result<Order> {
    Ok(Order {
        references: settings.references()?,
        walk,
        rules: Arc::new(settings.rules()?),
        generation: settings.generation,
        concurrency: settings.concurrency,
        dry_run: manner.dry_run,
        target,
        provenance: invocation.provenance(manner.message.as_deref()),
        base_url: settings.base_url.clone(),
    })
}
