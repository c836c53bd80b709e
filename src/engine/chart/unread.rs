//! Keys of values files that no template can read.
//!
//! What templates can read is told from their text, not from renders: a branch that no scenario takes may
//! read a key too. A key counts as read if its name stands anywhere in an action as a field or in a
//! string, or if a map above it is used as a whole somewhere (`toYaml .Values.map`). So a finding is
//! certain; not every idle key is found.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::config::closest;
use crate::engine::locate::fingerprint;
use crate::engine::{Engine, Ignored};
use crate::finding::{Finding, Location, ResourceId};
use crate::helm::chart::Chart;
use crate::helm::values::ValuesFile;
use crate::rule::{Rule, Scope};
use crate::source::{Limits, Source};
use crate::template::ast::{Command, Fields, Operand};
use crate::template::{Mention, Template, mentions};
use crate::yaml::{self, FieldPath, NodeId, Segment, SpanTree};

use super::ChartInput;
use super::ignores::ValuesIgnores;
use super::judge::JudgedChart;
use super::trace::ValuePath;

/// Functions that read one key, told by a literal, of the map they are given.
const READ_ONE: [&str; 5] = ["dig", "get", "hasKey", "index", "unset"];

/// What the templates of a chart and its subcharts name.
#[derive(Default)]
struct Names {
    /// Every name behind a dot, every word of a string.
    all: HashSet<String>,
    /// Names at the end of a chain: what they stand for may be used as a whole.
    whole: HashSet<String>,
}

/// A key that is not read, before it is a finding.
struct Unread {
    key: NodeId,
    path: Vec<String>,
}

/// Findings at keys that are not read, and those that an ignore silences.
pub(super) fn find(
    engine: &Engine,
    input: &ChartInput,
    judged: &JudgedChart,
) -> (Vec<Finding>, Vec<Ignored>) {
    let rules = |scope: Scope| {
        let runs = |rule: &&Rule| engine.rules.runs(&engine.catalogue, &rule.id);
        engine.catalogue.rules_of(scope).filter(runs).collect::<Vec<_>>()
    };
    let (defaults, overrides) = (rules(Scope::UnreadDefault), rules(Scope::UnreadOverride));
    let (mut findings, mut ignored) = (Vec::new(), Vec::new());
    let Some(first) = judged.scenarios.first().filter(|_| !(defaults.is_empty() && overrides.is_empty()))
    else {
        return (findings, ignored);
    };
    let chart = &*first.rendered.chart;
    let values = || judged.scenarios.iter().flat_map(|it| &it.values);
    let files: Vec<&Arc<Source>> = values().filter(|it| it.is_whole()).map(|it| it.source()).collect();
    let own = chart.values.as_ref().map(|values| values.source());
    let all = values().map(|it| it.source()).chain(own);
    let Some(names) = Names::of(chart, all) else { return (findings, ignored) };
    let used: BTreeSet<&ValuePath> =
        judged.scenarios.iter().flat_map(|scenario| scenario.looked_at()).collect();
    let default_tree = own.map(|source| yaml::parse_stream(source, &engine.limits).tree);
    let mut in_values = ValuesIgnores::new(engine);
    let mut add =
        |rule: &Rule, source: &Arc<Source>, tree: &SpanTree, unread: &Unread, meant: Option<&str>| {
            let finding = finding(rule, chart, Location::new(source, tree.span(unread.key)), unread, meant);
            if !input.reports(finding.primary.path()) {
                return;
            }
            match in_values.silences(&finding) {
                Some(silence) => ignored.push(Ignored { finding, by: silence.by, reason: silence.reason }),
                None => findings.push(finding),
            }
        };
    if let Some(tree) = default_tree.as_ref().filter(|_| !defaults.is_empty()) {
        for unread in names.unread(tree, &used) {
            for rule in &defaults {
                add(rule, tree.source(), tree, &unread, None);
            }
        }
    }
    let mut overriding = |source: &Arc<Source>, tree: &SpanTree, unread: Vec<Unread>| {
        for unread in unread.into_iter().filter(|it| !has_default(chart, &it.path, &engine.limits)) {
            let meant = default_tree
                .as_ref()
                .and_then(|tree| nested(tree, &unread.path).or_else(|| meant(tree, &unread.path)));
            for rule in &overrides {
                add(rule, source, tree, &unread, meant.as_deref());
            }
        }
    };
    let mut seen = HashSet::new();
    for source in files.into_iter().filter(|source| seen.insert(Arc::clone(source.name()))) {
        if overrides.is_empty() {
            break;
        }
        let tree = yaml::parse_stream(source, &engine.limits).tree;
        overriding(source, &tree, names.unread(&tree, &used));
    }
    // Values in resources that install the chart.
    let mut seen = HashSet::new();
    for scenario in judged.scenarios.iter().filter(|_| !overrides.is_empty()) {
        for place in input.install(&scenario.name).into_iter().flat_map(|it| it.places()) {
            let here =
                |values: &&Arc<ValuesFile>| !values.is_whole() && *values.source().name() == place.at.file;
            let Some(values) = scenario.values.iter().find(here) else { continue };
            let Some((tree, root)) = place.tree(values.source(), &engine.limits) else { continue };
            if seen.insert((Arc::clone(&place.at.file), tree.span(root))) {
                overriding(values.source(), &tree, names.unread_below(&tree, root, &used));
            }
        }
    }
    fingerprint(&mut findings);
    (findings, ignored)
}

