//! Which bodies of a chart's templates its scenarios executed.
//!
//! Nothing is recorded for this: a render keeps the stack of every action as frames, and a body that was
//! executed has one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::engine::coverage::{BodyCoverage, ChartCoverage, FileCoverage, Share};
use crate::helm::exec::parse_template;
use crate::origin::{FrameKind, SourceId, SourceRole, SourceText};
use crate::source::{Source, Span};
use crate::template::Template;
use crate::template::ast::{Branch, BranchKind, Item, is_empty};

use super::ChartInput;
use super::judge::{JudgedChart, JudgedScenario};

/// Something that is executed, by the path of its file and the start of an action.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Step {
    /// A file as a whole.
    File(Arc<str>),
    /// The body behind the action.
    Then(Arc<str>, u32),
    /// What comes where the action's condition is false.
    Else(Arc<str>, u32),
    /// The action's condition.
    Asked(Arc<str>, u32),
    /// A definition, by its number in the file.
    Define(Arc<str>, usize),
}

/// A template file and its syntax.
struct Parsed {
    source: Arc<Source>,
    template: Template,
}

/// What the scenarios of a chart executed; `None` where none was rendered.
pub(in crate::engine) fn coverage(input: &ChartInput, judged: &JudgedChart) -> Option<ChartCoverage> {
    let mut files: BTreeMap<Arc<str>, Parsed> = BTreeMap::new();
    let mut counts: HashMap<Step, usize> = HashMap::new();
    for scenario in &judged.scenarios {
        for step in steps(scenario, &mut files) {
            *counts.entry(step).or_default() += 1;
        }
    }
    if files.is_empty() {
        return None;
    }
    let own = input.inside("templates/");
    let mut coverage = ChartCoverage {
        name: Arc::clone(&input.name),
        scenarios: judged.scenarios.len(),
        files: Vec::new(),
        vendored: Share::default(),
    };
    for (path, parsed) in &files {
        let bodies = bodies(path, parsed, &counts);
        if !path.starts_with(&own) {
            coverage.vendored.add(&bodies);
        } else if input.reports(path) {
            let hidden = path.rsplit('/').next().is_some_and(|name| name.starts_with('_'));
            let executed = counts.get(&Step::File(Arc::clone(path))).copied().unwrap_or(0);
            let executed = (!hidden).then_some(executed);
            coverage.files.push(FileCoverage { source: Arc::clone(&parsed.source), executed, bodies });
        }
    }
    Some(coverage)
}

/// What one scenario executed. Files that were not met before are parsed.
fn steps(scenario: &JudgedScenario, files: &mut BTreeMap<Arc<str>, Parsed>) -> HashSet<Step> {
    let origins = &scenario.rendered.origins;
    let mut paths: HashMap<SourceId, Arc<str>> = HashMap::new();
    // Which definition a name means: the last one that was added and is not blank.
    let mut meant: HashMap<Arc<str>, (Arc<str>, usize)> = HashMap::new();
    for (id, source) in origins.sources() {
        let (SourceRole::Template, SourceText::Written(source)) = (source.role, &source.text) else {
            continue;
        };
        let path = Arc::clone(source.name());
        if !files.contains_key(&path) {
            // What does not parse is told of where it is rendered.
            let Ok(template) = parse_template(&path, source.text().as_bytes()) else { continue };
            files.insert(Arc::clone(&path), Parsed { source: Arc::clone(source), template });
        }
        if let Some(parsed) = files.get(&path) {
            for (number, definition) in parsed.template.definitions.iter().enumerate() {
                let blank = is_empty(&parsed.template.text, &definition.items);
                if !blank || !meant.contains_key(&definition.name) {
                    meant.insert(Arc::clone(&definition.name), (Arc::clone(&path), number));
                }
            }
        }
        paths.insert(id, path);
    }
    let mut steps = HashSet::new();
    for (_, frame) in origins.frames() {
        if let FrameKind::Call(name) = frame.kind {
            if let Some((path, number)) = meant.get(origins.text_of(name)) {
                steps.insert(Step::Define(Arc::clone(path), *number));
            }
            continue;
        }
        let Some(path) = paths.get(&frame.source) else { continue };
        let (path, start) = (|| Arc::clone(path), frame.span.start);
        match frame.kind {
            FrameKind::File(_) => steps.extend([Step::File(path())]),
            FrameKind::Then(_) => steps.extend([Step::Then(path(), start), Step::Asked(path(), start)]),
            FrameKind::Else => steps.extend([Step::Else(path(), start), Step::Asked(path(), start)]),
            FrameKind::Skipped => steps.extend([Step::Asked(path(), start)]),
            FrameKind::Call(_) | FrameKind::Tpl => {}
        }
    }
    steps
}

