//! Hears what happens while an operation works: remembers it for the end, and shows it as it comes.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::github::Github;
use super::human;
use super::outcome::{Heard, Standing};
use super::progress::Progress;
use super::terminal::{FAINT, Terminal, styled};
use super::words::{number, plain, size};
use crate::clock::Clock;
use crate::event::{Event, Level, Problem, Report, Stage};

/// How often a line tells how far an upload is, where no line can move.
const PACE: Duration = Duration::from_secs(5);

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    /// Errors.
    Quiet,
    /// Warnings too, and how far the work is.
    Normal,
    /// A line for every object.
    Verbose,
}

/// Takes the events of one run.
pub(crate) struct Listener {
    terminal: Terminal,
    volume: Volume,
    github: Option<Github>,
    progress: Option<Progress>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    heard: Heard,
    upload: Upload,
}

/// How far the upload is.
#[derive(Debug, Default)]
struct Upload {
    objects: usize,
    done: usize,
    bytes: u64,
    last_line: Duration,
}

impl Listener {
    /// A listener that shows as much as `volume` says; with `moving`, on a line that moves.
    pub(crate) fn new(
        terminal: Terminal,
        volume: Volume,
        github: Option<Github>,
        moving: bool,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let progress = moving.then(Progress::begin);
        Self { terminal, volume, github, progress, clock, state: Mutex::default() }
    }

    /// What has been heard so far.
    pub(crate) fn heard(&self) -> Heard {
        self.lock().heard.clone()
    }

    /// Shows problems that nobody has been told of yet; what stops the work comes last, where it is seen.
    pub(crate) fn show(&self, problems: &[Problem]) {
        for level in [Level::Warning, Level::Error] {
            problems.iter().filter(|problem| problem.level == level).for_each(|problem| self.problem(problem));
        }
    }

    /// Makes room for the last words: takes the moving line away.
    pub(crate) fn end(&self) {
        if let Some(progress) = &self.progress {
            progress.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding what was heard")
    }

    fn say(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.beside(|| self.terminal.err(text)),
            None => self.terminal.err(text),
        }
    }

    fn problem(&self, problem: &Problem) {
        if self.volume == Volume::Quiet && problem.level < Level::Error {
            return;
        }
        self.say(&match &self.github {
            Some(github) => github.problem(problem),
            None => human::problem(problem),
        });
    }

    fn note(&self, line: &str) {
        if self.volume > Volume::Quiet {
            self.say(line);
        }
    }

    fn detail(&self, line: impl FnOnce() -> String) {
        if self.volume == Volume::Verbose {
            self.say(&line());
        }
    }

    fn stored(&self, state: &mut State, bytes: u64) {
        let upload = &mut state.upload;
        upload.done += 1;
        upload.bytes += bytes;
        let Upload { objects, done, bytes, .. } = *upload;
        if let Some(progress) = &self.progress {
            progress.uploaded(done, objects, bytes);
        } else if self.volume == Volume::Normal {
            let now = self.clock.elapsed();
            if now.saturating_sub(upload.last_line) >= PACE {
                upload.last_line = now;
                self.say(&format!("uploaded {} of {} objects ({})\n", number(done), number(objects), size(bytes)));
            }
        }
    }
}

impl Report for Listener {
    fn tell(&self, event: Event) {
        let mut state = self.lock();
        match event {
            Event::Problem(problem) => {
                self.problem(&problem);
                state.heard.problems.push(problem);
            }
            Event::Began(stage) => {
                match stage {
                    Stage::Commit => state.heard.standing = Standing::Unknown,
                    // After a commit that was refused, for the release is made anew.
                    Stage::Upload => state.heard.standing = Standing::Unmoved,
                    Stage::Read | Stage::Follow => {}
                }
                if let Some(progress) = &self.progress {
                    progress.began(stage);
                }
            }
            Event::Collected { files, bytes } => {
                if let Some(progress) = &self.progress {
                    progress.collected(files, bytes);
                }
            }
            Event::Prepared { .. } => {}
            Event::Uploading { objects, .. } => {
                state.upload = Upload { objects, last_line: self.clock.elapsed(), ..Upload::default() };
                if let Some(progress) = &self.progress {
                    progress.uploading(objects);
                }
            }
            Event::Stored { path, key, bytes, already } => {
                let why = if already { "there already" } else { "new" };
                self.detail(|| format!("{why}  {path} ({}) {}\n", size(bytes), styled(FAINT, &format!("-> {key}"))));
                self.stored(&mut state, bytes);
            }
            Event::Page { key, removed } => {
                state.heard.followed = true;
                self.detail(|| format!("page {}  {key}\n", if removed { "removed" } else { "written" }));
            }
            Event::Moved { .. } => state.heard.standing = Standing::Moved,
            Event::Manifest { key } => {
                state.heard.followed = true;
                self.detail(|| format!("manifest written  {key}\n"));
            }
            Event::Invalidated { cdn, path } => {
                state.heard.followed = true;
                self.detail(|| format!("invalidated {} on {}\n", plain(&path), plain(&cdn)));
            }
            Event::Served { method, path, status } => self.note(&format!("{status}  {method} {}\n", plain(&path))),
            Event::Again { why } => self.detail(|| format!("again: {}\n", plain(&why))),
        }
    }
}

#[cfg(test)]
mod tests {
    use anstream::ColorChoice;

    use super::*;
    use crate::clock::SystemClock;
    use crate::model::layout::ChannelName;
    use crate::model::release::ReleaseId;

    #[test]
    fn whether_the_channel_has_moved_at_any_moment() {
        let clock = Arc::new(SystemClock::default());
        let listener = Listener::new(Terminal::new(ColorChoice::Never), Volume::Quiet, None, false, clock);
        let moved = Event::Moved { channel: ChannelName::live(), release: ReleaseId::of_document(b"{}"), sequence: 1 };
        for (event, standing) in [
            (Event::Began(Stage::Read), Standing::Unmoved),
            (Event::Began(Stage::Upload), Standing::Unmoved),
            (Event::Began(Stage::Commit), Standing::Unknown),
            (Event::Began(Stage::Upload), Standing::Unmoved),
            (Event::Began(Stage::Commit), Standing::Unknown),
            (moved, Standing::Moved),
            (Event::Began(Stage::Follow), Standing::Moved),
        ] {
            listener.tell(event);
            assert_eq!(listener.heard().standing, standing);
        }
    }
}
