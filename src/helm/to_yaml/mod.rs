//! Values as YAML: `toYaml` and `toYamlPretty`, byte for byte as Helm prints them, with the origin
//! of every scalar and key.
//!
//! `toYaml` is sigs.k8s.io/yaml: the value becomes JSON, that is read by go-yaml v2, and go-yaml
//! v2 prints it: keys in natural order, lines folded at 80 characters, sequences not indented.
//! `toYamlPretty` is go-yaml v3 on the value itself with an indent of two.

mod emitter;
mod order;
mod scalar;

use super::exec::Exec;
use super::json::{self, JsonError};
use super::number;
use super::rope::{Str, StrBuilder};
use super::value::{Entry, Key, Kind, Map, Node, Object, Value};
use crate::origin::OriginId;
use emitter::Emitter;
use scalar::wanted_style;

/// Which go-yaml prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Version2,
    Version3,
}

/// The value as `toYaml` prints it, without the final line break.
///
/// # Errors
/// JSON cannot hold the value, or the budget is used up.
pub fn to_yaml(exec: &mut Exec<'_>, node: &Node) -> Result<Str, JsonError> {
    let mut check = Hostile::default();
    json::check(exec, node, &mut check)?;
    let reread;
    let node = if check.found {
        // What go-yaml's reader refuses or reads as something else goes through a reader here too.
        let text = json::encode(exec, node, json::Layout::Compact, false)?;
        let value = super::from_yaml::read_json(exec, &text).map_err(|_| JsonError::Unreadable)?;
        let origin = exec.derive(std::slice::from_ref(node));
        reread = Node::new(value.value, origin);
        &reread
    } else {
        node
    };
    let here = exec.here();
    let mut writer =
        Writer { exec, emitter: Emitter::new(Dialect::Version2, here), dialect: Dialect::Version2 };
    writer.node(node, false)?;
    Ok(trimmed(writer.emitter.finish()))
}

/// The value as `toYamlPretty` prints it, without the final line break.
///
/// # Errors
/// The value has no YAML form (a complex number), or the budget is used up.
pub fn to_yaml_pretty(exec: &mut Exec<'_>, node: &Node) -> Result<Str, JsonError> {
    let here = exec.here();
    let mut writer =
        Writer { exec, emitter: Emitter::new(Dialect::Version3, here), dialect: Dialect::Version3 };
    writer.node(node, false)?;
    Ok(trimmed(writer.emitter.finish()))
}

fn trimmed(output: StrBuilder) -> Str {
    let text = output.finish();
    match text.as_bytes().strip_suffix(b"\n") {
        Some(rest) => text.slice(0..rest.len()),
        None => text,
    }
}

/// Looks for strings that JSON holds and go-yaml v2 does not read back as they are.
#[derive(Debug, Default)]
struct Hostile {
    found: bool,
}

impl json::Visitor for Hostile {
    fn string(&mut self, text: &[u8]) {
        // Control characters that JSON does not escape, and NEL, which is a line break to YAML.
        self.found |= text.contains(&0x7F)
            || text.windows(2).any(|pair| pair[0] == 0xC2 && pair[1] < 0xA0)
            || text.windows(3).any(|three| three[..2] == [0xEF, 0xBF] && three[2] >= 0xBE);
    }

    fn key(&mut self, key: &[u8]) {
        self.string(key);
        // The reader looks for the colon of a key within 1,024 characters.
        self.found |= key.len() > 900;
    }
}

struct Writer<'a, 'b> {
    exec: &'a mut Exec<'b>,
    emitter: Emitter,
    dialect: Dialect,
}

