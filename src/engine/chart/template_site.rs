//! Changes of a template's text. Actions are never split: what is edited is text between them.

use std::sync::Arc;

use serde_json::Value;

use crate::engine::render::Structure;
use crate::helm::render::Rendered;
use crate::origin::{Origin, OriginId, Run, SourceId, SourceText};
use crate::source::{Edit, Source, Span, TextEdits};
use crate::yaml::{NodeId, SpanTree};

use super::trace::RenderedTree;

/// Bytes of a template.
pub(super) struct TemplateText {
    /// The template.
    pub source: Arc<Source>,
    /// The bytes.
    pub span: Span,
}

/// The template text that bytes of a document are a copy of, all of one piece.
pub(super) fn text_of(rendered: &Rendered, document: &RenderedTree, span: Span) -> Option<TemplateText> {
    let runs = &rendered.files.get(document.file)?.runs;
    let mut found: Option<TemplateText> = None;
    for (part, run) in runs.over(document.span(span)) {
        let (source, start) = text_origin(rendered, run.origin, run.at)?;
        let here = Span::new(start, start + part.len());
        match &mut found {
            Some(known) if Arc::ptr_eq(&known.source, &source) && known.span.end() == start => {
                known.span = Span::new(known.span.start(), here.end());
            }
            Some(_) => return None,
            None => found = Some(TemplateText { source, span: here }),
        }
    }
    found
}

fn text_origin(rendered: &Rendered, origin: OriginId, at: u32) -> Option<(Arc<Source>, usize)> {
    let Origin::Text { source, span, .. } = rendered.origins.get(origin) else { return None };
    let SourceText::Written(text) = &rendered.origins.source(source).text else { return None };
    (at != Run::WHOLE).then(|| (Arc::clone(text), span.start() + at as usize))
}

/// A change of one template.
pub(super) type TemplateEdit = (Arc<Source>, TextEdits);

/// Puts a scalar in place of another one that stands in the template's text.
pub(super) fn replace(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    value: &Value,
) -> Option<TemplateEdit> {
    let text = text_of(rendered, document, document.tree.span(node))?;
    let kind = document.tree.kind(node);
    // What stood on lines of its own goes behind its key.
    let head = text.source.text().get(..text.span.start())?.trim_end();
    if kind.is_sequence() && !kind.is_flow() {
        let span = Span::new(head.len(), text.span.end());
        return head.ends_with(':').then(|| edit(&text.source, span, format!(" {}", scalar(value)?)))?;
    }
    edit(&text.source, text.span, scalar(value)?)
}

/// Functions that compare a value with a text.
const COMPARES: [&str; 7] = ["contains", "eq", "has", "hasPrefix", "hasSuffix", "ne", "regexMatch"];

/// Whether a scalar that stands in the template's text is one of several among which the template chooses by what
/// a value says (`{{ if eq .Values.profile "unconfined" }}type: Unconfined{{ else }}type: …`): another text there
/// would turn what the value says into its opposite. Gives the template.
pub(super) fn says_a_value(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
) -> Option<Arc<Source>> {
    let tree = &*document.tree;
    let key = tree.key_node(node).and_then(|key| tree.key_text(key))?;
    let text = text_of(rendered, document, tree.span(node))?;
    let structure = Structure::of(&text.source)?;
    let writes = |body: &Span| {
        let lines = text.source.slice(*body).lines();
        lines.map(str::trim_start).any(|line| {
            line.trim_start_matches("- ").strip_prefix(&*key).is_some_and(|rest| rest.starts_with(':'))
        })
    };
    let compares = |action: &Span| {
        let action = text.source.slice(*action);
        let mut words = action.split(|c: char| !c.is_ascii_alphanumeric());
        action.contains('"') && words.any(|word| COMPARES.contains(&word))
    };
    let around = structure.alternatives_at(text.span.start());
    let says = around.iter().any(|it| it.actions.iter().any(compares) && it.bodies.iter().any(writes));
    says.then_some(text.source)
}

/// Puts words in place of a part of a scalar that stands in the template's text.
pub(super) fn replace_part(
    rendered: &Rendered,
    document: &RenderedTree,
    part: Span,
    new: &str,
) -> Option<TemplateEdit> {
    let text = text_of(rendered, document, part)?;
    is_plain(new).then(|| edit(&text.source, text.span, new.to_owned()))?
}

