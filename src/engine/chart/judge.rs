//! A chart in all its scenarios: rendered, evaluated, findings placed and joined.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use serde_json::Value;

use crate::engine::locate::{fingerprint, mark, resource_id};
use crate::engine::render::describe_failures;
use crate::engine::suppress::Ignores;
use crate::engine::{Counts, Engine, Ignored, Tally};
use crate::finding::{Finding, FixOffer, Patch, RuleHit, Scenarios, Severity};
use crate::helm::chart::{Chart, ChartError};
use crate::helm::load::{LoadOptions, load_folder};
use crate::helm::manifest::Class;
use crate::helm::render::{Rendered, render, render_some};
use crate::helm::scenario::Scenario;
use crate::helm::values::ValuesFile;
use crate::resource::Document;
use crate::source::{Files, Problem, ProblemKind, Span};
use crate::yaml::{DocumentState, Segment};

use super::ChartInput;
use super::ignores::ValuesIgnores;
use super::locate::locate;
use super::printed;
use super::scenarios::{DEFAULT, scenario, scenarios};
use super::trace::{RenderedTree, ValuePath, hooks, looked_at, looked_at_by};
use super::unfilled::{Unfilled, Withheld};

/// Why values in a resource that installs a chart are not edited.
const OF_RESOURCE: &str = "the value stands in a resource outside of the chart's repository";

/// What makes two hits one finding: rule, path and span of the source, last key of the field.
type SourceKey = (Arc<str>, Arc<str>, u32, u32, Option<Segment>);

/// A verdict on an object.
#[derive(Clone)]
pub(super) struct ObjectHit {
    /// The verdict.
    pub hit: RuleHit,
    /// Index of the object in its scenario.
    pub object: usize,
    /// The bytes of its document to look at.
    pub span: Span,
}

/// An object of a rendered scenario.
#[derive(Clone)]
pub(super) struct RenderedObject {
    /// Index into [`JudgedScenario::documents`].
    pub document: usize,
    /// The object.
    pub object: Document,
    /// Its value.
    pub value: Value,
}

/// A scenario that was rendered.
pub(super) struct JudgedScenario {
    /// Its name.
    pub name: Arc<str>,
    /// The render.
    pub rendered: Rendered,
    /// The documents that Helm installs, hooks included.
    pub documents: Vec<RenderedTree>,
    /// Their objects.
    pub objects: Vec<RenderedObject>,
    hits: Vec<ObjectHit>,
    /// Sets of values in its objects, by their number.
    inline: Vec<(usize, Tally)>,
    /// Charts that are not rendered as its objects install them.
    unrendered: Vec<Problem>,
    problems: Vec<Problem>,
    looked_at: OnceLock<BTreeSet<ValuePath>>,
    /// The same by number of the rendered file.
    looked_at_by: Vec<OnceLock<BTreeSet<ValuePath>>>,
    /// Whether files print by themselves what they print among all, by their paths, as far as it was asked.
    faithful: Mutex<BTreeMap<BTreeSet<String>, bool>>,
    /// What it was rendered with.
    inputs: Scenario,
    /// Its values files, `values.yaml` not among them.
    pub values: Vec<Arc<ValuesFile>>,
}

