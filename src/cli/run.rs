//! From the command line to the exit status.

use std::ffi::OsString;
use std::future::pending;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use tokio::runtime;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Color, Command, Global, Program};
use super::commands;
use super::error::CliError;
use super::invocation::Invocation;
use super::output::{ColorChoice, Github, Look, Output, Volume, command_line};
use super::status::Status;
use crate::clock::SystemClock;
use crate::config::Environment;
use crate::error::Result;
use crate::refs::js::{PARSING_STACK, has_parsing_stack};

/// Runs the program: `arguments` begin with its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let program = match Program::try_parse_from(&arguments) {
        Ok(program) => program,
        Err(said) => return command_line(&said, arguments.iter().any(|argument| argument == "--json")).into(),
    };
    let clock = Arc::new(SystemClock::default());
    let directory = std::env::current_dir();
    let github = directory.as_ref().ok().and_then(|directory| github(environment, directory));
    let output = Output::new(look(&program, github), clock.clone());
    let done = directory.map_err(|error| CliError::Begin(error).into()).and_then(|directory| {
        let invocation = Invocation { global: &program.global, environment, directory, clock, output: &output };
        carry_out(&program.command, &invocation)
    });
    done.unwrap_or_else(|error| output.failure(&error)).into()
}

fn look(program: &Program, github: Option<Github>) -> Look {
    let Global { json, quiet, verbose, color, no_progress, .. } = program.global;
    Look {
        json,
        volume: match (quiet, verbose) {
            (true, _) => Volume::Quiet,
            (false, 0) => Volume::Normal,
            (false, _) => Volume::Verbose,
        },
        color: match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        },
        progress: !no_progress,
        github,
        changes: program.command.changes(),
    }
}

fn github(environment: &Environment, directory: &std::path::Path) -> Option<Github> {
    let file = |name| environment.path(name).map(ToOwned::to_owned);
    (environment.text("GITHUB_ACTIONS") == Some("true")).then(|| Github {
        summary: file("GITHUB_STEP_SUMMARY"),
        outputs: file("GITHUB_OUTPUT"),
        workspace: file("GITHUB_WORKSPACE"),
        directory: directory.to_owned(),
    })
}

/// Commands that ask a store get a runtime; the others begin and end without one.
fn carry_out(command: &Command, invocation: &Invocation<'_>) -> Result<Status> {
    if matches!(command, Command::Publish(_) | Command::Upload(_) | Command::Check(_)) {
        give_parsers_room();
    }
    match command {
        Command::Publish(args) => wait(invocation, commands::publish::run(args, invocation)),
        Command::Upload(args) => wait(invocation, commands::upload::run(args, invocation)),
        Command::Check(args) => commands::check::run(args, invocation),
        Command::Activate(args) => wait(invocation, commands::activate::run(args, invocation)),
        Command::Rollback(args) => wait(invocation, commands::rollback::run(args, invocation)),
        Command::Releases => wait(invocation, commands::releases::run(invocation)),
        Command::Show(args) => wait(invocation, commands::show::run(args, invocation)),
        Command::Diff(args) => wait(invocation, commands::diff::run(args, invocation)),
        Command::Manifest(args) => wait(invocation, commands::manifest::run(args, invocation)),
        Command::Gc(args) => wait(invocation, commands::gc::run(args, invocation)),
        Command::Pin(args) => wait(invocation, commands::pin::put(args, invocation)),
        Command::Unpin(args) => wait(invocation, commands::pin::take(args, invocation)),
        Command::Restore(args) => wait(invocation, commands::restore::run(args, invocation)),
        Command::Verify(args) => wait(invocation, commands::verify::run(args, invocation)),
        Command::Fsck(args) => wait(invocation, commands::fsck::run(args, invocation)),
        Command::Serve(args) => on_runtime(commands::serve::run(args, invocation)),
        Command::Doctor(args) => wait(invocation, commands::doctor::run(args, invocation)),
        Command::Policy(args) => commands::policy::run(args, invocation),
        Command::Init => commands::init::run(invocation),
        Command::Config(args) => commands::config::run(args, invocation),
        Command::Completions(args) => commands::completions::run(args, invocation),
        Command::Man(args) => commands::man::run(args, invocation),
    }
}

/// Gives the threads that read files large stacks, of which only what a parse needs is ever touched. Where the system
/// does not grant them, they have small ones, and files that are nested deeply get threads of their own.
fn give_parsers_room() {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(PARSING_STACK).start_handler(|_| has_parsing_stack());
    // A pool that is there already serves as well.
    let _ = pool.build_global();
}

/// Runs a command to its end, or to a signal: whatever is under way is dropped then, which the protocol allows at any
/// moment.
fn wait(invocation: &Invocation<'_>, command: impl Future<Output = Result<Status>>) -> Result<Status> {
    on_runtime(async {
        tokio::select! {
            end = command => end,
            () = told_to_stop() => Ok(invocation.output.interrupted()),
        }
    })
}

/// Waits for Ctrl-C, or for the signal by which pipelines and init systems end a program.
async fn told_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            Ok(()) = ctrl_c() => {}
            Some(()) = terminate.recv() => {}
            else => pending().await,
        },
        Err(_) => pending().await,
    }
}

/// Runs a command to its end, and waits for nothing that it leaves behind.
fn on_runtime(command: impl Future<Output = Result<Status>>) -> Result<Status> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::Begin)?;
    let end = runtime.block_on(command);
    runtime.shutdown_background();
    end
}
