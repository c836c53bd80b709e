//! Values as TOML.

use super::{is_bare, path_text, quoted};
use crate::helm::budget::Limit;
use crate::helm::exec::Exec;
use crate::helm::functions;
use crate::helm::number;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::time::{self, Time, Zone};
use crate::helm::value::{Kind, List, Map, Node, Object, Value};
use crate::origin::OriginId;

/// Why a value has no TOML form. Messages are Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// What the encoder says.
    #[error("{0}")]
    Refused(String),
    /// The text of a panic, which no error value catches.
    #[error("{0}")]
    Panic(String),
    /// The budget is used up.
    #[error("{0}")]
    Limit(#[from] Limit),
}

fn refuse<T>(message: impl Into<String>) -> Result<T, EncodeError> {
    Err(EncodeError::Refused(message.into()))
}

/// The value as a TOML document.
///
/// # Errors
/// TOML cannot hold the value, or the budget is used up.
pub fn to_toml(exec: &mut Exec<'_>, node: &Node) -> Result<Str, EncodeError> {
    if matches!(node.value, Value::Nil) {
        return Err(EncodeError::Panic("reflect: call of reflect.Value.Type on zero Value".to_owned()));
    }
    let here = exec.here();
    let mut encoder = Encoder { exec, output: StrBuilder::new(), here };
    encoder.entry(&mut Vec::new(), node)?;
    Ok(encoder.output.finish())
}

/// What a value is to TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Nothing,
    Table,
    Tables,
    Other,
}

struct Encoder<'a, 'b> {
    exec: &'a mut Exec<'b>,
    output: StrBuilder,
    here: OriginId,
}

/// A path of keys with where each came from.
type Path = Vec<Vec<u8>>;

fn fields_of(object: &dyn Object) -> Option<Vec<(&'static str, Node)>> {
    let is_struct = matches!(object.kind(), Kind::Struct | Kind::Pointer);
    let text = matches!(object.plain(), Some(Value::Str(_)));
    (is_struct && !text).then(|| object.exported_fields())
}

/// The value that an object which is no struct is under its name.
fn plain(value: &Value) -> Option<Value> {
    match value {
        Value::Object(object) if fields_of(object.as_ref()).is_none() => object.plain(),
        _ => None,
    }
}

impl Encoder<'_, '_> {
    fn put(&mut self, text: &[u8]) {
        self.output.push_whole(text, self.here);
    }

    fn new_line(&mut self) {
        if !self.output.is_empty() {
            self.put(b"\n");
        }
    }

    /// What the value is; refuses what TOML has no type for.
    fn shape(&mut self, value: &Value) -> Result<Shape, EncodeError> {
        self.exec.charge(1)?;
        Ok(match value {
            Value::Nil => Shape::Nothing,
            Value::Map(map) if map.is_nil() => Shape::Nothing,
            Value::List(list) if list.is_nil() => Shape::Nothing,
            Value::Map(_) => Shape::Table,
            Value::List(list) => self.list_shape(list)?,
            Value::Complex(..) => return refuse("unsupported type: complex128"),
            Value::Object(object) if fields_of(object.as_ref()).is_some() => Shape::Table,
            Value::Object(_) => match plain(value) {
                Some(plain) => self.shape(&plain)?,
                None => Shape::Other,
            },
            _ => Shape::Other,
        })
    }

    fn list_shape(&mut self, list: &List) -> Result<Shape, EncodeError> {
        self.exec.check_stack()?;
        let mut all_tables = !list.is_empty();
        for item in list.items() {
            match self.shape(&item.value)? {
                Shape::Nothing => return refuse("toml: cannot encode array with nil element"),
                Shape::Table => {}
                _ => all_tables = false,
            }
        }
        Ok(if all_tables { Shape::Tables } else { Shape::Other })
    }

