//! What is found in scripts and modules, and where: texts chosen, and texts by chance.

use proptest::prelude::*;

use super::{Goal, find};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::{Found, Kind, Obstacle};

use Kind::{Document, Module, Resource, Script, SourceMap};

/// Everything that is found in a file.
fn found(source: &str, goal: Goal) -> Found {
    let mut found = Found::default();
    find(&Excerpt::verbatim(source, 0), goal, &mut found);
    found
}

/// The kinds and texts of the references in a file.
fn references(source: &str, goal: Goal) -> Vec<(Kind, String)> {
    let found = found(source, goal);
    found.references.into_iter().map(|reference| (reference.kind, reference.value.text().to_owned())).collect()
}

/// Whether no reference was taken because a file cannot be parsed.
fn is_unparsable(found: &Found) -> bool {
    let unparsable = found.remarks.iter().any(|remark| matches!(remark.what, Obstacle::Unparsable(_)));
    assert!(!unparsable || found.references.is_empty(), "{found:?}");
    unparsable
}

#[track_caller]
fn expect(goal: Goal, source: &str, expected: &[(Kind, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
    let all = found(source, goal);
    assert!(!is_unparsable(&all), "{source}: {all:?}");
    assert_eq!(references(source, goal), expected, "{source}");
    for reference in all.references {
        let raw = &source[reference.value.span()];
        assert!(raw == reference.value.text() || raw.contains('\\'), "{source}: {raw}");
    }
}

/// The places of computed names.
fn computed(source: &str) -> Vec<usize> {
    let found = found(source, Goal::Either);
    assert!(!is_unparsable(&found), "{source}: {found:?}");
    found.remarks.into_iter().map(|remark| remark.place).collect()
}

#[test]
fn static_imports_and_re_exports_are_modules() {
    for source in [
        r#"import "./x.js";"#,
        r#"import"./x.js""#,
        r#"import{a as b}from"./x.js";"#,
        r#"import a,{b}from'./x.js'"#,
        r#"import a, * as b from "./x.js""#,
        "import {\n  a, // \"./no.js\"\n  b,\n} /* from './no.js' */ from\n'./x.js'\nfoo()",
        r#"import json from "./x.js" with { type: "json" }"#,
        r#"import {} from "./x.js""#,
        r#"import defer * as a from "./x.js""#,
        r#"import source a from "./x.js""#,
        r#"import from from "./x.js""#,
        r#"export*from"./x.js""#,
        r#"export * as a from "./x.js""#,
        r#"export * as "string name" from "./x.js""#,
        r#"export{a,b as default}from'./x.js'"#,
        r#"export { a } from "./x.js" with { type: "json" };"#,
        "#!/usr/bin/env node\nimport './x.js'",
        "export {aExport} from './x.js'",
    ] {
        expect(Goal::Module, source, &[(Module, "./x.js")]);
        expect(Goal::Either, source, &[(Module, "./x.js")]);
    }
    expect(Goal::Either, r#"import {"string name" as a} from "./x.js""#, &[(Module, "./x.js")]);
}

#[test]
fn references_are_in_the_order_of_their_places() {
    let source = "import 'b';import c from './c.js?v=1#a';import('b');export * from 'b';\n\
        new URL('a.wasm', import.meta.url);import('/a');fetch('z');\n//# sourceMappingURL=x.map";
    let expected = [
        (Module, "b"),
        (Module, "./c.js?v=1#a"),
        (Module, "b"),
        (Module, "b"),
        (Resource, "a.wasm"),
        (Module, "/a"),
        (Document, "z"),
        (SourceMap, "x.map"),
    ];
    expect(Goal::Either, source, &expected);
}

#[test]
fn dynamic_imports_with_a_literal_are_modules() {
    for source in [
        r#"import("./x.js")"#,
        "import('./x.js',)",
        "import(`./x.js`)",
        "import((\"./x.js\"))",
        r#"import(/* webpackChunkName: "x" */ "./x.js")"#,
        r#"import(/* @vite-ignore */"./x.js"/**/)"#,
        r#"import("./x.js", { with: { type: "json" } })"#,
        "import/**/(\n'./x.js'\n)",
        "import.defer('./x.js')",
        "import.source('./x.js')",
        "const f = async () => (await import('./x.js')).default",
        "a=`${b}${`c${import('./x.js')}`}`",
        "(a = import('./x.js'), b)",
        "(a = import('./x.js')) => b",
        "({ a: [import('./x.js')] })",
        "a?(b=import('./x.js')):c",
        "a = b\n/import('./x.js')/g",
    ] {
        expect(Goal::Either, source, &[(Module, "./x.js")]);
        expect(Goal::Script, source, &[(Module, "./x.js")]);
    }
}

#[test]
fn an_import_that_is_computed_is_remarked() {
    for (source, places) in [
        ("import(a)", [7].as_slice()),
        ("import('a' + b)", &[7]),
        ("import(`./${a}.js`)", &[7]),
        ("import(a ? './a.js' : './b.js')", &[7]),
        ("(a = import(b), c)", &[12]),
        ("import(('a') + ('b'))", &[7]),
        ("new URL(a, import.meta.url)", &[8]),
        ("new URL(`${a}.js`, import.meta.url)", &[8]),
        ("new URL('a' + b, import.meta.url)", &[8]),
        ("new URL(new URL(a, import.meta.url), import.meta.url)", &[8, 16]),
        ("importScripts(a, 'b', c)", &[14, 22]),
        ("importScripts(...a)", &[14]),
        ("import.meta.resolve(a)", &[20]),
        ("fetch(a);new Worker(a);new URL(a, b);new URL(import.meta.url);new URL(a)", &[]),
    ] {
        assert_eq!(computed(source), places, "{source}");
    }
}

#[test]
fn import_meta_resolve_names_a_module() {
    expect(Goal::Module, "import.meta.resolve('./x.js')", &[(Module, "./x.js")]);
    expect(Goal::Module, "import . meta . resolve(`x`, a)", &[(Module, "x")]);
    expect(Goal::Module, "import.meta.resolve?.('x')", &[(Module, "x")]);
    expect(
        Goal::Module,
        "import.meta.other('x'); import.meta.resolve; meta.resolve('x'); a.import.meta.resolve('x')",
        &[],
    );
    expect(Goal::Module, "import.meta.env.resolve('x'); resolve('x'); import.meta", &[]);
}

#[test]
fn a_url_relative_to_the_module_is_a_resource() {
    for source in [
        "new URL('x.wasm', import.meta.url)",
        "new URL(\"x.wasm\",import.meta.url).href",
        "new URL(`x.wasm`, import.meta.url)",
        "new URL('x.wasm', (import.meta.url))",
        "new URL(('x.wasm'), import.meta.url,)",
        "new URL(/* webpackIgnore: true */ 'x.wasm', import /**/ . meta\n.url)",
        "new window.URL('x.wasm', import.meta.url)",
        "new Worker(new URL('x.wasm', import.meta.url), { type: 'module' })",
        "fetch(new URL('x.wasm', import.meta.url))",
        "a`${new URL('x.wasm', import.meta.url)}${b}`",
    ] {
        expect(Goal::Module, source, &[(Resource, "x.wasm")]);
    }
    for source in [
        "new URL('x', location.href), import.meta.url",
        "new URL('x', import.meta.url + 'y')",
        "new URL('x', import.meta.urls)",
        "new URL('x', a.import.meta.url)",
        "new URL('x', document.currentScript.src), import.meta.url",
        "URL('x', import.meta.url)",
        "new a.URL('x', import.meta.url)",
        "new URL('x'), import.meta.url",
        "new URL(a, b, 'x', import.meta.url)",
        "const url = import.meta.url; new URL('x', url)",
        "new URL('https://a.test/x', import.meta.url).URL('y', import.meta.url) && 'new URL(\"x\", import.meta.url)'",
    ] {
        let web: &[_] = if source.contains("https") { &[(Resource, "https://a.test/x")] } else { &[] };
        expect(Goal::Module, source, web);
    }
}

#[test]
fn what_is_relative_to_the_page_is_told_apart() {
    for source in [
        "new Worker('x')",
        "new Worker('x', {type: 'module'})",
        "new Worker(`x`)",
        "new SharedWorker(\"x\")",
        "new self.Worker('x')",
        "navigator.serviceWorker.register('x')",
        "navigator?.serviceWorker?.register('x', {scope: '/'}).then(a => a)",
        "window.navigator.serviceWorker.register('x')",
        "fetch('x')",
        "window.fetch('x', {a: 1})",
        "await fetch('x')",
        "CSS.paintWorklet.addModule('x')",
        "context.audioWorklet.addModule('x')",
    ] {
        expect(Goal::Module, source, &[(Document, "x")]);
    }
    for source in [
        "Worker('x'); new a.Worker('x'); new Worker(x); new Worker(a, 'x'); new Worker('x' + a); new Workers('x')",
        "a.fetch('x'); fetch.call('x'); fetch(a, 'x'); fetch('x'.y); new fetch('x')",
        "a.register('x'); serviceWorker.register('x'); b.serviceWorker.register('x')",
        "loader.addModule('x'); addModule('x'); fetch(); fetch`x`",
        "fetch('data:,x'); new Worker('blob:x'); fetch(''); fetch('#x'); fetch(' '); fetch('JavaScript:x')",
    ] {
        expect(Goal::Either, source, &[]);
    }
}

#[test]
fn all_arguments_of_import_scripts_are_scripts() {
    expect(Goal::Script, "importScripts('a', `b`, c, \"d\")", &[(Script, "a"), (Script, "b"), (Script, "d")]);
    expect(Goal::Script, "self.importScripts(' a\\n')", &[(Script, "a")]);
    expect(Goal::Script, "a.importScripts('a')", &[]);
}

#[test]
fn strings_comments_and_expressions_are_no_references() {
    for source in [
        "a.import('x')",
        "a?.import('x'); a['import']('x')",
        "({ import(x) { return 'x' } }).import('x')",
        "class A { import(x) {} static import() {} get export() {} }",
        "({ import: 'x', export: 'x', from: 'y' })",
        "// import 'x'\n/* import 'y'; import('z') */",
        "'import \"x\"'; \"import('x')\"; `import('x') ${'import(\"y\")'}`",
        "/import('x')\"/; /[/'\"`]import('x')/g; a / 'import' / b",
        "if (a) /import('x')'/.test(b)",
        "export const a = 'from', b = 'x'",
        "export default 'from'",
        "const from = 'x'; export { from }",
        "require('x'); define(['x'], a => a); import.meta.url",
    ] {
        expect(Goal::Either, source, &[]);
    }
}

#[test]
fn names_that_are_no_files_are_left_out() {
    let source = "import 'node:fs'; import '#internal'; import ' ./a.js'; import ''; import 'data:text/javascript,1';\
        import 'lodash'; import '@scope/a/b.js'; import 'https://a.test/x.js'; import '//a.test/x.js'; import '/x.js'";
    let kept = ["lodash", "@scope/a/b.js", "https://a.test/x.js", "//a.test/x.js", "/x.js"];
    expect(Goal::Module, source, &kept.map(|name| (Module, name)));
}

#[test]
fn escapes_are_undone() {
    expect(Goal::Module, r#"import "./\u0063.js""#, &[(Module, "./c.js")]);
    expect(Goal::Module, r"import('./\x63\u{63}.js')", &[(Module, "./cc.js")]);
    expect(Goal::Module, "import('./a\\\n.js')", &[(Module, "./a.js")]);
    expect(Goal::Module, r"new URL(`\u{1f600}.svg`, import.meta.url)", &[(Resource, "😀.svg")]);
    expect(Goal::Script, r"importScripts('\141.js')", &[(Script, "a.js")]);
}

#[test]
fn scripts_may_have_what_modules_may_not() {
    expect(Goal::Script, "<!-- import 'x'\nimport('y')\n--> import('z')", &[(Module, "y")]);
    expect(Goal::Either, "<!-- import 'x'\nimport('y')\n--> import('z')", &[(Module, "y")]);
    expect(Goal::Either, "with (a) fetch('x')", &[(Document, "x")]);
    expect(Goal::Either, "var await = 1; fetch('x' /* */)", &[(Document, "x")]);
    expect(Goal::Either, "if (a) return; import('x')", &[(Module, "x")]);
    expect(Goal::Either, "var a = 010; delete a; import('x')", &[(Module, "x")]);
}

#[test]
fn the_last_comment_with_a_source_map_counts() {
    expect(Goal::Either, "a()\n//# sourceMappingURL=a.js.map\n", &[(SourceMap, "a.js.map")]);
    expect(Goal::Either, "a()\r\n//@ sourceMappingURL=a.js.map\r\n", &[(SourceMap, "a.js.map")]);
    expect(Goal::Either, "a()/*# sourceMappingURL=a.js.map; */", &[(SourceMap, "a.js.map;")]);
    expect(Goal::Either, "//# sourceMappingURL=a\nb()\n//# sourceMappingURL=c\n// d", &[(SourceMap, "c")]);
    expect(Goal::Either, "//# sourceMappingURL=data:application/json;base64,e30=", &[]);
    for source in [
        "'//# sourceMappingURL=a'",
        "`\n//# sourceMappingURL=a\n`",
        "a = /[//# sourceMappingURL=b]/",
        "`${a}\n//# sourceMappingURL=a\n`",
        "a['\\\n//# sourceMappingURL=a']",
    ] {
        expect(Goal::Either, source, &[]);
    }
}

#[test]
fn what_cannot_be_parsed_is_said_once_with_its_place() {
    for (source, place) in [
        ("import 'a';\nconst a = <div/>;", 22),
        ("import 'a'; {\n//# sourceMappingURL=a", 36),
        ("import a: string from 'x'", 8),
        ("import('x", 7),
        ("{\"a\": import('b'), \"c\": 2}", 4),
        ("import 'a';\nfetch('b');\n'c\nfetch('d')", 24),
    ] {
        let all = found(source, Goal::Either);
        assert!(is_unparsable(&all), "{source}: {all:?}");
        assert_eq!(all.remarks.iter().map(|remark| remark.place).collect::<Vec<_>>(), [place], "{source}: {all:?}");
    }
    let Obstacle::Unparsable(message) = &found("import(", Goal::Script).remarks[0].what else {
        panic!("it cannot be parsed");
    };
    assert_eq!(message, "Unexpected token");
}

#[test]
fn a_file_that_can_hold_no_reference_is_not_parsed() {
    for source in ["", "{", "const a = <div/>", "export const a = 1 +", "\u{feff}", "{\"import\": 1, \"b\": 2}"] {
        assert_eq!(found(source, Goal::Either), Found::default(), "{source}");
    }
}

#[test]
fn a_module_in_a_page_has_the_places_of_the_page() {
    // `import('./&quot;a\u0062.js')` from an attribute at offset 50.
    let raw = "import('./&quot;a\\u0062.js')";
    let decoded = "import('./\"a\\u0062.js')";
    let places = (0..=decoded.len()).map(|index| if index > 10 { index + 5 } else { index }).collect();
    let script = Excerpt::verbatim(raw, 50).meaning(decoded.to_owned(), places);
    let mut found = Found::default();
    find(&script, Goal::Script, &mut found);
    let value = &found.references[0].value;
    assert_eq!(value.text(), "./\"ab.js");
    assert_eq!((0..=8).map(|index| value.place(index)).collect::<Vec<_>>(), [58, 59, 60, 66, 67, 73, 74, 75, 76]);
    assert_eq!(&raw[value.place(5) - 50..value.span().end - 50], ".js");
}

#[test]
fn what_was_found_before_stays() {
    let mut found = found("import('a')", Goal::Script);
    find(&Excerpt::verbatim("import('b');import(c)", 100), Goal::Module, &mut found);
    assert_eq!(found.references.iter().map(|found| found.value.span().start).collect::<Vec<_>>(), [8, 108]);
    assert_eq!(found.remarks.len(), 1);
    assert_eq!(found.remarks[0].place, 119);
}

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
