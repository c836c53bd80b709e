//! Trials of candidates: the chart is changed in memory, rendered again, and compared with what it was.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::engine::{Engine, Selection};
use crate::finding::{Finding, PatchOp};
use crate::fix::compose;
use crate::project::OverlayFiles;
use crate::source::{MemoryFiles, Source, TextEdits};

use super::ChartInput;
use super::candidate::Candidate;
use super::judge::{Instance, JudgedChart, judge_again, try_files};
use super::narrow::narrowed;
use super::proof::{IDLE, allowed_index, compare, is_faithful, promising};
use super::sites::Sites;

/// Most judged charts that are kept for when the same files are asked for again.
const MOST_KEPT: usize = 4;

/// A file that is changed: its first text, all edits of it, its text now.
pub(super) struct Changed {
    pub before: Arc<Source>,
    pub edits: TextEdits,
    pub after: Arc<Source>,
}

/// Texts of files that differ from the tree's, by path.
type Texts = BTreeMap<String, String>;

/// A chart that is mended: what is changed so far, and what may still be tried.
pub(super) struct Trials<'a> {
    engine: &'a Engine,
    input: &'a ChartInput,
    selection: &'a Selection,
    /// The files that are changed so far, by path.
    pub changed: BTreeMap<String, Changed>,
    /// How many trials are left.
    pub left: usize,
    /// Whether nothing that was tried did anything, so that other fixes beside would not help.
    pub idle: bool,
    /// First candidates of groups for the files as they are now: of a batch that fails, half is tried again.
    first: HashMap<Vec<usize>, Option<Candidate>>,
    /// The charts that were judged last: a part of what failed together is often tried again.
    kept: VecDeque<(Texts, Arc<JudgedChart>)>,
    /// What was rendered in all scenarios, in order.
    #[cfg(test)]
    pub rendered: Vec<Texts>,
}

impl<'a> Trials<'a> {
    /// No trial so far, and at most `left`.
    pub fn new(engine: &'a Engine, input: &'a ChartInput, selection: &'a Selection, left: usize) -> Self {
        Self {
            engine,
            input,
            selection,
            changed: BTreeMap::new(),
            left,
            idle: true,
            first: HashMap::new(),
            kept: VecDeque::new(),
            #[cfg(test)]
            rendered: Vec::new(),
        }
    }

    /// The texts of what is changed so far, and of a candidate on top.
    fn texts(&self, candidate: Option<&Candidate>) -> Texts {
        let changed = self.changed.iter().map(|(path, it)| (path.clone(), it.after.text().to_string()));
        let mut texts: Texts = changed.collect();
        for (path, (source, edits)) in candidate.into_iter().flat_map(|it| &it.edits) {
            texts.insert(path.clone(), edits.apply(source.text()));
        }
        texts
    }

    fn overlay(&self, texts: &Texts) -> OverlayFiles {
        let mut above = MemoryFiles::new();
        for (path, text) in texts {
            above.insert(path.as_str(), text.as_bytes());
        }
        OverlayFiles::new(Arc::clone(&self.input.files), above)
    }

    /// The chart with a candidate on top of what is changed so far.
    pub fn judge(&mut self, now: &JudgedChart, candidate: &Candidate) -> Arc<JudgedChart> {
        let texts = self.texts(Some(candidate));
        if let Some((_, known)) = self.kept.iter().find(|(known, _)| *known == texts) {
            return Arc::clone(known);
        }
        #[cfg(test)]
        self.rendered.push(texts.clone());
        let judged = Arc::new(judge_again(self.engine, self.input, &self.overlay(&texts), Some(now)));
        self.kept.truncate(MOST_KEPT - 1);
        self.kept.push_front((texts, Arc::clone(&judged)));
        judged
    }

    /// Mends findings of one block together; where one alone can not be mended for its whole pod, for its
    /// container.
    ///
    /// # Errors
    /// Why no candidate passes.
    pub fn group(
        &mut self,
        now: &JudgedChart,
        group: &[usize],
        made: &[Finding],
    ) -> Result<Arc<JudgedChart>, String> {
        let selection = self.selection;
        let ops: Vec<&PatchOp> = group.iter().flat_map(|&at| ops_of(now, at, selection)).collect();
        let tried = self.ops(now, group, &ops, made);
        match (tried, group) {
            (Err(reason), &[index]) if self.left > 0 => {
                let Some(narrow) = narrow_ops(now, index, selection) else { return Err(reason) };
                self.ops(now, group, &narrow.iter().collect::<Vec<_>>(), made).map_err(|_| reason)
            }
            (tried, _) => tried,
        }
    }

