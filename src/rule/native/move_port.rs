//! Moves a container's port above 1024 together with everything of the target that names it by number.

use serde_json::{Value, json};

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Document, Field, Pod, get, read_bool, read_int, read_text};
use crate::rule::frame::Frame;
use crate::rule::scope::HANDLERS;
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::listen::{Listen, moved_text};
use super::{NativeFix, Repair};

/// What is added to a port to make it unprivileged: 80 becomes 8080, 443 becomes 8443.
const OFFSET: i64 = 8000;

/// Probes that name a port beside [`HANDLERS`], which are those that may name a host.
const GRPC_PROBES: [&[&str]; 3] =
    [&["livenessProbe", "grpc"], &["readinessProbe", "grpc"], &["startupProbe", "grpc"]];

/// A change of several objects in the making.
struct Move<'f, 'a> {
    frame: &'f Frame<'a>,
    document: usize,
    old: i64,
    new: i64,
    protocol: String,
    /// Whether a Service of the target leads to the pod.
    served: bool,
    ops: Vec<PatchOp>,
}

/// The change, or the thing that makes it impossible.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else {
        return Err("there is no container".to_owned());
    };
    let tree = frame.tree();
    if let Field::Value(true) | Field::Unknown = read_bool(tree, pod.spec, &["hostNetwork"]) {
        return Err("the port is the node's own: whoever calls the node would have to follow".to_owned());
    }
    let Field::Value(old) = read_int(tree, frame.subject.node, &["containerPort"]) else {
        return Err("the port is filled in later".to_owned());
    };
    let fact = frame.fact_of(container);
    let listens: Vec<i64> =
        fact.iter().flat_map(|fact| &fact.row.ports).map(|&port| i64::from(port)).collect();
    let known = listens.iter().copied().find(|&port| port >= 1024).filter(|_| !listens.contains(&old));
    let new = known.unwrap_or_else(|| free_port(tree, pod, old));
    let protocol = protocol_of(tree, frame.subject.node);
    let mut plan = Move { frame, document, old, new, protocol, served: false, ops: Vec::new() };
    plan.set(document, frame.subject.path.key("containerPort"), json!(new));
    let told = plan.variables(container.node, &container.path)?;
    if !told && listens.contains(&old) {
        let image = frame.image_of(container).unwrap_or_default();
        let other = fact.and_then(|fact| fact.row.alternative.as_ref());
        let other = other.map(|it| format!("; {} listens on {}", it.image, it.port)).unwrap_or_default();
        return Err(format!("{image} listens on port {old} whatever the manifest says{other}"));
    }
    plan.handlers(container.node, &container.path)?;
    plan.annotation(pod);
    plan.others(pod)?;
    // Where nothing tells the program, only a person knows whether it follows.
    let follows = told || known.is_some();
    let level = if follows && plan.served { Applicability::Unsafe } else { Applicability::Suggestion };
    let held_back = if follows && !plan.served {
        "no Service in this file or chart leads to the pod: one that is elsewhere would have to follow"
    } else if follows {
        "callers that are not among the checked objects, and settings within the image, may still use the old port"
    } else {
        "nothing in the manifest tells the program which port to listen on: only a person knows whether it does"
    };
    Ok(NativeFix {
        title: Some(format!("Move port {old} to {new}, with all that names it")),
        level: Some(level),
        ops: plan.ops,
        held_back: Some(held_back.to_owned()),
        release: None,
    })
}

/// The first port from `old` + 8000 that no container of the pod uses.
fn free_port(tree: &SpanTree, pod: &Pod, old: i64) -> i64 {
    let mut used = Vec::new();
    for container in &pod.containers {
        let Field::Value(ports) = get(tree, container.node, &["ports"]) else { continue };
        used.extend(
            tree.items(ports).iter().filter_map(|&port| read_int(tree, port, &["containerPort"]).value()),
        );
    }
    (old + OFFSET..).find(|port| !used.contains(port)).unwrap_or(old + OFFSET)
}

fn protocol_of(tree: &SpanTree, port: NodeId) -> String {
    read_text(tree, port, &["protocol"]).value().map_or_else(|| "TCP".to_owned(), |text| text.into_owned())
}

/// `key: value` pairs; an error where one is filled in later.
fn pairs(tree: &SpanTree, map: NodeId) -> Result<Vec<(String, String)>, String> {
    let pair = |entry: crate::yaml::Entry<'_>| match Field::text_of(tree, entry.value_node) {
        Field::Value(value) => Ok((entry.key.into_owned(), value.into_owned())),
        _ => Err("a label or selector is filled in later".to_owned()),
    };
    tree.entries(tree.resolve(map)).into_iter().map(pair).collect()
}

