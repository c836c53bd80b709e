//! Speed of reading YAML: real manifests where the shared folder is present, else a written one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    clippy::rc_clone_in_vec_init,
    missing_docs
)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seaworthy::source::{Limits, Source};
use seaworthy::yaml::{Op, parse, plan, verify};
use serde_json::json;

const DEPLOYMENT: &str = "\
# a shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {app: shop, tier: \"front\"}
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: shop/web:1.2.3 # pinned
          args: [--port, \"8080\"]
          env:
            - name: GREETING
              value: |
                hello
                there
          resources:
            limits: {cpu: 500m, memory: 128Mi}
";

fn sources() -> Vec<Arc<Source>> {
    let files = support::corpus("manifests-open").map(|folder| support::files(&folder, &[".yaml", ".yml"]));
    let read = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).ok()?;
        Source::from_bytes(path.to_string_lossy().into_owned(), bytes).ok().map(Arc::new)
    };
    match files {
        Some(files) => files.iter().filter_map(read).collect(),
        None => vec![Arc::new(Source::new("shop.yaml", DEPLOYMENT)); 1000],
    }
}

fn reading(criterion: &mut Criterion) {
    let sources = sources();
    let bytes: usize = sources.iter().map(|source| source.len()).sum();
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("yaml");
    group.sample_size(10).throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| {
            sources.iter().map(|source| black_box(parse(source, &limits)).tree.len()).sum::<usize>()
        });
    });
    group.finish();
}

fn editing(criterion: &mut Criterion) {
    let limits = Limits::default();
    let parsed = parse(&Arc::new(Source::new("shop.yaml", DEPLOYMENT)), &limits);
    let tree = &parsed.tree;
    let path = "spec.template.spec.containers[0]".parse().expect("a path");
    let map =
        tree.documents().first().and_then(|document| tree.find(document.root?, &path)).expect("a container");
    let value = json!({"allowPrivilegeEscalation": false});
    let ops = [Op::Add { map, key: "securityContext".to_owned(), value, before: &[] }];
    criterion.bench_function("yaml/edit and verify", |bencher| {
        bencher.iter(|| {
            let edited = plan(tree, &ops).expect("planned").apply(tree.source().text());
            let after = parse(&Arc::new(Source::new("shop.yaml", edited)), &limits);
            verify(tree, &ops, &after.tree).expect("verified");
        });
    });
}

criterion_group!(benches, reading, editing);
criterion_main!(benches);
