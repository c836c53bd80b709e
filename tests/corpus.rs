//! Fix safety, measured on real manifests (`manifests-open` of the shared corpus): unsafe fixes of the
//! restricted standard change only what they prove, in every shape of the text, and come to rest.
//!
//! With `SEAWORTHY_ORACLE_BIN` (a folder with `apivalidate` and `psaverdict`), Kubernetes' own code
//! judges every file before and after: nothing that validation took may be refused afterwards.
//! Every eighth file goes through all shapes; `SEAWORTHY_CORPUS=all` takes all files through them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
#[path = "support/mod.rs"]
mod support;
#[path = "support/validate.rs"]
mod validate;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use seaworthy::config::Settings;
use seaworthy::engine::{Engine, Outcome, Selection};
use seaworthy::project::{Discovery, InputFile, Project};
use seaworthy::rule::{self, Catalogue};
use seaworthy::source::{Limits, Source};
use seaworthy::yaml;
use serde::Deserialize;

fn restricted() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.add_standard(&catalogue, "pss:restricted").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

fn selection() -> Selection {
    Selection { unsafe_fixes: true, ..Selection::default() }
}

#[derive(Default)]
struct Tally {
    files: usize,
    unreadable: usize,
    changed: usize,
    shapes: usize,
    fixed: usize,
    held_back: usize,
    no_fix: usize,
    refused: BTreeMap<String, usize>,
    wrong: Vec<String>,
    after: Vec<(PathBuf, String)>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.files += other.files;
        self.unreadable += other.unreadable;
        self.changed += other.changed;
        self.shapes += other.shapes;
        self.fixed += other.fixed;
        self.held_back += other.held_back;
        self.no_fix += other.no_fix;
        for (reason, count) in other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        self.wrong.extend(other.wrong);
        self.after.extend(other.after);
        self
    }
}

fn fix(engine: &Engine, name: &str, text: &str) -> Option<String> {
    let fixed = engine.fix_text(&InputFile::in_memory(name, text.as_bytes()), &selection());
    fixed.text.map(|text| text.to_string())
}

fn comments(text: &str) -> Vec<String> {
    let tree = yaml::parse(&Arc::new(Source::new("", text)), &Limits::default()).tree;
    tree.comments().iter().map(|comment| tree.comment_text(comment).trim_end().to_owned()).collect()
}

fn second_parser_takes(text: &str) -> bool {
    let body = text.trim_start_matches('\u{feff}');
    serde_yaml::Deserializer::from_str(body).all(|part| serde_yaml::Value::deserialize(part).is_ok())
}

fn measure(engine: &Engine, file: &InputFile, all_shapes: bool) -> Tally {
    let mut tally = Tally { files: 1, ..Tally::default() };
    let name = file.name().to_string();
    let Ok(source) = file.read(&Limits::default()) else {
        tally.unreadable = 1;
        return tally;
    };
    let repair = engine.repair(&Project::of_files(vec![file.clone()]), &selection());
    for outcome in &repair.outcomes {
        match &outcome.outcome {
            Outcome::Fixed => tally.fixed += 1,
            Outcome::HeldBack { .. } => tally.held_back += 1,
            Outcome::NoFix { .. } => tally.no_fix += 1,
            Outcome::Refused { reason } => *tally.refused.entry(reason.clone()).or_default() += 1,
        }
    }
    let mut wrong = |what: &str| tally.wrong.push(format!("{name}: {what}"));
    let before = source.text().to_string();
    let Some(change) = repair.verified.files().first() else { return tally };
    tally.changed = 1;
    let after = change.after().text().to_string();
    if change.edits().apply(&before) != after {
        wrong("the edits do not make the text");
    }
    if comments(&before) != comments(&after) {
        wrong("the comments differ");
    }
    if second_parser_takes(&before) && !second_parser_takes(&after) {
        wrong("the second parser refuses it");
    }
    if fix(engine, &name, &after).is_some() {
        wrong("a second run changes it again");
    }
    let plain = !before.contains('\r') && !before.starts_with('\u{feff}');
    if all_shapes && plain {
        let crlf = |text: &str| text.replace('\n', "\r\n");
        let shapes: [(&str, String, Option<String>); 3] = [
            ("CRLF", crlf(&before), Some(crlf(&after))),
            ("byte order mark", format!("\u{feff}{before}"), Some(format!("\u{feff}{after}"))),
            ("no final newline", before.trim_end_matches('\n').to_owned(), None),
        ];
        for (shape, text, wanted) in shapes {
            tally.shapes += 1;
            let fixed = fix(engine, &name, &text);
            let same = match (&fixed, &wanted) {
                (Some(fixed), Some(wanted)) => fixed == wanted,
                (Some(fixed), None) => fixed.trim_end() == after.trim_end(),
                (None, _) => false,
            };
            if !same {
                wrong(&format!("{shape}: another fix"));
            } else if fixed.is_some_and(|fixed| fix(engine, &name, &fixed).is_some()) {
                wrong(&format!("{shape}: a second run changes it again"));
            }
        }
    }
    tally.after.push((file.path().to_path_buf(), after));
    tally
}

