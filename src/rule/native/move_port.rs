//! Moves a container's port above 1024 together with everything of the target that names it by number,
//! or says what would not follow.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Container, Field, ImageFact, Pod, get, read_bool, read_int, read_text};
use crate::rule::frame::Frame;
use crate::rule::labels::{self, Labels};
use crate::rule::said::protocol_of;
use crate::yaml::{FieldPath, SpanTree};

use super::listen::{Listen, annotations, moved_list, moved_text, names_port};
use super::missing_program::kubelet_commands;
use super::own_call::calls_within;
use super::{NativeFix, Repair};

/// What is added to a port to make it unprivileged: 80 becomes 8080, 443 becomes 8443.
const OFFSET: i64 = 8000;

/// A change of several objects in the making.
pub(super) struct Move<'f, 'a> {
    pub frame: &'f Frame<'a>,
    /// Index of the pod's object.
    pub document: usize,
    pub old: i64,
    pub new: i64,
    /// The protocols of the container's ports with this number.
    pub protocols: Vec<String>,
    /// Their names.
    pub names: Vec<String>,
    /// The pod's labels.
    pub labels: Labels,
    /// Whether a Service of the target leads to the pod.
    pub served: bool,
    /// What may not follow, though nothing says so.
    pub caution: Option<String>,
    pub ops: Vec<PatchOp>,
}

/// The variable that tells the program where to listen.
struct Told {
    variable: String,
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
    let host = match read_bool(tree, pod.spec, &["hostNetwork"]) {
        Field::Absent | Field::Value(false) => false,
        Field::Value(true) => true,
        Field::Unknown | Field::Wrong => {
            return Err("whether the pod uses the node's network is filled in later".to_owned());
        }
    };
    let Field::Value(old) = read_int(tree, frame.subject.node, &["containerPort"]) else {
        return Err("the port is filled in later".to_owned());
    };
    let used = used_ports(tree, pod)?;
    if let Some((other, ..)) = used.iter().find(|(other, port)| *port == old && *other != container.label()) {
        return Err(format!("container {other} names port {old} too"));
    }
    let fact = frame.fact_of(container);
    let listens: Vec<i64> =
        fact.iter().flat_map(|fact| &fact.row.ports).map(|&port| i64::from(port)).collect();
    let free = |port: &i64| used.iter().all(|(_, used)| used != port);
    let known = listens.iter().copied().find(|port| *port >= 1024 && free(port));
    let known = known.filter(|_| !listens.contains(&old));
    let first_free = || (old + OFFSET..).find(free).unwrap_or(old + OFFSET);
    let new = known.unwrap_or_else(first_free);
    let labels = labels::of_pod(tree, pod).map_err(|_| "the labels of the pod are filled in later")?;
    let mut plan = Move {
        frame,
        document,
        old,
        new,
        protocols: Vec::new(),
        names: Vec::new(),
        labels,
        served: false,
        caution: None,
        ops: Vec::new(),
    };
    plan.ports(container, host)?;
    let told = plan.variables(container, fact.as_ref())?;
    if told.is_none() && listens.contains(&old) {
        let image = frame.image_of(container).unwrap_or_default();
        let other = fact.and_then(|fact| fact.row.alternative.as_ref());
        let other = other.map(|it| format!("; {} listens on {}", it.image, it.port)).unwrap_or_default();
        return Err(format!("{image} listens on port {old} whatever the manifest says{other}"));
    }
    plan.texts(pod, container)?;
    if plan.protocols.iter().any(|protocol| protocol == "TCP") {
        for container in &pod.containers {
            plan.handlers(container)?;
        }
    }
    plan.annotations(pod);
    plan.others()?;
    let (level, held_back, release) = plan.level(container, told.as_ref(), known.is_some(), host);
    Ok(NativeFix {
        title: Some(format!("Move port {old} to {new}, with all that names it")),
        level: Some(level),
        ops: plan.ops,
        held_back: Some(held_back),
        release,
    })
}

/// The ports that the pod's containers declare, with the containers.
fn used_ports(tree: &SpanTree, pod: &Pod) -> Result<Vec<(Arc<str>, i64)>, String> {
    let mut used = Vec::new();
    for container in &pod.containers {
        let ports = match get(tree, container.node, &["ports"]) {
            Field::Value(ports) => ports,
            Field::Absent => continue,
            _ => return Err(format!("the ports of container {} are filled in later", container.label())),
        };
        for &port in tree.items(ports) {
            match read_int(tree, port, &["containerPort"]) {
                Field::Value(number) => used.push((container.label(), number)),
                Field::Unknown => {
                    return Err(format!("a port of container {} is filled in later", container.label()));
                }
                _ => {}
            }
        }
    }
    Ok(used)
}

