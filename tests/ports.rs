//! Ports moved on real manifests and charts (`manifests-open` and `helm-open` of the shared corpus): whatever a
//! Service's target port led to before, it leads to afterwards, in all files of a project and in what a chart
//! prints with its default values; a second run is empty; and, with `SEAWORTHY_ORACLE_BIN` (a folder with
//! `apivalidate`), Kubernetes' own code takes every object that it took before.
//! One project in three is taken; `SEAWORTHY_CORPUS=all` takes all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]
#[path = "support/mod.rs"]
mod support;
#[path = "support/validate.rs"]
mod validate;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use seaworthy::config::Settings;
use seaworthy::engine::render::{ChartPlace, LoadedChart, PrintOptions, RenderRequest};
use seaworthy::engine::{Engine, Outcome, Repair, Selection};
use seaworthy::finding::Finding;
use seaworthy::project::{Discovery, InputFile, Project, Role, ShownFiles, Target};
use seaworthy::resource::{Document, Kinds, get, read_int, read_text};
use seaworthy::rule::{self, Catalogue};
use seaworthy::source::{Limits, Source};
use seaworthy::yaml;

fn engine() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.enable(&catalogue, "privileged-port").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

/// Levels are not what is measured here: everything that is offered is applied.
fn everything() -> Selection {
    Selection {
        unsafe_fixes: true,
        suggestions: std::iter::once("privileged-port".to_owned()).collect(),
        ..Selection::default()
    }
}

#[derive(Default)]
struct Tally {
    projects: usize,
    files: usize,
    found: usize,
    proposed: BTreeMap<String, usize>,
    applied: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
    changed: usize,
    linked: usize,
    resolved: usize,
    wrong: Vec<String>,
    /// Texts that changed: name, before, after.
    texts: Vec<(String, String, String)>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.projects += other.projects;
        self.files += other.files;
        self.found += other.found;
        self.changed += other.changed;
        self.linked += other.linked;
        self.resolved += other.resolved;
        for (into, from) in [
            (&mut self.proposed, other.proposed),
            (&mut self.applied, other.applied),
            (&mut self.refused, other.refused),
        ] {
            for (key, count) in from {
                *into.entry(key).or_default() += count;
            }
        }
        self.wrong.extend(other.wrong);
        self.texts.extend(other.texts);
        self
    }

    /// What was offered.
    fn offered(&mut self, findings: &[Finding]) {
        self.found += findings.len();
        for finding in findings {
            let what = match finding.fix() {
                Some(fix) => format!("{} {}", fix.applicability, kind_of(&fix.title)),
                None => format!("none: {}", kind_of(finding.no_fix.as_deref().unwrap_or_default())),
            };
            *self.proposed.entry(what).or_default() += 1;
            if let Some(reason) = finding.no_fix.as_ref().filter(|_| finding.fix().is_some()) {
                *self.proposed.entry(format!("not moved: {}", kind_of(reason))).or_default() += 1;
            }
        }
    }

    /// What became of it.
    fn became(&mut self, repair: &Repair) {
        for outcome in &repair.outcomes {
            match &outcome.outcome {
                Outcome::Fixed => {
                    *self.applied.entry(kind_of(outcome.title.as_deref().unwrap_or("?"))).or_default() += 1;
                }
                Outcome::Refused { reason }
                | Outcome::NoFix { reason }
                | Outcome::HeldBack { reason, .. } => {
                    *self.refused.entry(kind_of(reason)).or_default() += 1;
                }
            }
        }
        self.changed += repair.verified.files().len();
    }

    fn print(&self, what: &str, start: std::time::Instant) {
        eprintln!(
            "ports: {} {what}, {} files, {} findings; {} files changed, {} of them without a finding of their own; {} Service ports resolve; {:.0} s",
            self.projects,
            self.files,
            self.found,
            self.changed,
            self.linked,
            self.resolved,
            start.elapsed().as_secs_f64()
        );
        for (what, counts) in
            [("proposed", &self.proposed), ("applied", &self.applied), ("not applied", &self.refused)]
        {
            let mut counts: Vec<_> = counts.iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            for (reason, count) in counts {
                eprintln!("  {what} {count}: {reason}");
            }
        }
        for wrong in self.wrong.iter().take(40) {
            eprintln!("  wrong: {wrong}");
        }
        validate::stay_valid(&self.texts);
        assert!(self.wrong.is_empty(), "{} wrong", self.wrong.len());
    }
}

