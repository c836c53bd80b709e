//! Names of types and kinds, and equality of whole values.

use super::{derived, derived_text, fixed};
use crate::helm::call::{Function, FunctionError, Type};
use crate::helm::exec::Exec;
use crate::helm::value::Value;

pub(super) const TABLE: &[Function] = &[
    fixed("deepEqual", &[Type::Any, Type::Any], |exec, args| {
        let equal = deep_equal(exec, args.value(0), args.value(1))?;
        derived(exec, args, equal)
    }),
    fixed("kindIs", &[Type::String, Type::Any], |exec, args| {
        let is = args.str(0).as_bytes() == args.value(1).kind().as_str().as_bytes();
        derived(exec, args, is)
    }),
    fixed("kindOf", &[Type::Any], |exec, args| derived_text(exec, args, args.value(0).kind().as_str())),
    fixed("typeIs", &[Type::String, Type::Any], |exec, args| {
        let is = args.str(0).as_bytes() == args.value(1).type_name().as_bytes();
        derived(exec, args, is)
    }),
    fixed("typeIsLike", &[Type::String, Type::Any], |exec, args| {
        let (target, name) = (args.str(0), args.value(1).type_name());
        let is =
            target.as_bytes() == name.as_bytes() || [b"*", target.as_bytes()].concat() == name.as_bytes();
        derived(exec, args, is)
    }),
    fixed("typeOf", &[Type::Any], |exec, args| derived_text(exec, args, args.value(0).type_name())),
];

/// Go's `reflect.DeepEqual`: same types all the way down, and a nil slice is not an empty one.
pub(super) fn deep_equal(exec: &mut Exec<'_>, left: &Value, right: &Value) -> Result<bool, FunctionError> {
    exec.charge(1)?;
    if left.type_name() != right.type_name() {
        return Ok(false);
    }
    Ok(match (left, right) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right))
        | (Value::Int64(left), Value::Int64(right))
        | (Value::Duration(left), Value::Duration(right)) => left == right,
        (Value::Uint8(left), Value::Uint8(right)) => left == right,
        (Value::Uint64(left), Value::Uint64(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "as Go compares")]
        (Value::Float(left), Value::Float(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "as Go compares")]
        (Value::Complex(left, left_part), Value::Complex(right, right_part)) => {
            left == right && left_part == right_part
        }
        (Value::Str(left), Value::Str(right)) | (Value::Bytes(left), Value::Bytes(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            if left.len() != right.len() || left.is_nil() != right.is_nil() {
                return Ok(false);
            }
            exec.check_stack()?;
            for (left, right) in left.items().iter().zip(right.items()) {
                if !deep_equal(exec, &left.value, &right.value)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.same(right) {
                return Ok(true);
            }
            if left.len() != right.len() || left.is_nil() != right.is_nil() {
                return Ok(false);
            }
            exec.check_stack()?;
            exec.charge(left.len().saturating_mul(8))?;
            for ((left_key, left), (right_key, right)) in left.snapshot().iter().zip(&right.snapshot()) {
                if left_key != right_key || !deep_equal(exec, &left.node.value, &right.node.value)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Object(left), Value::Object(right)) => {
            if std::rc::Rc::ptr_eq(left, right) || left.text().is_some() && left.text() == right.text() {
                return Ok(true);
            }
            match (left.plain(), right.plain()) {
                (Some(left), Some(right)) => deep_equal(exec, &left, &right)?,
                _ => false,
            }
        }
        _ => false,
    })
}
