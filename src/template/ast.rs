//! The syntax tree of a template. Spans are byte ranges of its text.

use std::ops::Deref;
use std::sync::Arc;

use crate::source::Span;

/// One parsed text: a template file, or a text given to `tpl`. Copies share what they consist of.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its name, as errors show it.
    pub name: Arc<str>,
    pub(super) parts: Arc<Parts>,
}

/// What a [`Template`] consists of, whatever its name.
#[derive(Debug)]
pub struct Parts {
    /// The whole text. It need not be UTF-8.
    pub text: Arc<[u8]>,
    /// What stands outside `define`s. [`Item::Define`]s are listed where they stand.
    pub items: Vec<Item>,
    /// The named templates that `define` and `block` make, in the order in which they end.
    pub definitions: Vec<Definition>,
    /// What pipelines and commands consist of, those of one beside each other: the lists are many and
    /// short, and allocating each of them takes longer than reading it.
    pub(super) commands: Vec<Command>,
    pub(super) operands: Vec<Operand>,
}

impl Deref for Template {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Template {
    /// The same text as a template of another name; `None` where that is the name of one of its definitions,
    /// which may make an error of it.
    #[must_use]
    pub fn renamed(&self, name: &str) -> Option<Self> {
        let is_free = self.definitions.iter().all(|definition| *definition.name != *name);
        is_free.then(|| Self { name: Arc::from(name), parts: Arc::clone(&self.parts) })
    }
}

impl Parts {
    /// The bytes of a span; empty where it lies outside the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &[u8] {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// A word of the text: names of functions and variables consist of letters and digits.
    #[must_use]
    pub fn word(&self, span: Span) -> &str {
        std::str::from_utf8(self.slice(span)).unwrap_or_default()
    }

    /// The commands of a pipeline; never none.
    #[must_use]
    pub fn commands(&self, pipeline: &Pipeline) -> &[Command] {
        self.commands.get(pipeline.commands.range()).unwrap_or_default()
    }

    /// The operands of a command; never none.
    #[must_use]
    pub fn operands(&self, command: &Command) -> &[Operand] {
        self.operands.get(command.operands.range()).unwrap_or_default()
    }

    /// The names of fields without dots.
    pub fn names(&self, fields: Fields) -> impl Iterator<Item = &str> {
        let mut rest = self.word(fields.span);
        std::iter::from_fn(move || {
            let name = rest.strip_prefix('.')?;
            let end = name.bytes().position(|byte| byte == b'.').unwrap_or(name.len());
            let (name, behind) = name.split_at_checked(end)?;
            rest = behind;
            Some(name)
        })
    }

    /// The text of a string literal.
    #[must_use]
    pub fn string<'t>(&'t self, span: Span, text: &'t Option<Box<[u8]>>) -> &'t [u8] {
        match text {
            Some(text) => text,
            None => self.slice(Span::new(span.start() + 1, span.end().saturating_sub(1))),
        }
    }
}

/// Which of a template's commands or operands belong together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stretch {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Stretch {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Whether items print nothing: no actions, and text of white space only. Such a body does not
/// replace another one of its name.
#[must_use]
pub fn is_empty(text: &[u8], items: &[Item]) -> bool {
    items.iter().all(|item| match item {
        Item::Comment(_) | Item::Define(_) => true,
        Item::Text(part) => text
            .get(part.kept.range())
            .and_then(|part| std::str::from_utf8(part).ok())
            .is_some_and(|part| part.chars().all(char::is_whitespace)),
        _ => false,
    })
}

/// A named template.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The name.
    pub name: Arc<str>,
    /// From its opening `{{` to its last `}}`.
    pub span: Span,
    /// The body.
    pub items: Vec<Item>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Item {
    /// Text that is copied.
    Text(Text),
    /// A comment.
    Comment(Comment),
    /// A pipeline whose value is printed, or which declares or assigns variables.
    Action(Action),
    /// `if`, `with` or `range`.
    Branch(Box<Branch>),
    /// `template "name" pipeline`
    Call(Box<Call>),
    /// `block "name" pipeline`: a call of a template that is defined on the spot.
    Block(Box<Block>),
    /// `define "name"`: nothing is executed here.
    Define(Box<Define>),
    /// `break`
    Break(Keyword),
    /// `continue`
    Continue(Keyword),
}

impl Item {
    /// All its bytes.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Text(text) => text.span,
            Self::Comment(comment) => comment.delimiters.span(),
            Self::Action(action) => action.delimiters.span(),
            Self::Branch(branch) => branch.span(),
            Self::Call(call) => call.delimiters.span(),
            Self::Block(block) => block.call.delimiters.span().to(block.end.delimiters.span()),
            Self::Define(define) => define.delimiters.span().to(define.end.delimiters.span()),
            Self::Break(word) | Self::Continue(word) => word.delimiters.span(),
        }
    }
}

