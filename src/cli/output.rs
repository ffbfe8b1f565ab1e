//! What people, scripts and GitHub get to see. Everything that lastly prints, it prints below here: commands hand
//! over values, operations send events, and which words, bars or braces come of them is decided in this folder.

mod github;
mod history;
mod human;
mod json;
mod listener;
pub(crate) mod outcome;
mod progress;
mod sarif;
mod terminal;
mod words;

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

pub(crate) use anstream::ColorChoice;

pub(crate) use self::github::Github;
use self::json::checked::CheckedV1;
use self::json::checks::ChecksV1;
use self::json::gc::{CollectedV1, KeptV1};
use self::json::history::{DiffV1, ReleasesV1, ShowV1};
use self::json::settings::SettingsV1;
use self::json::verify::{ComparedV1, RebuiltV1, VerifiedV1};
use self::json::{FailureV1, OutcomeV1, ServingV1, WrittenV1, line};
use self::listener::Listener;
pub(crate) use self::listener::Volume;
use self::outcome::{Effort, Outcome};
use self::terminal::Terminal;
use self::words::plain;
use super::status::Status;
use crate::check::Checked;
use crate::clock::Clock;
use crate::config::Resolved;
use crate::doctor::{self, Check};
use crate::error::{Error, Kind};
use crate::event::Report;
use crate::gc::Collected;
use crate::model::layout::{ChannelName, Layout};
use crate::model::ledger::Ledger;
use crate::model::release::{Release, ReleaseId, differences};
use crate::model::timestamp::Timestamp;
use crate::store::Store;
use crate::verify::{self, Compared, Finding, Rebuilt, Verified};

/// How output was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// JSON on stdout instead of words.
    pub(crate) json: bool,
    /// How much is shown.
    pub(crate) volume: Volume,
    /// When to use colours.
    pub(crate) color: ColorChoice,
    /// Whether a line may move where one could be seen.
    pub(crate) progress: bool,
    /// The job's step that this process runs in.
    pub(crate) github: Option<Github>,
    /// Whether the command can move a channel.
    pub(crate) changes: bool,
}

/// The output of one run.
pub(crate) struct Output {
    look: Look,
    terminal: Terminal,
    listener: Arc<Listener>,
    clock: Arc<dyn Clock>,
    /// Whose requests are counted.
    store: OnceLock<Arc<dyn Store>>,
    /// The channel that the command is to move.
    channel: OnceLock<ChannelName>,
}

impl Output {
    /// Output that looks as asked for.
    pub(crate) fn new(look: Look, clock: Arc<dyn Clock>) -> Self {
        let terminal = Terminal::new(look.color);
        let moving = look.progress
            && look.changes
            && !look.json
            && look.volume == Volume::Normal
            && look.github.is_none()
            && Terminal::shows_progress();
        let listener = Listener::new(terminal, look.volume, look.github.clone(), moving, clock.clone());
        Self { look, terminal, listener: Arc::new(listener), clock, store: OnceLock::new(), channel: OnceLock::new() }
    }

    /// Who is to be told what happens.
    pub(crate) fn report(&self) -> Arc<dyn Report> {
        self.listener.clone()
    }

    /// Says whose requests are to be counted.
    pub(crate) fn count_requests_of(&self, store: &Arc<dyn Store>) {
        self.store.get_or_init(|| store.clone());
    }

    /// Says which channel the command is to move, for the case that it fails.
    pub(crate) fn moves(&self, channel: &ChannelName) {
        self.channel.get_or_init(|| channel.clone());
    }

    fn effort(&self) -> Effort {
        let requests = self.store.get().map(|store| store.requests()).unwrap_or_default();
        Effort { requests, elapsed: self.clock.elapsed() }
    }

    /// Shows what a command that can move a channel has done.
    pub(crate) fn outcome(&self, outcome: &Outcome) -> Status {
        self.listener.end();
        let (heard, effort) = (self.listener.heard(), self.effort());
        let silent = self.look.json || self.look.volume == Volume::Quiet;
        let mut is_told = true;
        if self.look.json {
            is_told = self.told(self.terminal.out(&line(&OutcomeV1::new(outcome, &heard, &effort))));
        } else if outcome.dry_run {
            is_told = self.told(self.terminal.out(&human::plan(outcome, self.look.volume == Volume::Verbose)));
        } else if !silent {
            self.terminal.err(&human::details(outcome, &heard, &effort));
        }
        if let Some(github) = &self.look.github {
            self.told(github.outcome(outcome, &heard, &effort));
        }
        if let Some(error) = &outcome.unfinished {
            self.terminal.err(&self.error(error));
        }
        if outcome.unfinished.is_some() || !(silent || outcome.dry_run) {
            self.terminal.err(&human::last_line(outcome, &heard, &effort));
        }
        match &outcome.unfinished {
            Some(error) => error.kind().into(),
            None if is_told => Status::DONE,
            // The result is a part of what was asked for.
            None if outcome.moved => Kind::Unfinished.into(),
            None => Kind::Failed.into(),
        }
    }

