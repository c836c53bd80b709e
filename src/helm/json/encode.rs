//! Values as JSON text.

use super::{JsonError, ObjectForm, Path, finite, object_fields};
use crate::helm::encoding;
use crate::helm::exec::Exec;
use crate::helm::number;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::value::{Node, Value};
use crate::origin::OriginId;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// On one line, without blanks.
    Compact,
    /// One item a line, indented by two.
    Indented,
}

/// The value as JSON: keys sorted by bytes; with `escape_html`, `<`, `>` and `&` are escaped.
/// Scalars and keys keep their origins.
///
/// # Errors
/// JSON cannot hold the value, or the budget is used up.
pub fn encode(exec: &mut Exec<'_>, node: &Node, layout: Layout, escape_html: bool) -> Result<Str, JsonError> {
    let here = exec.here();
    let output = StrBuilder::new();
    let mut encoder = Encoder { exec, output, here, layout, escape_html, path: Path::default() };
    encoder.node(node, 0)?;
    Ok(encoder.output.finish())
}

struct Encoder<'a, 'b> {
    exec: &'a mut Exec<'b>,
    output: StrBuilder,
    /// Origin of punctuation.
    here: OriginId,
    layout: Layout,
    escape_html: bool,
    path: Path,
}

impl Encoder<'_, '_> {
    fn put(&mut self, text: &[u8]) {
        self.output.push_whole(text, self.here);
    }

    fn line(&mut self, depth: usize) -> Result<(), JsonError> {
        if self.layout == Layout::Indented {
            self.exec.charge_bytes(depth * 2)?;
            self.output.push_whole(b"\n", self.here);
            self.output.push_whole(&b"  ".repeat(depth), self.here);
        }
        Ok(())
    }

    fn node(&mut self, node: &Node, depth: usize) -> Result<(), JsonError> {
        self.exec.charge(1)?;
        let origin = node.origin();
        let mut word = |text: &str| self.output.push_whole(text.as_bytes(), origin);
        match &node.value {
            Value::Nil => word("null"),
            Value::Bool(value) => word(if *value { "true" } else { "false" }),
            Value::Int(value) | Value::Int64(value) | Value::Duration(value) => word(&value.to_string()),
            Value::Uint8(value) => word(&value.to_string()),
            Value::Uint64(value) => word(&value.to_string()),
            Value::Float(value) => word(&number::format_json(finite(*value)?)),
            Value::Complex(..) => return Err(JsonError::Type("complex128")),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => {
                let text = format!("\"{}\"", encoding::base64(bytes.as_bytes()));
                self.output.push_whole(text.as_bytes(), bytes.origin());
            }
            Value::List(list) if list.is_nil() => word("null"),
            Value::List(list) => {
                self.exec.check_stack()?;
                self.put(b"[");
                for (place, item) in list.items().iter().enumerate() {
                    self.separate(place, depth + 1)?;
                    self.node(item, depth + 1)?;
                }
                self.close(list.len(), depth, b"]")?;
            }
            Value::Map(map) if map.is_nil() => word("null"),
            Value::Map(map) => {
                self.exec.check_stack()?;
                self.path.enter(map)?;
                self.exec.charge(map.len().saturating_mul(4))?;
                let entries = map.snapshot();
                self.put(b"{");
                for (place, (key, entry)) in entries.iter().enumerate() {
                    self.separate(place, depth + 1)?;
                    self.key(&Str::exact(key.clone(), entry.key_origin));
                    self.node(&entry.node, depth + 1)?;
                }
                self.close(entries.len(), depth, b"}")?;
                self.path.leave();
            }
            Value::Object(_) => match object_fields(&node.value) {
                Some(ObjectForm::Plain(plain)) => self.node(&Node::new(plain, origin), depth)?,
                Some(ObjectForm::Fields(fields)) => {
                    self.put(b"{");
                    for (place, (name, field)) in fields.iter().enumerate() {
                        self.separate(place, depth + 1)?;
                        self.key(&Str::whole(name.as_bytes(), origin));
                        self.node(field, depth + 1)?;
                    }
                    self.close(fields.len(), depth, b"}")?;
                }
                None => {}
            },
        }
        Ok(())
    }

    fn separate(&mut self, place: usize, depth: usize) -> Result<(), JsonError> {
        if place > 0 {
            self.put(b",");
        }
        self.line(depth)
    }

    fn close(&mut self, items: usize, depth: usize, bracket: &[u8]) -> Result<(), JsonError> {
        if items > 0 {
            self.line(depth)?;
        }
        self.put(bracket);
        Ok(())
    }

    fn key(&mut self, key: &Str) {
        self.string(key);
        self.put(if self.layout == Layout::Indented { b": " } else { b":" });
    }

    fn string(&mut self, text: &Str) {
        self.put(b"\"");
        let bytes = text.as_bytes();
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            let (escape, width) = self.escape(&bytes[at..]);
            if let Some(escape) = escape {
                self.output.push_part(text, copied..at);
                let origin = text.origin_at(at);
                self.output.push_whole(escape.as_bytes(), origin);
                copied = at + width;
            }
            at += width;
        }
        self.output.push_part(text, copied..bytes.len());
        self.put(b"\"");
    }

    /// The escape that the character at the start of `text` needs, and its length.
    fn escape(&self, text: &[u8]) -> (Option<String>, usize) {
        let short = |letter: char| (Some(format!("\\{letter}")), 1);
        match text {
            [b'"', ..] => short('"'),
            [b'\\', ..] => short('\\'),
            [0x08, ..] => short('b'),
            [0x0C, ..] => short('f'),
            [b'\n', ..] => short('n'),
            [b'\r', ..] => short('r'),
            [b'\t', ..] => short('t'),
            [byte @ (b'<' | b'>' | b'&'), ..] if self.escape_html => (Some(format!("\\u{byte:04x}")), 1),
            [byte @ 0..0x20, ..] => (Some(format!("\\u{byte:04x}")), 1),
            [0x20..0x80, ..] => (None, 1),
            [0xE2, 0x80, last @ (0xA8 | 0xA9), ..] => (Some(format!("\\u20{:02x}", last - 0x80)), 3),
            _ => {
                let head = text.get(..4).unwrap_or(text);
                let valid = head.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
                match valid {
                    Some(character) => (None, character.len_utf8()),
                    None => (Some("\\ufffd".to_owned()), 1),
                }
            }
        }
    }
}
