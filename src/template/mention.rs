//! What a template names: chains of fields and string literals, wherever they stand.

use std::sync::Arc;

use super::Template;
use super::ast::{Command, Item, Operand, Pipeline};

/// Something a template names.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'t> {
    /// `.a.b`, `$x.a.b`, `(f).a.b`: the names, with the command it is an operand of.
    Fields(&'t [Arc<str>], &'t Command),
    /// A string literal's text, or a template's name.
    Text(&'t [u8]),
}

/// Calls `visit` for everything a template names, definitions included.
pub fn mentions<'t>(template: &'t Template, visit: &mut dyn FnMut(Mention<'t>)) {
    items(&template.items, visit);
    for definition in &template.definitions {
        items(&definition.items, visit);
    }
}

fn items<'t>(all: &'t [Item], visit: &mut dyn FnMut(Mention<'t>)) {
    for item in all {
        match item {
            Item::Action(action) => pipeline(&action.pipeline, visit),
            Item::Branch(branch) => {
                for arm in &branch.arms {
                    pipeline(&arm.pipeline, visit);
                    items(&arm.items, visit);
                }
                if let Some(otherwise) = &branch.otherwise {
                    items(&otherwise.items, visit);
                }
            }
            Item::Call(call) => call.pipeline.iter().for_each(|it| pipeline(it, visit)),
            Item::Block(block) => block.call.pipeline.iter().for_each(|it| pipeline(it, visit)),
            // Their bodies are among the definitions.
            Item::Define(_) | Item::Text(_) | Item::Comment(_) | Item::Break(_) | Item::Continue(_) => {}
        }
    }
}

fn pipeline<'t>(it: &'t Pipeline, visit: &mut dyn FnMut(Mention<'t>)) {
    for command in &it.commands {
        for part in &command.operands {
            operand(part, command, visit);
        }
    }
}

fn operand<'t>(it: &'t Operand, command: &'t Command, visit: &mut dyn FnMut(Mention<'t>)) {
    match it {
        Operand::String(_, text) => visit(Mention::Text(text)),
        Operand::Field(fields) => visit(Mention::Fields(&fields.names, command)),
        Operand::Variable(variable) => visit(Mention::Fields(&variable.fields.names, command)),
        Operand::Pipeline(inner) => pipeline(&inner.pipeline, visit),
        Operand::Chain(chain) => {
            operand(&chain.operand, command, visit);
            visit(Mention::Fields(&chain.fields.names, command));
        }
        Operand::Dot(_)
        | Operand::Nil(_)
        | Operand::Bool(..)
        | Operand::Number(..)
        | Operand::Function(_) => {}
    }
}
