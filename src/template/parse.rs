//! From tokens to the tree, by the grammar of Go's `text/template`.
//!
//! Error texts and their lines are Go's: Go reports the line of the token it read last, looking
//! ahead included, so [`Parser::furthest`] follows that.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{
    Action, Arm, Block, Branch, BranchKind, Call, Chain, Command, Comment, Declaration, Define, Definition,
    Delimiters, Else, Fields, Function, Item, Keyword, Number, Operand, Parenthesized, Parts, Pipeline,
    Stretch, Template, TemplateName, Text, Variable, is_empty,
};
use super::lex::{Token, TokenKind, Tokens, lex};
use super::{quote, unquote};
use crate::source::Span;

/// Most control structures, and most parentheses, inside each other. Charts need about 20; Go
/// allows 10,000 parentheses.
const DEEPEST: u32 = 200;

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
        commands: Vec::with_capacity(tokens.len() / 10),
        operands: Vec::with_capacity(tokens.len() / 4),
        open_items: Vec::new(),
        open_commands: Vec::new(),
        open_operands: Vec::new(),
        parentheses: 0,
        controls: 0,
    };
    let items = parser.file()?;
    let Parser { definitions, commands, operands, .. } = parser;
    let parts = Arc::new(Parts { text, items, definitions, commands, operands });
    Ok(Template { name, parts })
}

/// What Go keeps for each named template while it parses.
#[derive(Default)]
struct Tree<'a> {
    /// Index of the last token read.
    furthest: usize,
    /// Variables in scope, and how often each is declared.
    variables: Vec<&'a [u8]>,
    declared: HashMap<&'a [u8], u32>,
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
    tree: Tree<'a>,
    definitions: Vec<Definition>,
    /// Which of them counts for a name.
    named: HashMap<Arc<str>, usize>,
    /// Those of the pipelines and commands that are complete.
    commands: Vec<Command>,
    operands: Vec<Operand>,
    // What is read of the lists that are open, the innermost last.
    open_items: Vec<Item>,
    open_commands: Vec<Command>,
    open_operands: Vec<Operand>,
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

/// Moves what a stack holds from `from` on behind all that are complete.
fn complete<T>(stack: &mut Vec<T>, from: usize, all: &mut Vec<T>) -> Stretch {
    let start = all.len();
    // Most often it is one.
    match stack.pop() {
        Some(one) if stack.len() == from => all.push(one),
        Some(last) => {
            all.extend(stack.drain(from.min(stack.len())..));
            all.push(last);
        }
        None => {}
    }
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Stretch { start: offset(start), end: offset(all.len()) }
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

    fn declare(&mut self, name: &'a [u8]) {
        self.tree.variables.push(name);
        *self.tree.declared.entry(name).or_default() += 1;
    }

    fn forget_variables(&mut self, keep: usize) {
        for name in self.tree.variables.drain(keep.min(self.tree.variables.len())..) {
            if let Some(count) = self.tree.declared.get_mut(name) {
                *count -= 1;
            }
        }
    }

    // Items.

    fn file(&mut self) -> Parsed<Vec<Item>> {
        loop {
            let open = self.peek();
            if open.kind == TokenKind::Eof {
                let items = take_from(&mut self.open_items, 0);
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
                    self.open_items.push(define);
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
        let from = self.open_items.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            if let Some(ending) = self.item()? {
                self.controls -= 1;
                return Ok((take_from(&mut self.open_items, from), ending));
            }
        }
        self.fail("unexpected EOF")
    }

    fn item(&mut self) -> Parsed<Option<Ending>> {
        let token = self.advance_non_space();
        match token.kind {
            TokenKind::Text => self.open_items.push(Item::Text(Text { span: token.span, kept: token.kept })),
            TokenKind::Comment => {
                let open = Span::new(token.span.start(), token.kept.start());
                let close = Span::new(token.kept.end(), token.span.end());
                let delimiters = Delimiters { open, close };
                self.open_items.push(Item::Comment(Comment { delimiters, span: token.kept }));
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
                Item::Action(Action { delimiters: Delimiters { open, close }, pipeline })
            }
        };
        self.open_items.push(item);
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
        let from = self.open_commands.len();
        let mut pipeline = Pipeline {
            span: Span::at(start),
            variables: Vec::new(),
            operator: None,
            assigns: false,
            commands: Stretch::default(),
        };
        while self.declaration(&mut pipeline, context)? {}
        loop {
            let token = self.advance_non_space();
            if token.kind == end {
                self.check(from, context)?;
                pipeline.commands = complete(&mut self.open_commands, from, &mut self.commands);
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
                    self.open_commands.push(command);
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
        self.declare(self.slice(token.span));
        pipeline.variables.push(Declaration { span: token.span, comma: comma.then_some(next.span) });
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

    /// Checks the commands of a pipeline, which are those from `from` on.
    fn check(&self, from: usize, context: &str) -> Parsed<()> {
        let commands = self.open_commands.get(from..).unwrap_or_default();
        if commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (at, command) in commands.iter().enumerate().skip(1) {
            if let Some(
                Operand::Bool(..)
                | Operand::Dot(_)
                | Operand::Nil(_)
                | Operand::Number(..)
                | Operand::String(..),
            ) = self.operands.get(command.operands.start as usize)
            {
                return self.fail(format!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let start = self.peek_non_space().span.start();
        let mut command = Command { span: Span::at(start), operands: Stretch::default(), pipe: None };
        let from = self.open_operands.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.open_operands.push(operand);
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
        match self.open_operands.get(from..).and_then(<[_]>::last) {
            Some(last) => command.span = Span::new(start, last.span().end()),
            None => return self.fail("empty command"),
        }
        command.operands = complete(&mut self.open_operands, from, &mut self.operands);
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(operand) = self.term()? else { return Ok(None) };
        let mut behind: Option<Span> = None;
        while self.peek().kind == TokenKind::Field {
            let token = self.advance();
            behind = Some(behind.map_or(token.span, |span| span.to(token.span)));
        }
        match (operand, behind) {
            (Operand::Field(first), behind) => {
                let span = behind.map_or(first.span, |behind| first.span.to(behind));
                Ok(Some(Operand::Field(Fields { span })))
            }
            (operand, None) => Ok(Some(operand)),
            (Operand::Variable(variable), Some(span)) => {
                Ok(Some(Operand::Variable(Variable { fields: Fields { span }, ..variable })))
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
                let fields = Fields { span };
                Ok(Some(Operand::Chain(Box::new(Chain { operand, fields }))))
            }
        }
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.advance_non_space();
        let span = token.span;
        let operand = match token.kind {
            TokenKind::Identifier => {
                let name = self.slice(span);
                match std::str::from_utf8(name).ok().and_then(self.functions) {
                    Some(number) => Operand::Function(Function { span, number }),
                    None => return self.fail(format!("function {} not defined", quote(name))),
                }
            }
            TokenKind::Dot => Operand::Dot(span),
            TokenKind::Nil => Operand::Nil(span),
            TokenKind::Variable => {
                let name = self.slice(span);
                let known = name == b"$" || self.tree.declared.get(name).is_some_and(|&count| count > 0);
                if !known {
                    return self.fail(format!("undefined variable {}", quote(name)));
                }
                Operand::Variable(Variable { span, fields: Fields { span: Span::at(span.end()) } })
            }
            // Those behind it are taken by the caller.
            TokenKind::Field => Operand::Field(Fields { span }),
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
                Some(Cow::Borrowed(_)) => Operand::String(span, None),
                Some(Cow::Owned(text)) => Operand::String(span, Some(text.into_boxed_slice())),
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
