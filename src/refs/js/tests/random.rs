//! Texts by chance: nothing panics, and the places of references are those of their texts.

use proptest::prelude::*;

use super::found;
use crate::refs::js::Goal;
use crate::refs::reference::Found;

const SEEDS: &[&str] = &[
    "import{a as b}from\"./x.js\";export*from'./y.js';import(`./z.js`)",
    "const a = /[/\"]/g, b = `${new URL('x.wasm', import.meta.url)}`; if (a) /'/.test(b)",
    "#!/usr/bin/node\nimportScripts('a.js', `b.js`, c);\n//# sourceMappingURL=a.js.map\n",
    "new Worker('a\\u0063.js', { type: 'module' }); navigator.serviceWorker.register(\"sw.js\");\r\nfetch('\\ud83d\\ude00')",
    "<!-- a\nclass A extends B { static { this.#a = async () => await import('./a.js', { with: {} }) } #a }\n--> b",
    "label: for (const a of b) { switch (a) { case 1: return; default: a ? b : c } } do x++; while (x --> 0)",
];

fn goals() -> impl Strategy<Value = Goal> {
    prop_oneof![Just(Goal::Module), Just(Goal::Script), Just(Goal::Either)]
}

/// Holds what is true of whatever is found in any text.
fn check(source: &str, found: &Found) {
    let mut end = 0;
    for reference in &found.references {
        let span = reference.value.span();
        assert!(end <= span.start && span.start < span.end && span.end <= source.len(), "{source}");
        let raw = &source[span.clone()];
        assert!(raw == reference.value.text() || raw.contains('\\') || raw.contains('\r'), "{source}");
        end = span.end;
    }
    for remark in &found.remarks {
        assert!(remark.place <= source.len(), "{source}");
    }
}

/// A text with `.X` put into each of its references, before the last dot, as an address would be.
fn with_addresses(source: &str, found: &Found) -> String {
    let mut output = source.to_owned();
    for reference in found.references.iter().rev() {
        if let Some(dot) = reference.value.text().rfind('.') {
            output.insert_str(reference.value.place(dot), ".X");
        }
    }
    output
}

#[test]
fn references_with_an_address_are_found_again() {
    for source in SEEDS {
        let before = found(source, Goal::Either);
        assert!(!before.references.is_empty() || !source.contains(".js"), "{source}");
        let output = with_addresses(source, &before);
        let texts: Vec<_> = found(&output, Goal::Either).references.into_iter().map(|found| found.value).collect();
        let expected = before.references.iter().map(|found| found.value.text()).map(|text| match text.rfind('.') {
            Some(dot) => format!("{}.X{}", &text[..dot], &text[dot..]),
            None => text.to_owned(),
        });
        assert_eq!(texts.iter().map(|value| value.text().to_owned()).collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_read(source in "(import|\\PC|[\"'`/\\\\${}()\\n]){0,60}", goal in goals()) {
        check(&source, &found(&source, goal));
    }

    #[test]
    fn any_change_of_a_script_can_be_read(
        seed in 0..SEEDS.len(),
        other in 0..SEEDS.len(),
        cut in 0..100_usize,
        length in 0..20_usize,
        insertion in "[\"'`/\\\\${}()\\[\\];:?=,.!<>\\-+*\\n a-z\u{2028}é]{0,6}",
        goal in goals(),
    ) {
        let mut letters: Vec<char> = SEEDS[seed].chars().chain(SEEDS[other].chars()).collect();
        let start = cut.min(letters.len());
        let end = (start + length).min(letters.len());
        letters.splice(start..end, insertion.chars());
        let source: String = letters.into_iter().collect();
        check(&source, &found(&source, goal));
    }
}
