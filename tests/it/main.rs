//! All tests that see lastly from outside, in one binary, for each binary links the AWS SDK once more.

mod architecture;
mod cdn;
mod docs;
mod doctor;
mod s3;
mod serve;
mod servers;
