//! [`parse`]: a source to its tree and the problems found on the way.

use std::sync::Arc;

use crate::source::{Limits, Problem, ProblemKind, Source, Span};

use super::builder::Builder;
use super::check::{self, Duplicate, Reason};
use super::compose::{Composed, compose};
use super::json;
use super::scalar::Scalar;
use super::split::{Chunk, split};
use super::token::SyntaxError;
use super::tree::{DocumentState, Learned, NodeId, SpanTree, TreeDocument};

/// What came of a source.
#[derive(Debug)]
pub struct Parsed {
    /// All documents that kubectl would read, and the places of those it refuses.
    pub tree: SpanTree,
    /// Documents that could not be read, and what kubectl drops without a word; by position.
    pub problems: Vec<Problem>,
}

/// Reads a source as kubectl does: split at lines that begin with `---`, or a stream of JSON values
/// where it begins with `{`.
///
/// Nothing is fatal: a document that cannot be read becomes [`DocumentState::Refused`] and a
/// [`ProblemKind::NotChecked`] problem. kubectl itself stops there; the documents behind are read
/// for checking, and a warning says that they would not reach the cluster.
#[must_use]
pub fn parse(source: &Arc<Source>, limits: &Limits) -> Parsed {
    let mut parser = Parser::new(source, limits);
    let text = Arc::clone(source.text());
    if let Some(rest) = parser.json_stream(&text, start_of(source)) {
        parser.yaml(&text, rest);
    }
    parser.finished()
}

/// Reads a source as [`parse`] does, but always as YAML: programs that split a file like kubectl
/// and know nothing of streams of JSON (Helm, for values files).
#[must_use]
pub fn parse_stream(source: &Arc<Source>, limits: &Limits) -> Parsed {
    let mut parser = Parser::new(source, limits);
    let text = Arc::clone(source.text());
    parser.yaml(&text, start_of(source));
    parser.finished()
}

/// Reads the first document of a source and nothing behind it, as `yaml.Unmarshal` of
/// sigs.k8s.io/yaml does with a text that nobody split (Chart.yaml, a rendered document).
#[must_use]
pub fn parse_first(source: &Arc<Source>, limits: &Limits) -> Parsed {
    let mut parser = Parser::new(source, limits);
    let text = Arc::clone(source.text());
    let start = start_of(source);
    let span = Span::new(start, text.len());
    parser.chunk(&text, &Chunk { span, read_from: start, separator: None, refused_by: None });
    parser.finished()
}

/// Offset behind a byte order mark.
fn start_of(source: &Source) -> usize {
    if source.has_byte_order_mark() { '\u{feff}'.len_utf8() } else { 0 }
}

/// Most duplicate keys of one document that are reported one by one.
const DUPLICATES: usize = 100;

struct Parser<'a> {
    source: &'a Arc<Source>,
    limits: &'a Limits,
    builder: Builder,
    problems: Vec<Problem>,
    /// The first document that was refused: kubectl reads nothing behind it.
    refused: Option<Span>,
    warned: bool,
}

impl<'a> Parser<'a> {
    fn new(source: &'a Arc<Source>, limits: &'a Limits) -> Self {
        let builder = Builder::new(source, limits);
        Self { source, limits, builder, problems: Vec::new(), refused: None, warned: false }
    }

    fn finished(mut self) -> Parsed {
        self.problems.sort_by_key(|problem| problem.span);
        Parsed { tree: self.builder.tree, problems: self.problems }
    }

