//! Ignores: comments in the file, the configuration, other tools' marks.
//!
//! `# seaworthy: ignore[rule, rule] reason` at the end of a line covers what begins on that line;
//! on a line of its own it covers the node below it. `# seaworthy: file-ignore[rule] reason` stands
//! before the first document and covers the file. There is no form without rule ids.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use crate::finding::Finding;
use crate::resource::Document;
use crate::source::{Problem, ProblemKind, Source, Span};
use crate::yaml::{DocumentState, NodeId, SpanTree};

use super::peer_ignore::PeerIgnores;
use super::{Engine, IgnoredBy};

/// Why a finding is not reported.
pub(super) struct Silence {
    pub by: IgnoredBy,
    pub reason: Option<String>,
    /// Index of the configuration's ignore.
    pub configured: Option<usize>,
}

/// What a comment of ours covers.
enum Reach {
    File,
    /// What begins on this 0-based line; whether the comment stands above it.
    Line {
        line: usize,
        above: bool,
    },
}

struct Comment {
    rules: Vec<Rule>,
    reason: Option<String>,
    reach: Reach,
}

/// A rule that a comment names.
pub(super) struct Rule {
    pub id: String,
    span: Span,
    pub used: Cell<bool>,
}

impl Rule {
    /// A warning where it silenced nothing, as far as its rule ran.
    pub fn unused(&self, engine: &Engine, source: &Arc<Source>) -> Option<Problem> {
        if self.used.get() || !engine.rules.runs(&engine.catalogue, &self.id) {
            return None;
        }
        let message = if engine.settings.never_ignore.contains(&self.id) {
            format!("{} may not be ignored (never-ignore)", self.id)
        } else {
            format!("this ignore of {} silences nothing", self.id)
        };
        Some(Problem::new(ProblemKind::Warning, source, self.span, message).with_help("remove it"))
    }
}

/// What `kics` comments cover.
enum Kics {
    File,
    Line(usize),
    Block(Span),
}

/// All ignores that a text holds.
pub(super) struct Ignores {
    comments: Vec<Comment>,
    kics: Vec<Kics>,
    peers: PeerIgnores,
}

impl Ignores {
    /// Reads the comments of a text. What is wrong with them is a warning.
    pub fn read(engine: &Engine, tree: &SpanTree, problems: &mut Vec<Problem>) -> Self {
        let mut ignores = Self { comments: Vec::new(), kics: Vec::new(), peers: PeerIgnores };
        if engine.settings.no_ignores {
            return ignores;
        }
        let source = tree.source();
        let start = first_content(tree);
        for comment in tree.comments() {
            let text = tree.comment_text(comment);
            if let Some(word) = text.trim().strip_prefix("kics-scan ") {
                ignores.kics.extend(kics(tree, comment.span, word.trim()));
            }
            let Some(rest) = text.trim_start().strip_prefix("seaworthy:") else { continue };
            let offset = comment.span.end() - rest.len();
            match parse(engine, source, rest, offset) {
                Ok((file, rules, reason)) => {
                    if file && comment.span.start() > start {
                        let message = "file-ignore has no effect here: it stands before the first document";
                        problems.push(Problem::new(ProblemKind::Warning, source, comment.span, message));
                        continue;
                    }
                    let reach = if file { Reach::File } else { reach(tree, comment.span) };
                    ignores.comments.push(Comment { rules, reason, reach });
                }
                Err(problem) => problems.push(*problem),
            }
        }
        ignores
    }

    /// What silences a finding about a node, if anything does. `marked` is the place in the text that
    /// the ignores were read from.
    pub fn silences(
        &self,
        engine: &Engine,
        document: Option<&Document>,
        node: NodeId,
        marked: Span,
        finding: &Finding,
    ) -> Option<Silence> {
        let settings = &engine.settings;
        if settings.no_ignores || settings.never_ignore.contains(&*finding.rule) {
            return None;
        }
        document
            .and_then(|document| self.by_comment(document.tree(), node, marked, finding))
            .or_else(|| configured(engine, finding))
            .or_else(|| self.peers.silences(engine, document?, finding))
    }

    /// What silences a finding at a node of a text that is no manifest: a values file.
    pub fn silences_value(
        &self,
        engine: &Engine,
        tree: &SpanTree,
        node: NodeId,
        finding: &Finding,
    ) -> Option<Silence> {
        if engine.settings.never_ignore.contains(&*finding.rule) {
            return None;
        }
        self.by_comment(tree, node, finding.primary.span, finding)
    }

    fn by_comment(&self, tree: &SpanTree, node: NodeId, marked: Span, finding: &Finding) -> Option<Silence> {
        if self.comments.is_empty() && self.kics.is_empty() {
            return None;
        }
        let lines = tree.source().line_index();
        let (offset, marked) = (marked.start(), lines.line_of(marked.start()));
        let begins =
            |line: usize, above: bool| line == marked || entry_lines(tree, node, above).contains(&line);
        for comment in &self.comments {
            let Some(rule) = comment.rules.iter().find(|rule| rule.id == *finding.rule) else { continue };
            let by = match comment.reach {
                Reach::File => IgnoredBy::FileComment,
                Reach::Line { line, above } if begins(line, above) => IgnoredBy::Comment,
                Reach::Line { .. } => continue,
            };
            rule.used.set(true);
            return Some(Silence { by, reason: comment.reason.clone(), configured: None });
        }
        let covered = self.kics.iter().any(|comment| match comment {
            Kics::File => true,
            Kics::Line(line) => *line == marked,
            Kics::Block(span) => span.contains(offset),
        });
        covered.then_some(Silence { by: IgnoredBy::Peer("kics"), reason: None, configured: None })
    }

