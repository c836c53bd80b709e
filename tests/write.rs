//! What `fix` does with files that it can not write: the others are written, and nothing is claimed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: a\n      image: registry.example.com/a:1\n";

fn seaworthy(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn fix(folder: &Path, rest: &[&str]) -> Output {
    let first = ["fix", "--unsafe-fixes", "--rule", "privilege-escalation", "--isolated"];
    seaworthy(folder, &[&first, rest].concat())
}

fn read_only(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).unwrap();
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_read_only_file_is_said_and_not_counted_as_fixed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml"] {
        fs::write(folder.path().join(name), POD).unwrap();
    }
    read_only(&folder.path().join("a.yaml"));
    let output = fix(folder.path(), &["."]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("a.yaml: not written"), "{text}");
    assert!(text.contains("Fixed 1 finding in 1 file"), "{text}");
    assert!(text.contains("1 finding left, 1 of them in files that could not be written"), "{text}");
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), POD);
    assert!(fs::read_to_string(folder.path().join("b.yaml")).unwrap().contains("allowPrivilegeEscalation"));
    let json = fix(folder.path(), &["--format", "json", "."]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["changed"], serde_json::json!([]));
    assert_eq!(report["failed"][0]["path"], "a.yaml");
}

#[test]
fn of_a_chart_all_files_are_written_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("c");
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n").unwrap();
    fs::write(chart.join("values.yaml"), "securityContext: {}\n").unwrap();
    let hooked = format!(
        "{POD}      securityContext:\n        {{{{- toYaml .Values.securityContext | nindent 8 }}}}\n"
    );
    fs::write(chart.join("templates/hooked.yaml"), hooked).unwrap();
    fs::write(chart.join("templates/plain.yaml"), POD.replace("{name: a}", "{name: b}")).unwrap();
    read_only(&chart.join("values.yaml"));
    let output = fix(folder.path(), &["c"]);
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("values.yaml: not written") && text.contains("plain.yaml: not written"), "{text}");
    assert!(text.contains("Fixed 0 findings in 0 files"), "{text}");
    assert!(!fs::read_to_string(chart.join("templates/plain.yaml")).unwrap().contains("securityContext"));
}

#[test]
fn a_recipe_that_can_not_be_written_is_not_called_complete() {
    let case =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cli/fix-recipe-nginx-dockerfile/in/pages");
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| fs::read_to_string(case.join(name)).unwrap();
    for name in ["Dockerfile", "pages.yaml"] {
        fs::write(folder.path().join(name), read(name)).unwrap();
    }
    read_only(&folder.path().join("pages.yaml"));
    let recipe = ["fix", "--isolated", "--recipe", "nginx-unprivileged", "--image"];
    let image = ["registry.example.com/pages=Dockerfile", "."];
    let output = seaworthy(folder.path(), &[&recipe[..], &image].concat());
    let text = told(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("Recipe nginx-unprivileged: nothing is written"), "{text}");
    assert!(!text.contains("complete"), "{text}");
    for name in ["Dockerfile", "pages.yaml"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), read(name));
    }
}
