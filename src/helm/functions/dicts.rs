//! Maps.

use super::objects::SemverObject;
use super::show::to_str;
use super::{derived, fail, fixed, merge, variadic};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::value::{Entries, List, ListKind, Map, MapKind, Node, Value};

const MAPS: &[Type] = &[Type::Map, Type::Map];
const MAP_KEYS: &[Type] = &[Type::Map, Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("deepCopy", &[Type::Any], deep_copy),
    variadic("dict", &[Type::Any], dict),
    variadic("dig", &[Type::Any], dig),
    fixed("get", MAP_KEYS, |exec, args| {
        let key = args.str(1);
        Ok(match args.map(0).get(key.as_bytes()) {
            Some(node) => node,
            None => {
                let origin = exec.absent(args.node(0).origin(), key.as_bytes());
                Node::from(crate::helm::rope::Str::whole(*b"", origin))
            }
        })
    }),
    fixed("hasKey", MAP_KEYS, |exec, args| {
        let found = args.map(0).contains(args.str(1).as_bytes());
        derived(exec, args, found)
    }),
    variadic("keys", &[Type::Map], |exec, args| {
        let mut keys = Vec::new();
        for at in 0..args.len() {
            let map = args.map(at);
            exec.charge(map.len().saturating_mul(4))?;
            keys.extend(
                map.snapshot()
                    .into_iter()
                    .map(|(key, entry)| Node::from(crate::helm::rope::Str::exact(key, entry.key_origin))),
            );
        }
        let here = exec.here();
        Ok(Node::new(List::of_kind(ListKind::Strings, keys), here))
    }),
    variadic("merge", MAPS, |exec, args| merge::merge(exec, args, false)),
    variadic("mergeOverwrite", MAPS, |exec, args| merge::merge(exec, args, true)),
    fixed("mustDeepCopy", &[Type::Any], deep_copy),
    variadic("mustMerge", MAPS, |exec, args| merge::merge(exec, args, false)),
    variadic("mustMergeOverwrite", MAPS, |exec, args| merge::merge(exec, args, true)),
    variadic("omit", MAP_KEYS, |exec, args| {
        let omitted: Vec<_> = (1..args.len()).map(|at| args.str(at)).collect();
        filtered(exec, args, |key| !omitted.iter().any(|omitted| omitted.as_bytes() == key))
    }),
    variadic("pick", MAP_KEYS, |exec, args| {
        let picked: Vec<_> = (1..args.len()).map(|at| args.str(at)).collect();
        filtered(exec, args, |key| picked.iter().any(|picked| picked.as_bytes() == key))
    }),
    variadic("pluck", &[Type::String, Type::Map], |exec, args| {
        let key = args.str(0);
        let found = (1..args.len()).filter_map(|at| args.map(at).get(key.as_bytes())).collect();
        let here = exec.here();
        Ok(Node::new(List::new(found), here))
    }),
    fixed("set", &[Type::Map, Type::String, Type::Any], |exec, args| {
        let (map, key) = (args.node(0), args.str(1));
        if is_nil(&map) {
            return fail("assignment to entry in nil map");
        }
        let origin = if key.origin().is_none() { exec.here() } else { key.origin() };
        args.map(0).insert(key.shared_bytes(), origin, args.node(2));
        Ok(map)
    }),
    fixed("unset", MAP_KEYS, |_, args| {
        args.map(0).remove(args.str(1).as_bytes());
        let node = args.node(0);
        // Nothing becomes a map that is nil on its way in.
        Ok(if let Value::Nil = node.value { Node::new(Map::nil(), node.origin()) } else { node })
    }),
    fixed("values", &[Type::Map], |exec, args| {
        let map = args.map(0);
        exec.charge(map.len())?;
        let values = map.snapshot().into_iter().map(|(_, entry)| entry.node).collect();
        Ok(Node::new(List::new(values), args.node(0).origin()))
    }),
];