/// Puts words in place of others that a literal in an action holds once.
pub(super) fn replace_in_literal(
    rendered: &Rendered,
    source: SourceId,
    literal: Span,
    (old, new): (&str, &str),
) -> Option<TemplateEdit> {
    let SourceText::Written(text) = &rendered.origins.source(source).text else { return None };
    let mut places = text.slice(literal).match_indices(old);
    let (at, _) = places.next().filter(|_| places.next().is_none())?;
    let start = literal.start() + at;
    is_plain(new).then(|| edit(text, Span::new(start, start + old.len()), new.to_owned()))?
}

/// Whether words mean the same in a literal, in a plain scalar and between quotes.
fn is_plain(words: &str) -> bool {
    words.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c))
}

/// The action that printed a scalar, all of it and alone, where it does nothing but print the values key
/// `path`; with the last key of the path replaced by `name`.
pub(super) fn other_key(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    path: &[String],
    name: &str,
) -> Option<TemplateEdit> {
    let runs = &rendered.files.get(document.file)?.runs;
    let mut action = None;
    for (_, run) in runs.over(document.span(document.tree.span(node))) {
        let Origin::Printed { action: printed_by, .. } = rendered.origins.get(run.origin) else {
            return None;
        };
        if action.replace(printed_by).is_some_and(|known| known != printed_by) {
            return None;
        }
    }
    let Origin::Action { source, span, .. } = rendered.origins.get(action?) else { return None };
    let SourceText::Written(text) = &rendered.origins.source(source).text else { return None };
    let whole = text.slice(span);
    let field = whole.trim_start_matches("{{").trim_start_matches('-');
    let field = field.trim_end_matches("}}").trim_end_matches('-').trim();
    let last = path.last()?;
    let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !path.iter().all(|key| plain(key)) || !plain(name) || field != format!(".Values.{}", path.join(".")) {
        return None;
    }
    let start = whole.rfind(field)? + field.len() - last.len();
    let place = Span::new(span.start() + start, span.start() + start + last.len());
    edit(text, place, name.to_owned())
}

/// The lines of entries that come to a template: of the place, the column, and the end of a line.
pub(super) type Lines<'l> = &'l dyn Fn(&Source, usize, usize, &str) -> Option<String>;

/// The ways to add entries to a mapping: behind or before those of its entries that stand on lines of template
/// text under the same conditions as the mapping's key, right below that key, and where the first entry stands
/// under others, beside those that share them; `before` names entries that are tried first.
pub(super) fn add(
    rendered: &Rendered,
    document: &RenderedTree,
    map: NodeId,
    before: &[&str],
    lines: Lines<'_>,
) -> Vec<TemplateEdit> {
    let tree = &*document.tree;
    if tree.children(map).is_empty() {
        return fill_empty(rendered, document, map, lines).into_iter().collect();
    }
    let keys: Vec<NodeId> = tree.children(map).iter().copied().step_by(2).collect();
    let place = |key: &NodeId| text_of(rendered, document, tree.span(*key));
    let Some(first) = keys.iter().find_map(place) else { return Vec::new() };
    let mut structures: Vec<(Arc<Source>, Option<Structure>)> = Vec::new();
    let mut steps_to = |text: &TemplateText| {
        let known = structures.iter().position(|(source, _)| Arc::ptr_eq(source, &text.source));
        let at = known.unwrap_or_else(|| {
            structures.push((Arc::clone(&text.source), Structure::of(&text.source)));
            structures.len() - 1
        });
        let structure = structures.get(at).and_then(|(_, structure)| structure.as_ref());
        structure.map(|it| it.steps_to(text.span.start()))
    };
    let own = tree.key_node(map).as_ref().and_then(place);
    // What is written under other conditions than the mapping's own key would be gone with them.
    let known = own.iter().chain([&first]).map(|it| (steps_to(it), Arc::clone(&it.source)));
    let known: Vec<_> = known.collect();
    let mut certainty = |text: &TemplateText| {
        let steps = steps_to(text);
        known.iter().position(|(known, source)| Arc::ptr_eq(source, &text.source) && *known == steps)
    };
    let mut found: Vec<(usize, TemplateEdit)> = Vec::new();
    // People mostly write a new entry behind the others.
    if before.is_empty()
        && keys.len() > 1
        && let Some(last) = keys.last().and_then(place)
        && let Some(certainty) = certainty(&last)
    {
        let (line, indent) = line_start(&last.source, last.span.start());
        let begins = last.source.text().get(line..last.span.start()).is_some_and(|it| it.trim().is_empty());
        let edit = begins.then(|| after_line(&last, lines, indent)).flatten();
        found.extend(edit.map(|edit| (certainty, edit)));
    }
    // An entry behind the first has a line of its own also where the mapping is an item of a list.
    let mut places: Vec<&NodeId> = keys.iter().skip(1).chain(keys.first()).collect();
    places.sort_by_key(|key| !tree.key_text(**key).is_some_and(|text| before.contains(&&*text)));
    for key in places {
        let Some(text) = place(key) else { continue };
        let Some(certainty) = certainty(&text) else { continue };
        let (line, indent) = line_start(&text.source, text.span.start());
        let before = text.source.text().get(line..text.span.start()).unwrap_or("");
        let new = if before.trim().is_empty() {
            lines(&text.source, line, indent, end_of_line(&text.source))
                .and_then(|new| edit(&text.source, Span::at(line), new))
        } else if before.trim() == "-" && keys.len() == 1 {
            after_line(&text, lines, indent)
        } else {
            None
        };
        found.extend(new.map(|edit| (certainty, edit)));
    }
    if let Some(own) = &own {
        found.extend(below_key(own, &first, lines).map(|edit| (0, edit)));
    }
    found.sort_by_key(|(certainty, _)| *certainty);
    found.into_iter().map(|(_, edit)| edit).collect()
}

