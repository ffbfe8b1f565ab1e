//! `lastly policy`

use clap::{Args, ValueEnum};

use super::front::Readers;

/// Prints a least-privilege IAM or bucket policy for the site, as JSON
///
/// It is made from the settings alone: nothing is asked of AWS and nothing is changed. With `--json` the document
/// is the same, for it is to be handed on as it is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aws iam put-role-policy --role-name deploy --policy-name lastly \\
    --policy-document \"$(lastly policy publisher --account 123456789012)\"
  lastly policy bucket --store s3://bucket/static > policy.json")]
pub(crate) struct Policy {
    /// Whose policy
    #[arg(value_name = "WHOSE")]
    pub(crate) role: Role,
    /// What reads the store.
    #[command(flatten)]
    pub(crate) readers: Readers,
    /// The AWS account that the distributions belong to: twelve digits [default: the placeholder ACCOUNT]
    #[arg(long, value_name = "NUMBER", value_parser = account)]
    pub(crate) account: Option<String>,
}

/// Whose policy is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// For whoever publishes: an IAM policy
    Publisher,
    /// For whoever collects garbage: an IAM policy
    Gc,
    /// For whoever runs `verify` and `fsck`: an IAM policy; `reader` is not enough, for it shows nothing private
    Verify,
    /// Lets CloudFront read the site, by origin access control: a bucket policy
    Reader,
    /// Refuses unconditional writes and plain HTTP to everybody: a bucket policy
    Bucket,
}

fn account(text: &str) -> Result<String, String> {
    let is_one = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| text.to_owned()).ok_or_else(|| "an account is twelve digits, as in `123456789012`".to_owned())
}
