//! A server in front of a store that can be made to serve badly.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use lastly::model::layout::{Layout, Name};
use lastly::store::Store;
use lastly::store::memory::MemoryStore;
use tokio::net::TcpListener;

pub(crate) type Answer = Response<Full<Bytes>>;

/// What is done to the answer for a path.
pub(crate) type Flaw = fn(&str, &mut Answer);

/// Serves what lies below a site's prefix, each answer as `flaw` makes it. Gives the URL.
pub(crate) async fn host(store: Arc<MemoryStore>, layout: Layout, flaw: Flaw) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let site = Arc::new((store, layout));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let site = site.clone();
            tokio::spawn(async move {
                let service = service_fn(|request: Request<Incoming>| {
                    let site = site.clone();
                    async move {
                        let path = request.uri().path().to_owned();
                        let mut answer = answer(&site.0, &site.1, &path).await;
                        flaw(&path, &mut answer);
                        Ok::<_, Infallible>(answer)
                    }
                });
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    url
}

async fn answer(store: &MemoryStore, layout: &Layout, path: &str) -> Answer {
    let key = layout.key(&Name::new(path.trim_start_matches('/')));
    let Some(fetched) = store.get(&key).await.expect("a store in memory answers") else {
        let mut missing = Response::new(Full::from("missing"));
        *missing.status_mut() = StatusCode::NOT_FOUND;
        return missing;
    };
    let mut answer = Response::builder().header("access-control-allow-origin", "*");
    for (name, value) in fetched.found.headers.iter() {
        answer = answer.header(name, value);
    }
    answer.body(fetched.bytes.into()).expect("a sound answer")
}
