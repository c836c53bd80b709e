//! What resources say of a release: its chart, its values, its name.

use crate::resource::{Document, Field, get, read_bool, read_text};
use crate::yaml::{FieldPath, NodeId, SpanTree};

/// Groups of the kinds that are read here.
pub(super) const GROUPS: [&str; 2] = ["argoproj.io", "helm.toolkit.fluxcd.io"];

/// A values file, by the folder that its path starts at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileAt {
    /// The chart's folder.
    Chart(String),
    /// The repository.
    Root(String),
}

/// Values in the resource itself.
pub(super) struct InlineValues {
    /// Their path in the document.
    pub path: FieldPath,
    /// Their node.
    pub node: NodeId,
    /// Whether they are YAML in a string.
    pub is_text: bool,
}

/// A release of a chart in the resource's own repository, as far as its path tells.
pub(super) struct Release {
    /// The chart's path in the repository.
    pub chart: String,
    /// The release's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Values files, later ones win.
    pub values: Vec<FileAt>,
    /// Whether files that are not there count as empty.
    pub ignores_missing: bool,
    /// The resource's own values.
    pub inline: Option<InlineValues>,
}

/// The releases of a document that are known as a whole.
pub(super) fn releases(document: &Document) -> Vec<Release> {
    let kind = document.kind();
    let place = document.tree().documents().get(document.document());
    if place.is_some_and(|place| document.tree().is_sops(place)) {
        return Vec::new();
    }
    match (&*kind.group, &*kind.kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => flux(document).into_iter().collect(),
        ("argoproj.io", "Application") => argo(document),
        _ => Vec::new(),
    }
}

/// A text: `Some(None)` where there is none, `None` where it can not be told.
fn text(tree: &SpanTree, map: NodeId, keys: &[&str]) -> Option<Option<String>> {
    match read_text(tree, map, keys) {
        Field::Absent => Some(None),
        Field::Value(text) => Some(Some(text.into_owned())),
        _ => None,
    }
}

/// Whether a field is not there, or an empty collection.
fn is_empty(tree: &SpanTree, map: NodeId, keys: &[&str]) -> bool {
    match get(tree, map, keys) {
        Field::Absent => true,
        Field::Value(node) => !tree.kind(node).is_scalar() && tree.children(node).is_empty(),
        _ => false,
    }
}

/// helm-controller v2: `spec.chart.spec.chart` of a GitRepository is a path from its root.
fn flux(document: &Document) -> Option<Release> {
    let (tree, root) = (document.tree(), document.root());
    let spec = get(tree, root, &["spec"]).value()?;
    let chart = get(tree, spec, &["chart", "spec"]).value()?;
    if text(tree, chart, &["sourceRef", "kind"])?? != "GitRepository" {
        return None;
    }
    // What comes from elsewhere, takes the place of values.yaml, or changes what was rendered.
    let elsewhere = [&["valuesFrom"][..], &["postRenderers"], &["chart", "spec", "valuesFiles"]];
    if !elsewhere.iter().all(|keys| is_empty(tree, spec, keys)) {
        return None;
    }
    let target = text(tree, spec, &["targetNamespace"])?;
    let name = match (text(tree, spec, &["releaseName"])?, &target) {
        (Some(name), _) => name,
        (None, Some(target)) => format!("{target}-{}", document.name()?),
        (None, None) => document.name()?.to_owned(),
    };
    let namespace = target.or_else(|| document.namespace().map(str::to_owned));
    let inline = match get(tree, spec, &["values"]) {
        Field::Absent => None,
        Field::Value(node) if tree.kind(node).is_mapping() => {
            let path = FieldPath::root().key("spec").key("values");
            Some(InlineValues { path, node, is_text: false })
        }
        _ => return None,
    };
    Some(Release {
        chart: text(tree, chart, &["chart"])??,
        name,
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        values: Vec::new(),
        ignores_missing: false,
        inline,
    })
}

