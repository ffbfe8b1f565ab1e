//! What only a folder can get wrong: its visible files, and what dead processes and people leave in it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tempfile::TempDir;

use super::change::Change;
use super::draft::Draft;
use super::record::Stored;
use super::write::open_for_writing;
use super::{DirectoryStore, Folder, PAGE};
use crate::clock::SystemClock;
use crate::model::headers::Headers;
use crate::model::layout::Key;
use crate::store::{
    Body, Certainty, Content, Created, Etag, Object, Reason, Removed, Replaced, Store, Version, VersionId,
};

/// A folder and a store in it.
struct Site {
    _scratch: TempDir,
    root: PathBuf,
    store: DirectoryStore,
}

impl Site {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let root = scratch.path().join("site");
        Self { store: open(&root), root, _scratch: scratch }
    }

    async fn create(&self, key: &str, body: &'static str) -> Etag {
        match self.store.create(&Key::new(key), object(body)).await.expect("create") {
            Created::New(written) => written.etag,
            Created::AlreadyThere => panic!("{key} is there already"),
        }
    }

    async fn replace(&self, key: &str, etag: &Etag, body: &'static str) -> Etag {
        match self.store.replace(&Key::new(key), etag, object(body)).await.expect("replace") {
            Replaced::Done(written) => written.etag,
            Replaced::Outrun => panic!("{key} has another ETag"),
        }
    }

    /// Why nothing can be created under `key`.
    async fn refuses(&self, key: &str) -> String {
        let error = self.store.create(&Key::new(key), object("x")).await.expect_err(key);
        assert_eq!(error.certainty, Certainty::Refused);
        error.reason.to_string()
    }

    async fn get(&self, key: &str) -> Option<String> {
        let fetched = self.store.get(&Key::new(key)).await.expect("get")?;
        Some(String::from_utf8(fetched.bytes.to_vec()).expect("text"))
    }

    async fn versions(&self, key: &str) -> Vec<Version> {
        self.store.versions(key, None).await.expect("versions").versions
    }

    async fn delete(&self, rows: &[Version]) {
        let versions: Vec<(Key, VersionId)> = rows.iter().map(|row| (row.key.clone(), row.id.clone())).collect();
        for outcome in self.store.delete_versions(&versions).await.expect("delete") {
            outcome.expect("deleted");
        }
    }

    /// What a web server would find under `key`.
    fn seen(&self, key: &str) -> Option<String> {
        fs::read_to_string(self.root.join(key)).ok()
    }

    fn own(&self, path: &str) -> PathBuf {
        self.root.join(".lastly-store").join(path)
    }

    /// How many files there are below a folder of the store's own.
    fn files(&self, path: &str) -> usize {
        files(&self.own(path))
    }
}

