//! From text to tokens, by the rules of Go's `text/template`.

use super::quote;
use super::rune::{decode, is_print, is_word};
use crate::source::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Text as a whole; what is left of it after trimming is in [`Token::kept`].
    Text,
    /// A comment with its delimiters; `kept` is `/*` to `*/`.
    Comment,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParenthesis,
    RightParenthesis,
    /// Some other printable ASCII character.
    Character,
    CharacterConstant,
    Complex,
    Number,
    String,
    RawString,
    Bool,
    Dot,
    Field,
    Variable,
    Identifier,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
    /// The text cannot be read further; [`Tokens::error`] says why.
    Error,
    Eof,
}

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: Span,
    /// Text: what is left after trimming. Comments: the comment without delimiters. Else the span.
    pub kept: Span,
}

/// All tokens of a text. The last one is [`TokenKind::Eof`] or [`TokenKind::Error`].
#[derive(Debug)]
pub(super) struct Tokens {
    pub tokens: Vec<Token>,
    pub error: String,
}

const OPEN: &[u8] = b"{{";
const CLOSE: &[u8] = b"}}";

/// Reads a whole text.
pub(super) fn lex(text: &[u8]) -> Tokens {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::with_capacity(text.len() / 4 + 4), parentheses: 0 };
    let error = lexer.run().err().unwrap_or_default();
    Tokens { tokens: lexer.tokens, error }
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
    /// Parentheses open in the current action.
    parentheses: u32,
}

fn is_space(byte: Option<u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t' | b'\r' | b'\n'))
}

