//! From tokens to the tree, by the grammar of Go's `text/template`.
//!
//! Error texts and their lines are Go's: Go reports the line of the token it read last, looking
//! ahead included, so [`Parser::furthest`] follows that.

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{
    Action, Arm, Block, Branch, BranchKind, Call, Chain, Command, Comment, Declaration, Define, Definition,
    Delimiters, Else, Fields, Function, Item, Keyword, Number, Operand, Parenthesized, Pipeline, Template,
    TemplateName, Text, Variable, is_empty,
};
use super::lex::{Token, TokenKind, Tokens, lex};
use super::{quote, unquote};
use crate::source::Span;

/// Most control structures, and most parentheses, inside each other. Charts need about 20; Go
/// allows 10,000 parentheses.
const DEEPEST: u32 = 200;

/// How many words are found without a hash.
const LATEST: usize = 64;

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template: {name}:{line}: {message}")]
pub struct ParseError {
    /// The template's name.
    pub name: Arc<str>,
    /// 1-based line, as Go counts it.
    pub line: u32,
    /// What is wrong, in Go's words.
    pub message: String,
    /// The token at which it was noticed.
    pub span: Span,
}

/// Parses one text. `functions` says which functions there are: a name's number comes back in
/// [`Function::number`], `None` makes the name an error.
///
/// # Errors
/// The text is no template, calls an unknown function or reads an undeclared variable.
pub fn parse(
    name: impl Into<Arc<str>>,
    text: impl Into<Arc<[u8]>>,
    functions: &dyn Fn(&str) -> Option<u32>,
) -> Result<Template, ParseError> {
    let (name, text) = (name.into(), text.into());
    let Tokens { tokens, error } = lex(&text);
    let mut parser = Parser {
        name: Arc::clone(&name),
        text: &text,
        tokens: &tokens,
        error: &error,
        functions,
        next: 0,
        tree: Tree::default(),
        definitions: Vec::new(),
        named: HashMap::new(),
        words: HashMap::with_capacity((text.len() / 64).min(200)),
        latest: [const { None }; LATEST],
        items: Vec::new(),
        commands: Vec::new(),
        operands: Vec::new(),
        names: Vec::new(),
        parentheses: 0,
        controls: 0,
    };
    let items = parser.file()?;
    let definitions = parser.definitions;
    Ok(Template { name, text, items, definitions })
}

/// What Go keeps for each named template while it parses.
#[derive(Default)]
struct Tree {
    /// Index of the last token read.
    furthest: usize,
    /// Variables in scope, and how often each is declared.
    variables: Vec<Arc<str>>,
    declared: HashMap<Arc<str>, u32>,
    /// Start of the action being read.
    action: Option<usize>,
    ranges: u32,
}

