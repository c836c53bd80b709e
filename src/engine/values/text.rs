//! Values as YAML in a string: read by themselves, told and mended at the lines of the string.

use std::sync::Arc;

use crate::engine::Engine;
use crate::finding::{CandidateFix, Patch, PatchOp};
use crate::fix::{self, Wanted};
use crate::resource::Document;
use crate::source::{Problem, ProblemKind, Source, Span};
use crate::yaml::{self, DocumentState, FieldPath, Kind, NodeId, ScalarStyle, SpanTree};

use super::place::{Form, Place};
use super::{ValuesHit, mapping};
use crate::engine::locate::mark;

/// Why a string that is no literal block is not edited.
const NOT_LITERAL: &str = "the values stand in a string that is no literal block (`|`)";

/// What is wrong with the values in a string.
///
/// # Errors
/// The string is no YAML, or filled in later as a whole.
pub fn hits(
    engine: &Engine,
    tree: &Arc<SpanTree>,
    document: &Document,
    place: &Place,
) -> Result<Vec<ValuesHit>, Box<Problem>> {
    let outer = tree.source();
    let text = tree.text(place.node);
    let source = Arc::new(Source::new(Arc::clone(outer.name()), text.to_owned()));
    let yaml::Parsed { tree: inner, problems } = yaml::parse_stream(&source, &engine.limits);
    let unread = problems.iter().find(|problem| problem.kind == ProblemKind::NotChecked);
    if let Some(problem) = unread {
        let lines = Lines::of(tree, place.node);
        let span =
            lines.and_then(|lines| lines.outer(problem.span)).unwrap_or_else(|| mark(tree, place.node));
        let message = format!("the values in this string can not be read: {}", problem.message);
        return Err(Box::new(Problem::new(ProblemKind::NotChecked, outer, span, message)));
    }
    let inner = Arc::new(inner);
    let Some((index, root)) = inner.documents().iter().enumerate().find_map(|(index, document)| {
        let root = document.root.filter(|_| document.state == DocumentState::Read)?;
        Some((index, inner.resolve(root)))
    }) else {
        return Ok(Vec::new());
    };
    if !inner.kind(root).is_mapping() {
        return Ok(Vec::new());
    }
    let values = Document::of_values(&inner, root, index);
    let within = Place { document: 0, path: FieldPath::root(), node: root, form: Form::Mapping };
    let lines = Lines::of(tree, place.node);
    let sealed = tree.documents().get(document.document()).is_some_and(|it| tree.is_sops(it));
    let mut found = mapping(engine, &inner, &within);
    for ValuesHit { hit, span } in &mut found {
        *span = lines.as_ref().and_then(|lines| lines.outer(mark(&inner, hit.node)));
        hit.field = place.path.join(&hit.field);
        hit.node = place.node;
        hit.document = place.document;
        let fixes = std::mem::take(&mut hit.fixes);
        if fixes.is_empty() {
            continue;
        }
        if lines.is_none() || sealed {
            hit.no_fix = Some(NOT_LITERAL.into());
            continue;
        }
        for fix in fixes {
            match outer_fix(engine, &values, fix, place) {
                Ok(fix) => hit.fixes.push(fix),
                Err(reason) => hit.no_fix = Some(reason.into()),
            }
        }
    }
    Ok(found)
}

/// A fix of the inner text as one of the string.
fn outer_fix(
    engine: &Engine,
    values: &Document,
    mut fix: CandidateFix,
    place: &Place,
) -> Result<CandidateFix, String> {
    let tree = values.tree();
    let documents = std::slice::from_ref(values);
    let planned = fix::plan(tree, documents, &[Wanted { id: 0, patch: &fix.patch }]);
    if planned.taken.is_empty() {
        let refused = planned.refused.into_iter().next().map(|(_, reason)| reason);
        return Err(refused.unwrap_or_else(|| crate::engine::judge::SHARED.to_owned()));
    }
    let text = planned.edits.apply(tree.source().text());
    let after = Arc::new(Source::new(Arc::clone(tree.source().name()), text.clone()));
    let after = yaml::parse_stream(&after, &engine.limits).tree;
    yaml::verify(tree, &planned.ops, &after).map_err(|difference| difference.to_string())?;
    let (document, path) = (place.document, place.path.clone());
    fix.patch = Patch::one(PatchOp::Set { document, path, value: text.into() });
    Ok(fix)
}

/// Where the lines of a literal block scalar stand in the file: offset in the string, offset in the file,
/// length.
pub(in crate::engine) struct Lines(Vec<(usize, usize, usize)>);

impl Lines {
    /// `None` for strings of other styles.
    pub fn of(tree: &SpanTree, node: NodeId) -> Option<Self> {
        if tree.kind(node) != Kind::Scalar(ScalarStyle::Literal) {
            return None;
        }
        let (source, text) = (tree.source(), tree.text(node));
        let index = source.line_index();
        let header = index.line_of(tree.span(node).start());
        let (mut lines, mut at) = (Vec::new(), 0);
        for (number, line) in text.split('\n').enumerate() {
            // Behind the last line break there may be no line of the file any more.
            if line.is_empty() {
                at += 1;
                continue;
            }
            let range = index.line_range(source.text(), header + 1 + number)?;
            let written = source.text().get(range.clone())?.trim_end_matches(['\n', '\r']);
            let indent = written.strip_suffix(line)?.len();
            lines.push((at, range.start + indent, line.len()));
            at += line.len() + 1;
        }
        Some(Self(lines))
    }

    /// The place in the file of a span of the string that does not leave its line; of a longer one its first
    /// line.
    pub fn outer(&self, span: Span) -> Option<Span> {
        let (at, place, length) = self.0.iter().rev().find(|(at, ..)| *at <= span.start()).copied()?;
        let from = span.start().checked_sub(at).filter(|from| *from <= length)?;
        let to = span.end().saturating_sub(at).clamp(from, length);
        Some(Span::new(place + from, place + to))
    }
}
