//! ConfigMaps of a project, by name: as objects, and as kustomize makes them from files.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::engine::Engine;
use crate::project::{InputFile, is_kustomization};
use crate::resource::{Document, Field, get, read_text};
use crate::yaml::{self, FieldPath, NodeId, SpanTree};

use super::below;

/// A ConfigMap.
struct ConfigMap {
    name: String,
    namespace: Option<String>,
    path: PathBuf,
    content: Content,
}

/// What is in it.
enum Content {
    /// An object.
    Object(Document),
    /// Files by their keys, as a kustomization names them.
    Files(HashMap<String, PathBuf>),
}

/// Where a key's text is.
pub(super) enum Entry<'m> {
    /// In an object: the path of the text, and its node.
    Text { document: &'m Document, path: &'m Path, field: FieldPath, node: NodeId },
    /// A file.
    File(PathBuf),
}

/// ConfigMaps that are asked for.
#[derive(Default)]
pub(super) struct ConfigMaps(Vec<ConfigMap>);

impl ConfigMaps {
    /// Those of some names in the files.
    pub fn of(engine: &Engine, files: &[&InputFile], names: &BTreeSet<String>) -> Self {
        if names.is_empty() {
            return Self::default();
        }
        Self(files.par_iter().flat_map_iter(|file| in_file(engine, file, names)).collect())
    }

    /// The text of a key of the ConfigMap that is meant by a name in a file: of several the nearest.
    ///
    /// # Errors
    /// Why it is not known.
    pub fn entry(
        &self,
        from: &Path,
        namespace: Option<&str>,
        name: &str,
        key: &str,
    ) -> Result<Entry<'_>, String> {
        let same = |it: &&ConfigMap| {
            let apart = it.namespace.as_deref().zip(namespace).is_some_and(|(one, other)| one != other);
            it.name == name && !apart
        };
        let shared = |it: &ConfigMap| {
            from.components().zip(it.path.components()).take_while(|(one, other)| one == other).count()
        };
        let nearest = self.0.iter().filter(same).map(shared).max();
        let mut found = self.0.iter().filter(same).filter(|it| Some(shared(it)) == nearest);
        let Some(map) = found.next() else {
            return Err(format!("ConfigMap {name} has values of it, and is not among the files"));
        };
        if found.next().is_some() {
            return Err(format!("ConfigMap {name} has values of it, and is there more than once"));
        }
        let missing = || format!("ConfigMap {name} has no text `{key}`");
        match &map.content {
            Content::Files(files) => files.get(key).cloned().map(Entry::File).ok_or_else(missing),
            Content::Object(document) => {
                let tree = document.tree();
                let sealed = tree.documents().get(document.document()).is_some_and(|it| tree.is_sops(it));
                let text = get(tree, document.root(), &["data", key]).value();
                let text = text.map(|node| tree.resolve(node)).filter(|node| tree.kind(*node).is_scalar());
                let node = text.filter(|_| !sealed).ok_or_else(missing)?;
                let field = FieldPath::root().key("data").key(key);
                Ok(Entry::Text { document, path: &map.path, field, node })
            }
        }
    }
}

fn in_file(engine: &Engine, file: &InputFile, names: &BTreeSet<String>) -> Vec<ConfigMap> {
    let kustomization = is_kustomization(file.path());
    let Ok(source) = file.read(&engine.limits) else { return Vec::new() };
    let mentions = |word: &str| source.text().contains(word);
    if !(mentions("ConfigMap") || kustomization && mentions("configMapGenerator")) {
        return Vec::new();
    }
    let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
    if kustomization {
        let roots = tree.documents().iter().filter_map(|it| it.root);
        return roots.flat_map(|root| generated(&tree, root, file.path(), names)).collect();
    }
    let wanted = |document: &Document| {
        let kind = document.kind();
        kind.group.is_empty()
            && kind.kind == "ConfigMap"
            && document.name().is_some_and(|name| names.contains(name))
    };
    let object = |document: Document| ConfigMap {
        name: document.name().unwrap_or_default().to_owned(),
        namespace: document.namespace().map(str::to_owned),
        path: file.path().to_path_buf(),
        content: Content::Object(document),
    };
    Document::objects(&tree, &engine.kinds).into_iter().filter(wanted).map(object).collect()
}

/// The ConfigMaps that a kustomization makes from files: `files: [key=path]`, or the file's name as the key.
fn generated(tree: &SpanTree, root: NodeId, path: &Path, names: &BTreeSet<String>) -> Vec<ConfigMap> {
    let Some(folder) = path.parent() else { return Vec::new() };
    let text =
        |map: NodeId, key: &str| read_text(tree, map, &[key]).value().map(std::borrow::Cow::into_owned);
    let Field::Value(list) = get(tree, root, &["configMapGenerator"]) else { return Vec::new() };
    let of = |&item: &NodeId| {
        let item = tree.resolve(item);
        let name = text(item, "name").filter(|name| names.contains(name))?;
        let mut files = HashMap::new();
        for &file in get(tree, item, &["files"]).value().map_or(&[][..], |files| tree.items(files)) {
            let Field::Value(file) = Field::text_of(tree, file) else { continue };
            let (key, file) = match file.split_once('=') {
                Some((key, file)) => (key.to_owned(), file.to_owned()),
                None => (file.rsplit('/').next().unwrap_or(&file).to_owned(), file.into_owned()),
            };
            if let Some(file) = below(Path::new("/"), folder, &file) {
                files.insert(key, file);
            }
        }
        let namespace = text(item, "namespace").or_else(|| text(root, "namespace"));
        Some(ConfigMap { name, namespace, path: path.to_path_buf(), content: Content::Files(files) })
    };
    tree.items(list).iter().filter_map(of).collect()
}
