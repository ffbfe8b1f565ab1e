//! From the text of a reference to the file it names, by the rules of the URL Standard, as far as they matter inside
//! one site. Pure: whether there is such a file is not known here.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::reference::Kind;
use crate::model::path::AssetPath;

/// URLs under which the site's files are found, besides their places relative to one another: its base URL, Django's
/// `STATIC_URL`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots(Vec<Root>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Root {
    /// The host, in lower case, and perhaps a port.
    authority: Option<String>,
    /// With a slash at either end.
    path: String,
}

/// Where a reference leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// To a place inside the site.
    Inside(Inside),
    /// To a place above the site's root: what lies there is not known.
    Above,
    /// To another host, another scheme, or a part of the host that is not the site's.
    Foreign,
    /// To a package: a bare module specifier.
    Bare,
    /// To the file it stands in.
    Itself,
    /// To a folder of the site.
    Folder(Folder),
}

/// A folder of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its path from the site's root, with a slash at the end; empty for the root.
    pub path: String,
    /// For each segment of the path, the index in the reference's text at which it ends, as for [`Inside::ends`].
    pub ends: Vec<Option<usize>>,
}

/// A place inside the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// What a file there is called from the site's root; not always a path that a file can have.
    pub path: String,
    /// The index in the reference's text, at which an address goes into the file's name: before the last dot.
    pub name: usize,
    /// For each segment of the path, the index in the reference's text at which it ends; `None` where the text leaves
    /// it out, because it is relative to a folder below.
    pub ends: Vec<Option<usize>>,
}

impl Roots {
    /// Takes URLs with or without scheme and host, with or without a slash at the end.
    pub fn new<'a>(urls: impl IntoIterator<Item = &'a str>) -> Self {
        let closed = |path: &str| if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        let roots = urls.into_iter().filter_map(|url| match split_host(url) {
            Some((host, path)) => Some(Root { authority: Some(host.to_ascii_lowercase()), path: closed(path) }),
            None => url.starts_with('/').then(|| Root { authority: None, path: closed(url) }),
        });
        Self(roots.collect())
    }

    /// What stands behind the longest root that a path of a host (`None`: of the site's own) begins with.
    fn below<'a>(&self, host: Option<&str>, path: &'a str) -> Option<&'a str> {
        let same_host = |root: &&Root| match host {
            None => true,
            Some(host) => root.authority.as_deref().is_some_and(|authority| authority.eq_ignore_ascii_case(host)),
        };
        let below = self.0.iter().filter(same_host).filter_map(|root| path.strip_prefix(&*root.path));
        below.min_by_key(|rest| rest.len())
    }
}

/// The host and path of a URL that names a host: `https://host/path`, `//host/path`.
fn split_host(url: &str) -> Option<(&str, &str)> {
    let rest = match scheme_of(url) {
        Some(scheme) if is_web(scheme) => &url[scheme.len() + 1..],
        Some(_) => return None,
        None => url,
    };
    let rest = rest.strip_prefix("//")?;
    Some(rest.split_at(rest.find('/').unwrap_or(rest.len())))
}