/// Argo CD v1alpha1: `path` of each source that is a chart.
fn argo(document: &Document) -> Vec<Release> {
    let (tree, root) = (document.tree(), document.root());
    let spec = FieldPath::root().key("spec");
    // With `sources`, `source` is not read.
    if let Some(list) = get(tree, root, &["spec", "sources"]).value()
        && tree.kind(list).is_sequence()
    {
        let sources: Vec<NodeId> = tree.items(list).iter().map(|&item| tree.resolve(item)).collect();
        let of = |(index, &source): (usize, &NodeId)| {
            argo_source(document, source, &spec.key("sources").index(index), &sources)
        };
        return sources.iter().enumerate().filter_map(of).collect();
    }
    let source = get(tree, root, &["spec", "source"]).value();
    source.and_then(|source| argo_source(document, source, &spec.key("source"), &[])).into_iter().collect()
}

fn argo_source(document: &Document, source: NodeId, path: &FieldPath, all: &[NodeId]) -> Option<Release> {
    let (tree, root) = (document.tree(), document.root());
    if !tree.kind(source).is_mapping() {
        return None;
    }
    let elsewhere = [
        &["chart"][..],
        &["kustomize"],
        &["directory"],
        &["plugin"],
        &["helm", "parameters"],
        &["helm", "fileParameters"],
        &["helm", "kubeVersion"],
        &["helm", "apiVersions"],
    ];
    if !elsewhere.iter().all(|keys| is_empty(tree, source, keys)) {
        return None;
    }
    let helm = path.key("helm");
    let inline = match (get(tree, source, &["helm", "valuesObject"]), get(tree, source, &["helm", "values"]))
    {
        (Field::Absent, Field::Absent) => None,
        (Field::Value(node), _) if tree.kind(node).is_mapping() => {
            Some(InlineValues { path: helm.key("valuesObject"), node, is_text: false })
        }
        (Field::Absent, Field::Value(node)) if tree.kind(node).is_scalar() => {
            Some(InlineValues { path: helm.key("values"), node, is_text: true })
        }
        _ => return None,
    };
    let mut values = Vec::new();
    if let Some(list) = known(get(tree, source, &["helm", "valueFiles"]))? {
        for &item in tree.items(list) {
            let file = Field::text_of(tree, tree.resolve(item)).value()?;
            values.push(argo_file(tree, source, all, &file)?);
        }
    }
    let namespace = match text(tree, source, &["helm", "namespace"])? {
        None => text(tree, root, &["spec", "destination", "namespace"])?,
        some => some,
    };
    Some(Release {
        chart: text(tree, source, &["path"])??,
        name: match text(tree, source, &["helm", "releaseName"])? {
            Some(name) => name,
            None => document.name()?.to_owned(),
        },
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        values,
        ignores_missing: read_bool(tree, source, &["helm", "ignoreMissingValueFiles"]).value() == Some(true),
        inline,
    })
}

fn known(field: Field<NodeId>) -> Option<Option<NodeId>> {
    match field {
        Field::Absent => Some(None),
        Field::Value(node) => Some(Some(node)),
        _ => None,
    }
}

/// A values file of an Application: from the chart's folder, `/` from the repository's root, `$name/` from the root
/// of the source of that name, which must be the same repository.
fn argo_file(tree: &SpanTree, source: NodeId, all: &[NodeId], file: &str) -> Option<FileAt> {
    if file.contains("://") || file.contains(['*', '?', '[', '{']) {
        return None;
    }
    if let Some(named) = file.strip_prefix('$') {
        let (name, path) = named.split_once('/')?;
        let read = |map: NodeId, key: &str| text(tree, map, &[key]).flatten();
        let from = all.iter().find(|it| read(**it, "ref").as_deref() == Some(name))?;
        let here = read(source, "repoURL")?;
        return (read(*from, "repoURL")? == here).then(|| FileAt::Root(path.to_owned()));
    }
    Some(match file.strip_prefix('/') {
        Some(path) => FileAt::Root(path.to_owned()),
        None => FileAt::Chart(file.to_owned()),
    })
}
