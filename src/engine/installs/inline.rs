//! Values that stand in a resource, read with their places in its file.

use std::sync::Arc;

use crate::engine::Engine;
use crate::helm::values::ValuesFile;
use crate::resource::Document;
use crate::source::{ProblemKind, Source, Span};
use crate::yaml::{self, DocumentState, Kind, NodeId, ScalarStyle, SpanTree};

use super::release::InlineValues;

/// The values; `None` for what is no mapping, and for strings other than literal blocks (`|`), whose text does
/// not stand in the file as it is.
pub(super) fn read(engine: &Engine, document: &Document, inline: &InlineValues) -> Option<ValuesFile> {
    let tree = document.tree();
    if !inline.is_text {
        return ValuesFile::at(tree, inline.node, tree.source());
    }
    if tree.kind(inline.node) != Kind::Scalar(ScalarStyle::Literal) {
        return None;
    }
    let source = tree.source();
    // The block alone, every byte at its place: blank where the file has something else.
    let masked: String = {
        let span = tree.span(inline.node);
        let header = source.slice(span).find('\n').map_or(span.end(), |at| span.start() + at);
        let blank = |(at, c): (usize, char)| match c {
            '\n' | '\r' => c.to_string(),
            c if Span::new(header, span.end()).contains(at) => c.to_string(),
            c => " ".repeat(c.len_utf8()),
        };
        source.text().char_indices().map(blank).collect()
    };
    let masked = parse(engine, source, masked)?;
    let plain = parse(engine, source, tree.text(inline.node).to_owned())?;
    // That the mask did not change what is read is shown by reading the string too.
    let same = masked.0.to_json(masked.1).ok()? == plain.0.to_json(plain.1).ok()?;
    same.then(|| ValuesFile::at(&masked.0, masked.1, source)).flatten()
}

/// The only mapping in a text without mistakes.
fn parse(engine: &Engine, source: &Source, text: String) -> Option<(SpanTree, NodeId)> {
    let source = Arc::new(Source::new(Arc::clone(source.name()), text));
    let yaml::Parsed { tree, problems } = yaml::parse_stream(&source, &engine.limits);
    if problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked) {
        return None;
    }
    let mut read = tree.documents().iter().filter(|it| it.state == DocumentState::Read);
    let root = read.next()?.root?;
    (read.next().is_none() && tree.kind(tree.resolve(root)).is_mapping()).then_some((tree, root))
}
