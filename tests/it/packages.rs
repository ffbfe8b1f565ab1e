//! Real packages from npm and PyPI, published with default settings and compared with their originals by
//! `packages/run.py`, which knows nothing of how lastly finds references. `packages/README.md` says what it checks.

use std::process::Command;

/// Runs the comparison on what fits a test, and asserts that there is no difference.
fn compare(arguments: &[&str]) {
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/packages/run.py"));
    command.args(["--few", "--lastly", env!("CARGO_BIN_EXE_lastly")]).args(arguments);
    let output = command.output().expect("python3 is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn published_packages_refer_to_what_their_originals_refer_to() {
    compare(&[]);
}

#[test]
fn a_browser_sees_the_same_in_both_forms() {
    compare(&["--browser"]);
}
