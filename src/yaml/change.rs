//! Changes gathered by the collection they concern, each checked against the tree.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::source::Span;

use super::op::{Op, Refusal};
use super::tree::{Kind, NodeId, SpanTree};

/// What happens to one mapping.
#[derive(Debug, Default)]
pub(super) struct MapChange {
    /// Places of the entries that go.
    pub removed: BTreeSet<usize>,
    /// New entries, in order.
    pub added: IndexMap<String, Value>,
    /// Keys that a new entry is written in front of, where it is not to stand at the end.
    pub before: BTreeMap<String, &'static [&'static str]>,
    /// Keys that get another text.
    pub renamed: Vec<(NodeId, String)>,
    /// Whether the mapping is `{}` or null so far.
    pub fills: bool,
}

/// What happens to one sequence.
#[derive(Debug, Default)]
pub(super) struct SequenceChange {
    /// Places of the items that go.
    pub removed: BTreeSet<usize>,
    /// New items, in order.
    pub appended: Vec<Value>,
}

/// All changes of a plan.
#[derive(Debug, Default)]
pub(super) struct Changes {
    // Boxed: a map makes room for eleven, and mostly there is one.
    pub maps: BTreeMap<NodeId, Box<MapChange>>,
    pub sequences: BTreeMap<NodeId, Box<SequenceChange>>,
    pub replaced: BTreeMap<NodeId, Value>,
}

impl Changes {
    /// Gathers and checks `ops`. Changes inside the nodes `agreed` are allowed although aliases
    /// share them.
    pub(super) fn collect(tree: &SpanTree, ops: &[Op], agreed: &[NodeId]) -> Result<Self, Refusal> {
        let mut changes = Self::default();
        for op in ops {
            changes.add(tree, op, agreed)?;
        }
        changes.check_conflicts(tree)?;
        Ok(changes)
    }

    fn add(&mut self, tree: &SpanTree, op: &Op, agreed: &[NodeId]) -> Result<(), Refusal> {
        match op {
            Op::Add { map, key, value, before } => {
                self.add_entry(tree, *map, key, value, agreed)?;
                if let Some(change) = self.maps.get_mut(map)
                    && change.added.contains_key(key)
                    && !before.is_empty()
                {
                    change.before.insert(key.clone(), before);
                }
                Ok(())
            }
            Op::Replace { node, value } => {
                self.check_place(tree, *node, agreed)?;
                check_goes(tree, &[*node], true)?;
                self.replace(tree, *node, value)
            }
            Op::Remove { map, key } => {
                let (place, key_node, value_node) = self.own_entry(tree, *map, key, agreed)?;
                check_goes(tree, &[key_node, value_node], false)?;
                self.maps.entry(*map).or_default().removed.insert(place);
                Ok(())
            }
            Op::RemoveItem { seq, index } => {
                self.check_sequence(tree, *seq, agreed)?;
                let Some(&item) = tree.children(*seq).get(*index) else {
                    return Err(Refusal::NoItem { index: *index, at: tree.span(*seq) });
                };
                check_goes(tree, &[item], false)?;
                self.sequences.entry(*seq).or_default().removed.insert(*index);
                Ok(())
            }
            Op::Append { seq, value } => {
                self.check_sequence(tree, *seq, agreed)?;
                self.sequences.entry(*seq).or_default().appended.push(value.clone());
                Ok(())
            }
            Op::Rename { map, key, to } => {
                let (_, key_node, _) = self.own_entry(tree, *map, key, agreed)?;
                if let Some(entry) = tree.entry(*map, to) {
                    return Err(Refusal::KeyExists { key: to.clone(), at: tree.span(entry.key_node) });
                }
                check_goes(tree, &[key_node], true)?;
                let change = self.maps.entry(*map).or_default();
                if change.added.contains_key(to) || change.renamed.iter().any(|(_, other)| other == to) {
                    return Err(Refusal::Conflict { at: tree.span(key_node) });
                }
                change.renamed.push((key_node, to.clone()));
                Ok(())
            }
        }
    }

    fn replace(&mut self, tree: &SpanTree, node: NodeId, value: &Value) -> Result<(), Refusal> {
        match self.replaced.insert(node, value.clone()) {
            Some(before) if before != *value => Err(Refusal::Conflict { at: tree.span(node) }),
            _ => Ok(()),
        }
    }

