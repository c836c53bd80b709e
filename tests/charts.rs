//! Chart fixes, measured on real charts (`helm-open` of the shared corpus): how many findings with a
//! fix are mended, at which kind of place, and why others are refused.
//!
//! Every change is made on a copy, which is then checked again: it still renders, the findings are
//! gone, a second run changes nothing, no comment is lost. With `SEAWORTHY_ORACLE_BIN` (a folder with
//! `helmrender`) real Helm renders each changed chart too and must print what we claim.
//! One chart in eight is taken; `SEAWORTHY_CORPUS=all` takes all, `SEAWORTHY_CASE=text` those whose
//! path holds the text. `SEAWORTHY_LIST=1` prints each finding that stays, with its reason, and each chart's time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use seaworthy::config::Settings;
use seaworthy::engine::render::{ChartPlace, LoadedChart, PrintOptions, RenderRequest};
use seaworthy::engine::{Engine, Outcome, Selection};
use seaworthy::finding::Applicability;
use seaworthy::project::{Discovery, Project, ShownFiles};
use seaworthy::rule::{self, Catalogue};
use seaworthy::source::Limits;

fn restricted() -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.add_standard(&catalogue, "pss:restricted").unwrap();
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

/// How a refusal ends where a vendored chart has no key for a field.
const NO_PLACE: &str = "is vendored, and no values key leads to the field";

fn lists() -> bool {
    std::env::var_os("SEAWORTHY_LIST").is_some()
}

/// What became of the findings of one chart.
#[derive(Default)]
struct Measured {
    /// Findings with a fix.
    fixable: usize,
    /// Those whose fix `--unsafe-fixes` does not make: suggestions.
    suggested: usize,
    /// Those in vendored charts that no value leads to.
    no_place: usize,
    no_fix: usize,
    fixed: BTreeMap<Applicability, usize>,
    /// Those that are fixed without `--unsafe-fixes`.
    fixed_safely: usize,
    sites: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, usize>,
    wrong: Vec<String>,
    helm: Option<bool>,
    time: Duration,
}

fn copy(from: &Path, to: &Path) {
    for file in support::files(from, &[""]) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
}

fn project(folder: &Path) -> Project {
    let discovery =
        Discovery { paths: vec![folder.to_path_buf()], no_gitignore: true, ..Discovery::default() };
    let mut project = Project::discover(&discovery);
    // Charts within the chart's own files are not what is measured.
    let name = folder.to_string_lossy().into_owned();
    project.targets.retain(|target| match target {
        seaworthy::project::Target::Chart(chart) => *chart.name == *name,
        seaworthy::project::Target::Manifests(_) | seaworthy::project::Target::Dockerfiles(_) => false,
    });
    project
}

fn comments(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with('#')).count() + text.matches("{{/*").count()
}

fn measure(engine: &Engine, from: &Path, helm: Option<&Path>) -> Measured {
    let mut measured = Measured::default();
    let copied = tempfile::tempdir().unwrap();
    let folder = copied.path().join(from.file_name().unwrap());
    copy(from, &folder);
    let safely = engine.repair(&project(&folder), &Selection::default()).outcomes;
    measured.fixed_safely = safely.iter().filter(|outcome| outcome.outcome == Outcome::Fixed).count();
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let start = Instant::now();
    let repair = engine.repair(&project(&folder), &selection);
    measured.time = start.elapsed();
    for outcome in &repair.outcomes {
        match &outcome.outcome {
            Outcome::NoFix { .. } => measured.no_fix += 1,
            Outcome::HeldBack { .. } => {
                measured.fixable += 1;
                measured.suggested += 1;
            }
            Outcome::Fixed => {
                measured.fixable += 1;
                *measured.fixed.entry(outcome.applicability.unwrap()).or_default() += 1;
            }
            Outcome::Refused { reason } => {
                measured.fixable += 1;
                measured.no_place += usize::from(reason.ends_with(NO_PLACE));
                *measured.refused.entry(kind_of(reason)).or_default() += 1;
                if lists() {
                    let it = &outcome.finding;
                    let container = it.container.as_deref().unwrap_or("-");
                    eprintln!("{}: {} {} {container}: {reason}", from.display(), it.rule, it.resource);
                }
            }
        }
    }
    if repair.verified.is_empty() {
        return measured;
    }
    for file in repair.verified.files() {
        let name = file.name().rsplit('/').next().unwrap();
        let kind = if name.contains("values") { "values" } else { "template" };
        *measured.sites.entry(kind).or_default() += file.edits().as_slice().len();
        if comments(file.after().text()) < comments(file.before().text()) {
            measured.wrong.push(format!("{}: comments are lost", file.name()));
        }
        if file.edits().apply(file.before().text()) != **file.after().text() {
            measured.wrong.push(format!("{}: the edits are not the change", file.name()));
        }
        fs::write(file.path(), file.after().text().as_bytes()).unwrap();
    }
    let again = engine.repair(&project(&folder), &selection);
    if !again.verified.is_empty() {
        measured.wrong.push(format!("{}: a second run changes it again", from.display()));
    }
    let fixed = repair.outcomes.iter().filter(|outcome| outcome.outcome == Outcome::Fixed).count();
    let (before, after) = (repair.before.findings.len(), again.before.findings.len());
    if after > before - fixed {
        measured.wrong.push(format!("{}: {before} findings, {fixed} fixed, {after} left", from.display()));
    }
    // Charts that print random values or the time are never the same twice.
    let same_before = helm.is_some_and(|program| match (ours(from), helms(program, from)) {
        (Ok(ours), Some(Ok(helms))) => ours == helms,
        _ => false,
    });
    if let Some(program) = helm.filter(|_| same_before) {
        match (ours(&folder), helms(program, &folder)) {
            (Ok(ours), Some(Ok(helms))) => {
                measured.helm = Some(ours == helms);
                if ours != helms {
                    measured.wrong.push(format!("{}: Helm prints something else", from.display()));
                }
            }
            (Ok(_), Some(Err(error))) => {
                measured.wrong.push(format!("{}: Helm refuses it: {error}", from.display()));
            }
            _ => {}
        }
    }
    measured
}

