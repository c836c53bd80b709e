//! The characters and words of TOML.

use super::DecodeError;
use crate::helm::unicode;

/// What is wrong where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

pub(super) type Lexed<T> = Result<T, Fault>;

impl Fault {
    /// The error, with the key that was read last.
    pub(super) fn with_key(self, last_key: String) -> DecodeError {
        DecodeError::Syntax { line: self.line, last_key, message: self.message }
    }
}

/// A text being read.
pub(super) struct Lexer<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    /// The current line, from 1.
    pub(super) line: usize,
    /// Whether the end was met by the last read.
    at_end: bool,
}

/// A string that was read: where its inside is, and what it says where that differs.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) decoded: Option<Vec<u8>>,
}

/// A character as Go's `%q` shows it; the end of the text as NUL.
pub(super) fn quote_char(character: Option<char>) -> String {
    let character = character.unwrap_or('\0');
    match character {
        '\'' => "'\\''".to_owned(),
        '\\' => "'\\\\'".to_owned(),
        '\u{7}' => "'\\a'".to_owned(),
        '\u{8}' => "'\\b'".to_owned(),
        '\t' => "'\\t'".to_owned(),
        '\n' => "'\\n'".to_owned(),
        '\u{b}' => "'\\v'".to_owned(),
        '\u{c}' => "'\\f'".to_owned(),
        '\r' => "'\\r'".to_owned(),
        _ if unicode::is_print(character) => format!("'{character}'"),
        '\0'..='\u{7f}' => format!("'\\x{:02x}'", u32::from(character)),
        _ if u32::from(character) < 0x1_0000 => format!("'\\u{:04x}'", u32::from(character)),
        _ => format!("'\\U{:08x}'", u32::from(character)),
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

pub(super) fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, line: 1, at_end: false }
    }

    /// An error here; at the end of the text it belongs to the line that ended last.
    pub(super) fn fault<T>(&self, message: impl Into<String>) -> Lexed<T> {
        let ended = self.at_end && self.at >= 1 && self.text.get(self.at - 1) == Some(&b'\n');
        Err(Fault { line: self.line - usize::from(ended), message: message.into() })
    }

    /// An error on the line before.
    pub(super) fn fault_before<T>(&self, message: impl Into<String>) -> Lexed<T> {
        Err(Fault { line: self.line.saturating_sub(1), message: message.into() })
    }

    /// Takes the next character; `None` at the end.
    pub(super) fn next(&mut self) -> Lexed<Option<char>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some((character, width)) = unicode::runes(rest.get(..4).unwrap_or(rest)).next() else {
            self.at_end = true;
            return Ok(None);
        };
        self.at_end = false;
        let line = self.line + usize::from(character == '\n');
        if character == '\u{fffd}' && width == 1 {
            let byte = rest.first().copied().unwrap_or(0);
            return Err(Fault { line, message: format!("invalid UTF-8 byte: 0x{byte:02x}") });
        }
        let lonely = character == '\r' && rest.get(1) != Some(&b'\n');
        if lonely || character.is_ascii_control() && !matches!(character, '\t' | '\r' | '\n') {
            let code = u32::from(character);
            let message = format!("TOML files cannot contain control characters: '0x{code:02x}'");
            return Err(Fault { line, message });
        }
        self.line = line;
        self.at += width;
        Ok(Some(character))
    }

    /// The next character, which stays.
    pub(super) fn peek(&mut self) -> Lexed<Option<char>> {
        let (at, line) = (self.at, self.line);
        let next = self.next()?;
        (self.at, self.line) = (at, line);
        Ok(next)
    }

    /// Takes the next character if it is this one.
    pub(super) fn accept(&mut self, wanted: char) -> Lexed<bool> {
        let found = self.peek()? == Some(wanted);
        if found {
            self.next()?;
        }
        Ok(found)
    }

    pub(super) fn blanks(&mut self) -> Lexed<()> {
        while self.peek()?.is_some_and(is_blank) {
            self.next()?;
        }
        Ok(())
    }

    /// Skips a comment whose `#` was taken.
    pub(super) fn comment(&mut self) -> Lexed<()> {
        while self.peek()?.is_some_and(|character| !is_line_end(character)) {
            self.next()?;
        }
        Ok(())
    }

    /// Takes characters as long as they belong.
    pub(super) fn run(&mut self, belongs: fn(char) -> bool) -> Lexed<()> {
        while self.peek()?.is_some_and(belongs) {
            self.next()?;
        }
        Ok(())
    }

    /// A part of a key: bare, or in quotes.
    pub(super) fn key_part(&mut self) -> Lexed<Word> {
        match self.peek()? {
            Some('"') => {
                self.next()?;
                self.basic_string()
            }
            Some('\'') => {
                self.next()?;
                self.raw_string()
            }
            _ => {
                let start = self.at;
                self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))?;
                Ok(Word { start, end: self.at, decoded: None })
            }
        }
    }

    /// A string in double quotes, of which the first was taken.
    pub(super) fn basic_string(&mut self) -> Lexed<Word> {
        let start = self.at;
        let mut decoded: Option<Vec<u8>> = None;
        let mut copied = start;
        loop {
            let here = self.at;
            match self.next()? {
                None => return self.fault("unexpected EOF; expected '\"'"),
                Some(character) if is_line_end(character) => {
                    return self.fault_before("strings cannot contain newlines");
                }
                Some('\\') => {
                    let character = self.escape()?;
                    let output = decoded.get_or_insert_with(Vec::new);
                    output.extend_from_slice(self.text.get(copied..here).unwrap_or_default());
                    output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    copied = self.at;
                }
                Some('"') => {
                    if let Some(output) = &mut decoded {
                        output.extend_from_slice(self.text.get(copied..here).unwrap_or_default());
                    }
                    return Ok(Word { start, end: here, decoded });
                }
                Some(_) => {}
            }
        }
    }

    /// A string in single quotes, of which the first was taken.
    pub(super) fn raw_string(&mut self) -> Lexed<Word> {
        let start = self.at;
        loop {
            let here = self.at;
            match self.next()? {
                None => return self.fault("unexpected EOF; expected \"'\""),
                Some(character) if is_line_end(character) => {
                    return self.fault_before("strings cannot contain newlines");
                }
                Some('\'') => return Ok(Word { start, end: here, decoded: None }),
                Some(_) => {}
            }
        }
    }

    /// A string of several lines, behind its three quotes.
    pub(super) fn multiline(&mut self, quote: char) -> Lexed<Word> {
        // A line end right behind the quotes is no part of it.
        let rest = self.text.get(self.at..).unwrap_or_default();
        let skip = if rest.starts_with(b"\n") {
            1
        } else if rest.starts_with(b"\r\n") {
            2
        } else {
            0
        };
        for _ in 0..skip {
            self.next()?;
        }
        let start = self.at;
        let mut output = Vec::new();
        let (mut copied, mut changed) = (start, false);
        loop {
            let here = self.at;
            match self.next()? {
                None if quote == '"' => return self.fault("unexpected EOF; expected '\"\"\"'"),
                None => return self.fault("unexpected EOF; expected \"'''\""),
                Some('\\') if quote == '"' => {
                    output.extend_from_slice(self.text.get(copied..here).unwrap_or_default());
                    changed = true;
                    if !self.line_continuation()? {
                        let character = self.escape()?;
                        output.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    copied = self.at;
                }
                Some(character) if character == quote => {
                    let rest = self.text.get(here..).unwrap_or_default();
                    let quotes = rest.iter().take_while(|byte| char::from(**byte) == quote).count();
                    if quotes < 3 {
                        continue;
                    }
                    if quotes > 5 {
                        let six = quote.to_string().repeat(6);
                        let around = if quote == '"' { '\'' } else { '"' };
                        return self.fault(format!("unexpected {around}{six}{around}"));
                    }
                    // Up to two quotes may stand before the closing three.
                    let end = here + quotes - 3;
                    self.at = here + quotes;
                    output.extend_from_slice(self.text.get(copied..end).unwrap_or_default());
                    return Ok(Word { start, end, decoded: changed.then_some(output) });
                }
                Some(_) => {}
            }
        }
    }

    /// Skips blanks and line ends behind a backslash that ends its line; `false` where it does not.
    fn line_continuation(&mut self) -> Lexed<bool> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        let ends = rest.get(..length).unwrap_or_default().contains(&b'\n');
        for _ in 0..if ends { length } else { 0 } {
            self.next()?;
        }
        Ok(ends)
    }

    /// The character that an escape stands for; its backslash was taken.
    fn escape(&mut self) -> Lexed<char> {
        let start = self.at;
        Ok(match self.next()? {
            Some('b') => '\u{8}',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('e') => '\u{1b}',
            Some(same @ ('"' | '\\')) => same,
            Some('x') => return self.code(start, 2, "two", 'x'),
            Some('u') => return self.code(start, 4, "four", 'u'),
            Some('U') => return self.code(start, 8, "eight", 'U'),
            Some(blank @ (' ' | '\t')) => return self.fault(format!("invalid escape: '\\{blank}'")),
            other => {
                let shown = other.unwrap_or('\0');
                return self.fault(format!("invalid escape in string '\\{shown}'"));
            }
        })
    }

    fn code(&mut self, start: usize, digits: usize, count: &str, letter: char) -> Lexed<char> {
        let mut value = 0u32;
        for _ in 0..digits {
            match self.next()?.and_then(|character| character.to_digit(16)) {
                Some(digit) => value = value.wrapping_mul(16).wrapping_add(digit),
                None => {
                    let shown = String::from_utf8_lossy(self.text.get(start..self.at).unwrap_or_default());
                    let message = format!(
                        "expected {count} hexadecimal digits after '\\{letter}', but got {shown:?} instead"
                    );
                    return self.fault(message);
                }
            }
        }
        match char::from_u32(value) {
            Some(character) => Ok(character),
            None => {
                let shown = String::from_utf8_lossy(self.text.get(start + 1..self.at).unwrap_or_default());
                self.fault(format!("Escaped character '\\u{shown}' is not valid UTF-8."))
            }
        }
    }
}
