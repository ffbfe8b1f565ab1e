//! The function in `examples/cloudfront`, run by Node as CloudFront would run it: whatever a visitor sends, what it asks
//! the store for is there and stands for the same bytes. `lastly serve` gives the same.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use lastly::event::Silent;
use lastly::model::compression::{Encoding, Encodings, Form};
use lastly::model::layout::{Key, Name};
use lastly::prepare::compress::decompress;
use lastly::publish::Order;
use lastly::serve::serve;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{as_variants, publish, rules, shown, tree};
use crate::servers::http;
use crate::support::{Fixture, order};

const TABLE: &str = include_str!("../../fixtures/accept-encoding.txt");

/// Loads the function into a world of its own, where there is nothing but the language, and gives it each event. What
/// it gives back for the first has to be what it gives back for the second time.
const HOST: &str = r#"
const fs = require('fs'), vm = require('vm');
const world = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
vm.runInContext(fs.readFileSync(process.argv[1], 'utf8'), world);
const events = JSON.parse(fs.readFileSync(0, 'utf8'));
const answers = events.map((event) => {
  world.text = JSON.stringify(event);
  return JSON.parse(vm.runInContext('JSON.stringify(handler(JSON.parse(text)))', world));
});
process.stdout.write(JSON.stringify(answers));
"#;

fn function() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cloudfront/variants.js")
}

/// What visitors send, and what they are to get of a file that has both variants.
fn table() -> Vec<(&'static str, &'static str)> {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| line.split_once(" => ").map(|(accept, got)| (accept.trim_matches('"'), got));
    rows.map(|line| row(line).expect("each line is a row of the table")).collect()
}

/// Everything that can be said of two codings.
fn pairs() -> Vec<String> {
    let codings = ["br", "gzip", "*", "identity", "X-GZIP", "zstd"];
    let weights = ["", ";q=0", "; q=0.5", ";Q=1.0", ";q=0..5"];
    let one: Vec<String> =
        codings.iter().flat_map(|coding| weights.map(|weight| format!("{coding}{weight}"))).collect();
    one.iter().flat_map(|first| one.iter().map(move |second| format!("{first}, {second}"))).collect()
}

/// A request as CloudFront gives it to a function.
fn request(uri: &str, accept: &[&str]) -> Value {
    let mut headers = json!({ "host": { "value": "cdn.example.com" } });
    match accept {
        [] => {}
        [one] => headers["accept-encoding"] = json!({ "value": one }),
        several => {
            let values: Vec<Value> = several.iter().map(|value| json!({ "value": value })).collect();
            headers["accept-encoding"] = json!({ "value": several[0], "multiValue": values });
        }
    }
    let request = json!({ "method": "GET", "uri": uri, "querystring": {}, "headers": headers, "cookies": {} });
    json!({ "version": "1.0", "context": { "eventType": "viewer-request" }, "viewer": {}, "request": request })
}

/// What the function makes of requests.
fn answers(events: &[Value]) -> Vec<Value> {
    let mut node = Command::new("node")
        .args(["-e", HOST])
        .arg(function())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed");
    let text = serde_json::to_vec(events).expect("plain data");
    node.stdin.take().expect("it is piped").write_all(&text).expect("Node listens");
    let output = node.wait_with_output().expect("Node ends");
    assert!(output.status.success(), "Node says why on stderr");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answers.len(), events.len());
    answers
}

#[test]
fn a_function_changes_nothing_but_the_path() {
    let digits = "0123456789abcdef0123456789abcdef";
    let mut rows: Vec<(String, Vec<&str>, &str)> = Vec::new();
    for (accept, expected) in table() {
        let ending = match expected {
            "br" => ".br",
            "gzip" => ".gz",
            _ => "",
        };
        rows.push((format!("/static/css/app.{digits}-bg.css"), vec![accept], ending));
    }
    for (path, accept, ending) in [
        ("/app.DIGITS-bg.css", &[][..], ""),
        ("/app.DIGITS-bg.css", &["br;q=0", "gzip"], ".gz"),
        ("/app.DIGITS-g.css", &["br"], ""),
        ("/app.DIGITS-g.css", &["br, gzip"], ".gz"),
        ("/app.DIGITS-b.css", &["gzip, *;q=0.1"], ".br"),
        ("/LICENSE.DIGITS-bg", &["br"], ".br"),
        ("/a.min.DIGITS-bg.js", &["br"], ".br"),
        ("/a%20b/%E2%8A%97.DIGITS-bg.js", &["br"], ".br"),
        ("/app.DIGITS.css", &["br"], ""),
        ("/app.DIGITS-gb.css", &["br"], ""),
        ("/app.DIGITS-.css", &["br"], ""),
        ("/app.DIGITSa-b.css", &["br"], ""),
        ("/.DIGITS-bg.css", &["br"], ""),
        ("/mce.DIGITS-bg/app.css", &["br"], ""),
        ("/app.DIGITS-bg.css.br", &["br"], ""),
        ("/app.DIGITS-bg.css/", &["br"], ""),
        ("/index.html", &["br"], ""),
        ("/", &["br"], ""),
    ] {
        rows.push((path.replace("DIGITS", digits), accept.to_vec(), ending));
    }
    let events: Vec<Value> = rows.iter().map(|(uri, accept, _)| request(uri, accept)).collect();
    for ((event, answer), (uri, accept, ending)) in events.iter().zip(answers(&events)).zip(&rows) {
        let mut expected = event["request"].clone();
        expected["uri"] = format!("{uri}{ending}").into();
        assert_eq!(answer, expected, "{accept:?}");
        let name = Name::new(uri.trim_matches('/'));
        let has_any = name.variants() != Encodings::default();
        assert!(has_any || ending.is_empty(), "{uri}: lastly and the function read names alike");
    }
}

