//! Stores that do not answer: what is said of them, and what is known of the channel then.

use serde_json::json;

use crate::program::Program;
use crate::servers::{Bucket, MOTO, request};

/// A site whose environment names a server and no other settings of AWS.
fn site(server: &str) -> Program {
    let mut program = Program::with_site();
    program.set("AWS_ENDPOINT_URL", server);
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    program.set("AWS_MAX_ATTEMPTS", "2");
    program
}

#[test]
fn a_server_that_is_down_is_named() {
    let program = site("http://127.0.0.1:1");
    let said = program.run("releases --store s3://abc/static");
    assert!(said.contains("caused by: no answer from http://127.0.0.1:1\n"), "{said}");
    assert!(said.ends_with("--- status 1\n"), "{said}");
}

#[test]
fn without_a_region_it_is_said_how_to_set_one() {
    let mut program = Program::with_site();
    program.set("AWS_ACCESS_KEY_ID", "test");
    program.set("AWS_SECRET_ACCESS_KEY", "test");
    program.set("AWS_EC2_METADATA_DISABLED", "true");
    let said = program.run("releases --store s3://abc/static");
    assert!(said.contains("no region is set") && said.contains("hint: set AWS_REGION"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_commit_nobody_knows_and_the_same_command_finds_out() {
    let bucket = Bucket::fresh(MOTO).await;
    let program = site(&bucket.server);
    let command = format!("publish public --store s3://{}/static", bucket.name);
    let first = program.run(&command);
    assert!(first.ends_with("--- status 0\n"), "{first}");
    program.write("public/css/app.css", "body { color: white }\n");

    // The registration is answered, the commit is carried out and not answered; after that nobody can look.
    let ledger = format!("/{}/.lastly/static/ledger.json", bucket.name);
    for (mode, method) in [("lose", "PUT"), ("refuse", "GET")] {
        let what = format!(r#""mode": "{mode}", "method": "{method}", "after": 1, "count": null"#);
        bucket.fault(&format!(r#"{{"path": "{ledger}", {what}}}"#)).await;
    }
    let unknown = program.json(&command);
    assert_eq!((&unknown["status"], &unknown["moved"], &unknown["channel"]), (&json!(6), &json!(null), &json!("live")));
    request("DELETE", &format!("{}/_lastly/faults?path=/{}", bucket.server, bucket.name), "").await;
    let settled = program.json(&command);
    assert_eq!((&settled["status"], &settled["sequence"]), (&json!(0), &json!(2)), "{settled}");
}
