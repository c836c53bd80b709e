//! [`verify`]: whether a tree is another one with changes made, and nothing else.

use serde_json::Value;

use crate::source::Span;

use super::change::Changes;
use super::effective::Entry;
use super::op::Op;
use super::scalar::Scalar;
use super::tree::{Kind, NodeId, SpanTree};

/// Where a tree is not what the changes should have made of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Difference {
    /// What differs.
    pub message: String,
    /// The place in the text before the changes.
    pub before: Span,
    /// The place in the text after them.
    pub after: Span,
}

/// Compares a tree with the one before the changes: values, their types, order of keys, anchors,
/// aliases, tags, comments and documents must be the same but for the changes.
///
/// # Errors
/// The first difference.
pub fn verify(before: &SpanTree, ops: &[Op], after: &SpanTree) -> Result<(), Difference> {
    let everywhere: Vec<NodeId> = before.anchors.iter().map(|anchor| anchor.node).collect();
    let changes = Changes::collect(before, ops, &everywhere)
        .map_err(|refusal| difference(refusal.to_string(), refusal.span(), Span::default()))?;
    let same = Same { before, after, changes };
    let (was, is) = (before.source().text(), after.source().text());
    if !was.is_empty() && !is.is_empty() && was.ends_with('\n') != is.ends_with('\n') {
        return Err(difference(
            "the final line break changed".to_owned(),
            Span::at(was.len()),
            Span::at(is.len()),
        ));
    }
    same.comments()?;
    let (old, new) = (before.documents(), after.documents());
    if old.len() != new.len() {
        let message = format!("{} documents became {}", old.len(), new.len());
        return Err(difference(message, Span::default(), Span::default()));
    }
    for (old, new) in old.iter().zip(new) {
        let separator = |tree: &SpanTree, at: Option<Span>| at.map(|at| tree.source().slice(at).to_owned());
        let text = |tree: &SpanTree, span| tree.source().slice(span).to_owned();
        match (old.root, new.root) {
            (Some(old), Some(new)) => same.node(old, new)?,
            (None, None) if text(before, old.span) == text(after, new.span) => {}
            _ => return Err(difference("a document appeared or went".to_owned(), old.span, new.span)),
        }
        if old.state != new.state || separator(before, old.separator) != separator(after, new.separator) {
            return Err(difference("a document changed its place".to_owned(), old.span, new.span));
        }
    }
    Ok(())
}

fn difference(message: String, before: Span, after: Span) -> Difference {
    Difference { message, before, after }
}

struct Same<'a> {
    before: &'a SpanTree,
    after: &'a SpanTree,
    changes: Changes,
}

