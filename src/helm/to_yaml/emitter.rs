//! Bytes of a document: indentation, indicators, scalars.
//!
//! The rules are those of libyaml's emitter as go-yaml carries it, for block collections.

use super::Dialect;
use super::scalar::{Style, Traits, char_length, is_printable, line_break};
use crate::helm::rope::{Str, StrBuilder};
use crate::origin::OriginId;

/// Where lines are folded, in characters.
const WIDTH: usize = 80;
/// Longest key that is written without `? `, in bytes.
const SIMPLE_KEY: usize = 128;

/// A document being written.
pub(super) struct Emitter {
    output: StrBuilder,
    /// Origin of all that the emitter adds by itself.
    here: OriginId,
    dialect: Dialect,
    indent: Option<usize>,
    column: usize,
    /// Whether the last thing written was whitespace.
    whitespace: bool,
    /// Whether only indentation, `-`, `?` and `:` stand on the line so far.
    indention: bool,
}

impl Emitter {
    pub(super) fn new(dialect: Dialect, here: OriginId) -> Self {
        let output = StrBuilder::new();
        Self { output, here, dialect, indent: None, column: 0, whitespace: true, indention: true }
    }

    /// The document with its final line break.
    pub(super) fn finish(mut self) -> StrBuilder {
        self.indent = None;
        self.write_indent();
        self.output
    }

    fn put(&mut self, text: &[u8]) {
        self.output.push_whole(text, self.here);
        self.column += text.len();
    }

    fn put_break(&mut self) {
        self.output.push_whole(b"\n", self.here);
        self.column = 0;
        if self.dialect == Dialect::Version3 {
            self.indention = true;
        }
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break();
        }
        const SPACES: &[u8] = &[b' '; 64];
        while self.column < indent {
            self.put(&SPACES[..(indent - self.column).min(SPACES.len())]);
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &[u8], spaced: bool, keeps_indention: bool) {
        if spaced && !self.whitespace {
            self.put(b" ");
        }
        self.put(text);
        self.whitespace = false;
        self.indention &= keeps_indention;
    }

    /// An empty collection: `{}` or `[]`, which stands for the collection itself.
    pub(super) fn empty(&mut self, brackets: &[u8], origin: OriginId) {
        let here = self.here;
        if !origin.is_none() {
            self.here = origin;
        }
        let spaced = self.whitespace;
        if !spaced {
            self.output.push_whole(b" ", here);
            self.column += 1;
        }
        self.put(brackets);
        self.here = here;
        self.whitespace = false;
        self.indention = false;
    }

    /// Begins a block mapping; gives what [`Emitter::end`] wants.
    pub(super) fn begin_mapping(&mut self) -> Option<usize> {
        self.deepen(false)
    }

    /// Begins a block sequence; `in_mapping` if it is a mapping's value.
    pub(super) fn begin_sequence(&mut self, in_mapping: bool) -> Option<usize> {
        let indentless = in_mapping && !self.indention && self.dialect == Dialect::Version2;
        self.deepen(indentless)
    }

    fn deepen(&mut self, indentless: bool) -> Option<usize> {
        let outer = self.indent;
        self.indent = match outer {
            None => Some(0),
            Some(indent) if indentless => Some(indent),
            Some(indent) => Some(indent + 2),
        };
        outer
    }

    /// Ends a block collection.
    pub(super) fn end(&mut self, outer: Option<usize>) {
        self.indent = outer;
    }

    /// Begins an item of a sequence.
    pub(super) fn item(&mut self) {
        self.write_indent();
        self.indicator(b"-", true, true);
    }

    /// Writes a key and what stands between it and its value.
    pub(super) fn key(&mut self, key: &Str, wanted: Style) {
        self.write_indent();
        let traits = Traits::of(key.as_bytes(), self.dialect);
        if !traits.multiline && key.len() <= SIMPLE_KEY {
            self.styled(key, traits.style(wanted, true), true);
            self.indicator(b":", false, false);
        } else {
            self.indicator(b"?", true, true);
            self.styled(key, traits.style(wanted, false), false);
            self.write_indent();
            self.indicator(b":", true, true);
        }
    }

