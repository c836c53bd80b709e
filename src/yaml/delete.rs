//! Entries and items that go from block collections, with their whole lines.

use serde_json::Value;

use crate::source::Span;

use super::change::{MapChange, SequenceChange};
use super::flow::{Edits, edit, entry_span};
use super::insert::{item_gap, refuse_explicit};
use super::op::Refusal;
use super::style::{Style, first_comment};
use super::tree::{Kind, NodeId, ScalarStyle, SpanTree};

/// Removes entries of a block mapping.
pub(super) fn entries(
    tree: &SpanTree,
    style: &Style<'_>,
    map: NodeId,
    change: &MapChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    if change.removed.is_empty() {
        return Ok(());
    }
    refuse_explicit(tree, style, map)?;
    let spans: Vec<Span> = tree.pairs(map).map(|(key, value)| entry_span(tree, key, value)).collect();
    let block = Block { tree, style, node: map, spans };
    if change.removed.len() == block.spans.len() {
        let added = Value::Object(change.added.clone().into_iter().collect());
        let text = (!change.added.is_empty()).then(|| style.block(&added, block.column()));
        return block.empty("{}", text, edits);
    }
    block.remove(&change.removed, edits)
}

/// Removes items of a block sequence.
pub(super) fn items(
    tree: &SpanTree,
    style: &Style<'_>,
    seq: NodeId,
    change: &SequenceChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    if change.removed.is_empty() {
        return Ok(());
    }
    let item_span = |&item: &NodeId| {
        let span = tree.full_span(item);
        let dash = tree.indicator(item).unwrap_or(span.start());
        Span::new(dash, span.end().max(dash + 1))
    };
    let spans: Vec<Span> = tree.children(seq).iter().map(item_span).collect();
    let block = Block { tree, style, node: seq, spans };
    if change.removed.len() == block.spans.len() {
        let column = block.column();
        let gap = tree.children(seq).first().zip(block.spans.first());
        let gap = gap.map_or(1, |(&item, span)| item_gap(tree, style, item, span.start()));
        let item = |value: &Value| format!("-{}{}", " ".repeat(gap), style.block(value, column + 1 + gap));
        let lines: Vec<String> = change.appended.iter().map(item).collect();
        let joint = format!("{}{}", style.newline, " ".repeat(column));
        let text = (!lines.is_empty()).then(|| lines.join(&joint));
        return block.empty("[]", text, edits);
    }
    block.remove(&change.removed, edits)
}

struct Block<'a> {
    tree: &'a SpanTree,
    style: &'a Style<'a>,
    node: NodeId,
    /// The entries or items, each from its key or `-` to the end of its value.
    spans: Vec<Span>,
}

