//! What else in a target names a pod's port by number: Services, policies, monitors, configuration.

use serde_json::json;

use crate::resource::{Document, Field, get, read_bool, read_int, read_text};
use crate::rule::labels::{self, Labels, Selector};
use crate::rule::neighbour::config_maps;
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::listen::{annotations, moved_list, names_port};
use super::move_port::{Move, protocol_of};

/// Kinds that name ports of pods in ways of their own, by group (with what lies below it) and kind;
/// an empty kind stands for all of the group. They are looked at, never edited.
const OTHERS: [(&str, &str); 9] = [
    ("cilium.io", ""),
    ("cloud.google.com", "BackendConfig"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("networking.gke.io", "HealthCheckPolicy"),
    ("networking.istio.io", "Sidecar"),
    ("policy.linkerd.io", "Server"),
    ("projectcalico.org", ""),
    ("security.istio.io", "AuthorizationPolicy"),
    ("security.istio.io", "PeerAuthentication"),
];

/// What a kind is to a pod's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Service,
    Policy,
    Monitor,
    /// May name the port, and can not be changed.
    Other,
}

fn caller(group: &str, kind: &str) -> Option<Caller> {
    let of_group =
        |known: &str| group == known || group.strip_suffix(known).is_some_and(|it| it.ends_with('.'));
    Some(match (group, kind) {
        ("", "Service") => Caller::Service,
        ("", "Endpoints") => Caller::Other,
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => Caller::Policy,
        ("monitoring.coreos.com", "PodMonitor" | "ServiceMonitor") => Caller::Monitor,
        _ if OTHERS.iter().any(|(known, name)| of_group(known) && (name.is_empty() || *name == kind)) => {
            Caller::Other
        }
        _ => return None,
    })
}

/// Whether objects of a kind may name ports of pods.
pub fn names_ports(group: &str, kind: &str) -> bool {
    caller(group, kind).is_some()
}

fn name(other: &Document) -> String {
    format!("{}/{}", other.kind().kind, other.name().unwrap_or("?"))
}

fn later(other: &Document, what: &str) -> String {
    format!("{what} of {} is filled in later", name(other))
}

/// Whether a scalar below a node is this number, as a number or as a text.
fn has_number(tree: &SpanTree, node: NodeId, number: i64) -> bool {
    let text = number.to_string();
    let mut open = vec![tree.resolve(node)];
    while let Some(node) = open.pop() {
        if tree.kind(node).is_scalar() && tree.text(node).trim_matches(['"', '\'']) == text {
            return true;
        }
        open.extend(tree.children(node));
    }
    false
}

impl Move<'_, '_> {
    /// Everything of the target that has to follow, or would not.
    pub(super) fn others(&mut self) -> Result<(), String> {
        let own = self.frame.document;
        let documents = self.frame.target.documents();
        let mut services = Vec::new();
        for (index, other) in documents.iter().enumerate() {
            if index == self.document || !labels::together(own, other) {
                continue;
            }
            let caller = caller(&other.kind().group, &other.kind().kind);
            if caller == Some(Caller::Service) && self.service(index, other)? {
                services.push(*other);
            }
            match caller {
                Some(Caller::Policy) => self.network_policy(index, other)?,
                Some(Caller::Other) if has_number(other.tree(), other.root(), self.old) => {
                    return Err(format!("{} names port {} in its own way", name(other), self.old));
                }
                _ => {}
            }
        }
        for (index, other) in documents.iter().enumerate() {
            if caller(&other.kind().group, &other.kind().kind) == Some(Caller::Monitor) {
                self.monitor(index, other, &services)?;
            }
        }
        self.configuration()
    }

