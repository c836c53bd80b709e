//! What checking costs beside walking the files and parsing them into span trees alone, on one thread and on two.
//!
//! Reads `manifests-open` of the shared corpus as the tests unpack it (`target/corpus`), or the folder
//! in `SEAWORTHY_BENCH_DIR`; without either the test data of the repository. Both are measured in turn, and the
//! median of the runs counts: what else a machine does meanwhile so reaches both.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use seaworthy::config::Settings;
use seaworthy::engine::{Analysis, Engine};
use seaworthy::project::{Discovery, Project};
use seaworthy::rule::{self, Catalogue};
use seaworthy::source::Limits;
use seaworthy::yaml;

/// Runs of each; the median counts.
const RUNS: usize = 9;

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("SEAWORTHY_BENCH_DIR").map(PathBuf::from);
    let unpacked = root.join("target/corpus/manifests-open");
    given.unwrap_or_else(|| if unpacked.is_dir() { unpacked } else { root.join("testdata") })
}

fn discover() -> Project {
    Project::discover(&Discovery { paths: vec![folder()], no_gitignore: true, ..Discovery::default() })
}

/// Walks, reads and parses everything.
fn parse() -> usize {
    let project = discover();
    let files: Vec<_> = project.manifests().collect();
    let nodes = files.par_iter().map(|file| match file.read(&Limits::default()) {
        Ok(source) => yaml::parse(&source, &Limits::default()).tree.len(),
        Err(_) => 0,
    });
    nodes.sum()
}

/// What `check` does, but for its report: with the best repair of each finding, or without any, as `check -qq`.
fn check(repairs: bool) -> Analysis {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let rules = rule::Selection::new(&catalogue);
    let engine = Engine::new(catalogue, rules, Settings::default()).unwrap();
    let project = discover();
    let engine = engine.with_images_of(&project).with_installs_of(&project).with_best_fixes();
    let engine = if repairs { engine.with_previews() } else { engine.without_repairs() };
    engine.analyze(&project)
}

fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let done = black_box(work());
    let elapsed = start.elapsed();
    // Not part of it: the program ends without.
    drop(done);
    elapsed
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// The largest resident set so far in MiB, where the system tells it.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn main() {
    let project = discover();
    let lengths = project.manifests().filter_map(|file| file.read(&Limits::default()).ok());
    let megabytes = lengths.map(|source| source.len()).sum::<usize>() as f64 / 1e6;
    let files = project.manifests().count();
    println!("{files} files, {megabytes:.1} MB");
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let once = || [time(parse), time(|| check(false)), time(|| check(true))];
            once();
            let runs: Vec<_> = (0..RUNS).map(|_| once()).collect();
            let [parsing, finding, checking] =
                [0, 1, 2].map(|at| median(runs.iter().map(|run| run[at]).collect()));
            println!("{threads} threads: walk and parse {:.0} ms", parsing * 1e3);
            for (what, seconds) in [("check without repairs", finding), ("check", checking)] {
                println!(
                    "  {what}: {:.0} ms, {:.2} times that, {:.1} MB/s, {:.0} files/s",
                    seconds * 1e3,
                    seconds / parsing,
                    megabytes / seconds,
                    files as f64 / seconds
                );
            }
        });
    }
    if let Some(peak) = peak() {
        println!("largest resident set {peak:.0} MiB");
    }
}
