//! Asks the site itself, as its visitors do, for everything that a channel shows.

use futures::stream::{self, StreamExt};
use hyper::Method;

use super::finding::{Finding, What};
use super::plan::Digests;
use crate::cdn::visitor::{Answer, NoAnswer, Visitor};
use crate::model::address::Addresser;
use crate::model::headers::Headers;
use crate::model::layout::{ChannelName, Name};
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release, ReleaseId};
use crate::model::wire::read_manifest;
use crate::site::Site;

/// What a page on another host says who it is; no such host can exist (RFC 2606).
const ELSEWHERE: &str = "https://lastly.invalid";

/// Requests in flight at a time, at most: what is asked here is a public server.
const CONCURRENCY: usize = 16;

/// What visitors should be given.
pub(super) struct Visit<'a> {
    pub channel: &'a ChannelName,
    pub id: ReleaseId,
    pub release: &'a Release,
    pub sequence: u64,
    pub concurrency: usize,
}

/// Asks for the manifest, every asset and an address that nobody has made. `digests` are those of the bytes in the
/// store, where they were read: what is served is compared with them. Returns how many assets were asked for.
pub(super) async fn visit(
    site: &Site,
    visitor: &Visitor,
    wish: &Visit<'_>,
    digests: &Digests,
    findings: &mut Vec<Finding>,
) -> usize {
    let about = |finding: Finding| finding.on(wish.channel).of(&[wish.id]);
    findings.extend(manifest(visitor, wish).await.map(about));
    findings.extend(nothing(site, visitor).await.map(about));
    let ask = |(path, entry)| asset(visitor, path, entry, digests);
    let work: Vec<_> = wish.release.assets.iter().map(ask).collect();
    let asked = work.len();
    let mut looks = stream::iter(work).buffer_unordered(wish.concurrency.clamp(1, CONCURRENCY));
    let (mut closed, mut unvaried): (Vec<String>, Vec<String>) = Default::default();
    while let Some(look) = looks.next().await {
        findings.extend(look.findings.into_iter().map(about));
        closed.extend(look.closed);
        unvaried.extend(look.unvaried);
    }
    closed.sort();
    unvaried.sort();
    if let Some(first) = unvaried.first() {
        let count = unvaried.len();
        let text = format!("files that have variants and are given uncompressed to those who can read them: {count}");
        let change = "give the distribution the function in `examples/cloudfront`, or leave `[compression]` out";
        findings.push(about(Finding::warning(What::Live, first, text).change(change)));
    }
    if let Some(first) = closed.first() {
        let count = closed.len();
        let text = format!(
            "fonts and modules without access-control-allow-origin: {count}; pages on other hosts cannot use them"
        );
        let change = "unless no other host's pages use them: give the distribution the response headers policy \
                      SimpleCORS, or the bucket a CORS rule";
        findings.push(about(Finding::warning(What::Live, first, text).change(change)));
    }
    asked
}

fn live(url: &str, text: impl Into<String>) -> Finding {
    Finding::error(What::Live, url, text)
}

fn unanswered(url: &str, error: &NoAnswer) -> Finding {
    live(url, format!("there is no answer: {error}"))
}

async fn manifest(visitor: &Visitor, wish: &Visit<'_>) -> Option<Finding> {
    let name = Name::manifest(wish.channel);
    let url = visitor.url(&name);
    let answer = match visitor.ask(Method::GET, &name, &[]).await {
        Ok(answer) => answer,
        Err(error) => return Some(unanswered(&url, &error)),
    };
    if answer.status != 200 {
        let text = format!("the manifest is answered with status {}", answer.status);
        return Some(live(&url, text).change("give the URL at which the site's prefix is served"));
    }
    let manifest = match read_manifest(&answer.bytes) {
        Ok(manifest) => manifest,
        Err(error) => return Some(live(&url, format!("what is served is no manifest: {error}"))),
    };
    if (manifest.sequence, manifest.release) == (wish.sequence, wish.id) {
        return None;
    }
    let (shows, ours) = (manifest.release.short(), wish.id.short());
    let text = format!(
        "it shows {shows} (move {}), not {ours} (move {}) as the ledger does",
        manifest.sequence, wish.sequence
    );
    let change =
        format!("`lastly activate {} --channel {}` tells the CDN, unless that was done", wish.id, wish.channel);
    Some(live(&url, text).change(change))
}

/// What is said of an address that nobody has made.
async fn nothing(site: &Site, visitor: &Visitor) -> Option<Finding> {
    let path = AssetPath::new("lastly-asks.js").expect("a plain path");
    let made_up = Addresser::new(&Headers::default(), 0).address_of(site.clock.fresh_id().as_bytes());
    let name = Name::addressed(&path, &made_up);
    let url = visitor.url(&name);
    match visitor.ask(Method::GET, &name, &[]).await {
        Err(error) => Some(unanswered(&url, &error)),
        Ok(Answer { status: 404 | 410, .. }) => None,
        Ok(Answer { status: 403, .. }) => {
            let text =
                "an address that nobody has made is answered with status 403: missing and forbidden look the same";
            let change = "let whatever reads the bucket list it (s3:ListBucket), and S3 answers 404";
            Some(Finding::warning(What::Live, url, text).change(change))
        }
        Ok(Answer { status: 200, .. }) => {
            let text = "an address that nobody has made is answered with status 200: browsers and caches take a page \
                        for an asset";
            let change =
                "let the fallback to a page (a CloudFront custom error response, a rewrite) concern pages only";
            Some(live(&url, text).change(change))
        }
        Ok(Answer { status, .. }) => {
            let text = format!("an address that nobody has made is answered with status {status} instead of 404");
            Some(live(&url, text))
        }
    }
}

