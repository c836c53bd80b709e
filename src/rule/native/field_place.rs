//! Security fields where Kubernetes does not read them, or misspelt: the API server drops them (or,
//! when asked to be strict, refuses the object), and the author believes they are in force.

use crate::resource::{Container, Field, Pod, get};
use crate::rule::frame::Frame;
use crate::rule::selection::nearest;
use crate::yaml::{Entry, FieldPath, NodeId};

use super::field_table::{CONTAINER, CONTAINER_SECURITY, POD, POD_ONLY, POD_SECURITY, Shape, shape};
use super::{Found, Planned, Repair};

/// A mapping in which fields are looked at.
struct Where<'a> {
    node: NodeId,
    path: FieldPath,
    kind: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Pod,
    PodSecurity,
    Container(&'a Container),
    ContainerSecurity(&'a Container),
}

impl Place<'_> {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Pod => &POD,
            Self::PodSecurity => &POD_SECURITY,
            Self::Container(_) => &CONTAINER,
            Self::ContainerSecurity(_) => &CONTAINER_SECURITY,
        }
    }

    fn label(self) -> String {
        match self {
            Self::Pod => "the pod spec".to_owned(),
            Self::PodSecurity => "the pod's securityContext".to_owned(),
            Self::Container(container) => format!("container {}", container.label()),
            Self::ContainerSecurity(container) => {
                format!("the securityContext of container {}", container.label())
            }
        }
    }
}

/// The mappings of a pod in which security fields may stand.
fn places<'a>(frame: &Frame<'_>, pod: &'a Pod) -> Vec<Where<'a>> {
    let tree = frame.tree();
    let security = |node| get(tree, node, &["securityContext"]).value().map(|node| tree.resolve(node));
    let mut found = vec![Where { node: pod.spec, path: pod.path.clone(), kind: Place::Pod }];
    if let Some(node) = security(pod.spec) {
        found.push(Where { node, path: pod.path.key("securityContext"), kind: Place::PodSecurity });
    }
    for container in &pod.containers {
        let path = container.path.clone();
        found.push(Where { node: container.node, path: path.clone(), kind: Place::Container(container) });
        if let Some(node) = security(container.node) {
            let path = path.key("securityContext");
            found.push(Where { node, path, kind: Place::ContainerSecurity(container) });
        }
    }
    found
}

fn strangers<'a>(frame: &Frame<'a>, place: &Where<'_>) -> Vec<Entry<'a>> {
    let entries = frame.tree().entries(place.node).into_iter();
    entries.filter(|entry| !place.kind.fields().contains(&&*entry.key)).collect()
}

/// Where a field that stands in the wrong place belongs: the mappings, by path.
fn homes(pod: &Pod, place: Place<'_>, key: &str) -> Option<Vec<FieldPath>> {
    let pod_security = || pod.path.key("securityContext");
    let home = match place {
        Place::Pod if POD_SECURITY.contains(&key) => vec![pod_security()],
        // What the pod can not say is meant for all its containers.
        Place::Pod | Place::PodSecurity if CONTAINER_SECURITY.contains(&key) => {
            pod.containers.iter().map(|container| container.path.key("securityContext")).collect()
        }
        Place::PodSecurity | Place::ContainerSecurity(_) | Place::Container(_) if POD_ONLY.contains(&key) => {
            vec![pod.path.clone()]
        }
        Place::Container(container) if CONTAINER_SECURITY.contains(&key) => {
            vec![container.path.key("securityContext")]
        }
        Place::Container(_) | Place::ContainerSecurity(_) if POD_SECURITY.contains(&key) => {
            vec![pod_security()]
        }
        Place::ContainerSecurity(container) if key == "securityContext" => vec![container.path.clone()],
        _ => return None,
    };
    Some(home)
}

