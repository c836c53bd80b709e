//! Text of the input on its way to a terminal or to a build log.

use std::borrow::Cow;
use std::{fmt, io};

/// What stands for a character that would steer a terminal or reorder text: one of the same length
/// in bytes, so that spans stay right.
fn replacement(character: char) -> Option<char> {
    match character {
        '\t' | '\n' => None,
        '\0'..='\u{1f}' | '\u{7f}' => Some('?'),
        // C1 controls and the Arabic letter mark: two bytes.
        '\u{80}'..='\u{9f}' | '\u{61c}' => Some('¿'),
        // Marks, embeddings, overrides and isolates of direction; line and paragraph separator.
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('\u{fffd}'),
        // Zero width no-break space, where it is no byte order mark.
        '\u{feff}' => Some('\u{fffd}'),
        _ => None,
    }
}

/// The text without characters that steer a terminal; tabs, newlines and `\r\n` stay. The length in
/// bytes is the same.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    // Nearly all text is of these: look at blocks, without a branch for each byte.
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) | (byte == b'\n') | (byte == b'\t');
    if text.as_bytes().chunks(32).all(|block| block.iter().fold(true, |all, &byte| all & plain(byte))) {
        return Cow::Borrowed(text);
    }
    if !text.chars().any(|character| replacement(character).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut output = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let is_line_end = character == '\r' && characters.peek() == Some(&'\n');
        output.push(if is_line_end { character } else { replacement(character).unwrap_or(character) });
    }
    Cow::Owned(output)
}

/// The same on one line: newlines and tabs become blanks.
#[must_use]
pub fn clean_line(text: &str) -> String {
    let cleaned = clean(text);
    if !cleaned.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | b'\t')) {
        return cleaned.into_owned();
    }
    cleaned.replace(['\n', '\r', '\t'], " ")
}

/// Breaks `##[` and `##vso[`, which build runners take for commands anywhere in a line, by a mark of
/// no width.
#[must_use]
pub fn break_runner_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("##") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("##[", "#\u{200b}#[").replace("##vso[", "#\u{200b}#vso["))
}

/// Writes JSON text so that no build runner finds a command in it: `##` is the same to a JSON reader
/// when the second mark is escaped.
#[must_use]
pub fn json_text(text: &str) -> Cow<'_, str> {
    if text.contains("##") { Cow::Owned(text.replace("##", "#\\u0023")) } else { Cow::Borrowed(text) }
}

/// Passes JSON text on as [`json_text`] writes it, in the pieces in which it comes.
pub struct JsonPieces<'a> {
    told: &'a mut dyn fmt::Write,
    /// Whether the last byte was a mark that the next one may make a command of.
    open: bool,
}

impl<'a> JsonPieces<'a> {
    /// Passes on to a listener.
    pub fn new(told: &'a mut dyn fmt::Write) -> Self {
        Self { told, open: false }
    }

    fn pass_on(&mut self, piece: &str) -> fmt::Result {
        let rest = match piece.strip_prefix('#').filter(|_| self.open) {
            Some(rest) => {
                self.told.write_str("\\u0023")?;
                rest
            }
            None => piece,
        };
        if !piece.is_empty() {
            // Of three marks in a row the last one is the first of a pair.
            let marks = rest.len() - rest.trim_end_matches('#').len();
            self.open = marks % 2 == 1;
        }
        self.told.write_str(&json_text(rest))
    }
}

impl io::Write for JsonPieces<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let text = str::from_utf8(piece).map_err(io::Error::other)?;
        self.pass_on(text).map_err(io::Error::other)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn control_and_direction_marks_go_and_lengths_stay() {
        let text = "a\x1b[31m\u{9b}b\u{202e}\u{61c}c\tä\r\n\rd\u{7f}";
        let cleaned = clean(text);
        assert_eq!(cleaned, "a?[31m¿b\u{fffd}¿c\tä\r\n?d?");
        assert_eq!(cleaned.len(), text.len());
        assert!(matches!(clean("plain ä 😀\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn runner_commands_are_broken_and_json_keeps_its_meaning() {
        assert!(!break_runner_commands("x ##[error]y ##vso[z]").contains("##"));
        let json = serde_json::to_string("x ##[error] ###").unwrap();
        let safe = json_text(&json);
        assert!(!safe.contains("##"));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), "x ##[error] ###");
        for cut in ["", "#", "##", "a#", "#a", "###", "a##", "##a", "#a#"] {
            for end in ["", "#", "##", "###", "#a", "a#"] {
                let mut pieces = String::new();
                let mut writer = JsonPieces::new(&mut pieces);
                for piece in ["#", cut, end] {
                    writer.write_all(piece.as_bytes()).unwrap();
                }
                assert_eq!(pieces, json_text(&format!("#{cut}{end}")), "{cut} {end}");
            }
        }
    }
}
