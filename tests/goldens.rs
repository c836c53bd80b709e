//! Every case of the open chart corpus against what Helm 4.3.1 printed for it.
//!
//! A case that Helm renders must be the same byte for byte, outside the lines that are random; one
//! that Helm refuses must be refused with an error of the same class at the same place. The counts
//! are printed; fewer than recorded below fail the test. `SEAWORTHY_CASE=text` runs only the cases
//! whose name holds the text and shows how they differ; `SEAWORTHY_CASES=folder` takes those of
//! another folder that is laid out like the corpus.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "support/charts.rs"]
mod charts;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use charts::{Case, cases};
use seaworthy::helm::budget::Bounds;
use seaworthy::helm::chart::Chart;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::render::render;
use seaworthy::project::DiskFiles;
use seaworthy::source::Limits;

/// Cases that must be right: deterministic, masked, errors (the same text for Helm's own
/// nondeterminism set aside).
const LEAST: (usize, usize, usize) = (833, 254, 499);

/// The most steps, and bytes of text, that a case which renders took of its bounds.
static MOST_USED: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// A render as the command line does it: what goes to standard output, or the error's text.
fn run(
    root: &Path,
    files: &DiskFiles,
    charts: &mut BTreeMap<String, Result<Arc<Chart>, String>>,
    case: &Case,
) -> (Result<Vec<u8>, String>, Duration) {
    let (scenario, output) = match case.scenario(root) {
        Ok(both) => both,
        Err(error) => return (Err(error), Duration::ZERO),
    };
    let load = || load_folder(files, &case.chart, &LoadOptions::default()).map_err(|error| error.to_string());
    let chart = match charts.entry(case.chart.clone()).or_insert_with(load) {
        Ok(chart) => Arc::clone(chart),
        Err(error) => return (Err(error.clone()), Duration::ZERO),
    };
    let start = Instant::now();
    let rendered = render(&chart, &scenario);
    // What Helm refuses may be endless.
    for (most, used) in MOST_USED.iter().zip([rendered.used_up.0, rendered.used_up.1]) {
        most.fetch_max(if case.ok { used } else { 0 }, Ordering::Relaxed);
    }
    let printed = rendered.print(&output);
    (printed.map_err(|error| error.to_string()), start.elapsed())
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|&byte| byte == b'\n').collect()
}

fn same_output(case: &Case, expected: &[u8], found: &[u8]) -> bool {
    if case.deterministic != "masked" {
        return expected == found;
    }
    let (expected, found) = (lines(expected), lines(found));
    expected.len() == found.len()
        && expected
            .iter()
            .zip(&found)
            .enumerate()
            .all(|(at, (a, b))| a == b || case.masked.contains(&(at + 1)))
}

/// What kind of error, and where: the words up to and including the first place, or the message.
fn class(text: &str) -> String {
    let text = text.strip_prefix("Error: ").unwrap_or(text).trim();
    let first = text.lines().next().unwrap_or("");
    for (start, name) in [("execution error at (", "fails"), ("parse error at (", "parse")] {
        if let Some(rest) = first.strip_prefix(start) {
            return format!("{name} {}", rest.split(')').next().unwrap_or(""));
        }
    }
    // One error has two shapes, by what stands innermost.
    if let Some(rest) = first.strip_prefix("template: ") {
        return format!("exec {}", rest.split(": ").next().unwrap_or(""));
    }
    if text.lines().nth(1).is_some_and(|line| line.trim_start().starts_with("executing ")) {
        return format!("exec {first}");
    }
    for start in ["YAML parse error on ", "cannot load ", "error unpacking subchart ", "validation: "] {
        if first.starts_with(start) {
            let end =
                if start == "validation: " { first.len() } else { first.find(": ").unwrap_or(first.len()) };
            return first[..end].to_owned();
        }
    }
    if first.starts_with("values don't meet") {
        let mut lines: Vec<&str> =
            text.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("- at ")).collect();
        lines.sort_unstable();
        return format!("schema {}", lines.join(" "));
    }
    first.to_owned()
}

fn same_error(expected: &str, found: &str) -> (bool, bool) {
    let expected = expected.lines().filter(|line| !line.starts_with("level=")).collect::<Vec<_>>().join("\n");
    let body = expected.strip_prefix("Error: ").unwrap_or(&expected).trim();
    let body = body.strip_suffix("Use --debug flag to render out invalid YAML").unwrap_or(body).trim();
    let mut both = [body, found.trim()].map(|text| text.lines().map(str::trim_end).collect::<Vec<_>>());
    let exact = both[0] == both[1] || {
        both.iter_mut().for_each(|lines| lines.sort_unstable());
        both[0] == both[1]
    };
    (class(body) == class(found), exact)
}

