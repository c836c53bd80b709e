//! [`Frame`]: one subject with everything around it that a test may ask for.

use crate::resource::{
    Container, ContainerList, Document, EffectiveUser, Field, ImageFact, ImageReference, Images,
    KubernetesVersion, Pod, get, read_bool, read_text, run_as_non_root,
};
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::native;
use super::schema::Fact;
use super::scope::{Root, Scope};
use super::slots::{Slot, Slots, Trie};
use super::target::Target;

/// The paths of all rules, by where they start.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    tries: [Trie; Root::COUNT],
}

impl Paths {
    /// The slot of a path.
    pub fn slot(&mut self, root: Root, path: &FieldPath) -> Slot {
        self.tries.get_mut(root.index()).map_or(Slot::SUBJECT, |trie| trie.slot(path))
    }

    /// The paths that start at a place.
    pub fn trie(&self, root: Root) -> &Trie {
        // There is a trie for each start.
        self.tries.get(root.index()).unwrap_or(&self.tries[0])
    }
}

/// What stands at a path's start.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its fields.
    pub slots: Slots,
    /// Its path in the object.
    pub path: FieldPath,
    /// Its node.
    pub node: NodeId,
}

impl Place {
    /// Looks up all fields below a node.
    pub fn new(paths: &Paths, root: Root, tree: &SpanTree, node: NodeId, path: FieldPath) -> Self {
        Self { slots: paths.trie(root).fill(tree, node), path, node }
    }
}

/// One subject of a scope with what is around it.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// What the subject is.
    pub scope: Scope,
    /// The object.
    pub document: &'a Document,
    /// The object as a path's start.
    pub object: &'a Place,
    /// The pod.
    pub pod: Option<&'a Pod>,
    /// The pod spec as a path's start.
    pub pod_place: Option<&'a Place>,
    /// The pod's metadata as a path's start.
    pub metadata: Option<&'a Place>,
    /// The container; of a security context, the one it belongs to.
    pub container: Option<&'a Container>,
    /// The container as a path's start.
    pub container_place: Option<&'a Place>,
    /// The subject.
    pub subject: &'a Place,
    /// What is known of images.
    pub images: &'a Images,
    /// What the rules are run against: nodes, and the objects that are judged together.
    pub target: &'a Target<'a>,
    /// The cluster's version.
    pub version: KubernetesVersion,
}

