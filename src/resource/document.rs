//! [`Document`]: one Kubernetes object of a tree.

use std::sync::Arc;

use kube_core::GroupVersionKind;

use crate::yaml::{FieldPath, NodeId, Scalar, SpanTree};

use super::field::{Field, read_text};
use super::kind::Kinds;
use super::workload::Pod;

/// One Kubernetes object: a document of a file, or an item of a list in one.
#[derive(Clone, Debug)]
pub struct Document {
    tree: Arc<SpanTree>,
    root: NodeId,
    document: usize,
    item: Option<usize>,
    kind: GroupVersionKind,
    api_version: String,
    name: Option<String>,
    namespace: Option<String>,
    pods: Vec<Pod>,
    pod_security: bool,
    immutable: bool,
}

/// Why something is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnObject {
    /// The document is empty, or kubectl refuses it (the parser has said why).
    Unread,
    /// The top node is no mapping.
    NoMapping,
    /// There is no `apiVersion` or no `kind`.
    NoKind,
    /// `apiVersion` or `kind` is filled in later.
    UnknownKind,
    /// A list within a list, which kubectl refuses.
    NestedList,
}

/// What a document of a tree, or an item of a list, turned out to be.
#[derive(Clone, Debug)]
pub enum Content {
    /// An object.
    Object(Document),
    /// Anything else.
    Other {
        /// 0-based place among the tree's documents.
        document: usize,
        /// 0-based place in the list, where it is an item of one.
        item: Option<usize>,
        /// Its top node, if it has one.
        node: Option<NodeId>,
        /// Why it is none.
        reason: NotAnObject,
    },
}

impl Document {
    /// Everything that stands in a tree, in order. A list (an object with a top-level `items`
    /// sequence, whatever its kind) yields its items, as kubectl reads it.
    #[must_use]
    pub fn read_all(tree: &Arc<SpanTree>, kinds: &Kinds) -> Vec<Content> {
        let mut found = Vec::new();
        for (document, place) in tree.documents().iter().enumerate() {
            let Some(root) = place.root else {
                found.push(Content::Other { document, item: None, node: None, reason: NotAnObject::Unread });
                continue;
            };
            let root = tree.resolve(root);
            let items = tree.get(root, "items").filter(|&items| tree.kind(tree.resolve(items)).is_sequence());
            let Some(items) = items.filter(|_| kind_of(tree, root, None).is_ok()) else {
                found.push(Self::content(tree, root, document, None, None, kinds));
                continue;
            };
            let list = kind_of(tree, root, None).ok();
            for (item, &node) in tree.items(items).iter().enumerate() {
                let node = tree.resolve(node);
                found.push(Self::content(tree, node, document, Some(item), list.as_ref(), kinds));
            }
        }
        found
    }

    /// The objects alone.
    #[must_use]
    pub fn objects(tree: &Arc<SpanTree>, kinds: &Kinds) -> Vec<Self> {
        let objects = Self::read_all(tree, kinds).into_iter();
        objects
            .filter_map(|content| match content {
                Content::Object(document) => Some(document),
                Content::Other { .. } => None,
            })
            .collect()
    }

