//! Compressing a file's bytes: which files are, how, and back again.
//!
//! The same bytes give the same compressed bytes on any machine: no time and no name stands in them, and neither library
//! asks the processor or its floating point how to decide. Another version of one of them may decide otherwise;
//! [`VERSION`] then gives whatever is compressed another address.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Read, Write};

use brotli::enc::BrotliEncoderParams;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::model::compression::{Compression, Encoding, Form};
use crate::model::headers::Headers;

/// Raised whenever the same bytes would be compressed to others: a test here pins them.
pub const VERSION: u32 = 1;

/// Files below this size are not compressed where nobody says otherwise: with its headers, an answer of that size fits
/// into one packet.
pub const SMALLEST: u64 = 1024;

/// Files above this size are not compressed: each is held whole.
pub const LARGEST: u64 = 64 << 20;

/// Up to this size Brotli is at its strongest, which takes ten to twenty times as long as what larger files get: some
/// seconds for a file of this size. `docs/compression.md` has the sizes.
const STRONGEST: usize = 1 << 20;

/// How files are to be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressing {
    /// Which objects there are to be.
    pub form: Form,
    /// The size of the smallest file that is compressed.
    pub smallest: u64,
}

impl Compressing {
    /// What is written down of it.
    pub fn compression(&self) -> Compression {
        Compression { form: self.form, version: VERSION }
    }

    /// Whether a file of so many bytes can be.
    pub fn takes(&self, size: u64) -> bool {
        (self.smallest..=LARGEST).contains(&size)
    }
}

/// Types that are worth compressing, besides text, JSON and XML of any kind.
const TYPES: [&str; 14] = [
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/rtf",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/xml",
    "application/x-yaml",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/ttf",
    "image/bmp",
];

/// Whether what is served with these headers is of a type that is worth compressing, and not compressed already.
pub fn is_compressible(headers: &Headers) -> bool {
    let essence = headers.content_type().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_text = essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml");
    (is_text || TYPES.contains(&&*essence)) && headers.content_encoding().is_none()
}

/// How often each byte stands in a file.
#[derive(Clone, Debug)]
pub struct Histogram([u64; 256]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Histogram {
    /// Takes in the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0[usize::from(*byte)] += 1;
        }
    }

    /// Whether the bytes are at least 5 % smaller once compressed, in whichever encoding. Both encodings put bytes into
    /// Huffman codes after all else they do, so the length of such a code says how long the outcome is at most. It is
    /// asked of the bytes before references are rewritten, so that what one file refers to never decides about it.
    pub fn promises_less(&self) -> bool {
        let size: u64 = self.0.iter().sum();
        // The tables of the codes, which begin anew every few ten thousand bytes, and a head.
        let beside = 128 + size / 100;
        20 * (self.huffman_bits().div_ceil(8) + beside) <= 19 * size
    }

    /// The length of the bytes in a Huffman code of their own, in bits, without the code's table.
    fn huffman_bits(&self) -> u64 {
        let mut weights: BinaryHeap<Reverse<u64>> =
            self.0.iter().filter(|count| **count > 0).copied().map(Reverse).collect();
        // One byte over and over takes a bit each.
        let mut bits = if weights.len() == 1 { weights.peek().map_or(0, |Reverse(only)| *only) } else { 0 };
        while let (Some(Reverse(one)), Some(Reverse(other))) = (weights.pop(), weights.pop()) {
            bits += one + other;
            weights.push(Reverse(one + other));
        }
        bits
    }
}

/// The bytes in an encoding.
pub fn compress(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(bytes.len() / 4);
    let done = match encoding {
        Encoding::Brotli => {
            let quality = if bytes.len() <= STRONGEST { 11 } else { 9 };
            let parameters = BrotliEncoderParams { quality, size_hint: bytes.len(), ..BrotliEncoderParams::default() };
            brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters).map(drop)
        }
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(&mut compressed, flate2::Compression::best());
            encoder.write_all(bytes).and_then(|()| encoder.finish()).map(drop)
        }
    };
    done.expect("memory is read and written without errors");
    compressed
}

