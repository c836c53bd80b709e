//! [`Neighbour`]: what is remembered of an object for fixes of others: whether it concerns them, and what it says.
//! Small, because it is kept for every object of a run.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::resource::{Document, Field, Pod, get, read_text};
use crate::yaml::{NodeId, SpanTree};

use super::labels::{self, Selector};
use super::said::{Said, names_ports};

/// An object that a fix of another object may depend on, or change.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// Its place among the objects of its file.
    pub index: usize,
    /// What it says of ports.
    pub said: Box<Said>,
    /// Group, kind, namespace and name: the same object in several files is one for several places.
    pub identity: (String, String, Option<String>, String),
    /// Whether it holds a pod.
    pub workload: bool,
    /// Whether it may stand for pods of any labels, so that all others have to be known too.
    pub wide: bool,
    /// What it has in common with its neighbours, hashed: labels, names. `None`: it cannot be told.
    ties: Option<Vec<u64>>,
    /// Whether it reaches into other namespaces.
    pub anywhere: bool,
}

fn tie(sort: &str, text: &[&str]) -> u64 {
    let mut hash = DefaultHasher::new();
    (sort, text).hash(&mut hash);
    hash.finish()
}

fn label_ties(labels: &labels::Labels) -> Vec<u64> {
    labels.iter().map(|(key, value)| tie("label", &[key, value])).collect()
}

impl Neighbour {
    /// What is remembered of the objects of a file: of those that fixes of others ask for.
    #[must_use]
    pub fn of_all(documents: &[Document]) -> Vec<Self> {
        documents.iter().enumerate().filter_map(|(index, document)| Self::of(document, index)).collect()
    }

    fn of(document: &Document, index: usize) -> Option<Self> {
        let kind = document.kind();
        let (tree, root) = (document.tree(), document.root());
        let workload = !document.pods().is_empty();
        let ties = match (&*kind.group, &*kind.kind) {
            ("", "Service") => {
                let selector = get(tree, root, &["spec", "selector"]);
                match (Selector::of_map(tree, selector.clone()), selector) {
                    // It leads to no pod; a monitor may ask what it does lead to.
                    (Ok(None), _) => Some(Vec::new()),
                    (Ok(Some(_)), Field::Value(map)) => {
                        labels::pairs(tree, map).ok().map(|it| label_ties(&it))
                    }
                    _ => None,
                }
            }
            ("", "ConfigMap") => document.name().map(|name| vec![tie("config", &[name])]),
            _ if workload => Self::ties_of_pods(tree, document.pods()),
            (group, kind) if names_ports(group, kind) => None,
            _ => return None,
        };
        let name = document.name().unwrap_or_default().to_owned();
        let namespace = document.namespace().map(str::to_owned);
        Some(Self {
            index,
            said: Box::new(Said::of(document)),
            identity: (kind.group.clone(), kind.kind.clone(), namespace, name),
            workload,
            wide: is_wide(document),
            ties,
            anywhere: kind.group == "monitoring.coreos.com",
        })
    }

    fn ties_of_pods(tree: &SpanTree, pods: &[Pod]) -> Option<Vec<u64>> {
        let mut ties = Vec::new();
        for pod in pods {
            ties.extend(label_ties(&labels::of_pod(tree, pod).ok()?));
            ties.extend(config_maps(tree, pod.spec)?.iter().map(|name| tie("config", &[name])));
        }
        Some(ties)
    }

    /// What it has in common with its neighbours, hashed; `None` where it cannot be told.
    #[must_use]
    pub fn ties(&self) -> Option<&[u64]> {
        self.ties.as_deref()
    }

    /// Whether a fix of `other` may depend on this object.
    #[must_use]
    pub fn concerns(&self, other: &Self) -> bool {
        let tied = match (&self.ties, &other.ties) {
            (Some(own), Some(theirs)) => own.iter().any(|tie| theirs.contains(tie)),
            _ => true,
        };
        self.is_near(other) && tied
    }

    /// Whether both may be in one namespace, or one looks into the other's.
    #[must_use]
    pub fn is_near(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.identity.2, &other.identity.2);
        self.anywhere || own.is_none() || theirs.is_none() || own == theirs
    }
}

/// Whether an object names ports of pods that it does not choose by equal labels: what chooses by them is
/// found by the labels that pods have in common.
fn is_wide(document: &Document) -> bool {
    let (tree, root) = (document.tree(), document.root());
    let has = |list: &str, keys: &[&str]| {
        let items = get(tree, root, &["spec", list]).value();
        let named = |&item: &NodeId| keys.iter().any(|key| !get(tree, item, &[key]).is_absent());
        items.is_some_and(|items| tree.items(items).iter().any(named))
    };
    let by_labels =
        |keys: &[&str]| matches!(get(tree, root, keys), Field::Value(map) if !tree.entries(map).is_empty());
    match &*document.kind().kind {
        "NetworkPolicy" => has("ingress", &["ports"]) && !by_labels(&["spec", "podSelector", "matchLabels"]),
        "PodMonitor" => {
            has("podMetricsEndpoints", &["targetPort", "portNumber"])
                && !by_labels(&["spec", "selector", "matchLabels"])
        }
        // It chooses Services, and by their own labels.
        "ServiceMonitor" => has("endpoints", &["targetPort"]),
        _ => false,
    }
}

/// The names of the ConfigMaps that a pod reads; `None` where one is filled in later.
pub fn config_maps(tree: &SpanTree, spec: NodeId) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut name = |map: NodeId, keys: &[&str]| match read_text(tree, map, keys) {
        Field::Value(text) => {
            names.push(text.into_owned());
            Some(())
        }
        Field::Absent => Some(()),
        Field::Unknown | Field::Wrong => None,
    };
    let items =
        |map: NodeId, keys: &[&str]| get(tree, map, keys).value().map_or(&[][..], |list| tree.items(list));
    for &volume in items(spec, &["volumes"]) {
        name(volume, &["configMap", "name"])?;
        for &source in items(volume, &["projected", "sources"]) {
            name(source, &["configMap", "name"])?;
        }
    }
    for list in ["initContainers", "containers"] {
        for &container in items(spec, &[list]) {
            for &from in items(container, &["envFrom"]) {
                name(from, &["configMapRef", "name"])?;
            }
            for &variable in items(container, &["env"]) {
                name(variable, &["valueFrom", "configMapKeyRef", "name"])?;
            }
        }
    }
    Some(names)
}
