//! Offset to line and column and back, in characters, UTF-8 bytes and UTF-16 units.

/// A place for people: both 1-based, the column counted in characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineColumn {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in characters.
    pub column: u32,
}

/// Where each line of a text starts. Lines end at `\n` (so `\r\n` too); a bare `\r` is no line end.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl LineIndex {
    /// Scans `text` once.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let newlines = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self { starts: std::iter::once(0).chain(newlines.map(|(at, _)| narrow(at + 1))).collect() }
    }

    /// Number of lines; text after the last newline counts, also when it is empty.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// 0-based line that holds `offset`.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= offset).saturating_sub(1)
    }

    /// Byte offset at which the 0-based line starts.
    #[must_use]
    pub fn line_start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).map(|&start| start as usize)
    }

    /// Byte range of the 0-based line without its line end.
    #[must_use]
    pub fn line_range(&self, text: &str, line: usize) -> Option<std::ops::Range<usize>> {
        let start = self.line_start(line)?;
        let end = self.line_start(line + 1).map_or(text.len(), |next| next - 1);
        let end = if end > start && text.as_bytes().get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        Some(start..end)
    }

    /// 1-based line and character column of an offset; an offset past the end is the end, one
    /// inside a character that character's start.
    #[must_use]
    pub fn line_column(&self, text: &str, offset: usize) -> LineColumn {
        let offset = floor_boundary(text, offset);
        let line = self.line_of(offset);
        let start = self.line_start(line).unwrap_or(0);
        let column = text[start..offset].trim_start_matches('\u{feff}').chars().count();
        LineColumn { line: narrow(line + 1), column: narrow(column + 1) }
    }

    /// 0-based line and UTF-16 column of an offset, as the Language Server Protocol counts.
    #[must_use]
    pub fn utf16_position(&self, text: &str, offset: usize) -> (u32, u32) {
        let offset = floor_boundary(text, offset);
        let line = self.line_of(offset);
        let start = self.line_start(line).unwrap_or(0);
        (narrow(line), narrow(text[start..offset].encode_utf16().count()))
    }

    /// Byte offset of a 0-based line and UTF-16 column; a column past the line's end is its end.
    #[must_use]
    pub fn offset_of_utf16(&self, text: &str, line: u32, column: u32) -> Option<usize> {
        let range = self.line_range(text, line as usize)?;
        let mut units = 0u32;
        for (at, character) in text[range.clone()].char_indices() {
            if units >= column {
                return Some(range.start + at);
            }
            units += narrow(character.len_utf16());
        }
        Some(range.end)
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_utf16_units() {
        let text = "a\r\nä😀b\n";
        let index = LineIndex::new(text);
        let b = text.find('b').unwrap();
        assert_eq!(index.line_column(text, b), LineColumn { line: 2, column: 3 });
        assert_eq!(index.utf16_position(text, b), (1, 3));
        assert_eq!(index.offset_of_utf16(text, 1, 3), Some(b));
        assert_eq!(index.line_range(text, 0), Some(0..1));
        assert_eq!(index.line_count(), 3);
    }

    #[test]
    fn offsets_past_the_end_and_inside_characters_do_not_panic() {
        let text = "ä";
        let index = LineIndex::new(text);
        assert_eq!(index.line_column(text, 1).column, 1);
        assert_eq!(index.line_column(text, 99).column, 2);
    }
}
