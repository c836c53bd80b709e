//! What a template names: chains of fields and string literals, wherever they stand.

use super::Template;
use super::ast::{Command, Fields, Item, Operand, Pipeline};

/// Something a template names.
#[derive(Clone, Copy, Debug)]
pub enum Mention<'t> {
    /// `.a.b`, `$x.a.b`, `(f).a.b`: the fields, with the command they are an operand of.
    Fields(Fields, &'t Command),
    /// A string literal's text, or a template's name.
    Text(&'t [u8]),
}

/// Calls `visit` for everything a template names, definitions included.
pub fn mentions<'t>(template: &'t Template, visit: &mut dyn FnMut(Mention<'t>)) {
    items(template, &template.items, visit);
    for definition in &template.definitions {
        items(template, &definition.items, visit);
    }
}

fn items<'t>(template: &'t Template, all: &'t [Item], visit: &mut dyn FnMut(Mention<'t>)) {
    for item in all {
        match item {
            Item::Action(action) => pipeline(template, &action.pipeline, visit),
            Item::Branch(branch) => {
                for arm in &branch.arms {
                    pipeline(template, &arm.pipeline, visit);
                    items(template, &arm.items, visit);
                }
                if let Some(otherwise) = &branch.otherwise {
                    items(template, &otherwise.items, visit);
                }
            }
            Item::Call(call) => call.pipeline.iter().for_each(|it| pipeline(template, it, visit)),
            Item::Block(block) => block.call.pipeline.iter().for_each(|it| pipeline(template, it, visit)),
            // Their bodies are among the definitions.
            Item::Define(_) | Item::Text(_) | Item::Comment(_) | Item::Break(_) | Item::Continue(_) => {}
        }
    }
}

fn pipeline<'t>(template: &'t Template, it: &'t Pipeline, visit: &mut dyn FnMut(Mention<'t>)) {
    for command in template.commands(it) {
        for part in template.operands(command) {
            operand(template, part, command, visit);
        }
    }
}

fn operand<'t>(
    template: &'t Template,
    it: &'t Operand,
    command: &'t Command,
    visit: &mut dyn FnMut(Mention<'t>),
) {
    match it {
        Operand::String(span, text) => visit(Mention::Text(template.string(*span, text))),
        Operand::Field(fields) => visit(Mention::Fields(*fields, command)),
        Operand::Variable(variable) if variable.fields.is_empty() => {}
        Operand::Variable(variable) => visit(Mention::Fields(variable.fields, command)),
        Operand::Pipeline(inner) => pipeline(template, &inner.pipeline, visit),
        Operand::Chain(chain) => {
            operand(template, &chain.operand, command, visit);
            visit(Mention::Fields(chain.fields, command));
        }
        Operand::Dot(_)
        | Operand::Nil(_)
        | Operand::Bool(..)
        | Operand::Number(..)
        | Operand::Function(_) => {}
    }
}
