//! The text of an import map, for a file of its own and for a page. Pure.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#import-maps>

use std::collections::BTreeMap;
use std::fmt;

use super::splice::Edit;
use crate::refs::reference::{MapPlace, Slot};

/// Modules by the URLs under which they are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    imports: BTreeMap<String, String>,
    /// By the URLs that the modules have.
    integrity: BTreeMap<String, String>,
}

impl FromIterator<(String, String, Option<String>)> for Entries {
    /// Takes for each module the URL under which it is asked for, the one that it has, and its hash.
    fn from_iter<T: IntoIterator<Item = (String, String, Option<String>)>>(modules: T) -> Self {
        let mut entries = Self::default();
        for (asked, url, hash) in modules {
            entries.integrity.extend(hash.map(|hash| (url.clone(), hash)));
            entries.imports.insert(asked, url);
        }
        entries
    }
}

impl fmt::Display for Entries {
    /// The whole map.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"imports\":{{{}}}", members(&self.imports))?;
        if !self.integrity.is_empty() {
            write!(f, ",\"integrity\":{{{}}}", members(&self.integrity))?;
        }
        f.write_str("}")
    }
}

impl Entries {
    /// What has to be put into a page: into the import map that it has, or one of its own before the first script. What
    /// the page says itself comes behind, and so decides.
    pub fn put_into(&self, place: &MapPlace) -> Vec<Edit> {
        let put = |at: usize, text: String| Edit { range: at..at, text: text.into() };
        let Some(there) = place.there else {
            return place
                .before
                .map(|at| put(at, format!("<script type=\"importmap\">{self}</script>")))
                .into_iter()
                .collect();
        };
        let parts = [("imports", there.imports, &self.imports), ("integrity", there.integrity, &self.integrity)];
        let parts = parts.into_iter().filter(|(_, _, entries)| !entries.is_empty());
        let edit = |(name, slot, entries): (&str, Option<Slot>, &BTreeMap<String, String>)| match slot? {
            Slot::Inside(at) => Some(put(at, format!("{},", members(entries)))),
            Slot::Around(at) => Some(put(at, format!("\"{name}\":{{{}}},", members(entries)))),
        };
        parts.filter_map(edit).collect()
    }
}

/// The members of a JSON object. Nothing in them can end a script element.
fn members(entries: &BTreeMap<String, String>) -> String {
    let quoted =
        |text: &String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('<', "\\u003c"));
    entries.iter().map(|(key, value)| format!("{}:{}", quoted(key), quoted(value))).collect::<Vec<_>>().join(",")
}
