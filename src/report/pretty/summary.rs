//! The last lines: what was checked, what was found, what to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::{Counts, IgnoredBy, Tally};
use crate::finding::{Applicability, Finding, Severity};
use crate::report::Report;
use crate::report::clean::clean_line;
use crate::report::style::{Paint, Style};

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix('y') {
        Some(stem) => format!("{number} {stem}ies"),
        None => format!("{number} {noun}s"),
    }
}

fn list(counts: &Counts, number: impl Fn(Tally) -> usize) -> Vec<String> {
    let all = [
        (counts.files, "file"),
        (counts.dockerfiles, "Dockerfile"),
        (counts.charts, "chart"),
        (counts.scenarios, "scenario"),
        (counts.documents, "document"),
        (counts.objects, "object"),
    ];
    let named = all.into_iter().filter(|(tally, _)| number(*tally) > 0);
    let values = number(counts.values);
    named
        .map(|(tally, noun)| count(number(tally), noun))
        .chain((values > 0).then(|| format!("{} of values without chart", count(values, "set"))))
        .collect()
}

/// `12 fixable: 5 safe, 7 with --unsafe-fixes`; `None` where nothing is.
pub fn fixable(findings: &[Finding]) -> Option<String> {
    let of =
        |level| findings.iter().filter(|one| one.fix().is_some_and(|fix| fix.applicability == level)).count();
    let (safe, unsafe_, suggested) =
        (of(Applicability::Safe), of(Applicability::Unsafe), of(Applicability::Suggestion));
    let mut parts = Vec::new();
    if safe > 0 {
        parts.push(format!("{safe} safe"));
    }
    if unsafe_ > 0 {
        parts.push(format!("{unsafe_} with --unsafe-fixes"));
    }
    if suggested > 0 {
        parts.push(format!("{suggested} by --apply-suggestion RULE"));
    }
    (!parts.is_empty()).then(|| format!("{} fixable: {}", safe + unsafe_ + suggested, parts.join(", ")))
}

/// `2 high, 9 medium`, the worst first.
fn by_severity(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|one| one.severity == severity).count();
    let parts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .map(|severity| (of(severity), severity))
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| format!("{number} {severity}"))
        .collect();
    parts.join(", ")
}

/// What was ignored, by whom and why.
pub fn ignored(output: &mut String, report: &Report<'_>, style: &Style) {
    for one in &report.analysis.ignored {
        let finding = &one.finding;
        let place = finding.primary.source.line_column(finding.primary.span.start());
        let by = match &one.by {
            IgnoredBy::Comment => "a comment".to_owned(),
            IgnoredBy::FileComment => "a comment for the file".to_owned(),
            IgnoredBy::Configuration => "the configuration".to_owned(),
            IgnoredBy::Peer(tool) => format!("{tool}'s mark"),
        };
        let reason = one.reason.as_deref().filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {}", clean_line(reason))).unwrap_or_default();
        let text = format!(
            "ignored {} at {}:{}:{} by {by}{reason}",
            finding.rule,
            clean_line(finding.primary.path()),
            place.line,
            place.column
        );
        let _ = writeln!(output, "  {}", style.paint(Paint::Dim, &text));
    }
}

/// Counts by rule, what was and was not checked, counts by severity, the command to run next.
pub fn summary(output: &mut String, report: &Report<'_>, style: &Style) {
    let analysis = report.analysis;
    let findings = &analysis.findings;
    if !findings.is_empty() {
        rules(output, findings, style);
        output.push('\n');
    }
    let counts = &analysis.counts;
    let checked = list(counts, |tally| tally.checked);
    let time = report.elapsed.map(|time| format!(" in {:.2} s", time.as_secs_f64())).unwrap_or_default();
    let checked = if checked.is_empty() { "nothing".to_owned() } else { checked.join(", ") };
    let mut line = format!("Checked {checked}{time}.");
    let missed = list(counts, |tally| tally.not_checked);
    if !missed.is_empty() {
        let _ = write!(line, " {}", style.paint(Paint::Red, &format!("Not checked: {}.", missed.join(", "))));
    }
    if counts.objects.checked == 0 {
        let none = "No Kubernetes object was found.";
        let _ = match counts.is_empty() {
            true => write!(line, " {}", style.paint(Paint::Red, none)),
            false => write!(line, " {none}"),
        };
    }
    if counts.passed_over > 0 {
        let _ = write!(line, " Passed over {}: no object.", count(counts.passed_over, "YAML document"));
    }
    if counts.part_of_overlay > 0 {
        let withheld = count(counts.part_of_overlay, "finding");
        let _ = write!(line, " {withheld} of absence withheld: part of an overlay.");
    }
    let _ = writeln!(output, "{line}");
    let mut ignored =
        if counts.ignored > 0 { format!("; {} ignored", counts.ignored) } else { String::new() };
    let known = analysis.baseline.map_or(0, |baseline| baseline.known);
    if known > 0 {
        let _ = write!(ignored, "; {known} known by the baseline");
    }
    if findings.is_empty() && counts.is_empty() {
        return;
    }
    if findings.is_empty() {
        let none = if known > 0 { "No new findings" } else { "No findings" };
        let _ = writeln!(output, "{}{ignored}.", style.paint(Paint::Green, none));
        return;
    }
    let number = style.paint(Paint::Bold, &count(findings.len(), "finding"));
    let mut line = format!("{number}: {}{ignored}.", by_severity(findings));
    if let Some(text) = fixable(findings) {
        let _ = write!(line, " [*] {text}.");
    }
    let _ = writeln!(output, "{line}");
    let best = findings.iter().filter_map(|one| one.fix()).map(|fix| fix.applicability);
    let highest = (best.clone().max(), best.clone().any(|level| level == Applicability::Unsafe));
    let flags = match highest {
        (None | Some(Applicability::Suggestion), _) => return,
        (Some(_), true) => " --unsafe-fixes",
        (Some(_), false) => "",
    };
    let _ = writeln!(
        output,
        "To fix: {}",
        style.paint(Paint::Bold, &format!("{}{flags}", clean_line(&report.fix_command)))
    );
}

fn rules(output: &mut String, findings: &[Finding], style: &Style) {
    let mut rules: BTreeMap<&str, (Severity, usize, usize)> = BTreeMap::new();
    for finding in findings {
        let entry = rules.entry(&finding.rule).or_insert((finding.severity, 0, 0));
        entry.0 = entry.0.max(finding.severity);
        entry.1 += 1;
        entry.2 += usize::from(finding.fix().is_some());
    }
    let mut rows: Vec<_> = rules.into_iter().collect();
    rows.sort_by_key(|&(rule, (severity, number, _))| {
        (std::cmp::Reverse(severity), std::cmp::Reverse(number), rule)
    });
    let width = rows.iter().map(|(rule, _)| rule.len()).max().unwrap_or(0);
    for (rule, (severity, number, fixable)) in rows {
        let severity = style.paint(super::severity_paint(severity), &format!("{:8}", severity.as_str()));
        let fixes = if fixable > 0 { format!("  [*] {fixable}") } else { String::new() };
        let _ = writeln!(output, "{severity} {number:6}  {}", format!("{rule:width$}{fixes}").trim_end());
    }
}
