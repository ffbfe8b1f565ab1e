//! A page that lists what a channel shows, for a site that has no `index.html` to begin with.

use crate::model::layout::Name;
use crate::model::path::AssetPath;
use crate::model::release::{Entry, Release};
use crate::model::wire::Manifest;

/// The page, in HTML.
pub(super) fn page(manifest: &Manifest, release: &Release) -> String {
    let assets = release.assets.iter().map(|(path, entry)| row(path, &entry.name, entry));
    let pages = release.pages.iter().map(|(path, entry)| row(path, &Name::page(&manifest.channel, path), entry));
    let rows: String = assets.chain(pages).collect();
    let (channel, id) = (escaped(manifest.channel.as_str()), manifest.release.short());
    let (sequence, published) = (manifest.sequence, manifest.published);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{channel} · {id}</title>\n\
         <style>:root {{ color-scheme: light dark }} body {{ font: 1rem/1.5 system-ui; margin: 2rem }}\n\
         td, th {{ padding: 0 2rem 0 0; text-align: left }} .size {{ text-align: right }}</style>\n\
         <h1>{channel}</h1>\n<p>Release {id}, move {sequence} of the channel, published {published}.\n\
         <table>\n<tr><th>path<th>type<th class=\"size\">bytes\n{rows}</table>\n"
    )
}

fn row(path: &AssetPath, name: &Name, entry: &Entry) -> String {
    let (url, path) = (escaped(&name.in_url()), escaped(path.as_str()));
    let (content_type, size) = (escaped(entry.headers.content_type()), entry.size);
    format!("<tr><td><a href=\"/{url}\">{path}</a><td>{content_type}<td class=\"size\">{size}\n")
}

/// A text as it may stand in HTML, in an attribute too.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_markup() {
        assert_eq!(escaped("<a href=\"x\" id='y'>&"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;");
        assert_eq!(escaped("css/⊗ app.css"), "css/⊗ app.css");
    }
}
