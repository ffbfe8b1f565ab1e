//! `lastly manifest`

use bytes::Bytes;

use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::file;
use crate::cli::invocation::Invocation;
use crate::cli::output::outcome::Outcome;
use crate::cli::status::Status;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::event::{Event, Problem};
use crate::history::{HistoryError, ledger, manifest_with, public_manifest};
use crate::model::layout::Name;
use crate::site::Site;

/// Prints a manifest.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) async fn run(args: &args::Manifest, invocation: &Invocation<'_>) -> Result<Status> {
    if let Some(output) = &args.output {
        file::check(output)?;
    }
    let settings = invocation.settings(&invocation.global.flags())?;
    let site = invocation.site(&settings).await;
    let bytes = match &args.release {
        None => of_channel(&site, &settings).await?,
        Some(text) => {
            let release = ledger(&site).await?.ledger.find(text).map_err(HistoryError::Find)?;
            manifest_with(&site, &settings.channel, release, settings.base_url.as_deref()).await?
        }
    };
    match &args.output {
        None => invocation.output.text(&String::from_utf8_lossy(&bytes)).map_err(CliError::Output)?,
        Some(output) => {
            file::replace(output, &bytes).map_err(|source| CliError::File { file: output.clone(), source })?;
            invocation.output.written(output).map_err(CliError::Output)?;
        }
    }
    Ok(Status::DONE)
}

async fn of_channel(site: &Site, settings: &Settings) -> Result<Bytes> {
    if let Some(bytes) = public_manifest(site, &settings.channel).await? {
        return Ok(bytes);
    }
    let held = ledger(site).await?;
    if !held.ledger.channels.contains_key(&settings.channel) {
        return Err(CliError::no_channel(&held.ledger, &settings.channel).into());
    }
    Err(HistoryError::NoManifest(site.layout.key(&Name::manifest(&settings.channel))).into())
}

/// Checks before anything is done whether the manifest can probably be written where it was asked for.
///
/// # Errors
/// It cannot.
pub(super) fn check_place(manner: &args::Manner) -> Result<()> {
    manner.manifest_file.as_deref().map_or(Ok(()), file::check)
}

/// Writes the manifest of the release that a command has made or moved to, where it was asked to. A dry run writes
/// nothing.
pub(super) async fn with_manifest_file(
    outcome: Outcome,
    manner: &args::Manner,
    settings: &Settings,
    site: &Site,
    invocation: &Invocation<'_>,
) -> Outcome {
    let Some(file) = manner.manifest_file.as_ref().filter(|_| !outcome.dry_run) else { return outcome };
    let made = manifest_with(site, &settings.channel, outcome.release, settings.base_url.as_deref()).await;
    let written = made.map_err(Error::into_cause).and_then(|bytes| Ok(file::replace(file, &bytes)?));
    let Err(source) = written else { return Outcome { manifest_file: Some(file.clone()), ..outcome } };
    if outcome.unfinished.is_some() {
        let message = format!("the manifest was not written to `{}`: {source}", file.display());
        invocation.output.report().tell(Event::Problem(Problem::error(message)));
        return outcome;
    }
    let error = CliError::ManifestFile { file: file.clone(), moved: outcome.moved, source };
    Outcome { unfinished: Some(error.into()), ..outcome }
}
