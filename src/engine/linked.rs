//! What reaches beyond one file: findings whose fixes depend on, or change, objects of other files.
//!
//! Files are judged and mended one by one, in parallel, and such findings are left open there. Then, for
//! the files that have one, the files around are read again, and the fix is planned, proved and taken in
//! all files it touches, or in none.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use crate::finding::Finding;
use crate::fix::{self, Wanted};
use crate::project::{InputFile, Project};
use crate::rule::Neighbour;
use crate::source::Source;
use crate::yaml::{self, SpanTree};

use super::around::{Part, Surroundings};
use super::judge::{SHARED, judge_among};
use super::repair::{Ledger, Made, Mended, allowed, outcomes};
use super::run::Kept;
use super::verify::Proof;
use super::{Engine, Selection};

/// Passes over all files that may change something; one is enough unless fixes wait for each other.
const MOST_PASSES: usize = 8;

fn surroundings<'a>(project: &'a Project, kept: &mut dyn Iterator<Item = &mut Kept>) -> Surroundings<'a> {
    let files: Vec<&InputFile> = project.manifests().collect();
    let neighbours: Vec<Vec<Neighbour>> =
        files.iter().zip(kept).map(|(_, kept)| kept.take_neighbours()).collect();
    Surroundings::new(files, neighbours, project.whole)
}

/// Tells of fixes with all objects around each file in view. `kept` begins with the manifests.
pub(super) fn analyze(engine: &Engine, project: &Project, kept: &mut [Kept]) {
    if !kept.iter().any(Kept::asks_around) {
        return;
    }
    let around = surroundings(project, &mut kept.iter_mut());
    // What is found does not change, nor what other rules say of it.
    let engine = &engine.linked();
    kept.par_iter_mut().enumerate().for_each(|(place, kept)| {
        if !kept.asks_around() {
            return;
        }
        let (Some(file), Some(source)) = (around.input(place), kept.linked_text()) else { return };
        let judge = || judge_among(engine, &source, file.role(), &around.around(engine, place, &|_| None));
        // What was found of the file alone stays where this fails.
        if let Ok(judged) = catch_unwind(AssertUnwindSafe(judge)) {
            kept.settle(judged.all());
        }
    });
}

/// Mends what is left after each file was mended by itself. `parts` begins with the manifests.
pub(super) fn mend(engine: &Engine, project: &Project, selection: &Selection, parts: &mut [Mended]) {
    let around = surroundings(project, &mut parts.iter_mut().map(|part| &mut part.after));
    let (linked, later) = (engine.linked(), HashSet::new());
    let mut mending = Mending { engine, linked, selection, around: &around, parts, later };
    for pass in 0..MOST_PASSES {
        let mut changed = false;
        for place in 0..mending.parts.len() {
            let open = mending.parts.get(place).is_some_and(|part| part.after.linked_text().is_some());
            if open && around.input(place).is_some() {
                let file = AssertUnwindSafe(|| mending.file(place, pass == 0));
                changed |= catch_unwind(file).unwrap_or(false);
            }
        }
        if !changed {
            return;
        }
    }
}

/// The scalar that an operation replaces, without quotes.
fn old_text(tree: &SpanTree, op: &yaml::Op) -> Option<String> {
    let yaml::Op::Replace { node, .. } = op else { return None };
    Some(tree.text(*node).trim_matches(['"', '\'']).to_owned())
}

struct Mending<'m, 'a> {
    engine: &'m Engine,
    /// The same with the rules that are asked again and again.
    linked: Engine,
    selection: &'m Selection,
    around: &'m Surroundings<'a>,
    parts: &'m mut [Mended],
    /// The files that were changed here: what is remembered of the others is of their newest texts.
    later: HashSet<usize>,
}

impl Mending<'_, '_> {
    /// The newest text of a file that was changed.
    fn changed(&self, place: usize) -> Option<Arc<Source>> {
        self.parts.get(place)?.verified.files().first().map(|file| Arc::clone(file.after()))
    }

    /// The newest text of a file.
    fn text(&self, place: usize) -> Option<Arc<Source>> {
        self.changed(place).or_else(|| self.around.input(place)?.read(&self.engine.limits).ok())
    }

