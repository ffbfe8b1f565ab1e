//! GitHub Actions: annotations, a job summary, and outputs for later steps.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::human::checked::headline as checked_headline;
use super::human::{headline, place};
use super::outcome::{Effort, Heard, Outcome};
use super::words::{causes, number, plain, seconds, several, size};
use crate::check::Checked;
use crate::error::Error;
use crate::event::{Level, Problem};

/// How many bytes of the summary go to the list of problems; GitHub drops a step's summary that is larger than 1 MiB.
const ROOM: usize = 500_000;

/// A job's step that this process runs in.
#[derive(Clone, Debug)]
pub(crate) struct Github {
    /// The file that takes the job summary (`GITHUB_STEP_SUMMARY`).
    pub(crate) summary: Option<PathBuf>,
    /// The file that takes outputs (`GITHUB_OUTPUT`).
    pub(crate) outputs: Option<PathBuf>,
    /// The checked-out repository (`GITHUB_WORKSPACE`): annotations name files below it.
    pub(crate) workspace: Option<PathBuf>,
    /// The folder that relative paths begin at.
    pub(crate) directory: PathBuf,
}

impl Github {
    /// The workflow command that shows a problem beside its file.
    pub(crate) fn problem(&self, problem: &Problem) -> String {
        let mut properties = Vec::new();
        if let Some(file) = &problem.file {
            properties.push(("file", self.in_workspace(file)));
        }
        if let Some((line, column)) = problem.position {
            properties.push(("line", line.to_string()));
            properties.push(("col", column.to_string()));
        }
        properties.push(("title", "lastly".to_owned()));
        let hint = problem.hint.iter().map(|hint| format!("\nhint: {hint}")).collect::<String>();
        command(level(problem.level), &properties, &format!("{}{hint}", problem.message))
    }

    /// A path as the repository spells it, where the file lies in it.
    fn in_workspace(&self, file: &Path) -> String {
        let absolute = self.directory.join(file);
        let inside = self.workspace.as_ref().and_then(|workspace| absolute.strip_prefix(workspace).ok());
        inside.unwrap_or(file).to_string_lossy().into_owned()
    }

    /// Adds an outcome to the job summary and to the outputs.
    ///
    /// # Errors
    /// One of the files cannot be written.
    pub(crate) fn outcome(&self, outcome: &Outcome, heard: &Heard, effort: &Effort) -> io::Result<()> {
        append(self.summary.as_deref(), &summary(outcome, heard, effort))?;
        append(self.outputs.as_deref(), &outputs(outcome))
    }

    /// Adds a failure to the job summary.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn failure(&self, error: &Error, heard: &Heard, end: &str) -> io::Result<()> {
        let mut text = format!("### lastly failed\n\n{}\n\n", markdown(&error.to_string()));
        if !end.is_empty() {
            let _ = writeln!(text, "**{}**\n", end.trim_end());
        }
        text += &list(error.problems().iter().chain(&heard.problems), ROOM);
        append(self.summary.as_deref(), &text)
    }

    /// Adds what a check found to the job summary.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn checked(&self, checked: &Checked) -> io::Result<()> {
        let title = markdown(&checked_headline(checked));
        let text = format!("### lastly: {title}\n\n{}", list(checked.problems.iter(), ROOM));
        append(self.summary.as_deref(), &text)
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

/// The workflow command that shows an error, with its causes and hints.
pub(crate) fn error(error: &Error) -> String {
    let causes = causes(error).into_iter().map(|cause| format!("\ncaused by: {cause}"));
    let hints = error.hints().into_iter().map(|hint| format!("\nhint: {hint}"));
    let message = std::iter::once(error.to_string()).chain(causes).chain(hints).collect::<String>();
    command("error", &[("title", "lastly".to_owned())], &message)
}

fn append(file: Option<&Path>, text: &str) -> io::Result<()> {
    let Some(file) = file else { return Ok(()) };
    OpenOptions::new().create(true).append(true).open(file)?.write_all(text.as_bytes())
}

/// `::level key=value,…::message`, with everything escaped that would end a part of it early.
fn command(level: &str, properties: &[(&str, String)], message: &str) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let properties = properties.iter().map(|(key, value)| format!("{key}={}", property(value)));
    format!("::{level} {}::{}\n", properties.collect::<Vec<_>>().join(","), data(message))
}

