//! Fields of a template that are printed by a key of the chart's values from then on, or are no longer
//! printed at all.

use crate::helm::render::Rendered;
use crate::source::Span;
use crate::yaml::NodeId;

use super::new_key::NewKeys;
use super::template_site::{TemplateEdit, edit, end_of_line, line_start, lines_of, text_of};
use super::trace::RenderedTree;

/// Words that open, part or close what actions hold together.
const OF_BLOCKS: [&str; 7] = ["if", "with", "range", "else", "end", "define", "block"];

/// An action that prints a new key, in place of a scalar of the template's text.
pub(super) fn print_key(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    keys: &NewKeys,
) -> Option<TemplateEdit> {
    if !document.tree.kind(node).is_scalar() {
        return None;
    }
    let text = text_of(rendered, document, document.tree.span(node))?;
    let action = keys.action(&text.source, text.span.start())?;
    edit(&text.source, text.span, action)
}

/// The lines of an entry under the condition that a new key holds.
pub(super) fn print_if(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    keys: &NewKeys,
) -> Option<TemplateEdit> {
    let lines = lines_of(rendered, document, node)?;
    let condition = keys.condition(&lines.source, lines.span.start())?;
    let (margin, end) = (" ".repeat(lines.indent), end_of_line(&lines.source));
    let kept = lines.source.slice(lines.span);
    let new = format!("{margin}{{{{- if {condition} }}}}{end}{kept}{margin}{{{{- end }}}}{end}");
    edit(&lines.source, lines.span, new)
}

/// Without the line on which an action prints a scalar behind its key: `hostPort: {{ .Values.port }}`, where
/// the value is another field's too.
pub(super) fn remove_printed(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
) -> Option<TemplateEdit> {
    let tree = &*document.tree;
    let key = tree.span(tree.key_node(node)?);
    let printed = tree.source().slice(Span::new(key.start(), tree.full_span(node).end()));
    if !tree.kind(node).is_scalar() || printed.trim_end().contains('\n') {
        return None;
    }
    let text = text_of(rendered, document, key)?;
    let (line, _) = line_start(&text.source, text.span.start());
    let whole = text.source.text();
    let end = whole.get(text.span.end()..)?.find('\n').map(|at| text.span.end() + at + 1)?;
    let alone = whole.get(line..text.span.start())?.trim().is_empty();
    let rest = whole.get(text.span.end()..end)?.trim();
    (alone && stands_alone(rest)).then(|| edit(&text.source, Span::new(line, end), String::new()))?
}

/// Whether what stands behind a key on its line belongs to the key alone.
fn stands_alone(rest: &str) -> bool {
    let Some(value) = rest.strip_prefix(':') else { return false };
    let opens = value.match_indices("{{").map(|(at, _)| value.get(at + 2..).unwrap_or_default());
    let of_block = |action: &str| {
        let word = action.trim_start_matches('-').trim_start();
        OF_BLOCKS
            .iter()
            .any(|known| word.strip_prefix(known).is_some_and(|rest| rest.starts_with([' ', '}', '-'])))
    };
    value.contains("{{")
        && value.matches("{{").count() == value.matches("}}").count()
        // It would take the end of the line with it.
        && !value.ends_with("-}}")
        && !value.contains('#')
        && !opens.into_iter().any(of_block)
}

#[cfg(test)]
mod tests {
    use super::stands_alone;

    #[test]
    fn a_line_belongs_to_its_key_alone() {
        for (rest, alone) in [
            (": {{ .Values.port }}", true),
            (": \"{{ .Values.a }}-{{ .Values.b }}\"", true),
            (": {{ if .Values.a }}1{{ else }}2{{ end }}", false),
            (": {{- with .Values.a }}", false),
            (": {{ .Values.port -}}", false),
            (": {{ .Values.port }} # why", false),
            (": {{ .Values.a |", false),
            (": 80", false),
        ] {
            assert_eq!(stands_alone(rest), alone, "{rest}");
        }
    }
}
