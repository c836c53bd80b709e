//! reviewdog's diagnostics, one JSON object a line. Columns count UTF-8 bytes from 1, ends are
//! exclusive; suggestions replace whole lines.

use serde_json::{Value, json};

use crate::finding::{Finding, Severity, SourceEdits};
use crate::source::{ProblemKind, Source, Span};

use super::Report;
use super::clean::json_text;
use super::place::first_line;

fn position(source: &Source, offset: usize) -> Value {
    let index = source.line_index();
    let line = index.line_of(offset);
    let column = offset - index.line_start(line).unwrap_or(0);
    json!({ "line": line + 1, "column": column + 1 })
}

fn range(source: &Source, span: Span) -> Value {
    json!({ "start": position(source, span.start()), "end": position(source, span.end()) })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "ERROR",
        Severity::Medium => "WARNING",
        Severity::Low | Severity::Info => "INFO",
    }
}

/// The lines that edits touch, and what they become; `None` where that is nothing to show.
fn whole_lines(of: &SourceEdits) -> Option<(Span, String)> {
    let (first, last) = (of.edits.as_slice().first()?, of.edits.as_slice().last()?);
    let (index, text) = (of.source.line_index(), of.source.text());
    let start = index.line_start(index.line_of(first.span.start()))?;
    let end_line = index.line_of(last.span.end());
    // An edit that ends where a line starts does not touch that line.
    let touches = index.line_start(end_line) != Some(last.span.end()) || last.span.is_empty();
    let end = if touches { index.line_start(end_line + 1).unwrap_or(text.len()) } else { last.span.end() };
    let after = of.edits.apply(text);
    let text = after.get(start..after.len().checked_sub(text.len() - end)?)?;
    Some((Span::new(start, end), text.to_owned()))
}

fn finding_line(finding: &Finding) -> Value {
    let source = &finding.primary.source;
    let mut line = json!({
        "message": format!("{}: {}", finding.resource, finding.message),
        "location": {
            "path": source.name().strip_prefix("./").unwrap_or(source.name()),
            "range": range(source, first_line(source, finding.primary.span)),
        },
        "severity": severity(finding.severity),
        "source": { "name": "seaworthy" },
        "code": { "value": &*finding.rule },
    });
    let here =
        finding.fix().and_then(|fix| fix.edits.iter().find(|edits| edits.source.name() == source.name()));
    if let (Some((span, text)), Some(object)) = (here.and_then(whole_lines), line.as_object_mut()) {
        let suggestion = json!([{ "range": range(source, span), "text": text }]);
        object.insert("suggestions".to_owned(), suggestion);
    }
    line
}

/// One line a finding and a problem.
pub fn check(report: &Report<'_>) -> String {
    let mut output = String::new();
    let mut push = |value: &Value| {
        output += &json_text(&value.to_string());
        output.push('\n');
    };
    for finding in &report.analysis.findings {
        push(&finding_line(finding));
    }
    for problem in &report.analysis.problems {
        let mut location = json!({ "path": &*problem.path });
        if let (Some(source), Some(object)) = (&problem.source, location.as_object_mut()) {
            object.insert("range".to_owned(), range(source, first_line(source, problem.span)));
        }
        let (severity, code) = match problem.kind {
            ProblemKind::NotChecked => ("ERROR", "not-checked"),
            ProblemKind::Warning => ("WARNING", "problem"),
        };
        push(&json!({
            "message": problem.message,
            "location": location,
            "severity": severity,
            "source": { "name": "seaworthy" },
            "code": { "value": code },
        }));
    }
    output
}
