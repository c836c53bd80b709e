//! [`Kinds`]: which kinds hold pods, and where.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use kube_core::GroupVersionKind;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::yaml::{FieldPath, PathError, Segment};

/// The shipped table.
const SHIPPED: &str = include_str!("../../kinds.toml");

/// One kind that holds pods, as written in `kinds.toml` and in a configuration.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KindRow {
    /// API group, without version; empty for the core group.
    #[serde(default)]
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Paths of pod templates in the object: mappings with `metadata` and `spec` (a pod itself is
    /// the path `.`). A key `*` stands for each key or item.
    #[serde(default)]
    pub templates: Vec<String>,
    /// Paths of pod specs without metadata of their own.
    #[serde(default)]
    pub pod_specs: Vec<String>,
    /// Whether Pod Security admission reads this kind.
    #[serde(default)]
    pub pod_security: bool,
    /// Whether the pod template can not be changed once the object exists.
    #[serde(default)]
    pub immutable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kinds: Vec<KindRow>,
}

/// Why a table of kinds is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindsError {
    /// It is no TOML, or has other keys.
    #[error("{0}")]
    Toml(String),
    /// A path is malformed.
    #[error("path `{path}` of kind {kind}: {error}")]
    Path {
        /// The kind.
        kind: String,
        /// The path as written.
        path: String,
        /// What is wrong.
        error: PathError,
    },
}

/// Where pods stand in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodIn {
    /// Keys from the object to the template or spec; `*` stands for each key or item.
    pub steps: Vec<Segment>,
    /// Whether it leads to a template (with `metadata` and `spec`) or to the spec itself.
    pub template: bool,
}

#[derive(Clone, Debug)]
struct Held {
    pods: Arc<[PodIn]>,
    pod_security: bool,
    immutable: bool,
}

/// The kinds that hold pods.
#[derive(Clone, Debug)]
pub struct Kinds {
    held: HashMap<String, Vec<(String, Held)>>,
}

impl Kinds {
    /// The kinds of Kubernetes itself and of widely used controllers.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
            let empty = Kinds { held: HashMap::new() };
            Kinds::read(SHIPPED).unwrap_or(empty)
        });
        &KINDS
    }

    /// Reads a table `[[kinds]]`.
    ///
    /// # Errors
    /// See [`KindsError`].
    pub fn read(text: &str) -> Result<Self, KindsError> {
        let table: Table = toml::from_str(text).map_err(|error| KindsError::Toml(error.to_string()))?;
        let mut kinds = Self { held: HashMap::new() };
        kinds.extend(&table.kinds)?;
        Ok(kinds)
    }

    /// Adds rows; a row replaces an earlier one of the same group and kind.
    ///
    /// # Errors
    /// A path of a row is malformed.
    pub fn extend(&mut self, rows: &[KindRow]) -> Result<(), KindsError> {
        for row in rows {
            let mut pods = Vec::new();
            for (paths, template) in [(&row.templates, true), (&row.pod_specs, false)] {
                for path in paths {
                    let text = if path == "." { "" } else { path.as_str() };
                    let steps = steps(text).map_err(|error| KindsError::Path {
                        kind: row.kind.clone(),
                        path: path.clone(),
                        error,
                    })?;
                    pods.push(PodIn { steps, template });
                }
            }
            let held = Held { pods: pods.into(), pod_security: row.pod_security, immutable: row.immutable };
            let groups = self.held.entry(row.kind.clone()).or_default();
            groups.retain(|(group, _)| *group != row.group);
            groups.push((row.group.clone(), held));
        }
        Ok(())
    }

    fn held(&self, kind: &GroupVersionKind) -> Option<&Held> {
        let groups = self.held.get(&kind.kind)?;
        groups.iter().find(|(group, _)| *group == kind.group).map(|(_, held)| held)
    }

    /// Where a kind holds pods; empty if it holds none.
    #[must_use]
    pub fn pods_in(&self, kind: &GroupVersionKind) -> Arc<[PodIn]> {
        self.held(kind).map_or_else(|| Arc::from([]), |held| Arc::clone(&held.pods))
    }

    /// Whether a kind, by its `apiVersion` and name as written, holds pods.
    #[must_use]
    pub fn holds_pods(&self, api_version: &str, kind: &str) -> bool {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.held.get(kind).is_some_and(|groups| groups.iter().any(|(known, _)| known == group))
    }

    /// Whether Pod Security admission reads the kind.
    #[must_use]
    pub fn has_pod_security(&self, kind: &GroupVersionKind) -> bool {
        self.held(kind).is_some_and(|held| held.pod_security)
    }

    /// Whether the pod template of the kind can not be changed once the object exists.
    #[must_use]
    pub fn is_immutable(&self, kind: &GroupVersionKind) -> bool {
        self.held(kind).is_some_and(|held| held.immutable)
    }
}

/// A path in which a key may be `*`.
fn steps(path: &str) -> Result<Vec<Segment>, PathError> {
    let path: FieldPath = path.parse()?;
    Ok(path.segments().to_vec())
}