fn files(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

fn open(root: &Path) -> DirectoryStore {
    DirectoryStore::new(root, Arc::new(SystemClock::default()))
}

fn object(body: &'static str) -> Object {
    Object::whole(Arc::default(), body)
}

#[tokio::test]
async fn the_visible_file_follows_every_change() {
    let site = Site::new();
    assert_eq!(site.get("a/b.txt").await, None);
    assert!(!site.root.exists(), "looking makes nothing");

    let first = site.create("a/b.txt", "first").await;
    assert_eq!(site.seen("a/b.txt").as_deref(), Some("first"));
    let second = site.replace("a/b.txt", &first, "second").await;
    assert_eq!(site.seen("a/b.txt").as_deref(), Some("second"));
    let removed = site.store.remove(&Key::new("a/b.txt"), &second).await.expect("remove");
    assert_eq!((removed, site.seen("a/b.txt")), (Removed::Gone, None));
    assert!(!site.root.join("a").exists(), "empty folders go too");

    let rows = site.versions("a/b.txt").await;
    site.delete(&rows[..2]).await;
    assert_eq!(site.seen("a/b.txt").as_deref(), Some("first"), "the earlier version is exposed");
    site.delete(&rows).await;
    assert_eq!(site.seen("a/b.txt"), None);
    assert_eq!((site.files("keys"), site.files("versions")), (0, 0), "nothing stays of what was deleted");
}

#[tokio::test]
async fn the_visible_file_cannot_be_written_into() {
    let site = Site::new();
    site.create("a", "bytes").await;
    let visible = fs::metadata(site.root.join("a")).expect("the visible file");
    assert_eq!((visible.permissions().mode() & 0o222, visible.nlink()), (0, 2));
}

#[tokio::test]
async fn the_next_write_repairs_what_people_did_to_a_visible_file() {
    let site = Site::new();
    let mut etag = site.create("a", "1").await;
    let visible = site.root.join("a");
    fs::remove_file(&visible).expect("removed");
    etag = site.replace("a", &etag, "2").await;
    assert_eq!(site.seen("a").as_deref(), Some("2"));
    fs::remove_file(&visible).expect("removed");
    fs::write(&visible, "something else").expect("written");
    assert_eq!(site.get("a").await.as_deref(), Some("2"), "the visible file is never read");
    site.replace("a", &etag, "3").await;
    assert_eq!(site.seen("a").as_deref(), Some("3"));
}

#[tokio::test]
async fn clear_words_for_what_cannot_be() {
    let site = Site::new();
    site.create("file", "x").await;
    site.create("folder/file", "x").await;
    for key in ["", "/a", "a/", "a//b", "a/../b", ".", ".lastly-store/keys/=a", "a\0b"] {
        assert_eq!(site.refuses(key).await, "no file can lie under this key", "{key:?}");
        assert!(site.store.head(&Key::new(key)).await.is_err());
    }
    assert_eq!(site.refuses("file/a").await, "another object is a file where this one needs a folder");
    assert_eq!(site.refuses("file/a/b").await, "another object is a file where this one needs a folder");
    assert_eq!(site.refuses("folder").await, "other objects lie in a folder of this name");
    assert_eq!(site.refuses(&"ü".repeat(128)).await, "a part of the key is too long for a file name");
    assert_eq!((site.files("keys"), site.files("versions")), (2, 2), "nothing stays of what was refused");

    let rows = site.versions("folder/").await;
    site.delete(&rows).await;
    site.create("folder", "no folder any more").await;
    assert_eq!(site.seen("folder").as_deref(), Some("no folder any more"));
}

/// Announces more bytes than it has.
#[derive(Debug)]
struct Short;

impl Content for Short {
    fn size(&self) -> u64 {
        5
    }

    fn open(&self) -> BoxStream<'static, std::io::Result<Bytes>> {
        stream::iter([Ok(Bytes::from_static(b"four"))]).boxed()
    }
}

#[tokio::test]
async fn fewer_bytes_than_announced_are_no_object() {
    let site = Site::new();
    let object = Object { headers: Arc::default(), body: Body::Stream(Arc::new(Short)) };
    let error = site.store.create(&Key::new("a"), object).await.expect_err("refused");
    assert_eq!(error.reason, Reason::Changed);
    assert_eq!((site.get("a").await, site.seen("a")), (None, None));
    assert_eq!(site.files("tmp"), 1, "nothing but the lock");
}

#[tokio::test]
async fn a_file_and_a_folder_can_both_have_been() {
    let site = Site::new();
    let etag = site.create("docs", "a page").await;
    site.store.remove(&Key::new("docs"), &etag).await.expect("remove");
    site.create("docs/index.html", "another").await;
    let keys: Vec<String> = site.versions("docs").await.into_iter().map(|row| row.key.to_string()).collect();
    assert_eq!(keys, ["docs", "docs", "docs/index.html"]);
}

#[tokio::test]
async fn no_store_is_made_among_other_files() {
    let site = Site::new();
    fs::create_dir(&site.root).expect("made");
    fs::write(site.root.join(".gitkeep"), "").expect("written");
    fs::write(site.root.join("index.html"), "somebody's page").expect("written");
    let error = site.store.create(&Key::new("index.html"), object("x")).await.expect_err("refused");
    assert!(error.to_string().contains("holds other files and is not a store"), "{error}");
    fs::remove_file(site.root.join("index.html")).expect("removed");
    site.create("index.html", "x").await;
}