    /// Reads JSON values as long as kubectl takes the stream for JSON; returns where it goes on as
    /// YAML, `None` if it does not.
    fn json_stream(&mut self, text: &str, start: usize) -> Option<usize> {
        if !json::looks_like_json(text.get(start..).unwrap_or("")) {
            return Some(start);
        }
        let mut from = start;
        let mut count = 0usize;
        while let Some(at) = json::next_value(text, from) {
            self.builder.begin();
            match json::value(text, at, &mut self.builder) {
                Ok((root, end)) => {
                    let span = Span::new(at, end);
                    let document = document(span, None, at, true);
                    self.finish(document, Composed { root: Some(root), dropped: None });
                    (from, count) = (end, count + 1);
                }
                // kubectl gives YAML a try behind the first value, not later.
                Err(_) if count <= 1 => {
                    self.builder.discard();
                    return Some(behind_line(text, from));
                }
                Err(error) => {
                    self.builder.discard();
                    self.refuse(document(Span::new(at, text.len()), None, at, true), error);
                    return None;
                }
            }
        }
        None
    }

    fn yaml(&mut self, text: &str, start: usize) {
        for chunk in split(text, start) {
            self.chunk(text, &chunk);
        }
    }

    fn chunk(&mut self, text: &str, chunk: &Chunk) {
        self.builder.begin();
        if let Some(separator) = chunk.separator
            && chunk.read_from > separator.start()
            && let Some(at) = text.get(separator.range()).and_then(|line| line.find('#'))
        {
            self.builder.push_comment(separator.start() + at, separator.end());
        }
        let end = chunk.span.end();
        let body = text.get(..end).unwrap_or("");
        let first_line = first_line(body, chunk.span.start());
        let document = document(chunk.span, chunk.separator, first_line, false);
        if let Some(separator) = chunk.refused_by {
            let message = "only a comment may follow `---` on its line; kubectl refuses the file here";
            let error = SyntaxError::new(separator, message).help(
                "put what follows on the next line; a line of text that begins with `---` must be indented",
            );
            return self.refuse(document, error);
        }
        // kubectl's parser reads ahead: also behind the document's end a control character counts.
        if let Some(at) = control_character(body, chunk.span.start()) {
            let error = SyntaxError::new(at, "a control character, which YAML does not allow")
                .help("write it as an escape in a double-quoted string");
            return self.refuse(document, error);
        }
        match compose(body, chunk.read_from, self.limits.depth, &mut self.builder) {
            Ok(composed) => self.finish(document, composed),
            Err(error) => {
                self.builder.discard();
                self.refuse(document, error);
            }
        }
    }

    /// Checks a document that the grammar accepts and takes it up.
    fn finish(&mut self, mut document: TreeDocument, composed: Composed) {
        let checked = match composed.root {
            Some(root) => {
                check::check_aliases(&self.builder, root, self.limits.alias_nodes, self.limits.depth)
                    .and_then(|()| check::check(&self.builder))
            }
            None => Ok(Vec::new()),
        };
        let duplicates = match checked {
            Ok(duplicates) => duplicates,
            Err(error) => {
                self.builder.discard();
                return self.refuse(document, error);
            }
        };
        for duplicate in duplicates.iter().take(DUPLICATES) {
            self.duplicate(duplicate);
        }
        if let Some(duplicate) = duplicates.get(DUPLICATES) {
            let span = self.builder.tree.full_span(duplicate.dropped);
            let message =
                format!("{} more keys of this document are given again", duplicates.len() - DUPLICATES);
            self.problems.push(Problem::new(ProblemKind::Warning, self.source, span, message));
        }
        if let Some(dropped) = composed.dropped {
            let message = "kubectl drops everything from here to the next `---`: the document has ended";
            let problem = Problem::new(ProblemKind::Warning, self.source, dropped, message);
            self.problems.push(problem.with_help("begin a new document with `---`, not with `...`"));
        }
        let null = |root: NodeId| matches!(self.builder.tree.resolved(root), Some(Scalar::Null));
        document.root = composed.root;
        document.state = match composed.root {
            Some(root) if !null(root) => DocumentState::Read,
            _ => DocumentState::Empty,
        };
        if document.state == DocumentState::Read {
            self.warn_behind_refused(&document);
        }
        self.builder.push_document(document);
    }

