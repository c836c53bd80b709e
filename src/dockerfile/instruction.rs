//! [`Instruction`]: what one logical line says.

use crate::source::Span;

use super::line::Line;
use super::word::{Word, split};

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

const KEYWORDS: [(&str, Keyword); 18] = [
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("ONBUILD", Keyword::Onbuild),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// The keyword in capitals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(name, _)| name)
    }

    fn read(word: &str) -> Option<Self> {
        KEYWORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, keyword)| *keyword)
    }
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `["program", "argument"]`
    Exec(Vec<String>),
    /// A text that a shell runs, lines joined; of a here-document only its first line.
    Shell(String),
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does. Of one behind `ONBUILD` nothing more is read: it is of the images built on this one.
    pub keyword: Keyword,
    /// Where the keyword stands.
    pub keyword_span: Span,
    /// From the keyword to the end of the last line or here-document.
    pub span: Span,
    /// Where everything behind the keyword (and flags) stands.
    pub rest: Word,
    /// Flags (`--from=build`) as written, without the dashes.
    pub flags: Vec<String>,
    /// `FROM`: the image. `USER`, `WORKDIR`: all of it. `EXPOSE`: ports. `ENV`, `ARG`: the values, empty
    /// where there is none. `COPY`, `ADD`: sources and destination.
    pub words: Vec<Word>,
    /// `ENV`, `ARG`: the names of the values. `FROM`: the name of the stage.
    pub names: Vec<String>,
    /// `RUN`, `CMD`, `ENTRYPOINT`, `HEALTHCHECK CMD`, `SHELL`.
    pub command: Option<Command>,
    /// The bodies of its here-documents, with the lines that end them.
    pub documents: Vec<Span>,
}

/// Why a line is no instruction.
pub(super) struct Malformed {
    pub span: Span,
    pub message: String,
}

fn words(line: &Line, from: usize, escape: char) -> Vec<Word> {
    split(&line.text, from, escape).into_iter().map(|range| line.word(range.start, range.end)).collect()
}

/// Where the next text begins.
fn behind_blanks(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    from + (rest.len() - rest.trim_start().len())
}

impl Instruction {
    /// Reads a line.
    pub(super) fn read(line: &Line, escape: char) -> Result<Self, Malformed> {
        let text = &line.text;
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let name = line.word(0, end);
        let wrong = |message: String| Malformed { span: name.span, message };
        let Some(keyword) = Keyword::read(&name.text) else {
            return Err(wrong(format!("there is no instruction `{}`", shortened(&name.text))));
        };
        let mut at = behind_blanks(text, end);
        let mut flags = Vec::new();
        let may_flag = [Keyword::Add, Keyword::Copy, Keyword::From, Keyword::Healthcheck, Keyword::Run];
        while may_flag.contains(&keyword) && text.get(at..).is_some_and(|rest| rest.starts_with("--")) {
            let Some(range) = split(text, at, escape).into_iter().next() else { break };
            flags.push(text.get(range.start + 2..range.end).unwrap_or("").to_owned());
            at = behind_blanks(text, range.end);
        }
        let last = text.trim_end().len().max(at);
        let mut this = Self {
            keyword,
            keyword_span: name.span,
            span: line.span,
            rest: line.word(at, last),
            flags,
            words: Vec::new(),
            names: Vec::new(),
            command: None,
            documents: line.documents.clone(),
        };
        if this.rest.text.is_empty() && keyword != Keyword::Cmd {
            return Err(wrong(format!("{} says nothing", keyword.as_str())));
        }
        match keyword {
            Keyword::From => this.read_from(line, at, escape)?,
            Keyword::User | Keyword::Workdir => this.words = vec![this.rest.clone()],
            Keyword::Expose => this.words = words(line, at, escape),
            Keyword::Env | Keyword::Arg => this.read_pairs(line, at, escape)?,
            Keyword::Copy | Keyword::Add => {
                let exec = serde_json::from_str::<Vec<String>>(&this.rest.text).ok();
                let list = |list: Vec<String>| {
                    let span = this.rest.span;
                    list.into_iter().map(|text| Word { span, text, plain: false }).collect()
                };
                this.words = exec.map_or_else(|| words(line, at, escape), list);
            }
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell => {
                this.command = Some(command(&this.rest.text));
            }
            Keyword::Healthcheck => {
                let text = &this.rest.text;
                let (form, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                if form.eq_ignore_ascii_case("CMD") {
                    this.command = Some(command(rest.trim_start()));
                } else if !form.eq_ignore_ascii_case("NONE") {
                    return Err(wrong("HEALTHCHECK is followed by CMD or NONE".to_owned()));
                }
            }
            Keyword::Label
            | Keyword::Maintainer
            | Keyword::Onbuild
            | Keyword::Stopsignal
            | Keyword::Volume => {}
        }
        Ok(this)
    }

    fn read_from(&mut self, line: &Line, at: usize, escape: char) -> Result<(), Malformed> {
        let mut parts = words(line, at, escape).into_iter();
        self.words.extend(parts.next());
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Ok(()),
            (Some(word), Some(name), None) if word.text.eq_ignore_ascii_case("AS") => {
                self.names.push(name.text.to_ascii_lowercase());
                Ok(())
            }
            _ => {
                let message = "FROM is an image, or an image AS a name".to_owned();
                Err(Malformed { span: self.rest.span, message })
            }
        }
    }

    /// `A=b C=d`, for `ARG` also `A C`, for `ENV` also `A text to the end`.
    fn read_pairs(&mut self, line: &Line, at: usize, escape: char) -> Result<(), Malformed> {
        let ranges = split(&line.text, at, escape);
        let text = |start, end| line.text.get(start..end).unwrap_or("");
        let first_has_value = ranges.first().is_some_and(|range| text(range.start, range.end).contains('='));
        if self.keyword == Keyword::Env && !first_has_value {
            let Some(name) = ranges.first() else { return Ok(()) };
            let from = behind_blanks(&line.text, name.end);
            let to = line.text.trim_end().len().max(from);
            self.names.push(text(name.start, name.end).to_owned());
            self.words.push(line.word(from, to));
            return Ok(());
        }
        for range in ranges {
            let (name, from) = match text(range.start, range.end).find('=') {
                Some(equals) => (text(range.start, range.start + equals), range.start + equals + 1),
                None if self.keyword == Keyword::Arg => (text(range.start, range.end), range.end),
                None => {
                    let message = "ENV needs NAME=VALUE".to_owned();
                    return Err(Malformed { span: line.word(range.start, range.end).span, message });
                }
            };
            self.names.push(name.to_owned());
            self.words.push(line.word(from, range.end));
        }
        Ok(())
    }

    /// The value of a flag.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('='))
    }
}

fn command(text: &str) -> Command {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(words) => Command::Exec(words),
        Err(_) => Command::Shell(text.to_owned()),
    }
}

/// A word of bounded length for a message.
fn shortened(word: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = word.chars().take(LONGEST).collect();
    if short.len() < word.len() { format!("{short}…") } else { short }
}
