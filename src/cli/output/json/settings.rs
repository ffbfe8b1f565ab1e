//! The JSON of `config`.

use serde::Serialize;

use super::VERSION;
use crate::config::{Resolved, Shown};

/// The output of `config`.
#[derive(Debug, Serialize)]
pub(crate) struct SettingsV1<'a> {
    v: u32,
    status: u8,
    file: Option<String>,
    settings: Vec<SettingV1<'a>>,
}

#[derive(Debug, Serialize)]
struct SettingV1<'a> {
    key: &'a str,
    /// As TOML.
    value: Option<&'a str>,
    origin: String,
}

impl<'a> SettingsV1<'a> {
    /// Of resolved settings.
    pub(crate) fn new(resolved: &'a Resolved) -> Self {
        let setting = |shown: &'a Shown| SettingV1 {
            key: shown.key,
            value: shown.value.as_deref(),
            origin: shown.origin.to_string(),
        };
        Self {
            v: VERSION,
            status: 0,
            file: resolved.file.as_ref().map(|file| file.display().to_string()),
            settings: resolved.shown.iter().map(setting).collect(),
        }
    }
}
