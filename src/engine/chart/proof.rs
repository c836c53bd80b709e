//! What differs between two judgements of a chart, and whether all of it was wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::Selection;
use crate::engine::locate::resource_id;
use crate::finding::{Finding, PatchOp};
use crate::source::{Problem, ProblemKind};
use crate::yaml::{FieldPath, Segment, SpanTree};

use super::judge::{Instance, JudgedChart, JudgedScenario, Part, RenderedObject};
use super::narrow::narrowed;
use super::wants::default_is_false;

/// What [`promising`] says of a candidate whose object stays as it is.
pub(super) const IDLE: &str = "it changes nothing";

/// Shows that `after` differs from `before` only in fields that fixes of findings wanted to change,
/// that the findings in `made` are gone, and that none is new.
///
/// # Errors
/// The first thing that is not so.
pub(super) fn compare(
    before: &JudgedChart,
    after: &JudgedChart,
    made: &[&Finding],
    selection: &Selection,
) -> Result<(), String> {
    unchecked(&before.problems, &after.problems)?;
    if before.scenarios.len() != after.scenarios.len() {
        return Err("the scenarios would not be the same".to_owned());
    }
    for (number, (old, new)) in before.scenarios.iter().zip(&after.scenarios).enumerate() {
        let wanted = wanted(before, number, selection);
        scenario(&old.whole(), &new.whole(), &wanted).map_err(|what| format!("with {}: {what}", old.name))?;
    }
    together(before, after, made, selection)?;
    findings(before, after, made)
}

/// Shows that changes of several objects are made in all of them, in every scenario: what names a
/// port moves with it, also where only other values print it.
fn together(
    before: &JudgedChart,
    after: &JudgedChart,
    made: &[&Finding],
    selection: &Selection,
) -> Result<(), String> {
    let is_made = |finding: &Finding| made.iter().any(|made| made.fingerprint == finding.fingerprint);
    for it in before.findings.iter().filter(|it| is_made(&it.finding)) {
        let Some(index) = allowed_index(&it.finding, selection) else { continue };
        for instance in &it.instances {
            let Some(patch) = instance.patches.get(index) else { continue };
            // Half of what gets another name and other content is neither the old nor the new.
            let renames = patch.ops.iter().any(|op| matches!(op, PatchOp::Rename { .. }));
            if !renames && patch.ops.iter().all(|op| op.document() == instance.object) {
                continue;
            }
            let Some(scenario) = after.scenarios.get(instance.scenario) else { continue };
            let ops: Vec<&PatchOp> = patch.ops.iter().collect();
            for op in &patch.ops {
                let Some(object) = scenario.objects.get(op.document()) else { continue };
                let op = in_new_names(op, &ops, &object.value);
                let PatchOp::Set { path, value, .. } = &op else { continue };
                if get(&object.value, path.segments()) != Some(value) {
                    let id = resource_id(&object.object);
                    return Err(format!("with {}: {path} of {id} would stay behind", scenario.name));
                }
            }
        }
    }
    Ok(())
}

/// Whether a change does something to all of the objects and nothing that was not wanted, as far as
/// what some files print in one scenario tells: worth the full proof.
///
/// # Errors
/// Why not.
pub(super) fn promising(
    before: &JudgedChart,
    number: usize,
    objects: &BTreeSet<usize>,
    tried: &JudgedScenario,
    selection: &Selection,
) -> Result<(), String> {
    let Some(old) = before.scenarios.get(number) else { return Err("it does not render".to_owned()) };
    unchecked(&before.problems, tried.problems())?;
    let printed: BTreeSet<&str> = objects.iter().filter_map(|&object| old.path_of(object)).collect();
    let (old, new) = (old.part(&printed), tried.part(&printed));
    scenario(&old, &new, &wanted(before, number, selection))
        .map_err(|what| format!("with {}: {what}", tried.name))?;
    let mut pairs = old.objects.iter().zip(&new.objects);
    match pairs.find(|((index, old), (_, new))| objects.contains(index) && old.value == new.value) {
        None => Ok(()),
        Some(_) if objects.len() == 1 => Err(IDLE.to_owned()),
        Some(((_, old), _)) => Err(format!("it does not change {}", resource_id(&old.object))),
    }
}

