//! [`Said`]: what an object says of ports of pods, all that a fix that moves one asks of other objects. It
//! holds no node, so that it is kept when the tree of its file is dropped.

use crate::resource::{Document, Field, Pod, get, read_bool, read_int, read_text};
use crate::yaml::{NodeId, SpanTree};

use super::labels::{self, Labels, Selector, Unreadable};
use super::native::listen::{annotations, ports_named};

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
    PodMonitor,
    ServiceMonitor,
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
        ("monitoring.coreos.com", "PodMonitor") => Caller::PodMonitor,
        ("monitoring.coreos.com", "ServiceMonitor") => Caller::ServiceMonitor,
        _ if OTHERS.iter().any(|(known, name)| of_group(known) && (name.is_empty() || *name == kind)) => {
            Caller::Other
        }
        _ => return None,
    })
}

/// Whether objects of a kind may name ports of pods.
pub(super) fn names_ports(group: &str, kind: &str) -> bool {
    caller(group, kind).is_some()
}

/// What an object says of ports of pods.
#[derive(Clone, Debug)]
pub struct Said {
    kind: String,
    name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) of: Of,
    /// What the pods that it holds say of themselves.
    pub(super) pods: Vec<PodSaid>,
}

/// What it says as the kind of object that it is.
#[derive(Clone, Debug)]
pub(super) enum Of {
    Nothing,
    Service(Box<ServiceSaid>),
    Policy(Box<PolicySaid>),
    Monitor(Box<MonitorSaid>),
    /// A kind of [`OTHERS`]: all whole numbers in it.
    Numbers(Vec<i64>),
    /// A ConfigMap: the ports that each of its entries speaks of.
    Settings(Vec<(String, Vec<u16>)>),
}

/// A pod.
#[derive(Clone, Debug)]
pub(super) struct PodSaid {
    pub labels: Result<Labels, Unreadable>,
    /// The ports of all its containers; `None` where none declares any.
    pub ports: Option<Vec<Field<i64>>>,
}

/// A Service.
#[derive(Clone, Debug)]
pub(super) struct ServiceSaid {
    pub selector: Result<Option<Selector>, Unreadable>,
    /// Its own labels.
    pub labels: Result<Labels, Unreadable>,
    pub headless: bool,
    pub ports: Field<Vec<ServicePort>>,
    /// Annotations that name ports of the pods, with their values.
    pub annotations: Vec<(&'static str, String)>,
}

/// Where a port of a Service leads.
#[derive(Clone, Debug)]
pub(super) struct ServicePort {
    pub protocol: String,
    /// `targetPort` as a text.
    pub target: Option<String>,
    /// The number it leads to.
    pub number: Field<i64>,
}

/// A NetworkPolicy. An error is what of it can not be read.
#[derive(Clone, Debug)]
pub(super) struct PolicySaid {
    pub chosen: Result<Selector, Unreadable>,
    pub ingress: Result<Vec<PolicyRule>, &'static str>,
    pub egress: Result<Vec<PolicyRule>, &'static str>,
}

/// A rule of a policy that names ports.
#[derive(Clone, Debug)]
pub(super) struct PolicyRule {
    /// Its place in the list.
    pub number: usize,
    pub ports: Vec<PolicyPort>,
    /// Whom it lets its pods call, but for addresses; `None`: anyone.
    pub peers: Option<Vec<Peer>>,
}

/// A port of a policy, with the end of the range that begins there.
#[derive(Clone, Debug)]
pub(super) struct PolicyPort {
    pub protocol: String,
    pub number: Field<i64>,
    pub end: Option<i64>,
}

/// Pods that a policy speaks of.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub selector: Result<Selector, Unreadable>,
    /// Whether it chooses namespaces too.
    pub elsewhere: bool,
}

/// A PodMonitor or ServiceMonitor.
#[derive(Clone, Debug)]
pub(super) struct MonitorSaid {
    pub of_pods: bool,
    pub spaces: Spaces,
    pub selector: Result<Selector, Unreadable>,
    /// What stands for a port by number: the place of the endpoint, the key, the value.
    pub ports: Vec<(usize, &'static str, Field<i64>)>,
}

/// The namespaces that a monitor looks into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spaces {
    Own,
    Any,
    Named(Vec<String>),
}

/// The protocol of a port; TCP where none is written.
pub(super) fn protocol_of(tree: &SpanTree, port: NodeId) -> String {
    read_text(tree, port, &["protocol"]).value().map_or_else(|| "TCP".to_owned(), |text| text.into_owned())
}

