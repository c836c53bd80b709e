//! The language of `--set`: `a.b=1,list[0].c=x,d={1,2}`, with `\` in front of what is meant literally.
//!
//! It has its quirks, which are kept: only `true`, `false`, `null`, `0` and numbers that do not begin
//! with 0 have a type, `{}` is a list of one empty text, an argument that ends within an index is
//! taken as far as it goes.

use super::exec::Exec;
use super::json::decode_first;
use super::rope::Str;
use super::scenario::ReadFile;
use super::value::{List, Map, Node, Value};
use super::values::beat;
use crate::origin::{OriginId, OriginList, PathId, PathStep, SourceId, ValueOrigin};
use crate::source::Span;

/// Most names inside each other, as in Helm.
const MOST_NAMES: usize = 30;

/// Most lists inside each other; Helm has no bound.
const MOST_LISTS: usize = 128;

/// Largest index of a list, as in Helm.
const MOST_INDEX: usize = 65536;

/// How the text behind `=` is read.
#[derive(Clone)]
pub(super) enum Reader {
    /// As `--set` does.
    Typed,
    /// As a text.
    Text,
    /// As the name of a file.
    File(Option<ReadFile>),
    /// As JSON.
    Json,
    /// To the end, whatever stands there.
    Literal,
}

/// Why an argument is wrong.
enum Stop {
    /// The argument is at its end: nothing is wrong.
    End,
    /// Helm's text.
    Error(String),
}

type Step<T> = Result<T, Stop>;

fn wrong<T>(message: String) -> Step<T> {
    Err(Stop::Error(message))
}

/// Reads one argument into a map.
pub(super) struct Setter<'a, 'e> {
    text: &'a str,
    at: usize,
    source: SourceId,
    /// Where all that the argument sets is written, if it is not in the argument itself.
    written: Option<Span>,
    reader: &'a Reader,
    exec: &'a mut Exec<'e>,
}

/// Characters up to a stop.
struct Word {
    text: String,
    span: Span,
    /// What ended it; `None` at the end of the argument.
    stop: Option<char>,
}

impl<'a, 'e> Setter<'a, 'e> {
    /// `place` is the text that the argument stands in, and where in it; without a span it is the argument.
    pub fn new(
        text: &'a str,
        place: (SourceId, Option<Span>),
        reader: &'a Reader,
        exec: &'a mut Exec<'e>,
    ) -> Self {
        let (source, written) = place;
        Self { text, at: 0, source, written, reader, exec }
    }