    fn add_entry(
        &mut self,
        tree: &SpanTree,
        map: NodeId,
        key: &str,
        value: &Value,
        agreed: &[NodeId],
    ) -> Result<(), Refusal> {
        self.check_place(tree, map, agreed)?;
        let fills = match tree.kind(map) {
            Kind::Mapping(_) => tree.children(map).is_empty(),
            Kind::Scalar(_) if is_null(tree, map) => true,
            _ => return Err(Refusal::Kind { expected: "mapping", at: tree.span(map) }),
        };
        let removed = self.maps.get(&map).map(|change| &change.removed);
        let gone = |place: usize| removed.is_some_and(|removed| removed.contains(&place));
        let there = tree.pairs(map).enumerate().filter(|&(place, _)| !gone(place));
        let same = |node| !tree.is_merge_key(node) && tree.key_text(node).as_deref() == Some(key);
        let mut last = None;
        for (_, pair) in there {
            if same(pair.0) {
                last = Some(pair);
            }
        }
        if let Some((key_node, found)) = last {
            return self.fill_existing(tree, key_node, found, value, agreed);
        }
        if let Some((unknown, _)) = tree.pairs(map).find(|&(node, _)| tree.is_unknown(node)) {
            return Err(Refusal::Unknown { at: tree.span(unknown) });
        }
        let change = self.maps.entry(map).or_default();
        if change.renamed.iter().any(|(_, to)| to == key) {
            return Err(Refusal::Conflict { at: tree.span(map) });
        }
        change.fills = fills;
        match change.added.get_mut(key) {
            None => {
                change.added.insert(key.to_owned(), value.clone());
                Ok(())
            }
            Some(before) => {
                if merge(before, value) {
                    Ok(())
                } else {
                    Err(Refusal::Conflict { at: tree.span(map) })
                }
            }
        }
    }

    /// The key is there: its value is filled if it is empty.
    fn fill_existing(
        &mut self,
        tree: &SpanTree,
        key_node: NodeId,
        found: NodeId,
        value: &Value,
        agreed: &[NodeId],
    ) -> Result<(), Refusal> {
        let null = is_null(tree, found);
        let empty = matches!(tree.kind(found), Kind::Mapping(_)) && tree.children(found).is_empty();
        match value {
            Value::Object(entries) if (null || empty) && !entries.is_empty() => {
                entries.iter().try_for_each(|(key, value)| self.add_entry(tree, found, key, value, agreed))
            }
            _ if null => {
                self.check_place(tree, found, agreed)?;
                self.replace(tree, found, value)
            }
            _ => {
                let key = tree.key_text(key_node).unwrap_or_default().into_owned();
                Err(Refusal::KeyExists { key, at: tree.full_span(key_node) })
            }
        }
    }

    /// The only entry of a key as written: its place, key and value.
    fn own_entry(
        &mut self,
        tree: &SpanTree,
        map: NodeId,
        key: &str,
        agreed: &[NodeId],
    ) -> Result<(usize, NodeId, NodeId), Refusal> {
        self.check_place(tree, map, agreed)?;
        if !tree.kind(map).is_mapping() {
            return Err(Refusal::Kind { expected: "mapping", at: tree.span(map) });
        }
        let same = |node| !tree.is_merge_key(node) && tree.key_text(node).as_deref() == Some(key);
        let mut found = tree.pairs(map).enumerate().filter(|&(_, (node, _))| same(node));
        let (first, second) = (found.next(), found.next());
        if let Some((_, (key_node, _))) = second {
            return Err(Refusal::DuplicateKey { key: key.to_owned(), at: tree.span(key_node) });
        }
        for (merge, value) in tree.pairs(map).filter(|&(node, _)| tree.is_merge_key(node)) {
            let source = tree.merge_sources(value).into_iter().find_map(|source| tree.get(source, key));
            if source.is_some() {
                return Err(Refusal::Inherited { key: key.to_owned(), at: tree.span(merge) });
            }
        }
        match first {
            Some((place, (key_node, value_node))) => Ok((place, key_node, value_node)),
            None => Err(Refusal::NoKey { key: key.to_owned(), at: tree.span(map) }),
        }
    }

    fn check_sequence(&self, tree: &SpanTree, seq: NodeId, agreed: &[NodeId]) -> Result<(), Refusal> {
        self.check_place(tree, seq, agreed)?;
        match tree.kind(seq) {
            Kind::Sequence(_) => Ok(()),
            _ => Err(Refusal::Kind { expected: "sequence", at: tree.span(seq) }),
        }
    }

    /// Whether the inside of a node may be edited: it is no alias, no anchor shares it, its document is
    /// neither encrypted nor written with line ends we do not edit.
    fn check_place(&self, tree: &SpanTree, node: NodeId, agreed: &[NodeId]) -> Result<(), Refusal> {
        let at = tree.span(node);
        if tree.kind(node) == Kind::Alias {
            return Err(Refusal::Alias { at });
        }
        let Some(document) = tree.document_of(node) else {
            return Err(Refusal::Kind { expected: "value", at });
        };
        if tree.is_sops(document) {
            return Err(Refusal::Encrypted { at });
        }
        let other_breaks = || has_other_breaks(tree.source().slice(document.span));
        if *document.learned.other_breaks.get_or_init(other_breaks) {
            return Err(Refusal::Layout { reason: "the document has line ends other than LF and CR LF", at });
        }
        let mut current = Some(node);
        while let Some(inside) = current {
            if tree.anchor(inside).is_some() && !agreed.contains(&inside) {
                let shared = tree.anchors(document).iter().find(|anchor| anchor.node == inside);
                if let Some(anchor) = shared {
                    let name = anchor_name(tree, anchor.span);
                    let users = std::iter::once(inside).chain(anchor.aliases.iter().copied()).collect();
                    return Err(Refusal::SharedAnchor { name, anchor: inside, users, at: anchor.span });
                }
            }
            current = tree.parent(inside);
        }
        Ok(())
    }

