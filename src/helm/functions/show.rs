//! Values as text, as sprig has it.

use crate::helm::call::FunctionError;
use crate::helm::exec::Exec;
use crate::helm::format::print_value;
use crate::helm::rope::Str;
use crate::helm::value::{Node, Value};

/// A value as sprig's `toString` has it: a string is itself, bytes are their text, anything else is
/// printed.
pub(super) fn to_str(exec: &mut Exec<'_>, node: &Node) -> Result<Str, FunctionError> {
    match &node.value {
        Value::Str(text) | Value::Bytes(text) => Ok(text.clone()),
        _ => print_value(exec, node),
    }
}