struct Parser<'a> {
    name: Arc<str>,
    text: &'a [u8],
    tokens: &'a [Token],
    error: &'a str,
    functions: &'a dyn Fn(&str) -> Option<u32>,
    /// Index of the next token.
    next: usize,
    tree: Tree,
    definitions: Vec<Definition>,
    /// Which of them counts for a name.
    named: HashMap<Arc<str>, usize>,
    /// One string for each name that occurs.
    words: HashMap<&'a [u8], Arc<str>>,
    /// Some of them, each at a place that follows from its bytes.
    latest: [Option<(&'a [u8], Arc<str>)>; LATEST],
    // What is read of the lists that are open, the innermost last: lists are short and many, and so each
    // is allocated once, when its length is known.
    items: Vec<Item>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
    names: Vec<Arc<str>>,
    parentheses: u32,
    controls: u32,
}

/// How a list of items ended.
enum Ending {
    End(Keyword),
    Else { open: Span, word: Span },
}

type Parsed<T> = Result<T, ParseError>;

/// Takes off what a stack holds from `from` on.
fn take_from<T>(stack: &mut Vec<T>, from: usize) -> Vec<T> {
    stack.drain(from.min(stack.len())..).collect()
}

impl<'a> Parser<'a> {
    // Tokens.

    fn at(&self, index: usize) -> Token {
        let nothing = Token { kind: TokenKind::Eof, span: Span::default(), kept: Span::default() };
        self.tokens.get(index).or(self.tokens.last()).copied().unwrap_or(nothing)
    }

    fn peek(&mut self) -> Token {
        self.tree.furthest = self.tree.furthest.max(self.next);
        self.at(self.next)
    }

    fn advance(&mut self) -> Token {
        let token = self.peek();
        self.next = (self.next + 1).min(self.tokens.len());
        token
    }

    fn advance_non_space(&mut self) -> Token {
        self.skip_space();
        self.advance()
    }

    fn peek_non_space(&mut self) -> Token {
        self.skip_space();
        self.peek()
    }

    fn skip_space(&mut self) {
        while self.peek().kind == TokenKind::Space {
            self.next += 1;
        }
    }

    fn slice(&self, span: Span) -> &'a [u8] {
        self.text.get(span.range()).unwrap_or_default()
    }

    fn word(&mut self, span: Span) -> Arc<str> {
        let bytes = self.slice(span);
        // A word is mostly one of the latest, which is found without a hash.
        let ends = bytes.iter().take(4).chain(bytes.last()).map(|&byte| usize::from(byte));
        let place = (bytes.len() + ends.sum::<usize>()) % LATEST;
        if let Some(Some((known, word))) = self.latest.get(place)
            && *known == bytes
        {
            return Arc::clone(word);
        }
        let word = self.words.entry(bytes).or_insert_with(|| Arc::from(String::from_utf8_lossy(bytes)));
        let word = Arc::clone(word);
        if let Some(latest) = self.latest.get_mut(place) {
            *latest = Some((bytes, Arc::clone(&word)));
        }
        word
    }

    // Errors.

    fn line(&self, offset: usize) -> u32 {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let count = before.iter().filter(|&&byte| byte == b'\n').count();
        u32::try_from(count + 1).unwrap_or(u32::MAX)
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        let span = self.at(self.tree.furthest).span;
        let line = self.line(span.start());
        Err(ParseError { name: Arc::clone(&self.name), line, message: message.into(), span })
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Parsed<T> {
        if token.kind != TokenKind::Error {
            return self.fail(format!("unexpected {} in {context}", self.describe(token)));
        }
        let mut message = self.error.to_owned();
        if let Some(action) = self.tree.action
            && self.line(action) != self.line(token.span.start())
        {
            let started = format!(" in action started at {}:{}", self.name, self.line(action));
            let skip = if message.ends_with(" action") { " in action".len() } else { 0 };
            message.push_str(started.get(skip..).unwrap_or_default());
        }
        self.fail(message)
    }

    /// A token as Go's errors show it.
    fn describe(&self, token: Token) -> String {
        use TokenKind as Kind;
        let text = match token.kind {
            Kind::Eof => return "EOF".to_owned(),
            Kind::Text => self.slice(token.kept),
            Kind::LeftDelimiter => b"{{",
            Kind::RightDelimiter => b"}}",
            _ => self.slice(token.span),
        };
        match token.kind {
            Kind::Dot
            | Kind::Block
            | Kind::Break
            | Kind::Continue
            | Kind::Define
            | Kind::Else
            | Kind::End
            | Kind::If
            | Kind::Nil
            | Kind::Range
            | Kind::Template
            | Kind::With => {
                return format!("<{}>", String::from_utf8_lossy(text));
            }
            _ => {}
        }
        if text.len() > 10 {
            let mut rest = text;
            for _ in 0..10 {
                let width = super::decode(rest).map_or(0, |(_, width)| width);
                rest = rest.get(width..).unwrap_or_default();
            }
            let short = text.get(..text.len() - rest.len()).unwrap_or_default();
            return format!("{}...", quote(short));
        }
        quote(text)
    }

    fn right_delimiter(&mut self, context: &str) -> Parsed<Span> {
        let token = self.advance_non_space();
        if token.kind == TokenKind::RightDelimiter { Ok(token.span) } else { self.unexpected(token, context) }
    }

    // Variables.

    fn declare(&mut self, name: &Arc<str>) {
        self.tree.variables.push(Arc::clone(name));
        *self.tree.declared.entry(Arc::clone(name)).or_default() += 1;
    }

    fn forget_variables(&mut self, keep: usize) {
        for name in self.tree.variables.drain(keep.min(self.tree.variables.len())..) {
            if let Some(count) = self.tree.declared.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    // Items.

    fn file(&mut self) -> Parsed<Vec<Item>> {
        loop {
            let open = self.peek();
            if open.kind == TokenKind::Eof {
                let items = take_from(&mut self.items, 0);
                return match self.named.get(&self.name) {
                    Some(&other) if self.clashes(other, &items) => self.twice(&self.name),
                    _ => Ok(items),
                };
            }
            if open.kind == TokenKind::LeftDelimiter {
                let start = self.next;
                self.advance();
                let word = self.advance_non_space();
                if word.kind == TokenKind::Define {
                    let define = self.define(open.span, word.span)?;
                    self.items.push(define);
                    continue;
                }
                self.next = start;
            }
            match self.item()? {
                None => {}
                Some(Ending::Else { .. }) => return self.fail("unexpected {{else}}"),
                Some(Ending::End(_)) => return self.fail("unexpected {{end}}"),
            }
        }
    }

    /// Items up to `end`, `else` or the end of the text, which is an error here.
    fn list(&mut self) -> Parsed<(Vec<Item>, Ending)> {
        self.controls += 1;
        if self.controls > DEEPEST {
            return self.fail("max nesting depth exceeded");
        }
        let from = self.items.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            if let Some(ending) = self.item()? {
                self.controls -= 1;
                return Ok((take_from(&mut self.items, from), ending));
            }
        }
        self.fail("unexpected EOF")
    }

    fn item(&mut self) -> Parsed<Option<Ending>> {
        let token = self.advance_non_space();
        match token.kind {
            TokenKind::Text => self.items.push(Item::Text(Text { span: token.span, kept: token.kept })),
            TokenKind::Comment => {
                let open = Span::new(token.span.start(), token.kept.start());
                let close = Span::new(token.kept.end(), token.span.end());
                let delimiters = Delimiters { open, close };
                self.items.push(Item::Comment(Comment { delimiters, span: token.kept }));
            }
            TokenKind::LeftDelimiter => {
                self.tree.action = Some(token.span.start());
                let ending = self.action(token.span)?;
                self.tree.action = None;
                return Ok(ending);
            }
            _ => return self.unexpected(token, "input"),
        }
        Ok(None)
    }

    fn action(&mut self, open: Span) -> Parsed<Option<Ending>> {
        let token = self.advance_non_space();
        let word = token.span;
        let item = match token.kind {
            TokenKind::Block => self.block(open, word)?,
            TokenKind::Break => Item::Break(self.loop_word(open, word, "{{break}}")?),
            TokenKind::Continue => Item::Continue(self.loop_word(open, word, "{{continue}}")?),
            TokenKind::Else => {
                let next = self.peek_non_space();
                if !matches!(next.kind, TokenKind::If | TokenKind::With) {
                    // Left for the caller, which needs the delimiter's place.
                    let before = self.next;
                    self.right_delimiter("else")?;
                    self.next = before;
                }
                return Ok(Some(Ending::Else { open, word }));
            }
            TokenKind::End => {
                let close = self.right_delimiter("end")?;
                return Ok(Some(Ending::End(Keyword { delimiters: Delimiters { open, close }, word })));
            }
            TokenKind::If => self.branch(BranchKind::If, open, word)?,
            TokenKind::Range => self.branch(BranchKind::Range, open, word)?,
            TokenKind::With => self.branch(BranchKind::With, open, word)?,
            TokenKind::Template => self.call(open, word)?,
            _ => {
                self.next -= 1;
                let (pipeline, close) = self.pipeline("command", TokenKind::RightDelimiter)?;
                Item::Action(Box::new(Action { delimiters: Delimiters { open, close }, pipeline }))
            }
        };
        self.items.push(item);
        Ok(None)
    }

    fn loop_word(&mut self, open: Span, word: Span, name: &str) -> Parsed<Keyword> {
        let close = self.right_delimiter(name)?;
        if self.tree.ranges == 0 {
            return self.fail(format!("{name} outside {{{{range}}}}"));
        }
        Ok(Keyword { delimiters: Delimiters { open, close }, word })
    }

    fn branch(&mut self, kind: BranchKind, open: Span, word: Span) -> Parsed<Item> {
        let variables = self.tree.variables.len();
        let mut branch = Branch { kind, arms: Vec::new(), otherwise: None, end: keyword(open, open, word) };
        let (mut open, mut word, mut otherwise) = (open, word, None);
        loop {
            let (pipeline, close) = self.pipeline(kind.as_str(), TokenKind::RightDelimiter)?;
            self.tree.ranges += u32::from(kind == BranchKind::Range);
            let (items, ending) = self.list()?;
            self.tree.ranges -= u32::from(kind == BranchKind::Range);
            let delimiters = Delimiters { open, close };
            branch.arms.push(Arm { delimiters, otherwise, word, pipeline, items });
            let else_word = match ending {
                Ending::End(end) => {
                    branch.end = end;
                    break;
                }
                Ending::Else { open: else_open, word: else_word } => {
                    open = else_open;
                    else_word
                }
            };
            let next = self.peek_non_space();
            if next.kind == TokenKind::If && kind == BranchKind::If
                || next.kind == TokenKind::With && kind == BranchKind::With
            {
                self.advance();
                (word, otherwise) = (next.span, Some(else_word));
                continue;
            }
            // Where another word follows `else`, the list refuses it.
            let mut close = Span::at(else_word.end());
            if next.kind == TokenKind::RightDelimiter {
                close = self.advance().span;
            }
            let (items, ending) = self.list()?;
            branch.otherwise = Some(Else { keyword: keyword(open, close, else_word), items });
            match ending {
                Ending::End(end) => branch.end = end,
                Ending::Else { .. } => return self.fail("expected end; found {{else}}"),
            }
            break;
        }
        self.forget_variables(variables);
        Ok(Item::Branch(Box::new(branch)))
    }

    fn template_name(&mut self, context: &str) -> Parsed<TemplateName> {
        let token = self.advance_non_space();
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        match unquote(self.slice(token.span)) {
            Some(name) => {
                Ok(TemplateName { span: token.span, name: Arc::from(String::from_utf8_lossy(&name)) })
            }
            None => self.fail("invalid syntax"),
        }
    }

    fn call(&mut self, open: Span, word: Span) -> Parsed<Item> {
        let context = "template clause";
        let name = self.template_name(context)?;
        let next = self.advance_non_space();
        let (pipeline, close) = if next.kind == TokenKind::RightDelimiter {
            (None, next.span)
        } else {
            self.next -= 1;
            let (pipeline, close) = self.pipeline(context, TokenKind::RightDelimiter)?;
            (Some(pipeline), close)
        };
        Ok(Item::Call(Box::new(Call { delimiters: Delimiters { open, close }, word, name, pipeline })))
    }

    fn block(&mut self, open: Span, word: Span) -> Parsed<Item> {
        let context = "block clause";
        let name = self.template_name(context)?;
        let (pipeline, close) = self.pipeline(context, TokenKind::RightDelimiter)?;
        let outer = std::mem::take(&mut self.tree);
        self.tree.furthest = self.next;
        let (items, ending) = self.list()?;
        let inner = std::mem::replace(&mut self.tree, outer);
        let Ending::End(end) = ending else {
            return self.fail(format!("unexpected {{{{else}}}} in {context}"));
        };
        let outer = std::mem::replace(&mut self.tree, inner);
        let definition = self.add(&name.name, open.to(end.delimiters.close), items)?;
        self.tree = outer;
        let call = Call { delimiters: Delimiters { open, close }, word, name, pipeline: Some(pipeline) };
        Ok(Item::Block(Box::new(Block { call, definition, end })))
    }

    fn define(&mut self, open: Span, word: Span) -> Parsed<Item> {
        let context = "define clause";
        let outer = std::mem::take(&mut self.tree);
        self.tree.furthest = self.next;
        let name = self.template_name(context)?;
        let close = self.right_delimiter(context)?;
        let (items, ending) = self.list()?;
        let Ending::End(end) = ending else {
            return self.fail(format!("unexpected {{{{else}}}} in {context}"));
        };
        let definition = self.add(&name.name, open.to(end.delimiters.close), items)?;
        self.tree = outer;
        let delimiters = Delimiters { open, close };
        Ok(Item::Define(Box::new(Define { delimiters, word, name, definition, end })))
    }

    fn clashes(&self, other: usize, items: &[Item]) -> bool {
        !is_empty(self.text, items)
            && self.definitions.get(other).is_some_and(|other| !is_empty(self.text, &other.items))
    }

    fn twice<T>(&self, name: &str) -> Parsed<T> {
        self.fail(format!("template: multiple definition of template {}", quote(name.as_bytes())))
    }

    fn add(&mut self, name: &Arc<str>, span: Span, items: Vec<Item>) -> Parsed<usize> {
        let index = self.definitions.len();
        match self.named.get(name) {
            Some(&other) if self.clashes(other, &items) => return self.twice(name),
            Some(&other)
                if self.definitions.get(other).is_some_and(|other| !is_empty(self.text, &other.items)) => {}
            _ => {
                self.named.insert(Arc::clone(name), index);
            }
        }
        self.definitions.push(Definition { name: Arc::clone(name), span, items });
        Ok(index)
    }

    // Expressions.

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<(Pipeline, Span)> {
        let start = self.peek_non_space().span.start();
        let from = self.commands.len();
        let mut pipeline = Pipeline {
            span: Span::at(start),
            variables: Vec::new(),
            operator: None,
            assigns: false,
            commands: Vec::new(),
        };
        while self.declaration(&mut pipeline, context)? {}
        loop {
            let token = self.advance_non_space();
            if token.kind == end {
                pipeline.commands = take_from(&mut self.commands, from);
                self.check(&pipeline, context)?;
                let behind = self.at(self.next.saturating_sub(2)).span;
                let space = self.at(self.next.saturating_sub(2)).kind == TokenKind::Space;
                let last = if space { behind.start() } else { token.span.start() };
                pipeline.span = Span::new(start, last);
                return Ok((pipeline, token.span));
            }
            match token.kind {
                TokenKind::Bool
                | TokenKind::CharacterConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParenthesis => {
                    self.next -= 1;
                    let command = self.command()?;
                    self.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
    }

    /// A variable that the pipeline declares or assigns, if one stands here. Whether another may
    /// follow.
    fn declaration(&mut self, pipeline: &mut Pipeline, context: &str) -> Parsed<bool> {
        let token = self.peek_non_space();
        if token.kind != TokenKind::Variable {
            return Ok(false);
        }
        let before = self.next;
        self.advance();
        let next = self.peek_non_space();
        let comma = next.kind == TokenKind::Character && self.slice(next.span) == b",";
        if !comma && !matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
            self.next = before;
            return Ok(false);
        }
        self.advance();
        let name = self.word(token.span);
        self.declare(&name);
        pipeline.variables.push(Declaration { span: token.span, name, comma: comma.then_some(next.span) });
        if !comma {
            pipeline.operator = Some(next.span);
            pipeline.assigns = next.kind == TokenKind::Assign;
            return Ok(false);
        }
        if context != "range" || pipeline.variables.len() >= 2 {
            return self.fail(format!("too many declarations in {context}"));
        }
        match self.peek_non_space().kind {
            TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParenthesis => Ok(true),
            _ => self.fail("range can only initialize variables"),
        }
    }

    fn check(&self, pipeline: &Pipeline, context: &str) -> Parsed<()> {
        if pipeline.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (at, command) in pipeline.commands.iter().enumerate().skip(1) {
            if let Some(
                Operand::Bool(..)
                | Operand::Dot(_)
                | Operand::Nil(_)
                | Operand::Number(..)
                | Operand::String(..),
            ) = command.operands.first()
            {
                return self.fail(format!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let start = self.peek_non_space().span.start();
        let mut command = Command { span: Span::at(start), operands: Vec::new(), pipe: None };
        let from = self.operands.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.operands.push(operand);
            }
            let token = self.advance();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelimiter | TokenKind::RightParenthesis => self.next -= 1,
                TokenKind::Pipe => command.pipe = Some(token.span),
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        command.operands = take_from(&mut self.operands, from);
        match command.operands.last() {
            Some(last) => command.span = Span::new(start, last.span().end()),
            None => return self.fail("empty command"),
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(operand) = self.term()? else { return Ok(None) };
        let mut behind: Option<Span> = None;
        while self.peek().kind == TokenKind::Field {
            let token = self.advance();
            let name = self.word(Span::new(token.span.start() + 1, token.span.end()));
            self.names.push(name);
            behind = Some(behind.map_or(token.span, |span| span.to(token.span)));
        }
        // An operand's names are complete before another operand begins.
        let names = take_from(&mut self.names, 0);
        match (operand, behind) {
            (Operand::Field(first), behind) => {
                let span = behind.map_or(first.span, |behind| first.span.to(behind));
                Ok(Some(Operand::Field(Fields { span, names })))
            }
            (operand, None) => Ok(Some(operand)),
            (Operand::Variable(variable), Some(span)) => {
                Ok(Some(Operand::Variable(Variable { fields: Fields { span, names }, ..variable })))
            }
            (
                operand @ (Operand::Bool(..)
                | Operand::String(..)
                | Operand::Number(..)
                | Operand::Nil(_)
                | Operand::Dot(_)),
                Some(_),
            ) => {
                let spelling = quote(self.slice(operand.span()));
                self.fail(format!("unexpected . after term {spelling}"))
            }
            (operand, Some(span)) => {
                let fields = Fields { span, names };
                Ok(Some(Operand::Chain(Box::new(Chain { operand, fields }))))
            }
        }
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.advance_non_space();
        let span = token.span;
        let operand = match token.kind {
            TokenKind::Identifier => {
                let name = self.word(span);
                match (self.functions)(&name) {
                    Some(number) => Operand::Function(Function { span, name, number }),
                    None => {
                        let name = quote(name.as_bytes());
                        return self.fail(format!("function {name} not defined"));
                    }
                }
            }
            TokenKind::Dot => Operand::Dot(span),
            TokenKind::Nil => Operand::Nil(span),
            TokenKind::Variable => {
                let name = self.word(span);
                let known = &*name == "$" || self.tree.declared.get(&name).is_some_and(|&count| count > 0);
                if !known {
                    return self.fail(format!("undefined variable {}", quote(name.as_bytes())));
                }
                let fields = Fields { span: Span::at(span.end()), names: Vec::new() };
                Operand::Variable(Variable { span, name, fields })
            }
            TokenKind::Field => {
                let name = self.word(Span::new(span.start() + 1, span.end()));
                // With those behind it, it is taken off by the caller.
                self.names.push(name);
                Operand::Field(Fields { span, names: Vec::new() })
            }
            TokenKind::Bool => Operand::Bool(span, self.slice(span) == b"true"),
            TokenKind::CharacterConstant | TokenKind::Complex | TokenKind::Number => {
                let text = self.slice(span);
                let number = match token.kind {
                    TokenKind::CharacterConstant => Number::parse_character(text),
                    TokenKind::Complex => Number::parse_complex(&String::from_utf8_lossy(text)),
                    _ => Number::parse(&String::from_utf8_lossy(text)),
                };
                match number {
                    Ok(number) => Operand::Number(span, Box::new(number)),
                    Err(message) => return self.fail(message),
                }
            }
            TokenKind::LeftParenthesis => {
                self.parentheses += 1;
                if self.parentheses > DEEPEST {
                    return self.fail("max expression depth exceeded");
                }
                let (pipeline, close) =
                    self.pipeline("parenthesized pipeline", TokenKind::RightParenthesis)?;
                self.parentheses -= 1;
                Operand::Pipeline(Box::new(Parenthesized { open: span, close, pipeline }))
            }
            TokenKind::String | TokenKind::RawString => match unquote(self.slice(span)) {
                Some(text) => Operand::String(span, Arc::from(text)),
                None => return self.fail("invalid syntax"),
            },
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        Ok(Some(operand))
    }
}

fn keyword(open: Span, close: Span, word: Span) -> Keyword {
    Keyword { delimiters: Delimiters { open, close }, word }
}
