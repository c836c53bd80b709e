//! Values keys that are not there yet: what a chart's author would call the value of a field for which the
//! template has no hook, and the template's lines that print it.
//!
//! Names are those of `helm create`: `securityContext` for the container, `podSecurityContext` for the pod,
//! other fields as they are called. They stand at the root of the values where the chart has one workload,
//! else below the component's map. A key that is there, or that a template reads, is never taken. Whether
//! a key does what it should is for a trial to say.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::render::{Step, steps_to};
use crate::resource::{Container, Pod};
use crate::source::Source;
use crate::template::ast::BranchKind;
use crate::yaml::{NodeId, SpanTree};

use super::judge::{JudgedScenario, RenderedObject};
use super::trace::RenderedTree;

/// Keys that charts have for what a workload is made of: a map with one of them is a component's.
const OF_COMPONENTS: [&str; 9] = [
    "affinity",
    "image",
    "nodeSelector",
    "podAnnotations",
    "podSecurityContext",
    "replicaCount",
    "replicas",
    "resources",
    "securityContext",
];

/// Most mappings between a field and its container or pod.
const MOST_DEPTH: usize = 2;

/// New keys for entries of one mapping.
pub(super) struct NewKeys {
    /// The keys from the root of the values to the map that gets them.
    pub above: Vec<String>,
    /// What that map gets.
    pub entries: Map<String, Value>,
    /// Paths of the topmost keys that are new: two changes that make the same one do not go together.
    pub claims: BTreeSet<String>,
    /// Whether they stand below a component's map.
    of_component: bool,
    /// Field of the object, key in the map.
    names: Vec<(String, String)>,
}

impl NewKeys {
    /// The keys from the root of the values to each entry.
    pub fn paths(&self) -> impl Iterator<Item = Vec<String>> {
        let path =
            |(_, key): &(String, String)| self.above.iter().chain(std::iter::once(key)).cloned().collect();
        self.names.iter().map(path)
    }

    /// The lines that print the entries at a place of a template; `None` where they can not stand.
    pub fn lines(&self, source: &Source, offset: usize, indent: usize, end: &str) -> Option<String> {
        let root = self.root_at(source, offset)?;
        let (margin, inner) = (" ".repeat(indent), indent + 2);
        let mut text = String::new();
        for (field, key) in &self.names {
            let path = self.path(root, key);
            text.push_str(&match self.entries.get(key)? {
                Value::Object(_) | Value::Array(_) => format!(
                    "{margin}{{{{- with {path} }}}}{end}{margin}{field}:{end}{margin}  {{{{- toYaml . | nindent {inner} }}}}{end}{margin}{{{{- end }}}}{end}"
                ),
                value => format!("{margin}{field}: {}{end}", action(&path, value)?),
            });
        }
        Some(text)
    }

    /// The action that prints the only entry, a scalar, at a place of a template.
    pub fn action(&self, source: &Source, offset: usize) -> Option<String> {
        let [(_, key)] = self.names.as_slice() else { return None };
        action(&self.condition(source, offset)?, self.entries.get(key)?)
    }

    /// What a template calls the only key at one of its places.
    pub fn condition(&self, source: &Source, offset: usize) -> Option<String> {
        let [(_, key)] = self.names.as_slice() else { return None };
        Some(self.path(self.root_at(source, offset)?, key))
    }

    /// What the values are called at a place of a template; `None` where the keys can not stand.
    fn root_at(&self, source: &Source, offset: usize) -> Option<&'static str> {
        let steps = steps_to(source, offset)?;
        let branch = |step: &Step, kinds: &[BranchKind]| matches!(step, Step::Taken { kind, .. } if kinds.contains(kind));
        // What is printed for several components has no key of one of them.
        let shared =
            steps.iter().any(|step| matches!(step, Step::Called(_)) || branch(step, &[BranchKind::Range]));
        if shared && self.of_component {
            return None;
        }
        let moved = steps.iter().any(|step| branch(step, &[BranchKind::With, BranchKind::Range]));
        Some(if moved { "$.Values" } else { ".Values" })
    }

    fn path(&self, root: &str, key: &str) -> String {
        let keys = self.above.iter().map(String::as_str);
        std::iter::once(root).chain(keys).chain(std::iter::once(key)).collect::<Vec<_>>().join(".")
    }
}