/// The labels of a pod.
fn labels_of(tree: &SpanTree, pod: &Pod) -> Result<Vec<(String, String)>, String> {
    match pod.metadata.map(|metadata| get(tree, metadata, &["labels"])) {
        Some(Field::Value(labels)) => pairs(tree, labels),
        Some(Field::Unknown) => Err("the labels of a pod are filled in later".to_owned()),
        _ => Ok(Vec::new()),
    }
}

/// A port of a NetworkPolicy's rule.
struct PolicyPort {
    rule: NodeId,
    path: FieldPath,
    port: i64,
    is_range: bool,
}

/// Whether a label selector takes in pods with these labels; `None` where that cannot be told. An
/// absent one takes in all.
fn selects(
    tree: &SpanTree,
    selector: Field<NodeId>,
    labels: &[(String, String)],
) -> Result<Option<bool>, String> {
    let Field::Value(selector) = selector else { return Ok(Some(selector.is_absent())) };
    if !get(tree, selector, &["matchExpressions"]).is_absent() {
        return Ok(None);
    }
    let Field::Value(wanted) = get(tree, selector, &["matchLabels"]) else { return Ok(Some(true)) };
    Ok(Some(pairs(tree, wanted)?.iter().all(|pair| labels.contains(pair))))
}

impl Move<'_, '_> {
    fn set(&mut self, document: usize, path: FieldPath, value: Value) {
        self.ops.push(PatchOp::Set { document, path, value });
    }

    /// Variables that tell the program where to listen; whether there is one.
    fn variables(&mut self, container: NodeId, path: &FieldPath) -> Result<bool, String> {
        let tree = self.frame.tree();
        let Field::Value(list) = get(tree, container, &["env"]) else { return Ok(false) };
        let mut told = false;
        for (index, &item) in tree.items(list).iter().enumerate() {
            let Field::Value(name) = read_text(tree, item, &["name"]) else { continue };
            let Some(listen) = Listen::of(&name) else { continue };
            match read_text(tree, item, &["value"]) {
                Field::Value(text) => {
                    if let Some(text) = moved_text(listen, &text, self.old, self.new) {
                        self.set(self.document, path.key("env").index(index).key("value"), json!(text));
                        told = true;
                    }
                }
                Field::Absent => {}
                _ => return Err(format!("the value of {name} is filled in later")),
            }
        }
        Ok(told)
    }