impl Same<'_> {
    fn fail<T>(&self, message: impl Into<String>, old: NodeId, new: NodeId) -> Result<T, Difference> {
        Err(difference(message.into(), self.before.full_span(old), self.after.full_span(new)))
    }

    fn comments(&self) -> Result<(), Difference> {
        let text = |tree: &SpanTree, at: Span| tree.source().slice(at).trim_end().to_owned();
        let (old, new) = (self.before.comments(), self.after.comments());
        let pair =
            old.iter().zip(new).find(|(old, new)| text(self.before, old.span) != text(self.after, new.span));
        match pair {
            Some((old, new)) => Err(difference("a comment changed".to_owned(), old.span, new.span)),
            None if old.len() != new.len() => {
                Err(difference("a comment appeared or went".to_owned(), Span::default(), Span::default()))
            }
            None => Ok(()),
        }
    }

    /// Anchor and tag are those of the node before.
    fn properties(&self, old: NodeId, new: NodeId) -> Result<(), Difference> {
        let anchor = |tree: &SpanTree, node| tree.anchor(node).map(|at| tree.source().slice(at).to_owned());
        if anchor(self.before, old) != anchor(self.after, new) || self.before.tag(old) != self.after.tag(new)
        {
            return self.fail("an anchor or a tag changed", old, new);
        }
        Ok(())
    }

    fn node(&self, old: NodeId, new: NodeId) -> Result<(), Difference> {
        self.properties(old, new)?;
        if let Some(value) = self.changes.replaced.get(&old) {
            return self.value(value, old, new);
        }
        if let Some(change) = self.changes.maps.get(&old).filter(|change| change.fills) {
            let value = Value::Object(change.added.clone().into_iter().collect());
            return self.value(&value, old, new);
        }
        match (self.before.kind(old), self.after.kind(new)) {
            (Kind::Scalar(_), Kind::Scalar(_)) => {
                let same = self.before.text(old) == self.after.text(new)
                    && equal(self.before.resolved(old), self.after.resolved(new));
                if same { Ok(()) } else { self.fail("a value changed", old, new) }
            }
            (Kind::Alias, Kind::Alias) => {
                let name = |tree: &SpanTree, node| tree.source().slice(tree.span(node)).to_owned();
                let same = name(self.before, old) == name(self.after, new);
                if same { Ok(()) } else { self.fail("an alias changed", old, new) }
            }
            (Kind::Mapping(_), Kind::Mapping(_)) => self.mapping(old, new),
            (Kind::Sequence(_), Kind::Sequence(_)) => self.sequence(old, new),
            _ => self.fail("a value is of another kind", old, new),
        }
    }

    fn mapping(&self, old: NodeId, new: NodeId) -> Result<(), Difference> {
        let change = self.changes.maps.get(&old);
        // New entries that have a place of their own, and all others in their order.
        let has_place = |key: &str| change.is_some_and(|change| change.before.contains_key(key));
        let (placed, others): (Vec<_>, Vec<_>) = self
            .after
            .pairs(new)
            .partition(|(key, _)| self.after.key_text(*key).is_some_and(|text| has_place(&text)));
        let (mut found, mut placed) = (others.into_iter(), placed);
        for (place, (key, value)) in self.before.pairs(old).enumerate() {
            if change.is_some_and(|change| change.removed.contains(&place)) {
                continue;
            }
            let Some((new_key, new_value)) = found.next() else {
                return self.fail("an entry is missing", key, new);
            };
            let renamed =
                change.and_then(|change| change.renamed.iter().find(|(renamed, _)| *renamed == key));
            match renamed {
                Some((_, to)) => {
                    self.properties(key, new_key)?;
                    self.value(&Value::String(to.clone()), key, new_key)?;
                }
                None => self.node(key, new_key)?,
            }
            self.node(value, new_value)?;
        }
        for (key, value) in change.iter().flat_map(|change| &change.added) {
            let named = |(found, _): &(NodeId, NodeId)| self.after.key_text(*found).as_deref() == Some(key);
            let next = match has_place(key) {
                true => placed.iter().position(named).map(|at| placed.remove(at)),
                false => found.next(),
            };
            let Some((new_key, new_value)) = next else {
                return self.fail("a new entry is missing", old, new);
            };
            self.value(&Value::String(key.clone()), old, new_key)?;
            self.value(value, old, new_value)?;
        }
        match found.next().or(placed.first().copied()) {
            Some((key, _)) => self.fail("an entry appeared", old, key),
            None => Ok(()),
        }
    }

    fn sequence(&self, old: NodeId, new: NodeId) -> Result<(), Difference> {
        let change = self.changes.sequences.get(&old);
        let mut found = self.after.children(new).iter();
        for (place, &item) in self.before.children(old).iter().enumerate() {
            if change.is_some_and(|change| change.removed.contains(&place)) {
                continue;
            }
            let Some(&new_item) = found.next() else { return self.fail("an item is missing", item, new) };
            self.node(item, new_item)?;
        }
        for value in change.iter().flat_map(|change| &change.appended) {
            let Some(&new_item) = found.next() else { return self.fail("a new item is missing", old, new) };
            self.value(value, old, new_item)?;
        }
        match found.next() {
            Some(&item) => self.fail("an item appeared", old, item),
            None => Ok(()),
        }
    }

    /// Whether a new node is exactly the value that was wanted.
    fn value(&self, value: &Value, old: NodeId, new: NodeId) -> Result<(), Difference> {
        let wrong = || self.fail("a new value is not the one that was wanted", old, new);
        match (value, self.after.kind(new)) {
            (Value::Object(entries), Kind::Mapping(_)) => {
                let found: Vec<Entry<'_>> = self.after.entries(new);
                if found.len() != entries.len() || self.after.pairs(new).len() != entries.len() {
                    return wrong();
                }
                for ((key, value), entry) in entries.iter().zip(found) {
                    if entry.key != *key || entry.inherited {
                        return wrong();
                    }
                    self.value(value, old, entry.value_node)?;
                }
                Ok(())
            }
            (Value::Array(items), Kind::Sequence(_)) => {
                let found = self.after.children(new);
                if found.len() != items.len() {
                    return wrong();
                }
                items.iter().zip(found).try_for_each(|(item, &found)| self.value(item, old, found))
            }
            (scalar, Kind::Scalar(_)) if self.after.to_json(new).is_ok_and(|found| found == *scalar) => {
                Ok(())
            }
            (Value::Number(wanted), Kind::Scalar(_)) => {
                // `1.0` is sent as `1`.
                let found = self.after.to_json(new).ok().and_then(|found| found.as_f64());
                if found.is_some() && found == wanted.as_f64() { Ok(()) } else { wrong() }
            }
            _ => wrong(),
        }
    }
}

fn equal(old: Option<Scalar<'_>>, new: Option<Scalar<'_>>) -> bool {
    match (old, new) {
        (Some(Scalar::Float(old)), Some(Scalar::Float(new))) => old.to_bits() == new.to_bits(),
        (old, new) => old == new,
    }
}
