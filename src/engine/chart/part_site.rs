//! Scalars that several values print together, such as `{{ .repository }}:{{ .tag }}`: where only the part that
//! one of them prints is to be another one, that one is changed.

use serde_json::Value;

use crate::engine::values::Lines;
use crate::helm::render::Rendered;
use crate::origin::{Origin, OriginId, SourceId, SourceRole, SourceText, ValueOrigin};
use crate::source::Span;
use crate::yaml::{NodeId, Scalar, resolve_plain};

use super::template_site::{self, TemplateEdit};
use super::trace::{RenderedTree, ValuePath, absent_path, path_of, value_behind};

/// A place that prints a part of a scalar, with what it has to become.
pub(super) enum PartSite {
    /// A values key and its new value.
    Value(ValuePath, Value),
    /// The template's own words.
    Template(TemplateEdit),
}

/// What a piece of a scalar comes from.
#[derive(Clone, Copy)]
enum From {
    /// A node of a values file.
    Value(ValueOrigin),
    /// What stands in for a key that is absent or empty.
    Fallback(OriginId),
    /// The template's text.
    Text,
    /// A literal in an action.
    Literal(SourceId, Span),
    /// Something else, which nothing here changes.
    Other,
}

/// Bytes of a document that have one cause.
struct Piece {
    span: Span,
    from: From,
}

/// The places that could make a scalar another one by a change of one part of it: values first.
pub(super) fn parts(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    wanted: &Value,
) -> Vec<PartSite> {
    let Value::String(new) = wanted else { return Vec::new() };
    let Some(inner) = words(document, node) else { return in_lines(rendered, document, node, new) };
    let old = document.tree.source().slice(inner);
    let pieces = pieces(rendered, document, inner);
    if pieces.len() < 2 {
        return Vec::new();
    }
    let (mut values, mut templates) = (Vec::new(), Vec::new());
    for piece in pieces {
        let at = (piece.span.start() - inner.start(), piece.span.end() - inner.start());
        let (Some(before), Some(part), Some(behind)) =
            (old.get(..at.0), old.get(at.0..at.1), old.get(at.1..))
        else {
            continue;
        };
        let rest = new.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
        let Some(rest) = rest.filter(|rest| *rest != part) else { continue };
        // Words become others as a whole, and what only separates them stays.
        if ![part, rest].into_iter().all(|text| is_apart(before, text, behind)) {
            continue;
        }
        match piece.from {
            From::Value(value) => values.extend(at_value(rendered, &value, rest)),
            From::Fallback(instead_of) => values.extend(
                absent_path(&rendered.origins, instead_of)
                    .map(|path| PartSite::Value(path, Value::from(rest))),
            ),
            From::Text => templates.extend(
                template_site::replace_part(rendered, document, piece.span, rest).map(PartSite::Template),
            ),
            From::Literal(source, span) => templates.extend(
                template_site::replace_in_literal(rendered, source, span, (part, rest))
                    .map(PartSite::Template),
            ),
            From::Other => {}
        }
    }
    values.extend(templates);
    values
}

/// The places that could change the one word in which a literal block is to differ: values in a string.
fn in_lines(rendered: &Rendered, document: &RenderedTree, node: NodeId, new: &str) -> Vec<PartSite> {
    let old = document.tree.text(node);
    let Some((word, instead)) = other_word(old, new) else { return Vec::new() };
    let lines = Lines::of(&document.tree, node);
    let Some(span) = lines.and_then(|lines| lines.outer(word)) else { return Vec::new() };
    let pieces = pieces(rendered, document, span);
    let [Piece { from, .. }] = pieces.as_slice() else { return Vec::new() };
    match *from {
        // What is printed of it is all that its value is.
        From::Value(value) => at_value(rendered, &value, instead).into_iter().collect(),
        From::Text => {
            let edit = template_site::replace_part(rendered, document, span, instead);
            edit.map(PartSite::Template).into_iter().collect()
        }
        From::Fallback(_) | From::Literal(..) | From::Other => Vec::new(),
    }
}

