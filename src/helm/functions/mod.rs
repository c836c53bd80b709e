//! The functions of the template language: those of sprig 3.3 and of Helm 4.3, one family a file.
//!
//! Functions that need the evaluator itself (`include`, `tpl`, `and`, `printf` …) live beside it.
//!
//! **Origins.** A function that passes bytes on, cuts or joins them keeps their origins; what it
//! adds (indentation, quotes, separators) has the origin of the action; what it computes is
//! derived from its arguments.

mod case;
mod cast;
mod certificates;
mod crypto;
mod dates;
mod decimal;
mod default;
mod der;
mod dicts;
mod encode;
mod keys;
mod lists;
mod math;
mod merge;
mod objects;
mod paths;
mod patterns;
mod primes;
mod random;
mod show;
mod split;
mod strings;
mod types;
mod urls;
mod wrap;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::call::{Args, Function, FunctionError, FunctionResult, Type};
use super::exec::Exec;
use super::rope::Str;
use super::value::{Node, Value};

pub use objects::DurationObject;

/// The function of a name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Function> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> =
        LazyLock::new(|| all().map(|function| (function.name, function)).collect());
    BY_NAME.get(name).copied()
}

/// All functions of this module.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().copied().flatten()
}

const FAMILIES: [&[Function]; 16] = [
    case::TABLE,
    certificates::TABLE,
    crypto::TABLE,
    dates::TABLE,
    default::TABLE,
    dicts::TABLE,
    encode::TABLE,
    lists::TABLE,
    math::TABLE,
    paths::TABLE,
    patterns::TABLE,
    random::TABLE,
    split::TABLE,
    strings::TABLE,
    types::TABLE,
    urls::TABLE,
];

type Call = fn(&mut Exec<'_>, &Args<'_>) -> FunctionResult;

/// A row of a table: a function with a fixed number of arguments.
const fn fixed(name: &'static str, parameters: &'static [Type], call: Call) -> Function {
    Function { name, parameters, variadic: false, call }
}

/// A row of a table: a function whose last parameter may be repeated or left out.
const fn variadic(name: &'static str, parameters: &'static [Type], call: Call) -> Function {
    Function { name, parameters, variadic: true, call }
}

/// What a function computed from its arguments.
fn derived(exec: &mut Exec<'_>, args: &Args<'_>, value: impl Into<Value>) -> FunctionResult {
    let origin = exec.derive(args.all());
    Ok(Node::new(value, origin))
}

/// Text that a function computed from its arguments.
fn derived_text(exec: &mut Exec<'_>, args: &Args<'_>, text: impl AsRef<[u8]>) -> FunctionResult {
    let origin = exec.derive(args.all());
    Ok(Node::from(Str::whole(text.as_ref(), origin)))
}

fn fail<T>(message: impl Into<String>) -> Result<T, FunctionError> {
    Err(FunctionError::new(message))
}

/// What Go says where a nil value is looked into.
fn nil_dereference<T>() -> Result<T, FunctionError> {
    fail("runtime error: invalid memory address or nil pointer dereference")
}

/// A part of a string as Go's `text[low:high]` cuts it; a bound left out is the string's own.
fn slice(text: &Str, low: Option<i64>, high: Option<i64>) -> FunctionResult {
    let length = text.len() as i64;
    let bounds = |low: &dyn std::fmt::Display, high: &dyn std::fmt::Display, rest: &str| {
        fail(format!("runtime error: slice bounds out of range [{low}:{high}]{rest}"))
    };
    if let Some(high) = high {
        if high < 0 {
            return bounds(&"", &high, "");
        }
        if high > length {
            return bounds(&"", &high, &format!(" with length {length}"));
        }
    }
    let (from, to) = (low.unwrap_or(0), high.unwrap_or(length));
    if from < 0 {
        return bounds(&from, &"", "");
    }
    if from > to {
        return bounds(&from, &to, "");
    }
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    Ok(Node::from(text.slice(place(from)..place(to))))
}

/// The time that an object is.
pub(super) fn time_of(object: &dyn super::value::Object) -> Option<&super::time::Time> {
    let object: &dyn std::any::Any = object;
    object.downcast_ref::<objects::TimeObject>().map(|time| &time.0)
}

/// A time as the value that templates work on.
pub(super) fn time_value(time: super::time::Time) -> Value {
    let object: std::rc::Rc<dyn super::value::Object> = std::rc::Rc::new(objects::TimeObject(time));
    Value::Object(object)
}
