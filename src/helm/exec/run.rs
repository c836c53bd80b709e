//! One execution of a template: its items.

use std::sync::Arc;

use super::{Exec, Place};
use crate::helm::budget::Limit;
use crate::helm::call::FunctionError;
use crate::helm::error::ExecError;
use crate::helm::format::print_value;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::set::Body;
use crate::helm::slot::Slot;
use crate::helm::value::{Kind, Node, Value};
use crate::origin::{Frame, FrameId, FrameKind, Origin, OriginId, SourceId};
use crate::source::Span;
use crate::template::ast::{Branch, BranchKind, Call, Item, Pipeline, Text};
use crate::template::{Anchor, NodeKind, Template, quote};

/// What an evaluation gives. Errors are boxed: they are large and rare.
pub(super) type Result<T> = std::result::Result<T, Box<ExecError>>;

/// How a list of items ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// One execution of a template.
pub(super) struct Run<'e, 'a, 't> {
    pub exec: &'e mut Exec<'a>,
    pub template: &'t Template,
    body: &'t Body,
    pub source: SourceId,
    /// Variables by name, the innermost last.
    variables: Vec<(&'t [u8], Slot)>,
    /// The node that errors are about.
    pub at: Option<Anchor>,
    pub frame: FrameId,
}

impl<'e, 'a, 't> Run<'e, 'a, 't> {
    pub fn new(exec: &'e mut Exec<'a>, body: &'t Body, dot: &Slot) -> Self {
        Self {
            exec,
            template: &body.template,
            body,
            source: body.source,
            variables: vec![(b"$", dot.clone())],
            at: None,
            frame: FrameId::NONE,
        }
    }

    /// Executes the whole template.
    pub fn body(&mut self, dot: &Slot, output: &mut StrBuilder) -> Result<()> {
        if self.exec.calls > self.exec.budget.bounds().calls {
            return self.limit(Limit::Depth);
        }
        let body = self.body;
        self.items(body.items(), dot, output).map(|_| ())
    }

    // Errors.

    /// An error at the current node.
    pub fn error(&self, message: impl Into<String>, cause: Option<FunctionError>) -> ExecError {
        let found = self.at.and_then(|at| at.describe(self.template));
        let (offset, node) = found.unwrap_or((self.exec.place.span.start(), String::new()));
        let before = self.template.text.get(..offset).unwrap_or_default();
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        ExecError {
            file: Arc::clone(&self.template.name),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
            source: self.source,
            action: self.exec.place.span,
            frame: self.frame,
            template: Arc::clone(self.body.name()),
            node,
            message: message.into(),
            cause,
        }
    }

    pub fn fail<T>(&self, message: impl Into<String>) -> Result<T> {
        Err(Box::new(self.error(message, None)))
    }

    fn limit<T>(&self, limit: Limit) -> Result<T> {
        Err(Box::new(self.error("", Some(FunctionError::Limit(limit)))))
    }

