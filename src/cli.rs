//! The program `lastly`: what is typed, what is done for it, and what is shown of that.
//!
//! [`run`] reads the command line and hands it to one of the files in `commands/`; each resolves the settings, wires
//! store, CDN and clock, calls one operation and hands the result to `output/`.

mod args;
mod commands;
mod error;
mod file;
mod invocation;
mod output;
mod run;
mod status;

pub use args::description;
pub use run::run;
