//! The table of everything that can be set: it drives the hints for unknown names, the template of `lastly init`, and
//! `docs/config.md`.

/// One setting, as its users know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in the file.
    pub key: &'static str,
    /// What its value is, in words.
    pub kind: &'static str,
    /// What holds when nobody sets it, in words or as TOML.
    pub default: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
    /// A value as it stands in the file.
    pub example: &'static str,
    /// The environment variable that sets it.
    pub variable: Option<&'static str>,
    /// The flag that sets it.
    pub flag: Option<&'static str>,
}

/// The settings at the top of the file, in the order in which they are shown.
pub const SETTINGS: [Setting; 21] = [
    Setting {
        key: "store",
        kind: "`s3://BUCKET/PREFIX` or `dir:PATH`",
        default: "`dir:lastly-store` beside the settings file",
        meaning: "Where the site lies: a bucket and what its public keys begin with, or a folder on this machine.",
        example: r#""s3://example-assets/static""#,
        variable: Some("LASTLY_STORE"),
        flag: Some("--store"),
    },
    Setting {
        key: "control",
        kind: "string",
        default: "`.lastly/`, and below it the store's prefix",
        meaning: "What the keys of lastly's private objects begin with. Keep it outside what the CDN serves.",
        example: r#"".lastly/static/""#,
        variable: Some("LASTLY_CONTROL"),
        flag: Some("--control"),
    },
    Setting {
        key: "base-url",
        kind: "URL",
        default: "none",
        meaning: "The URL under which visitors find the store's prefix: absolute, or a path that begins with a slash.",
        example: r#""https://cdn.example.com/static/""#,
        variable: Some("LASTLY_BASE_URL"),
        flag: Some("--base-url"),
    },
    Setting {
        key: "channel",
        kind: "string",
        default: r#"`"live"`"#,
        meaning: "The named line of releases that is published to.",
        example: r#""live""#,
        variable: Some("LASTLY_CHANNEL"),
        flag: Some("--channel"),
    },
    Setting {
        key: "sources",
        kind: "list of folders",
        default: "none; they are named on the command line",
        meaning: "The folders to publish, relative to the settings file.",
        example: r#"["dist"]"#,
        variable: Some("LASTLY_SOURCES"),
        flag: Some("DIR"),
    },
    Setting {
        key: "ignore",
        kind: "list of patterns",
        default: "`[]`",
        meaning: "Files to leave out, in gitignore syntax. Version control, editors' files and `.env` are left out \
                  anyway, unless a pattern with `!` takes them back in.",
        example: r#"["*.psd", "/drafts/"]"#,
        variable: Some("LASTLY_IGNORE"),
        flag: Some("--ignore"),
    },
    Setting {
        key: "overlay",
        kind: "true or false",
        default: "`false`",
        meaning: "Whether a file of a later source folder takes the place of one of an earlier folder; otherwise two \
                  files of one name are an error.",
        example: "true",
        variable: Some("LASTLY_OVERLAY"),
        flag: Some("--overlay"),
    },
    Setting {
        key: "source-maps",
        kind: r#"`"publish"` or `"exclude"`"#,
        default: r#"`"publish"`"#,
        meaning: "Whether source maps are published, for everyone to read.",
        example: r#""exclude""#,
        variable: Some("LASTLY_SOURCE_MAPS"),
        flag: Some("--source-maps"),
    },
    Setting {
        key: "generation",
        kind: "integer",
        default: "`0`",
        meaning: "Enters every address: raising it gives every asset a new URL.",
        example: "1",
        variable: Some("LASTLY_GENERATION"),
        flag: Some("--generation"),
    },
    Setting {
        key: "urls",
        kind: "list of URLs",
        default: "`base-url`, or the path of the store's prefix",
        meaning: "Further URLs under which the files refer to one another, such as Django's `STATIC_URL`.",
        example: r#"["/static/"]"#,
        variable: Some("LASTLY_URLS"),
        flag: None,
    },
    Setting {
        key: "strict",
        kind: "true or false",
        default: "`false`",
        meaning: "Whether every reference that leads nowhere is an error. Otherwise only those to scripts and style \
                  sheets in the site's own pages are.",
        example: "true",
        variable: Some("LASTLY_STRICT"),
        flag: Some("--strict"),
    },
    Setting {
        key: "missing",
        kind: "table",
        default: "none",
        meaning: "References that lead nowhere, by glob: those in the files of `error` are errors, and those that match \
                  a `file` and a `target` of `allow` are as they should be.",
        example: r#"{ error = ["app/**"], allow = [{ file = "vendor/**", target = "*.map" }] }"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "integrity",
        kind: "true or false",
        default: "`false`",
        meaning: "Whether the tags of pages that load scripts and style sheets of the site get `integrity` and \
                  `crossorigin`, so that browsers refuse other bytes. Values that stand there already follow what is \
                  rewritten in any case.",
        example: "true",
        variable: Some("LASTLY_INTEGRITY"),
        flag: None,
    },
    Setting {
        key: "import-map",
        kind: r#"`"none"`, `"publish"` or `"specifiers"`"#,
        default: r#"`"none"`"#,
        meaning: "Whether an import map of all scripts is published, as the asset `importmap.json`. With `specifiers`, \
                  relative module specifiers stay as they are as well, and pages get the map of the modules that they \
                  load, so that a module that changes does not rename those that import it.",
        example: r#""publish""#,
        variable: Some("LASTLY_IMPORT_MAP"),
        flag: None,
    },
    Setting {
        key: "concurrency",
        kind: "integer from 1 to 1000",
        default: "`64`",
        meaning: "How many requests are in flight at a time.",
        example: "64",
        variable: Some("LASTLY_CONCURRENCY"),
        flag: Some("--concurrency"),
    },
    Setting {
        key: "path-style",
        kind: "true or false",
        default: "true where the endpoint is an address or localhost",
        meaning: "Whether the bucket stands in the path of requests to S3 instead of in the host's name.",
        example: "true",
        variable: Some("LASTLY_PATH_STYLE"),
        flag: Some("--path-style"),
    },
    Setting {
        key: "purge",
        kind: "list of URLs",
        default: "`[]`",
        meaning: "Caches that understand the method `PURGE` (Varnish, nginx, Fastly), told when the manifest changes.",
        example: r#"["http://varnish.internal:6081/"]"#,
        variable: Some("LASTLY_PURGE"),
        flag: Some("--purge"),
    },
    Setting {
        key: "cloudfront",
        kind: "tables",
        default: "none",
        meaning: "The CloudFront distributions in front of the store, told when the manifest changes.",
        example: "",
        variable: Some("LASTLY_CLOUDFRONT"),
        flag: Some("--cloudfront"),
    },
    Setting {
        key: "gc",
        kind: "table",
        default: "as below",
        meaning: "How long a collection keeps what nothing shows any more.",
        example: "",
        variable: None,
        flag: None,
    },
    Setting {
        key: "bundler-manifests",
        kind: "list of globs",
        default: "`[]`",
        meaning: "Manifests in which a bundler says which files it has hashed, so that they keep their names: Vite's, \
                  esbuild's metafile, webpack-assets-manifest's. Those at well-known places (`.vite/manifest.json`, \
                  Propshaft's, Sprockets') are found without it.",
        example: r#"["packs/manifest.json"]"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "rules",
        kind: "tables",
        default: "none",
        meaning: "How files are treated, by glob, on top of lastly's own rules. Where several match a file, each one's \
                  headers are set in turn, and the last `kind` counts.",
        example: "",
        variable: None,
        flag: None,
    },
];

