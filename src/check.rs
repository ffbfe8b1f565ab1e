//! What is wrong with a folder's files and their references, without a store: the first half of a publish, for editors
//! and for what runs before a commit.

use std::sync::Arc;

use crate::collect::{Walk, find, read, walk};
use crate::error::{Explain, Kind};
use crate::event::{Code, Level, Problem};
use crate::model::layout::Layout;
use crate::prepare::references::References;
use crate::prepare::rules::Rules;

/// What is to be checked, and how it would be published.
#[derive(Clone, Debug)]
pub struct Order {
    /// Which files.
    pub walk: Walk,
    /// How they are treated.
    pub rules: Arc<Rules>,
    /// Where their references lead, and what is said of those that lead nowhere.
    pub references: Arc<References>,
    /// Where they would lie.
    pub layout: Layout,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Files that would be published.
    pub files: usize,
    /// Their bytes; 0 if not all could be read.
    pub bytes: u64,
    /// Their references; `None` if a file could not be read, which leaves open where others lead.
    pub references: Option<Counted>,
    /// Everything that is wrong, by file and place.
    pub problems: Vec<Problem>,
}

/// How many references there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// All, wherever they lead: to files, to hosts of others, to packages.
    pub found: usize,
    /// Those that lead to a file of the site.
    pub resolved: usize,
}

/// Some problems are errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{errors} of {all} problems must be solved before this is published")]
pub struct Unsound {
    /// How many are errors.
    pub errors: usize,
    /// How many problems there are.
    pub all: usize,
}

impl Explain for Unsound {
    fn kind(&self) -> Kind {
        Kind::Problems
    }
}

impl Checked {
    /// How many problems weigh as much as `level`.
    pub fn count(&self, level: Level) -> usize {
        self.problems.iter().filter(|problem| problem.level == level).count()
    }

    /// How many references lead nowhere.
    pub fn leading_nowhere(&self) -> usize {
        let nowhere = [Some(Code::MissingTarget), Some(Code::ExcludedTarget)];
        self.problems.iter().filter(|problem| nowhere.contains(&problem.code)).count()
    }

    /// What it all comes to.
    ///
    /// # Errors
    /// One of the problems is an error, or more.
    pub fn outcome(&self) -> Result<(), Unsound> {
        match self.count(Level::Error) {
            0 => Ok(()),
            errors => Err(Unsound { errors, all: self.problems.len() }),
        }
    }
}

/// Looks at files as a publish would. Nothing is written and no store is asked. What cannot be read is a problem among
/// the others.
pub fn check(order: &Order) -> Checked {
    let (files, mut problems) = walk(&order.walk);
    let mut checked = Checked { files: files.len(), bytes: 0, references: None, problems: Vec::new() };
    // The generation enters addresses, and nobody sees these.
    match read(files, &order.rules, &order.layout, 0) {
        Err(more) => problems.extend(more),
        Ok(collected) => {
            checked.files = collected.release.entries().count();
            checked.bytes = collected.release.entries().map(|(_, entry)| entry.size).sum();
            match find(collected, &order.references) {
                Err(more) => problems.extend(more),
                Ok(found) => {
                    checked.references = Some(Counted { found: found.references, resolved: found.resolved });
                    problems.extend(found.problems);
                }
            }
        }
    }
    // What is about no file comes last.
    problems.sort_by(|one, other| {
        (one.file.is_none(), &one.file, one.position).cmp(&(other.file.is_none(), &other.file, other.position))
    });
    checked.problems = problems;
    checked
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::prepare::report::Missing;
    use crate::prepare::rules::SourceMaps;

    fn checked(files: &[(&str, &str)]) -> Checked {
        let folder = tempfile::tempdir().expect("a folder for the test");
        for (path, text) in files {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap_or(Path::new(""))).expect("room for it");
            fs::write(file, text).expect("room for it");
        }
        check(&Order {
            walk: Walk { folders: vec![folder.path().to_owned()], ..Walk::default() },
            rules: Arc::new(Rules::new(&[], SourceMaps::Publish).expect("no rules")),
            references: References::new(&[], &Missing::default()).expect("good settings"),
            layout: Layout::new("", None),
        })
    }

    #[test]
    fn references_are_counted_by_where_they_lead() {
        let found = checked(&[
            ("css/a.css", "@import 'b.css'; @import 'https://example.com/x.css'; a { b: url(none.png) }"),
            ("css/b.css", ""),
        ]);
        assert_eq!(found.references, Some(Counted { found: 3, resolved: 1 }));
        assert_eq!((found.files, found.leading_nowhere(), found.count(Level::Warning)), (2, 1, 1));
        assert_eq!(found.outcome(), Ok(()));
    }

    #[test]
    fn problems_of_names_and_of_references_stand_together_by_file() {
        let found = checked(&[
            ("a.css", "a { b: url(none.png) }\nc { d: url(none.png) }"),
            ("b.CSS", ""),
            ("b.css", "a { b: url(none.png) }"),
            ("channels/index.html", ""),
        ]);
        // A page below `channels/` would hide what is lastly's: nothing is known of references then.
        assert_eq!(found.references, None);
        assert_eq!(
            found.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
            [Some(Code::LetterCase), Some(Code::Unpublishable)]
        );
        assert_eq!(found.outcome(), Err(Unsound { errors: 1, all: 2 }));
        let found = checked(&[
            ("a.css", "a { b: url(none.png) }\nc { d: url(none.png) }"),
            ("b.CSS", ""),
            ("b.css", "a { b: url(none.png) }"),
        ]);
        assert_eq!(
            found.problems.iter().map(|problem| (problem.code, problem.position)).collect::<Vec<_>>(),
            [
                (Some(Code::MissingTarget), Some((1, 12))),
                (Some(Code::MissingTarget), Some((2, 12))),
                (Some(Code::LetterCase), None),
                (Some(Code::MissingTarget), Some((1, 12))),
            ]
        );
    }
}
