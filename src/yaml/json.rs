//! JSON as kubectl reads it where a file begins with `{`: a stream of values, one after the other,
//! with Go's strict syntax. The nodes are those of the same text as YAML flow style.

use crate::source::Span;

use super::builder::Builder;
use super::token::SyntaxError;
use super::tree::{CollectionStyle, Kind, NodeId, ScalarStyle};

/// Whether kubectl takes the stream for JSON: a `{` behind blanks only, within the first 4,096
/// bytes.
pub(super) fn looks_like_json(text: &str) -> bool {
    let at = text.find(|first: char| !first.is_whitespace()).unwrap_or(text.len());
    at < 4096 && text.get(at..).is_some_and(|rest| rest.starts_with('{'))
}

/// Offset of the next value of the stream; `None` at the end.
pub(super) fn next_value(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.find(|byte: char| !matches!(byte, ' ' | '\t' | '\n' | '\r')).map(|at| from + at)
}

/// Reads one value at `start`; returns its node and where it ends.
pub(super) fn value(text: &str, start: usize, builder: &mut Builder) -> Result<(NodeId, usize), SyntaxError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: start, builder };
    reader.value()?;
    let end = reader.at;
    let root = reader.builder.take_root();
    root.map(|root| (root, end)).ok_or_else(|| SyntaxError::new(Span::at(start), "a JSON value is expected"))
}

struct Reader<'a, 'b> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    builder: &'b mut Builder,
}

impl Reader<'_, '_> {
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn expected(&self, what: &str) -> SyntaxError {
        let length = self.text.get(self.at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        SyntaxError::new(Span::new(self.at, self.at + length), format!("JSON: {what} is expected here"))
    }

    /// One value without recursion: `open` holds the closing bracket of each open collection.
    fn value(&mut self) -> Result<(), SyntaxError> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.skip_blanks();
            // A value, or the end of an empty collection right behind its bracket.
            match self.peek() {
                b'{' => {
                    self.builder.open(Kind::Mapping(CollectionStyle::Flow), self.at, None)?;
                    self.at += 1;
                    self.skip_blanks();
                    open.push(b'}');
                    if self.peek() != b'}' {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.builder.open(Kind::Sequence(CollectionStyle::Flow), self.at, None)?;
                    self.at += 1;
                    self.skip_blanks();
                    open.push(b']');
                    if self.peek() != b']' {
                        continue;
                    }
                }
                b'"' => self.string()?,
                _ => self.word()?,
            }
            // Whatever ends here, and the next comma.
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                self.skip_blanks();
                if self.peek() == close {
                    self.at += 1;
                    self.builder.close(Some(self.at));
                    open.pop();
                } else if self.peek() == b',' {
                    self.at += 1;
                    if close == b'}' {
                        self.skip_blanks();
                        self.key()?;
                    }
                    break;
                } else {
                    return Err(self.expected(if close == b'}' { "`,` or `}`" } else { "`,` or `]`" }));
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.peek() != b'"' {
            return Err(self.expected("a key in double quotes"));
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != b':' {
            return Err(self.expected("`:`"));
        }
        self.builder.set_indicator(u32::try_from(self.at).unwrap_or(u32::MAX));
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut piece = self.at;
        let mut from: Option<usize> = None;
        loop {
            match self.bytes.get(self.at).copied() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let text = &mut self.builder.tree.decoded;
                    from.get_or_insert(text.len());
                    text.push_str(self.text.get(piece..self.at).unwrap_or(""));
                    let character = self.escape()?;
                    self.builder.tree.decoded.push(character);
                    piece = self.at;
                }
                None | Some(0..=0x1F) => {
                    let span = Span::new(start, self.at);
                    return Err(SyntaxError::new(span, "JSON: this string does not end on its line"));
                }
                Some(_) => self.at += 1,
            }
        }
        let decoded = from.map(|from| {
            let text = &mut self.builder.tree.decoded;
            text.push_str(self.text.get(piece..self.at).unwrap_or(""));
            Span::new(from, text.len())
        });
        self.at += 1;
        self.builder.scalar(ScalarStyle::DoubleQuoted, Span::new(start, self.at), decoded, None)?;
        Ok(())
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten()
    }

    /// The character of an escape; a surrogate without its other half is U+FFFD, as in Go.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let refuse = |at| Err(SyntaxError::new(Span::new(at, at + 1), "JSON: unknown escape"));
        let from = self.at;
        self.at += 2;
        Ok(match self.bytes.get(from + 1).copied() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\x08',
            Some(b'f') => '\x0C',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(unit) = self.hex4(from + 2) else { return refuse(from) };
                self.at = from + 6;
                if let 0xD800..=0xDBFF = unit
                    && self.text.get(from + 6..from + 8) == Some("\\u")
                    && let Some(low @ 0xDC00..=0xDFFF) = self.hex4(from + 8)
                {
                    self.at = from + 12;
                    let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    return Ok(char::from_u32(code).unwrap_or('\u{FFFD}'));
                }
                char::from_u32(unit).unwrap_or('\u{FFFD}')
            }
            _ => return refuse(from),
        })
    }

    /// `true`, `false`, `null` or a number.
    fn word(&mut self) -> Result<(), SyntaxError> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = rest.iter().position(|byte| !word(byte)).unwrap_or(rest.len());
        let written = self.text.get(start..start + length).unwrap_or("");
        if !matches!(written, "true" | "false" | "null") && !is_number(written) {
            return Err(self.expected("a value"));
        }
        self.at += length;
        self.builder.scalar(ScalarStyle::Plain, Span::new(start, self.at), None, None)?;
        Ok(())
    }
}

/// RFC 8259 section 6.
fn is_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && bytes.get(at) == Some(&b'0')) {
        return false;
    }
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}
