//! ApplicationSets: one Application an element of their generators.

use std::collections::BTreeMap;

use crate::resource::{Document, Field};
use crate::yaml::{FieldPath, NodeId};

use super::git_generator::{self, Around};
use super::reader::Reader;
use super::release::{Release, Unknown, argo};

/// What an element says: names, as templates have them in braces, and texts.
pub(super) type Names = BTreeMap<String, String>;

/// Generators that are evaluated.
const OTHERS: &str = "only lists, git of this repository, and a matrix of those are evaluated";

/// Most elements of an ApplicationSet.
const MOST: usize = 512;

/// The releases of all elements; where these are not known, one that says why.
pub(super) fn releases(document: &Document, around: &Around<'_>) -> Vec<Release> {
    let (tree, root) = (document.tree(), document.root());
    let plain = Reader::new(tree);
    let Ok(Some(template)) = plain.node(root, &["spec", "template"]) else { return Vec::new() };
    let above = FieldPath::root().key("spec").key("template");
    match elements(&plain, root, around) {
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
fn elements(reader: &Reader<'_>, root: NodeId, around: &Around<'_>) -> Result<Vec<Names>, Unknown> {
    reader.nothing(root, &["spec", "templatePatch"], "templatePatch changes it")?;
    let dot = match crate::resource::read_bool(reader.tree, root, &["spec", "goTemplate"]) {
        Field::Value(true) => ".",
        _ => "",
    };
    let mut found = Vec::new();
    for generator in reader.items(root, &["spec", "generators"])? {
        found.extend(of_generator(reader, generator, dot, around, true)?);
        if found.len() > MOST {
            return Err(reader.unknown(generator, "it has too many elements"));
        }
    }
    Ok(found)
}

/// The elements of one generator, which is called by its only key.
fn of_generator(
    reader: &Reader<'_>,
    generator: NodeId,
    dot: &str,
    around: &Around<'_>,
    may_nest: bool,
) -> Result<Vec<Names>, Unknown> {
    let tree = reader.tree;
    let mut entries = tree.pairs(generator);
    let only = entries.next().filter(|_| entries.next().is_none());
    let kind = only.and_then(|(key, _)| tree.key_text(key));
    let kind = kind.as_deref().unwrap_or_default();
    reader.nothing(generator, &[kind, "template"], "the template of a generator is not evaluated")?;
    match kind {
        "list" => of_list(reader, generator, dot),
        "git" => git_generator::elements(reader, generator, dot, around),
        "matrix" if may_nest => {
            let inner = reader.items(generator, &["matrix", "generators"])?;
            let [one, other] = inner.as_slice() else { return Err(reader.unknown(generator, OTHERS)) };
            // Of the second one, fields may be filled in from the first.
            reader.finished_of(*other)?;
            let ones = of_generator(reader, *one, dot, around, false)?;
            let others = of_generator(reader, *other, dot, around, false)?;
            if ones.len().saturating_mul(others.len()) > MOST {
                return Err(reader.unknown(generator, "it has too many elements"));
            }
            let both = |one: &Names, other: &Names| one.clone().into_iter().chain(other.clone()).collect();
            Ok(ones.iter().flat_map(|one| others.iter().map(move |other| both(one, other))).collect())
        }
        _ => Err(reader.unknown(generator, OTHERS)),
    }
}

fn of_list(reader: &Reader<'_>, generator: NodeId, dot: &str) -> Result<Vec<Names>, Unknown> {
    reader.nothing(generator, &["list", "elementsYaml"], "elementsYaml is not evaluated")?;
    let tree = reader.tree;
    let mut found = Vec::new();
    for element in reader.items(generator, &["list", "elements"])? {
        let mut names = Names::new();
        for (key, value) in tree.pairs(element) {
            // What is no text (a number, a mapping) is not filled in.
            if let (Some(key), Field::Value(text)) = (tree.key_text(key), Field::text_of(tree, value)) {
                names.insert(format!("{dot}{key}"), text.into_owned());
            }
        }
        found.push(names);
    }
    Ok(found)
}
