//! Findings in charts that stand in for what others depend on.

use std::sync::Arc;

use super::judge::JudgedScenario;
use crate::helm::chart::{Chart, Standing};

/// That one of the objects is printed by a chart that only stands in for a dependency: keys in the parent's values
/// would be of no use once that chart, which is developed here too, is repaired.
pub(super) fn stand_in<'a>(
    scenario: &JudgedScenario,
    objects: impl Iterator<Item = &'a usize>,
) -> Option<String> {
    let rendered = &scenario.rendered;
    let stand_ins = rendered.chart.subcharts.iter().filter(|chart| chart.standing == Standing::Beside);
    let stand_ins: Vec<&Arc<Chart>> = stand_ins.collect();
    let objects = objects.filter_map(|&object| scenario.objects.get(object));
    let documents = objects.filter_map(|object| scenario.documents.get(object.document));
    let mut templates =
        documents.filter_map(|document| rendered.files.get(document.file)).map(|it| &it.template);
    templates.find_map(|path| {
        let inside = |chart: &&&Arc<Chart>| {
            path.strip_prefix(&*chart.folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let name = &stand_ins.iter().find(inside)?.metadata.name;
        Some(format!("it is printed by the chart {name} beside this one, and is to be repaired there"))
    })
}