impl<'a> Frame<'a> {
    /// The tree of the object.
    pub fn tree(&self) -> &'a SpanTree {
        self.document.tree()
    }

    /// What stands at a path's start.
    pub fn place(&self, root: Root) -> Option<&'a Place> {
        match root {
            Root::Object => Some(self.object),
            Root::Pod => self.pod_place,
            Root::PodMetadata => self.metadata,
            Root::Container => self.container_place,
            other if self.scope.root() == other => Some(self.subject),
            _ => None,
        }
    }

    /// What stands in a slot.
    pub fn field(&self, root: Root, slot: Slot) -> Field<NodeId> {
        self.place(root).map_or(Field::Absent, |place| place.slots.get(slot))
    }

    /// The image a container runs, where its reference can be read.
    pub fn image_of(&self, container: &Container) -> Option<String> {
        read_text(self.tree(), container.node, &["image"]).value().map(|text| text.into_owned())
    }

    /// What is known of the image a container runs.
    pub fn fact_of(&self, container: &Container) -> Option<ImageFact<'a>> {
        let text = self.image_of(container)?;
        self.images.find(&ImageReference::parse(&text)?)
    }

    /// Whether the container, else one of the pod's, runs one of these images.
    pub fn runs_one_of(&self, images: &Images) -> bool {
        let known = |container: &Container| {
            let text = self.image_of(container);
            let image = text.as_deref().and_then(ImageReference::parse);
            image.is_some_and(|image| images.find(&image).is_some())
        };
        match self.container {
            Some(container) => known(container),
            None => self.pod.is_some_and(|pod| pod.containers.iter().any(known)),
        }
    }

    /// Whether the pod has containers that the run is not about.
    pub fn shares_pod(&self) -> bool {
        let Some((only, pod)) = self.target.only.zip(self.pod) else { return false };
        let foreign =
            |container: &Container| !Frame { container: Some(container), ..*self }.runs_one_of(only);
        pod.containers.iter().any(foreign)
    }

    /// Who a container runs as.
    pub fn user_of(&self, container: &Container) -> EffectiveUser {
        let fact = self.fact_of(container);
        self.pod.map_or(EffectiveUser::Unknown, |pod| {
            EffectiveUser::of(self.tree(), pod, container, fact.as_ref())
        })
    }

    /// Whether a fact is known to be so for the subject's container.
    pub fn knows(&self, fact: Fact) -> bool {
        let Some(pod) = self.pod else { return false };
        match fact {
            Fact::NonRoot => self.container.is_some_and(|container| {
                self.user_of(container).is_non_root()
                    || run_as_non_root(self.tree(), pod, container) == Field::Value(true)
            }),
            Fact::GainsNothing => {
                let known = self.container.and_then(|container| self.fact_of(container));
                known.is_some_and(|known| known.gains_nothing())
            }
            Fact::StartsAsRoot => self.container.is_some_and(|container| {
                let known = self.fact_of(container);
                known.is_some_and(|known| known.row.root_at_start) && !self.user_of(container).is_non_root()
            }),
            Fact::Ephemeral => {
                self.container.is_some_and(|container| container.list == ContainerList::Ephemeral)
            }
            Fact::HostAccess => has_host_access(self.tree(), pod),
            Fact::WritesToNode => match self.container {
                Some(container) => writes_to_node(self.tree(), pod, container),
                None => pod.containers.iter().any(|container| writes_to_node(self.tree(), pod, container)),
            },
            Fact::OtherSeccompAnnotation => native::annotates_other_seccomp(self),
            Fact::BindsByFile => {
                self.container.is_some_and(|container| native::binds_by_file(self, container))
            }
            Fact::RightsByFile => {
                self.container.is_some_and(|container| native::has_other_file_rights(self, container))
            }
            Fact::HandsOver => self.container.is_some_and(|container| native::hands_over(self, container)),
            Fact::UsesCapabilities => {
                self.container.is_some_and(|container| native::uses_capabilities(self, container))
            }
            Fact::UsesCapability => self.container.is_some_and(|container| {
                let name = Field::text_of(self.tree(), self.subject.node);
                matches!(name, Field::Value(name) if native::uses_capability(self, container, &name))
            }),
            Fact::WorksPrivileged => {
                self.container.is_some_and(|container| native::works_privileged(self, container))
            }
            Fact::CallsApi => native::calls_api(self),
        }
    }
}

/// Whether a pod uses a namespace of the node, or mounts one of its paths.
fn has_host_access(tree: &SpanTree, pod: &Pod) -> bool {
    let on = |key| read_bool(tree, pod.spec, &[key]) == Field::Value(true);
    let volumes = get(tree, pod.spec, &["volumes"]).value();
    let items = volumes.map_or(&[][..], |volumes| tree.items(volumes));
    ["hostNetwork", "hostPID", "hostIPC"].into_iter().any(on)
        || items.iter().any(|&item| !get(tree, item, &["hostPath"]).is_absent())
}

/// Whether a container mounts a path of the node, and not for reading only.
fn writes_to_node(tree: &SpanTree, pod: &Pod, container: &Container) -> bool {
    let items = |node, key| match get(tree, node, &[key]) {
        Field::Value(list) => tree.items(list),
        _ => &[],
    };
    let name = |item, key| read_text(tree, item, &[key]).value();
    let node_paths: Vec<_> = items(pod.spec, "volumes")
        .iter()
        .filter(|&&volume| !get(tree, volume, &["hostPath"]).is_absent())
        .filter_map(|&volume| name(volume, "name"))
        .collect();
    let writes = |&mount: &NodeId| {
        read_bool(tree, mount, &["readOnly"]) != Field::Value(true)
            && name(mount, "name").is_some_and(|volume| node_paths.contains(&volume))
    };
    !node_paths.is_empty() && items(container.node, "volumeMounts").iter().any(writes)
}
