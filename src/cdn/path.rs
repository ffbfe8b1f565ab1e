//! From an object in the store to the URL path under which a CDN knows it.
//!
//! Three things can stand between the two: an origin path, which CloudFront puts before every path it asks the
//! bucket for; a base URL, which says where visitors find the site's prefix; or nothing. Pure; how a CDN is told is
//! the business of the files beside this one.

use crate::model::layout::{Key, Name, url_path};

/// Where visitors find the site's prefix: `https://cdn.example.com/static/`, `//cdn.example.com/` or `/static/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Option<String>,
    authority: Option<String>,
    /// Percent-encoded, with a slash at either end.
    path: String,
}

/// A text that is not a URL to which a name can be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` cannot be used: {why}")]
pub struct BadUrl {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl BaseUrl {
    /// Reads a URL with or without scheme and host. A slash is put behind it where it is missing.
    ///
    /// # Errors
    /// No name can be appended to it, or it holds what has to be percent-encoded.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        // What stands before an `@` may be a password, which is never repeated.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        let bad = |why| BadUrl { url: shown.to_owned(), why };
        if text.chars().any(|c| !c.is_ascii_graphic() || "\"<>\\^`{|}".contains(c)) {
            return Err(bad("spaces and everything but plain ASCII must be percent-encoded"));
        }
        if text.contains(['?', '#']) {
            return Err(bad("paths are appended to it, so it can have no query and no fragment"));
        }
        let (scheme, rest) = match text.split_once("//") {
            Some((scheme @ ("http:" | "https:"), rest)) => (Some(scheme.trim_end_matches(':').to_owned()), rest),
            Some(("", rest)) => (None, rest),
            _ if text.starts_with('/') => return Ok(Self { scheme: None, authority: None, path: closed(text) }),
            _ => return Err(bad("it should begin with https://, http:// or a slash")),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let after_brackets = authority.rsplit(']').next().unwrap_or(authority);
        let bad_port = after_brackets.split_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_err());
        if authority.contains('@') {
            return Err(bad("no user and no password may stand before the host"));
        }
        if authority.is_empty() || authority.starts_with(':') || bad_port {
            return Err(bad("a host, and perhaps a port, should follow the two slashes"));
        }
        Ok(Self { scheme, authority: Some(authority.to_owned()), path: closed(path) })
    }

    /// `http` or `https`, where it is given.
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// The host and perhaps a port, where they are given.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// The path, percent-encoded, with a slash at either end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it stands for everything on its host.
    pub fn is_root(&self) -> bool {
        self.path == "/"
    }

    /// The URL path of an object.
    pub fn path_of(&self, name: &Name) -> String {
        format!("{}{}", self.path, name.in_url())
    }
}

fn closed(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

/// The URL path of an object for visitors: below the base URL, or else its key.
pub fn public_path(base: Option<&BaseUrl>, key: &Key, name: &Name) -> String {
    base.map_or_else(|| format!("/{}", url_path(key.as_str())), |base| base.path_of(name))
}

/// How a distribution's paths follow from keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// What the distribution puts before a path when it asks the bucket: CloudFront's `OriginPath`.
    pub origin_path: Option<String>,
    /// Where visitors find the site's prefix; not looked at where there is an origin path.
    pub base: Option<BaseUrl>,
}

/// A key that the distribution never asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` does not lie below the origin path `{origin_path}`")]
pub struct OutsideOrigin {
    key: Key,
    origin_path: String,
}

impl Route {
    /// The URL path of an object as `CreateInvalidation` takes it: with everything percent-encoded that RFC 1738 calls
    /// unsafe, which is one character more than visitors encode, and nothing else.
    ///
    /// # Errors
    /// The key does not lie below the origin path.
    pub fn invalidation_path(&self, key: &Key, name: &Name) -> Result<String, OutsideOrigin> {
        let path = match &self.origin_path {
            None => public_path(self.base.as_ref(), key, name),
            Some(origin_path) => {
                let below = below(key.as_str(), origin_path.trim_matches('/'));
                let outside = || OutsideOrigin { key: key.clone(), origin_path: origin_path.clone() };
                format!("/{}", url_path(below.ok_or_else(outside)?))
            }
        };
        Ok(path.replace('~', "%7E"))
    }
}

