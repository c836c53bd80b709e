//! Values as text, as Go's `fmt` package writes them.
//!
//! What is copied from a string keeps its origins, a number or boolean that is written out has the
//! origin of its value, and brackets, padding and quotes have the origin of the action.

mod float;
mod integer;
mod print;
mod template;

pub use float::format_float;
pub use print::{print, print_line, print_value};
pub use template::print_format;

use super::call::FunctionError;
use super::exec::Exec;
use super::rope::{Str, StrBuilder};
use crate::origin::OriginId;
use crate::template::decode;

/// Flags, width and precision of a verb.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    /// `%#v`
    go_syntax: bool,
    /// `%+v`
    names: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

type Result<T> = std::result::Result<T, FunctionError>;

/// Writes values one after another.
struct Printer<'e, 'a> {
    exec: &'e mut Exec<'a>,
    output: StrBuilder,
    flags: Flags,
    /// The origin of what is made up here.
    here: OriginId,
    /// A value is being shown within a complaint about its verb: methods are left alone.
    complaining: bool,
}

impl<'e, 'a> Printer<'e, 'a> {
    fn new(exec: &'e mut Exec<'a>) -> Self {
        let here = exec.here();
        Self { exec, output: StrBuilder::new(), flags: Flags::default(), here, complaining: false }
    }

    fn finish(self) -> Str {
        self.output.finish()
    }

    /// Made-up text.
    fn mark(&mut self, text: &str) {
        self.output.push_whole(text.as_bytes(), self.here);
    }

    fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.output.push_whole(&vec![byte; count], self.here);
    }

    /// A text that is as wide as the verb wants.
    fn padded(&mut self, text: &Str) {
        let missing = self.flags.width.unwrap_or(0).saturating_sub(characters(text.as_bytes()));
        if missing > 0 && !self.flags.minus {
            self.padding(missing);
        }
        self.output.push(text);
        if missing > 0 && self.flags.minus {
            self.padding(missing);
        }
    }

    /// A text that stands for its origin as a whole, as wide as the verb wants.
    fn padded_whole(&mut self, text: &str, origin: OriginId) {
        if self.flags.width.is_none() {
            self.output.push_whole(text.as_bytes(), origin);
        } else {
            self.padded(&Str::whole(text.as_bytes(), origin));
        }
    }

    /// The same without zeros for padding.
    fn padded_with_spaces(&mut self, text: &str, origin: OriginId) {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.padded_whole(text, origin);
        self.flags.zero = zero;
    }
}

/// How many characters; bytes that are not UTF-8 count one each.
fn characters(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    let (mut rest, mut count) = (bytes, 0);
    while let Some((_, width)) = decode(rest) {
        rest = rest.get(width..).unwrap_or_default();
        count += 1;
    }
    count
}

/// The offset behind the first `count` characters.
fn offset_of(bytes: &[u8], count: usize) -> usize {
    let mut at = 0;
    for _ in 0..count {
        match decode(bytes.get(at..).unwrap_or_default()) {
            Some((_, width)) => at += width,
            None => break,
        }
    }
    at
}

#[cfg(test)]
mod tests;