/// What some of a scenario's files print.
pub(super) struct Part<'a> {
    /// Documents, with their indexes in the scenario.
    pub documents: Vec<(usize, &'a RenderedTree)>,
    /// Objects, with their indexes in the scenario.
    pub objects: Vec<(usize, &'a RenderedObject)>,
}

impl JudgedScenario {
    /// Trouble with what was rendered, before it is joined with that of other scenarios.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Values keys called like a field that the templates of a document's file looked at: others change
    /// nothing in it.
    pub fn hooks(&self, document: &RenderedTree, field: &str) -> BTreeSet<ValuePath> {
        self.looked_at_for(document).map(|it| hooks(it, field)).unwrap_or_default()
    }

    /// Values keys that the templates of a document's file looked at.
    pub fn looked_at_for(&self, document: &RenderedTree) -> Option<&BTreeSet<ValuePath>> {
        let known = self.looked_at_by.get(document.file)?;
        Some(known.get_or_init(|| looked_at_by(&self.rendered, document.file)))
    }

    /// Values keys that its templates looked at.
    pub fn looked_at(&self) -> &BTreeSet<ValuePath> {
        self.looked_at.get_or_init(|| looked_at(&self.rendered))
    }

    /// The path, as Helm prints it, of the template file that printed an object.
    pub fn path_of(&self, object: usize) -> Option<&str> {
        self.printed_by(self.documents.get(self.objects.get(object)?.document)?)
    }

    /// Whether template files of these paths print by themselves what they print among all; `ask` finds out.
    pub fn is_faithful(&self, paths: &BTreeSet<&str>, ask: impl FnOnce() -> bool) -> bool {
        let known = || self.faithful.lock().unwrap_or_else(PoisonError::into_inner);
        let paths: BTreeSet<String> = paths.iter().map(|&path| path.to_owned()).collect();
        if let Some(&known) = known().get(&paths) {
            return known;
        }
        let faithful = ask();
        known().insert(paths, faithful);
        faithful
    }

    fn printed_by(&self, document: &RenderedTree) -> Option<&str> {
        self.rendered.files.get(document.file).map(|file| &*file.path)
    }

    /// All that is printed.
    pub fn whole(&self) -> Part<'_> {
        Part {
            documents: self.documents.iter().enumerate().collect(),
            objects: self.objects.iter().enumerate().collect(),
        }
    }

    /// What template files of these paths print.
    pub fn part(&self, paths: &BTreeSet<&str>) -> Part<'_> {
        let among = |path: Option<&str>| path.is_some_and(|path| paths.contains(path));
        let mut part = self.whole();
        part.documents.retain(|(_, document)| among(self.printed_by(document)));
        part.objects.retain(|(index, _)| among(self.path_of(*index)));
        part
    }
}

/// One rendered place of a finding.
pub(super) struct Instance {
    /// Index of the scenario.
    pub scenario: usize,
    /// Index of the object in it.
    pub object: usize,
    /// The container in it, if the finding is about one.
    pub container: Option<Arc<str>>,
    /// What the fixes change, in the order of [`Finding::fixes`].
    pub patches: Vec<Patch>,
}

/// A finding with all its rendered places.
pub(super) struct ChartFinding {
    /// The finding.
    pub finding: Finding,
    /// Its places; there is at least one.
    pub instances: Vec<Instance>,
}

impl ChartFinding {
    /// The place whose patch by a fix says most: other scenarios may print less of what belongs together.
    pub fn fullest(&self, fix: usize) -> Option<&Instance> {
        let length = |it: &Instance| it.patches.get(fix).map_or(0, |patch| patch.ops.len());
        let most = self.instances.iter().map(length).max()?;
        self.instances.iter().find(|it| length(it) == most)
    }
}

/// A chart and what is wrong with it.
#[derive(Default)]
pub(in crate::engine) struct JudgedChart {
    pub(super) scenarios: Vec<Arc<JudgedScenario>>,
    pub(super) findings: Vec<ChartFinding>,
    pub ignored: Vec<Ignored>,
    pub problems: Vec<Problem>,
    pub counts: Counts,
    pub used_ignores: Vec<usize>,
}

impl JudgedChart {
    /// The objects of all scenarios.
    pub fn objects(&self) -> impl Iterator<Item = &Document> {
        self.scenarios.iter().flat_map(|scenario| &scenario.objects).map(|object| &object.object)
    }

    /// The findings alone.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.iter().map(|it| it.finding.clone()).collect()
    }
}

/// Judges a chart.
pub(in crate::engine) fn judge(engine: &Engine, input: &ChartInput) -> JudgedChart {
    judge_again(engine, input, &*input.files, None)
}

