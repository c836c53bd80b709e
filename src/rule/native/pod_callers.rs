//! What else in a target names a pod's port by number: Services, policies, monitors, configuration.

use serde_json::json;

use crate::resource::Field;
use crate::rule::labels::{Labels, Selector};
use crate::rule::neighbour::config_maps;
use crate::rule::said::{MonitorSaid, Of, PolicyPort, PolicySaid, Said, ServiceSaid, Spaces, together};
use crate::yaml::FieldPath;

use super::listen::moved_list;
use super::move_port::Move;

/// What the objects of the target say, by their indexes.
type All<'s> = [&'s Said];

fn later(other: &Said, what: &str) -> String {
    format!("{what} of {} is filled in later", other.title())
}

impl Move<'_, '_> {
    /// Everything of the target that has to follow, or would not.
    pub(super) fn others(&mut self) -> Result<(), String> {
        let target = self.frame.target;
        target.ask_all(|all| self.among(all))
    }

    fn among(&mut self, all: &All<'_>) -> Result<(), String> {
        let mut services = Vec::new();
        for (index, other) in all.iter().enumerate() {
            if index == self.document || !self.is_near(other) {
                continue;
            }
            match &other.of {
                Of::Service(said) if self.service(all, index, said)? => services.push(index),
                Of::Policy(said) => self.network_policy(all, index, said)?,
                Of::Numbers(numbers) if numbers.contains(&self.old) => {
                    return Err(format!("{} names port {} in its own way", other.title(), self.old));
                }
                _ => {}
            }
        }
        for (index, other) in all.iter().enumerate() {
            if let Of::Monitor(said) = &other.of {
                self.monitor(all, index, said, &services)?;
            }
        }
        self.configuration(all)
    }

    /// Whether another object may be in the pod's namespace.
    fn is_near(&self, other: &Said) -> bool {
        together(self.frame.document.namespace(), other.namespace.as_deref())
    }

    /// A Service; whether it leads to the pod.
    fn service(&mut self, all: &All<'_>, index: usize, said: &ServiceSaid) -> Result<bool, String> {
        let Some(other) = all.get(index) else { return Ok(false) };
        let selector = said.selector.as_ref().map_err(|_| later(other, "the selector"))?;
        let Some(selector) = selector.as_ref().filter(|selector| selector.matches(&self.labels)) else {
            return Ok(false);
        };
        self.served = true;
        let no_address =
            || Err(format!("{} has no address of its own: its callers use the pod's port", other.title()));
        let ports = match &said.ports {
            Field::Value(ports) => ports,
            Field::Absent if said.headless => return no_address(),
            Field::Absent => return Ok(true),
            Field::Unknown | Field::Wrong => return Err(later(other, "a port")),
        };
        let mut follows = Vec::new();
        for (at, port) in ports.iter().enumerate() {
            if !self.protocols.contains(&port.protocol) {
                continue;
            }
            if said.headless && port.target.as_ref().is_some_and(|target| self.names.contains(target)) {
                return no_address();
            }
            match port.number {
                Field::Value(number) if number == self.old && said.headless => return no_address(),
                Field::Value(number) if number == self.old => follows.push(at),
                Field::Unknown => return Err(later(other, "a port")),
                _ => {}
            }
        }
        if !follows.is_empty()
            && let Some((sharer, _)) = self.sharers(all, other, selector)?.into_iter().next()
        {
            return Err(format!("{} leads to {sharer} too", other.title()));
        }
        for at in follows {
            let path = FieldPath::root().key("spec").key("ports").index(at).key("targetPort");
            self.set(index, path, json!(self.new));
        }
        for (key, text) in &said.annotations {
            if let Some(moved) = moved_list(text, self.old, self.new) {
                let path = FieldPath::root().key("metadata").key("annotations").key(*key);
                self.set(index, path, json!(moved));
            }
        }
        Ok(true)
    }