    /// Counts steps.
    pub fn charge(&mut self, steps: usize) -> Result<()> {
        match self.exec.charge(steps) {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    pub fn charge_bytes(&mut self, bytes: usize) -> Result<()> {
        match self.exec.charge_bytes(bytes) {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    pub fn charge_read(&mut self, bytes: usize) -> Result<()> {
        match self.exec.charge_read(bytes) {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    pub fn check_stack(&self) -> Result<()> {
        match self.exec.check_stack() {
            Ok(()) => Ok(()),
            Err(limit) => self.limit(limit),
        }
    }

    /// Notes the node that errors are about from now on.
    pub fn mark(&mut self, kind: NodeKind, span: Span) {
        self.at = Some(Anchor { kind, start: span.start });
    }

    // Variables.

    /// The value of the variable whose name, `$` included, stands at `name`.
    pub fn variable(&mut self, name: Span) -> Result<Slot> {
        let wanted = self.template.slice(name);
        let found = self.variables.iter().rev().enumerate().find(|(_, (known, _))| *known == wanted);
        match found.map(|(passed, (_, slot))| (passed, slot.clone())) {
            Some((passed, slot)) => {
                self.charge(passed / 8)?;
                Ok(slot)
            }
            None => self.undefined(name),
        }
    }

    fn undefined<T>(&self, name: Span) -> Result<T> {
        self.fail(format!("undefined variable: {}", self.template.word(name)))
    }

    fn assign(&mut self, name: Span, slot: Slot) -> Result<()> {
        let wanted = self.template.slice(name);
        match self.variables.iter_mut().rev().find(|(known, _)| *known == wanted) {
            Some((_, held)) => {
                *held = slot;
                Ok(())
            }
            None => self.undefined(name),
        }
    }

    /// Gives a pipeline's value to its variables.
    pub fn bind(&mut self, pipeline: &Pipeline, value: &Slot) -> Result<()> {
        for variable in &pipeline.variables {
            if pipeline.assigns {
                self.assign(variable.span, value.clone())?;
            } else {
                self.variables.push((self.template.slice(variable.span), value.clone()));
            }
        }
        Ok(())
    }

    /// Sets the variable that was declared as the nth from the top, from 1.
    fn set_top(&mut self, nth: usize, slot: Slot) {
        let at = self.variables.len().checked_sub(nth);
        if let Some((_, held)) = at.and_then(|at| self.variables.get_mut(at)) {
            *held = slot;
        }
    }

    // Items.

    /// Notes the action that is executed from now on.
    fn enter(&mut self, span: Span) {
        self.exec.place = Place { source: self.source, span, frame: self.frame, origin: OriginId::NONE };
    }

    fn items(&mut self, items: &[Item], dot: &Slot, output: &mut StrBuilder) -> Result<Flow> {
        self.check_stack()?;
        for item in items {
            self.charge(1)?;
            match item {
                Item::Text(text) => self.text(*text, output)?,
                Item::Comment(_) | Item::Define(_) => {}
                Item::Action(action) => {
                    self.enter(action.delimiters.span());
                    let value = self.pipeline(dot, &action.pipeline)?;
                    if action.pipeline.variables.is_empty() {
                        self.print(&value, output)?;
                    }
                }
                Item::Branch(branch) if branch.kind == BranchKind::Range => {
                    let mark = self.variables.len();
                    let flow = self.range(branch, dot, output)?;
                    self.variables.truncate(mark);
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Item::Branch(branch) => {
                    let (mark, frame) = (self.variables.len(), self.frame);
                    let flow = self.branch(branch, dot, output)?;
                    self.variables.truncate(mark);
                    self.frame = frame;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                Item::Call(call) => self.call_template(call, dot, output)?,
                Item::Block(block) => self.call_template(&block.call, dot, output)?,
                Item::Break(_) => return Ok(Flow::Break),
                Item::Continue(_) => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    fn text(&mut self, text: Text, output: &mut StrBuilder) -> Result<()> {
        if text.kept.is_empty() {
            return Ok(());
        }
        self.charge_bytes(text.kept.len())?;
        let (source, span, frame) = (self.source, text.kept, self.frame);
        let origin = self.exec.origins.push(Origin::Text { source, span, frame });
        output.push_at(self.template.slice(span), origin, 0);
        Ok(())
    }

    fn branch(&mut self, branch: &Branch, dot: &Slot, output: &mut StrBuilder) -> Result<Flow> {
        for (at, arm) in branch.arms.iter().enumerate() {
            let span = arm.delimiters.span();
            self.enter(span);
            let value = self.pipeline(dot, &arm.pipeline)?;
            let truth = value.value().is_true();
            let more = at + 1 < branch.arms.len() || branch.otherwise.is_some();
            let kind = match (truth, more) {
                (true, _) => FrameKind::Then(0),
                (false, true) => FrameKind::Else,
                (false, false) => FrameKind::Skipped,
            };
            let frame = self.branch_frame(kind, span, value.node.origin());
            if truth {
                self.frame = frame;
                let dot = if branch.kind == BranchKind::With { &value } else { dot };
                return self.items(&arm.items, dot, output);
            }
            if more {
                self.frame = frame;
            }
        }
        match &branch.otherwise {
            Some(otherwise) => self.items(&otherwise.items, dot, output),
            None => Ok(Flow::Next),
        }
    }

    fn branch_frame(&mut self, kind: FrameKind, span: Span, origin: OriginId) -> FrameId {
        let (parent, source) = (self.frame, self.source);
        self.exec.origins.push_frame(Frame { parent, kind, source, span, origin })
    }

    fn range(&mut self, branch: &Branch, dot: &Slot, output: &mut StrBuilder) -> Result<Flow> {
        let Some(arm) = branch.arms.first() else { return Ok(Flow::Next) };
        let span = arm.delimiters.span();
        self.enter(span);
        let value = self.pipeline(dot, &arm.pipeline)?;
        let outer = self.frame;
        let mut turns = 0;
        let plain = match value.value() {
            Value::Object(object) if matches!(object.kind(), Kind::Slice | Kind::Map) => object.plain(),
            _ => None,
        };
        let mut turn = |run: &mut Self, index: Slot, item: Slot| -> Result<bool> {
            run.charge(1)?;
            run.frame = outer;
            run.frame = run.branch_frame(FrameKind::Then(turns), span, value.node.origin());
            turns += 1;
            run.turn(&arm.pipeline, index, &item)?;
            let mark = run.variables.len();
            let flow = run.items(&arm.items, &item, output)?;
            run.variables.truncate(mark);
            Ok(flow != Flow::Break)
        };
        let index = |at: usize| Slot::plain(Node::plain(Value::Int(at as i64)));
        match plain.as_ref().unwrap_or(value.value()) {
            Value::Nil => {}
            Value::List(list) => {
                for (at, item) in list.items().iter().enumerate() {
                    let item = Slot { node: item.clone(), boxed: list.kind().is_boxed() };
                    if !turn(self, index(at), item)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, entry) in map.snapshot() {
                    let item = Slot { node: entry.node, boxed: map.kind().is_boxed() };
                    if !turn(self, Slot::plain(Str::exact(key, entry.key_origin).into()), item)? {
                        break;
                    }
                }
            }
            Value::Bytes(bytes) => {
                for (at, &byte) in bytes.as_bytes().iter().enumerate() {
                    if !turn(self, index(at), Slot::plain(Node::new(byte, bytes.origin())))? {
                        break;
                    }
                }
            }
            number @ (Value::Int(_)
            | Value::Int64(_)
            | Value::Uint8(_)
            | Value::Uint64(_)
            | Value::Duration(_)) => {
                if arm.pipeline.variables.len() > 1 {
                    let text = self.shown(&value.node)?;
                    return self.fail(format!("can't use {text} to iterate over more than one variable"));
                }
                for at in 0..count(number) {
                    let item = Slot::plain(Node::new(like(number, at), value.node.origin()));
                    if !turn(self, Slot::default(), item)? {
                        break;
                    }
                }
            }
            other => {
                let text = self.shown(&value.node)?;
                // It is what a pointer points to that cannot be gone over.
                let pointer = matches!(other, Value::Object(object) if object.kind() == Kind::Pointer);
                let text = text.strip_prefix('&').filter(|_| pointer).unwrap_or(&text);
                return self.fail(format!("range can't iterate over {text}"));
            }
        }
        self.frame = outer;
        if turns > 0 {
            return Ok(Flow::Next);
        }
        let kind = if branch.otherwise.is_some() { FrameKind::Else } else { FrameKind::Skipped };
        let frame = self.branch_frame(kind, span, value.node.origin());
        let Some(otherwise) = &branch.otherwise else { return Ok(Flow::Next) };
        self.frame = frame;
        let flow = self.items(&otherwise.items, dot, output);
        self.frame = outer;
        flow
    }

    /// Gives a turn's index and item to the variables of a `range`.
    fn turn(&mut self, pipeline: &Pipeline, index: Slot, item: &Slot) -> Result<()> {
        match (&pipeline.variables[..], pipeline.assigns) {
            ([], _) => {}
            ([one], true) => self.assign(one.span, item.clone())?,
            ([one, two, ..], true) => {
                self.assign(one.span, index)?;
                self.assign(two.span, item.clone())?;
            }
            ([_], false) => self.set_top(1, item.clone()),
            (_, false) => {
                self.set_top(1, item.clone());
                self.set_top(2, index);
            }
        }
        Ok(())
    }

    fn call_template(&mut self, call: &Call, dot: &Slot, output: &mut StrBuilder) -> Result<()> {
        self.mark(NodeKind::Call, call.word);
        self.enter(call.delimiters.span());
        let Some(body) = self.exec.set.get(&call.name.name).cloned() else {
            return self.fail(format!("template {} not defined", quote(call.name.name.as_bytes())));
        };
        if self.exec.check_stack().is_err() {
            // Go's own bound is further, but nothing that ends comes near this one.
            return self.fail("exceeded maximum template depth (100000)");
        }
        let dot = match &call.pipeline {
            Some(pipeline) => self.pipeline(dot, pipeline)?,
            None => Slot::default(),
        };
        let kind = FrameKind::Call(self.exec.origins.name(&call.name.name));
        match self.exec.execute(&body, dot, kind, OriginId::NONE, output) {
            Ok(()) => Ok(()),
            Err(FunctionError::Template(error)) => Err(error),
            Err(error) => Err(Box::new(self.error("", Some(error)))),
        }
    }

    // Output.

    /// Prints an action's value.
    fn print(&mut self, slot: &Slot, output: &mut StrBuilder) -> Result<()> {
        match slot.value() {
            Value::Str(text) => self.emit(text, output),
            Value::Nil => {
                let text = Str::whole(*b"<no value>", slot.node.origin());
                self.emit(&text, output)
            }
            Value::Object(object) => {
                let text = match object.action_text() {
                    Some(text) => Str::whole(text.into_bytes(), slot.node.origin()),
                    None => {
                        let text = self.shown_text(&slot.node)?;
                        // An action prints what a pointer points to.
                        let pointer = object.kind() == Kind::Pointer && text.as_bytes().starts_with(b"&");
                        text.slice(usize::from(pointer)..text.len())
                    }
                };
                self.emit(&text, output)
            }
            _ => {
                let text = self.shown_text(&slot.node)?;
                self.emit(&text, output)
            }
        }
    }

    fn shown_text(&mut self, node: &Node) -> Result<Str> {
        match print_value(self.exec, node) {
            Ok(text) => Ok(text),
            Err(error) => Err(Box::new(self.error("", Some(error)))),
        }
    }

    /// A value as Go's `%v` prints it.
    fn shown(&mut self, node: &Node) -> Result<String> {
        Ok(self.shown_text(node)?.to_text().into_owned())
    }

    /// Appends text to the output; what has no place in a template yet gets this action's.
    fn emit(&mut self, text: &Str, output: &mut StrBuilder) -> Result<()> {
        self.charge_bytes(text.len())?;
        let mut last = (OriginId::NONE, OriginId::NONE);
        for (part, run) in text.runs(0..text.len()) {
            if last.1.is_none() || last.0 != run.origin {
                last = (run.origin, self.placed(run.origin));
            }
            output.push_at(text.as_bytes().get(part).unwrap_or_default(), last.1, run.at);
        }
        Ok(())
    }

    fn placed(&mut self, origin: OriginId) -> OriginId {
        match self.exec.origins.get(origin) {
            Origin::Text { .. } | Origin::Action { .. } | Origin::Printed { .. } => origin,
            Origin::Unknown => self.exec.here(),
            _ => {
                let action = self.exec.here();
                self.exec.origins.push(Origin::Printed { what: origin, action })
            }
        }
    }
}

/// How often `range` over a number turns.
fn count(number: &Value) -> u64 {
    match number {
        Value::Int(number) | Value::Int64(number) | Value::Duration(number) => {
            u64::try_from(*number).unwrap_or(0)
        }
        Value::Uint8(number) => u64::from(*number),
        Value::Uint64(number) => *number,
        _ => 0,
    }
}

/// A number of the same type.
fn like(number: &Value, at: u64) -> Value {
    match number {
        Value::Int64(_) => Value::Int64(at.cast_signed()),
        Value::Duration(_) => Value::Duration(at.cast_signed()),
        Value::Uint8(_) => Value::Uint8(u8::try_from(at).unwrap_or(0)),
        Value::Uint64(_) => Value::Uint64(at),
        _ => Value::Int(at.cast_signed()),
    }
}
