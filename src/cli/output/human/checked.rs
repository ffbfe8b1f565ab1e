//! What `check` came to.

use super::super::terminal::{DONE, ERROR, WARNING, styled};
use super::super::words::{number, several};
use crate::check::Checked;
use crate::event::Level;

/// The last line: how much was looked at, and what is wrong with it.
pub(crate) fn last_line(checked: &Checked) -> String {
    let style = match (checked.count(Level::Error), checked.count(Level::Warning)) {
        (0, 0) => DONE,
        (0, _) => WARNING,
        _ => ERROR,
    };
    format!("{}\n", styled(style, &headline(checked)))
}

/// The same as text.
pub(crate) fn headline(checked: &Checked) -> String {
    let files = several(checked.files, "file");
    let seen = match checked.references {
        Some(counted) => format!("checked {files}, {}", several(counted.found, "reference")),
        None => format!("checked {files}, but not their references"),
    };
    let mut said = Vec::new();
    match checked.leading_nowhere() {
        0 => {}
        1 => said.push("1 leads nowhere".to_owned()),
        more => said.push(format!("{} lead nowhere", number(more))),
    }
    let counts = [(Level::Error, "error"), (Level::Warning, "warning")];
    let counts = counts.map(|(level, word)| (checked.count(level), word));
    let counts: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| several(count, word)).collect();
    said.extend((!counts.is_empty()).then(|| counts.join(", ")));
    format!("{seen}: {}", if said.is_empty() { "no problems".to_owned() } else { said.join("; ") })
}