    fn duplicate(&mut self, duplicate: &Duplicate) {
        let tree = &self.builder.tree;
        let span = tree.full_span(duplicate.dropped);
        let key = tree.key_text(duplicate.dropped).unwrap_or_default();
        let line = self.source.line_index().line_of(tree.span(duplicate.kept).start()) + 1;
        let message = match duplicate.reason {
            Reason::LastWins => {
                format!(
                    "key `{key}` is given again on line {line}; kubectl drops this value, the last one wins"
                )
            }
            Reason::Merged => {
                format!(
                    "key `{key}` also comes through `<<` on line {line}; kubectl drops this value, the later wins"
                )
            }
            Reason::Random => {
                format!(
                    "key `{key}` is given twice, as a string and not; kubectl picks one at random (see line {line})"
                )
            }
        };
        self.problems
            .push(Problem::new(ProblemKind::Warning, self.source, span, message).with_label("dropped"));
    }

    fn warn_behind_refused(&mut self, document: &TreeDocument) {
        let Some(refused) = self.refused.filter(|_| !self.warned) else { return };
        self.warned = true;
        let line = self.source.line_index().line_of(refused.start()) + 1;
        let at = document.first_line as usize;
        let text = self.source.text();
        let end =
            text.get(at..).and_then(|rest| rest.find(['\n', '\r'])).map_or(text.len(), |length| at + length);
        let message = format!(
            "objects from here on never reach the cluster: kubectl stops at the unreadable document on line {line}"
        );
        self.problems.push(Problem::new(ProblemKind::Warning, self.source, Span::new(at, end), message));
    }

    fn refuse(&mut self, mut document: TreeDocument, error: SyntaxError) {
        document.state = DocumentState::Refused;
        let mut problem = Problem::new(ProblemKind::NotChecked, self.source, error.span, error.message);
        problem.label = error.label.map(str::to_owned);
        problem.help = error.help.map(str::to_owned);
        self.problems.push(problem);
        self.refused.get_or_insert(document.span);
        self.builder.push_document(document);
    }
}

fn document(span: Span, separator: Option<Span>, first_line: usize, json: bool) -> TreeDocument {
    let first_line = u32::try_from(first_line).unwrap_or(u32::MAX);
    TreeDocument {
        root: None,
        span,
        separator,
        state: DocumentState::Empty,
        first_line,
        json,
        anchors: (0, 0),
        learned: Learned::default(),
    }
}

/// Offset of the first line that is neither blank nor a comment.
fn first_line(body: &str, start: usize) -> usize {
    let mut at = start;
    for line in body.get(start..).unwrap_or("").split_inclusive('\n') {
        let content = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if !content.is_empty() && !content.starts_with('#') {
            return at;
        }
        at += line.len();
    }
    start
}

/// Behind blanks, up to and including the first line feed: what kubectl skips before it takes the
/// rest of a JSON stream for YAML.
fn behind_line(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    for (at, character) in rest.char_indices() {
        if !character.is_whitespace() {
            return from + at;
        }
        if character == '\n' {
            return from + at + 1;
        }
    }
    text.len()
}

/// The first character that YAML 1.1 does not allow (section 5.1).
fn control_character(body: &str, start: usize) -> Option<Span> {
    let bytes = body.as_bytes().get(start..).unwrap_or(&[]);
    // Most texts have none of the bytes that such characters consist of: look at blocks, without a
    // branch for each byte.
    let suspicious = |byte: u8| {
        (byte < 0x20) & (byte != b'\n') & (byte != b'\r') & (byte != b'\t')
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    if !bytes.chunks(64).any(|block| block.iter().fold(false, |any, &byte| any | suspicious(byte))) {
        return None;
    }
    let found = body.get(start..)?.char_indices().find(|&(_, character)| {
        !matches!(character,
            '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
            | '\u{10000}'..='\u{10FFFF}')
    });
    found.map(|(at, character)| Span::new(start + at, start + at + character.len_utf8()))
}