    fn error(&self, error: &Error) -> String {
        if self.look.github.is_some() { github::error(error) } else { human::error(error) }
    }

    /// Whether a result was written; says so where it was not.
    fn told(&self, written: io::Result<()>) -> bool {
        if let Err(error) = &written {
            self.terminal.err(&human::unwritten(error));
        }
        written.is_ok()
    }

    /// Shows why a command came to nothing.
    pub(crate) fn failure(&self, error: &Error) -> Status {
        let (heard, effort) = (self.listener.heard(), self.effort());
        if self.look.json {
            let text = if self.look.changes {
                line(&OutcomeV1::failed(error, self.channel.get(), &heard, &effort))
            } else {
                line(&FailureV1::new(error))
            };
            self.told(self.terminal.out(&text));
        }
        self.listener.show(error.problems());
        self.listener.end();
        let end = if self.look.changes { human::standing(error.kind()) } else { "" };
        if let Some(github) = &self.look.github {
            self.told(github.failure(error, &heard, end));
        }
        self.terminal.err(&format!("{}{end}", self.error(error)));
        error.kind().into()
    }

    /// Says that someone pressed Ctrl-C, and how far the work was.
    pub(crate) fn interrupted(&self) -> Status {
        self.listener.end();
        let (heard, effort) = (self.listener.heard(), self.effort());
        if self.look.json {
            let text = if self.look.changes {
                line(&OutcomeV1::interrupted(self.channel.get(), &heard, &effort))
            } else {
                line(&FailureV1::interrupted())
            };
            self.told(self.terminal.out(&text));
        }
        let text = if self.look.changes { human::interrupted(heard.standing) } else { "interrupted\n".to_owned() };
        self.terminal.err(&text);
        Status::INTERRUPTED
    }

