//! Scalars: plain, quoted and block.

use crate::source::Span;

use super::ScalarStyle;
use super::builder::Builder;
use super::scan::Scanner;
use super::token::{SyntaxError, Token, TokenKind};

/// Bytes at which a plain scalar has to look closer.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b" \t\n\r:,?[]{}\xC2\xE2";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = true;
        at += 1;
    }
    table
};

/// Line breaks between two pieces of a folded scalar.
#[derive(Default)]
struct Fold {
    /// The first break; empty where there is none.
    first: &'static str,
    /// Those behind it.
    more: String,
}

impl Fold {
    /// What the breaks become: one is a space, further ones stay; LS and PS always stay.
    fn flush(&mut self, output: &mut String) {
        if self.first != "\n" {
            output.push_str(self.first);
            output.push_str(&self.more);
        } else if self.more.is_empty() {
            output.push(' ');
        } else {
            output.push_str(&self.more);
        }
        self.first = "";
        self.more.clear();
    }
}

impl Scanner<'_> {
    fn str(&self, start: usize, end: usize) -> &str {
        self.bytes.get(start..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }

    /// Takes the line break here and says what it reads as.
    fn take_break(&mut self, length: usize) -> &'static str {
        let read = match (self.peek(0), self.peek(2)) {
            (0xE2, 0xA8) => "\u{2028}",
            (0xE2, _) => "\u{2029}",
            _ => "\n",
        };
        self.next_line(length);
        read
    }

    pub(super) fn scan_plain(&mut self, builder: &mut Builder) -> Result<Token, SyntaxError> {
        let start = self.at;
        let least = self.indent + 1;
        let mut piece = start;
        let mut end = start;
        let mut decoded: Option<usize> = None;
        let mut fold = Fold::default();
        let mut crossed = false;
        loop {
            if self.document_indicator() || self.peek(0) == b'#' {
                break;
            }
            let run = self.at;
            self.skip_plain_run();
            if self.at > run {
                if crossed {
                    let text = &mut builder.tree.decoded;
                    decoded.get_or_insert(text.len());
                    text.push_str(self.str(piece, end));
                    fold.flush(text);
                    piece = run;
                    crossed = false;
                }
                end = self.at;
            }
            if self.at_end() || !self.blank_or_end(self.at) {
                break;
            }
            loop {
                match self.peek(0) {
                    b'\t' if crossed && self.column() < least => {
                        let span = Span::new(self.at, self.at + 1);
                        return Err(SyntaxError::new(span, "a tab where YAML allows only spaces")
                            .help("indent with spaces and leave no tab on an otherwise blank line"));
                    }
                    b' ' | b'\t' => self.at += 1,
                    _ => {
                        let length = self.break_len(self.at);
                        if length == 0 {
                            break;
                        }
                        let read = self.take_break(length);
                        if crossed {
                            fold.more.push_str(read);
                        } else {
                            fold.first = read;
                        }
                        crossed = true;
                    }
                }
            }
            if self.flow_level == 0 && self.column() < least {
                break;
            }
        }
        if crossed {
            self.key_allowed = true;
        }
        let mut token = Token::new(TokenKind::Scalar(ScalarStyle::Plain), start, end);
        if let Some(from) = decoded {
            let text = &mut builder.tree.decoded;
            text.push_str(self.str(piece, end));
            token.decoded = Some(Span::new(from, text.len()));
        }
        Ok(token)
    }

    /// Goes to the first blank, break or indicator that ends this run of a plain scalar.
    #[inline]
    fn skip_plain_run(&mut self) {
        let in_flow = self.flow_level > 0;
        loop {
            while let Some(&byte) = self.bytes.get(self.at)
                && !STOPS[byte as usize]
            {
                self.at += 1;
            }
            match self.bytes.get(self.at).copied() {
                None | Some(b' ' | b'\t' | b'\n' | b'\r') => return,
                Some(b':') if self.blank_or_end(self.at + 1) => return,
                Some(b',' | b'?' | b'[' | b']' | b'{' | b'}') if in_flow => return,
                Some(0xC2 | 0xE2) if self.break_len(self.at) > 0 => return,
                Some(_) => self.at += 1,
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, quote: u8, builder: &mut Builder) -> Result<Token, SyntaxError> {
        let style = if quote == b'"' { ScalarStyle::DoubleQuoted } else { ScalarStyle::SingleQuoted };
        let start = self.at;
        self.at += 1;
        let mut piece = self.at;
        let mut decoded: Option<usize> = None;
        let mut fold = Fold::default();
        loop {
            if self.at_end() || self.document_indicator() {
                let end = self.line_end(start);
                return Err(SyntaxError::new(
                    Span::new(start, end),
                    "the quoted string that begins here never ends",
                )
                .label("opened here"));
            }
            let byte = self.peek(0);
            match byte {
                b'"' if quote == b'"' => break,
                b'\'' if quote == b'\'' => {
                    if self.peek(1) != b'\'' {
                        break;
                    }
                    let text = &mut builder.tree.decoded;
                    decoded.get_or_insert(text.len());
                    text.push_str(self.str(piece, self.at + 1));
                    self.at += 2;
                    piece = self.at;
                }
                b'\\' if quote == b'"' => {
                    let text = &mut builder.tree.decoded;
                    decoded.get_or_insert(text.len());
                    text.push_str(self.str(piece, self.at));
                    let length = self.break_len(self.at + 1);
                    if length > 0 {
                        self.at += 1;
                        self.next_line(length);
                        self.fold_blanks(&mut fold, true);
                        text.push_str(&fold.more);
                        fold.more.clear();
                    } else {
                        self.escape(start, text)?;
                    }
                    piece = self.at;
                }
                b' ' | b'\t' | b'\n' | b'\r' | 0xC2 | 0xE2 => {
                    let blank = self.at;
                    if self.fold_blanks(&mut fold, false) {
                        let text = &mut builder.tree.decoded;
                        decoded.get_or_insert(text.len());
                        text.push_str(self.str(piece, blank));
                        fold.flush(text);
                        piece = self.at;
                    } else if self.at == blank {
                        self.at += 1;
                    }
                }
                _ => self.at += 1,
            }
        }
        let end = self.at;
        self.at += 1;
        let mut token = Token::new(TokenKind::Scalar(style), start, self.at);
        if let Some(from) = decoded {
            let text = &mut builder.tree.decoded;
            text.push_str(self.str(piece, end));
            token.decoded = Some(Span::new(from, text.len()));
        }
        Ok(token)
    }

    /// Goes over blanks and breaks; whether there was a break. `crossed` says that one came before.
    fn fold_blanks(&mut self, fold: &mut Fold, crossed: bool) -> bool {
        let mut any = crossed;
        loop {
            if matches!(self.peek(0), b' ' | b'\t') {
                self.at += 1;
                continue;
            }
            let length = self.break_len(self.at);
            if length == 0 {
                return any;
            }
            let read = self.take_break(length);
            if any {
                fold.more.push_str(read);
            } else {
                fold.first = read;
            }
            any = true;
        }
    }

    /// Reads one `\` escape of a double-quoted scalar. YAML 1.1 has no `\/`, and go-yaml no
    /// surrogate pairs.
    fn escape(&mut self, start: usize, text: &mut String) -> Result<(), SyntaxError> {
        let from = self.at;
        let digits = match self.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let refuse = |length: usize, message: &str| {
            Err(SyntaxError::new(Span::new(from, from + length), message.to_owned())
                .help("use single quotes where `\\` means itself"))
        };
        if digits > 0 {
            let code = self.bytes.get(from + 2..from + 2 + digits).unwrap_or(&[]);
            if code.len() < digits || !code.iter().all(u8::is_ascii_hexdigit) {
                return refuse(2, "hexadecimal digits are missing in this escape");
            }
            let value = u32::from_str_radix(self.str(from + 2, from + 2 + digits), 16).unwrap_or(u32::MAX);
            let Some(character) = char::from_u32(value) else {
                return refuse(2 + digits, "no character has this number (surrogates are refused)");
            };
            text.push(character);
            self.at += 2 + digits;
            return Ok(());
        }
        let character = match self.peek(1) {
            b'0' => '\0',
            b'a' => '\x07',
            b'b' => '\x08',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\x0B',
            b'f' => '\x0C',
            b'r' => '\r',
            b'e' => '\x1B',
            b' ' => ' ',
            b'"' => '"',
            b'\'' => '\'',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{A0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            0 => {
                let span = Span::new(start, self.line_end(start));
                return Err(SyntaxError::new(span, "the quoted string that begins here never ends")
                    .label("opened here"));
            }
            _ => return refuse(1, "unknown escape in a double-quoted string"),
        };
        text.push(character);
        self.at += 2;
        Ok(())
    }

    pub(super) fn scan_block(&mut self, literal: bool, builder: &mut Builder) -> Result<Token, SyntaxError> {
        let start = self.at;
        let (chomp, increment) = self.block_header(start)?;
        let header_end = self.at;
        while matches!(self.peek(0), b' ' | b'\t') {
            self.at += 1;
        }
        self.skip_comment(builder);
        if !self.at_end() {
            let length = self.break_len(self.at);
            if length == 0 {
                let span = Span::new(self.at, self.line_end(self.at));
                return Err(SyntaxError::new(span, "only a comment may follow `|` or `>` on its line")
                    .help("put the text on the next line, or quote it"));
            }
            self.next_line(length);
        }
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let from = builder.tree.decoded.len();
        let mut text = std::mem::take(&mut builder.tree.decoded);
        let body = self.block_body(start, literal, chomp, &mut indent, &mut text);
        builder.tree.decoded = text;
        let content_end = body?.unwrap_or(header_end);
        let style = if literal { ScalarStyle::Literal } else { ScalarStyle::Folded };
        let mut token = Token::new(TokenKind::Scalar(style), start, content_end);
        token.decoded = Some(Span::new(from, builder.tree.decoded.len()));
        Ok(token)
    }

    /// `|` or `>` with chomping and indentation indicators.
    fn block_header(&mut self, start: usize) -> Result<(Chomp, isize), SyntaxError> {
        self.at += 1;
        let mut chomp = Chomp::Clip;
        let mut increment = 0;
        let (mut sign_seen, mut digit_seen) = (false, false);
        loop {
            match self.peek(0) {
                sign @ (b'+' | b'-') if !sign_seen => {
                    chomp = if sign == b'+' { Chomp::Keep } else { Chomp::Strip };
                    sign_seen = true;
                }
                b'0' if !digit_seen => {
                    let span = Span::new(start, self.at + 1);
                    return Err(SyntaxError::new(span, "a block scalar cannot be indented by 0"));
                }
                digit @ b'1'..=b'9' if !digit_seen => {
                    increment = isize::from(digit - b'0');
                    digit_seen = true;
                }
                _ => return Ok((chomp, increment)),
            }
            self.at += 1;
        }
    }

    /// The lines of a block scalar; where its span ends, if there is a line.
    fn block_body(
        &mut self,
        start: usize,
        literal: bool,
        chomp: Chomp,
        indent: &mut isize,
        text: &mut String,
    ) -> Result<Option<usize>, SyntaxError> {
        let mut trailing = String::new();
        let mut leading = "";
        let mut end = None;
        let mut after_blank = false;
        let mut breaks_end = self.block_breaks(start, indent, &mut trailing)?;
        while self.column() == *indent && !self.at_end() {
            let blank = matches!(self.peek(0), b' ' | b'\t');
            if !literal && !after_blank && !blank && leading == "\n" {
                if trailing.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(leading);
            }
            text.push_str(&trailing);
            trailing.clear();
            after_blank = blank;
            let line = self.at;
            self.skip_line();
            text.push_str(self.str(line, self.at));
            end = Some(self.at);
            let length = self.break_len(self.at);
            // kubectl gives a last line without a line break one.
            leading = if length == 0 { "\n" } else { self.take_break(length) };
            breaks_end = self.block_breaks(start, indent, &mut trailing)?;
        }
        if chomp != Chomp::Strip {
            text.push_str(leading);
        }
        if chomp == Chomp::Keep {
            text.push_str(&trailing);
            end = end.or((!trailing.is_empty()).then_some(breaks_end)).map(|end| end.max(breaks_end));
        }
        Ok(end)
    }

    /// Indentation and blank lines in front of a line of a block scalar; detects the indentation
    /// where the header does not give it. Returns where the last blank line ends.
    fn block_breaks(
        &mut self,
        start: usize,
        indent: &mut isize,
        breaks: &mut String,
    ) -> Result<usize, SyntaxError> {
        let mut deepest = 0;
        let mut end = self.at;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.peek(0) == b' ' {
                self.at += 1;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.peek(0) == b'\t' {
                let span = Span::new(self.at, self.at + 1);
                let _ = start;
                return Err(SyntaxError::new(span, "a tab where a block scalar needs spaces")
                    .help("indent the text of `|` and `>` with spaces"));
            }
            let length = self.break_len(self.at);
            if length == 0 {
                break;
            }
            breaks.push_str(self.take_break(length));
            end = self.at;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(end)
    }
}

/// What becomes of line breaks at the end of a block scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    /// One is kept.
    Clip,
    /// None is kept (`-`).
    Strip,
    /// All are kept (`+`).
    Keep,
}
