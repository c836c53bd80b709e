//! Values files: read once with the place of every node, turned into the evaluator's maps for each
//! render, merged with winners and losers.

use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use super::rope::Str;
use super::strvals::typed;
use super::value::{Entry, List, Map, Node, Value};
use crate::origin::{
    Origin, OriginId, OriginList, Origins, PathId, PathStep, SourceId, SourceRole, ValueOrigin,
};
use crate::source::{Limits, Problem, ProblemKind, Source, Span};
use crate::yaml::{self, DocumentState, Kind, NodeId, Scalar, SpanTree};

/// A values file that Helm could not read. The message begins as Helm's does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValuesError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A values file, read.
#[derive(Debug)]
pub struct ValuesFile {
    source: Arc<Source>,
    /// The mapping of each document that has one.
    documents: Vec<Written>,
    /// Whether it is all there is in the file.
    is_whole: bool,
    /// What Helm's YAML reader drops without a word: duplicate keys, text behind `...`.
    pub problems: Vec<Problem>,
}

#[derive(Debug)]
struct Written {
    value: WrittenValue,
    span: Span,
}

#[derive(Debug)]
enum WrittenValue {
    Null,
    Bool(bool),
    /// All numbers of a file: Helm gets them through JSON.
    Number(f64),
    Text(Box<str>),
    List(Vec<Written>),
    Map(Vec<WrittenEntry>),
}

#[derive(Debug)]
struct WrittenEntry {
    key: Box<str>,
    key_span: Span,
    item: Written,
}

impl ValuesFile {
    /// Reads a file as Helm does: split into documents, each a mapping or nothing.
    ///
    /// # Errors
    /// A document is no YAML, or neither a mapping nor null.
    pub fn parse(source: &Arc<Source>, limits: &Limits) -> Result<Self, ValuesError> {
        let parsed = yaml::parse_stream(source, limits);
        let tree = &parsed.tree;
        let mut documents = Vec::new();
        for document in tree.documents() {
            if document.state == DocumentState::Refused {
                return Err(refused(&parsed.problems, document.span, source));
            }
            let Some(root) = document.root.filter(|_| document.state == DocumentState::Read) else {
                continue;
            };
            let kind = match tree.kind(tree.resolve(root)) {
                Kind::Mapping(_) => None,
                Kind::Sequence(_) => Some("array"),
                _ => match tree.written_scalar(root) {
                    Some(Scalar::Bool(_)) => Some("bool"),
                    Some(Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)) => Some("number"),
                    _ => Some("string"),
                },
            };
            if let Some(kind) = kind {
                let message = format!(
                    "cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot \
                     unmarshal {kind} into Go value of type map[string]interface {{}}"
                );
                return Err(ValuesError { message, span: tree.full_span(root) });
            }
            documents.push(written(tree, root));
        }
        Ok(Self { source: Arc::clone(source), documents, is_whole: true, problems: parsed.problems })
    }

    /// The values that stand at a node of another file, with their places in it; `None` where it is no
    /// mapping. `source` is that file, whose places the tree has.
    #[must_use]
    pub fn at(tree: &SpanTree, node: NodeId, source: &Arc<Source>) -> Option<Self> {
        let is_mapping = tree.kind(tree.resolve(node)).is_mapping();
        let documents = is_mapping.then(|| vec![written(tree, node)])?;
        Some(Self { source: Arc::clone(source), documents, is_whole: false, problems: Vec::new() })
    }

    /// One value below keys, read from a text as `--set` reads it or, with `is_string`, as `--set-string` does,
    /// that stands at a place of another file.
    #[must_use]
    pub fn set_at(keys: &[String], text: &str, is_string: bool, source: &Arc<Source>, span: Span) -> Self {
        let value = match typed(text).filter(|_| !is_string) {
            Some(Value::Bool(value)) => WrittenValue::Bool(value),
            #[expect(clippy::cast_precision_loss, reason = "as for the numbers of a file")]
            Some(Value::Int64(value)) => WrittenValue::Number(value as f64),
            Some(Value::Nil) => WrittenValue::Null,
            _ => WrittenValue::Text(text.into()),
        };
        let nest = |item: Written, key: &String| {
            let entry = WrittenEntry { key: key.as_str().into(), key_span: span, item };
            Written { value: WrittenValue::Map(vec![entry]), span }
        };
        let documents = vec![keys.iter().rev().fold(Written { value, span }, nest)];
        Self { source: Arc::clone(source), documents, is_whole: false, problems: Vec::new() }
    }

    /// Whether the file holds these values and nothing else.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The file's text.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The part of the file whose keys are all among `keys`: enough to look up paths made of them.
    pub(super) fn part(&self, keys: &HashSet<String>, origins: &mut Origins) -> Node {
        let merge_part = |merged: Node, document: &Written| {
            let part = part(document, keys);
            merge(origins, &merged, &part)
        };
        self.documents.iter().fold(Node::plain(Map::new()), merge_part)
    }

    /// Whether a table below the top has a null in it.
    #[must_use]
    pub fn has_inner_null(&self) -> bool {
        self.documents.iter().any(|document| match &document.value {
            WrittenValue::Map(entries) => entries.iter().any(|entry| holds_null(&entry.item)),
            _ => false,
        })
    }

    /// The file as a map whose nodes know where they are written; its documents are merged, later
    /// ones win.
    pub fn to_map(&self, origins: &mut Origins) -> Node {
        let source = origins.add_source(SourceRole::Values, Arc::clone(&self.source));
        let mut merged: Option<Node> = None;
        for document in &self.documents {
            let node = Converter { origins: &mut *origins, source }.node(document, None, PathId::NONE);
            merged = Some(match merged {
                None => node,
                Some(before) => merge(origins, &before, &node),
            });
        }
        merged.unwrap_or_else(|| {
            let origin = Converter { origins, source }.origin(Span::default(), None, PathId::NONE);
            Node::new(Map::new(), origin)
        })
    }
}

