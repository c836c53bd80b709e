//! [`Op`]: a change of a tree, and [`plan`], which turns changes into text edits.

use serde_json::Value;

use crate::source::{Span, TextEdits};

use super::change::Changes;
use super::delete;
use super::flow;
use super::insert;
use super::replace;
use super::style::Style;
use super::tree::{NodeId, SpanTree};

/// One change. Nodes are those of the tree as it was read; several changes of one plan all refer to
/// it.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Adds an entry to a mapping: in front of the first of the keys `before` that it has, where that stands on
    /// a line of its own, else at the end. The mapping may be `{}` or null: then it is filled. If
    /// the key is there with a null (or with `{}`, for a mapping), that value is filled. Two additions
    /// of one key whose values are mappings are merged.
    Add {
        /// The mapping.
        map: NodeId,
        /// The new key.
        key: String,
        /// Its value.
        value: Value,
        /// Keys that it is written in front of.
        before: &'static [&'static str],
    },
    /// Puts a value in place of a node; anchor and tag stay.
    Replace {
        /// The node; not a key.
        node: NodeId,
        /// What it becomes.
        value: Value,
    },
    /// Removes an entry of a mapping.
    Remove {
        /// The mapping.
        map: NodeId,
        /// The key.
        key: String,
    },
    /// Removes an item of a sequence.
    RemoveItem {
        /// The sequence.
        seq: NodeId,
        /// Its place, from 0.
        index: usize,
    },
    /// Adds an item at the end of a sequence.
    Append {
        /// The sequence.
        seq: NodeId,
        /// The item.
        value: Value,
    },
    /// Gives an entry another key.
    Rename {
        /// The mapping.
        map: NodeId,
        /// The key as it is.
        key: String,
        /// The key it becomes.
        to: String,
    },
}

/// Why a change is not made. The text stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The node is of another kind than the change needs.
    #[error("not a {expected}")]
    Kind {
        /// What is needed: `mapping`, `sequence` or `value`.
        expected: &'static str,
        /// The node.
        at: Span,
    },
    /// The key to add is there, with a value.
    #[error("key `{key}` is there already")]
    KeyExists {
        /// The key.
        key: String,
        /// The entry's key.
        at: Span,
    },
    /// The key is not in the mapping as written.
    #[error("no key `{key}`")]
    NoKey {
        /// The key.
        key: String,
        /// The mapping.
        at: Span,
    },
    /// The sequence has no such item.
    #[error("no item {index}")]
    NoItem {
        /// Its place.
        index: usize,
        /// The sequence.
        at: Span,
    },
    /// The key is given more than once: what the change would mean is not clear.
    #[error("key `{key}` is given more than once")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The last entry's key.
        at: Span,
    },
    /// The key comes through `<<`, so it would be there still.
    #[error("key `{key}` comes through `<<`")]
    Inherited {
        /// The key.
        key: String,
        /// Where it is written.
        at: Span,
    },
    /// The node stands in an anchored one, so the change would reach every alias.
    #[error("the value is shared through anchor `{name}` by {} places", users.len())]
    SharedAnchor {
        /// The anchor's name.
        name: String,
        /// The anchored node.
        anchor: NodeId,
        /// Every place that gets the value: the anchored node and its aliases.
        users: Vec<NodeId>,
        /// The anchor.
        at: Span,
    },
    /// The node is an alias: what it stands for is written elsewhere.
    #[error("the value is an alias")]
    Alias {
        /// The alias.
        at: Span,
    },
    /// What would go has an anchor that is used elsewhere.
    #[error("anchor `{name}` is still used elsewhere")]
    AnchorInUse {
        /// The anchor's name.
        name: String,
        /// The anchor.
        at: Span,
    },
    /// What would change is not known yet: `${VAR}`, `{{ … }}`, `ENC[…]`.
    #[error("the value is not known before something fills it in")]
    Unknown {
        /// The scalar.
        at: Span,
    },
    /// The document is encrypted by sops; any change breaks its checksum.
    #[error("the document is encrypted by sops")]
    Encrypted {
        /// The node.
        at: Span,
    },
    /// A comment would get lost.
    #[error("a comment would get lost")]
    Comment {
        /// The comment.
        at: Span,
    },
    /// The text is laid out in a way that is not edited.
    #[error("{reason}")]
    Layout {
        /// In which way.
        reason: &'static str,
        /// Where.
        at: Span,
    },
    /// Two changes want the same place.
    #[error("two changes want the same place")]
    Conflict {
        /// Where.
        at: Span,
    },
}

impl Refusal {
    /// The place that stands in the way.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Kind { at, .. }
            | Self::KeyExists { at, .. }
            | Self::NoKey { at, .. }
            | Self::NoItem { at, .. }
            | Self::DuplicateKey { at, .. }
            | Self::Inherited { at, .. }
            | Self::SharedAnchor { at, .. }
            | Self::Alias { at }
            | Self::AnchorInUse { at, .. }
            | Self::Unknown { at }
            | Self::Encrypted { at }
            | Self::Comment { at }
            | Self::Layout { at, .. }
            | Self::Conflict { at } => *at,
        }
    }
}

/// The edits that make all changes, or the reason why one of them cannot be made.
///
/// New lines take the indentation, the list style, the quotes and the line ends of their
/// neighbourhood; nothing outside the changes is touched. Additions to one mapping keep the order in
/// which they are given.
///
/// # Errors
/// A change that does not fit the tree, would reach an anchor's other users, would lose a comment,
/// touches a scalar that is not known, or conflicts with another one.
pub fn plan(tree: &SpanTree, ops: &[Op]) -> Result<TextEdits, Refusal> {
    plan_shared(tree, ops, &[])
}

/// Like [`plan`], for changes that every user of the given anchored nodes wants: edits inside these
/// nodes are made (see [`Refusal::SharedAnchor`] for who the users are).
///
/// # Errors
/// As [`plan`].
pub fn plan_shared(tree: &SpanTree, ops: &[Op], agreed: &[NodeId]) -> Result<TextEdits, Refusal> {
    let changes = Changes::collect(tree, ops, agreed)?;
    let mut edits = Vec::new();
    for (map, change) in &changes.maps {
        let style = Style::of(tree, *map);
        if change.fills {
            insert::fill(tree, &style, *map, &change.added, &mut edits)?;
        } else if tree.kind(*map).is_flow() {
            flow::change_map(tree, &style, *map, change, &mut edits)?;
        } else {
            delete::entries(tree, &style, *map, change, &mut edits)?;
            insert::entries(tree, &style, *map, change, &mut edits)?;
        }
        for (key, to) in &change.renamed {
            replace::key(tree, &style, *key, to, &mut edits)?;
        }
    }
    for (seq, change) in &changes.sequences {
        let style = Style::of(tree, *seq);
        if tree.kind(*seq).is_flow() {
            flow::change_sequence(tree, &style, *seq, change, &mut edits)?;
        } else {
            delete::items(tree, &style, *seq, change, &mut edits)?;
            insert::items(tree, &style, *seq, change, &mut edits)?;
        }
    }
    for (node, value) in &changes.replaced {
        replace::value(tree, &Style::of(tree, *node), *node, value, &mut edits)?;
    }
    // Where several insertions meet at the end of nested collections, the innermost comes first.
    edits.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    let edits = edits.into_iter().map(|(_, edit)| edit).collect();
    TextEdits::new(edits).map_err(|conflict| Refusal::Conflict { at: Span::at(conflict.at as usize) })
}
