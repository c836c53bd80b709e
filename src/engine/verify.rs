//! The proof of a change, and [`Verified`], which only this module makes.
//!
//! What is proved is static: the text reads again, only the fields of the patches differ, every
//! comment is kept, the findings are gone and none is new. Whether the program still runs is what
//! the levels of fixes are about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Finding, ResourceId};
use crate::fix::{Planned, compose};
use crate::project::{InputFile, Role};
use crate::source::{ProblemKind, Source, TextEdits};
use crate::yaml;

use super::Engine;
use super::judge::{Judged, judge};
use super::second;

/// One file's proved change.
#[derive(Clone, Debug)]
pub struct VerifiedFile {
    path: PathBuf,
    before: Arc<Source>,
    edits: TextEdits,
    after: Arc<Source>,
    with: BTreeSet<Arc<str>>,
}

impl VerifiedFile {
    /// A change that the caller has proved.
    pub(super) fn proved(path: PathBuf, before: Arc<Source>, edits: TextEdits, after: Arc<Source>) -> Self {
        Self { path, before, edits, after, with: BTreeSet::new() }
    }

    /// The same, to be written together with other files or not at all.
    pub(super) fn together(mut self, names: &[Arc<str>]) -> Self {
        let others = names.iter().filter(|name| *name != self.name()).cloned();
        self.with = others.collect();
        self
    }

    /// The path as shown.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        self.before.name()
    }

    /// Where it is on disk; empty for standard input and memory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text as it was read.
    #[must_use]
    pub fn before(&self) -> &Arc<Source> {
        &self.before
    }

    /// The edits that lead from one to the other.
    #[must_use]
    pub fn edits(&self) -> &TextEdits {
        &self.edits
    }

    /// The text afterwards.
    #[must_use]
    pub fn after(&self) -> &Arc<Source> {
        &self.after
    }

    /// Names of files that one fix changes together with this one: they are written with it or not at
    /// all.
    #[must_use]
    pub fn with(&self) -> &BTreeSet<Arc<str>> {
        &self.with
    }
}

/// Changes that passed the proof: applied in memory, read again, findings gone, none new, nothing
/// else different. Only the engine makes one, so that no unproved edit leaves the program.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    files: Vec<VerifiedFile>,
}

impl Verified {
    /// The files that change, by name.
    #[must_use]
    pub fn files(&self) -> &[VerifiedFile] {
        &self.files
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl Verified {
    /// One file.
    pub(super) fn of(file: VerifiedFile) -> Self {
        Self { files: vec![file] }
    }

    /// The same, to be written all together or not at all.
    pub(super) fn together(self) -> Self {
        let names: Vec<Arc<str>> = self.files.iter().map(|file| Arc::clone(file.name())).collect();
        Self { files: self.files.into_iter().map(|file| file.together(&names)).collect() }
    }

    /// Joins what was proved for single files, in the order of their names.
    pub(super) fn join(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut files: Vec<VerifiedFile> = parts.into_iter().flat_map(|part| part.files).collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        Self { files }
    }
}

/// A file on its way through the rounds: everything so far is proved.
pub(super) struct Proof {
    path: PathBuf,
    role: Role,
    before: Arc<Source>,
    edits: TextEdits,
    /// Files that change together with it.
    with: BTreeSet<Arc<str>>,
    /// The judgement of the newest text.
    pub now: Judged,
    second: second::Opinion,
}

impl Proof {
    /// Nothing is changed yet.
    pub fn new(path: &Path, role: Role, judged: Judged) -> Self {
        let before = Arc::clone(judged.tree.source());
        let second = second::Opinion::of(before.text());
        let (path, edits, with) = (path.to_path_buf(), TextEdits::default(), BTreeSet::new());
        Self { path, role, before, edits, with, now: judged, second }
    }

    /// What is proved of a file so far, to go on from there.
    ///
    /// # Errors
    /// The file can not be read.
    pub fn resume(engine: &Engine, file: &InputFile, verified: &Verified) -> Result<Self, String> {
        let proved = verified.files.first();
        let newest = match proved {
            Some(proved) => Arc::clone(&proved.after),
            None => file.read(&engine.limits).map_err(|problem| problem.message)?,
        };
        let mut proof = Self::new(file.path(), file.role(), judge(engine, &newest, file.role()));
        if let Some(proved) = proved {
            (proof.before, proof.edits) = (Arc::clone(&proved.before), proved.edits.clone());
            proof.with.clone_from(&proved.with);
        }
        Ok(proof)
    }

    /// Remembers files that change together with it.
    pub fn write_with(&mut self, names: &[Arc<str>]) {
        let own = self.before.name();
        self.with.extend(names.iter().filter(|name| *name != own).cloned());
    }

    /// Makes a round's edits in memory and takes them if they pass.
    ///
    /// # Errors
    /// What did not pass. Nothing has changed then.
    pub fn advance(&mut self, engine: &Engine, planned: &Planned, made: &[&Finding]) -> Result<(), String> {
        let old = self.now.tree.source();
        let text = planned.edits.apply(old.text());
        if text == **old.text() {
            return Err("the fix changes nothing".to_owned());
        }
        let second = self.second.agrees(&text, &planned.ops, &self.now.tree)?;
        let new = Arc::new(Source::new(Arc::clone(self.before.name()), text));
        let judged = judge(engine, &new, self.role);
        yaml::verify(&self.now.tree, &planned.ops, &judged.tree)
            .map_err(|difference| difference.to_string())?;
        compare(&self.now, &judged, made)?;
        let edits = compose(self.before.text(), &self.edits, &planned.edits);
        self.edits = edits.map_err(|conflict| conflict.to_string())?;
        if self.edits.apply(self.before.text()) != **new.text() {
            return Err("the edits of several rounds do not add up".to_owned());
        }
        (self.now, self.second) = (judged, second);
        Ok(())
    }

    /// What was proved.
    pub fn finish(self) -> (Verified, Judged) {
        let after = Arc::clone(self.now.tree.source());
        if after.text() == self.before.text() {
            return (Verified::default(), self.now);
        }
        let Self { path, before, edits, with, now, .. } = self;
        let file = VerifiedFile { path, before, edits, after, with };
        (Verified { files: vec![file] }, now)
    }
}

/// A place that keeps its name when lists around it grow or shrink.
type Key<'a> = (&'a str, &'a ResourceId, Option<&'a str>);

fn key(finding: &Finding) -> Key<'_> {
    (&finding.rule, &finding.resource, finding.container.as_deref())
}

