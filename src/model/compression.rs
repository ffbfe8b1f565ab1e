//! What is stored of a file in compressed form: variants beside its object, or the object itself.
//!
//! How bytes are compressed is not known here, only what it is called: in documents, in addresses, in names.

use std::fmt;

/// A content coding (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// Every encoding, the one that makes bytes smallest first.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// Every encoding with its word in the settings, which is its token in headers.
    pub const WORDS: [(&'static str, Self); 2] = [("br", Self::Brotli), ("gzip", Self::Gzip)];

    /// Its token in `Content-Encoding` and `Accept-Encoding`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What the name of a variant ends in, behind a dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gz",
        }
    }

    /// What stands for it in the name of a file that has a variant of it.
    pub const fn letter(self) -> char {
        match self {
            Self::Brotli => 'b',
            Self::Gzip => 'g',
        }
    }
}

/// Some of the encodings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Encodings {
    brotli: bool,
    gzip: bool,
}

impl Encodings {
    /// These encodings.
    pub fn new(encodings: impl IntoIterator<Item = Encoding>) -> Self {
        encodings.into_iter().fold(Self::default(), |all, encoding| match encoding {
            Encoding::Brotli => Self { brotli: true, ..all },
            Encoding::Gzip => Self { gzip: true, ..all },
        })
    }

    /// Whether an encoding is among them.
    pub fn has(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Brotli => self.brotli,
            Encoding::Gzip => self.gzip,
        }
    }

    /// All of them, in the order of [`Encoding::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Encoding> {
        Encoding::ALL.into_iter().filter(move |encoding| self.has(*encoding))
    }
}

/// Which of a file's objects are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// The object is as the file is, and beside it lies a variant in each of these encodings.
    Variants(Encodings),
    /// The object itself is stored in this encoding, and there is no other.
    InPlace(Encoding),
}

/// How a file is compressed. It enters the file's address, so that nothing under a key depends on anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compression {
    /// Which objects.
    pub form: Form,
    /// By which version of lastly's own ways of compressing: another one may make other bytes of the same.
    pub version: u32,
}

impl Compression {
    /// The encodings of the variants that lie beside the object.
    pub fn variants(&self) -> impl Iterator<Item = Encoding> + use<> {
        let encodings = match self.form {
            Form::Variants(encodings) => encodings,
            Form::InPlace(_) => Encodings::default(),
        };
        encodings.iter()
    }

    /// The encoding that the object itself is stored in.
    pub fn in_place(&self) -> Option<Encoding> {
        match self.form {
            Form::Variants(_) => None,
            Form::InPlace(encoding) => Some(encoding),
        }
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let encoding = |token: &str| Encoding::ALL.into_iter().find(|encoding| encoding.token() == token);
        let mut words: Vec<&str> = text.split(' ').collect();
        let version = words.pop()?.parse().ok()?;
        let (form, tokens) = words.split_first()?;
        let encodings = tokens.iter().map(|token| encoding(token)).collect::<Option<Vec<Encoding>>>()?;
        let form = match (*form, &encodings[..]) {
            ("variants", [_, ..]) => Form::Variants(Encodings::new(encodings)),
            ("in-place", [encoding]) => Form::InPlace(*encoding),
            _ => return None,
        };
        Some(Self { form, version }).filter(|compression| compression.to_string() == text)
    }
}

impl fmt::Display for Compression {
    /// `variants br gzip 1`, `in-place br 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.in_place().is_some() { "in-place" } else { "variants" })?;
        for encoding in self.in_place().into_iter().chain(self.variants()) {
            write!(f, " {}", encoding.token())?;
        }
        write!(f, " {}", self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let both = Form::Variants(Encodings::new(Encoding::ALL));
        for (form, text) in [
            (both, "variants br gzip 7"),
            (Form::Variants(Encodings::new([Encoding::Gzip])), "variants gzip 7"),
            (Form::InPlace(Encoding::Brotli), "in-place br 7"),
        ] {
            let compression = Compression { form, version: 7 };
            assert_eq!(compression.to_string(), text);
            assert_eq!(Compression::parse(text), Some(compression));
        }
    }

    #[test]
    fn nothing_else_is_read() {
        for text in ["", "variants 1", "variants gzip br 1", "variants br br 1", "in-place br gzip 1", "in-place 1"] {
            assert_eq!(Compression::parse(text), None, "{text:?}");
        }
        for text in ["variants br", "variants br 01", "variants br +1", "variants zstd 1", "other br 1", " br 1"] {
            assert_eq!(Compression::parse(text), None, "{text:?}");
        }
    }
}
