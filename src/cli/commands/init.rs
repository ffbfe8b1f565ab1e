//! `lastly init`

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::config::template;
use crate::error::Result;

/// Writes a settings file that sets nothing yet; never over one that is there.
///
/// # Errors
/// The file is there already, or cannot be written.
pub(crate) fn run(invocation: &Invocation<'_>) -> Result<Status> {
    let file = invocation.global.config.as_deref().unwrap_or(Path::new("lastly.toml"));
    let written = File::create_new(file).and_then(|mut file| file.write_all(template().as_bytes()));
    written.map_err(|source| CliError::Init { file: file.to_owned(), source })?;
    invocation.output.initialized(file).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
