//! `lastly check`

use std::path::Path;
use std::sync::Arc;

use crate::check::{Order, check};
use crate::cli::args;
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::config::Flags;
use crate::error::Result;

/// Looks at folders as a publish would.
///
/// # Errors
/// The settings are wrong, or the result could not be written; what is wrong with the files is in the status.
pub(crate) fn run(args: &args::Check, invocation: &Invocation<'_>) -> Result<Status> {
    let to_stdout = args.sarif.as_deref() == Some(Path::new("-"));
    if to_stdout && invocation.global.json {
        return Err(CliError::BothToStdout.into());
    }
    let flags = Flags { without_store: true, ..args.tree.flags(invocation.global.flags()) };
    let settings = invocation.settings(&flags)?;
    let checked = check(&Order {
        references: settings.references()?,
        rules: Arc::new(settings.rules()?),
        layout: settings.layout(),
        walk: invocation.walk(&settings, &args.tree)?,
    });
    let output = invocation.output;
    if let Some(file) = &args.sarif {
        let log = output.sarif(&checked, &invocation.directory);
        if to_stdout {
            output.text(&log).map_err(CliError::Output)?;
        } else {
            let written = std::fs::write(invocation.directory.join(file), log);
            written.map_err(|source| CliError::File { file: file.clone(), source })?;
        }
    }
    Ok(output.checked(&checked).map_err(CliError::Output)?)
}