impl Names {
    /// What a chart's templates name; `None` where that cannot be told, or may be anything.
    fn of<'s>(chart: &Chart, values: impl Iterator<Item = &'s Arc<Source>>) -> Option<Self> {
        let mut names = Self::default();
        names.chart(chart)?;
        for source in values {
            names.actions_in(source.text());
        }
        Some(names)
    }

    fn chart(&mut self, chart: &Chart) -> Option<()> {
        if !chart.unmet.is_empty() {
            return None;
        }
        // Conditions, tags and import-values.
        self.all.extend(words(chart.chart_yaml.text()));
        self.whole.insert("tags".to_owned());
        // A chart above this one may pass it on, or import it.
        self.all.insert("global".to_owned());
        self.string("exports");
        for file in &chart.templates {
            let template = file.template().ok()?;
            let mut anything = false;
            mentions(&template, &mut |mention| match mention {
                Mention::Text(text) => self.string(&String::from_utf8_lossy(text)),
                Mention::Fields(fields, command) => {
                    anything |= uses_all_values(&template, fields, command);
                    self.all.extend(template.names(fields).map(str::to_owned));
                    self.whole.extend(template.names(fields).last().map(str::to_owned));
                }
            });
            if anything {
                return None;
            }
        }
        // Files may be given to `tpl`.
        for file in &chart.files {
            self.actions_in(&String::from_utf8_lossy(&file.bytes));
        }
        chart.subcharts.iter().try_for_each(|subchart| self.chart(subchart))
    }

    fn string(&mut self, text: &str) {
        let found = words(text).chain(std::iter::once(text.to_owned()));
        for word in found {
            self.whole.insert(word.clone());
            self.all.insert(word);
        }
    }

    /// Text that may be executed by `tpl`.
    fn actions_in(&mut self, text: &str) {
        for line in text.lines().filter(|line| line.contains("{{")) {
            self.string(line);
        }
    }

    /// The keys of a values file that are not read, the outermost of each branch.
    fn unread(&self, tree: &SpanTree, used: &BTreeSet<&ValuePath>) -> Vec<Unread> {
        let roots = tree.documents().iter().filter_map(|document| document.root);
        roots.flat_map(|root| self.unread_below(tree, root, used)).collect()
    }

    /// The keys below a mapping of values that are not read, the outermost of each branch.
    fn unread_below(&self, tree: &SpanTree, root: NodeId, used: &BTreeSet<&ValuePath>) -> Vec<Unread> {
        let mut found = Vec::new();
        self.below(tree, root, &mut Vec::new(), used, &mut found);
        found
    }

    fn below(
        &self,
        tree: &SpanTree,
        map: NodeId,
        path: &mut Vec<String>,
        used: &BTreeSet<&ValuePath>,
        found: &mut Vec<Unread>,
    ) {
        for (key, value) in tree.pairs(map) {
            // What has an anchor, or gives its entries to another map, is read elsewhere.
            let Some(name) = tree.key_text(key).filter(|_| !tree.is_merge_key(key)) else { continue };
            if holds_anchor(tree, value) {
                continue;
            }
            path.push(name.into_owned());
            let name = path.last().map_or("", String::as_str);
            if self.all.contains(name) {
                if tree.kind(value).is_mapping() && !self.whole.contains(name) {
                    self.below(tree, value, path, used, found);
                }
            } else if !was_used(tree, path, used) {
                found.push(Unread { key, path: path.clone() });
            }
            path.pop();
        }
    }
}

/// Whether a render used a key or a map above it, whatever the text of the templates says.
fn was_used(tree: &SpanTree, path: &[String], used: &BTreeSet<&ValuePath>) -> bool {
    let file = tree.source().name();
    (1..=path.len())
        .filter_map(|end| path.get(..end))
        .any(|path| used.contains(&ValuePath { file: file.to_string(), path: path.to_vec() }))
}