/// Lines of `$GITHUB_OUTPUT`. Values are ids, numbers and URLs: none holds a line feed.
fn outputs(outcome: &Outcome) -> String {
    let manifest = outcome.manifest.as_ref().map(|manifest| manifest.url.as_ref().unwrap_or(&manifest.key));
    [
        ("release", outcome.release.to_string()),
        ("channel", outcome.channel.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("sequence", outcome.sequence.map(|sequence| sequence.to_string()).unwrap_or_default()),
        ("moved", outcome.moved.to_string()),
        ("new", outcome.new.to_string()),
        ("reused", outcome.reused.to_string()),
        ("manifest", manifest.cloned().unwrap_or_default()),
    ]
    .map(|(name, value)| format!("{name}={}\n", plain(&value)))
    .concat()
}

fn summary(outcome: &Outcome, heard: &Heard, effort: &Effort) -> String {
    let title = if outcome.dry_run { "a dry run; nothing was changed".to_owned() } else { headline(outcome) };
    let mut text = format!("### lastly: {}\n\n", markdown(&title));
    if let Some(files) = outcome.files {
        let _ = writeln!(
            text,
            "| new | reused | retired | uploaded | requests | time |\n|--:|--:|--:|--:|--:|--:|\n\
             | {} | {} | {} | {} | {} | {} |\n",
            number(outcome.new),
            number(outcome.reused),
            number(outcome.retired),
            size(outcome.bytes_uploaded),
            number(effort.requests.total()),
            seconds(effort.elapsed),
        );
        if files.source_maps > 0 {
            let _ = writeln!(text, "{} can be read by everyone.\n", several(files.source_maps, "source map"));
        }
    }
    if let Some(manifest) = &outcome.manifest {
        let _ = writeln!(text, "Manifest: {}\n", markdown(manifest.url.as_ref().unwrap_or(&manifest.stored)));
    }
    if let Some(error) = &outcome.unfinished {
        let _ =
            writeln!(text, "**Not finished: {}. The same command again finishes.**\n", markdown(&error.to_string()));
    }
    text + &list(heard.problems.iter(), ROOM)
}

/// Every problem, the errors first, as far as `room` goes: annotations beside the code are at most ten of a level, so
/// the summary is where all of them are seen.
fn list<'a>(problems: impl Iterator<Item = &'a Problem> + Clone, room: usize) -> String {
    let of = |level| problems.clone().filter(move |problem| problem.level == level);
    let mut text = String::new();
    let mut left_out = 0;
    for problem in of(Level::Error).chain(of(Level::Warning)) {
        let level = level(problem.level);
        let place = place(problem).map_or_else(String::new, |place| format!(" {}:", markdown(&place)));
        let hint = problem.hint.as_deref().map_or_else(String::new, |hint| format!(" ({})", markdown(hint)));
        let line = format!("- **{level}**{place} {}{hint}\n", markdown(&problem.message));
        if left_out > 0 || text.len() + line.len() > room {
            left_out += 1;
        } else {
            text += &line;
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "- and {} more, in the log", number(left_out));
    }
    text
}

/// Foreign text in Markdown, as it is.
fn markdown(text: &str) -> String {
    let special = |c: char| "\\`*_{}[]<>|#&".contains(c);
    plain(text).chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_escaped() {
        let github =
            Github { summary: None, outputs: None, workspace: Some("/work".into()), directory: "/work/site".into() };
        let problem = Problem::warning("50 % off\n::error::no").in_file("a,b:c.css").at(3, 7).hint("look");
        assert_eq!(
            github.problem(&problem),
            "::warning file=site/a%2Cb%3Ac.css,line=3,col=7,title=lastly::50 %25 off%0A::error::no%0Ahint: look\n"
        );
        let outside = Problem::error("gone").in_file("/elsewhere/x");
        assert_eq!(github.problem(&outside), "::error file=/elsewhere/x,title=lastly::gone\n");
    }

    #[test]
    fn the_summary_lists_what_there_is_room_for() {
        let problems: Vec<Problem> = (1..=300)
            .map(|at| Problem::warning(format!("no `{at}`")).in_file("a_b.css").at(at, 1).hint("look"))
            .chain([Problem::error("gone")])
            .collect();
        let whole = list(problems.iter(), ROOM);
        assert_eq!(whole.lines().count(), 301);
        assert!(whole.starts_with("- **error** gone\n- **warning** a\\_b.css:1:1: no \\`1\\` (look)\n"), "{whole}");
        let cut = list(problems.iter(), 70);
        assert_eq!(
            cut.lines().skip(1).collect::<Vec<_>>(),
            ["- **warning** a\\_b.css:1:1: no \\`1\\` (look)", "- and 299 more, in the log"]
        );
    }

    #[test]
    fn foreign_text_stays_text_in_the_summary() {
        assert_eq!(markdown("a|b <c> `d`\n"), "a\\|b \\<c\\> \\`d\\`\u{fffd}");
    }
}