    /// A Service; whether it leads to the pod.
    fn service(&mut self, index: usize, other: &Document) -> Result<bool, String> {
        let (tree, root) = (other.tree(), other.root());
        let selector = Selector::of_map(tree, get(tree, root, &["spec", "selector"]));
        let Some(selector) = selector.map_err(|_| later(other, "the selector"))? else { return Ok(false) };
        if !selector.matches(&self.labels) {
            return Ok(false);
        }
        self.served = true;
        let headless = read_text(tree, root, &["spec", "clusterIP"]).value().is_some_and(|ip| ip == "None");
        let no_address =
            || Err(format!("{} has no address of its own: its callers use the pod's port", name(other)));
        let ports = match get(tree, root, &["spec", "ports"]) {
            Field::Value(ports) => ports,
            Field::Absent if headless => return no_address(),
            Field::Absent => return Ok(true),
            Field::Unknown | Field::Wrong => return Err(later(other, "a port")),
        };
        let mut follows = Vec::new();
        for (at, &port) in tree.items(ports).iter().enumerate() {
            if !self.protocols.contains(&protocol_of(tree, port)) {
                continue;
            }
            let target = match get(tree, port, &["targetPort"]) {
                Field::Value(target) => {
                    let by_name = Field::text_of(tree, target).value();
                    if headless && by_name.is_some_and(|text| self.names.iter().any(|name| **name == *text)) {
                        return no_address();
                    }
                    Field::int_of(tree, target)
                }
                Field::Absent => read_int(tree, port, &["port"]),
                _ => Field::Unknown,
            };
            match target {
                Field::Value(number) if number == self.old && headless => return no_address(),
                Field::Value(number) if number == self.old => follows.push(at),
                Field::Unknown => return Err(later(other, "a port")),
                _ => {}
            }
        }
        if !follows.is_empty()
            && let Some((sharer, _)) = self.sharers(other, &selector)?.into_iter().next()
        {
            return Err(format!("{} leads to {sharer} too", name(other)));
        }
        for at in follows {
            let path = FieldPath::root().key("spec").key("ports").index(at).key("targetPort");
            self.set(index, path, json!(self.new));
        }
        for key in &annotations().service {
            let text = read_text(tree, root, &["metadata", "annotations", key]).value();
            if let Some(moved) = text.and_then(|text| moved_list(&text, self.old, self.new)) {
                let path = FieldPath::root().key("metadata").key("annotations").key(key.as_str());
                self.set(index, path, json!(moved));
            }
        }
        Ok(true)
    }

    /// Other objects whose pods a selector of `by` takes in, and whether those may use the port.
    fn sharers(&self, by: &Document, selector: &Selector) -> Result<Vec<(String, bool)>, String> {
        let mut found = Vec::new();
        for (index, other) in self.frame.target.documents().iter().enumerate() {
            if index == self.document || !labels::together(by, other) {
                continue;
            }
            for pod in other.pods() {
                let tree = other.tree();
                let labels = labels::of_pod(tree, pod).map_err(|_| later(other, "a label"))?;
                if !selector.matches(&labels) {
                    continue;
                }
                let lists: Vec<Field<NodeId>> =
                    pod.containers.iter().map(|container| get(tree, container.node, &["ports"])).collect();
                let silent = lists.iter().all(Field::is_absent);
                let uses = lists.into_iter().filter_map(Field::value).any(|ports| {
                    tree.items(ports).iter().any(|&port| {
                        matches!(read_int(tree, port, &["containerPort"]), Field::Unknown)
                            || read_int(tree, port, &["containerPort"]) == Field::Value(self.old)
                    })
                });
                // A variant of the object in another file has its name.
                let own = name(self.frame.document);
                let which = Some(name(other)).filter(|it| *it != own).unwrap_or(format!("another {own}"));
                found.push((which, silent || uses));
            }
        }
        Ok(found)
    }

