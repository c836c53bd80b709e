//! The report for people.

mod frame;
mod group;
mod summary;

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use crate::finding::{Applicability, Finding, Severity};
use crate::source::{Problem, ProblemKind};

use super::clean::clean_line;
use super::diff::changed_lines;
use super::style::{Paint, Style, Verbosity};
use super::{Report, place};
use frame::{Frame, Mark};
use group::Group;

pub use summary::{count, fixable};

/// Most lines of a diff under a finding.
const MAX_DIFF_LINES: usize = 40;

/// Findings in frames, problems in frames, a summary; told piece by piece, since all of it may be long.
pub fn check(report: &Report<'_>, style: &Style, told: &mut dyn fmt::Write) -> fmt::Result {
    let mut output = String::new();
    if report.verbosity == Verbosity::Silent {
        return Ok(());
    }
    for group in group::groups(&report.analysis.findings) {
        write_group(&mut output, report, &group, style);
        told.write_str(&output)?;
        output.clear();
    }
    for one in &report.analysis.problems {
        output += &problem(one, style);
        output.push('\n');
    }
    if report.verbosity >= Verbosity::Verbose {
        summary::ignored(&mut output, report, style);
    }
    if report.verbosity >= Verbosity::Normal {
        summary::summary(&mut output, report, style);
    }
    told.write_str(&output)
}

fn mark(severity: Severity) -> Mark {
    match severity {
        Severity::Critical | Severity::High => Mark::Error,
        Severity::Medium => Mark::Warning,
        Severity::Low | Severity::Info => Mark::Advice,
    }
}

fn star(finding: &Finding) -> &'static str {
    if finding.fix().is_some() { " [*]" } else { "" }
}

fn scenarios(finding: &Finding) -> String {
    finding.scenarios.as_ref().map_or_else(String::new, |scenarios| {
        format!(" ({} of {} scenarios)", scenarios.found_in.len(), scenarios.total)
    })
}

fn write_group(output: &mut String, report: &Report<'_>, group: &Group<'_>, style: &Style) {
    let first = group.first;
    let subject = match &first.container {
        Some(container) => format!("{}, container {container}", first.resource),
        None => first.resource.to_string(),
    };
    let worst = group.findings().map(|finding| finding.severity).max().unwrap_or(first.severity);
    let title = if group.len() == 1 {
        let message = &first.message;
        format!("{}{}: {}, {message}{}", first.rule, star(first), first.resource, scenarios(first))
    } else {
        format!("{subject}: {} findings{}", group.len(), scenarios(first))
    };
    let label = if group.len() == 1 {
        first.label.clone().or_else(|| first.absent.then(|| format!("{} is not set here", last_key(first))))
    } else {
        Some(absent_keys(group).unwrap_or_else(|| "here".to_owned()))
    };
    let frame = Frame {
        mark: mark(worst),
        title: clean_line(&title),
        source: &first.primary.source,
        span: place::first_line(&first.primary.source, first.primary.span),
        label,
    };
    frame.write(output, style);
    if group.len() > 1 {
        let width = group.findings().map(|one| one.rule.len() + star(one).len()).max().unwrap_or(0);
        for finding in group.findings() {
            let name = format!("{}{}", finding.rule, star(finding));
            let severity = format!("{:8}", finding.severity.as_str());
            let severity = style.paint(severity_paint(finding.severity), &severity);
            let _ = writeln!(output, "  {severity} {name:width$}  {}", clean_line(&finding.message));
        }
    }
    let mut shown = BTreeSet::new();
    for (location, text) in group.findings().flat_map(|finding| &finding.related) {
        // Findings of one place mostly come from the same lines of a template.
        if !shown.insert((location.source.name(), location.span.start(), location.span.end(), text)) {
            continue;
        }
        let span = place::first_line(&location.source, location.span);
        let title = clean_line(text);
        let label = None;
        Frame { mark: Mark::Advice, title, source: &location.source, span, label }.write(output, style);
    }
    write_help(output, report, group, style);
    output.push('\n');
}

