//! Tests of keys, names and their forms.

use super::*;
use crate::model::address::Addresser;
use crate::model::headers::Headers;

#[test]
fn assets_keep_their_folder_and_extension() {
    let address = Addresser::new(&Headers::default(), 0).address_of(b"x");
    let digits = address.in_key();
    assert_eq!(digits.len(), Address::KEY_DIGITS);
    for (path, name) in [
        ("css/app.css", format!("css/app.{digits}.css")),
        ("jquery.min.js", format!("jquery.min.{digits}.js")),
        ("a/LICENSE", format!("a/LICENSE.{digits}")),
        (".htaccess", format!(".htaccess.{digits}")),
    ] {
        let path = AssetPath::new(path).expect(path);
        assert_eq!(Name::addressed(&path, &address).as_str(), name);
    }
}

#[test]
fn the_address_of_a_tree_stands_in_its_folder_s_name() {
    let address = Addresser::new(&Headers::default(), 0).address_of(b"x");
    let digits = address.in_key();
    let path = AssetPath::new("vendor/ace-1.45/mode/css.js").expect("a plain path");
    let name = Name::in_tree(&path, "vendor/ace-1.45/", &address);
    assert_eq!(name.as_str(), format!("vendor/ace-1.45.{digits}/mode/css.js"));
}

#[test]
fn sites_in_one_bucket_never_share_a_ledger() {
    let [one, other, root] = ["static/", "/other", ""].map(|prefix| Layout::new(prefix, None));
    assert_eq!(one.ledger().as_str(), ".lastly/static/ledger.json");
    assert_eq!(other.ledger().as_str(), ".lastly/other/ledger.json");
    assert_eq!(root.ledger().as_str(), ".lastly/ledger.json");
    assert_eq!(Layout::new("static", Some("private")).ledger().as_str(), "private/ledger.json");
}

#[test]
fn keys_are_known_by_their_form() {
    let layout = Layout::new("static", None);
    let (digits, uuid) = ("0123456789abcdef0123456789abcdef", "00000000-0000-0000-0000-000000000001");
    let id = ReleaseId::parse(digits).expect("32 digits");
    let preview = ChannelName::new("preview-7").expect("a plain name");
    for (key, form) in [
        (format!("static/css/app.{digits}.css"), Some(Form::Object)),
        (format!("static/LICENSE.{digits}"), Some(Form::Object)),
        (format!("static/.htaccess.{digits}"), Some(Form::Object)),
        (format!("static/a.min.{digits}.js"), Some(Form::Object)),
        (format!("static/vendor/mce.{digits}/skins/x.css"), Some(Form::Object)),
        (format!("static/.{digits}/x.css"), None),
        (format!("static/channels/x/a.{digits}.js"), Some(Form::Object)),
        (format!("static/css/app.{digits}-bg.css"), Some(Form::Object)),
        (format!("static/css/app.{digits}-bg.css.br"), Some(Form::Object)),
        (format!("static/css/app.{digits}-g.css.gz"), Some(Form::Object)),
        (format!("static/LICENSE.{digits}-b.br"), Some(Form::Object)),
        (format!("static/css/app.{digits}-g.css.br"), None),
        (format!("static/css/app.{digits}.css.br"), None),
        (format!("static/css/app.{digits}-gb.css"), None),
        (format!("static/css/app.{digits}-.css"), None),
        (format!("static/css/app.{digits}-x.css"), None),
        ("static/manifest.json".to_owned(), Some(Form::Manifest(ChannelName::live()))),
        ("static/channels/preview-7/manifest.json".to_owned(), Some(Form::Manifest(preview))),
        (".lastly/static/ledger.json".to_owned(), Some(Form::Ledger)),
        (format!(".lastly/static/releases/{digits}.json"), Some(Form::Document(id))),
        (format!(".lastly/static/condemned/{uuid}.list"), Some(Form::Condemned(Uuid::from_u128(1)))),
        (format!(".lastly/static/probe/{uuid}"), Some(Form::Probe)),
        (format!(".lastly/static/other/a.{digits}.js"), None),
        (format!("other/css/app.{digits}.css"), None),
        (format!("static/{digits}.css"), None),
        (format!("static/.{digits}"), None),
        (format!("static/app.{}.css", digits.to_uppercase()), None),
        (format!("static/app.{digits}0.css"), None),
        (format!("static/{digits}/app.css"), None),
        ("static/channels/a/b/manifest.json".to_owned(), None),
        ("static/index.html".to_owned(), None),
    ] {
        assert_eq!(layout.form(&Key::new(&key)), form, "{key}");
    }
}

