//! Mending a chart: candidates are tried in memory until each finding is gone or refused.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::engine::repair::{Ledger, Made, Mended, outcomes};
use crate::engine::run::Kept;
use crate::engine::verify::{Verified, VerifiedFile};
use crate::engine::{Analysis, Engine, FixOutcome, Outcome, Selection};
use crate::finding::{Finding, PatchOp, SourceEdits};
use crate::source::{Problem, ProblemKind, Span};
use crate::yaml::Segment;

use super::candidate::Candidate;
use super::judge::{ChartFinding, JudgedChart, judge};
use super::proof::allowed_index;
use super::scenarios::configured;
use super::trials::{Changed, Trials, findings_of, ops_of, place_of};
use super::unread;
use super::{ChartInput, bump, docs};

/// Most trials of one chart.
const MOST_TRIALS: usize = 400;

/// Most trials for a finding that is mended by itself.
const MOST_ALONE: usize = 24;

/// Mends a chart as far as the selection allows. Nothing is written.
pub(in crate::engine) fn mend(engine: &Engine, input: &ChartInput, selection: &Selection) -> Mended {
    mend_by(&mut Trials::new(engine, input, selection, MOST_TRIALS), engine, input, selection)
}

/// The same, with trials that can be counted.
pub(super) fn mend_by(
    trials: &mut Trials<'_>,
    engine: &Engine,
    input: &ChartInput,
    selection: &Selection,
) -> Mended {
    let first = judge(engine, input);
    let mut findings = first.findings();
    let (unread, _) = unread::find(engine, input, &first);
    let mut before = kept(engine, input, &first);
    let mut ledger = Ledger::default();
    let no_user_ids = no_user_ids(engine, input);
    if let Some(reason) = &no_user_ids {
        for (index, it) in first.findings.iter().enumerate() {
            if ops_of(&first, index, selection).into_iter().any(writes_user_id) {
                ledger.refused.insert(it.finding.fingerprint.clone(), reason.clone());
            }
        }
    }
    let mut now = Arc::new(first);
    // How many groups are tried together: all at first, half as many whenever they do not pass, and twice as
    // many when they do.
    let mut most = usize::MAX;
    let never = ledger.refused.clone();
    let mut progress = false;
    loop {
        let mut groups = groups(&now, &ledger, selection);
        if no_user_ids.is_some() {
            // By what they write: the place by which a finding is known may have changed.
            let writes = |&index: &usize| ops_of(&now, index, selection).into_iter().any(writes_user_id);
            groups.iter_mut().for_each(|group| group.retain(|index| !writes(index)));
            groups.retain(|group| !group.is_empty());
        }
        let Some(group) = groups.first() else {
            // What was refused may be possible now that others are mended: a second run would find it.
            if !std::mem::take(&mut progress) || ledger.refused.len() == never.len() {
                break;
            }
            ledger.refused.clone_from(&never);
            ledger.alone.clear();
            continue;
        };
        let batch = groups.get(..most.min(groups.len())).unwrap_or_default();
        if batch.len() > 1 {
            match trials.batch(&now, batch) {
                Some((after, made)) => {
                    ledger.record(&made, selection);
                    now = after;
                    progress = true;
                    most = most.saturating_mul(2);
                }
                None => most = batch.len() / 2,
            }
            continue;
        }
        most = most.saturating_mul(2);
        let made = findings_of(&now, group);
        match trials.group(&now, group, &made) {
            Ok(after) => {
                ledger.record(&made, selection);
                now = after;
                progress = true;
            }
            Err(reason) if group.len() == 1 || trials.left == 0 => {
                for finding in made {
                    ledger.refused.insert(finding.fingerprint, reason.clone());
                }
            }
            // One of them is to blame: each is tried alone.
            Err(_) => ledger.alone.extend(made.into_iter().map(|finding| finding.fingerprint)),
        }
    }
    let left = now.findings.iter().map(|it| &it.finding).chain(&unread);
    let left: HashSet<String> = left.map(|finding| finding.fingerprint.clone()).collect();
    findings.extend(unread);
    let mut outcomes = outcomes(findings, &ledger, &left, selection);
    reconcile(&mut outcomes, &now, &ledger);
    trials.changed.retain(|_, it| it.before.text() != it.after.text());
    let own = |path: &String| input.is_own(path) && input.is_inside(path);
    if selection.bump_charts && trials.changed.keys().any(own) {
        match raise_version(engine, input, &now, trials) {
            Ok(after) => now = after,
            Err(problem) => before.warn(problem),
        }
    }
    if trials.changed.contains_key(&input.inside("values.yaml"))
        && let Some(problem) = docs::stale(input)
    {
        before.warn(problem);
    }
    // What was proved is the chart with all of them.
    let changed = std::mem::take(&mut trials.changed);
    let names: Vec<Arc<str>> = changed.values().map(|it| Arc::clone(it.before.name())).collect();
    let verified = Verified::join(changed.into_iter().map(|(path, it)| {
        let file = VerifiedFile::proved(input.on_disk(&path), it.before, it.edits, it.after);
        Verified::of(file.together(&names))
    }));
    Mended { verified, outcomes, before, after: kept(engine, input, &now) }
}

