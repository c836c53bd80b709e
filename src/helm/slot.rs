//! A value while it is evaluated.

use super::value::{Node, Value};

/// A value together with how Go's reflection holds it: nil held by an interface (an absent key's
/// value) and no value at all (what a pipeline makes of it) differ in errors.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub node: Node,
    /// Its static type is `interface {}`: an entry of a map, an item of a list.
    pub boxed: bool,
}

impl Slot {
    pub fn plain(node: Node) -> Self {
        Self { node, boxed: false }
    }

    pub fn boxed(node: Node) -> Self {
        Self { node, boxed: true }
    }

    pub fn value(&self) -> &Value {
        &self.node.value
    }

    pub fn is_nil(&self) -> bool {
        matches!(self.node.value, Value::Nil)
    }

    /// No value at all, as opposed to a nil one.
    pub fn is_missing(&self) -> bool {
        self.is_nil() && !self.boxed
    }

    /// The static type, as Go's errors print it.
    pub fn static_type(&self) -> &'static str {
        if self.boxed { "interface {}" } else { self.node.value.type_name() }
    }
}
