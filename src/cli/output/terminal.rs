//! The two streams: stdout carries what was asked for, stderr everything else. Nothing else of lastly's prints.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// What went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What may be wrong.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What to do about it.
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// What has come about.
pub(crate) const DONE: Style = AnsiColor::Green.on_default().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// `text` in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The streams of this process. Text may hold styles; they are taken out where nobody sees colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    color: ColorChoice,
}

impl Terminal {
    /// The streams with colours as chosen; [`ColorChoice::Auto`] asks the stream, `NO_COLOR` and the like.
    pub(crate) fn new(color: ColorChoice) -> Self {
        Self { color }
    }

    /// Writes what was asked for. A reader that has seen enough is no error.
    ///
    /// # Errors
    /// It could not be written, as to a full disk.
    pub(crate) fn out(self, text: &str) -> io::Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.color);
        match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes lines for people. There is nobody to tell where that fails.
    pub(crate) fn err(self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.color);
        let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    }

    /// Whether a moving line could be seen.
    pub(crate) fn shows_progress() -> bool {
        io::stderr().is_terminal()
    }
}
