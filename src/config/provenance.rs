//! Who publishes, and of what commit: out of the variables of the build system, else out of git.

use std::path::Path;
use std::process::{Command, Stdio};

use super::environment::Environment;
use crate::model::ledger::Provenance;

/// Asks git something; `None` where it has no answer.
type Git<'a> = &'a dyn Fn(&[&str]) -> Option<String>;

/// Takes commit, actor and build from GitHub's or GitLab's variables, else commit and actor from git. What nobody
/// knows is left open: a publish never fails for it.
///
/// It may start `git`, so it is not called where nothing is published.
pub fn provenance(environment: &Environment, working_directory: &Path, message: Option<String>) -> Provenance {
    let in_repository = working_directory.ancestors().any(|folder| folder.join(".git").exists());
    let git = |arguments: &[&str]| if in_repository { git(arguments, working_directory) } else { None };
    told(environment, message, &git)
}

fn told(environment: &Environment, message: Option<String>, git: Git<'_>) -> Provenance {
    let first = |names: &[&str]| names.iter().find_map(|name| environment.text(name)).map(str::to_owned);
    let commit = first(&["GITHUB_SHA", "CI_COMMIT_SHA"]);
    // Where a build system names the commit, git's user is whoever set the build machine up.
    let in_build = commit.is_some();
    Provenance {
        message,
        commit: commit.or_else(|| git(&["rev-parse", "--verify", "--quiet", "HEAD"])),
        actor: first(&["GITHUB_ACTOR", "GITLAB_USER_LOGIN"])
            .or_else(|| if in_build { None } else { git(&["config", "user.name"]) }),
        build_url: github_build(environment).or_else(|| first(&["CI_JOB_URL", "CI_PIPELINE_URL"])),
    }
}

fn github_build(environment: &Environment) -> Option<String> {
    let [server, repository, run] =
        ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| environment.text(name));
    Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
}

fn git(arguments: &[&str], working_directory: &Path) -> Option<String> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(working_directory).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: [(&str, &str); 5] = [
        ("GITHUB_SHA", "c0ffee"),
        ("GITHUB_ACTOR", "octocat"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "example/site"),
        ("GITHUB_RUN_ID", "7"),
    ];
    const GITLAB: [(&str, &str); 4] = [
        ("CI_COMMIT_SHA", "decaf"),
        ("GITLAB_USER_LOGIN", "tanuki"),
        ("CI_JOB_URL", "https://gitlab.com/example/site/-/jobs/7"),
        ("CI_PIPELINE_URL", "https://gitlab.com/example/site/-/pipelines/1"),
    ];

    /// Commit, actor and build, where git answers with the last word of its question.
    fn check(variables: &[(&str, &str)], expected: [Option<&str>; 3]) {
        let environment = variables.iter().copied().collect();
        let git = |arguments: &[&str]| arguments.last().map(|word| (*word).to_owned());
        let found = told(&environment, Some("message".to_owned()), &git);
        assert_eq!([&found.commit, &found.actor, &found.build_url].map(|text| text.as_deref()), expected);
        assert_eq!(found.message.as_deref(), Some("message"));
    }

    #[test]
    fn build_systems_come_first_and_git_fills_in() {
        let run = "https://github.com/example/site/actions/runs/7";
        check(&GITHUB, [Some("c0ffee"), Some("octocat"), Some(run)]);
        check(&GITLAB, [Some("decaf"), Some("tanuki"), Some("https://gitlab.com/example/site/-/jobs/7")]);
        check(&GITLAB[3..], [Some("HEAD"), Some("user.name"), Some("https://gitlab.com/example/site/-/pipelines/1")]);
        check(&GITHUB[..1], [Some("c0ffee"), None, None]);
        check(&[], [Some("HEAD"), Some("user.name"), None]);
    }

    #[test]
    fn nothing_is_known_outside_a_repository() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        assert!(provenance(&Environment::default(), folder.path(), None).is_empty());
    }
}
