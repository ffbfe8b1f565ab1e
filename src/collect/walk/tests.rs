use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A folder with these files, each with its own path as content.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for file in files {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().expect("below the folder")).expect("room for it");
        std::fs::write(&file, file.as_os_str().as_bytes()).expect("room for it");
    }
    folder
}

fn order(folders: &[&TempDir]) -> Walk {
    Walk { folders: folders.iter().map(|folder| folder.path().to_owned()).collect(), ..Walk::default() }
}

fn paths(files: &[File]) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

/// The logical paths that are found, where nothing is wrong.
fn found(order: &Walk) -> Vec<String> {
    let (files, problems) = walk(order);
    assert_eq!(problems, []);
    paths(&files).into_iter().map(str::to_owned).collect()
}

/// What is wrong: file names and messages, with the temporary folder taken out.
fn wrong(order: &Walk) -> Vec<(String, String)> {
    let (_, problems) = walk(order);
    let plain = |text: &str| {
        order.folders.iter().fold(text.to_owned(), |text, folder| {
            let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            text.replace(&format!("{}/", folder.display()), "").replace(&format!("{}/", real.display()), "")
        })
    };
    let file = |problem: &Problem| problem.file.as_ref().map(|file| plain(&file.to_string_lossy())).unwrap_or_default();
    problems.iter().map(|problem| (file(problem), plain(&problem.message))).collect()
}

#[test]
fn every_ordinary_name_works() {
    let names = ["%2F.txt", ".well-known/security.txt", "a b/c d.js", "b#c?d.css", "index.html", "⊗.txt"];
    assert_eq!(found(&order(&[&folder(&names)])), names);
}

#[test]
fn version_control_secrets_and_patterns_are_left_out() {
    let folder = folder(&[
        ".git/config",
        ".env",
        ".env.local",
        "sub/.DS_Store",
        "keep/.env.example",
        "a.tmp",
        "b.css",
        "c/.hidden",
        "notes~",
        "drafts/d.html",
    ]);
    let ignore = vec!["*.tmp".to_owned(), "/drafts/".to_owned(), "!.env.example".to_owned()];
    assert_eq!(found(&Walk { ignore, ..order(&[&folder]) }), ["b.css", "c/.hidden", "keep/.env.example"]);
}

#[test]
fn a_clash_of_folders_is_an_error_unless_the_later_one_lies_over() {
    let (first, second) = (folder(&["a", "b"]), folder(&["b", "c"]));
    let both = order(&[&first, &second]);
    assert_eq!(wrong(&both), [("b".to_owned(), "is also at b: both would be published as `b`".to_owned())],);
    let (files, problems) = walk(&Walk { overlay: true, ..both });
    assert_eq!((paths(&files), problems), (vec!["a", "b", "c"], vec![]));
    assert_eq!(files[1].file, second.path().join("b"));
}

#[test]
fn links_are_followed_inside_and_refused_when_they_lead_out() {
    let (inside, outside) = (folder(&["real/a.css"]), folder(&["secret"]));
    let link = |to: &Path, name: &str| symlink(to, inside.path().join(name)).expect("a new name");
    link(&inside.path().join("real/a.css"), "b.css");
    link(&inside.path().join("real"), "again");
    assert_eq!(found(&order(&[&inside])), ["again/a.css", "b.css", "real/a.css"]);

    link(&outside.path().join("secret"), "leak");
    link(outside.path(), "leaks");
    link(Path::new("nowhere"), "broken");
    link(inside.path(), "real/loop");
    let wrong = wrong(&order(&[&inside]));
    let named: Vec<&str> = wrong.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(named, ["again/loop", "broken", "leak", "leaks", "real/loop"], "{wrong:?}");
    assert!(wrong[1].1.starts_with("is a symbolic link that leads nowhere"), "{wrong:?}");
    assert!(wrong[2].1.starts_with("is a symbolic link that leads out of the source folders"), "{wrong:?}");
    assert!([0, 4].iter().all(|&at| wrong[at].1.starts_with("is a symbolic link back into ")), "{wrong:?}");
    // A link from one source folder into another does not lead out.
    let (_, problems) = walk(&order(&[&inside, &outside]));
    assert!(problems.iter().all(|problem| !problem.message.contains("leads out")), "{problems:?}");
}

#[test]
fn everything_that_cannot_be_published_is_named_in_one_run() {
    let folder = folder(&["good.css", "line\nfeed.css"]);
    std::fs::write(folder.path().join(OsStr::from_bytes(b"latin\xe9.css")), "").expect("room for it");
    let _socket = UnixListener::bind(folder.path().join("socket")).expect("a new name");
    let mut order = order(&[&folder]);
    order.folders.push(folder.path().join("missing"));
    order.folders.push(folder.path().join("good.css"));
    let wrong = wrong(&order);
    let messages: Vec<&str> = wrong.iter().map(|(_, message)| message.as_str()).collect();
    for part in ["not UTF-8", "U+000A", "neither a file nor a folder", "cannot be opened", "must be a folder"] {
        assert!(messages.iter().any(|message| message.contains(part)), "{part}: {wrong:?}");
    }
    assert_eq!(wrong.len(), 5, "{wrong:?}");
}

#[test]
fn names_that_differ_only_by_case_are_pointed_out() {
    let (files, problems) = walk(&order(&[&folder(&["Logo.svg", "logo.svg", "other", "caf\u{e9}", "cafe\u{301}"])]));
    assert_eq!(files.len(), 5);
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.contains(&"differs only by letter case from `logo.svg`"), "{messages:?}");
    assert!(messages.contains(&"differs only in how accents are composed from `caf\u{e9}`"), "{messages:?}");
    assert!(problems.iter().all(|problem| problem.level == Level::Warning));
}

#[test]
fn publishing_nothing_is_a_mistake() {
    assert_eq!(wrong(&order(&[&folder(&[".git/config"])])), [(String::new(), "no files were found".to_owned())]);
}

#[test]
fn links_that_lead_into_each_other_end() {
    let folder = folder(&["a/1", "b/2"]);
    symlink(folder.path().join("b"), folder.path().join("a/x")).expect("a new name");
    symlink(folder.path().join("a"), folder.path().join("b/y")).expect("a new name");
    let (files, problems) = walk(&order(&[&folder]));
    assert_eq!(paths(&files), ["a/1", "a/x/2", "b/2", "b/y/1"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn it_is_known_what_was_left_out_and_which_patterns_met_nothing() {
    let folder = folder(&["a.tmp", "b.tmp", "drafts/c.html", "drafts/d.html", "e.css", ".env.example"]);
    let ignore = ["*.tmp", "a.tmp", "drafts/", "drafts/c.html", "*.psd", "!.env.example", "!kept"].map(str::to_owned);
    let order = Walk { ignore: ignore.to_vec(), ..order(&[&folder]) };
    assert_eq!(found(&order), [".env.example", "e.css"]);
    assert_eq!(order.left_out.count(), 3);
    assert_eq!(order.left_out.idle(&order.ignore), ["drafts/c.html", "*.psd", "!kept"]);
}

#[test]
fn a_broken_pattern_is_an_error() {
    let folder = folder(&["a"]);
    let order = Walk { ignore: vec!["[a".to_owned()], ..order(&[&folder]) };
    let wrong = wrong(&order);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].1.starts_with("`[a` is not an ignore pattern: "), "{wrong:?}");
}
