//! What the tests of the parsers hold every place to.

use super::reference::Reference;

/// Inserts `.X` before the last dot of each reference in turn, as the rewriting does, and finds again: that value
/// alone has it. Nothing that stands in the file as it is, without one of `escapes`, has another span than its bytes.
pub(super) fn are_exact(text: &str, escapes: &[char], find: impl Fn(&str) -> Vec<Reference>) {
    let references = find(text);
    let mut end = 0;
    for (index, reference) in references.iter().enumerate() {
        let (value, span) = (&reference.value, reference.value.span());
        assert!(end <= span.start && span.start < span.end, "{text:?}: {references:?}");
        end = span.end;
        if !text[span.clone()].contains(escapes) {
            assert_eq!(&text[span], value.text());
        }
        let at = value.text().rfind('.').unwrap_or(value.text().len());
        let mut changed = text.to_owned();
        changed.insert_str(value.place(at), ".X");
        let mut expected: Vec<_> = references.iter().map(|other| other.value.text().to_owned()).collect();
        expected[index].insert_str(at, ".X");
        let again = find(&changed);
        assert_eq!(again.iter().map(|other| other.value.text()).collect::<Vec<_>>(), expected, "{changed:?}");
    }
}
