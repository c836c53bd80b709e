//! Fields of a resource, where one that is not known is an answer of its own.

use std::collections::BTreeMap;

use crate::resource::{Field, get};
use crate::yaml::{NodeId, Scalar, SpanTree};

use super::release::{Unknown, unknown};

/// Reads fields; in an ApplicationSet with the values of one of its elements filled in.
pub(super) struct Reader<'t> {
    /// The tree.
    pub tree: &'t SpanTree,
    /// What stands for names in braces, where something does: name, text.
    element: Option<BTreeMap<String, String>>,
}

impl<'t> Reader<'t> {
    /// Fields as they are written.
    pub fn new(tree: &'t SpanTree) -> Self {
        Self { tree, element: None }
    }

    /// Fields with texts in place of names in braces.
    pub fn filled(tree: &'t SpanTree, element: BTreeMap<String, String>) -> Self {
        Self { tree, element: Some(element) }
    }

    /// An answer that something is not known.
    pub fn unknown(&self, node: NodeId, why: &str) -> Unknown {
        unknown(self.tree, node, why)
    }

    /// A field; `None` where it is absent or null.
    pub fn node(&self, map: NodeId, keys: &[&str]) -> Result<Option<NodeId>, Unknown> {
        match get(self.tree, map, keys) {
            Field::Absent => Ok(None),
            Field::Value(node) => Ok(Some(self.tree.resolve(node))),
            _ => Err(self.later(map, keys)),
        }
    }

    /// A text.
    pub fn text(&self, map: NodeId, keys: &[&str]) -> Result<Option<String>, Unknown> {
        // What is filled in is no field that is known, before it is.
        let written = keys.iter().try_fold(map, |node, key| self.tree.get(node, key));
        match written {
            Some(node) if self.element.is_some() => match self.tree.scalar(node) {
                Some(Scalar::Null) => Ok(None),
                _ => self.text_of(node).map(Some),
            },
            _ => self.node(map, keys)?.map(|node| self.text_of(node)).transpose(),
        }
    }

    /// The text of a node.
    pub fn text_of(&self, node: NodeId) -> Result<String, Unknown> {
        let node = self.tree.resolve(node);
        if let Field::Value(text) = Field::text_of(self.tree, node) {
            return Ok(text.into_owned());
        }
        let written = self.tree.kind(node).is_scalar().then(|| self.tree.text(node));
        let filled = written.zip(self.element.as_ref()).and_then(|(text, element)| fill(text, element));
        filled.ok_or_else(|| self.unknown(node, "it is filled in later"))
    }

    /// The items of a list; none where it is absent.
    pub fn items(&self, map: NodeId, keys: &[&str]) -> Result<Vec<NodeId>, Unknown> {
        let Some(list) = self.node(map, keys)? else { return Ok(Vec::new()) };
        if !self.tree.kind(list).is_sequence() {
            return Err(self.unknown(list, "it is no list"));
        }
        Ok(self.tree.items(list).iter().map(|&item| self.tree.resolve(item)).collect())
    }

    /// Shows that a field is absent or empty.
    pub fn nothing(&self, map: NodeId, keys: &[&str], why: &str) -> Result<(), Unknown> {
        match self.node(map, keys)? {
            Some(node) if self.tree.kind(node).is_scalar() || !self.tree.children(node).is_empty() => {
                Err(self.unknown(node, why))
            }
            _ => Ok(()),
        }
    }

    /// Shows that nothing in a node's text stands for an element's text.
    pub fn finished(&self, node: NodeId) -> Result<(), Unknown> {
        let filled = self.element.is_some() && self.tree.source().slice(self.tree.span(node)).contains("{{");
        if filled { Err(self.unknown(node, "its values are filled in for each element")) } else { Ok(()) }
    }

    /// Shows that nothing in a node's text is filled in.
    pub fn finished_of(&self, node: NodeId) -> Result<(), Unknown> {
        let filled = self.tree.source().slice(self.tree.span(node)).contains("{{");
        if filled {
            Err(self.unknown(node, "it is filled in for each element of another generator"))
        } else {
            Ok(())
        }
    }

    fn later(&self, map: NodeId, keys: &[&str]) -> Unknown {
        let mut at = map;
        let name = keys.last().copied().unwrap_or("it");
        for key in keys {
            match self.tree.get(at, key) {
                Some(next) => at = next,
                None => break,
            }
        }
        self.unknown(at, &format!("{name} is filled in later"))
    }
}

/// A text with the names in its braces filled in; `None` where something else stands in them.
fn fill(text: &str, element: &BTreeMap<String, String>) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}")?;
        filled.push_str(before);
        filled.push_str(element.get(name.trim())?);
        rest = after;
    }
    filled.push_str(rest);
    (!crate::yaml::is_unknown_text(&filled)).then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_braces_are_filled_in() {
        let element = BTreeMap::from([("cluster".to_owned(), "eu".to_owned())]);
        assert_eq!(fill("web-{{cluster}}/{{ cluster }}", &element).as_deref(), Some("web-eu/eu"));
        assert_eq!(fill("{{ cluster | upper }}", &element), None);
        assert_eq!(fill("{{cluster", &element), None);
        assert_eq!(fill("${X}", &element), None);
    }
}