/// Right below a mapping's key, in front of all entries, which stand at the column of the first.
fn below_key(own: &TemplateText, first: &TemplateText, lines: Lines<'_>) -> Option<TemplateEdit> {
    let whole = own.source.text();
    let end = whole.get(own.span.end()..)?.find('\n').map(|at| own.span.end() + at + 1)?;
    let rest = whole.get(own.span.end()..end)?.strip_prefix(':')?.trim();
    let (line, indent) = line_start(&first.source, first.span.start());
    let begins = first.source.text().get(line..first.span.start())?.trim().is_empty();
    let fits =
        Arc::ptr_eq(&own.source, &first.source) && begins && (rest.is_empty() || rest.starts_with('#'));
    fits.then(|| {
        edit(&own.source, Span::at(end), lines(&own.source, end, indent, end_of_line(&own.source))?)
    })?
}

/// Whether the mapping to which an edit of [`add`] comes has a key in the template's text already, which other
/// values print: with the edit it would stand there twice.
pub(super) fn writes_already((source, edits): &TemplateEdit, key: &str) -> bool {
    let Some(edit) = edits.as_slice().first() else { return false };
    let text = source.text();
    let Some(first) = edit.text.lines().find(|line| !line.trim().is_empty()) else { return false };
    let indent = first.len() - first.trim_start().len();
    let own = |line: &&str| {
        let inner = line.trim_start();
        let action = inner.strip_prefix("{{").map(|rest| rest.trim_start_matches('-').trim_start());
        action.map_or(
            inner.is_empty() || inner.starts_with('#') || line.len() - inner.len() >= indent,
            |action| !action.starts_with("define"),
        )
    };
    let is_key = |line: &str| {
        let found = line
            .get(indent..)
            .is_some_and(|rest| rest.strip_prefix(key).is_some_and(|it| it.starts_with(':')));
        found && line.trim_start().len() + indent == line.len()
    };
    let (before, behind) = text.split_at_checked(edit.span.start()).unwrap_or((text, ""));
    before.lines().rev().take_while(own).chain(behind.lines().take_while(own)).any(is_key)
}

/// Behind the line on which an entry stands, all of it.
fn after_line(text: &TemplateText, lines: Lines<'_>, indent: usize) -> Option<TemplateEdit> {
    let whole = text.source.text();
    let end = whole.get(text.span.end()..)?.find('\n').map(|at| text.span.end() + at + 1)?;
    let line = whole.get(text.span.start()..end)?;
    let balanced = line.matches("{{").count() == line.matches("}}").count();
    if !balanced || line.trim_end().ends_with(['|', '>', ':', '-', '+']) {
        return None;
    }
    edit(&text.source, Span::at(end), lines(&text.source, end, indent, end_of_line(&text.source))?)
}

