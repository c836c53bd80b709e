//! Charts in one process: the check of all of them in all their scenarios, and fixes with their proofs.
//!
//! Reads the charts of `helm-open` of the shared corpus as the tests unpack it (`target/corpus`), or the folder in
//! `SEAWORTHY_BENCH_DIR`; without either the charts of the test data. Fixes are made for one chart in sixteen;
//! nothing is written. What is reported per second are charts.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use rayon::ThreadPool;
use seaworthy::config::Settings;
use seaworthy::engine::{Engine, Selection};
use seaworthy::project::{Discovery, Project, Target};
use seaworthy::rule::{self, Catalogue};

/// One chart in so many is fixed.
const EACH: usize = 16;

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let given = std::env::var_os("SEAWORTHY_BENCH_DIR").map(PathBuf::from);
    let unpacked = root.join("target/corpus/helm-open/charts");
    given.unwrap_or_else(|| if unpacked.is_dir() { unpacked } else { root.join("testdata/cli") })
}

/// The charts of the folder: of each run of `each` the first.
fn charts(each: usize) -> Project {
    let discovery = Discovery { paths: vec![folder()], no_gitignore: true, ..Discovery::default() };
    let mut project = Project::discover(&discovery);
    project.targets.retain(|target| matches!(target, Target::Chart(_)));
    let mut at = 0;
    project.targets.retain(|_| {
        at += 1;
        (at - 1) % each == 0
    });
    project
}

fn engine(standard: Option<&str>) -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = match standard {
        Some(_) => rule::Selection::none(&catalogue),
        None => rule::Selection::new(&catalogue),
    };
    if let Some(standard) = standard {
        rules.add_standard(&catalogue, standard).unwrap();
    }
    Engine::new(catalogue, rules, Settings::default()).unwrap()
}

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

fn check(criterion: &mut Criterion) {
    let (engine, project) = (engine(None), charts(1));
    let mut group = criterion.benchmark_group("check charts in all scenarios");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(project.targets.len() as u64));
    for threads in [1, 2] {
        let pool = pool(threads);
        group.bench_function(format!("{threads} threads"), |bencher| {
            bencher.iter(|| pool.install(|| black_box(engine.analyze(&project))));
        });
    }
    group.finish();
}

fn fix(criterion: &mut Criterion) {
    let (engine, project) = (engine(Some("pss:restricted")), charts(EACH));
    let selection = Selection { unsafe_fixes: true, ..Selection::default() };
    let mut group = criterion.benchmark_group("fix charts and prove it");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements(project.targets.len() as u64));
    for threads in [1, 2] {
        let pool = pool(threads);
        group.bench_function(format!("{threads} threads"), |bencher| {
            bencher.iter(|| pool.install(|| black_box(engine.repair(&project, &selection))));
        });
    }
    group.finish();
}

criterion_group!(all, check, fix);
criterion_main!(all);
