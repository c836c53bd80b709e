//! kubectl's way of splitting a text into documents.
//!
//! apimachinery's `YAMLReader` knows no YAML: a *line* that begins with `---` separates, also inside
//! a block scalar or a quoted string, and nothing but blanks and a comment may follow it. Lines end
//! at LF (with CR in front or not).

use crate::source::Span;

/// What kubectl would hand to its YAML parser as one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The bytes between the separators.
    pub span: Span,
    /// Where the parser begins to read: the separator line in front belongs to the chunk where
    /// nothing stands between it and the separator before (or the start of the file).
    pub read_from: usize,
    /// The `---` line in front, without its line break.
    pub separator: Option<Span>,
    /// The separator line *behind* the chunk that kubectl refuses, with the whole chunk.
    pub refused_by: Option<Span>,
}

/// Splits `text` from `start`.
pub(super) fn split(text: &str, start: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut chunk = Chunk { span: Span::at(start), read_from: start, separator: None, refused_by: None };
    let mut has_lines = false;
    let mut at = start;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        // Only lines that begin with `---` matter: jump from one to the next.
        let line_start = match next_separator(rest.as_bytes()) {
            Some(offset) => at + offset,
            None => text.len(),
        };
        has_lines |= line_start > at;
        if line_start == text.len() {
            break;
        }
        let line = text.get(line_start..).unwrap_or("");
        let length = line.find('\n').map_or(line.len(), |end| end + 1);
        let written = line.get(..length).unwrap_or("").trim_end_matches(['\n', '\r']);
        let separator = Span::new(line_start, line_start + written.len());
        let behind = written.get(3..).unwrap_or("").trim();
        chunk.span = Span::new(chunk.span.start(), line_start);
        let refused = !behind.is_empty() && !behind.starts_with('#');
        if refused {
            chunk.refused_by = Some(separator);
        }
        at = line_start + length;
        let read_from = if has_lines || refused { at } else { line_start };
        let first = chunks.is_empty() && chunk.separator.is_none();
        if has_lines || refused || !first {
            chunks.push(chunk);
        }
        chunk = Chunk { span: Span::at(at), read_from, separator: Some(separator), refused_by: None };
        has_lines = !(has_lines || refused);
    }
    chunk.span = Span::new(chunk.span.start(), text.len());
    chunks.push(chunk);
    chunks
}

/// Offset of the next line that begins with `---`; `text` begins with a line.
#[must_use]
pub fn next_separator(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"---") {
        return Some(0);
    }
    // The last byte of `\n---` that would stand here tells how far the next one is at least.
    let mut last = 3;
    loop {
        last += match text.get(last)? {
            b'-' if text.get(last - 3..last)? == b"\n--" => return Some(last - 2),
            b'-' => 1,
            b'\n' => 3,
            _ => 4,
        };
    }
}
