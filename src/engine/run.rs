//! Files in parallel. Only what is found is kept: trees live as long as their file is judged, so
//! that memory is bounded by the files in flight and what they have wrong.

use std::borrow::Cow;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::finding::Finding;
use crate::project::{ChartFolder, InputFile, Project};
use crate::rule::Neighbour;
use crate::source::{Problem, ProblemKind, Source};

use super::chart::{self, ChartInput};
use super::dockerfile;
use super::judge::{Judged, judge};
use super::linked;
use super::merge;
use super::repair::{Mended, mend};
use super::{Analysis, Counts, Engine, Repair, Selection, Tally};

/// What is kept of a judged file.
#[derive(Clone, Default)]
pub(super) struct Kept {
    analysis: Analysis,
    used_ignores: Vec<usize>,
    /// What fixes of other files may ask of it.
    neighbours: Vec<Neighbour>,
    /// Whether its own fixes ask for the objects around it.
    asks_around: bool,
    /// Values files that it names.
    named: Vec<PathBuf>,
}

impl From<Judged> for Kept {
    fn from(judged: Judged) -> Self {
        let neighbours = Neighbour::of_all(&judged.documents);
        let Judged { findings, ignored, problems, counts, used_ignores, asks_around, previews, .. } = judged;
        Self {
            analysis: Analysis { findings, ignored, problems, counts, previews, ..Analysis::default() },
            used_ignores,
            neighbours,
            asks_around,
            named: Vec::new(),
        }
    }
}

impl Kept {
    /// An analysis, and the configuration's ignores that it used.
    pub fn new(analysis: Analysis, used_ignores: Vec<usize>) -> Self {
        Self { analysis, used_ignores, ..Self::default() }
    }

    /// The analysis.
    pub fn analysis(self) -> Analysis {
        self.analysis
    }

    /// What fixes of other files may ask of it; asked for once.
    pub fn take_neighbours(&mut self) -> Vec<Neighbour> {
        std::mem::take(&mut self.neighbours)
    }

    /// Adds a problem that is no fault of what was checked.
    pub fn warn(&mut self, problem: Problem) {
        self.analysis.problems.push(problem);
    }

    /// The text, where a finding in it depends on other files.
    pub fn linked_text(&self) -> Option<Arc<Source>> {
        let open = |finding: &&Finding| finding.linked && finding.scenarios.is_none();
        self.analysis.findings.iter().find(open).map(|finding| Arc::clone(&finding.primary.source))
    }

    /// Whether what is said of repairs may be another thing once all files are known.
    pub fn asks_around(&self) -> bool {
        self.asks_around
    }

    /// Gives findings the repairs that were settled once all files were known.
    pub fn settle<'f>(&mut self, settled: impl IntoIterator<Item = &'f Finding> + Clone) {
        let ignored = self.analysis.ignored.iter_mut().map(|ignored| &mut ignored.finding);
        for finding in self.analysis.findings.iter_mut().chain(ignored).filter(|finding| finding.linked) {
            let mut settled = settled.clone().into_iter();
            if let Some(known) = settled.find(|known| known.fingerprint == finding.fingerprint) {
                finding.fixes.clone_from(&known.fixes);
                finding.no_fix.clone_from(&known.no_fix);
            }
        }
    }

    /// What is kept of a judgement that is used further.
    pub fn of(judged: &Judged) -> Self {
        let analysis = Analysis {
            findings: judged.findings.clone(),
            ignored: judged.ignored.clone(),
            problems: judged.problems.clone(),
            counts: judged.counts,
            ..Analysis::default()
        };
        Self { analysis, used_ignores: judged.used_ignores.clone(), ..Self::default() }
    }

    /// A file that is not judged.
    pub fn unread(problem: Problem) -> Self {
        let files = Tally { checked: 0, not_checked: 1 };
        let counts = Counts { files, ..Counts::default() };
        let analysis = Analysis { problems: vec![problem], counts, ..Analysis::default() };
        Self { analysis, ..Self::default() }
    }
}