fn counts<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeMap<Key<'a>, usize> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(key(finding)).or_default() += 1;
    }
    counts
}

/// The findings of `made` are gone, and none is new.
pub(super) fn follow<'a>(
    before: impl IntoIterator<Item = &'a Finding>,
    after: impl IntoIterator<Item = &'a Finding>,
    made: &[&Finding],
) -> Result<(), String> {
    let (old, new) = (counts(before), counts(after));
    let mut gone: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    for finding in made {
        *gone.entry(key(finding)).or_default() += 1;
    }
    for (key, &count) in &new {
        let allowed = old.get(key).copied().unwrap_or(0);
        let (rule, resource, _) = key;
        if count > allowed {
            return Err(format!("it would bring a finding of {rule} on {resource}"));
        }
        if count > allowed.saturating_sub(gone.get(key).copied().unwrap_or(0)) {
            return Err(format!("{rule} still finds it on {resource} afterwards"));
        }
    }
    Ok(())
}

/// The findings of `made` are gone, none is new, and what could be read before still can.
fn compare(before: &Judged, after: &Judged, made: &[&Finding]) -> Result<(), String> {
    follow(before.all(), after.all(), made)?;
    let unchecked = |judged: &Judged| -> BTreeMap<String, usize> {
        let mut messages = BTreeMap::new();
        let problems = judged.problems.iter();
        for problem in problems.filter(|problem| problem.kind == ProblemKind::NotChecked) {
            *messages.entry(problem.message.clone()).or_default() += 1;
        }
        messages
    };
    let (old, new) = (unchecked(before), unchecked(after));
    if let Some((message, _)) =
        new.iter().find(|(message, count)| old.get(*message).is_none_or(|old| old < count))
    {
        return Err(format!("afterwards: {message}"));
    }
    let objects =
        |judged: &Judged| judged.documents.iter().map(|document| document.kind().clone()).collect::<Vec<_>>();
    if objects(before) != objects(after) {
        return Err("the objects of the file would not be the same".to_owned());
    }
    Ok(())
}

/// Indexes of the documents that operations change.
pub(super) fn touched(ops: &[yaml::Op], tree: &yaml::SpanTree) -> BTreeSet<usize> {
    let places = ops.iter().filter_map(|op| tree.document_of(node(op)));
    let spans: BTreeSet<_> = places.map(|document| document.span).collect();
    let documents = tree.documents().iter().enumerate();
    documents.filter(|(_, document)| spans.contains(&document.span)).map(|(index, _)| index).collect()
}

/// The node that an operation is about.
fn node(op: &yaml::Op) -> yaml::NodeId {
    match op {
        yaml::Op::Add { map, .. } | yaml::Op::Remove { map, .. } | yaml::Op::Rename { map, .. } => *map,
        yaml::Op::Replace { node, .. } => *node,
        yaml::Op::RemoveItem { seq, .. } | yaml::Op::Append { seq, .. } => *seq,
    }
}
