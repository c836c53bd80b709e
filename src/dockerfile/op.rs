//! [`Op`]: changes of a Dockerfile; [`plan`] makes edits of them, [`verify`] proves what they changed.

use crate::source::{Edit, Span, TextEdits};

use super::Dockerfile;
use super::instruction::{Command, Instruction, Keyword};

/// One change. Instructions are meant by their index in the file before any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Replaces a word of an instruction, between its quotes.
    Word {
        /// The instruction.
        at: usize,
        /// Its place among the instruction's words.
        word: usize,
        /// What stands there afterwards.
        text: String,
    },
    /// Writes a new instruction in front of another, above the comment that belongs to it; behind all
    /// others where `before` is their number.
    Insert {
        /// The instruction.
        before: usize,
        /// The new line.
        text: String,
    },
    /// Removes an instruction with its lines.
    Remove {
        /// The instruction.
        at: usize,
    },
    /// Writes a command in exec form.
    Exec {
        /// The instruction.
        at: usize,
        /// Program and arguments.
        words: Vec<String>,
    },
    /// Gives an instruction another keyword.
    Keyword {
        /// The instruction.
        at: usize,
        /// Its new keyword.
        to: Keyword,
    },
}

/// Why a change is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The word is written with variables, escapes or over several lines.
    #[error("{0} is not written as a plain word there")]
    NotPlain(String),
    /// Comments or line ends stand in what would be replaced.
    #[error("the command goes over several lines")]
    SeveralLines,
    /// Two changes want the same bytes.
    #[error("two changes want the same line")]
    Conflict,
    /// There is no such instruction.
    #[error("the instruction is not there")]
    Missing,
}

/// What a change did that it should not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Comments differ.
    #[error("it would change a comment")]
    Comments,
    /// An instruction differs that should not, or not as it should.
    #[error("it would change the {0} on line {1} otherwise than wanted")]
    Instruction(&'static str, usize),
    /// There are more instructions than wanted, or less.
    #[error("it would leave other instructions than wanted")]
    Count,
}

/// The edits that make all changes, or why there are none.
///
/// # Errors
/// A change can not be made without touching more.
pub fn plan(file: &Dockerfile, ops: &[Op]) -> Result<TextEdits, Refusal> {
    let mut edits = Vec::new();
    for op in ops {
        edits.push(edit(file, op)?);
    }
    TextEdits::new(edits).map_err(|_| Refusal::Conflict)
}

fn edit(file: &Dockerfile, op: &Op) -> Result<Edit, Refusal> {
    let instruction = |at: &usize| file.instructions.get(*at).ok_or(Refusal::Missing);
    match op {
        Op::Word { at, word, text } => {
            let word = instruction(at)?.words.get(*word).ok_or(Refusal::Missing)?;
            let (span, _) = word.literal().ok_or_else(|| Refusal::NotPlain(word.text.clone()))?;
            Ok(Edit { span, text: text.clone() })
        }
        Op::Insert { before, text } => Ok(insertion(file, *before, text)),
        Op::Remove { at } => Ok(Edit { span: lines_of(file, instruction(at)?), text: String::new() }),
        Op::Exec { at, words } => {
            let of = instruction(at)?;
            if !of.rest.plain || !of.documents.is_empty() {
                return Err(Refusal::SeveralLines);
            }
            let list = format!("[{}]", words.iter().map(|word| json(word)).collect::<Vec<_>>().join(", "));
            let form = if of.keyword == Keyword::Healthcheck { "CMD " } else { "" };
            Ok(Edit { span: of.rest.span, text: format!("{form}{list}") })
        }
        Op::Keyword { at, to } => {
            let of = instruction(at)?;
            let written = file.source.slice(of.keyword_span);
            let lower = written.chars().all(|c| !c.is_ascii_uppercase());
            let text = if lower { to.as_str().to_ascii_lowercase() } else { to.as_str().to_owned() };
            Ok(Edit { span: of.keyword_span, text })
        }
    }
}

fn json(word: &str) -> String {
    serde_json::Value::from(word).to_string()
}

/// The lines of an instruction with the end of the last.
fn lines_of(file: &Dockerfile, instruction: &Instruction) -> Span {
    let (text, lines) = (file.source.text(), file.source.line_index());
    let start = lines.line_start(lines.line_of(instruction.span.start())).unwrap_or(0);
    // A byte order mark stays.
    let start = if file.source.has_byte_order_mark() { start.max('\u{feff}'.len_utf8()) } else { start };
    let end = lines.line_start(lines.line_of(instruction.span.end()) + 1).unwrap_or(text.len());
    Span::new(start, end)
}

