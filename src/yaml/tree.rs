//! [`SpanTree`]: the nodes of a source, each with its bytes.

use std::sync::{Arc, OnceLock};

use crate::source::{Source, Span};

use super::comments::Comment;
use super::scalar::CoreTag;
use super::style::Quote;

/// A node of one [`SpanTree`]. Ids grow in the order in which nodes start in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// `text`, or nothing at all.
    Plain,
    /// `'text'`
    SingleQuoted,
    /// `"text"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionStyle {
    /// By indentation.
    Block,
    /// In brackets (or, for a mapping, as a bare pair `[a: b]`).
    Flow,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A scalar, also an empty one.
    Scalar(ScalarStyle),
    /// A mapping; its children are key, value, key, value…
    Mapping(CollectionStyle),
    /// A sequence; its children are its items.
    Sequence(CollectionStyle),
    /// `*name`, standing for an anchored node.
    Alias,
}

impl Kind {
    /// Whether it is a mapping of any style.
    #[must_use]
    pub fn is_mapping(self) -> bool {
        matches!(self, Self::Mapping(_))
    }

    /// Whether it is a sequence of any style.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        matches!(self, Self::Sequence(_))
    }

    /// Whether it is a scalar of any style.
    #[must_use]
    pub fn is_scalar(self) -> bool {
        matches!(self, Self::Scalar(_))
    }

    /// Whether it is a collection in brackets.
    #[must_use]
    pub fn is_flow(self) -> bool {
        matches!(self, Self::Mapping(CollectionStyle::Flow) | Self::Sequence(CollectionStyle::Flow))
    }
}

pub(super) const NONE: u32 = u32::MAX;

/// One node; 32 bytes. `a` and `b` are: of a scalar the range of its decoded text (`NONE` where the
/// source says it verbatim), of a collection the range of its children, of an alias its target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub parent: u32,
    pub span: Span,
    pub properties: u32,
    pub indicator: u32,
    pub a: u32,
    pub b: u32,
}

/// Anchor and tag of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Properties {
    /// From the first property to the last.
    pub span: Span,
    /// `&name`
    pub anchor: Option<Span>,
    /// The tag as written, and what it means to Kubernetes.
    pub tag: Option<(Span, CoreTag)>,
}

/// An anchor with everything that refers to it.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// The anchored node.
    pub node: NodeId,
    /// `&name`
    pub span: Span,
    /// The alias nodes that stand for it, in order.
    pub aliases: Vec<NodeId>,
}

/// Whether kubectl would get something out of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentState {
    /// It was read.
    Read,
    /// Nothing but blanks, comments or a null: kubectl passes over it.
    Empty,
    /// kubectl refuses it (or a limit was crossed); a problem says why.
    Refused,
}

/// One document of a source, as kubectl splits it.
#[derive(Clone, Debug)]
pub struct TreeDocument {
    /// The top node; absent where the document is empty or refused.
    pub root: Option<NodeId>,
    /// Everything between the separator lines, or one object of a JSON stream.
    pub span: Span,
    /// The `---` line in front of it, without its line break.
    pub separator: Option<Span>,
    /// Whether there is something in it.
    pub state: DocumentState,
    /// Offset of the first line that is neither blank nor a comment (the span's start if none).
    pub first_line: u32,
    /// Whether it is one of several objects of a JSON stream, or a file that is one JSON object.
    pub json: bool,
    pub(super) anchors: (u32, u32),
    pub(super) learned: Learned,
}

/// What changes ask of a whole document: looked for once, since there may be many changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    /// The quotes that most of its strings have.
    pub quote: OnceLock<Quote>,
    /// Columns from a key to the `-` of the first list.
    pub list_step: OnceLock<Option<usize>>,
    /// Whether it has line breaks other than LF and CR LF.
    pub other_breaks: OnceLock<bool>,
}

/// All nodes of one source. Cheap to share: it is immutable, `Send` and `Sync`.
#[derive(Debug)]
pub struct SpanTree {
    pub(super) source: Arc<Source>,
    pub(super) nodes: Vec<Node>,
    pub(super) children: Vec<NodeId>,
    pub(super) decoded: String,
    pub(super) properties: Vec<Properties>,
    pub(super) comments: Vec<Comment>,
    pub(super) documents: Vec<TreeDocument>,
    pub(super) anchors: Vec<Anchor>,
    pub(super) alias_nodes: usize,
}

