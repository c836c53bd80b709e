//! From nodes of rendered documents to values: what printed a node, and what was looked up in vain.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::helm::render::Rendered;
use crate::origin::{Origin, OriginId, Origins, PathStep, SourceRole, SourceText, ValueOrigin};
use crate::source::{Source, Span};
use crate::yaml::{Kind, NodeId, SpanTree};

/// Longest chain of origins that is followed.
const MOST_DEPTH: usize = 32;

/// A document of a rendered file, read.
#[derive(Clone)]
pub(super) struct RenderedTree {
    /// Index into [`Rendered::files`].
    pub file: usize,
    /// Where the document begins in the file's text.
    pub start: usize,
    /// What is in it.
    pub tree: Arc<SpanTree>,
}

impl RenderedTree {
    /// A span of the document in the text of the file.
    pub fn span(&self, span: Span) -> Span {
        Span::new(self.start + span.start(), self.start + span.end())
    }
}

/// A node of a values file, or one that could be there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ValuePath {
    /// The file's path as shown; empty where no file has anything of it.
    pub file: String,
    /// Keys from the file's root; indexes of lists as numbers.
    pub path: Vec<String>,
}

/// What printed a node.
pub(super) struct PrintedValue {
    /// The node of the values file.
    pub at: ValuePath,
    /// The file's text, if it is one.
    pub source: Option<Arc<Source>>,
    /// The place in it.
    pub span: Span,
    /// Whether it is an argument (`--set`), which no file can change.
    pub is_argument: bool,
}

/// The value that printed a node: a scalar's own, or for a collection the one whose entries it shows.
pub(super) fn value_of(rendered: &Rendered, document: &RenderedTree, node: NodeId) -> Option<PrintedValue> {
    let tree = &*document.tree;
    let first = match tree.kind(node) {
        Kind::Mapping(_) | Kind::Sequence(_) => tree.children(node).first().copied(),
        _ => None,
    };
    let runs = &rendered.files.get(document.file)?.runs;
    let mut span = tree.span(first.unwrap_or(node));
    // Quotes around a value are the template's.
    let written = tree.source().slice(span);
    if first.is_none()
        && written.len() > 2
        && written.starts_with(['"', '\''])
        && written.ends_with(['"', '\''])
    {
        span = Span::new(span.start() + 1, span.end() - 1);
    }
    let span = document.span(span);
    let mut found: Option<ValueOrigin> = None;
    for (_, run) in runs.over(span) {
        let value = value_behind(&rendered.origins, run.origin)?;
        match found {
            Some(known) if known.source != value.source || known.path != value.path => return None,
            _ => found = Some(value),
        }
    }
    let value = found?;
    let mut at = path_of(&rendered.origins, &value);
    if first.is_some() {
        // The first key, or the first item, of what is looked for.
        at.path.pop()?;
    }
    let source = rendered.origins.source(value.source);
    let text = match &source.text {
        SourceText::Written(text) => Some(Arc::clone(text)),
        SourceText::Generated { .. } => None,
    };
    let is_argument = source.role == SourceRole::Argument;
    let span = value.key.filter(|_| first.is_some()).unwrap_or(value.span);
    Some(PrintedValue { at, source: text, span, is_argument })
}

/// The value that an origin stands for, where it stands for one.
pub(super) fn value_behind(origins: &Origins, mut id: OriginId) -> Option<ValueOrigin> {
    for _ in 0..MOST_DEPTH {
        match origins.get(id) {
            Origin::Value(value) => return Some(*origins.value(value)),
            Origin::Printed { what: next, .. } | Origin::Fallback { chosen: next, .. } => id = next,
            _ => return None,
        }
    }
    None
}

/// Where a value is written.
pub(super) fn path_of(origins: &Origins, value: &ValueOrigin) -> ValuePath {
    let step = |step: PathStep| match step {
        PathStep::Key(name) => origins.text_of(name).to_owned(),
        PathStep::Index(index) => index.to_string(),
    };
    let file = match &origins.source(value.source).text {
        SourceText::Written(source) => source.name().to_string(),
        SourceText::Generated { .. } => String::new(),
    };
    ValuePath { file, path: origins.path(value.path).into_iter().map(step).collect() }
}

