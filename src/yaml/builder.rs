//! Builds a [`SpanTree`] node by node, in text order.

use std::collections::HashMap;
use std::sync::Arc;

use crate::source::{Limits, Source, Span};

use super::comments::Comment;
use super::token::SyntaxError;
use super::tree::{Anchor, Kind, NONE, Node, NodeId, Properties, ScalarStyle, SpanTree, TreeDocument};

/// The growing tree, and the collections that are open.
pub(super) struct Builder {
    pub tree: SpanTree,
    limits: Limits,
    open: Vec<(NodeId, usize)>,
    pending: Vec<NodeId>,
    indicator: u32,
    names: HashMap<Box<str>, NodeId>,
    used: HashMap<NodeId, usize>,
    aliases: usize,
    start: Mark,
}

/// How long the parts of a tree were when a document began.
#[derive(Clone, Copy, Default)]
struct Mark {
    nodes: usize,
    children: usize,
    decoded: usize,
    properties: usize,
    anchors: usize,
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(NONE)
}

impl Builder {
    pub(super) fn new(source: &Arc<Source>, limits: &Limits) -> Self {
        let guess = source.len() / 12;
        let tree = SpanTree {
            source: Arc::clone(source),
            nodes: Vec::with_capacity(guess.min(limits.nodes)),
            children: Vec::with_capacity(guess.min(limits.nodes)),
            decoded: String::new(),
            properties: Vec::new(),
            comments: Vec::new(),
            documents: Vec::new(),
            anchors: Vec::new(),
            alias_nodes: limits.alias_nodes,
        };
        Self {
            tree,
            limits: *limits,
            open: Vec::new(),
            pending: Vec::new(),
            indicator: NONE,
            names: HashMap::new(),
            used: HashMap::new(),
            aliases: 0,
            start: Mark::default(),
        }
    }

    /// Starts a document: anchors of the one before are forgotten.
    pub(super) fn begin(&mut self) {
        self.open.clear();
        self.pending.clear();
        self.indicator = NONE;
        self.names.clear();
        self.used.clear();
        self.aliases = 0;
        self.start = Mark {
            nodes: self.tree.nodes.len(),
            children: self.tree.children.len(),
            decoded: self.tree.decoded.len(),
            properties: self.tree.properties.len(),
            anchors: self.tree.anchors.len(),
        };
    }

    /// Forgets everything of the current document but its comments.
    pub(super) fn discard(&mut self) {
        let start = self.start;
        self.tree.nodes.truncate(start.nodes);
        self.tree.children.truncate(start.children);
        self.tree.decoded.truncate(start.decoded);
        self.tree.properties.truncate(start.properties);
        self.tree.anchors.truncate(start.anchors);
        self.open.clear();
        self.pending.clear();
    }

    /// Nodes of the current document.
    pub(super) fn document_nodes(&self) -> std::ops::Range<usize> {
        self.start.nodes..self.tree.nodes.len()
    }

    /// Whether the current document has an alias.
    pub(super) fn has_aliases(&self) -> bool {
        self.aliases > 0
    }

    pub(super) fn push_document(&mut self, mut document: TreeDocument) {
        document.anchors = (narrow(self.start.anchors), narrow(self.tree.anchors.len()));
        self.tree.documents.push(document);
    }

    pub(super) fn push_comment(&mut self, start: usize, end: usize) {
        self.tree.comments.push(Comment { span: Span::new(start, end) });
    }

    /// The next node stands behind this `:` or `-`.
    pub(super) fn set_indicator(&mut self, offset: u32) {
        self.indicator = offset;
    }

    fn push(
        &mut self,
        kind: Kind,
        span: Span,
        properties: Option<Properties>,
    ) -> Result<NodeId, SyntaxError> {
        if self.tree.nodes.len() >= self.limits.nodes.min(NONE as usize - 1) {
            let message = format!("more than {} nodes in one file", self.limits.nodes);
            return Err(SyntaxError::new(span, message).help("split the file"));
        }
        let id = NodeId(narrow(self.tree.nodes.len()));
        let parent = self.open.last().map_or(NONE, |(parent, _)| parent.0);
        let properties = match properties {
            Some(properties) => {
                self.tree.properties.push(properties);
                if let Some(anchor) = properties.anchor {
                    let name = self.tree.source.slice(Span { start: anchor.start + 1, end: anchor.end });
                    self.names.insert(name.into(), id);
                }
                narrow(self.tree.properties.len() - 1)
            }
            None => NONE,
        };
        let indicator = std::mem::replace(&mut self.indicator, NONE);
        self.tree.nodes.push(Node { kind, parent, span, properties, indicator, a: NONE, b: NONE });
        self.pending.push(id);
        Ok(id)
    }

