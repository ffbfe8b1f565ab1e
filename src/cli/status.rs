//! Exit statuses, and their table for help and reference.

use std::process::ExitCode;

use crate::error::Kind;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(u8);

impl Status {
    /// It is done.
    pub(crate) const DONE: Self = Self(0);
    /// Someone pressed Ctrl-C.
    pub(crate) const INTERRUPTED: Self = Self(130);

    /// The number.
    pub(crate) const fn number(self) -> u8 {
        self.0
    }
}

impl From<Kind> for Status {
    fn from(kind: Kind) -> Self {
        Self(kind.status())
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.0)
    }
}

/// Every status with its meaning, short enough for one line each.
const MEANINGS: [(Status, &str); 8] = [
    (Status::DONE, "done"),
    (Status(Kind::Failed.status()), "failed; the channel has not moved"),
    (Status(Kind::Usage.status()), "command line, settings or files are wrong; nothing was tried"),
    (Status(Kind::Outrun.status()), "someone else moved the channel, or it shows something newer; it was left alone"),
    (Status(Kind::Unfinished.status()), "the channel has moved, but not all has followed; the same command finishes"),
    (Status(Kind::Problems.status()), "a check found problems"),
    (Status(Kind::Unknown.status()), "nobody knows whether the channel has moved; the same command settles it"),
    (Status::INTERRUPTED, "interrupted by Ctrl-C; the last line says whether the channel has moved"),
];

/// The table as it stands under the help.
pub(crate) fn statuses() -> String {
    let row = |(status, meaning): (Status, &str)| format!("{:>5}  {meaning}\n", status.number());
    format!("Exit status:\n{}", MEANINGS.map(row).concat())
}
