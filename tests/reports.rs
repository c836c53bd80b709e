//! Each report format over the demo: one snapshot each (`testdata/reports/`), JSON against its schema,
//! SARIF against what its readers require, and 0, 1 and 10,000 findings. `SEAWORTHY_BLESS=1` writes
//! the snapshots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seaworthy(folder: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(words)
        .current_dir(folder)
        .env_remove("GITHUB_ACTIONS")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn check(folder: &Path, format: &str) -> (i32, String) {
    seaworthy(folder, &["check", ".", "--isolated", "--allow-unchecked", "--format", format])
}

fn snapshot(name: &str, found: &str) {
    let file = root().join("testdata/reports").join(name);
    if std::env::var_os("SEAWORTHY_BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, found).unwrap();
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(wanted.as_str(), found);
    assert!(wanted == found, "{name}:\n{}", diff.unified_diff());
}

/// A folder with this number of findings of `host-network`.
fn folder_of(number: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("reports-{number}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join(".git")).unwrap();
    let mut text =
        String::from("apiVersion: v1\nkind: Pod\nmetadata:\n  name: none\nspec:\n  containers: []\n");
    for index in 0..number {
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p{index}\nspec:\n  hostNetwork: true\n  containers: []\n"
        );
    }
    fs::write(folder.join("pods.yaml"), text).unwrap();
    folder
}

fn schema(name: &str) -> jsonschema::Validator {
    let text = fs::read_to_string(root().join("schema").join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .take(5)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// What GitHub requires of a SARIF file, beyond being one.
fn assert_sarif(value: &Value) {
    assert_eq!(value["version"], "2.1.0");
    assert!(value["$schema"].is_string());
    for run in value["runs"].as_array().unwrap() {
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "seaworthy");
        assert!(run["automationDetails"]["id"].as_str().unwrap().ends_with('/'));
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            for text in ["shortDescription", "fullDescription", "help"] {
                let text = rule[text]["text"].as_str().unwrap();
                assert!(!text.is_empty());
            }
            assert!(rule["shortDescription"]["text"].as_str().unwrap().chars().count() <= 1024);
            assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
        }
        let results = run["results"].as_array().unwrap();
        assert!(results.len() <= 5_000);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.is_empty() && !uri.starts_with('/') && !uri.contains(' '));
            let region = &place["region"];
            let number = |key: &str| region[key].as_u64().unwrap();
            assert!(number("startLine") >= 1 && number("startColumn") >= 1);
            assert!(number("endLine") == number("startLine"), "regions stay on one line");
            assert!(number("endColumn") > number("startColumn"));
            let prints = &result["partialFingerprints"];
            assert!(prints["seaworthy/v1"].is_string());
            assert!(prints["primaryLocationLineHash"].as_str().unwrap().contains(':'));
            for fix in result["fixes"].as_array().into_iter().flatten() {
                for change in fix["artifactChanges"].as_array().unwrap() {
                    assert!(!change["replacements"].as_array().unwrap().is_empty());
                }
            }
        }
    }
}

#[test]
fn one_snapshot_a_format() {
    let demo = root().join("testdata/demo");
    for (format, name) in [
        ("json", "demo.json"),
        ("sarif", "demo.sarif"),
        ("github", "demo.github"),
        ("rdjsonl", "demo.rdjsonl"),
        ("diff", "demo.diff"),
    ] {
        let (code, text) = check(&demo, format);
        assert_eq!(code, 1, "{format}");
        let version = env!("CARGO_PKG_VERSION");
        snapshot(name, &text.replace(version, "VERSION"));
    }
    let (_, text) = seaworthy(&demo, &["check", ".", "--isolated", "--allow-unchecked", "-q"]);
    snapshot("demo.txt", &text);
}

