//! The Pod Security level that each namespace could enforce.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::project::{InputFile, Project, Role};
use crate::resource::Document;
use crate::rule::Verdict;
use crate::source::{Problem, ProblemKind};
use crate::yaml;

use super::Engine;
use super::chart::{self, ChartInput};

/// What the objects of each namespace fail.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// Verdicts by namespace; `None` is for objects that name none.
    pub verdicts: BTreeMap<Option<String>, Verdict>,
    /// What was not checked: a level holds only where there is none.
    pub problems: Vec<Problem>,
}

impl Engine {
    /// Judges every object that Pod Security admission reads, by namespace. Overlay patches are no
    /// finished objects and are told of as not checked. Charts count in all their scenarios.
    #[must_use]
    pub fn pod_security_levels(&self, project: &Project) -> Levels {
        let mut levels = Levels { problems: project.problems.clone(), ..Levels::default() };
        for file in project.manifests() {
            self.add_levels(file, &mut levels);
        }
        for chart in project.charts() {
            match ChartInput::open(self, chart) {
                Ok(input) => {
                    let judged = chart::judge(self, &input);
                    judged.objects().for_each(|object| self.add_object(object, &mut levels));
                    let unchecked = |problem: &Problem| problem.kind == ProblemKind::NotChecked;
                    levels.problems.extend(judged.problems.into_iter().filter(unchecked));
                }
                Err(problem) => levels.problems.push(*problem),
            }
        }
        levels
    }

    fn add_levels(&self, file: &InputFile, levels: &mut Levels) {
        if file.role() == Role::OverlayPatch {
            return;
        }
        let source = match file.read(&self.limits) {
            Ok(source) => source,
            Err(problem) => return levels.problems.push(*problem),
        };
        let parsed = yaml::parse(&source, &self.limits);
        let blind = parsed.problems.into_iter().filter(|problem| problem.kind == ProblemKind::NotChecked);
        levels.problems.extend(blind);
        for object in Document::objects(&Arc::new(parsed.tree), &self.kinds) {
            self.add_object(&object, levels);
        }
    }

    fn add_object(&self, object: &Document, levels: &mut Levels) {
        let target = self.target(&[], false);
        if object.kind().kind == "Namespace" && object.kind().group.is_empty() {
            levels.verdicts.entry(object.name().map(str::to_owned)).or_default();
        }
        if object.has_pod_security() {
            let verdict = self.catalogue.pod_security(object, &target);
            levels.verdicts.entry(object.namespace().map(str::to_owned)).or_default().merge(&verdict);
        }
    }
}
