//! `seaworthy render` on small charts of our own: `testdata/helm/CASE` has the arguments (one a line), the
//! chart, and what `helm template` 4.3.1 printed for them: `expected`, or `expected.error`.
//!
//! With `SEAWORTHY_HELM` naming a helm binary, `cargo test --test helm -- --ignored` asks it again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/helm");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|case| case.join("args").exists());
    cases.sort();
    cases
}

fn args(case: &Path) -> Vec<String> {
    fs::read_to_string(case.join("args")).unwrap().lines().map(str::to_owned).collect()
}

fn render(case: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .arg("render")
        .args(args(case))
        .current_dir(case)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// What of an error must be the same: all but the words of the YAML parser, which are ours.
fn comparable(error: &str) -> String {
    let error = error.strip_prefix("Error: ").unwrap_or(error);
    let end = ["\n\nUse --debug", "\n\n  × "].iter().filter_map(|mark| error.find(mark)).min();
    let error = error.get(..end.unwrap_or(error.len())).unwrap().trim();
    match error.find("yaml: line ") {
        Some(at) => error.get(..at).unwrap().to_owned(),
        None => {
            let mut lines: Vec<&str> = error.lines().map(str::trim).collect();
            // Helm goes through maps in any order.
            if error.starts_with("values don't meet") {
                lines.sort_unstable();
            }
            lines.join("\n")
        }
    }
}

#[test]
fn charts_render_as_recorded() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let output = render(&case);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let code = output.status.code();
        if let Ok(expected) = fs::read(case.join("expected")) {
            if code != Some(0) || output.stdout != expected {
                let expected = String::from_utf8_lossy(&expected);
                wrong.push(format!(
                    "{name}: exit {code:?}\n--- expected\n{expected}\n--- found\n{stdout}{stderr}"
                ));
            }
            continue;
        }
        let expected = fs::read_to_string(case.join("expected.error")).unwrap();
        let error = stderr.split_once("Error: ").map_or("", |(_, error)| error);
        if code != Some(1) || comparable(error) != comparable(&expected) || !stdout.is_empty() {
            wrong.push(format!(
                "{name}: exit {code:?}\n--- expected\n{expected}\n--- found\n{stdout}{stderr}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n\n{}", wrong.len(), cases().len(), wrong.join("\n\n"));
}

/// The recorded outputs are Helm's own. Cases that helm cannot render as they are (a `file://`
/// dependency that it wants built first) are left out.
#[test]
#[ignore = "needs a helm binary, named by SEAWORTHY_HELM"]
fn recorded_outputs_are_helms() {
    let Some(helm) = std::env::var_os("SEAWORTHY_HELM") else {
        eprintln!("skipped: SEAWORTHY_HELM is not set");
        return;
    };
    for case in cases().iter().filter(|case| !case.ends_with("file-dependency")) {
        let output = Command::new(&helm).arg("template").args(args(case)).current_dir(case).output().unwrap();
        match fs::read(case.join("expected")) {
            Ok(expected) => assert!(output.stdout == expected, "{}", case.display()),
            Err(_) => {
                let expected = fs::read_to_string(case.join("expected.error")).unwrap();
                let error = String::from_utf8_lossy(&output.stderr);
                let error = error.split_once("Error: ").map_or("", |(_, error)| error);
                assert_eq!(comparable(error), comparable(&expected), "{}", case.display());
            }
        }
    }
}