    /// Probes and hooks that name the port by number.
    fn handlers(&mut self, container: NodeId, path: &FieldPath) -> Result<(), String> {
        let tree = self.frame.tree();
        for handler in HANDLERS.into_iter().chain(GRPC_PROBES) {
            let keys: Vec<&str> = handler.iter().copied().chain(["port"]).collect();
            let Field::Value(port) = get(tree, container, &keys) else { continue };
            match Field::int_of(tree, port) {
                Field::Value(number) if number == self.old => {
                    let path = keys.iter().fold(path.clone(), |path, key| path.key(*key));
                    self.set(self.document, path, json!(self.new));
                }
                Field::Unknown => {
                    let owner = handler.split_last().map(|(_, owner)| owner.join(".")).unwrap_or_default();
                    return Err(format!("the port of a {owner} is filled in later"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn annotation(&mut self, pod: &Pod) {
        let (Some(metadata), Some(path)) = (pod.metadata, &pod.metadata_path) else { return };
        let key = "prometheus.io/port";
        let text = read_text(self.frame.tree(), metadata, &["annotations", key]).value();
        if text.is_some_and(|text| text == self.old.to_string()) {
            self.set(self.document, path.key("annotations").key(key), json!(self.new.to_string()));
        }
    }

    /// Services, policies and monitors of the target.
    fn others(&mut self, pod: &Pod) -> Result<(), String> {
        let labels = labels_of(self.frame.tree(), pod)?;
        let own = self.frame.document;
        for (index, other) in self.frame.documents.iter().enumerate() {
            // Without a namespace both may end up in one.
            let apart = other.namespace().zip(own.namespace()).is_some_and(|(a, b)| a != b);
            if index == self.document || apart {
                continue;
            }
            match &*other.kind().kind {
                "Service" => self.service(index, other, &labels)?,
                "NetworkPolicy" => self.network_policy(index, other, &labels)?,
                "PodMonitor" | "ServiceMonitor" => self.monitor(other)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn name(other: &Document) -> String {
        format!("{}/{}", other.kind().kind, other.name().unwrap_or("?"))
    }

    fn service(&mut self, index: usize, other: &Document, labels: &[(String, String)]) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        let Field::Value(selector) = get(tree, root, &["spec", "selector"]) else { return Ok(()) };
        let selector = pairs(tree, selector)
            .map_err(|_| format!("the selector of {} is filled in later", Self::name(other)))?;
        if selector.is_empty() || !selector.iter().all(|pair| labels.contains(pair)) {
            return Ok(());
        }
        self.served = true;
        let Field::Value(ports) = get(tree, root, &["spec", "ports"]) else { return Ok(()) };
        let headless = read_text(tree, root, &["spec", "clusterIP"]).value().is_some_and(|ip| ip == "None");
        for (at, &port) in tree.items(ports).iter().enumerate() {
            if protocol_of(tree, port) != self.protocol {
                continue;
            }
            let target = match get(tree, port, &["targetPort"]) {
                Field::Value(target) => Field::int_of(tree, target),
                Field::Absent => read_int(tree, port, &["port"]),
                _ => Field::Unknown,
            };
            match target {
                Field::Value(number) if number == self.old && headless => {
                    return Err(format!(
                        "{} has no address of its own: its callers use the pod's port",
                        Self::name(other)
                    ));
                }
                Field::Value(number) if number == self.old => {
                    if let Some(sharer) = self.sharer(&selector)? {
                        return Err(format!("{} leads to {sharer} too", Self::name(other)));
                    }
                    let path = FieldPath::root().key("spec").key("ports").index(at).key("targetPort");
                    self.set(index, path, json!(self.new));
                }
                Field::Unknown => return Err(format!("a port of {} is filled in later", Self::name(other))),
                _ => {}
            }
        }
        Ok(())
    }

    /// Another object whose pods a selector takes in.
    fn sharer(&self, selector: &[(String, String)]) -> Result<Option<String>, String> {
        for (index, other) in self.frame.documents.iter().enumerate() {
            for pod in other.pods().iter().filter(|_| index != self.document) {
                let labels = labels_of(other.tree(), pod)?;
                if selector.iter().all(|pair| labels.contains(pair)) {
                    return Ok(Some(Self::name(other)));
                }
            }
        }
        Ok(None)
    }

    fn network_policy(
        &mut self,
        index: usize,
        other: &Document,
        labels: &[(String, String)],
    ) -> Result<(), String> {
        self.ingress(index, other, labels)?;
        self.egress(other, labels)
    }

    /// Who may call the pods: the policy's ports are theirs.
    fn ingress(&mut self, index: usize, other: &Document, labels: &[(String, String)]) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        for found in self.policy_ports(other, "ingress") {
            match selects(tree, get(tree, root, &["spec", "podSelector"]), labels)? {
                Some(false) => {}
                None => return Err(format!("whom {} is about cannot be told", Self::name(other))),
                Some(true) if found.is_range => {
                    return Err(format!("{} allows a range of ports", Self::name(other)));
                }
                Some(true) => self.set(index, found.path, json!(self.new)),
            }
        }
        Ok(())
    }

    /// Whom the policy's own pods may call: the rule may be about others than these pods too.
    fn egress(&self, other: &Document, labels: &[(String, String)]) -> Result<(), String> {
        let tree = other.tree();
        for found in self.policy_ports(other, "egress") {
            let Field::Value(peers) = get(tree, found.rule, &["to"]) else { continue };
            for &peer in tree.items(peers) {
                let selector = get(tree, peer, &["podSelector"]);
                if !selector.is_absent() && selects(tree, selector, labels)? != Some(false) {
                    let (name, port) = (Self::name(other), found.port);
                    return Err(format!("{name} allows calls to port {port} of these pods"));
                }
            }
        }
        Ok(())
    }

    /// The ports of a NetworkPolicy's rules that are, or take in, the old one.
    fn policy_ports(&self, policy: &Document, direction: &str) -> Vec<PolicyPort> {
        let (tree, root) = (policy.tree(), policy.root());
        let mut found = Vec::new();
        let Field::Value(rules) = get(tree, root, &["spec", direction]) else { return found };
        for (number, &rule) in tree.items(rules).iter().enumerate() {
            let Field::Value(ports) = get(tree, rule, &["ports"]) else { continue };
            for (at, &item) in tree.items(ports).iter().enumerate() {
                let Field::Value(port) = read_int(tree, item, &["port"]) else { continue };
                let end = read_int(tree, item, &["endPort"]).value();
                let covers = (port..=end.unwrap_or(port)).contains(&self.old) || port == self.old;
                if covers && protocol_of(tree, item) == self.protocol {
                    let path = FieldPath::root().key("spec").key(direction).index(number);
                    let path = path.key("ports").index(at).key("port");
                    found.push(PolicyPort { rule, path, port, is_range: end.is_some() });
                }
            }
        }
        found
    }

    /// Monitors that name a port by number cannot be told apart by what they select.
    fn monitor(&self, other: &Document) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        for list in ["endpoints", "podMetricsEndpoints"] {
            let Field::Value(list) = get(tree, root, &["spec", list]) else { continue };
            let named = |&item: &NodeId| read_int(tree, item, &["targetPort"]).value() == Some(self.old);
            if tree.items(list).iter().any(named) {
                return Err(format!("{} asks port {} by its number", Self::name(other), self.old));
            }
        }
        Ok(())
    }
}
