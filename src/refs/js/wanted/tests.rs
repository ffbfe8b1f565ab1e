//! That nothing is ruled out which the parser would find.

use oxc_allocator::Allocator;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Goal, find, read};
use super::{SourceMap, Wanted};
use crate::refs::excerpt::Excerpt;
use crate::refs::reference::Found;

/// What names something or nearly does; a gap may stand at each `~`.
const STATEMENTS: &[&str] = &[
    "import~\"./a.js\"",
    "import~{a}~from~'./a.js'",
    "import~*~as a~from~'./a.js'",
    "import a~from~'./a.js'~with~{type:'json'}",
    "import~(~'./a.js'~)",
    "a?.import('./a.js')",
    "[...~import('./a.js')]",
    "a.~import~('./a.js')",
    "important('./a.js')",
    "import\"./a.js\"with~{~type~:~'json'~}~;",
    "import{\"b c\" as d}from\"./a.js\"",
    "import'./\\x61.js'",
    "import e from '\\'.js'",
    "export~{a}~from~'./a.js'",
    "export{a/* } */}from'./a.js'",
    "export{a as \"}\"}from'./a.js'",
    "export {a}; b.from('./a.js')",
    "const g = `\nimport './a.js'\n`",
    "function h() { return 1 }",
    "export~*~from~'./a.js'",
    "export const from = './a.js'",
    "new~URL~(~'./a.js'~,~import~.~meta~.~url)",
    "new window~.~URL('./a.js', import.meta.url)",
    "import~.~meta~.~resolve~(~'./a.js')",
    "importScripts~(~'./a.js', b)",
    "new~Worker~(~'./a.js')",
    "new self.SharedWorker(('./a.js'))",
    "fetch~(~`./a.js`)",
    "fetch~?.~('./a.js')",
    "a.fetch('./a.js')",
    "window~?.~fetch('./a.js')",
    "prefetch('./a.js'), fetched('./a.js'), fetch(a)",
    "navigator~.~serviceWorker~.~register~(~'./a.js')",
    "navigator?.serviceWorker?.register?.('./a.js')",
    "CSS.paintWorklet~.~addModule~(~'./a.js')",
    "//# sourceMappingURL=a.js.map\n",
    "//# sourceMappingURL=a.js.map",
    "//~# sourceMappingURL=a.js.map",
    "/*#~sourceMappingURL=a.js.map~*/",
    "`\n//# sourceMappingURL=a.js.map`",
    "/*\n//# sourceMappingURL=a.js.map*/",
    "'//# sourceMappingURL=' + a",
];
/// What may stand before a statement.
const BEFORE: &[&str] = &[
    ";",
    "\n",
    "",
    "a\n",
    "{}",
    "do;while(0)",
    "/* c */",
    "// c.\n",
    "// c window.\n",
    "\u{2028}",
    "\u{feff}",
    "a=",
    "if(a)",
    "\"use strict\"\r",
];
const GAPS: &[&str] = &["", " ", "\n", "\t \r\n", "/* ; */", "// ) \n", "\u{a0}", "\u{feff}", "\u{2029}"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_ruled_out_is_not_there(
        statements in proptest::collection::vec((0..STATEMENTS.len(), 0..BEFORE.len()), 1..4),
        gaps in proptest::collection::vec(select(GAPS), 1..8),
        goal in select(&[Goal::Module, Goal::Script, Goal::Either][..]),
    ) {
        let mut gaps = gaps.iter().cycle();
        let mut source = String::new();
        for (statement, before) in statements {
            source.push_str(BEFORE[before]);
            for (at, part) in STATEMENTS[statement].split('~').enumerate() {
                source.push_str(if at == 0 { "" } else { gaps.next().expect("they go round") });
                source.push_str(part);
            }
        }
        let text = Excerpt::verbatim(&source, 0);
        let all = Wanted { modules: true, calls: true, source_map: SourceMap::Maybe };
        if let Ok(mut expected) = read(&text, goal, &all, &mut Allocator::default()) {
            expected.references.sort_by_key(|reference| reference.value.place(0));
            expected.remarks.sort_by_key(|remark| remark.place);
            let mut found = Found::default();
            find(&text, goal, &mut found);
            prop_assert_eq!(found, expected, "{}", source);
        }
    }
}
