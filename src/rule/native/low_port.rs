//! Ports below 1024: what a process needs to listen on one, and whether it has it.
//!
//! The kernel asks for `CAP_NET_BIND_SERVICE` below `net.ipv4.ip_unprivileged_port_start` of the network
//! namespace, which is 1024 unless something sets it: the pod, or the node's runtime (containerd 2.0 and
//! later sets 0 for pods with a network of their own, CRI-O and containerd 1.x do not). A process that is
//! not root loses its capabilities when its program is started, so adding one does not help it: only a
//! program file that carries the capability does.

use serde_json::json;

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Container, EffectiveUser, Field, Pod, RunsAs, get, read_bool, read_int, read_text};
use crate::rule::frame::Frame;
use crate::rule::schema::Fact;
use crate::yaml::{FieldPath, SpanTree};

use super::capability::{BIND as CAPABILITY, names};
use super::{Found, NativeFix, Repair};

/// The kernel parameter that says where unprivileged ports begin.
const PORT_START: &str = "net.ipv4.ip_unprivileged_port_start";

/// What a process that listens on a low port has to do it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    /// It is root, or may be, with the capabilities that runtimes grant.
    Root,
    /// It is certainly root, all capabilities are dropped and this one is added: nothing is missing.
    RootAdded,
    /// The same, but nothing says that it is root.
    PerhapsRootAdded,
    /// All capabilities are dropped, so that root lacks it too.
    Dropped,
    /// It is not root.
    NonRoot {
        /// Whether the capability is added all the same.
        added: bool,
    },
    /// It is not root, and the program's file carries the capability, which the container adds.
    FileAdded,
    /// The program's file carries the capability and the container drops it: the program does not even
    /// start, whatever the port.
    FileDropped,
}

fn is_privileged(tree: &SpanTree, container: &Container) -> bool {
    read_bool(tree, container.node, &["securityContext", "privileged"]) == Field::Value(true)
}

fn binding(frame: &Frame<'_>, container: &Container) -> Binding {
    let tree = frame.tree();
    let listed = |list| names(tree, container, list, CAPABILITY);
    let (added, dropped) = (listed("add"), listed("drop"));
    let fact = frame.fact_of(container);
    let dropped = dropped && !is_privileged(tree, container);
    if fact.is_some_and(|fact| fact.row.file_capabilities.iter().any(|name| name == CAPABILITY)) {
        match (added, dropped) {
            (false, true) => return Binding::FileDropped,
            (true, _) => return Binding::FileAdded,
            (false, false) => {}
        }
    }
    if frame.knows(Fact::NonRoot) {
        return Binding::NonRoot { added };
    }
    let root = match frame.user_of(container) {
        EffectiveUser::Set(uid) => uid == 0,
        _ => fact.is_some_and(|fact| fact.runs_as() == RunsAs::Root),
    };
    match (dropped, added) {
        (false, _) => Binding::Root,
        (true, true) if root => Binding::RootAdded,
        (true, true) => Binding::PerhapsRootAdded,
        (true, false) => Binding::Dropped,
    }
}

/// The pod's entry for the kernel parameter: its value.
fn port_start(tree: &SpanTree, pod: &Pod) -> Field<i64> {
    let list = match get(tree, pod.spec, &["securityContext", "sysctls"]) {
        Field::Value(list) => list,
        Field::Absent => return Field::Absent,
        Field::Unknown | Field::Wrong => return Field::Unknown,
    };
    for &item in tree.items(list) {
        match read_text(tree, item, &["name"]) {
            // Both spellings are the kernel's.
            Field::Value(name) if name.replace('/', ".") == PORT_START => {
                return match read_text(tree, item, &["value"]) {
                    Field::Value(text) => text.trim().parse().map_or(Field::Wrong, Field::Value),
                    _ => Field::Unknown,
                };
            }
            Field::Unknown => return Field::Unknown,
            _ => {}
        }
    }
    Field::Absent
}

fn on_host_network(frame: &Frame<'_>, pod: &Pod) -> Field<bool> {
    read_bool(frame.tree(), pod.spec, &["hostNetwork"])
}

/// The port, where it is a low one and nothing lets the process listen on it anyway.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else { return Vec::new() };
    let tree = frame.tree();
    let node = get(tree, frame.subject.node, &["containerPort"]).value();
    let port = read_int(tree, frame.subject.node, &["containerPort"]).value();
    let (Some(node), Some(port)) = (node, port.filter(|port| (1..1024).contains(port))) else {
        return Vec::new();
    };
    let host = on_host_network(frame, pod) == Field::Value(true);
    if !host && frame.target.unprivileged_ports == Some(true) {
        return Vec::new();
    }
    match port_start(tree, pod) {
        Field::Value(start) if start <= port && !host => return Vec::new(),
        Field::Unknown => return Vec::new(),
        _ => {}
    }
    let binding = binding(frame, container);
    if matches!(binding, Binding::RootAdded | Binding::FileAdded) {
        return Vec::new();
    }
    vec![Found {
        node,
        field: frame.subject.path.key("containerPort"),
        absent: false,
        message: Some(message(frame, container, binding, port, host)),
        repair: None,
    }]
}