/// Whether two namespaces may be one: that of an object that names none is not known.
pub(super) fn together(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

impl Said {
    /// What an object says.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let kind = document.kind();
        let (tree, root) = (document.tree(), document.root());
        let of = match caller(&kind.group, &kind.kind) {
            Some(Caller::Service) => Of::Service(Box::new(service(document))),
            Some(Caller::Policy) => Of::Policy(Box::new(policy(tree, root))),
            Some(Caller::PodMonitor) => Of::Monitor(Box::new(monitor(tree, root, true))),
            Some(Caller::ServiceMonitor) => Of::Monitor(Box::new(monitor(tree, root, false))),
            Some(Caller::Other) => Of::Numbers(numbers(tree, root)),
            None if kind.group.is_empty() && kind.kind == "ConfigMap" => Of::Settings(settings(tree, root)),
            None => Of::Nothing,
        };
        Self {
            kind: kind.kind.clone(),
            name: document.name().map(str::to_owned),
            namespace: document.namespace().map(str::to_owned),
            of,
            pods: document.pods().iter().map(|pod| PodSaid::of(tree, pod)).collect(),
        }
    }

    /// Kind and name.
    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name.as_deref().unwrap_or("?"))
    }

    /// Whether it is called so.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

impl PodSaid {
    fn of(tree: &SpanTree, pod: &Pod) -> Self {
        let lists: Vec<Field<NodeId>> =
            pod.containers.iter().map(|container| get(tree, container.node, &["ports"])).collect();
        let silent = lists.iter().all(Field::is_absent);
        let of_list = |list: NodeId| tree.items(list).iter();
        let ports = lists.into_iter().filter_map(Field::value).flat_map(of_list);
        let ports = ports.map(|&port| read_int(tree, port, &["containerPort"])).collect();
        Self { labels: labels::of_pod(tree, pod), ports: (!silent).then_some(ports) }
    }

    /// Whether it may use a port: nobody has to declare those that it uses.
    pub fn may_use(&self, port: i64) -> bool {
        let is_it = |used: &Field<i64>| used.is_unknown() || *used == Field::Value(port);
        self.ports.as_ref().is_none_or(|ports| ports.iter().any(is_it))
    }
}

fn service(document: &Document) -> ServiceSaid {
    let (tree, root) = (document.tree(), document.root());
    let port = |&port: &NodeId| {
        let target = get(tree, port, &["targetPort"]);
        ServicePort {
            protocol: protocol_of(tree, port),
            target: match target {
                Field::Value(target) => Field::text_of(tree, target).value().map(|text| text.into_owned()),
                _ => None,
            },
            number: match target {
                Field::Value(target) => Field::int_of(tree, target),
                Field::Absent => read_int(tree, port, &["port"]),
                _ => Field::Unknown,
            },
        }
    };
    let annotation = |key: &'static String| {
        let text = read_text(tree, root, &["metadata", "annotations", key]).value()?;
        Some((key.as_str(), text.into_owned()))
    };
    ServiceSaid {
        selector: Selector::of_map(tree, get(tree, root, &["spec", "selector"])),
        labels: labels::of_object(document),
        headless: read_text(tree, root, &["spec", "clusterIP"]).value().is_some_and(|ip| ip == "None"),
        ports: match get(tree, root, &["spec", "ports"]) {
            Field::Value(ports) => Field::Value(tree.items(ports).iter().map(port).collect()),
            Field::Absent => Field::Absent,
            Field::Unknown | Field::Wrong => Field::Unknown,
        },
        annotations: annotations().service.iter().filter_map(annotation).collect(),
    }
}

fn policy(tree: &SpanTree, root: NodeId) -> PolicySaid {
    // What is filled in later of a rule about callers is not this pod's.
    let egress = match get(tree, root, &["spec", "egress"]) {
        Field::Value(_) => policy_rules(tree, root, "egress"),
        _ => Ok(Vec::new()),
    };
    PolicySaid {
        chosen: Selector::of_labels(tree, get(tree, root, &["spec", "podSelector"])),
        ingress: policy_rules(tree, root, "ingress"),
        egress,
    }
}

/// The rules of a policy that name ports.
fn policy_rules(tree: &SpanTree, root: NodeId, direction: &str) -> Result<Vec<PolicyRule>, &'static str> {
    let list = match get(tree, root, &["spec", direction]) {
        Field::Value(list) => list,
        Field::Absent => return Ok(Vec::new()),
        Field::Unknown | Field::Wrong => return Err("a rule"),
    };
    let port = |&port: &NodeId| PolicyPort {
        protocol: protocol_of(tree, port),
        number: read_int(tree, port, &["port"]),
        end: read_int(tree, port, &["endPort"]).value(),
    };
    let peer = |&peer: &NodeId| {
        let pods = get(tree, peer, &["ipBlock"]).is_absent();
        pods.then(|| Peer {
            selector: Selector::of_labels(tree, get(tree, peer, &["podSelector"])),
            elsewhere: !get(tree, peer, &["namespaceSelector"]).is_absent(),
        })
    };
    let mut found = Vec::new();
    for (number, &rule) in tree.items(list).iter().enumerate() {
        let ports = match get(tree, rule, &["ports"]) {
            Field::Value(ports) => tree.items(ports).iter().map(port).collect(),
            Field::Absent => continue,
            Field::Unknown | Field::Wrong => return Err("a port"),
        };
        let peers = get(tree, rule, &["to"]).value();
        let peers = peers.map(|peers| tree.items(peers).iter().filter_map(peer).collect());
        found.push(PolicyRule { number, ports, peers });
    }
    Ok(found)
}