    /// Sets everything that the argument names.
    pub fn run(mut self, values: &Map) -> Result<(), String> {
        loop {
            match self.key(values, PathId::NONE, 0, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Error(message)) => return Err(message),
            }
        }
    }

    fn is_literal(&self) -> bool {
        matches!(self.reader, Reader::Literal)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.text.get(self.at..)?.chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn until(&mut self, stops: &[char]) -> Word {
        let start = self.at;
        let mut text = String::new();
        loop {
            let end = self.at;
            match self.next() {
                None => return Word { text, span: Span::new(start, end), stop: None },
                Some(found) if stops.contains(&found) => {
                    return Word { text, span: Span::new(start, end), stop: Some(found) };
                }
                Some('\\') if !self.is_literal() => match self.next() {
                    Some(escaped) => text.push(escaped),
                    None => return Word { text, span: Span::new(start, self.at), stop: None },
                },
                Some(found) => text.push(found),
            }
        }
    }

    fn origin(&mut self, span: Span, key: Option<Span>, path: PathId) -> OriginId {
        let (source, losers) = (self.source, OriginList::default());
        // Key and value are one place then: the value is what can be changed.
        let (span, key) = self.written.map_or((span, key), |written| (written, None));
        self.exec.origins.push_value(ValueOrigin { source, span, key, path, losers })
    }

    fn below(&mut self, path: PathId, key: &str) -> PathId {
        let name = self.exec.origins.name(key);
        self.exec.origins.push_path(path, PathStep::Key(name))
    }

    fn set(&mut self, map: &Map, key: &Word, path: PathId, node: Node) {
        if key.text.is_empty() {
            return;
        }
        let node = match map.get(key.text.as_bytes()) {
            Some(before) => beat(&mut self.exec.origins, &node, before.origin()),
            None => node,
        };
        let key_origin = self.origin(key.span, Some(key.span), path);
        map.insert(key.text.as_bytes(), key_origin, node);
    }

    fn key(&mut self, map: &Map, path: PathId, names: usize, lists: usize) -> Step<()> {
        let stops: &[char] = if self.is_literal() { &['=', '[', '.'] } else { &['=', '[', ',', '.'] };
        let word = self.until(stops);
        let Some(stop) = word.stop else {
            if word.text.is_empty() {
                return Err(Stop::End);
            }
            return wrong(format!("key {:?} has no value", word.text));
        };
        let path = self.below(path, &word.text);
        match stop {
            '[' => {
                let index = self.index()?;
                let before = match map.get(word.text.as_bytes()) {
                    Some(node) => self.list(&node)?,
                    None => Vec::new(),
                };
                let (items, done) = self.item(before, index, path, names, lists);
                let origin = self.origin(word.span, None, path);
                self.set(map, &word, path, Node::new(List::new(items), origin));
                done
            }
            '=' => {
                let (node, done) = self.value(Some(word.span), path);
                if let Some(node) = node {
                    self.set(map, &word, path, node);
                }
                done
            }
            '.' => {
                let names = names + 1;
                if names > MOST_NAMES {
                    return wrong(format!(
                        "value name nested level is greater than maximum supported nested level of {MOST_NAMES}"
                    ));
                }
                let (inner, is_new) = match map.get(word.text.as_bytes()) {
                    Some(node) => (self.table(&node)?, false),
                    None => (Map::new(), true),
                };
                let done = self.key(&inner, path, names, lists);
                if done.is_ok() && inner.is_empty() {
                    return wrong(format!("key map {:?} has no value", word.text));
                }
                if is_new && !inner.is_empty() {
                    let origin = self.origin(word.span, Some(word.span), path);
                    self.set(map, &word, path, Node::new(inner, origin));
                }
                done
            }
            _ => {
                let origin = self.origin(Span::at(word.span.end()), Some(word.span), path);
                self.set(map, &word, path, Str::whole(*b"", origin).into());
                wrong(format!("key {:?} has no value (cannot end with ,)", word.text))
            }
        }
    }

    fn list(&self, node: &Node) -> Step<Vec<Node>> {
        match &node.value {
            Value::List(list) => Ok(list.items().to_vec()),
            other => wrong(conversion(other, "[]interface {}")),
        }
    }

    fn table(&self, node: &Node) -> Step<Map> {
        match &node.value {
            Value::Map(map) => Ok(map.clone()),
            other => wrong(conversion(other, "map[string]interface {}")),
        }
    }

    /// The number up to `]`.
    fn index(&mut self) -> Step<i64> {
        let word = self.until(&[']']);
        if word.stop.is_none() {
            return Err(Stop::End);
        }
        let digits = word.text.strip_prefix(['+', '-']).unwrap_or(&word.text);
        let why = match word.text.parse() {
            Ok(index) => return Ok(index),
            Err(_) if !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit()) => {
                "value out of range"
            }
            Err(_) => "invalid syntax",
        };
        wrong(format!("error parsing index: strconv.Atoi: parsing {:?}: {why}", word.text))
    }

    /// What stands behind `]`. The list is as far as it was set, also where something is wrong.
    fn item(
        &mut self,
        list: Vec<Node>,
        index: i64,
        path: PathId,
        names: usize,
        lists: usize,
    ) -> (Vec<Node>, Step<()>) {
        let Ok(place) = usize::try_from(index) else {
            return (list, wrong(format!("negative {index} index not allowed")));
        };
        if lists >= MOST_LISTS {
            return (list, wrong(format!("lists nested deeper than {MOST_LISTS} levels")));
        }
        let word = self.until(&['[', '.', '=']);
        if !word.text.is_empty() {
            // Helm prints the runes, each quoted, in brackets.
            let runes: Vec<String> = word.text.chars().map(|rune| format!("{rune:?}")).collect();
            let runes = runes.join(" ");
            return (list, wrong(format!("unexpected data at end of array index: [{runes}]")));
        }
        let path = {
            let step = PathStep::Index(u32::try_from(place).unwrap_or(u32::MAX));
            self.exec.origins.push_path(path, step)
        };
        let existing = list.get(place).cloned();
        match word.stop {
            None => (list, Err(Stop::End)),
            Some('=') => {
                let (node, done) = self.value(None, path);
                match (node, done) {
                    (Some(node), Ok(())) => self.put(list, place, node),
                    // An index without a value at the end of the argument is set to an empty text.
                    (Some(node), Err(Stop::End)) => self.put(list, place, node),
                    (_, done) => (list, done),
                }
            }
            Some('[') => {
                let inner = match self.index() {
                    Ok(inner) => inner,
                    Err(stop) => return (list, Err(stop)),
                };
                let before = match existing.filter(|node| !matches!(node.value, Value::Nil)) {
                    Some(node) => match self.list(&node) {
                        Ok(items) => items,
                        Err(stop) => return (list, Err(stop)),
                    },
                    None => Vec::new(),
                };
                let (items, done) = self.item(before, inner, path, names, lists + 1);
                if done.is_err() {
                    return (list, done);
                }
                let origin = self.origin(word.span, None, path);
                self.put(list, place, Node::new(List::new(items), origin))
            }
            Some(_) => {
                let (inner, node) = match existing.as_ref().and_then(|node| node.value.as_map()) {
                    Some(map) => (map.clone(), existing.clone()),
                    None => (Map::new(), None),
                };
                if let Err(stop) = self.key(&inner, path, names, lists + 1) {
                    return (list, Err(stop));
                }
                let origin = self.origin(word.span, None, path);
                self.put(list, place, node.unwrap_or_else(|| Node::new(inner, origin)))
            }
        }
    }

    /// Sets an item; what lies between is nil.
    fn put(&mut self, mut list: Vec<Node>, place: usize, node: Node) -> (Vec<Node>, Step<()>) {
        if place > MOST_INDEX {
            let message = format!("index of {place} is greater than maximum supported index of {MOST_INDEX}");
            return (list, wrong(message));
        }
        if list.len() <= place {
            list.resize_with(place + 1, Node::default);
        }
        if let Some(slot) = list.get_mut(place) {
            *slot = beat(&mut self.exec.origins, &node, slot.origin());
        }
        (list, Ok(()))
    }

    /// What stands behind `=`, as far as it could be read.
    fn value(&mut self, key: Option<Span>, path: PathId) -> (Option<Node>, Step<()>) {
        match self.reader {
            Reader::Json => return self.json(key, path),
            Reader::Literal => {
                let word = self.until(&[]);
                return (Some(self.text_node(&word, key, path)), Ok(()));
            }
            Reader::Typed | Reader::Text | Reader::File(_) => {}
        }
        let start = self.at;
        match self.next() {
            None => {
                let origin = self.origin(Span::at(start), key, path);
                (Some(Str::whole(*b"", origin).into()), Err(Stop::End))
            }
            Some('{') => {
                let (items, done) = self.braces(path);
                if done.is_err() {
                    return (None, done);
                }
                let origin = self.origin(Span::new(start, self.at), key, path);
                (Some(Node::new(List::new(items), origin)), Ok(()))
            }
            Some(_) => {
                self.at = start;
                let word = self.until(&[',']);
                match self.read(&word, key, path) {
                    Ok(node) => (Some(node), Ok(())),
                    Err(stop) => (None, Err(stop)),
                }
            }
        }
    }

    /// The items up to `}`.
    fn braces(&mut self, path: PathId) -> (Vec<Node>, Step<()>) {
        let mut items = Vec::new();
        loop {
            let word = self.until(&[',', '}']);
            let Some(stop) = word.stop else {
                return (items, wrong("list must terminate with '}'".to_owned()));
            };
            let step = PathStep::Index(u32::try_from(items.len()).unwrap_or(u32::MAX));
            let inner = self.exec.origins.push_path(path, step);
            match self.read(&word, None, inner) {
                Ok(node) => items.push(node),
                Err(stop) => return (items, Err(stop)),
            }
            if stop == '}' {
                let before = self.at;
                if self.next() != Some(',') {
                    self.at = before;
                }
                return (items, Ok(()));
            }
        }
    }

    fn text_node(&mut self, word: &Word, key: Option<Span>, path: PathId) -> Node {
        let origin = self.origin(word.span, key, path);
        let written = self.written.is_none() && self.text.get(word.span.range()) == Some(&word.text);
        let text = word.text.as_bytes();
        if written { Str::exact(text, origin).into() } else { Str::whole(text, origin).into() }
    }

    fn read(&mut self, word: &Word, key: Option<Span>, path: PathId) -> Step<Node> {
        match self.reader {
            Reader::Typed => {
                let node =
                    |value: Value, setter: &mut Self| Node::new(value, setter.origin(word.span, key, path));
                Ok(match typed(&word.text) {
                    Some(value) => node(value, self),
                    None => self.text_node(word, key, path),
                })
            }
            Reader::File(read) => {
                let missing = || Err(format!("open {}: no such file or directory", word.text));
                let content =
                    read.as_ref().map_or_else(missing, |read| read(&word.text)).map_err(Stop::Error)?;
                let origin = self.origin(word.span, key, path);
                Ok(Str::whole(content, origin).into())
            }
            Reader::Text | Reader::Json | Reader::Literal => Ok(self.text_node(word, key, path)),
        }
    }

    fn json(&mut self, key: Option<Span>, path: PathId) -> (Option<Node>, Step<()>) {
        let start = self.at;
        if self.skip_blank() {
            let origin = self.origin(Span::at(start), key, path);
            return (Some(Node::nil(origin)), Ok(()));
        }
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        // The value's own span is known only once it is read.
        let unread = self.origin(Span::new(start, self.text.len()), key, path);
        match decode_first(self.exec, &Str::exact(rest.as_bytes(), unread)) {
            Ok((node, length)) => {
                self.at = start + length;
                let origin = self.origin(Span::new(start, self.at), key, path);
                self.skip_blank();
                (Some(node.map_origin(|_| origin)), Ok(()))
            }
            Err(error) => (None, wrong(error.to_string())),
        }
    }

    /// Skips white space and a comma. Whether nothing but white space stood before the comma or the
    /// end.
    fn skip_blank(&mut self) -> bool {
        loop {
            let before = self.at;
            match self.next() {
                None | Some(',') => return true,
                Some(found) if found.is_whitespace() => {}
                Some(_) => {
                    self.at = before;
                    return false;
                }
            }
        }
    }
}

/// What `--set` takes for more than a text.
pub(super) fn typed(text: &str) -> Option<Value> {
    if text.eq_ignore_ascii_case("true") {
        return Some(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(Value::Bool(false));
    }
    if text.eq_ignore_ascii_case("null") {
        return Some(Value::Nil);
    }
    if text == "0" {
        return Some(Value::Int64(0));
    }
    let number = !text.is_empty() && !text.starts_with('0');
    text.parse().ok().filter(|_| number).map(Value::Int64)
}

/// What Go says when a value is of another type than the argument needs.
fn conversion(found: &Value, wanted: &str) -> String {
    let found = match found {
        Value::Nil => "nil",
        other => other.type_name(),
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}