/// Raises the version of a chart that is changed.
///
/// # Errors
/// Why it stays, at its place.
fn raise_version(
    engine: &Engine,
    input: &ChartInput,
    now: &JudgedChart,
    trials: &mut Trials<'_>,
) -> Result<Arc<JudgedChart>, Problem> {
    let path = input.inside("Chart.yaml");
    let chart_yaml = now.scenarios.first().map(|it| Arc::clone(&it.rendered.chart.chart_yaml));
    let stays = |reason: String, span: Span| {
        let message = format!("the chart's version stays as it is: {reason}");
        match &chart_yaml {
            Some(source) => Problem::new(ProblemKind::Warning, source, span, message),
            None => Problem::of_path(ProblemKind::Warning, Arc::clone(&input.name), message),
        }
    };
    let Some(source) = &chart_yaml else {
        return Err(stays("the chart was not rendered".to_owned(), Span::default()));
    };
    let edits = bump::edit(source, &engine.limits).map_err(|reason| stays(reason, Span::default()))?;
    let span = edits.as_slice().first().map(|edit| edit.span).unwrap_or_default();
    let place = "version in Chart.yaml".to_owned();
    let edits = BTreeMap::from([(path, (Arc::clone(source), edits))]);
    let candidate = Candidate { place, edits, claims: BTreeSet::new() };
    let after = trials.judge(now, &candidate);
    bump::compare(now, &after).and_then(|()| trials.take(candidate)).map_err(|reason| stays(reason, span))?;
    Ok(after)
}

/// The edits that make the fix of one finding and nothing else, proved as those of [`mend`] are.
///
/// # Errors
/// Why it is not made.
pub(super) fn alone(
    engine: &Engine,
    input: &ChartInput,
    selection: &Selection,
    now: &JudgedChart,
    index: usize,
) -> Result<Vec<SourceEdits>, Refusal> {
    if let Some(reason) = no_user_ids(engine, input)
        && ops_of(now, index, selection).into_iter().any(writes_user_id)
    {
        return Err(Refusal { reason, is_final: true });
    }
    let group = [index];
    let made = findings_of(now, &group);
    let mut trials = Trials::new(engine, input, selection, MOST_ALONE);
    if let Err(reason) = trials.group(now, &group, &made) {
        return Err(Refusal { reason, is_final: trials.idle });
    }
    let files = trials.changed.into_values().filter(|it: &Changed| it.before.text() != it.after.text());
    Ok(files.map(|it| SourceEdits { source: it.before, edits: it.edits }).collect())
}

/// Why a fix is not made.
pub(super) struct Refusal {
    /// In words.
    pub reason: String,
    /// Whether fixes of other findings beside it would not help.
    pub is_final: bool,
}

/// Why no number of a user or group is written, if so.
fn no_user_ids(engine: &Engine, input: &ChartInput) -> Option<String> {
    let scenario = configured(input, &engine.settings).find(|it| it.assigns_user_ids())?;
    Some(format!("scenario {} is OpenShift, which refuses numbers of users", scenario.name))
}

/// Whether a number of a user or group is written.
fn writes_user_id(op: &PatchOp) -> bool {
    const IDS: [&str; 3] = ["fsGroup", "runAsGroup", "runAsUser"];
    let PatchOp::Set { path, value, .. } = op else { return false };
    let named = matches!(path.segments().last(), Some(Segment::Key(key)) if IDS.contains(&&**key));
    named || IDS.iter().any(|id| value.get(id).is_some())
}

