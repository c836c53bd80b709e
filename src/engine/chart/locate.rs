//! From a node of a rendered document to the place that a person has to look at.

use std::sync::Arc;

use crate::engine::render::{Explanation, SourcePlace, explain_bytes};
use crate::finding::Location;
use crate::helm::render::Rendered;
use crate::source::{Source, Span};
use crate::yaml::{NodeId, SpanTree};

use super::trace::{self, RenderedTree};

/// Where something comes from.
pub(super) struct Place {
    /// The best place.
    pub primary: Location,
    /// Further ones, with a few words each.
    pub related: Vec<(Location, String)>,
}

/// The place of some bytes of a node. For an absent field the node is its nearest parent: what printed that parent
/// is what is looked for.
pub(super) fn locate(
    rendered: &Rendered,
    document: &RenderedTree,
    (node, span): (NodeId, Span),
    absent: bool,
) -> Place {
    let tree = &*document.tree;
    let explanation = explain(rendered, document, tree, span, absent);
    let mut related = Vec::new();
    let mut places: Vec<(&SourcePlace, String)> = Vec::new();
    if absent
        && let Some(value) = trace::value_of(rendered, document, node)
        && let Some(source) = value.source.as_ref()
    {
        let primary = Location::new(source, value.span);
        related.extend(explanation.template.iter().map(|it| (location(it), "printed here".to_owned())));
        calls(&explanation, &mut related);
        return Place { primary, related };
    }
    if !absent {
        for value in &explanation.values {
            places.push((&value.place, format!("set by {}", value.key)));
            places.extend(value.over.iter().map(|place| (place, "overridden".to_owned())));
        }
    }
    places.extend(explanation.template.iter().map(|place| (place, "printed here".to_owned())));
    places.extend(explanation.files.iter().map(|place| (place, "from this file".to_owned())));
    let mut places = places.into_iter();
    let primary = match places.next() {
        Some((place, _)) => location(place),
        None => Location::new(tree.source(), span),
    };
    related.extend(places.map(|(place, text)| (location(place), text)));
    calls(&explanation, &mut related);
    Place { primary, related }
}

fn location(place: &SourcePlace) -> Location {
    Location { source: Arc::clone(&place.source), span: place.span }
}

fn calls(explanation: &Explanation, related: &mut Vec<(Location, String)>) {
    for call in &explanation.calls {
        related.push((location(&call.place), format!("calls {}", call.name)));
    }
}

/// What the bytes of a mark came from; of an absent field's parent only the first word counts, since
/// what stands behind it (`name: {{ .Values.name }}`) is not to blame.
fn explain(
    rendered: &Rendered,
    document: &RenderedTree,
    tree: &SpanTree,
    span: Span,
    absent: bool,
) -> Explanation {
    let source: &Arc<Source> = tree.source();
    let end = if absent {
        let word = source.slice(span).find(|c: char| c.is_whitespace() || c == ':');
        word.map_or(span.end(), |length| span.start() + length.max(1))
    } else {
        span.end()
    };
    explain_bytes(rendered, document.file, document.span(Span::new(span.start(), end)))
}
