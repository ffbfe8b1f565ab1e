//! The servers that `localstack/servers.py run -- COMMAND` starts: where they are, and a fresh bucket on one of them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lastly::clock::{Clock, SystemClock};
use lastly::store::s3::{S3Options, S3Store};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// The variable with moto's URL.
pub(crate) const MOTO: &str = "LASTLY_TEST_MOTO";

/// The URL of a server that `localstack/servers.py` starts, from the variable it sets.
pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set; run the tests with: python3 localstack/servers.py run -- cargo test")
    })
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::default())
}

/// A bucket that keeps versions, with nothing in it.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// The server's URL.
    pub(crate) server: String,
    /// The bucket's name.
    pub(crate) name: String,
}

impl Bucket {
    /// Makes one on the server whose URL the variable holds.
    pub(crate) async fn fresh(variable: &str) -> Self {
        let bucket = Self { server: server(variable), name: format!("lastly-{}", clock().fresh_id().simple()) };
        bucket.ask("PUT", "", "").await;
        let versioning = r#"<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Status>Enabled</Status></VersioningConfiguration>"#;
        bucket.ask("PUT", "?versioning", versioning).await;
        bucket
    }

    /// How to reach it; a request is sent at most three times.
    pub(crate) fn options(&self) -> S3Options {
        let endpoint = Some(self.server.clone());
        S3Options { endpoint, attempts: Some(3), ..S3Options::new(&self.name) }
    }

    /// The bucket as a store.
    pub(crate) async fn store(&self) -> S3Store {
        S3Store::open(self.options(), clock()).await
    }

    /// Sends a request of the bucket's own, `what` being a key or a query, and gives the answer's body.
    pub(crate) async fn ask(&self, method: &str, what: &str, body: &str) -> String {
        let slash = if what.starts_with('?') || what.is_empty() { "" } else { "/" };
        request(method, &format!("{}/{}{slash}{what}", self.server, self.name), body).await
    }

    /// Has moto do something to some of the coming requests for this bucket: `fault` is JSON as in
    /// `localstack/README.md`, without its path.
    pub(crate) async fn fault(&self, fault: &str) {
        let rest = fault.strip_prefix('{').expect("it is a JSON object");
        let fault = format!(r#"{{"path": "/{}", {rest}"#, self.name);
        request("POST", &format!("{}/_lastly/faults", self.server), &fault).await;
    }
}

/// A server that gives these answers, one for each connection, and closes it. Gives its URL.
pub(crate) async fn canned(answers: Vec<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        for answer in answers {
            let (stream, _) = listener.accept().await.expect("it listens");
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.expect("it is text") > 2 {
                line.clear();
            }
            stream.write_all(answer.as_bytes()).await.expect("it is awaited");
        }
    });
    url
}

/// Sends a request, and gives the answer's body; any answer but success is a panic.
pub(crate) async fn request(method: &str, url: &str, body: &str) -> String {
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder().method(method).uri(url).body(Full::from(body.to_owned())).expect("it is sound");
    let answer = client.request(request).await.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap_or_else(|error| panic!("{method} {url}: {error}")).to_bytes();
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(status.is_success(), "{method} {url}: {status}: {body}");
    body
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers, by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

/// Sends a request to `http://host:port/path` over a connection of its own; the path goes out as it is written.
pub(crate) fn http(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (host, path) = url.strip_prefix("http://").and_then(|url| url.split_once('/')).expect("http://host:port/path");
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}");
    let mut connection = TcpStream::connect(host).expect("the server listens");
    write!(connection, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server takes the request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("the server answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}
