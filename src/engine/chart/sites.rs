//! Where a wanted change of an object could be made: values keys and template text, best first.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::finding::PatchOp;
use crate::source::{Files, Limits, Source, TextEdits};
use crate::yaml::{FieldPath, NodeId, Scalar, Segment, SpanTree};

use super::judge::{JudgedScenario, RenderedObject};
use super::new_key::{NewKeys, new_keys};
use super::trace::{RenderedTree, ValuePath, value_of};
use super::values_site::{self, ValuesChange};
use super::{ChartInput, template_site};

/// Most candidates for one change.
const MOST: usize = 24;

/// Most values keys that are tried for one field.
const MOST_KEYS: usize = 6;

/// A change of source files that may bring a change of an object about.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The place in words: `securityContext in web/values.yaml`.
    pub place: String,
    /// Edits by file.
    pub edits: BTreeMap<String, (Arc<Source>, TextEdits)>,
    /// Paths of values keys that it makes: another change must not make them too.
    pub claims: BTreeSet<String>,
}

/// A change of one part that is not worked out yet.
#[derive(Clone)]
enum Proposal {
    Values {
        file: String,
        keys: Vec<String>,
        change: ValuesChange,
    },
    Template(template_site::TemplateEdit),
    /// An action prints a key of its own, which gets the value.
    OwnKey {
        template: template_site::TemplateEdit,
        keys: Vec<String>,
        value: Value,
    },
    /// The template gets lines that print keys which no template has read so far.
    NewKeys {
        template: template_site::TemplateEdit,
        keys: Rc<NewKeys>,
    },
    /// An entry goes at one place, others come at another.
    Both(Box<(Proposal, Proposal)>),
}

/// A proposal and, once it is asked for, what it comes to.
struct Choice {
    proposal: Proposal,
    candidate: OnceCell<Option<Candidate>>,
}

impl From<Proposal> for Choice {
    fn from(proposal: Proposal) -> Self {
        Self { proposal, candidate: OnceCell::new() }
    }
}

/// Keys of a values file's root.
type Keys = Rc<Vec<String>>;

/// What candidates are made from. What is read for one is kept for the next.
pub(super) struct Sites<'a> {
    input: &'a ChartInput,
    files: &'a dyn Files,
    limits: &'a Limits,
    scenario: &'a JudgedScenario,
    /// Whether templates get lines that print new values keys, rather than lines of literal text.
    add_values: bool,
    trees: RefCell<HashMap<String, Option<Rc<SpanTree>>>>,
    /// First keys of the values that a document prints, by file and start.
    near: RefCell<HashMap<(usize, usize), Keys>>,
}

/// Candidates, worked out as they are asked for, the best ones first.
pub(super) struct Candidates<'s> {
    sites: &'s Sites<'s>,
    parts: Vec<Vec<Choice>>,
    ranks: std::vec::IntoIter<Vec<usize>>,
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        for rank in self.ranks.by_ref() {
            let chosen = rank
                .iter()
                .zip(&self.parts)
                .map(|(&at, part)| part.get(at).and_then(|choice| self.sites.work_out(choice)).cloned());
            let Some(chosen) = chosen.collect::<Option<Vec<Candidate>>>() else { continue };
            let mut chosen = chosen.into_iter();
            let joined = chosen.next().and_then(|first| chosen.try_fold(first, Candidate::joined));
            if joined.is_some() {
                return joined;
            }
        }
        None
    }
}

/// What is wanted of one node, by kind of change.
#[derive(Default)]
struct Wants {
    /// Entries to add to mappings that are there.
    additions: BTreeMap<NodeId, Map<String, Value>>,
    replacements: Vec<(NodeId, Value)>,
    appendices: Vec<(NodeId, Value)>,
    removals: Vec<NodeId>,
    /// Keys, with what they become.
    renames: Vec<(NodeId, String)>,
}

impl<'a> Sites<'a> {
    /// The places of a scenario's objects in the files as they are now.
    pub fn new(
        input: &'a ChartInput,
        files: &'a dyn Files,
        limits: &'a Limits,
        scenario: &'a JudgedScenario,
        add_values: bool,
    ) -> Self {
        let (trees, near) = Default::default();
        Self { input, files, limits, scenario, add_values, trees, near }
    }

