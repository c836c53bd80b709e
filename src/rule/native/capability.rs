//! Names of capabilities as Pod Security and container runtimes read them.

use crate::finding::Applicability;
use crate::resource::{Container, Field, get};
use crate::rule::frame::Frame;
use crate::rule::message::shorten;
use crate::rule::selection::nearest;
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::{Found, Planned, Repair};

/// Capabilities of Linux, without their prefix (include/uapi/linux/capability.h, Linux 6.18).
const KNOWN: [&str; 41] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// The capability to listen on a port below 1024: the one that Pod Security lets a container add.
pub const BIND: &str = "NET_BIND_SERVICE";

/// Whether a list of the container, `add` or `drop`, names a capability or all. Runtimes fold the case and prefix
/// the name themselves.
pub fn names(tree: &SpanTree, container: &Container, list: &str, capability: &str) -> bool {
    let keys = ["securityContext", "capabilities", list];
    let Field::Value(list) = get(tree, container.node, &keys) else { return false };
    let is_it = |name: &str| name.eq_ignore_ascii_case("ALL") || name.eq_ignore_ascii_case(capability);
    let mut items = tree.items(list).iter();
    items.any(|&item| matches!(Field::text_of(tree, item), Field::Value(name) if is_it(&name)))
}

fn is_known(name: &str) -> bool {
    name == "ALL" || KNOWN.contains(&name)
}

/// Every entry of the container's `add` and `drop`: node, path, name, the other names of its list.
fn entries(frame: &Frame<'_>) -> Vec<(NodeId, FieldPath, String, bool)> {
    let tree = frame.tree();
    let Some(container) = frame.container else { return Vec::new() };
    let mut found = Vec::new();
    for list in ["add", "drop"] {
        let keys = ["securityContext", "capabilities", list];
        let Field::Value(sequence) = get(tree, container.node, &keys) else { continue };
        let path = container.path.key("securityContext").key("capabilities").key(list);
        for (index, &item) in tree.items(sequence).iter().enumerate() {
            if let Field::Value(name) = Field::text_of(tree, item) {
                found.push((item, path.index(index), name.into_owned(), list == "drop"));
            }
        }
    }
    found
}

fn hit(node: NodeId, field: FieldPath, message: String, repair: Option<Repair>) -> Found {
    Found { node, field, absent: false, message: Some(message), repair }
}

fn rename(field: &FieldPath, to: &str, level: Applicability) -> Option<Repair> {
    Some(Repair {
        title: format!("Write {to}"),
        ops: vec![Planned::Set(field.clone(), to.into())],
        level: Some(level),
    })
}

/// Known capabilities in lower case: runtimes fold the case, Pod Security does not.
pub fn spelling(frame: &Frame<'_>) -> Vec<Found> {
    let wrong = entries(frame).into_iter().filter_map(|(node, field, name, drop)| {
        let upper = name.to_ascii_uppercase();
        (upper != name && is_known(&upper)).then(|| {
            let list = if drop { "drops" } else { "adds" };
            let label = frame.container.map(|container| container.label()).unwrap_or_default();
            let message =
                format!("container {label} {list} `{name}`, which Pod Security knows as {upper} only");
            let repair = rename(&field, &upper, Applicability::Safe);
            hit(node, field, message, repair)
        })
    });
    wrong.collect()
}

/// Known capabilities with the prefix `CAP_`, which containerd takes for another, unknown name.
pub fn prefix(frame: &Frame<'_>) -> Vec<Found> {
    let wrong = entries(frame).into_iter().filter_map(|(node, field, name, drop)| {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").filter(|bare| is_known(bare))?.to_owned();
        let label = frame.container.map(|container| container.label()).unwrap_or_default();
        let effect = if drop { "keeps" } else { "does not get" };
        let message = format!("container {label} {effect} {bare} where the runtime does not know `{name}`");
        // Added, it would take effect: that is a new right, and Pod Security judges it.
        let repair =
            rename(&field, &bare, if drop { Applicability::Unsafe } else { Applicability::Suggestion });
        Some(hit(node, field, message, repair))
    });
    wrong.collect()
}

/// Names that are no capability.
pub fn unknown(frame: &Frame<'_>) -> Vec<Found> {
    let wrong = entries(frame).into_iter().filter_map(|(node, field, name, _)| {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if is_known(bare) || name.contains("$(") {
            return None;
        }
        let label = frame.container.map(|container| container.label()).unwrap_or_default();
        let like = nearest(bare, KNOWN).map(|like| format!("; did you mean {like}?")).unwrap_or_default();
        let message = format!("container {label} names `{}`, which is no capability{like}", shorten(&name));
        Some(hit(node, field, message, None))
    });
    wrong.collect()
}
