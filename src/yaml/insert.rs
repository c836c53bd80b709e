//! New entries and items of block collections, and the filling of empty values.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use crate::source::Span;

use super::change::{MapChange, SequenceChange};
use super::flow::{Edits, edit, entry_span};
use super::op::Refusal;
use super::style::{Style, first_comment};
use super::tree::{CollectionStyle, Kind, NodeId, SpanTree};

/// Adds the new entries of a block mapping in front of the ones they belong before, or behind its last one.
pub(super) fn entries(
    tree: &SpanTree,
    style: &Style<'_>,
    map: NodeId,
    change: &MapChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    // A mapping that loses all it has was written anew with its new entries.
    let rewritten = change.removed.len() == tree.pairs(map).len();
    if change.added.is_empty() || rewritten {
        return Ok(());
    }
    let Some(first) = tree.children(map).first() else { return Ok(()) };
    let column = style.column(tree.full_span(*first).start());
    refuse_explicit(tree, style, map)?;
    let (mut last, mut in_front): (Vec<String>, BTreeMap<usize, Vec<String>>) = Default::default();
    for (key, value) in &change.added {
        let lines = style.block_entry(key, value, column);
        match change.before.get(key).and_then(|before| place_before(tree, style, map, change, before)) {
            Some(at) => in_front.entry(at).or_default().push(lines),
            None => last.push(lines),
        }
    }
    for (at, lines) in in_front {
        edits.push((style.depth, edit(at, at, as_lines(style, at, column, &lines))));
    }
    if last.is_empty() {
        return Ok(());
    }
    let end = tree.pairs(map).last().map_or(0, |(key, value)| entry_span(tree, key, value).end());
    insert_lines(tree, style, map, end, column, &last, edits);
    Ok(())
}

/// The start of the line of the first entry with one of these keys, comments right above it included; `None`
/// where there is none that stays and begins its line.
fn place_before(
    tree: &SpanTree,
    style: &Style<'_>,
    map: NodeId,
    change: &MapChange,
    before: &[&str],
) -> Option<usize> {
    let named = |key: NodeId| tree.key_text(key).is_some_and(|text| before.contains(&&*text));
    let mut pairs = tree.pairs(map).enumerate();
    let (_, (key, _)) = pairs.find(|(place, (key, _))| named(*key) && !change.removed.contains(place))?;
    let start = tree.full_span(key).start();
    let mut at = style.line_start(start);
    let margin = style.text.get(at..start)?;
    if !margin.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let mut lines = style.text.get(..at)?.split_inclusive('\n').rev();
    while let Some(line) =
        lines.next().filter(|line| line.strip_prefix(margin).is_some_and(|rest| rest.starts_with('#')))
    {
        at -= line.len();
    }
    Some(at)
}

/// Adds the new items of a block sequence behind its last one.
pub(super) fn items(
    tree: &SpanTree,
    style: &Style<'_>,
    seq: NodeId,
    change: &SequenceChange,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let children = tree.children(seq);
    if change.appended.is_empty() || change.removed.len() == children.len() {
        return Ok(());
    }
    let Some((dash, last)) = children.last().and_then(|&last| Some((tree.indicator(last)?, last))) else {
        return Ok(());
    };
    let column = style.column(dash);
    let gap = item_gap(tree, style, last, dash);
    let item = |value: &Value| format!("-{}{}", " ".repeat(gap), style.block(value, column + 1 + gap));
    let lines: Vec<String> = change.appended.iter().map(item).collect();
    let end = tree.full_span(last).end().max(dash + 1);
    insert_lines(tree, style, seq, end, column, &lines, edits);
    Ok(())
}

/// Blanks between a `-` and its item, where that is their number in the text.
pub(super) fn item_gap(tree: &SpanTree, style: &Style<'_>, item: NodeId, dash: usize) -> usize {
    let start = tree.full_span(item).start();
    let between = style.text.get(dash + 1..start).unwrap_or("");
    let spaces = !between.is_empty() && between.bytes().all(|byte| byte == b' ') && between.len() <= 8;
    if spaces { between.len() } else { 1 }
}

/// Puts lines behind what ends at `end`, at its collection's column.
fn insert_lines(
    tree: &SpanTree,
    style: &Style<'_>,
    node: NodeId,
    end: usize,
    column: usize,
    lines: &[String],
    edits: &mut Edits,
) {
    let at = behind(tree, style, node, end, column);
    edits.push((style.depth, edit(at, at, as_lines(style, at, column, lines))));
}

/// Lines as they are inserted at `at`: each ends with a line break, unless the text before has none,
/// which means that the text ends there.
fn as_lines(style: &Style<'_>, at: usize, column: usize, lines: &[String]) -> String {
    let whole = style.text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'));
    // Findings keep it: no room for more than there is.
    let room = lines.iter().map(|line| column + line.len() + style.newline.len()).sum();
    let mut text = String::with_capacity(room);
    for line in lines {
        let (before, after) = if whole { ("", style.newline) } else { (style.newline, "") };
        text.push_str(before);
        text.extend(std::iter::repeat_n(' ', column));
        text.push_str(line);
        text.push_str(after);
    }
    text
}

/// Whether the last entry of a mapping is a sequence whose dashes stand at the column of the keys.
fn ends_with_items_at(tree: &SpanTree, style: &Style<'_>, map: NodeId, column: usize) -> bool {
    let is_block = |node: NodeId| tree.kind(node).is_sequence() && !tree.kind(node).is_flow();
    let sequence = tree.kind(map).is_mapping().then(|| tree.pairs(map).last()).flatten();
    let sequence = sequence.map(|(_, value)| value).filter(|&value| is_block(value));
    let dash = sequence.and_then(|it| tree.indicator(*tree.children(it).first()?));
    dash.is_some_and(|dash| style.column(dash) == column)
}

