//! Where each kind of object lies. No other file spells a key.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::address::Address;
use super::compression::{Compression, Encoding, Encodings};
use super::digest::ReleaseId;
use super::path::AssetPath;

/// A key of the store, whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// Takes a key as the store spells it.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key below the prefix of the site: what the manifest and release documents hold, so that neither changes when
/// a site moves to another prefix.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// Takes a name as a stored document spells it.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The immutable name of an asset: `<dir>/<stem>.<address>.<ext>`.
    pub fn addressed(path: &AssetPath, address: &Address) -> Self {
        Self::of(path, &InName { address: *address, compression: None })
    }

    /// The same, with what else stands in it: `<dir>/<stem>.<address>-bg.<ext>`.
    pub fn of(path: &AssetPath, in_name: &InName) -> Self {
        let text = path.as_str();
        let (stem, dot_and_extension) = text.split_at(text.len() - path.extension().map_or(0, |it| it.len() + 1));
        let mut name = String::with_capacity(text.len() + InName::USUAL);
        name.push_str(stem);
        in_name.push_to(&mut name);
        name.push_str(dot_and_extension);
        Self(name.into())
    }

    /// The name of a variant of the object with this name: `<name>.br`.
    pub fn variant(&self, encoding: Encoding) -> Self {
        Self(format!("{}.{}", self.0, encoding.ending()).into())
    }

    /// The encodings in which variants lie beside the object with this name, which only the name of an asset says.
    pub fn variants(&self) -> Encodings {
        variants(&self.0)
    }

    /// The immutable name of a file in a tree, of which `folder` is the path with its slash:
    /// `<dir>/<folder>.<address of the tree>/<path within>`.
    pub fn in_tree(path: &AssetPath, folder: &str, address: &Address) -> Self {
        let within = &path.as_str()[folder.len()..];
        Self(format!("{}.{}/{within}", folder.trim_end_matches('/'), address.in_key()).into())
    }

    /// The name of a sealed asset: its own.
    pub fn sealed(path: &AssetPath) -> Self {
        Self(path.as_str().into())
    }

    /// The name of a page at its own URL. Pages of channels other than `live` lie beside their manifest.
    pub fn page(channel: &ChannelName, path: &AssetPath) -> Self {
        Self(format!("{}{path}", channel.directory()).into())
    }

    /// The name of a channel's manifest.
    pub fn manifest(channel: &ChannelName) -> Self {
        Self(format!("{}{MANIFEST}", channel.directory()).into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in a URL: everything outside RFC 3986's `pchar` and `/` percent-encoded.
    pub fn in_url(&self) -> String {
        url_path(&self.0)
    }
}

/// What makes the name of a file the name of its object: a dot, its address, and where it has variants, a mark that says
/// in which encodings. Whoever knows the name knows the variants, as a function at the edge does, which knows no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InName {
    /// The address.
    pub address: Address,
    /// How the file is compressed.
    pub compression: Option<Compression>,
}

impl InName {
    /// How long it is where there are no variants.
    const USUAL: usize = 1 + Address::KEY_DIGITS;

    /// Puts it behind `text`.
    fn push_to(&self, text: &mut String) {
        text.push('.');
        self.address.push_in_key(text);
        let mut variants = self.compression.iter().flat_map(Compression::variants).map(Encoding::letter).peekable();
        if variants.peek().is_some() {
            text.push_str(MARK);
        }
        text.extend(variants);
    }
}

impl fmt::Display for InName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(Self::USUAL);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

/// What stands between an address and the letters of the encodings in which there are variants.
const MARK: &str = "-";

const MANIFEST: &str = "manifest.json";
const CHANNELS: &str = "channels/";

/// What RFC 3986 lets stand in a path segment as it is (`pchar`), and the slash between segments.
const OUTSIDE_PCHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A path or key as it stands in a URL.
pub fn url_path(text: &str) -> String {
    utf8_percent_encode(text, OUTSIDE_PCHAR).to_string()
}

/// The name of a channel: `live`, `preview-123`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(Arc<str>);

/// A text that cannot name a channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot name a channel: letters, digits, `-`, `_` and `.`, beginning with a letter or digit, at most 63")]
pub struct BadChannelName(String);

impl ChannelName {
    /// The channel that visitors see when none is named.
    pub const LIVE: &'static str = "live";

