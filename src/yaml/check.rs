//! What the grammar allows and kubectl refuses, or drops without a word: keys that are no strings,
//! merges of no mapping, tags that do not fit, aliases beyond measure, duplicate keys.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::builder::Builder;
use super::scalar::{self, CoreTag, Scalar};
use super::token::SyntaxError;
use super::tree::{Kind, NodeId, ScalarStyle, SpanTree};

/// Something kubectl drops.
pub(super) struct Duplicate {
    /// The key whose value is dropped.
    pub dropped: NodeId,
    /// The key whose value counts.
    pub kept: NodeId,
    /// Why.
    pub reason: Reason,
}

/// Why a value is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The same key stands below.
    LastWins,
    /// A merge key below brings in the same key (go-yaml v2 merges in order).
    Merged,
    /// Both are the same JSON key only (`1` and `"1"`): Go's map order decides.
    Random,
}

/// Mappings up to this size are searched for duplicates pair by pair.
const SMALL: usize = 12;

/// Most nodes without a JSON value that are looked at one by one.
const UNFIT: usize = 1000;

/// What is found in a document.
#[derive(Default)]
struct Found {
    duplicates: Vec<Duplicate>,
    /// Nodes that YAML reads and JSON cannot hold, with the error that each of them is.
    unfit: Vec<(NodeId, SyntaxError)>,
}

impl Found {
    /// Notes a node that is no harm where a later key overwrites it: JSON is made of what is left.
    fn unfit(&mut self, id: NodeId, error: SyntaxError) -> Result<(), SyntaxError> {
        if self.unfit.len() >= UNFIT {
            return Err(error);
        }
        self.unfit.push((id, error));
        Ok(())
    }

    /// The first error of a node that nothing overwrites.
    fn error(&mut self, builder: &Builder) -> Option<SyntaxError> {
        let tree = &builder.tree;
        let kept = |it: &&Duplicate| it.reason != Reason::Random;
        let dropped: HashSet<NodeId> = self.duplicates.iter().filter(kept).map(|it| it.dropped).collect();
        if self.unfit.is_empty() || dropped.is_empty() {
            return (!self.unfit.is_empty()).then(|| self.unfit.swap_remove(0).1);
        }
        let nodes = builder.document_nodes().filter_map(|index| u32::try_from(index).ok()).map(NodeId);
        let aliases = nodes.filter(|&id| tree.kind(id) == Kind::Alias);
        let aliased: HashSet<NodeId> = aliases.map(|id| tree.resolve(id)).collect();
        let at = self.unfit.iter().position(|(id, _)| !is_dropped(tree, *id, &dropped, &aliased))?;
        Some(self.unfit.swap_remove(at).1)
    }
}

/// Whether a node stands in the value of a key that is dropped, and no alias brings it in elsewhere.
fn is_dropped(tree: &SpanTree, id: NodeId, dropped: &HashSet<NodeId>, aliased: &HashSet<NodeId>) -> bool {
    let mut at = id;
    while let Some(parent) = tree.parent(at).filter(|_| !aliased.contains(&at)) {
        if tree.pairs(parent).any(|(key, value)| value == at && dropped.contains(&key)) {
            return true;
        }
        at = parent;
    }
    false
}

/// Checks the nodes of the current document.
pub(super) fn check(builder: &Builder) -> Result<Vec<Duplicate>, SyntaxError> {
    let tree = &builder.tree;
    let mut found = Found::default();
    for index in builder.document_nodes() {
        let Ok(index) = u32::try_from(index) else { break };
        let id = NodeId(index);
        match tree.kind(id) {
            Kind::Mapping(_) => check_mapping(tree, id, &mut found)?,
            Kind::Scalar(style) => check_scalar(tree, id, style, &mut found)?,
            _ => {}
        }
    }
    match found.error(builder) {
        Some(error) => Err(error),
        None => Ok(found.duplicates),
    }
}

fn check_scalar(
    tree: &SpanTree,
    id: NodeId,
    style: ScalarStyle,
    found: &mut Found,
) -> Result<(), SyntaxError> {
    let tag = tree.core_tag(id);
    let text = tree.text(id);
    let number = style == ScalarStyle::Plain && matches!(text.as_bytes().first(), Some(b'.' | b'+' | b'-'));
    if tag.is_none() && !number {
        return Ok(());
    }
    let span = tree.full_span(id);
    match scalar::resolve(text, style == ScalarStyle::Plain, tag) {
        Ok(Scalar::Float(value)) if !value.is_finite() && !is_key(tree, id) => {
            let message = format!("`{text}` is a number that JSON, and so Kubernetes, cannot hold");
            found.unfit(id, SyntaxError::new(span, message))
        }
        Ok(_) => Ok(()),
        Err(_) if tag == Some(CoreTag::Binary) => Err(SyntaxError::new(span, "not base64, as the tag says")),
        Err(_) => {
            let tag = tree.tag(id).unwrap_or("the tag");
            Err(SyntaxError::new(span, format!("the value is not of the type {tag} says")))
        }
    }
}

/// Of the children of a mapping only values have an indicator in front (or are empty).
fn is_key(tree: &SpanTree, id: NodeId) -> bool {
    tree.indicator(id).is_none() && tree.parent(id).is_some_and(|parent| tree.kind(parent).is_mapping())
}

