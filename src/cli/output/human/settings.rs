//! Every setting with its value and origin.

use std::fmt::Write;

use super::super::terminal::{FAINT, styled};
use crate::config::{Resolved, Shown};

/// The settings in words.
pub(crate) fn settings(resolved: &Resolved) -> String {
    let mut text = match &resolved.file {
        Some(file) => format!("# {}\n", file.display()),
        None => "# no lastly.toml\n".to_owned(),
    };
    let wide = |width: fn(&Shown) -> usize| resolved.shown.iter().map(width).max().unwrap_or(0);
    let (keys, values) = (wide(|shown| shown.key.len()), wide(|shown| value(shown).chars().count()).min(40));
    for shown in &resolved.shown {
        let origin = styled(FAINT, &format!("# {}", shown.origin));
        let _ = writeln!(text, "{:keys$} = {:values$}  {origin}", shown.key, value(shown));
    }
    text
}

fn value(shown: &Shown) -> &str {
    shown.value.as_deref().unwrap_or("(not set)")
}
