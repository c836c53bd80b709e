//! Failures of a render as problems at places, with what led there.

use std::sync::Arc;

use super::explain::{Explainer, calls};
use super::lines::lines;
use super::{Call, Explanation, LineTrace, SourcePlace};
use crate::helm::error::ExecError;
use crate::helm::failure::RenderError;
use crate::helm::inputs::InputError;
use crate::helm::render::Rendered;
use crate::origin::{Origins, SourceId, SourceText};
use crate::source::{Problem, ProblemKind, Span};

/// Lines shown before and behind one that cannot be read.
const CONTEXT: usize = 3;

/// One failure.
#[derive(Clone, Debug)]
pub struct RenderFailure {
    /// What is wrong, at its best place.
    pub problem: Problem,
    /// The calls that led to the place, the innermost first.
    pub calls: Vec<Call>,
    /// What the failing node or line came from.
    pub cause: Explanation,
    /// The rendered lines around one that cannot be read, with the 0-based place of that line.
    pub rendered: Option<(usize, Vec<LineTrace>)>,
    /// 1-based number of the first of these lines in its document.
    pub first_line: usize,
}

/// All failures of a render, in the order in which Helm would meet them.
#[must_use]
pub fn describe(rendered: &Rendered) -> Vec<RenderFailure> {
    rendered.failures.iter().flat_map(|error| failure(rendered, error)).collect()
}

fn failure(rendered: &Rendered, error: &RenderError) -> Vec<RenderFailure> {
    let chart = &rendered.chart;
    let at_chart =
        |span: Span| Problem::new(ProblemKind::NotChecked, &chart.chart_yaml, span, error.to_string());
    match error {
        RenderError::NotInstallable { .. }
        | RenderError::ApiVersion
        | RenderError::DependencyType
        | RenderError::KubeVersion { .. } => {
            vec![plain(at_chart(chart.metadata.name_span))]
        }
        RenderError::Missing(unmet) => unmet.iter().map(|it| plain(it.problem(chart))).collect(),
        RenderError::ReleaseName { .. } => {
            vec![plain(Problem::of_path(
                ProblemKind::NotChecked,
                Arc::clone(&chart.folder),
                error.to_string(),
            ))]
        }
        RenderError::Input(InputError::Argument(_)) => {
            vec![plain(Problem::of_path(ProblemKind::NotChecked, "--set", error.to_string()))]
        }
        RenderError::Input(InputError::Dependencies(mismatch) | InputError::Coalesce(mismatch)) => {
            let cause = explain(&rendered.origins, mismatch.origin);
            let problem = match cause.values.first() {
                Some(value) => Problem::new(
                    ProblemKind::NotChecked,
                    &value.place.source,
                    value.place.span,
                    error.to_string(),
                )
                .with_label(format!("subchart {} needs a table here", mismatch.name)),
                None => at_chart(chart.metadata.name_span),
            };
            vec![RenderFailure { cause, ..plain(problem) }]
        }
        RenderError::Schema(failure) => schema(rendered, failure),
        RenderError::Parse { error: parse, source } => {
            vec![plain(at_template(rendered, *source, parse.span, &error.to_string(), &parse.message))]
        }
        RenderError::Execution(error) => vec![execution(rendered, error)],
        RenderError::Document { document, file, error } => {
            vec![unreadable(rendered, *document, file, error)]
        }
    }
}

fn plain(problem: Problem) -> RenderFailure {
    RenderFailure { problem, calls: Vec::new(), cause: Explanation::default(), rendered: None, first_line: 1 }
}

fn explain(origins: &Origins, origin: crate::origin::OriginId) -> Explanation {
    let mut explainer = Explainer::new(origins);
    explainer.add_origin(origin);
    explainer.finish()
}

