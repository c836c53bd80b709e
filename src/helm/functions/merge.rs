//! `merge` and `mergeOverwrite`: mergo's rules for maps.

use super::dicts::is_nil;
use super::fail;
use crate::helm::call::{Args, FunctionError, FunctionResult};
use crate::helm::exec::Exec;
use crate::helm::value::{Map, MapKind, Node, Value};

/// Merges the second and later arguments into the first, from left to right, and gives the first.
///
/// Without `overwrite` the destination's entries win unless they are empty (false, 0, `""` count
/// as empty); with it the sources' do, empty ones too. Maps are merged, lists are not.
pub(super) fn merge(exec: &mut Exec<'_>, args: &Args<'_>, overwrite: bool) -> FunctionResult {
    let mut destination = args.node(0);
    for source in args.rest(1) {
        if is_nil(source) {
            continue;
        }
        if is_nil(&destination) {
            destination = Node::new(Map::new(), destination.origin());
        }
        if let (Some(destination), Some(source)) = (destination.value.as_map(), source.value.as_map()) {
            deep_merge(exec, destination, source, overwrite)?;
        }
    }
    Ok(destination)
}

fn deep_merge(
    exec: &mut Exec<'_>,
    destination: &Map,
    source: &Map,
    overwrite: bool,
) -> Result<(), FunctionError> {
    exec.check_stack()?;
    if destination.same(source) {
        exec.charge(source.len())?;
        return merge_with_itself(exec, destination, overwrite);
    }
    exec.charge(source.len().saturating_mul(8))?;
    for (key, entry) in source.snapshot() {
        let there = destination.get(&key);
        let set = |node: Node| destination.insert(key.clone(), entry.key_origin, node);
        if matches!(entry.node.value, Value::Nil) {
            if overwrite {
                if destination.kind() == MapKind::Strings {
                    return not_assignable();
                }
                set(entry.node.clone());
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(from)) =
            (there.as_ref().map(|node| &node.value), &entry.node.value)
            && !inner.is_nil()
        {
            deep_merge(exec, inner, from, overwrite)?;
        }
        // What was there is looked at after the merge: an empty map may have been filled.
        let keeps = there.as_ref().is_some_and(|node| !is_empty(&node.value));
        match (&entry.node.value, there.as_ref().map(|node| &node.value)) {
            (Value::List(_) | Value::Bytes(_), _) if overwrite => {}
            (Value::List(_) | Value::Bytes(_), _) if keeps => continue,
            (Value::Map(_), Some(Value::Map(_))) if keeps => continue,
            _ => {}
        }
        if overwrite || !keeps {
            if destination.kind() == MapKind::Strings && !matches!(entry.node.value, Value::Str(_)) {
                return not_assignable();
            }
            set(entry.node.clone());
        }
    }
    Ok(())
}

/// A map merged into itself keeps what it has; its maps are visited as any others.
fn merge_with_itself(exec: &mut Exec<'_>, map: &Map, overwrite: bool) -> Result<(), FunctionError> {
    for (_, entry) in map.snapshot() {
        exec.charge(1)?;
        if let Value::Map(inner) = &entry.node.value {
            deep_merge(exec, inner, inner, overwrite)?;
        }
    }
    Ok(())
}

/// Only text fits a map of texts.
fn not_assignable<T>() -> Result<T, FunctionError> {
    fail("reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string")
}

/// Whether mergo fills a value: nil, false, 0 and what has no length. Structs are never empty.
fn is_empty(value: &Value) -> bool {
    !value.is_true()
}