/// A file or chart to work on.
enum Unit<'a> {
    Manifest(&'a InputFile),
    Dockerfile(&'a InputFile),
    Chart(&'a ChartFolder),
}

impl Unit<'_> {
    fn name(&self) -> &Arc<str> {
        match self {
            Self::Manifest(file) | Self::Dockerfile(file) => file.name(),
            Self::Chart(chart) => &chart.name,
        }
    }
}

/// Runs `work` on every manifest, Dockerfile and chart; a panic of it is a problem of that one alone.
fn each<T: Send>(
    engine: &Engine,
    project: &Project,
    work: impl Fn(&Unit<'_>) -> T + Sync,
    failed: impl Fn(Problem) -> T + Sync,
) -> Vec<T> {
    let files = project.manifests().map(Unit::Manifest).chain(project.dockerfiles().map(Unit::Dockerfile));
    let units: Vec<Unit<'_>> = files.chain(project.charts().map(Unit::Chart)).collect();
    let one = |unit: &Unit<'_>| {
        let done =
            catch_unwind(AssertUnwindSafe(|| work(unit))).unwrap_or_else(|_| failed(own_error(unit.name())));
        if let Some(progress) = &engine.progress {
            progress();
        }
        done
    };
    // Threads cost more than one file does.
    if let [unit] = units.as_slice() {
        return vec![one(unit)];
    }
    units.par_iter().with_max_len(1).map(one).collect()
}

fn own_error(name: &Arc<str>) -> Problem {
    let message = "an error of seaworthy itself; please report it with this file";
    Problem::of_path(ProblemKind::NotChecked, Arc::clone(name), message)
}

/// What is wrong with a manifest.
fn manifest(engine: &Engine, file: &InputFile) -> Kept {
    let source = match file.read(&engine.limits) {
        Ok(source) => source,
        Err(problem) => return Kept::unread(*problem),
    };
    let mut judged = judge(engine, &source, file.role());
    let named = engine.installs.named_by(engine, file, &judged);
    if !engine.repairs {
        // No fix will ask what they say.
        judged.documents.clear();
    }
    Kept { named, ..Kept::from(judged) }
}

/// Judges once more, as values, the manifests that others turned out to name so. The engine that knows them.
fn judge_named<'e>(engine: &'e Engine, project: &Project, kept: &mut [Kept]) -> Cow<'e, Engine> {
    let named: HashSet<PathBuf> = kept.iter_mut().flat_map(|kept| std::mem::take(&mut kept.named)).collect();
    if named.is_empty() {
        return Cow::Borrowed(engine);
    }
    let engine = Engine { installs: engine.installs.naming(project, &named), ..engine.clone() };
    let files: Vec<_> = project.manifests().zip(kept).collect();
    files.into_par_iter().filter(|(file, _)| engine.installs.judges_alone(file.name())).for_each(
        |(file, kept)| {
            let judged = catch_unwind(AssertUnwindSafe(|| manifest(&engine, file)));
            *kept = judged.unwrap_or_else(|_| Kept::unread(own_error(file.name())));
        },
    );
    Cow::Owned(engine)
}

pub(super) fn analyze(engine: &Engine, project: &Project) -> Analysis {
    let work = |unit: &Unit<'_>| match unit {
        Unit::Manifest(file) => manifest(engine, file),
        Unit::Dockerfile(file) => match file.read(&engine.limits) {
            Ok(source) => dockerfile::kept(engine, file, &source),
            Err(problem) => Kept::unread(*problem),
        },
        Unit::Chart(folder) => match ChartInput::open(engine, folder) {
            Ok(input) => {
                let mut judged = chart::judge(engine, &input);
                if engine.chart_edits {
                    chart::offer_edits(engine, &input, &mut judged);
                }
                chart::kept(engine, &input, &judged)
            }
            Err(problem) => Kept::unread(*problem),
        },
    };
    let mut parts = each(engine, project, work, Kept::unread);
    let engine = &*judge_named(engine, project, &mut parts);
    linked::analyze(engine, project, &mut parts);
    gather(engine, project, parts)
}

