//! All tests that see lastly from outside, in one binary, for each binary links the AWS SDK once more.

mod cdn;
mod conformance;
mod directory;
mod docs;
mod faulty;
mod probe;
mod s3;
mod serve;
mod servers;
