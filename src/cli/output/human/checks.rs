//! What the doctor found, a line for each check.

use std::fmt::Write;

use super::super::terminal::{DONE, ERROR, HINT, WARNING, styled};
use super::super::words::plain;
use crate::doctor::{Check, Verdict};

/// The checks in words.
pub(crate) fn checks(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let (style, word) = match check.verdict {
            Verdict::Good => (DONE, "ok"),
            Verdict::Advice => (WARNING, "advice"),
            Verdict::Bad => (ERROR, "bad"),
        };
        let word = styled(style, &format!("{word:6}"));
        let _ = writeln!(text, "{word}  {}: {}", plain(&check.what), plain(&check.found));
        if let Some(change) = &check.change {
            let _ = writeln!(text, "        {} {}", styled(HINT, "change:"), plain(change));
        }
    }
    text
}