pub(super) fn repair(engine: &Engine, project: &Project, selection: &Selection) -> Repair {
    let engine = &engine.with_fixes_of(selection).with_named_values_of(project);
    let work = |unit: &Unit<'_>| match unit {
        Unit::Manifest(file) => mend(engine, file, selection),
        Unit::Dockerfile(file) => dockerfile::mend(engine, file, selection),
        Unit::Chart(folder) => match ChartInput::open(engine, folder) {
            Ok(input) => chart::mend(engine, &input, selection),
            Err(problem) => Mended::unread(*problem),
        },
    };
    let mut parts = each(engine, project, work, Mended::unread);
    linked::mend(engine, project, selection, &mut parts);
    join(engine, project, parts)
}

/// What mends one text of a chart, and nothing else.
pub(super) fn repair_in_chart(
    engine: &Engine,
    folder: &ChartFolder,
    file: &InputFile,
    selection: &Selection,
) -> Repair {
    let mend = || -> Result<Mended, Box<Problem>> {
        let source = file.read(&engine.limits)?;
        let input = ChartInput::open(engine, folder)?.with_buffer(&source);
        Ok(chart::mend(engine, &input, selection))
    };
    let mended = catch_unwind(AssertUnwindSafe(mend))
        .unwrap_or_else(|_| Err(Box::new(own_error(file.name()))))
        .unwrap_or_else(|problem| Mended::unread(*problem));
    join(engine, &Project::default(), vec![mended])
}

fn join(engine: &Engine, project: &Project, mut parts: Vec<Mended>) -> Repair {
    let verified = merge::join(&mut parts, &engine.limits);
    let (mut outcomes, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        outcomes.extend(part.outcomes);
        before.push(part.before);
        after.push(part.after);
    }
    Repair {
        verified,
        outcomes,
        before: gather(engine, project, before),
        after: gather(engine, project, after),
    }
}

/// Joins what was found in the files, in their order.
fn gather(engine: &Engine, project: &Project, parts: Vec<Kept>) -> Analysis {
    let mut all = Analysis::default();
    let mut used = vec![false; engine.settings.ignores.len()];
    for problem in &project.problems {
        let unread = usize::from(problem.kind == ProblemKind::NotChecked);
        all.counts.files.not_checked += unread;
        all.problems.push(problem.clone());
    }
    // Scenarios that are known of and can not be rendered.
    for problem in engine.installs.problems() {
        all.counts.scenarios.not_checked += usize::from(problem.kind == ProblemKind::NotChecked);
        all.problems.push(problem.clone());
    }
    all.findings.reserve_exact(parts.iter().map(|part| part.analysis.findings.len()).sum());
    for part in parts {
        all.findings.extend(part.analysis.findings);
        all.ignored.extend(part.analysis.ignored);
        all.problems.extend(part.analysis.problems);
        all.previews.extend(part.analysis.previews);
        all.counts.add(&part.analysis.counts);
        for index in part.used_ignores {
            if let Some(used) = used.get_mut(index) {
                *used = true;
            }
        }
    }
    // A chart that others need by its folder is judged in each of them.
    let mut seen = HashSet::new();
    all.findings.retain(|finding| {
        let (place, last) = (&finding.primary, finding.field.segments().last().cloned());
        let key = (Arc::clone(&finding.rule), Arc::clone(place.path()), place.span, last);
        finding.scenarios.is_none() || seen.insert(key)
    });
    unused_ignores(engine, &used, &mut all);
    all
}

/// Ignores of the configuration that silenced nothing, or that ran out.
fn unused_ignores(engine: &Engine, used: &[bool], all: &mut Analysis) {
    if engine.settings.no_ignores || all.counts.is_empty() {
        return;
    }
    for (ignore, used) in engine.settings.ignores.iter().zip(used) {
        let expired = ignore.expired(engine.settings.today);
        let runs = |rule: &String| engine.rules.runs(&engine.catalogue, rule);
        let idle = !ignore.rules.is_empty() && !ignore.rules.iter().any(runs);
        let message = match (expired, used) {
            (true, _) => "this ignore has expired",
            (false, false) if !idle => "this ignore silences nothing",
            _ => continue,
        };
        let problem = Problem::new(ProblemKind::Warning, &ignore.source, ignore.span, message);
        all.problems.push(problem.with_help("remove it"));
    }
}
