//! [`Location`]: a place in a source. [`ResourceId`]: an object by name and place.

use std::fmt;
use std::sync::Arc;

use crate::source::{Source, Span};

/// A span of a source.
#[derive(Clone, Debug)]
pub struct Location {
    /// The text; its name is the path as shown.
    pub source: Arc<Source>,
    /// The bytes.
    pub span: Span,
}

impl Location {
    /// A place in a source.
    #[must_use]
    pub fn new(source: &Arc<Source>, span: Span) -> Self {
        Self { source: Arc::clone(source), span }
    }

    /// The path as shown.
    #[must_use]
    pub fn path(&self) -> &Arc<str> {
        self.source.name()
    }
}

/// An object, by what Kubernetes calls it and by where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// `apps/v1`
    pub api_version: String,
    /// `Deployment`
    pub kind: String,
    /// `metadata.namespace`, where it is written.
    pub namespace: Option<String>,
    /// `metadata.name`; empty where there is none.
    pub name: String,
    /// 0-based document in its file, empty documents counted.
    pub document: usize,
    /// 0-based item, where the document is a list.
    pub item: Option<usize>,
}

impl fmt::Display for ResourceId {
    /// `Deployment/web`, or `Deployment` alone without a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() { f.write_str(&self.kind) } else { write!(f, "{}/{}", self.kind, self.name) }
    }
}
