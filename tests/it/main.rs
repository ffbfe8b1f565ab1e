//! The integration tests: one binary, because linking takes longer than running.

mod conformance;
mod directory;
mod faulty;
mod probe;