/// A reason without the names in it.
fn kind_of(reason: &str) -> String {
    let word =
        |word: &str| if word.contains(['/', '.', '`', '[']) { "…".to_owned() } else { word.to_owned() };
    reason.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn ours(folder: &Path) -> Result<String, String> {
    let files = ShownFiles::around(folder, "chart", &Limits::default()).map_err(|error| error.to_string())?;
    let chart = LoadedChart::load(ChartPlace::Folder { files: &files, folder: "chart" }, &[])
        .map_err(|problem| problem.message.clone())?;
    let request = RenderRequest { release: Some("rel".to_owned()), ..RenderRequest::default() };
    let render = chart.render(&request).map_err(|error| error.message)?;
    let text = render.print(PrintOptions::default())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn helms(program: &Path, folder: &Path) -> Option<Result<String, String>> {
    let request = serde_json::json!({"id": 1, "chart": folder, "name": "rel"});
    let mut child = Command::new(program)
        .args(["render", "-C", "/"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(format!("{request}\n").as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    Some(match answer["manifest"].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(answer["error"].as_str().unwrap_or("no answer").to_owned()),
    })
}

fn charts(root: &Path) -> Vec<PathBuf> {
    let manifest = fs::read_to_string(root.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().filter(|line| !line.starts_with('#')).filter_map(|row| {
        let column: Vec<&str> = row.split('\t').collect();
        (matches!(column[1], "default" | "ci") && column[2] == "ok").then(|| root.join(column[3]))
    });
    rows.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn chart_fixes_are_made_at_their_source_and_proved() {
    let Some(root) = support::corpus("helm-open") else { return };
    let all = std::env::var("SEAWORTHY_CORPUS").is_ok_and(|what| what == "all");
    let case = std::env::var("SEAWORTHY_CASE").ok();
    let helm = std::env::var_os("SEAWORTHY_ORACLE_BIN").map(|folder| Path::new(&folder).join("helmrender"));
    if helm.is_none() {
        eprintln!("skipped: real Helm is not asked (set SEAWORTHY_ORACLE_BIN)");
    }
    let chosen = |(at, path): &(usize, PathBuf)| match &case {
        Some(case) => path.to_string_lossy().contains(case.as_str()),
        None => all || at % 8 == 0,
    };
    let charts: Vec<_> = charts(&root).into_iter().enumerate().filter(chosen).collect();
    let engine = restricted();
    let measured: Vec<Measured> =
        charts.par_iter().with_max_len(1).map(|(_, path)| measure(&engine, path, helm.as_deref())).collect();
    let (mut sum, mut slow) = (Measured::default(), (Duration::ZERO, String::new()));
    let mut asked = (0, 0);
    for (measured, (_, path)) in measured.into_iter().zip(&charts) {
        sum.fixable += measured.fixable;
        sum.fixed_safely += measured.fixed_safely;
        sum.suggested += measured.suggested;
        sum.no_place += measured.no_place;
        sum.no_fix += measured.no_fix;
        for (level, count) in measured.fixed {
            *sum.fixed.entry(level).or_default() += count;
        }
        for (site, count) in measured.sites {
            *sum.sites.entry(site).or_default() += count;
        }
        for (reason, count) in measured.refused {
            *sum.refused.entry(reason).or_default() += count;
        }
        sum.wrong.extend(measured.wrong);
        if let Some(same) = measured.helm {
            asked = (asked.0 + 1, asked.1 + usize::from(same));
        }
        if lists() {
            eprintln!("{:?} {}", measured.time, path.display());
        }
        if measured.time > slow.0 {
            slow = (measured.time, path.display().to_string());
        }
        sum.time += measured.time;
    }
    let fixed: usize = sum.fixed.values().sum();
    eprintln!(
        "{} charts: {} findings have a fix, {fixed} fixed ({} %), by level {:?}; edits by site {:?}; {} without a fix",
        charts.len(),
        sum.fixable,
        fixed * 100 / sum.fixable.max(1),
        sum.fixed,
        sum.sites,
        sum.no_fix
    );
    let admitted = sum.fixable - sum.suggested;
    let placed = admitted - sum.no_place;
    eprintln!(
        "  {} are suggestions; of {admitted} others {} are in vendored charts without a key: {fixed} of {placed} with a place are fixed ({} %)",
        sum.suggested,
        sum.no_place,
        fixed * 100 / placed.max(1)
    );
    eprintln!("  without --unsafe-fixes {} are fixed", sum.fixed_safely);
    let mut refused: Vec<_> = sum.refused.iter().collect();
    refused.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (reason, count) in refused.iter().take(30) {
        eprintln!("  refused {count}: {reason}");
    }
    eprintln!("{:?} in all, slowest {:?} ({})", sum.time, slow.0, slow.1);
    if helm.is_some() {
        eprintln!("real Helm prints the same for {} of {} changed charts", asked.1, asked.0);
    }
    for wrong in sum.wrong.iter().take(20) {
        eprintln!("  wrong: {wrong}");
    }
    assert!(sum.wrong.is_empty());
    // One chart of the sample has most of what is refused.
    let bar = if all { 95 } else { 90 };
    assert!(case.is_some() || fixed * 100 >= placed * bar, "fewer findings are fixed than recorded");
}