    /// No change may concern what another one removes or replaces.
    fn check_conflicts(&self, tree: &SpanTree) -> Result<(), Refusal> {
        let mut gone: BTreeSet<NodeId> = self.replaced.keys().copied().collect();
        for (map, change) in &self.maps {
            for (place, (key, value)) in tree.pairs(*map).enumerate() {
                if change.removed.contains(&place) {
                    gone.extend([key, value]);
                    if change.renamed.iter().any(|(renamed, _)| *renamed == key) {
                        return Err(Refusal::Conflict { at: tree.span(key) });
                    }
                }
            }
        }
        for (seq, change) in &self.sequences {
            gone.extend(change.removed.iter().filter_map(|&place| tree.children(*seq).get(place)));
        }
        let places = self.maps.keys().chain(self.sequences.keys()).copied();
        for place in places.chain(gone.iter().filter_map(|&node| tree.parent(node))) {
            let mut node = Some(place);
            while let Some(current) = node {
                if gone.contains(&current) {
                    return Err(Refusal::Conflict { at: tree.span(current) });
                }
                node = tree.parent(current);
            }
        }
        let removed_and_replaced = self.maps.iter().any(|(map, change)| {
            let pairs = tree.pairs(*map).enumerate();
            let mut removed = pairs.filter(|(place, _)| change.removed.contains(place));
            removed.any(|(_, (_, value))| self.replaced.contains_key(&value))
        });
        let item_removed_and_replaced = self.sequences.iter().any(|(seq, change)| {
            let mut removed = change.removed.iter().filter_map(|&place| tree.children(*seq).get(place));
            removed.any(|item| self.replaced.contains_key(item))
        });
        if removed_and_replaced || item_removed_and_replaced {
            let at = self.replaced.keys().next().map_or(Span::default(), |&node| tree.span(node));
            return Err(Refusal::Conflict { at });
        }
        Ok(())
    }
}

pub(super) fn is_null(tree: &SpanTree, node: NodeId) -> bool {
    matches!(tree.resolved(node), Some(super::Scalar::Null))
}

/// Merges a mapping into another; whether they agree.
fn merge(into: &mut Value, other: &Value) -> bool {
    match (into, other) {
        (Value::Object(into), Value::Object(other)) => {
            other.iter().all(|(key, value)| match into.get_mut(key) {
                Some(found) => merge(found, value),
                None => {
                    into.insert(key.clone(), value.clone());
                    true
                }
            })
        }
        (into, other) => into == other,
    }
}

fn anchor_name(tree: &SpanTree, span: Span) -> String {
    tree.source().slice(span).trim_start_matches('&').to_owned()
}

/// Whether a text has a line break that is neither LF nor CR LF: lines would be cut elsewhere.
fn has_other_breaks(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most texts have none of the bytes that such breaks begin with: look at blocks, without a branch for each
    // byte, since every change asks for the whole document.
    let suspicious = |byte: u8| (byte == b'\r') | (byte == 0xC2) | (byte == 0xE2);
    if !bytes.chunks(64).any(|block| block.iter().fold(false, |any, &byte| any | suspicious(byte))) {
        return false;
    }
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    bytes.iter().enumerate().any(|(at, &first)| match first {
        b'\r' => byte(at + 1) != b'\n',
        0xC2 => byte(at + 1) == 0x85,
        0xE2 => byte(at + 1) == 0x80 && matches!(byte(at + 2), 0xA8 | 0xA9),
        _ => false,
    })
}

/// Whether nodes may go: nothing in them is unknown, no anchor in them is used elsewhere. The anchor
/// of a node that is only replaced stays where it is.
fn check_goes(tree: &SpanTree, nodes: &[NodeId], replaced: bool) -> Result<(), Refusal> {
    let mut going: BTreeSet<NodeId> = BTreeSet::new();
    let mut open: Vec<NodeId> = nodes.to_vec();
    while let Some(node) = open.pop() {
        if tree.kind(node).is_scalar() && tree.is_unknown(node) {
            return Err(Refusal::Unknown { at: tree.span(node) });
        }
        going.insert(node);
        open.extend(tree.children(node));
    }
    let Some(document) = nodes.first().and_then(|&node| tree.document_of(node)) else { return Ok(()) };
    for anchor in tree.anchors(document).iter().filter(|anchor| going.contains(&anchor.node)) {
        let stays = replaced && nodes.contains(&anchor.node);
        if !stays && anchor.aliases.iter().any(|alias| !going.contains(alias)) {
            return Err(Refusal::AnchorInUse { name: anchor_name(tree, anchor.span), at: anchor.span });
        }
    }
    Ok(())
}
