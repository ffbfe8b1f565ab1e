//! The program: read the environment, run, exit.

use std::process::ExitCode;

use lastly::cli::run;
use lastly::config::Environment;

fn main() -> ExitCode {
    run(std::env::args_os(), &Environment::of_process())
}
