//! kill -9 at every request of a real run against a real server. The request that was under way still arrives, later,
//! while the same command is already at work again.

use std::time::Duration;

use lastly::model::layout::Key;
use lastly::store::Store;
use serde_json::Value;

use crate::program::Program;
use crate::servers::{Bucket, MOTO, request};

/// How long the request that a kill interrupts is on its way.
const DELAY: Duration = Duration::from_millis(600);

const OLD: &str = "body { color: black }\n";
const NEW: &str = "body { color: white }\n";

struct Run {
    program: Program,
    bucket: Bucket,
    command: String,
}

impl Run {
    /// A bucket that shows one release, and a folder that has changed since: an asset, a page, one page more, one
    /// less.
    async fn begin() -> Self {
        let bucket = Bucket::fresh(MOTO).await;
        let mut program = Program::with_site();
        program.set("AWS_ENDPOINT_URL", &bucket.server);
        program.set("AWS_ACCESS_KEY_ID", "test");
        program.set("AWS_SECRET_ACCESS_KEY", "test");
        program.set("AWS_REGION", "us-east-1");
        program.write("public/css/app.css", OLD);
        program.write("public/old.html", "old");
        let command = format!("publish public --concurrency 1 --store s3://{}/static", bucket.name);
        let first = program.run(&command);
        assert!(first.contains("--- status 0"), "{first}");
        program.write("public/css/app.css", NEW);
        program.write("public/index.html", "<!doctype html><title>two</title>\n");
        program.write("public/new.html", "new");
        std::fs::remove_file(program.path("public/old.html")).expect("it was just written");
        Self { program, bucket, command }
    }

    async fn text(&self, key: &str) -> Option<String> {
        let fetched = self.bucket.store().await.get(&Key::new(key)).await.expect("moto answers");
        fetched.map(|fetched| String::from_utf8(fetched.bytes.to_vec()).expect("a text"))
    }

    /// The stylesheet that the manifest names. Everything that it names is there.
    async fn style(&self) -> String {
        let manifest = self.text("static/manifest.json").await.expect("there is always a manifest");
        let manifest: Value = serde_json::from_str(&manifest).expect("and it is whole");
        let paths = manifest["paths"].as_object().expect("paths");
        for name in paths.values().filter(|name| !name.as_str().is_some_and(|name| name.ends_with(".html"))) {
            let key = format!("static/{}", name.as_str().expect("a name"));
            assert!(self.text(&key).await.is_some(), "the manifest names {key}, which is not there");
        }
        let style = paths["css/app.css"].as_str().expect("a name");
        self.text(&format!("static/{style}")).await.expect("it was just there")
    }

    async fn is_finished(&self) {
        assert_eq!(self.style().await, NEW);
        let page = self.text("static/index.html").await;
        assert_eq!(page.as_deref(), Some("<!doctype html><title>two</title>\n"));
        assert_eq!(self.text("static/new.html").await.as_deref(), Some("new"));
        assert_eq!(self.text("static/old.html").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_any_request_the_manifest_is_whole_and_the_same_command_finishes() {
    let mut kills = 0;
    loop {
        let run = Run::begin().await;
        let delay = DELAY.as_millis();
        run.bucket.fault(&format!(r#"{{"mode": "delay", "after": {kills}, "ms": {delay}}}"#)).await;
        let mut child = run.program.start(&run.command);
        let faults = format!("{}/_lastly/faults?path=/{}", run.bucket.server, run.bucket.name);
        let ended = loop {
            // A fault is gone as soon as its request has come in.
            if !request("GET", &faults, "").await.contains("delay") {
                break None;
            }
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break Some(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        if let Some(status) = ended {
            assert!(status.success(), "{status}");
            break;
        }
        child.kill().expect("it runs");
        child.wait().expect("it was killed");
        kills += 1;

        let style = run.style().await;
        assert!(style == OLD || style == NEW, "{style}");
        let again = run.program.run(&run.command);
        assert!(again.contains("--- status 0"), "killed at request {kills}: {again}");
        run.is_finished().await;
        // What was on its way has arrived by now, and has changed nothing.
        tokio::time::sleep(DELAY).await;
        run.is_finished().await;
    }
    assert!(kills >= 12, "a publish makes more requests than {kills}");
}
