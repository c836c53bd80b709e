//! What Kubernetes makes of a tree: aliases and merge keys resolved, the last duplicate wins.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::number;
use super::path::{FieldPath, Segment};
use super::scalar::{self, CoreTag, Scalar, is_unknown_text};
use super::tree::{Kind, NodeId, ScalarStyle, SpanTree, TreeDocument};

/// One effective entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The key as a JSON key (`y:` is `"true"`).
    pub key: Cow<'a, str>,
    /// The key's node.
    pub key_node: NodeId,
    /// The value's node (an alias where it is written as one).
    pub value_node: NodeId,
    /// Whether it came through `<<`.
    pub inherited: bool,
}

/// Most keys of a mapping that are looked through one by one.
const FEW: usize = 16;

/// Whether an entry has the key; `seen` is filled where there are many.
fn has_key<'a>(key: &str, found: &[Entry<'a>], seen: &mut HashSet<Cow<'a, str>>) -> bool {
    if found.len() < FEW {
        return found.iter().any(|entry| entry.key == key);
    }
    if seen.is_empty() {
        seen.extend(found.iter().map(|entry| entry.key.clone()));
    }
    seen.contains(key)
}

/// A value that aliases blow up beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("aliases make this value larger than {limit} nodes")]
pub struct TooLarge {
    /// Nodes allowed.
    pub limit: usize,
}

/// Whether a key is a word that no number and no boolean is read as.
fn is_word(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_lowercase()) && key != "true" && key != "false"
}

impl SpanTree {
    /// Whether a key node is a merge key: a plain `<<`.
    #[must_use]
    pub fn is_merge_key(&self, key: NodeId) -> bool {
        let Kind::Scalar(style) = self.kind(key) else { return false };
        if self.text(key) != "<<" {
            return false;
        }
        match self.core_tag(key) {
            None => style == ScalarStyle::Plain,
            Some(tag) => matches!(tag, CoreTag::Merge | CoreTag::NonSpecific),
        }
    }

    /// The JSON key that Kubernetes makes of a key node; `None` for what it refuses (null, a
    /// collection, an integer beyond 64 bits with sign).
    #[must_use]
    pub fn key_text(&self, key: NodeId) -> Option<Cow<'_, str>> {
        let key = self.resolve(key);
        let Kind::Scalar(style) = self.kind(key) else { return None };
        let text = self.text(key);
        let tag = self.core_tag(key);
        if tag.is_none() && style != ScalarStyle::Plain {
            return Some(Cow::Borrowed(text));
        }
        match scalar::resolve(text, style == ScalarStyle::Plain, tag).ok()? {
            Scalar::String(text) => Some(text),
            Scalar::Bool(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
            Scalar::Int(value) => Some(Cow::Owned(value.to_string())),
            Scalar::Float(value) => Some(Cow::Owned(number::float_key(value))),
            Scalar::Null | Scalar::UInt(_) | Scalar::Unknown => None,
        }
    }