/// The path of a key that was looked up and is not there.
pub(super) fn absent_path(origins: &Origins, id: OriginId) -> Option<ValuePath> {
    let mut keys = Vec::new();
    let mut at = id;
    for _ in 0..MOST_DEPTH {
        match origins.get(at) {
            Origin::Absent { parent, key } => {
                keys.push(origins.text_of(key).to_owned());
                at = parent;
            }
            Origin::Value(value) => {
                let mut path = path_of(origins, origins.value(value));
                path.path.extend(keys.into_iter().rev());
                return Some(path);
            }
            Origin::Printed { what: next, .. } | Origin::Fallback { chosen: next, .. } => at = next,
            // Below a map of no file: the chart has no values.yaml, or the map was made on the way.
            _ => {
                keys.reverse();
                return (!keys.is_empty()).then_some(ValuePath { file: String::new(), path: keys });
            }
        }
    }
    None
}

/// The key that a template would have taken in place of what printed a scalar: absent, or empty
/// (`{{ .Values.uid | default 0 }}`).
pub(super) fn passed_over(rendered: &Rendered, document: &RenderedTree, node: NodeId) -> Option<ValuePath> {
    let tree = &*document.tree;
    let runs = &rendered.files.get(document.file)?.runs;
    let (_, run) =
        runs.over(document.span(tree.span(node))).next().filter(|_| tree.kind(node).is_scalar())?;
    let mut at = run.origin;
    for _ in 0..MOST_DEPTH {
        at = match rendered.origins.get(at) {
            Origin::Printed { what, .. } => what,
            Origin::Fallback { chosen, instead_of } => match absent_path(&rendered.origins, instead_of) {
                Some(path) => return Some(path),
                None => chosen,
            },
            _ => return None,
        };
    }
    None
}

/// Values keys that templates looked at, whether they are there or not.
pub(super) fn looked_at(rendered: &Rendered) -> BTreeSet<ValuePath> {
    let path = |id: OriginId| match rendered.origins.get(id) {
        Origin::Absent { .. } => absent_path(&rendered.origins, id),
        Origin::Value(value) if rendered.was_used(id) => {
            Some(path_of(&rendered.origins, rendered.origins.value(value)))
        }
        _ => None,
    };
    (1..rendered.origins.len()).map(OriginId::from_index).filter_map(path).collect()
}

/// The same, for the templates of one file and all that they call.
pub(super) fn looked_at_by(rendered: &Rendered, file: usize) -> BTreeSet<ValuePath> {
    let Some(asked) = rendered.files.get(file).map(|file| &file.asked) else { return BTreeSet::new() };
    let origins = &rendered.origins;
    let value = |id: &OriginId| match origins.get(*id) {
        Origin::Value(value) => Some(path_of(origins, origins.value(value))),
        _ => None,
    };
    let absent = |id: OriginId| match origins.get(id) {
        Origin::Absent { .. } => absent_path(origins, id),
        _ => None,
    };
    let absent = asked.origins.clone().map(OriginId::from_index).filter_map(absent);
    asked.values.iter().filter_map(value).chain(absent).collect()
}

/// Those of the keys that are called like `field`: `securityContext`, `web.podSecurityContext`.
/// Whether one of them leads to the wanted field is for a trial to say.
pub(super) fn hooks(looked_at: &BTreeSet<ValuePath>, field: &str) -> BTreeSet<ValuePath> {
    let wanted = field.to_ascii_lowercase();
    let fits = |key: &str| {
        key.eq_ignore_ascii_case(&wanted)
            || wanted == "securitycontext" && key.to_ascii_lowercase().ends_with(&wanted)
    };
    let hook = |path: &ValuePath| {
        let at = path.path.iter().rposition(|key| fits(key))?;
        Some(ValuePath { file: path.file.clone(), path: path.path.get(..=at)?.to_vec() })
    };
    looked_at.iter().filter_map(hook).collect()
}
