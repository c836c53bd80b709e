//! [`RuleHit`]: what a rule saw in an object, before the engine gives it a place and an identity.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::{FieldPath, NodeId};

use super::{Applicability, Patch, Severity};

/// A rule's verdict on one place of one object.
#[derive(Clone, Debug)]
pub struct RuleHit {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// Severity after the configuration.
    pub severity: Severity,
    /// Index of the object among the documents the rule was given.
    pub document: usize,
    /// Name of the container, or its place where it has none.
    pub container: Option<Arc<str>>,
    /// Path of the field in the object, present or not.
    pub field: FieldPath,
    /// The node to mark, in the tree of that document: the value, or the nearest existing parent.
    pub node: NodeId,
    /// Whether the field is absent. Such hits are withheld on overlay patches.
    pub absent: bool,
    /// The message, placeholders filled in.
    pub message: String,
    /// A few words for the marked span.
    pub label: Option<String>,
    /// Further nodes with a short text: (index of the object, node, text).
    pub related: Vec<(usize, NodeId, String)>,
    /// Standards that ask for it.
    pub standards: Vec<Arc<str>>,
    /// Repairs, best first.
    pub fixes: Vec<CandidateFix>,
    /// Why there is no repair, where `fixes` is empty; else why a better one is not among them.
    pub no_fix: Option<Arc<str>>,
    /// Whether there may be more repairs behind these, which were not asked for.
    pub more: bool,
    /// Whether a repair depends on other objects of the target.
    pub linked: bool,
}

/// A rule's verdict on one place of a Dockerfile.
#[derive(Clone, Debug)]
pub struct DockerfileHit {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// Severity after the configuration.
    pub severity: Severity,
    /// Index of the instruction.
    pub at: usize,
    /// The instruction's keyword, or that of the one that is missing.
    pub field: FieldPath,
    /// The bytes to mark.
    pub span: Span,
    /// Whether an instruction is missing.
    pub absent: bool,
    /// The message.
    pub message: String,
    /// Standards that ask for it.
    pub standards: Vec<Arc<str>>,
    /// Repairs, best first.
    pub fixes: Vec<CandidateFix>,
    /// Why there is no repair.
    pub no_fix: Option<Arc<str>>,
}

/// A repair as the rule wants it.
#[derive(Clone, Debug)]
pub struct CandidateFix {
    /// What it does, in the imperative.
    pub title: Arc<str>,
    /// Its level, conditions and configuration already applied.
    pub applicability: Applicability,
    /// What could break.
    pub safety: Option<Arc<str>>,
    /// The change.
    pub patch: Patch,
    /// Why its level is not higher.
    pub held_back: Option<Arc<str>>,
    /// The configuration line or flag that would release it.
    pub release: Option<Arc<str>>,
}