/// Whether Go has a nil map there.
pub(super) fn is_nil(node: &Node) -> bool {
    node.value.as_map().is_none_or(Map::is_nil)
}

/// The entries of the first argument that are wanted, in a new map.
fn filtered(exec: &mut Exec<'_>, args: &Args<'_>, wanted: impl Fn(&[u8]) -> bool) -> FunctionResult {
    let map = args.map(0);
    exec.charge(map.len().saturating_mul(args.len()) / 4)?;
    let entries: Entries = map.snapshot().into_iter().filter(|(key, _)| wanted(key)).collect();
    Ok(Node::new(Map::of_kind(MapKind::Any, entries), args.node(0).origin()))
}

fn dict(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let map = Map::new();
    let here = exec.here();
    for pair in args.all().chunks(2) {
        let Some(key) = pair.first() else { continue };
        let key = to_str(exec, key)?;
        let value =
            pair.get(1).cloned().unwrap_or_else(|| Node::from(crate::helm::rope::Str::whole(*b"", here)));
        let origin = if key.origin().is_none() { here } else { key.origin() };
        map.insert(key.shared_bytes(), origin, value);
    }
    Ok(Node::new(map, here))
}

fn dig(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let Some(([.., default], mut node)) = args.all().split_last().map(|(last, rest)| (rest, last.clone()))
    else {
        return fail("dig needs at least three arguments");
    };
    let Some(count) = args.len().checked_sub(2).filter(|count| *count > 0) else {
        return fail("dig needs at least three arguments");
    };
    map_of(&node)?;
    let keys = args.all().get(..count).unwrap_or_default();
    let keys = keys.iter().map(|key| match &key.value {
        Value::Str(key) => Ok(key.clone()),
        value => conversion(value, "string"),
    });
    let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
    for key in keys {
        let map = map_of(&node)?;
        match map.get(key.as_bytes()) {
            Some(next) => node = next,
            None => {
                let absent = Node::nil(exec.absent(node.origin(), key.as_bytes()));
                return Ok(exec.fallback(default, &absent));
            }
        }
    }
    Ok(node)
}

/// The map that Go's type assertion gives.
fn map_of(node: &Node) -> Result<Map, FunctionError> {
    match &node.value {
        Value::Map(map) if map.kind() == MapKind::Any => Ok(map.clone()),
        value => conversion(value, "map[string]interface {}"),
    }
}

fn conversion<T>(value: &Value, wanted: &str) -> Result<T, FunctionError> {
    let found = if matches!(value, Value::Nil) { "nil" } else { value.type_name() };
    fail(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}

fn deep_copy(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    if matches!(args.value(0), Value::Nil) {
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    copy(exec, &args.node(0))
}

/// A copy of a value in which no map is shared with the original.
fn copy(exec: &mut Exec<'_>, node: &Node) -> FunctionResult {
    exec.charge(1)?;
    let value = match &node.value {
        Value::List(list) if list.is_nil() => return Ok(node.clone()),
        Value::List(list) => {
            exec.check_stack()?;
            let items = list.items().iter().map(|item| copy(exec, item)).collect::<Result<_, _>>()?;
            Value::List(List::of_kind(list.kind(), items))
        }
        Value::Map(map) if map.is_nil() => return Ok(node.clone()),
        Value::Map(map) => {
            exec.check_stack()?;
            exec.charge(map.len().saturating_mul(8))?;
            let mut entries = Entries::new();
            for (key, mut entry) in map.snapshot() {
                entry.node = copy(exec, &entry.node)?;
                entries.insert(key, entry);
            }
            Value::Map(Map::of_kind(map.kind(), entries))
        }
        Value::Object(object) => match SemverObject::go_copy(object.as_ref()) {
            Some(copy) => copy,
            None => return Ok(node.clone()),
        },
        _ => return Ok(node.clone()),
    };
    Ok(Node::new(value, node.origin()))
}
