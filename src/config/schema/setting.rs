//! What is known of a setting before anyone sets it.

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