fn insertion(file: &Dockerfile, before: usize, line: &str) -> Edit {
    let (text, lines) = (file.source.text(), file.source.line_index());
    let newline = file.source.newline().as_str();
    let Some(next) = file.instructions.get(before) else {
        let last = file.instructions.last().map_or(text.len(), |last| lines_of(file, last).end());
        let ended = text.get(..last).is_some_and(|kept| kept.ends_with('\n'));
        let text = if ended { format!("{line}{newline}") } else { format!("{newline}{line}") };
        return Edit { span: Span::at(last), text };
    };
    let mut at = lines.line_of(next.span.start());
    let start_of = |at: usize| lines.line_start(at).unwrap_or(0);
    let own = text.get(start_of(at)..next.span.start()).unwrap_or("");
    let indent = own.trim_start_matches('\u{feff}').to_owned();
    let is_comment = |at: usize| {
        let line = text.get(start_of(at)..start_of(at + 1)).unwrap_or("");
        let place = start_of(at) + (line.len() - line.trim_start_matches(['\u{feff}', ' ', '\t']).len());
        file.comments.binary_search_by_key(&place, |span| span.start()).is_ok()
    };
    while at > 0 && is_comment(at - 1) {
        at -= 1;
    }
    let mark = if at == 0 && file.source.has_byte_order_mark() { '\u{feff}'.len_utf8() } else { 0 };
    Edit { span: Span::at(start_of(at).max(mark)), text: format!("{indent}{line}{newline}") }
}

/// What an instruction says, for comparison.
fn said<'a>(file: &'a Dockerfile, of: &'a Instruction) -> &'a str {
    file.source.slice(of.span)
}

/// Proves that the operations, and nothing else, lead from one file to the other.
///
/// # Errors
/// What differs otherwise.
pub fn verify(before: &Dockerfile, ops: &[Op], after: &Dockerfile) -> Result<(), Mismatch> {
    let comments = |file: &Dockerfile| -> Vec<String> {
        file.comments.iter().map(|span| file.source.slice(*span).to_owned()).collect()
    };
    if comments(before) != comments(after) {
        return Err(Mismatch::Comments);
    }
    let mut next = after.instructions.iter();
    for (at, old) in before.instructions.iter().map(Some).chain([None]).enumerate() {
        for op in ops {
            let Op::Insert { before: place, text } = op else { continue };
            if *place == at && next.next().is_none_or(|new| said(after, new) != text) {
                return Err(Mismatch::Count);
            }
        }
        let Some(old) = old else { break };
        if ops.contains(&Op::Remove { at }) {
            continue;
        }
        let line = || before.source.line_index().line_of(old.span.start()) + 1;
        let new = next.next().ok_or(Mismatch::Count)?;
        if !changed_as_wanted(before, at, old, ops, after, new) {
            return Err(Mismatch::Instruction(old.keyword.as_str(), line()));
        }
    }
    if next.next().is_some() { Err(Mismatch::Count) } else { Ok(()) }
}

fn changed_as_wanted(
    before: &Dockerfile,
    at: usize,
    old: &Instruction,
    ops: &[Op],
    after: &Dockerfile,
    new: &Instruction,
) -> bool {
    let mut wanted = old.clone();
    let mut touched = false;
    for op in ops {
        match op {
            Op::Word { at: place, word, text } if *place == at => {
                if let Some(word) = wanted.words.get_mut(*word) {
                    let inner = word.literal().map(|(_, inner)| inner.to_owned()).unwrap_or_default();
                    word.text = word.text.replacen(&inner, text, 1);
                }
                touched = true;
            }
            Op::Exec { at: place, words } if *place == at => {
                wanted.command = Some(Command::Exec(words.clone()));
                touched = true;
            }
            Op::Keyword { at: place, to } if *place == at => {
                wanted.keyword = *to;
                touched = true;
            }
            _ => {}
        }
    }
    if !touched {
        return said(before, old) == said(after, new);
    }
    let texts = |of: &Instruction| of.words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    wanted.keyword == new.keyword
        && texts(&wanted) == texts(new)
        && wanted.names == new.names
        && wanted.flags == new.flags
        && wanted.command == new.command
}
