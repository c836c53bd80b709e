//! Which branches of charts' templates no scenario took: what was not seen.

use std::sync::Arc;

use crate::project::Project;
use crate::source::{Problem, Source, Span};

use super::Engine;
use super::chart::{self, ChartInput};

/// What the scenarios of all charts reached.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Charts, in the order of the project.
    pub charts: Vec<ChartCoverage>,
    /// Trouble in the input; where something was not checked the counts may be too low.
    pub problems: Vec<Problem>,
}

/// What the scenarios of one chart reached.
#[derive(Clone, Debug)]
pub struct ChartCoverage {
    /// The chart's folder as shown.
    pub name: Arc<str>,
    /// How many scenarios were rendered.
    pub scenarios: usize,
    /// Its own template files, by path.
    pub files: Vec<FileCoverage>,
    /// Bodies in the templates of its subcharts.
    pub vendored: Share,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that some scenario reached.
    pub reached: usize,
    /// All.
    pub total: usize,
}

impl Share {
    /// Adds bodies.
    pub fn add(&mut self, bodies: &[BodyCoverage]) {
        self.reached += bodies.iter().filter(|body| body.reached > 0).count();
        self.total += bodies.len();
    }
}

impl ChartCoverage {
    /// Bodies in its own templates.
    #[must_use]
    pub fn own(&self) -> Share {
        let mut share = Share::default();
        self.files.iter().for_each(|file| share.add(&file.bodies));
        share
    }
}

/// A template file.
#[derive(Clone, Debug)]
pub struct FileCoverage {
    /// Its text.
    pub source: Arc<Source>,
    /// In how many scenarios it was executed; `None` for files that only define (`_helpers.tpl`).
    pub executed: Option<usize>,
    /// Its bodies, outer ones before those inside them.
    pub bodies: Vec<BodyCoverage>,
}

/// The body of `if`, `else`, `with`, `range` or `define`.
#[derive(Clone, Debug)]
pub struct BodyCoverage {
    /// `if .Values.ingress.enabled`, `else of if …`, `define "web.name"`.
    pub words: String,
    /// The action that opens it.
    pub place: Span,
    /// What is between that and the action that ends it.
    pub body: Span,
    /// Which control structure of the file it belongs to, from 0; `None` for `define`.
    pub structure: Option<usize>,
    /// In how many scenarios its structure was executed, whatever way was taken.
    pub asked: usize,
    /// In how many scenarios it was executed.
    pub reached: usize,
}

impl Engine {
    /// Renders every chart in all its scenarios and tells which bodies of its templates were executed.
    #[must_use]
    pub fn coverage(&self, project: &Project) -> Coverage {
        let mut coverage = Coverage { problems: project.problems.clone(), ..Coverage::default() };
        for folder in project.charts() {
            match ChartInput::open(folder, &self.limits) {
                Ok(input) => {
                    let judged = chart::judge(self, &input);
                    coverage.charts.extend(chart::coverage(&input, &judged));
                    coverage.problems.extend(judged.problems);
                }
                Err(problem) => coverage.problems.push(*problem),
            }
            if let Some(progress) = &self.progress {
                progress();
            }
        }
        coverage
    }
}