/// The error of a document that could not be read, in the words of Helm and of our own reader.
fn refused(problems: &[Problem], document: Span, source: &Source) -> ValuesError {
    let problem = problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::NotChecked)
        .find(|problem| document.start <= problem.span.start);
    let (message, span) = problem.map_or(("not YAML", document), |problem| (&*problem.message, problem.span));
    let line = source.line_column(span.start()).line;
    let message = format!(
        "cannot unmarshal yaml document: error converting YAML to JSON: yaml: line {line}: {message}"
    );
    ValuesError { message, span }
}

fn written(tree: &SpanTree, node: NodeId) -> Written {
    let node = tree.resolve(node);
    let value = match tree.kind(node) {
        Kind::Mapping(_) => {
            let entry = |entry: yaml::Entry<'_>| WrittenEntry {
                key: entry.key.into(),
                key_span: tree.full_span(entry.key_node),
                item: written(tree, entry.value_node),
            };
            WrittenValue::Map(tree.entries(node).into_iter().map(entry).collect())
        }
        Kind::Sequence(_) => {
            WrittenValue::List(tree.items(node).iter().map(|&item| written(tree, item)).collect())
        }
        _ => match tree.written_scalar(node) {
            None | Some(Scalar::Null | Scalar::Unknown) => WrittenValue::Null,
            Some(Scalar::Bool(value)) => WrittenValue::Bool(value),
            #[expect(clippy::cast_precision_loss, reason = "Helm loses these digits too")]
            Some(Scalar::Int(value)) => WrittenValue::Number(value as f64),
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            Some(Scalar::UInt(value)) => WrittenValue::Number(value as f64),
            Some(Scalar::Float(value)) => WrittenValue::Number(value),
            Some(Scalar::String(text)) => WrittenValue::Text(text.into()),
        },
    };
    Written { value, span: tree.span(node) }
}

/// A scalar's value; the callers know what to do with collections.
fn scalar(value: &WrittenValue, origin: OriginId) -> Node {
    match value {
        WrittenValue::Bool(value) => Node::new(*value, origin),
        WrittenValue::Number(value) => Node::new(*value, origin),
        WrittenValue::Text(text) => Node::from(Str::exact(text.as_bytes(), origin)),
        WrittenValue::Null | WrittenValue::List(_) | WrittenValue::Map(_) => Node::nil(origin),
    }
}

fn part(written: &Written, keys: &HashSet<String>) -> Node {
    match &written.value {
        WrittenValue::Map(entries) => {
            let kept = entries.iter().filter(|entry| keys.contains(&*entry.key));
            let entry = |entry: &WrittenEntry| {
                let node = part(&entry.item, keys);
                (Rc::from(entry.key.as_bytes()), Entry { key_origin: OriginId::NONE, node })
            };
            Node::plain(kept.map(entry).collect::<Map>())
        }
        WrittenValue::List(_) => Node::plain(List::default()),
        value => scalar(value, OriginId::NONE),
    }
}

