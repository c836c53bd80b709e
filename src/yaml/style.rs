//! How the neighbourhood is written, so that new text looks like it.

use serde_json::Value;

use crate::source::Span;

use super::scalar::{Scalar, resolve_plain};
use super::tree::{CollectionStyle, Kind, NONE, NodeId, ScalarStyle, SpanTree};

/// Quotes that new strings get where they need some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    Single,
    Double,
}

/// The habits around one node.
#[derive(Clone, Debug)]
pub(super) struct Style<'a> {
    pub text: &'a str,
    pub newline: &'static str,
    /// Columns from a key to the keys of its mapping.
    pub step: usize,
    /// Columns from a key to the `-` of its list.
    pub list_step: usize,
    pub quote: Quote,
    /// Whether keys and strings always get double quotes.
    pub json: bool,
    /// Whether new lists are written in brackets.
    pub flow_lists: bool,
    /// Whether strings in lists in brackets get quotes.
    pub flow_quotes: bool,
    /// How deep the node lies.
    pub depth: usize,
}

/// How many nodes are looked at to learn habits.
const LOOK: usize = 4000;

impl<'a> Style<'a> {
    /// The style around a collection, or around the place of another node.
    pub(super) fn of(tree: &'a SpanTree, node: NodeId) -> Self {
        let lineage: Vec<NodeId> = std::iter::successors(Some(node), |&node| tree.parent(node)).collect();
        let document = tree.document_of(node);
        let first_key = tree.children(node).first().copied();
        let quoted = |key: NodeId| tree.kind(key) == Kind::Scalar(ScalarStyle::DoubleQuoted);
        let flow = lineage.iter().any(|&node| tree.kind(node).is_flow());
        let top_flow = lineage.last().is_some_and(|&root| tree.kind(root).is_flow());
        let mapping_key = if tree.kind(node).is_mapping() { first_key } else { None };
        let outer_key =
            lineage.iter().filter(|&&node| tree.kind(node).is_mapping() && tree.kind(node).is_flow());
        let outer_key = outer_key.filter_map(|&map| tree.children(map).first().copied()).next();
        let json = document.is_some_and(|document| document.json)
            || (flow && mapping_key.or(outer_key).is_some_and(quoted))
            || (top_flow && first_key.is_none() && outer_key.is_some_and(quoted));
        let mut style = Self {
            text: tree.source().text(),
            newline: tree.source().newline().as_str(),
            step: 2,
            list_step: 2,
            quote: Quote::Double,
            json,
            flow_lists: false,
            flow_quotes: false,
            depth: lineage.len(),
        };
        style.step = style.find_step(tree, &lineage).unwrap_or(2);
        style.list_step = style.find_list_step(tree, &lineage).unwrap_or(style.step);
        let find = || find_quote(tree, lineage.last().copied());
        style.quote = document.map_or_else(find, |document| *document.learned.quote.get_or_init(find));
        style.learn_lists(tree, node);
        style
    }

    /// The column of an offset in characters; a byte order mark takes none.
    pub(super) fn column(&self, at: usize) -> usize {
        let start = self.line_start(at);
        self.text.get(start..at).unwrap_or("").trim_start_matches('\u{feff}').chars().count()
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// Where the line of `at` ends, its line feed included.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        rest.find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// Whether only blanks stand between the start of the line and `at`.
    pub(super) fn starts_line(&self, at: usize) -> bool {
        let before = self.text.get(self.line_start(at)..at).unwrap_or("");
        before.trim_start_matches('\u{feff}').bytes().all(|byte| byte == b' ')
    }

    /// Whether only blanks stand between `at` and the end of its line.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let rest = self.text.get(at..self.line_end(at)).unwrap_or("");
        rest.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    }

    fn key_column(&self, tree: &SpanTree, map: NodeId) -> Option<usize> {
        Some(self.column(tree.full_span(*tree.children(map).first()?).start()))
    }

