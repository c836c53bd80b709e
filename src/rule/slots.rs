//! Every field that some rule reads, looked up in one walk.
//!
//! The paths of all rules that start at the same place form a [`Trie`]. For each subject its fields
//! are filled in once ([`Trie::fill`]), however many rules ask; a test then reads its slot. That
//! makes the cost of a rule a few comparisons.

use crate::resource::Field;
use crate::yaml::{FieldPath, NodeId, Scalar, Segment, SpanTree};

/// Number of a path in its trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot(u32);

impl Slot {
    /// The subject itself.
    pub const SUBJECT: Self = Self(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug, Default)]
struct TrieNode {
    parent: usize,
    keys: Vec<(String, usize)>,
    indices: Vec<(usize, usize)>,
}

/// The paths that start at one place.
#[derive(Clone, Debug)]
pub struct Trie {
    nodes: Vec<TrieNode>,
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![TrieNode::default()] }
    }
}

/// The fields of one subject, by slot.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    fields: Vec<Field<NodeId>>,
}

impl Slots {
    /// What stands in a slot. A scalar that is filled in later is [`Field::Unknown`].
    pub fn get(&self, slot: Slot) -> Field<NodeId> {
        self.fields.get(slot.index()).cloned().unwrap_or(Field::Absent)
    }
}

impl Trie {
    /// The slot of a path; a new one where no rule had it.
    pub fn slot(&mut self, path: &FieldPath) -> Slot {
        let mut at = 0;
        for segment in path.segments() {
            let (parent, next) = (at, self.nodes.len());
            let Some(node) = self.nodes.get_mut(at) else { break };
            let found = match segment {
                Segment::Key(key) => {
                    node.keys.iter().find(|(name, _)| **name == **key).map(|&(_, child)| child)
                }
                Segment::Index(index) => {
                    node.indices.iter().find(|(name, _)| name == index).map(|&(_, child)| child)
                }
            };
            at = match (found, segment) {
                (Some(child), _) => child,
                (None, Segment::Key(key)) => {
                    node.keys.push((key.to_string(), next));
                    node.keys.sort();
                    next
                }
                (None, Segment::Index(index)) => {
                    node.indices.push((*index, next));
                    next
                }
            };
            if found.is_none() {
                self.nodes.push(TrieNode { parent, ..TrieNode::default() });
            }
        }
        Slot(u32::try_from(at).unwrap_or(0))
    }

    /// The nearest node above a slot (or in it) that is there.
    pub fn nearest(&self, slots: &Slots, slot: Slot) -> Option<NodeId> {
        let mut at = slot.index();
        loop {
            if let Some(Field::Value(node)) = slots.fields.get(at) {
                return Some(*node);
            }
            if at == 0 {
                return None;
            }
            at = self.nodes.get(at)?.parent;
        }
    }

    /// Looks up every path below a node.
    pub fn fill(&self, tree: &SpanTree, subject: NodeId) -> Slots {
        let mut slots = Slots { fields: vec![Field::Absent; self.nodes.len()] };
        self.put(tree, 0, subject, &mut slots);
        slots
    }

    fn put(&self, tree: &SpanTree, at: usize, value: NodeId, slots: &mut Slots) {
        match tree.scalar(value) {
            Some(Scalar::Null) => return,
            Some(Scalar::Unknown) => {
                self.put_unknown(at, slots);
                return;
            }
            _ => {}
        }
        if let Some(field) = slots.fields.get_mut(at) {
            *field = Field::Value(value);
        }
        let Some(node) = self.nodes.get(at) else { return };
        if !node.keys.is_empty() {
            let mut seen = vec![false; node.keys.len()];
            self.put_entries(tree, node, tree.resolve(value), &mut seen, slots);
        }
        for &(index, child) in &node.indices {
            if let Some(&item) = tree.items(value).get(index) {
                self.put(tree, child, item, slots);
            }
        }
    }

    /// The entries of a mapping, the last duplicate first, merge keys at their place.
    fn put_entries(
        &self,
        tree: &SpanTree,
        node: &TrieNode,
        map: NodeId,
        seen: &mut [bool],
        slots: &mut Slots,
    ) {
        for (key, value) in tree.pairs(map).rev() {
            if tree.is_merge_key(key) {
                for source in tree.merge_sources(value) {
                    self.put_entries(tree, node, source, seen, slots);
                }
                continue;
            }
            // No field's name is a number or boolean; the text of the key is the key.
            let text = tree.text(key);
            let Ok(found) = node.keys.binary_search_by(|(name, _)| name.as_str().cmp(text)) else { continue };
            let (Some(&(_, child)), Some(seen)) = (node.keys.get(found), seen.get_mut(found)) else {
                continue;
            };
            if !std::mem::replace(seen, true) {
                self.put(tree, child, value, slots);
            }
        }
    }

    fn put_unknown(&self, at: usize, slots: &mut Slots) {
        if let Some(field) = slots.fields.get_mut(at) {
            *field = Field::Unknown;
        }
        if let Some(node) = self.nodes.get(at) {
            for child in node.keys.iter().map(|&(_, child)| child).chain(node.indices.iter().map(|&(_, c)| c))
            {
                self.put_unknown(child, slots);
            }
        }
    }
}
