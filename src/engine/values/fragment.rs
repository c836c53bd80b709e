//! [`Fragment`]: a value whose key has the same meaning in every chart.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::Engine;
use crate::resource::{Field, read_bool, read_text};
use crate::yaml::{FieldPath, NodeId, Scalar, Segment, SpanTree};

/// What a fragment is to Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The security context of a pod.
    PodContext,
    /// The security context of a container.
    ContainerContext,
    /// A field of a pod spec.
    PodField(&'static str),
    /// A volume.
    Volume,
}

/// A value whose meaning is known without its chart.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// What it is.
    pub what: What,
    /// Its path in the values.
    pub path: FieldPath,
    /// The value.
    pub value: Value,
    /// What the values call the component it belongs to.
    pub owner: Option<Arc<str>>,
}

/// Fields of a pod spec whose names mean nothing else.
const POD_FIELDS: [&str; 3] = ["hostIPC", "hostNetwork", "hostPID"];

/// Fields that only the security context of a container has, and only that of a pod
/// (Kubernetes API 1.37: SecurityContext, PodSecurityContext).
const OF_CONTAINERS: [&str; 5] =
    ["allowPrivilegeEscalation", "capabilities", "privileged", "procMount", "readOnlyRootFilesystem"];
const OF_PODS: [&str; 4] = ["fsGroup", "fsGroupChangePolicy", "supplementalGroups", "sysctls"];

/// Words in keys below which the same names are what a policy allows, not what a workload is. Lower case,
/// letters only.
const POLICIES: [&str; 5] =
    ["podsecuritypolic", "securitycontextconstraint", "admission", "kyverno", "gatekeeper"];
const POLICY_KEYS: [&str; 3] = ["psp", "scc", "policies"];

/// The fragments in a mapping of values.
pub fn fragments(engine: &Engine, tree: &SpanTree, values: NodeId) -> Vec<Fragment> {
    let mut walk = Walk { engine, tree, found: Vec::new() };
    walk.node(values, &FieldPath::root());
    walk.found
}

/// What a key without case and separators says.
pub fn letters(key: &str) -> String {
    key.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
}

/// What the security context below a key is, by its name and its fields; `None` for any other key.
pub fn context_of(key: &str, parent: Option<&str>, has: &dyn Fn(&str) -> bool) -> Option<What> {
    let name = letters(key);
    if !name.ends_with("securitycontext") {
        return None;
    }
    Some(if name.ends_with("podsecuritycontext") {
        What::PodContext
    } else if name.ends_with("containersecuritycontext") || OF_CONTAINERS.iter().any(|field| has(field)) {
        What::ContainerContext
    } else if OF_PODS.iter().any(|field| has(field))
        || parent
            .map(letters)
            .is_some_and(|parent| parent.starts_with("pod") || parent.starts_with("defaultpod"))
    {
        What::PodContext
    } else {
        What::ContainerContext
    })
}

/// The field of a pod spec that a key names.
pub fn pod_field(key: &str) -> Option<&'static str> {
    POD_FIELDS.into_iter().find(|field| *field == key)
}

/// Whether a key holds what a policy allows.
pub fn is_policy(key: &str) -> bool {
    let name = letters(key);
    POLICIES.iter().any(|word| name.contains(word)) || POLICY_KEYS.contains(&name.as_str())
}

struct Walk<'a> {
    engine: &'a Engine,
    tree: &'a SpanTree,
    found: Vec<Fragment>,
}

impl Walk<'_> {
    fn node(&mut self, node: NodeId, path: &FieldPath) {
        let kind = self.tree.kind(node);
        if kind.is_sequence() {
            for (index, &item) in self.tree.items(node).iter().enumerate() {
                self.node(item, &path.index(index));
            }
        } else if kind.is_mapping() && !self.is_idle(node) && self.may_hold_pods(node) {
            self.mapping(node, path);
        }
    }

    /// Whether the values say that this part of the chart is not used.
    fn is_idle(&self, map: NodeId) -> bool {
        let says = |key: &str, word: bool| read_bool(self.tree, map, &[key]) == Field::Value(word);
        says("enabled", false) || says("create", false) || says("disabled", true)
    }

    /// An object among the values (`extraObjects`) of a kind without pods uses the names in another sense.
    fn may_hold_pods(&self, map: NodeId) -> bool {
        let text = |key: &str| read_text(self.tree, map, &[key]).value();
        let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else { return true };
        self.engine.kinds.holds_pods(&version, &kind)
    }

    fn mapping(&mut self, map: NodeId, path: &FieldPath) {
        for (key, value) in self.tree.pairs(map) {
            let Some(name) = self.tree.key_text(key).filter(|_| !self.tree.is_merge_key(key)) else {
                continue;
            };
            // Of a key given twice the last one counts. An alias is judged where its anchor is.
            if self.tree.get(map, &name) != Some(value)
                || self.tree.resolve(value) != value
                || is_policy(&name)
            {
                continue;
            }
            let inner = path.key(&*name);
            let kind = self.tree.kind(value);
            if kind.is_mapping() {
                let has = |field: &str| self.tree.get(value, field).is_some();
                let parent = last_key(path);
                match context_of(&name, parent, &has).filter(|_| !self.is_idle(value)) {
                    Some(what) => self.take(what, value, inner, self.owner(map, path)),
                    None => self.node(value, &inner),
                }
            } else if kind.is_sequence() {
                if letters(&name).ends_with("volumes") {
                    for (index, &item) in self.tree.items(value).iter().enumerate() {
                        let named = read_text(self.tree, item, &["name"]).value().is_some();
                        if self.tree.kind(item).is_mapping() && named {
                            self.take(What::Volume, item, inner.index(index), self.owner(map, path));
                        }
                    }
                } else {
                    self.node(value, &inner);
                }
            } else if let Some(field) = pod_field(&name)
                && matches!(self.tree.scalar(value), Some(Scalar::Bool(_)))
            {
                self.take(What::PodField(field), value, inner, self.owner(map, path));
            }
        }
    }

    fn take(&mut self, what: What, node: NodeId, path: FieldPath, owner: Option<Arc<str>>) {
        // What is too large to be written out is no security context.
        if let Ok(value) = self.tree.to_json(node) {
            self.found.push(Fragment { what, path, value, owner });
        }
    }

    /// What the values call the component: the name of the item, or the key of the mapping.
    fn owner(&self, map: NodeId, path: &FieldPath) -> Option<Arc<str>> {
        let named = read_text(self.tree, map, &["name"]).value().filter(|name| !name.is_empty());
        match path.split_last() {
            Some((_, Segment::Index(_))) => named.map(Arc::from),
            Some((_, Segment::Key(key))) => Some(Arc::clone(key)),
            None => None,
        }
    }
}

fn last_key(path: &FieldPath) -> Option<&str> {
    match path.segments().last() {
        Some(Segment::Key(key)) => Some(key),
        _ => None,
    }
}