    /// Warns of ids in comments that silenced nothing, as far as their rules ran.
    pub fn unused(&self, engine: &Engine, tree: &SpanTree, problems: &mut Vec<Problem>) {
        for rule in self.comments.iter().flat_map(|comment| &comment.rules) {
            problems.extend(rule.unused(engine, tree.source()));
        }
    }
}

/// The configuration's ignore that silences a finding.
pub(super) fn configured(engine: &Engine, finding: &Finding) -> Option<Silence> {
    let settings = &engine.settings;
    let resource = &finding.resource;
    let (index, ignore) = settings.ignores.iter().enumerate().find(|(_, ignore)| {
        !ignore.expired(settings.today)
            && ignore.covers(
                &finding.rule,
                &resource.kind,
                resource.namespace.as_deref(),
                &resource.name,
                finding.container.as_deref(),
                Path::new(&**finding.primary.path()),
            )
    })?;
    Some(Silence { by: IgnoredBy::Configuration, reason: ignore.reason.clone(), configured: Some(index) })
}

/// Offset of the first thing that is no comment: the start of the first document that is not empty.
fn first_content(tree: &SpanTree) -> usize {
    let mut documents = tree.documents().iter().filter(|document| document.state != DocumentState::Empty);
    documents.next().map_or(usize::MAX, |document| document.first_line as usize)
}

/// `ignore[a, b] why` behind `seaworthy:`, which ends at `offset`: whether it is for the file, the rules,
/// the reason.
pub(super) fn parse(
    engine: &Engine,
    source: &Arc<Source>,
    text: &str,
    offset: usize,
) -> Result<(bool, Vec<Rule>, Option<String>), Box<Problem>> {
    let warn = |span: Span, message: String| Problem::new(ProblemKind::Warning, source, span, message);
    let whole = Span::new(offset, offset + text.trim_end().len());
    let body = text.trim_start();
    let file = body.starts_with("file-ignore");
    let malformed = || {
        let problem = warn(whole, "not understood: write `seaworthy: ignore[rule-id] reason`".to_owned());
        Box::new(problem)
    };
    let list = body.strip_prefix(if file { "file-ignore" } else { "ignore" }).ok_or_else(malformed)?;
    let list = list.trim_start().strip_prefix('[').ok_or_else(malformed)?;
    let (ids, reason) = list.split_once(']').ok_or_else(malformed)?;
    let mut at = offset + text.len() - list.len();
    let mut rules = Vec::new();
    for id in ids.split(',') {
        let start = at + id.len() - id.trim_start().len();
        at += id.len() + 1;
        let id = id.trim();
        let span = Span::new(start, start + id.len());
        if id.is_empty() {
            return Err(malformed());
        }
        if engine.catalogue.rule(id).is_none() {
            let problem = warn(span, format!("there is no rule `{id}`"));
            let nearest = engine.catalogue.nearest(id).map(|nearest| format!("did you mean `{nearest}`?"));
            return Err(Box::new(nearest.into_iter().fold(problem, Problem::with_help)));
        }
        rules.push(Rule { id: id.to_owned(), span, used: Cell::new(false) });
    }
    let reason = reason.trim();
    Ok((file, rules, (!reason.is_empty()).then(|| reason.to_owned())))
}

/// A comment behind something covers its line; one alone the next line with something on it.
fn reach(tree: &SpanTree, comment: Span) -> Reach {
    let source = tree.source();
    let (text, lines) = (source.text(), source.line_index());
    let line = lines.line_of(comment.start());
    let before = lines.line_start(line).and_then(|start| text.get(start..comment.start()));
    if before.is_some_and(|before| !before.trim_matches(['\u{feff}', ' ', '\t']).is_empty()) {
        return Reach::Line { line, above: false };
    }
    Reach::Line { line: next_line(tree, line), above: true }
}

/// The next line that is neither blank nor a comment nor a separator.
fn next_line(tree: &SpanTree, line: usize) -> usize {
    let source = tree.source();
    let (text, lines) = (source.text(), source.line_index());
    let content = |line: &usize| {
        let range = lines.line_range(text, *line);
        let text = range.and_then(|range| text.get(range)).unwrap_or("").trim();
        !(text.is_empty() || text.starts_with('#') || text.starts_with("---"))
    };
    (line + 1..lines.line_count()).find(content).unwrap_or(line)
}

/// The lines on which a node and the nodes it stands in begin: at the key, or at the dash. An object
/// begins at its first line for a comment above it only.
fn entry_lines(tree: &SpanTree, node: NodeId, above: bool) -> Vec<usize> {
    let lines = tree.source().line_index();
    let mut found = Vec::new();
    let mut here = Some(node);
    while let Some(node) = here {
        here = tree.parent(node);
        let start = match (tree.key_node(node), here) {
            (Some(key), _) => tree.full_span(key).start(),
            (None, Some(parent)) if tree.kind(parent).is_sequence() => {
                tree.indicator(node).unwrap_or_else(|| tree.full_span(node).start())
            }
            // A key, or the top.
            (None, Some(_)) => tree.full_span(node).start(),
            (None, None) if above => tree.full_span(node).start(),
            (None, None) => continue,
        };
        found.push(lines.line_of(start));
    }
    found
}

fn kics(tree: &SpanTree, comment: Span, word: &str) -> Option<Kics> {
    let line = tree.source().line_index().line_of(comment.start());
    match word {
        "ignore" if comment.start() < first_content(tree) => Some(Kics::File),
        "ignore-line" => Some(Kics::Line(next_line(tree, line))),
        "ignore-block" => {
            let below = tree.documents().iter().find(|document| document.span.contains(comment.start()))?;
            (comment.start() <= below.first_line as usize).then_some(Kics::Block(below.span))
        }
        _ => None,
    }
}