#[tokio::test]
async fn a_file_is_no_store() {
    let site = Site::new();
    fs::write(&site.root, "a file").expect("written");
    let error = site.store.get(&Key::new("a")).await.expect_err("refused");
    assert!(error.to_string().ends_with("site is not a folder"), "{error}");
    assert!(site.refuses("a").await.ends_with("site is not a folder"));
}

#[tokio::test]
async fn a_later_format_is_left_alone() {
    let site = Site::new();
    site.create("a", "x").await;
    fs::write(site.own("format"), "2\n").expect("written");
    let later = open(&site.root);
    let error = later.get(&Key::new("a")).await.expect_err("refused");
    assert_eq!(error.to_string(), "get `a`: a later version of lastly made this store");
    assert!(later.create(&Key::new("b"), object("x")).await.is_err());
    assert_eq!(site.seen("b"), None);
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_not_an_absence() {
    let site = Site::new();
    site.create("a", "x").await;
    fs::write(site.own("keys/=a"), "{\"key\":\"a\",\"vers").expect("written");
    let error = site.store.get(&Key::new("a")).await.expect_err("refused");
    assert!(error.to_string().starts_with("get `a`: what the store wrote down of it is damaged"), "{error}");
    assert!(site.refuses("a").await.contains("damaged"));
    assert!(site.store.versions("", None).await.is_err());
}

/// A power failure may keep the name of a new file and lose its bytes.
#[tokio::test]
async fn what_a_power_failure_took_was_never_there() {
    let site = Site::new();
    site.create("record", "x").await;
    site.create("body", "some bytes").await;
    let etag = site.create("replaced", "first").await;
    site.replace("replaced", &etag, "second").await;
    fs::write(site.own("keys/=record"), "").expect("written");
    for key in ["body", "replaced"] {
        let row = site.versions(key).await.swap_remove(0);
        let body = site.store.folder.body(&row.id.0);
        fs::remove_file(&body).expect("removed");
        fs::write(&body, "so").expect("written");
    }
    for key in ["record", "body"] {
        assert_eq!(site.get(key).await, None);
        assert_eq!(site.store.head(&Key::new(key)).await.expect("head"), None);
        site.create(key, "anew").await;
        assert_eq!((site.get(key).await.as_deref(), site.seen(key).as_deref()), (Some("anew"), Some("anew")));
    }
    assert_eq!(site.get("replaced").await.as_deref(), Some("first"));
    let rows = site.versions("replaced").await;
    assert_eq!(rows.iter().map(|row| row.current).collect::<Vec<_>>(), [false, true]);
    site.delete(&rows).await;
    assert_eq!(site.versions("replaced").await, []);
}

/// The last thing that a write does before its process dies.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum LastStep {
    Draft,
    Sheet,
    Body,
    Visible,
}

const LAST_STEPS: [LastStep; 4] = [LastStep::Draft, LastStep::Sheet, LastStep::Body, LastStep::Visible];

/// Writes `body` to `key` as a process does that dies in the middle.
fn die(root: &Path, key: &str, body: &str, last: LastStep) {
    let key = Key::new(key);
    let folder = Folder::new(root.into(), Arc::new(SystemClock::default()));
    open_for_writing(&folder).expect("open");
    let mut draft = Draft::begin(folder.temporary("draft")).expect("a draft");
    draft.take(body.as_bytes()).expect("written");
    if last >= LastStep::Sheet {
        let locks = folder.lock([&key]).expect("locked");
        let mut record = folder.read(&key).expect("read");
        let id = record.next_id(folder.clock().fresh_id());
        let content = Some(draft.facts(&Headers::default()));
        record.versions.push(Stored { id: id.clone(), modified: 0, content });
        std::mem::forget(Change::prepare(&folder, &locks, &key, id.clone(), record).expect("prepared"));
        let (place, visible) = (folder.body(&id), folder.visible(&key));
        if last >= LastStep::Body {
            fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            fs::rename(draft.path(), &place).expect("renamed");
        }
        if last >= LastStep::Visible {
            let _ = fs::remove_file(&visible);
            fs::hard_link(&place, &visible).expect("linked");
        }
    }
    // The session goes when the folder is dropped, as it does not when a process dies: keep what is in it.
    let dead = folder.temporaries().join(folder.clock().fresh_id().to_string());
    fs::create_dir(&dead).expect("made");
    let session = folder.temporary("alive");
    for file in fs::read_dir(session.parent().expect("a folder")).expect("the session") {
        let file = file.expect("a file");
        fs::hard_link(file.path(), dead.join(file.file_name())).expect("linked");
    }
    fs::remove_file(dead.join("alive")).expect("removed");
    fs::write(dead.join("alive"), "").expect("nobody's lock");
}

