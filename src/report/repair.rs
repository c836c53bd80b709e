//! What `fix` did: a unified diff, what it held back, what it refused.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{FixOutcome, Outcome, Repair};

use super::clean::{clean, clean_line};
use super::json::{self, FindingEntry, ProblemEntry, Summary, Tool, VERSION};
use super::pretty::{self, count, fixable};
use super::style::{Paint, Style, Verbosity};
use super::unified;

/// What `fix` has to say.
pub struct RepairReport<'a> {
    /// What happened.
    pub repair: &'a Repair,
    /// Whether files were written (else it was `--diff`).
    pub written: bool,
    /// Files that could not be written, with the reason.
    pub failed: &'a [(String, String)],
    /// How much to say.
    pub verbosity: Verbosity,
    /// Whether it was a recipe: flags that would fix single findings are then no help.
    pub is_recipe: bool,
}

/// What `seaworthy fix --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "seaworthy fix --format json")]
pub struct FixReport<'a> {
    /// Version of this format: 1.
    version: u32,
    /// What wrote it.
    tool: Tool,
    /// Whether files were written; `false` with `--diff`.
    written: bool,
    /// Files that change.
    changed: Vec<ChangedEntry<'a>>,
    /// Findings whose fix the selection does not allow.
    held_back: Vec<OutcomeEntry<'a>>,
    /// Findings whose fix was tried and is not made.
    refused: Vec<OutcomeEntry<'a>>,
    /// Findings without a fix.
    no_fix: Vec<OutcomeEntry<'a>>,
    /// Files that could not be written.
    failed: Vec<FailedEntry<'a>>,
    /// Trouble in the input.
    problems: Vec<ProblemEntry<'a>>,
    /// Counts of what is left.
    summary: Summary,
}

/// A file that changes.
#[derive(Debug, Serialize, JsonSchema)]
struct ChangedEntry<'a> {
    /// Its path.
    path: &'a str,
    /// The fixes made in it.
    fixes: Vec<MadeEntry<'a>>,
}

/// A fix that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MadeEntry<'a> {
    /// Id of the rule.
    rule: &'a str,
    /// What it did.
    title: Option<&'a str>,
    /// Its level.
    level: Option<&'static str>,
    /// Identity of the finding that is gone.
    fingerprint: &'a str,
    /// The object.
    resource: String,
    /// The container.
    container: Option<&'a str>,
    /// The field.
    field: String,
}

/// A finding that stays, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OutcomeEntry<'a> {
    /// Why.
    reason: &'a str,
    /// The configuration line or flag that would release it.
    release: Option<&'a str>,
    /// The finding.
    finding: FindingEntry<'a>,
}

/// A file that could not be written.
#[derive(Debug, Serialize, JsonSchema)]
struct FailedEntry<'a> {
    path: &'a str,
    reason: &'a str,
}

