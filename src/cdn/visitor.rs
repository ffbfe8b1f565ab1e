//! Asks a site as its visitors do: plain requests for names below its base URL, over HTTP or HTTPS. What an answer
//! should be is not known here.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::header::HeaderMap;
use hyper::{Method, Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

use super::path::{BadUrl, BaseUrl};
use crate::clock::Clock;
use crate::model::layout::Name;

const ATTEMPTS: u32 = 3;
const TIMEOUT: Duration = Duration::from_secs(30);
/// For the whole body of a large file.
const TRANSFER: Duration = Duration::from_secs(600);

type Trouble = Box<dyn Error + Send + Sync>;

/// Whoever asks a site.
pub struct Visitor {
    root: String,
    base: BaseUrl,
    client: Asker,
    clock: Arc<dyn Clock>,
}

enum Asker {
    Plain(Client<HttpConnector, Empty<Bytes>>),
    Secure(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>),
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor").field("root", &self.root).field("base", &self.base).finish_non_exhaustive()
    }
}

/// What a site answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The bytes; none to `HEAD`.
    pub bytes: Bytes,
}

impl Answer {
    /// The value of a header, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A site that gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(String);

impl Visitor {
    /// Whoever asks the site whose prefix lies at `url`.
    ///
    /// # Errors
    /// The URL is not an absolute one, or this machine has no certificates to check a site by.
    pub fn new(url: &str, clock: Arc<dyn Clock>) -> Result<Self, BadUrl> {
        let bad = |why| BadUrl { url: url.to_owned(), why };
        let base = BaseUrl::parse(url)?;
        let (Some(scheme), Some(authority)) = (base.scheme(), base.authority()) else {
            return Err(bad("it should begin with https:// or http://"));
        };
        let client = Client::builder(TokioExecutor::new());
        let client = if scheme == "https" {
            let roots = HttpsConnectorBuilder::new().with_native_roots();
            let roots = roots.map_err(|_| bad("this machine has no root certificates to check it by"))?;
            Asker::Secure(client.build(roots.https_only().enable_http1().build()))
        } else {
            Asker::Plain(client.build_http())
        };
        Ok(Self { root: format!("{scheme}://{authority}"), base, client, clock })
    }

    /// Scheme and host, and perhaps a port.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The URL of a name.
    pub fn url(&self, name: &Name) -> String {
        format!("{}{}", self.root, self.base.path_of(name))
    }

    /// Asks for a name. Redirections are not followed; where the server is busy, it is asked again.
    ///
    /// # Errors
    /// There was no answer.
    pub async fn ask(&self, method: Method, name: &Name, headers: &[(&str, &str)]) -> Result<Answer, NoAnswer> {
        let mut attempt = 1;
        loop {
            let answer = self.send(&method, name, headers).await;
            let is_busy = answer.as_ref().map_or(true, |answer| matches!(answer.status, 429 | 500 | 502..=504));
            if !is_busy || attempt == ATTEMPTS {
                return answer.map_err(|trouble| NoAnswer(chain(&*trouble)));
            }
            self.clock.back_off(attempt + 3).await;
            attempt += 1;
        }
    }

    async fn send(&self, method: &Method, name: &Name, headers: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let mut request = Request::builder().method(method).uri(self.url(name));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::new())?;
        let answer = match &self.client {
            Asker::Plain(client) => timeout(TIMEOUT, client.request(request)).await,
            Asker::Secure(client) => timeout(TIMEOUT, client.request(request)).await,
        };
        let (head, body) = answer.map_err(|_| "there was no answer in time")?.map(Response::into_parts)?;
        let body = timeout(TRANSFER, body.collect()).await.map_err(|_| "the answer did not end in time")??;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, bytes: body.to_bytes() })
    }
}

/// An error and what lies behind it, in one line.
fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn only_sites_with_a_host_can_be_asked() {
        let visitor = |url| Visitor::new(url, Arc::new(SystemClock::default()));
        for url in ["/static/", "//cdn.example.com/", "cdn.example.com", "http://cdn:port/"] {
            assert!(visitor(url).is_err(), "{url}");
        }
        let visitor = visitor("http://127.0.0.1:8000/static").expect("a URL");
        assert_eq!(visitor.url(&Name::new("a b.js")), "http://127.0.0.1:8000/static/a%20b.js");
    }
}
