//! Asks everything at once, whatever else fails, and has the answers judged.

use futures::future::join_all;
use futures::stream::{self, StreamExt};

use super::check::{Check, Verdict};
use super::distribution::{Place, adds_headers, judge};
use super::findings;
use crate::cdn::cloudfront::Distribution;
use crate::cdn::path::BaseUrl;
use crate::commit::read;
use crate::model::layout::{ChannelName, Name};
use crate::model::ledger::Ledger;
use crate::model::wire::{Manifest, read_manifest};
use crate::site::{DocumentError, Site};
use crate::store::probe::prove;

/// How many manifests are read at a time.
const READS: usize = 16;

/// Looks at everything that a site depends on. Small objects are written below the private prefix to prove that
/// conditional writes hold; nothing else is changed.
pub async fn examine(site: &Site, distributions: &[Distribution], base: Option<&BaseUrl>) -> Vec<Check> {
    let nowhere = site.layout.probe(site.clock.fresh_id());
    let documents = async {
        let ledger = read(site).await.map(|held| held.map(|held| held.ledger));
        let channels = match &ledger {
            Ok(Some(ledger)) => channels(site, ledger).await,
            Ok(None) => {
                findings::orphan(&manifest(site, &ChannelName::live()).await, &site.layout).into_iter().collect()
            }
            Err(_) => Vec::new(),
        };
        (ledger, channels)
    };
    let ((ledger, channels), head, proof, (circumstances, now), configurations) = tokio::join!(
        documents,
        site.store.head(&nowhere),
        prove(&site.store, &site.layout, &*site.clock),
        async { (site.store.circumstances().await, site.clock.now()) },
        join_all(distributions.iter().map(Distribution::configuration)),
    );

    let bucket = circumstances.bucket.as_ref();
    let place = Place { bucket: bucket.map(|bucket| &*bucket.name), layout: &site.layout, base };
    let mut checks = vec![findings::store(&ledger)];
    // To HEAD, which has no body to say more, a bucket that is not there looks like a key that is not.
    if checks[0].verdict == Verdict::Good || head.is_err() {
        checks.push(findings::missing_keys(&head));
    }
    checks.extend([
        findings::conditional_writes(&proof, &site.layout),
        findings::versions(&circumstances.versioning, place.bucket),
    ]);
    if let Some(bucket) = bucket {
        let headers_added = distributions
            .iter()
            .zip(&configurations)
            .all(|(distribution, answer)| adds_headers(&distribution.route, answer, place));
        let fronted = !distributions.is_empty();
        let elsewhere = base.is_some_and(|base| base.authority().is_some());
        checks.push(findings::clock(now, bucket.now));
        checks.extend(findings::bucket(bucket, &site.layout, fronted, elsewhere.then_some(fronted && headers_added)));
    }
    checks.push(findings::ledger(&ledger));
    checks.extend(channels);
    for (distribution, answer) in distributions.iter().zip(&configurations) {
        checks.extend(judge(&distribution.id, &distribution.route, answer, place));
    }
    checks
}

async fn channels(site: &Site, ledger: &Ledger) -> Vec<Check> {
    let looks = ledger.channels.iter().map(|(name, channel)| async move {
        let manifest = manifest(site, name).await;
        findings::channel(name, channel, &manifest)
    });
    stream::iter(looks).buffered(READS).collect().await
}

async fn manifest(site: &Site, name: &ChannelName) -> Result<Option<Manifest>, DocumentError> {
    let key = site.layout.key(&Name::manifest(name));
    let Some(fetched) = site.store.get(&key).await? else { return Ok(None) };
    read_manifest(&fetched.bytes).map(Some).map_err(|source| DocumentError::Damaged { key, source })
}
