//! Our own JSON, version 1. `schema/report.schema.json` and `schema/fix.schema.json` are made from
//! these types and tested to be current.

use std::fmt;
use std::io::{BufWriter, Write as _};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::engine::{Counts, Tally};
use crate::finding::{Applicability, Finding, FixOffer, Severity, SourceEdits};
use crate::source::{Problem, ProblemKind};

use super::Report;
use super::clean::JsonPieces;
use super::place::Place;

/// Version of the format; a field that goes or changes its meaning raises it.
pub const VERSION: u32 = 1;

/// What `seaworthy check --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "seaworthy check --format json")]
pub struct CheckReport<'a> {
    /// Version of this format: 1.
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// Weaknesses, by path and place.
    #[serde(serialize_with = "one_by_one")]
    #[schemars(with = "Vec<FindingEntry<'a>>")]
    pub findings: &'a [Finding],
    /// Trouble in the input.
    pub problems: Vec<ProblemEntry<'a>>,
    /// Counts.
    pub summary: Summary,
}

/// What wrote a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `seaworthy`
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl Tool {
    /// This program.
    pub const THIS: Self = Self { name: "seaworthy", version: env!("CARGO_PKG_VERSION") };
}

/// One weakness.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingEntry<'a> {
    /// Id of the rule.
    pub rule: &'a str,
    /// How much it matters.
    #[schemars(with = "SeverityName")]
    pub severity: &'static str,
    /// One sentence.
    pub message: &'a str,
    /// The value, or the nearest existing parent of a field that is absent.
    pub location: Place,
    /// Further places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedEntry<'a>>,
    /// The object.
    pub resource: ResourceEntry<'a>,
    /// Name of the container, if it is about one.
    pub container: Option<&'a str>,
    /// Path of the field in the object, present or not.
    pub field: String,
    /// Standards that ask for it.
    pub standards: Vec<&'a str>,
    /// Identity that survives moved lines and reworded messages.
    pub fingerprint: &'a str,
    /// The repair, if there is one.
    pub fix: Option<FixEntry<'a>>,
    /// Why there is no repair; `null` where there is one.
    pub no_fix: Option<&'a str>,
    /// Renderings of a chart in which it occurs; left out for manifests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenarios: Option<ScenariosEntry<'a>>,
}

/// Severities.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "describes the schema")]
enum SeverityName {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// Levels of fixes.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[allow(dead_code, reason = "describes the schema")]
enum LevelName {
    Suggestion,
    Unsafe,
    Safe,
}

/// A further place with a few words.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RelatedEntry<'a> {
    /// What is there.
    pub message: &'a str,
    /// Where.
    pub location: Place,
}

/// An object.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceEntry<'a> {
    /// Group and version.
    pub api_version: &'a str,
    /// Kind.
    pub kind: &'a str,
    /// Namespace, where it is written.
    pub namespace: Option<&'a str>,
    /// Name; empty where there is none.
    pub name: &'a str,
    /// 0-based document in its file.
    pub document: usize,
    /// 0-based item, where the document is a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<usize>,
}

/// A repair.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FixEntry<'a> {
    /// What it does.
    pub title: &'a str,
    /// Who may apply it: `safe` always, `unsafe` with --unsafe-fixes, `suggestion` by name.
    #[schemars(with = "LevelName")]
    pub level: &'static str,
    /// Changes of bytes if it is applied alone.
    pub edits: Vec<EditEntry<'a>>,
    /// What could break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety: Option<&'a str>,
    /// Why its level is not higher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<&'a str>,
    /// The configuration or flag that would release it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<&'a str>,
}

/// Replaces bytes of a file by a text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditEntry<'a> {
    /// Path of the file.
    pub path: String,
    /// First byte replaced.
    pub byte_start: u32,
    /// One past the last byte replaced; equal to the start for an insertion.
    pub byte_end: u32,
    /// What comes in their place.
    pub text: &'a str,
}

/// Scenarios of a chart.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScenariosEntry<'a> {
    /// Those with the finding.
    pub found_in: Vec<&'a str>,
    /// How many were rendered.
    pub total: usize,
}

/// Trouble in the input.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemEntry<'a> {
    /// `not-checked` where something stayed unjudged, else `warning`.
    pub kind: &'static str,
    /// One sentence.
    pub message: &'a str,
    /// Path of the file.
    pub path: &'a str,
    /// Where in it; `null` where it could not be read.
    pub location: Option<Place>,
    /// What to do about it.
    pub help: Option<&'a str>,
}

/// Counts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Findings.
    pub findings: usize,
    /// Findings by severity.
    pub by_severity: BySeverity,
    /// Findings with a fix, by its level.
    pub fixable: ByLevel,
    /// Findings that an ignore silenced.
    pub ignored: usize,
    /// Findings left out since the baseline knows them; left out itself without a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_by_baseline: Option<usize>,
    /// Findings of absence withheld on parts of an overlay.
    pub part_of_overlay: usize,
    /// YAML documents that are no Kubernetes object.
    pub passed_over: usize,
    /// Files.
    pub files: TallyEntry,
    /// YAML documents that are not empty.
    pub documents: TallyEntry,
    /// Kubernetes objects.
    pub objects: TallyEntry,
    /// Dockerfiles.
    pub dockerfiles: TallyEntry,
    /// Values judged without their chart: values files, and inline values of resources.
    pub values: TallyEntry,
    /// Charts.
    pub charts: TallyEntry,
    /// Renderings of charts.
    pub scenarios: TallyEntry,
}

/// Findings by severity.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BySeverity {
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

/// Findings by level of their fix.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ByLevel {
    safe: usize,
    #[serde(rename = "unsafe")]
    unsafe_: usize,
    suggestion: usize,
}