impl Lexer<'_> {
    fn run(&mut self) -> Result<(), String> {
        let mut trims = false;
        loop {
            trims = match self.text(trims) {
                None => return Ok(()),
                Some(comment @ (_, true)) => self.comment(comment.0)?,
                Some((open, false)) => {
                    self.push(TokenKind::LeftDelimiter, open);
                    self.action()?
                }
            };
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }

    fn starts_with(&self, at: usize, pattern: &[u8]) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(pattern))
    }

    /// Emits from `start` to here.
    fn push(&mut self, kind: TokenKind, start: usize) {
        let span = Span::new(start, self.at);
        self.tokens.push(Token { kind, span, kept: span });
    }

    /// Emits an error at `start`.
    fn fail<T>(&mut self, start: usize, message: impl Into<String>) -> Result<T, String> {
        let span = Span::new(start, self.at);
        self.tokens.push(Token { kind: TokenKind::Error, span, kept: span });
        Err(message.into())
    }

    /// Text up to the next action; `trims` where the action before it cuts white space. Leaves
    /// the place behind the opening delimiter; gives where that starts and whether a comment
    /// follows, `None` at the end.
    fn text(&mut self, trims: bool) -> Option<(usize, bool)> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let open = find(rest, OPEN).map(|at| start + at);
        let end = open.unwrap_or(self.text.len());
        let mut kept = Span::new(start, end);
        if trims {
            let cut = self
                .text
                .get(kept.range())
                .unwrap_or_default()
                .iter()
                .take_while(|&&byte| is_space(Some(byte)));
            kept.start += Span::at(cut.count()).start;
        }
        let behind = end + OPEN.len();
        let marker = open.is_some() && self.byte(behind) == Some(b'-') && is_space(self.byte(behind + 1));
        if marker {
            let kept_text = self.text.get(kept.range()).unwrap_or_default();
            let cut = kept_text.iter().rev().take_while(|&&byte| is_space(Some(byte)));
            kept.end -= Span::at(cut.count()).start;
        }
        if start < end {
            self.tokens.push(Token { kind: TokenKind::Text, span: Span::new(start, end), kept });
        }
        self.at = end;
        if open.is_none() {
            self.push(TokenKind::Eof, end);
            return None;
        }
        self.at = if marker { behind + 2 } else { behind };
        Some((end, self.starts_with(self.at, b"/*")))
    }

    /// A comment; `open` is where its delimiter starts. Whether it cuts white space behind it.
    fn comment(&mut self, open: usize) -> Result<bool, String> {
        let start = self.at;
        let inside = start + 2;
        let Some(length) = find(self.text.get(inside..).unwrap_or_default(), b"*/") else {
            return self.fail(start, "unclosed comment");
        };
        let end = inside + length + 2;
        let Some(trims) = self.right_delimiter(end) else {
            return self.fail(start, "comment ends before closing delimiter");
        };
        self.at = end + CLOSE.len() + if trims { 2 } else { 0 };
        let span = Span::new(open, self.at);
        self.tokens.push(Token { kind: TokenKind::Comment, span, kept: Span::new(start, end) });
        Ok(trims)
    }

    /// Whether a closing delimiter stands at `at`, and whether it has a trim marker.
    fn right_delimiter(&self, at: usize) -> Option<bool> {
        match self.byte(at)? {
            b'}' => self.closes(at).then_some(false),
            b' ' | b'\t' | b'\r' | b'\n' => {
                (self.byte(at + 1) == Some(b'-') && self.closes(at + 2)).then_some(true)
            }
            _ => None,
        }
    }

    /// Whether the bare delimiter stands at `at`.
    fn closes(&self, at: usize) -> bool {
        (self.byte(at), self.byte(at + 1)) == (Some(b'}'), Some(b'}'))
    }

    /// The inside of an action and its closing delimiter. Whether that cuts white space.
    fn action(&mut self) -> Result<bool, String> {
        self.parentheses = 0;
        loop {
            let start = self.at;
            if let Some(trims) = self.right_delimiter(start) {
                if self.parentheses > 0 {
                    return self.fail(start, "unclosed left paren");
                }
                self.at += CLOSE.len() + if trims { 2 } else { 0 };
                self.push(TokenKind::RightDelimiter, start);
                return Ok(trims);
            }
            self.token(start)?;
        }
    }

    fn token(&mut self, start: usize) -> Result<(), String> {
        let Some((character, width)) = decode(self.text.get(start..).unwrap_or_default()) else {
            return self.fail(start, "unclosed action");
        };
        self.at += width;
        let kind = match character {
            ' ' | '\t' | '\r' | '\n' => {
                self.space();
                TokenKind::Space
            }
            '=' => TokenKind::Assign,
            ':' if self.byte(self.at) == Some(b'=') => {
                self.at += 1;
                TokenKind::Declare
            }
            ':' => return self.fail(start, "expected :="),
            '|' => TokenKind::Pipe,
            '"' => self.quoted(start, b'"', "unterminated quoted string", TokenKind::String)?,
            '\'' => {
                let kind = TokenKind::CharacterConstant;
                self.quoted(start, b'\'', "unterminated character constant", kind)?
            }
            '`' => self.raw(start)?,
            '$' => self.word_after(start, TokenKind::Variable, TokenKind::Variable)?,
            '.' if self.at < self.text.len()
                && !self.byte(self.at).is_some_and(|next| next.is_ascii_digit()) =>
            {
                self.word_after(start, TokenKind::Field, TokenKind::Dot)?
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = start;
                self.number(start)?
            }
            '(' => {
                self.parentheses += 1;
                TokenKind::LeftParenthesis
            }
            ')' if self.parentheses == 0 => return self.fail(start, "unexpected right paren"),
            ')' => {
                self.parentheses -= 1;
                TokenKind::RightParenthesis
            }
            _ if is_word(character) => self.identifier(start)?,
            _ if character.is_ascii() && is_print(character) => TokenKind::Character,
            _ => {
                let message = format!("unrecognized character in action: {}", describe(character));
                return self.fail(start, message);
            }
        };
        self.push(kind, start);
        Ok(())
    }

    /// Goes to the end of white space, but for a character that belongs to a trim marker.
    fn space(&mut self) {
        while is_space(self.byte(self.at)) {
            self.at += 1;
        }
        if self.right_delimiter(self.at - 1) == Some(true) {
            self.at -= 1;
        }
    }

    fn quoted(&mut self, start: usize, quote: u8, error: &str, kind: TokenKind) -> Result<TokenKind, String> {
        loop {
            let byte = self.byte(self.at);
            self.at += 1;
            match byte {
                Some(b'\\') if !matches!(self.byte(self.at), None | Some(b'\n')) => self.at += 1,
                None | Some(b'\\' | b'\n') => return self.fail(start, error),
                Some(byte) if byte == quote => return Ok(kind),
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self, start: usize) -> Result<TokenKind, String> {
        match find(self.text.get(self.at..).unwrap_or_default(), b"`") {
            Some(length) => {
                self.at += length + 1;
                Ok(TokenKind::RawString)
            }
            None => self.fail(start, "unterminated raw quoted string"),
        }
    }

    /// A field or variable, whose dot or dollar sign has been read; `alone` where nothing follows.
    fn word_after(&mut self, start: usize, kind: TokenKind, alone: TokenKind) -> Result<TokenKind, String> {
        if self.at_terminator() {
            return Ok(alone);
        }
        self.word(start)?;
        Ok(kind)
    }

    fn identifier(&mut self, start: usize) -> Result<TokenKind, String> {
        self.word(start)?;
        Ok(match self.text.get(start..self.at).unwrap_or_default() {
            b"block" => TokenKind::Block,
            b"break" => TokenKind::Break,
            b"continue" => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"nil" => TokenKind::Nil,
            b"range" => TokenKind::Range,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        })
    }

    /// Goes to the end of a word, behind which a terminator must stand.
    fn word(&mut self, start: usize) -> Result<(), String> {
        loop {
            // Nearly all words are ASCII, which needs no decoding.
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            if self.at_terminator() {
                return Ok(());
            }
            match decode(self.text.get(self.at..).unwrap_or_default()) {
                Some((character, width)) if is_word(character) => self.at += width,
                Some((character, _)) => {
                    return self.fail(start, format!("bad character {}", describe(character)));
                }
                None => return Ok(()),
            }
        }
    }

    fn at_terminator(&self) -> bool {
        match self.byte(self.at) {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(b'}') => self.closes(self.at),
            Some(_) => false,
        }
    }

    fn number(&mut self, start: usize) -> Result<TokenKind, String> {
        let mut valid = self.scan_number();
        let mut kind = TokenKind::Number;
        if valid && matches!(self.byte(self.at), Some(b'+' | b'-')) {
            kind = TokenKind::Complex;
            valid = self.scan_number() && self.byte(self.at - 1) == Some(b'i');
        }
        if valid {
            return Ok(kind);
        }
        let spelling = quote(self.text.get(start..self.at).unwrap_or_default());
        self.fail(start, format!("bad number syntax: {spelling}"))
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.byte(self.at).is_some_and(|byte| set.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEXADECIMAL: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEXADECIMAL;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits {
            DECIMAL => b"eE",
            HEXADECIMAL => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        match decode(self.text.get(self.at..).unwrap_or_default()) {
            Some((character, width)) if is_word(character) => {
                self.at += width;
                false
            }
            _ => true,
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let (&first, rest) = pattern.split_first()?;
    let mut from = 0;
    loop {
        // Blocks without the first byte are passed over, without a branch for each of their bytes.
        while let Some(block) = text.get(from..from + BLOCK)
            && !block.iter().fold(false, |any, &byte| any | (byte == first))
        {
            from += BLOCK;
        }
        let at = from + text.get(from..)?.iter().position(|&byte| byte == first)?;
        if text.get(at + 1..)?.starts_with(rest) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// A character as Go's `%#U` shows it.
fn describe(character: char) -> String {
    let code = u32::from(character);
    if is_print(character) { format!("U+{code:04X} '{character}'") } else { format!("U+{code:04X}") }
}