/// A copy of the part of a map whose keys are all among `keys`.
pub(super) fn part_of(map: &Map, keys: &HashSet<String>) -> Map {
    let kept = |(key, entry): (&super::value::Key, &Entry)| {
        let name = std::str::from_utf8(key).ok().filter(|name| keys.contains(*name))?;
        let node = match &entry.node.value {
            Value::Map(inner) => Node::new(part_of(inner, keys), entry.node.origin()),
            _ => entry.node.clone(),
        };
        Some((Rc::from(name.as_bytes()), Entry { key_origin: entry.key_origin, node }))
    };
    map.read(|entries| entries.iter().filter_map(kept).collect())
}

fn holds_null(written: &Written) -> bool {
    let WrittenValue::Map(entries) = &written.value else { return false };
    entries.iter().any(|entry| matches!(entry.item.value, WrittenValue::Null) || holds_null(&entry.item))
}

struct Converter<'a> {
    origins: &'a mut Origins,
    source: SourceId,
}

impl Converter<'_> {
    fn origin(&mut self, span: Span, key: Option<Span>, path: PathId) -> OriginId {
        let losers = OriginList::default();
        self.origins.push_value(ValueOrigin { source: self.source, span, key, path, losers })
    }

    fn node(&mut self, written: &Written, key: Option<Span>, path: PathId) -> Node {
        let origin = self.origin(written.span, key, path);
        match &written.value {
            WrittenValue::List(items) => {
                let item = |(index, item): (usize, &Written)| {
                    let step = PathStep::Index(u32::try_from(index).unwrap_or(u32::MAX));
                    let path = self.origins.push_path(path, step);
                    self.node(item, None, path)
                };
                Node::new(List::new(items.iter().enumerate().map(item).collect()), origin)
            }
            WrittenValue::Map(entries) => {
                let entry = |entry: &WrittenEntry| {
                    let name = self.origins.name(&entry.key);
                    let path = self.origins.push_path(path, PathStep::Key(name));
                    let key = Some(entry.key_span);
                    let key_origin = self.origin(entry.key_span, key, path);
                    let node = self.node(&entry.item, key, path);
                    (Rc::from(entry.key.as_bytes()), Entry { key_origin, node })
                };
                Node::new(entries.iter().map(entry).collect::<Map>(), origin)
            }
            value => scalar(value, origin),
        }
    }
}

/// Two maps in one, as Helm merges values files and documents: `over` wins, maps are merged, all
/// else is replaced (null too). What loses is remembered. A node that is no map counts as empty.
pub fn merge(origins: &mut Origins, under: &Node, over: &Node) -> Node {
    let (Some(below), Some(above)) = (under.value.as_map(), over.value.as_map()) else {
        return if over.value.as_map().is_some() { over.clone() } else { under.clone() };
    };
    let mut entries: super::value::Entries = below.snapshot().into_iter().collect();
    for (key, entry) in above.snapshot() {
        let node = match entries.get(&key).map(|entry| &entry.node) {
            None => entry.node,
            Some(beaten) if beaten.value.as_map().is_some() && entry.node.value.as_map().is_some() => {
                merge(origins, beaten, &entry.node)
            }
            Some(beaten) => beat(origins, &entry.node, beaten.origin()),
        };
        entries.insert(key, Entry { key_origin: entry.key_origin, node });
    }
    let merged: Map = entries.into_iter().collect();
    let origin = add_loser(origins, over.origin(), under.origin());
    Node::new(merged, origin)
}

/// The node, known to win over what came from `loser`.
pub(super) fn beat(origins: &mut Origins, winner: &Node, loser: OriginId) -> Node {
    if loser.is_none() {
        return winner.clone();
    }
    winner.map_origin(|origin| add_loser(origins, origin, loser))
}

/// The origin `winner`, known to beat `loser`: unless both are written in one place, or that is
/// known already.
pub(super) fn add_loser(origins: &mut Origins, winner: OriginId, loser: OriginId) -> OriginId {
    let (Origin::Value(won), Origin::Value(lost)) = (origins.get(winner), origins.get(loser)) else {
        return winner;
    };
    let (won, lost) = (*origins.value(won), *origins.value(lost));
    let same = |other: &ValueOrigin| other.source == lost.source && other.span == lost.span;
    let known = |&id: &OriginId| matches!(origins.get(id), Origin::Value(id) if same(origins.value(id)));
    if same(&won) || origins.list(won.losers).iter().any(known) {
        return winner;
    }
    origins.with_loser(winner, loser)
}