#[test]
fn every_format_is_valid_with_no_one_and_ten_thousand_findings() {
    let validator = schema("report.schema.json");
    for number in [0, 1, 10_000] {
        let folder = folder_of(number);
        let rule = ["check", "pods.yaml", "--isolated", "--rule", "host-network", "--format"];
        let write = |format: &str| seaworthy(&folder, &[&rule[..], &[format]].concat());
        let (code, json) = write("json");
        assert_eq!(code, i32::from(number > 0), "{number}");
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_valid(&validator, &json);
        assert_eq!(json["findings"].as_array().unwrap().len(), number);
        assert_eq!(json["summary"]["objects"]["checked"], number + 1);
        let sarif: Value = serde_json::from_str(&write("sarif").1).unwrap();
        assert_sarif(&sarif);
        assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), number.min(5_000));
        let lines = write("rdjsonl").1;
        assert_eq!(lines.lines().count(), number);
        assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
        let commands = write("github").1;
        assert_eq!(commands.lines().filter(|line| line.starts_with("::")).count(), number);
        assert_eq!(commands.lines().count(), number);
        let pretty = write("pretty").1;
        assert_eq!(pretty.matches("╭─[pods.yaml:").count(), number);
    }
}

#[test]
fn json_reports_hold_their_schema() {
    let demo = root().join("testdata/demo");
    let (_, text) = check(&demo, "json");
    assert_valid(&schema("report.schema.json"), &serde_json::from_str(&text).unwrap());
    assert_sarif(&serde_json::from_str(&check(&demo, "sarif").1).unwrap());
    let (code, text) = seaworthy(
        &demo,
        &["fix", ".", "--isolated", "--diff", "--unsafe-fixes", "--format", "json", "--allow-unchecked"],
    );
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 1);
    assert_valid(&schema("fix.schema.json"), &value);
    assert!(!value["changed"].as_array().unwrap().is_empty());
    assert!(!value["heldBack"].as_array().unwrap().is_empty(), "removing hostNetwork is a suggestion");
}

#[test]
fn edits_in_json_are_those_that_fix() {
    let demo = root().join("testdata/demo");
    let (_, text) = check(&demo, "json");
    let value: Value = serde_json::from_str(&text).unwrap();
    let mut tried = 0;
    for finding in value["findings"].as_array().unwrap() {
        for edit in finding["fix"]["edits"].as_array().into_iter().flatten() {
            let before = fs::read_to_string(demo.join(edit["path"].as_str().unwrap())).unwrap();
            let at = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
            assert!(before.is_char_boundary(at("byteStart")) && before.is_char_boundary(at("byteEnd")));
            tried += 1;
        }
    }
    assert!(tried > 0);
}

