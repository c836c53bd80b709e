//! YAML text as values: `fromYaml` and `fromYamlArray`, with the origin of every node taken from
//! the bytes it was read from.
//!
//! Helm reads YAML with sigs.k8s.io/yaml: go-yaml v2, then through JSON, where every number becomes
//! a `float64`.

mod fault;
mod utf16;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::budget::Limit;
use super::exec::Exec;
use super::json::{self, DecodeError, Target};
use super::rope::{Str, StrBuilder};
use super::value::{List, Map, Node, Value};
use crate::origin::OriginId;
use crate::source::{Limits, ProblemKind, Source};
use crate::yaml::{self, Kind, NodeId, Scalar, ScalarStyle, SpanTree};

/// Why a text gives no value. Messages are Helm's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum YamlError {
    /// It is no YAML, or holds what JSON cannot.
    #[error("error converting YAML to JSON: {0}")]
    Yaml(String),
    /// It is YAML of another kind than wanted.
    #[error("error unmarshaling JSON: while decoding JSON: {0}")]
    Kind(DecodeError),
    /// The budget is used up.
    #[error("{0}")]
    Limit(#[from] Limit),
}

/// The first document of a text. Nothing at all is nil.
///
/// # Errors
/// The text is no YAML, the value is not what is wanted, or the budget is used up.
pub fn from_yaml(exec: &mut Exec<'_>, text: &Str, target: Target) -> Result<Node, YamlError> {
    exec.charge(text.len() / 16)?;
    let wide = utf16::decode(text).map_err(|error| YamlError::Yaml(format!("yaml: {error}")))?;
    let text = wide.as_ref().unwrap_or(text);
    let source = source(text)?;
    let parsed = yaml::parse_first(&source, &Limits { depth: 10_000, ..Limits::default() });
    if let Some(problem) = parsed.problems.iter().find(|problem| problem.kind != ProblemKind::Warning) {
        return Err(YamlError::Yaml(fault::message(text.as_bytes(), problem)));
    }
    let tree = &parsed.tree;
    let root = tree.documents().first().and_then(|document| document.root);
    let mut reader = Reader { exec, tree, text, integers: false };
    let node = match root {
        Some(root) => reader.node(root)?,
        None => Node::nil(text.origin()),
    };
    let wrong = |name| Err(YamlError::Kind(DecodeError::Kind(json::json_kind(&node.value), name)));
    match (target, &node.value) {
        (Target::Any, _)
        | (_, Value::Nil)
        | (Target::Map, Value::Map(_))
        | (Target::List, Value::List(_)) => Ok(node),
        (Target::Map, _) => wrong("map[string]interface {}"),
        (Target::List, _) => wrong("[]interface {}"),
    }
}

/// What go-yaml reads from text that the JSON encoder wrote: integers stay integers.
///
/// # Errors
/// go-yaml does not read it.
pub(super) fn read_json(exec: &mut Exec<'_>, text: &Str) -> Result<Node, YamlError> {
    let source = source(text)?;
    let parsed = yaml::parse_first(&source, &Limits { depth: 10_000, ..Limits::default() });
    if let Some(problem) = parsed.problems.iter().find(|problem| problem.kind != ProblemKind::Warning) {
        return Err(YamlError::Yaml(problem.message.clone()));
    }
    let tree = &parsed.tree;
    let root = tree.documents().first().and_then(|document| document.root);
    let mut reader = Reader { exec, tree, text, integers: true };
    root.map_or_else(|| Ok(Node::nil(text.origin())), |root| reader.node(root))
}

fn source(text: &Str) -> Result<Arc<Source>, YamlError> {
    match std::str::from_utf8(text.as_bytes()) {
        Ok(valid) => Ok(Arc::new(Source::new("", &*without_version(valid)))),
        Err(_) => Err(YamlError::Yaml(fault::encoding(text.as_bytes()))),
    }
}

/// The text with its `%YAML 1.1` line as a comment: go-yaml takes that directive, kubectl does not.
fn without_version(text: &str) -> Cow<'_, str> {
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| line.strip_prefix("%YAML 1.1"));
    let said = version.is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with('#'));
    let begins = lines.find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if said && begins.is_some_and(|line| line.starts_with("---")) {
        return Cow::Owned(text.replacen('%', "#", 1));
    }
    Cow::Borrowed(text)
}

struct Reader<'a, 'b> {
    exec: &'a mut Exec<'b>,
    tree: &'a SpanTree,
    text: &'a Str,
    /// Whether integers stay what they are, instead of becoming floats.
    integers: bool,
}