    /// Other objects whose pods a selector of `by` takes in, and whether those may use the port.
    fn sharers(&self, all: &All<'_>, by: &Said, selector: &Selector) -> Result<Vec<(String, bool)>, String> {
        let mut found = Vec::new();
        for (index, other) in all.iter().enumerate() {
            if index == self.document || !together(by.namespace.as_deref(), other.namespace.as_deref()) {
                continue;
            }
            for pod in &other.pods {
                let labels = pod.labels.as_ref().map_err(|_| later(other, "a label"))?;
                if !selector.matches(labels) {
                    continue;
                }
                // A variant of the object in another file has its name.
                let own = all.get(self.document).map(|own| own.title()).unwrap_or_default();
                let which = Some(other.title()).filter(|it| *it != own).unwrap_or(format!("another {own}"));
                found.push((which, pod.may_use(self.old)));
            }
        }
        Ok(found)
    }

    fn network_policy(&mut self, all: &All<'_>, index: usize, said: &PolicySaid) -> Result<(), String> {
        let Some(other) = all.get(index) else { return Ok(()) };
        let mut paths = Vec::new();
        for rule in said.ingress.as_ref().map_err(|what| later(other, what))? {
            for (at, port, end) in self.about(other, &rule.ports)? {
                let chosen = said.chosen.as_ref().map_err(|_| later(other, "the selector"))?;
                let covers = end.map_or(port == self.old, |end| (port..=end).contains(&self.old));
                if !covers || !chosen.matches(&self.labels) {
                    continue;
                }
                if end.is_some() {
                    return Err(format!("{} allows a range of ports", other.title()));
                }
                let sharers = self.sharers(all, other, chosen)?;
                if let Some((sharer, _)) = sharers.into_iter().find(|(_, uses)| *uses) {
                    return Err(format!("{} allows port {} of {sharer} too", other.title(), self.old));
                }
                paths.push((rule.number, at));
            }
        }
        self.egress(other, said)?;
        for (number, at) in paths {
            let path = FieldPath::root().key("spec").key("ingress").index(number);
            self.set(index, path.key("ports").index(at).key("port"), json!(self.new));
        }
        Ok(())
    }

    /// Rules about callers: what they may call is the pod's own port, behind the Service.
    fn egress(&mut self, other: &Said, said: &PolicySaid) -> Result<(), String> {
        for rule in said.egress.as_ref().map_err(|what| later(other, what))? {
            for (_, port, end) in self.about(other, &rule.ports)? {
                let covers = end.map_or(port == self.old, |end| {
                    (port..=end).contains(&self.old) && !(port..=end).contains(&self.new)
                });
                if !covers {
                    continue;
                }
                let Some(peers) = &rule.peers else {
                    let text = format!(
                        "{} lets its pods call port {port} of anyone: if they call this one, they no longer can",
                        other.title()
                    );
                    self.caution.get_or_insert(text);
                    continue;
                };
                for peer in peers {
                    let selector = peer.selector.as_ref().map_err(|_| later(other, "a selector"))?;
                    if !selector.matches(&self.labels) {
                        continue;
                    }
                    let title = other.title();
                    if !peer.elsewhere {
                        return Err(format!("{title} allows calls to port {port} of these pods"));
                    }
                    // Labels of namespaces are not among the manifests.
                    let text =
                        format!("{title} allows calls to port {port} in namespaces that may be this one");
                    self.caution.get_or_insert(text);
                }
            }
        }
        Ok(())
    }

    /// The numeric ports of a list, with the ends of ranges.
    fn about(&self, other: &Said, ports: &[PolicyPort]) -> Result<Vec<(usize, i64, Option<i64>)>, String> {
        let mut found = Vec::new();
        for (at, port) in ports.iter().enumerate() {
            if !self.protocols.contains(&port.protocol) {
                continue;
            }
            match port.number {
                Field::Value(number) => found.push((at, number, port.end)),
                Field::Unknown => return Err(later(other, "a port")),
                Field::Absent | Field::Wrong => {}
            }
        }
        Ok(found)
    }

