//! What Kubernetes' own code (`apivalidate` in the folder `SEAWORTHY_ORACLE_BIN`) says of changed texts.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An object: file, document, item.
type Place = (String, u64, Option<u64>);

/// Status by object, of the files with these names below a folder.
fn statuses(program: &Path, folder: &Path, names: &[String]) -> BTreeMap<Place, String> {
    let mut child = Command::new(program)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut input = child.stdin.take().unwrap();
    let list = names.join("\n");
    let feeder = std::thread::spawn(move || {
        let _ = writeln!(input, "{list}");
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let objects = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let entry = |object: serde_json::Value| {
        let file = object.get("file")?.as_str()?.to_owned();
        let place = (file, object.get("doc")?.as_u64()?, object.get("item").and_then(|item| item.as_u64()));
        Some((place, object.get("status")?.as_str()?.to_owned()))
    };
    objects.filter_map(entry).collect()
}

/// Shows that every object that the API takes before a change is taken after it; texts are name, before and
/// after. Says so where nobody is asked; a run that saw no object at all is a failure.
pub fn stay_valid(texts: &[(String, String, String)]) {
    let Some(programs) = std::env::var_os("SEAWORTHY_ORACLE_BIN").map(PathBuf::from) else {
        eprintln!("skipped: Kubernetes' own code is not asked (set SEAWORTHY_ORACLE_BIN)");
        return;
    };
    let program = programs.join("apivalidate");
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut names = Vec::new();
    for (number, (_, before, after)) in texts.iter().enumerate() {
        let name = format!("{number}.yaml");
        fs::write(folders[0].path().join(&name), before).unwrap();
        fs::write(folders[1].path().join(&name), after).unwrap();
        names.push(name);
    }
    let [old, new] = folders.each_ref().map(|folder| statuses(&program, folder.path(), &names));
    let valid: Vec<_> = old.iter().filter(|(_, status)| *status == "valid").map(|(place, _)| place).collect();
    let broken = valid.iter().filter(|place| new.get(**place).is_none_or(|status| status != "valid"));
    let broken: Vec<String> = broken
        .map(|(file, document, item)| {
            let number: usize = file.trim_end_matches(".yaml").parse().unwrap();
            format!("{} {document} {item:?}", texts[number].0)
        })
        .collect();
    eprintln!(
        "  API validation: {} texts, {} objects valid before, {} of them refused afterwards",
        texts.len(),
        valid.len(),
        broken.len()
    );
    assert!(broken.is_empty(), "refused after the change: {}", broken.join(", "));
    assert!(texts.is_empty() || !valid.is_empty(), "no object was looked at");
}