    /// The candidates for operations that belong together, the best ones first.
    ///
    /// # Errors
    /// Why there is none.
    pub fn candidates(&self, ops: &[&PatchOp]) -> Result<Candidates<'_>, String> {
        let mut by_object: BTreeMap<usize, Vec<&PatchOp>> = BTreeMap::new();
        for op in ops {
            by_object.entry(op.document()).or_default().push(op);
        }
        // Every part offers its places; one of each part makes a candidate.
        let mut parts: Vec<Vec<Choice>> = Vec::new();
        for (object, ops) in by_object {
            let object = self.scenario.objects.get(object).ok_or_else(|| "its object is gone".to_owned())?;
            parts.extend(self.parts(object, &ops)?);
        }
        if parts.is_empty() {
            return Err("there is nothing to change".to_owned());
        }
        let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
        Ok(Candidates { sites: self, parts, ranks: ranks(&lengths).into_iter() })
    }

    /// The places for each part of what is wanted of an object.
    fn parts(&self, object: &RenderedObject, ops: &[&PatchOp]) -> Result<Vec<Vec<Choice>>, String> {
        let document =
            self.scenario.documents.get(object.document).ok_or_else(|| "no document".to_owned())?;
        let tree = &*document.tree;
        let wants = wants(tree, object.object.root(), ops)?;
        let mut parts: Vec<Vec<Proposal>> = Vec::new();
        let mut exchanged: Vec<NodeId> = Vec::new();
        for (map, entries) in &wants.additions {
            let added = self.additions(document, object, *map, entries);
            match wants.removals.iter().find(|node| tree.parent(**node) == Some(*map)) {
                Some(&gone) => {
                    exchanged.push(gone);
                    parts.push(self.exchanges(document, *map, gone, entries, &added));
                }
                None => parts.push(added),
            }
        }
        for (node, value) in &wants.replacements {
            let mut found = self.at_value(document, *node, &ValuesChange::Set(value.clone()));
            let edit = template_site::replace(&self.scenario.rendered, document, *node, value);
            found.extend(edit.and_then(|edit| self.in_template(edit)));
            found.extend(self.own_key(document, *node, value));
            parts.push(found);
        }
        for (list, item) in &wants.appendices {
            let mut found = self.at_value(document, *list, &ValuesChange::Append(item.clone()));
            let edit = template_site::append(&self.scenario.rendered, document, *list, item);
            found.extend(edit.and_then(|edit| self.in_template(edit)));
            parts.push(found);
        }
        for &node in wants.removals.iter().filter(|node| !exchanged.contains(node)) {
            parts.push(self.removals(document, node));
        }
        for (key, to) in &wants.renames {
            let edit =
                template_site::replace(&self.scenario.rendered, document, *key, &Value::from(to.as_str()));
            parts.push(edit.and_then(|edit| self.in_template(edit)).into_iter().collect());
        }
        let choices = parts.into_iter().map(|part| part.into_iter().map(Choice::from).collect());
        let parts: Vec<Vec<Choice>> = choices.collect();
        let possible = |part: &Vec<Choice>| part.iter().any(|choice| self.work_out(choice).is_some());
        if parts.iter().all(possible) { Ok(parts) } else { Err(self.no_place(document)) }
    }

    fn removals(&self, document: &RenderedTree, node: NodeId) -> Vec<Proposal> {
        let mut found = self.at_value(document, node, &ValuesChange::Remove);
        let edit = template_site::remove(&self.scenario.rendered, document, node);
        found.extend(edit.and_then(|edit| self.in_template(edit)));
        found
    }

    /// Puts entries in the place of another one: where both stand together first.
    fn exchanges(
        &self,
        document: &RenderedTree,
        map: NodeId,
        gone: NodeId,
        entries: &Map<String, Value>,
        added: &[Proposal],
    ) -> Vec<Proposal> {
        let tree = &*document.tree;
        let mut found = Vec::new();
        if let Some(key) = tree.key_node(gone).and_then(|key| tree.key_text(key)) {
            let change = ValuesChange::Exchange { gone: key.into_owned(), entries: entries.clone() };
            found.extend(self.at_value(document, map, &change));
        }
        let edit = template_site::exchange(&self.scenario.rendered, document, gone, entries);
        found.extend(edit.and_then(|edit| self.in_template(edit)));
        for removal in self.removals(document, gone) {
            let both = |addition: &Proposal| Proposal::Both(Box::new((removal.clone(), addition.clone())));
            found.extend(added.iter().take(MOST_KEYS).map(both));
        }
        found
    }

    fn no_place(&self, document: &RenderedTree) -> String {
        let path = self.scenario.rendered.files.get(document.file).map(|file| &file.template);
        match path {
            Some(path) if !self.input.is_own(path) => {
                format!("{path} is vendored, and no values key leads to the field")
            }
            Some(path) => format!("no values key leads to the field, and {path} makes it by actions"),
            None => "nothing is known of where it comes from".to_owned(),
        }
    }

    fn additions(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        map: NodeId,
        entries: &Map<String, Value>,
    ) -> Vec<Proposal> {
        let mut found = self.at_value(document, map, &ValuesChange::Merge(entries.clone()));
        // A key that is called like the field and that templates looked at.
        if let (1, Some((field, value))) = (entries.len(), entries.iter().next()) {
            let change = match value {
                Value::Object(inner) => ValuesChange::Merge(inner.clone()),
                value => ValuesChange::Set(value.clone()),
            };
            found.extend(self.at_hooks(document, object, map, field, &change));
        }
        // The mapping itself may be printed for a key of its name.
        if let Some(Segment::Key(name)) = document.tree.path(map).segments().last() {
            let merge = ValuesChange::Merge(entries.clone());
            found.extend(self.at_hooks(document, object, map, name, &merge));
        }
        if self.add_values {
            found.extend(self.new_keys(document, object, map, entries));
        }
        let lines = |_: &Source, _, indent, end: &str| template_site::block(entries, indent, end);
        let edits = template_site::add(&self.scenario.rendered, document, map, &lines);
        found.extend(edits.into_iter().take(3).filter_map(|edit| self.in_template(edit)));
        found
    }

    /// Lines of the template that print new keys of the chart's own values.
    fn new_keys(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        map: NodeId,
        entries: &Map<String, Value>,
    ) -> Vec<Proposal> {
        // The templates of a subchart read other values.
        let tree = self.tree(&self.input.inside("values.yaml"));
        let Some(tree) = tree.filter(|_| self.subchart(document).is_empty()) else { return Vec::new() };
        let near = self.neighbours(document);
        let mut found = Vec::new();
        for keys in new_keys(self.scenario, document, object, (map, entries), &tree, &near) {
            let keys = Rc::new(keys);
            let lines = |source: &Source, at, indent, end: &str| keys.lines(source, at, indent, end);
            let edits = template_site::add(&self.scenario.rendered, document, map, &lines);
            let own = edits.into_iter().filter(|edit| self.input.is_own(edit.0.name())).take(2);
            found.extend(own.map(|template| Proposal::NewKeys { template, keys: Rc::clone(&keys) }));
        }
        found
    }

    fn at_hooks(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        map: NodeId,
        field: &str,
        change: &ValuesChange,
    ) -> Vec<Proposal> {
        let in_pod = object.object.pods().iter().any(|pod| pod.spec == map);
        let mut paths: Vec<ValuePath> = self.scenario.hooks(field).into_iter().collect();
        // Keys for pods are mostly called so; nearer ones are more often meant than deeper ones.
        let names_pod =
            |path: &ValuePath| path.path.last().is_some_and(|key| key.to_ascii_lowercase().contains("pod"));
        let near = self.neighbours(document);
        paths.sort_by_key(|path| {
            let known = path.path.first().is_some_and(|first| near.contains(first));
            (names_pod(path) != in_pod, path.path.len() > 1 && !known, path.path.len())
        });
        let mut found = Vec::new();
        for path in paths.into_iter().take(MOST_KEYS) {
            found.extend(self.in_values(document, &path, change));
            if let ValuesChange::Merge(entries) = change {
                let mut enabled = Map::new();
                enabled.insert("enabled".to_owned(), Value::Bool(true));
                enabled.extend(entries.clone());
                if self.is_switched_off(&path) {
                    found.extend(self.in_values(document, &path, &ValuesChange::Merge(enabled)));
                }
            }
        }
        found
    }

    /// Whether a block of values has an `enabled: false`.
    fn is_switched_off(&self, path: &ValuePath) -> bool {
        let Some(tree) = self.tree(&path.file) else { return false };
        let root = tree.documents().iter().rfind(|it| it.root.is_some()).and_then(|it| it.root);
        let node = root
            .and_then(|root| path.path.iter().try_fold(root, |node, key| tree.get(tree.resolve(node), key)));
        let enabled = node.and_then(|node| tree.get(tree.resolve(node), "enabled"));
        matches!(enabled.and_then(|node| tree.scalar(node)), Some(Scalar::Bool(false)))
    }

    /// First keys of the values that a document prints.
    fn neighbours(&self, document: &RenderedTree) -> Keys {
        let place = (document.file, document.start);
        if let Some(known) = self.near.borrow().get(&place) {
            return Rc::clone(known);
        }
        let tree = &*document.tree;
        let mut keys = Vec::new();
        for node in tree.nodes().filter(|node| tree.kind(*node).is_scalar()) {
            if let Some(first) = value_of(&self.scenario.rendered, document, node)
                .and_then(|value| value.at.path.into_iter().next())
                && !keys.contains(&first)
            {
                keys.push(first);
            }
        }
        let keys = Rc::new(keys);
        self.near.borrow_mut().insert(place, Rc::clone(&keys));
        keys
    }

    /// Changes the value that printed a node.
    fn at_value(&self, document: &RenderedTree, node: NodeId, change: &ValuesChange) -> Vec<Proposal> {
        let Some(value) = value_of(&self.scenario.rendered, document, node) else { return Vec::new() };
        if value.is_argument {
            return Vec::new();
        }
        self.in_values(document, &value.at, change).into_iter().collect()
    }

    fn in_values(
        &self,
        document: &RenderedTree,
        path: &ValuePath,
        change: &ValuesChange,
    ) -> Option<Proposal> {
        if self.input.installs_it(&path.file) {
            return None;
        }
        let base = self.input.inside("values.yaml");
        let (file, keys) = if path.file.is_empty() {
            (base, path.path.clone())
        } else if self.input.is_own(&path.file) {
            (path.file.clone(), path.path.clone())
        } else {
            // A vendored chart's values are set under its name in the parent's.
            let mut keys = self.subchart(document);
            keys.extend(path.path.iter().cloned());
            if !self.is_vendored_template(document) && keys.len() == path.path.len() {
                return None;
            }
            (base, keys)
        };
        Some(Proposal::Values { file, keys, change: change.clone() })
    }

    /// A key of its own for a scalar that shares one with others: `service.port`, printed as the
    /// container's port too.
    fn own_key(&self, document: &RenderedTree, node: NodeId, value: &Value) -> Option<Proposal> {
        let printed = value_of(&self.scenario.rendered, document, node)?;
        let path = document.tree.path(node);
        let Some(Segment::Key(name)) = path.segments().last() else { return None };
        let rendered = &self.scenario.rendered;
        let template = template_site::other_key(rendered, document, node, &printed.at.path, name)?;
        let mut keys = printed.at.path;
        *keys.last_mut()? = name.to_string();
        let own = self.input.is_own(template.0.name());
        own.then(|| Proposal::OwnKey { template, keys, value: value.clone() })
    }

    /// What a choice comes to; `None` where it cannot be made.
    fn work_out<'c>(&self, choice: &'c Choice) -> Option<&'c Candidate> {
        choice.candidate.get_or_init(|| self.candidate(&choice.proposal)).as_ref()
    }

    fn candidate(&self, proposal: &Proposal) -> Option<Candidate> {
        match proposal {
            Proposal::Values { file, keys, change } => self.values_candidate(file, keys, change),
            Proposal::Template(edit) => Some(template_candidate(edit)),
            Proposal::OwnKey { template, keys, value } => {
                let file = self.input.inside("values.yaml");
                let change = ValuesChange::Set(value.clone());
                let values = self.values_candidate(&file, keys, &change)?;
                values.joined(template_candidate(template))
            }
            Proposal::NewKeys { template, keys } => {
                let file = self.input.inside("values.yaml");
                let change = ValuesChange::Merge(keys.entries.clone());
                let mut values = self.values_candidate(&file, &keys.above, &change)?;
                let claimed: Vec<&str> = keys.claims.iter().map(String::as_str).collect();
                values.place = format!("{} in {file}", claimed.join(", "));
                values.claims.clone_from(&keys.claims);
                values.joined(template_candidate(template))
            }
            Proposal::Both(both) => self.candidate(&both.0)?.joined(self.candidate(&both.1)?),
        }
    }

    fn values_candidate(&self, file: &str, keys: &[String], change: &ValuesChange) -> Option<Candidate> {
        let tree = self.tree(file)?;
        let edits = values_site::edits(&tree, keys, change, self.limits).ok()?;
        let place = format!("{} in {file}", keys.join("."));
        let edits = (Arc::clone(tree.source()), edits);
        let edits = std::iter::once((file.to_owned(), edits)).collect();
        Some(Candidate { place, edits, claims: BTreeSet::new() })
    }

    /// The names under which the chart that printed a document stands in its parents' values.
    fn subchart(&self, document: &RenderedTree) -> Vec<String> {
        let file = self.scenario.rendered.files.get(document.file);
        let path = file.map_or("", |file| &*file.path);
        let parts: Vec<&str> = path.split('/').collect();
        let mut names = Vec::new();
        for pair in parts.windows(2) {
            match pair {
                ["templates", _] => break,
                ["charts", name] => names.push((*name).to_owned()),
                _ => {}
            }
        }
        names
    }

    fn is_vendored_template(&self, document: &RenderedTree) -> bool {
        let file = self.scenario.rendered.files.get(document.file);
        file.is_some_and(|file| !self.input.is_own(&file.template))
    }

    fn in_template(&self, edit: template_site::TemplateEdit) -> Option<Proposal> {
        self.input.is_own(edit.0.name()).then_some(Proposal::Template(edit))
    }

    /// A values file as it is now.
    fn tree(&self, path: &str) -> Option<Rc<SpanTree>> {
        if let Some(known) = self.trees.borrow().get(path) {
            return known.clone();
        }
        let read = || {
            let bytes = self.files.read(path).ok()?;
            let source = Source::from_bytes(path, bytes).ok().map(Arc::new)?;
            Some(Rc::new(crate::yaml::parse_stream(&source, self.limits).tree))
        };
        let tree = read();
        self.trees.borrow_mut().insert(path.to_owned(), tree.clone());
        tree
    }
}