/// The action that prints a scalar value.
fn action(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Bool(_) | Value::Number(_) => Some(format!("{{{{ {path} }}}}")),
        Value::String(_) => Some(format!("{{{{ {path} | quote }}}}")),
        Value::Null | Value::Object(_) | Value::Array(_) => None,
    }
}

/// Where a mapping stands: its pod, its container, the keys between.
struct Place<'a> {
    pod: &'a Pod,
    container: Option<&'a Container>,
    between: Vec<String>,
}

/// The keys that entries of a mapping may get, the best ones first. `near` are first keys of the values
/// that the mapping's document prints.
pub(super) fn new_keys(
    scenario: &JudgedScenario,
    document: &RenderedTree,
    object: &RenderedObject,
    (map, entries): (NodeId, &Map<String, Value>),
    values: &SpanTree,
    near: &[String],
) -> Vec<NewKeys> {
    let Some(root) = values.documents().iter().rev().find_map(|it| it.root) else { return Vec::new() };
    let Some(place) = place(&document.tree, object, map) else { return Vec::new() };
    let components = near.iter().filter(|key| is_component(values, root, key)).cloned().collect();
    let mut found = Vec::new();
    for prefix in prefixes(scenario, &place, components) {
        let renamed = |field: &str| match (field, place.container) {
            ("securityContext", None) => "podSecurityContext".to_owned(),
            _ => field.to_owned(),
        };
        let mut above = prefix.clone();
        let mut names = Vec::new();
        match place.between.split_first() {
            None => names.extend(entries.keys().map(|field| (field.clone(), renamed(field)))),
            Some((first, rest)) => {
                above.push(renamed(first));
                above.extend(rest.iter().cloned());
                names.extend(entries.keys().map(|field| (field.clone(), field.clone())));
            }
        }
        let all = above.iter().chain(names.iter().map(|(_, key)| key));
        if !all.into_iter().all(|key| is_plain(key)) {
            continue;
        }
        let path = |(_, key): &(String, String)| -> Vec<String> {
            above.iter().chain(std::iter::once(key)).cloned().collect()
        };
        if !names.iter().all(|name| is_free(scenario, values, root, &path(name), prefix.len())) {
            continue;
        }
        let claims = names.iter().map(|name| first_new(values, root, &path(name))).collect();
        let value = |(field, key): &(String, String)| Some((key.clone(), entries.get(field)?.clone()));
        let entries = names.iter().filter_map(value).collect();
        found.push(NewKeys { above, entries, claims, of_component: !prefix.is_empty(), names });
    }
    found
}

fn place<'a>(tree: &SpanTree, object: &'a RenderedObject, map: NodeId) -> Option<Place<'a>> {
    let (mut at, mut between) = (map, Vec::new());
    for _ in 0..=MOST_DEPTH {
        for pod in object.object.pods() {
            let container = pod.containers.iter().find(|container| container.node == at);
            if container.is_some() || pod.spec == at {
                between.reverse();
                return Some(Place { pod, container, between });
            }
        }
        between.push(tree.key_text(tree.key_node(at)?)?.into_owned());
        at = tree.parent(at)?;
    }
    None
}

/// The maps in which the values of a place could stand.
fn prefixes(scenario: &JudgedScenario, place: &Place<'_>, components: Vec<String>) -> Vec<Vec<String>> {
    let chart = scenario.rendered.chart.metadata.name.as_str();
    let main = place.pod.containers.iter().find(|it| it.list.key() == "containers");
    let name = main.and_then(|it| it.name.as_deref()).unwrap_or("");
    let words = words_behind(name, chart);
    let own = key_of(&words);
    let workloads = scenario.objects.iter().filter(|it| !it.object.pods().is_empty()).count();
    let mut found: Vec<Vec<String>> = match components.as_slice() {
        [only] => vec![vec![only.clone()]],
        several => several.iter().filter(|it| Some(*it) == own.as_ref()).map(|it| vec![it.clone()]).collect(),
    };
    if workloads <= 1 || words.is_empty() {
        found.push(Vec::new());
    }
    found.extend(own.map(|own| vec![own]));
    if let Some(other) = place.container.filter(|it| main.is_none_or(|main| main.node != it.node)) {
        let Some(key) = other.name.as_deref().and_then(|name| key_of(&words_behind(name, chart))) else {
            return Vec::new();
        };
        found.iter_mut().for_each(|keys| keys.push(key.clone()));
    }
    let mut seen = BTreeSet::new();
    found.retain(|keys| seen.insert(keys.clone()));
    found
}