/// The word of a text in which alone another one differs, and what stands there.
fn other_word<'n>(old: &str, new: &'n str) -> Option<(Span, &'n str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let same = old.chars().zip(new.chars()).take_while(|(one, other)| one == other);
    let before: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let start = before - old.get(..before)?.chars().rev().take_while(|c| is_word(*c)).count();
    let (old, new) = (old.get(start..)?, new.get(start..)?);
    let same = old.chars().rev().zip(new.chars().rev()).take_while(|(one, other)| one == other);
    let behind: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let rest = old.get(old.len() - behind..)?;
    let behind = behind - rest.chars().take_while(|c| is_word(*c)).count();
    let (word, instead) =
        (old.get(..old.len().checked_sub(behind)?)?, new.get(..new.len().checked_sub(behind)?)?);
    let whole = [word, instead].into_iter().all(|text| !text.is_empty() && text.chars().all(is_word));
    whole.then_some((Span::new(start, start + word.len()), instead))
}

/// Whether a part has a word of its own that does not go on in what stands around it.
fn is_apart(before: &str, part: &str, behind: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let goes_on =
        |left: &str, right: &str| is_word(left.chars().next_back()) && is_word(right.chars().next());
    part.chars().any(|c| is_word(Some(c))) && !goes_on(before, part) && !goes_on(part, behind)
}

/// The bytes of a text without its quotes, where they are its characters one by one.
fn words(document: &RenderedTree, node: NodeId) -> Option<Span> {
    let tree = &*document.tree;
    let Some(Scalar::String(text)) = tree.scalar(node) else { return None };
    let mut span = tree.span(node);
    let written = tree.source().slice(span);
    if written.len() > 2 && written.starts_with(['"', '\'']) && written.ends_with(['"', '\'']) {
        span = Span::new(span.start() + 1, span.end() - 1);
    }
    (tree.source().slice(span) == text).then_some(span)
}

/// The pieces of some bytes of a document, neighbours of one cause as one.
fn pieces(rendered: &Rendered, document: &RenderedTree, inner: Span) -> Vec<Piece> {
    let Some(file) = rendered.files.get(document.file) else { return Vec::new() };
    let mut pieces: Vec<Piece> = Vec::new();
    for (part, run) in file.runs.over(document.span(inner)) {
        let span = Span::new(part.start() - document.start, part.end() - document.start);
        let from = from(rendered, run.origin);
        match pieces.last_mut() {
            Some(last) if same(&last.from, &from) => last.span = Span::new(last.span.start(), span.end()),
            _ => pieces.push(Piece { span, from }),
        }
    }
    pieces
}

fn from(rendered: &Rendered, id: OriginId) -> From {
    let origins = &rendered.origins;
    let what = match origins.get(id) {
        Origin::Printed { what, .. } => what,
        _ => id,
    };
    match (origins.get(what), value_behind(origins, what)) {
        (Origin::Text { .. }, _) => From::Text,
        (Origin::Literal { source, span, .. }, _) => From::Literal(source, span),
        (Origin::Fallback { instead_of, .. }, None) => From::Fallback(instead_of),
        (_, Some(value)) => From::Value(value),
        _ => From::Other,
    }
}

fn same(one: &From, other: &From) -> bool {
    match (one, other) {
        (From::Value(one), From::Value(other)) => one.source == other.source && one.path == other.path,
        (From::Fallback(one), From::Fallback(other)) => one == other,
        (From::Text, From::Text) => true,
        (From::Literal(one, at), From::Literal(other, there)) => one == other && at == there,
        _ => false,
    }
}

/// The values key with its new value, which is a number or a flag where it has been one. Arguments are no files.
fn at_value(rendered: &Rendered, value: &ValueOrigin, new: &str) -> Option<PartSite> {
    let source = rendered.origins.source(value.source);
    if source.role == SourceRole::Argument {
        return None;
    }
    let is_typed =
        |text: &str| matches!(resolve_plain(text), Scalar::Int(_) | Scalar::Float(_) | Scalar::Bool(_));
    let was_typed = matches!(&source.text, SourceText::Written(text) if is_typed(text.slice(value.span)));
    let typed = serde_json::from_str(new).ok().filter(|_| was_typed && is_typed(new));
    Some(PartSite::Value(path_of(&rendered.origins, value), typed.unwrap_or_else(|| Value::from(new))))
}