fn template_candidate((source, edits): &template_site::TemplateEdit) -> Candidate {
    let file = source.name().to_string();
    let first = edits.as_slice().first();
    let line = first.map_or(1, |edit| source.line_column(edit.span.start()).line);
    let place = format!("{file}:{line}");
    let edits = std::iter::once((file, (Arc::clone(source), edits.clone()))).collect();
    Candidate { place, edits, claims: BTreeSet::new() }
}

/// Which choice of each part goes with which: the first ones of all, the second ones and so on, then
/// those with the least loss in rank.
fn ranks(lengths: &[usize]) -> Vec<Vec<usize>> {
    let longest = lengths.iter().copied().max().unwrap_or(0).min(MOST / 2);
    let nth = |n: usize| lengths.iter().map(|&length| n.min(length.saturating_sub(1))).collect();
    let mut ranks: Vec<Vec<usize>> = (0..longest).map(nth).collect();
    let mut mixed: Vec<Vec<usize>> = vec![Vec::new()];
    for &length in lengths {
        let longer = |rank: &Vec<usize>| {
            let rank = rank.clone();
            (0..length).map(move |at| rank.iter().copied().chain(std::iter::once(at)).collect())
        };
        mixed = mixed.iter().flat_map(longer).collect();
        mixed.sort_by_key(|rank| rank.iter().sum::<usize>());
        mixed.truncate(MOST);
    }
    for rank in mixed {
        if ranks.len() < MOST && !ranks.contains(&rank) {
            ranks.push(rank);
        }
    }
    ranks
}

