//! What is said about references that lead nowhere, and how much it weighs.

use std::path::Path;

use globset::GlobSet;

use super::files::Files;
use super::links::{Finding, What};
use super::rules::{Kind as Becomes, glob_set};
use crate::event::{Cited, Code, Level, Problem};
use crate::model::path::AssetPath;
use crate::refs::reference::Kind;

/// What the settings say of references that lead nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Whether each of them is an error.
    pub strict: bool,
    /// Globs of files in which each of them is an error.
    pub error: Vec<String>,
    /// Those that are as they should be.
    pub allow: Vec<Allowed>,
}

/// References that may lead nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Glob of the files that hold them; `None` for all.
    pub file: Option<String>,
    /// Glob of the paths that they lead to; `None` for all.
    pub target: Option<String>,
}

/// [`Missing`], ready to be asked.
#[derive(Debug, Default)]
pub struct Judge {
    strict: bool,
    error: GlobSet,
    allow: Vec<(GlobSet, GlobSet)>,
}

impl Judge {
    /// Makes the globs ready.
    ///
    /// # Errors
    /// What is wrong with a glob.
    pub fn new(missing: &Missing) -> Result<Self, String> {
        let set = |glob: &Option<String>| glob_set([glob.as_deref().unwrap_or("**")]);
        let allow = missing.allow.iter().map(|allowed| Ok((set(&allowed.file)?, set(&allowed.target)?)));
        Ok(Self {
            strict: missing.strict,
            error: glob_set(missing.error.iter().map(String::as_str))?,
            allow: allow.collect::<Result<_, String>>()?,
        })
    }

    /// The problem that something found in a file is, `None` where the settings allow it. `file` is where the file is.
    pub fn problem(&self, finding: &Finding, number: u32, files: &Files, file: &Path) -> Option<Problem> {
        let path = files.path(number);
        let problem = match &finding.what {
            What::Missing { text, path: target, kind } => {
                // What lies above the root has no path; it is allowed by how it is written.
                if self.allows(path, target.as_deref().unwrap_or(text)) {
                    return None;
                }
                let level = if self.is_error(*kind, number, files) { Level::Error } else { Level::Warning };
                Problem { level, ..missing(text, target.as_deref(), *kind, files) }
            }
            What::Excluded { kind: Kind::SourceMap, .. } => return None,
            What::Excluded { text, path: target, kind } => {
                let message = format!("{} `{text}` leads to a file that a rule excludes", noun(*kind));
                let problem = Problem { level: self.level(path), ..Problem::warning(message) };
                problem.code(Code::ExcludedTarget).cites(cited(text, target))
            }
            What::AgainstThePage { text, name, path: target } => Problem::warning(format!(
                "`{text}` is relative to the page that runs this, so it stays as it is, but `{target}` is published \
                 under its address only"
            ))
            .hint(format!("write `new URL(\"{name}\", import.meta.url)`, or make `{target}` a page by a rule"))
            .code(Code::AgainstThePage)
            .cites(cited(text, target.as_str())),
            What::FromSealed { text, path: target } => Problem::warning(format!(
                "is sealed and refers to `{text}`, but `{target}` is published under its address only"
            ))
            .hint(format!("seal `{target}` too, or make it a page by a rule"))
            .code(Code::SealedRefersToAsset)
            .cites(cited(text, target)),
            What::FromTree { text, path: target } => Problem::warning(format!(
                "is part of a tree and refers to `{text}`, but `{target}` is published under an address only"
            ))
            .hint(match files.tree(number) {
                Some((tree, _)) if target.starts_with(tree) => {
                    format!("inside the tree, write what leads to it without `{tree}`")
                }
                _ => format!("move `{target}` into the tree, or make it a page by a rule"),
            })
            .code(Code::SealedRefersToAsset)
            .cites(cited(text, target)),
            What::IntoTree { text, tree } => Problem::warning(format!(
                "`{text}` leads into the tree `{tree}` without naming its folder, so the tree's address cannot be \
                 put in"
            ))
            .hint(format!("write the folder's name: a path with `{tree}` in it"))
            .code(Code::MissingTarget)
            .cites(cited(text, tree)),
            What::Folder { text, path } => Problem::warning(format!(
                "`{text}` leads to a folder whose files are published under their addresses only, so a name that is put \
                 together with it leads nowhere"
            ))
            .hint(match path.as_str() {
                "" => "name each file, or move them into a folder that a rule makes a tree".to_owned(),
                folder => format!("make `{folder}` a tree by a rule, or name each file"),
            })
            .code(Code::ComputedName)
            .cites(cited(text, path)),
            What::Computed { beside } => {
                let problem = Problem::warning("asks for a name that is worked out at run time and stays as it is")
                    .code(Code::ComputedName);
                let hint = "what it asks for has to be sealed, a page, or part of a tree";
                match beside {
                    None => problem.hint(hint),
                    Some(module) => problem.hint(format!(
                        "{hint}; if it is a module that others import by its address, as `{module}` is here, it has \
                         two URLs and runs twice"
                    )),
                }
            }
            What::FixedMap => Problem::error("nothing can be added to this import map, for it has no entry")
                .hint("take it out: the page gets one where it needs one; or set `import-map` to other than \"specifiers\"")
                .code(Code::ImportMap),
            What::Unparsable { why } => {
                Problem::warning(format!("cannot be parsed, so it is published as it is: {why}")).code(Code::Unparsable)
            }
        };
        let (line, column) = finding.position;
        Some(problem.in_file(file).at(line, column))
    }