fn check_mapping(tree: &SpanTree, map: NodeId, found: &mut Found) -> Result<(), SyntaxError> {
    let pairs = tree.pairs(map);
    let mut seen = Seen::new(pairs.len());
    for (key, value) in pairs {
        if tree.is_merge_key(key) {
            check_merge(tree, value)?;
            for source in tree.merge_sources(value) {
                for entry in tree.entries(source) {
                    if let Some(dropped) = seen.get(&entry.key) {
                        found.duplicates.push(Duplicate { dropped, kept: key, reason: Reason::Merged });
                    }
                }
            }
            continue;
        }
        let Some(text) = tree.key_text(key) else {
            let error = bad_key(tree, key);
            if !tree.kind(tree.resolve(key)).is_scalar() {
                return Err(error);
            }
            found.unfit(key, error)?;
            continue;
        };
        if let Some(dropped) = seen.replace(text, key) {
            let random = is_string(tree, dropped) != is_string(tree, key);
            let reason = if random { Reason::Random } else { Reason::LastWins };
            found.duplicates.push(Duplicate { dropped, kept: key, reason });
        }
    }
    Ok(())
}

fn is_string(tree: &SpanTree, key: NodeId) -> bool {
    matches!(tree.resolved(tree.resolve(key)), Some(Scalar::String(_)))
}

/// The keys of one mapping so far.
enum Seen<'a> {
    Few(Vec<(Cow<'a, str>, NodeId)>),
    Many(HashMap<Cow<'a, str>, NodeId>),
}

impl<'a> Seen<'a> {
    fn new(size: usize) -> Self {
        if size <= SMALL {
            Self::Few(Vec::with_capacity(size))
        } else {
            Self::Many(HashMap::with_capacity(size))
        }
    }

    fn get(&self, text: &str) -> Option<NodeId> {
        match self {
            Self::Many(keys) => keys.get(text).copied(),
            Self::Few(keys) => keys.iter().find(|(known, _)| *known == text).map(|&(_, key)| key),
        }
    }

    /// Notes a key; returns the one it takes the place of.
    fn replace(&mut self, text: Cow<'a, str>, key: NodeId) -> Option<NodeId> {
        match self {
            Self::Many(keys) => keys.insert(text, key),
            Self::Few(keys) => {
                if let Some((_, found)) = keys.iter_mut().find(|(known, _)| *known == text) {
                    return Some(std::mem::replace(found, key));
                }
                keys.push((text, key));
                None
            }
        }
    }
}

fn bad_key(tree: &SpanTree, key: NodeId) -> SyntaxError {
    let span = tree.full_span(key);
    let node = tree.resolve(key);
    if tree.kind(node).is_scalar() {
        return match tree.resolved(node) {
            Some(Scalar::UInt(_)) => {
                SyntaxError::new(span, "a key that is a number beyond 64 bits is refused")
            }
            _ => SyntaxError::new(span, "a key cannot be null").help("quote the key"),
        };
    }
    let written = tree.source.slice(span);
    let error = SyntaxError::new(span, "a key cannot be a mapping or a list");
    let outer = tree.parent(key).map_or("", |parent| tree.source.slice(tree.span(parent)));
    if outer.starts_with("{{") || written.starts_with("{{") {
        return error
            .help("`{{` begins a template action: this file is a template, or the value needs quotes");
    }
    error.help("quote the key")
}

fn check_merge(tree: &SpanTree, value: NodeId) -> Result<(), SyntaxError> {
    let refuse = |id| {
        let message = "`<<` takes a mapping or a list of mappings";
        Err(SyntaxError::new(tree.full_span(id), message).help("quote the key if it is meant literally"))
    };
    match tree.kind(value) {
        Kind::Sequence(_) => {
            let wrong =
                tree.children(value).iter().find(|&&item| !tree.kind(tree.resolve(item)).is_mapping());
            wrong.map_or(Ok(()), |&item| refuse(item))
        }
        _ if tree.kind(tree.resolve(value)).is_mapping() => Ok(()),
        _ => refuse(value),
    }
}

/// Refuses a document whose aliases stand for too much: by kubectl's own measure, by the limit on
/// nodes, or because they nest too deep.
pub(super) fn check_aliases(
    builder: &Builder,
    root: NodeId,
    alias_nodes: usize,
    depth: usize,
) -> Result<(), SyntaxError> {
    if !builder.has_aliases() {
        return Ok(());
    }
    let tree = &builder.tree;
    let own = builder.document_nodes().len();
    // A walk over the tree with aliases followed, as go-yaml's decoder does it. It counts, so it is
    // bounded by the limit; the stack holds (node, next child, inside an alias).
    let mut stack: Vec<(NodeId, usize, bool)> = vec![(root, 0, false)];
    let (mut decoded, mut aliased) = (2usize, 0usize);
    while let Some((node, next, inside)) = stack.pop() {
        let child = match tree.kind(node) {
            Kind::Alias if next == 0 => Some(tree.resolve(node)),
            _ => tree.children(node).get(next).copied(),
        };
        let Some(child) = child else { continue };
        let inside_child = inside || tree.kind(node) == Kind::Alias;
        stack.push((node, next + 1, inside));
        if stack.len() > depth.saturating_mul(2) {
            let message = format!("aliases nest deeper than {depth} levels");
            return Err(SyntaxError::new(tree.full_span(node), message));
        }
        stack.push((child, 0, inside_child));
        decoded += 1;
        aliased += usize::from(inside_child);
        if aliased > 100 && decoded > 1000 && is_excessive(aliased, decoded) {
            return Err(SyntaxError::new(
                tree.full_span(root),
                "kubectl refuses the document: excessive aliasing",
            ));
        }
        if aliased > alias_nodes {
            let message = format!("aliases stand for more than {alias_nodes} nodes ({own} are written)");
            return Err(SyntaxError::new(tree.full_span(root), message));
        }
    }
    Ok(())
}

/// go-yaml v2's measure: the share of nodes that come through aliases.
fn is_excessive(aliased: usize, decoded: usize) -> bool {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let (aliased, decoded) = (aliased as f64, decoded as f64);
    let allowed = 0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    aliased / decoded > allowed
}