impl Move<'_, '_> {
    pub(super) fn set(&mut self, document: usize, path: FieldPath, value: Value) {
        self.ops.push(PatchOp::Set { document, path, value });
    }

    /// The container's ports with this number: TCP and UDP ports of one number are one program's.
    fn ports(&mut self, container: &Container, host: bool) -> Result<(), String> {
        let tree = self.frame.tree();
        let Field::Value(ports) = get(tree, container.node, &["ports"]) else {
            return Err("the ports are filled in later".to_owned());
        };
        for (index, &port) in tree.items(ports).iter().enumerate() {
            if read_int(tree, port, &["containerPort"]) != Field::Value(self.old) {
                continue;
            }
            let path = container.path.key("ports").index(index);
            self.set(self.document, path.key("containerPort"), json!(self.new));
            // In the node's network both must be equal; else the node's port leads to the new one.
            if host && read_int(tree, port, &["hostPort"]) == Field::Value(self.old) {
                self.set(self.document, path.key("hostPort"), json!(self.new));
            }
            self.protocols.push(protocol_of(tree, port));
            self.names.extend(read_text(tree, port, &["name"]).value().map(|name| name.into_owned()));
        }
        Ok(())
    }

    /// Variables that tell the program where to listen: those that are set, or one of the image, which is added:
    /// the one that moves its port, or one that it sets itself to the old port.
    fn variables(
        &mut self,
        container: &Container,
        fact: Option<&ImageFact<'_>>,
    ) -> Result<Option<Told>, String> {
        let tree = self.frame.tree();
        let own = fact.and_then(|fact| fact.row.port_env.as_deref());
        let listen_of = |name: &str| Listen::of(name).or((own == Some(name)).then_some(Listen::Port));
        let list = get(tree, container.node, &["env"]).value();
        let mut told = None;
        let mut own_is_set = false;
        let mut set = Vec::new();
        for (index, &item) in list.map_or(&[][..], |list| tree.items(list)).iter().enumerate() {
            let Field::Value(name) = read_text(tree, item, &["name"]) else { continue };
            let Some(listen) = listen_of(&name) else { continue };
            own_is_set |= own == Some(&*name);
            set.push(name.to_string());
            match read_text(tree, item, &["value"]) {
                Field::Value(text) => {
                    if let Some(text) = moved_text(listen, &text, self.old, self.new) {
                        let path = container.path.key("env").index(index).key("value");
                        self.set(self.document, path, json!(text));
                        // The image's own variable is the one that a fact vouches for.
                        if told.is_none() || own == Some(&*name) {
                            told = Some(Told { variable: name.into_owned() });
                        }
                    }
                }
                Field::Absent if get(tree, item, &["valueFrom"]).is_absent() => {}
                _ => return Err(format!("the value of {name} comes from elsewhere")),
            }
        }
        let first = fact.and_then(|fact| fact.row.ports.first()).map(|&port| i64::from(port));
        if let Some(name) = own.filter(|_| told.is_none() && !own_is_set && first == Some(self.old))
            && matches!(listen_of(name), Some(Listen::Port | Listen::Ports))
        {
            let value = json!({ "name": name, "value": self.new.to_string() });
            let (document, path) = (self.document, container.path.key("env"));
            self.ops.push(PatchOp::Append { document, path, value });
            told = Some(Told { variable: name.to_owned() });
        }
        let in_image = |(name, value): (&String, &String)| {
            let text = moved_text(Listen::of(name)?, value, self.old, self.new)?;
            (!set.contains(name)).then(|| (name.clone(), text))
        };
        let in_image = fact.and_then(|fact| fact.row.env.iter().find_map(in_image));
        if let Some((variable, text)) = in_image.filter(|_| told.is_none()) {
            let value = json!({ "name": variable, "value": text });
            let (document, path) = (self.document, container.path.key("env"));
            self.ops.push(PatchOp::Append { document, path, value });
            told = Some(Told { variable });
        }
        Ok(told)
    }

