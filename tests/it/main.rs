//! Every integration test, in one binary.

mod cdn;
mod servers;
