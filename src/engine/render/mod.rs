//! Rendering charts for people and programs: what `helm template` prints, where each line comes from,
//! and why something is not there.
//!
//! A render knows for each byte where it came from ([`crate::origin`]). Here this becomes places
//! that a person can open: template file and line, the calls that led there, values file and key,
//! the files that lose, the branches that were not taken.

mod enclosing;
mod explain;
mod failures;
mod lines;
mod request;
mod why;

use std::sync::Arc;

use crate::helm::render::Rendered;
use crate::source::{LineColumn, Source, Span};

pub(super) use enclosing::{Step, Structure, steps_to};
pub use failures::RenderFailure;
pub(super) use failures::describe as describe_failures;
pub use lines::{DocumentTrace, LineTrace};
pub use request::{
    ChartCache, ChartPlace, ChartRender, LoadedChart, PrintOptions, PrintedPiece, RenderRequest,
    ScenarioError, ValuesInput, ValuesSetter, show_only,
};
pub use why::{Answer, Question, Reason};

/// A place in a file.
#[derive(Clone, Debug)]
pub struct SourcePlace {
    /// The file.
    pub source: Arc<Source>,
    /// The part of it.
    pub span: Span,
}

impl SourcePlace {
    /// 1-based line and column where it begins.
    #[must_use]
    pub fn start(&self) -> LineColumn {
        self.source.line_column(self.span.start())
    }

    /// `FILE:LINE`
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}:{}", self.source.name(), self.start().line)
    }
}

impl PartialEq for SourcePlace {
    fn eq(&self, other: &Self) -> bool {
        self.span == other.span && self.source.name() == other.source.name()
    }
}

impl Eq for SourcePlace {}

/// A node of a values file, or of an argument that sets values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueTrace {
    /// Where it is written.
    pub place: SourcePlace,
    /// Its path in that file.
    pub key: String,
    /// The places that it wins over, the strongest first.
    pub over: Vec<SourcePlace>,
}

/// A key that was looked up and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentTrace {
    /// Its path.
    pub key: String,
    /// The nearest thing above it that is written.
    pub above: Option<SourcePlace>,
}

/// A step from a template to the one that called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The template that was called; `tpl` for text that was given to it.
    pub name: String,
    /// The action that called it.
    pub place: SourcePlace,
}

/// What is known of some bytes of the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The text, literal or action that printed them.
    pub template: Option<SourcePlace>,
    /// The calls that led there, the innermost first.
    pub calls: Vec<Call>,
    /// Values they came from.
    pub values: Vec<ValueTrace>,
    /// Keys that were looked up for them and are not there.
    pub absent: Vec<AbsentTrace>,
    /// Fields of the context: `Release.Name`.
    pub context: Vec<String>,
    /// Files of the chart.
    pub files: Vec<SourcePlace>,
    /// Functions whose result they are: a hash, a sum.
    pub functions: Vec<String>,
}

/// What bytes of a rendered file came from.
pub(super) fn explain_bytes(rendered: &Rendered, file: usize, span: Span) -> Explanation {
    let mut explainer = explain::Explainer::new(&rendered.origins);
    if let Some(file) = rendered.files.get(file) {
        for (part, run) in file.runs.over(span) {
            explainer.add(run, part.len());
        }
    }
    explainer.finish()
}
