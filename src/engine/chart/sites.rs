//! Where a wanted change of an object could be made: values keys and template text, best first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::finding::PatchOp;
use crate::resource::{Pod, written_before};
use crate::source::{Files, Limits, Source};
use crate::yaml::{NodeId, Scalar, Segment, SpanTree};

use super::candidate::{Candidate, Candidates, Choice, Proposal};
use super::hooks::{Keys, MOST_KEYS};
use super::judge::{JudgedScenario, RenderedObject};
use super::new_key::{NewKeys, new_keys};
use super::part_site::{PartSite, parts};
use super::stand_in::stand_in;
use super::template_site::TemplateEdit;
use super::trace::{RenderedTree, ValuePath, passed_over, value_of};
use super::values_site::{self, ValuesChange};
use super::wants::{deep_merge, default_is_false, wants};
use super::{ChartInput, literal_site, resource_site, schema_site, template_site};

/// What candidates are made from. What is read for one is kept for the next.
pub(super) struct Sites<'a> {
    pub(super) input: &'a ChartInput,
    files: &'a dyn Files,
    pub(super) limits: &'a Limits,
    pub(super) scenario: &'a JudgedScenario,
    /// Whether templates get lines that print new values keys, rather than lines of literal text.
    add_values: bool,
    trees: RefCell<HashMap<String, Option<Rc<SpanTree>>>>,
    /// First keys of the values that a document prints, by file and start.
    pub(super) near: RefCell<HashMap<(usize, usize), Keys>>,
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
        if let Some(elsewhere) = stand_in(self.scenario, by_object.keys()) {
            return Err(elsewhere);
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
        Ok(Candidates::of(self, parts))
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
            let pods = object.object.pods();
            let is_part = |it: &Pod| it.spec == *map || it.containers.iter().any(|it| it.node == *map);
            match wants.removals.iter().find(|node| tree.parent(**node) == Some(*map)) {
                Some(&gone) => {
                    let added = self.additions(document, object, *map, entries);
                    exchanged.push(gone);
                    parts.push(self.exchanges(document, object, (*map, gone), entries, &added));
                }
                // Charts have a key for each field of a pod or container.
                None if pods.iter().any(is_part) => parts.extend(entries.iter().map(|(key, value)| {
                    let entry = std::iter::once((key.clone(), value.clone())).collect();
                    self.additions(document, object, *map, &entry)
                })),
                None => parts.push(self.additions(document, object, *map, entries)),
            }
        }
        for (node, value) in &wants.replacements {
            parts.push(self.replacements(document, object, *node, value));
        }
        for (list, item) in &wants.appendices {
            let mut found = self.at_value(document, *list, &ValuesChange::Append(item.clone()));
            let edit = template_site::append(&self.scenario.rendered, document, *list, item);
            found.extend(edit.and_then(|edit| self.in_template(edit)));
            parts.push(found);
        }
        for &node in wants.removals.iter().filter(|node| !exchanged.contains(node)) {
            let flag = wants.flags.get(&node).copied();
            parts.push(self.removals(document, object, node, flag));
        }
        for (key, to) in &wants.renames {
            let edit =
                template_site::replace(&self.scenario.rendered, document, *key, &Value::from(to.as_str()));
            parts.push(edit.and_then(|edit| self.in_template(edit)).into_iter().collect());
        }
        let choices = parts.into_iter().map(|part| part.into_iter().map(Choice::from).collect());
        let parts: Vec<Vec<Choice>> = choices.collect();
        let possible = |part: &Vec<Choice>| part.iter().any(|choice| self.work_out(choice).is_some());
        if parts.iter().all(possible) {
            return Ok(parts);
        }
        let says = |(node, _): &(NodeId, Value)| {
            template_site::says_a_value(&self.scenario.rendered, document, *node)
        };
        Err(match wants.replacements.iter().find_map(says) {
            Some(template) => {
                format!("{} prints it for what a value says, which is to change", template.name())
            }
            None => self.no_place(document),
        })
    }

    fn replacements(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        node: NodeId,
        value: &Value,
    ) -> Vec<Proposal> {
        let set = ValuesChange::Set(value.clone());
        let mut found = self.at_value(document, node, &set);
        // What a template falls back to says which key it would have taken.
        if let Some(path) = passed_over(&self.scenario.rendered, document, node) {
            found.extend(self.in_values(document, &path, &set));
        }
        let rendered = &self.scenario.rendered;
        if self.add_values {
            let edit = |keys: &NewKeys| literal_site::print_key(rendered, document, node, keys);
            found.extend(self.own_hooks(document, object, node, value, &edit));
        }
        if template_site::says_a_value(rendered, document, node).is_none() {
            let edit = template_site::replace(rendered, document, node, value);
            found.extend(edit.and_then(|edit| self.in_template(edit)));
        }
        found.extend(self.own_key(document, node, value));
        found.extend(self.in_parts(document, node, value));
        found
    }

    fn removals(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        node: NodeId,
        flag: Option<NodeId>,
    ) -> Vec<Proposal> {
        let mut found = self.at_value(document, node, &ValuesChange::Remove);
        // A flag is as well switched off. In a file that overrides another one that is what stays clear.
        if let Some(flag) = flag.filter(|flag| default_is_false(&document.tree.path(*flag))) {
            let off = self.at_value(document, flag, &ValuesChange::Set(Value::Bool(false)));
            let value = value_of(&self.scenario.rendered, document, flag);
            let overrides = value.is_some_and(|value| value.at.file != self.input.inside("values.yaml"));
            let at = if overrides { 0 } else { found.len() };
            found.splice(at..at, off);
        }
        let rendered = &self.scenario.rendered;
        let is_true = matches!(document.tree.scalar(node), Some(Scalar::Bool(true)));
        found.extend(self.switches(document, object, node));
        if self.add_values && is_true {
            let edit = |keys: &NewKeys| literal_site::print_if(rendered, document, node, keys);
            found.extend(self.own_hooks(document, object, node, &Value::Bool(false), &edit));
        }
        let edit = template_site::remove(rendered, document, node)
            .or_else(|| literal_site::remove_printed(rendered, document, node));
        let wider = edit.as_ref().and_then(template_site::with_emptied_blocks);
        found.extend(wider.and_then(|edit| self.in_template(edit)));
        found.extend(edit.and_then(|edit| self.in_template(edit)));
        found
    }

    /// A field that stands in the template's text gets a new key of the chart's own values, by an edit of
    /// the template that prints it.
    fn own_hooks(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        node: NodeId,
        value: &Value,
        edit: &dyn Fn(&NewKeys) -> Option<TemplateEdit>,
    ) -> Vec<Proposal> {
        let tree = &*document.tree;
        let name = tree.key_node(node).and_then(|key| tree.key_text(key));
        let (Some(map), Some(name)) = (tree.parent(node), name) else { return Vec::new() };
        let entries = std::iter::once((name.into_owned(), value.clone())).collect();
        let propose = |keys: NewKeys| {
            let template = edit(&keys).filter(|edit| self.input.is_own(edit.0.name()))?;
            Some(Proposal::NewKeys { template, keys: Rc::new(keys) })
        };
        self.free_keys(document, object, map, &entries).into_iter().filter_map(propose).collect()
    }

    /// Puts entries in the place of another one: where both stand together first.
    fn exchanges(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        (map, gone): (NodeId, NodeId),
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
        for removal in self.removals(document, object, gone, None) {
            let both = |addition: &Proposal| Proposal::Both(Box::new((removal.clone(), addition.clone())));
            found.extend(added.iter().take(MOST_KEYS).map(both));
        }
        found
    }

    /// That there is no place in a vendored chart, if one of the objects is printed by one.
    pub fn vendored(&self, objects: &BTreeSet<usize>) -> Option<String> {
        let objects = objects.iter().filter_map(|&object| self.scenario.objects.get(object));
        let mut documents = objects.filter_map(|object| self.scenario.documents.get(object.document));
        documents.find(|document| self.is_vendored_template(document)).map(|it| self.no_place(it))
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
        found.extend(self.at_guards(document, entries));
        if self.add_values {
            found.extend(self.new_keys(document, object, map, entries));
        }
        let lines = |_: &Source, _, indent, end: &str| template_site::block(entries, indent, end);
        let before: Vec<&str> = entries.keys().flat_map(|key| written_before(key)).copied().collect();
        let edits = template_site::add(&self.scenario.rendered, document, map, &before, &lines);
        let twice = |edit: &TemplateEdit| entries.keys().any(|key| template_site::writes_already(edit, key));
        let edits = edits.into_iter().take(3).filter(|edit| !twice(edit));
        found.extend(edits.filter_map(|edit| self.in_template(edit)));
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
        let before: Vec<&str> = entries.keys().flat_map(|key| written_before(key)).copied().collect();
        let mut found = Vec::new();
        for keys in self.free_keys(document, object, map, entries) {
            let keys = Rc::new(keys);
            let lines = |source: &Source, at, indent, end: &str| keys.lines(source, at, indent, end);
            let edits = template_site::add(&self.scenario.rendered, document, map, &before, &lines);
            let twice =
                |edit: &TemplateEdit| entries.keys().any(|key| template_site::writes_already(edit, key));
            let own =
                edits.into_iter().filter(|edit| self.input.is_own(edit.0.name()) && !twice(edit)).take(2);
            found.extend(own.map(|template| Proposal::NewKeys { template, keys: Rc::clone(&keys) }));
        }
        found
    }

    /// Keys of the chart's own values that are free for entries of a mapping.
    fn free_keys(
        &self,
        document: &RenderedTree,
        object: &RenderedObject,
        map: NodeId,
        entries: &Map<String, Value>,
    ) -> Vec<NewKeys> {
        // The templates of a subchart read other values.
        let tree = self.tree(&self.input.inside("values.yaml"));
        let Some(tree) = tree.filter(|_| self.subchart(document).is_empty()) else { return Vec::new() };
        new_keys(self.scenario, document, object, (map, entries), &tree, &self.neighbours(document))
    }

    /// Changes the value that printed a node.
    fn at_value(&self, document: &RenderedTree, node: NodeId, change: &ValuesChange) -> Vec<Proposal> {
        let Some(value) = value_of(&self.scenario.rendered, document, node) else { return Vec::new() };
        if value.is_argument {
            return self.in_parameter(&value, change).into_iter().collect();
        }
        self.in_values(document, &value.at, change)
    }

    /// Changes one of several values that print a scalar together.
    fn in_parts(&self, document: &RenderedTree, node: NodeId, value: &Value) -> Vec<Proposal> {
        let proposal = |part| match part {
            PartSite::Value(at, new) => self.in_values(document, &at, &ValuesChange::Set(new)),
            PartSite::Template(edit) => self.in_template(edit).into_iter().collect(),
        };
        parts(&self.scenario.rendered, document, node, value).into_iter().flat_map(proposal).collect()
    }

    pub(super) fn in_values(
        &self,
        document: &RenderedTree,
        path: &ValuePath,
        change: &ValuesChange,
    ) -> Vec<Proposal> {
        if self.input.installs_it(&path.file) {
            return self.in_resource(path, change);
        }
        let base = self.input.inside("values.yaml");
        let (file, keys) = if path.file.is_empty() {
            (base, path.path.clone())
        } else if self.input.is_own(&path.file) {
            (path.file.clone(), path.path.clone())
        } else {
            // A vendored chart's values are set under its name in the parent's.
            let mut keys = self.subchart(document);
            if !self.is_vendored_template(document) && keys.is_empty() {
                return Vec::new();
            }
            // Below a key of its own (`_defaults`) a chart keeps what others set without it.
            let private = path.path.len() > 1 && path.path.first().is_some_and(|key| key.starts_with('_'));
            keys.extend(path.path.iter().skip(usize::from(private)).cloned());
            (base, keys)
        };
        let own = file == self.input.inside("values.yaml");
        let mut found = vec![Proposal::Values { file, keys: keys.clone(), change: change.clone() }];
        // Where the chart's own values would change what others get, the resource of the scenario may have the key.
        if own && matches!(change, ValuesChange::Merge(_) | ValuesChange::Set(_)) {
            found.extend(self.in_install(keys, change));
        }
        found
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
    pub(super) fn work_out<'c>(&self, choice: &'c Choice) -> Option<&'c Candidate> {
        choice.candidate.get_or_init(|| self.candidate(&choice.proposal)).as_ref()
    }

    /// What one choice of each part comes to; `None` where they do not go together.
    pub(super) fn together(&self, choices: &[&Choice]) -> Option<Candidate> {
        let (mut all, mut entries, mut paths) = (None, Map::new(), BTreeSet::new());
        let is_new = |choice: &&&Choice| matches!(choice.proposal, Proposal::NewKeys { .. });
        // New keys may come to stand in one map.
        let several = choices.iter().filter(is_new).count() > 1;
        let mut claims = BTreeSet::new();
        for choice in choices {
            let candidate = match &choice.proposal {
                Proposal::NewKeys { template, keys } if several => {
                    if !keys.paths().all(|path| paths.insert(path)) {
                        return None;
                    }
                    let below =
                        |inner, key: &String| std::iter::once((key.clone(), Value::Object(inner))).collect();
                    deep_merge(&mut entries, keys.above.iter().rev().fold(keys.entries.clone(), below));
                    claims.extend(keys.claims.iter().cloned());
                    Candidate::from(template)
                }
                _ => self.work_out(choice)?.clone(),
            };
            all = Some(match all {
                None => candidate,
                Some(known) => Candidate::joined(known, candidate)?,
            });
        }
        if !several {
            return all;
        }
        let file = self.input.inside("values.yaml");
        let mut values = self.values_candidate(&file, &[], &ValuesChange::Merge(entries))?;
        values.place =
            format!("{} in {file}", claims.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
        values.claims = claims;
        values.joined(all?)
    }

    fn candidate(&self, proposal: &Proposal) -> Option<Candidate> {
        match proposal {
            Proposal::Values { file, keys, change } => self.values_candidate(file, keys, change),
            Proposal::Template(edit) => Some(Candidate::from(edit)),
            Proposal::Resource { place, keys, change } => {
                let tree = self.tree(&place.at.file)?;
                let edits = resource_site::edits(&tree, place, keys, change, self.limits).ok()?;
                let place = format!("{} in {}", keys.join("."), place.at.file);
                self.allowed(Candidate::of(place, &tree, edits), keys, change)
            }
            Proposal::Parameter { parameters, span, text } => {
                let tree = self.tree(&parameters.at.file)?;
                let edits =
                    resource_site::parameter_edits(&tree, parameters, *span, text, self.limits).ok()?;
                Some(Candidate::of(format!("a parameter in {}", parameters.at.file), &tree, edits))
            }
            Proposal::OwnKey { template, keys, value } => {
                let file = self.input.inside("values.yaml");
                let change = ValuesChange::Set(value.clone());
                let values = self.values_candidate(&file, keys, &change)?;
                values.joined(Candidate::from(template))
            }
            Proposal::NewKeys { template, keys } => {
                let file = self.input.inside("values.yaml");
                let change = ValuesChange::Merge(keys.entries.clone());
                let mut values = self.values_candidate(&file, &keys.above, &change)?;
                let claimed: Vec<&str> = keys.claims.iter().map(String::as_str).collect();
                values.place = format!("{} in {file}", claimed.join(", "));
                values.claims.clone_from(&keys.claims);
                values.joined(Candidate::from(template))
            }
            Proposal::Both(both) => self.candidate(&both.0)?.joined(self.candidate(&both.1)?),
        }
    }

    fn values_candidate(&self, file: &str, keys: &[String], change: &ValuesChange) -> Option<Candidate> {
        let tree = self.tree(file)?;
        let edits = values_site::edits(&tree, keys, change, self.limits).ok()?;
        let place = format!("{} in {file}", keys.join("."));
        self.allowed(Candidate::of(place, &tree, edits), keys, change)
    }

    /// A change of values, with one of the chart's schema where that allows no keys but those it names.
    fn allowed(&self, values: Candidate, keys: &[String], change: &ValuesChange) -> Option<Candidate> {
        let file = self.input.inside("values.schema.json");
        let schema = || {
            let tree = self.tree(&file)?;
            let edits = schema_site::edits(&tree, keys, change, self.limits)?;
            Some(Candidate::of(values.place.clone(), &tree, edits))
        };
        match schema() {
            Some(schema) => values.joined(schema),
            None => Some(values),
        }
    }

    /// The names under which the chart that printed a document stands in its parents' values.
    pub(super) fn subchart(&self, document: &RenderedTree) -> Vec<String> {
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

    fn in_template(&self, edit: TemplateEdit) -> Option<Proposal> {
        self.input.is_own(edit.0.name()).then_some(Proposal::Template(edit))
    }

    /// A values file, or one with a resource, as it is now.
    pub(super) fn tree(&self, path: &str) -> Option<Rc<SpanTree>> {
        if let Some(known) = self.trees.borrow().get(path) {
            return known.clone();
        }
        let read = || {
            let bytes = self.files.read(path).ok()?;
            let source = Source::from_bytes(path, bytes).ok().map(Arc::new)?;
            let resource = self.input.installs_it(path);
            let parse = if resource { crate::yaml::parse } else { crate::yaml::parse_stream };
            Some(Rc::new(parse(&source, self.limits).tree))
        };
        let tree = read();
        self.trees.borrow_mut().insert(path.to_owned(), tree.clone());
        tree
    }
}