/// Judges a chart whose files were changed since it was judged `before`.
pub(super) fn judge_again(
    engine: &Engine,
    input: &ChartInput,
    files: &dyn Files,
    before: Option<&JudgedChart>,
) -> JudgedChart {
    let mut judged = JudgedChart::default();
    let chart = match load(engine, input, files, before) {
        Ok(chart) => chart,
        Err(error) => {
            judged.problems.push(error.problem());
            return judged.counted(input, 0);
        }
    };
    if chart.metadata.chart_type == "library" {
        // It renders nothing by itself; what it defines is checked where it is used.
        let message = "a library chart is checked in the charts that use it";
        let name = Arc::clone(chart.chart_yaml.name());
        judged.problems.push(Problem::of_path(ProblemKind::Warning, name, message));
        judged.counts.files.checked += input.templates;
        return judged;
    }
    let (scenarios, problems) = scenarios(input, &chart, files, &engine.settings, &engine.limits);
    judged.problems = problems;
    judged.problems.extend(chart.stand_ins());
    let total = scenarios.len();
    judged.scenarios = render_all(engine, input, &chart, &scenarios, before);
    judged.join(engine, input);
    judged.counted(input, total)
}

fn load(
    engine: &Engine,
    input: &ChartInput,
    files: &dyn Files,
    before: Option<&JudgedChart>,
) -> Result<Arc<Chart>, ChartError> {
    let known = before.and_then(|it| it.scenarios.first()).map(|it| &it.rendered.chart);
    let options = LoadOptions { limits: engine.limits, known, ..engine.load_options() };
    load_folder(files, &input.folder, &options)
}

