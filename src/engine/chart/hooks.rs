//! Values keys that templates look at and that are called like a field.

use std::rc::Rc;

use serde_json::{Map, Value};

use crate::yaml::{NodeId, Scalar, SpanTree};

use super::candidate::Proposal;
use super::judge::RenderedObject;
use super::sites::Sites;
use super::trace::{RenderedTree, ValuePath, value_of};
use super::values_site::ValuesChange;

/// Most values keys that are tried for one field.
pub(super) const MOST_KEYS: usize = 6;

/// Keys of a values file's root.
pub(super) type Keys = Rc<Vec<String>>;

/// The node of a values file at the end of some keys.
pub(super) fn at(tree: &SpanTree, keys: &[String]) -> Option<NodeId> {
    let root = tree.documents().iter().rfind(|it| it.root.is_some()).and_then(|it| it.root)?;
    below(tree, root, keys)
}

fn below(tree: &SpanTree, root: NodeId, keys: &[String]) -> Option<NodeId> {
    keys.iter().try_fold(root, |node, key| tree.get(tree.resolve(node), key))
}

impl Sites<'_> {
    /// Changes keys that are called like a field, the likeliest first.
    pub(super) fn at_hooks(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        map: NodeId,
        field: &str,
        change: &ValuesChange,
    ) -> Vec<Proposal> {
        let above = document.tree.parent(map);
        let in_pod = object.object.pods().iter().any(|pod| pod.spec == map || Some(pod.spec) == above);
        let mut paths: Vec<ValuePath> = self.scenario.hooks(document, field).into_iter().collect();
        // What the values have a place for is meant rather than what a template asks for in vain.
        if paths.iter().any(|path| self.is_documented(path)) {
            paths.retain(|path| self.is_documented(path));
        }
        // Keys for pods or for containers are often called so, and then meant for these alone; nearer ones are
        // more often meant than deeper ones.
        let fit = |path: &ValuePath| {
            let name = path.path.last().map(|key| key.to_ascii_lowercase()).unwrap_or_default();
            match (name.contains("pod"), name.contains("container")) {
                (true, false) => 2 * i32::from(!in_pod),
                (false, true) => 2 * i32::from(in_pod),
                _ => 1,
            }
        };
        let near = self.neighbours(document);
        paths.sort_by_key(|path| {
            let known = path.path.first().is_some_and(|first| near.contains(first));
            (fit(path), path.path.len() > 1 && !known, path.path.len())
        });
        let mut found = Vec::new();
        let is_map = matches!(change, ValuesChange::Merge(_));
        for path in paths.into_iter().filter(|path| !is_map || !self.is_said(path)).take(MOST_KEYS) {
            let base = self.in_values(document, &path, change);
            let own = base.iter().flat_map(|base| self.in_override(base)).collect::<Vec<_>>();
            found.extend(base.into_iter().chain(own));
            if let ValuesChange::Merge(entries) = change {
                let mut enabled = Map::new();
                enabled.insert("enabled".to_owned(), Value::Bool(true));
                enabled.extend(entries.clone());
                if self.is_switched_off(&path) {
                    found.extend(self.in_values(document, &path, &ValuesChange::Merge(enabled)));
                }
            }
        }
        found
    }

    /// The same change in the scenario's own values files that say something else there, such as null: it wins.
    fn in_override(&self, base: &Proposal) -> Vec<Proposal> {
        let Proposal::Values { file, keys, change } = base else { return Vec::new() };
        let sets = |path: &&str| {
            let own = *path != file.as_str() && self.input.is_own(path) && !self.input.installs_it(path);
            own && self.tree(path).is_some_and(|tree| at(&tree, keys).is_some())
        };
        let files = self.scenario.values.iter().rev().map(|values| &**values.source().name());
        let change = |path: &str| Proposal::Values {
            file: path.to_owned(),
            keys: keys.clone(),
            change: change.clone(),
        };
        files.filter(sets).map(change).collect()
    }

    /// Whether a key has a value that is no map and not empty: `adaptSecurityContext: auto` is no context.
    fn is_said(&self, path: &ValuePath) -> bool {
        let tree = self.tree(&path.file).filter(|_| !self.input.installs_it(&path.file));
        let value = tree.as_ref().and_then(|tree| Some((tree, at(tree, &path.path)?)));
        value.is_some_and(|(tree, node)| match tree.scalar(node) {
            Some(Scalar::String(text)) => !text.is_empty(),
            Some(Scalar::Bool(on)) => on,
            Some(Scalar::Null | Scalar::Unknown) | None => false,
            Some(_) => true,
        })
    }

    /// Whether a block of values has an `enabled: false`.
    fn is_switched_off(&self, path: &ValuePath) -> bool {
        let is_off = |tree: &SpanTree, block: Option<NodeId>| {
            let enabled = block.and_then(|node| tree.get(tree.resolve(node), "enabled"));
            matches!(enabled.and_then(|node| tree.scalar(node)), Some(Scalar::Bool(false)))
        };
        let file = self.tree(&path.file).filter(|_| !self.input.installs_it(&path.file));
        file.is_some_and(|tree| is_off(&tree, at(&tree, &path.path)))
            || self.roots_in(&path.file).any(|(tree, root)| is_off(&tree, below(&tree, root, &path.path)))
    }

    /// First keys of the values that a document prints.
    pub(super) fn neighbours(&self, document: &RenderedTree) -> Keys {
        let place = (document.file, document.start);
        if let Some(known) = self.near.borrow().get(&place) {
            return Rc::clone(known);
        }
        let tree = &*document.tree;
        let mut keys = Vec::new();
        for node in tree.nodes().filter(|node| tree.kind(*node).is_scalar()) {
            if let Some(first) = value_of(&self.scenario.rendered, document, node)
                .and_then(|value| value.at.path.into_iter().next())
                && !keys.contains(&first)
            {
                keys.push(first);
            }
        }
        let keys = Rc::new(keys);
        self.near.borrow_mut().insert(place, Rc::clone(&keys));
        keys
    }
}