/// Security fields that stand where Kubernetes does not read them.
pub fn misplaced(frame: &Frame<'_>) -> Vec<Found> {
    let Some(pod) = frame.pod else { return Vec::new() };
    let tree = frame.tree();
    let mut found = Vec::new();
    for place in places(frame, pod) {
        for entry in strangers(frame, &place) {
            let Some(homes) = homes(pod, place.kind, &entry.key) else { continue };
            let field = place.path.key(entry.key.clone());
            let targets: Vec<FieldPath> = homes.iter().map(|home| home.key(entry.key.clone())).collect();
            let (belongs, title) = match &targets[..] {
                [target] => (format!("at {target}"), format!("Move {} to {target}", entry.key)),
                _ => (
                    "in the securityContext of each container".to_owned(),
                    format!("Move {} to the securityContext of each container", entry.key),
                ),
            };
            let message = format!(
                "{} stands in {}, where Kubernetes does not read it; it belongs {belongs}",
                entry.key,
                place.kind.label()
            );
            // Where one place is taken nobody can say which value was meant.
            let taken = targets.iter().any(|target| tree.find(frame.document.root(), target).is_some());
            let movable = !taken
                && !targets.is_empty()
                && !holds_unknown(frame, entry.value_node)
                && fits(frame, &entry.key, entry.value_node);
            let value = tree.to_json(entry.value_node).ok().filter(|_| movable);
            let repair = value.map(|value| {
                let sets = targets.into_iter().map(|target| Planned::Set(target, value.clone()));
                let ops = sets.chain([Planned::Remove(field.clone())]).collect();
                Repair { title, ops, level: None }
            });
            found.push(Found {
                node: entry.value_node,
                field,
                absent: false,
                message: Some(message),
                repair,
            });
        }
    }
    found
}

/// Whether a field takes a value of this kind: what the API does not decode would be worse than a field
/// that it drops. A null is the field's absence, which says nothing.
fn fits(frame: &Frame<'_>, field: &str, node: NodeId) -> bool {
    let tree = frame.tree();
    let node = tree.resolve(node);
    match shape(field) {
        Some(Shape::Bool) => matches!(Field::bool_of(tree, node), Field::Value(_)),
        Some(Shape::Int) => matches!(Field::int_of(tree, node), Field::Value(_)),
        Some(Shape::Text) => matches!(Field::text_of(tree, node), Field::Value(_)),
        Some(Shape::Map) => tree.kind(node).is_mapping(),
        Some(Shape::List) => tree.kind(node).is_sequence(),
        None => false,
    }
}

/// Whether something below a node is filled in later.
fn holds_unknown(frame: &Frame<'_>, node: NodeId) -> bool {
    let tree = frame.tree();
    let mut open = vec![tree.resolve(node)];
    let mut budget = 1000;
    while let Some(node) = open.pop() {
        budget -= 1;
        if budget == 0 || tree.is_unknown(node) {
            return true;
        }
        open.extend(tree.children(node).iter().map(|&child| tree.resolve(child)));
    }
    false
}

/// Keys that are no field, in security contexts, and in pod specs and containers where they are like
/// a field that matters to security.
pub fn unknown(frame: &Frame<'_>) -> Vec<Found> {
    let Some(pod) = frame.pod else { return Vec::new() };
    let mut found = Vec::new();
    for place in places(frame, pod) {
        for entry in strangers(frame, &place) {
            if homes(pod, place.kind, &entry.key).is_some() {
                continue;
            }
            let security = matches!(place.kind, Place::PodSecurity | Place::ContainerSecurity(_));
            let like = nearest(&entry.key, place.kind.fields().iter().copied());
            // Other controllers' pods may have fields of their own: only near misses are certain.
            let like = like.filter(|like| security || is_security_field(like));
            if !security && like.is_none() {
                continue;
            }
            let field = place.path.key(entry.key.clone());
            let hint = like.map(|like| format!("; did you mean {like}?")).unwrap_or_default();
            let message = format!("{} is no field of {}{hint}", entry.key, place.kind.label());
            let free = like.filter(|like| matches!(get(frame.tree(), place.node, &[like]), Field::Absent));
            let fitting = free.filter(|like| fits(frame, like, entry.value_node));
            let repair = fitting.map(|like| Repair {
                title: format!("Rename it to {like}"),
                ops: vec![Planned::Rename(field.clone(), like.to_owned())],
                level: None,
            });
            found.push(Found { node: entry.key_node, field, absent: false, message: Some(message), repair });
        }
    }
    found
}

/// Fields of pod specs and containers that matter to security.
fn is_security_field(name: &str) -> bool {
    name == "securityContext" || POD_ONLY.contains(&name)
}
