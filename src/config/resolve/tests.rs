//! Which of the three places decides, where settings say that they come from, and what they must be together.

use insta::assert_snapshot;
use tempfile::TempDir;

use super::super::flags::GcFlags;
use super::super::given::Origin;
use super::*;
use crate::error::Explain;

fn folder(settings: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("lastly.toml"), settings).expect("a file");
    folder
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

/// Every setting that somebody has set, with its value and origin.
fn set(folder: &TempDir, variables: &[(&str, &str)], flags: &Flags) -> String {
    let resolved = resolve(flags, &environment(variables), folder.path()).expect("good settings");
    let shown = resolved.shown.into_iter().filter(|shown| shown.origin != Origin::Default);
    shown.map(|shown| format!("{} = {} # {}\n", shown.key, shown.value.unwrap_or_default(), shown.origin)).collect()
}

fn problems(folder: &TempDir, variables: &[(&str, &str)], flags: &Flags) -> String {
    let error = resolve(flags, &environment(variables), folder.path()).expect_err("bad settings");
    let place = |problem: &Problem| match (&problem.file, problem.position) {
        (Some(file), Some((line, column))) => format!("{}:{line}:{column}: ", file.display()),
        _ => String::new(),
    };
    let hint = |problem: &Problem| problem.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
    let line = |problem: &Problem| format!("{}{}{}\n", place(problem), problem.message, hint(problem));
    error.problems().iter().map(line).collect()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn defaults() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let resolved = resolve(&Flags::default(), &Environment::default(), folder.path()).expect("good settings");
    assert_eq!(resolved.file, None);
    let line = |shown: &Shown| {
        assert_eq!(shown.origin, Origin::Default);
        format!("{} = {}\n", shown.key, shown.value.as_deref().unwrap_or("nothing"))
    };
    assert_snapshot!(resolved.shown.iter().map(line).collect::<String>(), @r#"
    store = "dir:lastly-store"
    control = ".lastly/"
    base-url = nothing
    channel = "live"
    sources = []
    ignore = []
    overlay = false
    source-maps = "publish"
    generation = 0
    urls = []
    strict = false
    missing = {}
    integrity = false
    import-map = "none"
    concurrency = 64
    path-style = nothing
    purge = []
    cloudfront = []
    gc = { html-ttl = "1d", intent-ttl = "1d", keep-for = "1w", keep-last = 5, keep-unreleased = "1w", max-delete = "50%", min-object-age = "1d", session = "1d" }
    bundler-manifests = []
    rules = []
    "#);
    let documented = super::super::schema::SETTINGS.map(|setting| setting.key);
    assert_eq!(resolved.shown.iter().map(|shown| shown.key).collect::<Vec<_>>(), documented);
}

#[test]
fn flags_over_environment_over_file() {
    let site =
        folder("store = 's3://file-bucket/a'\nchannel = 'file'\ngeneration = 1\nconcurrency = 1\n\nsources = 'a'");
    let variables = [("LASTLY_CHANNEL", "variable"), ("LASTLY_GENERATION", "2"), ("LASTLY_IGNORE", "*.psd")];
    let flags = Flags {
        generation: Some(3),
        overlay: true,
        path_style: true,
        sources: vec!["b".into(), "./c/".into()],
        purge: vec!["http://varnish:6081".to_owned()],
        ..Flags::default()
    };
    assert_snapshot!(set(&site, &variables, &flags), @r#"
    store = "s3://file-bucket/a" # lastly.toml:1
    channel = "variable" # LASTLY_CHANNEL
    sources = ["b", "c"] # DIR
    ignore = ["*.psd"] # LASTLY_IGNORE
    overlay = true # --overlay
    generation = 3 # --generation
    concurrency = 1 # lastly.toml:4
    path-style = true # --path-style
    purge = ["http://varnish:6081"] # --purge
    "#);
}

#[test]
fn every_flag_decides() {
    let site = folder("");
    let flags = Flags {
        config: None,
        store: text("s3://flag-bucket"),
        control: text("private"),
        base_url: text("/static"),
        channel: text("flag"),
        cloudfront: vec!["E1".to_owned()],
        wait: true,
        purge: vec!["http://a".to_owned()],
        sources: vec![site.path().join("dist"), "/elsewhere".into()],
        ignore: vec!["*.psd".to_owned()],
        overlay: true,
        source_maps: text("exclude"),
        generation: Some(1),
        strict: true,
        concurrency: Some(2),
        path_style: true,
        gc: GcFlags {
            keep_for: text("30d"),
            keep_last: Some(9),
            keep_unreleased: text("2d"),
            intent_ttl: text("3h"),
            min_object_age: text("4h"),
            max_delete: text("90%"),
            html_ttl: text("5h"),
            session: text("6h"),
        },
        without_store: false,
        listed: false,
    };
    assert_snapshot!(set(&site, &[], &flags), @r#"
    store = "s3://flag-bucket" # --store
    control = "private/" # --control
    base-url = "/static/" # --base-url
    channel = "flag" # --channel
    sources = ["dist", "/elsewhere"] # DIR
    ignore = ["*.psd"] # --ignore
    overlay = true # --overlay
    source-maps = "exclude" # --source-maps
    generation = 1 # --generation
    strict = true # --strict
    concurrency = 2 # --concurrency
    path-style = true # --path-style
    purge = ["http://a"] # --purge
    cloudfront = [{ id = "E1", wait = true }] # --cloudfront
    gc = { html-ttl = "5h", intent-ttl = "3h", keep-for = "30d", keep-last = 9, keep-unreleased = "2d", max-delete = "90%", min-object-age = "4h", session = "6h" } # --keep-for
    "#);
}

#[test]
fn values_are_shown_as_they_stand_in_a_file() {
    let settings = r#"
ignore = ['a"b', "⊗"]

[[cloudfront]]
id = "E1"
origin-path = "/static"

[[rules]]
files = "*.js"
kind = "sealed"
source-maps = "exclude"
headers = { Cache-Control = "no-cache", content-type = false }
"#;
    let site = folder(settings);
    let shown = set(&site, &[], &Flags::default());
    assert_snapshot!(shown, @r#"
    ignore = ['a"b', "⊗"] # lastly.toml:2
    cloudfront = [{ id = "E1", origin-path = "/static" }] # lastly.toml:4
    rules = [{ files = ["*.js"], headers = { cache-control = "no-cache", content-type = false }, kind = "sealed", source-maps = "exclude" }] # lastly.toml:8
    "#);
    // What is shown can be put into a file, and says the same there.
    let again = folder(&shown);
    let [one, other] = [&site, &again].map(|folder| resolve(&Flags::default(), &Environment::default(), folder.path()));
    assert_eq!(one.expect("good settings").settings, other.expect("good settings").settings);
}

#[test]
fn a_distribution_keeps_what_the_file_says_of_it() {
    let site = folder("[[cloudfront]]\nid = 'E1'\norigin-path = '/static'\n[[cloudfront]]\nid = 'E2'");
    let variables = [("LASTLY_CLOUDFRONT", "E3,E1")];
    assert_snapshot!(set(&site, &variables, &Flags::default()), @r#"cloudfront = [{ id = "E3" }, { id = "E1", origin-path = "/static" }] # LASTLY_CLOUDFRONT"#);
    assert_snapshot!(set(&site, &[], &Flags { wait: true, ..Flags::default() }), @r#"cloudfront = [{ id = "E1", origin-path = "/static", wait = true }, { id = "E2", wait = true }] # lastly.toml:1"#);
}

#[test]
fn every_problem_of_all_three_places_is_told_at_once() {
    let site = folder("chanel = 'a'\nstore = 'a'");
    let flags = Flags { store: text("b"), purge: vec!["c".to_owned(), "d".to_owned()], ..Flags::default() };
    assert_snapshot!(problems(&site, &[("LASTLY_STORES", "a"), ("LASTLY_OVERLAY", "2")], &flags), @r"
    lastly.toml:1:1: `chanel` is not a setting
      hint: did you mean `channel`?
    lastly.toml:2:9: `a` is not the address of a store
      hint: a bucket is written `s3://BUCKET/PREFIX`, a folder on this machine `dir:PATH`
    LASTLY_STORES sets nothing that lastly knows
      hint: did you mean LASTLY_STORE?
    LASTLY_OVERLAY: `2` is none of `true`, `false`, `1`, `0`
    --store: `b` is not the address of a store
      hint: a bucket is written `s3://BUCKET/PREFIX`, a folder on this machine `dir:PATH`
    --purge: `c` is not the URL of a cache
      hint: it begins with `http://`
    --purge: `d` is not the URL of a cache
      hint: it begins with `http://`
    ");
    let missing = Flags { config: Some("none.toml".into()), channel: text("-"), ..Flags::default() };
    assert_snapshot!(problems(&site, &[], &missing), @r"
    --config: there is no file `none.toml`
    --channel: `-` cannot name a channel: letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 63
    ");
}

#[test]
fn paths_of_the_file_are_relative_to_it() {
    let site = folder("store = 'dir:out'\nsources = ['dist', '/elsewhere']");
    std::fs::create_dir_all(site.path().join(".git")).expect("a folder");
    let below = site.path().join("docs/api");
    std::fs::create_dir_all(&below).expect("a folder");
    let flags = Flags { sources: vec!["html".into()], ..Flags::default() };
    let from_below = |flags: &Flags| resolve(flags, &Environment::default(), &below).expect("good settings").settings;
    let settings = from_below(&Flags::default());
    assert_eq!(settings.store, StoreAddress::Directory(site.path().join("out")));
    assert_eq!(settings.sources, [site.path().join("dist"), "/elsewhere".into()]);
    assert_eq!(from_below(&flags).sources, [Path::new("html")]);
    let here = resolve(&Flags::default(), &Environment::default(), site.path()).expect("good settings").settings;
    assert_eq!(here.store, StoreAddress::Directory("out".into()));
    assert_eq!(here.sources, [Path::new("dist"), Path::new("/elsewhere")]);
}

#[test]
fn the_default_store_lies_beside_the_file() {
    let site = folder("");
    std::fs::create_dir_all(site.path().join(".git")).expect("a folder");
    let settings = resolve(&Flags::default(), &Environment::default(), &site.path().join("docs")).expect("defaults");
    assert_eq!(settings.settings.store, StoreAddress::Directory(site.path().join("lastly-store")));
}

#[test]
fn a_publish_never_swallows_its_store() {
    let publish = |sources: &[&str], store: Option<&str>| Flags {
        sources: sources.iter().map(PathBuf::from).collect(),
        store: store.map(str::to_owned),
        ..Flags::default()
    };
    let site = folder("");
    assert_snapshot!(problems(&site, &[], &publish(&["dist", "."], None)), @r"
    the store's folder `lastly-store` lies in the source folder `.`
      hint: name another place for the store, such as `dir:../lastly-store`, or another source folder
    ");
    assert_snapshot!(problems(&site, &[], &publish(&["out/dist"], Some("dir:out"))), @r"
    --store: the source folder `out/dist` lies in the store's folder `out`
      hint: name another place for the store, such as `dir:../lastly-store`, or another source folder
    ");
    assert_snapshot!(problems(&site, &[("LASTLY_STORE", "dir:a/../dist/x")], &publish(&["dist"], None)), @r"
    LASTLY_STORE: the store's folder `a/../dist/x` lies in the source folder `dist`
      hint: name another place for the store, such as `dir:../lastly-store`, or another source folder
    ");
    for (sources, store) in [(&["dist"][..], None), (&["dist"], Some("dir:dist-store")), (&["."], Some("s3://abc"))] {
        let flags = publish(sources, store);
        assert!(resolve(&flags, &Environment::default(), site.path()).is_ok(), "{flags:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_publish_never_swallows_its_store_through_a_link() {
    let site = folder("sources = 'link'\nstore = 'dir:real/store'");
    std::fs::create_dir(site.path().join("real")).expect("a folder");
    std::os::unix::fs::symlink("real", site.path().join("link")).expect("a link");
    assert_snapshot!(problems(&site, &[], &Flags::default()), @r"
    lastly.toml:2:9: the store's folder `real/store` lies in the source folder `link`
      hint: name another place for the store, such as `dir:../lastly-store`, or another source folder
    ");
}

#[test]
fn private_keys_never_cover_public_ones() {
    let site = folder("store = 's3://abc/static/v1'\ncontrol = 'static'");
    assert_snapshot!(problems(&site, &[], &Flags::default()), @r"
    lastly.toml:2:11: the public keys below `static/v1/` would lie among the private ones below `static/`
      hint: choose another `control`, or leave it out: then it is `.lastly/static/v1/`
    ");
    let beside = Flags { control: text("static/v1/.lastly"), ..Flags::default() };
    assert_snapshot!(problems(&site, &[], &beside), @r"
    --control: the private keys below `static/v1/.lastly/` would lie among the public ones below `static/v1/`
      hint: choose another `control`, or leave it out: then it is `.lastly/static/v1/`
    ");
    // Without a prefix there is nothing outside.
    let whole = Flags { store: text("s3://abc"), control: text("private"), ..Flags::default() };
    assert!(resolve(&whole, &Environment::default(), site.path()).is_ok());
}

/// What is likely to be a mistake, in settings that can be used.
fn warnings(flags: &Flags) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let resolved = resolve(flags, &Environment::default(), folder.path()).expect("good settings");
    resolved.warnings.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn a_base_url_must_fit_to_the_distributions() {
    for (store, distribution, base, says) in [
        ("s3://abc/static", "E1", "https://cdn.example.com/static/", None),
        ("s3://abc/a/static", "E1", "https://cdn.example.com/static/", None),
        ("s3://abc/static", "E1", "/", None),
        ("s3://abc/static", "E1", "/assets/", Some("its keys begin with `/static/`")),
        ("s3://abc/static", "E1:/static", "/", None),
        ("s3://abc/static", "E1:/", "/static/", None),
        ("s3://abc/static", "E1:/static", "/static/", Some("but at `/` by the origin path of E1")),
        ("s3://abc/static", "E1:/", "/", Some("but at `/static/` by the origin path of E1")),
        ("s3://abc/static", "E1:/stat", "/", Some("does not lie below it")),
        ("s3://abc/a b", "E1", "/a%20b/", None),
    ] {
        let flags = Flags {
            store: text(store),
            cloudfront: vec![distribution.to_owned()],
            base_url: text(base),
            ..Flags::default()
        };
        let warnings = warnings(&flags);
        assert_eq!(warnings.len(), usize::from(says.is_some()), "{store} {distribution} {base}: {warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains(says.unwrap_or_default())), "{warnings:?}");
    }
}

#[test]
fn what_matches_no_file_is_told_with_its_place() {
    let site = folder("ignore = ['*.psd']\n[[rules]]\nfiles = '*.js'\n\n[[rules]]\nfiles = ['*.css', 'x']\n");
    let resolved = resolve(&Flags::default(), &Environment::default(), site.path()).expect("good settings");
    let idle = resolved.idle(&["*.psd"], &[(1, "x")]);
    let told: Vec<String> = idle
        .iter()
        .map(|problem| format!("{:?} {}", problem.position.map(|(line, _)| line), problem.message))
        .collect();
    assert_eq!(
        told,
        ["Some(1) the ignore pattern `*.psd` matches no file", "Some(5) `x` of this rule matches no file"]
    );
    assert!(idle.iter().all(|problem| problem.level == Level::Warning));
}
