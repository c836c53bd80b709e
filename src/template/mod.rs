//! Layer 1: the syntax of Go templates, lossless; nothing is evaluated here.
//!
//! [`parse`] makes a [`Template`] of a text. Every byte of the text lies in a span of the tree or
//! is white space between two of them: [`print`] writes the text again from the tree. Errors have
//! the words and lines of Go's `text/template`, whose grammar is the specification.

pub mod ast;
mod describe;
mod lex;
mod mention;
mod number;
mod parse;
mod print;
mod quote;
mod rune;

pub use ast::Template;
pub use describe::{Anchor, NodeKind};
pub use mention::{Mention, mentions};
pub use number::parse_float;
pub use parse::{ParseError, parse};
pub use print::print;
pub use quote::{Unquoted, quote, quote_to, unquote, unquote_char};
pub use rune::{decode, is_print};

#[cfg(test)]
mod tests;
