//! Invalidations, as real servers see them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use lastly::cdn::cloudfront::{CloudFront, Distribution};
use lastly::cdn::path::{BaseUrl, Route};
use lastly::cdn::purge::Purge;
use lastly::cdn::{Cdn, CdnError, Stale};
use lastly::clock::{Clock, SystemClock};
use lastly::error::{Error, Kind};
use lastly::model::layout::{Layout, Name};
use lastly::model::timestamp::Timestamp;
use uuid::Uuid;

use crate::servers::{Answer, MOTO, http, server};

/// A clock whose waits are over at once, and can be looked at.
#[derive(Debug, Default)]
struct Hurried(Mutex<Vec<u64>>);

impl Hurried {
    fn waits(&self) -> Vec<u64> {
        self.0.lock().expect("nobody panics meanwhile").clone()
    }
}

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(0)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, span: Duration) {
        self.0.lock().expect("nobody panics meanwhile").push(span.as_secs());
    }

    fn fresh_id(&self) -> Uuid {
        SystemClock::default().fresh_id()
    }
}

fn stale(prefix: &str, reference: &str) -> Stale {
    let name = Name::new("manifest.json");
    Stale { key: Layout::new(prefix, None).key(&name), name, reference: reference.to_owned() }
}

fn hints(error: CdnError) -> String {
    Error::from(error).hints().join("\n")
}

/// Sends moto a request with what stands for a signature: it checks none, but wants one.
fn signed(method: &str, url: &str, service: &str, content_type: &str, body: &str) -> Answer {
    let scope = format!("test/20260101/us-east-1/{service}/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    http(method, url, &[("Authorization", &signature), ("Content-Type", content_type)], body)
}

/// A distribution of moto's.
pub(crate) struct Ground {
    moto: String,
    pub(crate) id: String,
    clock: Arc<Hurried>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let moto = server(MOTO);
        let reference = SystemClock::default().fresh_id();
        let config = format!(
            "<DistributionConfig xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">\
             <CallerReference>{reference}</CallerReference><Comment></Comment><Enabled>true</Enabled>\
             <Origins><Quantity>1</Quantity><Items><Origin><Id>bucket</Id><DomainName>bucket.s3.amazonaws.com</DomainName>\
             <S3OriginConfig><OriginAccessIdentity></OriginAccessIdentity></S3OriginConfig></Origin></Items></Origins>\
             <DefaultCacheBehavior><TargetOriginId>bucket</TargetOriginId>\
             <ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy></DefaultCacheBehavior></DistributionConfig>"
        );
        let url = format!("{moto}/2020-05-31/distribution");
        let answer = signed("POST", &url, "cloudfront", "application/xml", &config);
        let id = answer.body.split_once("<Id>").and_then(|(_, rest)| rest.split_once("</Id>")).expect("an id").0;
        Self { id: id.to_owned(), moto, clock: Arc::default() }
    }

    fn distribution(&self) -> Distribution {
        Distribution {
            id: self.id.clone(),
            route: Route::default(),
            wait: false,
            clock: self.clock.clone(),
            cloudfront: CloudFront::at(&self.moto),
        }
    }

    /// Makes the next `too_many` requests be refused, and new invalidations stay in progress for `polls` polls.
    fn set(&self, too_many: u32, polls: u32) {
        let settings = format!("{{\"distribution\": \"{}\", \"too_many\": {too_many}, \"polls\": {polls}}}", self.id);
        assert_eq!(http("POST", &format!("{}/_lastly/invalidations", self.moto), &[], &settings).status, 204);
    }

    /// Has something happen to requests about this distribution.
    fn fault(&self, what: &str) {
        let fault = format!("{{\"path\": \"/2020-05-31/distribution/{}\", {what}}}", self.id);
        assert_eq!(http("POST", &format!("{}/_lastly/faults", self.moto), &[], &fault).status, 204);
    }

    fn listing(&self, of: &str) -> Answer {
        let url = format!("{}/2020-05-31/distribution/{}/invalidation{of}", self.moto, self.id);
        signed("GET", &url, "cloudfront", "application/xml", "")
    }

    /// How many invalidations there are.
    pub(crate) fn invalidations(&self) -> usize {
        self.listing("").body.matches("<InvalidationSummary>").count()
    }
}

#[tokio::test]
async fn an_invalidation_names_one_path_and_is_made_once() {
    let ground = Ground::new();
    let distribution =
        Distribution { route: Route { origin_path: Some("/~team".to_owned()), base: None }, ..ground.distribution() };
    let first = distribution.invalidate(&stale("~team/a b", "live-1")).await.expect("moto takes it");
    assert_eq!((first.path.as_str(), first.completed), ("/a%20b/manifest.json", true));
    let id = first.id.clone().expect("CloudFront gives ids");
    let shown = ground.listing(&format!("/{id}")).body;
    assert!(shown.contains("<Quantity>1</Quantity><Items><Path>/a%20b/manifest.json</Path></Items>"), "{shown}");
    assert!(shown.contains("<CallerReference>live-1</CallerReference>"), "{shown}");

    // Another run, with a connection of its own, that repeats the same move.
    let again = Distribution { cloudfront: CloudFront::at(&ground.moto), ..distribution.clone() };
    assert_eq!(again.invalidate(&stale("~team/a b", "live-1")).await.expect("moto takes it"), first);
    assert_eq!(ground.invalidations(), 1);

    let next = distribution.invalidate(&stale("~team/a b", "live-2")).await.expect("moto takes it");
    assert_ne!(next.id, first.id);
    assert_eq!(ground.invalidations(), 2);
}