/// Where lines go that follow what ends at `end`: behind its line, and behind comments that are
/// indented deeper than `column` and so belong to it, blank lines between or not; also behind items at `column`
/// that are commented out.
fn behind(tree: &SpanTree, style: &Style<'_>, node: NodeId, end: usize, column: usize) -> usize {
    let limit = tree.document_of(node).map_or(style.text.len(), |document| document.span.end());
    let complete = end > 0 && style.text.as_bytes().get(end - 1) == Some(&b'\n');
    let mut at = if complete { end } else { style.line_end(end) };
    let mut next = at;
    let dashes = ends_with_items_at(tree, style, node, column);
    while next < limit {
        let line_end = style.line_end(next);
        let line = style.text.get(next..line_end).unwrap_or("");
        let content = line.trim_start_matches(' ');
        let is_blank = content.trim_end().is_empty();
        let indent = line.len() - content.len();
        let is_item =
            || dashes && indent == column && content.trim_start_matches('#').trim_start().starts_with("- ");
        if !is_blank && (!content.starts_with('#') || indent <= column && !is_item()) {
            break;
        }
        next = line_end;
        if !is_blank {
            at = line_end;
        }
    }
    at
}

/// `? key` is not edited.
pub(super) fn refuse_explicit(tree: &SpanTree, style: &Style<'_>, map: NodeId) -> Result<(), Refusal> {
    for (key, value) in tree.pairs(map) {
        let span = tree.full_span(key);
        let before = style.text.get(style.line_start(span.start())..span.start()).unwrap_or("");
        let explicit =
            before.trim_end().ends_with('?') || style.text.get(span.range()).unwrap_or("").starts_with("? ");
        if explicit || tree.indicator(value).is_none() {
            return Err(Refusal::Layout { reason: "a mapping with `?` keys is not edited", at: span });
        }
    }
    Ok(())
}

/// Fills `{}` or null with entries.
pub(super) fn fill(
    tree: &SpanTree,
    style: &Style<'_>,
    node: NodeId,
    added: &IndexMap<String, Value>,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let span = tree.span(node);
    if tree.tag(node).is_some() {
        return Err(Refusal::Layout { reason: "an empty value with a tag is not edited", at: span });
    }
    if let Some(at) = first_comment(tree, span) {
        return Err(Refusal::Comment { at });
    }
    let value = Value::Object(added.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
    let parent = tree.parent(node);
    let block_parent = parent.filter(|&parent| !tree.kind(parent).is_flow());
    match (block_parent.map(|parent| tree.kind(parent)), tree.indicator(node)) {
        (Some(Kind::Mapping(CollectionStyle::Block)), Some(colon)) if !style.json => {
            let key = parent.and_then(|_| tree.key_node(node)).unwrap_or(node);
            let column = style.column(tree.full_span(key).start());
            below(tree, style, node, colon, column, &value, edits)
        }
        (Some(Kind::Sequence(CollectionStyle::Block)), Some(dash))
            if style.ends_line(span.end()) && !style.json =>
        {
            let from = tree.full_span(node).start();
            let gap = item_gap(tree, style, node, dash);
            if tree.anchor(node).is_some() || (from > dash + 1 && !same_line(style, dash, from)) {
                return inline(style, span, &value, edits);
            }
            let column = style.column(dash) + 1 + gap;
            let start = dash + 1;
            let text = format!("{}{}", " ".repeat(gap), style.block(&value, column));
            edits.push((style.depth, edit(start, span.end().max(start), text)));
            Ok(())
        }
        (_, None) if span.is_empty() && parent.is_some_and(|parent| tree.kind(parent).is_mapping()) => {
            // A key without a `:`.
            edits.push((
                style.depth,
                edit(span.start(), span.end(), format!(": {}", style.inline(&value, true))),
            ));
            Ok(())
        }
        _ => inline(style, span, &value, edits),
    }
}

fn same_line(style: &Style<'_>, one: usize, other: usize) -> bool {
    style.line_start(one) == style.line_start(other)
}

/// Puts a value in brackets in the place of an empty one.
fn inline(style: &Style<'_>, span: Span, value: &Value, edits: &mut Edits) -> Result<(), Refusal> {
    let blank = if span.is_empty() { " " } else { "" };
    edits
        .push((style.depth, edit(span.start(), span.end(), format!("{blank}{}", style.inline(value, true)))));
    Ok(())
}

/// Takes away what stands behind a `:` and puts a block value on the lines below; a comment stays on
/// the key's line.
pub(super) fn below(
    tree: &SpanTree,
    style: &Style<'_>,
    node: NodeId,
    colon: usize,
    key_column: usize,
    value: &Value,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let span = tree.span(node);
    let from = match tree.full_span(node) == span {
        true => colon + 1,
        false => span.start().min(style.text.get(..span.start()).map_or(0, |before| before.trim_end().len())),
    };
    if span.end() > from && !span.is_empty() {
        if let Some(at) = first_comment(tree, Span::new(from, span.end())) {
            return Err(Refusal::Comment { at });
        }
        edits.push((style.depth, edit(from, span.end(), "")));
    }
    let step = if value.is_array() { style.list_step } else { style.step };
    let column = key_column + step;
    let at = behind(tree, style, node, span.end().max(colon + 1), key_column);
    edits.push((style.depth, edit(at, at, as_lines(style, at, column, &[style.block(value, column)]))));
    Ok(())
}