impl Reader<'_, '_> {
    fn origin(&self, id: NodeId) -> OriginId {
        self.origin_of(self.tree.full_span(id).range())
    }

    fn origin_of(&self, range: Range<usize>) -> OriginId {
        if range.is_empty() { self.text.origin() } else { self.text.origin_at(range.start) }
    }

    fn node(&mut self, id: NodeId) -> Result<Node, YamlError> {
        self.exec.charge(1)?;
        let id = self.tree.resolve(id);
        match self.tree.kind(id) {
            Kind::Mapping(_) => {
                self.exec.check_stack()?;
                let tree = self.tree;
                let map = Map::new();
                for entry in tree.entries(id) {
                    let key = self.key(entry.key_node, &entry.key);
                    let value = self.node(entry.value_node)?;
                    map.insert(entry.key.as_bytes(), key.origin(), value);
                }
                Ok(Node::new(map, self.origin(id)))
            }
            Kind::Sequence(_) => {
                self.exec.check_stack()?;
                let tree = self.tree;
                let items = tree.items(id).iter().map(|item| self.node(*item)).collect::<Result<_, _>>()?;
                Ok(Node::new(List::new(items), self.origin(id)))
            }
            _ => Ok(self.scalar(id)),
        }
    }

    fn key(&self, key: NodeId, text: &str) -> Str {
        let key = self.tree.resolve(key);
        self.string(key, text)
    }

    #[expect(clippy::cast_precision_loss, reason = "Helm loses these digits too")]
    fn scalar(&self, id: NodeId) -> Node {
        let value = match self.tree.written_scalar(id) {
            Some(Scalar::Bool(value)) => Value::Bool(value),
            Some(Scalar::Int(value)) if self.integers => Value::Int(value),
            Some(Scalar::UInt(value)) if self.integers => Value::Uint64(value),
            Some(Scalar::Int(value)) => Value::Float(value as f64),
            Some(Scalar::UInt(value)) => Value::Float(value as f64),
            Some(Scalar::Float(value)) => Value::Float(value),
            Some(Scalar::String(text)) => Value::Str(self.string(id, &text)),
            Some(Scalar::Null | Scalar::Unknown) | None => Value::Nil,
        };
        Node::new(value, self.origin(id))
    }

    /// A string with the origins of the bytes it was read from, as far as those stand in the text.
    fn string(&self, id: NodeId, text: &str) -> Str {
        let span = self.tree.span(id).range();
        let written = self.text.as_bytes().get(span.clone()).unwrap_or_default();
        let origin = || self.origin_of(span.clone());
        let block = matches!(self.tree.kind(id), Kind::Scalar(ScalarStyle::Literal | ScalarStyle::Folded));
        // kubectl ends a last line that has no line break, go-yaml does not.
        let unended = block && span.end >= self.text.len() && !written.ends_with(b"\n");
        let text = if unended { text.strip_suffix('\n').unwrap_or(text) } else { text };
        if written == text.as_bytes() {
            return self.text.slice(span);
        }
        match self.tree.kind(id) {
            Kind::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) => {
                let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
                if inner == text.as_bytes() {
                    return self.text.slice(span.start + 1..span.start + 1 + inner.len());
                }
                Str::whole(text.as_bytes(), origin())
            }
            Kind::Scalar(ScalarStyle::Literal) => self.lines(span.start, written, text),
            _ => Str::whole(text.as_bytes(), origin()),
        }
    }

    /// The text of a block scalar, line by line.
    fn lines(&self, start: usize, written: &[u8], text: &str) -> Str {
        let mut output = StrBuilder::with_capacity(text.len());
        // Behind the header line.
        let mut at = written.iter().position(|byte| *byte == b'\n').map_or(written.len(), |end| end + 1);
        for line in text.split_inclusive('\n') {
            let bytes = line.as_bytes();
            let rest = written.get(at..).unwrap_or_default();
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let here = &rest[..end];
            // Indentation comes before the line's own text; the line end may be missing.
            let content = bytes.strip_suffix(b"\n").unwrap_or(bytes);
            let body = here.strip_suffix(b"\n").unwrap_or(here);
            let body = body.strip_suffix(b"\r").unwrap_or(body);
            let place = start + at + body.len().saturating_sub(content.len());
            if body.ends_with(content) {
                output.push_part(self.text, place..place + content.len());
            } else {
                output.push_whole(content, self.origin_of(start + at..start + at + end));
            }
            if content.len() < bytes.len() {
                output.push_whole(b"\n", self.origin_of(start + at..start + at + end.max(1)));
            }
            at += end;
        }
        output.finish()
    }
}

#[cfg(test)]
mod tests;