fn below<'a>(key: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(key) } else { key.strip_prefix(folder)?.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layout::Layout;

    #[test]
    fn every_route_to_a_path() {
        for (prefix, origin_path, base, name, path) in [
            // Nothing said: the bucket is the site.
            ("", None, None, "manifest.json", "/manifest.json"),
            ("static", None, None, "manifest.json", "/static/manifest.json"),
            ("static", None, None, "channels/a/manifest.json", "/static/channels/a/manifest.json"),
            // A base URL.
            ("static", None, Some("https://cdn.example.com/static/"), "manifest.json", "/static/manifest.json"),
            ("v1/site", None, Some("https://cdn.example.com/assets"), "manifest.json", "/assets/manifest.json"),
            ("static", None, Some("https://cdn.example.com"), "manifest.json", "/manifest.json"),
            ("static", None, Some("//cdn.example.com:8443/x/"), "manifest.json", "/x/manifest.json"),
            ("static", None, Some("/s/"), "manifest.json", "/s/manifest.json"),
            ("", None, Some("https://cdn.example.com/caf%C3%A9/"), "a b.json", "/caf%C3%A9/a%20b.json"),
            // An origin path, with and without slashes; it goes before the base URL.
            ("static", Some("/static"), None, "manifest.json", "/manifest.json"),
            ("static", Some("static/"), None, "manifest.json", "/manifest.json"),
            ("a/b", Some("/a"), None, "manifest.json", "/b/manifest.json"),
            ("a/b", Some("/a/b/"), Some("https://cdn.example.com/x/"), "manifest.json", "/manifest.json"),
            ("static", Some("/"), Some("https://cdn.example.com/x/"), "manifest.json", "/static/manifest.json"),
            ("static", Some(""), None, "manifest.json", "/static/manifest.json"),
            ("static", Some("/"), None, "manifest.json", "/static/manifest.json"),
            // Odd names.
            ("", None, None, "⊗.txt", "/%E2%8A%97.txt"),
            ("", None, None, "%2F.txt", "/%252F.txt"),
            ("a b", Some("/a b"), None, "c d.txt", "/c%20d.txt"),
            ("[x]", None, None, "a?b#c\"<>|`{}^\\.txt", "/%5Bx%5D/a%3Fb%23c%22%3C%3E%7C%60%7B%7D%5E%5C.txt"),
            ("~me", None, None, "a+b,(c)@1;d=e&f!$':.txt", "/%7Eme/a+b,(c)@1;d=e&f!$':.txt"),
            ("me", None, Some("/~me"), "x", "/%7Eme/x"),
        ] {
            let (layout, name) = (Layout::new(prefix, None), Name::new(name));
            let base = base.map(|base| BaseUrl::parse(base).expect(base));
            let route = Route { origin_path: origin_path.map(str::to_owned), base };
            let found = route.invalidation_path(&layout.key(&name), &name);
            assert_eq!(found.as_deref(), Ok(path), "{prefix:?} {route:?} {name}");
        }
    }

    #[test]
    fn keys_outside_the_origin_path() {
        for (key, origin_path) in [("static/a", "/other"), ("static2/a", "/static"), ("static", "/static")] {
            let route = Route { origin_path: Some(origin_path.to_owned()), base: None };
            let error = route.invalidation_path(&Key::new(key), &Name::new("a")).expect_err(key);
            assert_eq!(error.to_string(), format!("`{key}` does not lie below the origin path `{origin_path}`"));
        }
    }

    #[test]
    fn texts_that_are_no_base_url() {
        for (text, why) in [
            ("", "begin with"),
            ("cdn.example.com/static/", "begin with"),
            ("ftp://cdn.example.com/", "begin with"),
            ("https:///static/", "a host"),
            ("//", "a host"),
            ("https://cdn.example.com:port/", "a host"),
            ("https://:80/", "a host"),
            ("https://me:secret@cdn.example.com/", "no password"),
            ("https://me:sec/ret@cdn.example.com/", "a host"),
            ("https://cdn.example.com/?v=1", "no query"),
            ("https://cdn.example.com/#top", "no query"),
            ("https://cdn.example.com/a b/", "percent-encoded"),
            ("https://cdn.example.com/é/", "percent-encoded"),
        ] {
            let error = BaseUrl::parse(text).expect_err(text);
            assert!(error.why.contains(why), "{text:?}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn parts_of_a_base_url() {
        for (text, scheme, authority, root) in [
            ("https://cdn.example.com", Some("https"), Some("cdn.example.com"), true),
            ("http://127.0.0.1:6081/", Some("http"), Some("127.0.0.1:6081"), true),
            ("http://[::1]:80/a//b", Some("http"), Some("[::1]:80"), false),
            ("//cdn.example.com/x", None, Some("cdn.example.com"), false),
            ("/a//b", None, None, false),
        ] {
            let url = BaseUrl::parse(text).expect(text);
            assert_eq!((url.scheme(), url.authority(), url.is_root()), (scheme, authority, root), "{text}");
        }
    }
}
