//! Changes of values files.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::source::{Limits, Source, TextEdits};
use crate::yaml::{self, DocumentState, NodeId, Op, Scalar, SpanTree};

/// What happens to a node of a values file.
#[derive(Clone, Debug)]
pub(super) enum ValuesChange {
    /// It has these entries afterwards, among others; it may be absent, null or `{}`.
    Merge(Map<String, Value>),
    /// It has this value afterwards.
    Set(Value),
    /// It is a list with one item more.
    Append(Value),
    /// It is gone.
    Remove,
    /// It lacks one entry afterwards, and has others.
    Exchange {
        /// The key of the entry that goes.
        gone: String,
        /// The entries that come.
        entries: Map<String, Value>,
    },
}

/// The edits that change a node of a values file, shown to change nothing else in it.
///
/// # Errors
/// Why they can not be made.
pub(super) fn edits(
    tree: &SpanTree,
    path: &[String],
    change: &ValuesChange,
    limits: &Limits,
) -> Result<TextEdits, String> {
    let source = tree.source();
    let read = tree.documents().iter().rfind(|document| document.state == DocumentState::Read);
    let Some(root) = read.and_then(|document| document.root) else {
        return Err(format!("{} holds no values", source.name()));
    };
    if read.is_some_and(|document| tree.is_sops(document)) {
        return Err(format!("{} is encrypted by sops", source.name()));
    }
    let ops = ops(tree, root, path, change)?;
    let edits = yaml::plan(tree, &ops).map_err(|refusal| refusal.to_string())?;
    let after = Arc::new(Source::new(Arc::clone(source.name()), edits.apply(source.text())));
    let after = yaml::parse_stream(&after, limits).tree;
    yaml::verify(tree, &ops, &after).map_err(|difference| difference.to_string())?;
    Ok(edits)
}

/// Whether values have what a change at a path is about: the node, or one of the entries that come or go there.
pub(super) fn holds(tree: &SpanTree, root: NodeId, path: &[String], change: &ValuesChange) -> bool {
    let Some(node) = path.iter().try_fold(root, |node, key| child(tree, node, key)) else { return false };
    match change {
        ValuesChange::Merge(entries) => entries.keys().any(|key| child(tree, node, key).is_some()),
        ValuesChange::Exchange { gone, .. } => child(tree, node, gone).is_some(),
        ValuesChange::Set(_) | ValuesChange::Append(_) | ValuesChange::Remove => true,
    }
}

/// Whether a node is what people write to take a block away: `""` or `false`.
fn is_empty(tree: &SpanTree, node: NodeId) -> bool {
    match tree.scalar(node) {
        Some(Scalar::String(text)) => text.is_empty(),
        Some(Scalar::Bool(on)) => !on,
        _ => false,
    }
}

/// The operations that change a node below the top of some values.
///
/// # Errors
/// Why there are none.
pub(super) fn ops(
    tree: &SpanTree,
    root: NodeId,
    path: &[String],
    change: &ValuesChange,
) -> Result<Vec<Op>, String> {
    let (mut at, mut above, mut depth) = (root, None, 0);
    for key in path {
        let Some(next) = child(tree, at, key) else { break };
        (above, at, depth) = (Some(at), next, depth + 1);
    }
    let rest = path.get(depth..).unwrap_or_default();
    let at_key = |value: Value| -> Result<Vec<Op>, String> {
        // The deepest node that is there is null or `{}`: it is filled from its parent.
        let nested = rest.iter().rev().fold(value, |value, key| Value::Object(one(key, value)));
        if tree.kind(tree.resolve(at)).is_mapping() {
            let Value::Object(entries) = nested else { return Err("no mapping".to_owned()) };
            return Ok(entries
                .into_iter()
                .map(|(key, value)| Op::Add { map: at, key, value, before: &[] })
                .collect());
        }
        let null = matches!(tree.scalar(at), Some(Scalar::Null));
        match (above, path.get(depth.wrapping_sub(1))) {
            (Some(map), Some(key)) if null => {
                Ok(vec![Op::Add { map, key: key.clone(), value: nested, before: &[] }])
            }
            // Templates take these for nothing too.
            (Some(_), Some(_)) if is_empty(tree, at) => Ok(vec![Op::Replace { node: at, value: nested }]),
            _ => Err(format!("{} is no mapping", path.join("."))),
        }
    };
    if !rest.is_empty() {
        return match change {
            ValuesChange::Merge(entries) => at_key(Value::Object(entries.clone())),
            ValuesChange::Set(value) => at_key(value.clone()),
            ValuesChange::Append(item) => at_key(Value::Array(vec![item.clone()])),
            ValuesChange::Remove | ValuesChange::Exchange { .. } => {
                Err(format!("{} is not there", path.join(".")))
            }
        };
    }
    match change {
        ValuesChange::Merge(entries) => {
            let mut ops = Vec::new();
            if tree.kind(tree.resolve(at)).is_mapping() {
                merge(tree, at, entries, &mut ops);
                return Ok(ops);
            }
            at_key(Value::Object(entries.clone()))
        }
        ValuesChange::Set(value) => Ok(vec![Op::Replace { node: at, value: value.clone() }]),
        ValuesChange::Append(item) => Ok(vec![Op::Append { seq: at, value: item.clone() }]),
        ValuesChange::Exchange { gone, entries } => {
            let map = tree.resolve(at);
            if !tree.kind(map).is_mapping() || tree.get(map, gone).is_none() {
                return Err(format!("{} has no {gone}", path.join(".")));
            }
            let mut ops = Vec::new();
            merge(tree, map, entries, &mut ops);
            ops.push(Op::Remove { map, key: gone.clone() });
            Ok(ops)
        }
        ValuesChange::Remove => match (above, path.last()) {
            (Some(map), Some(key)) if tree.kind(map).is_mapping() => {
                Ok(vec![Op::Remove { map, key: key.clone() }])
            }
            (Some(seq), Some(index)) => match index.parse() {
                Ok(index) => Ok(vec![Op::RemoveItem { seq, index }]),
                Err(_) => Err("no list".to_owned()),
            },
            _ => Err("the whole file".to_owned()),
        },
    }
}

/// Adds what is not there and replaces what is, deeper mappings entry by entry.
fn merge(tree: &SpanTree, map: NodeId, entries: &Map<String, Value>, ops: &mut Vec<Op>) {
    for (key, value) in entries {
        match (tree.get(map, key), value) {
            (Some(node), Value::Object(inner)) if tree.kind(tree.resolve(node)).is_mapping() => {
                merge(tree, node, inner, ops);
            }
            (Some(node), value) if !matches!(tree.scalar(node), Some(Scalar::Null)) => {
                ops.push(Op::Replace { node, value: value.clone() });
            }
            _ => ops.push(Op::Add { map, key: key.clone(), value: value.clone(), before: &[] }),
        }
    }
}

fn child(tree: &SpanTree, node: NodeId, key: &str) -> Option<NodeId> {
    let node = tree.resolve(node);
    if tree.kind(node).is_sequence() {
        return tree.items(node).get(key.parse::<usize>().ok()?).copied();
    }
    tree.kind(node).is_mapping().then(|| tree.get(node, key)).flatten()
}

fn one(key: &str, value: Value) -> Map<String, Value> {
    std::iter::once((key.to_owned(), value)).collect()
}