/// What CloudFront's runtime has not, and how large a function may be.
#[test]
fn a_function_is_one_that_cloudfront_takes() {
    let text = std::fs::read_to_string(function()).expect("the function");
    assert!(text.len() < 10_000, "{} bytes", text.len());
    for word in ["import ", "require", "async ", "await ", "eval(", "setTimeout", "fetch(", "process"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn whatever_the_function_asks_for_is_there_and_the_same() {
    for encodings in [&Encoding::ALL[..], &[Encoding::Gzip], &[Encoding::Brotli]] {
        let (fixture, tree) = (Fixture::new(), tree());
        let form = Form::Variants(Encodings::new(encodings.iter().copied()));
        let order = Order { rules: rules(form, &[]), ..order(&tree) };
        let release = shown(&fixture, publish(&fixture, &order).await.release).await;
        let mut asked = Vec::new();
        for entry in release.assets.values() {
            for (accept, _) in table() {
                asked.push((entry, accept, request(&format!("/static/{}", entry.name.in_url()), &[accept])));
            }
        }
        let events: Vec<Value> = asked.iter().map(|(.., event)| event.clone()).collect();
        for ((entry, accept, _), answer) in asked.iter().zip(answers(&events)) {
            let uri = answer["uri"].as_str().expect("a path");
            let own = fixture.inspected().get(&fixture.layout.key(&entry.name)).await.expect("a file").bytes;
            let there = fixture.inspected().get(&Key::new(&uri[1..])).await;
            let there = there.unwrap_or_else(|| panic!("{uri} is not there, asked for by {accept:?}"));
            let encoding = there.found.headers.content_encoding();
            let encoding = Encoding::ALL.into_iter().find(|known| encoding == Some(known.token()));
            let bytes = match encoding {
                Some(encoding) => decompress(&there.bytes, encoding, entry.size).expect("its encoding"),
                None => there.bytes.to_vec(),
            };
            assert_eq!(bytes, own, "{uri}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serve_gives_what_the_function_would() {
    let (fixture, tree) = (Fixture::new(), tree());
    let release = shown(&fixture, publish(&fixture, &as_variants(&tree)).await.release).await;
    let name = super::entry(&release, "css/base.css").name.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/{}", listener.local_addr().expect("it is bound"), name.in_url());
    let (stop, stopped) = oneshot::channel();
    let (store, layout) = (fixture.store.clone(), fixture.layout.clone());
    let server = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or_default() };
        serve(&*store, &layout, listener, stopped, &*Arc::new(Silent)).await
    });
    for (accept, expected) in table() {
        let answer = http("HEAD", &url, &[("Accept-Encoding", accept)], "");
        let encoding = answer.headers.get("content-encoding").map_or("identity", String::as_str);
        assert_eq!((answer.status, encoding), (200, expected), "{accept}");
        assert_eq!(answer.headers["vary"], "accept-encoding");
        assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
    }
    let accepted = pairs();
    let events: Vec<Value> = accepted.iter().map(|accept| request(&format!("/{}", name.in_url()), &[accept])).collect();
    for (accept, answer) in accepted.iter().zip(answers(&events)) {
        let uri = answer["uri"].as_str().expect("a path");
        let expected = match &uri[uri.len() - 3..] {
            ".br" => "br",
            ".gz" => "gzip",
            _ => "identity",
        };
        let answer = http("HEAD", &url, &[("Accept-Encoding", accept)], "");
        let encoding = answer.headers.get("content-encoding").map_or("identity", String::as_str);
        assert_eq!(encoding, expected, "{accept}");
    }
    let plain = http("GET", &url, &[("Accept-Encoding", "br;q=0")], "");
    assert_eq!(plain.body.as_bytes(), tree.files["css/base.css"]);
    stop.send(()).expect("it serves");
    server.await.expect("it does not panic").expect("it served");
}
