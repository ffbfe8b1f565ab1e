//! The JSON of `check`.

use serde::Serialize;

use super::{ErrorV1, ProblemV1, VERSION};
use crate::check::Checked;
use crate::cli::status::Status;
use crate::error::Error;

/// The output of `check`.
#[derive(Debug, Serialize)]
pub(crate) struct CheckedV1<'a> {
    v: u32,
    status: u8,
    files: usize,
    bytes: u64,
    references: Option<usize>,
    resolved: Option<usize>,
    leading_nowhere: usize,
    problems: Vec<ProblemV1<'a>>,
    error: Option<ErrorV1>,
}

impl<'a> CheckedV1<'a> {
    /// Of what was looked at; `unsound` says that some of the problems are errors.
    pub(crate) fn new(checked: &'a Checked, unsound: Option<&Error>) -> Self {
        let status = unsound.map_or(Status::DONE, |error| error.kind().into());
        Self {
            v: VERSION,
            status: status.number(),
            files: checked.files,
            bytes: checked.bytes,
            references: checked.references.map(|counted| counted.found),
            resolved: checked.references.map(|counted| counted.resolved),
            leading_nowhere: checked.leading_nowhere(),
            problems: checked.problems.iter().map(ProblemV1::new).collect(),
            error: unsound.map(ErrorV1::new),
        }
    }
}
