//! Rules, described: the table of all, and one in full.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::finding::Applicability;
use crate::rule::{Catalogue, Rule, Scope};

use super::clean::clean_line;
use super::json;
use super::standards::readable;
use super::style::{Paint, Style};

/// How rules are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleFormat {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For documents.
    Markdown,
}

/// The best level of a rule's fixes.
fn best(rule: &Rule) -> Option<Applicability> {
    rule.fixes.iter().map(|fix| fix.applicability).max()
}

fn to_json(rule: &Rule) -> Value {
    let fixes: Vec<Value> = rule
        .fixes
        .iter()
        .map(|fix| json!({ "title": fix.title, "level": fix.applicability.as_str(), "safety": &*fix.safety }))
        .collect();
    json!({
        "id": &*rule.id,
        "summary": rule.summary,
        "severity": rule.severity.as_str(),
        "default": rule.is_default(),
        "why": rule.why,
        "standards": rule.standards.iter().map(|name| &**name).collect::<Vec<_>>(),
        "podSecurityChecks": rule.pss.iter().map(|name| &**name).collect::<Vec<_>>(),
        "fixes": fixes,
        "noFix": rule.no_fix,
        "peers": rule.peers,
        "references": rule.references,
    })
}

/// All rules, one a line.
#[must_use]
pub fn rule_table(catalogue: &Catalogue, format: RuleFormat, style: &Style) -> String {
    match format {
        RuleFormat::Json => json::text(&catalogue.rules().map(to_json).collect::<Vec<_>>()),
        RuleFormat::Markdown => {
            let mut output = String::from("| rule | severity | fix | what it finds |\n|---|---|---|---|\n");
            for rule in catalogue.rules() {
                let fix = best(rule).map_or("-", Applicability::as_str);
                let off = if rule.is_default() { "" } else { " (off by default)" };
                let summary = clean_line(&rule.summary).replace('|', "\\|");
                let _ = writeln!(output, "| `{}` | {} | {fix} | {summary}{off} |", rule.id, rule.severity);
            }
            output
        }
        RuleFormat::Text => {
            let width = catalogue.rules().map(|rule| rule.id.len()).max().unwrap_or(0);
            let mut output = String::new();
            for rule in catalogue.rules() {
                let severity = format!("{:8}", rule.severity.as_str());
                let severity = style.paint(super::pretty::severity_paint(rule.severity), &severity);
                let fix = format!("{:10}", best(rule).map_or("-", Applicability::as_str));
                let id = style.paint(Paint::Bold, &format!("{:width$}", rule.id));
                let off = if rule.is_default() { "" } else { " (off by default)" };
                let _ = writeln!(output, "{id}  {severity}  {fix}  {}{off}", clean_line(&rule.summary));
            }
            output
        }
    }
}

/// One rule in full.
#[must_use]
pub fn explain(rule: &Rule, format: RuleFormat, style: &Style) -> String {
    if format == RuleFormat::Json {
        return json::text(&to_json(rule));
    }
    let markdown = format == RuleFormat::Markdown;
    let bold = |text: &str| if markdown { format!("**{text}**") } else { style.paint(Paint::Bold, text) };
    let code = |text: &str| if markdown { format!("`{text}`") } else { text.to_owned() };
    let mut output = String::new();
    let heading = if markdown { "# " } else { "" };
    let _ = writeln!(output, "{heading}{} ({})\n", bold(&rule.id).trim_matches('*'), rule.severity);
    let _ = writeln!(output, "{}.\n\n{}\n", rule.summary, rule.why.trim());
    if !rule.is_default() {
        let _ = writeln!(
            output,
            "Off by default: name it with {} or switch it on in seaworthy.toml.\n",
            code("--rule")
        );
    }
    for fix in &rule.fixes {
        let level = match fix.applicability {
            Applicability::Safe => "safe: `seaworthy fix` makes it".to_owned(),
            Applicability::Unsafe => "unsafe: `seaworthy fix --unsafe-fixes` makes it".to_owned(),
            Applicability::Suggestion => {
                format!("a suggestion: `seaworthy fix --apply-suggestion {}` makes it", rule.id)
            }
        };
        let level = if markdown { level } else { level.replace('`', "") };
        let _ = writeln!(output, "{} {}; {level}", bold("Fix:"), fix.title);
        let _ = writeln!(output, "{} {}\n", bold("Fix safety:"), fix.safety.trim());
    }
    if let Some(reason) = rule.no_fix.as_ref().filter(|_| rule.fixes.is_empty()) {
        let _ = writeln!(output, "{} none: {}\n", bold("Fix:"), reason.trim());
    }
    if !rule.standards.is_empty() {
        let names: Vec<String> = rule.standards.iter().map(|name| readable(name)).collect();
        let _ = writeln!(output, "{} {}", bold("Standards:"), names.join("; "));
        if !rule.pss.is_empty() {
            let checks: Vec<String> = rule.pss.iter().map(|check| code(check)).collect();
            let _ = writeln!(output, "{} {}", bold("Pod Security checks:"), checks.join(", "));
        }
        output.push('\n');
    }
    if !rule.peers.is_empty() {
        let _ = writeln!(output, "{}", bold("Other tools call it:"));
        for (tool, ids) in &rule.peers {
            let ids: Vec<String> = ids.iter().map(|id| code(id)).collect();
            let _ = writeln!(output, "- {tool}: {}", ids.join(", "));
        }
        output.push('\n');
    }
    for reference in &rule.references {
        let link = if markdown { format!("<{reference}>") } else { reference.clone() };
        let _ = writeln!(output, "{} {link}", bold("See:"));
    }
    if !rule.references.is_empty() {
        output.push('\n');
    }
    let ignore = code(&format!("# seaworthy: ignore[{}] REASON", rule.id));
    let place = match rule.scope {
        Scope::Dockerfile => "above its instruction",
        _ => "on its line or above its node",
    };
    let _ = writeln!(output, "To ignore one finding, write {ignore} {place}.");
    output
}