/// Whether what some files of the unchanged chart print by themselves in one scenario is what they print
/// among all: templates may change values that others read.
pub(super) fn is_faithful(
    before: &JudgedChart,
    number: usize,
    objects: &BTreeSet<usize>,
    tried: &JudgedScenario,
) -> bool {
    let Some(old) = before.scenarios.get(number) else { return false };
    let printed: BTreeSet<&str> = objects.iter().filter_map(|&object| old.path_of(object)).collect();
    unchecked(&before.problems, tried.problems()).is_ok()
        && scenario(&old.part(&printed), &tried.part(&printed), &BTreeMap::new()).is_ok()
}

/// Shows that nothing that was checked before is not checked afterwards.
///
/// # Errors
/// The first thing that is not.
pub(super) fn unchecked(before: &[Problem], after: &[Problem]) -> Result<(), String> {
    let unchecked = |problem: &&Problem| problem.kind == ProblemKind::NotChecked;
    let known: BTreeSet<&str> = before.iter().filter(unchecked).map(|it| &*it.message).collect();
    match after.iter().filter(unchecked).find(|it| !known.contains(&*it.message)) {
        Some(problem) => Err(format!("afterwards: {}", problem.message)),
        None => Ok(()),
    }
}

/// Operations that fixes want in a scenario, by object; also in the other words that mean the same.
fn wanted(judged: &JudgedChart, scenario: usize, selection: &Selection) -> BTreeMap<usize, Vec<PatchOp>> {
    let mut wanted: BTreeMap<usize, Vec<PatchOp>> = BTreeMap::new();
    let objects = judged.scenarios.get(scenario).map(|it| it.objects.as_slice()).unwrap_or_default();
    for it in &judged.findings {
        let Some(index) = allowed_index(&it.finding, selection) else { continue };
        for instance in it.instances.iter().filter(|instance| instance.scenario == scenario) {
            for op in instance.patches.get(index).into_iter().flat_map(|patch| &patch.ops) {
                let ops = wanted.entry(op.document()).or_default();
                ops.push(op.clone());
                if let (Some(object), Some(container)) = (objects.get(op.document()), &instance.container) {
                    ops.extend(narrowed(object, container, op));
                }
                if let PatchOp::Remove { document, path, .. } = op
                    && default_is_false(path)
                {
                    let (document, path) = (*document, path.clone());
                    ops.push(PatchOp::Set { document, path, value: Value::Bool(false) });
                }
            }
        }
    }
    wanted
}

/// Which fix of a finding the selection allows, the best one first.
pub(super) fn allowed_index(finding: &Finding, selection: &Selection) -> Option<usize> {
    selection.choose(finding)
}

/// Shows that what is printed differs in wanted fields only.
fn scenario(old: &Part<'_>, new: &Part<'_>, wanted: &BTreeMap<usize, Vec<PatchOp>>) -> Result<(), String> {
    let head =
        |(_, it): &(usize, &RenderedObject)| (it.object.kind().clone(), it.object.name().map(str::to_owned));
    if !old.objects.iter().map(head).eq(new.objects.iter().map(head))
        || old.documents.len() != new.documents.len()
    {
        return Err("other objects would be printed".to_owned());
    }
    for ((index, before), (_, after)) in old.objects.iter().zip(&new.objects) {
        if before.value == after.value {
            continue;
        }
        let mut value = before.value.clone();
        let ops: Vec<&PatchOp> = wanted.get(index).into_iter().flatten().collect();
        for op in &ops {
            follow(&mut value, &after.value, &in_new_names(op, &ops, &after.value));
        }
        if value != after.value {
            let id = resource_id(&before.object);
            let place = difference(&value, &after.value, FieldPath::root());
            return Err(format!("{place} of {id} would change too"));
        }
    }
    // Of keys that are written twice the last one counts, and hides the other from what is compared.
    for ((_, before), (_, after)) in old.documents.iter().zip(&new.documents) {
        if before.tree.source().text() != after.tree.source().text()
            && twice(&after.tree) > twice(&before.tree)
        {
            return Err("a key would be written twice".to_owned());
        }
    }
    // Documents without an object have nothing that may change.
    let with_objects: BTreeSet<usize> = old.objects.iter().map(|(_, it)| it.document).collect();
    for ((index, before), (_, after)) in old.documents.iter().zip(&new.documents) {
        if !with_objects.contains(index) && before.tree.source().text() != after.tree.source().text() {
            return Err("a document that is no object would change".to_owned());
        }
    }
    Ok(())
}

