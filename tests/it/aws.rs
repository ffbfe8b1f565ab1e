//! The program against S3 and CloudFront.

use insta::assert_snapshot;
use serde_json::json;

use crate::cdn::Ground;
use crate::program::Program;
use crate::servers::{Bucket, MOTO};

#[tokio::test]
async fn the_whole_command_line() {
    let (bucket, distribution) = (Bucket::fresh(MOTO).await, Ground::new());
    let mut program = Program::with_site();
    program.set("AWS_ENDPOINT_URL", &bucket.server);
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    let site = format!(
        "--store s3://{}/static --control private --cloudfront {} --base-url https://cdn.example.com/static --channel next",
        bucket.name, distribution.id
    );

    let planned = program.json(&format!("publish public {site} --sequence 7 --expect none --dry-run"));
    assert_eq!((&planned["moved"], &planned["new"]), (&json!(false), &json!(3)));
    let asked: Vec<&String> = planned["requests"].as_object().expect("an object").keys().collect();
    assert_eq!(asked, ["get", "head"], "a dry run writes nothing");

    let published = program.json(&format!("publish public {site} --sequence 7 --expect none"));
    assert_eq!(published["error"], json!(null), "{published}");
    assert_eq!([&published["moved"], &published["sequence"], &published["new"]], [&json!(true), &json!(7), &json!(3)]);
    assert_eq!(
        published["manifest"],
        json!({"key": "static/channels/next/manifest.json", "url": "https://cdn.example.com/static/channels/next/manifest.json"})
    );
    let told = &published["invalidations"][0];
    assert_eq!(told["path"], "/static/channels/next/manifest.json");
    assert!(told["id"].is_string() && told["completed"].is_boolean() && told["guessed"] == false, "{told}");
    assert_eq!(distribution.invalidations(), 1);

    let again = program.json(&format!("publish public {site} --sequence 7"));
    assert_eq!((&again["moved"], &again["requests"]), (&json!(false), &json!({"get": 1, "head": 1})));
    assert_eq!(distribution.invalidations(), 1);

    let unsaid = format!("--store s3://{}/other --cloudfront {}", bucket.name, distribution.id);
    let said = program.run(&format!("publish public {unsaid}"));
    let hint = format!("hint: the path on {0} is a guess: `--cloudfront {0}:/PATH`", distribution.id);
    assert!(said.contains("invalidated /other/manifest.json on ") && said.contains(&hint), "{said}");
    let said = program.run(&format!("publish public {unsaid}:/other --channel next"));
    assert!(said.contains("invalidated /channels/next/manifest.json on ") && !said.contains("hint"), "{said}");
}

#[tokio::test]
async fn a_bucket_that_is_not_there() {
    let bucket = Bucket::fresh(MOTO).await;
    let mut program = Program::with_site();
    program.set("AWS_ENDPOINT_URL", &bucket.server);
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    assert_snapshot!(program.run("publish public --store s3://no-such-bucket-here/static"), @r"
    --- stderr
    error: the ledger could not be reached
    caused by: get `.lastly/static/ledger.json`: there is no such store
    caused by: the store answered 404 NoSuchBucket: The specified bucket does not exist

    hint: lastly never creates a bucket: check its name and AWS_REGION
    the channel has not moved
    --- status 1
    ");
}
