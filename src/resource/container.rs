//! [`Container`]: a container of a pod.

use std::sync::Arc;

use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::field::{Field, get, read_text};

/// Which list of the pod spec a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContainerList {
    /// `initContainers`
    Init,
    /// `containers`
    Main,
    /// `ephemeralContainers`
    Ephemeral,
}

impl ContainerList {
    /// All three, in the order in which Pod Security visits them.
    pub const ALL: [Self; 3] = [Self::Init, Self::Main, Self::Ephemeral];

    /// The key in the pod spec.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::Main => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

/// One container: its mapping and where it stands.
#[derive(Clone, Debug)]
pub struct Container {
    /// The container's mapping.
    pub node: NodeId,
    /// Which list it is in.
    pub list: ContainerList,
    /// 0-based place in the list.
    pub index: usize,
    /// Its name; where it is filled in later, the text.
    pub name: Option<Arc<str>>,
    /// Path in the object.
    pub path: FieldPath,
}

impl Container {
    /// The containers of a pod spec: init, main, ephemeral.
    #[must_use]
    pub fn find_all(tree: &SpanTree, spec: NodeId, path: &FieldPath) -> Vec<Self> {
        let mut found = Vec::new();
        for list in ContainerList::ALL {
            let Field::Value(sequence) = get(tree, spec, &[list.key()]) else { continue };
            let base = path.key(list.key());
            for (index, &item) in tree.items(sequence).iter().enumerate() {
                let node = tree.resolve(item);
                if !tree.kind(node).is_mapping() {
                    continue;
                }
                let name = match read_text(tree, node, &["name"]) {
                    Field::Value(name) => Some(Arc::from(&*name)),
                    Field::Unknown => super::field::get_raw(tree, node, &["name"]).map(Arc::from),
                    _ => None,
                };
                found.push(Self { node, list, index, name, path: base.index(index) });
            }
        }
        found
    }

    /// A word for messages: the name, or the place where there is none.
    #[must_use]
    pub fn label(&self) -> Arc<str> {
        self.name.clone().unwrap_or_else(|| format!("{}[{}]", self.list.key(), self.index).into())
    }
}