impl Candidate {
    /// Both as one; `None` where their edits overlap, make the same values key, or write the same twice.
    pub fn joined(mut self, other: Self) -> Option<Self> {
        if !self.claims.is_disjoint(&other.claims) {
            return None;
        }
        self.claims.extend(other.claims);
        for (file, (source, edits)) in other.edits {
            match self.edits.get_mut(&file) {
                Some((_, known)) => {
                    // Findings of two objects that one template prints want the same lines once.
                    if edits.as_slice().iter().any(|edit| known.as_slice().contains(edit)) {
                        return None;
                    }
                    known.merge(&edits).ok()?;
                }
                None => {
                    self.edits.insert(file, (source, edits));
                }
            }
        }
        Some(self)
    }
}

/// Sorts operations by what they do to nodes that are there.
fn wants(tree: &SpanTree, root: NodeId, ops: &[&PatchOp]) -> Result<Wants, String> {
    let mut wants = Wants::default();
    for op in ops {
        match op {
            PatchOp::Set { path, value, .. } => set(tree, root, path, value.clone(), &mut wants)?,
            PatchOp::Append { path, value, .. } => match tree.find(root, path) {
                Some(list) if tree.kind(tree.resolve(list)).is_sequence() => {
                    wants.appendices.push((tree.resolve(list), value.clone()));
                }
                _ => set(tree, root, path, Value::Array(vec![value.clone()]), &mut wants)?,
            },
            PatchOp::Remove { .. } => {}
            PatchOp::Rename { path, to, .. } => {
                let above =
                    path.split_last().and_then(|(above, last)| Some((tree.find(root, &above)?, last)));
                let Some((map, Segment::Key(name))) = above else {
                    return Err(format!("{path} is not there"));
                };
                let mut pairs = tree.pairs(tree.resolve(map));
                let key = pairs.find(|(key, _)| tree.key_text(*key).is_some_and(|text| *text == **name));
                let (key, _) = key.ok_or_else(|| format!("{path} is not there"))?;
                wants.renames.push((key, to.clone()));
            }
        }
    }
    for op in ops {
        let PatchOp::Remove { path, prune, .. } = op else { continue };
        let mut node = tree.find(root, path).ok_or_else(|| format!("{path} is not there"))?;
        // A parent of one entry goes with it, unless something is put there.
        while *prune
            && let Some(parent) = tree.parent(node)
            && (tree.pairs(parent).len() == 1 || tree.items(parent).len() == 1)
            && parent != root
            && !wants.additions.contains_key(&parent)
        {
            node = parent;
        }
        if !wants.removals.contains(&node) {
            wants.removals.push(node);
        }
    }
    Ok(wants)
}

