//! What a document may have of what takes the parser time that grows faster than the document: it compares each
//! attribute of a tag with all others, each prefix with all that are in force, and writes out entities wherever they are
//! used. No drawing comes near these bounds; one that is beyond them is not parsed.

use std::collections::HashSet;

/// Attributes of one tag.
const ATTRIBUTES: usize = 1000;
/// Prefixes of namespaces, of different names.
const PREFIXES: usize = 100;
/// Entities that a document defines.
const ENTITIES: usize = 1000;
/// Bytes that a document's entities may come to: the size of the definitions, for each use of one.
const WRITTEN_OUT: usize = 16 << 20;

/// Where a document exceeds a bound, and what is too much. It need not be well-formed.
pub(super) fn exceeded(text: &str) -> Option<(usize, &'static str)> {
    let mut prefixes = HashSet::new();
    let mut definitions = 0;
    let mut at = 0;
    while let Some(length) = memchr::memchr(b'<', &text.as_bytes()[at..]) {
        let start = at + length;
        let rest = &text[start..];
        let behind =
            |opening: &str, end: &str| rest[opening.len()..].find(end).map(|at| opening.len() + at + end.len());
        let length = if rest.starts_with("<!--") {
            behind("<!--", "-->")
        } else if rest.starts_with("<![CDATA[") {
            behind("<![CDATA[", "]]>")
        } else if rest.starts_with("<?") {
            behind("<?", "?>")
        } else if rest.starts_with("<!") {
            let length = declaration(rest);
            definitions = length.max(definitions);
            if rest[..length].matches("<!ENTITY").count() > ENTITIES {
                return Some((start, "too many entities"));
            }
            Some(length)
        } else {
            match tag(rest, &mut prefixes) {
                Ok(length) => Some(length),
                Err(why) => return Some((start, why)),
            }
        };
        at = start + length?;
    }
    (definitions > 0).then(|| written_out(text, definitions)).flatten()
}

/// The length of a tag, whose attributes are counted.
fn tag<'t>(text: &'t str, prefixes: &mut HashSet<&'t str>) -> Result<usize, &'static str> {
    let (mut at, mut count) = (1, 0);
    while let Some(length) = memchr::memchr3(b'>', b'"', b'\'', &text.as_bytes()[at..]) {
        let quote = at + length;
        if text.as_bytes()[quote] == b'>' {
            return Ok(quote + 1);
        }
        let name = text[at..quote].trim_end().trim_end_matches('=').trim_end().rsplit(char::is_whitespace).next();
        prefixes.extend(name.and_then(|name| name.strip_prefix("xmlns:")));
        count += 1;
        if count > ATTRIBUTES {
            return Err("too many attributes in one tag");
        }
        if prefixes.len() > PREFIXES {
            return Err("too many prefixes of namespaces");
        }
        let Some(length) = memchr::memchr(text.as_bytes()[quote], &text.as_bytes()[quote + 1..]) else { break };
        at = quote + 1 + length + 1;
    }
    Ok(text.len())
}

/// The length of a document type declaration, definitions in brackets included.
fn declaration(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut in_brackets = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let skipped = match byte {
            b'"' | b'\'' => memchr::memchr(*byte, &bytes[at + 1..]).map(|length| length + 1),
            b'<' if bytes[at..].starts_with(b"<!--") => text[at..].find("-->"),
            b'>' if !in_brackets => return at + 1,
            _ => Some(0),
        };
        in_brackets = (in_brackets || *byte == b'[') && *byte != b']';
        let Some(skipped) = skipped else { break };
        at += skipped + 1;
    }
    text.len()
}

/// Where the entities that were used up to there come to too much.
fn written_out(text: &str, definitions: usize) -> Option<(usize, &'static str)> {
    const OWN: [&str; 6] = ["#", "amp;", "lt;", "gt;", "quot;", "apos;"];
    let uses = text.match_indices('&').filter(|(at, _)| !OWN.iter().any(|own| text[at + 1..].starts_with(own)));
    uses.map(|(at, _)| at).nth(WRITTEN_OUT / definitions).map(|at| (at, "too many uses of entities"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> Option<&'static str> {
        exceeded(text).map(|(_, why)| why)
    }

    #[test]
    fn what_drawings_have_is_within_bounds() {
        let prefixes: String = (0..50).map(|number| format!(" xmlns:p{number}='urn:{number}'")).collect();
        let drawing = format!(
            "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a \"x>]\"> <!-- ' --> ]><!-- <a {prefixes} --><svg{prefixes}>{}{}</svg>",
            "<g xmlns:p1 = \"urn:1\" fill='&a;&amp;'/>".repeat(5000),
            "<![CDATA[ <a b=\" ]]>".repeat(10),
        );
        assert_eq!(why(&drawing), None);
        for broken in
            ["", "<", "<!", "<!--", "<?a", "<![CDATA[", "<a b=\"", "<a '", "<!DOCTYPE svg [ \"", "<é é='é'>é&é"]
        {
            assert_eq!(why(broken), None, "{broken}");
        }
    }

    #[test]
    fn each_bound_is_kept() {
        let attributes: String = (0..=ATTRIBUTES).map(|number| format!(" a{number}=\"1\"")).collect();
        assert_eq!(exceeded(&format!("<svg><g{attributes}/></svg>")), Some((5, "too many attributes in one tag")));
        let prefixes: String = (0..=PREFIXES).map(|number| format!("<g xmlns:p{number} =\"urn:1\">")).collect();
        assert_eq!(why(&format!("<svg>{prefixes}")), Some("too many prefixes of namespaces"));
        let entities: String = (0..=ENTITIES).map(|number| format!("<!ENTITY e{number} 'x'>")).collect();
        assert_eq!(why(&format!("<!DOCTYPE svg [{entities}]><svg/>")), Some("too many entities"));
        let long = "x".repeat(WRITTEN_OUT / 100);
        let uses = "&e;".repeat(101);
        let drawing = format!("<!DOCTYPE svg [<!ENTITY e '{long}'>]><svg>{uses}</svg>");
        assert_eq!(why(&drawing), Some("too many uses of entities"));
        assert_eq!(why(&drawing.replace("&e;", "&amp;")), None);
    }
}
