//! The edits of each finding's fix by itself: what reports carry for others to apply.

use std::sync::Arc;

use rayon::prelude::*;

use crate::engine::{Engine, Selection};
use crate::finding::{Applicability, Finding, SourceEdits};

use super::ChartInput;
use super::judge::JudgedChart;
use super::mend::alone;
use super::proof::allowed_index;

/// Most findings of one chart whose edits are worked out.
const MOST: usize = 400;

/// What a finding's fixes come to.
enum Offer {
    /// The fix of this index makes these edits.
    Edits(usize, Vec<SourceEdits>, Option<String>),
    /// None is made, and why.
    Refused(String),
}

/// Gives every finding of a chart the edits of its fix as `fix` would make it alone; where none is made,
/// the fix goes and its reason comes.
pub(in crate::engine) fn offer_edits(engine: &Engine, input: &ChartInput, judged: &mut JudgedChart) {
    let now = &*judged;
    let fixable = |index: &usize| now.findings.get(*index).is_some_and(|it| it.finding.fix().is_some());
    let indexes: Vec<usize> = (0..now.findings.len()).filter(fixable).collect();
    let offers: Vec<(usize, Offer)> = indexes
        .into_par_iter()
        .enumerate()
        .map(|(at, index)| {
            let offer = if at < MOST {
                offer(engine, input, now, index)
            } else {
                Offer::Refused(format!(
                    "only {MOST} fixes of a chart are worked out for a report; `fix` has no such bound"
                ))
            };
            (index, offer)
        })
        .collect();
    for (index, offer) in offers {
        let Some(it) = judged.findings.get_mut(index) else { continue };
        match offer {
            Offer::Edits(fix, edits, refused) => {
                it.finding.fixes.drain(..fix);
                it.instances.iter_mut().for_each(|instance| {
                    instance.patches.drain(..fix.min(instance.patches.len()));
                });
                if let Some(first) = it.finding.fixes.first_mut() {
                    first.edits = edits;
                }
                it.finding.no_fix = refused.map(Arc::from).or(it.finding.no_fix.take());
            }
            Offer::Refused(reason) => {
                it.finding.fixes.clear();
                it.instances.iter_mut().for_each(|instance| instance.patches.clear());
                it.finding.no_fix = Some(reason.into());
            }
        }
    }
}

/// The first of a finding's fixes that is made.
fn offer(engine: &Engine, input: &ChartInput, now: &JudgedChart, index: usize) -> Offer {
    let Some(finding) = now.findings.get(index).map(|it| &it.finding) else {
        return Offer::Refused("there is no fix".to_owned());
    };
    let mut refused = None;
    for (number, fix) in finding.fixes.iter().enumerate() {
        let narrow = selection(finding, fix.applicability);
        // A fix behind one of its own level is never reached.
        if allowed_index(finding, &narrow) != Some(number) {
            continue;
        }
        // Some fixes can only be made with those of other rules, such as a block that is switched on.
        let wide = Selection { rule: None, ..narrow.clone() };
        let made = alone(engine, input, &narrow, now, index).or_else(|refusal| match refusal.is_final {
            true => Err(refusal),
            false => alone(engine, input, &wide, now, index).map_err(|_| refusal),
        });
        match made {
            Ok(edits) => return Offer::Edits(number, edits, refused),
            Err(refusal) => {
                refused.get_or_insert(refusal.reason);
            }
        }
    }
    Offer::Refused(refused.unwrap_or_else(|| "there is no fix".to_owned()))
}

/// The flags under which `fix` makes a fix of this level of the finding's rule alone.
fn selection(finding: &Finding, level: Applicability) -> Selection {
    let suggestions = (level == Applicability::Suggestion).then(|| finding.rule.to_string());
    Selection {
        unsafe_fixes: level == Applicability::Unsafe,
        suggestions: suggestions.into_iter().collect(),
        rule: Some(Arc::clone(&finding.rule)),
        ..Selection::default()
    }
}
