//! The functions of the template language itself that look at values more closely than others:
//! comparisons, `index`, `len`, `not`, `call`.

use super::call::FunctionError;
use super::exec::Exec;
use super::format::{print_format, print_value};
use super::rope::Str;
use super::slot::Slot;
use super::value::{Kind, Node, Value};
use crate::origin::OriginId;

/// Such a function.
#[derive(Debug)]
pub(super) struct Builtin {
    pub name: &'static str,
    /// How many arguments it needs.
    pub least: usize,
    /// Whether it takes more.
    pub variadic: bool,
    pub call: fn(&mut Exec<'_>, &[Slot]) -> Result<Node, FunctionError>,
}

pub(super) const TABLE: &[Builtin] = &[
    Builtin { name: "eq", least: 1, variadic: true, call: eq },
    Builtin { name: "ne", least: 2, variadic: false, call: |exec, args| Ok(negated(eq(exec, args)?)) },
    Builtin { name: "lt", least: 2, variadic: false, call: lt },
    Builtin { name: "le", least: 2, variadic: false, call: le },
    Builtin { name: "gt", least: 2, variadic: false, call: |exec, args| Ok(negated(le(exec, args)?)) },
    Builtin { name: "ge", least: 2, variadic: false, call: |exec, args| Ok(negated(lt(exec, args)?)) },
    Builtin { name: "index", least: 1, variadic: true, call: index },
    Builtin { name: "len", least: 1, variadic: false, call: len },
    Builtin { name: "not", least: 1, variadic: false, call: not },
];

fn fail<T>(message: impl Into<String>) -> Result<T, FunctionError> {
    Err(FunctionError::new(message))
}

fn negated(node: Node) -> Node {
    let truth = matches!(node.value, Value::Bool(true));
    Node::new(!truth, node.origin())
}

fn answer(exec: &mut Exec<'_>, args: &[Slot], truth: bool) -> Result<Node, FunctionError> {
    let origin = derive(exec, args);
    Ok(Node::new(truth, origin))
}

fn derive(exec: &mut Exec<'_>, args: &[Slot]) -> OriginId {
    exec.derive_of(args.iter().map(|slot| &slot.node))
}

fn not(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    let truth = args.first().is_some_and(|slot| slot.value().is_true());
    answer(exec, args, !truth)
}

/// What comparisons can compare.
#[derive(Clone, Copy, Debug)]
enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Complex(f64, f64),
    Str(&'a Str),
}

impl<'a> Basic<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) | Value::Int64(value) | Value::Duration(value) => Self::Int(*value),
            Value::Uint8(value) => Self::Uint(u64::from(*value)),
            Value::Uint64(value) => Self::Uint(*value),
            Value::Float(value) => Self::Float(*value),
            Value::Complex(real, imaginary) => Self::Complex(*real, *imaginary),
            Value::Str(text) => Self::Str(text),
            Value::Nil | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_) => return None,
        })
    }
}

fn incompatible<T>(left: &Value, right: &Value) -> Result<T, FunctionError> {
    let (left, right) = (left.type_name(), right.type_name());
    fail(format!("incompatible types for comparison: {left} and {right}"))
}

fn eq(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    let Some((first, others)) = args.split_first().filter(|(_, others)| !others.is_empty()) else {
        return fail("missing argument for comparison");
    };
    for other in others {
        if equal(exec, first, other)? {
            return answer(exec, args, true);
        }
    }
    answer(exec, args, false)
}

fn equal(exec: &mut Exec<'_>, left: &Slot, right: &Slot) -> Result<bool, FunctionError> {
    let (left_value, right_value) = (left.value(), right.value());
    Ok(match (Basic::of(left_value), Basic::of(right_value)) {
        (Some(Basic::Bool(left)), Some(Basic::Bool(right))) => left == right,
        (Some(Basic::Int(left)), Some(Basic::Int(right))) => left == right,
        (Some(Basic::Uint(left)), Some(Basic::Uint(right))) => left == right,
        (Some(Basic::Int(left)), Some(Basic::Uint(right))) => u64::try_from(left) == Ok(right),
        (Some(Basic::Uint(left)), Some(Basic::Int(right))) => u64::try_from(right) == Ok(left),
        (Some(Basic::Float(left)), Some(Basic::Float(right))) => left == right,
        (Some(Basic::Complex(real, imaginary)), Some(Basic::Complex(other_real, other_imaginary))) => {
            real == other_real && imaginary == other_imaginary
        }
        (Some(Basic::Str(left)), Some(Basic::Str(right))) => {
            exec.charge(left.len() / 64)?;
            left == right
        }
        (None, None) => return equal_others(exec, left, right),
        _ if left.is_nil() || right.is_nil() => false,
        _ => return incompatible(left_value, right_value),
    })
}

/// Whether a value is nil of its type.
fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn equal_others(exec: &mut Exec<'_>, left: &Slot, right: &Slot) -> Result<bool, FunctionError> {
    let (left_value, right_value) = (left.value(), right.value());
    if left_value.kind() != right_value.kind() && !left.is_nil() && !right.is_nil() {
        let left_text = shown(exec, &left.node)?;
        let right_text = print_value(exec, &right.node)?.to_text().into_owned();
        let (left, right) = (left_value.type_name(), right_value.type_name());
        return fail(format!("non-comparable types {left_text}: {left}, {right}: {right_text}"));
    }
    if is_nil(left_value) || is_nil(right_value) {
        return Ok(is_nil(left_value) == is_nil(right_value));
    }
    match (left_value, right_value) {
        (Value::Object(left), Value::Object(right))
            if matches!(right.kind(), Kind::Struct | Kind::Pointer) =>
        {
            let same = std::rc::Rc::ptr_eq(left, right);
            let equal = left.kind() == Kind::Struct && left.type_name() == right.type_name() && {
                let (left, right) = (format!("{left:?}"), format!("{right:?}"));
                left == right
            };
            Ok(same || equal)
        }
        _ => {
            let text = shown(exec, &right.node)?;
            fail(format!("non-comparable type {text}: {}", right_value.type_name()))
        }
    }
}