    /// The effective value of a key, as Kubernetes reads it: an alias for the mapping is resolved,
    /// the last of several entries wins, and a merge key counts at its place (go-yaml v2: what
    /// stands below it overrides it, it overrides what stands above). The node returned may be an
    /// alias.
    #[must_use]
    pub fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        self.entry(map, key).map(|entry| entry.value_node)
    }

    /// Like [`SpanTree::get`], with the key's node.
    #[must_use]
    pub fn entry(&self, map: NodeId, key: &str) -> Option<Entry<'_>> {
        let map = self.resolve(map);
        let is_word = is_word(key);
        for (key_node, value_node) in self.pairs(map).rev() {
            // Nearly every key of a mapping is another word: that needs no reading of what it is, unless a tag
            // makes something else of it.
            if is_word && self.kind(key_node).is_scalar() && self.core_tag(key_node).is_none() {
                let text = self.text(key_node);
                if text != key && text != "<<" {
                    continue;
                }
            }
            if self.is_merge_key(key_node) {
                let inherited =
                    self.merge_sources(value_node).iter().find_map(|&source| self.entry(source, key));
                if let Some(entry) = inherited {
                    return Some(Entry { inherited: true, ..entry });
                }
            } else if let Some(text) = self.key_text(key_node).filter(|text| text == key) {
                return Some(Entry { key: text, key_node, value_node, inherited: false });
            }
        }
        None
    }

    /// The mappings that a merge key's value brings in, the one that wins first.
    #[must_use]
    pub fn merge_sources(&self, value: NodeId) -> Vec<NodeId> {
        match self.kind(value) {
            Kind::Sequence(_) => self.children(value).iter().map(|&item| self.resolve(item)).collect(),
            _ => vec![self.resolve(value)],
        }
    }

    /// The effective entries of a mapping in the order of the text; those that come through `<<`
    /// stand at its place.
    #[must_use]
    pub fn entries(&self, map: NodeId) -> Vec<Entry<'_>> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        self.collect(self.resolve(map), false, &mut seen, &mut found);
        found.reverse();
        found
    }

    fn collect<'a>(
        &'a self,
        map: NodeId,
        inherited: bool,
        seen: &mut HashSet<Cow<'a, str>>,
        found: &mut Vec<Entry<'a>>,
    ) {
        for (key_node, value_node) in self.pairs(map).rev() {
            if self.is_merge_key(key_node) {
                for source in self.merge_sources(value_node) {
                    self.collect(source, true, seen, found);
                }
            } else if let Some(key) = self.key_text(key_node)
                && !has_key(&key, found, seen)
            {
                if !seen.is_empty() {
                    seen.insert(key.clone());
                }
                found.push(Entry { key, key_node, value_node, inherited });
            }
        }
    }

    /// The items of a sequence; an alias is resolved.
    #[must_use]
    pub fn items(&self, seq: NodeId) -> &[NodeId] {
        let seq = self.resolve(seq);
        if self.kind(seq).is_sequence() { self.children(seq) } else { &[] }
    }

    /// What Kubernetes reads for a scalar; `None` for collections. Aliases are resolved. Numbers
    /// are as kubectl sends them: `1e3` is an integer.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Option<Scalar<'_>> {
        let id = self.resolve(id);
        if self.is_unknown(id) {
            return Some(Scalar::Unknown);
        }
        Some(number::sent(self.resolved(id)?))
    }

    /// The scalar as go-yaml reads it: what a program gets that does not wait for anything to fill
    /// in texts such as `${VAR}` (Helm's values), and numbers in the type they are written in.
    /// Aliases are resolved; `None` for collections.
    #[must_use]
    pub fn written_scalar(&self, id: NodeId) -> Option<Scalar<'_>> {
        self.resolved(self.resolve(id))
    }

    /// The scalar as go-yaml reads it, before kubectl sends it.
    pub(super) fn resolved(&self, id: NodeId) -> Option<Scalar<'_>> {
        let Kind::Scalar(style) = self.kind(id) else { return None };
        scalar::resolve(self.text(id), style == ScalarStyle::Plain, self.core_tag(id)).ok()
    }

    /// Whether a scalar's value is not known yet: `${VAR}`, `{{ … }}`, `ENC[…]`. (`$(VAR)` is
    /// expanded by Kubernetes itself in some string fields: that is for the resource layer.)
    #[must_use]
    pub fn is_unknown(&self, id: NodeId) -> bool {
        let id = self.resolve(id);
        self.kind(id).is_scalar() && is_unknown_text(self.text(id))
    }

    /// Whether the document is encrypted by sops: its top mapping has a `sops` mapping. No edit may
    /// touch it.
    #[must_use]
    pub fn is_sops(&self, document: &TreeDocument) -> bool {
        let sops = document.root.and_then(|root| self.get(root, "sops"));
        sops.is_some_and(|sops| self.kind(self.resolve(sops)).is_mapping())
    }

    /// The node at a path below `root`, as Kubernetes reads it.
    #[must_use]
    pub fn find(&self, root: NodeId, path: &FieldPath) -> Option<NodeId> {
        path.segments().iter().try_fold(root, |node, segment| match segment {
            Segment::Key(key) => self.get(node, key),
            Segment::Index(index) => self.items(node).get(*index).copied(),
        })
    }

    /// The path of a node in its document as written (of a key: that of its value).
    #[must_use]
    pub fn path(&self, id: NodeId) -> FieldPath {
        let mut segments = Vec::new();
        let mut node = id;
        while let Some(parent) = self.parent(node) {
            let place = self.children(parent).iter().position(|&child| child == node).unwrap_or(0);
            if self.kind(parent).is_mapping() {
                let key = self.children(parent).get(place & !1).copied().unwrap_or(node);
                segments.push(Segment::Key(self.key_text(key).unwrap_or_default().into()));
            } else {
                segments.push(Segment::Index(place));
            }
            node = parent;
        }
        segments.reverse();
        FieldPath::new(segments)
    }

    /// The key of a mapping's value; `None` for keys, items and top nodes.
    #[must_use]
    pub fn key_node(&self, value: NodeId) -> Option<NodeId> {
        let parent = self.parent(value)?;
        self.pairs(parent).find(|&(_, found)| found == value).map(|(key, _)| key)
    }

    /// The effective value as JSON: what kubectl sends. Unknown scalars stand as their text.
    ///
    /// # Errors
    /// Aliases blow the value up beyond the limit the tree was read with.
    pub fn to_json(&self, id: NodeId) -> Result<Value, TooLarge> {
        let limit = self.alias_nodes.saturating_add(self.len());
        self.json(id, &mut 0, limit)
    }

    fn json(&self, id: NodeId, used: &mut usize, limit: usize) -> Result<Value, TooLarge> {
        *used += 1;
        if *used > limit {
            return Err(TooLarge { limit });
        }
        let id = self.resolve(id);
        match self.kind(id) {
            Kind::Mapping(_) => {
                let mut map = serde_json::Map::new();
                for entry in self.entries(id) {
                    map.insert(entry.key.into_owned(), self.json(entry.value_node, used, limit)?);
                }
                Ok(Value::Object(map))
            }
            Kind::Sequence(_) => {
                let items = self.children(id).iter().map(|&item| self.json(item, used, limit));
                Ok(Value::Array(items.collect::<Result<_, _>>()?))
            }
            _ => Ok(match self.resolved(id).map(number::sent) {
                None | Some(Scalar::Null | Scalar::Unknown) => Value::Null,
                Some(Scalar::Bool(value)) => Value::Bool(value),
                Some(Scalar::Int(value)) => Value::from(value),
                Some(Scalar::UInt(value)) => Value::from(value),
                Some(Scalar::Float(value)) => Value::from(value),
                Some(Scalar::String(text)) => Value::String(text.into_owned()),
            }),
        }
    }
}
