//! The address of an object: a hash of everything that a visitor receives under its key.

use std::fmt;

use super::compression::Compression;
use super::headers::Headers;

/// Keeps these hashes apart from any other use of BLAKE3. A change of what is hashed changes this text.
const DOMAIN: &str = "lastly address 1";

/// BLAKE3 over a domain string, the generation, the canonical response headers and the final bytes: the bytes are
/// hashed under a key that is the hash of the rest. So they begin at a chunk's edge, where BLAKE3 is fastest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 32]);

impl Address {
    /// How many hex digits of an address stand in a key: 128 bits.
    pub const KEY_DIGITS: usize = 32;

    /// The part that stands in a key.
    pub fn in_key(&self) -> String {
        hex(&self.0[..Self::KEY_DIGITS / 2])
    }

    /// Puts [`Self::in_key`] behind `text`.
    pub(super) fn push_in_key(&self, text: &mut String) {
        push_hex(&self.0[..Self::KEY_DIGITS / 2], text);
    }

    /// All of it.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes a hash as an address.
    pub(super) fn of_hash(hash: blake3::Hash) -> Self {
        Self(hash.into())
    }

    /// Reads the 64 lower-case hex digits that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let value = |digit: u8| VALUES[usize::from(digit)];
        // Documents hold an address for each file: no digit is branched upon.
        let is_hex = digits.iter().fold(0, |all, &digit| all | value(digit)) < 16;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            *byte = (value(pair[0]) << 4) | (value(pair[1]) & 15);
        }
        is_hex.then_some(Self(bytes))
    }
}

/// Takes addresses under one set of headers.
#[derive(Clone, Debug)]
pub struct Addresser {
    key: [u8; 32],
    hasher: blake3::Hasher,
}

impl Addresser {
    /// Begins an address with what does not depend on the bytes. Raising `generation` gives every object a new
    /// address.
    pub fn new(headers: &Headers, generation: u64) -> Self {
        Self::compressed(headers, generation, None)
    }

    /// The same for a file that is compressed. What is hashed are its bytes before that: all others follow from them
    /// and from `compression`.
    pub fn compressed(headers: &Headers, generation: u64, compression: Option<Compression>) -> Self {
        let canonical = headers.canonical();
        // No header's line is without a colon, and this one is.
        let compression = compression.map_or_else(String::new, |compression| format!("{compression}\n"));
        let text = format!("{DOMAIN}\n{generation}\n{canonical}{compression}");
        let key = *blake3::hash(text.as_bytes()).as_bytes();
        Self { key, hasher: blake3::Hasher::new_keyed(&key) }
    }

    /// What everything but the bytes comes to.
    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// The address of everything taken in.
    pub fn finish(&self) -> Address {
        Address(self.hasher.finalize().into())
    }

    /// The address of `bytes`, taken whole.
    pub fn address_of(&self, bytes: &[u8]) -> Address {
        Address(blake3::keyed_hash(&self.key, bytes).into())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.in_key())
    }
}

/// The value of each lower-case hex digit, and 255 for what is none.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    push_hex(bytes, &mut digits);
    digits
}

/// Puts lower-case hex digits of `bytes` behind `text`.
fn push_hex(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str) -> Headers {
        let mut headers = Headers::default();
        headers.set("content-type", content_type).expect("a plain type");
        headers
    }

    #[test]
    fn everything_a_visitor_receives_enters_the_address() {
        let base = Addresser::new(&headers("text/css"), 0).address_of(b"a{}");
        assert_eq!(base, Addresser::new(&headers("text/css"), 0).address_of(b"a{}"));
        assert_ne!(base, Addresser::new(&headers("text/css"), 0).address_of(b"b{}"));
        assert_ne!(base, Addresser::new(&headers("text/html"), 0).address_of(b"a{}"));
        assert_ne!(base, Addresser::new(&headers("text/css"), 1).address_of(b"a{}"));
        let compressed = |text| Addresser::compressed(&headers("text/css"), 0, Compression::parse(text));
        assert_ne!(base, compressed("variants br 1").address_of(b"a{}"));
        assert_ne!(compressed("variants br 2").address_of(b"a{}"), compressed("variants br 1").address_of(b"a{}"));
    }

    #[test]
    fn pieces_have_the_address_of_the_whole() {
        let mut addresser = Addresser::new(&headers("text/css"), 3);
        for piece in [&b"a"[..], b"", b"{}"] {
            addresser.update(piece);
        }
        assert_eq!(addresser.finish(), addresser.address_of(b"a{}"));
    }

    #[test]
    fn headers_and_bytes_never_run_into_each_other() {
        let with = Addresser::new(&headers("a"), 0).address_of(b"");
        let without = Addresser::new(&Headers::default(), 0).address_of(b"content-type:a\n");
        assert_ne!(with, without);
    }

    /// The addresses of the first version: a change here gives every asset of every user a new URL.
    #[test]
    fn addresses_are_pinned() {
        let address = Addresser::new(&headers("text/css"), 0).address_of(b"a{}");
        let key = blake3::hash(b"lastly address 1\n0\ncontent-type:text/css\n");
        let expected = blake3::keyed_hash(key.as_bytes(), b"a{}");
        assert_eq!(address.to_string(), expected.to_hex().as_str());
        assert_eq!(Address::parse(&address.to_string()), Some(address));
        assert_eq!(Address::parse(&address.to_string().to_uppercase()), None);
        assert_eq!(Address::parse(&format!("{}g", &address.to_string()[..63])), None);
        assert_eq!(Address::parse(&format!("{address}0")), None);
    }
}
