//! Nodes as Go's errors name them: their place, and their text as Go prints it.

use super::ast::{Call, Command, Item, Operand, Pipeline, Template};
use super::quote;

/// What a node is, as far as needed to tell nodes with one start apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A `template` action.
    Call,
    /// A pipeline.
    Pipeline,
    /// A command.
    Command,
    /// An operand; of an operand with a chain of fields the whole.
    Operand,
    /// The operand before a chain of fields.
    ChainStart,
}

/// A node of a template: its kind and where its span starts. Small, for the evaluator notes one
/// for each node it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// What it is.
    pub kind: NodeKind,
    /// Start of its span.
    pub start: u32,
}

impl Anchor {
    /// The position that Go gives to the node, and its text as Go prints it. `None` where there is
    /// no such node in the template.
    #[must_use]
    pub fn describe(self, template: &Template) -> Option<(usize, String)> {
        let bodies = template.definitions.iter().map(|definition| &definition.items);
        std::iter::once(&template.items).chain(bodies).find_map(|items| self.in_items(template, items))
    }

    fn is(self, kind: NodeKind, start: usize) -> bool {
        self.kind == kind && self.start as usize == start
    }

    fn in_items(self, template: &Template, items: &[Item]) -> Option<(usize, String)> {
        items.iter().find_map(|item| match item {
            Item::Action(action) => self.in_pipeline(template, &action.pipeline),
            Item::Branch(branch) => branch
                .arms
                .iter()
                .find_map(|arm| {
                    self.in_pipeline(template, &arm.pipeline).or_else(|| self.in_items(template, &arm.items))
                })
                .or_else(|| self.in_items(template, &branch.otherwise.as_ref()?.items)),
            Item::Call(call) => self.in_call(template, call),
            Item::Block(block) => self.in_call(template, &block.call),
            Item::Text(_) | Item::Comment(_) | Item::Define(_) | Item::Break(_) | Item::Continue(_) => None,
        })
    }

    fn in_call(self, template: &Template, call: &Call) -> Option<(usize, String)> {
        if self.is(NodeKind::Call, call.word.start()) {
            let mut text = format!("{{{{template {}", quote(call.name.name.as_bytes()));
            if let Some(pipeline) = &call.pipeline {
                text.push(' ');
                write_pipeline(&mut text, template, pipeline);
            }
            text.push_str("}}");
            return Some((call.name.span.start(), text));
        }
        self.in_pipeline(template, call.pipeline.as_ref()?)
    }

    fn in_pipeline(self, template: &Template, pipeline: &Pipeline) -> Option<(usize, String)> {
        let span = pipeline.span;
        if self.is(NodeKind::Pipeline, span.start()) {
            let mut text = String::new();
            write_pipeline(&mut text, template, pipeline);
            return Some((span.start(), text));
        }
        if !(span.start..=span.end).contains(&self.start) {
            return None;
        }
        template.commands(pipeline).iter().find_map(|command| {
            if self.is(NodeKind::Command, command.span.start()) {
                let mut text = String::new();
                write_command(&mut text, template, command);
                return Some((command.span.start(), text));
            }
            template.operands(command).iter().find_map(|operand| self.in_operand(template, operand))
        })
    }

    fn in_operand(self, template: &Template, operand: &Operand) -> Option<(usize, String)> {
        if self.is(NodeKind::Operand, operand.span().start()) {
            let mut text = String::new();
            write_operand(&mut text, template, operand);
            return Some((position(template, operand), text));
        }
        match operand {
            Operand::Pipeline(inner) => self.in_pipeline(template, &inner.pipeline),
            Operand::Chain(chain) => {
                if self.is(NodeKind::ChainStart, chain.operand.span().start()) {
                    let mut text = String::new();
                    write_operand(&mut text, template, &chain.operand);
                    return Some((position(template, &chain.operand), text));
                }
                self.in_operand(template, &chain.operand)
            }
            _ => None,
        }
    }
}

/// Fields of a field, a variable or a value have the place of the first field that follows what
/// the term began with.
fn position(template: &Template, operand: &Operand) -> usize {
    match operand {
        Operand::Field(fields) => {
            let mut names = template.names(*fields);
            let first = names.next().map_or(0, |name| name.len() + 1);
            fields.span.start() + if names.next().is_some() { first } else { 0 }
        }
        Operand::Variable(variable) if !variable.fields.is_empty() => variable.fields.span.start(),
        Operand::Chain(chain) => chain.fields.span.start(),
        Operand::Pipeline(inner) => inner.pipeline.span.start(),
        operand => operand.span().start(),
    }
}

fn write_pipeline(text: &mut String, template: &Template, pipeline: &Pipeline) {
    for (at, variable) in pipeline.variables.iter().enumerate() {
        text.push_str(if at > 0 { ", " } else { "" });
        text.push_str(template.word(variable.span));
    }
    if !pipeline.variables.is_empty() {
        text.push_str(if pipeline.assigns { " = " } else { " := " });
    }
    for (at, command) in template.commands(pipeline).iter().enumerate() {
        text.push_str(if at > 0 { " | " } else { "" });
        write_command(text, template, command);
    }
}

fn write_command(text: &mut String, template: &Template, command: &Command) {
    for (at, operand) in template.operands(command).iter().enumerate() {
        text.push_str(if at > 0 { " " } else { "" });
        let inside = matches!(operand, Operand::Pipeline(_));
        text.push_str(if inside { "(" } else { "" });
        write_operand(text, template, operand);
        text.push_str(if inside { ")" } else { "" });
    }
}

fn write_operand(text: &mut String, template: &Template, operand: &Operand) {
    match operand {
        Operand::Pipeline(inner) => write_pipeline(text, template, &inner.pipeline),
        Operand::Chain(chain) => {
            let inside = matches!(chain.operand, Operand::Pipeline(_));
            text.push_str(if inside { "(" } else { "" });
            write_operand(text, template, &chain.operand);
            text.push_str(if inside { ")" } else { "" });
            text.push_str(template.word(chain.fields.span));
        }
        Operand::Variable(variable) => {
            text.push_str(template.word(variable.span));
            text.push_str(template.word(variable.fields.span));
        }
        Operand::Field(fields) => text.push_str(template.word(fields.span)),
        Operand::Dot(span)
        | Operand::Nil(span)
        | Operand::Bool(span, _)
        | Operand::Number(span, _)
        | Operand::String(span, _) => text.push_str(&String::from_utf8_lossy(template.slice(*span))),
        Operand::Function(function) => text.push_str(template.word(function.span)),
    }
}