#[test]
fn a_runner_takes_nothing_for_a_command() {
    let folder = folder_of(1);
    let text = fs::read_to_string(folder.join("pods.yaml")).unwrap();
    fs::write(folder.join("pods.yaml"), text.replace("hostNetwork: true", "hostNetwork: true # ##[error]x"))
        .unwrap();
    for format in ["pretty", "json", "sarif", "diff", "rdjsonl"] {
        let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(["check", "pods.yaml", "--isolated", "--format", format])
            .current_dir(&folder)
            .env("GITHUB_ACTIONS", "true")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains("##["), "{format}");
        if format == "pretty" {
            assert!(text.starts_with("::stop-commands::"), "{text}");
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A fresh copy of a folder, outside any repository's configuration.
fn copy_of(folder: &Path, name: &str) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports").join(name);
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(copy.join(".git")).unwrap();
    for file in files_below(folder) {
        let to = copy.join(file.strip_prefix(folder).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, &to).unwrap();
    }
    copy
}

/// Makes the edits of a finding's fix, as a program that reads the JSON would.
fn apply(folder: &Path, finding: &Value) {
    let mut edits: Vec<&Value> = finding["fix"]["edits"].as_array().unwrap().iter().collect();
    assert!(!edits.is_empty(), "a fix has edits: {finding}");
    let at = |edit: &Value, key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
    // From the last one to the first, so that offsets stay right; of insertions at one place the first
    // one comes last.
    edits.reverse();
    edits.sort_by_key(|edit| std::cmp::Reverse(at(edit, "byteStart")));
    for edit in edits {
        let file = folder.join(edit["path"].as_str().unwrap());
        let mut text = fs::read_to_string(&file).unwrap();
        text.replace_range(at(edit, "byteStart")..at(edit, "byteEnd"), edit["text"].as_str().unwrap());
        fs::write(&file, text).unwrap();
    }
}

fn findings_of(folder: &Path, more: &[&str]) -> Vec<Value> {
    let words = ["check", ".", "--isolated", "--allow-unchecked", "--format", "json"];
    let (_, text) = seaworthy(folder, &[&words[..], more].concat());
    let value: Value = serde_json::from_str(&text).unwrap();
    value["findings"].as_array().unwrap().clone()
}

#[test]
fn edits_of_charts_in_json_are_those_that_fix_makes() {
    let (mut same_as_fix, mut refused) = (0, 0);
    for case in ["check-chart-edits", "fix-chart", "fix-chart-switch", "fix-chart-umbrella", "fix-chart-port"]
    {
        let input = root().join("testdata/cli").join(case).join("in");
        let folder = copy_of(&input, &format!("{case}-first"));
        let findings = findings_of(&folder, &[]);
        assert!(findings.iter().any(|finding| finding["fix"].is_object()), "{case} has fixes");
        for finding in &findings {
            let rule = finding["rule"].as_str().unwrap();
            if finding["fix"].is_null() {
                assert!(!finding["noFix"].as_str().unwrap().is_empty());
                refused += 1;
                continue;
            }
            let applied = copy_of(&input, &format!("{case}-applied"));
            apply(&applied, finding);
            let left = findings_of(&applied, &["--rule", rule]);
            let is_same = |other: &Value| other["fingerprint"] == finding["fingerprint"];
            assert!(!left.iter().any(is_same), "{case}: {rule} is gone: {finding}");
            if findings.iter().filter(|other| other["rule"] == rule).count() > 1 {
                continue;
            }
            let fixed = copy_of(&input, &format!("{case}-fixed"));
            let mut words = vec!["fix", ".", "--isolated", "--rule", rule];
            match finding["fix"]["level"].as_str().unwrap() {
                "unsafe" => words.push("--unsafe-fixes"),
                "suggestion" => words.extend(["--apply-suggestion", rule]),
                _ => {}
            }
            seaworthy(&fixed, &words);
            for file in files_below(&applied) {
                let other = fixed.join(file.strip_prefix(&applied).unwrap());
                let (ours, theirs) =
                    (fs::read_to_string(&file).unwrap(), fs::read_to_string(&other).unwrap());
                assert_eq!(ours, theirs, "{case}: {rule} in {}", file.display());
            }
            same_as_fix += 1;
        }
    }
    assert!(same_as_fix > 3, "{same_as_fix}");
    assert!(refused > 0, "{refused}");
}

/// A schema of somebody else, which is not ours to keep here: `$SEAWORTHY_SHARED/schemas/NAME`.
fn foreign_schema(name: &str) -> Option<jsonschema::Validator> {
    let shared = std::env::var_os("SEAWORTHY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let file = shared.join("schemas").join(name);
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: {} is not there", file.display());
        return None;
    };
    Some(jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap())
}

#[test]
fn sarif_and_rdjsonl_hold_their_public_schemas() {
    let cases =
        ["check-dockerfile", "check-unparsable", "check-chart-fails", "fix-chart", "fix-chart-umbrella"];
    let mut folders: Vec<PathBuf> =
        cases.iter().map(|case| copy_of(&root().join("testdata/cli").join(case).join("in"), case)).collect();
    folders.push(copy_of(&root().join("testdata/demo"), "demo"));
    folders.extend([0, 1, 6_000].map(|number| {
        let text = fs::read(folder_of(number).join("pods.yaml")).unwrap();
        let folder = copy_of(&root().join("testdata/cli/check-clean/in"), &format!("many-{number}"));
        fs::write(folder.join("pods.yaml"), text).unwrap();
        folder
    }));
    if let Some(validator) = foreign_schema("sarif-schema-2.1.0.json") {
        for folder in &folders {
            assert_valid(&validator, &serde_json::from_str(&check(folder, "sarif").1).unwrap());
        }
    }
    if let Some(validator) = foreign_schema("rdjson-diagnostic.json") {
        for folder in &folders {
            for line in check(folder, "rdjsonl").1.lines() {
                assert_valid(&validator, &serde_json::from_str(line).unwrap());
            }
        }
    }
}