/// Words that may be names of keys.
fn words(text: &str) -> impl Iterator<Item = String> {
    let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.split(move |c: char| !inside(c)).filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Whether the values as a whole go somewhere.
fn uses_all_values(template: &Template, fields: Fields, command: &Command) -> bool {
    let names: Vec<&str> = template.names(fields).collect();
    let ends = matches!(names[..], [.., "Values", "AsMap"] | [.., "Values"]);
    if !ends {
        return false;
    }
    let is_values = |operand: &Operand| match operand {
        Operand::Field(it) => *it == fields,
        Operand::Variable(it) => it.fields == fields,
        _ => false,
    };
    let Some((Operand::Function(function), rest)) = template.operands(command).split_first() else {
        return true;
    };
    match template.word(function.span) {
        // `dict "Values" .Values`: the same name leads there.
        "dict" => !rest.chunks(2).all(|pair| match pair {
            [Operand::String(span, name), value] if is_values(value) => {
                template.string(*span, name) == b"Values"
            }
            _ => true,
        }),
        name if READ_ONE.contains(&name) => {
            !rest.iter().all(|it| is_values(it) || matches!(it, Operand::String(..)))
        }
        _ => true,
    }
}

fn holds_anchor(tree: &SpanTree, node: NodeId) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if tree.anchor(node).is_some() || tree.resolve(node) != node {
            return true;
        }
        open.extend(tree.children(node));
    }
    false
}

/// Whether a chart's own values, or a subchart's, have a key.
fn has_default(chart: &Chart, path: &[String], limits: &Limits) -> bool {
    let field = FieldPath::new(path.iter().map(|key| Segment::Key(key.as_str().into())).collect());
    if let Some(values) = &chart.values {
        let tree = yaml::parse_stream(values.source(), limits).tree;
        if tree.documents().iter().filter_map(|it| it.root).any(|root| tree.find(root, &field).is_some()) {
            return true;
        }
    }
    let Some((first, rest)) = path.split_first().filter(|(_, rest)| !rest.is_empty()) else { return false };
    let declared = chart.metadata.dependencies.iter().flatten().flatten();
    let aliased = declared.filter(|it| it.alias == *first).map(|it| it.name.as_str());
    let names: Vec<&str> = aliased.chain(std::iter::once(first.as_str())).collect();
    let named = |subchart: &&Arc<Chart>| names.contains(&subchart.metadata.name.as_str());
    chart.subcharts.iter().filter(named).any(|subchart| has_default(subchart, rest, limits))
}

/// The key that a name with dots in it was meant to be, as `--set` would read it.
fn nested(defaults: &SpanTree, path: &[String]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    last.contains('.').then_some(())?;
    let parts = parents.iter().map(String::as_str).chain(last.split('.'));
    let field = FieldPath::new(parts.map(|key| Segment::Key(key.into())).collect());
    let root = defaults.documents().iter().find_map(|document| document.root)?;
    defaults.find(root, &field)?;
    let mut keys = last.rsplit('.');
    let innermost = format!("{}: …", keys.next()?);
    Some(keys.fold(innermost, |inner, key| format!("{key}: {{{inner}}}")))
}

/// The known key that was probably meant.
fn meant(defaults: &SpanTree, path: &[String]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let field = FieldPath::new(parents.iter().map(|key| Segment::Key(key.as_str().into())).collect());
    let root = defaults.documents().iter().find_map(|document| document.root)?;
    let map = defaults.find(root, &field)?;
    let keys: Vec<_> = defaults.entries(map).into_iter().map(|entry| entry.key.into_owned()).collect();
    closest(last, keys.iter().map(String::as_str)).map(str::to_owned)
}

fn finding(rule: &Rule, chart: &Chart, primary: Location, unread: &Unread, meant: Option<&str>) -> Finding {
    let mut message = rule.message_for_key(&unread.path.join("."));
    if let Some(meant) = meant {
        message.push_str(&format!("; did you mean `{meant}`?"));
    }
    Finding {
        rule: Arc::clone(&rule.id),
        severity: rule.severity,
        message,
        label: None,
        primary,
        absent: false,
        related: Vec::new(),
        resource: Arc::new(ResourceId {
            api_version: chart.metadata.api_version.clone(),
            kind: "Chart".to_owned(),
            namespace: None,
            name: chart.metadata.name.clone(),
            document: 0,
            item: None,
        }),
        container: None,
        field: FieldPath::new(unread.path.iter().map(|key| Segment::Key(key.as_str().into())).collect()),
        standards: rule.standards.clone(),
        fingerprint: String::new(),
        fixes: Vec::new(),
        no_fix: rule.no_fix.clone(),
        linked: false,
        scenarios: None,
    }
}
