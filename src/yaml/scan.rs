//! Bytes to tokens: indentation, simple keys, indicators.
//!
//! The rules are those of the parser behind kubectl (libyaml's family, YAML 1.1): a *simple key* is
//! known as one only when its `:` follows, on the same line and within 1,024 characters, so tokens
//! wait in a queue until that is settled. Indentation opens and closes block collections.

use std::collections::VecDeque;

use crate::source::Span;

use super::builder::Builder;
use super::token::{SyntaxError, Token, TokenKind};

/// Longest simple key in characters (YAML 1.1, section 7.4.2).
const SIMPLE_KEY: usize = 1024;

/// A place where a simple key may have begun.
#[derive(Clone, Copy)]
struct SimpleKey {
    start: usize,
    line_start: usize,
    /// Number of the token in front of which `Key` goes.
    token: usize,
    /// At this column nothing but a key can stand.
    required: bool,
    /// Whether tokens wait in the queue for its `:`.
    awaited: bool,
    /// Up to where its characters are counted, and how many they are.
    counted: (usize, usize),
}

/// The outermost level or the inside of one flow collection.
#[derive(Clone, Copy, Default)]
struct Level {
    key: Option<SimpleKey>,
    /// Whether a key could have begun in it at all.
    any: bool,
}

/// Reads the tokens of one document.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Where the line of `at` begins; columns count from there.
    pub(super) line_start: usize,
    /// Column of the innermost block collection; -1 outside.
    pub(super) indent: isize,
    pub(super) flow_level: usize,
    pub(super) key_allowed: bool,
    indents: Vec<isize>,
    levels: Vec<Level>,
    queue: VecDeque<Token>,
    taken: usize,
    depth: usize,
    ended: bool,
}

impl<'a> Scanner<'a> {
    /// Reads `text` from `start` to its end. Offsets are those of `text`.
    pub(super) fn new(text: &'a str, start: usize, depth: usize) -> Self {
        // A byte order mark in front takes no column.
        let mark = text.get(start..).is_some_and(|rest| rest.starts_with('\u{feff}'));
        let start = start + if mark { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            bytes: text.as_bytes(),
            at: start,
            line_start: start,
            indent: -1,
            flow_level: 0,
            key_allowed: true,
            indents: Vec::new(),
            levels: vec![Level::default()],
            queue: VecDeque::with_capacity(16),
            taken: 0,
            depth,
            ended: false,
        }
    }

    /// The byte `ahead` of the current one; 0 behind the end (documents hold no NUL).
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    #[inline]
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(super) fn column(&self) -> isize {
        (self.at - self.line_start).cast_signed()
    }

