//! A moving line on a terminal: what is being done, and how far it is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::words::{number, several, size};
use crate::event::Stage;

/// How often the line moves while nothing is heard.
const TICK: Duration = Duration::from_millis(120);

/// The moving line, on stderr.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A line that begins to move now.
    pub(crate) fn begin() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{spinner} {msg}"));
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    /// Says which stage has begun.
    pub(crate) fn began(&self, stage: Stage) {
        if stage != Stage::Upload {
            self.bar.set_style(style("{spinner} {msg}"));
        }
        self.bar.set_message(words(stage));
    }

    /// Says how many files were found.
    pub(crate) fn collected(&self, files: usize, bytes: u64) {
        self.bar.set_message(format!("{}, {}", several(files, "file"), size(bytes)));
    }

    /// Begins to measure an upload.
    pub(crate) fn uploading(&self, objects: usize) {
        self.bar.set_style(style("{spinner} {bar:30} {msg}"));
        self.bar.set_length(objects as u64);
        self.bar.set_position(0);
    }

    /// Says how far the upload is.
    pub(crate) fn uploaded(&self, done: usize, objects: usize, bytes: u64) {
        self.bar.set_position(done as u64);
        self.bar.set_message(format!("{} of {} ({})", number(done), several(objects, "object"), size(bytes)));
    }

    /// Writes other lines while the moving one is out of the way.
    pub(crate) fn beside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are well formed")
}

/// A stage in words.
pub(crate) fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "reading the files and the ledger",
        Stage::Upload => "uploading",
        Stage::Commit => "moving the channel",
        Stage::Follow => "bringing pages, manifest and CDN after it",
    }
}
