//! GitHub workflow commands: annotations in a pull request's diff.

use std::fmt::Write as _;

use crate::finding::Severity;
use crate::source::ProblemKind;

use super::Report;
use super::clean::clean;
use super::place::Place;

/// Escapes the text of a command.
fn data(text: &str) -> String {
    clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    }
}

fn line(output: &mut String, command: &str, place: Option<&Place>, path: &str, title: &str, text: &str) {
    let file = property(path.strip_prefix("./").unwrap_or(path));
    let _ = write!(output, "::{command} file={file}");
    if let Some(place) = place {
        let _ = write!(output, ",line={},endLine={}", place.line, place.end_line);
        // Columns only count where both ends are on one line.
        if place.line == place.end_line && place.end_column > place.column {
            let _ = write!(output, ",col={},endColumn={}", place.column, place.end_column);
        }
    }
    let _ = writeln!(output, ",title={}::{}", property(title), data(text));
}

/// One command a finding and a problem.
pub fn check(report: &Report<'_>) -> String {
    let mut output = String::new();
    for finding in &report.analysis.findings {
        let place = Place::on_one_line(&finding.primary.source, finding.primary.span);
        let mut text = format!("{}: {}", finding.resource, finding.message);
        if let Some(fix) = finding.fix() {
            let _ = write!(text, "\nFix [{}]: {}", fix.applicability, fix.title);
        }
        let title = format!("seaworthy {}", finding.rule);
        line(&mut output, command(finding.severity), Some(&place), &place.path, &title, &text);
    }
    for problem in &report.analysis.problems {
        let (command, title) = match problem.kind {
            ProblemKind::NotChecked => ("error", "seaworthy: not checked"),
            ProblemKind::Warning => ("warning", "seaworthy"),
        };
        let place = problem.source.as_ref().map(|source| Place::on_one_line(source, problem.span));
        line(&mut output, command, place.as_ref(), &problem.path, title, &problem.message);
    }
    output
}
