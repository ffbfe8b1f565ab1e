//! Which variant a visitor is given, by `Accept-Encoding` (RFC 9110, section 12.5.3): what the function in
//! `examples/cloudfront` decides at the edge, in the same way.

use crate::model::compression::{Encoding, Encodings};

/// The encoding that a visitor likes best of those that there are; `None` where none is accepted, or the visitor says
/// that they like the bytes as they are better. Of two that are liked alike, it is the one that makes bytes smaller.
pub(super) fn preferred(accept: &str, available: Encodings) -> Option<Encoding> {
    let mut wishes: Vec<(String, f32)> = Vec::new();
    for wish in accept.split(',') {
        let mut parts = wish.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
        let coding = if coding == "x-gzip" { "gzip".to_owned() } else { coding };
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        wishes.push((coding, weight.map_or(1.0, quality)));
    }
    let named = |coding: &str| wishes.iter().find(|(name, _)| name == coding).map(|(_, weight)| *weight);
    let mut best = (None, named("identity").unwrap_or(0.0));
    for encoding in available.iter() {
        let weight = named(encoding.token()).or_else(|| named("*")).unwrap_or(0.0);
        // As it is only where that is liked better.
        if weight > best.1 || weight > 0.0 && weight == best.1 && best.0.is_none() {
            best = (Some(encoding), weight);
        }
    }
    best.0
}

/// A weight, from 0 to 1; what is none counts as a refusal, for the bytes as they are can be read by everybody.
fn quality(text: &str) -> f32 {
    let is_plain = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let weight = if is_plain { text.parse().unwrap_or(0.0) } else { 0.0 };
    if weight <= 1.0 { weight } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_visitors_like_best() {
        let both = Encodings::new(Encoding::ALL);
        let table = include_str!("../../tests/fixtures/accept-encoding.txt");
        let rows = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut count = 0;
        for row in rows {
            let (accept, expected) = row.split_once(" => ").expect("each line is a row of the table");
            let found = preferred(accept.trim_matches('"'), both).map_or("identity", Encoding::token);
            assert_eq!(found, expected, "{accept}");
            count += 1;
        }
        assert!(count > 25, "{count} rows");
    }

    #[test]
    fn only_what_there_is_is_given() {
        let gzip = Encodings::new([Encoding::Gzip]);
        assert_eq!(preferred("br, gzip;q=0.1", gzip), Some(Encoding::Gzip));
        assert_eq!(preferred("br", gzip), None);
        assert_eq!(preferred("br, gzip", Encodings::default()), None);
    }
}