/// The bodies of a file, with what was counted.
fn bodies(path: &Arc<str>, parsed: &Parsed, counts: &HashMap<Step, usize>) -> Vec<BodyCoverage> {
    let mut walk = Walk { path, template: &parsed.template, counts, structures: 0, bodies: Vec::new() };
    walk.items(&parsed.template.items);
    for (number, definition) in parsed.template.definitions.iter().enumerate() {
        let (first, last) = (definition.items.first(), definition.items.last());
        if let (Some(first), Some(last), false) =
            (first, last, is_empty(&parsed.template.text, &definition.items))
        {
            let reached = walk.count(Step::Define(Arc::clone(path), number));
            walk.bodies.push(BodyCoverage {
                words: format!("define {}", crate::template::quote(definition.name.as_bytes())),
                place: Span::new(definition.span.start(), first.span().start()),
                body: first.span().to(last.span()),
                structure: None,
                asked: reached,
                reached,
            });
        }
        walk.items(&definition.items);
    }
    walk.bodies
}

struct Walk<'w> {
    path: &'w Arc<str>,
    template: &'w Template,
    counts: &'w HashMap<Step, usize>,
    structures: usize,
    bodies: Vec<BodyCoverage>,
}

impl Walk<'_> {
    fn count(&self, step: Step) -> usize {
        self.counts.get(&step).copied().unwrap_or(0)
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            if let Item::Branch(branch) = item {
                self.branch(branch);
            }
        }
    }

    fn branch(&mut self, branch: &Branch) {
        let Some(first) = branch.arms.first() else { return };
        let structure = Some(self.structures);
        self.structures += 1;
        let path = || Arc::clone(self.path);
        let asked = self.count(Step::Asked(path(), first.delimiters.span().start));
        let end = branch.end.delimiters.span().start();
        let otherwise = branch.otherwise.as_ref();
        let behind = otherwise.map_or(end, |otherwise| otherwise.keyword.delimiters.span().start());
        let mut condition = String::new();
        for (number, arm) in branch.arms.iter().enumerate() {
            let next = branch.arms.get(number + 1).map_or(behind, |arm| arm.delimiters.span().start());
            let place = arm.delimiters.span();
            let text = self.template.slice(arm.word.to(arm.pipeline.span));
            let text = String::from_utf8_lossy(text);
            let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if number == 0 {
                condition.clone_from(&words);
            } else {
                words = format!("else {words}");
            }
            let reached = self.count(Step::Then(Arc::clone(self.path), place.start));
            let body = Span::new(place.end(), next);
            self.bodies.push(BodyCoverage { words, place, body, structure, asked, reached });
            self.items(&arm.items);
        }
        if let Some(otherwise) = otherwise {
            let tested = match branch.kind {
                BranchKind::Range => Some(first),
                BranchKind::If | BranchKind::With => branch.arms.last(),
            };
            let start = tested.map_or(0, |arm| arm.delimiters.span().start);
            let reached = self.count(Step::Else(Arc::clone(self.path), start));
            let place = otherwise.keyword.delimiters.span();
            let (words, body) = (format!("else of {condition}"), Span::new(place.end(), end));
            self.bodies.push(BodyCoverage { words, place, body, structure, asked, reached });
            self.items(&otherwise.items);
        }
    }
}