    /// The step from a key to a mapping in it, nearest first.
    fn find_step(&self, tree: &SpanTree, lineage: &[NodeId]) -> Option<usize> {
        let block = |node: NodeId| tree.kind(node) == Kind::Mapping(CollectionStyle::Block);
        let between = |outer: NodeId, inner: NodeId| {
            let step = self.key_column(tree, inner)?.checked_sub(self.key_column(tree, outer)?)?;
            (1..=8).contains(&step).then_some(step)
        };
        for &map in lineage.iter().filter(|&&node| block(node)) {
            let inner =
                tree.pairs(map).filter(|&(_, value)| block(value)).find_map(|(_, value)| between(map, value));
            if inner.is_some() {
                return inner;
            }
        }
        None
    }

    /// The step from a key to the `-` of a list in it: the nearest list, or the first of the
    /// document.
    fn find_list_step(&self, tree: &SpanTree, lineage: &[NodeId]) -> Option<usize> {
        let step = |map: NodeId, (key, value): (NodeId, NodeId)| {
            if tree.kind(map) != Kind::Mapping(CollectionStyle::Block)
                || tree.kind(value) != Kind::Sequence(CollectionStyle::Block)
            {
                return None;
            }
            let dash = tree.span(value).start();
            let step = self.column(dash).checked_sub(self.column(tree.full_span(key).start()))?;
            (step <= 8 && self.starts_line(dash)).then_some(step)
        };
        for &map in lineage {
            let found = tree.pairs(map).find_map(|pair| step(map, pair));
            if found.is_some() {
                return found;
            }
        }
        let root = *lineage.last()?;
        let first = || Self::first_list_step(tree, root, step);
        let document = tree.document_of(root);
        document.map_or_else(first, |document| *document.learned.list_step.get_or_init(first))
    }

    /// The step of the first list of a document.
    fn first_list_step(
        tree: &SpanTree,
        root: NodeId,
        step: impl Fn(NodeId, (NodeId, NodeId)) -> Option<usize>,
    ) -> Option<usize> {
        let mut open = vec![root];
        let mut looked = 0;
        while let Some(node) = open.pop() {
            looked += 1;
            if looked > LOOK {
                break;
            }
            let found = tree.pairs(node).find_map(|pair| step(node, pair));
            if found.is_some() {
                return found;
            }
            open.extend(tree.children(node).iter().rev());
        }
        None
    }

    /// New lists look like the lists beside them.
    fn learn_lists(&mut self, tree: &SpanTree, node: NodeId) {
        let map = if tree.kind(node).is_mapping() { Some(node) } else { tree.parent(node) };
        let values = map.into_iter().flat_map(|map| tree.pairs(map).map(|(_, value)| value));
        let (mut block, mut flow) = (0usize, None);
        for value in values.filter(|&value| !tree.children(value).is_empty()) {
            match tree.kind(value) {
                Kind::Sequence(CollectionStyle::Block) => block += 1,
                Kind::Sequence(CollectionStyle::Flow) => flow = flow.or(Some(value)),
                _ => {}
            }
        }
        let quoted = |item: NodeId| {
            matches!(tree.kind(item), Kind::Scalar(ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted))
        };
        let example =
            if tree.kind(node) == Kind::Sequence(CollectionStyle::Flow) { Some(node) } else { flow };
        if let Some(example) = example {
            self.flow_lists = block == 0;
            let last = tree.children(example).last().copied();
            self.flow_quotes = last.is_some_and(quoted);
            match last.map(|last| tree.kind(last)) {
                Some(Kind::Scalar(ScalarStyle::SingleQuoted)) => self.quote = Quote::Single,
                Some(Kind::Scalar(ScalarStyle::DoubleQuoted)) => self.quote = Quote::Double,
                _ => {}
            }
        }
    }

