//! `lastly verify`

use crate::cdn::visitor::Visitor;
use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::config::schema::nearest;
use crate::error::Result;
use crate::history::ledger;
use crate::verify::{Deep, Order, verify};

/// Verifies what is kept.
///
/// # Errors
/// It could not be looked at; what is wrong with it is in the status.
pub(crate) async fn run(args: &args::Verify, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.flags(invocation.global.flags()))?;
    let visitor = |url: &String| Visitor::new(url, invocation.clock.clone()).map_err(CliError::BadUrl);
    let visitor = args.live.as_ref().map(visitor).transpose()?;
    let deep = if args.deep {
        Some(Deep { references: settings.references()?, generation: settings.generation })
    } else {
        None
    };
    let channel = invocation.global.channel.as_ref().map(|_| settings.channel.clone());
    let site = invocation.site(&settings).await;
    if let Some(name) = &channel {
        let known = ledger(&site).await?.ledger.channels;
        if !known.contains_key(name) {
            let near = nearest(name.as_str(), known.keys().map(|name| name.as_str())).map(str::to_owned);
            return Err(CliError::NoChannel { name: name.clone(), near }.into());
        }
    }
    let order = Order {
        releases: args.releases.clone(),
        channel,
        deep,
        live: visitor.map(|visitor| (visitor, settings.channel.clone())),
        concurrency: settings.concurrency,
    };
    let verified = verify(&site, &order).await?;
    Ok(invocation.output.verified(&verified).map_err(CliError::Output)?)
}
