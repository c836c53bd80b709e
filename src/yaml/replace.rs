//! New values and keys in the place of old ones.

use serde_json::Value;

use crate::source::Span;

use super::flow::{Edits, edit};
use super::insert::below;
use super::literal;
use super::op::Refusal;
use super::style::{Quote, Style, first_comment, is_plain_safe};
use super::tree::{CollectionStyle, Kind, NodeId, ScalarStyle, SpanTree};

/// Replaces the text of a key; its quotes stay.
pub(super) fn key(
    tree: &SpanTree,
    style: &Style<'_>,
    key: NodeId,
    to: &str,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let span = tree.span(key);
    if tree.full_span(key) != span || !tree.kind(key).is_scalar() {
        return Err(Refusal::Layout {
            reason: "a key with an anchor, a tag or an alias is not edited",
            at: span,
        });
    }
    let in_flow = tree.parent(key).is_some_and(|parent| tree.kind(parent).is_flow());
    edits.push((style.depth, edit(span.start(), span.end(), like(tree, style, key, to, in_flow))));
    Ok(())
}

/// A string in the quotes of the scalar it replaces.
fn like(tree: &SpanTree, style: &Style<'_>, old: NodeId, text: &str, in_flow: bool) -> String {
    match tree.kind(old) {
        Kind::Scalar(ScalarStyle::SingleQuoted) => style.quoted(text, Quote::Single),
        Kind::Scalar(ScalarStyle::DoubleQuoted) => style.quoted(text, Quote::Double),
        Kind::Scalar(ScalarStyle::Plain) if !style.json && is_plain_safe(text, in_flow) => text.to_owned(),
        _ => style.string(text, in_flow),
    }
}

/// Replaces a value.
pub(super) fn value(
    tree: &SpanTree,
    style: &Style<'_>,
    node: NodeId,
    value: &Value,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let span = content(tree, style, node);
    let Some(parent) = tree.parent(node) else {
        return Err(Refusal::Layout { reason: "a whole document is not replaced", at: span });
    };
    if tree.kind(parent).is_mapping() && tree.key_node(node).is_none() {
        return Err(Refusal::Layout { reason: "a key is renamed, not replaced", at: span });
    }
    if tree.tag(node).is_some() {
        return Err(Refusal::Layout { reason: "a value with a tag is not edited", at: span });
    }
    if let Some(at) = first_comment(tree, span) {
        return Err(Refusal::Comment { at });
    }
    if let Value::String(text) = value
        && let Some(lines) = literal::lines(tree, style, node, text)
    {
        edits.push((style.depth, lines));
        return Ok(());
    }
    let in_flow = tree.kind(parent).is_flow();
    let old_block = matches!(
        tree.kind(node),
        Kind::Mapping(CollectionStyle::Block) | Kind::Sequence(CollectionStyle::Block)
    );
    let Some(indicator) = tree.indicator(node).filter(|_| !in_flow) else {
        let missing_colon = tree.kind(parent).is_mapping() && tree.indicator(node).is_none();
        if missing_colon && !in_flow {
            // Behind `? key` a `:` on the line would make the key a mapping.
            return Err(Refusal::Layout {
                reason: "an entry that is only a key (`? key`) is not edited",
                at: span,
            });
        }
        let text = scalar(tree, style, node, value, true);
        let text = match (span.is_empty(), missing_colon) {
            (true, true) => format!(": {text}"),
            (true, false) if blank_before(style, span.start()) => text,
            (true, false) => format!(" {text}"),
            _ => text,
        };
        edits.push((style.depth, edit(span.start(), span.end(), text)));
        return Ok(());
    };
    let slot = Slot { tree, style, node, span, indicator, item: tree.kind(parent).is_sequence() };
    match (old_block, style.is_inline(value)) {
        (false, true) => {
            let text = scalar(tree, style, node, value, false);
            let blank = if span.is_empty() { " " } else { "" };
            edits.push((style.depth, edit(span.start(), span.end(), format!("{blank}{text}"))));
            Ok(())
        }
        (true, true) => slot.block_to_line(&scalar(tree, style, node, value, false), edits),
        (false, false) => slot.line_to_block(value, edits),
        (true, false) => slot.block_to_block(value, edits),
    }
}

