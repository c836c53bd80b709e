//! From the pod that stands in for a fragment back to the values: fields, nodes, patches.

use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Applicability, CandidateFix, Patch, PatchOp, RuleHit};
use crate::yaml::{FieldPath, NodeId, Segment, SpanTree};

use super::fragment::{Fragment, What};
use super::place::Place;
use super::stand_in::Seen;

/// Why a repair of values is never safe.
const NOT_SAFE: &str = "judged without the chart: what else it does with the value is not seen";
/// Why there is no repair.
const NO_FIX: &str = "judged without the chart: in place of the value its own default would come";

/// The values a fragment was found in.
pub struct To<'a> {
    /// The tree.
    pub tree: &'a SpanTree,
    /// The set of values.
    pub place: &'a Place,
    /// The fragment.
    pub fragment: &'a Fragment,
}

/// A message that says what it is about, and the container where it has a name.
pub fn tell(hit: &mut RuleHit, fragment: &Fragment) {
    hit.message.push_str(" (values, judged without the chart)");
    hit.container = match fragment.what {
        What::ContainerContext => fragment.owner.clone(),
        _ => None,
    };
    hit.label = None;
    hit.related.clear();
    hit.linked = false;
}

/// A repair that is never safe.
pub fn lowered(mut fix: CandidateFix, patch: Patch) -> CandidateFix {
    if fix.applicability == Applicability::Safe {
        fix.held_back = Some(NOT_SAFE.into());
        fix.release = Some("--unsafe-fixes".into());
    }
    fix.applicability = fix.applicability.min(Applicability::Unsafe);
    fix.safety = fix.safety.map(|safety| Arc::from(format!("{safety}; {NOT_SAFE}")));
    fix.patch = patch;
    fix
}

impl To<'_> {
    /// The verdict in terms of the values; `None` where its place is not there.
    pub fn hit(&self, seen: Seen) -> Option<RuleHit> {
        let Seen { mut hit, base } = seen;
        hit.field = self.field(&base, &hit.field)?;
        hit.node = self.node(&hit.field)?;
        hit.document = self.place.document;
        tell(&mut hit, self.fragment);
        let fixes = std::mem::take(&mut hit.fixes);
        let wanted = fixes.len();
        hit.fixes = fixes.into_iter().filter_map(|fix| self.fix(&base, fix)).collect();
        if hit.fixes.is_empty() && wanted > 0 {
            hit.no_fix = Some(NO_FIX.into());
        }
        Some(hit)
    }

    /// A field of the stand-in as a field of the document.
    fn field(&self, base: &FieldPath, field: &FieldPath) -> Option<FieldPath> {
        let rest = base.contains(field).then(|| field.segments().get(base.segments().len()..))??;
        let path = self.place.path.join(&self.fragment.path);
        Some(path.join(&FieldPath::new(rest.to_vec())))
    }

    /// The node of a field. One that comes from elsewhere through an alias or a merge is left alone.
    fn node(&self, field: &FieldPath) -> Option<NodeId> {
        let rest = field.segments().get(self.place.path.segments().len()..)?;
        self.tree.find(self.place.node, &FieldPath::new(rest.to_vec()))
    }

    fn fix(&self, base: &FieldPath, fix: CandidateFix) -> Option<CandidateFix> {
        let ops = fix.patch.ops.iter().map(|op| self.op(base, op)).collect::<Option<Vec<_>>>()?;
        Some(lowered(fix, Patch { ops, ..Patch::default() }))
    }

    /// An operation that replaces what is there. A flag is switched off instead of removed, and an entry of a
    /// list leaves the list: of what is absent the chart has defaults.
    fn op(&self, base: &FieldPath, op: &PatchOp) -> Option<PatchOp> {
        let document = self.place.document;
        let path = self.field(base, op.path())?;
        let node = self.node(&path)?;
        match (op, path.split_last()?.1) {
            (PatchOp::Set { value, .. }, _) => Some(PatchOp::Set { document, path, value: value.clone() }),
            (PatchOp::Remove { .. }, Segment::Index(_)) => {
                Some(PatchOp::Remove { document, path, prune: false })
            }
            (PatchOp::Remove { .. }, Segment::Key(_))
                if self.tree.to_json(node).is_ok_and(|now| now == Value::Bool(true)) =>
            {
                Some(PatchOp::Set { document, path, value: Value::Bool(false) })
            }
            _ => None,
        }
    }
}