/// What some template files of a changed chart print in one scenario; no rule is asked.
///
/// # Errors
/// The chart, or the scenario's values, cannot be read.
pub(super) fn try_files(
    engine: &Engine,
    input: &ChartInput,
    files: &dyn Files,
    before: &JudgedChart,
    name: &str,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<JudgedScenario, String> {
    let chart = load(engine, input, files, Some(before)).map_err(|error| error.message)?;
    let scenario =
        scenario(input, files, &engine.settings, &engine.limits, name).map_err(|problem| problem.message)?;
    Ok(read_scenario(engine, &scenario, render_some(&chart, &scenario, wanted)))
}

/// Renders and evaluates scenarios, none of them twice for the same bytes: where it differs from another one,
/// or from one of before, by the names of its values files alone, it is that one with other names.
fn render_all(
    engine: &Engine,
    input: &ChartInput,
    chart: &Arc<Chart>,
    scenarios: &[Scenario],
    before: Option<&JudgedChart>,
) -> Vec<Arc<JudgedScenario>> {
    let known = before.map(|it| it.scenarios.as_slice()).unwrap_or_default();
    let known = match known.first() {
        Some(first) if first.rendered.chart.is_same(chart) => known,
        _ => &[],
    };
    let first_like = |at: usize| {
        let scenario = scenarios.get(at)?;
        scenarios.iter().take(at).position(|it| it.gives_the_same(scenario))
    };
    let rendered: Vec<Option<Arc<JudgedScenario>>> = scenarios
        .par_iter()
        .enumerate()
        .map(|(at, scenario)| match known.iter().find(|it| it.inputs.gives_the_same(scenario)) {
            Some(known) => Some(known.renamed(scenario)),
            None if first_like(at).is_some() => None,
            None => Some(Arc::new(render_scenario(engine, input, chart, scenario))),
        })
        .collect();
    let like = |(at, scenario): (usize, &Scenario)| match rendered.get(at)? {
        Some(own) => Some(Arc::clone(own)),
        None => Some(rendered.get(first_like(at)?)?.as_ref()?.renamed(scenario)),
    };
    scenarios.iter().enumerate().filter_map(like).collect()
}

impl JudgedScenario {
    /// The same scenario under another name, with values files of other names and the same bytes.
    fn renamed(self: &Arc<Self>, inputs: &Scenario) -> Arc<Self> {
        let names = |it: &Scenario| -> Vec<Arc<str>> {
            it.values.iter().map(|values| Arc::clone(values.source().name())).collect()
        };
        if *self.name == *inputs.name && names(&self.inputs) == names(inputs) {
            return Arc::clone(self);
        }
        let source = |values: &Arc<ValuesFile>| Arc::clone(values.source());
        let pairs = self.inputs.values.iter().map(source).zip(inputs.values.iter().map(source));
        let rendered = self.rendered.for_sources(&pairs.collect::<Vec<_>>());
        Arc::new(Self {
            name: Arc::from(inputs.name.as_str()),
            problems: problems(inputs, &rendered),
            looked_at: OnceLock::new(),
            looked_at_by: unasked(&rendered),
            rendered,
            documents: self.documents.clone(),
            objects: self.objects.clone(),
            hits: self.hits.clone(),
            inline: self.inline.clone(),
            unrendered: self.unrendered.clone(),
            faithful: Mutex::default(),
            inputs: inputs.clone(),
            values: inputs.values.clone(),
        })
    }
}

fn unasked<T>(rendered: &Rendered) -> Vec<OnceLock<T>> {
    rendered.files.iter().map(|_| OnceLock::new()).collect()
}

/// Renders and evaluates one scenario.
fn render_scenario(
    engine: &Engine,
    input: &ChartInput,
    chart: &Arc<Chart>,
    scenario: &Scenario,
) -> JudgedScenario {
    let mut judged = read_scenario(engine, scenario, render(chart, scenario));
    let together: Vec<&Document> = judged.objects.iter().map(|object| &object.object).collect();
    // A chart is all there is to its release.
    let target = engine.target(&together, true);
    for (index, object) in judged.objects.iter().enumerate() {
        let found = engine.catalogue.evaluate(&object.object, index, &engine.rules, &target);
        let at = |hit: RuleHit| {
            let span = mark(object.object.tree(), hit.node);
            ObjectHit { hit, object: index, span }
        };
        judged.hits.extend(found.into_iter().map(at));
    }
    let printed = printed::values(engine, input, &judged);
    judged.hits.extend(printed.hits);
    judged.inline = printed.counts;
    judged.problems.extend(printed.problems);
    judged.unrendered = printed.unrendered;
    judged
}

/// The trouble with a render.
fn problems(scenario: &Scenario, rendered: &Rendered) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        describe_failures(rendered).into_iter().map(|failure| failure.problem).collect();
    // What needs a chart that is not there fails for want of it: one cause is told once.
    let missing = rendered.chart.unmet.len();
    if missing > 0 && problems.len() > missing {
        let others = problems.split_off(missing).len();
        if let Some(help) = problems.first_mut().and_then(|problem| problem.help.as_mut()) {
            help.push_str(&format!("; templates that fail without it: {others}"));
        }
    }
    if scenario.name != DEFAULT {
        for problem in &mut problems {
            problem.message = format!("with {}: {}", scenario.name, problem.message);
        }
    }
    problems.extend(rendered.problems.iter().cloned());
    problems
}

/// Reads what was rendered.
fn read_scenario(engine: &Engine, scenario: &Scenario, mut rendered: Rendered) -> JudgedScenario {
    let problems = problems(scenario, &rendered);
    let mut documents = Vec::new();
    let mut objects: Vec<RenderedObject> = Vec::new();
    for document in &mut rendered.documents {
        let Some(read) = document.read.take() else { continue };
        if read.class == Class::Dropped {
            continue;
        }
        let tree = Arc::new(read.tree);
        let index = documents.len();
        if tree.documents().first().is_some_and(|it| it.state == DocumentState::Read) {
            for object in Document::objects(&tree, &engine.kinds) {
                let value = tree.to_json(object.root()).unwrap_or_default();
                objects.push(RenderedObject { document: index, object, value });
            }
        }
        documents.push(RenderedTree { file: document.file, start: document.range.start, tree });
    }
    let name = Arc::from(scenario.name.as_str());
    JudgedScenario {
        name,
        looked_at_by: unasked(&rendered),
        rendered,
        documents,
        objects,
        hits: Vec::new(),
        inline: Vec::new(),
        unrendered: Vec::new(),
        problems,
        looked_at: OnceLock::new(),
        faithful: Mutex::default(),
        inputs: scenario.clone(),
        values: scenario.values.clone(),
    }
}

