//! References in JavaScript: modules, workers, and source maps.

mod calls;
mod comment;
mod literal;
mod nesting;
mod taken;
mod wanted;

use std::cell::{Cell, RefCell};
use std::thread;

use oxc_allocator::Allocator;
use oxc_parser::config::RuntimeParserConfig;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::{GetSpan, SourceType, Span};

use super::excerpt::Excerpt;
use super::reference::{Found, Kind, Obstacle, Remark};
use wanted::SourceMap;
pub use wanted::Wanted;

/// What a text is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A module: `.mjs`, `<script type=module>`.
    Module,
    /// A classic script in a page.
    Script,
    /// What a `.js` file may be: a module, a script, or CommonJS.
    Either,
}

/// A parse that takes no more stack than this runs on the stack of the caller, unless that is known to be larger.
const OWN_STACK: usize = 1 << 20;
/// How much stack threads have that do nothing but to parse: it is touched only where a text is nested so deeply.
pub const PARSING_STACK: usize = 256 << 20;
/// An arena that has grown beyond this is not kept for the next file.
const ARENA_KEPT: usize = 192 << 20;

thread_local! {
    static ARENA: RefCell<Allocator> = RefCell::default();
    /// How much of the thread's stack a parse may take.
    static ROOM: Cell<usize> = const { Cell::new(OWN_STACK) };
}

/// Says that the current thread has been given [`PARSING_STACK`].
pub fn has_parsing_stack() {
    ROOM.set(PARSING_STACK - OWN_STACK);
}

/// Finds the references in a script or a module.
///
/// A text in which there can be none, or none but the source map that its last line names, is not parsed, so nothing
/// is said of errors in it.
pub fn find(text: &Excerpt<'_>, goal: Goal, found: &mut Found) {
    let wanted = Wanted::of(text.text());
    if wanted.needs_no_parser() {
        if let SourceMap::At(url) = wanted.source_map {
            taken::reference(found, Kind::SourceMap, text.part(url));
        }
        return;
    }
    let read = || ARENA.with_borrow_mut(|arena| read(text, goal, &wanted, arena));
    let room = ROOM.get();
    let outcome = match nesting::stack(text.text(), room) {
        None => Err(Remark { place: text.place(0), what: Obstacle::Unparsable("nested too deeply".to_owned()) }),
        Some(stack) if stack <= room => read(),
        Some(stack) => thread::scope(|scope| {
            let parser = thread::Builder::new().name("parser".to_owned()).stack_size(stack).spawn_scoped(scope, read);
            parser.map_err(|error| format!("no memory for a stack of {stack} bytes: {error}")).map_or_else(
                |message| Err(Remark { place: text.place(0), what: Obstacle::Unparsable(message) }),
                |parser| parser.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        }),
    };
    match outcome {
        Ok(mut own) => {
            own.references.sort_by_key(|reference| reference.value.place(0));
            own.remarks.sort_by_key(|remark| remark.place);
            found.references.append(&mut own.references);
            found.remarks.append(&mut own.remarks);
        }
        Err(unparsable) => found.remarks.push(unparsable),
    }
}

/// Parses a text and takes what it refers to, in no order; or says why it cannot be parsed.
fn read(text: &Excerpt<'_>, goal: Goal, wanted: &Wanted, arena: &mut Allocator) -> Result<Found, Remark> {
    let outcome = parse(text, goal, wanted.calls, arena).map(|parsed| {
        let mut found = Found::default();
        if wanted.modules {
            take_modules(text, &parsed, &mut found);
        }
        if wanted.calls {
            calls::find(text, &parsed.tokens, &mut found);
        }
        match &wanted.source_map {
            SourceMap::None => {}
            SourceMap::At(url) => taken::reference(&mut found, Kind::SourceMap, text.part(url.clone())),
            SourceMap::Maybe => take_source_map(text, &parsed, &mut found),
        }
        found
    });
    if arena.capacity() > ARENA_KEPT {
        *arena = Allocator::default();
    } else {
        arena.reset();
    }
    outcome
}

/// Whether to take the tokens in the first parse. The pinned parser asserts, in builds that check assertions, that the
/// last token is the end of the file, which is not so behind some errors; so there they are taken in a second one.
const TOKENS_AT_ONCE: bool = !cfg!(debug_assertions);

/// Parses a text by the first goal by which it has no error, or else by the first by which the parser gets through;
/// with its tokens if asked to.
fn parse<'a>(
    text: &'a Excerpt<'_>,
    goal: Goal,
    with_tokens: bool,
    arena: &'a Allocator,
) -> Result<ParserReturn<'a>, Remark> {
    let goals: &[SourceType] = match goal {
        Goal::Module => &[SourceType::mjs()],
        Goal::Script => &[SourceType::script()],
        Goal::Either => &[SourceType::mjs(), SourceType::script()],
    };
    let mut passable = None;
    let mut failure: Option<(usize, String)> = None;
    for source_type in goals {
        let options = ParseOptions {
            // CommonJS is the body of a function.
            allow_return_outside_function: goal == Goal::Either && source_type.is_script(),
            preserve_parens: false,
            enable_ident_hashes: false,
            ..ParseOptions::default()
        };
        let parse = |tokens| {
            let parser = Parser::new(arena, text.text(), *source_type).with_options(options);
            parser.with_config(RuntimeParserConfig::new(tokens)).parse()
        };
        let mut parsed = parse(with_tokens && TOKENS_AT_ONCE);
        let first = parsed.diagnostics.errors().next();
        let is_clean = first.is_none() && !parsed.panicked;
        match first {
            _ if is_clean || is_whole(text.text(), &parsed) => {
                if with_tokens && !TOKENS_AT_ONCE {
                    parsed = parse(true);
                }
                if is_clean {
                    return Ok(parsed);
                }
                passable = passable.or(Some(parsed));
            }
            first => {
                let place = first.and_then(|error| error.labels.first()).map_or(0, |label| label.offset() as usize);
                let message = first.map_or_else(|| "it cannot be parsed".to_owned(), |error| error.message.to_string());
                if failure.as_ref().is_none_or(|(furthest, _)| place > *furthest) {
                    failure = Some((place, message));
                }
            }
        }
    }
    passable.ok_or_else(|| {
        let (place, message) = failure.unwrap_or_default();
        Remark { place: text.place(place.min(text.text().len())), what: Obstacle::Unparsable(message) }
    })
}

