//! Layer 0: bytes and positions. Knows no format.
//!
//! A [`Source`] is one text with its name, its byte order mark and its newline style.
//! A [`Span`] is a byte range in it, a [`LineIndex`] turns offsets into lines and columns,
//! [`TextEdits`] change it, [`Files`] is how every layer above asks for bytes, and a
//! [`Problem`] is trouble found in the user's input.

mod edit;
mod files;
mod line_index;
mod problem;
mod span;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use edit::{Edit, EditConflict, TextEdits};
pub use files::{FileError, Files, Limits, MemoryFiles};
pub use line_index::{LineColumn, LineIndex};
pub use problem::{Problem, ProblemKind};
pub use span::Span;

/// The end-of-line sequence that new lines of a source get: the one most of its lines have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newline {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl Newline {
    /// The bytes themselves.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// Why bytes could not become a [`Source`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The bytes are not UTF-8 (kubectl would put U+FFFD there, and an edit would lose the byte).
    #[error("not UTF-8: invalid byte sequence")]
    InvalidUtf8 {
        /// Offset of the first byte that is not UTF-8.
        offset: usize,
    },
    /// A byte order mark says UTF-16 or UTF-32.
    #[error("encoded as {encoding}; only UTF-8 files are checked")]
    OtherEncoding {
        /// The encoding's name.
        encoding: &'static str,
    },
    /// The text holds a NUL, so it is a binary file.
    #[error("binary file: it holds a NUL byte")]
    Nul {
        /// Offset of the first NUL.
        offset: usize,
    },
    /// More than [`Span`] can address (4 GiB), or than the limit given.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

/// One text: a file, standard input, an editor buffer or a rendered document.
///
/// Offsets count from the first byte of the file, a byte order mark included, so that a span of
/// a source is a span of the file on disk.
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    byte_order_mark: bool,
    newline: OnceLock<Newline>,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// Wraps text that is known to be UTF-8 and free of NUL. `name` is the path as it is shown,
    /// with forward slashes.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let byte_order_mark = text.starts_with('\u{feff}');
        let (newline, lines) = (OnceLock::new(), OnceLock::new());
        Self { name: name.into(), text, byte_order_mark, newline, lines }
    }

    /// Reads bytes as UTF-8.
    ///
    /// # Errors
    /// Bytes that are not UTF-8, carry another encoding's byte order mark, hold a NUL, or do not
    /// fit 32-bit offsets.
    pub fn from_bytes(name: impl Into<Arc<str>>, bytes: impl AsRef<[u8]>) -> Result<Self, SourceError> {
        let bytes = bytes.as_ref();
        if bytes.len() as u64 >= u64::from(u32::MAX) {
            return Err(SourceError::TooLarge { limit: u64::from(u32::MAX) });
        }
        if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
            return Err(SourceError::OtherEncoding { encoding: "UTF-16" });
        }
        // `contains` is many times faster than `position`.
        if bytes.contains(&0) {
            let offset = bytes.iter().position(|&byte| byte == 0).unwrap_or_default();
            return Err(SourceError::Nul { offset });
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| SourceError::InvalidUtf8 { offset: error.valid_up_to() })?;
        Ok(Self::new(name, text))
    }

    /// The path as it is shown, with forward slashes; `-` for standard input.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text, a byte order mark included.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The text of a span; empty where the span does not lie on character boundaries inside it.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the text is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the text starts with U+FEFF.
    #[must_use]
    pub fn has_byte_order_mark(&self) -> bool {
        self.byte_order_mark
    }

    /// The newline that inserted lines get, found when it is first asked for.
    #[must_use]
    pub fn newline(&self) -> Newline {
        *self.newline.get_or_init(|| dominant_newline(&self.text))
    }

    /// Line starts, computed once.
    #[must_use]
    pub fn line_index(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// 1-based line and column (in characters) of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> LineColumn {
        self.line_index().line_column(&self.text, offset)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("len", &self.text.len()).finish()
    }
}

fn dominant_newline(text: &str) -> Newline {
    let bytes = text.as_bytes();
    let (mut crlf, mut lf) = (0usize, 0usize);
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' {
            if at > 0 && bytes[at - 1] == b'\r' { crlf += 1 } else { lf += 1 }
        }
    }
    if crlf > lf { Newline::CrLf } else { Newline::Lf }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newline_is_the_one_most_lines_have() {
        assert_eq!(Source::new("a", "a\r\nb\r\nc\n").newline(), Newline::CrLf);
        assert_eq!(Source::new("a", "a\r\nb\n").newline(), Newline::Lf);
        assert_eq!(Source::new("a", "").newline(), Newline::Lf);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        let refused = |bytes: &[u8]| Source::from_bytes("a", bytes).unwrap_err();
        assert_eq!(refused(b"ab\xff"), SourceError::InvalidUtf8 { offset: 2 });
        assert_eq!(refused(b"a\0"), SourceError::Nul { offset: 1 });
        assert_eq!(refused(&[0xFF, 0xFE, b'a', 0]), SourceError::OtherEncoding { encoding: "UTF-16" });
    }
}
