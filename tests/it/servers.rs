//! The servers that tests run against, and a plain HTTP client for setting them up and looking at what they got.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// The URL of a server that `localstack/servers.py` starts, from the variable it sets.
pub(crate) fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set; run the tests with: python3 localstack/servers.py run -- cargo test")
    })
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