/// What was seen of an asset.
#[derive(Default)]
struct Look {
    findings: Vec<Finding>,
    /// Its URL, where pages on other hosts cannot use it and might want to.
    closed: Option<String>,
    /// Its URL, where it has variants and none is given.
    unvaried: Option<String>,
}

/// Asks for an asset.
async fn asset(visitor: &Visitor, path: &AssetPath, entry: &Entry, digests: &Digests) -> Look {
    let url = visitor.url(&entry.name);
    let as_browsers_do = [("accept-encoding", "gzip, br"), ("origin", ELSEWHERE)];
    let answer = match visitor.ask(Method::HEAD, &entry.name, &as_browsers_do).await {
        Ok(answer) => answer,
        Err(error) => return Look { findings: vec![unanswered(&url, &error)], ..Look::default() },
    };
    let (mut wrong, is_open) = judge(entry, &answer);
    if let Some(digest) = digests.get(&entry.name).filter(|_| answer.status == 200) {
        wrong.extend(match visitor.ask(Method::GET, &entry.name, &[("accept-encoding", "identity")]).await {
            Err(error) => Some(format!("there is no answer: {error}")),
            Ok(answer) if answer.status != 200 => Some(format!("to GET, it is answered with status {}", answer.status)),
            Ok(answer) if blake3::hash(&answer.bytes) != *digest => {
                Some(format!("other bytes are served than lie in the store: {} of them", answer.bytes.len()))
            }
            Ok(_) => None,
        });
    }
    let closed = !is_open && answer.status == 200 && is_used_elsewhere(path, entry);
    let has_variants = entry.compression.is_some_and(|compression| compression.variants().next().is_some());
    let unvaried = has_variants && answer.status == 200 && answer.header("content-encoding").is_none();
    Look {
        findings: wrong.into_iter().map(|text| live(&url, text)).collect(),
        closed: closed.then(|| url.clone()),
        unvaried: unvaried.then_some(url),
    }
}

/// What is wrong with how an asset is served, and whether pages on other hosts can use it.
fn judge(entry: &Entry, answer: &Answer) -> (Vec<String>, bool) {
    let mut wrong = Vec::new();
    if answer.status != 200 {
        return (vec![format!("it is answered with status {}", answer.status)], true);
    }
    let shown = |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"));
    let same = |one: &str, other: &str| one.replace(' ', "").eq_ignore_ascii_case(&other.replace(' ', ""));
    let (found, promised) = (answer.header("content-type"), entry.headers.content_type());
    if !found.is_some_and(|found| same(found, promised)) {
        wrong.push(format!("content-type is {}, not `{promised}`", shown(found)));
    }
    let found = answer.header("cache-control");
    let directives = |text: &str| text.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("immutable"));
    let is_promised = entry.headers.get("cache-control").is_some_and(directives);
    if is_promised && !found.is_some_and(directives) {
        wrong.push(format!("cache-control is {}, without `immutable`", shown(found)));
    }
    let encoding = answer.header("content-encoding").filter(|encoding| *encoding != "identity");
    let varies = answer.header("vary").is_some_and(|vary| {
        vary.split(',').any(|name| name.trim() == "*" || name.trim().eq_ignore_ascii_case("accept-encoding"))
    });
    let stored = entry.headers.get("content-encoding");
    match encoding {
        Some(encoding) if stored != Some(encoding) && !varies => wrong.push(format!(
            "it is encoded (`{encoding}`) without `vary: accept-encoding`: caches hand it to those who cannot read it"
        )),
        None if stored.is_some() => wrong.push(format!("content-encoding is nothing, not {}", shown(stored))),
        _ => {}
    }
    let length = answer.header("content-length").and_then(|length| length.parse::<u64>().ok());
    let is_as_it_was = entry.compression.is_none_or(|compression| compression.in_place().is_none());
    if let Some(length) = length.filter(|length| encoding == stored && is_as_it_was && *length != entry.size) {
        wrong.push(format!("it has {length} bytes instead of {}", entry.size));
    }
    (wrong, answer.header("access-control-allow-origin").is_some())
}

/// Whether a page can only load it from another host where that host allows it: fonts, and scripts, any of which may
/// be loaded as a module (HTML Standard, "fetch a single module script"; CSS Fonts, "font fetching requirements").
fn is_used_elsewhere(path: &AssetPath, entry: &Entry) -> bool {
    let essence = entry.headers.content_type().split(';').next().unwrap_or_default().trim();
    essence.starts_with("font/")
        || essence == "application/vnd.ms-fontobject"
        || essence == "text/javascript"
        || path.extension() == Some("mjs")
}