/// Items of a list take each other's place, and so each other's identity, when one is removed: no more
/// findings of a rule on an object are called fixed than are gone.
fn reconcile(outcomes: &mut [FixOutcome], now: &JudgedChart, ledger: &Ledger) {
    type Key = (Arc<str>, String, Option<Arc<str>>);
    let key = |finding: &Finding| -> Key {
        (Arc::clone(&finding.rule), finding.resource.to_string(), finding.container.clone())
    };
    let mut left: HashMap<Key, (usize, Option<&String>)> = HashMap::new();
    for it in &now.findings {
        let reason = ledger.refused.get(&it.finding.fingerprint);
        let known = left.entry(key(&it.finding)).or_default();
        *known = (known.0 + 1, known.1.or(reason));
    }
    for outcome in outcomes.iter().filter(|outcome| outcome.outcome != Outcome::Fixed) {
        if let Some(known) = left.get_mut(&key(&outcome.finding)) {
            known.0 = known.0.saturating_sub(1);
        }
    }
    for outcome in outcomes.iter_mut().rev().filter(|outcome| outcome.outcome == Outcome::Fixed) {
        if let Some((count, reason)) = left.get_mut(&key(&outcome.finding)).filter(|(count, _)| *count > 0) {
            *count -= 1;
            let reason = reason.cloned().unwrap_or_else(|| "it is still there after the others".to_owned());
            outcome.outcome = match (&outcome.finding.no_fix, outcome.finding.fixes.is_empty()) {
                (Some(none), true) => Outcome::NoFix { reason: none.to_string() },
                _ => Outcome::Refused { reason },
            };
        }
    }
}

/// What is kept of a judged chart, with what is found in its values files alone.
pub(in crate::engine) fn kept(engine: &Engine, input: &ChartInput, judged: &JudgedChart) -> Kept {
    let (unread, silenced) = unread::find(engine, input, judged);
    let mut analysis = Analysis {
        findings: judged.findings(),
        ignored: judged.ignored.clone(),
        problems: judged.problems.clone(),
        counts: judged.counts,
        ..Analysis::default()
    };
    analysis.findings.extend(unread);
    analysis.counts.ignored += silenced.len();
    analysis.ignored.extend(silenced);
    Kept::new(analysis, judged.used_ignores.clone())
}

impl Ledger {
    fn record(&mut self, made: &[Finding], selection: &Selection) {
        for finding in made {
            if let Some(fix) = allowed_index(finding, selection).and_then(|at| finding.fixes.get(at)) {
                let made = Made { title: fix.title.clone(), applicability: fix.applicability };
                self.made.insert(finding.fingerprint.clone(), made);
            }
        }
    }
}

/// Findings whose fixes belong together, since they change one block of one object; in the order of
/// the findings.
fn groups(now: &JudgedChart, ledger: &Ledger, selection: &Selection) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_anchor: HashMap<(usize, usize, String), usize> = HashMap::new();
    let mut ordered: Vec<(usize, &ChartFinding)> = now.findings.iter().enumerate().collect();
    ordered.sort_by_key(|(_, it)| selection.rank(&it.finding.rule));
    for (index, it) in ordered {
        let finding = &it.finding;
        if ledger.refused.contains_key(&finding.fingerprint) || allowed_index(finding, selection).is_none() {
            continue;
        }
        let alone = ledger.alone.contains(&finding.fingerprint);
        match anchor_of(now, index, selection).filter(|_| !alone) {
            Some(anchor) => match by_anchor.get(&anchor).and_then(|&at| groups.get_mut(at)) {
                Some(group) => group.push(index),
                None => {
                    by_anchor.insert(anchor, groups.len());
                    groups.push(vec![index]);
                }
            },
            None => groups.push(vec![index]),
        }
    }
    groups
}

/// The block that a finding's fix changes: scenario, object, path.
fn anchor_of(now: &JudgedChart, index: usize, selection: &Selection) -> Option<(usize, usize, String)> {
    let instance = place_of(now, index, selection)?;
    let op = ops_of(now, index, selection).into_iter().next()?;
    let segments = op.path().segments();
    let block = |segment: &Segment| matches!(segment, Segment::Key(key) if matches!(&**key, "securityContext" | "resources"));
    let length = segments.iter().position(block).map_or(segments.len(), |at| at + 1);
    let path = crate::yaml::FieldPath::new(segments.get(..length).unwrap_or_default().to_vec());
    Some((instance.scenario, instance.object, path.to_string()))
}