/// `{}` in the template's text becomes a block below its key.
fn fill_empty(
    rendered: &Rendered,
    document: &RenderedTree,
    map: NodeId,
    lines: Lines<'_>,
) -> Option<TemplateEdit> {
    let tree = &*document.tree;
    let braces = text_of(rendered, document, tree.span(map))?;
    let key = text_of(rendered, document, tree.span(tree.key_node(map)?))?;
    let (_, indent) = line_start(&key.source, key.span.start());
    let between = key.source.text().get(key.span.end()..braces.span.start())?;
    let end = end_of_line(&key.source);
    let lines = lines(&key.source, key.span.end(), indent + 2, end)?;
    let new = format!(":{end}{}", lines.trim_end_matches(['\r', '\n']));
    (between.trim() == ":").then(|| edit(&key.source, Span::new(key.span.end(), braces.span.end()), new))?
}

/// Removes the lines of an entry, where all of it is text of the template.
pub(super) fn remove(rendered: &Rendered, document: &RenderedTree, node: NodeId) -> Option<TemplateEdit> {
    let lines = lines_of(rendered, document, node)?;
    let (margin, end) = (" ".repeat(lines.indent), end_of_line(&lines.source));
    let mut kept: String = lines.comments()?.iter().map(|line| format!("{line}{end}")).collect();
    if !lines.trailing.is_empty() {
        kept.push_str(&format!("{margin}{}{end}", lines.trailing));
    }
    edit(&lines.source, lines.span, kept)
}

/// A removal of lines, with the `if` or `with` around that would hold nothing any more.
pub(super) fn with_emptied_blocks((source, edits): &TemplateEdit) -> Option<TemplateEdit> {
    let [removal] = edits.as_slice() else { return None };
    if !removal.text.is_empty() {
        return None;
    }
    let text = source.text();
    let action = |line: &str| -> Option<String> {
        let inner = line.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.trim_matches('-').trim();
        (!inner.contains("}}")).then(|| inner.split_whitespace().next().unwrap_or("").to_owned())
    };
    let (mut start, mut end) = (removal.span.start(), removal.span.end());
    loop {
        let above = text.get(..start)?.strip_suffix('\n').map_or("", |above| above);
        let opening = above.rfind('\n').map_or(0, |at| at + 1);
        let closing = text.get(end..)?.split_inclusive('\n').next().unwrap_or("");
        let opens = above.get(opening..).and_then(action).is_some_and(|word| word == "if" || word == "with");
        if !opens || action(closing).is_none_or(|word| word != "end") {
            break;
        }
        (start, end) = (opening, end + closing.len());
    }
    let wider = Span::new(start, end);
    (wider != removal.span).then(|| edit(source, wider, String::new()))?
}

/// Lines of a template on which one entry stands alone.
pub(super) struct EntryLines {
    /// The template.
    pub source: Arc<Source>,
    /// The lines, the last one's end included.
    pub span: Span,
    /// The entry's column.
    pub indent: usize,
    /// The comment behind its last word, if there is one.
    trailing: String,
}

impl EntryLines {
    /// The lines within that are comments, which stay whatever becomes of the entry; `None` where a comment
    /// stands behind other words than the last.
    fn comments(&self) -> Option<Vec<&str>> {
        let mut comments = Vec::new();
        let mut lines = self.source.slice(self.span).lines().peekable();
        while let Some(line) = lines.next() {
            if line.trim_start().starts_with('#') {
                comments.push(line);
            } else if lines.peek().is_some() && line.contains(" #") {
                return None;
            }
        }
        Some(comments)
    }
}

/// Puts entries in the place of the lines of another one.
pub(super) fn exchange(
    rendered: &Rendered,
    document: &RenderedTree,
    node: NodeId,
    entries: &serde_json::Map<String, Value>,
) -> Option<TemplateEdit> {
    let lines = lines_of(rendered, document, node)?;
    let end = end_of_line(&lines.source);
    // What is said of the old entry stays: within it, behind the new one's key.
    let trailing = Some(&*lines.trailing).filter(|comment| !comment.is_empty());
    let comments: Vec<&str> = lines.comments()?.into_iter().map(str::trim).chain(trailing).collect();
    let block = block(entries, lines.indent, end)?;
    let opens = entries.len() == 1 && block.lines().next().is_some_and(|line| line.ends_with(':'));
    let (head, rest) = match block.find('\n') {
        Some(at) if opens => block.split_at(at + 1),
        _ => ("", &*block),
    };
    let inner = rest.len() - rest.trim_start_matches(' ').len();
    let margin = " ".repeat(if opens { inner } else { lines.indent });
    let mut new = head.to_owned();
    new.extend(comments.iter().map(|comment| format!("{margin}{comment}{end}")));
    new.push_str(rest);
    edit(&lines.source, lines.span, new)
}

