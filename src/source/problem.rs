//! [`Problem`]: trouble in the user's input, reported beside findings.

use std::sync::Arc;

use super::{Source, Span};

/// What a problem means for what was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// Something was not judged because of it: it decides the exit code.
    NotChecked,
    /// Everything was judged, but the input says less than its author thinks (a duplicate key's
    /// earlier value, text behind `...`).
    Warning,
}

/// Trouble in the user's input with its place.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Whether something stayed unchecked.
    pub kind: ProblemKind,
    /// One sentence without a full stop: what is wrong, in terms of the input.
    pub message: String,
    /// The text it is about; `None` where the file could not be read at all.
    pub source: Option<Arc<Source>>,
    /// Path as shown, also where `source` is absent.
    pub path: Arc<str>,
    /// Where in the source; ignored without one.
    pub span: Span,
    /// A short word on the span (`opened here`), if there is one.
    pub label: Option<String>,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place of a source.
    #[must_use]
    pub fn new(kind: ProblemKind, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        let (source, path) = (Some(Arc::clone(source)), Arc::clone(source.name()));
        Self { kind, message: message.into(), source, path, span, label: None, help: None }
    }

    /// A problem with a file whose text is not at hand.
    #[must_use]
    pub fn of_path(kind: ProblemKind, path: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        let span = Span::default();
        Self { kind, message: message.into(), source: None, path: path.into(), span, label: None, help: None }
    }

    /// The same with a label on the span.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
