//! The site as visitors see it, served well and badly.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};
use lastly::cdn::visitor::Visitor;
use lastly::clock::SystemClock;
use lastly::event::{Level, Silent};
use lastly::model::layout::ChannelName;
use lastly::serve::serve;
use lastly::verify::{Order, Verified, What};
use tokio::net::TcpListener;

use super::{deeply, entry, run, shallow, tree};
use crate::support::Fixture;
use crate::support::host::{Answer, Flaw, host};

fn asking(url: &str, order: Order) -> Order {
    let visitor = Visitor::new(url, Arc::new(SystemClock::default())).expect("a URL");
    Order { live: Some((visitor, ChannelName::live())), ..order }
}

async fn seen(flaw: Flaw) -> (Fixture, Verified) {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let url = host(fixture.store.clone(), fixture.layout.clone(), flaw).await;
    let verified = run(&fixture, &asking(&url, deeply())).await;
    (fixture, verified)
}

fn set(answer: &mut Answer, name: &'static str, value: &'static str) {
    answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
}

#[tokio::test]
async fn what_is_served_as_it_is_stored_is_right() {
    let (_, verified) = seen(|_, _| {}).await;
    assert_eq!((&verified.findings[..], verified.asked), (&[][..], 2));
}

#[tokio::test]
async fn each_way_to_serve_badly_is_found() {
    let flaws: [(Flaw, &str, Level); 10] = [
        (
            |path, answer| {
                if path.starts_with("/a.") {
                    set(answer, "content-type", "text/plain");
                }
            },
            "content-type is",
            Level::Error,
        ),
        (
            |path, answer| {
                if path.starts_with("/a.") {
                    set(answer, "cache-control", "no-cache");
                }
            },
            "without `immutable`",
            Level::Error,
        ),
        (
            |path, answer| {
                if path.starts_with("/a.") {
                    set(answer, "content-encoding", "gzip");
                }
            },
            "without `vary",
            Level::Error,
        ),
        (
            |path, answer| {
                if path.starts_with("/a.") {
                    *answer.body_mut() = "2".into();
                }
            },
            "other bytes are served",
            Level::Error,
        ),
        (
            |path, answer| {
                if path.starts_with("/a.") {
                    *answer.status_mut() = StatusCode::FORBIDDEN;
                }
            },
            "status 403",
            Level::Error,
        ),
        (
            |path, answer| {
                if path == "/manifest.json" {
                    *answer.status_mut() = StatusCode::NOT_FOUND;
                }
            },
            "the manifest is answered",
            Level::Error,
        ),
        (
            |path, answer| {
                if path == "/manifest.json" {
                    *answer.body_mut() = "<html>".into();
                }
            },
            "no manifest",
            Level::Error,
        ),
        (
            |_, answer| {
                if answer.status() == 404 {
                    *answer.status_mut() = StatusCode::OK;
                }
            },
            "is answered with status 200",
            Level::Error,
        ),
        (
            |_, answer| {
                if answer.status() == 404 {
                    *answer.status_mut() = StatusCode::FORBIDDEN;
                }
            },
            "look the same",
            Level::Warning,
        ),
        (
            |_, answer| drop(answer.headers_mut().remove("access-control-allow-origin")),
            "pages on other hosts",
            Level::Warning,
        ),
    ];
    for (flaw, text, level) in flaws {
        let (_, verified) = seen(flaw).await;
        let [finding] = &verified.findings[..] else { panic!("{text}: {:?}", verified.findings) };
        assert!(finding.found.contains(text), "{text}: {finding:?}");
        assert_eq!((finding.what, finding.level), (What::Live, level), "{text}");
    }
}

#[tokio::test]
async fn a_cdn_that_still_shows_the_release_before_is_found() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    let key = fixture.layout.key(&lastly::model::layout::Name::manifest(&ChannelName::live()));
    let before = fixture.inspected().get(&key).await.expect("a manifest").bytes;
    static OLD: std::sync::OnceLock<bytes::Bytes> = std::sync::OnceLock::new();
    OLD.get_or_init(|| before);
    let id = fixture.publish(&tree("2")).await.release;
    let flaw: Flaw = |path, answer| {
        if path == "/manifest.json" {
            *answer.body_mut() = OLD.get().expect("it was set").clone().into();
        }
    };
    let url = host(fixture.store.clone(), fixture.layout.clone(), flaw).await;
    let verified = run(&fixture, &asking(&url, shallow())).await;
    let [finding] = &verified.findings[..] else { panic!("{:?}", verified.findings) };
    assert!(finding.found.contains("(move 1), not ") && finding.place.ends_with("/manifest.json"), "{finding:?}");
    assert!(finding.change.as_deref().is_some_and(|change| change.contains(&id.to_string())), "{finding:?}");
}

#[tokio::test]
async fn serve_serves_well_but_for_other_hosts() {
    let fixture = Fixture::new();
    let id = fixture.publish(&tree("1")).await.release;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (store, layout) = (fixture.store.clone(), fixture.layout.clone());
    tokio::spawn(async move { serve(&*store, &layout, listener, std::future::pending(), &Silent).await });
    let verified = run(&fixture, &asking(&url, deeply())).await;
    let (_, script) = entry(&fixture, id, "a.js").await;
    let [finding] = &verified.findings[..] else { panic!("{:?}", verified.findings) };
    assert_eq!((finding.level, &finding.place), (Level::Warning, &format!("{url}/{}", script.name)));
}