/// A value as `%s` prints it.
fn shown(exec: &mut Exec<'_>, node: &Node) -> Result<String, FunctionError> {
    let text = print_format(exec, &Str::plain(*b"%s"), std::slice::from_ref(node))?;
    Ok(text.to_text().into_owned())
}

fn lt(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    let less = less(args)?;
    answer(exec, args, less)
}

fn le(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    if less(args)? { answer(exec, args, true) } else { eq(exec, args) }
}

fn less(args: &[Slot]) -> Result<bool, FunctionError> {
    let [left, right] = args else { return fail("missing argument for comparison") };
    let (Some(left_basic), Some(right_basic)) = (Basic::of(left.value()), Basic::of(right.value())) else {
        return fail("invalid type for comparison");
    };
    Ok(match (left_basic, right_basic) {
        (Basic::Int(left), Basic::Int(right)) => left < right,
        (Basic::Uint(left), Basic::Uint(right)) => left < right,
        (Basic::Int(left), Basic::Uint(right)) => u64::try_from(left).map_or(true, |left| left < right),
        (Basic::Uint(left), Basic::Int(right)) => u64::try_from(right).is_ok_and(|right| left < right),
        (Basic::Float(left), Basic::Float(right)) => left < right,
        (Basic::Str(left), Basic::Str(right)) => left.as_bytes() < right.as_bytes(),
        (Basic::Bool(_), Basic::Bool(_)) | (Basic::Complex(..), Basic::Complex(..)) => {
            return fail("invalid type for comparison");
        }
        _ => return incompatible(left.value(), right.value()),
    })
}

fn len(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    let Some(slot) = args.first() else { return fail("missing argument for len") };
    let length = match slot.value() {
        Value::Nil if slot.boxed => return fail("len of nil pointer"),
        Value::Nil => return fail("reflect: call of reflect.Value.Type on zero Value"),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Object(object) => match object.plain() {
            Some(Value::List(list)) if object.kind() == Kind::Slice => list.len(),
            Some(Value::Map(map)) if object.kind() == Kind::Map => map.len(),
            _ => {
                let name = object.type_name();
                return fail(format!("len of type {}", name.strip_prefix('*').unwrap_or(name)));
            }
        },
        value => return fail(format!("len of type {}", value.type_name())),
    };
    let origin = derive(exec, args);
    Ok(Node::new(Value::Int(length as i64), origin))
}

fn index(exec: &mut Exec<'_>, args: &[Slot]) -> Result<Node, FunctionError> {
    let Some((first, keys)) = args.split_first() else { return fail("missing argument for index") };
    if first.is_nil() {
        return fail("index of untyped nil");
    }
    let mut item = first.node.clone();
    for key in keys {
        exec.charge(1)?;
        item = step(exec, &item, &key.node)?;
    }
    exec.note_use(&item);
    Ok(item)
}

/// One step into a value.
fn step(exec: &mut Exec<'_>, item: &Node, key: &Node) -> Result<Node, FunctionError> {
    match &item.value {
        Value::Nil => fail("index of nil pointer"),
        Value::Str(text) | Value::Bytes(text) => {
            let word = if matches!(item.value, Value::Str(_)) { "string" } else { "slice" };
            let at = place(&key.value, text.len(), word)?;
            let part = text.slice(at..at + 1);
            Ok(Node::new(part.as_bytes().first().copied().unwrap_or_default(), part.origin()))
        }
        Value::List(list) => {
            let at = place(&key.value, list.len(), "slice")?;
            Ok(list.items().get(at).cloned().unwrap_or_default())
        }
        Value::Map(map) => {
            let key = match &key.value {
                Value::Str(key) => key,
                Value::Nil => return fail("value is nil; should be of type string"),
                other => return fail(format!("value has type {}; should be string", other.type_name())),
            };
            if let Some(found) = map.get(key.as_bytes()) {
                return Ok(found);
            }
            let origin = exec.absent(item.origin(), key.as_bytes());
            Ok(map.kind().zero(origin))
        }
        Value::Object(object) => match object.plain() {
            Some(plain) if matches!(object.kind(), Kind::Slice | Kind::Map) => {
                let found = step(exec, &Node::new(plain, item.origin()), key)?;
                // Entries of `.Files` are byte slices: an absent one is empty.
                let bytes = found.value.kind() == Kind::Invalid && object.kind() == Kind::Map;
                Ok(if bytes { Node::plain(Value::Bytes(Str::whole(*b"", found.origin()))) } else { found })
            }
            _ => {
                let name = object.type_name();
                fail(format!("can't index item of type {}", name.strip_prefix('*').unwrap_or(name)))
            }
        },
        value => fail(format!("can't index item of type {}", value.type_name())),
    }
}

fn place(key: &Value, length: usize, word: &str) -> Result<usize, FunctionError> {
    let at = match key {
        Value::Int(at) | Value::Int64(at) | Value::Duration(at) => *at,
        Value::Uint8(at) => i64::from(*at),
        Value::Uint64(at) => at.cast_signed(),
        Value::Nil => return fail("cannot index slice/array with nil"),
        other => return fail(format!("cannot index slice/array with type {}", other.type_name())),
    };
    match usize::try_from(at) {
        Ok(at) if at < length => Ok(at),
        Ok(at) if at == length => fail(format!("reflect: {word} index out of range")),
        _ => fail(format!("index out of range: {at}")),
    }
}
