//! Resources that a chart prints to install other charts (an app of apps): their values are judged without those
//! charts, as the inline values of resources in files are. Charts of the project are not rendered with them, which is
//! said.

use std::sync::Arc;

use crate::engine::locate::mark;
use crate::engine::values::{self, ValuesHit};
use crate::engine::{Engine, Tally};
use crate::source::{Problem, ProblemKind};

use super::ChartInput;
use super::judge::{JudgedScenario, ObjectHit};
use super::locate::locate;

/// What is wrong with the values in a scenario's objects.
#[derive(Default)]
pub(super) struct Printed {
    /// The verdicts.
    pub hits: Vec<ObjectHit>,
    /// What can not be read, at its source.
    pub problems: Vec<Problem>,
    /// How many sets of values an object has, by its number.
    pub counts: Vec<(usize, Tally)>,
    /// Charts of the project that are not rendered as an object installs them.
    pub unrendered: Vec<Problem>,
}

/// Looks through the values in the objects of a scenario.
pub(super) fn values(engine: &Engine, input: &ChartInput, scenario: &JudgedScenario) -> Printed {
    let mut printed = Printed::default();
    for (index, object) in scenario.objects.iter().enumerate() {
        let Some(document) = scenario.documents.get(object.document) else { continue };
        let found = values::in_document(engine, &document.tree, &object.object, index);
        if found.counts != Tally::default() {
            printed.counts.push((index, found.counts));
        }
        for ValuesHit { hit, span } in found.hits {
            let span = span.unwrap_or_else(|| mark(&document.tree, hit.node));
            printed.hits.push(ObjectHit { hit, object: index, span });
        }
        let root = object.object.root();
        let locate = |span| locate(&scenario.rendered, document, (root, span), false).primary;
        for mut problem in found.problems {
            let place = locate(problem.span);
            (problem.path, problem.span) = (Arc::clone(place.path()), place.span);
            problem.source = Some(place.source);
            printed.problems.push(problem);
        }
        let template = scenario.rendered.files.get(document.file).map_or("", |file| &*file.template);
        for message in engine.installs.of_printed(&object.object, &input.on_disk(template)) {
            let place = locate(mark(&document.tree, root));
            let problem = Problem::new(ProblemKind::NotChecked, &place.source, place.span, message);
            printed.unrendered.push(problem.with_help("values that it has are judged without the chart"));
        }
    }
    printed
}
