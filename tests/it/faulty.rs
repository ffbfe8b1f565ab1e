//! The faulty store does what its script says: what is built on it is only as good.

use std::sync::Arc;

use lastly::clock::SystemClock;
use lastly::model::layout::Key;
use lastly::store::faulty::{Fault, FaultyStore, Script};
use lastly::store::memory::MemoryStore;
use lastly::store::{Certainty, Created, Object, Reason, Replaced, Store};

fn stores(script: Script) -> (Arc<dyn Store>, FaultyStore) {
    let inner: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock::default())));
    (Arc::clone(&inner), FaultyStore::new(inner, script))
}

fn object(body: &'static str) -> Object {
    Object::whole(Arc::default(), body)
}

#[tokio::test]
async fn two_coins_decide_what_happens_and_what_is_heard() {
    for (fault, happens, certainty) in [
        (Fault::Refuse, false, Certainty::Refused),
        (Fault::Drop, false, Certainty::Unknown),
        (Fault::Lose, true, Certainty::Unknown),
    ] {
        let (inner, faulty) = stores(Script::at(1, fault));
        let key = Key::new("a");
        assert_eq!(faulty.head(&key).await.expect("request 0 works"), None);
        let error = faulty.create(&key, object("x")).await.expect_err("request 1 does not");
        assert_eq!((error.certainty, &error.reason), (certainty, &Reason::Unavailable), "{fault:?}");
        assert_eq!(inner.head(&key).await.expect("head").is_some(), happens, "{fault:?}");
        faulty.head(&key).await.expect("request 2 works");
        assert_eq!(faulty.requests().total(), 3);
    }
}

#[tokio::test]
async fn an_echo_hears_of_itself() {
    let (inner, faulty) = stores(Script::new(|number| if number < 2 { Fault::Echo } else { Fault::None }));
    let key = Key::new("a");
    assert_eq!(faulty.create(&key, object("x")).await.expect("create"), Created::AlreadyThere);
    let etag = inner.head(&key).await.expect("head").expect("there").etag;
    assert_eq!(faulty.replace(&key, &etag, object("y")).await.expect("replace"), Replaced::Outrun);
    assert_eq!(inner.get(&key).await.expect("get").expect("there").bytes, "y");
}

#[tokio::test]
async fn a_store_may_be_gone_for_good() {
    let (_, faulty) = stores(Script::from(2, Fault::Refuse));
    let mut heard = Vec::new();
    for _ in 0..5 {
        heard.push(faulty.get(&Key::new("a")).await.is_ok());
    }
    assert_eq!(heard, [true, true, false, false, false]);
}

#[tokio::test]
async fn chance_follows_from_the_seed() {
    let first = failures(7).await;
    assert_eq!(first, failures(7).await);
    assert_ne!(first, failures(8).await);
    // Of the four faults three are heard as an error.
    let failed = first.iter().filter(|failed| **failed).count();
    assert!((150..300).contains(&failed), "{failed} of 1000");
}

/// Which of many requests fail when some thirty in a hundred suffer a fault.
async fn failures(seed: u64) -> Vec<bool> {
    let (_, faulty) = stores(Script::random(seed, 30));
    let mut failures = Vec::new();
    for _ in 0..1_000 {
        failures.push(faulty.head(&Key::new("a")).await.is_err());
    }
    failures
}