    /// One entry of the document, or the whole of it with an empty path.
    fn entry(&mut self, path: &mut Path, node: &Node) -> Result<(), EncodeError> {
        self.exec.check_stack()?;
        match &node.value {
            Value::Nil => Ok(()),
            Value::Map(map) if map.is_nil() => Ok(()),
            Value::Map(map) => {
                self.table_header(path)?;
                self.map(path, map)
            }
            Value::Object(object) => match fields_of(object.as_ref()) {
                Some(fields) => {
                    self.table_header(path)?;
                    self.fields(path, fields)
                }
                None => match plain(&node.value) {
                    Some(value @ (Value::List(_) | Value::Map(_))) => {
                        self.entry(path, &Node::new(value, node.origin()))
                    }
                    _ => self.key_value(path, node, false),
                },
            },
            Value::List(list) if self.shape(&node.value)? == Shape::Tables => self.tables(path, list),
            Value::Complex(..) => {
                let key = String::from_utf8_lossy(&path_text(path)).into_owned();
                refuse(format!("unsupported type for key '{key}': complex128"))
            }
            _ => self.key_value(path, node, false),
        }
    }

    fn indent(&mut self, path: &Path) -> Result<(), EncodeError> {
        let width = path.len().saturating_sub(1) * 2;
        self.exec.charge_bytes(width)?;
        self.put(&vec![b' '; width]);
        Ok(())
    }

    fn table_header(&mut self, path: &Path) -> Result<(), EncodeError> {
        self.exec.charge(path.len().saturating_mul(8))?;
        if path.len() == 1 {
            self.new_line();
        }
        if !path.is_empty() {
            self.indent(path)?;
            let text = [b"[", path_text(path).as_slice(), b"]"].concat();
            self.put(&text);
            self.new_line();
        }
        Ok(())
    }

