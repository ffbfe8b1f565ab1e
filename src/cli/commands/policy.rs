//! `lastly policy`

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::config::StoreAddress;
use crate::error::Result;
use crate::event::{Event, Problem};
use crate::policy::{Role, Scope, policy};

/// What stands in an ARN where the account or the distribution is not known, and the flag that tells it.
const PLACEHOLDERS: [(&str, &str); 2] = [(":ACCOUNT:", "--account"), ("/DISTRIBUTION\"", "--cloudfront")];

/// Prints a policy. Nothing is asked of AWS.
///
/// # Errors
/// The settings are wrong, or name no bucket.
pub(crate) fn run(args: &args::Policy, invocation: &Invocation<'_>) -> Result<Status> {
    let settings = invocation.settings(&args.readers.flags(invocation.global.flags()))?;
    let StoreAddress::S3 { bucket, .. } = &settings.store else {
        return Err(CliError::NoBucket(settings.store.to_string()).into());
    };
    let role = match args.role {
        args::Role::Publisher => Role::Publisher,
        args::Role::Gc => Role::Collector,
        args::Role::Verify => Role::Verifier,
        args::Role::Reader => Role::Reader,
        args::Role::Bucket => Role::Bucket,
    };
    let distributions: Vec<String> = settings.cloudfront.iter().map(|distribution| distribution.id.clone()).collect();
    let account = args.account.as_deref().unwrap_or("ACCOUNT");
    let scope = Scope { bucket, layout: &settings.layout(), distributions: &distributions, account };
    let document = format!("{:#}\n", policy(role, &scope));
    for (place, flag) in PLACEHOLDERS.into_iter().filter(|(place, _)| document.contains(place)) {
        let name = place.trim_matches(|c: char| !c.is_ascii_uppercase());
        let problem = Problem::warning(format!("`{name}` is still to be filled in; `{flag}` does so"));
        invocation.output.report().tell(Event::Problem(problem));
    }
    invocation.output.text(&document).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
