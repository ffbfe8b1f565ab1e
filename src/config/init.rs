//! The settings file that `lastly init` writes: every setting, explained and commented out.

use super::schema::{COMPRESSION, DISTRIBUTION, GC, RULE, SETTINGS, Setting};

/// How wide comments are, in characters.
const WIDTH: usize = 96;

const HEAD: &str = "\
Settings of lastly. Every one is optional; what is commented out is an example.
Variables decide over this file, and flags over both; `lastly config` shows what holds.
Paths are relative to this file. Credentials and regions come from AWS's own chain.";

/// A commented `lastly.toml`: as it stands it sets nothing, and each setting takes effect when the `#` before it is
/// taken away.
pub fn template() -> String {
    let mut text = String::new();
    for line in HEAD.lines() {
        text.push_str(&comment(line));
    }
    let (tables, plain): (Vec<&Setting>, Vec<&Setting>) =
        SETTINGS.iter().partition(|setting| setting.example.is_empty());
    for setting in plain {
        text.push_str(&entry(setting));
    }
    for setting in tables {
        text.push('\n');
        text.push_str(&comment(setting.meaning));
        let (head, inner): (_, &[Setting]) = match setting.key {
            "gc" => ("#[gc]\n".to_owned(), &GC),
            "compression" => ("#[compression]\n".to_owned(), &COMPRESSION),
            "rules" => ("#[[rules]]\n".to_owned(), &RULE),
            key => (format!("#[[{key}]]\n"), &DISTRIBUTION),
        };
        text.push_str(&head);
        for setting in inner {
            // A tree's rule has no `files`.
            if setting.key == "tree" {
                text.push_str("\n#[[rules]]\n");
            }
            text.push_str(&entry(setting));
        }
    }
    text
}

fn entry(setting: &Setting) -> String {
    let default = match setting.default {
        "required" => "It is required.".to_owned(),
        default => format!("Default: {default}."),
    };
    let explained = format!("{} {default}", setting.meaning);
    format!("\n{}#{} = {}\n", comment(&explained), setting.key, setting.example)
}

/// A text as comment lines.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("# {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::document::Document;
    use super::super::layer::Layer;
    use super::super::raw::read;
    use super::*;

    fn layer(text: String) -> Layer {
        let mut problems = Vec::new();
        let (file, folder) = (Path::new("lastly.toml").into(), Path::new("/site").into());
        let layer = read(&Document { file, folder, text, in_pyproject: false }, &mut problems);
        assert_eq!(problems, []);
        layer
    }

    #[test]
    fn it_sets_nothing_until_it_is_asked_to() {
        assert_eq!(layer(template()), Layer::default());
        let asked: Vec<String> = template()
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned())
            .collect();
        let layer = layer(asked.join("\n"));
        assert_eq!(layer.generation.map(|given| given.value), Some(1));
        assert_eq!(layer.cloudfront.map(|given| given.value.len()), Some(1));
        assert_eq!(layer.rules.map(|given| given.value[0].value.headers.len()), Some(2));
        assert!(layer.compression.is_some_and(|given| given.value.is_some()));
    }

    #[test]
    fn no_line_is_too_wide() {
        assert!(template().lines().all(|line| line.chars().count() <= WIDTH), "{}", template());
    }
}
