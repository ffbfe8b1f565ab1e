//! Every integration test, in one binary.

mod cdn;
mod serve;
mod servers;