/// The words of a name; what stands before and in the chart's name says nothing of the component.
fn words_behind<'n>(name: &'n str, chart: &str) -> Vec<&'n str> {
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    let chart: Vec<&str> = chart.split('-').filter(|word| !word.is_empty()).collect();
    let at = match chart.len() {
        0 => None,
        length => words.windows(length).rposition(|part| part == chart).map(|at| at + length),
    };
    words.get(at.unwrap_or(0)..).unwrap_or_default().to_vec()
}

/// Words as a key: `db-migrate` is `dbMigrate`.
fn key_of(words: &[&str]) -> Option<String> {
    let mut key = String::new();
    for word in words {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !key.is_empty() => key.push(first.to_ascii_uppercase()),
            first => key.extend(first),
        }
        key.push_str(letters.as_str());
    }
    (is_plain(&key) && key != "global").then_some(key)
}

/// Whether templates can name a key behind a dot.
fn is_plain(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_component(values: &SpanTree, root: NodeId, key: &str) -> bool {
    let node = values.get(values.resolve(root), key).map(|node| values.resolve(node));
    let Some(map) = node.filter(|node| values.kind(*node).is_mapping()) else { return false };
    key != "global" && is_plain(key) && OF_COMPONENTS.iter().any(|key| values.get(map, key).is_some())
}

/// Whether a key is new: neither there nor read, and no map above it that a template uses as a whole
/// (behind the first `prefix` keys, which are the component's).
fn is_free(
    scenario: &JudgedScenario,
    values: &SpanTree,
    root: NodeId,
    path: &[String],
    prefix: usize,
) -> bool {
    let there = path.iter().try_fold(root, |node, key| values.get(values.resolve(node), key));
    if there.is_some() || scenario.looked_at().iter().any(|known| known.path.starts_with(path)) {
        return false;
    }
    let chart = &scenario.rendered.chart;
    // What stands below a subchart's name is its own.
    let declared = chart.metadata.dependencies.iter().flatten().flatten();
    let mut names = declared
        .flat_map(|it| [&it.name, &it.alias])
        .chain(chart.subcharts.iter().map(|it| &it.metadata.name));
    if path.first().is_none_or(|first| names.any(|name| name == first)) {
        return false;
    }
    chart.templates.iter().map(|file| String::from_utf8_lossy(&file.bytes)).all(|text| {
        !reads(&text, path, true)
            && (prefix + 1..path.len())
                .all(|length| path.get(..length).is_none_or(|above| !reads(&text, above, false)))
    })
}

/// Whether a text names a values key; `deeper`: or one below it.
fn reads(text: &str, path: &[String], deeper: bool) -> bool {
    let name = format!(".Values.{}", path.join("."));
    text.match_indices(&name).any(|(at, _)| {
        match text.get(at + name.len()..).and_then(|rest| rest.chars().next()) {
            Some('.') => deeper,
            Some(next) => !(next.is_alphanumeric() || next == '_'),
            None => true,
        }
    })
}

/// The topmost key of a path that is not there.
fn first_new(values: &SpanTree, root: NodeId, path: &[String]) -> String {
    let mut at = root;
    let mut depth = 0;
    for key in path {
        depth += 1;
        match values.get(values.resolve(at), key) {
            Some(next) => at = next,
            None => break,
        }
    }
    path.get(..depth).unwrap_or(path).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_component_behind_the_chart() {
        for (name, chart, key) in [
            ("migrate", "web", Some("migrate")),
            ("release-name-web-db-migrate", "web", Some("dbMigrate")),
            ("webhook", "web", Some("webhook")),
            ("my-web", "my-web", None),
            ("1st", "web", None),
            ("global", "web", None),
        ] {
            assert_eq!(key_of(&words_behind(name, chart)).as_deref(), key, "{name}");
        }
    }

    #[test]
    fn a_key_is_read_where_it_is_named() {
        let path = ["web".to_owned(), "port".to_owned()];
        for (text, itself, deeper) in [
            ("{{ .Values.web.port }}", true, true),
            ("{{ .Values.web.port.number }}", false, true),
            ("{{ .Values.web.ports }}", false, false),
            ("{{ .Values.web }}", false, false),
        ] {
            assert_eq!((reads(text, &path, false), reads(text, &path, true)), (itself, deeper), "{text}");
        }
    }
}