/// The settings of the `[gc]` table.
pub const GC: [Setting; 8] = [
    retention(
        "keep-for",
        "span",
        "`7d`",
        "How long a release stays after the public manifest has left it.",
        "\"14d\"",
        "--keep-for",
    ),
    retention(
        "keep-last",
        "integer",
        "`5`",
        "How many of the releases that each channel showed last stay, besides the current one.",
        "10",
        "--keep-last",
    ),
    retention(
        "keep-unreleased",
        "span",
        "`7d`",
        "How long a release stays that was uploaded and never shown.",
        "\"14d\"",
        "--keep-unreleased",
    ),
    retention(
        "intent-ttl",
        "span",
        "`24h`",
        "How long a publisher may take before it has to begin again.",
        "\"24h\"",
        "--intent-ttl",
    ),
    retention(
        "min-object-age",
        "span",
        "`24h`",
        "How old an object must be to go, so that a job that is tried again finds what it has uploaded.",
        "\"24h\"",
        "--min-object-age",
    ),
    retention(
        "max-delete",
        "percentage",
        "`50%`",
        "The largest share of all stored versions that may go at once.",
        "\"50%\"",
        "--max-delete",
    ),
    retention(
        "html-ttl",
        "span",
        "`24h`",
        "How long HTML that was made with a release may be served after the manifest has left it, by CDN and browser.",
        "\"24h\"",
        "--html-ttl",
    ),
    retention(
        "session",
        "span",
        "`24h`",
        "How long a page that is open may still load something.",
        "\"24h\"",
        "--session",
    ),
];

const fn retention(
    key: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
    example: &'static str,
    flag: &'static str,
) -> Setting {
    Setting { key, kind, default, meaning, example, variable: None, flag: Some(flag) }
}

/// The settings of a `[[cloudfront]]` table.
pub const DISTRIBUTION: [Setting; 3] = [
    Setting {
        key: "id",
        kind: "string",
        default: "required",
        meaning: "The distribution's id.",
        example: r#""E2QWRUHAPOMQZL""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "origin-path",
        kind: "string",
        default: "none",
        meaning: "The distribution's origin path: what it puts before a URL's path to get a key; `/` says that it has \
                  none.",
        example: r#""/static""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "wait",
        kind: "true or false",
        default: "`false`",
        meaning: "Whether a publish ends only when the invalidation has been carried out everywhere.",
        example: "true",
        variable: None,
        flag: Some("--wait"),
    },
];