#[tokio::test]
async fn a_writer_that_dies_has_done_nothing() {
    for last in LAST_STEPS {
        let site = Site::new();
        site.create("old", "old").await;
        die(&site.root, "old", "new", last);
        die(&site.root, "fresh", "new", last);
        assert_eq!(site.get("old").await.as_deref(), Some("old"), "{last:?}");
        assert_eq!(site.get("fresh").await, None, "{last:?}");
        assert_eq!(site.versions("").await.len(), 1);

        let next = open(&site.root);
        next.create(&Key::new("other"), object("x")).await.expect("create");
        assert_eq!((site.seen("old").as_deref(), site.seen("fresh")), (Some("old"), None), "{last:?}");
        assert_eq!((site.files("keys"), site.files("versions")), (2, 2), "{last:?}");
        assert_eq!(site.files("tmp"), 2, "{last:?}: each of the living has its lock, and the dead have nothing");
        assert_eq!(site.versions("").await.len(), 2);
    }
}

#[tokio::test]
async fn what_the_living_write_after_a_death_stays() {
    for last in LAST_STEPS {
        let site = Site::new();
        let etag = site.create("old", "old").await;
        die(&site.root, "old", "new", last);
        die(&site.root, "fresh", "new", last);
        site.replace("old", &etag, "newer").await;
        site.create("fresh", "newer").await;
        open(&site.root).create(&Key::new("other"), object("x")).await.expect("create");
        for key in ["old", "fresh"] {
            assert_eq!(site.get(key).await.as_deref(), Some("newer"), "{last:?}");
            assert_eq!(site.seen(key).as_deref(), Some("newer"), "{last:?}");
        }
        assert_eq!(site.files("versions"), 4, "{last:?}");
    }
}

/// A deletion takes the visible file and the body before the record.
#[tokio::test]
async fn a_deletion_that_was_cut_short_is_finished_by_the_next() {
    let site = Site::new();
    site.create("a", "x").await;
    let rows = site.versions("a").await;
    fs::remove_file(site.root.join("a")).expect("removed");
    fs::remove_file(site.store.folder.body(&rows[0].id.0)).expect("removed");
    assert_eq!(site.get("a").await, None);
    assert_eq!(site.versions("a").await.len(), 1, "it is still listed, so that it is deleted again");
    site.delete(&rows).await;
    assert_eq!((site.versions("a").await.len(), site.files("keys")), (0, 0));
}

#[tokio::test]
async fn a_listing_goes_on_after_a_version_that_was_deleted_meanwhile() {
    let site = Site::new();
    site.create("a", "x").await;
    let mut record = site.store.folder.read(&Key::new("a")).expect("read");
    for _ in 0..2 * PAGE {
        let id = record.next_id(site.store.folder.clock().fresh_id());
        record.versions.push(Stored { id, modified: 0, content: None });
    }
    fs::write(site.own("keys/=a"), record.bytes()).expect("written");

    let first = site.store.versions("", None).await.expect("versions");
    site.delete(&first.versions[PAGE - 1..]).await;
    let second = site.store.versions("", first.next).await.expect("versions");
    let third = site.store.versions("", second.next).await.expect("versions");
    assert_eq!(third.next, None);
    let listed = [first.versions, second.versions, third.versions].concat();
    let expected: Vec<&str> = record.versions.iter().rev().map(|stored| stored.id.as_str()).collect();
    assert!(listed.iter().map(|row| row.id.0.as_str()).eq(expected), "{} rows", listed.len());
}
