//! JSON text as values.

use std::fmt;

use crate::helm::budget::Limit;
use crate::helm::exec::Exec;
use crate::helm::number;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::unicode;
use crate::helm::value::{List, ListKind, Map, Node, Value};
use crate::origin::OriginId;

/// Deepest nesting that Go reads.
const MAX_DEPTH: usize = 10_000;

/// Why a text gives no value. Messages are Go's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// A character that JSON does not have there: the byte, and what was being read.
    Syntax(u8, String),
    /// The text ends too early.
    End,
    /// Collections nested too deeply.
    Depth,
    /// A value of another kind than wanted: what it is, what was wanted.
    Kind(&'static str, &'static str),
    /// A number that does not fit a `float64`.
    Number(String),
    /// The budget is used up.
    Limit(#[from] Limit),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(byte, context) => write!(f, "invalid character {} {context}", quote_byte(*byte)),
            Self::End => f.write_str("unexpected end of JSON input"),
            Self::Depth => f.write_str("exceeded max depth"),
            Self::Kind(found, wanted) => {
                write!(f, "json: cannot unmarshal {found} into Go value of type {wanted}")
            }
            Self::Number(text) => {
                write!(f, "json: cannot unmarshal number {text} into Go value of type float64")
            }
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

/// A byte as Go quotes it in these errors: as the character with that number.
fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        0x07 => "'\\a'".to_owned(),
        0x08 => "'\\b'".to_owned(),
        0x09 => "'\\t'".to_owned(),
        0x0A => "'\\n'".to_owned(),
        0x0B => "'\\v'".to_owned(),
        0x0C => "'\\f'".to_owned(),
        0x0D => "'\\r'".to_owned(),
        _ if unicode::is_print(char::from(byte)) => format!("'{}'", char::from(byte)),
        0x80.. => format!("'\\u{byte:04x}'"),
        _ => format!("'\\x{byte:02x}'"),
    }
}

/// What the value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Anything.
    Any,
    /// `map[string]interface {}`, or null.
    Map,
    /// `[]interface {}`, or null.
    List,
}

/// Reads one JSON value that is the whole text. Numbers become `float64`. Beside the value stands
/// the first error that did not stop the reading: a number that is too large is nil then.
///
/// # Errors
/// The text is no JSON, or the value is not what is wanted.
pub fn decode(
    exec: &mut Exec<'_>,
    text: &Str,
    target: Target,
) -> Result<(Node, Option<DecodeError>), DecodeError> {
    let mut decoder = Decoder { exec, text, bytes: text.as_bytes(), at: 0, depth: 0, first: None };
    decoder.blanks();
    let found = decoder.value()?;
    decoder.blanks();
    if let Some(byte) = decoder.bytes.get(decoder.at) {
        return Err(DecodeError::Syntax(*byte, "after top-level value".to_owned()));
    }
    let kind = |kind: &'static str, name: &'static str| Err(DecodeError::Kind(kind, name));
    let node = match (target, &found.value) {
        (Target::Any, _) | (Target::Map, Value::Map(_)) | (Target::List, Value::List(_)) => found,
        (Target::Map, Value::Nil) => Node::new(Map::nil(), found.origin()),
        (Target::List, Value::Nil) => Node::new(List::nil(ListKind::Any), found.origin()),
        (Target::Map, value) => return kind(json_kind(value), "map[string]interface {}"),
        (Target::List, value) => return kind(json_kind(value), "[]interface {}"),
    };
    Ok((node, decoder.first))
}

/// Reads the JSON value at the start of a text, and how many bytes it and the blanks before it
/// take.
///
/// # Errors
/// There is no value, or one that does not fit.
pub fn decode_first(exec: &mut Exec<'_>, text: &Str) -> Result<(Node, usize), DecodeError> {
    let mut decoder = Decoder { exec, text, bytes: text.as_bytes(), at: 0, depth: 0, first: None };
    decoder.blanks();
    let found = match decoder.value() {
        // A stream's end is its end, also within a word.
        Err(DecodeError::Syntax(..)) if decoder.at >= decoder.bytes.len() => return Err(DecodeError::End),
        found => found?,
    };
    match decoder.first {
        Some(error) => Err(error),
        None => Ok((found, decoder.at)),
    }
}

/// The word for a value's kind in [`DecodeError::Kind`].
pub(in crate::helm) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Nil => "null",
        _ => "number",
    }
}

struct Decoder<'a, 'b> {
    exec: &'a mut Exec<'b>,
    text: &'a Str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    first: Option<DecodeError>,
}

