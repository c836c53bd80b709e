//! [`Line`]: the lines of a file that make one instruction, joined, with the place of every byte.
//!
//! Lines are joined as BuildKit joins them: the escape character at a line's end goes on with the next
//! one, comments and blank lines between them are passed over, and the bodies of here-documents follow.

use crate::source::Span;

use super::word::{Word, split};

/// One logical line.
pub(super) struct Line {
    /// Its text, without what joins the lines.
    pub text: String,
    /// Offset in the source of every byte of `text`.
    at: Vec<usize>,
    /// From its first byte to the end of its last line or here-document.
    pub span: Span,
    /// The bodies of its here-documents, with their last lines.
    pub documents: Vec<Span>,
}

impl Line {
    /// The bytes `start..end` of the line as a word.
    pub fn word(&self, start: usize, end: usize) -> Word {
        let text = self.text.get(start..end).unwrap_or("").to_owned();
        let Some((first, last)) = self.at.get(start..end).and_then(|at| Some((at.first()?, at.last()?)))
        else {
            return Word { span: Span::at(self.place(start)), text, plain: true };
        };
        Word { span: Span::new(*first, last + 1), plain: last + 1 - first == text.len(), text }
    }

    /// Offset in the source of a byte.
    fn place(&self, offset: usize) -> usize {
        let last = || self.at.last().map_or(self.span.start(), |last| last + 1);
        self.at.get(offset).copied().unwrap_or_else(last)
    }
}

/// Why lines can not be told apart.
pub(super) struct Unended {
    /// Where the here-document begins that does not end.
    pub span: Span,
    /// The line that would end it.
    pub name: String,
}

/// What a text is made of.
#[derive(Default)]
pub(super) struct Lines {
    pub lines: Vec<Line>,
    /// Comments, without leading blanks.
    pub comments: Vec<Span>,
}

/// A line of the file: its bytes without the line end.
struct Physical {
    start: usize,
    end: usize,
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    escape: char,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<Physical> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let (length, next) = rest.find('\n').map_or((rest.len(), rest.len()), |end| (end, end + 1));
        let line = rest.get(..length)?;
        let end = start + line.strip_suffix('\r').unwrap_or(line).len();
        self.at = start + next;
        Some(Physical { start, end })
    }

    fn slice(&self, line: &Physical) -> &'a str {
        self.text.get(line.start..line.end).unwrap_or("")
    }

    /// The line's own bytes and whether the next line goes on with it.
    fn content(&self, line: &Physical) -> (usize, bool) {
        let text = self.slice(line);
        let body = text.trim_end_matches([' ', '\t']);
        match body.strip_suffix(self.escape) {
            Some(kept) if !kept.ends_with(self.escape) => (line.start + kept.len(), true),
            _ => (line.end, false),
        }
    }
}

/// Splits a text behind `start` (a byte order mark is before it).
pub(super) fn lines(text: &str, start: usize, escape: char) -> Result<Lines, Unended> {
    let mut scanner = Scanner { text, at: start, escape };
    let mut found = Lines::default();
    while let Some(first) = scanner.next() {
        let trimmed = scanner.slice(&first).trim_start();
        let begin = first.end - trimmed.len();
        if trimmed.starts_with('#') {
            found.comments.push(Span::new(begin, first.end));
            continue;
        }
        if trimmed.is_empty() {
            continue;
        }
        let mut line = Line {
            text: String::new(),
            at: Vec::new(),
            span: Span::new(begin, first.end),
            documents: Vec::new(),
        };
        let mut add = |from: usize, to: usize| {
            line.text.push_str(text.get(from..to).unwrap_or(""));
            line.at.extend(from..to);
        };
        let (end, mut goes_on) = scanner.content(&first);
        add(begin.min(end), end);
        let mut last = first.end;
        while goes_on {
            let Some(next) = scanner.next() else { break };
            let trimmed = scanner.slice(&next).trim();
            if trimmed.starts_with('#') {
                let leading = scanner.slice(&next).trim_start();
                found.comments.push(Span::new(next.end - leading.len(), next.end));
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            let (end, more) = scanner.content(&next);
            add(next.start, end);
            (goes_on, last) = (more, next.end);
        }
        line.span = Span::new(begin, last);
        here_documents(&mut scanner, &mut line)?;
        found.lines.push(line);
    }
    Ok(found)
}

/// `<<NAME`, `<<-NAME`, `<<"NAME"`, also behind the number of a stream; whether tabs are stripped.
fn here_name(word: &str) -> Option<(bool, String)> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (tabs, name) = rest.strip_prefix('-').map_or((false, rest), |rest| (true, rest));
    let name: String = name.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
    (!name.is_empty() && !name.contains('<')).then_some((tabs, name))
}

/// Whether a line's instruction can hold here-documents.
fn can_hold(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    let first = words.next().unwrap_or("");
    let keyword = if is(first, "ONBUILD") { words.next().unwrap_or("") } else { first };
    ["RUN", "COPY", "ADD"].into_iter().any(|known| is(keyword, known))
}

/// Reads the bodies that follow a line.
fn here_documents(scanner: &mut Scanner<'_>, line: &mut Line) -> Result<(), Unended> {
    if !line.text.contains("<<") || !can_hold(&line.text) {
        return Ok(());
    }
    for range in split(&line.text, 0, scanner.escape) {
        let Some((tabs, name)) = line.text.get(range.clone()).and_then(here_name) else { continue };
        let start = scanner.at;
        loop {
            let Some(next) = scanner.next() else {
                return Err(Unended { span: line.word(range.start, range.end).span, name });
            };
            let text = scanner.slice(&next);
            if (if tabs { text.trim_start_matches('\t') } else { text }) == name {
                line.documents.push(Span::new(start, next.end));
                line.span = line.span.to(Span::at(next.end));
                break;
            }
        }
    }
    Ok(())
}