impl RepairReport<'_> {
    /// What was fixed, but for what stands in files that could not be written.
    fn fixed(&self) -> impl Iterator<Item = &FixOutcome> {
        let written = |one: &&FixOutcome| !self.has_failed(one.finding.primary.path());
        self.repair.outcomes.iter().filter(|one| one.outcome == Outcome::Fixed).filter(written)
    }

    fn has_failed(&self, path: &str) -> bool {
        self.failed.iter().any(|(failed, _)| failed == path)
    }

    /// The unified diff of all files; nothing else, so that it can be piped to `git apply`.
    /// `for_people` neutralises control characters.
    #[must_use]
    pub fn diff(&self, style: &Style, for_people: bool) -> String {
        let mut output = String::new();
        for file in self.repair.verified.files() {
            let diff = unified(file.name(), file.before().text(), file.after().text());
            if !for_people {
                output += &diff;
                continue;
            }
            for line in diff.split_inclusive('\n') {
                let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
                let paint = match text.as_bytes() {
                    [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => Some(Paint::Bold),
                    [b'-', ..] => Some(Paint::Red),
                    [b'+', ..] => Some(Paint::Green),
                    [b'@', ..] => Some(Paint::Cyan),
                    _ => None,
                };
                let text = clean(text);
                output += &paint.map_or_else(|| text.to_string(), |paint| style.paint(paint, &text));
                output += end;
            }
        }
        output
    }

    /// What was done and what was not, for standard error.
    #[must_use]
    pub fn summary(&self, style: &Style) -> String {
        let mut output = String::new();
        if self.verbosity == Verbosity::Silent {
            return output;
        }
        for problem in &self.repair.before.problems {
            output += &pretty::problem(problem, style);
            output.push('\n');
        }
        for (path, reason) in self.failed {
            let path = style.paint(Paint::Bold, &clean_line(path));
            let _ = writeln!(
                output,
                "  {} {path}: not written: {}",
                style.paint(Paint::Red, "×"),
                clean_line(reason)
            );
        }
        if self.verbosity < Verbosity::Normal {
            return output;
        }
        self.held(&mut output, style);
        let fixed = self.fixed().count();
        let files = self.repair.verified.files().len() - self.failed.len();
        let verb = if self.written { "Fixed" } else { "Would fix" };
        let line = format!("{verb} {} in {}", count(fixed, "finding"), count(files, "file"));
        let paint = if fixed > 0 { Paint::Green } else { Paint::Bold };
        let _ = write!(output, "{}", style.paint(paint, &line));
        if fixed > 0 {
            let _ = write!(output, "; each proved by checking again");
        }
        let left = &self.repair.after.findings;
        let unwritten =
            self.repair.outcomes.iter().filter(|one| one.outcome == Outcome::Fixed).count() - fixed;
        let rest = if unwritten > 0 {
            let number = count(unwritten + left.len(), "finding");
            format!(". {number} left, {unwritten} of them in files that could not be written.")
        } else if self.repair.before.counts.is_empty() && self.repair.before.problems.is_empty() {
            ". There was nothing to check.".to_owned()
        } else if left.is_empty() && self.repair.before.is_blind() {
            ". Not everything was checked.".to_owned()
        } else if left.is_empty() {
            ". No findings are left.".to_owned()
        } else {
            let fixable = fixable(left).filter(|_| !self.is_recipe);
            let fixable = fixable.map(|text| format!(" ({text})")).unwrap_or_default();
            format!(". {} left{fixable}.", count(left.len(), "finding"))
        };
        let _ = writeln!(output, "{rest}");
        output
    }

    /// One line for each reason, with the number of findings and what would release them.
    fn held(&self, output: &mut String, style: &Style) {
        let mut groups: BTreeMap<(u8, String, Option<&str>), Vec<&FixOutcome>> = BTreeMap::new();
        for one in &self.repair.outcomes {
            let key = match &one.outcome {
                Outcome::HeldBack { reason, release } => (0, reason.clone(), release.as_deref()),
                Outcome::Refused { reason } => (1, reason.clone(), None),
                Outcome::Fixed | Outcome::NoFix { .. } => continue,
            };
            groups.entry(key).or_default().push(one);
        }
        for ((kind, reason, release), of) in groups {
            let mut rules: Vec<&str> = of.iter().map(|one| &*one.finding.rule).collect();
            rules.sort_unstable();
            rules.dedup();
            let what = if kind == 0 { "Held back" } else { "Refused" };
            let paint = if kind == 0 { Paint::Yellow } else { Paint::Red };
            let number = of.len();
            let rules = rules.join(", ");
            let reason = clean_line(&reason);
            let _ = writeln!(output, "{} {number} ({rules}): {reason}", style.paint(paint, what));
            if let Some(release) = release {
                let _ =
                    writeln!(output, "  {} {}", style.paint(Paint::Cyan, "release:"), clean_line(release));
            }
            if self.verbosity >= Verbosity::Verbose {
                for one in of {
                    let place = &one.finding.primary;
                    let at = place.source.line_column(place.span.start());
                    let resource = clean_line(&one.finding.resource.to_string());
                    let _ = writeln!(
                        output,
                        "  {}:{}:{} {resource}",
                        clean_line(place.path()),
                        at.line,
                        at.column
                    );
                }
            }
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn json(&self) -> String {
        let outcomes = &self.repair.outcomes;
        let entry = |one: &'_ FixOutcome| {
            let (reason, release) = match &one.outcome {
                Outcome::HeldBack { reason, release } => (reason.as_str(), release.as_deref()),
                Outcome::Refused { reason } | Outcome::NoFix { reason } => (reason.as_str(), None),
                Outcome::Fixed => ("", None),
            };
            (reason.to_owned(), release.map(str::to_owned))
        };
        let texts: Vec<_> = outcomes.iter().map(entry).collect();
        let of = |wanted: fn(&Outcome) -> bool| {
            let pairs = outcomes.iter().zip(&texts).filter(|(one, _)| wanted(&one.outcome));
            pairs
                .map(|(one, (reason, release))| OutcomeEntry {
                    reason,
                    release: release.as_deref(),
                    finding: json::finding(&one.finding),
                })
                .collect()
        };
        let made = |path: &str| {
            let here = self.fixed().filter(|one| &**one.finding.primary.path() == path);
            here.map(|one| MadeEntry {
                rule: &one.finding.rule,
                title: one.title.as_deref(),
                level: one.applicability.map(crate::finding::Applicability::as_str),
                fingerprint: &one.finding.fingerprint,
                resource: one.finding.resource.to_string(),
                container: one.finding.container.as_deref(),
                field: one.finding.field.to_string(),
            })
            .collect()
        };
        json::text(&FixReport {
            version: VERSION,
            tool: Tool::THIS,
            written: self.written,
            changed: self
                .repair
                .verified
                .files()
                .iter()
                .filter(|file| !self.has_failed(file.name()))
                .map(|file| ChangedEntry { path: file.name(), fixes: made(file.name()) })
                .collect(),
            held_back: of(|outcome| matches!(outcome, Outcome::HeldBack { .. })),
            refused: of(|outcome| matches!(outcome, Outcome::Refused { .. })),
            no_fix: of(|outcome| matches!(outcome, Outcome::NoFix { .. })),
            failed: self.failed.iter().map(|(path, reason)| FailedEntry { path, reason }).collect(),
            problems: self.repair.before.problems.iter().map(json::problem).collect(),
            summary: json::summary(&self.repair.after.findings, &self.repair.after.counts),
        })
    }
}