#[tokio::test]
async fn a_lost_answer_leads_to_no_second_invalidation() {
    let ground = Ground::new();
    ground.fault(r#""mode": "lose", "count": 1"#);
    ground.distribution().invalidate(&stale("", "live-1")).await.expect("the SDK asks again");
    assert_eq!(ground.invalidations(), 1);
}

#[tokio::test]
async fn a_reference_used_for_another_path_is_an_error_with_a_way_out() {
    let ground = Ground::new();
    let distribution = ground.distribution();
    distribution.invalidate(&stale("old", "live-1")).await.expect("moto takes it");
    let error = distribution.invalidate(&stale("new", "live-1")).await.expect_err("the reference is taken");
    assert!(error.reason.contains("`/new/manifest.json`"), "{error}");
    assert!(hints(error).contains(&format!("--distribution-id {} --paths '/new/manifest.json'", ground.id)));
}

#[tokio::test]
async fn too_many_invalidations_are_waited_out() {
    let ground = Ground::new();
    ground.set(7, 0);
    let done = ground.distribution().invalidate(&stale("", "live-1")).await.expect("the eighth request is taken");
    assert!(done.completed);
    assert_eq!(ground.clock.waits(), [2, 4, 8, 16, 30, 30, 30]);
    assert_eq!(ground.invalidations(), 1);
}

#[tokio::test]
async fn too_many_invalidations_are_not_waited_out_for_ever() {
    let ground = Ground::new();
    ground.set(1000, 0);
    let error = ground.distribution().invalidate(&stale("", "live-1")).await.expect_err("there are always too many");
    assert_eq!(error.reason, "too many invalidations are in progress");
    assert_eq!(ground.clock.waits().iter().sum::<u64>(), 600);
    assert_eq!(Error::from(error).kind(), Kind::Unfinished);
}

#[tokio::test]
async fn the_end_is_waited_for_only_on_request() {
    let ground = Ground::new();
    ground.set(0, 3);
    let done = ground.distribution().invalidate(&stale("", "live-1")).await.expect("moto takes it");
    assert!(!done.completed);
    assert_eq!(ground.clock.waits(), [0; 0]);

    let waiting = Distribution { wait: true, ..ground.distribution() };
    let done = waiting.invalidate(&stale("", "live-2")).await.expect("it ends at the fourth look");
    assert!(done.completed);
    assert_eq!(ground.clock.waits(), [20, 20, 20, 20]);
}

#[tokio::test]
async fn a_wait_that_runs_out_says_that_nothing_is_lost() {
    let ground = Ground::new();
    ground.set(0, 1000);
    let waiting = Distribution { wait: true, ..ground.distribution() };
    let error = waiting.invalidate(&stale("", "live-1")).await.expect_err("it does not end");
    assert!(error.reason.ends_with("is still under way after 15 minutes and will end by itself"), "{error}");
    assert_eq!(ground.clock.waits().iter().sum::<u64>(), 15 * 60);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let ground = Ground::new();
    let missing = Distribution { id: "EMISSING".to_owned(), ..ground.distribution() };
    let error = missing.invalidate(&stale("", "live-1")).await.expect_err("there is no such distribution");
    assert_eq!(error.to_string(), "CloudFront EMISSING: there is no such distribution");
    assert!(hints(error).contains("check its id"));

    ground.fault(r#""mode": "refuse", "count": null, "status": 403, "code": "AccessDenied""#);
    let error = ground.distribution().invalidate(&stale("", "live-1")).await.expect_err("everything is refused");
    assert_eq!(error.reason, "access denied");
    assert!(hints(error).contains("lastly policy publisher"));

    let outside =
        Distribution { route: Route { origin_path: Some("/static".to_owned()), base: None }, ..ground.distribution() };
    let error = outside.invalidate(&stale("other", "live-1")).await.expect_err("the key lies elsewhere");
    assert_eq!(error.reason, "`other/manifest.json` does not lie below the origin path `/static`");
    assert!(hints(error).contains(&format!("get-distribution-config --id {}", ground.id)));
}

#[tokio::test]
async fn nobody_listens_at_the_endpoint() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let distribution = Distribution {
        id: "E1".to_owned(),
        route: Route::default(),
        wait: false,
        clock: Arc::<Hurried>::default(),
        cloudfront: CloudFront::at(format!("http://127.0.0.1:{port}")),
    };
    // Without credentials the request would not get as far.
    server("AWS_ACCESS_KEY_ID");
    let error = distribution.invalidate(&stale("", "live-1")).await.expect_err("nobody listens");
    assert_eq!(error.to_string(), "CloudFront E1: no connection");
}

#[tokio::test]
async fn varnish_forgets_what_it_is_told_to() {
    let (moto, varnish) = (server(MOTO), server("LASTLY_TEST_VARNISH"));
    let bucket = SystemClock::default().fresh_id();
    let put = |url: &str, body: &str| assert_eq!(signed("PUT", url, "s3", "application/json", body).status, 200);
    let seen = || {
        let answer = http("GET", &format!("{varnish}/{bucket}/my%20site/manifest.json"), &[], "");
        (answer.headers["x-cache"].clone(), answer.body)
    };
    let [hit, miss] = ["Hit", "Miss"].map(|word| move |body: &str| (word.to_owned(), body.to_owned()));
    put(&format!("{moto}/{bucket}"), "");
    let object = format!("{moto}/{bucket}/my%20site/manifest.json");
    put(&object, "old");
    assert_eq!(seen(), miss("old"));
    put(&object, "new");
    assert_eq!(seen(), hit("old"));

    // The cache's path begins with the bucket: a base URL that visitors might use, and a URL taken literally.
    let base = BaseUrl::parse(&format!("https://cdn.example.com/{bucket}/my%20site/")).expect("a base URL");
    let by_host = Purge::new(&varnish, Some(base), Arc::<Hurried>::default()).expect("a URL");
    let done = by_host.invalidate(&stale("my site", "live-1")).await.expect("Varnish forgets it");
    assert_eq!(done.path, format!("{varnish}/{bucket}/my%20site/manifest.json"));
    assert!(done.completed);
    assert_eq!(seen(), miss("new"));

    put(&object, "newest");
    assert_eq!(seen(), hit("new"));
    let literal = Purge::new(&format!("{varnish}/{bucket}/my%20site"), None, Arc::<Hurried>::default()).expect("a URL");
    literal.invalidate(&stale("my site", "live-2")).await.expect("Varnish forgets it");
    assert_eq!(seen(), miss("newest"));
    literal.invalidate(&stale("my site", "live-3")).await.expect("it holds nothing of it, which is as good");
}

/// A cache that answers each request with the next of the statuses; gives the heads of the requests.
fn cache(statuses: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let answer = move |status: &&str| {
        let (mut connection, _) = listener.accept().expect("a client");
        let lines = BufReader::new(&connection).lines().map(|line| line.expect("text"));
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        write!(connection, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("it listens");
        head.join("\n")
    };
    (url, std::thread::spawn(move || statuses.iter().map(answer).collect()))
}

#[tokio::test]
async fn a_purge_goes_out_by_the_host_that_visitors_ask_for() {
    let (url, requests) = cache(&["404 Not Found"]);
    let base = BaseUrl::parse("https://cdn.example.com/s/").expect("a base URL");
    let purge = Purge::new(&url, Some(base), Arc::<Hurried>::default()).expect("a URL");
    purge.invalidate(&stale("static", "live-1")).await.expect("nothing held is as good as nothing kept");
    let requests = requests.join().expect("the cache served them");
    let [head] = &*requests else { panic!("{requests:?}") };
    assert!(head.starts_with("PURGE /s/manifest.json HTTP/1.1\n"), "{head}");
    assert!(head.contains("\nhost: cdn.example.com"), "{head}");
}

#[tokio::test]
async fn a_busy_cache_is_asked_three_times() {
    let clock = Arc::<Hurried>::default();
    let (url, requests) = cache(&["503 Service Unavailable", "500 Oops", "200 Purged"]);
    let purge = Purge::new(&url, None, clock.clone()).expect("a URL");
    purge.invalidate(&stale("", "live-1")).await.expect("the third answer is a good one");
    assert_eq!(clock.waits(), [1, 2]);
    assert_eq!(requests.join().expect("the cache served them").len(), 3);

    let (url, requests) = cache(&["503 Service Unavailable"; 3]);
    let purge = Purge::new(&url, None, clock.clone()).expect("a URL");
    let error = purge.invalidate(&stale("", "live-1")).await.expect_err("no answer is a good one");
    assert_eq!(error.reason, "PURGE /manifest.json was answered 503 Service Unavailable");
    assert_eq!(requests.join().expect("the cache served them").len(), 3);
}

#[tokio::test]
async fn a_cache_that_refuses_is_asked_once() {
    let clock = Arc::<Hurried>::default();
    let (url, requests) = cache(&["405 Not Allowed"]);
    let purge = Purge::new(&url, None, clock.clone()).expect("a URL");
    let error = purge.invalidate(&stale("", "live-1")).await.expect_err("it is not allowed");
    assert!(hints(error).contains("does not let this machine PURGE"));
    assert_eq!(requests.join().expect("the cache served them").len(), 1);
    assert_eq!(clock.waits(), [0; 0]);
}

#[tokio::test]
async fn a_cache_that_does_not_listen() {
    let (url, requests) = cache(&[]);
    requests.join().expect("it serves nobody");
    let purge = Purge::new(&url, None, Arc::<Hurried>::default()).expect("a URL");
    let error = purge.invalidate(&stale("", "live-1")).await.expect_err("nobody listens");
    assert_eq!(error.reason, "PURGE /manifest.json got no answer");
    assert!(error.source.is_some());
}
