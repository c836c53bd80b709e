//! Methods of `.Values`: Helm's type for values has some, and a method hides a key of its name.

use std::any::Any;

use super::call::{Args, FunctionError, FunctionResult, Method, Type};
use super::exec::Exec;
use super::rope::StrBuilder;
use super::to_yaml::to_yaml;
use super::value::{Kind, Map, MapKind, Node, Object, Value};
use crate::origin::OriginId;

const METHODS: &[Method] = &[
    Method { name: "AsMap", parameters: &[], variadic: false, call: as_map },
    Method { name: "Encode", parameters: &[Type::Object("io.Writer")], variadic: false, call: as_map },
    Method { name: "PathValue", parameters: &[Type::String], variadic: false, call: path_value },
    Method { name: "Table", parameters: &[Type::String], variadic: false, call: table },
    Method { name: "YAML", parameters: &[], variadic: false, call: yaml },
];

/// The method of a name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// `.Values` as something that has methods.
pub(super) fn object(map: &Map, origin: OriginId) -> impl Object {
    Values { map: map.clone(), origin }
}

#[derive(Debug)]
struct Values {
    map: Map,
    origin: OriginId,
}

impl Object for Values {
    fn type_name(&self) -> &'static str {
        MapKind::Values.type_name()
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }
}

fn values(object: &dyn Object) -> (Map, OriginId) {
    let values = (object as &dyn Any).downcast_ref::<Values>();
    values.map_or_else(Default::default, |values| (values.map.clone(), values.origin))
}

fn as_map(_: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    let (map, origin) = values(object);
    Ok(Node::new(if map.is_empty() { Map::new() } else { map.with_kind(MapKind::Any) }, origin))
}

fn yaml(exec: &mut Exec<'_>, object: &dyn Object, _: &Args<'_>) -> FunctionResult {
    let (map, origin) = values(object);
    let text =
        to_yaml(exec, &Node::new(map, origin)).map_err(|error| FunctionError::new(error.to_string()))?;
    let mut output = StrBuilder::new();
    output.push(&text);
    output.push_whole(b"\n", exec.here());
    Ok(output.finish().into())
}

fn table(_: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    let (mut map, mut origin) = values(object);
    let path = args.str(0);
    for key in path.as_bytes().split(|&byte| byte == b'.') {
        let found = map.get(key).unwrap_or_default();
        let Value::Map(inner) = &found.value else {
            return Err(no(&String::from_utf8_lossy(key), "table"));
        };
        (map, origin) = (inner.clone(), found.origin());
    }
    Ok(Node::new(map.with_kind(MapKind::Values), origin))
}

fn path_value(_: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>) -> FunctionResult {
    let (mut map, _) = values(object);
    let path = args.str(0);
    let text = path.to_text();
    if text.is_empty() {
        return Err(FunctionError::new("YAML path cannot be empty"));
    }
    let mut keys: Vec<&str> = text.split('.').collect();
    let last = keys.pop().unwrap_or_default();
    for key in keys {
        match map.get(key.as_bytes()).map(|node| node.value) {
            Some(Value::Map(inner)) => map = inner,
            _ => return Err(no(last, "value")),
        }
    }
    match map.get(last.as_bytes()) {
        Some(node) if !matches!(node.value, Value::Map(_)) => Ok(node),
        _ => Err(no(last, "value")),
    }
}

fn no(key: &str, what: &str) -> FunctionError {
    FunctionError::new(format!("{key:?} is not a {what}"))
}