/// What a text is after numbers, names of images and objects are taken out of it.
fn kind_of(text: &str) -> String {
    let word = |word: &str| {
        if word.contains(['/', ':']) || word.chars().any(|c| c.is_ascii_digit()) {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// For every port of every Service and every pod of its folder that it selects: which containers'
/// ports it leads to, by position. Read here once more, without the code under test.
fn leads(texts: &[(String, String)]) -> HashMap<String, Vec<String>> {
    let kinds = Kinds::shipped();
    let mut pods = Vec::new();
    let mut services = Vec::new();
    for (name, text) in texts {
        let source = Arc::new(Source::new(name.as_str(), text.as_str()));
        let tree = Arc::new(yaml::parse(&source, &Limits::default()).tree);
        for (index, object) in Document::objects(&tree, kinds).into_iter().enumerate() {
            let folder = Path::new(name).parent().map(Path::to_path_buf).unwrap_or_default();
            if object.kind().kind == "Service" && object.kind().group.is_empty() {
                services.push((folder, format!("{name}#{index}"), object));
            } else if !object.pods().is_empty() {
                pods.push((folder, format!("{name}#{index}"), object));
            }
        }
    }
    let mut found = HashMap::new();
    for (folder, service_id, service) in &services {
        let (tree, root) = (service.tree(), service.root());
        let Some(selector) = get(tree, root, &["spec", "selector"]).value() else { continue };
        let selector = tree.to_json(selector).unwrap_or_default();
        let Some(selector) = selector.as_object().filter(|map| !map.is_empty()) else { continue };
        let Some(ports) = get(tree, root, &["spec", "ports"]).value() else { continue };
        for (at, &port) in tree.items(ports).iter().enumerate() {
            let protocol = read_text(tree, port, &["protocol"]).value().unwrap_or("TCP".into()).into_owned();
            let target = get(tree, port, &["targetPort"]).value().or(get(tree, port, &["port"]).value());
            let Some(target) = target.map(|node| tree.to_json(node).unwrap_or_default()) else { continue };
            let mut to = Vec::new();
            for (pod_folder, pod_id, object) in &pods {
                let apart = service.namespace().zip(object.namespace()).is_some_and(|(a, b)| a != b);
                if pod_folder != folder || apart {
                    continue;
                }
                for (number, pod) in object.pods().iter().enumerate() {
                    let tree = object.tree();
                    let labels = pod.metadata.and_then(|it| get(tree, it, &["labels"]).value());
                    let labels = labels.map(|it| tree.to_json(it).unwrap_or_default()).unwrap_or_default();
                    if !selector.iter().all(|(key, value)| labels.get(key) == Some(value)) {
                        continue;
                    }
                    for container in &pod.containers {
                        let Some(ports) = get(tree, container.node, &["ports"]).value() else { continue };
                        for (index, &port) in tree.items(ports).iter().enumerate() {
                            let own = read_text(tree, port, &["protocol"]).value().unwrap_or("TCP".into());
                            let same = match &target {
                                serde_json::Value::Number(wanted) => {
                                    read_int(tree, port, &["containerPort"]).value() == wanted.as_i64()
                                }
                                serde_json::Value::String(wanted) => read_text(tree, port, &["name"])
                                    .value()
                                    .is_some_and(|name| name == *wanted),
                                _ => false,
                            };
                            if same && own == protocol {
                                to.push(format!("{pod_id}/{number}/{}/{index}", container.path));
                            }
                        }
                    }
                }
            }
            if !to.is_empty() {
                found.insert(format!("{service_id}/{at}"), to);
            }
        }
    }
    found
}

fn measure(engine: &Engine, folder: &Path) -> Tally {
    let discovery =
        Discovery { paths: vec![folder.to_path_buf()], no_gitignore: true, ..Discovery::default() };
    let discovered = Project::discover(&discovery);
    let mut tally = Tally { projects: 1, ..Tally::default() };
    let mut texts = Vec::new();
    let mut patches = Vec::new();
    for file in discovered.manifests() {
        if let Ok(source) = file.read(&Limits::default()) {
            if file.role() == Role::OverlayPatch {
                patches.push(file.name().to_string());
            }
            texts.push((file.name().to_string(), source.text().to_string()));
        }
    }
    let project = |texts: &[(String, String)]| {
        let role = |name: &String| {
            if patches.contains(name) { Role::OverlayPatch } else { Role::Manifest }
        };
        let file = |(name, text): &(String, String)| {
            InputFile::in_memory(name.as_str(), text.as_bytes()).with_role(role(name))
        };
        let mut project = Project::of_files(texts.iter().map(file).collect());
        project.whole = true;
        project
    };
    tally.files = texts.len();
    let before = project(&texts);
    tally.offered(&engine.analyze(&before).findings);
    if tally.found == 0 {
        return tally;
    }
    let repair = engine.repair(&before, &everything());
    tally.became(&repair);
    let changed = repair.verified.files().iter();
    tally.texts = changed
        .map(|file| {
            (file.name().to_string(), file.before().text().to_string(), file.after().text().to_string())
        })
        .collect();
    let own: Vec<_> = repair.outcomes.iter().map(|outcome| outcome.finding.primary.path().clone()).collect();
    tally.linked = repair.verified.files().iter().filter(|file| !own.contains(file.name())).count();
    let mut after = texts.clone();
    for (name, text) in &mut after {
        if let Some(file) = repair.verified.files().iter().find(|file| **file.name() == **name) {
            *text = file.after().text().to_string();
        }
    }
    let (old, new) = (leads(&texts), leads(&after));
    tally.resolved = old.len();
    for (port, to) in &old {
        if new.get(port) != Some(to) {
            tally.wrong.push(format!("{port} led to {to:?}, now to {:?}", new.get(port)));
        }
    }
    let again = engine.repair(&project(&after), &everything());
    for file in again.verified.files() {
        tally.wrong.push(format!("{}: a second run changes it again", file.name()));
    }
    tally
}

#[test]
fn services_of_real_manifests_still_lead_where_they_led() {
    let Some(folder) = support::corpus("manifests-open") else { return };
    // One folder an owner, one below it a repository: each is a project of its own.
    let below = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect()
    };
    let mut folders: Vec<PathBuf> = below(&folder).iter().flat_map(|owner| below(owner)).collect();
    folders.sort();
    if std::env::var("SEAWORTHY_CORPUS").is_err() {
        folders = folders.into_iter().step_by(3).collect();
    }
    let engine = engine();
    let start = std::time::Instant::now();
    let tally = folders.par_iter().map(|folder| measure(&engine, folder)).reduce(Tally::default, Tally::add);
    tally.print("projects", start);
    assert!(tally.applied.values().sum::<usize>() > 30, "hardly anything was applied");
}

/// What a chart prints with its default values.
fn printed(folder: &Path) -> Option<String> {
    let files = ShownFiles::around(folder, "chart", &Limits::default()).ok()?;
    let chart = LoadedChart::load(ChartPlace::Folder { files: &files, folder: "chart" }, &[]).ok()?;
    let render = chart.render(&RenderRequest::default()).ok()?;
    Some(String::from_utf8_lossy(&render.print(PrintOptions::default()).ok()?).into_owned())
}

/// The chart in a folder; charts within its own files are not what is measured.
fn chart_of(folder: &Path) -> Project {
    let discovery =
        Discovery { paths: vec![folder.to_path_buf()], no_gitignore: true, ..Discovery::default() };
    let mut project = Project::discover(&discovery);
    let name = folder.to_string_lossy().into_owned();
    project.targets.retain(|target| matches!(target, Target::Chart(chart) if *chart.name == *name));
    project
}

fn measure_chart(engine: &Engine, from: &Path) -> Tally {
    let project = chart_of(from);
    let mut tally =
        Tally { projects: 1, files: support::files(from, &[".yaml", ".tpl"]).len(), ..Tally::default() };
    tally.offered(&engine.analyze(&project).findings);
    if tally.found == 0 {
        return tally;
    }
    let copied = tempfile::tempdir().unwrap();
    let folder = copied.path().join(from.file_name().unwrap());
    for file in support::files(from, &[""]) {
        let target = folder.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, &target).unwrap();
    }
    let before = printed(&folder);
    let repair = engine.repair(&chart_of(&folder), &everything());
    tally.became(&repair);
    if repair.verified.is_empty() {
        return tally;
    }
    for file in repair.verified.files() {
        std::fs::write(file.path(), file.after().text().as_bytes()).unwrap();
    }
    let name = from.display().to_string();
    if let Some(before) = before {
        let Some(after) = printed(&folder) else {
            tally.wrong.push(format!("{name} does not render any more"));
            return tally;
        };
        let (old, new) = (leads(&[(name.clone(), before.clone())]), leads(&[(name.clone(), after.clone())]));
        tally.resolved = old.len();
        for (port, to) in old.iter().filter(|(port, to)| new.get(*port) != Some(*to)) {
            tally.wrong.push(format!("{port} led to {to:?}, now to {:?}", new.get(port)));
        }
        tally.texts.push((name.clone(), before, after));
    }
    if !engine.repair(&chart_of(&folder), &everything()).verified.is_empty() {
        tally.wrong.push(format!("{name}: a second run changes it again"));
    }
    tally
}

#[test]
fn services_of_real_charts_still_lead_where_they_led() {
    let Some(root) = support::corpus("helm-open") else { return };
    let manifest = std::fs::read_to_string(root.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().filter(|line| !line.starts_with('#')).filter_map(|row| {
        let column: Vec<&str> = row.split('\t').collect();
        (matches!(column[1], "default" | "ci") && column[2] == "ok").then(|| root.join(column[3]))
    });
    let mut folders: Vec<PathBuf> = rows.collect::<BTreeSet<_>>().into_iter().collect();
    if std::env::var("SEAWORTHY_CORPUS").is_err() {
        folders = folders.into_iter().step_by(3).collect();
    }
    let engine = engine();
    let start = std::time::Instant::now();
    let one = |folder: &PathBuf| measure_chart(&engine, folder);
    let tally = folders.par_iter().with_max_len(1).map(one).reduce(Tally::default, Tally::add);
    tally.print("charts", start);
    assert!(tally.applied.values().sum::<usize>() > 0, "nothing was applied");
}