fn blank_before(style: &Style<'_>, at: usize) -> bool {
    style.text.get(..at).is_some_and(|before| before.ends_with([' ', '\t', '\n']))
}

fn scalar(tree: &SpanTree, style: &Style<'_>, node: NodeId, value: &Value, in_flow: bool) -> String {
    match value {
        Value::String(text) => like(tree, style, node, text, in_flow),
        value => style.inline(value, in_flow),
    }
}

/// A node's span without the line breaks a `|+` scalar keeps.
fn content(tree: &SpanTree, style: &Style<'_>, node: NodeId) -> Span {
    let span = tree.span(node);
    let text = style.text.get(span.range()).unwrap_or("");
    Span::new(span.start(), span.start() + text.trim_end_matches(['\n', '\r']).len())
}

/// The place behind a `:` or `-` in block context.
struct Slot<'a> {
    tree: &'a SpanTree,
    style: &'a Style<'a>,
    node: NodeId,
    span: Span,
    indicator: usize,
    item: bool,
}

impl Slot<'_> {
    fn push(&self, start: usize, end: usize, text: impl Into<String>, edits: &mut Edits) {
        edits.push((self.style.depth, edit(start, end, text)));
    }

    /// Where the value's own text may begin: behind the indicator, or behind an anchor.
    fn start(&self) -> usize {
        let full = self.tree.full_span(self.node);
        if full.start() == self.span.start() {
            return self.indicator + 1;
        }
        let before = self.style.text.get(..self.span.start()).unwrap_or("");
        before.trim_end_matches([' ', '\t', '\n', '\r']).len().max(self.indicator + 1)
    }

    fn key_column(&self) -> usize {
        let key = self.tree.key_node(self.node).unwrap_or(self.node);
        self.style.column(self.tree.full_span(key).start())
    }

    fn block_to_line(&self, text: &str, edits: &mut Edits) -> Result<(), Refusal> {
        let start = self.start();
        if let Some(at) = first_comment(self.tree, Span::new(start, self.span.end())) {
            return Err(Refusal::Comment { at });
        }
        self.push(start, self.span.end(), format!(" {text}"), edits);
        Ok(())
    }

    fn line_to_block(&self, value: &Value, edits: &mut Edits) -> Result<(), Refusal> {
        let style = self.style;
        let one_line = !style.text.get(self.span.range()).unwrap_or("").contains('\n');
        if !self.item && one_line {
            return below(self.tree, style, self.node, self.indicator, self.key_column(), value, edits);
        }
        let between = Span::new(self.indicator + 1, self.span.end());
        let apart = self.tree.anchor(self.node).is_some() || first_comment(self.tree, between).is_some();
        if !style.ends_line(self.span.end()) || (self.item && apart) {
            let blank = if self.span.is_empty() { " " } else { "" };
            self.push(
                self.span.start(),
                self.span.end(),
                format!("{blank}{}", style.inline(value, true)),
                edits,
            );
            return Ok(());
        }
        if self.item {
            let column = style.column(self.indicator) + 2;
            self.push(self.indicator + 1, self.span.end(), format!(" {}", style.block(value, column)), edits);
        } else {
            self.push(self.start(), self.span.end(), style.block_value(value, self.key_column()), edits);
        }
        Ok(())
    }

    fn block_to_block(&self, value: &Value, edits: &mut Edits) -> Result<(), Refusal> {
        let style = self.style;
        let same_kind = value.is_array() == self.tree.kind(self.node).is_sequence();
        if same_kind || self.item {
            let column = style.column(self.span.start());
            self.push(self.span.start(), self.span.end(), style.block(value, column), edits);
            return Ok(());
        }
        let start = self.start();
        if let Some(at) = first_comment(self.tree, Span::new(start, self.span.end())) {
            return Err(Refusal::Comment { at });
        }
        self.push(start, self.span.end(), style.block_value(value, self.key_column()), edits);
        Ok(())
    }
}
