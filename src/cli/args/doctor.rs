//! `lastly doctor`

use clap::Args;

use super::front::Readers;

/// Looks at everything the site depends on and says what to change
///
/// Asks bucket, ledger, clock, permissions and CloudFront distributions, whatever else fails. `ok` is as it should
/// be; `advice` works and could be better, or could not be looked at; on what is `bad`, publishing or what visitors
/// see breaks, and the exit status is 5. Small objects are written below the private prefix, and removed again, to
/// prove that conditional writes hold; nothing else is changed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lastly doctor --store s3://bucket/static --cloudfront E2QWRUHAPOMQZL
  lastly doctor --json | jq -r '.checks[] | select(.verdict != \"ok\") | .change'")]
pub(crate) struct Doctor {
    /// What reads the store.
    #[command(flatten)]
    pub(crate) readers: Readers,
}
