//! The tests that run lastly against real servers and files, in one binary.

mod s3;
mod servers;
