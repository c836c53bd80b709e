//! Which subcharts take part in a render, under which name, and which values they lend their
//! parents: version ranges, aliases, tags, conditions, `import-values`.

use std::collections::HashSet;
use std::sync::Arc;

use super::chart::Chart;
use super::coalesce::{Coalescer, TypeMismatch, ValuesWarning, merge_tables};
use super::family::{Family, MemberId};
use super::metadata::{Dependency, ImportValue};
use super::semver::{Constraint, Version};
use super::value::{Map, Node, Value};
use super::values::{deep_copy, part_of};
use crate::origin::{OriginId, Origins};

/// Most steps of a path in `import-values`: deeper ones are skipped with a warning.
const PATH_STEPS: usize = 128;

/// Whether a version lies in a range; what is no version or no range fits nothing.
#[must_use]
pub fn in_range(range: &str, version: &str) -> bool {
    match (Constraint::parse(range.as_bytes()), Version::parse(version.as_bytes())) {
        (Ok(range), Ok(version)) => range.check(&version),
        _ => false,
    }
}

/// The charts that take part, for the values that the user gave, with their own values and those
/// that they import.
///
/// # Errors
/// A value that should be a subchart's table is none.
pub fn settle(
    chart: &Arc<Chart>,
    user: &Node,
    origins: &mut Origins,
    warnings: &mut Vec<ValuesWarning>,
) -> Result<Family, TypeMismatch> {
    // Only some keys matter for what takes part: those that conditions and tags name, and charts'
    // names. Values are looked up by paths made of them.
    let keys = relevant_keys(chart);
    let mut part = |chart: &Chart| match &chart.values {
        Some(file) => file.part(&keys, origins),
        None => Node::plain(Map::new()),
    };
    let mut family = Family::new(chart, &mut part);
    let root = family.root();
    if family.declared(root).is_some_and(|declared| declared.dependencies.is_some()) {
        let user = user.value.as_map().map_or_else(Map::new, |map| part_of(map, &keys));
        Processor { family: &mut family, origins: &mut *origins, warnings: &mut *warnings }.enable(
            root,
            &Node::plain(user),
            "",
        )?;
    }
    family.read_values(origins);
    if imports_matter(&family, user) {
        Processor { family: &mut family, origins, warnings }.import(root)?;
    }
    Ok(family)
}

fn relevant_keys(chart: &Arc<Chart>) -> HashSet<String> {
    let mut keys: HashSet<String> = HashSet::from(["tags".to_owned(), "global".to_owned()]);
    for chart in chart.all() {
        keys.extend(chart.metadata.name.split('.').map(str::to_owned));
        keys.insert(chart.metadata.name.clone());
        for dependency in chart.metadata.dependencies() {
            keys.insert(dependency.key().to_owned());
            keys.extend(dependency.tags.iter().cloned());
            keys.extend(dependency.condition.trim().split(['.', ',']).map(str::to_owned));
        }
    }
    keys
}

/// Whether Helm's step of importing values changes anything: besides `import-values` itself it
/// copies subcharts' values into their parents, which shows only where these have nulls in tables.
fn imports_matter(family: &Family, user: &Node) -> bool {
    let has_inner_null =
        |&id: &MemberId| family.chart(id).values.as_ref().is_some_and(|file| file.has_inner_null());
    let given =
        |id: MemberId| user.value.as_map().is_some_and(|map| map.contains(family.name(id).as_bytes()));
    let root = family.root();
    let below = family.all().into_iter().filter(|&id| id != root && has_inner_null(&id));
    let harmless =
        |id: MemberId| family.children(root).contains(&id) && family.children(id).is_empty() && !given(id);
    family.imports() || below.into_iter().any(|id| !harmless(id))
}

struct Processor<'a> {
    family: &'a mut Family,
    origins: &'a mut Origins,
    warnings: &'a mut Vec<ValuesWarning>,
}