impl Block<'_> {
    fn column(&self) -> usize {
        self.spans.first().map_or(0, |span| self.style.column(span.start()))
    }

    fn check(&self, span: Span) -> Result<(), Refusal> {
        first_comment(self.tree, span).map_or(Ok(()), |at| Err(Refusal::Comment { at }))
    }

    fn push(&self, start: usize, end: usize, text: impl Into<String>, edits: &mut Edits) {
        edits.push((self.style.depth, edit(start, end, text)));
    }

    /// The end of an entry without the line breaks that a `|+` scalar keeps.
    fn content_end(&self, span: Span) -> usize {
        let text = self.style.text.get(span.range()).unwrap_or("");
        span.start() + text.trim_end_matches(['\n', '\r', ' ']).len()
    }

    /// Nothing is left: `{}` or `[]`, or new entries in the place of the old ones.
    fn empty(&self, brackets: &str, text: Option<String>, edits: &mut Edits) -> Result<(), Refusal> {
        let (Some(first), Some(last)) = (self.spans.first(), self.spans.last()) else { return Ok(()) };
        let end = self.content_end(Span { start: first.start, end: last.end });
        self.check(Span::new(first.start(), end))?;
        if let Some(text) = text {
            self.push(first.start(), end, text, edits);
            return Ok(());
        }
        if self.tree.parent(self.node).is_none() {
            return Err(Refusal::Layout { reason: "nothing would be left of the document", at: *first });
        }
        let full = self.tree.full_span(self.node);
        let anchored = full.start() < self.tree.span(self.node).start();
        let value = self.tree.key_node(self.node).and_then(|_| self.tree.indicator(self.node));
        let Some(colon) = value.filter(|_| self.style.starts_line(first.start()) && !anchored) else {
            self.push(first.start(), end, brackets, edits);
            return Ok(());
        };
        // `key:` and its block below become `key: {}`; a comment between them stays.
        let between = self.style.text.get(colon + 1..first.start()).unwrap_or("");
        if between.trim().is_empty() {
            self.push(colon + 1, end, format!(" {brackets}"), edits);
            return Ok(());
        }
        self.push(colon + 1, colon + 1, format!(" {brackets}"), edits);
        self.remove_lines(Span { start: first.start, end: last.end }, edits)
    }

    fn remove(&self, removed: &std::collections::BTreeSet<usize>, edits: &mut Edits) -> Result<(), Refusal> {
        let mut place = 0;
        let Some(first) = self.spans.first() else { return Ok(()) };
        if removed.contains(&0) && !self.style.starts_line(first.start()) {
            // The first one stands behind the `-` of an outer list: the next one moves up.
            while removed.contains(&place) {
                place += 1;
            }
            let Some(next) = self.spans.get(place) else { return Ok(()) };
            self.check(Span::new(first.start(), next.start()))?;
            self.push(first.start(), next.start(), "", edits);
        }
        for &at in removed.range(place..) {
            if let Some(&span) = self.spans.get(at) {
                if !removed.contains(&(at + 1)) {
                    self.check_scalar_above(at, removed, span)?;
                }
                self.remove_lines(span, edits)?;
            }
        }
        Ok(())
    }

    /// What follows a removed entry moves up to the entry before. If that ends with a block scalar,
    /// blank lines and deeper comments would become part of its text.
    fn check_scalar_above(
        &self,
        at: usize,
        removed: &std::collections::BTreeSet<usize>,
        span: Span,
    ) -> Result<(), Refusal> {
        let Some(above) = (0..at).rev().find(|above| !removed.contains(above)) else { return Ok(()) };
        let children = self.tree.children(self.node);
        let place = if self.tree.kind(self.node).is_mapping() { above * 2 + 1 } else { above };
        let mut leaf = children.get(place).copied();
        while let Some(inner) = leaf.and_then(|leaf| self.tree.children(leaf).last().copied()) {
            leaf = Some(inner);
        }
        let Some(leaf) = leaf else { return Ok(()) };
        if !matches!(self.tree.kind(leaf), Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded)) {
            return Ok(());
        }
        let header = self.style.text.get(self.tree.span(leaf).range()).unwrap_or("").lines().next();
        let keeps =
            header.is_some_and(|header| header.get(..3.min(header.len())).is_some_and(|h| h.contains('+')));
        let text = self.style.text;
        let whole = text.get(..span.end()).is_some_and(|text| text.ends_with('\n'));
        let from = if whole { span.end() } else { self.style.line_end(span.end()) };
        let next = text.get(from..self.style.line_end(from)).unwrap_or("");
        let blank = next.trim().is_empty() && !next.is_empty();
        let unfinished = from == text.len() && !text.ends_with('\n');
        if (keeps && (blank || unfinished)) || next.trim_start_matches([' ', '\n', '\r']).starts_with('#') {
            let reason = "lines behind the entry would become text of the block scalar above";
            return Err(Refusal::Layout { reason, at: span });
        }
        Ok(())
    }

    /// Removes an entry that begins its line. A comment behind it on its last line stays, on a line
    /// of its own.
    fn remove_lines(&self, span: Span, edits: &mut Edits) -> Result<(), Refusal> {
        let style = self.style;
        self.check(span)?;
        let kept_lines = span.end() > 0 && style.text.as_bytes().get(span.end() - 1) == Some(&b'\n');
        let line_end = if kept_lines { span.end() } else { style.line_end(span.end()) };
        if let Some(comment) = first_comment(self.tree, Span::new(span.end(), line_end)) {
            self.push(span.start(), comment.start(), "", edits);
            return Ok(());
        }
        let mut start = style.line_start(span.start());
        if style.text.get(start..).is_some_and(|line| line.starts_with('\u{feff}')) {
            start += '\u{feff}'.len_utf8();
        }
        let unfinished = line_end == style.text.len() && !style.text.ends_with('\n');
        if unfinished && start > 0 {
            // The text ends without a line break, and so it does afterwards.
            let before = style.text.get(..start).unwrap_or("");
            start = before.trim_end_matches(['\n', '\r']).len();
        }
        self.push(start, line_end, "", edits);
        Ok(())
    }
}
