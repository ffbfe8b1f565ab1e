//! Ctrl-C: a quick end with an honest last line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use insta::assert_snapshot;

use crate::program::Program;

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("there is a `kill`");
    assert!(sent.success());
}

/// Something that takes connections and never answers.
fn silent_server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.local_addr().expect("it is bound"));
    (server, url)
}

/// Runs a command until it has asked `server` something, then presses Ctrl-C.
fn interrupted(program: &Program, arguments: &str, server: &TcpListener) -> String {
    let child = program.start(arguments);
    let (mut connection, _) = server.accept().expect("the program asks");
    connection.read_exact(&mut [0; 4]).expect("it says something");
    interrupt(&child);
    program.transcript(&child.wait_with_output().expect("it ends"))
}

#[test]
fn before_the_channel_moves() {
    let mut program = Program::with_site();
    let (server, url) = silent_server();
    program.set("AWS_ENDPOINT_URL", url);
    program.set("AWS_ACCESS_KEY_ID", "someone");
    program.set("AWS_SECRET_ACCESS_KEY", "something");
    assert_snapshot!(interrupted(&program, "publish public --store s3://bucket/static", &server), @r"
    --- stderr
    interrupted: the channel has not moved; the same command finishes the work
    --- status 130
    ");
    assert_snapshot!(interrupted(&program, "releases --store s3://bucket/static", &server), @r"
    --- stderr
    interrupted
    --- status 130
    ");
}

#[test]
fn after_the_channel_has_moved() {
    let program = Program::with_site();
    let (server, url) = silent_server();
    let transcript = interrupted(&program, &format!("publish public --store dir:site --purge {url}"), &server);
    assert_snapshot!(transcript, @r"
    --- stderr
    interrupted: the channel has moved, and not all has followed; the same command finishes the work
    --- status 130
    ");
    let transcript = interrupted(&program, &format!("publish public --store dir:site --purge {url} --json"), &server);
    assert!(transcript.contains("\"moved\":false") && transcript.contains("\"kind\":\"interrupted\""), "{transcript}");
}

#[test]
fn serving_ends_with_it() {
    let program = Program::with_site();
    program.run("publish public --store dir:site");
    let mut child = program.start("serve --store dir:site --port 0 --json");
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
    stdout.read_line(&mut line).expect("a line");
    let url = serde_json::from_str::<serde_json::Value>(&line).expect("an object")["url"].take();
    let host = url.as_str().and_then(|url| url.strip_prefix("http://")).expect("a URL").trim_end_matches('/');
    let mut visitor = TcpStream::connect(host).expect("it is served");
    write!(visitor, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("it listens");
    let mut answer = String::new();
    visitor.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("<title>one</title>\n"), "{answer}");
    interrupt(&child);
    assert_snapshot!(program.transcript(&child.wait_with_output().expect("it ends")), @r"
    --- stderr
    200  GET /
    --- status 0
    ");
}
