//! One folder under several handles, several processes, and processes that are killed.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lastly::clock::SystemClock;
use lastly::model::layout::Key;
use lastly::store::conformance::increment;
use lastly::store::directory::DirectoryStore;
use lastly::store::{Created, Object, Store, VersionId};

/// How many objects the processes and handles below compete for.
const OBJECTS: usize = 40;
/// How often each of them moves the counter.
const TURNS: usize = 10;
/// How often an object is replaced under its readers' eyes, and its earlier version deleted.
const REPLACED: usize = 50;
/// How many processes are killed.
const KILLS: u64 = 12;
/// Large enough for several pages of memory.
const LARGE: usize = 10_000;

/// Names the folder to the processes that a test starts: this test binary again, running the same test.
const SHARED: &str = "LASTLY_TEST_SHARED_FOLDER";

#[tokio::test(flavor = "multi_thread")]
async fn handles_share_a_folder() {
    let root = tempfile::tempdir().expect("a folder");
    let [one, other] = [folder(root.path()), folder(root.path())];
    start(&one).await;
    let (ones, others) = tokio::join!(compete(&one), compete(&other));
    assert_eq!(ones + others, OBJECTS);
    assert_eq!(counted(&one, "counter").await, 2 * TURNS);
    assert_eq!(counted(&other, "counter").await, 2 * TURNS);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_folder() {
    if let Some(shared) = env::var_os(SHARED) {
        let store = folder(Path::new(&shared));
        let won = compete(&store).await;
        for _ in 0..won {
            increment(&store, &Key::new("won")).await;
        }
        assert!(won <= OBJECTS);
        return;
    }
    let root = tempfile::tempdir().expect("a folder");
    let store = folder(root.path());
    start(&store).await;
    let processes: Vec<Child> = (0..4).map(|_| again("directory::processes_share_a_folder", root.path())).collect();
    for mut process in processes {
        assert!(process.wait().expect("its status").success());
    }
    assert_eq!(counted(&store, "won").await, OBJECTS, "each object is created once");
    assert_eq!(counted(&store, "counter").await, 4 * TURNS, "no increment is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_always_find_an_object() {
    let root = tempfile::tempdir().expect("a folder");
    let [store, other] = [folder(root.path()), folder(root.path())];
    start(&store).await;
    let reader = tokio::spawn(async move {
        let mut counts = vec![0];
        while counts.last() < Some(&REPLACED) {
            counts.push(counted(&other, "counter").await);
        }
        counts
    });
    for _ in 0..REPLACED {
        increment(&store, &Key::new("counter")).await;
        let rows = store.versions("counter", None).await.expect("versions").versions;
        let old = rows.into_iter().filter(|row| !row.current).map(|row| (row.key, row.id));
        store.delete_versions(&old.collect::<Vec<_>>()).await.expect("delete");
    }
    assert!(reader.await.expect("an object at every look").is_sorted(), "time does not run backwards");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_leave_a_whole_store() {
    if let Some(shared) = env::var_os(SHARED) {
        let store = folder(Path::new(&shared));
        loop {
            work(&store).await;
        }
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let root = scratch.path().join("store");
    start(&folder(&root)).await;
    for kill in 0..KILLS {
        let before = counted(&folder(&root), "counter").await;
        let mut process = again("directory::killed_processes_leave_a_whole_store", &root);
        while counted(&folder(&root), "counter").await < before + 3 {
            assert_eq!(process.try_wait().expect("its status"), None, "it works until it is killed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Each at another moment of its work.
        tokio::time::sleep(Duration::from_millis(kill)).await;
        process.kill().expect("killed");
        process.wait().expect("its status");
        assert_whole(&root).await;
    }
}

fn folder(root: &Path) -> Arc<dyn Store> {
    Arc::new(DirectoryStore::new(root, Arc::new(SystemClock::default())))
}

/// Starts this test binary again, to run one test with another part to play.
fn again(test: &str, root: &Path) -> Child {
    let mut command = Command::new(env::current_exe().expect("this binary"));
    command.args(["--exact", test]).env(SHARED, root).stdout(Stdio::null());
    command.spawn().expect("a process")
}

async fn start(store: &Arc<dyn Store>) {
    for counter in ["counter", "won"] {
        let created = store.create(&Key::new(counter), Object::whole(Arc::default(), "0")).await.expect("create");
        assert!(matches!(created, Created::New(_)));
    }
}

async fn counted(store: &Arc<dyn Store>, counter: &str) -> usize {
    let fetched = store.get(&Key::new(counter)).await.expect("get").expect("a counter");
    std::str::from_utf8(&fetched.bytes).expect("text").parse().expect("a number")
}

/// Creates objects and moves the counter, as others do at once; the answer is how many objects were created here.
async fn compete(store: &Arc<dyn Store>) -> usize {
    let mut won = 0;
    for number in 0..OBJECTS {
        let key = Key::new(&format!("objects/{number}"));
        let created = store.create(&key, large(".")).await.expect("create");
        won += usize::from(matches!(created, Created::New(_)));
        if number % (OBJECTS / TURNS) == 0 {
            increment(store, &Key::new("counter")).await;
        }
    }
    won
}

/// Changes a few objects in every way there is.
async fn work(store: &Arc<dyn Store>) {
    let round = counted(store, "counter").await;
    increment(store, &Key::new("counter")).await;
    for number in 0..4 {
        let key = Key::new(&format!("objects/{round}/{number}"));
        store.create(&key, large(&format!("{number}"))).await.expect("create");
        let page = Key::new(&format!("page-{number}"));
        match store.head(&page).await.expect("head") {
            None => drop(store.create(&page, large(&format!("page-{number}"))).await.expect("create")),
            Some(found) if round % 3 == number => drop(store.remove(&page, &found.etag).await.expect("remove")),
            Some(found) => drop(store.replace(&page, &found.etag, large(&format!("{round}"))).await.expect("replace")),
        }
    }
    let rows = store.versions("", None).await.expect("versions").versions;
    let old = rows.into_iter().filter(|row| !row.current || row.key.as_str().starts_with("objects/"));
    let some: Vec<(Key, VersionId)> = old.step_by(3).map(|row| (row.key, row.id)).collect();
    store.delete_versions(&some).await.expect("delete");
}

/// An object of one text over and over, so that a mixture shows.
fn large(text: &str) -> Object {
    Object::whole(Arc::default(), text.repeat(LARGE))
}

/// Asserts that the store works, and that once something was written nothing shows of those who were killed.
async fn assert_whole(root: &Path) {
    let store = folder(root);
    increment(&store, &Key::new("won")).await;
    let rows = store.versions("", None).await.expect("versions").versions;
    let mut truth = BTreeMap::new();
    for row in rows.iter().filter(|row| row.current && !row.marker) {
        let fetched = store.get(&row.key).await.expect("get").expect("a current version has bytes");
        let text = String::from_utf8(fetched.bytes.to_vec()).expect("text");
        let is_counter = text.len() < LARGE;
        assert!(is_counter || text == text[..text.len() / LARGE].repeat(LARGE), "{} is mixed", row.key);
        truth.insert(row.key.to_string(), text);
    }
    let seen = files(root);
    assert!(truth == seen, "{:?} are there, {:?} are seen", truth.keys(), seen.keys());

    // A deletion that was cut short leaves a row without bytes, to be deleted again, but never bytes without a row.
    let mut bodies = files(&root.join(".lastly-store/versions"));
    bodies.retain(|path, _| !rows.iter().any(|row| path.ends_with(&row.id.0)));
    assert!(bodies.is_empty(), "{:?} have no version", bodies.keys());
    let temporary = files(&root.join(".lastly-store/tmp"));
    assert_eq!(temporary.len(), 1, "nothing but this one's lock: {:?}", temporary.keys());
}

/// Every file below a folder by its path, but those in folders whose names begin with a dot.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        if path.is_file() {
            all.insert(name.to_owned(), fs::read_to_string(&path).expect("text"));
        } else if !name.starts_with('.') {
            all.extend(files(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        }
    }
    all
}