impl JudgedChart {
    /// Joins what the scenarios have in common: one finding a rule and source place.
    fn join(&mut self, engine: &Engine, input: &ChartInput) {
        let total = self.scenarios.len();
        let vendored = input.inside("charts/");
        let mut in_values = ValuesIgnores::new(engine);
        let mut index: BTreeMap<SourceKey, usize> = BTreeMap::new();
        let mut found: Vec<(ChartFinding, bool)> = Vec::new();
        let mut withheld = Withheld::default();
        for (number, scenario) in self.scenarios.iter().enumerate() {
            for problem in &scenario.problems {
                let same = |other: &Problem| {
                    other.path == problem.path
                        && other.span == problem.span
                        && (other.message == problem.message
                            || problem.message.ends_with(&format!(": {}", other.message)))
                };
                if !self.problems.iter().any(same) {
                    self.problems.push(problem.clone());
                }
            }
            let unfilled = Unfilled::of(input, scenario);
            let mut ignores: BTreeMap<usize, Ignores> = BTreeMap::new();
            for &ObjectHit { ref hit, object, span: bytes } in &scenario.hits {
                let Some(at) = scenario.objects.get(object) else { continue };
                let Some(document) = scenario.documents.get(at.document) else { continue };
                if let Some(value) = unfilled.as_ref().and_then(|it| it.behind(document, bytes, hit.absent)) {
                    let what = format!("{} {} {}", hit.rule, resource_id(&at.object), hit.field);
                    withheld.add(value, what);
                    continue;
                }
                let place = locate(&scenario.rendered, document, (hit.node, bytes), hit.absent);
                let last = hit.field.segments().last().cloned();
                let span = place.primary.span;
                let key =
                    (Arc::clone(&hit.rule), Arc::clone(place.primary.path()), span.start, span.end, last);
                let node = hit.node;
                let patches = hit.fixes.iter().map(|fix| fix.patch.clone()).collect();
                let container = hit.container.clone();
                let instance = Instance { scenario: number, object, container, patches };
                if let Some(&known) = index.get(&key)
                    && let Some((known, _)) = found.get_mut(known)
                {
                    if let Some(scenarios) = &mut known.finding.scenarios
                        && scenarios.found_in.last() != Some(&scenario.name)
                    {
                        scenarios.found_in.push(Arc::clone(&scenario.name));
                    }
                    // The more guarded level of all the objects that one place stands for.
                    merge_levels(&mut known.finding, hit);
                    known.instances.push(instance);
                    continue;
                }
                let mut finding = finding(hit.clone(), place, &at.object);
                finding.scenarios = Some(Scenarios { found_in: vec![Arc::clone(&scenario.name)], total });
                if !input.reports(finding.primary.path()) {
                    continue;
                }
                let of_resource = input.install(&scenario.name).is_some_and(|install| {
                    let mut ats = install.ats().filter(|at| *at.file == **finding.primary.path());
                    ats.any(|at| !input.can_change(at))
                });
                if !finding.absent && of_resource && !finding.fixes.is_empty() {
                    finding.fixes.clear();
                    finding.no_fix = Some(OF_RESOURCE.into());
                }
                if finding.primary.path().starts_with(&vendored) {
                    finding.severity = Severity::Info;
                    finding.message.push_str(" (in a vendored chart)");
                }
                let silence = ignores
                    .entry(at.document)
                    .or_insert_with(|| Ignores::read(engine, &document.tree, &mut Vec::new()))
                    .silences(engine, Some(&at.object), node, bytes, &finding)
                    .or_else(|| in_values.silences(&finding));
                let ignored = silence.is_some();
                if let Some(silence) = silence {
                    self.used_ignores.extend(silence.configured);
                    let (by, reason) = (silence.by, silence.reason);
                    self.ignored.push(Ignored { finding: finding.clone(), by, reason });
                }
                index.insert(key, found.len());
                found.push((ChartFinding { finding, instances: vec![instance] }, ignored));
            }
        }
        let mut findings: Vec<ChartFinding> =
            found.into_iter().filter(|(_, ignored)| !ignored).map(|(finding, _)| finding).collect();
        findings.sort_by(|a, b| {
            let key = |it: &ChartFinding| {
                let place = &it.finding.primary;
                (Arc::clone(place.path()), place.span.start, Arc::clone(&it.finding.rule))
            };
            key(a).cmp(&key(b)).then_with(|| a.finding.resource.cmp(&b.finding.resource))
        });
        let mut plain: Vec<Finding> = findings.iter().map(|it| it.finding.clone()).collect();
        fingerprint(&mut plain);
        for (finding, plain) in findings.iter_mut().zip(plain) {
            finding.finding.fingerprint = plain.fingerprint;
        }
        self.findings = findings;
        self.problems.extend(withheld.problems());
    }

