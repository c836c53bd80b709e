//! The cases of the open chart corpus: `manifest.tsv` of `helm-open`, one render a line.

#![allow(dead_code, reason = "each user uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use seaworthy::helm::context::KubeVersion;
use seaworthy::helm::render::Output;
use seaworthy::helm::scenario::{Scenario, SetArgument, SetKind};
use seaworthy::helm::values::ValuesFile;
use seaworthy::source::{Limits, Source};

/// One render, and what Helm made of it.
pub struct Case {
    pub name: String,
    /// `default`, `ci`, `caps`, `crds`, `mut`, `micro`.
    pub kind: String,
    /// Whether Helm rendered it.
    pub ok: bool,
    pub chart: String,
    pub values: Vec<String>,
    pub args: Vec<String>,
    pub golden: String,
    pub deterministic: String,
    /// Lines that are random, from one.
    pub masked: BTreeSet<usize>,
    /// Milliseconds that Helm needed within a running process.
    pub helm_ms: f64,
}

/// All cases in the order of the file.
pub fn cases(root: &Path) -> Vec<Case> {
    let manifest = fs::read_to_string(root.join("manifest.tsv")).unwrap();
    let rows = manifest.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let column: Vec<&str> = row.split('\t').collect();
        let words = |at: usize, by: char| {
            column[at].split(by).filter(|it| !it.is_empty()).map(str::to_owned).collect()
        };
        Case {
            name: column[0].to_owned(),
            kind: column[1].to_owned(),
            ok: column[2] == "ok",
            chart: column[3].to_owned(),
            values: words(4, ','),
            args: words(5, ' '),
            golden: column[6].to_owned(),
            deterministic: column[7].to_owned(),
            masked: column[8].split(',').filter_map(|it| it.trim().parse().ok()).collect(),
            helm_ms: column[11].parse().unwrap_or(0.0),
        }
    })
    .collect()
}

impl Case {
    /// What the case renders with and prints; values files are read below `root`.
    ///
    /// # Errors
    /// Helm's words on a wrong flag or values file.
    pub fn scenario(&self, root: &Path) -> Result<(Scenario, Output), String> {
        let mut scenario = Scenario::default();
        "rel".clone_into(&mut scenario.release.name);
        let mut output = Output::default();
        let mut args = self.args.iter();
        while let Some(flag) = args.next() {
            let mut value = || args.next().unwrap().clone();
            let mut set = |kind| scenario.set.push(SetArgument { kind, text: value(), at: None });
            match flag.as_str() {
                "--include-crds" => output.include_crds = true,
                "--skip-tests" => output.skip_tests = true,
                "--no-hooks" => output.no_hooks = true,
                "--is-upgrade" => scenario.release.is_upgrade = true,
                "--set" => set(SetKind::Value),
                "--set-string" => set(SetKind::String),
                "--set-json" => set(SetKind::Json),
                "--set-literal" => set(SetKind::Literal),
                "--api-versions" => scenario.api_versions.push(value()),
                "--namespace" => scenario.release.namespace = value(),
                "--kube-version" => {
                    let value = value();
                    scenario.kube_version = KubeVersion::parse(&value)
                        .map_err(|error| format!("invalid kube version '{value}': {error}"))?;
                }
                other => panic!("{other}"),
            }
        }
        for path in &self.values {
            let text =
                fs::read(root.join(path)).map_err(|_| format!("open {path}: no such file or directory"))?;
            let source = Arc::new(Source::from_bytes(path.as_str(), text).unwrap());
            let file = ValuesFile::parse(&source, &Limits::default())
                .map_err(|error| format!("failed to parse {path}: {error}"))?;
            scenario.values.push(Arc::new(file));
        }
        Ok((scenario, output))
    }
}