    /// A string in quotes.
    pub(super) fn quoted(&self, text: &str, quote: Quote) -> String {
        let plain = |c: char| {
            !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        };
        if quote == Quote::Single && !self.json && text.chars().all(plain) {
            return format!("'{}'", text.replace('\'', "''"));
        }
        let mut output = String::with_capacity(text.len() + 2);
        output.push('"');
        for c in text.chars() {
            match c {
                '"' => output.push_str("\\\""),
                '\\' => output.push_str("\\\\"),
                '\n' => output.push_str("\\n"),
                '\t' => output.push_str("\\t"),
                '\r' => output.push_str("\\r"),
                c if plain(c) => output.push(c),
                // JSON knows `\u` only; these are all in the basic plane.
                c => output.push_str(&format!("\\u{:04x}", u32::from(c))),
            }
        }
        output.push('"');
        output
    }

    /// A string as plain as its place allows.
    pub(super) fn string(&self, text: &str, in_flow: bool) -> String {
        if self.json || !is_plain_safe(text, in_flow) {
            self.quoted(text, self.quote)
        } else {
            text.to_owned()
        }
    }

    /// A value on one line: a scalar, or a collection in brackets.
    pub(super) fn inline(&self, value: &Value, in_flow: bool) -> String {
        match value {
            Value::String(text) => self.string(text, in_flow),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow_item(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Object(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.string(key, true), self.inline(value, true)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            scalar => scalar.to_string(),
        }
    }

    /// An item of a list in brackets.
    pub(super) fn flow_item(&self, item: &Value) -> String {
        match item {
            Value::String(text) if self.flow_quotes => self.quoted(text, self.quote),
            item => self.inline(item, true),
        }
    }

    /// Whether a value is written on the line of its key.
    pub(super) fn is_inline(&self, value: &Value) -> bool {
        match value {
            Value::Object(entries) => entries.is_empty(),
            Value::Array(items) => {
                items.is_empty()
                    || (self.flow_lists && items.iter().all(|item| !item.is_object() && !item.is_array()))
            }
            _ => true,
        }
    }

    /// `key: value` as block lines, the first without its indentation, the last without its line
    /// break. `column` is the key's.
    pub(super) fn block_entry(&self, key: &str, value: &Value, column: usize) -> String {
        self.written(|output| self.write_entry(output, key, value, column))
    }

    /// What stands behind the `:` of a key at `column`.
    pub(super) fn block_value(&self, value: &Value, column: usize) -> String {
        self.written(|output| self.write_value(output, value, column))
    }

    /// A value as block lines that begin at `column`, the first without its indentation, the last
    /// without its line break.
    pub(super) fn block(&self, value: &Value, column: usize) -> String {
        self.written(|output| self.write_block(output, value, column))
    }

    fn written(&self, write: impl FnOnce(&mut String)) -> String {
        // Most are a few lines.
        let mut output = String::with_capacity(64);
        write(&mut output);
        output
    }

    fn write_entry(&self, output: &mut String, key: &str, value: &Value, column: usize) {
        if self.json || !is_plain_safe(key, false) {
            output.push_str(&self.quoted(key, self.quote));
        } else {
            output.push_str(key);
        }
        output.push(':');
        self.write_value(output, value, column);
    }

    fn write_value(&self, output: &mut String, value: &Value, column: usize) {
        if self.is_inline(value) {
            output.push(' ');
            output.push_str(&self.inline(value, false));
            return;
        }
        let column = column + if value.is_object() { self.step } else { self.list_step };
        self.write_break(output, column);
        self.write_block(output, value, column);
    }

    fn write_break(&self, output: &mut String, column: usize) {
        output.push_str(self.newline);
        output.extend(std::iter::repeat_n(' ', column));
    }

    fn write_block(&self, output: &mut String, value: &Value, column: usize) {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                for (place, (key, value)) in entries.iter().enumerate() {
                    if place > 0 {
                        self.write_break(output, column);
                    }
                    self.write_entry(output, key, value, column);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for (place, item) in items.iter().enumerate() {
                    if place > 0 {
                        self.write_break(output, column);
                    }
                    output.push_str("- ");
                    self.write_block(output, item, column + 2);
                }
            }
            value => output.push_str(&self.inline(value, false)),
        }
    }

    /// A value in brackets over several lines, each entry on its own at `column + step`.
    pub(super) fn flow_lines(&self, value: &Value, column: usize, step: usize) -> String {
        let (open, close, lines): (_, _, Vec<String>) = match value {
            Value::Object(entries) if !entries.is_empty() => {
                let line = |(key, value): (&String, &Value)| {
                    format!("{}: {}", self.string(key, true), self.flow_lines(value, column + step, step))
                };
                ('{', '}', entries.iter().map(line).collect())
            }
            Value::Array(items) if !items.is_empty() => {
                ('[', ']', items.iter().map(|item| self.flow_lines(item, column + step, step)).collect())
            }
            value => return self.inline(value, true),
        };
        let inner = format!("{}{}", self.newline, " ".repeat(column + step));
        let outer = format!("{}{}", self.newline, " ".repeat(column));
        format!("{open}{inner}{}{outer}{close}", lines.join(&format!(",{inner}")))
    }
}

/// The quotes most quoted scalars of the document have.
fn find_quote(tree: &SpanTree, root: Option<NodeId>) -> Quote {
    let first = root.map_or(0, |root| root.0 as usize);
    let (mut single, mut double) = (0usize, 0usize);
    // Values have an indicator in front, keys have none.
    let values = tree.nodes.iter().skip(first).take(LOOK).filter(|node| node.indicator != NONE);
    for node in values {
        match node.kind {
            Kind::Scalar(ScalarStyle::SingleQuoted) => single += 1,
            Kind::Scalar(ScalarStyle::DoubleQuoted) => double += 1,
            _ => {}
        }
    }
    if single > double { Quote::Single } else { Quote::Double }
}

/// Whether a string can stand without quotes and is a string for every YAML reader, of version 1.1 or
/// 1.2.
pub(super) fn is_plain_safe(text: &str, in_flow: bool) -> bool {
    let Some(&first) = text.as_bytes().first() else { return false };
    if !matches!(resolve_plain(text), Scalar::String(_)) || text == "=" || text == "<<" {
        return false;
    }
    let second_is_blank = text.as_bytes().get(1).is_none_or(|&byte| matches!(byte, b' ' | b'\t'));
    let starts = match first {
        b'-' => !second_is_blank && !text.starts_with("---"),
        b'?' | b':' => !second_is_blank && !in_flow,
        b'!' | b'&' | b'*' | b'{' | b'}' | b'[' | b']' | b',' | b'#' | b'|' | b'>' | b'@' | b'`' | b'"'
        | b'\'' | b'%' => false,
        _ => true,
    };
    let ends = !text.ends_with([' ', ':']) && !text.starts_with(' ') && !text.starts_with("...");
    let inside = !text.contains(": ")
        && !text.contains(" #")
        && (!in_flow || !text.contains([',', '[', ']', '{', '}', '?', ':']))
        && text.chars().all(|c| {
            !c.is_control()
                && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{a0}')
        });
    starts && ends && inside && !is_number_elsewhere(text)
}

/// What other readers may take for a number or a date.
fn is_number_elsewhere(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    let Some(first) = unsigned.bytes().next() else { return true };
    if !first.is_ascii_digit() && first != b'.' {
        return false;
    }
    let prefixed = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|prefix| unsigned.starts_with(prefix));
    let digits_only = unsigned.bytes().all(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'_' | b'-' | b',' | b'e' | b'E' | b'+')
    });
    prefixed || digits_only || unsigned.replace('_', "").parse::<f64>().is_ok()
}

/// The comments in a span, as a reason to leave it alone.
pub(super) fn first_comment(tree: &SpanTree, span: Span) -> Option<Span> {
    tree.comments_in(span).first().map(|comment| comment.span)
}