    pub(super) fn scalar(
        &mut self,
        style: ScalarStyle,
        span: Span,
        decoded: Option<Span>,
        properties: Option<Properties>,
    ) -> Result<NodeId, SyntaxError> {
        let id = self.push(Kind::Scalar(style), span, properties)?;
        if let (Some(decoded), Some(node)) = (decoded, self.tree.nodes.last_mut()) {
            (node.a, node.b) = (decoded.start, decoded.end);
        }
        Ok(id)
    }

    /// Adds an alias (its span starts at the `*`).
    pub(super) fn alias(&mut self, span: Span) -> Result<NodeId, SyntaxError> {
        let name = self.tree.source.slice(Span { start: span.start + 1, end: span.end });
        let Some(&target) = self.names.get(name) else {
            let message = format!("no anchor `&{name}` in this document before its alias");
            return Err(SyntaxError::new(span, message).help("anchors do not reach across documents"));
        };
        let id = self.push(Kind::Alias, span, None)?;
        if self.open.iter().any(|&(open, _)| open == target) {
            return Err(SyntaxError::new(span, "the alias stands inside its own anchor"));
        }
        if let Some(node) = self.tree.nodes.last_mut() {
            node.a = target.0;
        }
        self.aliases += 1;
        self.note_alias(target, id);
        Ok(id)
    }

    fn note_alias(&mut self, target: NodeId, alias: NodeId) {
        let known = self.used.get(&target).and_then(|&at| self.tree.anchors.get_mut(at));
        if let Some(anchor) = known {
            anchor.aliases.push(alias);
            return;
        }
        let span = self.tree.anchor(target).unwrap_or_default();
        self.used.insert(target, self.tree.anchors.len());
        self.tree.anchors.push(Anchor { node: target, span, aliases: vec![alias] });
    }

    pub(super) fn open(
        &mut self,
        kind: Kind,
        start: usize,
        properties: Option<Properties>,
    ) -> Result<(), SyntaxError> {
        if self.open.len() >= self.limits.depth {
            let message = format!("nested deeper than {} levels", self.limits.depth);
            return Err(SyntaxError::new(Span::new(start, start + 1), message));
        }
        let id = self.push(kind, Span::at(start), properties)?;
        self.open.push((id, self.pending.len()));
        Ok(())
    }

    /// Closes the innermost collection. `end` is behind its bracket, or `None` for one that ends
    /// with its last child.
    pub(super) fn close(&mut self, end: Option<usize>) {
        let Some((id, from)) = self.open.pop() else { return };
        let first = narrow(self.tree.children.len());
        self.tree.children.extend_from_slice(self.pending.get(from..).unwrap_or(&[]));
        let last = self.tree.children.len();
        let child_end = self.pending.get(from..).and_then(|children| children.last()).map(|&child| {
            let span = self.tree.full_span(child);
            span.end
        });
        self.pending.truncate(from);
        if let Some(node) = self.tree.nodes.get_mut(id.0 as usize) {
            (node.a, node.b) = (first, narrow(last));
            let end = end.map(narrow).or(child_end).unwrap_or(node.span.start);
            node.span.end = end.max(node.span.start);
        }
    }

    /// End of the node that was added last to the open collection (where a missing value stands).
    pub(super) fn last_end(&self) -> usize {
        self.pending.last().map_or(0, |&id| self.tree.full_span(id).end())
    }

    /// The first byte of the innermost open collection.
    pub(super) fn innermost(&self) -> Option<Span> {
        let (id, _) = self.open.last()?;
        let start = self.tree.span(*id).start();
        Some(Span::new(start, start + 1))
    }

    /// The root of the finished document.
    pub(super) fn take_root(&mut self) -> Option<NodeId> {
        let root = self.pending.first().copied();
        self.pending.clear();
        root
    }
}