/// Whether the parser got through to the end, for it may recover from an error by ignoring the rest.
fn is_whole(text: &str, parsed: &ParserReturn<'_>) -> bool {
    let program = &parsed.program;
    let statement = program.body.last().map(|statement| statement.span().end);
    let end = statement.or_else(|| program.directives.last().map(|directive| directive.span.end)).unwrap_or(0);
    let mut end = end as usize;
    let behind = program.comments.partition_point(|comment| (comment.span.start as usize) < end);
    for comment in &program.comments[behind..] {
        if !is_blank(text, end, comment.span.start as usize) {
            return false;
        }
        end = comment.span.end as usize;
    }
    !parsed.panicked && is_blank(text, end, text.len())
}

fn is_blank(text: &str, start: usize, end: usize) -> bool {
    text.get(start..end).is_some_and(|gap| gap.trim().is_empty())
}

/// Takes the specifiers of imports and re-exports.
fn take_modules(text: &Excerpt<'_>, parsed: &ParserReturn<'_>, found: &mut Found) {
    for request in parsed.module_record.requested_modules.values().flatten().filter(|request| !request.is_type) {
        if let Some(value) = literal_at(text, request.span) {
            taken::reference(found, Kind::Module, value);
        }
    }
    // What the parser first took for the parameters of a function is listed twice.
    let mut dynamic: Vec<Span> =
        parsed.module_record.dynamic_imports.iter().map(|import| import.module_request).collect();
    dynamic.sort_unstable_by_key(|span| span.start);
    dynamic.dedup();
    for specifier in dynamic {
        let place = text.place(specifier.start as usize);
        taken::note(found, Kind::Module, literal_at(text, specifier), place);
    }
}

fn literal_at(text: &Excerpt<'_>, span: Span) -> Option<Excerpt<'static>> {
    literal::value(text, span.start as usize..span.end as usize)
}

/// Takes the URL of the source map from the last comment that names one.
fn take_source_map(text: &Excerpt<'_>, parsed: &ParserReturn<'_>, found: &mut Found) {
    let url = parsed.program.comments.iter().rev().find_map(|comment| {
        let start = comment.span.start as usize;
        let url = comment::source_map(text.text().get(start..comment.span.end as usize)?)?;
        Some(start + url.start..start + url.end)
    });
    if let Some(url) = url {
        taken::reference(found, Kind::SourceMap, text.part(url));
    }
}

#[cfg(test)]
mod tests;
