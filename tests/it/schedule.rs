//! Holds `examples/schedule/` to the program: the files are what they should be, and the commands in them are commands.

use std::path::{Path, PathBuf};
use std::process::Command;

use lastly::config::{Environment, Flags, resolve};
use serde_json::Value;

use crate::servers::server;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/schedule").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// The documents of a YAML file.
fn yaml(name: &str) -> Vec<Value> {
    let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let output = Command::new(server("LASTLY_TEST_PYTHON")).args(["-c", script]).arg(path(name)).output();
    let output = output.expect("Python can be started");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Fails unless the words behind the program's name are a command line that it takes, and one that acts.
fn is_command<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let words: Vec<&str> = words.into_iter().collect();
    assert!(words[0].ends_with("lastly"), "{words:?}");
    let parsed = lastly::cli::description().try_get_matches_from(&words);
    parsed.unwrap_or_else(|error| panic!("{words:?}: {error}"));
    words
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|item| item.as_str().expect("text")).collect()
}

#[test]
fn a_workflow() {
    let workflow = &yaml("github-actions.yml")[0];
    let steps = workflow["jobs"]["collect"]["steps"].as_array().expect("steps");
    let runs = steps.iter().filter_map(|step| step["run"].as_str()).filter(|run| run.starts_with("lastly "));
    let runs: Vec<Vec<&str>> = runs.map(|run| is_command(run.split_whitespace())).collect();
    assert_eq!(runs[0], ["lastly", "gc", "--apply"]);
    // `on` is a truth in YAML 1.1.
    assert_eq!(workflow["true"]["schedule"][0]["cron"].as_str().map(|cron| cron.split(' ').count()), Some(5));
    assert_eq!(workflow["permissions"]["id-token"], "write");
}

#[test]
fn a_cron_job() {
    let documents = yaml("kubernetes.yaml");
    let of_kind = |kind: &str| documents.iter().find(|document| document["kind"] == kind).expect(kind);
    let pod = &of_kind("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let words = [texts(&container["command"]), texts(&container["args"])].concat();
    assert!(is_command(words).contains(&"--apply"));
    assert_eq!(pod["serviceAccountName"], of_kind("ServiceAccount")["metadata"]["name"]);
    let names = |list: &Value, key: &str| -> Vec<String> {
        list.as_array().expect("a list").iter().map(|item| item[key].as_str().expect("text").to_owned()).collect()
    };
    let volumes = names(&pod["volumes"], "name");
    for container in [&pod["initContainers"][0], container] {
        assert!(names(&container["volumeMounts"], "name").iter().all(|name| volumes.contains(name)), "{container}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let settings = of_kind("ConfigMap")["data"]["lastly.toml"].as_str().expect("settings").to_owned();
    std::fs::write(folder.path().join("lastly.toml"), settings).expect("a file");
    let resolved = resolve(&Flags::default(), &Environment::default(), folder.path()).expect("good settings");
    assert_eq!(resolved.warnings.len(), 0, "{:?}", resolved.warnings);
}

#[test]
fn a_timer() {
    let service = read("lastly-gc.service");
    let (_, command) = service.split_once("\nExecStart=").expect("what it does");
    assert!(is_command(command.lines().next().expect("a line").split(' ')).contains(&"--apply"));
    assert!(read("lastly-gc.timer").contains("\nOnCalendar="));
    // Where there is a systemd, it says what it thinks of them; the program has to be where the service looks for it.
    let folder = tempfile::tempdir().expect("a folder");
    let here = service.replace("/usr/local/bin/lastly", env!("CARGO_BIN_EXE_lastly"));
    std::fs::write(folder.path().join("lastly-gc.service"), here).expect("a file");
    std::fs::copy(path("lastly-gc.timer"), folder.path().join("lastly-gc.timer")).expect("a file");
    let units = ["lastly-gc.service", "lastly-gc.timer"].map(|name| folder.path().join(name));
    if let Ok(output) = Command::new("systemd-analyze").arg("verify").args(units).output() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !said.contains("lastly-gc"), "{said}");
    }
}
