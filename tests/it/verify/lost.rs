//! Ledgers that do not go together with the documents beside them, or are gone.

use lastly::gc;
use lastly::model::layout::ChannelName;
use lastly::rollback::Destination;
use lastly::store::{Store, VersionId};
use lastly::verify::{RebuildError, What, fsck, rebuild};

use super::{deeply, entry, remove, run, tamper, told, tree};
use crate::support::collector::{by, condemn, greedy};
use crate::support::{Fixture, earlier, order, target};

/// Deletes every version of the ledger.
async fn lose(fixture: &Fixture) {
    let key = fixture.layout.ledger();
    let page = fixture.store.versions(key.as_str(), None).await.expect("it answers");
    let versions: Vec<_> = page.versions.into_iter().map(|version| (version.key, version.id)).collect();
    fixture.store.delete_versions(&versions).await.expect("it answers");
}

async fn found(fixture: &Fixture) -> Vec<(What, String)> {
    let checked = fsck(&fixture.site()).await.expect("it answers");
    checked.findings.into_iter().map(|finding| (finding.what, finding.place)).collect()
}

#[tokio::test]
async fn a_ledger_is_compared_with_the_documents() {
    let fixture = Fixture::new();
    assert_eq!(found(&fixture).await, [], "there never was a site");
    let first = fixture.publish(&tree("1")).await.release;
    fixture.publish(&tree("2")).await;
    let checked = fsck(&fixture.site()).await.expect("it answers");
    assert_eq!((checked.releases, checked.channels, checked.documents), (2, 1, 2));
    assert_eq!((checked.findings.len(), checked.unnamed.len()), (0, 0), "{:?}", checked.findings);

    let document = fixture.layout.release(first);
    remove(&fixture, &document).await;
    assert_eq!(found(&fixture).await, [(What::Document, document.to_string())]);

    let ledger = fixture.layout.ledger();
    tamper(&*fixture.store, &ledger, b"{}").await;
    assert_eq!(found(&fixture).await, [(What::Ledger, ledger.to_string())]);
    remove(&fixture, &ledger).await;
    assert_eq!(found(&fixture).await, [(What::Ledger, ledger.to_string())]);
}

#[tokio::test]
async fn intents_channels_and_lists_must_lead_somewhere() {
    let fixture = Fixture::new();
    fixture.publish(&tree("1")).await;
    fixture.try_publish(&lastly::publish::Order { target: target("next"), ..order(&tree("2")) }).await.expect("next");
    let mut ledger = fixture.inspected().ledger().await.expect("a ledger");
    let next = ledger.channels.remove(&ChannelName::new("next").expect("a plain name")).expect("it is there");
    let nowhere = lastly::model::release::ReleaseId::of_document(b"nothing");
    ledger.intents.insert(
        uuid::Uuid::from_u128(9),
        lastly::model::ledger::Intent { release: nowhere, at: lastly::model::ledger::Stamp::Now },
    );
    ledger.condemned = Some(uuid::Uuid::from_u128(9));
    ledger.revision += 1;
    tamper(&*fixture.store, &fixture.layout.ledger(), &lastly::model::wire::write_ledger(&ledger)).await;
    let mut kinds: Vec<What> = found(&fixture).await.into_iter().map(|(what, _)| what).collect();
    kinds.sort();
    assert_eq!(kinds, [What::Intent, What::Condemned, What::Manifest]);
    assert!(next.sequence > ledger.closed, "the manifest is not that of a channel that has expired");
}

