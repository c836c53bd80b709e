//! Changes of collections in brackets.

use serde_json::Value;

use crate::source::{Edit, Span};

use super::change::{MapChange, SequenceChange};
use super::op::Refusal;
use super::style::{Style, first_comment};
use super::tree::{NodeId, SpanTree};

/// Edits with the depth of the collection they belong to.
pub(super) type Edits = Vec<(usize, Edit)>;

pub(super) fn edit(start: usize, end: usize, text: impl Into<String>) -> Edit {
    Edit { span: Span::new(start, end), text: text.into() }
}

/// A mapping in braces.
pub(super) fn change_map(
    tree: &SpanTree,
    style: &Style<'_>,
    map: NodeId,
    change: &MapChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let span = tree.span(map);
    if !style.text.get(span.range()).unwrap_or("").starts_with('{') {
        return Err(Refusal::Layout { reason: "a pair without braces is not edited", at: span });
    }
    let entries: Vec<Span> = tree.pairs(map).map(|(key, value)| entry_span(tree, key, value)).collect();
    let added = |lines: Option<(usize, usize)>| {
        let entry = |(key, value): (&String, &Value)| {
            let value = match lines {
                Some((column, step)) => style.flow_lines(value, column, step),
                None => style.inline(value, true),
            };
            format!("{}: {value}", style.string(key, true))
        };
        change.added.iter().map(entry).collect::<Vec<_>>()
    };
    let brackets = Brackets { tree, style, span, entries };
    brackets.change(&change.removed, change.added.len(), added, edits)
}

/// A sequence in brackets.
pub(super) fn change_sequence(
    tree: &SpanTree,
    style: &Style<'_>,
    seq: NodeId,
    change: &SequenceChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let entries: Vec<Span> = tree.children(seq).iter().map(|&item| tree.full_span(item)).collect();
    let added = |lines: Option<(usize, usize)>| {
        let item = |item: &Value| match lines {
            Some((column, step)) if !item.is_string() => style.flow_lines(item, column, step),
            _ => style.flow_item(item),
        };
        change.appended.iter().map(item).collect::<Vec<_>>()
    };
    let brackets = Brackets { tree, style, span: tree.span(seq), entries };
    brackets.change(&change.removed, change.appended.len(), added, edits)
}

/// From a key to the end of its value, the `:` included.
pub(super) fn entry_span(tree: &SpanTree, key: NodeId, value: NodeId) -> Span {
    let key_span = tree.full_span(key);
    let colon = tree.indicator(value).map_or(0, |colon| colon + 1);
    let end = key_span.end().max(colon).max(tree.full_span(value).end());
    Span::new(key_span.start(), end)
}

struct Brackets<'a> {
    tree: &'a SpanTree,
    style: &'a Style<'a>,
    /// From bracket to bracket.
    span: Span,
    entries: Vec<Span>,
}

