//! A store's site over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use lastly::clock::{Clock, SystemClock};
use lastly::event::{Event, Report};
use lastly::model::address::Addresser;
use lastly::model::headers::Headers;
use lastly::model::layout::{ChannelName, Key, Layout, Name};
use lastly::model::path::AssetPath;
use lastly::model::release::{Entry, Origin, Release, ReleaseId};
use lastly::model::wire::{Manifest, write_manifest, write_release};
use lastly::serve::serve;
use lastly::store::memory::MemoryStore;
use lastly::store::{Created, Object, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::servers::{Answer, http};

/// Remembers what was served.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Report for Log {
    fn tell(&self, event: Event) {
        if let Event::Served { method, path, status } = event {
            self.0.lock().expect("nobody panics meanwhile").push(format!("{method} {path} {status}"));
        }
    }
}

/// A site that is being served.
struct Ground {
    store: Arc<MemoryStore>,
    layout: Layout,
    url: String,
    log: Arc<Log>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Ground {
    async fn new(prefix: &str) -> Self {
        let store = Arc::new(MemoryStore::new(Arc::new(SystemClock::default())));
        let layout = Layout::new(prefix, None);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let log = Arc::<Log>::default();
        let (stop, stopped) = oneshot::channel();
        let server = {
            let (store, layout, log) = (store.clone(), layout.clone(), log.clone());
            let stopped = async { stopped.await.unwrap_or_default() };
            tokio::spawn(async move { serve(&*store, &layout, listener, stopped, &*log).await })
        };
        Self { store, layout, url, log, stop, server }
    }

    async fn store(&self, key: &Key, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) {
        let mut all = Headers::default();
        for (name, value) in headers {
            all.set(name, value).expect("a header that S3 stores");
        }
        let made = self.store.create(key, Object::whole(Arc::new(all), body.into())).await.expect("memory works");
        assert!(matches!(made, Created::New(_)), "{key} is there already");
    }

    async fn page(&self, name: &str, body: &str) {
        let headers = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-cache")];
        self.store(&self.layout.key(&Name::new(name)), &headers, body).await;
    }

    fn get(&self, path: &str) -> Answer {
        http("GET", &format!("{}{path}", self.url), &[], "")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_come_with_their_headers() {
    let ground = Ground::new("static").await;
    let headers = [
        ("content-type", "text/css; charset=utf-8"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-amz-meta-team", "web"),
    ];
    let key = ground.layout.key(&Name::new("a b/⊗%2F.css"));
    ground.store(&key, &headers, "body { }").await;

    let answer = ground.get("/a%20b/%E2%8A%97%252F.css");
    assert_eq!((answer.status, answer.body.as_str()), (200, "body { }"));
    for (name, value) in headers {
        assert_eq!(answer.headers[name], value);
    }
    assert_eq!((&*answer.headers["content-length"], &*answer.headers["accept-ranges"]), ("8", "none"));

    let url = format!("{}/a%20b/%E2%8A%97%252F.css", ground.url);
    let head = http("HEAD", &url, &[], "");
    assert_eq!((head.status, head.body.as_str(), &*head.headers["content-length"]), (200, "", "8"));
    assert_eq!(head.headers["etag"], answer.headers["etag"]);

    let etag = &answer.headers["etag"];
    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        let again = http("GET", &url, &[("If-None-Match", &known)], "");
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
        assert_eq!(again.headers["cache-control"], headers[1].1);
    }
    assert_eq!(http("GET", &url, &[("If-None-Match", "\"other\"")], "").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_stand_for_their_index() {
    let ground = Ground::new("").await;
    ground.page("index.html", "home").await;
    ground.page("a b/index.html", "folder").await;
    assert_eq!(ground.get("/").body, "home");
    assert_eq!(ground.get("/a%20b/").body, "folder");
    let redirect = ground.get("/a%20b");
    assert_eq!((redirect.status, &*redirect.headers["location"]), (308, "/a%20b/"));
    assert_eq!(ground.get("/?v=1").body, "home");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_or_private_is_never_replaced() {
    let ground = Ground::new("").await;
    ground.page("index.html", "home").await;
    ground.store(&ground.layout.ledger(), &[], "{}").await;
    for (path, status, body) in [
        ("/css/app.css", 404, "`css/app.css` is not in the store\n"),
        ("/css/", 404, "`css/index.html` is not in the store\n"),
        ("/.lastly/ledger.json", 404, "`.lastly/ledger.json` is private\n"),
        ("/%2elastly/ledger.json", 404, "`.lastly/ledger.json` is private\n"),
        ("/css/../.lastly/ledger.json", 400, "`.` and `..` cannot be part of a path\n"),
        ("/css/%2E%2E/index.html", 400, "`.` and `..` cannot be part of a path\n"),
        ("//index.html", 400, "a segment of the path is empty\n"),
        ("/%FF", 400, "the path is not UTF-8\n"),
    ] {
        let answer = ground.get(path);
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8", "{path}");
    }
    let answer = http("PUT", &format!("{}/index.html", ground.url), &[], "mine");
    assert_eq!((answer.status, &*answer.headers["allow"]), (405, "GET, HEAD"));
    assert_eq!(ground.get("/").body, "home");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outside_the_prefix_can_be_asked_for() {
    let ground = Ground::new("static").await;
    ground.store(&ground.layout.ledger(), &[], "{}").await;
    assert_eq!(
        ground.get("/.lastly/static/ledger.json").body,
        "`static/.lastly/static/ledger.json` is not in the store\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_without_an_index_is_listed() {
    let ground = Ground::new("static").await;
    let nothing = ground.get("/");
    assert_eq!(nothing.status, 404);
    assert!(nothing.body.contains("`static/manifest.json`"), "{}", nothing.body);

    let path = AssetPath::new("<b>&'.css").expect("a path");
    let mut headers = Headers::default();
    headers.set("content-type", "text/css").expect("a header that S3 stores");
    let address = Addresser::new(&headers, 0).address_of(b"body");
    let entry = Entry {
        name: Name::addressed(&path, &address),
        size: 4,
        address,
        headers: Arc::new(headers),
        integrity: None,
        sealed: false,
        compression: None,
        origin: Origin::default(),
    };
    let name = entry.name.clone();
    let release = Release { assets: BTreeMap::from([(path, entry)]), ..Release::default() };
    let document = write_release(&release);
    let manifest = Manifest {
        channel: ChannelName::live(),
        sequence: 7,
        release: ReleaseId::of_document(&document),
        published: SystemClock::default().now(),
        base_url: None,
        pages: BTreeMap::new(),
    };
    let manifest_key = ground.layout.key(&Name::manifest(&manifest.channel));
    ground.store(&manifest_key, &[], write_manifest(&manifest, &release)).await;
    let answer = ground.get("/");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains(ground.layout.release(manifest.release).as_str()), "{}", answer.body);

    ground.store(&ground.layout.release(manifest.release), &[], document).await;
    ground.store(&ground.layout.key(&name), &[("content-type", "text/css")], "body").await;
    let answer = ground.get("/");
    assert_eq!((answer.status, &*answer.headers["content-type"]), (200, "text/html; charset=utf-8"));
    assert!(answer.body.contains("&lt;b&gt;&amp;&#39;.css</a><td>text/css<td class=\"size\">4"), "{}", answer.body);
    let link = answer.body.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert_eq!(ground.get(&link.replace("&amp;", "&").replace("&#39;", "'")).body, "body");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_that_cannot_be_read_is_said_to_be() {
    let ground = Ground::new("").await;
    ground.store(&ground.layout.key(&Name::manifest(&ChannelName::live())), &[], "nonsense").await;
    let answer = ground.get("/");
    assert_eq!(answer.status, 502);
    assert!(answer.body.starts_with("the manifest cannot be read: expected"), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_told_and_the_server_stops_when_asked() {
    let ground = Ground::new("").await;
    ground.page("index.html", "home").await;
    ground.get("/");
    ground.get("/a%20b");
    http("DELETE", &format!("{}/", ground.url), &[], "");
    ground.stop.send(()).expect("it is still served");
    ground.server.await.expect("it does not panic").expect("it ends well");
    let told = ground.log.0.lock().expect("nobody panics meanwhile").clone();
    assert_eq!(told, ["GET / 200", "GET /a%20b 404", "DELETE / 405"]);
}
