//! Mending one file: rounds of planning and proving until nothing is left to do.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::finding::{Applicability, Finding, FixOffer};
use crate::fix::{self, Wanted};
use crate::project::InputFile;
use crate::source::Problem;

use super::judge::{SHARED, judge};
use super::run::Kept;
use super::verify::{Proof, Verified};
use super::{Engine, FixOutcome, Outcome, Selection};

/// Rounds that may change a text beyond one for each finding (those in one string wait for each other); real
/// files need one or two.
const MOST_ROUNDS: usize = 16;

/// What became of a file.
#[derive(Default)]
pub(super) struct Mended {
    pub verified: Verified,
    pub outcomes: Vec<FixOutcome>,
    pub before: Kept,
    pub after: Kept,
}

impl Mended {
    /// A file that is not judged.
    pub fn unread(problem: Problem) -> Self {
        let before = Kept::unread(problem.clone());
        Self { before, after: Kept::unread(problem), ..Self::default() }
    }
}

/// The fix of a finding that the selection allows, the best one first.
pub(super) fn allowed<'a>(finding: &'a Finding, selection: &Selection) -> Option<&'a FixOffer> {
    finding.fixes.get(selection.choose(finding)?)
}

/// The same, of a finding that its file settles by itself.
fn allowed_alone<'a>(finding: &'a Finding, selection: &Selection) -> Option<&'a FixOffer> {
    allowed(finding, selection).filter(|_| !finding.linked)
}

/// A fix that was made.
pub(super) struct Made {
    pub title: Arc<str>,
    pub applicability: Applicability,
}

/// What became of findings so far, by fingerprint.
#[derive(Default)]
pub(super) struct Ledger {
    pub made: HashMap<String, Made>,
    pub refused: HashMap<String, String>,
    /// Findings that are tried by themselves, since together with others they did not pass.
    pub alone: HashSet<String>,
    rounds: usize,
}

pub(super) fn mend(engine: &Engine, file: &InputFile, selection: &Selection) -> Mended {
    let source = match file.read(&engine.limits) {
        Ok(source) => source,
        Err(problem) => return Mended::unread(*problem),
    };
    let first = judge(engine, &source, file.role());
    let findings = first.findings.clone();
    if !findings.iter().any(|finding| allowed_alone(finding, selection).is_some()) {
        let outcomes = outcomes(findings, &Ledger::default(), &HashSet::new(), selection);
        let after = Kept::from(first);
        let before = after.clone();
        return Mended { verified: Verified::default(), outcomes, before, after };
    }
    let before = Kept::of(&first);
    let mut ledger = Ledger::default();
    let mut proof = Proof::new(file.path(), file.role(), first);
    settle(engine, &mut proof, &mut ledger, selection);
    if ledger.rounds > MOST_ROUNDS + findings.len() {
        // A text that never comes to rest would change again at the next run.
        proof = Proof::new(file.path(), file.role(), judge(engine, &source, file.role()));
        ledger = Ledger::default();
        for finding in &findings {
            let reason = "the fixes of this file do not come to rest".to_owned();
            ledger.refused.insert(finding.fingerprint.clone(), reason);
        }
    }
    let (verified, last) = proof.finish();
    let left: HashSet<String> = last.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
    let outcomes = outcomes(findings, &ledger, &left, selection);
    Mended { verified, outcomes, before, after: Kept::from(last) }
}

/// Makes fixes until none is left. When a round does not pass its proof, half of it is tried: the fix
/// that is to blame ends up alone and is refused.
fn settle(engine: &Engine, proof: &mut Proof, ledger: &mut Ledger, selection: &Selection) {
    let mut most = usize::MAX;
    let most_rounds = MOST_ROUNDS + proof.now.findings.len();
    while ledger.rounds <= most_rounds {
        let findings = proof.now.findings.clone();
        let open = findings.iter().enumerate().filter_map(|(id, finding)| {
            let fix = allowed_alone(finding, selection)?;
            (!ledger.refused.contains_key(&finding.fingerprint)).then_some((id, finding, fix))
        });
        let mut open: Vec<_> = open.collect();
        open.sort_by_key(|(_, finding, _)| selection.rank(&finding.rule));
        open.truncate(most);
        let wanted: Vec<_> = open.iter().map(|&(id, _, fix)| Wanted { id, patch: &fix.patch }).collect();
        let planned = fix::plan(&proof.now.tree, &proof.now.documents, &wanted);
        let shared = planned.shared.iter().map(|id| (*id, SHARED.to_owned()));
        let refused: Vec<_> = planned.refused.iter().cloned().chain(shared).collect();
        for (id, reason) in &refused {
            if let Some(finding) = findings.get(*id) {
                ledger.refused.insert(finding.fingerprint.clone(), reason.clone());
            }
        }
        if planned.taken.is_empty() {
            if refused.is_empty() {
                if most == usize::MAX {
                    return;
                }
                most = usize::MAX;
            }
            continue;
        }
        let made: Vec<&Finding> = planned.taken.iter().filter_map(|&id| findings.get(id)).collect();
        match proof.advance(engine, &planned, &made) {
            Ok(()) => {
                ledger.rounds += usize::from(most == usize::MAX);
                most = usize::MAX;
                for (_, finding, fix) in open.iter().filter(|(id, ..)| planned.taken.contains(id)) {
                    let made = Made { title: fix.title.clone(), applicability: fix.applicability };
                    ledger.made.insert(finding.fingerprint.clone(), made);
                }
            }
            Err(reason) if made.len() == 1 => {
                for finding in made {
                    ledger.refused.insert(finding.fingerprint.clone(), reason.clone());
                }
                most = usize::MAX;
            }
            Err(_) => most = (made.len() / 2).max(1),
        }
    }
}

/// What became of each finding.
pub(super) fn outcomes(
    findings: Vec<Finding>,
    ledger: &Ledger,
    left: &HashSet<String>,
    selection: &Selection,
) -> Vec<FixOutcome> {
    let outcome = |finding: Finding| {
        let id = &finding.fingerprint;
        let fix = allowed(&finding, selection).or(finding.fix());
        let (mut title, mut applicability) =
            (fix.map(|fix| fix.title.clone()), fix.map(|fix| fix.applicability));
        let outcome = if let Some(made) = ledger.made.get(id) {
            (title, applicability) = (Some(made.title.clone()), Some(made.applicability));
            Outcome::Fixed
        } else if let Some(reason) = ledger.refused.get(id) {
            Outcome::Refused { reason: reason.clone() }
        } else if !ledger.made.is_empty() && !left.contains(id) {
            // Another fix did away with it.
            Outcome::Fixed
        } else if let Some(fix) = fix {
            let reason = fix.held_back.as_deref().map(str::to_owned);
            let reason = reason.unwrap_or_else(|| format!("the fix is {}", fix.applicability));
            Outcome::HeldBack { reason, release: fix.release.clone() }
        } else {
            let reason = finding.no_fix.as_deref().unwrap_or("there is no fix").to_owned();
            Outcome::NoFix { reason }
        };
        FixOutcome { finding, title, applicability, outcome }
    };
    findings.into_iter().map(outcome).collect()
}
