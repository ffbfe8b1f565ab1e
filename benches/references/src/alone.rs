//! The parsers alone, doing no more than to read a text to its end.

use std::cell::RefCell;
use std::hint::black_box;

use cssparser::{Parser as CssParser, Token};
use lol_html::{HtmlRewriter, Settings, element};
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use crate::refs::format::Format;

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("other files are left out")
}

pub fn css(bytes: &[u8]) {
    tokens(&mut CssParser::new(text(bytes)));
}

fn tokens(parser: &mut CssParser<'_>) {
    while let Ok(token) = parser.next_including_whitespace_and_comments() {
        let opens = matches!(
            black_box(token),
            Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock
        );
        if opens {
            let _ = parser.parse_nested_block(|inner| {
                tokens(inner);
                Ok::<(), cssparser::ParseError<()>>(())
            });
        }
    }
}

thread_local! {
    static ARENA: RefCell<Allocator> = RefCell::default();
}

/// Parses by the goals that lastly tries, until one fits.
pub fn javascript(bytes: &[u8], format: Format) {
    let goals: &[SourceType] = match format {
        Format::Module => &[SourceType::mjs()],
        _ => &[SourceType::mjs(), SourceType::script()],
    };
    ARENA.with_borrow_mut(|arena| {
        for goal in goals {
            let parsed = parse(arena, text(bytes), *goal);
            let fits = !parsed.panicked && parsed.diagnostics.errors().next().is_none();
            black_box(&parsed);
            if fits {
                break;
            }
        }
        if arena.capacity() > 64 << 20 {
            *arena = Allocator::default();
        } else {
            arena.reset();
        }
    });
}

fn parse<'a>(arena: &'a Allocator, text: &'a str, goal: SourceType) -> ParserReturn<'a> {
    let options = ParseOptions { allow_return_outside_function: goal.is_script(), ..ParseOptions::default() };
    Parser::new(arena, text, goal).with_options(options).parse()
}

pub fn html(bytes: &[u8]) {
    let settings = Settings::new().with_strict(false).append_element_content_handler(element!("*", |element| {
        black_box(element.tag_name());
        Ok(())
    }));
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let _ = rewriter.write(bytes).and_then(|()| rewriter.end());
}
