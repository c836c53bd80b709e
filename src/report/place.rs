//! Spans as reports show them.

use serde::Serialize;

use crate::source::{Source, Span};

/// A span as 1-based lines and columns (in characters), beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Path with forward slashes, as given or found; `-` is standard input.
    pub path: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column one past the last character.
    pub end_column: u32,
    /// Offset of the first byte in the file.
    pub byte_start: u32,
    /// Offset one past the last byte.
    pub byte_end: u32,
}

impl Place {
    /// The whole span.
    #[must_use]
    pub fn new(source: &Source, span: Span) -> Self {
        let (start, end) = (source.line_column(span.start()), source.line_column(span.end()));
        Self {
            path: source.name().to_string(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            byte_start: span.start,
            byte_end: span.end,
        }
    }

    /// The part of the span on its first line.
    #[must_use]
    pub fn on_one_line(source: &Source, span: Span) -> Self {
        Self::new(source, first_line(source, span))
    }
}

/// The part of a span that lies on its first line, without blanks at the end.
#[must_use]
pub fn first_line(source: &Source, span: Span) -> Span {
    let text = source.slice(span);
    let line = text.split(['\n', '\r']).next().unwrap_or(text).trim_end();
    Span::new(span.start(), span.start() + line.len())
}