impl Processor<'_> {
    fn coalesced(&mut self, chart: MemberId, user: &Node, merge: bool) -> Result<Node, TypeMismatch> {
        let lists = self.family.imports();
        let copy = user.value.as_map().map_or_else(Map::new, |map| deep_copy(map, lists));
        let dest = Node::new(copy, user.origin());
        let (origins, warnings) = (&mut *self.origins, &mut *self.warnings);
        let mut pass =
            Coalescer { family: &*self.family, origins, warnings, merge, spread_nils: false, consume: false };
        pass.run(chart, &dest)?;
        Ok(dest)
    }

    fn warn(&mut self, message: String, origin: OriginId) {
        self.warnings.push(ValuesWarning { message, origin });
    }

    /// Drops the subcharts that are switched off, names the others, and goes on below them.
    fn enable(&mut self, chart: MemberId, user: &Node, path: &str) -> Result<(), TypeMismatch> {
        let Some(declared) = self.family.declared(chart).and_then(|declared| declared.dependencies.clone())
        else {
            return Ok(());
        };
        self.name_children(chart, &declared);
        // What is ignored here is ignored, and said, once more when all values are put together.
        let said = self.warnings.len();
        let values = self.coalesced(chart, user, false)?;
        self.warnings.truncate(said);
        let table = values.value.as_map().cloned().unwrap_or_default();
        let tags = lookup(&table, "tags").and_then(|node| node.value.as_map().cloned());
        let enabled: Vec<bool> = declared
            .iter()
            .map(|dependency| {
                let by_tags = tags.as_ref().is_none_or(|tags| self.by_tags(dependency, tags));
                self.by_condition(dependency, &table, path).unwrap_or(by_tags)
            })
            .collect();
        let off: Vec<String> = declared
            .iter()
            .zip(&enabled)
            .filter(|(_, on)| !**on)
            .map(|(it, _)| it.key().to_owned())
            .collect();
        let left: Vec<MemberId> = self.family.children(chart).to_vec();
        let left: Vec<MemberId> = left
            .into_iter()
            .filter(|&child| !off.iter().any(|name| name == self.family.name(child)))
            .collect();
        for &child in &left {
            let path = format!("{path}{}.", self.family.name(child));
            self.enable(child, &values, &path)?;
        }
        let declared: Vec<Dependency> =
            declared.into_iter().filter(|it| !off.iter().any(|name| name == it.key())).map(named).collect();
        if let Some(list) = self.family.declared_mut(chart) {
            list.dependencies = (!declared.is_empty()).then_some(declared);
        }
        self.family.set_children(chart, left);
        Ok(())
    }

    /// Subcharts that nobody declares stay; declared ones follow in the order of their
    /// declarations, each a copy under its alias.
    fn name_children(&mut self, chart: MemberId, declared: &[Dependency]) {
        let loaded = self.family.children(chart).to_vec();
        let fits = |family: &Family, child: MemberId, dependency: &Dependency| {
            family.name(child) == dependency.name
                && in_range(&dependency.version, &family.chart(child).metadata.version)
        };
        let undeclared = |&child: &MemberId| !declared.iter().any(|it| fits(self.family, child, it));
        let mut children: Vec<MemberId> = loaded.iter().copied().filter(undeclared).collect();
        let mut taken = Vec::new();
        for dependency in declared {
            let Some(child) = loaded.iter().copied().find(|&child| fits(self.family, child, dependency))
            else {
                continue;
            };
            if taken.contains(&child) {
                self.family.note_alias();
            }
            taken.push(child);
            children.push(self.family.copy(child, dependency.key()));
        }
        self.family.set_children(chart, children);
        if let Some(list) = self.family.declared_mut(chart) {
            list.dependencies = Some(declared.iter().cloned().map(named).collect());
        }
    }

    fn by_tags(&mut self, dependency: &Dependency, tags: &Map) -> bool {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            let Some(node) = tags.get(tag.as_bytes()) else { continue };
            match node.value {
                Value::Bool(true) => on = true,
                Value::Bool(false) => off = true,
                _ => self.warn(format!("tag {tag} of {} is not a boolean", dependency.name), node.origin()),
            }
        }
        on || !off
    }

    fn by_condition(&mut self, dependency: &Dependency, values: &Map, path: &str) -> Option<bool> {
        for condition in dependency.condition.trim().split(',').filter(|it| !it.is_empty()) {
            let Some(node) = lookup(values, &format!("{path}{condition}")) else { continue };
            match node.value {
                Value::Bool(on) => return Some(on),
                // A table is no value to Helm.
                Value::Map(_) => {}
                _ => self.warn(
                    format!("condition {condition} of {} is not a boolean", dependency.name),
                    node.origin(),
                ),
            }
        }
        None
    }

    /// Gives each chart, from the leaves up, the values that it imports from its subcharts.
    fn import(&mut self, chart: MemberId) -> Result<(), TypeMismatch> {
        for child in self.family.children(chart).to_vec() {
            self.import(child)?;
        }
        let Some(declared) = self.family.declared(chart).filter(|it| it.dependencies.is_some()).cloned()
        else {
            return Ok(());
        };
        let own = self.family.values(chart);
        let values = self.coalesced(chart, &Node::new(Map::new(), own.origin()), true)?;
        let table = values.value.as_map().cloned().unwrap_or_default();
        let imported = Map::new();
        for (at, dependency) in declared.dependencies.iter().flatten().enumerate() {
            for import in declared.imports(at) {
                let (child, parent) = match import {
                    ImportValue::Export(name) => (format!("exports.{name}"), "."),
                    ImportValue::Table { child, parent } => (child.clone(), parent.as_str()),
                    ImportValue::Other => continue,
                };
                let from = format!("{}.{child}", dependency.key());
                let Some(found) = lookup(&table, &from).filter(|node| node.value.as_map().is_some()) else {
                    self.warn(format!("import-values: {from} is no table"), OriginId::NONE);
                    continue;
                };
                let Some(nested) = nested(parent, found) else {
                    self.warn(format!("import-values: the path {parent} is too long"), OriginId::NONE);
                    continue;
                };
                merge_tables(self.origins, self.family, &imported, &nested);
            }
        }
        if imported.is_empty() {
            self.family.set_values(chart, values);
            return Ok(());
        }
        let apart = deep_copy(&table, true);
        merge_tables(self.origins, self.family, &apart, &imported);
        self.family.set_values(chart, Node::new(apart, values.origin()));
        Ok(())
    }
}

