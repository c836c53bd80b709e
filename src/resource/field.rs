//! [`Field`]: typed readings of a node that may not be there.

use std::borrow::Cow;

use crate::yaml::{NodeId, Reading, Scalar, SpanTree};

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    /// Not written, or null: Kubernetes takes it as not set.
    Absent,
    /// A value of the field's type.
    Value(T),
    /// Something fills it in later (`${VAR}`, a template action, an encrypted value).
    Unknown,
    /// A value of another type: the API server refuses the object.
    Wrong,
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether something fills it in later.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// This field where it is set, the other where it is not.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_absent() { other() } else { self }
    }
}

/// Whether a scalar waits for kustomize or a similar tool: `$(VAR)` where no string belongs.
fn is_variable(tree: &SpanTree, node: NodeId) -> bool {
    matches!(tree.scalar(node), Some(Scalar::String(text)) if text.starts_with("$(") && text.ends_with(')'))
}

fn field<T>(tree: &SpanTree, node: NodeId, reading: Reading<T>) -> Field<T> {
    match reading {
        Reading::Null => Field::Absent,
        Reading::Value(value) => Field::Value(value),
        Reading::Unknown => Field::Unknown,
        Reading::Wrong(_) if is_variable(tree, node) => Field::Unknown,
        Reading::Wrong(_) => Field::Wrong,
    }
}

/// The node at a path of keys below a mapping; `Field::Unknown` where a scalar that is filled in
/// later stands in the way.
#[must_use]
pub fn get(tree: &SpanTree, map: NodeId, keys: &[&str]) -> Field<NodeId> {
    let mut node = map;
    for key in keys {
        if tree.is_unknown(node) {
            return Field::Unknown;
        }
        match tree.get(node, key) {
            Some(value) => node = value,
            None => return Field::Absent,
        }
    }
    match tree.scalar(node) {
        Some(Scalar::Null) => Field::Absent,
        Some(Scalar::Unknown) => Field::Unknown,
        _ => Field::Value(node),
    }
}

fn read<T>(tree: &SpanTree, map: NodeId, keys: &[&str], with: impl FnOnce(NodeId) -> Reading<T>) -> Field<T> {
    match get(tree, map, keys) {
        Field::Value(node) => field(tree, node, with(node)),
        Field::Absent => Field::Absent,
        Field::Unknown => Field::Unknown,
        Field::Wrong => Field::Wrong,
    }
}

/// A boolean at a path of keys below a mapping.
#[must_use]
pub fn read_bool(tree: &SpanTree, map: NodeId, keys: &[&str]) -> Field<bool> {
    read(tree, map, keys, |node| tree.read_bool(node))
}

/// An integer at a path of keys below a mapping.
#[must_use]
pub fn read_int(tree: &SpanTree, map: NodeId, keys: &[&str]) -> Field<i64> {
    read(tree, map, keys, |node| tree.read_int64(node))
}

/// A string at a path of keys below a mapping.
#[must_use]
pub fn read_text<'a>(tree: &'a SpanTree, map: NodeId, keys: &[&str]) -> Field<Cow<'a, str>> {
    read(tree, map, keys, |node| tree.read_string(node))
}

impl Field<bool> {
    /// A node read as a boolean field.
    #[must_use]
    pub fn bool_of(tree: &SpanTree, node: NodeId) -> Self {
        field(tree, node, tree.read_bool(node))
    }
}

impl Field<i64> {
    /// A node read as an integer field.
    #[must_use]
    pub fn int_of(tree: &SpanTree, node: NodeId) -> Self {
        field(tree, node, tree.read_int64(node))
    }
}

impl<'a> Field<Cow<'a, str>> {
    /// A node read as a string field.
    #[must_use]
    pub fn text_of(tree: &'a SpanTree, node: NodeId) -> Self {
        match tree.read_string(node) {
            Reading::Null => Self::Absent,
            Reading::Value(value) => Self::Value(value),
            Reading::Unknown => Self::Unknown,
            Reading::Wrong(_) => Self::Wrong,
        }
    }
}

/// The text of a scalar at a path as written, also where it is filled in later.
pub(super) fn get_raw(tree: &SpanTree, map: NodeId, keys: &[&str]) -> Option<String> {
    let node = keys.iter().try_fold(map, |node, key| tree.get(node, key))?;
    let text = tree.text(node);
    (!text.is_empty()).then(|| text.to_owned())
}