    /// Checks a channel's name.
    ///
    /// # Errors
    /// The name holds something that would not stand in a key and a URL as it is.
    pub fn new(text: &str) -> Result<Self, BadChannelName> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if plain && begins && text.len() <= 63 { Ok(Self(text.into())) } else { Err(BadChannelName(text.to_owned())) }
    }

    /// The channel `live`.
    pub fn live() -> Self {
        Self(Self::LIVE.into())
    }

    /// Whether this is the channel `live`.
    pub fn is_live(&self) -> bool {
        &*self.0 == Self::LIVE
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the channel's pages and manifest lie, below the prefix.
    fn directory(&self) -> String {
        if self.is_live() { String::new() } else { format!("{CHANNELS}{}/", self.0) }
    }
}

/// What a key is by its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// The ledger.
    Ledger,
    /// A release's document.
    Document(ReleaseId),
    /// A list of condemned versions.
    Condemned(Uuid),
    /// What has proved what a store does.
    Probe,
    /// A channel's manifest.
    Manifest(ChannelName),
    /// An object under an address.
    Object,
}

/// The encodings that the mark behind an address names; `None` for what is no address.
fn marked(part: &str) -> Option<Encodings> {
    let (digits, letters) = part.split_once(MARK).map_or((part, None), |(digits, letters)| (digits, Some(letters)));
    let is_address =
        digits.len() == Address::KEY_DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let named =
        Encodings::new(Encoding::ALL.into_iter().filter(|encoding| letters.unwrap_or("").contains(encoding.letter())));
    let is_mark =
        letters.is_none_or(|letters| !letters.is_empty() && named.iter().map(Encoding::letter).eq(letters.chars()));
    (is_address && is_mark).then_some(named)
}

/// The same for the address that a name ends in.
fn marked_at_end(name: &str) -> Option<Encodings> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).and_then(|(_, part)| marked(part))
}

/// The encodings that the name of an asset says it has variants in.
fn variants(name: &str) -> Encodings {
    let file = name.rsplit('/').next().unwrap_or(name);
    let before_extension = file.rsplit_once('.').map_or("", |(before, _)| before);
    marked_at_end(before_extension).or_else(|| marked_at_end(file)).unwrap_or_default()
}

/// Whether a name is of the form of [`Name::of`], [`Name::in_tree`] or [`Name::variant`].
fn has_address(name: &str) -> bool {
    let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
    let before_extension = file.rsplit_once('.').map_or("", |(before, _)| before);
    let is_variant = |encoding: Encoding| {
        let own = file.strip_suffix(encoding.ending()).and_then(|rest| rest.strip_suffix('.'));
        own.is_some_and(|own| variants(own).has(encoding))
    };
    marked_at_end(file).is_some()
        || marked_at_end(before_extension).is_some()
        || folders.split('/').any(|folder| marked_at_end(folder).is_some())
        || Encoding::ALL.into_iter().any(is_variant)
}

/// Where one site lies in its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    prefix: String,
    control: String,
    /// The most bytes that a store takes between two slashes; `None` where it does not count them.
    longest_segment: Option<usize>,
}

/// The longest key S3 takes, in bytes of UTF-8.
pub const LONGEST_KEY: usize = 1024;

impl Layout {
    /// A site below `prefix`, whose private objects lie below `control`. A slash is put behind either where it is
    /// missing; without `control` they lie in `.lastly/`, and below it under the site's own prefix, so that sites
    /// that share a bucket never share a ledger.
    pub fn new(prefix: &str, control: Option<&str>) -> Self {
        let folder = |text: &str| match text.trim_matches('/') {
            "" => String::new(),
            inner => format!("{inner}/"),
        };
        let prefix = folder(prefix);
        let control = control.map_or_else(|| format!(".lastly/{prefix}"), folder);
        Self { prefix, control, longest_segment: None }
    }

    /// The same site in a store that takes at most so many bytes between two slashes of a key.
    #[must_use]
    pub fn with_segments_up_to(self, bytes: usize) -> Self {
        Self { longest_segment: Some(bytes), ..self }
    }

    /// Why no store of this kind takes an object of that name; `None` where it does.
    pub fn too_long(&self, name: &Name) -> Option<String> {
        let length = self.prefix.len() + name.0.len();
        if length > LONGEST_KEY {
            return Some(format!("its key would have {length} bytes; S3 takes {LONGEST_KEY}"));
        }
        let most = self.longest_segment?;
        let long = name.0.split('/').find(|segment| segment.len() > most)?;
        Some(format!("its key would have a part of {} bytes, `{long}`; a store in a folder takes {most}", long.len()))
    }

