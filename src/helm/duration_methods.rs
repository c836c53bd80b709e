//! Methods of `time.Duration`.

use std::any::Any;

use super::call::{Args, FunctionResult, Method, Type};
use super::exec::Exec;
use super::rope::Str;
use super::time::{format_duration, round, truncate};
use super::value::{Kind, Node, Object, Value};

type Call = fn(&mut Exec<'_>, &dyn Object, &Args<'_>) -> FunctionResult;

const fn method(name: &'static str, call: Call) -> Method {
    Method { name, parameters: &[], variadic: false, call }
}

const fn with_unit(name: &'static str, call: Call) -> Method {
    Method { name, parameters: &[Type::Duration], variadic: false, call }
}

const METHODS: &[Method] = &[
    method("Abs", |_, object, _| answer(object, |nanos| Value::Duration(nanos.saturating_abs()))),
    method("Hours", |_, object, _| answer(object, |nanos| in_units(nanos, 3_600_000_000_000))),
    method("Microseconds", |_, object, _| answer(object, |nanos| Value::Int64(nanos / 1_000))),
    method("Milliseconds", |_, object, _| answer(object, |nanos| Value::Int64(nanos / 1_000_000))),
    method("Minutes", |_, object, _| answer(object, |nanos| in_units(nanos, 60_000_000_000))),
    method("Nanoseconds", |_, object, _| answer(object, Value::Int64)),
    with_unit("Round", |_, object, args| answer(object, |nanos| Value::Duration(round(nanos, args.int(0))))),
    method("Seconds", |_, object, _| answer(object, |nanos| in_units(nanos, 1_000_000_000))),
    method("String", |_, object, _| {
        answer(object, |nanos| Value::Str(Str::plain(format_duration(nanos).into_bytes())))
    }),
    with_unit("Truncate", |_, object, args| {
        answer(object, |nanos| Value::Duration(truncate(nanos, args.int(0))))
    }),
];

/// The method of a name.
pub(super) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// A duration as something that has methods.
pub(super) fn object(node: &Node) -> impl Object {
    Duration { node: node.clone() }
}

#[derive(Debug)]
struct Duration {
    node: Node,
}

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> Kind {
        Kind::Int64
    }
}

fn answer(object: &dyn Object, value: impl FnOnce(i64) -> Value) -> FunctionResult {
    let node = (object as &dyn Any).downcast_ref::<Duration>().map(|duration| duration.node.clone());
    let node = node.unwrap_or_default();
    let nanos = if let Value::Duration(nanos) = node.value { nanos } else { 0 };
    let origin = node.origin();
    Ok(Node::new(value(nanos), origin).map_origin(|_| origin))
}

/// Whole units and the rest apart, as Go adds them.
fn in_units(nanos: i64, unit: i64) -> Value {
    Value::Float((nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64)
}