/// The whole lines on which an entry or item stands alone.
pub(super) fn lines_of(rendered: &Rendered, document: &RenderedTree, node: NodeId) -> Option<EntryLines> {
    let tree = &*document.tree;
    let from = match tree.key_node(node) {
        Some(key) => tree.span(key).start(),
        None => tree.indicator(node)?,
    };
    let text = text_of(rendered, document, Span::new(from, last_end(tree, node)))?;
    let (line, indent) = line_start(&text.source, text.span.start());
    let whole = text.source.text();
    let before = whole.get(line..text.span.start())?;
    let end = whole.get(text.span.end()..)?.find('\n').map(|at| text.span.end() + at + 1)?;
    let rest = whole.get(text.span.end()..end)?.trim();
    let whole_lines = before.trim().is_empty() && (rest.is_empty() || rest.starts_with('#'));
    let (span, trailing) = (Span::new(line, end), rest.to_owned());
    whole_lines.then_some(EntryLines { source: text.source, span, indent, trailing })
}

fn last_end(tree: &SpanTree, node: NodeId) -> usize {
    let mut at = node;
    while let Some(&last) = tree.children(at).last() {
        at = last;
    }
    tree.full_span(at).end().max(tree.full_span(node).end())
}

pub(super) fn edit(source: &Arc<Source>, span: Span, text: String) -> Option<TemplateEdit> {
    Some((Arc::clone(source), TextEdits::new(vec![Edit { span, text }]).ok()?))
}

pub(super) fn end_of_line(source: &Source) -> &'static str {
    if source.text().contains("\r\n") { "\r\n" } else { "\n" }
}

/// Where the line of an offset begins, and the column of the offset (as many spaces as a block there
/// is indented).
pub(super) fn line_start(source: &Source, offset: usize) -> (usize, usize) {
    let line = source.text().get(..offset).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    (line, offset - line)
}

/// Entries as lines of block YAML.
pub(super) fn block(entries: &serde_json::Map<String, Value>, indent: usize, end: &str) -> Option<String> {
    let mut text = String::new();
    write(entries, indent, end, &mut text)?;
    Some(text)
}

fn write(
    entries: &serde_json::Map<String, Value>,
    indent: usize,
    end: &str,
    text: &mut String,
) -> Option<()> {
    let margin = " ".repeat(indent);
    for (key, value) in entries {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !key.chars().all(plain) {
            return None;
        }
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push_str(&format!("{margin}{key}:{end}"));
                write(inner, indent + 2, end, text)?;
            }
            Value::Array(items) if !items.is_empty() => {
                text.push_str(&format!("{margin}{key}:{end}"));
                for item in items {
                    match item {
                        Value::Object(entries) if !entries.is_empty() => {
                            let mut inner = String::new();
                            write(entries, indent + 2, end, &mut inner)?;
                            text.push_str(&format!("{margin}- {}", inner.trim_start()));
                        }
                        item => text.push_str(&format!("{margin}- {}{end}", scalar(item)?)),
                    }
                }
            }
            value => text.push_str(&format!("{margin}{key}: {}{end}", scalar(value)?)),
        }
    }
    Some(())
}

/// A scalar, or an empty collection, as it is written in YAML; text that could read as something
/// else is quoted.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => {
            let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
                && matches!(crate::yaml::resolve_plain(text), crate::yaml::Scalar::String(_));
            if plain {
                return Some(text.clone());
            }
            // Braces would open an action.
            (!text.contains("{{") && !text.contains("}}")).then(|| Value::from(text.as_str()).to_string())
        }
        Value::Array(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Object(entries) if entries.is_empty() => Some("{}".to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Adds an item behind the last one of a list whose items stand in the template's text.
pub(super) fn append(
    rendered: &Rendered,
    document: &RenderedTree,
    list: NodeId,
    item: &Value,
) -> Option<TemplateEdit> {
    let tree = &*document.tree;
    let &last = tree.children(list).last()?;
    let dash = tree.indicator(last)?;
    let text = text_of(rendered, document, Span::new(dash, tree.full_span(last).end()))?;
    let (_, indent) = line_start(&text.source, text.span.start());
    let whole = text.source.text();
    let end = whole.get(text.span.end()..)?.find('\n').map(|at| text.span.end() + at + 1)?;
    let new = format!("{}- {}{}", " ".repeat(indent), scalar(item)?, end_of_line(&text.source));
    edit(&text.source, Span::at(end), new)
}
