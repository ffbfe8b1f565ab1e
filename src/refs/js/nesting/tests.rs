//! No text overflows the stack of the thread that reads it.

use std::thread;

use crate::refs::excerpt::Excerpt;
use crate::refs::js::{Goal, PARSING_STACK, find, has_parsing_stack};
use crate::refs::reference::{Found, Obstacle};

/// What a worker of a thread pool has for everything.
const WORKER: usize = 2 << 20;

/// What is found in a file by a thread with a small stack.
fn found_on_worker(source: String) -> Found {
    let worker = thread::Builder::new().stack_size(WORKER).spawn(move || {
        let mut found = Found::default();
        find(&Excerpt::verbatim(source, 0), Goal::Either, &mut found);
        found
    });
    worker.expect("there is room for a thread").join().expect("finding does not panic")
}

fn is_unparsable(found: &Found) -> bool {
    found.remarks.iter().any(|remark| matches!(remark.what, Obstacle::Unparsable(_)))
}

/// Each way to nest, with the text before the middle, the middle, and the text behind it.
const NESTINGS: &[(&str, &str, &str)] = &[
    ("(", "a", ")"),
    ("[", "a", "]"),
    ("{", "", "}"),
    ("({a:", "1", "})"),
    ("f(", "a", ")"),
    ("a[", "b", "]"),
    ("a??b|c^d&e==f<g<<h+i*j**(", "k", ")"),
    ("a||b&&c|d^e&f==g<h<<i+j*k**(", "l", ")"),
    ("a?b||c&&d|e^f&g==h<i<<j+k*l**!(", "m", "):1"),
    ("function f(){", "", "}"),
    ("(function(){", "", "})()"),
    ("()=>{", "", "}"),
    ("a=>", "a", ""),
    ("async(a)=>", "a", ""),
    ("async a=>", "a", ""),
    ("({a=", "1", "})=>1"),
    ("([a=", "1", "])=>1"),
    ("(a=", "1", ")=>1"),
    ("`${", "a", "}`"),
    ("a`${", "a", "}`"),
    ("class A{a(){", "", "}}"),
    ("class A{static{", "", "}}"),
    ("(class{a=", "1", "})"),
    ("(class extends ", "A", "{})"),
    ("({[", "a", "]:1})"),
    ("a?b:", "c", ""),
    ("a?", "b", ":c"),
    ("a=", "1", ""),
    ("a.b+=", "1", ""),
    ("!", "a", ""),
    ("- ", "a", ""),
    ("typeof ", "a", ""),
    ("void\n", "a", ""),
    ("new ", "a", ""),
    ("new ", "a", "()"),
    ("await ", "a", ""),
    ("a**", "1", ""),
    ("if(a)", ";", ""),
    ("if(a);else ", ";", ""),
    ("if(a){}else ", ";", ""),
    ("if(a);//\nelse ", ";", ""),
    ("for(;;)", ";", ""),
    ("for(a in b)", ";", ""),
    ("while(a)", ";", ""),
    ("do ", ";", " while(a)\n"),
    ("switch(a){case 1:", "", "}"),
    ("try{", "", "}catch{}"),
    ("/a/+(", "b", ")"),
    ("/[(/]/.a(", "b", ")"),
    ("\"))\"+(", "b", ")"),
    ("/*))*/(", "b", ")"),
    ("{}/))/.b(function(){", "", "})"),
    ("(a++/b/c,", "d", ")"),
    ("[...", "a", "]"),
    ("import(", "a", ")"),
    ("a+", "a", ""),
    ("a.b().", "c", ""),
    ("a,", "a", ""),
    ("a&&", "a", ""),
    ("a?.b?.", "c", ""),
    ("a in ", "a", ""),
];

fn nested(nesting: (&str, &str, &str), levels: usize) -> String {
    let (before, middle, behind) = nesting;
    format!("import('x');{}{middle}{}", before.repeat(levels), behind.repeat(levels))
}

#[test]
fn nested_texts_are_parsed_on_a_stack_that_suffices() {
    for &nesting in NESTINGS {
        for levels in [30, 55, 120, 250] {
            let found = found_on_worker(nested(nesting, levels));
            assert!(!is_unparsable(&found), "{nesting:?} {levels}: {:?}", found.remarks);
            assert_eq!(found.references.len(), 1, "{nesting:?} {levels}");
        }
    }
}

#[test]
fn what_is_left_open_is_no_danger() {
    for &(before, ..) in NESTINGS {
        for levels in [60, 250] {
            found_on_worker(format!("import('x');{}", before.repeat(levels)));
        }
    }
}

#[test]
fn long_chains_and_deep_nestings_are_parsed() {
    for nesting in [
        ("a+", "a", ""),
        ("/*@__PURE__*/a+", "a", ""),
        ("a.b().", "c", ""),
        ("a?b:", "c", ""),
        ("a&&", "b", ""),
        ("if(a);else ", ";", ""),
        ("a;", "", ""),
        ("var a=b\n", "", ""),
        ("(a),", "b", ""),
    ] {
        let found = found_on_worker(nested(nesting, 100_000));
        assert!(!is_unparsable(&found), "{nesting:?}: {:?}", found.remarks);
        assert_eq!(found.references.len(), 1, "{nesting:?}");
    }
    for nesting in [("(", "a", ")"), ("f(", "a", ")"), ("{", "", "}"), ("[[", "a", "]]")] {
        let levels = 40_000 / nesting.0.len();
        let found = found_on_worker(nested(nesting, levels));
        assert!(!is_unparsable(&found), "{nesting:?}: {:?}", found.remarks);
    }
    let marked = format!("import('x');/*@__PURE__*/a{}", ".b".repeat(100_000));
    assert_eq!(found_on_worker(marked).references.len(), 1);
    let added = format!("import('x');/*@__PURE__*/a(){}", "+b".repeat(100_000));
    assert_eq!(found_on_worker(added).references.len(), 1);
}

#[test]
fn what_is_nested_too_deeply_is_unparsable() {
    for &nesting in &NESTINGS[..10] {
        let found = found_on_worker(nested(nesting, 300_000));
        assert!(is_unparsable(&found), "{nesting:?}");
    }
}

#[test]
fn a_thread_with_room_reads_what_just_fits_into_it() {
    let worker = thread::Builder::new().stack_size(PARSING_STACK).spawn(|| {
        has_parsing_stack();
        let fits = |depth: usize| {
            let text = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            super::stack(&text, PARSING_STACK).is_some_and(|stack| stack <= PARSING_STACK - (2 << 20)).then_some(text)
        };
        let (mut low, mut high) = (0, 100_000);
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            *(if fits(middle).is_some() { &mut low } else { &mut high }) = middle;
        }
        let mut found = Found::default();
        let text = format!("import './a.js';{}", fits(low).expect("it was tried"));
        find(&Excerpt::verbatim(text, 0), Goal::Either, &mut found);
        (low, found.references.len(), is_unparsable(&found))
    });
    let (depth, references, is_unparsable) = worker.expect("there is room").join().expect("finding does not panic");
    assert!(depth > 10_000 && references == 1 && !is_unparsable, "{depth}");
}