    /// Texts that may say the port in their own words, which nobody can edit without knowing them:
    /// arguments, and other containers' calls within the pod.
    fn texts(&self, pod: &Pod, container: &Container) -> Result<(), String> {
        let tree = self.frame.tree();
        // `--port 80` is two words.
        let line = |list| {
            let words = tree.items(list).iter().filter_map(|&item| Field::text_of(tree, item).value());
            words.collect::<Vec<_>>().join(" ")
        };
        for other in &pod.containers {
            let own = other.node == container.node;
            for key in ["command", "args"] {
                let Field::Value(list) = get(tree, other.node, &[key]) else { continue };
                let line = line(list);
                if if own { names_port(&line, self.old) } else { calls_within(&line, self.old) } {
                    return Err(format!("the {key} of container {} name port {}", other.label(), self.old));
                }
            }
            if kubelet_commands(tree, other).any(|list| calls_within(&line(list), self.old)) {
                let (label, port) = (other.label(), self.old);
                return Err(format!("a command of a probe or hook of container {label} calls port {port}"));
            }
            let Field::Value(list) = get(tree, other.node, &["env"]) else { continue };
            for &item in tree.items(list) {
                let Field::Value(text) = read_text(tree, item, &["value"]) else { continue };
                let name = read_text(tree, item, &["name"]).value().unwrap_or_default();
                if Listen::of(&name).is_none() && calls_within(&text, self.old) {
                    return Err(format!("{name} of container {} calls port {}", other.label(), self.old));
                }
            }
        }
        Ok(())
    }

    /// Probes and hooks that name the port by number: all containers of a pod share its ports.
    fn handlers(&mut self, container: &Container) -> Result<(), String> {
        const PROBES: [&[&str]; 5] = [
            &["livenessProbe"],
            &["readinessProbe"],
            &["startupProbe"],
            &["lifecycle", "postStart"],
            &["lifecycle", "preStop"],
        ];
        let tree = self.frame.tree();
        for probe in PROBES {
            for action in ["httpGet", "tcpSocket", "grpc"] {
                let keys: Vec<&str> = probe.iter().copied().chain([action, "port"]).collect();
                let port = match get(tree, container.node, &keys) {
                    Field::Value(port) => Field::int_of(tree, port),
                    Field::Unknown => Field::Unknown,
                    _ => continue,
                };
                match port {
                    Field::Value(number) if number == self.old => {
                        let path = keys.iter().fold(container.path.clone(), |path, key| path.key(*key));
                        self.set(self.document, path, json!(self.new));
                    }
                    Field::Unknown => {
                        return Err(format!("the port of a {} is filled in later", probe.join(".")));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn annotations(&mut self, pod: &Pod) {
        let (Some(metadata), Some(path)) = (pod.metadata, &pod.metadata_path) else { return };
        for key in &annotations().pod {
            let text = read_text(self.frame.tree(), metadata, &["annotations", key]).value();
            if let Some(moved) = text.and_then(|text| moved_list(&text, self.old, self.new)) {
                self.set(self.document, path.key("annotations").key(key.as_str()), json!(moved));
            }
        }
    }

    /// How safe it is, why not safer, and what would make it so.
    fn level(
        &self,
        container: &Container,
        told: Option<&Told>,
        known: bool,
        host: bool,
    ) -> (Applicability, String, Option<String>) {
        let suggestion = |reason: &str| (Applicability::Suggestion, reason.to_owned(), None);
        let unsafe_for = |reason: &str| (Applicability::Unsafe, reason.to_owned(), None);
        if host {
            return suggestion("the port is the node's own: whoever calls the node has to follow");
        }
        // Where nothing tells the program, only a person knows whether it follows.
        if told.is_none() && !known {
            return suggestion(
                "nothing in the manifest tells the program which port to listen on: only a person knows whether it does",
            );
        }
        if !self.frame.target.whole {
            return unsafe_for("Services outside of the checked files are not seen");
        }
        if let Some(caution) = &self.caution {
            return unsafe_for(caution);
        }
        if !self.served {
            return unsafe_for(
                "no Service among the checked objects leads to the pod, so that its callers are not known",
            );
        }
        let fact = self.frame.fact_of(container);
        let own =
            |told: &&Told| fact.is_some_and(|fact| fact.row.port_env.as_deref() == Some(&*told.variable));
        match told {
            Some(told) if own(&told) && fact.is_some_and(|fact| fact.is_reliable()) => {
                (Applicability::Safe, String::new(), None)
            }
            Some(told) => {
                let image = self.frame.image_of(container);
                let image = image.as_deref().and_then(crate::resource::ImageReference::parse);
                let line = image.map(|image| {
                    format!("images.\"{}\" = {{ port-env = \"{}\" }}", image.repository(), told.variable)
                });
                let reason = format!("a setting within the image may win over {}", told.variable);
                (Applicability::Unsafe, reason, line)
            }
            None => unsafe_for("settings within the image may still use the old port"),
        }
    }
}
