//! Changing single places of a file and not one byte of the rest.

use std::ops::Range;

/// Bytes of a file that are replaced, or at an empty range, a place where something is put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which bytes.
    pub range: Range<usize>,
    /// What comes in their place.
    pub text: Box<str>,
}

/// Changes of one file, in the order of their places; they do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// Takes changes in any order.
    pub fn new(mut edits: Vec<Edit>) -> Self {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        Self(edits)
    }

    /// These changes and more. Of those at one place, the further ones come behind.
    #[must_use]
    pub fn and(self, more: Vec<Edit>) -> Self {
        Self::new(self.0.into_iter().chain(more).collect())
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long a file of `size` bytes is once it is changed.
    pub fn size_after(&self, size: u64) -> u64 {
        let put_in: usize = self.0.iter().map(|edit| edit.text.len()).sum();
        let taken_out: usize = self.0.iter().map(|edit| edit.range.len()).sum();
        size + put_in as u64 - taken_out as u64
    }

    /// A whole file, changed.
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(usize::try_from(self.size_after(bytes.len() as u64)).unwrap_or(0));
        let mut splice = Splice::default();
        splice.piece(self, bytes, &mut out);
        splice.finish(self, &mut out);
        out
    }
}

/// A file on its way through its changes, piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Splice {
    /// How many bytes of the file have come.
    come: usize,
    /// How many changes have been made.
    made: usize,
}

impl Splice {
    /// Takes the next bytes of the file, and puts what becomes of them behind `out`.
    pub fn piece(&mut self, Edits(edits): &Edits, piece: &[u8], out: &mut Vec<u8>) {
        let (start, end) = (self.come, self.come + piece.len());
        let mut done = start;
        while let Some(edit) = edits.get(self.made).filter(|edit| edit.range.start < end) {
            let from = edit.range.start.max(start);
            out.extend_from_slice(&piece[done - start..from - start]);
            if edit.range.start >= start {
                out.extend_from_slice(edit.text.as_bytes());
            }
            done = edit.range.end.min(end);
            if edit.range.end > end {
                break;
            }
            self.made += 1;
        }
        out.extend_from_slice(&piece[done - start..]);
        self.come = end;
    }

    /// Puts what comes behind the last byte of the file behind `out`.
    pub fn finish(self, Edits(edits): &Edits, out: &mut Vec<u8>) {
        for edit in edits[self.made..].iter().filter(|edit| edit.range.start >= self.come) {
            out.extend_from_slice(edit.text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn edit(range: Range<usize>, text: &str) -> Edit {
        Edit { range, text: text.into() }
    }

    #[test]
    fn only_what_is_named_changes() {
        let edits = Edits::new(vec![edit(8..8, "!"), edit(1..1, "X"), edit(3..5, ""), edit(5..6, "fff")]);
        let out = edits.apply(b"abcdefgh");
        assert_eq!(out, b"aXbcfffgh!");
        assert_eq!(edits.size_after(8), out.len() as u64);
        assert_eq!(Edits::default().apply(b"abc"), b"abc");
    }

    proptest! {
        #[test]
        fn pieces_come_to_the_same_as_the_whole(
            bytes in vec(any::<u8>(), 0..40),
            gaps in vec((0_usize..6, 0_usize..6, "[a-z]{0,3}"), 0..6),
            cuts in vec(1_usize..9, 0..40),
        ) {
            let mut edits = Vec::new();
            let mut at = 0;
            for (gap, length, text) in gaps {
                let start = at + gap;
                if start + length > bytes.len() {
                    break;
                }
                edits.push(edit(start..start + length, &text));
                at = start + length.max(1);
            }
            let mut expected = bytes.clone();
            for edit in edits.iter().rev() {
                expected.splice(edit.range.clone(), edit.text.bytes());
            }
            let edits = Edits::new(edits);
            prop_assert_eq!(&edits.apply(&bytes), &expected);
            let (mut splice, mut out, mut rest) = (Splice::default(), Vec::new(), &bytes[..]);
            for cut in cuts {
                let (piece, left) = rest.split_at(cut.min(rest.len()));
                splice.piece(&edits, piece, &mut out);
                rest = left;
            }
            splice.piece(&edits, rest, &mut out);
            splice.finish(&edits, &mut out);
            prop_assert_eq!(&out, &expected);
        }
    }
}