    fn counted(mut self, input: &ChartInput, scenarios: usize) -> Self {
        let blind = self.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
        let tally = |number: usize| {
            let (checked, not_checked) = if blind { (0, number) } else { (number, 0) };
            Tally { checked, not_checked }
        };
        self.counts.charts.add(tally(1));
        self.counts.files.add(tally(input.templates));
        let failed = self.scenarios.iter().filter(|it| !it.rendered.failures.is_empty()).count();
        let mut unrendered: Vec<&Problem> = Vec::new();
        for problem in self.scenarios.iter().flat_map(|it| &it.unrendered) {
            if unrendered.iter().all(|known| known.message != problem.message) {
                unrendered.push(problem);
            }
        }
        self.problems.extend(unrendered.iter().map(|it| (*it).clone()));
        let not_checked = failed + unrendered.len();
        self.counts.scenarios.add(Tally { checked: scenarios - failed, not_checked });
        // An object that several scenarios render is one.
        let mut seen = BTreeSet::new();
        let mut documents = BTreeSet::new();
        let mut inline = BTreeMap::new();
        for scenario in &self.scenarios {
            for (object, counts) in &scenario.inline {
                let id = scenario.objects.get(*object).map(|it| resource_id(&it.object));
                inline.insert((scenario.path_of(*object), id), *counts);
            }
            for (index, object) in scenario.objects.iter().enumerate() {
                let path = scenario.path_of(index);
                let id = resource_id(&object.object);
                documents.insert((path, id.kind.clone(), id.name.clone()));
                seen.insert((path, id));
            }
        }
        for counts in inline.into_values() {
            self.counts.values.add(counts);
        }
        self.counts.objects.checked += seen.len();
        self.counts.documents.checked += documents.len();
        self.counts.ignored = self.ignored.len();
        self
    }
}

fn merge_levels(finding: &mut Finding, hit: &RuleHit) {
    for (known, other) in finding.fixes.iter_mut().zip(&hit.fixes) {
        if other.applicability < known.applicability {
            known.applicability = other.applicability;
            known.held_back = known.held_back.take().or_else(|| other.held_back.clone());
            known.release = known.release.take().or_else(|| other.release.clone());
        }
    }
}

fn finding(hit: RuleHit, place: super::locate::Place, object: &Document) -> Finding {
    let offer = |fix: crate::finding::CandidateFix| FixOffer {
        title: fix.title,
        applicability: fix.applicability,
        safety: fix.safety,
        patch: fix.patch,
        edits: Vec::new(),
        held_back: fix.held_back,
        release: fix.release,
    };
    let fixes: Vec<FixOffer> = hit.fixes.into_iter().map(offer).collect();
    let none = || fixes.is_empty().then(|| "there is no fix".into());
    let no_fix = hit.no_fix.or_else(none);
    Finding {
        rule: hit.rule,
        severity: hit.severity,
        message: hit.message,
        label: hit.label,
        primary: place.primary,
        absent: hit.absent,
        related: place.related,
        resource: resource_id(object),
        container: hit.container,
        field: hit.field,
        standards: hit.standards,
        fingerprint: String::new(),
        fixes,
        no_fix,
        linked: hit.linked,
        scenarios: None,
    }
}
