//! Profiles in annotations of the pod: AppArmor (still read) and seccomp (before Kubernetes 1.19).

use crate::resource::{Container, Field};
use crate::rule::frame::Frame;
use crate::rule::message::shorten;

use super::{Found, Planned, Repair};

const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// AppArmor annotations whose profile is neither the runtime's default nor one loaded on the node.
pub fn apparmor(frame: &Frame<'_>) -> Vec<Found> {
    let profile =
        |value: &str| value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
    bad(frame, |key| key.starts_with(APPARMOR), profile)
}

/// Seccomp annotations of the pod or one of its containers that switch the filter off.
pub fn seccomp(frame: &Frame<'_>) -> Vec<Found> {
    let profile = |value: &str| is_runtime_default(value) || value.starts_with("localhost/");
    bad(frame, |key| is_seccomp(frame, key), profile)
}

/// Whether a seccomp annotation of the pod or one of its containers asks for something else than the
/// runtime's default, or for what is filled in later. Since Kubernetes 1.27 nothing reads these
/// annotations, but the API still refuses a pod whose fields differ from them.
pub fn other_seccomp(frame: &Frame<'_>) -> bool {
    let tree = frame.tree();
    let Some(metadata) = frame.metadata else { return false };
    let Field::Value(map) = crate::resource::get(tree, metadata.node, &["annotations"]) else { return false };
    let mut entries = tree.entries(map).into_iter().filter(|entry| is_seccomp(frame, &entry.key));
    entries.any(|entry| {
        !matches!(Field::text_of(tree, entry.value_node), Field::Value(value) if is_runtime_default(&value))
    })
}

fn is_seccomp(frame: &Frame<'_>, key: &str) -> bool {
    let containers = frame.pod.map_or(&[][..], |pod| &pod.containers[..]);
    let named =
        |name: &str| containers.iter().any(|container: &Container| container.name.as_deref() == Some(name));
    key == SECCOMP_POD || key.strip_prefix(SECCOMP_CONTAINER).is_some_and(named)
}

/// The names of the runtime's profile (`SeccompProfileRuntimeDefault` and its older spelling).
fn is_runtime_default(value: &str) -> bool {
    matches!(value, "runtime/default" | "docker/default")
}

fn bad(frame: &Frame<'_>, is_about: impl Fn(&str) -> bool, fits: impl Fn(&str) -> bool) -> Vec<Found> {
    let tree = frame.tree();
    let Some(metadata) = frame.metadata else { return Vec::new() };
    let Field::Value(map) = crate::resource::get(tree, metadata.node, &["annotations"]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in tree.entries(map).into_iter().filter(|entry| is_about(&entry.key)) {
        // A null value is the empty string.
        let value = match Field::text_of(tree, entry.value_node) {
            Field::Value(value) => value.into_owned(),
            Field::Absent => String::new(),
            Field::Unknown | Field::Wrong => continue,
        };
        if fits(&value) {
            continue;
        }
        let field = metadata.path.key("annotations").key(entry.key.clone());
        found.push(Found {
            node: entry.value_node,
            field: field.clone(),
            absent: false,
            message: Some(format!("annotation {} asks for the profile `{}`", entry.key, shorten(&value))),
            repair: Some(Repair {
                title: "Use the runtime's default profile".to_owned(),
                ops: vec![Planned::Set(field, "runtime/default".into())],
                level: None,
            }),
        });
    }
    found
}