/// Text between actions.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// All its bytes.
    pub span: Span,
    /// What is left after trimming by the actions beside it; may be empty.
    pub kept: Span,
}

/// The delimiters of an action.
#[derive(Clone, Copy, Debug)]
pub struct Delimiters {
    /// `{{`, or `{{-` with the white space character behind it.
    pub open: Span,
    /// `}}`, or `-}}` with the white space character before it.
    pub close: Span,
}

impl Delimiters {
    /// The whole action, delimiters included.
    #[must_use]
    pub fn span(self) -> Span {
        self.open.to(self.close)
    }

    /// Whether white space before the action is cut.
    #[must_use]
    pub fn trims_before(self) -> bool {
        self.open.len() > 2
    }

    /// Whether white space behind the action is cut.
    #[must_use]
    pub fn trims_after(self) -> bool {
        self.close.len() > 2
    }
}

/// `{{/* … */}}`
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// The delimiters.
    pub delimiters: Delimiters,
    /// From `/*` to `*/`.
    pub span: Span,
}

/// `{{ pipeline }}`
#[derive(Clone, Debug)]
pub struct Action {
    /// The delimiters.
    pub delimiters: Delimiters,
    /// What it evaluates.
    pub pipeline: Pipeline,
}

/// A word that is an action by itself: `end`, `else`, `break`, `continue`.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// The delimiters.
    pub delimiters: Delimiters,
    /// The word.
    pub word: Span,
}

/// Which control structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchKind {
    /// `if`
    If,
    /// `with`
    With,
    /// `range`
    Range,
}

impl BranchKind {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
        }
    }
}

/// A control structure. `else if` is another arm, as it is written.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Which one.
    pub kind: BranchKind,
    /// The first condition with its body, then those of `else if` or `else with`.
    pub arms: Vec<Arm>,
    /// `else` with its body.
    pub otherwise: Option<Else>,
    /// `end`
    pub end: Keyword,
}

impl Branch {
    /// From the first `{{` to the last `}}`.
    #[must_use]
    pub fn span(&self) -> Span {
        let end = self.end.delimiters.span();
        self.arms.first().map_or(end, |arm| arm.delimiters.span().to(end))
    }
}

/// A condition (or what is ranged over) with its body.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The delimiters of the action that opens it.
    pub delimiters: Delimiters,
    /// `else`, for all but the first.
    pub otherwise: Option<Span>,
    /// `if`, `with` or `range`.
    pub word: Span,
    /// The condition.
    pub pipeline: Pipeline,
    /// The body.
    pub items: Vec<Item>,
}

/// `{{ else }}` with its body.
#[derive(Clone, Debug)]
pub struct Else {
    /// The action.
    pub keyword: Keyword,
    /// The body.
    pub items: Vec<Item>,
}

/// A template's name as it is written.
#[derive(Clone, Debug)]
pub struct TemplateName {
    /// The literal, quotes included.
    pub span: Span,
    /// The name.
    pub name: Arc<str>,
}

/// `{{ template "name" pipeline }}`
#[derive(Clone, Debug)]
pub struct Call {
    /// The delimiters.
    pub delimiters: Delimiters,
    /// `template` or `block`.
    pub word: Span,
    /// The name.
    pub name: TemplateName,
    /// What becomes the dot.
    pub pipeline: Option<Pipeline>,
}