#[test]
fn fixes_of_real_manifests_change_only_what_they_prove() {
    let Some(folder) = support::corpus("manifests-open") else { return };
    let project = Project::discover(&Discovery {
        paths: vec![folder.clone()],
        no_gitignore: true,
        ..Discovery::default()
    });
    let files: Vec<&InputFile> = project.manifests().collect();
    let engine = restricted();
    let all = std::env::var("SEAWORTHY_CORPUS").is_ok_and(|what| what == "all");
    let measured = files.par_iter().enumerate().map(|(at, file)| measure(&engine, file, all || at % 8 == 0));
    let tally = measured.reduce(Tally::default, Tally::add);
    eprintln!(
        "fix --unsafe-fixes --standard pss:restricted: {} files ({} not readable), {} changed, {} shapes; findings: {} fixed, {} held back, {} without a fix, {} refused",
        tally.files,
        tally.unreadable,
        tally.changed,
        tally.shapes,
        tally.fixed,
        tally.held_back,
        tally.no_fix,
        tally.refused.values().sum::<usize>(),
    );
    let mut reasons: Vec<_> = tally.refused.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (reason, count) in reasons.iter().take(12) {
        eprintln!("  refused {count}: {reason}");
    }
    for wrong in tally.wrong.iter().take(40) {
        eprintln!("  wrong: {wrong}");
    }
    assert!(tally.wrong.is_empty(), "{} wrong", tally.wrong.len());
    assert!(tally.changed > 1000, "only {} files changed", tally.changed);
    oracle(&folder, &tally.after);
}

fn oracle(folder: &Path, after: &[(PathBuf, String)]) {
    let Some(programs) = validate::programs() else { return };
    let fixed = tempfile::tempdir().unwrap();
    let root = std::path::absolute(folder).unwrap();
    let mut names = Vec::new();
    for (path, text) in after {
        let name = path.strip_prefix(&root).unwrap();
        let target = fixed.path().join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text).unwrap();
        names.push(name.to_string_lossy().into_owned());
    }
    let (valid, refused) = validate::refused(&programs, [folder, fixed.path()], &names);
    let broken: Vec<_> = refused
        .into_iter()
        .map(|(place, answer)| format!("{place:?}: {}", answer.map_or_else(String::new, |it| it.to_string())))
        .collect();
    eprintln!("API validation: {} objects valid before, {} of them refused afterwards", valid, broken.len());
    for broken in broken.iter().take(20) {
        eprintln!("  {broken}");
    }
    assert!(broken.is_empty(), "{} objects are refused after the fix", broken.len());
    let program = programs.join("psaverdict");
    let flags = ["-versions", "v1.37", "-compact", "-pods"];
    let verdicts = validate::ask(&program, &flags, fixed.path(), &names);
    let failing = |object: &serde_json::Value| {
        let truth = object.get("defaulted").unwrap_or(object);
        truth["restricted"]["v1.37"].as_array().map_or(0, Vec::len)
    };
    let allowed = verdicts.values().filter(|object| failing(object) == 0).count();
    eprintln!(
        "Pod Security restricted: {allowed} of {} objects of the changed files are allowed",
        verdicts.len()
    );
}
