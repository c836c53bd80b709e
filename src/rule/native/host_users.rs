//! Pods that could run in a user namespace and do not.

use crate::resource::{ContainerList, Field, get, read_bool, read_int, read_text};
use crate::rule::frame::Frame;
use crate::yaml::{NodeId, SpanTree};

use super::Found;

/// The highest id that a user namespace of the kubelet maps.
const HIGHEST_ID: i64 = 65_535;

/// Whether a boolean is true, or may become so.
fn may_be(tree: &SpanTree, map: NodeId, key: &str) -> bool {
    !matches!(read_bool(tree, map, &[key]), Field::Absent | Field::Value(false))
}

/// Whether a security context sets an id that is not mapped, or may do so.
fn has_high_id(tree: &SpanTree, map: NodeId) -> bool {
    ["runAsUser", "runAsGroup", "fsGroup"].into_iter().any(|key| {
        match read_int(tree, map, &["securityContext", key]) {
            Field::Value(id) => id > HIGHEST_ID,
            Field::Absent => false,
            Field::Unknown | Field::Wrong => true,
        }
    })
}

/// The pod, where nothing in it rules a user namespace out: the API refuses one beside `hostNetwork`,
/// `hostPID`, `hostIPC` and block devices, in a Windows pod, and ids above 65535 are not mapped.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let Some(pod) = frame.pod else { return Vec::new() };
    let (tree, spec) = (frame.tree(), pod.spec);
    let users = get(tree, spec, &["hostUsers"]);
    let node = match (&users, read_bool(tree, spec, &["hostUsers"])) {
        (_, Field::Absent) => spec,
        (Field::Value(node), Field::Value(true)) => *node,
        _ => return Vec::new(),
    };
    let windows = |keys: &[&str]| {
        !matches!(read_text(tree, spec, keys), Field::Absent | Field::Value(_))
            || matches!(read_text(tree, spec, keys), Field::Value(name) if name == "windows")
    };
    let devices =
        |container: &crate::resource::Container| !get(tree, container.node, &["volumeDevices"]).is_absent();
    let excluded = ["hostNetwork", "hostPID", "hostIPC"].into_iter().any(|key| may_be(tree, spec, key))
        || windows(&["os", "name"])
        || windows(&["nodeSelector", "kubernetes.io/os"])
        || has_high_id(tree, spec)
        || pod.containers.iter().any(|container| {
            devices(container)
                || has_high_id(tree, container.node)
                || container.list == ContainerList::Ephemeral
        });
    if excluded {
        return Vec::new();
    }
    let field = pod.path.key("hostUsers");
    vec![Found { node, field, absent: users.is_absent(), message: None, repair: None }]
}