fn message(frame: &Frame<'_>, container: &Container, binding: Binding, port: i64, host: bool) -> String {
    let name = container.label();
    let certain = frame.target.unprivileged_ports == Some(false);
    let starts = if certain { "does not start" } else { "may not start, depending on the node" };
    let place = if host { " of the node" } else { "" };
    match binding {
        Binding::FileDropped => {
            let image = frame.image_of(container).unwrap_or_else(|| "its image".to_owned());
            format!(
                "container {name} does not start: programs of {image} carry {CAPABILITY}, which it drops; it listens on port {port}{place}"
            )
        }
        Binding::NonRoot { added } => {
            let vain = if added {
                format!("; {CAPABILITY} is lost when a process that is not root starts its program")
            } else {
                String::new()
            };
            if host {
                return format!(
                    "container {name} does not start unless the node itself opens low ports: it listens on port {port} of the node and is not root{vain}"
                );
            }
            format!("container {name} {starts}: it listens on port {port} and is not root{vain}")
        }
        Binding::Dropped if host => format!(
            "container {name} does not start unless the node itself opens low ports: it listens on port {port} of the node and drops {CAPABILITY}"
        ),
        Binding::Dropped => {
            format!("container {name} {starts}: it listens on port {port} and drops {CAPABILITY}")
        }
        Binding::PerhapsRootAdded | Binding::RootAdded => {
            format!("container {name} listens on port {port}{place}: {CAPABILITY} allows it to root only")
        }
        Binding::Root | Binding::FileAdded if host || certain => {
            format!("container {name} listens on port {port}{place}, which root only may")
        }
        Binding::Root | Binding::FileAdded => {
            format!("container {name} listens on port {port}, which without root works on some nodes only")
        }
    }
}

/// Opens low ports to every process of the pod's own network. The kubelet takes the parameter as a safe
/// one since Kubernetes 1.22, and both Pod Security levels allow it.
pub fn open(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else {
        return Err("there is no container".to_owned());
    };
    match on_host_network(frame, pod) {
        Field::Absent | Field::Value(false) => {}
        Field::Value(true) => {
            return Err(format!("the kubelet refuses {PORT_START} in a pod with hostNetwork"));
        }
        Field::Unknown | Field::Wrong => {
            return Err("whether the pod uses the node's network is filled in later".to_owned());
        }
    }
    if frame.version < "1.22".parse().unwrap_or_default() {
        return Err(format!(
            "before Kubernetes 1.22 the kubelet refuses {PORT_START} unless it is told otherwise"
        ));
    }
    if !port_start(frame.tree(), pod).is_absent() {
        return Err(format!("the pod sets {PORT_START} already, and higher"));
    }
    let (level, held_back) = match binding(frame, container) {
        Binding::FileDropped => {
            return Err(format!("a program that carries {CAPABILITY} does not start without it, whatever the port"));
        }
        Binding::NonRoot { .. } | Binding::Dropped => (Applicability::Safe, None),
        Binding::PerhapsRootAdded => {
            (Applicability::Unsafe, Some(format!("{CAPABILITY} is enough where the process is root: it helps any other")))
        }
        Binding::Root | Binding::RootAdded | Binding::FileAdded => (
            Applicability::Unsafe,
            Some(
                "a process that is root with the default capabilities listens there anyway: it helps once the container runs as another user or drops capabilities"
                    .to_owned(),
            ),
        ),
    };
    let path = pod.path.key("securityContext").key("sysctls");
    let value = json!({ "name": PORT_START, "value": "0" });
    Ok(NativeFix {
        level: Some(level),
        ops: vec![PatchOp::Append { document, path, value }],
        held_back,
        ..NativeFix::default()
    })
}

/// Adds the capability, where it is what is missing: to root without any, or to an image whose programs
/// carry it.
pub fn add_capability(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let Some(container) = frame.container else { return Err("there is no container".to_owned()) };
    let root = frame.user_of(container) == EffectiveUser::Set(0)
        || frame.fact_of(container).is_some_and(|fact| fact.runs_as() == RunsAs::Root);
    match binding(frame, container) {
        Binding::Dropped if root => {}
        Binding::FileDropped => {}
        Binding::NonRoot { .. } => {
            return Err(format!("{CAPABILITY} does not help a process that is not root"));
        }
        _ => return Err(format!("{CAPABILITY} is not what is missing")),
    }
    let path = container.path.key("securityContext").key("capabilities").key("add");
    let value = json!(CAPABILITY);
    Ok(NativeFix { ops: vec![PatchOp::Append { document, path, value }], ..NativeFix::default() })
}
