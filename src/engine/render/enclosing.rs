//! The control structures around a place of a template.

use std::sync::Arc;

use crate::helm::exec::parse_template;
use crate::source::{Source, Span};
use crate::template::Template;
use crate::template::ast::{Branch, BranchKind, Item};

/// One thing that must happen for a place to be executed; the outermost comes first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Step {
    /// The named template must be called.
    Called(Arc<str>),
    /// The condition of the action must hold, or its `range` have something to go over.
    Taken {
        /// The action that opens the body.
        action: Span,
        /// `if`, `with`, `range`.
        kind: BranchKind,
    },
    /// The condition of the action must not hold.
    NotTaken {
        /// The action.
        action: Span,
    },
}

/// What must happen for the byte at `offset` of a template's text to be executed; nothing is known of
/// text that is no template.
pub(in crate::engine) fn steps_to(source: &Source, offset: usize) -> Option<Vec<Step>> {
    Some(Structure::of(source)?.steps_to(offset))
}

/// The control structures of a template's text, parsed once for several questions.
pub(in crate::engine) struct Structure(Template);

impl Structure {
    /// Those of a text; `None` where it is no template.
    pub fn of(source: &Source) -> Option<Self> {
        parse_template(source.name(), source.text().as_bytes()).ok().map(Self)
    }

    /// What must happen for the byte at `offset` to be executed.
    pub fn steps_to(&self, offset: usize) -> Vec<Step> {
        steps(&self.0, offset)
    }

    /// Of each structure around the byte at `offset`, outermost first: all its actions, and the bodies of which
    /// one is executed in place of the byte's own.
    pub fn alternatives_at(&self, offset: usize) -> Vec<Alternatives> {
        let mut found = Vec::new();
        let definitions = self.0.definitions.iter().map(|definition| definition.items.as_slice());
        for items in std::iter::once(self.0.items.as_slice()).chain(definitions) {
            alternatives(items, offset, &mut found);
        }
        found
    }

    /// What is executed where the condition of an `if` or `else if` holds.
    pub fn body_of_if(&self, action: Span) -> Option<Span> {
        let definitions = self.0.definitions.iter().map(|definition| definition.items.as_slice());
        std::iter::once(self.0.items.as_slice())
            .chain(definitions)
            .find_map(|items| body_of_if(items, action))
    }
}

/// The parts of a control structure around a place.
pub(in crate::engine) struct Alternatives {
    /// The actions that decide.
    pub actions: Vec<Span>,
    /// The bodies without the place.
    pub bodies: Vec<Span>,
}

fn alternatives(items: &[Item], offset: usize, found: &mut Vec<Alternatives>) {
    let holds = |item: &&Item| item.span().start() < offset && offset < item.span().end();
    let Some(Item::Branch(branch)) = items.iter().find(holds) else { return };
    let actions: Vec<Span> = branch.arms.iter().map(|arm| arm.delimiters.span()).collect();
    let otherwise = branch.otherwise.as_ref().map(|it| (it.keyword.delimiters.span(), it.items.as_slice()));
    let arms = branch.arms.iter().map(|arm| (arm.delimiters.span(), arm.items.as_slice()));
    let parts: Vec<(Span, &[Item])> = arms.chain(otherwise).collect();
    let last = branch.end.delimiters.open.start();
    let end = |at: usize| parts.get(at + 1).map_or(last, |(next, _)| next.start());
    let bodies: Vec<Span> =
        parts.iter().enumerate().map(|(at, (action, _))| Span::new(action.end(), end(at))).collect();
    let around = |body: &Span| body.start() <= offset && offset < body.end();
    let own = bodies.iter().position(around);
    let others = bodies.iter().filter(|body| !around(body)).copied().collect();
    found.push(Alternatives { actions, bodies: others });
    if let Some((_, items)) = own.and_then(|at| parts.get(at)) {
        alternatives(items, offset, found);
    }
}

fn body_of_if(items: &[Item], action: Span) -> Option<Span> {
    items.iter().find_map(|item| {
        let Item::Branch(branch) = item else { return None };
        let otherwise = branch.otherwise.as_ref();
        let end = otherwise.map_or(branch.end.delimiters.open, |it| it.keyword.delimiters.open).start();
        let arm = branch.arms.iter().position(|arm| arm.delimiters.span() == action);
        if let Some(at) = arm.filter(|_| branch.kind == BranchKind::If) {
            let body_end = branch.arms.get(at + 1).map_or(end, |next| next.delimiters.open.start());
            return Some(Span::new(action.end(), body_end));
        }
        let arms = branch.arms.iter().map(|arm| arm.items.as_slice());
        let otherwise = otherwise.map(|otherwise| otherwise.items.as_slice());
        arms.chain(otherwise).find_map(|items| body_of_if(items, action))
    })
}

/// What must happen for the byte at `offset` to be executed.
pub(super) fn steps(template: &Template, offset: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    walk(template, &template.items, offset, &mut steps);
    steps
}

fn walk(template: &Template, items: &[Item], offset: usize, steps: &mut Vec<Step>) {
    let holds = |item: &&Item| item.span().start() < offset && offset < item.span().end();
    let Some(item) = items.iter().find(holds) else { return };
    match item {
        Item::Branch(branch) => in_branch(template, branch, offset, steps),
        Item::Define(define) => {
            steps.push(Step::Called(Arc::clone(&define.name.name)));
            definition(template, define.definition, offset, steps);
        }
        Item::Block(block) => definition(template, block.definition, offset, steps),
        _ => {}
    }
}

fn definition(template: &Template, index: usize, offset: usize, steps: &mut Vec<Step>) {
    if let Some(definition) = template.definitions.get(index) {
        walk(template, &definition.items, offset, steps);
    }
}

fn in_branch(template: &Template, branch: &Branch, offset: usize, steps: &mut Vec<Step>) {
    let otherwise = branch.otherwise.as_ref();
    let end = otherwise.map_or(branch.end.delimiters.open, |it| it.keyword.delimiters.open).start();
    for (at, arm) in branch.arms.iter().enumerate() {
        let action = arm.delimiters.span();
        let body_end = branch.arms.get(at + 1).map_or(end, |next| next.delimiters.open.start());
        if offset < body_end {
            if offset >= action.end() {
                steps.push(Step::Taken { action, kind: branch.kind });
                walk(template, &arm.items, offset, steps);
            }
            return;
        }
        steps.push(Step::NotTaken { action });
    }
    if let Some(otherwise) = otherwise {
        walk(template, &otherwise.items, offset, steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let offset = text.find('@').unwrap();
        let template = parse_template("t", text.as_bytes().to_vec()).unwrap();
        let show = |step: Step| match step {
            Step::Called(name) => format!("call {name}"),
            Step::Taken { action, .. } => format!("+{}", &text[action.range()]),
            Step::NotTaken { action } => format!("-{}", &text[action.range()]),
        };
        steps(&template, offset).into_iter().map(show).collect()
    }

    #[test]
    fn the_way_to_a_place_is_found() {
        assert_eq!(shown("a{{ if .x }}b{{ end }}@"), [""; 0]);
        assert_eq!(
            shown("{{ define \"d\" }}{{ range .l }}{{ if .x }}b{{ else if .y }}@{{ end }}{{ end }}{{ end }}"),
            ["call d", "+{{ range .l }}", "-{{ if .x }}", "+{{ else if .y }}"]
        );
        assert_eq!(shown("{{ with .x }}b{{ else }}@{{ end }}"), ["-{{ with .x }}"]);
    }
}
