//! What Kubernetes' own code (programs in the folder `SEAWORTHY_ORACLE_BIN`) says of files and of changed texts.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// An object of an answer: file, document, item.
pub type Place = (String, u64, Option<u64>);

/// The folder of Kubernetes' own programs; `None`, with a word on stderr, where it is not named.
pub fn programs() -> Option<PathBuf> {
    let programs = std::env::var_os("SEAWORTHY_ORACLE_BIN").map(PathBuf::from);
    if programs.is_none() {
        eprintln!("skipped: Kubernetes' own code is not asked (set SEAWORTHY_ORACLE_BIN)");
    }
    programs
}

/// What a program says of the files with these names below a folder.
pub fn ask(program: &Path, arguments: &[&str], folder: &Path, names: &[String]) -> BTreeMap<Place, Value> {
    let mut child = Command::new(program)
        .args(arguments)
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
    let objects = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let place = |object: &Value| {
        let file = object.get("file")?.as_str()?.to_owned();
        Some((file, object.get("doc")?.as_u64()?, object.get("item").and_then(Value::as_u64)))
    };
    objects.filter_map(|object| Some((place(&object)?, object))).collect()
}

/// The objects in the files with these names that API validation takes in one folder, and what it says of those of
/// them that it refuses in another.
pub fn refused(
    programs: &Path,
    [before, after]: [&Path; 2],
    names: &[String],
) -> (usize, BTreeMap<Place, Option<Value>>) {
    let program = programs.join("apivalidate");
    let [old, mut new] = [before, after].map(|folder| ask(&program, &[], folder, names));
    let valid = |object: &Value| object["status"] == "valid";
    let places: Vec<Place> =
        old.into_iter().filter(|(_, object)| valid(object)).map(|(place, _)| place).collect();
    let count = places.len();
    let answers = places.into_iter().map(|place| {
        let answer = new.remove(&place);
        (place, answer)
    });
    (count, answers.filter(|(_, answer)| !answer.as_ref().is_some_and(valid)).collect())
}

/// Shows that every object that the API takes before a change is taken after it; texts are name, before and
/// after. Says so where nobody is asked; a run that saw no object at all is a failure.
pub fn stay_valid(texts: &[(String, String, String)]) {
    let Some(programs) = programs() else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut names = Vec::new();
    for (number, (_, before, after)) in texts.iter().enumerate() {
        let name = format!("{number}.yaml");
        fs::write(folders[0].path().join(&name), before).unwrap();
        fs::write(folders[1].path().join(&name), after).unwrap();
        names.push(name);
    }
    let (valid, refused) = refused(&programs, folders.each_ref().map(|folder| folder.path()), &names);
    let broken: Vec<String> = refused
        .keys()
        .map(|(file, document, item)| {
            let number: usize = file.trim_end_matches(".yaml").parse().unwrap();
            format!("{} {document} {item:?}", texts[number].0)
        })
        .collect();
    eprintln!(
        "  API validation: {} texts, {} objects valid before, {} of them refused afterwards",
        texts.len(),
        valid,
        broken.len()
    );
    assert!(broken.is_empty(), "refused after the change: {}", broken.join(", "));
    assert!(texts.is_empty() || valid > 0, "no object was looked at");
}
