//! A pod that holds a fragment and nothing else, so that the rules on manifests judge it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::engine::Engine;
use crate::finding::RuleHit;
use crate::resource::Document;
use crate::rule::Scope;
use crate::source::Source;
use crate::yaml::{self, FieldPath, Segment};

use super::fragment::{Fragment, What, letters};

/// What the container is called where the values have no word for it.
const NAMELESS: &str = "of the chart";
/// What its image is called, which nobody knows: no name of an image, so that no fact is about it.
const IMAGE: &str = "the chart's image";

/// A verdict on a fragment.
pub struct Seen {
    /// The verdict; field and patches are those of the pod.
    pub hit: RuleHit,
    /// Path of the fragment in that object.
    pub base: FieldPath,
}

/// What rules find in what a fragment sets. What it leaves out, and what is in it by another name, is for
/// the chart to say. Among `all` fragments of its values may be
/// some by which its pod has a part of the node.
pub fn judge(engine: &Engine, fragment: &Fragment, all: &[Fragment]) -> Vec<Seen> {
    let (object, base) = stand_in(fragment, all);
    let source = Arc::new(Source::new("values", object.to_string()));
    let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
    let Some(document) = Document::objects(&tree, &engine.kinds).into_iter().next() else {
        return Vec::new();
    };
    let together = [&document];
    let hits = engine.catalogue.evaluate(&document, 0, &engine.rules, &engine.target(&together, false));
    let scopes = scopes(&fragment.what);
    let counts = |hit: &RuleHit| {
        let rule = engine.catalogue.rule(&hit.rule);
        let right = rule.is_some_and(|rule| scopes.contains(&rule.scope) && !rule.misses_item());
        // A volume that is no more than a name of the chart's own is none of Kubernetes.
        let is_volume = fragment.what != What::Volume || tree.kind(tree.resolve(hit.node)).is_mapping();
        right && is_volume && !hit.absent && base.contains(&hit.field)
    };
    hits.into_iter().filter(counts).map(|hit| Seen { hit, base: base.clone() }).collect()
}

/// The scopes whose subjects lie in a fragment.
fn scopes(what: &What) -> &'static [Scope] {
    match what {
        What::PodContext => &[Scope::SecurityContext, Scope::Sysctl],
        What::ContainerContext => {
            &[Scope::Container, Scope::SecurityContext, Scope::AddedCapability, Scope::DroppedCapability]
        }
        What::PodField(_) => &[Scope::Pod],
        What::Volume => &[Scope::Volume],
    }
}

/// An object with the fragment where Kubernetes has it, and its path. The kind is one whose pods can be
/// changed.
fn stand_in(fragment: &Fragment, all: &[Fragment]) -> (Value, FieldPath) {
    let name = fragment.owner.as_deref().unwrap_or(NAMELESS);
    let spec = ["spec", "template", "spec"].map(|key| Segment::Key(key.into()));
    let spec = FieldPath::new(spec.to_vec());
    let value = &fragment.value;
    let container = json!({ "name": name, "image": IMAGE });
    let (mut pod, base) = match fragment.what {
        What::PodContext => {
            (json!({ "securityContext": value, "containers": [container] }), spec.key("securityContext"))
        }
        What::ContainerContext => (
            json!({ "containers": [{ "name": name, "image": IMAGE, "securityContext": value }] }),
            spec.key("containers").index(0).key("securityContext"),
        ),
        What::PodField(field) => (json!({ field: value, "containers": [container] }), spec.key(field)),
        What::Volume => {
            (json!({ "volumes": [value], "containers": [container] }), spec.key("volumes").index(0))
        }
    };
    if fragment.what == What::ContainerContext
        && let Some(pod) = pod.as_object_mut()
    {
        let mut volumes = Vec::new();
        for other in all.iter().filter(|other| is_of_pod(other, fragment)) {
            match other.what {
                What::PodField(field) if other.value == Value::Bool(true) => {
                    pod.insert(field.to_owned(), Value::Bool(true));
                }
                What::Volume if other.value.get("hostPath").is_some() => volumes.push(other.value.clone()),
                _ => {}
            }
        }
        if !volumes.is_empty() {
            pod.insert("volumes".to_owned(), Value::Array(volumes));
        }
    }
    let object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": "values" },
        "spec": { "template": { "spec": pod } },
    });
    (object, base)
}

/// Whether a fragment likely is of the same pod as a container's: it stands in a mapping around that, or in one for pods
/// beside it (`podOptions`).
fn is_of_pod(other: &Fragment, container: &Fragment) -> bool {
    let mut path = other.path.segments();
    // The item of a list of volumes.
    if let Some((Segment::Index(_), list)) = path.split_last() {
        path = list;
    }
    let Some((_, map)) = path.split_last() else { return false };
    let around = |map: &[Segment]| container.path.segments().starts_with(map);
    let for_pods = |key: &Segment| match key {
        Segment::Key(key) => ["pod", "defaultpod"].iter().any(|start| letters(key).starts_with(start)),
        Segment::Index(_) => false,
    };
    around(map) || map.split_last().is_some_and(|(last, above)| for_pods(last) && around(above))
}