/// A copy that shares no map with the original. Lists are shared, which nobody changes in place,
/// unless `lists` says that the maps inside them must be apart too.
pub(super) fn deep_copy(map: &Map, lists: bool) -> Map {
    let copy = |node: &Node| copy_node(node, lists);
    let entries = map.read(|entries| {
        entries
            .iter()
            .map(|(key, entry)| {
                (Rc::clone(key), Entry { key_origin: entry.key_origin, node: copy(&entry.node) })
            })
            .collect()
    });
    Map::of_kind(map.kind(), entries)
}

fn copy_node(node: &Node, lists: bool) -> Node {
    match &node.value {
        Value::Map(map) => Node::new(deep_copy(map, lists), node.origin()),
        Value::List(list) if lists && !list.is_empty() => {
            let items = list.items().iter().map(|item| copy_node(item, lists)).collect();
            Node::new(List::of_kind(list.kind(), items), node.origin())
        }
        _ => node.clone(),
    }
}

/// Every place of a values tree that has the path, the winner first.
#[must_use]
pub fn places(origins: &Origins, origin: OriginId) -> Vec<ValueOrigin> {
    let Origin::Value(id) = origins.get(origin) else { return Vec::new() };
    let winner = *origins.value(id);
    let losers = origins.list(winner.losers).iter().filter_map(|&loser| match origins.get(loser) {
        Origin::Value(id) => Some(*origins.value(id)),
        _ => None,
    });
    std::iter::once(winner).chain(losers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> ValuesFile {
        ValuesFile::parse(&Arc::new(Source::new(name, text)), &Limits::default()).unwrap()
    }

    fn refused(text: &str) -> String {
        ValuesFile::parse(&Arc::new(Source::new("v", text)), &Limits::default()).unwrap_err().message
    }

    fn at(node: &Node, path: &str) -> Node {
        path.split('.')
            .fold(node.clone(), |node, key| node.value.as_map().unwrap().get(key.as_bytes()).unwrap())
    }

    #[test]
    fn numbers_are_floats_and_texts_know_their_place() {
        let mut origins = Origins::new();
        let text = "a: {b: [1, 'x y']}\nyes: ${X}\n";
        let root = file("v", text).to_map(&mut origins);
        let list = at(&root, "a.b");
        let items = list.value.as_list().unwrap().items().to_vec();
        assert!(matches!(items[0].value, Value::Float(value) if value == 1.0));
        let place = places(&origins, items[1].origin())[0];
        assert_eq!(&text[place.span.range()], "'x y'");
        let steps = origins.path(place.path);
        assert!(matches!(steps[..], [PathStep::Key(_), PathStep::Key(_), PathStep::Index(1)]));
        assert_eq!(at(&root, "true").value.as_str().unwrap().as_bytes(), b"${X}");
    }

    #[test]
    fn documents_and_files_merge_and_losers_are_remembered() {
        let mut origins = Origins::new();
        let base = file("base", "a: {b: 1, c: 2}\nl: [1]\n---\na: {b: 3}\n").to_map(&mut origins);
        let over = file("prod", "a: {b: 4}\nl: ~\n").to_map(&mut origins);
        let merged = merge(&mut origins, &base, &over);
        let name = |place: &ValueOrigin| match &origins.source(place.source).text {
            crate::origin::SourceText::Written(source) => source.slice(place.span).to_owned(),
            crate::origin::SourceText::Generated { .. } => String::new(),
        };
        let shown = |path: &str| -> Vec<String> {
            places(&origins, at(&merged, path).origin()).iter().map(name).collect()
        };
        assert_eq!(shown("a.b"), ["4", "3", "1"]);
        assert_eq!(shown("a.c"), ["2"]);
        assert_eq!(shown("l"), ["~", "[1]"]);
    }

    #[test]
    fn what_is_no_mapping_is_refused_as_helm_does() {
        assert!(
            refused("[a]").ends_with("cannot unmarshal array into Go value of type map[string]interface {}")
        );
        assert!(refused("a: b: c").contains("error converting YAML to JSON: yaml: line 1:"));
        assert!(refused("a: 1\n---\nb: [\n").contains("error converting YAML to JSON"));
        assert!(file("v", "# nothing\n").documents.is_empty());
    }

    #[test]
    fn a_deep_copy_shares_no_map() {
        let mut origins = Origins::new();
        let root = file("v", "a: {b: {c: 1}}\n").to_map(&mut origins);
        let copy = deep_copy(root.value.as_map().unwrap(), true);
        at(&root, "a.b").value.as_map().unwrap().remove(b"c");
        assert!(at(&Node::plain(copy), "a.b").value.as_map().unwrap().contains(b"c"));
    }
}
