//! One Dockerfile: read, evaluated, its findings placed, ignores applied.

use std::sync::Arc;

use crate::dockerfile::{self, Dockerfile};
use crate::engine::locate::fingerprint;
use crate::engine::run::Kept;
use crate::engine::{Analysis, Counts, Engine, Ignored, Tally};
use crate::finding::{DockerfileHit, Finding, FixOffer, Location, ResourceId, SourceEdits};
use crate::project::{InputFile, sources_around};
use crate::rule::Program;
use crate::source::{Problem, Source, TextEdits};

use super::ignore::Ignores;

/// A Dockerfile and what is wrong with it.
#[derive(Clone)]
pub(super) struct Judged {
    /// `None` where it could not be read.
    pub file: Option<Arc<Dockerfile>>,
    pub findings: Vec<Finding>,
    pub ignored: Vec<Ignored>,
    pub problems: Vec<Problem>,
    pub used_ignores: Vec<usize>,
}

/// Judges a text of a file.
pub(super) fn judge(engine: &Engine, input: &InputFile, source: &Arc<Source>) -> Judged {
    let mut judged = Judged {
        file: None,
        findings: Vec::new(),
        ignored: Vec::new(),
        problems: Vec::new(),
        used_ignores: Vec::new(),
    };
    let file = match Dockerfile::parse(source) {
        Ok(file) => Arc::new(file),
        Err(problem) => {
            judged.problems.push(*problem);
            return judged;
        }
    };
    let ignores = Ignores::read(engine, &file, &mut judged.problems);
    let hits = engine.catalogue.evaluate_dockerfile(&file, &engine.rules, &engine.images, &|| program(input));
    let (places, mut findings): (Vec<usize>, Vec<Finding>) =
        hits.into_iter().map(|hit| (hit.at, place(&file, hit))).unzip();
    fingerprint(&mut findings);
    for (at, finding) in places.into_iter().zip(findings) {
        match ignores.silences(engine, at, &finding) {
            Some(silence) => {
                judged.used_ignores.extend(silence.configured);
                judged.ignored.push(Ignored { finding, by: silence.by, reason: silence.reason });
            }
            None => judged.findings.push(finding),
        }
    }
    ignores.unused(engine, &file, &mut judged.problems);
    judged.problems.sort_by_key(|problem| problem.span);
    judged.file = Some(file);
    judged
}

/// The sources of the program that a Dockerfile builds; none for a text in memory.
fn program(input: &InputFile) -> Program {
    if input.path().as_os_str().is_empty() {
        return Program::default();
    }
    let (files, whole) = sources_around(input.path());
    Program { files, whole }
}

/// What is kept of a judged Dockerfile.
pub(in crate::engine) fn kept(engine: &Engine, input: &InputFile, source: &Arc<Source>) -> Kept {
    judge(engine, input, source).kept()
}

impl Judged {
    /// What is kept of it.
    pub fn kept(self) -> Kept {
        let blind = usize::from(self.file.is_none());
        let tally = Tally { checked: 1 - blind, not_checked: blind };
        let counts =
            Counts { files: tally, dockerfiles: tally, ignored: self.ignored.len(), ..Counts::default() };
        let Self { findings, ignored, problems, used_ignores, .. } = self;
        Kept::new(Analysis { findings, ignored, problems, counts, ..Analysis::default() }, used_ignores)
    }
}

/// The edits of the first fixes of several findings together, where none is in another's way.
pub(in crate::engine) fn preview(source: &Arc<Source>, findings: &[&Finding]) -> Option<SourceEdits> {
    let mut all = TextEdits::default();
    for fix in findings.iter().filter_map(|finding| finding.fix()) {
        for part in &fix.edits {
            all.merge(&part.edits).ok()?;
        }
    }
    (!all.is_empty()).then(|| SourceEdits { source: Arc::clone(source), edits: all })
}

/// Turns a hit into a finding.
fn place(file: &Dockerfile, hit: DockerfileHit) -> Finding {
    let source = file.source();
    let mut fixes = Vec::new();
    let mut no_fix = hit.no_fix;
    for fix in hit.fixes {
        match dockerfile::plan(file, &fix.patch.dockerfile) {
            Ok(edits) => fixes.push(FixOffer {
                title: fix.title,
                applicability: fix.applicability,
                safety: fix.safety,
                patch: fix.patch,
                edits: vec![SourceEdits { source: Arc::clone(source), edits }],
                held_back: fix.held_back,
                release: fix.release,
            }),
            Err(refusal) => no_fix = no_fix.or(Some(refusal.to_string().into())),
        }
    }
    if fixes.is_empty() {
        no_fix.get_or_insert_with(|| "there is no fix".into());
    }
    let stage = file.stages().last().and_then(|stage| stage.name.clone());
    Finding {
        rule: hit.rule,
        severity: hit.severity,
        message: hit.message,
        label: None,
        primary: Location::new(source, hit.span),
        absent: hit.absent,
        related: Vec::new(),
        resource: Arc::new(ResourceId {
            api_version: String::new(),
            kind: "Dockerfile".to_owned(),
            namespace: None,
            name: stage.unwrap_or_default(),
            document: 0,
            item: None,
        }),
        container: None,
        field: hit.field,
        standards: hit.standards,
        fingerprint: String::new(),
        fixes,
        no_fix,
        linked: false,
        scenarios: None,
    }
}
