//! Ids that are hashes: of a release, and of the tree it was made of.

use std::fmt;

use super::address::hex;

/// Defines an id of 128 bits that reads and shows as 32 lower-case hex digits.
macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The first 128 bits of a hash.
            pub fn of_hash(hash: &blake3::Hash) -> Self {
                let mut short = [0; 16];
                short.copy_from_slice(&hash.as_bytes()[..16]);
                Self(short)
            }

            /// Reads 32 lower-case hex digits.
            pub fn parse(text: &str) -> Option<Self> {
                let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                let number = (lower && text.len() == 32).then(|| u128::from_str_radix(text, 16).ok())??;
                Some(Self(number.to_be_bytes()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}

digest! {
    /// The first 128 bits of the BLAKE3 hash of a release document's bytes: `b3sum` of the stored file begins so.
    ReleaseId
}

digest! {
    /// See [`super::release::TreeHasher`].
    TreeDigest
}

digest! {
    /// Stands for everything besides the files that decides how their references are rewritten.
    RewritingId
}

digest! {
    /// Tells circles of files apart, see [`super::circle`].
    CircleId
}

impl ReleaseId {
    /// The id of the release that `document` describes.
    pub fn of_document(document: &[u8]) -> Self {
        Self::of_hash(&blake3::hash(document))
    }

    /// The first digits, enough to tell releases apart at a glance.
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}