impl Decoder<'_, '_> {
    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The byte that must follow within a word or number, a blank where the text ends: Go says so.
    fn within(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b' ')
    }

    fn refuse_within<T>(&self, context: &str) -> Result<T, DecodeError> {
        Err(DecodeError::Syntax(self.within(), context.to_owned()))
    }

    /// The next byte, which must be there.
    fn peek(&self) -> Result<u8, DecodeError> {
        self.bytes.get(self.at).copied().ok_or(DecodeError::End)
    }

    fn refuse<T>(&self, context: &str) -> Result<T, DecodeError> {
        Err(DecodeError::Syntax(self.peek()?, context.to_owned()))
    }

    fn origin(&self, from: usize) -> OriginId {
        self.text.origin_at(from)
    }

    fn value(&mut self) -> Result<Node, DecodeError> {
        self.exec.charge(1)?;
        let from = self.at;
        let value = match self.peek()? {
            b'{' => return self.nested(Self::object),
            b'[' => return self.nested(Self::array),
            b'"' => return self.string().map(Node::from),
            b't' => self.word("true", Value::Bool(true))?,
            b'f' => self.word("false", Value::Bool(false))?,
            b'n' => self.word("null", Value::Nil)?,
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return self.refuse("looking for beginning of value"),
        };
        Ok(Node::new(value, self.origin(from)))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, DecodeError>) -> Result<Node, DecodeError> {
        self.exec.check_stack()?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(DecodeError::Depth);
        }
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, DecodeError> {
        for letter in word.bytes() {
            if self.within() != letter {
                return self.refuse_within(&format!("in literal {word} (expecting {})", quote_byte(letter)));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Value, DecodeError> {
        let from = self.at;
        if self.within() == b'-' {
            self.at += 1;
        }
        match self.within() {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits(),
            _ => return self.refuse_within("in numeric literal"),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !self.within().is_ascii_digit() {
                return self.refuse_within("after decimal point in numeric literal");
            }
            self.digits();
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.within(), b'+' | b'-') {
                self.at += 1;
            }
            if !self.within().is_ascii_digit() {
                return self.refuse_within("in exponent of numeric literal");
            }
            self.digits();
        }
        let text = self.bytes.get(from..self.at).unwrap_or_default();
        Ok(match number::parse_float(text) {
            Ok(value) => Value::Float(value),
            Err(_) => {
                let error = DecodeError::Number(String::from_utf8_lossy(text).into_owned());
                self.first.get_or_insert(error);
                Value::Nil
            }
        })
    }

    fn array(&mut self) -> Result<Node, DecodeError> {
        let from = self.at;
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.peek()? == b']' {
            self.at += 1;
            return Ok(Node::new(List::new(items), self.origin(from)));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(Node::new(List::new(items), self.origin(from)));
                }
                _ => return self.refuse("after array element"),
            }
            self.blanks();
        }
    }

    fn object(&mut self) -> Result<Node, DecodeError> {
        let from = self.at;
        self.at += 1;
        let map = Map::new();
        self.blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            return Ok(Node::new(map, self.origin(from)));
        }
        loop {
            if self.peek()? != b'"' {
                return self.refuse("looking for beginning of object key string");
            }
            let key = self.string()?;
            self.blanks();
            if self.peek()? != b':' {
                return self.refuse("after object key");
            }
            self.at += 1;
            self.blanks();
            let value = self.value()?;
            map.insert(key.shared_bytes(), key.origin(), value);
            self.blanks();
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(Node::new(map, self.origin(from)));
                }
                _ => return self.refuse("after object key:value pair"),
            }
            self.blanks();
        }
    }

    fn string(&mut self) -> Result<Str, DecodeError> {
        self.at += 1;
        let start = self.at;
        let mut built: Option<StrBuilder> = None;
        let mut copied = start;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    let from = self.at;
                    let character = self.escape()?;
                    let output = built.get_or_insert_with(StrBuilder::new);
                    output.push_part(self.text, copied..from);
                    let origin = self.text.origin_at(from);
                    output.push_whole(character.encode_utf8(&mut [0; 4]).as_bytes(), origin);
                    copied = self.at;
                }
                0..0x20 => return self.refuse("in string literal"),
                _ => self.at += 1,
            }
        }
        let text = match built {
            None => self.text.slice(start..self.at),
            Some(mut output) => {
                output.push_part(self.text, copied..self.at);
                output.finish()
            }
        };
        self.at += 1;
        Ok(super::replace_invalid(&text))
    }

    /// Reads an escape. A surrogate without its other half is U+FFFD.
    fn escape(&mut self) -> Result<char, DecodeError> {
        self.at += 1;
        let letter = self.within();
        let character = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode_escape();
            }
            _ => return self.refuse_within("in string escape code"),
        };
        self.at += 1;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, DecodeError> {
        let unit = self.hexadecimal()?;
        if let 0xD800..0xDC00 = unit
            && let Some([b'\\', b'u', digits @ ..]) = self.bytes.get(self.at..self.at + 6)
            && let Some(low @ 0xDC00..0xE000) =
                std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok())
        {
            self.at += 6;
            let code = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
        }
        Ok(char::from_u32(unit).unwrap_or('\u{fffd}'))
    }

    fn hexadecimal(&mut self) -> Result<u32, DecodeError> {
        let mut value = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.within()).to_digit(16) else {
                return self.refuse_within("in \\u hexadecimal character escape");
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}
