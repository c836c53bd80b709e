//! Comments by position.

use crate::source::Span;

use super::SpanTree;

/// One comment, from its `#` to the end of the line without the line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
}

impl SpanTree {
    /// All comments of the source, by position, also those of documents that were refused as far
    /// as they were read.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The comments that start in `span`.
    #[must_use]
    pub fn comments_in(&self, span: Span) -> &[Comment] {
        let from = self.comments.partition_point(|comment| comment.span.start < span.start);
        let to = self.comments.partition_point(|comment| comment.span.start < span.end);
        self.comments.get(from..to).unwrap_or(&[])
    }

    /// Whether the byte at `offset` belongs to a comment.
    #[must_use]
    pub fn in_comment(&self, offset: usize) -> bool {
        let next = self.comments.partition_point(|comment| comment.span.end() <= offset);
        self.comments.get(next).is_some_and(|comment| comment.span.start() <= offset)
    }

    /// Text of a comment without the `#`.
    #[must_use]
    pub fn comment_text(&self, comment: &Comment) -> &str {
        self.source.slice(comment.span).trim_start_matches('#')
    }
}