    /// Shows the kept releases; with `only`, those that a channel shows or has shown. `modified` is when the ledger
    /// was written.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn releases(&self, ledger: &Ledger, modified: Timestamp, only: Option<&ChannelName>) -> io::Result<()> {
        let rows = history::rows(ledger, modified, only);
        self.answer(|| line(&ReleasesV1::new(ledger, modified, &rows)), || human::history::releases(&rows))
    }

    /// Shows what a release holds.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn release(&self, id: ReleaseId, release: &Release, layout: &Layout) -> io::Result<()> {
        self.answer(|| line(&ShowV1::new(id, release, layout)), || human::history::release(id, release))
    }

    /// Shows what differs between two releases.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn difference(&self, earlier: (ReleaseId, &Release), later: (ReleaseId, &Release)) -> io::Result<()> {
        let found = differences(earlier.1, later.1);
        self.answer(|| line(&DiffV1::new(earlier.0, later.0, &found)), || human::history::difference(&found))
    }

    /// Shows every setting.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn settings(&self, resolved: &Resolved) -> io::Result<()> {
        self.answer(|| line(&SettingsV1::new(resolved)), || human::settings::settings(resolved))
    }

    /// Says that the settings' file has been written.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn initialized(&self, file: &Path) -> io::Result<()> {
        let words = || format!("wrote {}; `lastly config` shows what is set\n", file.display());
        self.answer(|| line(&WrittenV1::new(file)), words)
    }

    /// Says that a result has been written to a file.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn written(&self, file: &Path) -> io::Result<()> {
        if self.look.json {
            return self.terminal.out(&line(&WrittenV1::new(file)));
        }
        if self.look.volume != Volume::Quiet {
            self.terminal.err(&format!("wrote {}\n", plain(&file.to_string_lossy())));
        }
        Ok(())
    }

    /// Says where a site is served.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn serving(&self, place: &str, url: &str) -> io::Result<()> {
        self.answer(|| line(&ServingV1::new(url)), || format!("{place} is served at {url}; Ctrl-C ends it\n"))
    }

    /// Shows what was looked at and what came of it.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn checks(&self, checks: &[Check]) -> io::Result<Status> {
        let unwell = doctor::outcome(checks).err().map(Error::from);
        self.answer(|| line(&ChecksV1::new(checks, unwell.as_ref())), || human::checks::checks(checks))?;
        let Some(error) = unwell else { return Ok(Status::DONE) };
        self.terminal.err(&self.error(&error));
        Ok(error.kind().into())
    }

    /// Shows what a collection has done, or would do.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn collected(&self, mut collected: Collected, applied: bool) -> io::Result<Status> {
        self.listener.end();
        let unfinished = collected.unfinished.take().map(Error::from);
        let json = || line(&CollectedV1::new(&collected, applied, unfinished.as_ref()));
        self.answer(json, || human::gc::plan(&collected))?;
        if !self.look.json && self.look.volume != Volume::Quiet {
            self.terminal.err(&human::gc::end(&collected, applied));
        }
        let Some(error) = unfinished else { return Ok(Status::DONE) };
        self.terminal.err(&self.error(&error));
        Ok(error.kind().into())
    }

    /// Shows what a look at everything that is kept has found.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn verified(&self, verified: &Verified) -> io::Result<Status> {
        let (unsound, effort) = (unsound(&verified.findings), self.effort());
        let json = || line(&VerifiedV1::new(verified, &effort, unsound.as_ref()));
        self.answer(json, || human::verify::findings(&verified.findings))?;
        self.judged(&human::verify::end(verified, &effort), unsound.as_ref())
    }

    /// Shows whether the ledger goes together with the documents.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn compared(&self, compared: &Compared) -> io::Result<Status> {
        let unsound = unsound(&compared.findings);
        let json = || line(&ComparedV1::new(compared, unsound.as_ref()));
        self.answer(json, || human::verify::findings(&compared.findings))?;
        self.judged(&human::verify::compared(compared), unsound.as_ref())
    }

    /// Shows a ledger that was made again, or would be.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn rebuilt(&self, rebuilt: &Rebuilt, applied: bool) -> io::Result<Status> {
        let unsound = unsound(&rebuilt.findings);
        let json = || line(&RebuiltV1::new(rebuilt, applied, unsound.as_ref()));
        self.answer(json, || human::verify::ledger(rebuilt))?;
        self.judged(&human::verify::made(applied), unsound.as_ref())
    }

    /// Ends a look at things that may be wrong.
    fn judged(&self, end: &str, unsound: Option<&Error>) -> io::Result<Status> {
        self.listener.end();
        if !self.look.json && self.look.volume != Volume::Quiet {
            self.terminal.err(end);
        }
        let Some(error) = unsound else { return Ok(Status::DONE) };
        self.terminal.err(&self.error(error));
        Ok(error.kind().into())
    }

    /// Says what has become of a release that is kept.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn kept(&self, id: ReleaseId, what: &str) -> io::Result<()> {
        self.answer(|| line(&KeptV1::new(id)), || format!("{} {what}\n", id.short()))
    }

    /// Shows what is wrong with files and their references.
    ///
    /// # Errors
    /// Nothing could be written.
    pub(crate) fn checked(&self, checked: &Checked) -> io::Result<Status> {
        self.listener.show(&checked.problems);
        let unsound = checked.outcome().err().map(Error::from);
        if self.look.json {
            self.terminal.out(&line(&CheckedV1::new(checked, unsound.as_ref())))?;
        }
        if let Some(github) = &self.look.github {
            self.told(github.checked(checked));
        }
        if unsound.is_some() || !(self.look.json || self.look.volume == Volume::Quiet) {
            self.terminal.err(&human::checked::last_line(checked));
        }
        Ok(unsound.map_or(Status::DONE, |error| error.kind().into()))
    }

    /// The problems of a check as SARIF; `directory` is the working directory.
    pub(crate) fn sarif(&self, checked: &Checked, directory: &Path) -> String {
        sarif::log(checked, directory)
    }

    /// Writes text as it is.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn text(&self, text: &str) -> io::Result<()> {
        self.terminal.out(text)
    }

    fn answer(&self, json: impl FnOnce() -> String, words: impl FnOnce() -> String) -> io::Result<()> {
        self.terminal.out(&if self.look.json { json() } else { words() })
    }
}

fn unsound(findings: &[Finding]) -> Option<Error> {
    verify::outcome(findings).err().map(Error::from)
}

/// Shows what clap says of a command line: help where that was asked for, else what is wrong with it.
pub(crate) fn command_line(said: &clap::Error, json: bool) -> Status {
    let terminal = Terminal::new(ColorChoice::Auto);
    if !said.use_stderr() {
        let _ = terminal.out(&said.render().ansi().to_string());
        return Status::DONE;
    }
    if json {
        let text = said.render().to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let _ = terminal.out(&line(&OutcomeV1::unread(message)));
    }
    terminal.err(&said.render().ansi().to_string());
    Kind::Usage.into()
}