#[test]
fn sites_within_each_other_find_each_other() {
    let above = |prefix: &str| {
        let keys = Layout::new(prefix, None).ledgers_above();
        keys.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(above(""), Vec::<String>::new());
    assert_eq!(above("a/b"), [".lastly/ledger.json", ".lastly/a/ledger.json"]);
    let root = Layout::new("", None);
    assert!(root.may_be_other_ledger(&Layout::new("a", None).ledger()) && !root.may_be_other_ledger(&root.ledger()));
}

#[test]
fn only_live_pages_lie_at_the_root() {
    let page = AssetPath::new("docs/index.html").expect("a plain path");
    let preview = ChannelName::new("preview-7").expect("a plain name");
    assert_eq!(Name::page(&ChannelName::live(), &page).as_str(), "docs/index.html");
    assert_eq!(Name::page(&preview, &page).as_str(), "channels/preview-7/docs/index.html");
    assert_eq!(Name::manifest(&preview).as_str(), "channels/preview-7/manifest.json");
    for bad in ["", "-a", "a/b", "a b", "é", &"a".repeat(64)] {
        assert!(ChannelName::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn names_are_encoded_for_urls() {
    assert_eq!(Name::new("a b/⊗%2F?#.txt").in_url(), "a%20b/%E2%8A%97%252F%3F%23.txt");
    assert_eq!(Name::new("a@1/b+c,(d)'.js").in_url(), "a@1/b+c,(d)'.js");
}

#[test]
fn keys_can_be_too_long() {
    let (bucket, folder) = (Layout::new("a", None), Layout::new("", None).with_segments_up_to(5));
    assert_eq!(bucket.too_long(&Name::new(&"x".repeat(LONGEST_KEY - 2))), None);
    assert!(bucket.too_long(&Name::new(&"x".repeat(LONGEST_KEY - 1))).is_some());
    assert_eq!(folder.too_long(&Name::new("12345/12345")), None);
    let why = folder.too_long(&Name::new("1/123456/1")).expect("a part is too long");
    assert!(why.contains("6 bytes, `123456`"), "{why}");
}

#[test]
fn own_names_never_hide_what_lastly_keeps() {
    let layout = Layout::new("", None);
    for taken in ["manifest.json", "channels/x/index.html", ".lastly/ledger.json"] {
        assert!(layout.reserved(&Name::new(taken)).is_some(), "{taken}");
    }
    assert_eq!(layout.reserved(&Name::new("app/manifest.json")), None);
}

#[test]
fn a_name_says_which_variants_there_are() {
    let address = Addresser::new(&Headers::default(), 0).address_of(b"x");
    for (path, compression, mark, expected) in [
        ("css/app.css", "variants br gzip 1", "-bg", &["br", "gzip"][..]),
        ("css/app.css", "variants gzip 1", "-g", &["gzip"]),
        ("LICENSE", "variants br 1", "-b", &["br"]),
        ("css/app.css", "in-place br 1", "", &[]),
    ] {
        let path = AssetPath::new(path).expect("a plain path");
        let in_name = InName { address, compression: Compression::parse(compression) };
        let name = Name::of(&path, &in_name);
        assert!(name.as_str().contains(&format!(".{}{mark}", address.in_key())), "{name}");
        let variants: Vec<&str> = name.variants().iter().map(Encoding::token).collect();
        assert_eq!(variants, expected, "{name}");
        assert_eq!(in_name.to_string().len() + path.as_str().len(), name.as_str().len());
    }
}