fn show(expected: &[u8], found: &[u8], masked: &BTreeSet<usize>) {
    let (expected, found) = (lines(expected), lines(found));
    let differs = |at: &usize| expected.get(*at) != found.get(*at) && !masked.contains(&(at + 1));
    let first = (0..expected.len().max(found.len())).find(differs).unwrap_or(0);
    for at in first.saturating_sub(3)..first + 6 {
        let text = |lines: &[&[u8]]| {
            lines.get(at).map_or("<end>".to_owned(), |it| String::from_utf8_lossy(it).into_owned())
        };
        println!("{:5} helm |{}\n      ours |{}", at + 1, text(&expected), text(&found));
    }
}

#[test]
fn charts_render_as_helm_renders_them() {
    let other = std::env::var_os("SEAWORTHY_CASES").map(PathBuf::from);
    let Some(root) = other.clone().or_else(|| support::corpus("helm-open")) else { return };
    let files = DiskFiles::new(&root, &Limits::default()).unwrap();
    let filter = std::env::var("SEAWORTHY_CASE").ok();
    let mut charts = BTreeMap::new();
    let mut counts: BTreeMap<(String, &str), (usize, usize, usize)> = BTreeMap::new();
    let (mut right, mut wrong, mut times) = ((0, 0, 0), Vec::new(), Vec::new());
    for case in cases(&root) {
        if filter.as_ref().is_some_and(|filter| !case.name.contains(filter.as_str())) {
            continue;
        }
        let (found, time) = run(&root, &files, &mut charts, &case);
        let golden = fs::read(root.join(&case.golden)).unwrap();
        let status = match (case.ok, case.deterministic.as_str()) {
            (true, "masked") => "masked",
            (true, _) => "deterministic",
            (false, "panic") => continue,
            (false, _) => "error",
        };
        let (good, exact) = match &found {
            Ok(found) if case.ok => {
                times.push((time, case.name.clone()));
                (same_output(&case, &golden, found), true)
            }
            Err(found) if !case.ok => same_error(&String::from_utf8_lossy(&golden), found),
            _ => (false, false),
        };
        let count = counts.entry((case.kind.clone(), status)).or_default();
        count.0 += 1;
        count.1 += usize::from(good);
        count.2 += usize::from(good && exact);
        match status {
            "deterministic" => right.0 += usize::from(good),
            "masked" => right.1 += usize::from(good),
            _ => right.2 += usize::from(good),
        }
        if filter.is_some() && !(good && exact) {
            match &found {
                Ok(found) => show(&golden, found, &case.masked),
                Err(found) => println!(
                    "helm: {}\nours: {found}",
                    String::from_utf8_lossy(&golden[..golden.len().min(600)])
                ),
            }
        }
        if good {
            continue;
        }
        let what = match &found {
            Ok(_) if case.ok => "differs".to_owned(),
            Ok(_) => format!("should fail: {}", class(&String::from_utf8_lossy(&golden))),
            Err(error) if case.ok => format!("fails: {}", class(error)),
            Err(error) => format!("{} instead of {}", class(error), class(&String::from_utf8_lossy(&golden))),
        };
        wrong.push(format!("{} ({status}): {what}", case.name));
    }
    for ((kind, status), (all, good, exact)) in &counts {
        let texts = if *status == "error" { format!(", {exact} with the same text") } else { String::new() };
        println!("{kind:8} {status:14} {good:4} of {all:4}{texts}");
    }
    times.sort();
    let total: Duration = times.iter().map(|(time, _)| *time).sum();
    if let (Some(median), Some(worst)) = (times.get(times.len() / 2), times.last()) {
        println!(
            "{} renders in {total:?}, median {:?}, worst {:?} ({})",
            times.len(),
            median.0,
            worst.0,
            worst.1
        );
    }
    let (most, bounds) = (MOST_USED.each_ref().map(|most| most.load(Ordering::Relaxed)), Bounds::default());
    println!("at most {} steps of {}, {} bytes of {}", most[0], bounds.steps, most[1], bounds.bytes);
    println!(
        "right: {} deterministic, {} masked, {} errors; wrong: {}",
        right.0,
        right.1,
        right.2,
        wrong.len()
    );
    for line in wrong.iter().take(if filter.is_some() { usize::MAX } else { 60 }) {
        println!("  {line}");
    }
    assert!(most[0] < bounds.steps / 3 && most[1] < bounds.bytes / 3, "real charts come near the bounds");
    if filter.is_none() && other.is_none() {
        assert!(
            right.0 >= LEAST.0 && right.1 >= LEAST.1 && right.2 >= LEAST.2,
            "fewer cases right than recorded"
        );
    }
}
