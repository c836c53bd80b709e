//! `--set` and its kin by the hundred, each compared with what Helm made of it.
//!
//! The vectors of the shared folder, where it is present: values files and arguments, and what a chart
//! that prints its values as JSON prints, or the error.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that prints counts")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use seaworthy::helm::chart::Chart;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::render::{Output, render};
use seaworthy::helm::scenario::{Scenario, SetArgument, SetKind};
use seaworthy::helm::values::ValuesFile;
use seaworthy::project::DiskFiles;
use seaworthy::source::{Limits, Source};

const KINDS: [(&str, SetKind); 5] = [
    ("set", SetKind::Value),
    ("setString", SetKind::String),
    ("setJson", SetKind::Json),
    ("setFile", SetKind::File),
    ("setLiteral", SetKind::Literal),
];

fn texts<'v>(vector: &'v serde_json::Value, key: &str) -> impl Iterator<Item = &'v str> {
    vector[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap())
}

fn run(root: &Path, chart: &Arc<Chart>, vector: &serde_json::Value) -> Result<String, String> {
    let folder = root.to_path_buf();
    let read = move |path: &str| {
        fs::read(folder.join(path)).map_err(|_| {
            let directory = folder.join(path).is_dir();
            let (what, why) =
                if directory { ("read", "is a directory") } else { ("open", "no such file or directory") };
            format!("{what} {path}: {why}")
        })
    };
    let mut scenario = Scenario { read_file: Some(Arc::new(read)), ..Scenario::default() };
    for path in texts(vector, "values") {
        let text =
            fs::read(root.join(path)).map_err(|_| format!("open {path}: no such file or directory"))?;
        let source = Arc::new(Source::from_bytes(path, text).unwrap());
        let file = ValuesFile::parse(&source, &Limits::default())
            .map_err(|error| format!("failed to parse {path}: {error}"))?;
        scenario.values.push(Arc::new(file));
    }
    for (key, kind) in KINDS {
        scenario.set.extend(texts(vector, key).map(|text| SetArgument {
            kind,
            text: text.to_owned(),
            at: None,
        }));
    }
    let rendered = render(chart, &scenario);
    let text = rendered.print(&Output::default()).map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).unwrap();
    let (_, values) = text.split_once("\nv: ").unwrap();
    Ok(values.trim_end_matches('\n').to_owned())
}

#[test]
fn arguments_set_what_helm_sets() {
    let Some(root) = support::corpus("helm-open") else { return };
    // A folder without files, which an archive need not hold.
    fs::create_dir_all(root.join("charts/micro/echo/files")).unwrap();
    let files = DiskFiles::new(&root, &Limits::default()).unwrap();
    let chart = load_folder(&files, "charts/micro/echo", &LoadOptions::default()).unwrap();
    let vectors = fs::read_to_string(root.join("strvals.jsonl")).unwrap();
    let (mut right, mut total, mut wrong) = ([0usize; 2], [0usize; 2], Vec::new());
    for line in vectors.lines() {
        let vector: serde_json::Value = serde_json::from_str(line).unwrap();
        let fails = vector["status"] == "err";
        let expected = vector["out"].as_str().unwrap();
        let found = run(&root, &chart, &vector);
        total[usize::from(fails)] += 1;
        if found.as_ref().map_or_else(|error| fails && error == expected, |text| !fails && text == expected) {
            right[usize::from(fails)] += 1;
        } else {
            wrong.push(format!("{line}\n   ours: {found:?}"));
        }
    }
    wrong.iter().for_each(|one| println!("{one}"));
    println!("strvals: {} of {} outputs, {} of {} errors", right[0], total[0], right[1], total[1]);
    assert!(wrong.is_empty());
}
