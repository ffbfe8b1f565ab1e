//! Text out of a file that knows where in the file each of its characters stands, whatever escapes, entities and
//! nesting (a style in an attribute of a page) lay between.

use std::borrow::Cow;
use std::ops::Range;

/// Text out of a file, its escapes undone, and the place of each of its bytes in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt<'a> {
    text: Cow<'a, str>,
    places: Places,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Places {
    /// The text stands in the file as it is, from here on.
    From(usize),
    /// The place of each byte, and of the end.
    Each(Vec<usize>),
}

impl<'a> Excerpt<'a> {
    /// Text that stands in the file as it is, beginning at the byte offset `start`.
    pub fn verbatim(text: impl Into<Cow<'a, str>>, start: usize) -> Self {
        Self { text: text.into(), places: Places::From(start) }
    }

    /// The text, its escapes undone.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The offset in the file of the byte at `index`, or of the end of the text where `index` is its length. Where
    /// several characters came of one escape, it is that of the escape.
    pub fn place(&self, index: usize) -> usize {
        match &self.places {
            Places::From(start) => start + index,
            Places::Each(places) => places[index],
        }
    }

    /// The bytes of the file that the text came of.
    pub fn span(&self) -> Range<usize> {
        self.place(0)..self.place(self.text.len())
    }

    /// A part of the text, by byte range.
    pub fn part(&self, range: Range<usize>) -> Excerpt<'static> {
        let places = match &self.places {
            Places::From(start) => Places::From(start + range.start),
            Places::Each(places) => Places::Each(places[range.start..=range.end].to_vec()),
        };
        Excerpt { text: Cow::Owned(self.text[range].to_owned()), places }
    }

    /// What a part of the text means once its escapes are undone. `places` holds for each byte of `meaning`, and for
    /// its end, the index in this excerpt's text that it came of.
    pub fn meaning(&self, meaning: String, places: Vec<usize>) -> Excerpt<'static> {
        debug_assert_eq!(places.len(), meaning.len() + 1, "a place for each byte, and one for the end");
        let places = places.into_iter().map(|index| self.place(index)).collect();
        Excerpt { text: Cow::Owned(meaning), places: Places::Each(places) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_unescaped_part_still_knows_its_place() {
        // A page's attribute `a&amp;b\26 c` at offset 10, whose value `a&b\26 c` is a style's string `a&b&c`.
        let raw = Excerpt::verbatim("a&amp;b\\26 c", 10);
        let value = raw.meaning("a&b\\26 c".to_owned(), vec![0, 1, 6, 7, 8, 9, 10, 11, 12]);
        let string = value.meaning("a&b&c".to_owned(), vec![0, 1, 2, 3, 7, 8]);
        assert_eq!((0..=5).map(|index| string.place(index)).collect::<Vec<_>>(), [10, 11, 16, 17, 21, 22]);
        let part = string.part(3..5);
        assert_eq!((part.text(), part.span()), ("&c", 17..22));
    }
}
