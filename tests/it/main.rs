//! All tests that see lastly from outside, in one binary, for each binary links the AWS SDK once more.

mod cdn;
mod docs;
mod s3;
mod serve;
mod servers;
