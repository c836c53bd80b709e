//! Unified diffs, and the few changed lines under a finding. The only user of `similar`.

use similar::{ChangeTag, TextDiff};

use crate::finding::SourceEdits;
use crate::source::{Source, Span, TextEdits};

use super::Report;

/// A unified diff of one file with `a/` and `b/` before its path and three lines of context; empty
/// where nothing changes.
#[must_use]
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let path = path.trim_start_matches('/');
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// A line of one of two texts, by 0-based number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineSide {
    /// Only the first has it.
    Before(usize),
    /// Only the second has it.
    After(usize),
    /// Both have it.
    Both(usize, usize),
}

/// The lines in which two texts differ, in groups with `context` common lines around.
#[must_use]
pub fn line_groups(before: &[String], after: &[String], context: usize) -> Vec<Vec<LineSide>> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&before, &after);
    let side = |old: Option<usize>, new: Option<usize>| match (old, new) {
        (Some(old), Some(new)) => Some(LineSide::Both(old, new)),
        (Some(old), None) => Some(LineSide::Before(old)),
        (None, Some(new)) => Some(LineSide::After(new)),
        (None, None) => None,
    };
    let group = |group: &Vec<similar::DiffOp>| {
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        changes.filter_map(|change| side(change.old_index(), change.new_index())).collect()
    };
    diff.grouped_ops(context).iter().map(group).collect()
}

/// A line of a small diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// `-`, `+` or a blank.
    pub sign: char,
    /// 1-based line in the text before (`-`, blank) or after (`+`).
    pub number: usize,
    /// The line without its end.
    pub text: String,
}

/// The lines that edits change, with one line of context where that helps, for display only.
#[must_use]
pub fn changed_lines(source: &Source, edits: &TextEdits) -> Vec<DiffLine> {
    let (Some(first), Some(last)) = (edits.as_slice().first(), edits.as_slice().last()) else {
        return Vec::new();
    };
    let index = source.line_index();
    let (first, last) = (index.line_of(first.span.start()), index.line_of(last.span.end()));
    let start = index.line_start(first.saturating_sub(1)).unwrap_or(0);
    let end = index.line_start(last + 2).unwrap_or(source.len());
    let text = source.text();
    let Some(before) = text.get(start..end) else { return Vec::new() };
    let after = edits.apply_within(text, Span::new(start, end));
    let diff = TextDiff::from_lines(before, after.as_str());
    let offset = first.saturating_sub(1) + 1;
    let mut lines = Vec::new();
    for group in diff.grouped_ops(1) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, number) = match change.tag() {
                ChangeTag::Delete => ('-', change.old_index()),
                ChangeTag::Insert => ('+', change.new_index()),
                ChangeTag::Equal => (' ', change.old_index()),
            };
            let text = change.value().trim_end_matches(['\n', '\r']).to_owned();
            lines.push(DiffLine { sign, number: number.unwrap_or(0) + offset, text });
        }
    }
    lines
}

/// What all safe and unsafe fixes of a report would change, file by file. Fixes that do not go
/// together are left to `fix`, which makes them one after the other.
pub fn check(report: &Report<'_>) -> String {
    let mut output = String::new();
    let findings = &report.analysis.findings;
    let mut start = 0;
    while let Some(first) = findings.get(start) {
        let same = |finding: &&crate::finding::Finding| finding.primary.path() == first.primary.path();
        let count = findings.iter().skip(start).take_while(same).count();
        let of_file: Vec<_> =
            findings.iter().skip(start).take(count).filter(|one| one.fix().is_some()).collect();
        start += count;
        for SourceEdits { source, edits } in (report.preview)(&of_file).unwrap_or_default() {
            output += &unified(source.name(), source.text(), &edits.apply(source.text()));
        }
    }
    output
}
