//! `doctor` and `policy` as a person sees them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::program::Program;
use crate::servers::{Bucket, MOTO};

const STORE: &str = "--store dir:site";

#[test]
fn the_doctor_looks_at_a_folder() {
    let program = Program::with_site();
    std::fs::create_dir(program.path("site")).expect("a new folder");
    assert_snapshot!(program.run(&format!("doctor {STORE}")), @r"
    --- stdout
    ok      store: it answers these credentials
    ok      missing keys: a key that is not there is told from one that is forbidden
    ok      conditional writes: they hold, also in races (tried with small objects of its own below `.lastly/`)
    ok      versions: every version is kept
    ok      ledger: there is none: nothing has been published yet
    --- status 0
    ");
    program.run(&format!("publish public {STORE}"));
    assert_snapshot!(program.run(&format!("doctor {STORE}")), @r"
    --- stdout
    ok      store: it answers these credentials
    ok      missing keys: a key that is not there is told from one that is forbidden
    ok      conditional writes: they hold, also in races (tried with small objects of its own below `.lastly/`)
    ok      versions: every version is kept
    ok      ledger: it can be read; releases: 1, channels: 1
    ok      channel live: its manifest is in step with the ledger
    --- status 0
    ");
    std::fs::remove_file(program.path("site/.lastly-store/keys/=manifest.json")).expect("it was published");
    assert_snapshot!(program.run(&format!("doctor {STORE}")), @r"
    --- stdout
    ok      store: it answers these credentials
    ok      missing keys: a key that is not there is told from one that is forbidden
    ok      conditional writes: they hold, also in races (tried with small objects of its own below `.lastly/`)
    ok      versions: every version is kept
    ok      ledger: it can be read; releases: 1, channels: 1
    bad     channel live: it has moved, but has no manifest
            change: unless somebody is at it now: `lastly activate 44ce3ea360b2821e849ffccbc719892c --channel live`
    --- stderr
    error: 1 of 6 checks found what must be changed
    --- status 5
    ");
    let told = program.json(&format!("doctor {STORE}"));
    assert_eq!((&told["v"], &told["status"], &told["error"]["kind"]), (&json!(1), &json!(5), &json!("problems")));
    let checks = told["checks"].as_array().expect("a list");
    assert_snapshot!(checks.last().expect("there are checks"), @r#"{"change":"unless somebody is at it now: `lastly activate 44ce3ea360b2821e849ffccbc719892c --channel live`","found":"it has moved, but has no manifest","verdict":"bad","what":"channel live"}"#);
}

/// A program that finds moto where AWS would be.
fn on_moto(bucket: &Bucket) -> Program {
    let mut program = Program::with_site();
    program.set("AWS_ENDPOINT_URL", &bucket.server);
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    program
}

/// A transcript without what changes from run to run: which clock is ahead, and the names of objects of the proof.
fn steady(transcript: &str) -> String {
    let mut pieces = transcript.split("/probe/");
    let first = pieces.next().unwrap_or_default().to_owned();
    let text = pieces.fold(first, |text, piece| text + "/probe/[ID]" + &piece[36..]);
    text.replace("ahead of the store", "behind the store")
}

#[tokio::test]
async fn the_doctor_looks_at_a_bucket() {
    let bucket = Bucket::fresh(MOTO).await;
    let program = on_moto(&bucket);
    let seen = steady(&program.run(&format!("doctor --store s3://{}/static", bucket.name)));
    assert_snapshot!(seen.replace(&bucket.name, "[BUCKET]"), @r#"
    --- stdout
    ok      store: it answers these credentials
    ok      missing keys: a key that is not there is told from one that is forbidden
    ok      conditional writes: they hold, also in races (tried with small objects of its own below `.lastly/static/`)
    ok      versions: every version is kept
    ok      clock: this machine is [SPAN] behind the store
    advice  bucket policy: it does not keep other tools from overwriting assets or the ledger
            change: `lastly policy bucket > policy.json && aws s3api put-bucket-policy --policy file://policy.json --bucket [BUCKET]`
    advice  lifecycle: parts of uploads that were cut off stay for ever, unseen, and are paid for
            change: `aws s3api put-bucket-lifecycle-configuration --lifecycle-configuration '{"Rules":[{"ID":"unfinished-uploads","Status":"Enabled","Filter":{"Prefix":""},"AbortIncompleteMultipartUpload":{"DaysAfterInitiation":7}}]}' --bucket [BUCKET]`
    ok      ledger: there is none: nothing has been published yet
    --- status 0
    "#);
}

#[tokio::test]
async fn the_doctor_looks_for_a_bucket_that_is_not_there() {
    let program = on_moto(&Bucket::fresh(MOTO).await);
    assert_snapshot!(steady(&program.run("doctor --store s3://no-such-bucket-here/static")), @r"
    --- stdout
    bad     store: there is no such store: the store answered 404 NoSuchBucket: The specified bucket does not exist
            change: lastly never creates a bucket: check its name and AWS_REGION
    bad     conditional writes: create `.lastly/static/probe/[ID]`: there is no such store (tried with small objects of its own below `.lastly/static/`)
            change: lastly never creates a bucket: check its name and AWS_REGION
    advice  versions: it could not be looked at with s3:GetBucketVersioning: there is no such store
    ok      clock: this machine is [SPAN] behind the store
    advice  bucket policy: it could not be looked at with s3:GetBucketPolicy: there is no such store
    advice  lifecycle: it could not be looked at with s3:GetLifecycleConfiguration: there is no such store
    advice  ledger: it could not be read: there is no such store: the store answered 404 NoSuchBucket: The specified bucket does not exist
    --- stderr
    error: 2 of 7 checks found what must be changed
    --- status 5
    ");
}

#[test]
fn a_policy_is_printed_to_be_handed_on() {
    let program = Program::new();
    program.write("lastly.toml", "store = 's3://assets/static'\n[[cloudfront]]\nid = 'E2QWRUHAPOMQZL'\n");
    assert_snapshot!(program.run("policy publisher --account 123456789012"), @r#"
    --- stdout
    {
      "Statement": [
        {
          "Action": [
            "s3:ListBucket"
          ],
          "Condition": {
            "StringLike": {
              "s3:prefix": [
                "static/*",
                ".lastly/static/*"
              ]
            }
          },
          "Effect": "Allow",
          "Resource": "arn:aws:s3:::assets",
          "Sid": "TellMissingFromForbidden"
        },
        {
          "Action": [
            "s3:PutObject",
            "s3:GetObject",
            "s3:AbortMultipartUpload"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:s3:::assets/static/*",
            "arn:aws:s3:::assets/.lastly/static/*"
          ],
          "Sid": "CreateAndCompare"
        },
        {
          "Action": "s3:DeleteObject",
          "Effect": "Allow",
          "Resource": "arn:aws:s3:::assets/static/*",
          "Sid": "TakeRemovedPagesAway"
        },
        {
          "Action": [
            "cloudfront:CreateInvalidation",
            "cloudfront:GetInvalidation"
          ],
          "Effect": "Allow",
          "Resource": [
            "arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL"
          ],
          "Sid": "InvalidateTheManifest"
        }
      ],
      "Version": "2012-10-17"
    }
    --- status 0
    "#);
    for role in ["publisher", "gc", "reader", "bucket"] {
        let policy = program.json(&format!("policy {role}"));
        assert_eq!(policy["Version"], "2012-10-17");
        let statements = policy["Statement"].as_array().expect("a list");
        let complete =
            |statement: &Value| ["Sid", "Effect", "Action", "Resource"].iter().all(|field| !statement[field].is_null());
        assert!(!statements.is_empty() && statements.iter().all(complete), "{policy}");
        let for_bucket = ["reader", "bucket"].contains(&role);
        assert!(statements.iter().all(|statement| statement["Principal"].is_null() != for_bucket), "{policy}");
    }
}

#[test]
fn a_policy_says_what_it_does_not_know() {
    let program = Program::new();
    assert_snapshot!(program.run("policy reader --store s3://assets/static"), @r#"
    --- stdout
    {
      "Statement": [
        {
          "Action": "s3:GetObject",
          "Condition": {
            "ArnLike": {
              "AWS:SourceArn": [
                "arn:aws:cloudfront::ACCOUNT:distribution/DISTRIBUTION"
              ]
            }
          },
          "Effect": "Allow",
          "Principal": {
            "Service": "cloudfront.amazonaws.com"
          },
          "Resource": "arn:aws:s3:::assets/static/*",
          "Sid": "CloudFrontReadsTheSite"
        }
      ],
      "Version": "2012-10-17"
    }
    --- stderr
    warning: `ACCOUNT` is still to be filled in; `--account` does so
    warning: `DISTRIBUTION` is still to be filled in; `--cloudfront` does so
    --- status 0
    "#);
    assert_snapshot!(program.run("policy reader --store s3://assets/static --account 12"), @r"
    --- stderr
    error: invalid value '12' for '--account <NUMBER>': an account is twelve digits, as in `123456789012`

    For more information, try '--help'.
    --- status 2
    ");
    assert_snapshot!(program.run(&format!("policy publisher {STORE}")), @r"
    --- stderr
    error: store `dir:site` is no bucket, so there is no policy for it

    hint: name the bucket with `--store s3://BUCKET/PREFIX`, or set `store` in lastly.toml
    --- status 2
    ");
}