#[tokio::test]
async fn a_lost_ledger_is_made_again_and_everything_works_under_it() {
    let fixture = Fixture::new();
    let first = fixture.publish(&tree("1")).await.release;
    let second = fixture.publish(&tree("2")).await;
    fixture.try_publish(&lastly::publish::Order { target: target("next"), ..order(&tree("3")) }).await.expect("next");
    let before = fixture.inspected().ledger().await.expect("a ledger");
    assert!(rebuild(&fixture.site(), 4, true).await.is_err(), "a ledger that is there is never replaced");
    lose(&fixture).await;

    let planned = rebuild(&fixture.site(), 4, false).await.expect("a plan");
    assert_eq!(fixture.inspected().ledger().await, None, "a dry run writes nothing");
    let made = rebuild(&fixture.site(), 4, true).await.expect("a ledger");
    assert_eq!(planned.ledger.releases, made.ledger.releases);
    assert_eq!(made.findings, []);
    let after = fixture.inspected().ledger().await.expect("a ledger");
    assert_eq!(after.releases.keys().collect::<Vec<_>>(), before.releases.keys().collect::<Vec<_>>());
    for (name, channel) in &before.channels {
        let again = &after.channels[name];
        assert_eq!((again.release, again.sequence), (channel.release, channel.sequence));
    }
    assert_eq!(found(&fixture).await, []);
    assert_eq!(told(&run(&fixture, &deeply()).await), []);

    let same = fixture.publish(&tree("2")).await;
    assert_eq!(same.release, second.release);
    fixture.assert_live_shows(&tree("2")).await;
    fixture.move_to(earlier(first)).await;
    fixture.assert_live_shows(&tree("1")).await;
    fixture.publish(&tree("4")).await;
    fixture.assert_live_shows(&tree("4")).await;
    fixture.move_to(Destination::Before).await;
    fixture.assert_live_shows(&tree("1")).await;
    fixture.clock.pass(24 * 30);
    let collected = gc::collect(&fixture.site(), &by(greedy())).await.expect("a collection");
    assert!(collected.unfinished.is_none() && collected.deleted > 0);
    fixture.assert_live_shows(&tree("1")).await;
    assert_eq!(told(&run(&fixture, &deeply()).await), []);
}

#[tokio::test]
async fn only_whole_releases_are_kept_again() {
    let fixture = Fixture::new();
    let first = fixture.publish(&tree("1")).await.release;
    let second = fixture.publish(&tree("2")).await.release;
    let (key, _) = entry(&fixture, second, "a.js").await;
    remove(&fixture, &key).await;
    lose(&fixture).await;
    let made = rebuild(&fixture.site(), 4, true).await.expect("a ledger");
    assert_eq!(made.ledger.releases.keys().collect::<Vec<_>>(), [&first]);
    assert_eq!((made.ledger.channels.len(), made.findings.len()), (0, 1), "{:?}", made.findings);
    assert!(lastly::verify::outcome(&made.findings).is_err(), "visitors see that release");
    fixture.publish(&tree("2")).await;
    fixture.assert_live_shows(&tree("2")).await;
    assert_eq!(told(&run(&fixture, &deeply()).await), []);
}

#[tokio::test]
async fn what_was_condemned_stays_so() {
    let fixture = Fixture::new();
    let first = fixture.publish(&tree("1")).await.release;
    let second = fixture.publish(&tree("2")).await.release;
    condemn(&fixture).await;
    let doomed = crate::support::collector::condemned(&fixture).await;
    lose(&fixture).await;
    let made = rebuild(&fixture.site(), 4, true).await.expect("a ledger");
    assert_eq!(made.ledger.releases.keys().collect::<Vec<_>>(), [&second], "the first may yet lose its objects");
    assert_eq!(crate::support::collector::condemned(&fixture).await, doomed);
    fixture.publish(&tree("1")).await;
    // The collector that was at work when the ledger was lost comes late.
    crate::support::collector::delete(&fixture, &doomed).await;
    assert_eq!(fixture.inspected().faults_of(first).await, Vec::<String>::new());
    fixture.assert_live_shows(&tree("1")).await;
}

#[tokio::test]
async fn older_ledgers_are_offered_first_and_nothing_is_made_of_nothing() {
    let fixture = Fixture::new();
    let error = rebuild(&fixture.site(), 4, true).await.expect_err("nothing is there");
    assert!(error.to_string().starts_with("there is no release document"), "{error}");
    fixture.publish(&tree("1")).await;
    remove(&fixture, &fixture.layout.ledger()).await;
    let made = rebuild(&fixture.site(), 4, false).await.expect("a plan");
    assert_eq!(made.findings.iter().map(|finding| finding.what).collect::<Vec<_>>(), [What::Ledger]);
    let checked = fsck(&fixture.site()).await.expect("it answers");
    let change = checked.findings[0].change.as_deref().expect("something to do");
    assert!(change.contains("delete the marker"), "{change}");

    // What it says: the marker goes, and the ledger is there again.
    let key = fixture.layout.ledger();
    let page = fixture.store.versions(key.as_str(), None).await.expect("it answers");
    let marker: VersionId = page.versions.iter().find(|version| version.marker).expect("a marker").id.clone();
    fixture.store.delete_versions(&[(key.clone(), marker)]).await.expect("it answers");
    assert_eq!(found(&fixture).await, []);
    let error = rebuild(&fixture.site(), 4, true).await.expect_err("a ledger is there");
    assert_eq!(error.to_string(), RebuildError::Present(key).to_string());
}
