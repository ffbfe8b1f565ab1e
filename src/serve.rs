//! A store's site on this machine: every object over HTTP, with the headers as they are stored.
//!
//! It stands where the CDN would stand, so nothing takes the place of an object that is missing, and what is private
//! stays so; and of a file that has variants, it gives the one that the function at the edge would. It knows nothing of
//! what a CDN's own settings might add: compression, error pages, other headers.

mod encoding;
mod listing;

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::pin;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH, LOCATION, VARY,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};

use self::encoding::preferred;
use crate::event::{Event, Report};
use crate::model::compression::Encodings;
use crate::model::layout::{ChannelName, Key, Layout, Name};
use crate::model::path::AssetPath;
use crate::model::wire::{read_manifest, read_release};
use crate::store::{Found, Store};

type Answer = Response<Full<Bytes>>;
type Trouble = Box<dyn Error + Send + Sync>;

const INDEX: &str = "index.html";

/// Answers requests until `stop` ends; those under way are then dropped. Tells each as [`Event::Served`].
///
/// A path that ends in a slash stands for the `index.html` there. Where the site has none at its root, a list of what
/// the channel `live` shows is given instead.
///
/// # Errors
/// No further connection can be accepted.
pub async fn serve(
    store: &dyn Store,
    layout: &Layout,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    report: &dyn Report,
) -> io::Result<()> {
    let site = Site { store, layout, report };
    let mut connections = FuturesUnordered::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => connections.push(site.converse(stream)),
                // The visitor hung up before we came to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            },
            Some(()) = connections.next() => {}
        }
    }
}

struct Site<'a> {
    store: &'a dyn Store,
    layout: &'a Layout,
    report: &'a dyn Report,
}

impl Site<'_> {
    /// Answers one visitor until either side hangs up, which is no error.
    async fn converse(&self, stream: TcpStream) {
        let service = service_fn(|request| async move { Ok::<_, Infallible>(self.answer(&request).await) });
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: &Request<Incoming>) -> Answer {
        let answer = if matches!(*request.method(), Method::GET | Method::HEAD) {
            self.look_up(request).await.unwrap_or_else(|trouble| text(StatusCode::BAD_GATEWAY, &chain(&*trouble)))
        } else {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            answer
        };
        self.report.tell(Event::Served {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            status: answer.status().as_u16(),
        });
        answer
    }

    async fn look_up(&self, request: &Request<Incoming>) -> Result<Answer, Trouble> {
        let path = request.uri().path();
        let name = match name(path) {
            Ok(name) => name,
            Err(why) => return Ok(text(StatusCode::BAD_REQUEST, &why)),
        };
        let key = self.layout.key(&name);
        if self.layout.is_private(&key) {
            return Ok(text(StatusCode::NOT_FOUND, &format!("`{key}` is private")));
        }
        let variants = name.variants();
        let accept: Vec<&str> =
            request.headers().get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).collect();
        let key = match preferred(&accept.join(","), variants) {
            Some(encoding) => self.layout.key(&name.variant(encoding)),
            None => key,
        };
        if let Some((found, bytes)) = self.read(request.method(), &key).await? {
            let mut answer = object(request, &found, bytes)?;
            if variants != Encodings::default() {
                answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
            }
            return Ok(answer);
        }
        if path == "/" {
            return self.root(&key).await;
        }
        let index = Name::new(&format!("{name}/{INDEX}"));
        if !path.ends_with('/') && self.store.head(&self.layout.key(&index)).await?.is_some() {
            let location = format!("/{}/", name.in_url());
            let answer = Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(LOCATION, location);
            return Ok(answer.header(CACHE_CONTROL, "no-store").body(Full::default())?);
        }
        Ok(text(StatusCode::NOT_FOUND, &format!("`{key}` is not in the store")))
    }

    /// An object, without its bytes where they are not asked for.
    async fn read(&self, method: &Method, key: &Key) -> Result<Option<(Found, Bytes)>, Trouble> {
        if method == Method::HEAD {
            return Ok(self.store.head(key).await?.map(|found| (found, Bytes::new())));
        }
        Ok(self.store.get(key).await?.map(|fetched| (fetched.found, fetched.bytes)))
    }

    /// What stands for an `index.html` that is missing at the root.
    async fn root(&self, index: &Key) -> Result<Answer, Trouble> {
        let manifest_key = self.layout.key(&Name::manifest(&ChannelName::live()));
        let Some(manifest) = self.store.get(&manifest_key).await? else {
            let why =
                format!("nothing has been published here: neither `{index}` nor `{manifest_key}` is in the store");
            return Ok(text(StatusCode::NOT_FOUND, &why));
        };
        let manifest = read_manifest(&manifest.bytes)?;
        let document = self.layout.release(manifest.release);
        let Some(release) = self.store.get(&document).await? else {
            let why = format!("neither `{index}` nor `{document}`, which would say what to list, is in the store");
            return Ok(text(StatusCode::NOT_FOUND, &why));
        };
        let page = listing::page(&manifest, &read_release(&release.bytes)?);
        let answer = Response::builder().header(CONTENT_TYPE, "text/html; charset=utf-8");
        Ok(answer.header(CACHE_CONTROL, "no-store").body(page.into())?)
    }
}

/// The name below the prefix that a URL's path asks for, or why there is none.
fn name(path: &str) -> Result<Name, String> {
    let decoded = percent_decode_str(path.strip_prefix('/').unwrap_or(path)).decode_utf8();
    let mut decoded = decoded.map_err(|_| "the path is not UTF-8".to_owned())?.into_owned();
    if decoded.is_empty() || decoded.ends_with('/') {
        decoded.push_str(INDEX);
    }
    let path = AssetPath::new(&decoded).map_err(|error| error.to_string())?;
    Ok(Name::new(path.as_str()))
}

/// An object with its headers, or a word that the visitor has it already.
fn object(request: &Request<Incoming>, found: &Found, bytes: Bytes) -> Result<Answer, hyper::http::Error> {
    let etag = found.etag.in_header();
    let known = request.headers().get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    let unchanged = known.any(|tag| tag == "*" || tag == etag);
    let mut answer = Response::builder().header(ETAG, etag).header(ACCEPT_RANGES, "none");
    for (name, value) in found.headers.iter() {
        answer = answer.header(name, value);
    }
    if unchanged {
        return answer.status(StatusCode::NOT_MODIFIED).body(Full::default());
    }
    answer.header(CONTENT_LENGTH, found.size).body(bytes.into())
}

fn text(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(format!("{text}\n").into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// An error and what lies behind it, in one line.
fn chain(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_asks_for() {
        for (path, expected) in [
            ("/", "index.html"),
            ("/a/", "a/index.html"),
            ("/css/app.css", "css/app.css"),
            ("/a%20b/%E2%8A%97.txt", "a b/⊗.txt"),
            ("/%252F.txt", "%2F.txt"),
            ("/a+b", "a+b"),
        ] {
            assert_eq!(name(path).as_ref().map(Name::as_str), Ok(expected), "{path}");
        }
        for path in ["/..", "/a/../b", "/a/%2e%2e/b", "/a//b", "//a", "/%00", "/%0A", "/%FF", "/./a"] {
            assert!(name(path).is_err(), "{path}");
        }
    }
}
