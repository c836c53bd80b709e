//! One execution of a template: arguments of calls, checked as Go's reflection checks them.

use smallvec::SmallVec;

use super::evaluate::Invocation;
use super::run::{Result, Run};
use crate::helm::call::Type;
use crate::helm::rope::Str;
use crate::helm::slot::Slot;
use crate::helm::value::{Kind, ListKind, MapKind, Node, Value};
use crate::template::ast::Operand;
use crate::template::{Anchor, NodeKind};

/// Most calls have few arguments.
pub(super) type Nodes = SmallVec<[Node; 4]>;

impl Run<'_, '_, '_> {
    /// The arguments of a call as its parameters want them.
    pub(super) fn arguments(
        &mut self,
        dot: &Slot,
        invocation: &Invocation<'_>,
        parameters: &[Type],
    ) -> Result<Nodes> {
        let mut nodes = Nodes::new();
        let parameter = |at: usize| parameters.get(at).or(parameters.last()).copied().unwrap_or(Type::Any);
        for (at, operand) in invocation.operands.iter().enumerate() {
            let node = self.argument(dot, operand, parameter(at))?;
            nodes.push(node);
        }
        if let Some(last) = &invocation.last {
            let node = self.fit(last.clone(), parameter(nodes.len()))?;
            nodes.push(node);
        }
        Ok(nodes)
    }

    /// The arguments of a builtin, which sees them as they are.
    pub(super) fn slots(&mut self, dot: &Slot, invocation: &Invocation<'_>) -> Result<SmallVec<[Slot; 4]>> {
        let mut slots = SmallVec::new();
        for operand in invocation.operands {
            let slot = self.reflected(dot, operand)?;
            slots.push(slot);
        }
        slots.extend(invocation.last.iter().cloned());
        Ok(slots)
    }

    /// An argument of a parameter that takes anything as it is.
    pub(super) fn reflected(&mut self, dot: &Slot, operand: &Operand) -> Result<Slot> {
        match operand {
            Operand::Nil(_) => {
                self.mark(NodeKind::Operand, operand.span());
                Ok(Slot::default())
            }
            _ => self.operand(dot, operand),
        }
    }

    /// An operand's value.
    fn operand(&mut self, dot: &Slot, operand: &Operand) -> Result<Slot> {
        match operand {
            Operand::Pipeline(inner) => self.pipeline(dot, &inner.pipeline),
            Operand::Function(function) => {
                self.mark(NodeKind::Operand, function.span);
                let node = Anchor { kind: NodeKind::Operand, start: function.span.start };
                let name = self.template.word(function.span);
                let invocation = Invocation { name, node, operands: &[], last: None };
                self.function(dot, function, invocation)
            }
            _ => {
                self.mark(NodeKind::Operand, operand.span());
                self.literal(dot, operand)
            }
        }
    }

    fn argument(&mut self, dot: &Slot, operand: &Operand, wanted: Type) -> Result<Node> {
        match operand {
            Operand::Nil(_) => {
                self.mark(NodeKind::Operand, operand.span());
                if can_be_nil(wanted) {
                    return Ok(Node::default());
                }
                self.fail(format!("cannot assign nil to {}", wanted.as_str()))
            }
            Operand::Bool(..) | Operand::Number(..) | Operand::String(..) if wanted != Type::Any => {
                self.mark(NodeKind::Operand, operand.span());
                self.typed_literal(operand, wanted)
            }
            _ => {
                let slot = self.operand(dot, operand)?;
                self.fit(slot, wanted)
            }
        }
    }

    /// A literal for a parameter of a type: numbers become what is asked for, where they can.
    fn typed_literal(&mut self, operand: &Operand, wanted: Type) -> Result<Node> {
        let text = || self.text_of(operand);
        let origin = |run: &mut Self| run.literal_origin(operand.span());
        match (wanted, operand) {
            (Type::Bool, Operand::Bool(_, truth)) => Ok(Node::new(*truth, origin(self))),
            (Type::Bool, _) => self.fail(format!("expected bool; found {}", text())),
            (Type::String, Operand::String(span, text)) => {
                Ok(Str::exact(self.template.string(*span, text), origin(self)).into())
            }
            (Type::String, _) => self.fail(format!("expected string; found {}", text())),
            (Type::Int | Type::Int64 | Type::Duration, Operand::Number(_, number))
                if number.int.is_some() =>
            {
                let int = number.int.unwrap_or_default();
                let value = match wanted {
                    Type::Int => Value::Int(int),
                    Type::Int64 => Value::Int64(int),
                    _ => Value::Duration(int),
                };
                Ok(Node::new(value, origin(self)))
            }
            (Type::Int | Type::Int64 | Type::Duration, _) => {
                self.fail(format!("expected integer; found {}", text()))
            }
            (Type::Uint32, Operand::Number(_, number)) if number.unsigned.is_some() => {
                let int = i64::from(number.unsigned.unwrap_or_default() as u32);
                Ok(Node::new(Value::Int(int), origin(self)))
            }
            (Type::Uint32, _) => self.fail(format!("expected unsigned integer; found {}", text())),
            (Type::Float, Operand::Number(_, number)) if number.float.is_some() => {
                Ok(Node::new(number.float.unwrap_or_default(), origin(self)))
            }
            (Type::Float, _) => self.fail(format!("expected float; found {}", text())),
            _ => self.fail(format!("can't handle {} for arg of type {}", text(), wanted.as_str())),
        }
    }

    /// A value for a parameter of a type.
    fn fit(&mut self, mut slot: Slot, wanted: Type) -> Result<Node> {
        if wanted == Type::Any {
            if let Value::Object(object) = &slot.node.value
                && let Some(copy) = object.passed()
            {
                slot.node.value = copy;
            }
            return Ok(slot.node);
        }
        if slot.is_missing() {
            if can_be_nil(wanted) {
                return Ok(slot.node);
            }
            return self.fail(format!("invalid value; expected {}", wanted.as_str()));
        }
        let fits = match (&slot.node.value, wanted) {
            (Value::Map(map), Type::Map) if map.kind() != MapKind::Strings => {
                let origin = slot.node.origin();
                return Ok(Node::new(map.with_kind(MapKind::Any), origin));
            }
            (Value::Str(_), Type::String)
            | (Value::Int(_), Type::Int)
            | (Value::Int64(_), Type::Int64)
            | (Value::Float(_), Type::Float)
            | (Value::Duration(_), Type::Duration)
            | (Value::Bool(_), Type::Bool) => true,
            (Value::List(list), Type::List) => list.kind() == ListKind::Any,
            (Value::List(list), Type::Strings) => list.kind() == ListKind::Strings,
            (Value::Map(map), Type::StringMap) => map.kind() == MapKind::Strings,
            (Value::Object(object), Type::Strings) if object.kind() == Kind::Slice => {
                if let Some(plain @ Value::List(_)) = object.plain() {
                    return Ok(Node::new(plain, slot.node.origin()));
                }
                false
            }
            (value, Type::Object(name)) => {
                let given = value.type_name();
                given == name || given.strip_prefix('*') == Some(name)
            }
            _ => false,
        };
        if fits {
            return Ok(slot.node);
        }
        let given = if slot.is_nil() { "interface {}" } else { slot.node.value.type_name() };
        self.fail(format!("wrong type for value; expected {}; got {given}", wanted.as_str()))
    }
}

fn can_be_nil(wanted: Type) -> bool {
    match wanted {
        Type::Any | Type::List | Type::Strings | Type::Map | Type::StringMap => true,
        Type::Object(name) => name.starts_with('*'),
        Type::String | Type::Int | Type::Int64 | Type::Uint32 | Type::Float | Type::Duration | Type::Bool => {
            false
        }
    }
}
