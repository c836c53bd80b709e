//! Where values stand in objects: the table of the resources that install charts.

use crate::project::is_values_name;
use crate::resource::{Document, Field, get};
use crate::yaml::{FieldPath, NodeId, SpanTree};

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As a mapping.
    Mapping,
    /// As YAML in a string.
    Text,
    /// As a list of dotted names with values.
    Parameters,
}

/// A set of values.
#[derive(Clone, Debug)]
pub struct Place {
    /// Index of the document it stands in.
    pub document: usize,
    /// Its path in that document.
    pub path: FieldPath,
    /// Its node.
    pub node: NodeId,
    /// How it is written.
    pub form: Form,
}

/// Group, kind, and where values stand: a `*` is every item of a list, or every key that is called like a
/// values file.
type Row = (&'static str, &'static str, &'static [&'static str], Form);

/// The fields as the custom resource definitions have them: Flux helm-controller v2, its predecessor helm-operator
/// v1, Argo CD v1alpha1, k3s helm-controller v1, kustomize v1beta1, Rancher Fleet v1alpha1 (also without `spec`, as
/// fleet.yaml has them), helmfile 1. ConfigMaps are read by `valuesFrom`.
const ROWS: [Row; 26] = [
    ("helm.toolkit.fluxcd.io", "HelmRelease", &["spec", "values"], Form::Mapping),
    ("helm.fluxcd.io", "HelmRelease", &["spec", "values"], Form::Mapping),
    ("argoproj.io", "Application", &["spec", "source", "helm", "valuesObject"], Form::Mapping),
    ("argoproj.io", "Application", &["spec", "source", "helm", "values"], Form::Text),
    ("argoproj.io", "Application", &["spec", "source", "helm", "parameters"], Form::Parameters),
    ("argoproj.io", "Application", &["spec", "sources", "*", "helm", "valuesObject"], Form::Mapping),
    ("argoproj.io", "Application", &["spec", "sources", "*", "helm", "values"], Form::Text),
    ("argoproj.io", "Application", &["spec", "sources", "*", "helm", "parameters"], Form::Parameters),
    (
        "argoproj.io",
        "ApplicationSet",
        &["spec", "template", "spec", "source", "helm", "valuesObject"],
        Form::Mapping,
    ),
    ("argoproj.io", "ApplicationSet", &["spec", "template", "spec", "source", "helm", "values"], Form::Text),
    (
        "argoproj.io",
        "ApplicationSet",
        &["spec", "template", "spec", "source", "helm", "parameters"],
        Form::Parameters,
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &["spec", "template", "spec", "sources", "*", "helm", "valuesObject"],
        Form::Mapping,
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &["spec", "template", "spec", "sources", "*", "helm", "values"],
        Form::Text,
    ),
    (
        "argoproj.io",
        "ApplicationSet",
        &["spec", "template", "spec", "sources", "*", "helm", "parameters"],
        Form::Parameters,
    ),
    ("helm.cattle.io", "HelmChart", &["spec", "valuesContent"], Form::Text),
    ("helm.cattle.io", "HelmChartConfig", &["spec", "valuesContent"], Form::Text),
    ("kustomize.config.k8s.io", "Kustomization", &["helmCharts", "*", "valuesInline"], Form::Mapping),
    ("kustomize.config.k8s.io", "Component", &["helmCharts", "*", "valuesInline"], Form::Mapping),
    ("", "HelmChartInflationGenerator", &["valuesInline"], Form::Mapping),
    ("fleet.cattle.io", "Bundle", &["spec", "helm", "values"], Form::Mapping),
    ("fleet.cattle.io", "Bundle", &["spec", "targets", "*", "helm", "values"], Form::Mapping),
    ("fleet.cattle.io", "Bundle", &["helm", "values"], Form::Mapping),
    ("fleet.cattle.io", "Bundle", &["targetCustomizations", "*", "helm", "values"], Form::Mapping),
    ("", "Helmfile", &["releases", "*", "values", "*"], Form::Mapping),
    ("", "Helmfile", &["releases", "*", "set"], Form::Parameters),
    ("", "ConfigMap", &["data", "*"], Form::Text),
];

/// The values that a document holds, or is.
pub fn places(document: &Document, index: usize) -> Vec<Place> {
    let (tree, root) = (document.tree(), document.root());
    let place = |path, node, form| Place { document: index, path, node, form };
    if document.is_values() {
        return vec![place(FieldPath::root(), root, Form::Mapping)];
    }
    let kind = document.kind();
    let mut found = Vec::new();
    for (_, _, steps, form) in
        ROWS.iter().filter(|(group, name, ..)| *group == kind.group && *name == kind.kind)
    {
        let mut open = vec![(FieldPath::root(), root)];
        for step in *steps {
            open = open.iter().flat_map(|(path, node)| descend(tree, path, *node, step)).collect();
        }
        for (path, node) in open {
            // Argo CD: with valuesObject, values is not read.
            let beside = |key: &str| tree.parent(node).and_then(|map| get(tree, map, &[key]).value());
            let unread =
                steps.last() == Some(&"values") && *form == Form::Text && beside("valuesObject").is_some();
            let right = match form {
                Form::Mapping => tree.kind(node).is_mapping(),
                Form::Text => tree.kind(node).is_scalar(),
                Form::Parameters => tree.kind(node).is_sequence(),
            };
            if right && !unread {
                found.push(place(path, node, *form));
            }
        }
    }
    found
}

/// The nodes that a step leads to. What an alias stands for is judged at its own place.
fn descend(tree: &SpanTree, path: &FieldPath, node: NodeId, step: &str) -> Vec<(FieldPath, NodeId)> {
    if step != "*" {
        let value = match get(tree, node, &[step]) {
            Field::Value(value) => Some((path.key(step), value)),
            _ => None,
        };
        return value.into_iter().collect();
    }
    if tree.kind(node).is_sequence() {
        let items = tree.items(node).iter().enumerate();
        return items.map(|(index, &item)| (path.index(index), item)).collect();
    }
    let named = tree.pairs(node).filter_map(|(key, value)| {
        let name = tree.key_text(key).filter(|name| is_values_name(name))?;
        Some((path.key(name), value))
    });
    named.collect()
}
