//! References of `browserconfig.xml`: the images of the tiles that Windows makes of a page that is pinned.

use super::excerpt::Excerpt;
use super::reference::{Found, Kind, Reference};
use super::url::file_url;
use super::xml;

/// The elements whose `src` is an image; a notification's `polling-uri` is a feed.
const TILES: [&str; 5] = ["square70x70logo", "square150x150logo", "wide310x150logo", "square310x310logo", "TileImage"];

/// Finds the references of a `browserconfig.xml`. Where it is not well-formed, remarks so and finds none.
pub fn find(text: &Excerpt<'_>, found: &mut Found) {
    let Some(document) = xml::parse(text, found) else { return };
    let start = xml::content_start(&document);
    let tiles = document.descendants().filter(|node| TILES.contains(&node.tag_name().name()));
    let sources = tiles.filter_map(|tile| tile.attribute_node("src"));
    for source in sources.filter(|source| source.range().start >= start) {
        let Some(value) = xml::value(text, &source) else { continue };
        found.references.extend(file_url(value).map(|value| Reference { value, kind: Kind::Resource }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_images_of_tiles_are_found_and_feeds_are_not() {
        let text = r#"<?xml version="1.0" encoding="utf-8"?>
            <browserconfig><msapplication><tile>
                <square70x70logo src="/mstile-70x70.png"/><square150x150logo src='a&amp;b.png?v=2'/>
                <wide310x150logo src="wide.png"/><square310x310logo src="large.png"/><TileImage src="t.png"/>
                <TileColor>#da532c</TileColor><other src="other.png"/>
            </tile><notification><polling-uri src="feed.xml"/></notification></msapplication></browserconfig>"#;
        let mut found = Found::default();
        find(&Excerpt::verbatim(text, 0), &mut found);
        let values: Vec<_> = found.references.iter().map(|reference| reference.value.text()).collect();
        assert_eq!(values, ["/mstile-70x70.png", "a&b.png?v=2", "wide.png", "large.png", "t.png"]);
        assert!(found.references.iter().all(|reference| reference.kind == Kind::Resource));
        assert_eq!(&text[found.references[1].value.span()], "a&amp;b.png?v=2");
        assert_eq!(found.remarks, []);
    }
}