    /// A monitor asks pods directly: by their own labels, or by those of the Services in front.
    fn monitor(
        &mut self,
        all: &All<'_>,
        index: usize,
        said: &MonitorSaid,
        services: &[usize],
    ) -> Result<(), String> {
        let Some(other) = all.get(index).filter(|other| self.looks_here(other, &said.spaces)) else {
            return Ok(());
        };
        let mut paths = Vec::new();
        for (at, key, port) in &said.ports {
            let list = if said.of_pods { "podMetricsEndpoints" } else { "endpoints" };
            match port {
                Field::Value(port) if *port == self.old => {
                    paths.push(FieldPath::root().key("spec").key(list).index(*at).key(*key));
                }
                Field::Unknown => return Err(later(other, "a port")),
                _ => {}
            }
        }
        if paths.is_empty() {
            return Ok(());
        }
        let selector = said.selector.as_ref().map_err(|_| later(other, "the selector"))?;
        let chosen = if said.of_pods {
            selector.matches(&self.labels)
        } else {
            let of = |&service: &usize| labels_of(all.get(service)?).transpose();
            let labels: Vec<&Labels> = services.iter().filter_map(of).collect::<Result<_, _>>()?;
            labels.into_iter().any(|labels| selector.matches(labels))
        };
        if !chosen {
            return Ok(());
        }
        if let Some(sharer) = self.monitored(all, other, selector, said.of_pods, services)? {
            return Err(format!("{} asks port {} of {sharer} too", other.title(), self.old));
        }
        for path in paths {
            self.set(index, path, json!(self.new));
        }
        Ok(())
    }

    /// Whether a monitor looks into the pod's namespace.
    fn looks_here(&self, other: &Said, spaces: &Spaces) -> bool {
        match spaces {
            Spaces::Own => self.is_near(other),
            Spaces::Any => true,
            Spaces::Named(names) => {
                let own = self.frame.document.namespace();
                own.is_none_or(|own| names.iter().any(|name| name == own))
            }
        }
    }

    /// Something else that a monitor asks at the same port.
    fn monitored(
        &self,
        all: &All<'_>,
        other: &Said,
        selector: &Selector,
        of_pods: bool,
        services: &[usize],
    ) -> Result<Option<String>, String> {
        if of_pods {
            let sharers = self.sharers(all, other, selector)?;
            return Ok(sharers.into_iter().find(|(_, uses)| *uses).map(|(sharer, _)| sharer));
        }
        for (_, said) in all.iter().enumerate().filter(|(index, _)| !services.contains(index)) {
            if labels_of(said)?.is_some_and(|labels| selector.matches(labels)) {
                return Ok(Some(said.title()));
            }
        }
        Ok(None)
    }

    /// ConfigMaps that the pod reads may say where the program listens.
    fn configuration(&self, all: &All<'_>) -> Result<(), String> {
        let Some(pod) = self.frame.pod else { return Ok(()) };
        let Some(names) = config_maps(self.frame.tree(), pod.spec) else { return Ok(()) };
        for other in all {
            let Of::Settings(entries) = &other.of else { continue };
            if !names.iter().any(|name| other.is_named(name)) || !self.is_near(other) {
                continue;
            }
            let speaks = |ports: &[u16]| ports.iter().any(|&port| i64::from(port) == self.old);
            if let Some((key, _)) = entries.iter().find(|(_, ports)| speaks(ports)) {
                let title = other.title();
                return Err(format!("{title} says in {key} that something uses port {}", self.old));
            }
        }
        Ok(())
    }
}

/// The labels of an object, where it is a Service.
fn labels_of(said: &Said) -> Result<Option<&Labels>, String> {
    match &said.of {
        Of::Service(service) => service.labels.as_ref().map(Some).map_err(|_| later(said, "a label")),
        _ => Ok(None),
    }
}
