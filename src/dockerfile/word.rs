//! [`Word`]: a word of an instruction, and what it means once variables are filled in.

use std::ops::Range;

use crate::source::Span;

/// Longest text that variables may grow to.
const LONGEST: usize = 4096;

/// A word as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its bytes in the source.
    pub span: Span,
    /// Its text, lines joined; quotes, escapes and variables as written.
    pub text: String,
    /// Whether the source has just this text there: no line ends within.
    pub plain: bool,
}

impl Word {
    /// The text between the quotes around it, or all of it; `None` where it holds other quotes,
    /// escapes, variables or line ends, so that it means something else than is written.
    #[must_use]
    pub fn literal(&self) -> Option<(Span, &str)> {
        let inner = |quote: char| self.text.strip_prefix(quote)?.strip_suffix(quote);
        let quoted = inner('"').or_else(|| inner('\''));
        let text = quoted.unwrap_or(&self.text);
        let by = usize::from(quoted.is_some());
        let span = Span::new(self.span.start() + by, self.span.end() - by);
        (self.plain && !text.contains(['"', '\'', '\\', '`', '$'])).then_some((span, text))
    }

    /// What it means, with variables from `lookup`; `None` where one of them is not known, or where it
    /// does more than the closed list of forms (`$A`, `${A}`, `${A:-b}`, `${A:+b}` and those without the
    /// colon).
    #[must_use]
    pub fn expand(&self, escape: char, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        expand(&self.text, escape, lookup)
    }
}

/// The words of a text from an offset on, as a shell tells them apart: blanks within quotes and behind
/// the escape character part nothing.
pub(super) fn split(text: &str, from: usize, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, character) in text.char_indices().skip_while(|(at, _)| *at < from) {
        let blank = quote.is_none() && !escaped && character.is_whitespace();
        if blank {
            words.extend(start.take().map(|start| start..at));
            continue;
        }
        start.get_or_insert(at);
        if escaped {
            escaped = false;
        } else if character == escape && quote != Some('\'') {
            escaped = true;
        } else if quote == Some(character) {
            quote = None;
        } else if quote.is_none() && matches!(character, '"' | '\'') {
            quote = Some(character);
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words
}

fn expand(text: &str, escape: char, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut output = String::new();
    let mut rest = text;
    let mut double = false;
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..)?;
        match character {
            '\'' if !double => {
                let (inner, after) = rest.split_once('\'')?;
                output.push_str(inner);
                rest = after;
            }
            '"' => double = !double,
            '$' => {
                let (value, after) = variable(rest, escape, lookup)?;
                output.push_str(&value);
                rest = after;
            }
            _ if character == escape => {
                let next = rest.chars().next()?;
                rest = rest.get(next.len_utf8()..)?;
                if double && !matches!(next, '"' | '$') && next != escape {
                    output.push(escape);
                }
                output.push(next);
            }
            _ => output.push(character),
        }
        if output.len() > LONGEST {
            return None;
        }
    }
    (!double).then_some(output)
}

/// The value of the variable at the front of a text (behind its `$`), and what follows it.
fn variable<'a>(
    text: &'a str,
    escape: char,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Option<(String, &'a str)> {
    let name_of = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        (end > 0 && !text.starts_with(|c: char| c.is_ascii_digit())).then_some(end)
    };
    let Some(braced) = text.strip_prefix('{') else {
        let (name, after) = text.split_at_checked(name_of(text)?)?;
        return Some((lookup(name)?, after));
    };
    let (name, after) = braced.split_at_checked(name_of(braced)?)?;
    if let Some(after) = after.strip_prefix('}') {
        return Some((lookup(name)?, after));
    }
    // The word of a form may hold variables, but no braces: those are left alone.
    let (form, after) = after.split_once('}').filter(|(form, _)| !form.contains('{'))?;
    let (counts_empty, form) = form.strip_prefix(':').map_or((false, form), |form| (true, form));
    let value = lookup(name)?;
    let there = !(counts_empty && value.is_empty());
    match form.split_at_checked(1)? {
        ("-", word) => Some((if there { value } else { expand(word, escape, lookup)? }, after)),
        ("+", word) => Some((if there { expand(word, escape, lookup)? } else { String::new() }, after)),
        _ => None,
    }
}