/// The scheme that a URL begins with, if it has one.
fn scheme_of(url: &str) -> Option<&str> {
    let (scheme, _) = url.split_once(':')?;
    let plain = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (plain && scheme.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(scheme)
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// Where a reference with the text `text` leads, that stands in the file `from`, whose `<base>` is `base`.
pub fn resolve(text: &str, kind: Kind, from: &AssetPath, base: Option<&str>, roots: &Roots) -> Resolved {
    let path = &text[..text.find(['?', '#']).unwrap_or(text.len())];
    if path.is_empty() && base.is_none() {
        return Resolved::Itself;
    }
    if matches!(kind, Kind::Module | Kind::Mapped | Kind::Asked)
        && scheme_of(path).is_none()
        && !is_relative_specifier(path)
    {
        return Resolved::Bare;
    }
    let folder = match base {
        None => Some(Cow::Borrowed(from.directory())),
        Some(base) => folder_of_base(base, from, roots),
    };
    let Some(segments) = segments(path, folder.as_deref(), roots) else { return Resolved::Foreign };
    match segments {
        Segments::Above => Resolved::Above,
        Segments::Of(mut segments) => {
            let ends_in_slash = segments.pop_if(|last| last.name.is_empty()).is_some();
            let is_folder = ends_in_slash || segments.is_empty() || ends_in_dots(path);
            let (names, ends): (Vec<_>, Vec<_>) = segments.into_iter().map(|at| (at.name, at.end)).unzip();
            if is_folder {
                return Resolved::Folder(Folder { path: names.iter().map(|name| format!("{name}/")).collect(), ends });
            }
            Resolved::Inside(Inside { path: names.join("/"), name: place_of_address(path), ends })
        }
    }
}

/// Whether a module specifier is a URL, and not the name of a package (HTML Standard, "resolve a module specifier").
fn is_relative_specifier(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || matches!(text, "." | "..")
}

fn ends_in_dots(path: &str) -> bool {
    matches!(&*decoded(path.rsplit('/').next().unwrap_or(path)), "." | "..")
}

enum Segments {
    /// The names from the site's root on, percent-decoded.
    Of(Vec<Segment>),
    /// The path climbs above the site's root.
    Above,
}

struct Segment {
    name: String,
    /// The index at which it ends in the URL's path; `None` where it is not spelled there.
    end: Option<usize>,
}

/// The segments that a URL's path stands for; `None` where it is not the site's. `folder` is what it is relative to,
/// from the site's root, `None` if that is not the site's either.
fn segments(path: &str, folder: Option<&str>, roots: &Roots) -> Option<Segments> {
    let (start, rest) = match split_host(path) {
        Some((host, path)) => ("", roots.below(Some(host), path)?),
        None if scheme_of(path).is_some() => return None,
        None if path.starts_with('/') => ("", roots.below(None, path)?),
        None => (folder?, path),
    };
    let outer = |name: &str| Segment { name: name.to_owned(), end: None };
    let mut segments: Vec<Segment> = start.split_terminator('/').map(outer).collect();
    let mut end = path.len() - rest.len();
    for (at, segment) in rest.split('/').enumerate() {
        end += segment.len() + usize::from(at > 0);
        match decoded(segment) {
            dot if dot == "." => {}
            dots if dots == ".." => {
                if segments.pop().is_none() {
                    return Some(Segments::Above);
                }
            }
            name => segments.push(Segment { name: name.into_owned(), end: Some(end) }),
        }
    }
    Some(Segments::Of(segments))
}

/// A segment with its percent-encoding undone, or as it is if that is not UTF-8.
fn decoded(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8().unwrap_or(Cow::Borrowed(segment))
}

/// The folder, from the site's root, that a page's `<base>` makes its references relative to.
fn folder_of_base<'a>(base: &str, from: &AssetPath, roots: &Roots) -> Option<Cow<'a, str>> {
    let path = &base[..base.find(['?', '#']).unwrap_or(base.len())];
    if path.is_empty() {
        return Some(Cow::Owned(from.directory().to_owned()));
    }
    // What stands behind the last slash of a base plays no part.
    let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
    match segments(folder, Some(from.directory()), roots)? {
        Segments::Above => None,
        Segments::Of(segments) => {
            let folders = segments.iter().filter(|segment| !segment.name.is_empty());
            Some(Cow::Owned(folders.map(|folder| format!("{}/", folder.name)).collect()))
        }
    }
}

/// Where in a URL's path an address goes into the name of the file: before the last dot of the last segment, unless
/// that dot begins it, or else at its end. A dot can be percent-encoded.
fn place_of_address(path: &str) -> usize {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    let dots = path[start..].char_indices().filter(|&(at, c)| {
        c == '.' || (c == '%' && path[start + at..].get(1..3).is_some_and(|hex| hex.eq_ignore_ascii_case("2e")))
    });
    dots.filter(|&(at, _)| at > 0).map(|(at, _)| start + at).next_back().unwrap_or(path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, from: &str, base: Option<&str>) -> String {
        let roots = Roots::new(["https://cdn.example.com/static/", "/assets"]);
        let from = AssetPath::new(from).expect("a plain path");
        match resolve(text, Kind::Resource, &from, base, &roots) {
            Resolved::Inside(Inside { path, name, .. }) => {
                format!("{path} {}", [&text[..name], "!", &text[name..]].concat())
            }
            Resolved::Folder(Folder { path, .. }) => format!("folder {path}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_reference_leads_to_a_file_of_the_site() {
        for (text, from, expected) in [
            ("b.css", "css/a.css", "css/b.css b!.css"),
            ("./b.min.css?v=1#x", "css/a.css", "css/b.min.css ./b.min!.css?v=1#x"),
            ("../img/a.png", "css/a.css", "img/a.png ../img/a!.png"),
            ("font.eot?#iefix", "a.css", "font.eot font!.eot?#iefix"),
            ("LICENSE", "a.css", "LICENSE LICENSE!"),
            ("d.x/LICENSE#a.b", "a.css", "d.x/LICENSE d.x/LICENSE!#a.b"),
            (".htaccess", "a.css", ".htaccess .htaccess!"),
            ("a%20b.png", "a.css", "a b.png a%20b!.png"),
            ("a%2epng", "a.css", "a.png a!%2epng"),
            ("%252F.txt", "a.css", "%2F.txt %252F!.txt"),
            ("%FF.png", "a.css", "%FF.png %FF!.png"),
            ("\u{2297}.txt", "x/a.css", "x/\u{2297}.txt \u{2297}!.txt"),
            ("%2e%2e/b.css", "css/a.css", "b.css %2e%2e/b!.css"),
            ("/static/b.css", "css/a.css", "b.css /static/b!.css"),
            ("/assets/x/b.css", "css/a.css", "x/b.css /assets/x/b!.css"),
            ("https://cdn.example.com/static/b.css", "css/a.css", "b.css https://cdn.example.com/static/b!.css"),
            ("HTTPS://CDN.example.com/static/b.css", "css/a.css", "b.css HTTPS://CDN.example.com/static/b!.css"),
            ("//cdn.example.com/static/b.css", "css/a.css", "b.css //cdn.example.com/static/b!.css"),
            ("a//b.css", "a.css", "a//b.css a//b!.css"),
        ] {
            assert_eq!(resolved(text, from, None), expected, "{text}");
        }
    }

    #[test]
    fn or_it_leads_elsewhere() {
        for (text, from, expected) in [
            ("", "a.css", "Itself"),
            ("#x", "a.css", "Itself"),
            ("?x", "a.css", "Itself"),
            ("data:image/png;base64,AA==", "a.css", "Foreign"),
            ("/b.css", "a.css", "Foreign"),
            ("/static", "a.css", "Foreign"),
            ("//example.com/static/b.css", "a.css", "Foreign"),
            ("https://cdn.example.com/b.css", "a.css", "Foreign"),
            ("https:b.css", "a.css", "Foreign"),
            ("../b.css", "a.css", "Above"),
            ("x/../../b.css", "a.css", "Above"),
            ("img/", "a.css", "folder img/"),
            ("img/a/.?x", "css/a.css", "folder css/img/a/"),
            (".", "css/a.css", "folder css/"),
            ("./", "css/a.css", "folder css/"),
            ("./..", "css/a.css", "folder "),
            ("/static/", "a.css", "folder "),
            ("/static/img/#x", "a.css", "folder img/"),
        ] {
            assert_eq!(resolved(text, from, None), expected, "{text}");
        }
    }

    #[test]
    fn a_page_can_have_another_base() {
        for (base, text, expected) in [
            ("/static/app/", "a.js", "app/a.js a!.js"),
            ("https://cdn.example.com/static/app/index.html", "a.js", "app/a.js a!.js"),
            ("../x/", "a.js", "x/a.js a!.js"),
            ("y", "a.js", "docs/a.js a!.js"),
            ("y/", "../a.js", "docs/a.js ../a!.js"),
            ("/", "a.js", "Foreign"),
            ("https://example.com/", "a.js", "Foreign"),
            ("https://example.com/", "/static/a.js", "a.js /static/a!.js"),
            ("../../", "a.js", "Foreign"),
        ] {
            assert_eq!(resolved(text, "docs/index.html", Some(base)), expected, "{base}");
        }
    }

    #[test]
    fn every_folder_that_the_text_names_is_found_in_it() {
        let roots = Roots::new(["https://cdn.example.com/static/"]);
        let from = AssetPath::new("js/a.js").expect("a plain path");
        for (text, expected) in [
            ("b.js", "js b.js!"),
            ("./x/../lib/b.js?x/y", "js lib!b.js!"),
            ("../lib/./sub/b.js#x", "lib!sub!b.js!"),
            ("l%69b/b.js", "js lib!b.js!"),
            ("x/y/%2e%2e/../lib/b.js", "js lib!b.js!"),
            ("/static/lib/b.js", "lib!b.js!"),
            ("//cdn.example.com/static/lib/b.js", "lib!b.js!"),
        ] {
            let Resolved::Inside(inside) = resolve(text, Kind::Resource, &from, None, &roots) else {
                panic!("{text} leads inside");
            };
            let segment = |(name, end): (&str, &Option<usize>)| match end {
                Some(end) => {
                    let spelled = text[..*end].rsplit('/').next().unwrap_or_default();
                    assert_eq!(decoded(spelled), name, "{text}");
                    format!("{name}!")
                }
                None => format!("{name} "),
            };
            assert_eq!(inside.path.split('/').zip(&inside.ends).map(segment).collect::<String>(), expected, "{text}");
        }
        let folder = |text| resolve(text, Kind::Link, &from, None, &roots);
        for (text, path, ends) in [
            ("lib/x/", "js/lib/x/", vec![None, Some(3), Some(5)]),
            ("../lib/x/.?a", "lib/x/", vec![Some(6), Some(8)]),
            ("lib/..", "js/", vec![None]),
        ] {
            let Resolved::Folder(found) = folder(text) else { panic!("{text} leads to a folder") };
            assert_eq!((found.path.as_str(), &found.ends[..ends.len()]), (path, &ends[..]), "{text}");
        }
    }

    #[test]
    fn a_bare_specifier_names_a_package() {
        let from = AssetPath::new("js/a.js").expect("a plain path");
        let module = |text| resolve(text, Kind::Module, &from, None, &Roots::default());
        for text in ["lit", "lit/decorators.js", "@scope/x", "#internal"] {
            assert!(matches!(module(text), Resolved::Bare | Resolved::Itself), "{text}");
        }
        let inside = Inside { path: "js/lit.js".to_owned(), name: 5, ends: vec![None, Some(8)] };
        assert_eq!(module("./lit.js"), Resolved::Inside(inside));
        assert_eq!(module("https://esm.sh/lit"), Resolved::Foreign);
        assert_eq!(module(".."), Resolved::Folder(Folder { path: String::new(), ends: Vec::new() }));
    }
}
