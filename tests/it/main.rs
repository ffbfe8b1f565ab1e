//! All tests that see lastly from outside, in one binary, for each binary links the AWS SDK once more.

mod architecture;
mod aws;
mod cdn;
mod check;
mod cli;
mod conformance;
mod directory;
mod docs;
mod doctor;
mod examine;
mod failures;
mod faults;
mod faulty;
mod formats;
mod gc;
mod github;
mod interrupt;
mod json;
mod killed;
mod listed;
mod manifest;
mod mistakes;
#[path = "../model/mod.rs"]
mod model;
mod packages;
mod probe;
mod program;
mod publish;
mod s3;
mod sealed;
mod serve;
mod servers;
#[path = "../sim/mod.rs"]
mod sim;
mod support;
mod unanswered;
mod verify;
