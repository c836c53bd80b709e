//! What is wanted of an object, sorted by what it does to nodes that are there.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::finding::PatchOp;
use crate::yaml::{FieldPath, NodeId, Scalar, Segment, SpanTree};

/// Fields that are false where they are absent, so that to remove one is to write false.
const FALSE_IF_ABSENT: [&str; 5] =
    ["hostIPC", "hostNetwork", "hostPID", "privileged", "shareProcessNamespace"];

/// Whether a field means the same where it is absent and where it is false.
pub(super) fn default_is_false(path: &FieldPath) -> bool {
    matches!(path.segments().last(), Some(Segment::Key(key)) if FALSE_IF_ABSENT.contains(&&**key))
}

/// What is wanted of one node, by kind of change.
#[derive(Default)]
pub(super) struct Wants {
    /// Entries to add to mappings that are there.
    pub additions: BTreeMap<NodeId, Map<String, Value>>,
    /// Nodes that get another value.
    pub replacements: Vec<(NodeId, Value)>,
    /// Lists that get an item more.
    pub appendices: Vec<(NodeId, Value)>,
    /// Nodes that go.
    pub removals: Vec<NodeId>,
    /// What goes, with the flag that is on in it and was meant to go.
    pub flags: HashMap<NodeId, NodeId>,
    /// Keys, with what they become.
    pub renames: Vec<(NodeId, String)>,
}

/// Sorts operations by what they do to nodes that are there.
///
/// # Errors
/// A field that is not as the operation takes it to be.
pub(super) fn wants(tree: &SpanTree, root: NodeId, ops: &[&PatchOp]) -> Result<Wants, String> {
    let mut wants = Wants::default();
    for op in ops {
        match op {
            PatchOp::Set { path, value, .. } => set(tree, root, path, value.clone(), &mut wants)?,
            PatchOp::Append { path, value, .. } => match tree.find(root, path) {
                Some(list) if tree.kind(tree.resolve(list)).is_sequence() => {
                    wants.appendices.push((tree.resolve(list), value.clone()));
                }
                _ => set(tree, root, path, Value::Array(vec![value.clone()]), &mut wants)?,
            },
            PatchOp::Remove { .. } => {}
            PatchOp::Rename { path, to, .. } => {
                let above =
                    path.split_last().and_then(|(above, last)| Some((tree.find(root, &above)?, last)));
                let Some((map, Segment::Key(name))) = above else {
                    return Err(format!("{path} is not there"));
                };
                let mut pairs = tree.pairs(tree.resolve(map));
                let key = pairs.find(|(key, _)| tree.key_text(*key).is_some_and(|text| *text == **name));
                let (key, _) = key.ok_or_else(|| format!("{path} is not there"))?;
                wants.renames.push((key, to.clone()));
            }
        }
    }
    for op in ops {
        let PatchOp::Remove { path, prune, .. } = op else { continue };
        let mut node = tree.find(root, path).ok_or_else(|| format!("{path} is not there"))?;
        let meant = node;
        // A parent of one entry goes with it, unless something is put there.
        while *prune
            && let Some(parent) = tree.parent(node)
            && (tree.pairs(parent).len() == 1 || tree.items(parent).len() == 1)
            && parent != root
            && !wants.additions.contains_key(&parent)
        {
            node = parent;
        }
        if !wants.removals.contains(&node) {
            wants.removals.push(node);
            if matches!(tree.scalar(meant), Some(Scalar::Bool(true))) {
                wants.flags.insert(node, meant);
            }
        } else if wants.flags.get(&node) != Some(&meant) {
            // Of several flags one is not enough.
            wants.flags.remove(&node);
        }
    }
    Ok(wants)
}

fn set(
    tree: &SpanTree,
    root: NodeId,
    path: &FieldPath,
    value: Value,
    wants: &mut Wants,
) -> Result<(), String> {
    let mut at = root;
    let mut segments = path.segments().iter();
    let mut rest: Vec<&Segment> = Vec::new();
    for segment in segments.by_ref() {
        let node = tree.resolve(at);
        let next = match segment {
            Segment::Key(key) if tree.kind(node).is_mapping() => tree.get(node, key),
            Segment::Index(index) if tree.kind(node).is_sequence() => tree.items(node).get(*index).copied(),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => {
                rest.push(segment);
                break;
            }
        }
    }
    rest.extend(segments);
    if rest.is_empty() {
        wants.replacements.push((at, value));
        return Ok(());
    }
    let mut nested = value;
    for segment in rest.iter().rev() {
        let Segment::Key(key) = segment else { return Err(format!("{path} is not there")) };
        nested = Value::Object(std::iter::once((key.to_string(), nested)).collect());
    }
    let node = tree.resolve(at);
    if !tree.kind(node).is_mapping() {
        if matches!(tree.scalar(node), Some(Scalar::Null)) {
            wants.replacements.push((node, nested));
            return Ok(());
        }
        return Err(format!("{path} has a parent of another kind"));
    }
    let Value::Object(entries) = nested else { return Ok(()) };
    deep_merge(wants.additions.entry(node).or_default(), entries);
    Ok(())
}

/// Puts entries among others, deeper mappings entry by entry.
pub(super) fn deep_merge(into: &mut Map<String, Value>, entries: Map<String, Value>) {
    for (key, value) in entries {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(new)) => deep_merge(known, new),
            // Each of several items of a list that is not there yet.
            (Some(Value::Array(known)), Value::Array(new)) => {
                for item in new {
                    if !known.contains(&item) {
                        known.push(item);
                    }
                }
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