    /// Length of the line break at an offset: CR LF, CR, LF, NEL, LS or PS; 0 where there is none.
    #[inline]
    pub(super) fn break_len(&self, offset: usize) -> usize {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(0);
        match byte(offset) {
            b'\n' => 1,
            b'\r' if byte(offset + 1) == b'\n' => 2,
            b'\r' => 1,
            0xC2 if byte(offset + 1) == 0x85 => 2,
            0xE2 if byte(offset + 1) == 0x80 && matches!(byte(offset + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    /// Whether a blank, a line break or the end stands at an offset.
    #[inline]
    pub(super) fn blank_or_end(&self, offset: usize) -> bool {
        match self.bytes.get(offset).copied() {
            None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
            Some(0xC2 | 0xE2) => self.break_len(offset) > 0,
            _ => false,
        }
    }

    /// Goes over a line break of `length` bytes.
    #[inline]
    pub(super) fn next_line(&mut self, length: usize) {
        self.at += length;
        self.line_start = self.at;
    }

    /// Whether `---` or `...` stands here as an indicator.
    pub(super) fn document_indicator(&self) -> bool {
        self.at == self.line_start
            && matches!((self.peek(0), self.peek(1), self.peek(2)), (b'-', b'-', b'-') | (b'.', b'.', b'.'))
            && self.blank_or_end(self.at + 3)
    }

    /// Goes to the line break, or the end.
    pub(super) fn skip_line(&mut self) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let stop = rest.iter().position(|&byte| matches!(byte, b'\n' | b'\r' | 0xC2 | 0xE2));
            let Some(stop) = stop else {
                self.at = self.bytes.len();
                return;
            };
            self.at += stop;
            if self.break_len(self.at) > 0 {
                return;
            }
            self.at += 1;
        }
    }

    /// Goes over a comment, if one starts here.
    pub(super) fn skip_comment(&mut self, builder: &mut Builder) {
        if self.peek(0) != b'#' {
            return;
        }
        let start = self.at;
        self.skip_line();
        builder.push_comment(start, self.at);
    }

    /// The next token without taking it.
    pub(super) fn token(&mut self, builder: &mut Builder) -> Result<Token, SyntaxError> {
        while !self.ended && self.needs_more()? {
            self.fetch(builder)?;
        }
        let end = self.bytes.len();
        Ok(self.queue.front().copied().unwrap_or_else(|| Token::new(TokenKind::StreamEnd, end, end)))
    }

    /// Takes the token that [`Scanner::token`] returned.
    pub(super) fn take(&mut self) {
        if self.queue.pop_front().is_some() {
            self.taken += 1;
        }
    }

    /// Whether the first token in the queue may still get a `Key` in front of it.
    fn needs_more(&mut self) -> Result<bool, SyntaxError> {
        if self.queue.is_empty() {
            return Ok(true);
        }
        // Keys of outer levels stand before those of inner ones.
        let first = self.levels.iter().position(|level| level.key.is_some_and(|key| key.awaited));
        match first.and_then(|at| Some((at, self.levels.get(at)?.key?))) {
            Some((level, key)) if key.token == self.taken => self.still_possible(level),
            _ => Ok(false),
        }
    }

    /// Whether the possible key of a level may still become one; forgets it if not.
    fn still_possible(&mut self, level: usize) -> Result<bool, SyntaxError> {
        let Some(key) = self.levels.get(level).and_then(|level| level.key) else { return Ok(false) };
        if key.line_start == self.line_start
            && (self.at <= key.start + SIMPLE_KEY || self.characters(level, key) <= SIMPLE_KEY)
        {
            return Ok(true);
        }
        if key.required {
            return Err(missing_colon(key.start, self.line_end(key.start)));
        }
        if let Some(level) = self.levels.get_mut(level) {
            level.key = None;
        }
        Ok(false)
    }

    /// Characters since a possible key began; each is counted once.
    fn characters(&mut self, level: usize, key: SimpleKey) -> usize {
        let (from, before) = key.counted;
        let bytes = self.bytes.get(from..self.at).unwrap_or(&[]);
        let count = before + bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        if let Some(key) = self.levels.get_mut(level).and_then(|level| level.key.as_mut()) {
            key.counted = (self.at, count);
        }
        count
    }

    pub(super) fn line_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or(&[]);
        let length = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r').unwrap_or(rest.len());
        from + length
    }

    fn save_key(&mut self) -> Result<(), SyntaxError> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.column();
        let token = self.taken + self.queue.len();
        let key = SimpleKey {
            start: self.at,
            line_start: self.line_start,
            token,
            required,
            awaited: true,
            counted: (self.at, 0),
        };
        self.forget_key()?;
        if let Some(level) = self.levels.last_mut() {
            *level = Level { key: Some(key), any: true };
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), SyntaxError> {
        match self.levels.last_mut().and_then(|level| level.key.take()) {
            Some(key) if key.required => Err(missing_colon(key.start, self.line_end(key.start))),
            _ => Ok(()),
        }
    }

    fn insert(&mut self, number: usize, token: Token) {
        let place = number.checked_sub(self.taken).unwrap_or(usize::MAX);
        self.queue.insert(place.min(self.queue.len()), token);
    }

    fn indicator(&mut self, kind: TokenKind, length: usize) {
        self.queue.push_back(Token::new(kind, self.at, self.at + length));
        self.at += length;
    }

    /// Opens a block collection where the column is deeper than the innermost one.
    fn indent_to(
        &mut self,
        column: isize,
        number: Option<usize>,
        kind: TokenKind,
        at: usize,
    ) -> Result<(), SyntaxError> {
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        if self.indents.len() >= self.depth {
            let message = format!("nested deeper than {} levels", self.depth);
            return Err(SyntaxError::new(Span::new(at, at + 1), message));
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token::new(kind, at, at);
        match number {
            Some(number) => self.insert(number, token),
            None => self.queue.push_back(token),
        }
        Ok(())
    }

    fn unindent_to(&mut self, column: isize) {
        while self.flow_level == 0 && self.indent > column {
            self.queue.push_back(Token::new(TokenKind::BlockEnd, self.at, self.at));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Goes over blanks, comments and line breaks.
    fn skip_to_token(&mut self, builder: &mut Builder) {
        loop {
            while self.peek(0) == b' '
                || (self.peek(0) == b'\t' && (self.flow_level > 0 || !self.key_allowed))
            {
                self.at += 1;
            }
            self.skip_comment(builder);
            let length = self.break_len(self.at);
            if length == 0 {
                return;
            }
            self.next_line(length);
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    fn fetch(&mut self, builder: &mut Builder) -> Result<(), SyntaxError> {
        self.skip_to_token(builder);
        self.unindent_to(self.column());
        if self.at_end() {
            self.unindent_to(-1);
            self.forget_key()?;
            self.key_allowed = false;
            self.ended = true;
            self.indicator(TokenKind::StreamEnd, 0);
            return Ok(());
        }
        let first = self.peek(0);
        if self.at == self.line_start {
            if first == b'%' {
                let span = Span::new(self.at, self.line_end(self.at));
                return Err(SyntaxError::new(span, "kubectl refuses documents with a `%` directive")
                    .help("remove the line; Kubernetes needs no directive"));
            }
            if self.document_indicator() {
                self.unindent_to(-1);
                self.forget_key()?;
                self.key_allowed = false;
                let start = first == b'-';
                self.indicator(if start { TokenKind::DocumentStart } else { TokenKind::DocumentEnd }, 3);
                return Ok(());
            }
        }
        let spaced = self.blank_or_end(self.at + 1);
        let in_flow = self.flow_level > 0;
        match first {
            b'[' => self.flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.flow_start(TokenKind::FlowMappingStart),
            b']' => self.flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.flow_end(TokenKind::FlowMappingEnd),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.indicator(TokenKind::FlowEntry, 1);
                Ok(())
            }
            b'-' if spaced => self.block_entry(),
            b'?' if in_flow || spaced => self.explicit_key(),
            b':' if in_flow || spaced => self.value(),
            b'*' => self.anchor(TokenKind::Alias),
            b'&' => self.anchor(TokenKind::Anchor),
            b'!' => self.tag(),
            b'|' | b'>' if !in_flow => {
                self.forget_key()?;
                self.key_allowed = true;
                let token = self.scan_block(first == b'|', builder)?;
                self.queue.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.scan_quoted(first, builder)?;
                self.queue.push_back(token);
                Ok(())
            }
            b'\t' => {
                let span = Span::new(self.at, self.at + 1);
                Err(SyntaxError::new(span, "a tab where YAML allows only spaces")
                    .help("indent with spaces and leave no tab on an otherwise blank line"))
            }
            b'#' | b'%' | b'@' | b'`' | b'|' | b'>' => {
                let span = Span::new(self.at, self.at + 1);
                let message = format!("`{}` cannot begin a value", char::from(first));
                Err(SyntaxError::new(span, message).help("quote the value"))
            }
            _ => {
                self.save_key()?;
                self.key_allowed = false;
                let token = self.scan_plain(builder)?;
                self.queue.push_back(token);
                Ok(())
            }
        }
    }

    fn flow_start(&mut self, kind: TokenKind) -> Result<(), SyntaxError> {
        self.save_key()?;
        if self.flow_level >= self.depth {
            let message = format!("nested deeper than {} levels", self.depth);
            return Err(SyntaxError::new(Span::new(self.at, self.at + 1), message));
        }
        self.levels.push(Level::default());
        self.flow_level += 1;
        self.key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn flow_end(&mut self, kind: TokenKind) -> Result<(), SyntaxError> {
        self.forget_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let inner = self.levels.pop().unwrap_or_default();
            // go-yaml's quirk: behind an empty collection it no longer waits for the `:` that would
            // make the collection a key, and drops what follows.
            if let Some(key) = self.levels.last_mut().and_then(|level| level.key.as_mut()) {
                key.awaited &= inner.any;
            }
        }
        self.key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                let span = Span::new(self.at, self.at + 1);
                return Err(SyntaxError::new(span, "a list cannot begin on the line of its key")
                    .help("put the `-` on a line of its own, or quote the value"));
            }
            self.indent_to(self.column(), None, TokenKind::BlockSequenceStart, self.at)?;
        }
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    fn explicit_key(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                let span = Span::new(self.at, self.at + 1);
                return Err(SyntaxError::new(span, "`?` cannot begin a key here").help("quote the value"));
            }
            self.indent_to(self.column(), None, TokenKind::BlockMappingStart, self.at)?;
        }
        self.forget_key()?;
        self.key_allowed = self.flow_level == 0;
        self.indicator(TokenKind::Key, 1);
        Ok(())
    }

    fn value(&mut self) -> Result<(), SyntaxError> {
        let level = self.levels.len().saturating_sub(1);
        if self.still_possible(level)?
            && let Some(key) = self.levels.get_mut(level).and_then(|level| level.key.take())
        {
            self.insert(key.token, Token::new(TokenKind::Key, key.start, key.start));
            let column = (key.start - key.line_start).cast_signed();
            self.indent_to(column, Some(key.token), TokenKind::BlockMappingStart, key.start)?;
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    let span = Span::new(self.at, self.at + 1);
                    return Err(SyntaxError::new(
                        span,
                        "a second `:` on the line: no mapping can begin here",
                    )
                    .help("quote the value, or put the mapping on lines of its own"));
                }
                self.indent_to(self.column(), None, TokenKind::BlockMappingStart, self.at)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.indicator(TokenKind::Value, 1);
        Ok(())
    }

    fn name_length(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or(&[]);
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        rest.iter().position(|byte| !word(byte)).unwrap_or(rest.len())
    }

    fn anchor(&mut self, kind: TokenKind) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let length = 1 + self.name_length(self.at + 1);
        let next = self.bytes.get(self.at + length).copied().unwrap_or(0);
        let ends = self.blank_or_end(self.at + length)
            || matches!(next, b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if length == 1 || !ends {
            let span = Span::new(self.at, self.at + length);
            let what = if kind == TokenKind::Alias { "alias" } else { "anchor" };
            let message = format!("the name of an {what} is made of letters, digits, `-` and `_`");
            return Err(SyntaxError::new(span, message).help("quote a value that begins with `*` or `&`"));
        }
        self.indicator(kind, length);
        Ok(())
    }

    fn tag(&mut self) -> Result<(), SyntaxError> {
        self.save_key()?;
        self.key_allowed = false;
        let start = self.at;
        let uri = |byte: u8| byte.is_ascii_alphanumeric() || b"-_;/?:@&=+$,.!~*'()[]%".contains(&byte);
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let verbatim = self.peek(1) == b'<';
        let from = if verbatim { 2 } else { 1 };
        let body = rest.get(from..).unwrap_or(&[]);
        let length = body.iter().position(|&byte| !uri(byte)).unwrap_or(body.len());
        let mut end = from + length;
        let refuse = |end: usize| {
            Err(SyntaxError::new(Span::new(start, start + end), "not a tag")
                .help("quote a value that begins with `!`"))
        };
        if verbatim {
            if length == 0 || self.peek(end) != b'>' {
                return refuse(end);
            }
            end += 1;
        }
        let written = rest.get(..end).unwrap_or(&[]);
        if !self.blank_or_end(start + end) || !escapes_are_whole(written) || handle_without_suffix(written) {
            return refuse(end);
        }
        self.indicator(TokenKind::Tag, end);
        Ok(())
    }
}

/// Whether each `%` in a tag is followed by two hexadecimal digits.
fn escapes_are_whole(tag: &[u8]) -> bool {
    let hex = |at: usize| tag.get(at).is_some_and(u8::is_ascii_hexdigit);
    tag.iter().enumerate().all(|(at, &byte)| byte != b'%' || (hex(at + 1) && hex(at + 2)))
}

/// `!!` or `!name!` with nothing behind.
fn handle_without_suffix(tag: &[u8]) -> bool {
    let inner = tag.get(1..).unwrap_or(&[]);
    let name = inner.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    name.is_some_and(|length| inner.get(length) == Some(&b'!') && inner.len() == length + 1)
}

fn missing_colon(start: usize, end: usize) -> SyntaxError {
    SyntaxError::new(Span::new(start, end), "this line is no `key: value`").label("a `:` is missing")
}
