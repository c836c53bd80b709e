//! Speed of rendering: every default and ci case of the open chart corpus that Helm renders, in one
//! process and on one core, beside what Helm itself needs within a running process.
//!
//! A case is loaded, rendered with origins and printed, as Helm's number counts it ("first"); then
//! rendered once more with the chart at hand, as a check of several scenarios does ("again"). At last all
//! cases are passed over as in a run over one repository, where template files with the same bytes are
//! parsed once ("shared"); every pass begins with none.
//! `SEAWORTHY_CASE=text` measures only the cases whose name holds the text.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]
#[path = "../tests/support/charts.rs"]
mod charts;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use charts::{Case, cases};
use seaworthy::helm::chart::Chart;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::parsed::ParsedTemplates;
use seaworthy::helm::render::{Output, render};
use seaworthy::helm::scenario::Scenario;
use seaworthy::project::DiskFiles;
use seaworthy::source::Limits;

/// Runs of a case; the median counts.
const RUNS: usize = 5;

struct Times {
    first: Duration,
    again: Duration,
}

/// A case that was rendered once, and how long that took.
struct Rendered {
    chart: Arc<Chart>,
    scenario: Scenario,
    output: Output,
    time: Duration,
}

fn load_and_render(
    root: &Path,
    files: &DiskFiles,
    case: &Case,
    parsed: Option<&Arc<ParsedTemplates>>,
) -> Rendered {
    let start = Instant::now();
    let (scenario, output) = case.scenario(root).unwrap();
    let options = LoadOptions { parsed, ..LoadOptions::default() };
    let chart = load_folder(files, &case.chart, &options).unwrap();
    black_box(render(&chart, &scenario).print(&output).unwrap());
    Rendered { time: start.elapsed(), chart, scenario, output }
}

fn measure(root: &Path, files: &DiskFiles, case: &Case) -> Times {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let Rendered { chart, scenario, output, time } = load_and_render(root, files, case, None);
        first.push(time);
        let start = Instant::now();
        black_box(render(&chart, &scenario).print(&output).unwrap());
        again.push(start.elapsed());
    }
    Times { first: at(&mut first, 0.5), again: at(&mut again, 0.5) }
}

/// The times of all cases in one pass, each the median of the passes.
fn pass(root: &Path, files: &DiskFiles, cases: &[Case]) -> Vec<Duration> {
    let one = |_| -> Vec<Duration> {
        let parsed = Arc::default();
        cases.iter().map(|case| load_and_render(root, files, case, Some(&parsed)).time).collect()
    };
    let passes: Vec<_> = (0..RUNS).map(one).collect();
    (0..cases.len())
        .map(|at_case| at(&mut passes.iter().map(|it| it[at_case]).collect::<Vec<_>>(), 0.5))
        .collect()
}

/// The value below which a share of the values lies.
fn at<T: Copy + PartialOrd>(values: &mut [T], share: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let index = (values.len() as f64 * share) as usize;
    values[index.min(values.len() - 1)]
}

fn line(what: &str, times: &[Duration], helm: &[f64]) {
    let mut milliseconds: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
    let mut ratios: Vec<f64> =
        milliseconds.iter().zip(helm).map(|(ours, helm)| ours / helm.max(0.1)).collect();
    let total: f64 = milliseconds.iter().sum();
    println!(
        "{what:6} median {:8.3} ms, 90% within {:8.3} ms, all {total:8.0} ms; of Helm's time: median {:.3}, all {:.3}",
        at(&mut milliseconds, 0.5),
        at(&mut milliseconds, 0.9),
        at(&mut ratios, 0.5),
        total / helm.iter().sum::<f64>()
    );
}

fn main() {
    let Some(root) = support::corpus("helm-open") else { return };
    let files = DiskFiles::new(&root, &Limits::default()).unwrap();
    let filter = std::env::var("SEAWORTHY_CASE").unwrap_or_default();
    let cases: Vec<Case> = cases(&root)
        .into_iter()
        .filter(|case| {
            case.ok && matches!(case.kind.as_str(), "default" | "ci") && case.name.contains(&filter)
        })
        .collect();
    if cases.is_empty() {
        return println!("no case");
    }
    let times: Vec<Times> = cases.iter().map(|case| measure(&root, &files, case)).collect();
    let mut slowest: Vec<(&Times, &Case)> = times.iter().zip(&cases).collect();
    slowest.sort_by_key(|(times, _)| std::cmp::Reverse(times.again));
    for (times, case) in slowest.iter().take(15) {
        println!("{:>10.3?} {:>10.3?} {:>8.1} ms  {}", times.first, times.again, case.helm_ms, case.name);
    }
    let helm: Vec<f64> = cases.iter().map(|case| case.helm_ms).collect();
    println!("{} cases", cases.len());
    let (first, again): (Vec<_>, Vec<_>) = times.iter().map(|times| (times.first, times.again)).unzip();
    line("first", &first, &helm);
    line("again", &again, &helm);
    line("shared", &pass(&root, &files, &cases), &helm);
    let mut sorted = helm.clone();
    println!("Helm   median {:8.3} ms, all {:8.0} ms", at(&mut sorted, 0.5), helm.iter().sum::<f64>());
}