    fn network_policy(&mut self, index: usize, other: &Document) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        let mut paths = Vec::new();
        for (number, ports) in self.rules(other, "ingress")? {
            for (at, port, end) in self.about(other, ports)? {
                let chosen = Selector::of_labels(tree, get(tree, root, &["spec", "podSelector"]))
                    .map_err(|_| later(other, "the selector"))?;
                let covers = end.map_or(port == self.old, |end| (port..=end).contains(&self.old));
                if !covers || !chosen.matches(&self.labels) {
                    continue;
                }
                if end.is_some() {
                    return Err(format!("{} allows a range of ports", name(other)));
                }
                let sharers = self.sharers(other, &chosen)?;
                if let Some((sharer, _)) = sharers.into_iter().find(|(_, uses)| *uses) {
                    return Err(format!("{} allows port {} of {sharer} too", name(other), self.old));
                }
                paths.push((number, at));
            }
        }
        self.egress(other)?;
        for (number, at) in paths {
            let path = FieldPath::root().key("spec").key("ingress").index(number);
            self.set(index, path.key("ports").index(at).key("port"), json!(self.new));
        }
        Ok(())
    }

    /// Rules about callers: what they may call is the pod's own port, behind the Service.
    fn egress(&mut self, other: &Document) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        let Field::Value(rules) = get(tree, root, &["spec", "egress"]) else { return Ok(()) };
        for (number, ports) in self.rules(other, "egress")? {
            for (_, port, end) in self.about(other, ports)? {
                let covers = end.map_or(port == self.old, |end| {
                    (port..=end).contains(&self.old) && !(port..=end).contains(&self.new)
                });
                let Some(&rule) = tree.items(rules).get(number).filter(|_| covers) else { continue };
                let Field::Value(peers) = get(tree, rule, &["to"]) else {
                    let text = format!(
                        "{} lets its pods call port {port} of anyone: if they call this one, they no longer can",
                        name(other)
                    );
                    self.caution.get_or_insert(text);
                    continue;
                };
                for &peer in tree.items(peers) {
                    if !get(tree, peer, &["ipBlock"]).is_absent() {
                        continue;
                    }
                    let selector = Selector::of_labels(tree, get(tree, peer, &["podSelector"]))
                        .map_err(|_| later(other, "a selector"))?;
                    if !selector.matches(&self.labels) {
                        continue;
                    }
                    if get(tree, peer, &["namespaceSelector"]).is_absent() {
                        return Err(format!("{} allows calls to port {port} of these pods", name(other)));
                    }
                    // Labels of namespaces are not among the manifests.
                    let text = format!(
                        "{} allows calls to port {port} in namespaces that may be this one",
                        name(other)
                    );
                    self.caution.get_or_insert(text);
                }
            }
        }
        Ok(())
    }

    /// The rules of a policy that name ports: their numbers and the lists.
    fn rules(&self, other: &Document, direction: &str) -> Result<Vec<(usize, NodeId)>, String> {
        let (tree, root) = (other.tree(), other.root());
        let list = match get(tree, root, &["spec", direction]) {
            Field::Value(list) => list,
            Field::Absent => return Ok(Vec::new()),
            _ => return Err(later(other, "a rule")),
        };
        let mut found = Vec::new();
        for (number, &rule) in tree.items(list).iter().enumerate() {
            match get(tree, rule, &["ports"]) {
                Field::Value(ports) => found.push((number, ports)),
                Field::Absent => {}
                _ => return Err(later(other, "a port")),
            }
        }
        Ok(found)
    }

    /// The numeric ports of a list, with the ends of ranges.
    fn about(&self, other: &Document, ports: NodeId) -> Result<Vec<(usize, i64, Option<i64>)>, String> {
        let tree = other.tree();
        let mut found = Vec::new();
        for (at, &port) in tree.items(ports).iter().enumerate() {
            if !self.protocols.contains(&protocol_of(tree, port)) {
                continue;
            }
            match read_int(tree, port, &["port"]) {
                Field::Value(number) => found.push((at, number, read_int(tree, port, &["endPort"]).value())),
                Field::Unknown => return Err(later(other, "a port")),
                Field::Absent | Field::Wrong => {}
            }
        }
        Ok(found)
    }

    /// A monitor asks pods directly: by their own labels, or by those of the Services in front.
    fn monitor(&mut self, index: usize, other: &Document, services: &[&Document]) -> Result<(), String> {
        let (tree, root) = (other.tree(), other.root());
        if !self.looks_here(other) {
            return Ok(());
        }
        let of_pods = other.kind().kind == "PodMonitor";
        let list = if of_pods { "podMetricsEndpoints" } else { "endpoints" };
        let Field::Value(endpoints) = get(tree, root, &["spec", list]) else { return Ok(()) };
        let mut paths = Vec::new();
        for (at, &endpoint) in tree.items(endpoints).iter().enumerate() {
            for key in ["targetPort", "portNumber"] {
                match get(tree, endpoint, &[key]) {
                    Field::Value(port) if Field::int_of(tree, port) == Field::Value(self.old) => {
                        paths.push(FieldPath::root().key("spec").key(list).index(at).key(key));
                    }
                    Field::Unknown => return Err(later(other, "a port")),
                    _ => {}
                }
            }
        }
        if paths.is_empty() {
            return Ok(());
        }
        let selector = Selector::of_labels(tree, get(tree, root, &["spec", "selector"]))
            .map_err(|_| later(other, "the selector"))?;
        let chosen = if of_pods {
            selector.matches(&self.labels)
        } else {
            let of = |service: &&Document| labels::of_object(service).map_err(|_| later(service, "a label"));
            let labels: Vec<Labels> = services.iter().map(of).collect::<Result<_, _>>()?;
            labels.iter().any(|labels| selector.matches(labels))
        };
        if !chosen {
            return Ok(());
        }
        if let Some(sharer) = self.monitored(other, &selector, of_pods, services)? {
            return Err(format!("{} asks port {} of {sharer} too", name(other), self.old));
        }
        for path in paths {
            self.set(index, path, json!(self.new));
        }
        Ok(())
    }

    /// Whether a monitor looks into the pod's namespace.
    fn looks_here(&self, other: &Document) -> bool {
        let (tree, root) = (other.tree(), other.root());
        let spaces = ["spec", "namespaceSelector"];
        if get(tree, root, &spaces).is_absent() {
            return labels::together(self.frame.document, other);
        }
        if read_bool(tree, root, &["spec", "namespaceSelector", "any"]) == Field::Value(true) {
            return true;
        }
        let names = get(tree, root, &["spec", "namespaceSelector", "matchNames"]).value();
        let own = self.frame.document.namespace();
        own.is_none_or(|own| {
            names.is_some_and(|names| {
                let text = |&name: &NodeId| Field::text_of(tree, name).value();
                tree.items(names).iter().filter_map(text).any(|name| name == own)
            })
        })
    }

    /// Something else that a monitor asks at the same port.
    fn monitored(
        &self,
        other: &Document,
        selector: &Selector,
        of_pods: bool,
        services: &[&Document],
    ) -> Result<Option<String>, String> {
        if of_pods {
            let sharers = self.sharers(other, selector)?;
            return Ok(sharers.into_iter().find(|(_, uses)| *uses).map(|(sharer, _)| sharer));
        }
        for document in self.frame.target.documents() {
            let service = caller(&document.kind().group, &document.kind().kind) == Some(Caller::Service);
            if !service || services.iter().any(|known| std::ptr::eq(*known, *document)) {
                continue;
            }
            let labels = labels::of_object(document).map_err(|_| later(document, "a label"))?;
            if selector.matches(&labels) {
                return Ok(Some(name(document)));
            }
        }
        Ok(None)
    }

    /// ConfigMaps that the pod reads may say where the program listens.
    fn configuration(&self) -> Result<(), String> {
        let Some(pod) = self.frame.pod else { return Ok(()) };
        let Some(names) = config_maps(self.frame.tree(), pod.spec) else { return Ok(()) };
        for other in self.frame.target.documents() {
            let read = other.kind().group.is_empty()
                && other.kind().kind == "ConfigMap"
                && other.name().is_some_and(|name| names.iter().any(|known| known == name));
            if !read || !labels::together(self.frame.document, other) {
                continue;
            }
            let tree = other.tree();
            let Field::Value(data) = get(tree, other.root(), &["data"]) else { continue };
            for entry in tree.entries(tree.resolve(data)) {
                let Field::Value(text) = Field::text_of(tree, entry.value_node) else { continue };
                if names_port(&format!("{}: {text}", entry.key), self.old) {
                    return Err(format!(
                        "{} says in {} that something uses port {}",
                        name(other),
                        entry.key,
                        self.old
                    ));
                }
            }
        }
        Ok(())
    }
}
