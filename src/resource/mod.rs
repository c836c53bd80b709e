//! Layer 4: Kubernetes objects as views on nodes.
//!
//! [`Document::read_all`] finds the objects of a tree, flattens lists as kubectl does, and finds the
//! pods each object holds by a table of kinds ([`Kinds`]). Nothing is copied out of the tree but
//! names: a [`Pod`] and a [`Container`] are nodes with their path, so that every reading keeps its
//! place in the source. [`Field`] is what a typed reading gives: a value, absent, unknown or wrong.

mod container;
mod document;
mod facts;
mod field;
mod field_order;
mod image;
mod image_config;
mod kind;
mod security_context;
mod started;
mod support;
mod version;
mod workload;

#[cfg(test)]
mod tests;

pub use container::{Container, ContainerList};
pub use document::{Content, Document, NotAnObject};
pub use facts::{
    Alternative, Confidence, FactsError, ImageFact, ImageRow, ImageUser, Images, ReadOnlyRoot, RunsAs,
};
pub use field::{Field, get, read_bool, read_int, read_text};
pub use field_order::written_before;
pub use image::{ImageReference, Tag};
pub use image_config::{ImageConfigError, ReadImage};
pub use kind::{KindRow, Kinds, KindsError, PodIn};
pub use kube_core::GroupVersionKind;
pub use security_context::{EffectiveUser, is_windows, run_as_non_root, run_as_user};
pub use started::{library_in, program_in};
pub use support::{DOTNET_IMAGES, Ended, ended_support};
pub use version::{KubernetesVersion, VersionError};
pub use workload::Pod;