fn monitor(tree: &SpanTree, root: NodeId, of_pods: bool) -> MonitorSaid {
    let list = if of_pods { "podMetricsEndpoints" } else { "endpoints" };
    let endpoints = get(tree, root, &["spec", list]).value();
    let mut ports = Vec::new();
    for (at, &endpoint) in endpoints.map_or(&[][..], |list| tree.items(list)).iter().enumerate() {
        for key in ["targetPort", "portNumber"] {
            match get(tree, endpoint, &[key]) {
                // A name is no number, whatever it is.
                Field::Value(port) => {
                    ports.extend(Field::int_of(tree, port).value().map(|it| (at, key, Field::Value(it))));
                }
                Field::Unknown => ports.push((at, key, Field::Unknown)),
                Field::Absent | Field::Wrong => {}
            }
        }
    }
    let spaces = || {
        if get(tree, root, &["spec", "namespaceSelector"]).is_absent() {
            return Spaces::Own;
        }
        if read_bool(tree, root, &["spec", "namespaceSelector", "any"]) == Field::Value(true) {
            return Spaces::Any;
        }
        let names = get(tree, root, &["spec", "namespaceSelector", "matchNames"]).value();
        let text = |&name: &NodeId| Field::text_of(tree, name).value().map(|text| text.into_owned());
        Spaces::Named(names.map_or(&[][..], |names| tree.items(names)).iter().filter_map(text).collect())
    };
    let selector = Selector::of_labels(tree, get(tree, root, &["spec", "selector"]));
    MonitorSaid { of_pods, spaces: spaces(), selector, ports }
}

/// The whole numbers below a node, written as numbers or as texts.
fn numbers(tree: &SpanTree, root: NodeId) -> Vec<i64> {
    let mut found = Vec::new();
    let mut open = vec![tree.resolve(root)];
    while let Some(node) = open.pop() {
        if tree.kind(node).is_scalar() {
            let text = tree.text(node).trim_matches(['"', '\'']);
            let number = text.parse().ok().filter(|number: &i64| number.to_string() == text);
            found.extend(number);
        }
        open.extend(tree.children(node));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The entries of a ConfigMap that speak of ports, with them.
fn settings(tree: &SpanTree, root: NodeId) -> Vec<(String, Vec<u16>)> {
    let Field::Value(data) = get(tree, root, &["data"]) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in tree.entries(tree.resolve(data)) {
        let Field::Value(text) = Field::text_of(tree, entry.value_node) else { continue };
        let ports = ports_named(&format!("{}: {text}", entry.key));
        if !ports.is_empty() {
            found.push((entry.key.into_owned(), ports));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::resource::Kinds;
    use crate::source::{Limits, Source};
    use crate::yaml;

    fn said(text: &str) -> Said {
        let tree = yaml::parse(&Arc::new(Source::new("", text)), &Limits::default()).tree;
        Said::of(&Document::objects(&Arc::new(tree), Kinds::shipped())[0])
    }

    #[test]
    fn a_pod_that_declares_no_port_may_use_any() {
        let pod = |ports: &str| {
            said(&format!(
                "apiVersion: v1\nkind: Pod\nspec: {{containers: [{{name: a{ports}}}, {{name: b}}]}}\n"
            ))
        };
        assert!(pod("").pods[0].may_use(80));
        assert!(pod(", ports: [{containerPort: 80}]").pods[0].may_use(80));
        assert!(pod(", ports: [{containerPort: '${PORT}'}]").pods[0].may_use(80));
        assert!(!pod(", ports: [{containerPort: 8080}]").pods[0].may_use(80));
    }

    #[test]
    fn a_service_port_leads_to_its_target_or_to_its_own_number() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  ports:\n  - {port: 80}\n  - {port: 81, targetPort: http}\n  - {port: 82, targetPort: 8082, protocol: UDP}\n  - {port: 83, targetPort: '${PORT}'}\n";
        let web = said(text);
        assert_eq!(web.title(), "Service/web");
        let Of::Service(service) = &web.of else { panic!("{web:?}") };
        assert_eq!(service.selector, Ok(None));
        let Field::Value(ports) = &service.ports else { panic!("{service:?}") };
        let numbers: Vec<&Field<i64>> = ports.iter().map(|port| &port.number).collect();
        assert_eq!(numbers, [&Field::Value(80), &Field::Wrong, &Field::Value(8082), &Field::Unknown]);
        assert_eq!(ports[1].target.as_deref(), Some("http"));
        assert_eq!([&*ports[0].protocol, &*ports[2].protocol], ["TCP", "UDP"]);
    }

    #[test]
    fn other_kinds_tell_their_numbers_and_configuration_the_ports_it_speaks_of() {
        let policy =
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nspec: {a: '80', b: [443, 443, 08, x80]}\n";
        let Of::Numbers(numbers) = said(policy).of else { panic!() };
        assert_eq!(numbers, [80, 443]);
        let map = "apiVersion: v1\nkind: ConfigMap\ndata: {a: 'listen 80;', b: 'weight 81', c-port: '82'}\n";
        let Of::Settings(entries) = said(map).of else { panic!() };
        assert_eq!(entries, [("a".to_owned(), vec![80]), ("c-port".to_owned(), vec![82])]);
    }
}