    fn content(
        tree: &Arc<SpanTree>,
        root: NodeId,
        document: usize,
        item: Option<usize>,
        list: Option<&(String, String)>,
        kinds: &Kinds,
    ) -> Content {
        let other = |reason| Content::Other { document, item, node: Some(root), reason };
        if !tree.kind(root).is_mapping() {
            return other(NotAnObject::NoMapping);
        }
        let (api_version, kind) = match kind_of(tree, root, list) {
            Ok(found) => found,
            Err(reason) => return other(reason),
        };
        let nested = |items: NodeId| tree.kind(tree.resolve(items)).is_sequence();
        if item.is_some() && tree.get(root, "items").is_some_and(nested) {
            return other(NotAnObject::NestedList);
        }
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let kind = GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind };
        let text = |keys: &[&str]| match read_text(tree, root, keys) {
            Field::Value(text) if !text.is_empty() => Some(text.into_owned()),
            Field::Unknown => super::field::get_raw(tree, root, keys),
            _ => None,
        };
        let name = text(&["metadata", "name"]).or_else(|| text(&["metadata", "generateName"]));
        let namespace = text(&["metadata", "namespace"]);
        let pods = Pod::find_all(tree, root, &kinds.pods_in(&kind));
        Content::Object(Self {
            tree: Arc::clone(tree),
            root,
            document,
            item,
            pod_security: kinds.has_pod_security(&kind),
            immutable: kinds.is_immutable(&kind),
            kind,
            api_version,
            name,
            namespace,
            pods,
        })
    }

    /// Values of a chart as if they were an object, so that findings and patches can speak of them; no
    /// rule is run on it. `root` is a mapping.
    #[must_use]
    pub fn of_values(tree: &Arc<SpanTree>, root: NodeId, document: usize) -> Self {
        Self::of_kind(tree, root, document, ("", "Values"))
    }

    /// A mapping of a kind (`apiVersion`, `kind`) that it does not say itself, as an object without pods and without
    /// a name.
    #[must_use]
    pub fn of_kind(
        tree: &Arc<SpanTree>,
        root: NodeId,
        document: usize,
        (api_version, kind): (&str, &str),
    ) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind =
            GroupVersionKind { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() };
        Self {
            tree: Arc::clone(tree),
            root,
            document,
            item: None,
            kind,
            api_version: api_version.to_owned(),
            name: None,
            namespace: None,
            pods: Vec::new(),
            pod_security: false,
            immutable: false,
        }
    }

    /// Whether it is values of a chart instead of an object: every object has an `apiVersion`.
    #[must_use]
    pub fn is_values(&self) -> bool {
        self.api_version.is_empty()
    }

    /// The tree it stands in.
    #[must_use]
    pub fn tree(&self) -> &Arc<SpanTree> {
        &self.tree
    }

    /// The object's mapping.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// 0-based place among the tree's documents (empty ones count).
    #[must_use]
    pub fn document(&self) -> usize {
        self.document
    }

    /// 0-based place in the list it is an item of.
    #[must_use]
    pub fn item(&self) -> Option<usize> {
        self.item
    }

    /// Path from the document's top node to the object: `items[N]`, or nothing.
    #[must_use]
    pub fn path_in_document(&self) -> FieldPath {
        self.item.map_or_else(FieldPath::root, |item| FieldPath::root().key("items").index(item))
    }

    /// Group, version and kind.
    #[must_use]
    pub fn kind(&self) -> &GroupVersionKind {
        &self.kind
    }

    /// `apiVersion` as written.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// `metadata.name`, or `metadata.generateName`; where it is filled in later, its text.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `metadata.namespace`.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The pods (or pod templates) it holds.
    #[must_use]
    pub fn pods(&self) -> &[Pod] {
        &self.pods
    }

    /// Whether Pod Security admission reads its kind.
    #[must_use]
    pub fn has_pod_security(&self) -> bool {
        self.pod_security
    }

    /// Whether its pod template can not be changed once it exists (a Job that is no Helm hook, a
    /// bare Pod).
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        let annotations = super::field::get(&self.tree, self.root, &["metadata", "annotations"]);
        let hook = annotations.value().and_then(|map| self.tree.get(map, "helm.sh/hook"));
        self.immutable && hook.is_none()
    }
}

/// `apiVersion` and `kind`. Items of a typed list (`PodList`) without both take them from the list.
fn kind_of(
    tree: &SpanTree,
    root: NodeId,
    list: Option<&(String, String)>,
) -> Result<(String, String), NotAnObject> {
    let read = |key| match tree.get(root, key).map(|node| tree.scalar(node)) {
        Some(Some(Scalar::Unknown)) => Err(NotAnObject::UnknownKind),
        Some(Some(Scalar::String(text))) if !text.is_empty() => Ok(Some(text.into_owned())),
        _ => Ok(None),
    };
    match (read("apiVersion")?, read("kind")?) {
        (Some(version), Some(kind)) => Ok((version, kind)),
        (None, None) => {
            let item = |(version, kind): &(String, String)| {
                let item = kind.strip_suffix("List").filter(|item| !item.is_empty())?;
                Some((version.clone(), item.to_owned()))
            };
            list.and_then(item).ok_or(NotAnObject::NoKind)
        }
        _ => Err(NotAnObject::NoKind),
    }
}
