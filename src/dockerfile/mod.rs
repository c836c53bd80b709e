//! Layer 1: Dockerfiles, lossless: instructions and comments with their places, stages, variables, and
//! operations that touch only their bytes.
//!
//! The reader follows BuildKit's: what `docker build` takes is read, with every byte's place. It is our own
//! since edits need exact places behind line continuations, and here-documents in any place of a `RUN`.

mod chain;
mod instruction;
mod line;
mod op;
mod word;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use chain::{Base, Chain, Stage};
pub use instruction::{Command, Instruction, Keyword};
pub use op::{Mismatch, Op, Refusal, plan, verify};
pub use word::Word;

use crate::source::{Problem, ProblemKind, Source, Span};

use instruction::Malformed;

/// Largest Dockerfile that is read, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// Most instructions, and most values of `ENV`, `ARG` and `EXPOSE`: following variables takes time.
const MOST_INSTRUCTIONS: usize = 2000;

/// A Dockerfile.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    source: Arc<Source>,
    escape: char,
    instructions: Vec<Instruction>,
    stages: Vec<Stage>,
    comments: Vec<Span>,
}

impl Dockerfile {
    /// Reads a text.
    ///
    /// # Errors
    /// What keeps it from being built, at its place; nothing of it is checked then.
    pub fn parse(source: &Arc<Source>) -> Result<Self, Box<Problem>> {
        let refuse = |span: Span, message: String| {
            Box::new(Problem::new(ProblemKind::NotChecked, source, span, message))
        };
        let text = source.text();
        let start = if source.has_byte_order_mark() { '\u{feff}'.len_utf8() } else { 0 };
        if text.len() > MOST_BYTES {
            return Err(refuse(Span::at(start), format!("larger than {MOST_BYTES} bytes")));
        }
        let escape = escape(text.get(start..).unwrap_or(""));
        let found = line::lines(text, start, escape).map_err(|unended| {
            refuse(unended.span, format!("this here-document has no line `{}` at its end", unended.name))
        })?;
        let mut instructions = Vec::with_capacity(found.lines.len());
        for line in &found.lines {
            let read = Instruction::read(line, escape);
            instructions.push(read.map_err(|Malformed { span, message }| refuse(span, message))?);
        }
        let values = |it: &Instruction| match it.keyword {
            Keyword::Env | Keyword::Arg | Keyword::Expose => it.words.len(),
            _ => 0,
        };
        if instructions.len() > MOST_INSTRUCTIONS
            || instructions.iter().map(values).sum::<usize>() > MOST_INSTRUCTIONS
        {
            let message = format!("more than {MOST_INSTRUCTIONS} instructions or values");
            return Err(refuse(Span::at(start), message));
        }
        let stages = chain::stages(&instructions);
        let Some(first) = stages.first() else {
            return Err(refuse(Span::at(start), "there is no FROM".to_owned()));
        };
        let early = instructions.iter().take(first.from).find(|it| it.keyword != Keyword::Arg);
        if let Some(early) = early {
            return Err(refuse(early.keyword_span, "only ARG may stand before the first FROM".to_owned()));
        }
        Ok(Self { source: Arc::clone(source), escape, instructions, stages, comments: found.comments })
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The escape character, which also joins lines.
    #[must_use]
    pub fn escape(&self) -> char {
        self.escape
    }

    /// The instructions, in their order.
    #[must_use]
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The stages; there is one at least.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The comments, from their `#` on.
    #[must_use]
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }
}

/// The escape character: directives stand before everything else.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let Some((name, value)) = line.trim().strip_prefix('#').and_then(|rest| rest.split_once('=')) else {
            break;
        };
        let known = |word: &str| name.trim().eq_ignore_ascii_case(word);
        if known("escape") && value.trim() == "`" {
            return '`';
        }
        if !known("escape") && !known("syntax") && !known("check") {
            break;
        }
    }
    '\\'
}
