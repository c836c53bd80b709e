//! What the engine answers: [`Analysis`], [`Repair`], [`FixedText`].

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Applicability, Finding};
use crate::source::{Problem, ProblemKind};

use super::baseline::BaselineCounts;
use super::preview::Previewed;
use super::verify::Verified;

/// How many of something were checked and how many were not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Judged in full.
    pub checked: usize,
    /// Not judged, or only in part.
    pub not_checked: usize,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.not_checked += other.not_checked;
    }
}

/// What every summary counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Files read for checking; charts' templates count here.
    pub files: Tally,
    /// YAML documents that are not empty.
    pub documents: Tally,
    /// Kubernetes objects, items of lists counted one by one.
    pub objects: Tally,
    /// Dockerfiles.
    pub dockerfiles: Tally,
    /// Values judged without their chart, of which only what stands in them is judged: values files,
    /// and inline values of resources such as HelmReleases.
    pub values: Tally,
    /// Charts.
    pub charts: Tally,
    /// Scenarios (renderings) of charts.
    pub scenarios: Tally,
    /// Documents that are YAML but no Kubernetes object (values, configuration of other tools):
    /// passed over, neither checked nor a problem.
    pub passed_over: usize,
    /// Findings of absence withheld because the object is part of an overlay (a kustomize patch or
    /// base is no finished object).
    pub part_of_overlay: usize,
    /// Findings that an ignore silenced.
    pub ignored: usize,
}

impl Counts {
    /// Whether there was nothing that rules look at.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.checked == 0 && self.dockerfiles.checked == 0 && self.values.checked == 0
    }

    /// Adds other counts.
    pub fn add(&mut self, other: &Self) {
        self.files.add(other.files);
        self.documents.add(other.documents);
        self.objects.add(other.objects);
        self.dockerfiles.add(other.dockerfiles);
        self.values.add(other.values);
        self.charts.add(other.charts);
        self.scenarios.add(other.scenarios);
        self.passed_over += other.passed_over;
        self.part_of_overlay += other.part_of_overlay;
        self.ignored += other.ignored;
    }
}

/// Who silenced a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IgnoredBy {
    /// A `# seaworthy: ignore[…]` comment.
    Comment,
    /// A `# seaworthy: file-ignore[…]` comment.
    FileComment,
    /// An `[[ignore]]` of the configuration.
    Configuration,
    /// Another tool's comment or annotation, with the tool's name.
    Peer(&'static str),
}

/// A finding that an ignore silenced.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// The finding.
    pub finding: Finding,
    /// What silenced it.
    pub by: IgnoredBy,
    /// The reason given there.
    pub reason: Option<String>,
}

/// What is wrong, and what could not be judged.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Findings, by path, place, rule.
    pub findings: Vec<Finding>,
    /// Findings that were silenced, in the same order.
    pub ignored: Vec<Ignored>,
    /// Trouble in the input. Those of [`ProblemKind::NotChecked`] decide the exit code.
    pub problems: Vec<Problem>,
    /// What was and was not checked.
    pub counts: Counts,
    /// How it goes together with a baseline, if there is one.
    pub baseline: Option<BaselineCounts>,
    /// What the fixes of a place come to, as far as [`Engine::with_previews`](super::Engine::with_previews) asked.
    pub previews: Previewed,
}

impl Analysis {
    /// Whether something was not checked, or there was nothing to check.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.counts.is_empty()
            || self.counts.files.not_checked > 0
            || self.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked)
    }
}

/// Which fixes `repair` may make. Rules are chosen in the catalogue.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Whether unsafe fixes are made (`--unsafe-fixes`).
    pub unsafe_fixes: bool,
    /// Ids of rules whose suggestions are made (`--apply-suggestion`).
    pub suggestions: BTreeSet<String>,
    /// Whether of several fixes of a rule only the first one counts, and nothing is done where it can not
    /// be made.
    pub best_only: bool,
    /// Rules whose fixes come first, in this order; the others follow by their places.
    pub order: Vec<String>,
    /// The one rule whose fixes are made; none for all.
    pub rule: Option<Arc<str>>,
    /// Whether the version of a chart that changes is raised (`--bump-chart patch`).
    pub bump_charts: bool,
    /// Whether a template that has no hook for a field gets one, with the value in `values.yaml`, rather than
    /// the field itself (`--add-values`).
    pub add_values: bool,
}

impl Selection {
    /// Which fix of a finding is made: the first one that the selection allows.
    #[must_use]
    pub fn choose(&self, finding: &Finding) -> Option<usize> {
        // Beside fixes, this says why a better one is not among them.
        if self.best_only && finding.no_fix.is_some() {
            return None;
        }
        finding.fixes.iter().position(|fix| self.allows(&finding.rule, fix.applicability))
    }

    /// The place of a rule's fixes in the order.
    #[must_use]
    pub fn rank(&self, rule: &str) -> usize {
        self.order.iter().position(|known| known == rule).unwrap_or(self.order.len())
    }

    /// Whether a fix of this level of this rule is made.
    #[must_use]
    pub fn allows(&self, rule: &str, applicability: Applicability) -> bool {
        if self.rule.as_deref().is_some_and(|only| only != rule) {
            return false;
        }
        match applicability {
            Applicability::Safe => true,
            Applicability::Unsafe => self.unsafe_fixes,
            Applicability::Suggestion => self.suggestions.contains(rule),
        }
    }
}

/// What became of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The finding is gone, shown by checking again.
    Fixed,
    /// There is a fix, but the selection does not allow it.
    HeldBack {
        /// Why: the level, or the fact that is missing.
        reason: String,
        /// The configuration line or flag that would release it.
        release: Option<Arc<str>>,
    },
    /// The fix was tried and is not made.
    Refused {
        /// Why.
        reason: String,
    },
    /// There is no fix.
    NoFix {
        /// Why.
        reason: String,
    },
}

/// A finding and what became of it.
#[derive(Clone, Debug)]
pub struct FixOutcome {
    /// The finding as it was before.
    pub finding: Finding,
    /// Title of the fix it is about.
    pub title: Option<Arc<str>>,
    /// Level of that fix.
    pub applicability: Option<Applicability>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What mends it, with the proof.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// What to write.
    pub verified: Verified,
    /// Every finding of the first analysis, in its order, and what became of it.
    pub outcomes: Vec<FixOutcome>,
    /// The analysis before any change.
    pub before: Analysis,
    /// The analysis of the changed texts.
    pub after: Analysis,
}

/// One text, mended.
#[derive(Clone, Debug)]
pub struct FixedText {
    /// The text afterwards; `None` where nothing changes.
    pub text: Option<Arc<str>>,
    /// What happened.
    pub repair: Repair,
}

impl FixedText {
    /// The repair of one file.
    pub(super) fn of(repair: Repair) -> Self {
        let text = repair.verified.files().first().map(|file| Arc::clone(file.after().text()));
        Self { text, repair }
    }
}
