//! [`Pod`]: a pod, or the template of one, in an object.

use std::sync::Arc;

use crate::yaml::{FieldPath, NodeId, Segment, SpanTree};

use super::container::Container;
use super::field::{Field, get};
use super::kind::PodIn;

/// A pod spec with the metadata that belongs to it.
#[derive(Clone, Debug)]
pub struct Pod {
    /// `metadata` of the pod or template.
    pub metadata: Option<NodeId>,
    /// Path of the metadata in the object; `None` where the kind has no place for it.
    pub metadata_path: Option<FieldPath>,
    /// The pod spec's mapping.
    pub spec: NodeId,
    /// Path of the pod spec in the object.
    pub path: FieldPath,
    /// All containers: init, main, ephemeral.
    pub containers: Vec<Container>,
}

/// Pods of one object; a wildcard over a large collection must not multiply without bound.
const MOST_PODS: usize = 1024;

impl Pod {
    /// The pods of an object at the places its kind has for them.
    #[must_use]
    pub fn find_all(tree: &SpanTree, root: NodeId, places: &[PodIn]) -> Vec<Self> {
        let mut found = Vec::new();
        for place in places {
            let mut open = vec![(root, FieldPath::root())];
            for step in &place.steps {
                let mut next = Vec::new();
                for (node, path) in open {
                    descend(tree, node, &path, step, &mut next);
                }
                next.truncate(MOST_PODS);
                open = next;
            }
            for (node, path) in open {
                found.extend(Self::at(tree, node, &path, place.template));
            }
        }
        found
    }

    fn at(tree: &SpanTree, node: NodeId, path: &FieldPath, template: bool) -> Option<Self> {
        let (spec, path, metadata, metadata_path) = if template {
            let spec = get(tree, node, &["spec"]).value()?;
            let metadata = get(tree, node, &["metadata"]).value().map(|node| tree.resolve(node));
            (spec, path.key("spec"), metadata, Some(path.key("metadata")))
        } else {
            (node, path.clone(), None, None)
        };
        let spec = tree.resolve(spec);
        if !tree.kind(spec).is_mapping() {
            return None;
        }
        let containers = Container::find_all(tree, spec, &path);
        Some(Self { metadata, metadata_path, spec, path, containers })
    }
}

fn descend(
    tree: &SpanTree,
    node: NodeId,
    path: &FieldPath,
    step: &Segment,
    next: &mut Vec<(NodeId, FieldPath)>,
) {
    let node = tree.resolve(node);
    match step {
        Segment::Key(key) if **key == *"*" && tree.kind(node).is_sequence() => {
            let items = tree.items(node).iter().enumerate();
            next.extend(items.map(|(index, &item)| (tree.resolve(item), path.index(index))));
        }
        Segment::Key(key) if **key == *"*" => {
            let entries = tree.entries(node).into_iter();
            next.extend(entries.map(|entry| (tree.resolve(entry.value_node), path.key(entry.key))));
        }
        Segment::Key(key) => {
            if let Field::Value(value) = get(tree, node, &[&**key]) {
                next.push((tree.resolve(value), path.key(Arc::clone(key))));
            }
        }
        Segment::Index(index) => {
            if let Some(&item) = tree.items(node).get(*index) {
                next.push((tree.resolve(item), path.index(*index)));
            }
        }
    }
}
