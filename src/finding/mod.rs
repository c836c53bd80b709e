//! Layer 5: findings. What a rule saw ([`RuleHit`]), what a user is told ([`Finding`]), and what
//! must become true of which object ([`Patch`]).
//!
//! A rule speaks of nodes and patches; the engine turns its hits into findings with places in
//! sources, fingerprints and fixes. Reports read findings only.

mod hit;
mod level;
mod location;
mod patch;

use std::sync::Arc;

pub use hit::{CandidateFix, DockerfileHit, RuleHit};
pub use level::{Applicability, Severity, UnknownWord};
pub use location::{Location, ResourceId};
pub use patch::{Patch, PatchOp};

use crate::source::Source;
use crate::source::TextEdits;
use crate::yaml::FieldPath;

/// A weakness at its place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Id of the rule.
    pub rule: Arc<str>,
    /// How much it matters, after the configuration.
    pub severity: Severity,
    /// One sentence without a full stop, in terms of the object. Control characters of the input
    /// are not neutralised: that is the report's work.
    pub message: String,
    /// A few words under the marked span (`must be false`), if there are any.
    pub label: Option<String>,
    /// Where to look: the value, or the nearest existing parent of a field that is absent.
    pub primary: Location,
    /// Whether the field is absent, so that `primary` is its nearest existing parent.
    pub absent: bool,
    /// Further places with a short text each.
    pub related: Vec<(Location, String)>,
    /// The object it is about.
    pub resource: Arc<ResourceId>,
    /// Name of the container (or `initContainers[0]` where it has none).
    pub container: Option<Arc<str>>,
    /// Path of the field in the object.
    pub field: FieldPath,
    /// Standards that ask for it, such as `pss:restricted`.
    pub standards: Vec<Arc<str>>,
    /// Hexadecimal identity that survives moved lines and reworded messages: hash of rule, source
    /// path, resource, container, field, ordinal.
    pub fingerprint: String,
    /// Repairs, the first being the one that `fix` takes; behind the one that was wanted there may be more that nobody
    /// looked for. Empty where there is none.
    pub fixes: Vec<FixOffer>,
    /// Why there is no fix, where `fixes` is empty; else why a better one is not among them, if so.
    pub no_fix: Option<Arc<str>>,
    /// Whether what is said of repairs depends on other objects, so that it is settled only once all
    /// objects around this one are known.
    pub linked: bool,
    /// Scenarios of a chart in which it occurs and how many there are; `None` for manifests.
    pub scenarios: Option<Scenarios>,
}

impl Finding {
    /// The fix that `fix` takes, if there is one.
    #[must_use]
    pub fn fix(&self) -> Option<&FixOffer> {
        self.fixes.first()
    }
}

/// In which renderings of a chart a finding occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenarios {
    /// Names of those with the finding, in order.
    pub found_in: Vec<Arc<str>>,
    /// Number of scenarios that were rendered.
    pub total: usize,
}

/// A repair of a finding.
#[derive(Clone, Debug)]
pub struct FixOffer {
    /// What it does, in the imperative.
    pub title: Arc<str>,
    /// Its level: who may apply it.
    pub applicability: Applicability,
    /// What could break.
    pub safety: Option<Arc<str>>,
    /// What is true of the objects afterwards.
    pub patch: Patch,
    /// The bytes it changes if it is applied alone, by source.
    pub edits: Vec<SourceEdits>,
    /// Why its level is not higher, where a fact about the program or its image would raise it.
    pub held_back: Option<Arc<str>>,
    /// The configuration line or flag that would release it.
    pub release: Option<Arc<str>>,
}

/// Edits of one source.
#[derive(Clone, Debug)]
pub struct SourceEdits {
    /// The text they belong to.
    pub source: Arc<Source>,
    /// The edits.
    pub edits: TextEdits,
}
