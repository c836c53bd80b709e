//! Effective values of security settings: the container's, else the pod's.

use crate::yaml::SpanTree;

use super::container::Container;
use super::facts::{ImageFact, RunsAs};
use super::field::{Field, read_bool, read_int, read_text};
use super::workload::Pod;

/// Who a container runs as, as far as manifest and image facts say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectiveUser {
    /// The manifest sets this uid.
    Set(i64),
    /// The image's own user has this uid; a fact good enough to rely on.
    Image(i64),
    /// Nobody can say.
    Unknown,
}

impl EffectiveUser {
    /// Who the container runs as.
    #[must_use]
    pub fn of(tree: &SpanTree, pod: &Pod, container: &Container, image: Option<&ImageFact<'_>>) -> Self {
        match run_as_user(tree, pod, container) {
            Field::Value(uid) => Self::Set(uid),
            Field::Absent => match image.map(ImageFact::runs_as) {
                Some(RunsAs::Uid(uid)) => Self::Image(uid),
                _ => Self::Unknown,
            },
            Field::Unknown | Field::Wrong => Self::Unknown,
        }
    }

    /// Whether it is certain that the process is not root.
    #[must_use]
    pub fn is_non_root(self) -> bool {
        matches!(self, Self::Set(uid) | Self::Image(uid) if uid >= 1)
    }
}

/// Effective `runAsUser`.
#[must_use]
pub fn run_as_user(tree: &SpanTree, pod: &Pod, container: &Container) -> Field<i64> {
    let path = ["securityContext", "runAsUser"];
    read_int(tree, container.node, &path).or(|| read_int(tree, pod.spec, &path))
}

/// Effective `runAsNonRoot`.
#[must_use]
pub fn run_as_non_root(tree: &SpanTree, pod: &Pod, container: &Container) -> Field<bool> {
    let path = ["securityContext", "runAsNonRoot"];
    read_bool(tree, container.node, &path).or(|| read_bool(tree, pod.spec, &path))
}

/// Whether the pod says that it runs on Windows (`os.name`), where the API refuses the Linux fields.
#[must_use]
pub fn is_windows(tree: &SpanTree, pod: &Pod) -> bool {
    matches!(read_text(tree, pod.spec, &["os", "name"]), Field::Value(name) if name == "windows")
}
