//! Functions of the template language: their signatures, arguments and errors.
//!
//! A function is one row of a table: name, Go parameter types, Rust function. The evaluator
//! checks count and types of the arguments as Go's reflection does, with Go's texts, before it
//! calls; so a function finds what it declared.

use super::budget::Limit;
use super::error::ExecError;
use super::exec::Exec;
use super::rope::Str;
use super::value::{List, Map, Node, Object, Value};
use crate::template::quote;

/// What a function or method gives.
pub type FunctionResult = Result<Node, FunctionError>;

/// A function that templates call by name.
#[derive(Debug)]
pub struct Function {
    /// The name.
    pub name: &'static str,
    /// Go types of the parameters.
    pub parameters: &'static [Type],
    /// Whether the last parameter may be repeated or left out (Go's `...`).
    pub variadic: bool,
    /// The function itself.
    pub call: fn(&mut Exec<'_>, &Args<'_>) -> FunctionResult,
}

/// A method of an [`Object`].
#[derive(Debug)]
pub struct Method {
    /// The name.
    pub name: &'static str,
    /// Go types of the parameters.
    pub parameters: &'static [Type],
    /// Whether the last parameter may be repeated or left out.
    pub variadic: bool,
    /// The method itself; the object is the one it was found on.
    pub call: fn(&mut Exec<'_>, &dyn Object, &Args<'_>) -> FunctionResult,
}

/// A parameter's Go type. An argument of another type is refused by the evaluator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`: anything, nil too.
    Any,
    /// `string`
    String,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`: only literals fit (`derivePassword`); it arrives as [`Value::Int`].
    Uint32,
    /// `float64`
    Float,
    /// `time.Duration`; a literal integer counts nanoseconds.
    Duration,
    /// `bool`
    Bool,
    /// `[]interface {}`; nil arrives as [`Value::Nil`], which [`Args::list`] reads as empty.
    List,
    /// `[]string`
    Strings,
    /// `map[string]interface {}`; nil arrives as [`Value::Nil`].
    Map,
    /// `map[string]string`
    StringMap,
    /// An object of the type with this name: `time.Time`, `sprig.certificate`.
    Object(&'static str),
}

impl Type {
    /// The type as Go's errors print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::String => "string",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Float => "float64",
            Self::Duration => "time.Duration",
            Self::Bool => "bool",
            Self::List => "[]interface {}",
            Self::Strings => "[]string",
            Self::Map => "map[string]interface {}",
            Self::StringMap => "map[string]string",
            Self::Object(name) => name,
        }
    }
}

/// The arguments of a call, as the signature promised them. Reading an argument as another type
/// than the declared one gives that type's zero value.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    nodes: &'a [Node],
}

const NIL: &Value = &Value::Nil;

impl<'a> Args<'a> {
    /// Wraps checked arguments.
    #[must_use]
    pub fn new(nodes: &'a [Node]) -> Self {
        Self { nodes }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// All arguments.
    #[must_use]
    pub fn all(&self) -> &'a [Node] {
        self.nodes
    }

    /// The arguments from the nth on: those of the variadic parameter.
    #[must_use]
    pub fn rest(&self, from: usize) -> &'a [Node] {
        self.nodes.get(from..).unwrap_or_default()
    }

    /// One argument; nil where it was left out.
    #[must_use]
    pub fn node(&self, at: usize) -> Node {
        self.nodes.get(at).cloned().unwrap_or_default()
    }

    /// The value of one argument; nil where it was left out.
    #[must_use]
    pub fn value(&self, at: usize) -> &'a Value {
        self.nodes.get(at).map_or(NIL, |node| &node.value)
    }

    /// A `string`.
    #[must_use]
    pub fn str(&self, at: usize) -> Str {
        self.value(at).as_str().cloned().unwrap_or_default()
    }

    /// An `int`, `int64` or `uint32`, or a `time.Duration` in nanoseconds.
    #[must_use]
    pub fn int(&self, at: usize) -> i64 {
        match self.value(at) {
            Value::Int(value) | Value::Int64(value) | Value::Duration(value) => *value,
            _ => 0,
        }
    }

    /// A `float64`.
    #[must_use]
    pub fn float(&self, at: usize) -> f64 {
        if let Value::Float(value) = self.value(at) { *value } else { 0.0 }
    }

    /// A `bool`.
    #[must_use]
    pub fn bool(&self, at: usize) -> bool {
        matches!(self.value(at), Value::Bool(true))
    }

    /// A `[]interface {}` or `[]string`.
    #[must_use]
    pub fn list(&self, at: usize) -> List {
        self.value(at).as_list().cloned().unwrap_or_default()
    }

    /// A `map[string]interface {}` or `map[string]string`; a nil map is a new empty one.
    #[must_use]
    pub fn map(&self, at: usize) -> Map {
        self.value(at).as_map().cloned().unwrap_or_default()
    }
}

/// Why a function gave no value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FunctionError {
    /// What Go's function returns as error, or the text of its panic: shown as
    /// `error calling F: MESSAGE`.
    #[error("{0}")]
    Message(String),
    /// What `fail` and `required` say to the chart's user: shown as
    /// `execution error at (FILE:LINE:COL): MESSAGE`.
    #[error("{0}")]
    Failed(String),
    /// A template that `include` executed failed.
    #[error("{}", .0.go_text())]
    Template(Box<ExecError>),
    /// The text that `tpl` executed failed.
    #[error("error during tpl function execution for {}: {}", quote(.text), .error.go_text())]
    Tpl {
        /// The text.
        text: Vec<u8>,
        /// Its error.
        error: Box<ExecError>,
    },
    /// The render used up its budget; nothing can catch it.
    #[error("{0}")]
    Limit(#[from] Limit),
}

impl FunctionError {
    /// An error with Go's text.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}