impl Brackets<'_> {
    fn change(
        &self,
        removed: &std::collections::BTreeSet<usize>,
        count: usize,
        added: impl Fn(Option<(usize, usize)>) -> Vec<String>,
        edits: &mut Edits,
    ) -> Result<(), Refusal> {
        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else {
            if count > 0 {
                self.fill(&added(None).join(", "), edits);
            }
            return Ok(());
        };
        if removed.len() == self.entries.len() {
            let end = self.comma_after(last.end()).map_or(last.end(), |comma| comma + 1);
            self.check(Span::new(first.start(), end))?;
            let text = if count > 0 { added(None).join(", ") } else { String::new() };
            edits.push((self.style.depth, edit(first.start(), end, text)));
            return Ok(());
        }
        self.remove(removed, edits)?;
        if count > 0 {
            self.append(*last, added, edits);
        }
        Ok(())
    }

    fn check(&self, span: Span) -> Result<(), Refusal> {
        first_comment(self.tree, span).map_or(Ok(()), |at| Err(Refusal::Comment { at }))
    }

    /// Runs of entries that go, each with the comma behind it, or before it at the end.
    fn remove(&self, removed: &std::collections::BTreeSet<usize>, edits: &mut Edits) -> Result<(), Refusal> {
        let mut at = 0;
        while at < self.entries.len() {
            if !removed.contains(&at) {
                at += 1;
                continue;
            }
            let first = at;
            while removed.contains(&at) {
                at += 1;
            }
            let (Some(start), Some(last)) = (self.entries.get(first), self.entries.get(at - 1)) else {
                break;
            };
            let span = match (
                self.entries.get(at),
                first.checked_sub(1).and_then(|before| self.entries.get(before)),
            ) {
                (Some(next), _) => Span::new(start.start(), next.start()),
                (None, Some(before)) => Span::new(before.end(), last.end()),
                (None, None) => Span::new(start.start(), last.end()),
            };
            self.check(span)?;
            edits.push((self.style.depth, Edit { span, text: String::new() }));
        }
        Ok(())
    }

    /// The comma between `from` and the closing bracket.
    fn comma_after(&self, from: usize) -> Option<usize> {
        let close = self.span.end().saturating_sub(1);
        let mut at = from;
        while at < close {
            if let Some(comment) = self.tree.comments_in(Span::new(at, at + 1)).first() {
                at = comment.span.end();
                continue;
            }
            if self.style.text.as_bytes().get(at) == Some(&b',') {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// Fills an empty pair of brackets.
    fn fill(&self, text: &str, edits: &mut Edits) {
        let inside = Span::new(self.span.start() + 1, self.span.end().saturating_sub(1));
        let blank = self.style.text.get(inside.range()).unwrap_or("");
        let only_spaces = !blank.is_empty() && blank.bytes().all(|byte| byte == b' ');
        let edit = match only_spaces {
            true => edit(inside.start(), inside.end(), format!(" {text} ")),
            // Line breaks and comments stay where they are.
            false => edit(inside.start(), inside.start(), text),
        };
        edits.push((self.style.depth, edit));
    }

    fn append(&self, last: Span, added: impl Fn(Option<(usize, usize)>) -> Vec<String>, edits: &mut Edits) {
        let style = self.style;
        let end = last.end();
        let comma = self.comma_after(end);
        let line = style.line_start(last.start());
        let closes_later = style.text.get(end..self.span.end()).unwrap_or("").contains('\n');
        if !(style.starts_line(last.start()) && closes_later) {
            let text = added(None).join(", ");
            let edit = match comma {
                Some(comma) => edit(comma + 1, comma + 1, format!(" {text}")),
                None => edit(end, end, format!(", {text}")),
            };
            edits.push((style.depth, edit));
            return;
        }
        // Each entry on its own line, behind the comment of the one before.
        let indent = style.text.get(line..last.start()).unwrap_or("").trim_start_matches('\u{feff}');
        let outer = style.text.get(style.line_start(self.span.start())..).unwrap_or("");
        let outer = outer.bytes().take_while(|byte| *byte == b' ').count();
        let step = indent.len().checked_sub(outer).filter(|step| (1..=8).contains(step)).unwrap_or(2);
        let entries = added(Some((indent.len(), step)));
        let tail = if comma.is_some() { "," } else { "" };
        if comma.is_none() {
            edits.push((style.depth, edit(end, end, ",")));
        }
        let after = comma.map_or(end, |comma| comma + 1);
        let line_end = style.line_end(after).min(self.span.end().saturating_sub(1));
        let joint = format!(",{}{indent}", style.newline);
        let text = entries.join(&joint);
        let edit = match style.text.get(after..line_end).is_some_and(|rest| rest.ends_with('\n')) {
            true => edit(line_end, line_end, format!("{indent}{text}{tail}{}", style.newline)),
            false => edit(after, after, format!("{}{indent}{text}{tail}", style.newline)),
        };
        edits.push((style.depth, edit));
    }
}
