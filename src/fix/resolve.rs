//! [`Wishes`]: patches on objects, found on the nodes of a tree and merged.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::finding::{Patch, PatchOp};
use crate::resource::{Document, written_before};
use crate::yaml::{FieldPath, NodeId, Op, Scalar, Segment, SpanTree};

/// Entries of mappings, by mapping and key.
type Entries = BTreeSet<(NodeId, String)>;
/// Items of sequences, by sequence and index.
type Items = BTreeSet<(NodeId, usize)>;

/// Why a patch is not among the wishes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// Another patch changes the same place: this one can be tried once that one is made.
    #[error("{0}")]
    Conflict(String),
    /// It can not be made.
    #[error("{0}")]
    Impossible(String),
}

/// A place that a patch changes, to see which patches collide.
#[derive(Clone, Debug, PartialEq)]
struct Claim<'a> {
    path: &'a FieldPath,
    kind: ClaimKind<'a>,
    /// Number of its patch.
    patch: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum ClaimKind<'a> {
    /// Has this value afterwards.
    Set(&'a Value),
    /// Is gone afterwards.
    Gone,
    /// Has one item more afterwards.
    Grown,
    /// Has another key afterwards.
    Renamed(&'a str),
}

/// What a field that is absent becomes.
#[derive(Clone, Debug)]
struct Addition {
    map: NodeId,
    key: String,
    value: Value,
}

/// Several patches on one file, merged. Adding a patch is all or nothing.
#[derive(Clone, Debug)]
pub struct Wishes<'a> {
    tree: &'a SpanTree,
    documents: &'a [Document],
    claims: BTreeMap<usize, Vec<Claim<'a>>>,
    /// Patches so far.
    patches: Vec<&'a Patch>,
    additions: Vec<Addition>,
    replacements: BTreeMap<NodeId, Value>,
    appended: Vec<(NodeId, Value)>,
    renamed: BTreeMap<(NodeId, String), String>,
    /// Mapping and key; whether an emptied parent goes too.
    removed: BTreeMap<(NodeId, String), bool>,
    /// Sequence and index; whether an emptied parent goes too.
    removed_items: BTreeMap<(NodeId, usize), bool>,
    /// The places (object, path) that asked for a change of a node: an anchored node is changed only
    /// if every user of it asks.
    askers: BTreeMap<NodeId, BTreeSet<(usize, &'a FieldPath)>>,
}

/// Where a path leads.
enum Place {
    /// To a value.
    There {
        /// What it stands in.
        parent: NodeId,
        /// The value; an alias where it is written as one.
        node: NodeId,
        /// Whether a merge key brings it in.
        inherited: bool,
    },
    /// Past a mapping (or null) that ends the way; the number of steps that led there.
    Missing { map: NodeId, steps: usize },
}

fn impossible(reason: impl Into<String>) -> Unresolved {
    Unresolved::Impossible(reason.into())
}

impl<'a> Wishes<'a> {
    /// No wish yet. Patches speak of `documents` by index.
    #[must_use]
    pub fn new(tree: &'a SpanTree, documents: &'a [Document]) -> Self {
        Self {
            tree,
            documents,
            claims: BTreeMap::new(),
            patches: Vec::new(),
            additions: Vec::new(),
            replacements: BTreeMap::new(),
            appended: Vec::new(),
            renamed: BTreeMap::new(),
            removed: BTreeMap::new(),
            removed_items: BTreeMap::new(),
            askers: BTreeMap::new(),
        }
    }

    /// Adds a patch.
    ///
    /// # Errors
    /// It collides with a patch added before, or can not be made; nothing of it is added then.
    pub fn add(&mut self, patch: &'a Patch) -> Result<(), Unresolved> {
        let added = self.ops_of(patch);
        if added.is_err() {
            // Nothing of it stays. That is rare, so that those before are added again rather than copied each time.
            let before = std::mem::take(&mut self.patches);
            *self = Self::new(self.tree, self.documents);
            for patch in before {
                self.ops_of(patch)?;
            }
        }
        added
    }

    fn ops_of(&mut self, patch: &'a Patch) -> Result<(), Unresolved> {
        // What goes comes last: a patch may move a field within what it empties.
        for op in &patch.ops {
            self.op(op)?;
        }
        self.patches.push(patch);
        Ok(())
    }

    fn op(&mut self, op: &'a PatchOp) -> Result<(), Unresolved> {
        let document = op.document();
        let root = self.documents.get(document).map(Document::root);
        let root = root.ok_or_else(|| impossible("the patch names an object that is not there"))?;
        let path = op.path();
        let kind = match op {
            PatchOp::Set { value, .. } => ClaimKind::Set(value),
            PatchOp::Remove { .. } => ClaimKind::Gone,
            PatchOp::Append { .. } => ClaimKind::Grown,
            PatchOp::Rename { to, .. } => ClaimKind::Renamed(to),
        };
        if !self.claim(document, Claim { path, kind, patch: self.patches.len() })? {
            return Ok(());
        }
        let place = self.place(root, path)?;
        match op {
            PatchOp::Set { value, .. } => self.set(document, path, &place, value),
            PatchOp::Append { value, .. } => self.append(document, path, &place, value),
            PatchOp::Remove { prune, .. } => self.remove(document, path, &place, *prune),
            PatchOp::Rename { to, .. } => match place {
                Place::There { parent, inherited: false, .. } => {
                    let Some((_, Segment::Key(key))) = path.split_last() else {
                        return Err(impossible("an item of a list has no key"));
                    };
                    if self.tree.get(parent, to).is_some() {
                        return Err(impossible(format!("there is a field {to} already")));
                    }
                    self.ask(parent, document, path);
                    self.renamed.insert((parent, key.to_string()), to.clone());
                    Ok(())
                }
                Place::There { .. } => Err(impossible("the field comes through a merge key")),
                Place::Missing { .. } => Err(impossible("the field is not there")),
            },
        }
    }

    /// Remembers what a patch changes. False where the very same was asked for before.
    fn claim(&mut self, document: usize, claim: Claim<'a>) -> Result<bool, Unresolved> {
        let claims = self.claims.entry(document).or_default();
        for other in claims.iter() {
            let (same, above, below) =
                (other.path == claim.path, other.path.contains(claim.path), claim.path.contains(other.path));
            let conflict = match (&other.kind, &claim.kind) {
                _ if !above && !below => false,
                // One patch may give a field another name, and what is in it another value.
                (ClaimKind::Renamed(_), ClaimKind::Renamed(_) | ClaimKind::Set(_))
                    if above && other.patch == claim.patch && !(same && other.kind == claim.kind) =>
                {
                    false
                }
                (ClaimKind::Gone, ClaimKind::Gone) if same => return Ok(false),
                (ClaimKind::Set(one), ClaimKind::Set(two)) if same && one == two => return Ok(false),
                (ClaimKind::Renamed(one), ClaimKind::Renamed(two)) if same && one == two => return Ok(false),
                // Two mappings may go together; the merge says no where they do not.
                (ClaimKind::Set(one), ClaimKind::Set(two)) if same => !(one.is_object() && two.is_object()),
                (ClaimKind::Grown, ClaimKind::Grown) => !same,
                // An item goes, another comes.
                (ClaimKind::Gone, ClaimKind::Grown) => above,
                (ClaimKind::Grown, ClaimKind::Gone) => below,
                _ => true,
            };
            if conflict {
                return Err(Unresolved::Conflict(format!("another fix changes {}", other.path)));
            }
        }
        claims.push(claim);
        Ok(true)
    }

    fn ask(&mut self, node: NodeId, document: usize, path: &'a FieldPath) {
        self.askers.entry(node).or_default().insert((document, path));
    }

    fn is_null(&self, node: NodeId) -> bool {
        matches!(self.tree.scalar(node), Some(Scalar::Null))
    }

    fn place(&self, root: NodeId, path: &FieldPath) -> Result<Place, Unresolved> {
        let tree = self.tree;
        let (mut node, mut parent, mut inherited) = (root, root, false);
        for (steps, segment) in path.segments().iter().enumerate() {
            let here = tree.resolve(node);
            let next = match segment {
                Segment::Key(key) if tree.kind(here).is_mapping() => match tree.entry(here, key) {
                    Some(entry) => {
                        inherited = entry.inherited;
                        Some(entry.value_node)
                    }
                    None => return Ok(Place::Missing { map: here, steps }),
                },
                Segment::Key(_) if self.is_null(here) => return Ok(Place::Missing { map: here, steps }),
                Segment::Index(index) => {
                    inherited = false;
                    tree.items(here).get(*index).copied()
                }
                Segment::Key(_) => None,
            };
            let stuck = || {
                let word = if tree.is_unknown(here) { "is filled in later" } else { "is of another shape" };
                impossible(format!("what stands above {path} {word}"))
            };
            (parent, node) = (here, next.ok_or_else(stuck)?);
        }
        Ok(Place::There { parent, node, inherited })
    }

    fn set(
        &mut self,
        document: usize,
        path: &'a FieldPath,
        place: &Place,
        value: &Value,
    ) -> Result<(), Unresolved> {
        match *place {
            Place::Missing { map, steps } => {
                let rest = path.segments().get(steps..).unwrap_or(&[]);
                self.add_below(document, path, map, rest, value.clone())
            }
            Place::There { parent, node, inherited } => {
                if self.tree.is_unknown(node) {
                    return Err(impossible(format!("{path} is filled in later")));
                }
                if self.tree.to_json(node).is_ok_and(|now| now == *value) {
                    return Ok(());
                }
                match path.split_last() {
                    Some((_, Segment::Key(key))) if inherited => {
                        self.ask(parent, document, path);
                        self.addition(parent, key, value.clone())
                    }
                    _ => {
                        self.ask(node, document, path);
                        match self.replacements.insert(node, value.clone()) {
                            Some(other) if other != *value => {
                                Err(Unresolved::Conflict(format!("another fix sets {path}")))
                            }
                            _ => Ok(()),
                        }
                    }
                }
            }
        }
    }

    /// Adds a field below a mapping, with the parents that are missing.
    fn add_below(
        &mut self,
        document: usize,
        path: &'a FieldPath,
        map: NodeId,
        rest: &[Segment],
        value: Value,
    ) -> Result<(), Unresolved> {
        let Some((Segment::Key(first), inner)) = rest.split_first() else {
            return Err(impossible(format!("{path} is not there")));
        };
        let mut whole = value;
        for segment in inner.iter().rev() {
            let Segment::Key(key) = segment else {
                return Err(impossible(format!("the list in {path} is not there")));
            };
            whole = Value::Object(std::iter::once((key.to_string(), whole)).collect());
        }
        self.ask(map, document, path);
        self.addition(map, first, whole)
    }

    fn addition(&mut self, map: NodeId, key: &str, value: Value) -> Result<(), Unresolved> {
        match self.additions.iter_mut().find(|addition| addition.map == map && addition.key == key) {
            Some(addition) => merge(&mut addition.value, value)
                .map_err(|key| Unresolved::Conflict(format!("another fix sets {key}"))),
            None => {
                self.additions.push(Addition { map, key: key.to_owned(), value });
                Ok(())
            }
        }
    }

    fn append(
        &mut self,
        document: usize,
        path: &'a FieldPath,
        place: &Place,
        value: &Value,
    ) -> Result<(), Unresolved> {
        match *place {
            Place::Missing { map, steps } => {
                let rest = path.segments().get(steps..).unwrap_or(&[]);
                self.add_below(document, path, map, rest, Value::Array(vec![value.clone()]))
            }
            Place::There { node, .. } => {
                let list = self.tree.resolve(node);
                if self.is_null(list) {
                    self.ask(node, document, path);
                    let items = self.replacements.entry(node).or_insert_with(|| Value::Array(Vec::new()));
                    return merge(items, Value::Array(vec![value.clone()]))
                        .map_err(|_| Unresolved::Conflict(format!("another fix sets {path}")));
                }
                if !self.tree.kind(list).is_sequence() {
                    return Err(impossible(format!("{path} is no list")));
                }
                let equal = |&item: &NodeId| self.tree.to_json(item).is_ok_and(|item| item == *value);
                if self.tree.items(list).iter().any(equal) {
                    return Ok(());
                }
                self.ask(list, document, path);
                let wish = (list, value.clone());
                if !self.appended.contains(&wish) {
                    self.appended.push(wish);
                }
                Ok(())
            }
        }
    }

    fn remove(
        &mut self,
        document: usize,
        path: &'a FieldPath,
        place: &Place,
        prune: bool,
    ) -> Result<(), Unresolved> {
        let Place::There { parent, inherited, .. } = *place else { return Ok(()) };
        if inherited {
            return Err(impossible(format!("{path} comes through a merge key")));
        }
        self.ask(parent, document, path);
        match path.split_last() {
            Some((_, Segment::Key(key))) => {
                *self.removed.entry((parent, key.to_string())).or_insert(prune) |= prune;
                Ok(())
            }
            Some((_, Segment::Index(index))) => {
                *self.removed_items.entry((parent, *index)).or_insert(prune) |= prune;
                Ok(())
            }
            None => Err(impossible("an object is not removed")),
        }
    }

    /// The operations on the tree, those that belong to one mapping in the order they were asked for.
    #[must_use]
    pub fn ops(&self) -> Vec<Op> {
        let (removed, removed_items) = self.pruned();
        let mut ops = Vec::new();
        for (&node, value) in &self.replacements {
            ops.push(Op::Replace { node, value: value.clone() });
        }
        for addition in &self.additions {
            let Addition { map, key, value } = addition.clone();
            let before = written_before(&key);
            ops.push(Op::Add { map, key, value, before });
        }
        for (seq, value) in &self.appended {
            ops.push(Op::Append { seq: *seq, value: value.clone() });
        }
        for ((map, key), to) in &self.renamed {
            ops.push(Op::Rename { map: *map, key: key.clone(), to: to.clone() });
        }
        ops.extend(removed.into_iter().map(|(map, key)| Op::Remove { map, key }));
        ops.extend(removed_items.into_iter().map(|(seq, index)| Op::RemoveItem { seq, index }));
        ops
    }

    /// What goes, with the parents that would be left empty instead of their last content.
    fn pruned(&self) -> (Entries, Items) {
        let tree = self.tree;
        let mut removed: BTreeSet<(NodeId, String)> = self.removed.keys().cloned().collect();
        let mut items: BTreeSet<(NodeId, usize)> = self.removed_items.keys().copied().collect();
        let prune = |flags: &mut dyn Iterator<Item = (NodeId, bool)>| -> BTreeSet<NodeId> {
            flags.filter(|(_, prune)| *prune).map(|(node, _)| node).collect()
        };
        let mut open = prune(&mut self.removed.iter().map(|((map, _), prune)| (*map, *prune)));
        open.extend(prune(&mut self.removed_items.iter().map(|((seq, _), prune)| (*seq, *prune))));
        while let Some(node) = open.pop_last() {
            let grows = self.additions.iter().any(|addition| addition.map == node)
                || self.appended.iter().any(|(seq, _)| *seq == node);
            let is_root = self.documents.iter().any(|document| document.root() == node);
            let empty = if tree.kind(node).is_sequence() {
                tree.items(node).len() == items.iter().filter(|(seq, _)| *seq == node).count()
            } else {
                tree.pairs(node).count() == removed.iter().filter(|(map, _)| *map == node).count()
            };
            if grows || is_root || !empty {
                continue;
            }
            let Some(parent) = tree.parent(node).filter(|parent| tree.kind(*parent).is_mapping()) else {
                continue;
            };
            let key = tree.key_node(node).and_then(|key| tree.key_text(key));
            let Some(key) = key.map(std::borrow::Cow::into_owned) else { continue };
            removed.retain(|(map, _)| *map != node);
            items.retain(|(seq, _)| *seq != node);
            removed.insert((parent, key));
            open.insert(parent);
        }
        (removed, items)
    }

    /// The places (object and path) that ask for a change inside an anchored node which not every
    /// user of the anchor asks for.
    #[must_use]
    pub fn lonely(&self) -> BTreeSet<(usize, &'a FieldPath)> {
        let short = self.askers.iter().filter(|(node, askers)| askers.len() < users(self.tree, **node).0);
        short.flat_map(|(_, askers)| askers.iter().copied()).collect()
    }

    /// The anchored nodes with aliases inside which something changes.
    #[must_use]
    pub fn anchored(&self) -> Vec<NodeId> {
        let nodes: BTreeSet<NodeId> = self.askers.keys().flat_map(|&node| users(self.tree, node).1).collect();
        nodes.into_iter().collect()
    }
}

/// How many ways lead to a node: one, and more where it or what it stands in has an anchor with
/// aliases. And the nodes with such anchors.
fn users(tree: &SpanTree, node: NodeId) -> (usize, Vec<NodeId>) {
    let mut shared = Vec::new();
    let Some(document) = tree.document_of(node) else { return (1, shared) };
    let anchors = tree.anchors(document);
    let mut users = 1usize;
    let mut here = Some(node);
    while let Some(node) = here.filter(|_| !anchors.is_empty()) {
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.node == node) {
            users = users.saturating_mul(1 + anchor.aliases.len());
            shared.push(node);
        }
        here = tree.parent(node);
    }
    (users, shared)
}

/// Puts the entries and items of one new value into another. The key that differs, if one does.
fn merge(into: &mut Value, from: Value) -> Result<(), String> {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(there) => merge(there, value).map_err(|inner| {
                        if inner.is_empty() { key.clone() } else { format!("{key}.{inner}") }
                    })?,
                    None => {
                        into.insert(key, value);
                    }
                }
            }
            Ok(())
        }
        (Value::Array(into), Value::Array(from)) => {
            for item in from {
                if !into.contains(&item) {
                    into.push(item);
                }
            }
            Ok(())
        }
        (into, from) if *into == from => Ok(()),
        _ => Err(String::new()),
    }
}
