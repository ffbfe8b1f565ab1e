//! Caches that forget a URL when they are sent it with the method `PURGE`: Varnish, nginx, Fastly.
//!
//! There is no standard for it, only a habit: the cache looks the request up as it would a visitor's GET, so host and
//! path must be those that visitors ask for.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::TokioExecutor;

use super::path::{BadUrl, BaseUrl, public_path};
use super::{Cdn, CdnError, Invalidated, Stale};
use crate::clock::Clock;

const ATTEMPTS: u32 = 3;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_secs(10);

/// A cache that understands `PURGE`.
#[derive(Debug)]
pub struct Purge {
    /// Scheme and host by which the cache is reached from here.
    root: String,
    /// The host that visitors ask for.
    host: String,
    /// Where the site's prefix lies.
    base: Option<BaseUrl>,
    clock: Arc<dyn Clock>,
}

impl Purge {
    /// The cache at `url`.
    ///
    /// A URL without a path stands for the cache's host: what is purged there is the path that visitors ask for, by
    /// the host of `base`, the base URL, which need not be the name by which the cache is reached from here. A URL
    /// with a path is taken literally, as the place where the site's prefix lies.
    ///
    /// # Errors
    /// The URL is not an absolute one.
    pub fn new(url: &str, base: Option<BaseUrl>, clock: Arc<dyn Clock>) -> Result<Self, BadUrl> {
        let parsed = BaseUrl::parse(url)?;
        let (Some(scheme), Some(authority)) = (parsed.scheme(), parsed.authority()) else {
            return Err(BadUrl { url: url.to_owned(), why: "it should begin with https:// or http://" });
        };
        let root = format!("{scheme}://{authority}");
        let visited = base.as_ref().and_then(BaseUrl::authority).filter(|_| parsed.is_root());
        let host = visited.unwrap_or(authority).to_owned();
        let base = if parsed.is_root() { base } else { Some(parsed) };
        Ok(Self { root, host, base, clock })
    }

    /// The path that the cache is asked to forget.
    fn path(&self, stale: &Stale) -> String {
        public_path(self.base.as_ref(), &stale.key, &stale.name)
    }

    async fn send(&self, path: &str) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        let request = Request::builder().method("PURGE").uri(format!("{}{path}", self.root));
        let request = request.header(HOST, &self.host).body(Empty::<Bytes>::new())?;
        let client: Builder = Client::builder(TokioExecutor::new());
        let response = if self.root.starts_with("https:") {
            let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().build();
            client.build(connector).request(request).await?
        } else {
            client.build_http().request(request).await?
        };
        Ok(response.status())
    }

    /// One attempt; an error says whether another is worth it.
    async fn attempt(&self, path: &str) -> Result<(), (CdnError, bool)> {
        let failed = |how: String| CdnError::new(self.name(), format!("PURGE {path} {how}"));
        match tokio::time::timeout(TIMEOUT, self.send(path)).await {
            Err(_) => Err((failed(format!("was not answered within {} s", TIMEOUT.as_secs())), true)),
            Ok(Err(source)) => Err((failed("got no answer".to_owned()).because(source), true)),
            Ok(Ok(status)) => match outcome(status) {
                Outcome::Done => Ok(()),
                Outcome::Busy => Err((failed(format!("was answered {status}")), true)),
                Outcome::Refused(hint) => Err((failed(format!("was answered {status}")).hint(hint), false)),
            },
        }
    }
}

/// What a status says.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The cache holds nothing of it now.
    Done,
    /// It may do it later.
    Busy,
    /// It will not, and what the reader could do.
    Refused(&'static str),
}

fn outcome(status: StatusCode) -> Outcome {
    match status.as_u16() {
        // ngx_cache_purge says 404 or 412, depending on its settings, of what it does not hold.
        200..=299 | 404 | 412 => Outcome::Done,
        401 | 403 | 405 | 501 => Outcome::Refused(
            "the cache does not let this machine PURGE: allow its address there, in Varnish by an `acl`",
        ),
        408 | 429 | 500..=599 => Outcome::Busy,
        300..=399 => Outcome::Refused("give the URL that it redirects to: a PURGE is not sent on"),
        _ => Outcome::Refused("check that the URL is that of a cache which understands PURGE"),
    }
}

#[async_trait]
impl Cdn for Purge {
    fn name(&self) -> String {
        self.root.clone()
    }

    async fn invalidate(&self, stale: &Stale) -> Result<Invalidated, CdnError> {
        let path = self.path(stale);
        let mut attempt = 1;
        loop {
            match self.attempt(&path).await {
                Ok(()) => break,
                Err((_, true)) if attempt < ATTEMPTS => self.clock.sleep(BETWEEN_ATTEMPTS * attempt).await,
                Err((error, _)) => return Err(error),
            }
            attempt += 1;
        }
        Ok(Invalidated { cdn: self.name(), path: format!("{}{path}", self.root), id: None, completed: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::model::layout::{Layout, Name};

    fn purge(url: &str, base: Option<&str>) -> Result<Purge, BadUrl> {
        let base = base.map(|base| BaseUrl::parse(base).expect(base));
        Purge::new(url, base, Arc::new(SystemClock::default()))
    }

    #[test]
    fn what_is_purged_and_by_which_host() {
        let cdn = Some("https://cdn.example.com/assets/");
        for (url, base, path, host) in [
            ("http://cache:6081", None, "/static/a%20b.json", "cache:6081"),
            ("http://cache:6081/", cdn, "/assets/a%20b.json", "cdn.example.com"),
            ("http://cache:6081/", Some("/s/"), "/s/a%20b.json", "cache:6081"),
            ("https://cache/purge", cdn, "/purge/a%20b.json", "cache"),
            ("https://cache/purge/x/", None, "/purge/x/a%20b.json", "cache"),
        ] {
            let purge = purge(url, base).expect(url);
            let name = Name::new("a b.json");
            let stale = Stale { key: Layout::new("static", None).key(&name), name, reference: String::new() };
            assert_eq!((purge.path(&stale).as_str(), purge.host.as_str()), (path, host), "{url} {base:?}");
        }
    }

    #[test]
    fn only_absolute_urls() {
        for url in ["/static/", "//cache/", "cache:6081", "http://", "http://cache:port/", "https://me@cache/"] {
            assert!(purge(url, None).is_err(), "{url}");
        }
        assert_eq!(purge("http://cache:6081/x", None).expect("an absolute URL").name(), "http://cache:6081");
    }

    #[test]
    fn what_a_status_says() {
        for status in [200, 204, 404, 412] {
            assert_eq!(outcome(StatusCode::from_u16(status).expect("a status")), Outcome::Done, "{status}");
        }
        for status in [429, 500, 503] {
            assert_eq!(outcome(StatusCode::from_u16(status).expect("a status")), Outcome::Busy, "{status}");
        }
        for (status, hint) in [(403, "acl"), (405, "acl"), (501, "acl"), (301, "redirects"), (400, "understands")] {
            let Outcome::Refused(found) = outcome(StatusCode::from_u16(status).expect("a status")) else {
                panic!("{status} is no refusal");
            };
            assert!(found.contains(hint), "{status}: {found}");
        }
    }
}
