//! One execution of a template: its expressions.

use super::run::{Result, Run};
use crate::helm::call::{Args, FunctionError};
use crate::helm::registry::{Callee, callee};
use crate::helm::rope::Str;
use crate::helm::slot::Slot;
use crate::helm::value::{Kind, MapKind, Method, Node, Object, Value};
use crate::helm::{duration_methods, values_methods};
use crate::origin::{Origin, OriginId};
use crate::source::Span;
use crate::template::ast::{Chain, Command, Fields, Function, Number, Operand, Pipeline, Variable};
use crate::template::{Anchor, NodeKind};

/// What is called, with its arguments.
pub(super) struct Invocation<'o> {
    /// The name for errors.
    pub name: &'o str,
    /// The node that an error of the function itself is about.
    pub node: Anchor,
    /// The arguments as they are written.
    pub operands: &'o [Operand],
    /// The last argument, where it came through a pipe.
    pub last: Option<Slot>,
}

impl Run<'_, '_, '_> {
    pub(super) fn pipeline(&mut self, dot: &Slot, pipeline: &Pipeline) -> Result<Slot> {
        self.check_stack()?;
        self.mark(NodeKind::Pipeline, pipeline.span);
        let mut value = None;
        for command in self.template.commands(pipeline) {
            let mut next = self.command(dot, command, value.take())?;
            next.boxed = false;
            value = Some(next);
        }
        let value = value.unwrap_or_default();
        self.bind(pipeline, &value)?;
        Ok(value)
    }

    fn command(&mut self, dot: &Slot, command: &Command, last: Option<Slot>) -> Result<Slot> {
        self.charge(1)?;
        let template = self.template;
        let Some((first, operands)) = template.operands(command).split_first() else {
            return Ok(Slot::default());
        };
        let node = Anchor { kind: NodeKind::Command, start: command.span.start };
        match first {
            Operand::Function(function) => {
                self.mark(NodeKind::Operand, function.span);
                let name = template.word(function.span);
                self.function(dot, function, Invocation { name, node, operands, last })
            }
            Operand::Field(_) | Operand::Chain(_) | Operand::Variable(_) => {
                self.value_of(dot, first, operands, last)
            }
            Operand::Pipeline(inner) => {
                self.refuse_arguments(first, operands, last.as_ref())?;
                self.pipeline(dot, &inner.pipeline)
            }
            _ => {
                self.mark(NodeKind::Operand, first.span());
                self.refuse_arguments(first, operands, last.as_ref())?;
                self.literal(dot, first)
            }
        }
    }

    fn refuse_arguments(&self, first: &Operand, operands: &[Operand], last: Option<&Slot>) -> Result<()> {
        if operands.is_empty() && last.is_none() {
            return Ok(());
        }
        self.fail(format!("can't give argument to non-function {}", self.text_of(first)))
    }

    /// An operand as Go prints it.
    pub(super) fn text_of(&self, operand: &Operand) -> String {
        let anchor = Anchor { kind: NodeKind::Operand, start: operand.span().start };
        anchor.describe(self.template).map(|(_, text)| text).unwrap_or_default()
    }

    /// A field, variable or chain, called with arguments where there are any.
    pub(super) fn value_of(
        &mut self,
        dot: &Slot,
        operand: &Operand,
        operands: &[Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        self.mark(NodeKind::Operand, operand.span());
        match operand {
            Operand::Field(fields) => self.fields(dot, dot.clone(), operand, *fields, operands, last),
            Operand::Variable(variable) => self.variable_value(dot, variable, operand, operands, last),
            Operand::Chain(chain) => self.chain(dot, chain, operand, operands, last),
            _ => self.literal(dot, operand),
        }
    }

    fn variable_value(
        &mut self,
        dot: &Slot,
        variable: &Variable,
        operand: &Operand,
        operands: &[Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let value = self.variable(variable.span)?;
        if variable.fields.is_empty() {
            self.refuse_arguments(operand, operands, last.as_ref())?;
            return Ok(value);
        }
        self.fields(dot, value, operand, variable.fields, operands, last)
    }

    fn chain(
        &mut self,
        dot: &Slot,
        chain: &Chain,
        operand: &Operand,
        operands: &[Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let start = match &chain.operand {
            Operand::Pipeline(inner) => self.pipeline(dot, &inner.pipeline)?,
            Operand::Function(function) => {
                let span = chain.operand.span();
                self.mark(NodeKind::ChainStart, span);
                let node = Anchor { kind: NodeKind::ChainStart, start: span.start };
                let name = self.template.word(function.span);
                let invocation = Invocation { name, node, operands: &[], last: None };
                self.function(dot, function, invocation)?
            }
            other => self.literal(dot, other)?,
        };
        self.fields(dot, start, operand, chain.fields, operands, last)
    }

    fn fields(
        &mut self,
        dot: &Slot,
        start: Slot,
        operand: &Operand,
        fields: Fields,
        operands: &[Operand],
        last: Option<Slot>,
    ) -> Result<Slot> {
        let node = Anchor { kind: NodeKind::Operand, start: operand.span().start };
        let mut receiver = start;
        let mut names = self.template.names(fields);
        let Some(mut name) = names.next() else { return Ok(receiver) };
        for next in names {
            receiver = self.field(dot, receiver, Invocation { name, node, operands: &[], last: None })?;
            name = next;
        }
        let found = self.field(dot, receiver, Invocation { name, node, operands, last })?;
        self.exec.note_use(&found.node);
        Ok(found)
    }

    fn field(&mut self, dot: &Slot, receiver: Slot, invocation: Invocation<'_>) -> Result<Slot> {
        let name = invocation.name;
        let parent = receiver.node.origin();
        let has_arguments = !invocation.operands.is_empty() || invocation.last.is_some();
        match receiver.value() {
            Value::Nil if !receiver.boxed => {
                let origin = self.exec.absent(parent, name.as_bytes());
                return Ok(Slot::plain(Node::nil(origin)));
            }
            Value::Nil => return self.fail(format!("nil pointer evaluating interface {{}}.{name}")),
            Value::Map(map) => {
                if map.kind() == MapKind::Values
                    && let Some(method) = values_methods::find(name)
                {
                    let object = values_methods::object(map, parent);
                    return self.method(dot, &object, method, invocation);
                }
                if has_arguments {
                    return self.fail(format!("{name} is not a method but has arguments"));
                }
                let boxed = map.kind().is_boxed();
                if let Some(node) = map.get(name.as_bytes()) {
                    return Ok(Slot { node, boxed });
                }
                let origin = self.exec.absent(parent, name.as_bytes());
                return Ok(Slot { node: map.kind().zero(origin), boxed });
            }
            Value::Object(object) => {
                if let Some(method) = object.method(name) {
                    return self.method(dot, object.as_ref(), method, invocation);
                }
                if let Some(node) = object.field(name) {
                    if has_arguments {
                        return self.fail(format!("{name} has arguments but cannot be invoked as function"));
                    }
                    return Ok(Slot::plain(node));
                }
                if object.kind() == Kind::Map
                    && let Some(Value::Map(map)) = object.plain()
                {
                    if has_arguments {
                        return self.fail(format!("{name} is not a method but has arguments"));
                    }
                    let found = map.get(name.as_bytes());
                    let origin = self.exec.absent(parent, name.as_bytes());
                    // Only `.Files` is such a map: an absent file is empty.
                    let empty = || Node::plain(Value::Bytes(Str::whole(*b"", origin)));
                    return Ok(Slot::plain(found.unwrap_or_else(empty)));
                }
            }
            Value::Duration(_) => {
                if let Some(method) = duration_methods::find(name) {
                    let object = duration_methods::object(&receiver.node);
                    return self.method(dot, &object, method, invocation);
                }
            }
            _ => {}
        }
        self.fail(format!("can't evaluate field {name} in type {}", receiver.static_type()))
    }

    /// A value that is written down, or the dot.
    pub(super) fn literal(&mut self, dot: &Slot, operand: &Operand) -> Result<Slot> {
        match operand {
            Operand::Dot(_) => Ok(dot.clone()),
            Operand::Bool(span, truth) => {
                let origin = self.literal_origin(*span);
                Ok(Slot::plain(Node::new(*truth, origin)))
            }
            Operand::String(span, text) => {
                let origin = self.literal_origin(*span);
                Ok(Slot::plain(Str::exact(self.template.string(*span, text), origin).into()))
            }
            Operand::Number(span, number) => {
                let value = self.ideal(*span, number)?;
                let origin = self.literal_origin(*span);
                Ok(Slot::plain(Node::new(value, origin)))
            }
            Operand::Nil(_) => self.fail("nil is not a command"),
            _ => self.value_of(dot, operand, &[], None),
        }
    }

    pub(super) fn literal_origin(&mut self, span: Span) -> OriginId {
        let (source, frame) = (self.source, self.frame);
        self.exec.origins.push(Origin::Literal { source, span, frame })
    }

    /// A number where no type is asked for: its spelling decides.
    fn ideal(&mut self, span: Span, number: &Number) -> Result<Value> {
        let spelling = self.template.slice(span);
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        let hexadecimal = matches!(spelling, [b'0', b'x' | b'X', _, ..])
            && !spelling.iter().any(|byte| matches!(byte, b'p' | b'P'));
        let with_fraction = spelling.iter().any(|byte| b".eEpP".contains(byte));
        if let Some(float) = number.float
            && with_fraction
            && !hexadecimal
            && spelling.first() != Some(&b'\'')
        {
            return Ok(Value::Float(float));
        }
        match number.int {
            Some(int) => Ok(Value::Int(int)),
            None => self.fail(format!("{} overflows int", String::from_utf8_lossy(spelling))),
        }
    }

    // Calls.

    pub(super) fn function(
        &mut self,
        dot: &Slot,
        function: &Function,
        invocation: Invocation<'_>,
    ) -> Result<Slot> {
        match callee(function.number) {
            Some(Callee::Function(called)) => {
                self.check_count(&invocation, called.parameters.len(), called.variadic)?;
                let nodes = self.arguments(dot, &invocation, called.parameters)?;
                self.charge_read(nodes.iter().filter_map(|node| node.value.as_str()).map(Str::len).sum())?;
                self.exec.function = called.name;
                let result = (called.call)(self.exec, &Args::new(&nodes));
                self.result(&invocation, result)
            }
            Some(Callee::Builtin(called)) => {
                let parameters = called.least + usize::from(called.variadic);
                self.check_count(&invocation, parameters, called.variadic)?;
                let slots = self.slots(dot, &invocation)?;
                self.exec.function = called.name;
                let result = (called.call)(self.exec, &slots);
                self.result(&invocation, result)
            }
            Some(Callee::And) => self.choose(dot, invocation, false),
            Some(Callee::Or) => self.choose(dot, invocation, true),
            Some(Callee::Call) => {
                self.check_count(&invocation, 2, true)?;
                let slots = self.slots(dot, &invocation)?;
                let error = match slots.first().map(Slot::value) {
                    None | Some(Value::Nil) => "call of nil".to_owned(),
                    Some(value) => {
                        let name = match (invocation.operands.first(), value) {
                            (Some(operand), _) => self.text_of(operand),
                            (None, Value::Str(text)) => text.to_text().into_owned(),
                            (None, value) => format!("<{} Value>", value.type_name()),
                        };
                        format!("non-function {name} of type {}", value.type_name())
                    }
                };
                self.result(&invocation, Err(FunctionError::new(error)))
            }
            None => self.fail(format!("\"{}\" is not a defined function", invocation.name)),
        }
    }

    fn method(
        &mut self,
        dot: &Slot,
        object: &dyn Object,
        method: &'static Method,
        invocation: Invocation<'_>,
    ) -> Result<Slot> {
        self.check_count(&invocation, method.parameters.len(), method.variadic)?;
        let nodes = self.arguments(dot, &invocation, method.parameters)?;
        self.exec.function = method.name;
        let result = (method.call)(self.exec, object, &Args::new(&nodes));
        self.result(&invocation, result)
    }

    fn check_count(&self, invocation: &Invocation<'_>, parameters: usize, variadic: bool) -> Result<()> {
        let written = invocation.operands.len();
        let given = written + usize::from(invocation.last.is_some());
        let name = invocation.name;
        if variadic {
            let least = parameters.saturating_sub(1);
            if given < least {
                let message = format!("wrong number of args for {name}: want at least {least} got {written}");
                return self.fail(message);
            }
        } else if given != parameters {
            return self.fail(format!("wrong number of args for {name}: want {parameters} got {given}"));
        }
        Ok(())
    }

    /// Takes what a function gave, or makes its error one of the node that called it.
    fn result(
        &mut self,
        invocation: &Invocation<'_>,
        result: std::result::Result<Node, FunctionError>,
    ) -> Result<Slot> {
        match result {
            Ok(node) => {
                if let Value::Str(text) | Value::Bytes(text) = &node.value {
                    self.charge_bytes(text.len())?;
                }
                Ok(Slot::plain(node))
            }
            Err(error) => {
                self.at = Some(invocation.node);
                let message = format!("error calling {}: ", invocation.name);
                Err(Box::new(self.error(message, Some(error))))
            }
        }
    }

    /// `and` and `or`: the first argument that decides, or the last one. It remembers those before it,
    /// which had to be as they are for it to be reached.
    fn choose(&mut self, dot: &Slot, invocation: Invocation<'_>, wanted: bool) -> Result<Slot> {
        self.check_count(&invocation, 2, true)?;
        let mut passed: Option<Node> = None;
        for operand in invocation.operands {
            let mut slot = self.reflected(dot, operand)?;
            let decides = slot.value().is_true() == wanted;
            if let Some(passed) = &passed {
                slot.node = self.exec.fallback(&slot.node, passed);
            }
            if decides {
                return Ok(slot);
            }
            passed = Some(slot.node);
        }
        match (invocation.last, passed) {
            (Some(last), Some(passed)) => Ok(Slot { node: self.exec.fallback(&last.node, &passed), ..last }),
            (Some(last), None) => Ok(last),
            (None, passed) => Ok(Slot::boxed(passed.unwrap_or_default())),
        }
    }
}
