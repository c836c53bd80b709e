//! ApplicationSets whose generators are lists: one Application an element.

use std::collections::BTreeMap;

use crate::resource::{Document, Field};
use crate::yaml::{FieldPath, NodeId};

use super::reader::Reader;
use super::release::{Release, Unknown, argo};

/// The releases of all elements; where these are not known, one that says why.
pub(super) fn releases(document: &Document) -> Vec<Release> {
    let (tree, root) = (document.tree(), document.root());
    let plain = Reader::new(tree);
    let Ok(Some(template)) = plain.node(root, &["spec", "template"]) else { return Vec::new() };
    let above = FieldPath::root().key("spec").key("template");
    match elements(&plain, root) {
        Ok(elements) => {
            let of = |element| argo(&Reader::filled(tree, element), template, &above);
            elements.into_iter().flat_map(of).collect()
        }
        Err(unknown) => {
            let mut found = argo(&plain, template, &above);
            for release in &mut found {
                release.known = Err(unknown.clone());
            }
            found
        }
    }
}

/// What the elements of the generators say: with `goTemplate` names begin with a dot.
fn elements(reader: &Reader<'_>, root: NodeId) -> Result<Vec<BTreeMap<String, String>>, Unknown> {
    let tree = reader.tree;
    reader.nothing(root, &["spec", "templatePatch"], "templatePatch changes it")?;
    let dot = match crate::resource::read_bool(tree, root, &["spec", "goTemplate"]) {
        Field::Value(true) => ".",
        _ => "",
    };
    let mut found = Vec::new();
    for generator in reader.items(root, &["spec", "generators"])? {
        let mut entries = tree.pairs(generator);
        let only = entries.next().filter(|_| entries.next().is_none());
        let is_list = only.and_then(|(key, _)| tree.key_text(key)).is_some_and(|key| key == "list");
        if !is_list {
            return Err(reader.unknown(generator, "only generators that are lists are evaluated"));
        }
        reader.nothing(generator, &["list", "elementsYaml"], "elementsYaml is not evaluated")?;
        reader.nothing(generator, &["list", "template"], "the template of a generator is not evaluated")?;
        for element in reader.items(generator, &["list", "elements"])? {
            let mut names = BTreeMap::new();
            for (key, value) in tree.pairs(element) {
                // What is no text (a number, a mapping) is not filled in.
                if let (Some(key), Field::Value(text)) = (tree.key_text(key), Field::text_of(tree, value)) {
                    names.insert(format!("{dot}{key}"), text.into_owned());
                }
            }
            found.push(names);
        }
    }
    Ok(found)
}