/// How many keys of a tree are there already in their mapping.
fn twice(tree: &SpanTree) -> usize {
    let of = |map| {
        let keys: Vec<_> = tree.pairs(map).filter_map(|(key, _)| tree.key_text(key)).collect();
        keys.len() - keys.iter().collect::<BTreeSet<_>>().len()
    };
    tree.nodes().filter(|node| tree.kind(*node).is_mapping()).map(of).sum()
}

/// An operation with the names that other operations gave the fields above it, where `after` has them.
fn in_new_names(op: &PatchOp, ops: &[&PatchOp], after: &Value) -> PatchOp {
    let own_is_rename = matches!(op, PatchOp::Rename { .. });
    let mut segments = op.path().segments().to_vec();
    for length in 1..=segments.len() {
        if own_is_rename && length == segments.len() {
            break;
        }
        let original = op.path().segments().get(..length).unwrap_or_default();
        let named = ops.iter().find_map(|other| match other {
            PatchOp::Rename { path, to, .. } if path.segments() == original => Some(to),
            _ => None,
        });
        let Some(to) = named else { continue };
        let mut renamed = segments.get(..length).unwrap_or_default().to_vec();
        let was_there = get(after, &renamed).is_some();
        if let Some(last) = renamed.last_mut() {
            *last = Segment::Key(to.as_str().into());
        }
        if !was_there && get(after, &renamed).is_some() {
            segments.splice(..length, renamed);
        }
    }
    op.clone().at(FieldPath::new(segments))
}

/// Makes an operation on `value` where it leads towards `after`.
fn follow(value: &mut Value, after: &Value, op: &PatchOp) {
    let segments = op.path().segments();
    match op {
        PatchOp::Set { value: wanted, .. } => {
            if get(after, segments) == Some(wanted) {
                set(value, segments, wanted.clone());
            }
        }
        PatchOp::Append { value: item, .. } => {
            let holds = |it: &Value| it.as_array().is_some_and(|items| items.contains(item));
            if get(after, segments).is_some_and(holds) && !get(value, segments).is_some_and(holds) {
                let mut list = get(value, segments).and_then(|it| it.as_array().cloned()).unwrap_or_default();
                list.push(item.clone());
                set(value, segments, Value::Array(list));
            }
        }
        PatchOp::Remove { prune, .. } => {
            // A flag that is off is as good as gone, if the finding is.
            if (get(value, segments), get(after, segments))
                == (Some(&Value::Bool(true)), Some(&Value::Bool(false)))
            {
                set(value, segments, Value::Bool(false));
            } else if get(after, segments) != get(value, segments) {
                remove(value, segments, *prune);
            }
        }
        PatchOp::Rename { to, .. } => {
            if get(after, segments).is_none()
                && let Some(moved) = get(value, segments).cloned()
                && let Some((_, above)) = segments.split_last()
            {
                remove(value, segments, false);
                let mut target = above.to_vec();
                target.push(Segment::Key(to.as_str().into()));
                set(value, &target, moved);
            }
        }
    }
}

fn get<'a>(value: &'a Value, segments: &[Segment]) -> Option<&'a Value> {
    segments.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get(&**key),
        Segment::Index(index) => value.get(index),
    })
}