/// `{{ block "name" pipeline }} … {{ end }}`
#[derive(Clone, Debug)]
pub struct Block {
    /// The opening action.
    pub call: Call,
    /// The body: index into [`Template::definitions`].
    pub definition: usize,
    /// `end`
    pub end: Keyword,
}

/// `{{ define "name" }} … {{ end }}`
#[derive(Clone, Debug)]
pub struct Define {
    /// The delimiters of the opening action.
    pub delimiters: Delimiters,
    /// `define`
    pub word: Span,
    /// The name.
    pub name: TemplateName,
    /// The body: index into [`Template::definitions`].
    pub definition: usize,
    /// `end`
    pub end: Keyword,
}

/// Commands joined by `|`, with the variables that get the value.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// From the first token to the last.
    pub span: Span,
    /// Variables declared or assigned: two only in `range`.
    pub variables: Vec<Declaration>,
    /// `:=` or `=`, where there are variables (`range $x` has none of it).
    pub operator: Option<Span>,
    /// Whether the operator is `=`.
    pub assigns: bool,
    /// The commands: [`Template::commands`].
    pub commands: Stretch,
}

/// A variable that gets a value.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The variable, `$` included.
    pub span: Span,
    /// The comma behind it.
    pub comma: Option<Span>,
}

/// Operands beside each other: a function or method with arguments, or a single value.
#[derive(Clone, Debug)]
pub struct Command {
    /// From the first operand to the last.
    pub span: Span,
    /// The operands: [`Template::operands`].
    pub operands: Stretch,
    /// The `|` behind it.
    pub pipe: Option<Span>,
}

/// A term of a command.
#[derive(Clone, Debug)]
pub enum Operand {
    /// `.`
    Dot(Span),
    /// `nil`
    Nil(Span),
    /// `true`, `false`
    Bool(Span, bool),
    /// A number or character constant.
    Number(Span, Box<Number>),
    /// A string literal: its span with quotes, and its text where that is another one than what stands
    /// between the quotes; see [`Template::string`].
    String(Span, Option<Box<[u8]>>),
    /// `.a.b`
    Field(Fields),
    /// `$x` or `$x.a.b`
    Variable(Variable),
    /// A function's name.
    Function(Function),
    /// `( pipeline )`
    Pipeline(Box<Parenthesized>),
    /// Fields of a function's value or of parentheses: `(f x).a.b`.
    Chain(Box<Chain>),
}

impl Operand {
    /// All its bytes.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Dot(span)
            | Self::Nil(span)
            | Self::Bool(span, _)
            | Self::Number(span, _)
            | Self::String(span, _) => *span,
            Self::Field(fields) => fields.span,
            Self::Variable(variable) => variable.span.to(variable.fields.span),
            Self::Function(function) => function.span,
            Self::Pipeline(inner) => inner.open.to(inner.close),
            Self::Chain(chain) => chain.operand.span().to(chain.fields.span),
        }
    }
}

/// `.a.b`: names behind dots, without space between; see [`Template::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// From the first dot to the end of the last name.
    pub span: Span,
}

impl Fields {
    /// Whether there is no name.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.span.is_empty()
    }
}

/// `$x.a.b`
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// The variable without fields, `$` included.
    pub span: Span,
    /// The fields behind it; where there are none, an empty span at its end.
    pub fields: Fields,
}

/// A function's name in an expression.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name.
    pub span: Span,
    /// The number that the caller of [`parse`](super::parse) gave for the name.
    pub number: u32,
}

/// `( pipeline )`
#[derive(Clone, Debug)]
pub struct Parenthesized {
    /// `(`
    pub open: Span,
    /// `)`
    pub close: Span,
    /// What is between.
    pub pipeline: Pipeline,
}

/// `operand.a.b`
#[derive(Clone, Debug)]
pub struct Chain {
    /// What stands before the fields: a function or parentheses.
    pub operand: Operand,
    /// The fields.
    pub fields: Fields,
}

/// What a number literal can be used as, by Go's rules for untyped constants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number {
    /// As a signed integer.
    pub int: Option<i64>,
    /// As an unsigned integer.
    pub unsigned: Option<u64>,
    /// As a float.
    pub float: Option<f64>,
    /// As a complex number: only where it is written as one.
    pub complex: Option<(f64, f64)>,
}