impl Writer<'_, '_> {
    fn node(&mut self, node: &Node, in_mapping: bool) -> Result<(), JsonError> {
        self.exec.charge(1)?;
        let origin = node.origin();
        match &node.value {
            Value::Nil => self.emitter.word(b"null", origin),
            Value::Bool(value) => self.emitter.word(if *value { b"true" } else { b"false" }, origin),
            Value::Int(value) | Value::Int64(value) => {
                self.emitter.word(value.to_string().as_bytes(), origin)
            }
            Value::Duration(value) if self.dialect == Dialect::Version3 => {
                let text = super::time::format_duration(*value);
                self.string(&Str::whole(text.as_bytes(), origin));
            }
            Value::Duration(value) => self.emitter.word(value.to_string().as_bytes(), origin),
            Value::Uint8(value) => self.emitter.word(value.to_string().as_bytes(), origin),
            Value::Uint64(value) => self.emitter.word(value.to_string().as_bytes(), origin),
            Value::Float(value) => {
                let text =
                    if self.dialect == Dialect::Version2 { reread_float(*value) } else { float(*value) };
                self.emitter.word(text.as_bytes(), origin);
            }
            Value::Complex(..) => return Err(JsonError::Type("complex128")),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) if self.dialect == Dialect::Version3 => {
                let item = |byte: &u8| Node::new(*byte, bytes.origin());
                self.sequence(&bytes.as_bytes().iter().map(item).collect::<Vec<_>>(), in_mapping)?;
            }
            Value::Bytes(bytes) => {
                let text = super::encoding::base64(bytes.as_bytes());
                self.emitter.string(&Str::whole(text.as_bytes(), bytes.origin()), scalar::Style::Plain);
            }
            Value::List(list) if list.is_nil() && self.dialect == Dialect::Version2 => {
                self.emitter.word(b"null", origin);
            }
            Value::Map(map) if map.is_nil() && self.dialect == Dialect::Version2 => {
                self.emitter.word(b"null", origin);
            }
            Value::List(list) if list.items().is_empty() => self.emitter.empty(b"[]", origin),
            Value::List(list) => self.sequence(list.items(), in_mapping)?,
            Value::Map(map) => self.mapping(map, origin)?,
            Value::Object(object) if self.dialect == Dialect::Version3 => {
                self.object(object.as_ref(), origin, in_mapping)?;
            }
            Value::Object(object) => {
                let plain = object.plain().unwrap_or_else(|| mapping_of(object.json_fields()));
                self.node(&inherit(plain, origin), in_mapping)?;
            }
        }
        Ok(())
    }

    /// An object as version 3 prints it: a time plain, a struct as a mapping of its exported fields in
    /// their order.
    fn object(&mut self, object: &dyn Object, origin: OriginId, in_mapping: bool) -> Result<(), JsonError> {
        let is_struct = matches!(object.kind(), Kind::Struct | Kind::Pointer);
        match object.plain() {
            Some(Value::Str(text)) if object.type_name() == "time.Time" => {
                self.emitter.word(text.as_bytes(), origin);
                return Ok(());
            }
            Some(plain) if !is_struct || matches!(plain, Value::Str(_)) => {
                return self.node(&inherit(plain, origin), in_mapping);
            }
            _ => {}
        }
        self.exec.check_stack()?;
        let fields = object.exported_fields();
        if fields.is_empty() {
            self.emitter.empty(b"{}", origin);
            return Ok(());
        }
        let outer = self.emitter.begin_mapping();
        for (name, node) in fields {
            let key = Key::from(name.to_lowercase().into_bytes());
            let node = node.map_origin(|own| if own.is_none() { origin } else { own });
            self.key(&key, &Entry { key_origin: origin, node: node.clone() });
            self.node(&node, true)?;
        }
        self.emitter.end(outer);
        Ok(())
    }

    fn string(&mut self, text: &Str) {
        match (std::str::from_utf8(text.as_bytes()), self.dialect) {
            (Ok(valid), dialect) => self.emitter.string(text, wanted_style(valid, dialect)),
            (Err(_), Dialect::Version2) => {
                let valid = json::replace_invalid(text);
                let style = wanted_style(&valid.to_text(), self.dialect);
                self.emitter.string(&valid, style);
            }
            (Err(_), Dialect::Version3) => {
                let lines = base64_lines(text.as_bytes());
                self.emitter.binary(&Str::whole(lines.as_bytes(), text.origin()));
            }
        }
    }

    fn sequence(&mut self, items: &[Node], in_mapping: bool) -> Result<(), JsonError> {
        self.exec.check_stack()?;
        if items.is_empty() {
            self.emitter.empty(b"[]", OriginId::NONE);
            return Ok(());
        }
        let outer = self.emitter.begin_sequence(in_mapping);
        for item in items {
            self.emitter.item();
            self.node(item, false)?;
        }
        self.emitter.end(outer);
        Ok(())
    }

    fn mapping(&mut self, map: &Map, origin: OriginId) -> Result<(), JsonError> {
        self.exec.check_stack()?;
        self.exec.charge(map.len().saturating_mul(4))?;
        let mut entries = map.snapshot();
        if entries.is_empty() {
            self.emitter.empty(b"{}", origin);
            return Ok(());
        }
        let dialect = self.dialect;
        order::sort(&mut entries, |a, b| order::is_before(&a.0, &b.0, dialect));
        let outer = self.emitter.begin_mapping();
        for (key, entry) in entries {
            self.key(&key, &entry);
            self.node(&entry.node, true)?;
        }
        self.emitter.end(outer);
        Ok(())
    }

    fn key(&mut self, key: &Key, entry: &Entry) {
        let key = json::replace_invalid(&Str::exact(key.clone(), entry.key_origin));
        let style = wanted_style(&key.to_text(), self.dialect);
        self.emitter.key(&key, style);
    }
}

/// A value made up from another one, with its origin throughout.
fn inherit(value: Value, origin: OriginId) -> Node {
    Node::new(value, origin).map_origin(|own| if own.is_none() { origin } else { own })
}

/// What go-yaml v2 prints for a number that it read from JSON: an integer where it looks like one.
fn reread_float(value: f64) -> String {
    let text = number::format_json(value);
    let integer = !text.contains(['.', 'e']);
    if integer && let Ok(value) = number::parse_int(text.as_bytes(), 0) {
        return value.to_string();
    }
    if integer && let Ok(value) = number::parse_uint(text.as_bytes(), 0) {
        return value.to_string();
    }
    number::format_general(value)
}

fn float(value: f64) -> String {
    match value {
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        _ if value.is_nan() => ".nan".to_owned(),
        _ => number::format_general(value),
    }
}

/// Fields under the names that JSON has for them.
fn mapping_of(fields: Vec<(&'static str, Node)>) -> Value {
    let map = Map::new();
    for (field, node) in fields {
        map.insert(field.as_bytes(), OriginId::NONE, node);
    }
    Value::Map(map)
}

/// Base64 in lines of 70 characters, as go-yaml writes `!!binary`.
fn base64_lines(bytes: &[u8]) -> String {
    let text = super::encoding::base64(bytes);
    if text.len() < 70 {
        return text;
    }
    let mut lines = String::new();
    for chunk in text.as_bytes().chunks(70) {
        lines.push_str(&String::from_utf8_lossy(chunk));
        lines.push('\n');
    }
    lines
}
