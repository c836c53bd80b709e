//! Fields of a pod that a container may have for itself: where the pod has no place for one, the container
//! that a finding is about may.

use crate::finding::PatchOp;
use crate::rule::is_of_pod_and_container;
use crate::yaml::{FieldPath, Segment};

use super::judge::RenderedObject;

/// What sets a field of a pod, for one of its containers alone; `None` for other operations.
pub(super) fn narrowed(object: &RenderedObject, container: &str, op: &PatchOp) -> Option<PatchOp> {
    let PatchOp::Set { path, .. } = op else { return None };
    object.object.pods().iter().find_map(|pod| {
        let below = path.segments().strip_prefix(pod.path.segments())?;
        let [Segment::Key(block), Segment::Key(field), ..] = below else { return None };
        if **block != *"securityContext" || !is_of_pod_and_container(field) {
            return None;
        }
        let container = pod.containers.iter().find(|it| *it.label() == *container)?;
        let path = container.path.segments().iter().chain(below).cloned().collect();
        Some(op.clone().at(FieldPath::new(path)))
    })
}
