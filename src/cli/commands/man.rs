//! `lastly man`

use clap_mangen::Man;

use crate::cli::args::{self, description};
use crate::cli::error::CliError;
use crate::cli::invocation::Invocation;
use crate::cli::status::Status;
use crate::error::Result;

/// Prints a manual page as roff.
///
/// # Errors
/// There is no such command.
pub(crate) fn run(args: &args::Man, invocation: &Invocation<'_>) -> Result<Status> {
    let mut program = description();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| CliError::NoCommand(name.clone()))?;
            command.clone()
        }
    };
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff).map_err(CliError::Output)?;
    invocation.output.text(&String::from_utf8_lossy(&roff)).map_err(CliError::Output)?;
    Ok(Status::DONE)
}