    /// What every public key begins with; empty, or with a slash at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What every private key begins with; with a slash at its end.
    pub fn control(&self) -> &str {
        &self.control
    }

    /// The key of what lies under `name`.
    pub fn key(&self, name: &Name) -> Key {
        Key(format!("{}{}", self.prefix, name.0).into())
    }

    /// The ledger.
    pub fn ledger(&self) -> Key {
        Key(format!("{}ledger.json", self.control).into())
    }

    /// The document of a release.
    pub fn release(&self, id: ReleaseId) -> Key {
        Key(format!("{}releases/{id}.json", self.control).into())
    }

    /// A list of condemned versions.
    pub fn condemned(&self, id: Uuid) -> Key {
        Key(format!("{}condemned/{id}.list", self.control).into())
    }

    /// A key that nothing else uses, for proving what a store does.
    pub fn probe(&self, id: Uuid) -> Key {
        Key(format!("{}probe/{id}", self.control).into())
    }

    /// What the keys of all release documents begin with whose ids begin so.
    pub fn releases(&self, beginning: &str) -> String {
        format!("{}releases/{beginning}", self.control)
    }

    /// What the keys of manifests and pages begin with, other than those of channel `live`.
    pub fn channels(&self) -> String {
        format!("{}{CHANNELS}", self.prefix)
    }

    /// What a key is by its form; `None` for what has none of lastly's: pages, sealed assets, and what is not lastly's.
    pub fn form(&self, key: &Key) -> Option<Form> {
        if let Some(name) = key.0.strip_prefix(&self.control).filter(|_| self.is_private(key)) {
            let inner = |folder: &str, end: &str| name.strip_prefix(folder)?.strip_suffix(end);
            return match name {
                "ledger.json" => Some(Form::Ledger),
                _ if let Some(id) = inner("releases/", ".json") => ReleaseId::parse(id).map(Form::Document),
                _ if let Some(id) = inner("condemned/", ".list") => Uuid::parse_str(id).ok().map(Form::Condemned),
                _ if let Some(id) = inner("probe/", "") => Uuid::parse_str(id).ok().map(|_| Form::Probe),
                _ => None,
            };
        }
        let name = key.0.strip_prefix(&self.prefix)?;
        if name == MANIFEST {
            return Some(Form::Manifest(ChannelName::live()));
        }
        let channel = name.strip_prefix(CHANNELS).and_then(|rest| rest.strip_suffix(MANIFEST)?.strip_suffix('/'));
        if let Some(channel) = channel.and_then(|name| ChannelName::new(name).ok()) {
            return Some(Form::Manifest(channel));
        }
        has_address(name).then_some(Form::Object)
    }

    /// Whether a key is that of some other site's ledger, by its form.
    pub fn may_be_other_ledger(&self, key: &Key) -> bool {
        key.0.ends_with("/ledger.json") && *key != self.ledger()
    }

    /// Where ledgers of sites would lie that this site lies within, if they are where they are by default.
    pub fn ledgers_above(&self) -> Vec<Key> {
        let ends = self.prefix.match_indices('/').map(|(at, _)| at);
        let above = std::iter::once("").chain(ends.map(|at| &self.prefix[..=at])).filter(|above| *above != self.prefix);
        above.map(|above| Self::new(above, None).ledger()).filter(|key| *key != self.ledger()).collect()
    }

    /// Whether a key is one of lastly's own, which no visitor may see.
    pub fn is_private(&self, key: &Key) -> bool {
        !self.control.is_empty() && key.0.starts_with(&self.control)
    }

    /// Why a page or sealed asset cannot lie under its own name here; `None` where it can.
    pub fn reserved(&self, name: &Name) -> Option<&'static str> {
        if &*name.0 == MANIFEST {
            Some("this is where lastly keeps the manifest")
        } else if name.0.starts_with(CHANNELS) {
            Some("this is where lastly keeps other channels")
        } else if self.is_private(&self.key(name)) {
            Some("this is where lastly keeps its private objects")
        } else {
            None
        }
    }
}

macro_rules! shows_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}
shows_as_text!(Key, Name, ChannelName);

#[cfg(test)]
mod tests;