    fn tables(&mut self, path: &mut Path, list: &List) -> Result<(), EncodeError> {
        if path.is_empty() {
            return refuse("toml: top-level values must be Go maps or structs");
        }
        for item in list.items() {
            self.new_line();
            self.indent(path)?;
            let text = [b"[[", path_text(path).as_slice(), b"]]"].concat();
            self.put(&text);
            self.new_line();
            match &item.value {
                Value::Map(map) => self.map(path, map)?,
                Value::Object(object) => self.fields(path, object.exported_fields())?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Entries that are no tables first, since a table takes all that follows it.
    fn map(&mut self, path: &mut Path, map: &Map) -> Result<(), EncodeError> {
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        self.exec.charge(map.len().saturating_mul(4))?;
        for (key, entry) in map.snapshot() {
            match self.shape(&entry.node.value)? {
                Shape::Table | Shape::Tables => tables.push((key, entry)),
                _ => direct.push((key, entry)),
            }
        }
        for (key, entry) in direct.into_iter().chain(tables) {
            path.push(key.to_vec());
            self.entry_with_key(path, &entry.node, entry.key_origin)?;
            path.pop();
        }
        Ok(())
    }

    fn fields(&mut self, path: &mut Path, fields: Vec<(&'static str, Node)>) -> Result<(), EncodeError> {
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for (name, node) in fields {
            match self.shape(&node.value)? {
                Shape::Table | Shape::Tables => tables.push((name, node)),
                _ => direct.push((name, node)),
            }
        }
        for (name, node) in direct.into_iter().chain(tables) {
            path.push(name.as_bytes().to_vec());
            self.entry(path, &node)?;
            path.pop();
        }
        Ok(())
    }

    fn entry_with_key(
        &mut self,
        path: &mut Path,
        node: &Node,
        key_origin: OriginId,
    ) -> Result<(), EncodeError> {
        let scalar =
            !matches!(node.value, Value::Map(_) | Value::Nil | Value::Object(_) | Value::Complex(..));
        if scalar && self.shape(&node.value)? != Shape::Tables {
            return self.key_value_from(path, node, false, key_origin);
        }
        self.entry(path, node)
    }

    fn key_value(&mut self, path: &Path, node: &Node, inline: bool) -> Result<(), EncodeError> {
        self.key_value_from(path, node, inline, self.here)
    }

    fn key_value_from(
        &mut self,
        path: &Path,
        node: &Node,
        inline: bool,
        key_origin: OriginId,
    ) -> Result<(), EncodeError> {
        let Some(key) = path.last() else { return self.element(node) };
        self.indent(path)?;
        if is_bare(key) {
            self.output.push_at(key, key_origin, 0);
        } else {
            self.output.push_whole(&quoted(key), key_origin);
        }
        self.put(b" = ");
        self.element(node)?;
        if !inline {
            self.new_line();
        }
        Ok(())
    }

    fn element(&mut self, node: &Node) -> Result<(), EncodeError> {
        self.exec.charge(1)?;
        self.exec.check_stack()?;
        let origin = node.origin();
        let mut word = |text: &str| self.output.push_whole(text.as_bytes(), origin);
        match &node.value {
            Value::Nil => {}
            Value::Bool(value) => word(&value.to_string()),
            Value::Int(value) | Value::Int64(value) => word(&value.to_string()),
            Value::Uint8(value) => word(&value.to_string()),
            Value::Uint64(value) => word(&value.to_string()),
            Value::Float(value) => word(&float(*value)),
            Value::Complex(..) => return refuse("unexpected type: complex128"),
            Value::Duration(value) => word(&format!("\"{}\"", time::format_duration(*value))),
            Value::Str(text) => self.string(text),
            Value::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.as_bytes().iter().map(u8::to_string).collect();
                word(&format!("[{}]", numbers.join(", ")));
            }
            Value::List(list) => {
                self.put(b"[");
                for (place, item) in list.items().iter().enumerate() {
                    if place > 0 {
                        self.put(b", ");
                    }
                    self.element(item)?;
                }
                self.put(b"]");
            }
            Value::Map(map) => self.inline(map)?,
            Value::Object(object) => match (fields_of(object.as_ref()), object.plain()) {
                (Some(fields), _) => {
                    self.put(b"{");
                    for (place, (name, field)) in fields.iter().enumerate() {
                        if place > 0 {
                            self.put(b", ");
                        }
                        self.key_value(&vec![name.as_bytes().to_vec()], field, true)?;
                    }
                    self.put(b"}");
                }
                // A date stands without quotes.
                (None, Some(Value::Str(text))) if object.type_name() == "time.Time" => {
                    let local = functions::time_of(object.as_ref()).and_then(local_date);
                    self.output.push_whole(local.as_deref().unwrap_or(text.as_bytes()), origin);
                }
                (None, Some(plain)) => self.element(&Node::new(plain, origin))?,
                (None, None) => {}
            },
        }
        Ok(())
    }

    fn inline(&mut self, map: &Map) -> Result<(), EncodeError> {
        self.exec.charge(map.len().saturating_mul(4))?;
        let (mut direct, mut tables) = (Vec::new(), Vec::new());
        for (key, entry) in map.snapshot() {
            match self.shape(&entry.node.value)? {
                Shape::Table | Shape::Tables => tables.push((key, entry)),
                _ => direct.push((key, entry)),
            }
        }
        self.put(b"{");
        let more = !tables.is_empty();
        for (entries, more) in [(direct, more), (tables, false)] {
            let last = entries.len().saturating_sub(1);
            for (place, (key, entry)) in entries.iter().enumerate() {
                // Go skips a nil value, but not the comma before it.
                if matches!(entry.node.value, Value::Nil) {
                    continue;
                }
                self.key_value_from(&vec![key.to_vec()], &entry.node, true, entry.key_origin)?;
                if more || place != last {
                    self.put(b", ");
                }
            }
        }
        self.put(b"}");
        Ok(())
    }

    fn string(&mut self, text: &Str) {
        self.put(b"\"");
        let bytes = text.as_bytes();
        let mut copied = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, 0..0x20 | b'"' | b'\\' | 0x7F) {
                self.output.push_part(text, copied..at);
                let escape = quoted(&[*byte]);
                let inner = escape.get(1..escape.len() - 1).unwrap_or_default();
                self.output.push_whole(inner, text.origin_at(at));
                copied = at + 1;
            }
        }
        self.output.push_part(text, copied..bytes.len());
        self.put(b"\"");
    }
}

/// A float, which needs a point or an exponent.
fn float(value: f64) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let text = number::format_general(value);
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}

/// A date, a time of day or both without zone, as `fromToml` read it; `None` for an instant.
fn local_date(time: &Time) -> Option<Vec<u8>> {
    let Zone::Fixed { name, .. } = &time.zone else { return None };
    let layout: &[u8] = match &**name {
        b"datetime-local" => b"2006-01-02T15:04:05.999999999",
        b"date-local" => b"2006-01-02",
        b"time-local" => b"15:04:05.999999999",
        _ => return None,
    };
    Some(time.format(layout))
}