fn set(value: &mut Value, segments: &[Segment], new: Value) {
    let Some((first, rest)) = segments.split_first() else {
        *value = new;
        return;
    };
    match first {
        Segment::Key(key) => {
            if !value.is_object() {
                *value = Value::Object(Map::new());
            }
            if let Some(map) = value.as_object_mut() {
                set(map.entry(&**key).or_insert(Value::Null), rest, new);
            }
        }
        Segment::Index(index) => {
            if let Some(item) = value.get_mut(*index) {
                set(item, rest, new);
            }
        }
    }
}

fn remove(value: &mut Value, segments: &[Segment], prune: bool) {
    let Some((first, rest)) = segments.split_first() else { return };
    if rest.is_empty() {
        match (first, value) {
            (Segment::Key(key), Value::Object(map)) => {
                map.shift_remove(&**key);
            }
            (Segment::Index(index), Value::Array(items)) if *index < items.len() => {
                items.remove(*index);
            }
            _ => {}
        }
        return;
    }
    let inner = match first {
        Segment::Key(key) => value.get_mut(&**key),
        Segment::Index(index) => value.get_mut(*index),
    };
    let Some(inner) = inner else { return };
    remove(inner, rest, prune);
    let empty = inner.as_object().is_some_and(Map::is_empty) || inner.as_array().is_some_and(Vec::is_empty);
    if prune && empty {
        remove(value, std::slice::from_ref(first), false);
    }
}

/// The first place at which two values differ.
fn difference(a: &Value, b: &Value, at: FieldPath) -> FieldPath {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                match (a.get(key), b.get(key)) {
                    (Some(x), Some(y)) if x == y => {}
                    (Some(x), Some(y)) => return difference(x, y, at.key(key.as_str())),
                    _ => return at.key(key.as_str()),
                }
            }
            at
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let differs = a.iter().zip(b).position(|(x, y)| x != y);
            match differs.and_then(|index| Some((index, a.get(index)?, b.get(index)?))) {
                Some((index, x, y)) => difference(x, y, at.index(index)),
                None => at,
            }
        }
        _ => at,
    }
}

/// Rule, scenario, kind and name of the object, container: what a finding is, wherever its source is.
type Key = (Arc<str>, usize, String, String, Option<Arc<str>>);

fn counts(judged: &JudgedChart) -> BTreeMap<Key, usize> {
    let mut counts = BTreeMap::new();
    for it in &judged.findings {
        for instance in &it.instances {
            *counts.entry(key(judged, &it.finding, instance)).or_default() += 1;
        }
    }
    counts
}

fn key(judged: &JudgedChart, finding: &Finding, instance: &Instance) -> Key {
    let object = judged.scenarios.get(instance.scenario).and_then(|it| it.objects.get(instance.object));
    let id = object.map(|it| resource_id(&it.object));
    let (kind, name) = id.map(|id| (id.kind.clone(), id.name.clone())).unwrap_or_default();
    (Arc::clone(&finding.rule), instance.scenario, kind, name, instance.container.clone())
}

fn findings(before: &JudgedChart, after: &JudgedChart, made: &[&Finding]) -> Result<(), String> {
    let (old, new) = (counts(before), counts(after));
    for (key, &count) in &new {
        if count > old.get(key).copied().unwrap_or(0) {
            return Err(format!("it would bring a finding of {} on {}/{}", key.0, key.2, key.3));
        }
    }
    let mut gone: BTreeMap<Key, usize> = BTreeMap::new();
    for it in before
        .findings
        .iter()
        .filter(|it| made.iter().any(|finding| finding.fingerprint == it.finding.fingerprint))
    {
        // A finding is gone when its first place is clean: others may be mended from other places.
        if let Some(instance) = it.instances.first() {
            *gone.entry(key(before, &it.finding, instance)).or_default() += 1;
        }
    }
    for (key, count) in gone {
        let left = new.get(&key).copied().unwrap_or(0);
        if left + count > old.get(&key).copied().unwrap_or(0) {
            return Err(format!("{} still finds it on {}/{} afterwards", key.0, key.2, key.3));
        }
    }
    Ok(())
}
