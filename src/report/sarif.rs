//! SARIF 2.1.0, as GitHub's and Azure's code scanning take it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::finding::{Finding, FixOffer, Severity, SourceEdits};
use crate::rule::{Catalogue, Rule};
use crate::source::{Problem, ProblemKind, Source};

use super::line_hash::line_hashes;
use super::place::Place;
use super::{Report, json};

/// GitHub keeps no more results of a run.
const MAX_RESULTS: usize = 5_000;
/// Longest short and full description of a rule, in characters.
const MAX_DESCRIPTION: usize = 1_024;

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// GitHub's bands: critical above 9, high from 7, medium from 4, low below.
fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

/// A path as a relative URI reference: bytes outside the unreserved set are escaped.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte as char)
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

fn limited(text: &str) -> String {
    text.chars().take(MAX_DESCRIPTION).collect()
}

/// Help of a rule in Markdown and in plain text.
fn help(rule: &Rule) -> (String, String) {
    let mut text = rule.why.trim().to_owned();
    let mut markdown = text.clone();
    for fix in &rule.fixes {
        let _ = write!(text, "\nFix ({}): {}. {}", fix.applicability, fix.title, fix.safety);
        let _ = write!(markdown, "\n\n**Fix** ({}): {}. {}", fix.applicability, fix.title, fix.safety);
    }
    if !rule.standards.is_empty() {
        let standards: Vec<&str> = rule.standards.iter().map(|name| &**name).collect();
        let _ = write!(text, "\nStandards: {}", standards.join(", "));
        let _ = write!(markdown, "\n\nStandards: {}", standards.join(", "));
    }
    for reference in &rule.references {
        let _ = write!(text, "\n{reference}");
        let _ = write!(markdown, "\n\n<{reference}>");
    }
    let ignore = format!("seaworthy: ignore[{}]", rule.id);
    let _ = write!(text, "\nTo ignore one finding: # {ignore} REASON");
    let _ = write!(markdown, "\n\nTo ignore one finding: `# {ignore} REASON`");
    (text, markdown)
}

fn rule_entry(catalogue: &Catalogue, id: &str) -> Value {
    let Some(rule) = catalogue.rule(id) else {
        let text = json!({ "text": id });
        return json!({ "id": id, "shortDescription": text, "fullDescription": text, "help": text });
    };
    let (text, markdown) = help(rule);
    let mut tags = vec!["security".to_owned()];
    tags.extend(rule.standards.iter().map(ToString::to_string).take(9));
    let mut properties = Map::new();
    properties.insert("tags".to_owned(), json!(tags));
    properties.insert("precision".to_owned(), json!("high"));
    if let Some(score) = security_severity(rule.severity) {
        properties.insert("security-severity".to_owned(), json!(score));
    }
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": limited(&rule.summary) },
        "fullDescription": { "text": limited(&format!("{}. {}", rule.summary, rule.why)) },
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": properties,
    })
}

fn physical(source: &Source, span: crate::source::Span) -> Value {
    let place = Place::on_one_line(source, span);
    json!({
        "artifactLocation": { "uri": uri(&place.path) },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column.max(place.column + u32::from(place.end_line == place.line)),
        },
    })
}

fn fix_entry(fix: &FixOffer) -> Value {
    let change = |of: &SourceEdits| {
        let replacements: Vec<Value> = of
            .edits
            .as_slice()
            .iter()
            .map(|edit| {
                let place = Place::new(&of.source, edit.span);
                json!({
                    "deletedRegion": {
                        "startLine": place.line,
                        "startColumn": place.column,
                        "endLine": place.end_line,
                        "endColumn": place.end_column,
                    },
                    "insertedContent": { "text": edit.text },
                })
            })
            .collect();
        json!({ "artifactLocation": { "uri": uri(of.source.name()) }, "replacements": replacements })
    };
    let description = format!("[{}] {}", fix.applicability, fix.title);
    json!({ "description": { "text": description }, "artifactChanges": fix.edits.iter().map(change).collect::<Vec<_>>() })
}

/// Line hashes by source, computed once each.
#[derive(Default)]
struct Hashes {
    by_source: HashMap<*const Source, Vec<String>>,
}

impl Hashes {
    fn of(&mut self, source: &Arc<Source>, line: u32) -> Option<&String> {
        let hashes = self.by_source.entry(Arc::as_ptr(source)).or_insert_with(|| line_hashes(source.text()));
        hashes.get(line.saturating_sub(1) as usize)
    }
}

fn result(finding: &Finding, rules: &HashMap<&str, usize>, hashes: &mut Hashes) -> Value {
    let source = &finding.primary.source;
    let mut message = format!("{}: {}", finding.resource, finding.message);
    let mut related = Vec::new();
    for (index, (place, text)) in finding.related.iter().enumerate() {
        // Shown by GitHub only where the message links it.
        let _ = write!(message, " ([{}]({}))", text.replace(['[', ']'], ""), index + 1);
        related.push(json!({
            "id": index + 1,
            "message": { "text": text },
            "physicalLocation": physical(&place.source, place.span),
        }));
    }
    let line = source.line_column(finding.primary.span.start()).line;
    let mut fingerprints = Map::new();
    if let Some(hash) = hashes.of(source, line) {
        fingerprints.insert("primaryLocationLineHash".to_owned(), json!(hash));
    }
    fingerprints.insert("seaworthy/v1".to_owned(), json!(finding.fingerprint));
    let mut entry = json!({
        "ruleId": &*finding.rule,
        "ruleIndex": rules.get(&*finding.rule),
        "level": level(finding.severity),
        "message": { "text": message },
        "locations": [{
            "physicalLocation": physical(source, finding.primary.span),
            "logicalLocations": [{
                "name": finding.resource.to_string(),
                "fullyQualifiedName": format!("{}:{}", finding.resource, finding.field),
                "kind": "resource",
            }],
        }],
        "partialFingerprints": fingerprints,
    });
    if let Some(object) = entry.as_object_mut() {
        if !related.is_empty() {
            object.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if let Some(fix) = finding.fix().filter(|fix| !fix.edits.is_empty()) {
            object.insert("fixes".to_owned(), json!([fix_entry(fix)]));
        }
    }
    entry
}

fn notification(problem: &Problem) -> Value {
    let level = match problem.kind {
        ProblemKind::NotChecked => "error",
        ProblemKind::Warning => "warning",
    };
    let place = match &problem.source {
        Some(source) => physical(source, problem.span),
        None => json!({ "artifactLocation": { "uri": uri(&problem.path) } }),
    };
    json!({ "level": level, "message": { "text": problem.message }, "locations": [{ "physicalLocation": place }] })
}

/// The report as one run.
pub fn check(report: &Report<'_>) -> String {
    let analysis = report.analysis;
    let mut findings: Vec<&Finding> = analysis.findings.iter().collect();
    let mut notifications: Vec<Value> = analysis.problems.iter().map(notification).collect();
    if findings.len() > MAX_RESULTS {
        // A stable sort: equally severe ones keep their order.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings.truncate(MAX_RESULTS);
        let text =
            format!("the {MAX_RESULTS} most severe of {} findings are listed", analysis.findings.len());
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    let mut ids: Vec<&str> = findings.iter().map(|finding| &*finding.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: HashMap<&str, usize> = ids.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let mut hashes = Hashes::default();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &rules, &mut hashes)).collect();
    let blind = analysis.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
    json::text(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "seaworthy",
                "fullName": concat!("seaworthy ", env!("CARGO_PKG_VERSION")),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": ids.iter().map(|id| rule_entry(report.catalogue, id)).collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "seaworthy/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": !blind,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    }))
}