/// `a, b, c not set here` where all findings of a place are about absent fields.
fn absent_keys(group: &Group<'_>) -> Option<String> {
    let mut keys: Vec<String> = Vec::new();
    for finding in group.findings() {
        let key = last_key(finding);
        if !finding.absent {
            return None;
        }
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    Some(format!("{} not set here", keys.join(", ")))
}

fn last_key(finding: &Finding) -> String {
    match finding.field.segments().last() {
        Some(crate::yaml::Segment::Key(key)) => clean_line(key),
        Some(crate::yaml::Segment::Index(_)) | None => "it".to_owned(),
    }
}

pub fn severity_paint(severity: Severity) -> Paint {
    match severity {
        Severity::Critical | Severity::High => Paint::Red,
        Severity::Medium => Paint::Yellow,
        Severity::Low | Severity::Info => Paint::Cyan,
    }
}

fn write_help(output: &mut String, report: &Report<'_>, group: &Group<'_>, style: &Style) {
    let fixed: Vec<&Finding> = group.findings().filter(|finding| finding.fix().is_some()).collect();
    let help = style.paint(Paint::Cyan, "help:");
    for finding in &fixed {
        let Some(fix) = finding.fix() else { continue };
        let level = style.paint(level_paint(fix.applicability), &format!("[{}]", fix.applicability));
        let of = if group.len() > 1 { format!(" ({})", finding.rule) } else { String::new() };
        let _ = writeln!(output, "  {help} {level} {}{of}", clean_line(&fix.title));
        if let Some(reason) = &fix.held_back {
            // A flag is said by the level already; a line of configuration is news.
            let line = fix.release.as_ref().filter(|line| !line.starts_with("--"));
            let release = line.map(|line| format!("; {line}")).unwrap_or_default();
            let _ = writeln!(output, "        {}", clean_line(&format!("{reason}{release}")));
        }
        if let Some(reason) = &finding.no_fix {
            let _ = writeln!(output, "        (nothing better: {})", clean_line(reason));
        }
    }
    if fixed.is_empty()
        && let Some(reason) = &group.first.no_fix
    {
        let _ = writeln!(output, "  {help} {}", clean_line(reason));
    }
    // What all fixes of this place change together, a suggestion only where it is alone.
    let together: Vec<&Finding> = fixed
        .iter()
        .copied()
        .filter(|one| {
            fixed.len() == 1 || one.fix().is_some_and(|fix| fix.applicability > Applicability::Suggestion)
        })
        .collect();
    let changes = match together.as_slice() {
        [] => return,
        [one] => one.fix().map(|fix| fix.edits.clone()).unwrap_or_default(),
        several => (report.preview)(several).unwrap_or_default(),
    };
    for change in changes {
        if change.source.name() != first_name(group) {
            let _ = writeln!(output, "  {}:", clean_line(change.source.name()));
        }
        let lines = changed_lines(&change.source, &change.edits);
        let width = lines.iter().map(|line| line.number).max().unwrap_or(0).to_string().len().max(3);
        for line in lines.iter().take(MAX_DIFF_LINES) {
            let text = clean_line(&line.text);
            let end = text.char_indices().nth(style.width.max(60)).map_or(text.len(), |(at, _)| at);
            let shown = text.get(..end).unwrap_or(&text);
            let text = format!("{:width$} {} {shown}", line.number, line.sign);
            let paint = match line.sign {
                '-' => Paint::Red,
                '+' => Paint::Green,
                _ => Paint::Dim,
            };
            let _ = writeln!(output, "  {}", style.paint(paint, text.trim_end()));
        }
        if lines.len() > MAX_DIFF_LINES {
            let _ = writeln!(output, "  … {} more lines", lines.len() - MAX_DIFF_LINES);
        }
    }
}

fn first_name<'a>(group: &'a Group<'_>) -> &'a std::sync::Arc<str> {
    group.first.primary.source.name()
}

fn level_paint(level: Applicability) -> Paint {
    match level {
        Applicability::Safe => Paint::Green,
        Applicability::Unsafe => Paint::Yellow,
        Applicability::Suggestion => Paint::Dim,
    }
}

/// A problem in a frame, or on a line where there is no text to show.
#[must_use]
pub fn problem(problem: &Problem, style: &Style) -> String {
    let mut output = String::new();
    let (mark, start) = match problem.kind {
        ProblemKind::NotChecked => (Mark::Error, "not checked: "),
        ProblemKind::Warning => (Mark::Warning, ""),
    };
    let message = clean_line(&problem.message);
    match &problem.source {
        Some(source) => {
            let title = format!("{start}{message}");
            let span = place::first_line(source, problem.span);
            Frame { mark, title, source, span, label: problem.label.clone() }.write(&mut output, style);
        }
        None => {
            let path = style.paint(Paint::Bold, &clean_line(&problem.path));
            let _ = writeln!(output, "  {} {path}: {start}{message}", mark.sign(style));
        }
    }
    if let Some(help) = &problem.help {
        let _ = writeln!(output, "  {} {}", style.paint(Paint::Cyan, "help:"), clean_line(help));
    }
    output
}