    /// Makes what one file asks for; whether something changed.
    fn file(&mut self, place: usize, first_pass: bool) -> bool {
        let mut ledger = Ledger::default();
        let mut first: Option<Vec<Finding>> = None;
        loop {
            let known = self.parts.get(place).and_then(|part| part.after.linked_text());
            let text = known.or_else(|| self.text(place));
            let (Some(source), Some(file)) = (text, self.around.input(place)) else { return false };
            let changed = |place: usize| Some((self.changed(place)?, self.later.contains(&place)));
            let around = self.around.around(&self.linked, place, &changed);
            let judged = judge_among(&self.linked, &source, file.role(), &around);
            let linked = || judged.findings.iter().filter(|finding| finding.linked);
            first.get_or_insert_with(|| linked().cloned().collect());
            let next = linked().find_map(|finding| {
                let open = !ledger.refused.contains_key(&finding.fingerprint);
                Some((finding, allowed(finding, self.selection).filter(|_| open)?))
            });
            let parts = next.map(|(_, offer)| around.parts(&offer.patch, judged.documents.len()));
            drop(around);
            let (Some((finding, offer)), Some(parts)) = (next, parts) else {
                let left = judged.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
                self.settle(place, first.unwrap_or_default(), &ledger, &left, first_pass);
                if let Some(part) = self.parts.get_mut(place) {
                    part.after.settle(judged.all());
                }
                return !ledger.made.is_empty();
            };
            match self.make(place, parts, finding) {
                Ok(()) => {
                    let made = Made { title: offer.title.clone(), applicability: offer.applicability };
                    ledger.made.insert(finding.fingerprint.clone(), made);
                }
                Err(reason) => {
                    ledger.refused.insert(finding.fingerprint.clone(), reason);
                }
            }
        }
    }

    /// Makes one fix in all files it changes, or in none.
    fn make(&mut self, place: usize, parts: Vec<Part<'_>>, finding: &Finding) -> Result<(), String> {
        let mut proofs = Vec::new();
        let mut replaced = HashSet::new();
        for part in parts {
            let at = part.file.unwrap_or(place);
            let (Some(file), Some(mended)) = (self.around.input(at), self.parts.get(at)) else {
                return Err("the patch names a file that is not there".to_owned());
            };
            let mut proof = Proof::resume(self.engine, file, &mended.verified)?;
            let wanted = [Wanted { id: 0, patch: &part.patch }];
            let planned = fix::plan(&proof.now.tree, &proof.now.documents, &wanted);
            if let Some((_, reason)) = planned.refused.first() {
                return Err(format!("{}: {reason}", file.name()));
            }
            if planned.taken.is_empty() {
                return Err(SHARED.to_owned());
            }
            replaced.extend(planned.ops.iter().filter_map(|op| old_text(&proof.now.tree, op)));
            let gone: &[&Finding] = if at == place { &[finding] } else { &[] };
            proof.advance(self.engine, &planned, gone).map_err(|reason| match part.file {
                Some(_) => format!("{}: {reason}", file.name()),
                None => reason,
            })?;
            proofs.push((at, proof));
        }
        self.overlays_agree(finding, &replaced)?;
        let names: Vec<Arc<str>> =
            proofs.iter().filter_map(|(at, _)| Some(Arc::clone(self.around.input(*at)?.name()))).collect();
        for (at, mut proof) in proofs {
            proof.write_with(&names);
            let (verified, judged) = proof.finish();
            if let Some(part) = self.parts.get_mut(at) {
                part.verified = verified;
                part.after = Kept::from(judged);
                self.later.insert(at);
            }
        }
        Ok(())
    }

    /// An overlay that patches the object and has a value that was replaced would bring it back.
    fn overlays_agree(&self, finding: &Finding, replaced: &HashSet<String>) -> Result<(), String> {
        let resource = &finding.resource;
        for at in self.around.patched_in(&resource.kind, &resource.name) {
            let (Some(text), Some(file)) = (self.text(at), self.around.input(at)) else { continue };
            let tree = yaml::parse(&text, &self.engine.limits).tree;
            let mut scalars = tree.nodes().filter(|&node| tree.kind(node).is_scalar());
            if scalars.any(|node| replaced.contains(tree.text(node).trim_matches(['"', '\'']))) {
                return Err(format!(
                    "{} patches {resource} with a value that would have to follow",
                    file.name()
                ));
            }
        }
        Ok(())
    }

    /// Puts what became of a file's findings in place of what was left open.
    fn settle(
        &mut self,
        place: usize,
        first: Vec<Finding>,
        ledger: &Ledger,
        left: &HashSet<String>,
        first_pass: bool,
    ) {
        let Some(part) = self.parts.get_mut(place) else { return };
        if first_pass {
            part.before.settle(&first);
        }
        let became = outcomes(first, ledger, left, self.selection);
        let mut became: HashMap<String, _> =
            became.into_iter().map(|one| (one.finding.fingerprint.clone(), one)).collect();
        for outcome in &mut part.outcomes {
            if let Some(mut new) = became.remove(&outcome.finding.fingerprint) {
                // Its place is that of the text as it was.
                new.finding.primary = outcome.finding.primary.clone();
                new.finding.related.clone_from(&outcome.finding.related);
                *outcome = new;
            }
        }
    }
}
