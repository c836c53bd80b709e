//! Tokens to nodes: the grammar of one document, without recursion.

use crate::source::Span;

use super::builder::Builder;
use super::scalar::CoreTag;
use super::scan::Scanner;
use super::token::{SyntaxError, Token, TokenKind};
use super::tree::{CollectionStyle, Kind, NodeId, Properties, ScalarStyle};

/// What was read of a document.
pub(super) struct Composed {
    /// Its top node, if it has one.
    pub root: Option<NodeId>,
    /// Where content begins that kubectl's parser drops without a word: behind `...`, or behind a
    /// complete top node.
    pub dropped: Option<Span>,
}

/// What the innermost open collection expects next.
#[derive(Clone, Copy)]
enum State {
    BlockItem,
    /// Items of a sequence at its key's own column, which has no end token.
    IndentlessItem,
    BlockKey,
    BlockValue,
    FlowItem {
        first: bool,
    },
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        first: bool,
    },
    FlowValue,
    /// A key in braces without `:`.
    FlowMissingValue,
}

/// Reads the document in `text[start..]`.
pub(super) fn compose(
    text: &str,
    start: usize,
    depth: usize,
    builder: &mut Builder,
) -> Result<Composed, SyntaxError> {
    let mut composer = Composer { scanner: Scanner::new(text, start, depth), builder, states: Vec::new() };
    composer.document()
}

struct Composer<'a, 'b> {
    scanner: Scanner<'a>,
    builder: &'b mut Builder,
    states: Vec<State>,
}

impl Composer<'_, '_> {
    fn token(&mut self) -> Result<Token, SyntaxError> {
        self.scanner.token(self.builder)
    }

    fn next_token(&mut self) -> Result<Token, SyntaxError> {
        self.scanner.take();
        self.token()
    }

    fn document(&mut self) -> Result<Composed, SyntaxError> {
        let mut token = self.token()?;
        if token.kind == TokenKind::StreamEnd {
            return Ok(Composed { root: None, dropped: None });
        }
        if token.kind == TokenKind::DocumentStart {
            let end = token.span.end();
            token = self.next_token()?;
            use TokenKind::{DocumentEnd, DocumentStart, StreamEnd};
            if matches!(token.kind, DocumentStart | DocumentEnd | StreamEnd) {
                self.empty(end)?;
                return Ok(Composed { root: self.builder.take_root(), dropped: self.rest(token) });
            }
        }
        self.node(true, false)?;
        while let Some(state) = self.states.pop() {
            self.step(state)?;
        }
        let token = self.token()?;
        Ok(Composed { root: self.builder.take_root(), dropped: self.rest(token) })
    }