/// How many were checked and how many were not.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TallyEntry {
    checked: usize,
    not_checked: usize,
}

impl From<Tally> for TallyEntry {
    fn from(tally: Tally) -> Self {
        Self { checked: tally.checked, not_checked: tally.not_checked }
    }
}

/// Findings as JSON says them, each made when it is written: all at once they take as much as the report.
fn one_by_one<S: Serializer>(findings: &&[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(finding))
}

/// A finding as JSON says it.
pub fn finding(finding: &Finding) -> FindingEntry<'_> {
    let resource = &finding.resource;
    FindingEntry {
        rule: &finding.rule,
        severity: finding.severity.as_str(),
        message: &finding.message,
        location: Place::new(&finding.primary.source, finding.primary.span),
        related: finding
            .related
            .iter()
            .map(|(place, message)| RelatedEntry { message, location: Place::new(&place.source, place.span) })
            .collect(),
        resource: ResourceEntry {
            api_version: &resource.api_version,
            kind: &resource.kind,
            namespace: resource.namespace.as_deref(),
            name: &resource.name,
            document: resource.document,
            item: resource.item,
        },
        container: finding.container.as_deref(),
        field: finding.field.to_string(),
        standards: finding.standards.iter().map(|standard| &**standard).collect(),
        fingerprint: &finding.fingerprint,
        fix: finding.fix().map(fix),
        no_fix: if finding.fix().is_some() {
            None
        } else {
            Some(finding.no_fix.as_deref().unwrap_or("no fix is known"))
        },
        scenarios: finding.scenarios.as_ref().map(|scenarios| ScenariosEntry {
            found_in: scenarios.found_in.iter().map(|name| &**name).collect(),
            total: scenarios.total,
        }),
    }
}

fn fix(offer: &FixOffer) -> FixEntry<'_> {
    FixEntry {
        title: &offer.title,
        level: offer.applicability.as_str(),
        edits: offer.edits.iter().flat_map(edits).collect(),
        safety: offer.safety.as_deref(),
        held_back: offer.held_back.as_deref(),
        release: offer.release.as_deref(),
    }
}

fn edits(of: &SourceEdits) -> impl Iterator<Item = EditEntry<'_>> {
    of.edits.as_slice().iter().map(|edit| EditEntry {
        path: of.source.name().to_string(),
        byte_start: edit.span.start,
        byte_end: edit.span.end,
        text: &edit.text,
    })
}

/// A problem as JSON says it.
pub fn problem(problem: &Problem) -> ProblemEntry<'_> {
    ProblemEntry {
        kind: match problem.kind {
            ProblemKind::NotChecked => "not-checked",
            ProblemKind::Warning => "warning",
        },
        message: &problem.message,
        path: &problem.path,
        location: problem.source.as_ref().map(|source| Place::new(source, problem.span)),
        help: problem.help.as_deref(),
    }
}

/// The counts as JSON says them.
pub fn summary(findings: &[Finding], counts: &Counts) -> Summary {
    let severity = |wanted| findings.iter().filter(|one| one.severity == wanted).count();
    let level = |wanted| {
        findings.iter().filter(|one| one.fix().is_some_and(|fix| fix.applicability == wanted)).count()
    };
    Summary {
        findings: findings.len(),
        by_severity: BySeverity {
            critical: severity(Severity::Critical),
            high: severity(Severity::High),
            medium: severity(Severity::Medium),
            low: severity(Severity::Low),
            info: severity(Severity::Info),
        },
        fixable: ByLevel {
            safe: level(Applicability::Safe),
            unsafe_: level(Applicability::Unsafe),
            suggestion: level(Applicability::Suggestion),
        },
        ignored: counts.ignored,
        known_by_baseline: None,
        part_of_overlay: counts.part_of_overlay,
        passed_over: counts.passed_over,
        files: counts.files.into(),
        documents: counts.documents.into(),
        objects: counts.objects.into(),
        dockerfiles: counts.dockerfiles.into(),
        values: counts.values.into(),
        charts: counts.charts.into(),
        scenarios: counts.scenarios.into(),
    }
}

/// JSON text with a final newline that is safe in a build log.
pub fn text(value: &impl Serialize) -> String {
    let mut text = String::new();
    // A string takes all that it is told.
    let _ = tell(value, &mut text);
    text
}

/// The same, told piece by piece.
fn tell(value: &impl Serialize, told: &mut dyn fmt::Write) -> fmt::Result {
    // The pieces of JSON are words and marks: together they are passed on faster.
    let mut pieces = BufWriter::with_capacity(1 << 16, JsonPieces::new(told));
    serde_json::to_writer_pretty(&mut pieces, value).map_err(|_| fmt::Error)?;
    pieces.flush().map_err(|_| fmt::Error)?;
    drop(pieces);
    told.write_str("\n")
}

/// The report as JSON, told piece by piece, since all of it may be long.
pub fn check(report: &Report<'_>, told: &mut dyn fmt::Write) -> fmt::Result {
    let analysis = report.analysis;
    let report = CheckReport {
        version: VERSION,
        tool: Tool::THIS,
        findings: &analysis.findings,
        problems: analysis.problems.iter().map(problem).collect(),
        summary: Summary {
            known_by_baseline: analysis.baseline.map(|baseline| baseline.known),
            ..summary(&analysis.findings, &analysis.counts)
        },
    };
    tell(&report, told)
}

/// The schema of `check --format json`.
#[must_use]
pub fn check_schema() -> String {
    text(
        &schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<CheckReport<'_>>(),
    )
}

/// The schema of `fix --format json`.
#[must_use]
pub fn fix_schema() -> String {
    text(
        &schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<super::repair::FixReport<'_>>(),
    )
}