/// The bytes that `compressed` stands for, which are to be `size` bytes.
///
/// # Errors
/// It is not in that encoding, or stands for more or less (`InvalidData`).
pub fn decompress(compressed: &[u8], encoding: Encoding, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match encoding {
        Encoding::Brotli => brotli::Decompressor::new(compressed, 1 << 16).take(size + 1).read_to_end(&mut bytes)?,
        Encoding::Gzip => MultiGzDecoder::new(compressed).take(size + 1).read_to_end(&mut bytes)?,
    };
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn text() -> Vec<u8> {
        (0..400).flat_map(|at| format!("a.link-{at} > b {{ margin: {}px }}\n", at * 7 % 31).into_bytes()).collect()
    }

    fn promises_less(bytes: &[u8]) -> bool {
        let mut histogram = Histogram::default();
        histogram.add(bytes);
        histogram.promises_less()
    }

    /// Whoever changes what is pinned here raises [`VERSION`].
    #[test]
    fn compressed_bytes_are_pinned() {
        let pinned: Vec<String> = [text(), text().repeat(90)]
            .iter()
            .flat_map(|bytes| Encoding::ALL.map(|encoding| compress(bytes, encoding)))
            .map(|compressed| format!("{} {}", compressed.len(), &blake3::hash(&compressed).to_hex()[..16]))
            .collect();
        assert_eq!(VERSION, 1);
        insta::assert_debug_snapshot!(pinned, @r#"
        [
            "783 c1390635c1c47a6e",
            "1463 2b0d46979ae805ea",
            "942 6db3e68783797fd5",
            "9269 b6f93f9715f14695",
        ]
        "#);
    }

    #[test]
    fn what_is_no_such_encoding_is_refused() {
        let text = text();
        for encoding in Encoding::ALL {
            let compressed = compress(&text, encoding);
            let size = text.len() as u64;
            assert_eq!(decompress(&compressed, encoding, size).ok(), Some(text.clone()));
            for (bytes, size) in [
                (&text[..], size),
                (&compressed[..compressed.len() / 2], size),
                (&compressed, size - 1),
                (&compressed, size + 1),
            ] {
                assert!(decompress(bytes, encoding, size).is_err(), "{encoding:?} of {} bytes", bytes.len());
            }
        }
    }

    #[test]
    fn only_what_is_text_at_heart_is_compressed() {
        for (content_type, expected) in [
            ("text/css; charset=utf-8", true),
            ("image/svg+xml", true),
            ("application/manifest+json", true),
            ("application/wasm", true),
            ("font/ttf", true),
            ("font/woff2", false),
            ("image/png", false),
            ("application/zip", false),
            ("application/octet-stream", false),
        ] {
            let mut headers = Headers::default();
            headers.set("content-type", content_type).expect("a plain type");
            assert_eq!(is_compressible(&headers), expected, "{content_type}");
            headers.set("content-encoding", "gzip").expect("a plain encoding");
            assert!(!is_compressible(&headers), "{content_type} that is compressed already");
        }
    }

    #[test]
    fn what_promises_nothing_is_left() {
        assert!(promises_less(&text()));
        assert!(promises_less(&[b' '; 1024]));
        assert!(!promises_less(&[]));
        assert!(!promises_less(&compress(&text(), Encoding::Gzip)));
        let every: Vec<u8> = (0..=255).cycle().take(4096).collect();
        assert!(!promises_less(&every));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn every_byte_comes_back(bytes in vec(any::<u8>(), 0..600)) {
            for encoding in Encoding::ALL {
                let compressed = compress(&bytes, encoding);
                prop_assert_eq!(decompress(&compressed, encoding, bytes.len() as u64).ok(), Some(bytes.clone()));
            }
        }

        /// Bytes drawn at random from few kinds: the hardest that can still promise something.
        #[test]
        fn what_is_promised_is_kept(kinds in 2_u16..220, seed in any::<u64>(), size in 1024_usize..6000) {
            let mut state = seed;
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) % u64::from(kinds)) as u8
            })
            .take(size)
            .collect();
            if promises_less(&bytes) {
                for encoding in Encoding::ALL {
                    let compressed = compress(&bytes, encoding).len();
                    prop_assert!(20 * compressed <= 19 * size, "{} of {} in {:?}", compressed, size, encoding);
                }
            }
        }
    }
}
