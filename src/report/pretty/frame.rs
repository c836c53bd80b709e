//! Frames around a marked line, drawn by `miette`. Its only user.

use std::fmt::{self, Write as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::report::clean::{clean, clean_line};
use crate::report::style::{Paint, Style};
use crate::source::{Source, Span};

/// Longest line that is shown in a frame, in bytes.
const MAX_LINE: usize = 400;

/// How serious it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// ×
    Error,
    /// ⚠
    Warning,
    /// ☞
    Advice,
}

impl Mark {
    /// The sign as printed.
    pub fn sign(self, style: &Style) -> String {
        let (unicode, plain, paint) = match self {
            Self::Error => ("×", "x", Paint::Red),
            Self::Warning => ("⚠", "!", Paint::Yellow),
            Self::Advice => ("☞", ">", Paint::Cyan),
        };
        style.paint(paint, if style.unicode { unicode } else { plain })
    }
}

/// A title and one marked span.
#[derive(Debug)]
pub struct Frame<'a> {
    /// How serious it looks.
    pub mark: Mark,
    /// The line above, neutralised.
    pub title: String,
    /// The text.
    pub source: &'a Source,
    /// What is marked.
    pub span: Span,
    /// A few words under the mark.
    pub label: Option<String>,
}

impl Frame<'_> {
    /// Draws it.
    pub fn write(&self, output: &mut String, style: &Style) {
        let _ = writeln!(output, "  {} {}", self.mark.sign(style), style.paint(Paint::Bold, &self.title));
        let drawn = Snippet::new(self.source, self.span).and_then(|snippet| {
            let label = self.label.as_deref().map(clean_line);
            let report = Shown { snippet, span: self.span, label };
            let mut text = String::new();
            handler(style).render_report(&mut text, &report).ok().map(|()| text)
        });
        match drawn {
            // The handler starts with an empty title of its own.
            Some(text) => {
                let from = text.find("\n").map_or(0, |at| at + 1);
                output.push_str(text.get(from..).unwrap_or(""));
            }
            None => {
                let place = self.source.line_column(self.span.start());
                let name = clean_line(self.source.name());
                let _ = writeln!(output, "    --> {name}:{}:{}", place.line, place.column);
            }
        }
    }
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_context_lines(1)
        .with_width(style.width)
        .with_links(false)
        .with_urls(false)
        .without_cause_chain()
}

/// A few lines of a source, neutralised, found by the line index: `miette`'s own readers walk the
/// text from its first byte for each report.
#[derive(Debug)]
struct Snippet {
    name: String,
    text: String,
    /// Offset of `text` in the source.
    start: usize,
    /// 0-based line of `start`.
    first_line: usize,
    /// 0-based line of the span and the column (in characters) of its start.
    line: usize,
    column: usize,
    /// Offsets in `text` at which its lines start.
    starts: Vec<usize>,
}

impl Snippet {
    /// `None` where a line is too long to show.
    fn new(source: &Source, span: Span) -> Option<Self> {
        let index = source.line_index();
        let text = source.text();
        let line = index.line_of(span.start());
        let first_line = line.saturating_sub(1);
        let start = index.line_start(first_line)?;
        let end = index.line_start(line + 2).unwrap_or(text.len());
        let window = text.get(start..end)?;
        if window.split('\n').any(|line| line.len() > MAX_LINE) {
            return None;
        }
        let mut shown = clean(window).into_owned();
        // A byte order mark is no column: blanks keep the offsets.
        if start == 0 && text.starts_with('\u{feff}') {
            shown = format!("   {}", shown.get(3..)?);
        }
        let newlines = shown.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(newlines).collect();
        let column = source.line_column(span.start()).column.saturating_sub(1) as usize;
        let name = clean_line(source.name());
        Some(Self { name, text: shown, start, first_line, line, column, starts })
    }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let from = span.offset().checked_sub(self.start).ok_or(MietteError::OutOfBounds)?;
        let line_of = |offset: usize| self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let first = line_of(from).saturating_sub(before);
        let last = line_of(from + span.len().saturating_sub(1)) + after;
        let end = self.starts.get(last + 1).copied().unwrap_or(self.text.len());
        let (start, column, line) = if before == 0 {
            (from, self.column, self.line)
        } else {
            (self.starts.get(first).copied().unwrap_or(0), 0, self.first_line + first)
        };
        let data = self.text.as_bytes().get(start..end).ok_or(MietteError::OutOfBounds)?;
        let covered = SourceSpan::new((self.start + start).into(), data.len());
        let count = last + 1 - first;
        let contents = MietteSpanContents::new_named(self.name.clone(), data, covered, line, column, count);
        Ok(Box::new(contents))
    }
}

/// What `miette` is given: a snippet with one label, no words of its own.
#[derive(Debug)]
struct Shown {
    snippet: Snippet,
    span: Span,
    label: Option<String>,
}

impl fmt::Display for Shown {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let length = self.span.len().max(1).min(self.snippet.text.len());
        let label = LabeledSpan::new_primary_with_span(self.label.clone(), (self.span.start(), length));
        Some(Box::new(std::iter::once(label)))
    }
}
