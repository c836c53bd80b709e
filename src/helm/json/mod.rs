//! Values as JSON and back, as Go's `encoding/json` does it, with origins.

mod decode;
mod encode;

use super::budget::Limit;
use super::exec::Exec;
use super::rope::{Str, StrBuilder};
use super::value::{Map, Node, Value};

pub(super) use decode::json_kind;
pub use decode::{DecodeError, Target, decode, decode_first};
pub use encode::{Layout, encode};

/// Why a value has no JSON (or YAML) form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// A type that JSON does not have; holds its name.
    #[error("json: unsupported type: {0}")]
    Type(&'static str),
    /// A number that JSON does not have.
    #[error("json: unsupported value: {0}")]
    Number(&'static str),
    /// A map that holds itself.
    #[error("json: unsupported value: encountered a cycle via {0}")]
    Cycle(&'static str),
    /// The JSON text holds something that go-yaml does not read.
    #[error("yaml: control characters are not allowed")]
    Unreadable,
    /// The budget is used up.
    #[error("{0}")]
    Limit(#[from] Limit),
}

/// Looks at every string of a value.
pub(super) trait Visitor {
    /// A string value.
    fn string(&mut self, text: &[u8]);
    /// A key of a map.
    fn key(&mut self, key: &[u8]);
}

/// What an object is to JSON: its plain value, or its fields by name. Other values are themselves.
pub(super) fn object_fields(value: &Value) -> Option<ObjectForm> {
    let Value::Object(object) = value else { return None };
    Some(match object.plain() {
        Some(plain) => ObjectForm::Plain(plain),
        None => ObjectForm::Fields(object.json_fields()),
    })
}

/// See [`object_fields`].
pub(super) enum ObjectForm {
    Plain(Value),
    Fields(Vec<(&'static str, Node)>),
}

/// The maps that a walk is inside of, to notice one that holds itself.
#[derive(Default)]
struct Path(Vec<Map>);

impl Path {
    fn enter(&mut self, map: &Map) -> Result<(), JsonError> {
        // A cycle comes by often enough to be noticed late.
        if self.0.len() > 32 && self.0.iter().any(|outer| outer.same(map)) {
            return Err(JsonError::Cycle(map.kind().type_name()));
        }
        self.0.push(map.clone());
        Ok(())
    }

    fn leave(&mut self) {
        self.0.pop();
    }
}

/// Checks that a value has a JSON form, and shows its strings to a visitor.
pub(super) fn check(exec: &mut Exec<'_>, node: &Node, visitor: &mut dyn Visitor) -> Result<(), JsonError> {
    walk(exec, &node.value, visitor, &mut Path::default())
}

fn walk(
    exec: &mut Exec<'_>,
    value: &Value,
    visitor: &mut dyn Visitor,
    path: &mut Path,
) -> Result<(), JsonError> {
    exec.charge(1)?;
    match value {
        Value::Complex(..) => return Err(JsonError::Type("complex128")),
        Value::Float(value) => drop(finite(*value)?),
        Value::Str(text) => visitor.string(text.as_bytes()),
        Value::List(list) => {
            exec.check_stack()?;
            for item in list.items() {
                walk(exec, &item.value, visitor, path)?;
            }
        }
        Value::Map(map) => {
            exec.check_stack()?;
            path.enter(map)?;
            exec.charge(map.len().saturating_mul(4))?;
            for (key, entry) in map.snapshot() {
                visitor.key(&key);
                walk(exec, &entry.node.value, visitor, path)?;
            }
            path.leave();
        }
        Value::Object(_) => match object_fields(value) {
            Some(ObjectForm::Plain(plain)) => walk(exec, &plain, visitor, path)?,
            Some(ObjectForm::Fields(fields)) => {
                for (name, field) in fields {
                    visitor.key(name.as_bytes());
                    walk(exec, &field.value, visitor, path)?;
                }
            }
            None => {}
        },
        _ => {}
    }
    Ok(())
}

fn finite(value: f64) -> Result<f64, JsonError> {
    match value {
        f64::INFINITY => Err(JsonError::Number("+Inf")),
        f64::NEG_INFINITY => Err(JsonError::Number("-Inf")),
        _ if value.is_nan() => Err(JsonError::Number("NaN")),
        _ => Ok(value),
    }
}

/// The string with U+FFFD for every byte that is no UTF-8.
pub(super) fn replace_invalid(text: &Str) -> Str {
    if std::str::from_utf8(text.as_bytes()).is_ok() {
        return text.clone();
    }
    let mut output = StrBuilder::with_capacity(text.len());
    let mut at = 0;
    for chunk in text.as_bytes().utf8_chunks() {
        let valid = chunk.valid().len();
        output.push_part(text, at..at + valid);
        at += valid;
        for _ in chunk.invalid() {
            output.push_whole("\u{fffd}".as_bytes(), text.origin_at(at));
            at += 1;
        }
    }
    output.finish()
}

#[cfg(test)]
mod tests;
