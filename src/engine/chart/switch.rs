//! Values keys that decide whether a place of a template is executed: `hostNetwork: true` below
//! `{{ if .Values.hostNetwork }}` goes where the key becomes false.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::render::{Step, steps_to};
use crate::template::ast::BranchKind;
use crate::yaml::{NodeId, Scalar};

use super::candidate::Proposal;
use super::hooks::{MOST_KEYS, at};
use super::judge::RenderedObject;
use super::sites::Sites;
use super::template_site::{TemplateText, text_of};
use super::trace::{RenderedTree, ValuePath};
use super::values_site::ValuesChange;

impl Sites<'_> {
    /// Turns the switches in front of an entry that stands in the template's text, the nearest first.
    pub(super) fn switches(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        node: NodeId,
    ) -> Vec<Proposal> {
        let tree = &*document.tree;
        let place = |key: NodeId| text_of(&self.scenario.rendered, document, tree.span(key));
        let Some(text) = tree.key_node(node).and_then(place) else { return Vec::new() };
        let first = tree.children(object.object.root()).first().copied().and_then(place);
        let steps = steps_to(&text.source, text.span.start()).unwrap_or_default();
        let mut found = Vec::new();
        for step in steps.iter().rev() {
            let (action, holds) = match step {
                Step::Taken { action, kind: BranchKind::If } => (*action, true),
                Step::NotTaken { action } => (*action, false),
                Step::Taken { .. } | Step::Called(_) => continue,
            };
            // Without all of the object is no repair of it.
            let before = |first: &TemplateText| {
                Arc::ptr_eq(&first.source, &text.source) && action.start() < first.span.start()
            };
            if first.as_ref().is_some_and(before) {
                break;
            }
            for (keys, positive) in tested(text.source.slice(action), holds).into_iter().rev() {
                found.extend(self.turned(document, &keys, holds != positive));
            }
        }
        found.truncate(MOST_KEYS);
        found
    }

    /// A key that is the opposite now becomes `wanted`.
    fn turned(&self, document: &RenderedTree, keys: &[String], wanted: bool) -> Vec<Proposal> {
        let below = self.subchart(document);
        let is_it = |path: &&ValuePath| {
            let path = &path.path;
            path == keys || path.strip_prefix(below.as_slice()).is_some_and(|rest| rest == keys)
        };
        let is_opposite = |path: &&ValuePath| {
            let tree = self.tree(&path.file);
            let value = tree.as_ref().and_then(|tree| Some(tree.scalar(at(tree, &path.path)?)?.clone()));
            matches!(value, Some(Scalar::Bool(now)) if now != wanted)
        };
        let change = ValuesChange::Set(Value::Bool(wanted));
        let looked_at = self.scenario.looked_at_for(document).into_iter().flatten();
        let paths = looked_at.filter(is_it).filter(is_opposite);
        paths.flat_map(|path| self.in_values(document, path, &change)).collect()
    }
}

/// The values keys that an `if` tests as they are or behind `not`, with whether as they are; of several, those of
/// which any one decides. `holds`: whether the condition does.
fn tested(action: &str, holds: bool) -> Vec<(Vec<String>, bool)> {
    let inner =
        action.trim_start_matches("{{").trim_start_matches('-').trim_end_matches("}}").trim_end_matches('-');
    let mut words: Vec<&str> = inner.split_whitespace().collect();
    if words.first() == Some(&"else") {
        words.remove(0);
    }
    let field = |word: &&str| -> Option<Vec<String>> {
        let keys = word.strip_prefix('$').unwrap_or(word).strip_prefix(".Values.")?;
        let plain = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        keys.split('.').all(plain).then(|| keys.split('.').map(str::to_owned).collect())
    };
    match words.as_slice() {
        ["if", one] => field(one).map(|keys| (keys, true)).into_iter().collect(),
        ["if", "not", one] => field(one).map(|keys| (keys, false)).into_iter().collect(),
        ["if", both, rest @ ..] if *both == if holds { "and" } else { "or" } => {
            rest.iter().filter_map(field).map(|keys| (keys, true)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::tested;

    #[test]
    fn a_condition_says_which_keys_decide() {
        let shown = |action: &str, holds| -> Vec<(String, bool)> {
            tested(action, holds).into_iter().map(|(keys, positive)| (keys.join("."), positive)).collect()
        };
        let key = |name: &str, positive| vec![(name.to_owned(), positive)];
        assert_eq!(shown("{{- if .Values.a.b }}", true), key("a.b", true));
        assert_eq!(shown("{{ else if $.Values.a -}}", true), key("a", true));
        assert_eq!(shown("{{ if not .Values.a }}", false), key("a", false));
        assert_eq!(shown("{{ if and .Values.a .Values.b.c }}", true).len(), 2);
        assert_eq!(shown("{{ if and .Values.a .Values.b.c }}", false), []);
        assert_eq!(shown("{{ if or .Values.a .Values.b }}", false).len(), 2);
        for other in
            ["{{ if eq .Values.a 1 }}", "{{ if (.Values.a) }}", "{{ if .a }}", "{{ range .Values.a }}"]
        {
            assert_eq!(shown(other, true), [], "{other}");
        }
    }
}