fn set(
    tree: &SpanTree,
    root: NodeId,
    path: &FieldPath,
    value: Value,
    wants: &mut Wants,
) -> Result<(), String> {
    let mut at = root;
    let mut segments = path.segments().iter();
    let mut rest: Vec<&Segment> = Vec::new();
    for segment in segments.by_ref() {
        let node = tree.resolve(at);
        let next = match segment {
            Segment::Key(key) if tree.kind(node).is_mapping() => tree.get(node, key),
            Segment::Index(index) if tree.kind(node).is_sequence() => tree.items(node).get(*index).copied(),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => {
                rest.push(segment);
                break;
            }
        }
    }
    rest.extend(segments);
    if rest.is_empty() {
        wants.replacements.push((at, value));
        return Ok(());
    }
    let mut nested = value;
    for segment in rest.iter().rev() {
        let Segment::Key(key) = segment else { return Err(format!("{path} is not there")) };
        nested = Value::Object(std::iter::once((key.to_string(), nested)).collect());
    }
    let node = tree.resolve(at);
    if !tree.kind(node).is_mapping() {
        if matches!(tree.scalar(node), Some(Scalar::Null)) {
            wants.replacements.push((node, nested));
            return Ok(());
        }
        return Err(format!("{path} has a parent of another kind"));
    }
    let Value::Object(entries) = nested else { return Ok(()) };
    deep_merge(wants.additions.entry(node).or_default(), entries);
    Ok(())
}

fn deep_merge(into: &mut Map<String, Value>, entries: Map<String, Value>) {
    for (key, value) in entries {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(known)), Value::Object(new)) => deep_merge(known, new),
            // Each of several items of a list that is not there yet.
            (Some(Value::Array(known)), Value::Array(new)) => {
                for item in new {
                    if !known.contains(&item) {
                        known.push(item);
                    }
                }
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}
