//! An S3 server in memory, on 127.0.0.1, for the benchmark: it answers every request after a fixed time and counts
//! requests by operation (`GET /?stats`). Keys: `bench`, `bench-secret`.

mod s3;
mod site;
mod store;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use hyper_util::rt::TokioIo;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::route::S3Route;
use s3s::service::S3ServiceBuilder;
use s3s::{Body, S3Request, S3Response, S3Result};
use serde_json::json;
use tokio::net::TcpListener;

use crate::s3::Server;
use crate::store::Store;

type Counts = Arc<Mutex<BTreeMap<String, u64>>>;

/// Stands before every operation: counts it and lets its time pass.
struct Gate {
    counts: Counts,
    latency: Duration,
}

#[async_trait::async_trait]
impl S3Access for Gate {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        let operation = request.s3_op().name().to_owned();
        *self
            .counts
            .lock()
            .expect("no holder of the lock panics")
            .entry(operation)
            .or_default() += 1;
        tokio::time::sleep(self.latency).await;
        Ok(())
    }
}

struct Stats {
    counts: Counts,
    store: Arc<Store>,
}

#[async_trait::async_trait]
impl S3Route for Stats {
    fn is_match(
        &self,
        method: &Method,
        uri: &Uri,
        _: &HeaderMap,
        _: &mut http::Extensions,
    ) -> bool {
        method == Method::GET && uri.path() == "/" && uri.query() == Some("stats")
    }

    async fn check_access(&self, _: &mut S3Request<Body>) -> S3Result<()> {
        Ok(())
    }

    async fn call(&self, _: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let (objects, bytes) = self.store.totals();
        let requests = self
            .counts
            .lock()
            .expect("no holder of the lock panics")
            .clone();
        let stats = json!({ "requests": requests, "objects": objects, "bytes": bytes });
        Ok(S3Response::new(Body::from(stats.to_string())))
    }
}

struct Options {
    port: u16,
    latency: Duration,
    buckets: Vec<String>,
    /// How many objects of a site to put into the first bucket.
    site: usize,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        port: 0,
        latency: Duration::ZERO,
        buckets: Vec::new(),
        site: 0,
    };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--port" => options.port = value.parse()?,
            "--latency-ms" => options.latency = Duration::from_millis(value.parse()?),
            "--bucket" => options.buckets.push(value),
            "--site" => options.site = value.parse()?,
            _ => {
                return Err(
                    format!("{flag}: only --port, --latency-ms, --bucket and --site are known").into(),
                );
            }
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let (store, counts) = (Arc::new(Store::default()), Counts::default());
    for bucket in &options.buckets {
        store.create_bucket(bucket);
    }
    if let Some(bucket) = options.buckets.first().filter(|_| options.site > 0) {
        site::plant(&store, bucket, options.site).map_err(|error| error.to_string())?;
    }

    let mut service = S3ServiceBuilder::new(Server(Arc::clone(&store)));
    service.set_auth(SimpleAuth::from_single("bench", "bench-secret"));
    service.set_access(Gate {
        counts: Arc::clone(&counts),
        latency: options.latency,
    });
    service.set_route(Stats { counts, store });
    let service = service.build();

    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            // An error here is the client's broken connection; the client tells.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
