//! From the tree back to text.

use super::ast::{Call, Delimiters, Item, Keyword, Operand, Pipeline, Template};
use crate::source::Span;

/// Writes the text of a template from its tree: every token of the tree, and the white space
/// between tokens of an action. Equal to the text, or the tree has lost something.
#[must_use]
pub fn print(template: &Template) -> Vec<u8> {
    let mut printer = Printer { template, output: Vec::with_capacity(template.text.len()), at: 0 };
    printer.items(&template.items);
    printer.output
}

struct Printer<'a> {
    template: &'a Template,
    output: Vec<u8>,
    /// End of the last token.
    at: usize,
}

impl Printer<'_> {
    fn token(&mut self, span: Span) {
        let gap = self.template.slice(Span::new(self.at, span.start()));
        if gap.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.output.extend_from_slice(gap);
        }
        self.output.extend_from_slice(self.template.slice(span));
        self.at = span.end();
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Text(text) => self.token(text.span),
            Item::Comment(comment) => {
                self.inside(comment.delimiters, |printer| printer.token(comment.span));
            }
            Item::Action(action) => {
                self.inside(action.delimiters, |printer| printer.pipeline(&action.pipeline));
            }
            Item::Branch(branch) => {
                for arm in &branch.arms {
                    self.inside(arm.delimiters, |printer| {
                        arm.otherwise.into_iter().for_each(|word| printer.token(word));
                        printer.token(arm.word);
                        printer.pipeline(&arm.pipeline);
                    });
                    self.items(&arm.items);
                }
                if let Some(otherwise) = &branch.otherwise {
                    self.keyword(&otherwise.keyword);
                    self.items(&otherwise.items);
                }
                self.keyword(&branch.end);
            }
            Item::Call(call) => self.call(call),
            Item::Block(block) => {
                self.call(&block.call);
                self.definition(block.definition);
                self.keyword(&block.end);
            }
            Item::Define(define) => {
                self.inside(define.delimiters, |printer| {
                    printer.token(define.word);
                    printer.token(define.name.span);
                });
                self.definition(define.definition);
                self.keyword(&define.end);
            }
            Item::Break(word) | Item::Continue(word) => self.keyword(word),
        }
    }

    fn definition(&mut self, index: usize) {
        let template = self.template;
        if let Some(definition) = template.definitions.get(index) {
            self.items(&definition.items);
        }
    }

    fn inside(&mut self, delimiters: Delimiters, print: impl FnOnce(&mut Self)) {
        self.token(delimiters.open);
        print(self);
        self.token(delimiters.close);
    }

    fn keyword(&mut self, keyword: &Keyword) {
        self.inside(keyword.delimiters, |printer| printer.token(keyword.word));
    }

    fn call(&mut self, call: &Call) {
        self.inside(call.delimiters, |printer| {
            printer.token(call.word);
            printer.token(call.name.span);
            call.pipeline.iter().for_each(|pipeline| printer.pipeline(pipeline));
        });
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        for variable in &pipeline.variables {
            self.token(variable.span);
            variable.comma.into_iter().for_each(|comma| self.token(comma));
        }
        pipeline.operator.into_iter().for_each(|operator| self.token(operator));
        let template = self.template;
        for command in template.commands(pipeline) {
            template.operands(command).iter().for_each(|operand| self.operand(operand));
            command.pipe.into_iter().for_each(|pipe| self.token(pipe));
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Dot(span)
            | Operand::Nil(span)
            | Operand::Bool(span, _)
            | Operand::Number(span, _)
            | Operand::String(span, _) => self.token(*span),
            Operand::Function(function) => self.token(function.span),
            Operand::Field(fields) => self.token(fields.span),
            Operand::Variable(variable) => {
                self.token(variable.span);
                self.token(variable.fields.span);
            }
            Operand::Pipeline(inner) => {
                self.token(inner.open);
                self.pipeline(&inner.pipeline);
                self.token(inner.close);
            }
            Operand::Chain(chain) => {
                self.operand(&chain.operand);
                self.token(chain.fields.span);
            }
        }
    }
}