/// The settings of a `[[rules]]` table.
pub const RULE: [Setting; 5] = [
    Setting {
        key: "files",
        kind: "glob, or list of globs",
        default: "required, but for a tree",
        meaning: "The files it is about. A glob without a slash matches names in any folder; one that begins with a \
                  slash is tied to the root.",
        example: r#"["*.woff2", "/fonts/**"]"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "kind",
        kind: r#"`"asset"`, `"page"`, `"sealed"` or `"exclude"`"#,
        default: "a page by its name, else an asset",
        meaning: "What they become: served under an address, or under their own URL, or under the name that a bundler \
                  has hashed already, or not published.",
        example: r#""page""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "headers",
        kind: "table of strings",
        default: "none",
        meaning: "Response headers to set; `false` takes one away.",
        example: r#"{ "cache-control" = "public, max-age=60", "content-language" = false }"#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "source-maps",
        kind: r#"`"publish"` or `"exclude"`"#,
        default: "what the setting at the top says",
        meaning: "Whether source maps among them are published.",
        example: r#""exclude""#,
        variable: None,
        flag: None,
    },
    Setting {
        key: "tree",
        kind: "path of a folder",
        default: "none",
        meaning: "In place of `files` and `kind`: a folder that is published whole, under one address in its name.",
        example: r#""vendor/tinymce/""#,
        variable: None,
        flag: None,
    },
];

/// What the names of lastly's variables begin with.
pub(super) const PREFIX: &str = "LASTLY_";

/// The variable that names the settings file.
pub(super) const CONFIG: &str = "LASTLY_CONFIG";

/// Variables that are no settings, but lastly's own: those of the tests, and those that the Django package reads.
const RESERVED: [&str; 6] =
    [CONFIG, "LASTLY_TOOLS", "LASTLY_BLESS", "LASTLY_BINARY", "LASTLY_BYPASS", "LASTLY_RELEASE"];

/// What the names of variables begin with that only tests look at.
const RESERVED_PREFIX: &str = "LASTLY_TEST_";

/// Whether a variable is known, as a setting's or as lastly's own.
pub(super) fn is_variable(name: &str) -> bool {
    let is_setting = SETTINGS.iter().any(|setting| setting.variable == Some(name));
    is_setting || RESERVED.contains(&name) || name.starts_with(RESERVED_PREFIX)
}

/// The variable that `name` was probably meant to be.
pub(super) fn nearest_variable(name: &str) -> Option<String> {
    let own = |name| str::strip_prefix(name, PREFIX);
    let known = SETTINGS.iter().filter_map(|setting| own(setting.variable?)).chain(own(CONFIG));
    nearest(own(name)?, known).map(|near| format!("{PREFIX}{near}"))
}

/// A value of the setting, as it stands in the file.
pub(super) fn example(key: &str) -> Option<&'static str> {
    let mut all = SETTINGS.iter().chain(&DISTRIBUTION).chain(&RULE).chain(&GC);
    all.find(|setting| setting.key == key).map(|setting| setting.example).filter(|example| !example.is_empty())
}

/// The candidate that `name` was probably meant to be; `None` when none is near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&name, &candidate.to_ascii_lowercase());
    let measured = candidates.into_iter().map(|candidate| (distance(candidate), candidate));
    let near = measured.filter(|(distance, candidate)| *distance <= candidate.len() / 3);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name() {
        for (name, expected) in [
            ("base_url", Some("base-url")),
            ("baseUrl", Some("base-url")),
            ("stroe", Some("store")),
            ("source", Some("sources")),
            ("rule", Some("rules")),
            ("cloud-front", Some("cloudfront")),
            ("pathstyle", Some("path-style")),
            ("region", None),
            ("x", None),
        ] {
            assert_eq!(nearest(name, SETTINGS.iter().map(|setting| setting.key)), expected, "{name}");
        }
    }

    #[test]
    fn variables_and_flags_are_named_after_their_settings() {
        for setting in SETTINGS {
            if let Some(variable) = setting.variable {
                let expected = format!("{PREFIX}{}", setting.key.to_uppercase().replace('-', "_"));
                assert_eq!(variable, expected);
            }
            if let Some(flag) = setting.flag.filter(|flag| *flag != "DIR") {
                assert_eq!(flag, format!("--{}", setting.key));
            }
        }
    }

    #[test]
    fn variables_of_our_own() {
        for (name, known) in
            [("LASTLY_STORE", true), (CONFIG, true), ("LASTLY_TEST_S3", true), ("LASTLY_STORES", false)]
        {
            assert_eq!(is_variable(name), known, "{name}");
        }
        assert_eq!(nearest_variable("LASTLY_BASEURL").as_deref(), Some("LASTLY_BASE_URL"));
        assert_eq!(nearest_variable("LASTLY_CONFG").as_deref(), Some(CONFIG));
        assert_eq!(nearest_variable("LASTLY_FOO"), None);
    }
}