/// The dependency under its alias, as Helm names it from here on, switched on.
fn named(mut dependency: Dependency) -> Dependency {
    dependency.enabled = true;
    if !dependency.alias.is_empty() {
        dependency.name = dependency.alias.clone();
    }
    dependency
}

/// The node at a path with dots; keys that hold dots cannot be reached, as in Helm.
fn lookup(table: &Map, path: &str) -> Option<Node> {
    let (above, key) = path.rsplit_once('.').map_or((None, path), |(above, key)| (Some(above), key));
    let mut table = table.clone();
    for step in above.into_iter().flat_map(|above| above.split('.')) {
        let inner = table.get(step.as_bytes())?.value.as_map().cloned()?;
        table = inner;
    }
    table.get(key.as_bytes())
}

/// The node below maps for each step of a path.
fn nested(path: &str, node: Node) -> Option<Map> {
    if path == "." {
        return node.value.as_map().cloned();
    }
    if path.matches('.').count() >= PATH_STEPS {
        return None;
    }
    let origin = node.origin();
    let wrapped = path.rsplit('.').fold(node, |inner, step| {
        let map = Map::new();
        map.insert(step.as_bytes(), OriginId::NONE, inner);
        Node::new(map, origin)
    });
    wrapped.value.as_map().cloned()
}