/// One problem for each value that a schema does not allow.
fn schema(rendered: &Rendered, failure: &crate::helm::inputs::SchemaFailure) -> Vec<RenderFailure> {
    let mut found = Vec::new();
    for (chart, violation) in &failure.violations {
        let message = format!(
            "values of {chart} do not fit its schema: at '{}': {}",
            violation.pointer, violation.message
        );
        let cause = explain(&rendered.origins, violation.origin);
        let problem = match cause.values.first() {
            Some(value) => {
                Problem::new(ProblemKind::NotChecked, &value.place.source, value.place.span, message)
                    .with_label(violation.message.clone())
            }
            None => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&rendered.chart.folder), message),
        };
        found.push(RenderFailure { cause, ..plain(problem) });
    }
    if found.is_empty() {
        // The schema itself is broken.
        let path = Arc::clone(&rendered.chart.folder);
        found.push(plain(Problem::of_path(ProblemKind::NotChecked, path, failure.to_string())));
    }
    found
}

fn at_template(rendered: &Rendered, source: SourceId, span: Span, message: &str, label: &str) -> Problem {
    match &rendered.origins.source(source).text {
        SourceText::Written(source) => {
            Problem::new(ProblemKind::NotChecked, source, span, message).with_label(label)
        }
        SourceText::Generated { .. } => {
            Problem::of_path(ProblemKind::NotChecked, Arc::clone(&rendered.chart.folder), message)
        }
    }
}

fn execution(rendered: &Rendered, error: &ExecError) -> RenderFailure {
    let origins = &rendered.origins;
    let innermost = error.chain().last().unwrap_or(error);
    let reason = match innermost.failed() {
        Some(said) => said.to_owned(),
        None => {
            let cause = innermost.cause.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{}{cause}", innermost.message)
        }
    };
    // A text given to `tpl` has its place in the values that it came from.
    let mut cause = Explanation::default();
    let mut place = None;
    match &origins.source(innermost.source).text {
        SourceText::Written(source) => {
            place = Some(SourcePlace { source: Arc::clone(source), span: innermost.action });
        }
        SourceText::Generated { runs, .. } => {
            let mut explainer = Explainer::new(origins);
            for (part, run) in runs.over(innermost.action).take(8) {
                explainer.add(run, part.len());
            }
            cause = explainer.finish();
            if let Some(value) = cause.values.first() {
                place = Some(value.place.clone());
            }
        }
    }
    let message = format!("{}: {reason}", innermost.location());
    let problem = match place.or_else(|| cause.template.clone()) {
        Some(place) => Problem::new(ProblemKind::NotChecked, &place.source, place.span, message)
            .with_label(format!("<{}>", innermost.node)),
        None => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&innermost.file), message),
    };
    RenderFailure { calls: calls(origins, innermost.frame), cause, ..plain(problem) }
}

/// A document that is no YAML: its template line and values, with the rendered lines around.
fn unreadable(
    rendered: &Rendered,
    document: usize,
    path: &Arc<str>,
    error: &crate::helm::manifest::Unreadable,
) -> RenderFailure {
    let message = format!("{path} prints what is no Kubernetes object: {error}");
    let found = rendered.documents.get(document).and_then(|document| {
        let file = rendered.files.get(document.file)?;
        Some((document, file, file.bytes.get(document.range.clone())?))
    });
    let Some((document, file, text)) = found else {
        return plain(Problem::of_path(ProblemKind::NotChecked, Arc::clone(path), message));
    };
    let all = lines(&rendered.origins, Some(&file.runs), text, document.range.start);
    let before = text.get(..error.span.start().min(text.len())).unwrap_or_default();
    let line = before.iter().filter(|&&byte| byte == b'\n').count().min(all.len().saturating_sub(1));
    let cause = all.get(line).map(|line| line.cause.clone()).unwrap_or_default();
    let first = line.saturating_sub(CONTEXT);
    let around: Vec<LineTrace> = all.into_iter().skip(first).take(2 * CONTEXT + 1).collect();
    let mut problem = match &cause.template {
        Some(place) => Problem::new(ProblemKind::NotChecked, &place.source, place.span, message),
        None => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&file.template), message),
    };
    problem = problem.with_label(format!("prints line {} of the document", line + 1));
    problem.help.clone_from(&error.help);
    RenderFailure {
        calls: cause.calls.clone(),
        cause,
        rendered: Some((line - first, around)),
        first_line: first + 1,
        problem,
    }
}
