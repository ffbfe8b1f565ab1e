//! Values for `integrity` attributes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use crate::model::headers::Headers;
use crate::model::release::Integrity;

/// Whether a browser checks the integrity of what is served with these headers: scripts and styles (W3C Subresource
/// Integrity, section 3.5).
pub fn is_checked(headers: &Headers) -> bool {
    let essence = headers.content_type().split(';').next().unwrap_or_default().trim();
    matches!(essence, "text/javascript" | "application/javascript" | "text/css")
}

/// The integrity value of `bytes`.
pub fn integrity_of(bytes: &[u8]) -> Integrity {
    Integrity::new(&format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl dgst -sha384 -binary | openssl base64 -A` of the same bytes.
    #[test]
    fn values_are_those_that_browsers_compute() {
        let expected = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO";
        assert_eq!(integrity_of(b"alert('Hello, world.');").as_str(), expected);
    }

    #[test]
    fn only_scripts_and_styles_are_checked() {
        for (content_type, checked) in [
            ("text/javascript; charset=utf-8", true),
            ("text/css; charset=utf-8", true),
            ("image/svg+xml", false),
            ("text/html; charset=utf-8", false),
        ] {
            let mut headers = Headers::default();
            headers.set("content-type", content_type).expect("a plain type");
            assert_eq!(is_checked(&headers), checked, "{content_type}");
        }
    }
}