    /// Content at or behind the token that ended the document.
    fn rest(&self, token: Token) -> Option<Span> {
        let mut at = match token.kind {
            TokenKind::StreamEnd => return None,
            TokenKind::DocumentEnd => token.span.end(),
            // `---` in a chunk stands only behind a bare CR.
            _ => token.span.start(),
        };
        // Blanks, line breaks and comments are no content.
        let bytes = self.scanner.bytes;
        let mut in_comment = false;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\n' | b'\r' => in_comment = false,
                b'#' if bytes.get(at - 1).is_none_or(u8::is_ascii_whitespace) => in_comment = true,
                b' ' | b'\t' => {}
                _ if in_comment => {}
                _ => return Some(Span::new(at, self.scanner.line_end(at))),
            }
            at += 1;
        }
        None
    }

    fn step(&mut self, state: State) -> Result<(), SyntaxError> {
        match state {
            State::BlockItem => self.block_item(),
            State::IndentlessItem => self.indentless_item(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowItem { first } => self.flow_item(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                self.builder.close(None);
                Ok(())
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(),
            State::FlowMissingValue => {
                let end = self.builder.last_end();
                self.empty(end)
            }
        }
    }

    fn empty(&mut self, at: usize) -> Result<(), SyntaxError> {
        self.builder.scalar(ScalarStyle::Plain, Span::at(at), None, None).map(|_| ())
    }

    /// Anchor and tag, in either order.
    fn properties(&mut self) -> Result<Option<Properties>, SyntaxError> {
        let mut properties: Option<Properties> = None;
        loop {
            let token = self.token()?;
            let (anchor, tag) = match token.kind {
                TokenKind::Anchor if properties.is_none_or(|found| found.anchor.is_none()) => {
                    (Some(token.span), None)
                }
                TokenKind::Tag if properties.is_none_or(|found| found.tag.is_none()) => {
                    let written = self.builder.tree.source.slice(token.span);
                    let Some(tag) = CoreTag::of(written) else {
                        return Err(SyntaxError::new(token.span, "this tag's prefix is declared nowhere"));
                    };
                    (None, Some((token.span, tag)))
                }
                _ => return Ok(properties),
            };
            let found = properties.get_or_insert(Properties { span: token.span, anchor: None, tag: None });
            found.span = found.span.to(token.span);
            found.anchor = found.anchor.or(anchor);
            found.tag = found.tag.or(tag);
            self.scanner.take();
        }
    }

    /// Reads one node, or opens it and leaves its inside to the states pushed.
    fn node(&mut self, block: bool, indentless: bool) -> Result<(), SyntaxError> {
        let token = self.token()?;
        if token.kind == TokenKind::Alias {
            self.builder.alias(token.span)?;
            self.scanner.take();
            return Ok(());
        }
        let properties = match token.kind {
            TokenKind::Anchor | TokenKind::Tag => self.properties()?,
            _ => None,
        };
        let token = self.token()?;
        let start = token.span.start();
        let (kind, state) = match token.kind {
            TokenKind::Scalar(style) => {
                self.builder.scalar(style, token.span, token.decoded, properties)?;
                self.scanner.take();
                return Ok(());
            }
            TokenKind::BlockEntry if indentless => {
                self.builder.open(Kind::Sequence(CollectionStyle::Block), start, properties)?;
                self.states.push(State::IndentlessItem);
                return Ok(());
            }
            TokenKind::BlockSequenceStart if block => {
                (Kind::Sequence(CollectionStyle::Block), State::BlockItem)
            }
            TokenKind::BlockMappingStart if block => (Kind::Mapping(CollectionStyle::Block), State::BlockKey),
            TokenKind::FlowSequenceStart => {
                (Kind::Sequence(CollectionStyle::Flow), State::FlowItem { first: true })
            }
            TokenKind::FlowMappingStart => {
                (Kind::Mapping(CollectionStyle::Flow), State::FlowKey { first: true })
            }
            _ => {
                let Some(properties) = properties else { return Err(self.no_node(token)) };
                let span = Span::at(properties.span.end());
                self.builder.scalar(ScalarStyle::Plain, span, None, Some(properties))?;
                return Ok(());
            }
        };
        self.builder.open(kind, start, properties)?;
        self.scanner.take();
        self.states.push(state);
        Ok(())
    }

    fn no_node(&self, token: Token) -> SyntaxError {
        let span = token.span;
        match token.kind {
            TokenKind::StreamEnd => SyntaxError::new(span, "the document ends where a value is expected"),
            TokenKind::BlockEntry => SyntaxError::new(span, "a list item cannot stand here"),
            TokenKind::FlowEntry => SyntaxError::new(span, "a value is missing in front of this `,`"),
            TokenKind::Key | TokenKind::Value => SyntaxError::new(span, "a key cannot stand here"),
            TokenKind::DocumentStart | TokenKind::DocumentEnd => {
                SyntaxError::new(span, "the document ends inside a value")
            }
            _ => {
                let text = self.builder.tree.source.slice(span);
                SyntaxError::new(span, format!("`{text}` cannot stand where a value is expected"))
            }
        }
    }

    fn expected(&self, token: Token, what: &str) -> SyntaxError {
        let message = match token.kind {
            TokenKind::StreamEnd => format!("the document ends where {what} is expected"),
            _ => format!("{what} is expected here"),
        };
        let span = match token.span.is_empty() {
            true => Span::new(token.span.start(), self.scanner.line_end(token.span.start())),
            false => token.span,
        };
        SyntaxError::new(span, message)
    }

    fn block_item(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        match token.kind {
            TokenKind::BlockEntry => {
                self.builder.set_indicator(token.span.start);
                let next = self.next_token()?;
                self.states.push(State::BlockItem);
                match next.kind {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => self.empty(token.span.end()),
                    _ => self.node(true, false),
                }
            }
            TokenKind::BlockEnd => {
                self.builder.close(None);
                self.scanner.take();
                Ok(())
            }
            _ => Err(self.expected(token, "a `-` at the list's column")),
        }
    }

    fn indentless_item(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        if token.kind != BlockEntry {
            self.builder.close(None);
            return Ok(());
        }
        self.builder.set_indicator(token.span.start);
        let next = self.next_token()?;
        self.states.push(State::IndentlessItem);
        use TokenKind::{BlockEnd, BlockEntry, Key, Value};
        match next.kind {
            BlockEntry | Key | Value | BlockEnd => self.empty(token.span.end()),
            _ => self.node(true, false),
        }
    }

    fn block_key(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        match token.kind {
            TokenKind::Key => {
                let next = self.next_token()?;
                self.states.push(State::BlockValue);
                match next.kind {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.empty(token.span.end()),
                    _ => self.node(true, true),
                }
            }
            TokenKind::BlockEnd => {
                self.builder.close(None);
                self.scanner.take();
                Ok(())
            }
            _ => Err(self.expected(token, "a `key:` at the mapping's column")),
        }
    }

    fn block_value(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        self.states.push(State::BlockKey);
        if token.kind != TokenKind::Value {
            let end = self.builder.last_end();
            return self.empty(end);
        }
        self.builder.set_indicator(token.span.start);
        match self.next_token()?.kind {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.empty(token.span.end()),
            _ => self.node(true, true),
        }
    }

    fn unclosed(&self, token: Token, close: &str) -> SyntaxError {
        if token.kind != TokenKind::StreamEnd {
            return self.expected(token, &format!("`,` or `{close}`"));
        }
        let span = self.builder.innermost().unwrap_or(token.span);
        SyntaxError::new(span, format!("this bracket is never closed by `{close}`")).label("opened here")
    }

    fn flow_item(&mut self, first: bool) -> Result<(), SyntaxError> {
        let mut token = self.token()?;
        if token.kind != TokenKind::FlowSequenceEnd && !first {
            if token.kind != TokenKind::FlowEntry {
                return Err(self.unclosed(token, "]"));
            }
            token = self.next_token()?;
        }
        match token.kind {
            TokenKind::FlowSequenceEnd => {
                self.builder.close(Some(token.span.end()));
                self.scanner.take();
                Ok(())
            }
            TokenKind::Key => {
                self.states.push(State::FlowItem { first: false });
                self.builder.open(Kind::Mapping(CollectionStyle::Flow), token.span.start(), None)?;
                self.scanner.take();
                self.states.push(State::PairKey);
                Ok(())
            }
            TokenKind::StreamEnd => Err(self.unclosed(token, "]")),
            _ => {
                self.states.push(State::FlowItem { first: false });
                self.node(false, false)
            }
        }
    }

    fn pair_key(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        self.states.push(State::PairValue);
        use TokenKind::{FlowEntry, FlowSequenceEnd, Value};
        if matches!(token.kind, Value | FlowEntry | FlowSequenceEnd) {
            // kubectl's parser swallows the token here, and with it the pair's value.
            self.scanner.take();
            return self.empty(token.span.start());
        }
        self.node(false, false)
    }

    fn pair_value(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        self.states.push(State::PairEnd);
        if token.kind != TokenKind::Value {
            let end = self.builder.last_end();
            return self.empty(end);
        }
        self.builder.set_indicator(token.span.start);
        match self.next_token()?.kind {
            TokenKind::FlowEntry | TokenKind::FlowSequenceEnd => self.empty(token.span.end()),
            _ => self.node(false, false),
        }
    }

    fn flow_key(&mut self, first: bool) -> Result<(), SyntaxError> {
        let mut token = self.token()?;
        if token.kind != TokenKind::FlowMappingEnd && !first {
            if token.kind != TokenKind::FlowEntry {
                return Err(self.unclosed(token, "}"));
            }
            token = self.next_token()?;
        }
        match token.kind {
            TokenKind::FlowMappingEnd => {
                self.builder.close(Some(token.span.end()));
                self.scanner.take();
                Ok(())
            }
            TokenKind::Key => {
                let next = self.next_token()?;
                self.states.push(State::FlowValue);
                use TokenKind::{FlowEntry, FlowMappingEnd, Value};
                match next.kind {
                    Value | FlowEntry | FlowMappingEnd => self.empty(next.span.start()),
                    _ => self.node(false, false),
                }
            }
            TokenKind::StreamEnd => Err(self.unclosed(token, "}")),
            _ => {
                self.states.push(State::FlowKey { first: false });
                self.states.push(State::FlowMissingValue);
                self.node(false, false)
            }
        }
    }

    fn flow_value(&mut self) -> Result<(), SyntaxError> {
        let token = self.token()?;
        self.states.push(State::FlowKey { first: false });
        if token.kind != TokenKind::Value {
            let end = self.builder.last_end();
            return self.empty(end);
        }
        self.builder.set_indicator(token.span.start);
        match self.next_token()?.kind {
            TokenKind::FlowEntry | TokenKind::FlowMappingEnd => self.empty(token.span.end()),
            _ => self.node(false, false),
        }
    }
}