    /// Writes a string.
    pub(super) fn string(&mut self, text: &Str, wanted: Style) {
        let traits = Traits::of(text.as_bytes(), self.dialect);
        self.styled(text, traits.style(wanted, false), false);
    }

    /// Writes text that is plain whatever it looks like: a number, `true`, `null`.
    pub(super) fn word(&mut self, text: &[u8], origin: OriginId) {
        self.plain(&Str::whole(text, origin), true);
    }

    /// Writes base64 text under the tag `!!binary`.
    pub(super) fn binary(&mut self, text: &Str) {
        if !self.whitespace {
            self.put(b" ");
        }
        self.put(b"!!binary");
        self.whitespace = false;
        self.indention = false;
        let wanted = if text.as_bytes().contains(&b'\n') { Style::Literal } else { Style::Plain };
        self.string(text, wanted);
    }

    fn styled(&mut self, text: &Str, style: Style, simple_key: bool) {
        let outer = self.indent;
        self.indent = Some(outer.map_or(2, |indent| indent + 2));
        match style {
            Style::Plain => self.plain(text, simple_key),
            Style::SingleQuoted => self.single_quoted(text, simple_key),
            Style::DoubleQuoted => self.double_quoted(text, simple_key),
            Style::Literal => self.literal(text),
        }
        self.indent = outer;
    }

    /// Writes a part of a string as it is.
    fn copy(&mut self, text: &Str, from: usize, to: usize) {
        self.output.push_part(text, from..to);
        let bytes = text.as_bytes().get(from..to).unwrap_or_default();
        self.column += bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    }

    /// Whether a line may be folded at the space at `at`.
    fn folds(&self, bytes: &[u8], at: usize, simple_key: bool, after_space: bool) -> bool {
        self.dialect == Dialect::Version2
            && !simple_key
            && !after_space
            && self.column > WIDTH
            && bytes.get(at + 1) != Some(&b' ')
    }

    /// Whether nothing in a text can be folded, broken or escaped: it fits its line.
    fn fits(&self, bytes: &[u8]) -> bool {
        self.column + bytes.len() <= WIDTH && !bytes.iter().any(|byte| !matches!(byte, 0x20..=0x7E))
    }

    fn plain(&mut self, text: &Str, simple_key: bool) {
        let bytes = text.as_bytes();
        if !(self.whitespace || bytes.is_empty() && self.dialect == Dialect::Version3) {
            self.put(b" ");
        }
        if self.fits(bytes) {
            self.copy(text, 0, bytes.len());
        } else {
            self.flowed(text, simple_key, false);
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &Str, simple_key: bool) {
        self.indicator(b"'", true, false);
        let bytes = text.as_bytes();
        if self.fits(bytes) && !bytes.contains(&b'\'') {
            self.copy(text, 0, bytes.len());
        } else {
            self.flowed(text, simple_key, true);
        }
        self.indicator(b"'", false, false);
    }

    /// The body of a plain or single-quoted scalar.
    fn flowed(&mut self, text: &Str, simple_key: bool, quoted: bool) {
        let bytes = text.as_bytes();
        let (mut at, mut after_space, mut after_break) = (0, false, false);
        while at < bytes.len() {
            let rest = &bytes[at..];
            if rest[0] == b' ' {
                let inside = !quoted || at > 0 && at < bytes.len() - 1;
                if inside && self.folds(bytes, at, simple_key, after_space) {
                    self.write_indent();
                } else {
                    self.copy(text, at, at + 1);
                }
                at += 1;
                after_space = true;
            } else if let Some(length) = line_break(rest) {
                if !after_break && rest[0] == b'\n' {
                    self.put_break();
                }
                self.copy_break(text, at, length);
                at += length;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                if rest[0] == b'\'' && quoted {
                    self.put(b"'");
                }
                // Up to where something else than copying may be needed.
                let stop = |byte: &u8| matches!(byte, b' ' | b'\'' | b'\n' | b'\r' | 0xC2 | 0xE2);
                let length = char_length(rest);
                let more = rest.get(length..).unwrap_or_default();
                let length = length + more.iter().position(stop).unwrap_or(more.len());
                self.copy(text, at, at + length);
                at += length;
                self.indention = false;
                (after_space, after_break) = (false, false);
            }
        }
    }

    /// Writes a line break of the text itself.
    fn copy_break(&mut self, text: &Str, at: usize, length: usize) {
        self.copy(text, at, at + length);
        self.column = 0;
        self.indention = true;
    }

    fn double_quoted(&mut self, text: &Str, simple_key: bool) {
        self.indicator(b"\"", true, false);
        let bytes = text.as_bytes();
        if self.fits(bytes) && !bytes.iter().any(|byte| matches!(byte, b'"' | b'\\')) {
            self.copy(text, 0, bytes.len());
            return self.indicator(b"\"", false, false);
        }
        // At each character go-yaml asks whether the text begins with a byte order mark.
        let marked = bytes.starts_with(b"\xEF\xBB\xBF");
        let (mut at, mut after_space) = (0, false);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let width = char_length(rest);
            if rest[0] == b' ' && !marked {
                let inside = at > 0 && at < bytes.len() - 1;
                let full = self.dialect == Dialect::Version2 && self.column > WIDTH;
                if inside && full && !simple_key && !after_space {
                    self.write_indent();
                    if rest.get(1) == Some(&b' ') {
                        self.put(b"\\");
                    }
                } else {
                    self.copy(text, at, at + 1);
                }
                after_space = true;
            } else if marked
                || !is_printable(rest)
                || line_break(rest).is_some()
                || matches!(rest[0], b'"' | b'\\')
            {
                let escape = escape(&rest[..width]);
                let origin = text.origin_at(at);
                self.output.push_whole(escape.as_bytes(), origin);
                self.column += escape.len();
                after_space = false;
            } else {
                self.copy(text, at, at + width);
                after_space = false;
            }
            at += width;
        }
        self.indicator(b"\"", false, false);
    }

