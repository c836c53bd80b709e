//! What checking costs beside walking the files and parsing them into span trees alone.
//!
//! Reads `manifests-open` of the shared corpus as the tests unpack it (`target/corpus`), or the folder
//! in `SEAWORTHY_BENCH_DIR`; without either the demo manifests of the repository.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::prelude::*;
use seaworthy::config::Settings;
use seaworthy::engine::Engine;
use seaworthy::project::{Discovery, Project};
use seaworthy::rule::{self, Catalogue};
use seaworthy::source::Limits;
use seaworthy::yaml;

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

fn benches(criterion: &mut Criterion) {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let rules = rule::Selection::new(&catalogue);
    let engine = Engine::new(catalogue, rules, Settings::default()).unwrap();
    let project = discover();
    let bytes = project.manifests().filter_map(|file| file.read(&Limits::default()).ok());
    let bytes: usize = bytes.map(|source| source.len()).sum();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut group = criterion.benchmark_group(format!("{threads} threads"));
        group.sample_size(10).throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("walk and parse", |bencher| {
            bencher.iter(|| pool.install(|| black_box(parse())));
        });
        group.bench_function("check", |bencher| {
            bencher.iter(|| pool.install(|| black_box(engine.analyze(&discover()))));
        });
        group.finish();
    }
}

criterion_group!(all, benches);
criterion_main!(all);
