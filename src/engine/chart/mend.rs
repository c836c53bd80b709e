//! Mending a chart: candidates are tried in memory until each finding is gone or refused.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::engine::repair::{Ledger, Made, Mended, outcomes};
use crate::engine::run::Kept;
use crate::engine::verify::{Verified, VerifiedFile};
use crate::engine::{Analysis, Engine, FixOutcome, Outcome, Selection};
use crate::finding::{Finding, PatchOp, SourceEdits};
use crate::fix::compose;
use crate::project::OverlayFiles;
use crate::source::{MemoryFiles, Problem, ProblemKind, Source, Span, TextEdits};
use crate::yaml::Segment;

use super::judge::{ChartFinding, Instance, JudgedChart, judge, judge_again, try_files};
use super::proof::{allowed_index, compare, is_faithful, promising};
use super::scenarios::configured;
use super::sites::{Candidate, Sites};
use super::unread;
use super::{ChartInput, bump};

/// Most trials of one chart.
const MOST_TRIALS: usize = 400;

/// Most trials for a finding that is mended by itself.
const MOST_ALONE: usize = 24;

/// A file that is changed: its first text, all edits of it, its text now.
struct Changed {
    before: Arc<Source>,
    edits: TextEdits,
    after: Arc<Source>,
}

/// Mends a chart as far as the selection allows. Nothing is written.
pub(in crate::engine) fn mend(engine: &Engine, input: &ChartInput, selection: &Selection) -> Mended {
    let first = judge(engine, input);
    let mut findings = first.findings();
    let (unread, _) = unread::find(engine, input, &first);
    let mut before = kept(engine, input, &first);
    let mut ledger = Ledger::default();
    if let Some(reason) = no_user_ids(engine, input) {
        for (index, it) in first.findings.iter().enumerate() {
            if ops_of(&first, index, selection).into_iter().any(writes_user_id) {
                ledger.refused.insert(it.finding.fingerprint.clone(), reason.clone());
            }
        }
    }
    let mut changed: BTreeMap<String, Changed> = BTreeMap::new();
    let mut now = first;
    let mut trials = MOST_TRIALS;
    // How many groups are tried together: all, and half as many whenever they do not pass.
    let mut most = usize::MAX;
    let never = ledger.refused.clone();
    let mut progress = false;
    loop {
        let groups = groups(&now, &ledger, selection);
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
            trials = trials.saturating_sub(1);
            match try_batch(engine, input, selection, &now, batch, &mut changed) {
                Some((after, made)) => {
                    ledger.record(&made, selection);
                    now = after;
                    progress = true;
                    most = usize::MAX;
                }
                None => most = batch.len() / 2,
            }
            continue;
        }
        most = usize::MAX;
        let made = findings_of(&now, group);
        match try_group(engine, input, selection, &now, group, &made, &mut changed, &mut trials) {
            Ok(after) => {
                ledger.record(&made, selection);
                now = after;
                progress = true;
            }
            Err(reason) if group.len() == 1 || trials == 0 => {
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
    changed.retain(|_, it| it.before.text() != it.after.text());
    if selection.bump_charts && changed.keys().any(|path| input.is_own(path) && input.is_inside(path)) {
        match raise_version(engine, input, &now, &mut changed) {
            Ok(after) => now = after,
            Err(problem) => before.warn(problem),
        }
    }
    // What was proved is the chart with all of them.
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
    changed: &mut BTreeMap<String, Changed>,
) -> Result<JudgedChart, Problem> {
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
    let files = overlay(input, changed, Some(&candidate));
    let after = judge_again(engine, input, &files, Some(now));
    bump::compare(now, &after)
        .and_then(|()| take(candidate, changed))
        .map_err(|reason| stays(reason, span))?;
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
) -> Result<Vec<SourceEdits>, String> {
    if let Some(reason) = no_user_ids(engine, input)
        && ops_of(now, index, selection).into_iter().any(writes_user_id)
    {
        return Err(reason);
    }
    let group = [index];
    let made = findings_of(now, &group);
    let (mut changed, mut trials) = (BTreeMap::new(), MOST_ALONE);
    try_group(engine, input, selection, now, &group, &made, &mut changed, &mut trials)?;
    let files = changed.into_values().filter(|it: &Changed| it.before.text() != it.after.text());
    Ok(files.map(|it| SourceEdits { source: it.before, edits: it.edits }).collect())
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
            outcome.outcome = Outcome::Refused { reason };
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

fn findings_of(now: &JudgedChart, group: &[usize]) -> Vec<Finding> {
    group.iter().filter_map(|&at| now.findings.get(at)).map(|it| it.finding.clone()).collect()
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

/// The first candidates of several groups, tried together; those that have none, or whose edits
/// overlap, are left for later. `None` where less than two go together, or they do not pass.
fn try_batch(
    engine: &Engine,
    input: &ChartInput,
    selection: &Selection,
    now: &JudgedChart,
    batch: &[Vec<usize>],
    changed: &mut BTreeMap<String, Changed>,
) -> Option<(JudgedChart, Vec<Finding>)> {
    let files = overlay(input, changed, None);
    let mut sites: HashMap<usize, Sites<'_>> = HashMap::new();
    let mut all: Option<Candidate> = None;
    let (mut made, mut count) = (Vec::new(), 0);
    for group in batch {
        let ops: Vec<&PatchOp> = group.iter().flat_map(|&at| ops_of(now, at, selection)).collect();
        let Some(place) = group.first().and_then(|&at| place_of(now, at, selection)) else {
            continue;
        };
        let Some(scenario) = now.scenarios.get(place.scenario) else { continue };
        let sites = sites
            .entry(place.scenario)
            .or_insert_with(|| Sites::new(input, &files, &engine.limits, scenario, selection.add_values));
        let Some(candidate) = sites.candidates(&ops).ok().and_then(|mut it| it.next()) else { continue };
        let joined = match all.take() {
            None => Some(candidate),
            Some(known) => match known.clone().joined(candidate) {
                Some(joined) => Some(joined),
                None => {
                    all = Some(known);
                    continue;
                }
            },
        };
        all = joined;
        made.extend(findings_of(now, group));
        count += 1;
    }
    let candidate = all.filter(|_| count > 1)?;
    let files = overlay(input, changed, Some(&candidate));
    let after = judge_again(engine, input, &files, Some(now));
    compare(now, &after, &made.iter().collect::<Vec<_>>(), selection).ok()?;
    take(candidate, changed).ok()?;
    Some((after, made))
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

/// The place at which a finding is mended.
fn place_of<'a>(now: &'a JudgedChart, index: usize, selection: &Selection) -> Option<&'a Instance> {
    let it = now.findings.get(index)?;
    it.fullest(allowed_index(&it.finding, selection)?)
}

fn ops_of<'a>(now: &'a JudgedChart, index: usize, selection: &Selection) -> Vec<&'a PatchOp> {
    let Some(it) = now.findings.get(index) else { return Vec::new() };
    let fix = allowed_index(&it.finding, selection);
    let patch = fix.and_then(|fix| it.fullest(fix)?.patches.get(fix));
    patch.map(|patch| patch.ops.iter().collect()).unwrap_or_default()
}

/// Mends findings of one block together; `trials` are left.
#[expect(clippy::too_many_arguments, reason = "one step of `mend`, with its state")]
fn try_group(
    engine: &Engine,
    input: &ChartInput,
    selection: &Selection,
    now: &JudgedChart,
    group: &[usize],
    made: &[Finding],
    changed: &mut BTreeMap<String, Changed>,
    trials: &mut usize,
) -> Result<JudgedChart, String> {
    let ops: Vec<&PatchOp> = group.iter().flat_map(|&at| ops_of(now, at, selection)).collect();
    let place = group.first().and_then(|&at| place_of(now, at, selection));
    let found = place.and_then(|it| Some((it.scenario, now.scenarios.get(it.scenario)?)));
    let Some((number, scenario)) = found else { return Err("its object is gone".to_owned()) };
    let files = overlay(input, changed, None);
    let sites = Sites::new(input, &files, &engine.limits, scenario, selection.add_values);
    let candidates = sites.candidates(&ops)?;
    let objects: BTreeSet<usize> = ops.iter().map(|op| op.document()).collect();
    let prints: BTreeSet<&str> = objects.iter().filter_map(|&object| scenario.path_of(object)).collect();
    let made: Vec<&Finding> = made.iter().collect();
    let wanted = |path: &str| prints.contains(path);
    let some_of = |files: &OverlayFiles| try_files(engine, input, files, now, &scenario.name, &wanted);
    let faithful = OnceCell::new();
    let is_faithful = || {
        *faithful
            .get_or_init(|| some_of(&files).is_ok_and(|tried| is_faithful(now, number, &objects, &tried)))
    };
    let mut reason = None;
    for candidate in candidates {
        let Some(left) = trials.checked_sub(1) else {
            return Err("the chart needs too many trials".to_owned());
        };
        *trials = left;
        let files = overlay(input, changed, Some(&candidate));
        // What the files of its objects print is soon known, and mostly tells enough.
        let promising = some_of(&files).and_then(|tried| promising(now, number, &objects, &tried, selection));
        let proved = promising.or_else(|why| if is_faithful() { Err(why) } else { Ok(()) }).and_then(|()| {
            let after = judge_again(engine, input, &files, Some(now));
            compare(now, &after, &made, selection).map(|()| after)
        });
        match proved {
            Ok(after) => {
                take(candidate, changed)?;
                return Ok(after);
            }
            Err(why) => {
                reason.get_or_insert_with(|| format!("tried at {}: {why}", candidate.place));
            }
        }
    }
    Err(reason.unwrap_or_else(|| "there is no place for it".to_owned()))
}

/// The tree with what is changed so far, and a candidate's edits on top.
fn overlay(
    input: &ChartInput,
    changed: &BTreeMap<String, Changed>,
    candidate: Option<&Candidate>,
) -> OverlayFiles {
    let mut above = MemoryFiles::new();
    for (path, it) in changed {
        above.insert(path.as_str(), it.after.text().as_bytes());
    }
    for (path, (source, edits)) in candidate.into_iter().flat_map(|it| &it.edits) {
        let after = Source::new(Arc::clone(source.name()), edits.apply(source.text()));
        above.insert(path.as_str(), after.text().as_bytes());
    }
    OverlayFiles::new(Arc::clone(&input.files), above)
}

fn take(candidate: Candidate, changed: &mut BTreeMap<String, Changed>) -> Result<(), String> {
    let mut taken = HashMap::new();
    for (path, (source, edits)) in candidate.edits {
        let after = Arc::new(Source::new(Arc::clone(source.name()), edits.apply(source.text())));
        let new = match changed.get(&path) {
            Some(known) => {
                let edits = compose(known.before.text(), &known.edits, &edits);
                Changed {
                    before: Arc::clone(&known.before),
                    edits: edits.map_err(|conflict| conflict.to_string())?,
                    after,
                }
            }
            None => Changed { before: source, edits, after },
        };
        if new.edits.apply(new.before.text()) != **new.after.text() {
            return Err("the edits of several rounds do not add up".to_owned());
        }
        taken.insert(path, new);
    }
    changed.extend(taken);
    Ok(())
}
