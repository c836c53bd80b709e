//! Verdicts equal those of Kubernetes' own Pod Security library: over its fixtures, and over every
//! real object with a pod. Counts are printed (`--nocapture`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use seaworthy::resource::{Document, Images, Kinds, KubernetesVersion};
use seaworthy::rule::{Catalogue, Level, Target, Verdict};
use seaworthy::source::{Limits, Source};
use seaworthy::yaml::{DocumentState, SpanTree, parse};
use serde_json::Value;

fn tree(path: &Path) -> Option<Arc<SpanTree>> {
    let source = Source::from_bytes(path.to_string_lossy(), fs::read(path).ok()?).ok()?;
    Some(Arc::new(parse(&Arc::new(source), &Limits::default()).tree))
}

fn verdict(document: &Document, version: &str) -> Verdict {
    let version: KubernetesVersion = version.parse().unwrap();
    Catalogue::shipped().pod_security(document, &Target::new(version, Images::shipped()))
}

/// The check that stands for another one at level restricted.
fn overriding(check: &str) -> &str {
    match check {
        "capabilities_baseline" => "capabilities_restricted",
        "hostpathvolumes" => "restrictedvolumes",
        "seccompprofile_baseline" => "seccompprofile_restricted",
        "procmount" => "procmount_restricted",
        other => other,
    }
}

#[test]
fn upstream_fixtures() {
    let Some(folder) = support::corpus("psa-open") else { return };
    let manifest = fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut rows = manifest.lines();
    let header: Vec<&str> = rows.next().unwrap().split('\t').collect();
    let column = |name: &str| header.iter().position(|found| *found == name).unwrap();
    let columns = ["path", "level", "version", "expect", "check"].map(column);
    let (mut right, mut wrong) = (0, Vec::new());
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let [path, level, version, expect, check] = columns.map(|at| cells[at]);
        let level: Level = level.parse().unwrap();
        let tree = tree(&folder.join(path)).unwrap();
        let documents = Document::objects(&tree, Kinds::shipped());
        let failing: BTreeSet<String> = documents
            .iter()
            .flat_map(|document| verdict(document, version).at(level).clone())
            .map(|check| check.to_lowercase())
            .collect();
        let fits = match expect {
            "pass" => documents.len() == 1 && failing.is_empty(),
            _ => {
                failing.contains(check) || (level == Level::Restricted && failing.contains(overriding(check)))
            }
        };
        if fits {
            right += 1
        } else {
            wrong.push(format!("{path}: expected {expect} of {check}, got {failing:?}"))
        }
    }
    eprintln!("upstream fixtures: {right} right, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(20)].join("\n"));
    assert!(right > 3000, "only {right} fixtures");
}

#[test]
fn real_objects() {
    let Some(lines) = support::unpacked("corpus/psa-verdicts.jsonl.zst") else { return };
    let mut folders = HashMap::new();
    for name in ["manifests-open", "helm-open"] {
        let Some(folder) = support::corpus(name) else { return };
        folders.insert(name, folder);
    }
    let mut by_file: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        if row.get("baseline").is_some() {
            by_file.entry(row["file"].as_str().unwrap().to_owned()).or_default().push(row);
        }
    }
    let (mut documents, mut right, mut verdicts) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (file, rows) in by_file {
        let (archive, path) = file.split_once('/').unwrap();
        let tree = tree(&folders[archive].join(path));
        let objects = tree.as_ref().map(|tree| Document::objects(tree, Kinds::shipped())).unwrap_or_default();
        for row in rows {
            documents += 1;
            let place = |object: &&Document| {
                let before = object.tree().documents()[..object.document()].iter();
                let doc = before.filter(|document| document.state != DocumentState::Empty).count();
                Some(doc as u64) == row["doc"].as_u64()
                    && object.item().map(|item| item as u64) == row.get("item").and_then(Value::as_u64)
            };
            let Some(object) = objects.iter().find(place) else {
                wrong.push(format!("{file} {}: no such object", row["doc"]));
                continue;
            };
            let truth = row.get("defaulted").unwrap_or(&row);
            let mut fits = true;
            for level in Level::ALL {
                for (version, expected) in truth[level.as_str()].as_object().unwrap() {
                    verdicts += 1;
                    let expected: BTreeSet<&str> =
                        expected.as_array().unwrap().iter().map(|check| check.as_str().unwrap()).collect();
                    let found = verdict(object, version);
                    let found: BTreeSet<&str> = found.at(level).iter().map(|check| &**check).collect();
                    if found != expected {
                        fits = false;
                        wrong.push(format!(
                            "{file} {} {level} {version}: expected {expected:?}, got {found:?}",
                            row["doc"]
                        ));
                    }
                }
            }
            right += usize::from(fits);
        }
    }
    eprintln!("real objects: {right} of {documents} right in all of {verdicts} verdicts");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
    assert!(documents > 6000, "only {documents} objects");
}