    fn literal(&mut self, text: &Str) {
        let bytes = text.as_bytes();
        self.indicator(b"|", true, false);
        if bytes.first() == Some(&b' ') || line_break(bytes).is_some() {
            self.indicator(b"2", false, false);
        }
        self.chomping(bytes);
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let (mut at, mut after_break) = (0, true);
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(length) = line_break(rest) {
                self.copy_break(text, at, length);
                at += length;
                after_break = true;
            } else {
                if after_break {
                    self.write_indent();
                }
                let width = char_length(rest);
                let stop = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0xC2 | 0xE2);
                let more = rest.get(width..).unwrap_or_default();
                let length = width + more.iter().position(stop).unwrap_or(more.len());
                self.copy(text, at, at + length);
                at += length;
                self.indention = false;
                after_break = false;
            }
        }
    }

    /// How a block scalar ends: `-` without a final break, `+` with several.
    fn chomping(&mut self, bytes: &[u8]) {
        let ends_with_break = |bytes: &[u8]| -> Option<usize> {
            let start = (0..bytes.len()).rev().find(|at| bytes[*at] & 0xC0 != 0x80)?;
            line_break(&bytes[start..]).map(|_| start)
        };
        match ends_with_break(bytes) {
            None => self.indicator(b"-", false, false),
            Some(0) => self.indicator(b"+", false, false),
            Some(at) if ends_with_break(&bytes[..at]).is_some() => self.indicator(b"+", false, false),
            Some(_) => {}
        }
    }
}

/// The escape of one character in double quotes.
fn escape(character: &[u8]) -> String {
    let code = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
    let code = u32::from(code.unwrap_or('\u{fffd}'));
    let letter = match code {
        0x00 => '0',
        0x07 => 'a',
        0x08 => 'b',
        0x09 => 't',
        0x0A => 'n',
        0x0B => 'v',
        0x0C => 'f',
        0x0D => 'r',
        0x1B => 'e',
        0x22 => '"',
        0x5C => '\\',
        0x85 => 'N',
        0xA0 => '_',
        0x2028 => 'L',
        0x2029 => 'P',
        _ if code <= 0xFF => return format!("\\x{code:02X}"),
        _ if code <= 0xFFFF => return format!("\\u{code:04X}"),
        _ => return format!("\\U{code:08X}"),
    };
    format!("\\{letter}")
}