    fn allows(&self, path: &AssetPath, target: &str) -> bool {
        self.allow.iter().any(|(of_file, of_target)| of_file.is_match(path.as_str()) && of_target.is_match(target))
    }

    fn level(&self, path: &AssetPath) -> Level {
        if self.strict || self.error.is_match(path.as_str()) { Level::Error } else { Level::Warning }
    }

    /// A page without its scripts and styles is broken, unless it is one of the examples in somebody's package.
    fn is_error(&self, kind: Kind, number: u32, files: &Files) -> bool {
        let path = files.path(number);
        let essential = matches!(kind, Kind::Script | Kind::Style | Kind::Module | Kind::Mapped);
        let own_page = files.kind(number) == Becomes::Page && !files.is_in_a_package(path);
        self.level(path) == Level::Error || (essential && own_page)
    }
}

/// The problem that a reference to no file is.
fn missing(text: &str, target: Option<&str>, kind: Kind, files: &Files) -> Problem {
    let noun = noun(kind);
    let Some(target) = target else {
        let cited = Cited { text: text.to_owned(), ..Cited::default() };
        let message = format!("{noun} `{text}` leads nowhere: it lies above the site's root");
        return Problem::warning(message).code(Code::MissingTarget).cites(cited);
    };
    let nearest = files.nearest(target).map(ToString::to_string);
    let problem = Problem::warning(format!("{noun} `{text}` leads nowhere: there is no `{target}`"));
    let problem = match &nearest {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    };
    problem.code(Code::MissingTarget).cites(Cited { nearest, ..cited(text, target) })
}

fn cited(text: &str, target: &str) -> Cited {
    Cited { text: text.to_owned(), target: Some(target.to_owned()), nearest: None }
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Style => "style sheet",
        Kind::Script => "script",
        Kind::Module | Kind::Mapped => "module",
        Kind::SourceMap => "source map",
        Kind::Resource | Kind::Link | Kind::Document | Kind::Mention | Kind::Asked => "reference",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::prepare::files::Trees;

    fn files() -> Files {
        let asset = |path: &str, kind| (AssetPath::new(path).expect("a plain path"), kind);
        let files = [
            asset("css/app.css", Becomes::Asset),
            asset("index.html", Becomes::Page),
            asset("vendor/x/demo.html", Becomes::Page),
            asset("vendor/x/package.json", Becomes::Asset),
        ];
        Files::new(files.to_vec(), HashSet::new(), Trees::new())
    }

    fn level(missing: &Missing, number: u32, kind: Kind, path: &str) -> Option<Level> {
        let what = What::Missing { text: "x".to_owned(), path: Some(path.to_owned()), kind };
        let finding = Finding { position: (1, 2), what };
        let judge = Judge::new(missing).expect("good globs");
        judge.problem(&finding, number, &files(), Path::new("f")).map(|problem| problem.level)
    }

    #[test]
    fn a_missing_target_is_a_warning_except_where_it_breaks_one_s_own_page() {
        let default = Missing::default();
        for (number, kind, expected) in [
            (0, Kind::Resource, Level::Warning),
            (0, Kind::SourceMap, Level::Warning),
            (1, Kind::Script, Level::Error),
            (1, Kind::Resource, Level::Warning),
            (2, Kind::Script, Level::Warning),
        ] {
            assert_eq!(level(&default, number, kind, "x"), Some(expected), "{number} {kind:?}");
        }
    }

    #[test]
    fn settings_make_it_weigh_more_or_nothing() {
        let strict = Missing { strict: true, ..Missing::default() };
        assert_eq!(level(&strict, 0, Kind::SourceMap, "x.map"), Some(Level::Error));
        let some = Missing { error: vec!["css/**".to_owned()], ..Missing::default() };
        assert_eq!(level(&some, 0, Kind::SourceMap, "x.map"), Some(Level::Error));
        assert_eq!(level(&some, 1, Kind::Resource, "x.map"), Some(Level::Warning));
        let maps = Allowed { file: Some("css/**".to_owned()), target: Some("*.map".to_owned()) };
        let allow = Missing { strict: true, allow: vec![maps], ..Missing::default() };
        assert_eq!(level(&allow, 0, Kind::SourceMap, "css/x.map"), None);
        assert_eq!(level(&allow, 0, Kind::Resource, "css/x.png"), Some(Level::Error));
        assert_eq!(level(&allow, 1, Kind::SourceMap, "css/x.map"), Some(Level::Error));
    }
}
