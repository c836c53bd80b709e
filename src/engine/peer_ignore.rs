//! Ignores that other tools left on an object: its annotations, and kubeaudit's labels.
//!
//! Each is honoured as its own tool honours it, for those of our rules that name the tool's check.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::config::Date;
use crate::finding::Finding;
use crate::resource::{Document, get};
use crate::rule::Catalogue;
use crate::yaml::{NodeId, Scalar, SpanTree};

use super::suppress::Silence;
use super::{Engine, IgnoredBy};

const TOOLS: [&str; 7] =
    ["checkov", "hadolint", "kube-linter", "kube-score", "kubeaudit", "kubescape", "polaris"];

/// What kubeaudit's override ids silence: the beginnings of its result names.
const KUBEAUDIT: [(&str, &[&str]); 10] = [
    ("allow-privileged", &["Privileged"]),
    ("allow-run-as-root", &["RunAsNonRoot", "RunAsUser"]),
    ("allow-privilege-escalation", &["AllowPrivilegeEscalation"]),
    ("allow-read-only-root-filesystem-false", &["ReadOnlyRootFilesystem"]),
    ("allow-capability-", &["Capability"]),
    ("allow-namespace-host-network", &["NamespaceHostNetwork"]),
    ("allow-namespace-host-IPC", &["NamespaceHostIPC"]),
    ("allow-namespace-host-PID", &["NamespaceHostPID"]),
    ("allow-automount-service-account-token", &["AutomountServiceAccountToken"]),
    ("allow-disabled-apparmor", &["AppArmor"]),
];

/// Rule ids by what other tools call them: tool, its id in lower case.
pub(super) fn index(catalogue: &Catalogue) -> HashMap<(&'static str, String), Vec<Arc<str>>> {
    let mut index: HashMap<_, Vec<Arc<str>>> = HashMap::new();
    for rule in catalogue.rules() {
        for tool in TOOLS {
            for id in rule.peers.get(tool).into_iter().flatten() {
                index.entry((tool, id.to_ascii_lowercase())).or_default().push(Arc::clone(&rule.id));
            }
        }
    }
    index
}

/// Reads the marks of objects.
pub(super) struct PeerIgnores;

impl PeerIgnores {
    /// The mark that silences a finding, if there is one.
    pub fn silences(&self, engine: &Engine, document: &Document, finding: &Finding) -> Option<Silence> {
        let tree = document.tree();
        let found =
            |tool, reason: Option<String>| Silence { by: IgnoredBy::Peer(tool), reason, configured: None };
        let means = |tool, id: &str| engine.peer_rules(tool, id.trim()).contains(&finding.rule);
        let own = strings(tree, get(tree, document.root(), &["metadata", "annotations"]).value());
        let value = |key: &str| own.iter().find(|(name, _)| name == key).map(|(_, value)| &**value);
        let reason = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let kubescape = value("kubescape.io/skip-controls");
        if let Some(controls) = kubescape.filter(|_| !expired(engine, value("kubescape.io/skip-expiry")))
            && controls.split(',').any(|id| means("kubescape", id))
        {
            return Some(found("kubescape", value("kubescape.io/skip-reason").and_then(reason)));
        }
        for (key, value) in own.iter().map(|(key, value)| (&**key, &**value)) {
            if let Some(id) = key.strip_prefix("ignore-check.kube-linter.io/") {
                if means("kube-linter", id) {
                    return Some(found("kube-linter", reason(value)));
                }
            } else if key == "kube-linter.io/ignore-all" {
                return Some(found("kube-linter", reason(value)));
            } else if let Some(id) = key.strip_prefix("polaris.fairwinds.com/") {
                let exempt = value == "true"
                    && (id == "exempt" || id.strip_suffix("-exempt").is_some_and(|id| means("polaris", id)));
                if exempt {
                    return Some(found("polaris", None));
                }
            } else if ["checkov.io/skip", "bridgecrew.io/skip", "cortex.io/skip"]
                .iter()
                .any(|prefix| key.starts_with(prefix))
            {
                let (id, comment) = value.split_once('=').unwrap_or((value, ""));
                if means("checkov", id) {
                    return Some(found("checkov", reason(comment)));
                }
            }
        }
        let pods = document.pods().iter().filter_map(|pod| pod.metadata);
        let skips = |annotations: &Texts<'_>| {
            let ids = annotations.iter().find(|(key, _)| key == "kube-score/ignore");
            ids.is_some_and(|(_, ids)| ids.split(',').any(|id| means("kube-score", id)))
        };
        let annotations = |node| strings(tree, get(tree, node, &["annotations"]).value());
        if skips(&own) || pods.clone().any(|node| skips(&annotations(node))) {
            return Some(found("kube-score", None));
        }
        for metadata in pods {
            for (key, value) in strings(tree, get(tree, metadata, &["labels"]).value()) {
                if kubeaudit(engine, finding, &key) {
                    return Some(found("kubeaudit", reason(&value)));
                }
            }
        }
        None
    }
}

/// Whether a pod label of kubeaudit's covers a finding.
fn kubeaudit(engine: &Engine, finding: &Finding, label: &str) -> bool {
    let id = if let Some(id) = label.strip_prefix("kubeaudit.io/") {
        id
    } else if let Some(rest) = label.strip_prefix("container.kubeaudit.io/") {
        let Some((container, id)) = rest.split_once('.') else { return false };
        if finding.container.as_deref() != Some(container) {
            return false;
        }
        id
    } else {
        return false;
    };
    let covers = |known: &str| id == known || (known.ends_with('-') && id.starts_with(known));
    let Some((_, results)) = KUBEAUDIT.iter().find(|(known, _)| covers(known)) else { return false };
    let rule = engine.catalogue.rule(&finding.rule);
    let peers = rule.and_then(|rule| rule.peers.get("kubeaudit"));
    peers.into_iter().flatten().any(|name| results.iter().any(|result| name.starts_with(result)))
}

/// Keys and texts.
type Texts<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// Keys and texts of a mapping.
fn strings(tree: &SpanTree, map: Option<NodeId>) -> Texts<'_> {
    let Some(map) = map else { return Vec::new() };
    let entries = tree.entries(map).into_iter().filter_map(|entry| match tree.scalar(entry.value_node) {
        Some(Scalar::String(text)) => Some((entry.key, text)),
        _ => None,
    });
    entries.collect()
}

/// Whether an RFC 3339 time has passed, by its day.
fn expired(engine: &Engine, time: Option<&str>) -> bool {
    let last = time.and_then(|time| time.get(..10)).and_then(|day| day.parse::<Date>().ok());
    matches!((last, engine.settings.today), (Some(last), Some(today)) if last < today)
}