const NO_NODE: Node = Node {
    kind: Kind::Scalar(ScalarStyle::Plain),
    parent: NONE,
    span: Span { start: 0, end: 0 },
    properties: NONE,
    indicator: NONE,
    a: NONE,
    b: NONE,
};

impl SpanTree {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0 as usize).unwrap_or(&NO_NODE)
    }

    /// The text this tree is of.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The documents in order, empty and refused ones included.
    #[must_use]
    pub fn documents(&self) -> &[TreeDocument] {
        &self.documents
    }

    /// Number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no node at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All nodes in text order, of all documents.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(0)).map(NodeId)
    }

    /// What the node is. An alias is [`Kind::Alias`]; [`SpanTree::resolve`] leads to its node.
    #[must_use]
    pub fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    /// The bytes of the node itself, without anchor and tag. An empty scalar has an empty span
    /// where its text would stand; a block scalar reaches from its `|` to its last content
    /// (without the last line break, unless it keeps trailing lines); a block collection ends with
    /// its last child.
    #[must_use]
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The span with anchor and tag.
    #[must_use]
    pub fn full_span(&self, id: NodeId) -> Span {
        let node = self.node(id);
        self.properties_of(id).map_or(node.span, |properties| properties.span.to(node.span))
    }

    pub(super) fn properties_of(&self, id: NodeId) -> Option<&Properties> {
        self.properties.get(self.node(id).properties as usize)
    }

    /// The collection the node stands in: a mapping for its keys and values, a sequence for items.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.node(id).parent;
        (parent != NONE).then_some(NodeId(parent))
    }

    /// Children as written: key, value, key, value… of a mapping, items of a sequence. An alias has
    /// none.
    #[must_use]
    pub fn children(&self, id: NodeId) -> &[NodeId] {
        let node = self.node(id);
        match node.kind {
            Kind::Mapping(_) | Kind::Sequence(_) => {
                self.children.get(node.a as usize..node.b as usize).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    /// The pairs of a mapping as written, with duplicates and merge keys; nothing is resolved.
    pub fn pairs(
        &self,
        map: NodeId,
    ) -> impl DoubleEndedIterator<Item = (NodeId, NodeId)> + ExactSizeIterator + '_ {
        let children = if self.kind(map).is_mapping() { self.children(map) } else { &[] };
        children.chunks_exact(2).map(|pair| (pair[0], pair[1]))
    }

    /// Offset of the indicator in front of the node: `:` for a mapping's value, `-` for an item of a
    /// block sequence; absent for keys, flow items, and values without a `:`.
    #[must_use]
    pub fn indicator(&self, id: NodeId) -> Option<usize> {
        let at = self.node(id).indicator;
        (at != NONE).then_some(at as usize)
    }

    /// The anchor's name and place, if the node has one.
    #[must_use]
    pub fn anchor(&self, id: NodeId) -> Option<Span> {
        self.properties_of(id)?.anchor
    }

    /// The tag as written, if the node has one.
    #[must_use]
    pub fn tag(&self, id: NodeId) -> Option<&str> {
        Some(self.source.slice(self.properties_of(id)?.tag?.0))
    }

    pub(super) fn core_tag(&self, id: NodeId) -> Option<CoreTag> {
        Some(self.properties_of(id)?.tag?.1)
    }

    /// The anchors of a document that at least one alias uses.
    #[must_use]
    pub fn anchors(&self, document: &TreeDocument) -> &[Anchor] {
        self.anchors.get(document.anchors.0 as usize..document.anchors.1 as usize).unwrap_or(&[])
    }

    /// The node an alias stands for; any other node itself.
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        if node.kind == Kind::Alias && node.a != NONE { NodeId(node.a) } else { id }
    }

    /// Text of a scalar with escapes, folding and indentation undone; of an alias that of its node;
    /// of a collection the empty string.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &str {
        let node = self.node(self.resolve(id));
        let Kind::Scalar(style) = node.kind else { return "" };
        if node.a != NONE {
            return self.decoded.get(node.a as usize..node.b as usize).unwrap_or("");
        }
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                self.source.slice(Span::new(node.span.start() + 1, node.span.end().saturating_sub(1)))
            }
            _ => self.source.slice(node.span),
        }
    }

    /// The document a node belongs to.
    #[must_use]
    pub fn document_of(&self, id: NodeId) -> Option<&TreeDocument> {
        let mut top = id;
        while let Some(parent) = self.parent(top) {
            top = parent;
        }
        let next = self.documents.partition_point(|document| document.span.start <= self.span(top).start);
        let before = self.documents.get(..next)?;
        before.iter().rev().find(|document| document.root == Some(top))
    }
}
