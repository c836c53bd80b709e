//! [`Target`]: what rules are run against, beside the object itself.

use std::fmt;

use crate::finding::Applicability;
use crate::resource::{Document, Images, KubernetesVersion};

use super::said::Said;

/// Objects that are looked for only once a rule asks for them.
pub trait Together {
    /// What each of them says.
    fn said(&self) -> &[&Said];
}

/// The objects that are judged together, by the index that [`Catalogue::evaluate`](super::Catalogue::evaluate) is
/// given.
#[derive(Clone, Copy)]
pub enum Documents<'a> {
    /// At hand.
    Known(&'a [&'a Document]),
    /// Looked for once they are asked for: few rules do.
    Asked(&'a dyn Together),
}

/// Whether with a repair of this level (of the rule with this id) further ones are not asked for.
pub type Enough<'a> = dyn Fn(&str, Applicability) -> bool + Sync + 'a;

/// What rules are run against.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The cluster's version.
    pub version: KubernetesVersion,
    /// What is known of images.
    pub images: &'a Images,
    /// The objects that are judged together.
    pub documents: Documents<'a>,
    /// Whether `documents` is all that is applied together, as far as the caller was shown it; a single
    /// file is not.
    pub whole: bool,
    /// Whether nodes let processes without capabilities listen below port 1024; `None` = unknown.
    pub unprivileged_ports: Option<bool>,
    /// Images that a run is limited to: of other containers nothing is said, and of a pod only where one of
    /// its containers runs one of these.
    pub only: Option<&'a Images>,
    /// Whether repairs are wanted at all.
    pub repairs: bool,
    /// Which repairs make further ones needless.
    pub enough: &'a Enough<'a>,
}

impl<'a> Target<'a> {
    /// Objects that stand for themselves: nothing is known of nodes or of what is around them, and all repairs
    /// are wanted.
    #[must_use]
    pub fn new(version: KubernetesVersion, images: &'a Images) -> Self {
        Self {
            version,
            images,
            documents: Documents::Known(&[]),
            whole: false,
            unprivileged_ports: None,
            only: None,
            repairs: true,
            enough: &|_, _| false,
        }
    }

    /// Tells what the objects that are judged together say, by their indexes.
    pub(super) fn ask_all<T>(&self, told: impl FnOnce(&[&Said]) -> T) -> T {
        match self.documents {
            Documents::Known(documents) => {
                let said: Vec<Said> = documents.iter().map(|document| Said::of(document)).collect();
                told(&said.iter().collect::<Vec<_>>())
            }
            Documents::Asked(documents) => told(documents.said()),
        }
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("version", &self.version)
            .field("whole", &self.whole)
            .finish_non_exhaustive()
    }
}