    fn ops(
        &mut self,
        now: &JudgedChart,
        group: &[usize],
        ops: &[&PatchOp],
        made: &[Finding],
    ) -> Result<Arc<JudgedChart>, String> {
        let (engine, input, selection) = (self.engine, self.input, self.selection);
        let place = group.first().and_then(|&at| place_of(now, at, selection));
        let found = place.and_then(|it| Some((it.scenario, now.scenarios.get(it.scenario)?)));
        let Some((number, scenario)) = found else { return Err("its object is gone".to_owned()) };
        let files = self.overlay(&self.texts(None));
        let sites = Sites::new(input, &files, &engine.limits, scenario, selection.add_values);
        let candidates = sites.candidates(ops)?;
        let was_idle = std::mem::replace(&mut self.idle, false);
        let objects: BTreeSet<usize> = ops.iter().map(|op| op.document()).collect();
        let prints: BTreeSet<&str> = objects.iter().filter_map(|&object| scenario.path_of(object)).collect();
        let made: Vec<&Finding> = made.iter().collect();
        let wanted = |path: &str| prints.contains(path);
        let some_of = |files: &OverlayFiles| try_files(engine, input, files, now, &scenario.name, &wanted);
        let faithful = || some_of(&files).is_ok_and(|tried| is_faithful(now, number, &objects, &tried));
        let is_faithful = || scenario.is_faithful(&prints, faithful);
        let mut reason = None;
        let mut all_idle = true;
        let mut tried: Vec<Texts> = Vec::new();
        for candidate in candidates {
            let texts = self.texts(Some(&candidate));
            // Several proposals may come to the same text.
            if tried.contains(&texts) {
                continue;
            }
            let Some(left) = self.left.checked_sub(1) else {
                return Err("the chart needs too many trials".to_owned());
            };
            self.left = left;
            // What the files of its objects print is soon known, and mostly tells enough.
            let promising = some_of(&self.overlay(&texts))
                .and_then(|tried| promising(now, number, &objects, &tried, selection));
            let promising = promising.or_else(|why| if is_faithful() { Err(why) } else { Ok(()) });
            let proved = promising.and_then(|()| {
                let after = self.judge(now, &candidate);
                compare(now, &after, &made, selection).map(|()| after)
            });
            match proved {
                // Where it belongs is not a file that may change.
                Ok(_) if self.is_elsewhere(&candidate) => {
                    return Err(format!("its place is {}", candidate.place));
                }
                Ok(after) => {
                    self.take(candidate)?;
                    return Ok(after);
                }
                Err(why) => {
                    all_idle &= why == IDLE;
                    reason.get_or_insert_with(|| format!("tried at {}: {why}", candidate.place));
                    tried.push(texts);
                }
            }
        }
        self.idle = was_idle && all_idle;
        // Keys that do nothing for a vendored chart's object are no places for it.
        if let Some(none) = sites.vendored(&objects).filter(|_| all_idle) {
            return Err(none);
        }
        Err(reason.unwrap_or_else(|| "there is no place for it".to_owned()))
    }

    /// The first candidates of several groups, tried together; those that have none, or whose edits
    /// overlap, are left for later. `None` where less than two go together, or they do not pass.
    pub fn batch(
        &mut self,
        now: &JudgedChart,
        batch: &[Vec<usize>],
    ) -> Option<(Arc<JudgedChart>, Vec<Finding>)> {
        let (engine, input, selection) = (self.engine, self.input, self.selection);
        let files = self.overlay(&self.texts(None));
        let mut sites: HashMap<usize, Sites<'_>> = HashMap::new();
        let mut all: Option<Candidate> = None;
        let (mut made, mut count) = (Vec::new(), 0);
        for group in batch {
            let ops: Vec<&PatchOp> = group.iter().flat_map(|&at| ops_of(now, at, selection)).collect();
            let Some(place) = group.first().and_then(|&at| place_of(now, at, selection)) else {
                continue;
            };
            let Some(scenario) = now.scenarios.get(place.scenario) else { continue };
            let candidate = self.first.entry(group.clone()).or_insert_with(|| {
                let new = || Sites::new(input, &files, &engine.limits, scenario, selection.add_values);
                let sites = sites.entry(place.scenario).or_insert_with(new);
                sites.candidates(&ops).ok().and_then(|mut it| it.next())
            });
            let Some(candidate) = candidate.clone() else { continue };
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
        if self.is_elsewhere(&candidate) {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        let after = self.judge(now, &candidate);
        compare(now, &after, &made.iter().collect::<Vec<_>>(), selection).ok()?;
        self.take(candidate).ok()?;
        Some((after, made))
    }

    /// Whether a candidate changes a file that may not change.
    fn is_elsewhere(&self, candidate: &Candidate) -> bool {
        candidate.edits.keys().any(|path| !self.input.may_change(path))
    }

    /// Takes a candidate that passed.
    ///
    /// # Errors
    /// Its edits do not go together with those before them.
    pub fn take(&mut self, candidate: Candidate) -> Result<(), String> {
        let mut taken = HashMap::new();
        for (path, (source, edits)) in candidate.edits {
            let after = Arc::new(Source::new(Arc::clone(source.name()), edits.apply(source.text())));
            let new = match self.changed.get(&path) {
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
        self.changed.extend(taken);
        self.first.clear();
        Ok(())
    }
}

/// The findings of a group.
pub(super) fn findings_of(now: &JudgedChart, group: &[usize]) -> Vec<Finding> {
    group.iter().filter_map(|&at| now.findings.get(at)).map(|it| it.finding.clone()).collect()
}

/// The place at which a finding is mended.
pub(super) fn place_of<'a>(
    now: &'a JudgedChart,
    index: usize,
    selection: &Selection,
) -> Option<&'a Instance> {
    let it = now.findings.get(index)?;
    it.fullest(allowed_index(&it.finding, selection)?)
}

/// What a finding's fix wants there.
pub(super) fn ops_of<'a>(now: &'a JudgedChart, index: usize, selection: &Selection) -> Vec<&'a PatchOp> {
    let Some(it) = now.findings.get(index) else { return Vec::new() };
    let fix = allowed_index(&it.finding, selection);
    let patch = fix.and_then(|fix| it.fullest(fix)?.patches.get(fix));
    patch.map(|patch| patch.ops.iter().collect()).unwrap_or_default()
}

/// What it wants of a pod, for the finding's container alone.
fn narrow_ops(now: &JudgedChart, index: usize, selection: &Selection) -> Option<Vec<PatchOp>> {
    let place = place_of(now, index, selection)?;
    let container = place.container.as_deref()?;
    let object = now.scenarios.get(place.scenario)?.objects.get(place.object)?;
    let ops = ops_of(now, index, selection);
    ops.into_iter().map(|op| narrowed(object, container, op)).collect()
}
