//! TOML text as values.

use std::collections::HashSet;
use std::rc::Rc;

use super::lex::{Fault, Lexed, Lexer, Word, is_line_end, quote_char};
use super::{DecodeError, path_text};
use crate::helm::exec::Exec;
use crate::helm::functions;
use crate::helm::number::{self, NumberError};
use crate::helm::rope::Str;
use crate::helm::time::{Time, Zone};
use crate::helm::unicode;
use crate::helm::value::{List, ListKind, Map, Node, Value};
use crate::origin::OriginId;
use crate::template::quote;

/// The type of an array of tables.
const TABLES: ListKind = ListKind::Other("[]map[string]interface {}");

/// Reads a TOML document into a map.
///
/// # Errors
/// The text is no TOML, or the budget is used up.
pub fn from_toml(exec: &mut Exec<'_>, text: &Str) -> Result<Node, DecodeError> {
    exec.charge(text.len() / 16)?;
    let bytes = text.as_bytes();
    let marks: [&[u8]; 3] = [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"];
    let skip = marks.iter().find(|mark| bytes.starts_with(mark)).map_or(0, |mark| mark.len());
    let text = text.slice(skip..bytes.len());
    let bytes = text.as_bytes();
    if bytes.iter().take(6).any(|byte| *byte == 0) {
        let message = "files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8";
        return Err(DecodeError::Syntax { line: 1, last_key: String::new(), message: message.to_owned() });
    }
    let mut decoder = Decoder {
        exec,
        text: &text,
        lexer: Lexer::new(bytes),
        root: Map::new(),
        context: Vec::new(),
        current: Vec::new(),
        line: 1,
        implicit: HashSet::new(),
        arrays: HashSet::new(),
    };
    decoder.document()?;
    let root = decoder.root;
    Ok(Node::new(root, text.origin()))
}

type Path = Vec<Vec<u8>>;

struct Decoder<'a, 'b> {
    exec: &'a mut Exec<'b>,
    text: &'a Str,
    lexer: Lexer<'a>,
    root: Map,
    /// The table that keys belong to.
    context: Path,
    /// The key that is being set.
    current: Vec<u8>,
    /// The line of the key that was read last.
    line: usize,
    /// Tables that were only implied so far.
    implicit: HashSet<Path>,
    /// Keys whose values are arrays.
    arrays: HashSet<Path>,
}

/// The parts of a value's number, or why it is none.
type Parsed = Result<Value, String>;

impl Decoder<'_, '_> {
    fn last_key(&self) -> String {
        let mut text = path_text(&self.context);
        if !self.current.is_empty() {
            if !self.context.is_empty() {
                text.push(b'.');
            }
            text.extend_from_slice(&self.current);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A lexer's answer, with the key it belongs to.
    fn lexed<T>(&self, result: Lexed<T>) -> Result<T, DecodeError> {
        result.map_err(|fault| fault.with_key(self.last_key()))
    }

    fn refuse<T>(&self, line: usize, message: impl Into<String>) -> Result<T, DecodeError> {
        Err(Fault { line, message: message.into() }.with_key(self.last_key()))
    }

    fn fault<T>(&self, message: impl Into<String>) -> Result<T, DecodeError> {
        self.lexed(self.lexer.fault(message))
    }

    fn next(&mut self) -> Result<Option<char>, DecodeError> {
        let next = self.lexer.next();
        self.lexed(next)
    }

    fn peek(&mut self) -> Result<Option<char>, DecodeError> {
        let next = self.lexer.peek();
        self.lexed(next)
    }

    fn blanks(&mut self) -> Result<(), DecodeError> {
        let skipped = self.lexer.blanks();
        self.lexed(skipped)
    }

    fn comment(&mut self) -> Result<(), DecodeError> {
        let skipped = self.lexer.comment();
        self.lexed(skipped)
    }

    fn str_of(&self, word: &Word) -> Str {
        let part = self.text.slice(word.start..word.end);
        match &word.decoded {
            Some(decoded) => Str::whole(decoded.as_slice(), part.origin()),
            None => part,
        }
    }

    fn origin(&self, start: usize) -> OriginId {
        self.text.origin_at(start)
    }

    fn document(&mut self) -> Result<(), DecodeError> {
        loop {
            self.exec.charge(1)?;
            match self.peek()? {
                None => return Ok(()),
                Some(character) if is_line_end(character) || matches!(character, ' ' | '\t') => {
                    self.next()?;
                }
                Some('#') => self.comment()?,
                Some('[') => {
                    self.next()?;
                    self.header()?;
                    self.line_end()?;
                }
                Some(_) => {
                    self.assignment()?;
                    self.line_end()?;
                }
            }
        }
    }

    /// Nothing but a comment may follow on a line.
    fn line_end(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.next()? {
                None => return Ok(()),
                Some('#') => return self.comment(),
                Some(' ' | '\t') => {}
                Some(character) if is_line_end(character) => return Ok(()),
                other => {
                    let shown = quote_char(other);
                    return self.fault(format!(
                        "expected a top-level item to end with a newline, comment, or EOF, but got {shown} instead"
                    ));
                }
            }
        }
    }

    /// `[table]` or `[[tables]]`, behind the first bracket.
    fn header(&mut self) -> Result<(), DecodeError> {
        let array = self.lexer.accept('[');
        let array = self.lexed(array)?;
        let mut path = Path::new();
        loop {
            self.blanks()?;
            match self.peek()? {
                None | Some(']') => {
                    return self.fault("unexpected end of table name (table names cannot be empty)");
                }
                Some('.') => return self.fault("unexpected table separator (table names cannot be empty)"),
                _ => {}
            }
            let line = self.lexer.line;
            let part = self.lexer.key_part();
            let part = self.lexed(part)?;
            if path.is_empty() {
                self.line = line;
            }
            path.push(self.str_of(&part).as_bytes().to_vec());
            self.blanks()?;
            match self.next()? {
                Some('.') => {}
                Some(']') => break,
                other => {
                    let shown = quote_char(other);
                    return self
                        .fault(format!("expected '.' or ']' to end table name, but got {shown} instead"));
                }
            }
        }
        if array {
            let other = self.next()?;
            if other != Some(']') {
                let shown = quote_char(other);
                return self.fault(format!(
                    "expected end of table array name delimiter ']', but got {shown} instead"
                ));
            }
        }
        self.enter(&path, array)
    }

    /// The parts of a key up to its `=`, and where each came from.
    fn key(&mut self) -> Result<(Path, OriginId), DecodeError> {
        self.blanks()?;
        match self.peek()? {
            None | Some('=') => return self.fault("unexpected '=': key name appears blank"),
            Some('.') => return self.fault("unexpected '.': keys cannot start with a '.'"),
            _ => {}
        }
        let mut path = Path::new();
        loop {
            let line = self.lexer.line;
            let part = self.lexer.key_part();
            let part = self.lexed(part)?;
            if path.is_empty() {
                self.line = line;
            }
            let key = self.str_of(&part);
            path.push(key.as_bytes().to_vec());
            self.blanks()?;
            match self.next()? {
                None => return self.fault("unexpected EOF; expected key separator '='"),
                Some('=') => return Ok((path, key.origin())),
                Some('.') => {}
                other => {
                    let message = format!("expected '.' or '=', but got {} instead", quote_char(other));
                    let fault = if other == Some('\n') {
                        self.lexer.fault_before(message)
                    } else {
                        self.lexer.fault(message)
                    };
                    return self.lexed(fault);
                }
            }
            self.blanks()?;
            match self.peek()? {
                None | Some('=') => return self.fault("unexpected '='"),
                Some('.') => return self.fault("unexpected '.'"),
                _ => {}
            }
        }
    }

    /// `key = value`; gives the key and the value.
    fn assignment(&mut self) -> Result<(Path, OriginId, Node), DecodeError> {
        let outer = self.context.clone();
        let (path, origin) = self.key()?;
        let Some((last, parents)) = path.split_last() else { return self.fault("unexpected '='") };
        self.current = last.clone();
        for parent in parents {
            let mut table = self.context.clone();
            table.push(parent.clone());
            self.implicit.insert(table.clone());
            self.enter(&table, false)?;
        }
        let key = last.clone();
        let value = self.value(false)?;
        self.set(&key, origin, value.clone())?;
        if matches!(value.value, Value::List(_)) {
            let mut place = self.context.clone();
            place.push(key);
            self.arrays.insert(place);
        }
        self.context = outer;
        self.current = Vec::new();
        Ok((path, origin, value))
    }

    /// The table that a value of the tree is: of an array of tables the last one.
    fn table(value: Option<&Value>) -> Option<Map> {
        match value? {
            Value::Map(map) => Some(map.clone()),
            Value::List(list) if list.kind() == TABLES => list.items().last()?.value.as_map().cloned(),
            _ => None,
        }
    }

    /// Makes a table the one that keys belong to, with all tables around it.
    fn enter(&mut self, path: &[Vec<u8>], array: bool) -> Result<(), DecodeError> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let origin = self.text.origin();
        let mut table = self.root.clone();
        let mut place = Path::new();
        for parent in parents {
            place.push(parent.clone());
            if !table.contains(parent) {
                self.implicit.insert(place.clone());
                table.insert(parent.as_slice(), origin, Node::new(Map::new(), origin));
            }
            let found = table.get(parent);
            match Self::table(found.as_ref().map(|node| &node.value)) {
                Some(inner) => table = inner,
                None => {
                    let shown = String::from_utf8_lossy(&path_text(&place)).into_owned();
                    return self.refuse(self.line, format!("Key '{shown}' was already created as a hash."));
                }
            }
        }
        self.context = place;
        if array {
            let mut items = match table.get(last).map(|node| node.value) {
                None => Vec::new(),
                Some(Value::List(list)) if list.kind() == TABLES => list.items().to_vec(),
                Some(_) => {
                    let shown = String::from_utf8_lossy(&path_text(path)).into_owned();
                    let message =
                        format!("Key '{shown}' was already created and cannot be used as an array.");
                    return self.refuse(self.line, message);
                }
            };
            self.exec.charge(items.len())?;
            items.push(Node::new(Map::new(), origin));
            table.insert(last.as_slice(), origin, Node::new(List::of_kind(TABLES, items), origin));
        } else {
            self.set(last, origin, Node::new(Map::new(), origin))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Sets a key of the current table.
    fn set(&mut self, key: &[u8], origin: OriginId, value: Node) -> Result<(), DecodeError> {
        let mut table = self.root.clone();
        let mut place = Path::new();
        for part in self.context.clone() {
            place.push(part.clone());
            let found = table.get(&part);
            match Self::table(found.as_ref().map(|node| &node.value)) {
                Some(inner) => table = inner,
                None => return self.defined(&place),
            }
        }
        place.push(key.to_vec());
        if table.contains(key) {
            if self.arrays.contains(&place) {
                if !self.implicit.remove(&place) {
                    return self.defined(&place);
                }
            } else if self.implicit.remove(&place) {
                return Ok(());
            } else {
                return self.defined(&place);
            }
        }
        table.insert(key, origin, value);
        Ok(())
    }

    fn defined<T>(&self, place: &[Vec<u8>]) -> Result<T, DecodeError> {
        let shown = String::from_utf8_lossy(&path_text(place)).into_owned();
        self.refuse(self.line, format!("Key '{shown}' has already been defined."))
    }

    fn value(&mut self, in_array: bool) -> Result<Node, DecodeError> {
        self.exec.charge(1)?;
        self.exec.check_stack()?;
        self.blanks()?;
        let start = self.lexer.at;
        let word = match self.peek()? {
            Some('[') => return self.array(),
            Some('{') => return self.inline_table(in_array),
            Some(quote @ ('"' | '\'')) => {
                self.next()?;
                let rest = self.text.as_bytes().get(self.lexer.at..).unwrap_or_default();
                let two: &[u8] = if quote == '"' { b"\"\"" } else { b"''" };
                let word = if rest.starts_with(two) {
                    self.next()?;
                    self.next()?;
                    self.lexer.multiline(quote)
                } else if quote == '"' {
                    self.lexer.basic_string()
                } else {
                    self.lexer.raw_string()
                };
                let word = self.lexed(word)?;
                return Ok(Node::from(self.str_of(&word)));
            }
            Some(digit) if digit.is_ascii_digit() => self.number()?,
            Some('+' | '-') => self.signed()?,
            other => {
                let value = self.word(other)?;
                return Ok(Node::new(value, self.origin(start)));
            }
        };
        Ok(Node::new(word, self.origin(start)))
    }

    /// `true`, `inf` and what is no value at all.
    fn word(&mut self, first: Option<char>) -> Result<Value, DecodeError> {
        let rest = self.text.as_bytes().get(self.lexer.at..).unwrap_or_default();
        for (word, value) in [("inf", f64::INFINITY), ("nan", f64::NAN)] {
            if rest.starts_with(word.as_bytes()) {
                self.lexer.at += 3;
                return Ok(Value::Float(value));
            }
        }
        let start = self.lexer.at;
        match first {
            Some('.') => {
                self.next()?;
                self.fault("floats must start with a digit, not '.'")
            }
            Some(letter) if unicode::is_letter(letter) => {
                let run = self.lexer.run(unicode::is_letter);
                self.lexed(run)?;
                match self.text.as_bytes().get(start..self.lexer.at).unwrap_or_default() {
                    b"true" => Ok(Value::Bool(true)),
                    b"false" => Ok(Value::Bool(false)),
                    other => {
                        let shown = quote(other);
                        self.fault(format!("expected value but found {shown} instead"))
                    }
                }
            }
            other => {
                self.next()?;
                if other.is_none() {
                    return self.fault("unexpected EOF; expected value");
                }
                let message = format!("expected value but found {} instead", quote_char(other));
                let fault = if other == Some('\n') {
                    self.lexer.fault_before(message)
                } else {
                    self.lexer.fault(message)
                };
                self.lexed(fault)
            }
        }
    }

    /// A number with a sign: decimal only.
    fn signed(&mut self) -> Result<Value, DecodeError> {
        let start = self.lexer.at;
        let sign = self.next()?;
        let rest = self.text.as_bytes().get(self.lexer.at..).unwrap_or_default();
        if rest.starts_with(b"inf") || rest.starts_with(b"nan") {
            let infinite = rest.starts_with(b"inf");
            self.lexer.at += 3;
            let size = if infinite { f64::INFINITY } else { f64::NAN };
            return Ok(Value::Float(if sign == Some('-') { -size } else { size }));
        }
        match self.next()? {
            Some('i' | 'n') => {
                let shown = String::from_utf8_lossy(rest.get(..1).unwrap_or_default()).into_owned();
                let sign = sign.unwrap_or('+');
                self.fault(format!("invalid float: '{sign}{shown}'"))
            }
            Some('.') => self.fault("floats must start with a digit, not '.'"),
            Some('0') if matches!(rest.get(1), Some(b'b' | b'o' | b'x')) => {
                let (sign, base) = (sign.unwrap_or('+'), rest.get(1).map_or(' ', |byte| char::from(*byte)));
                self.fault(format!("cannot use sign with non-decimal numbers: '{sign}0{base}'"))
            }
            Some(digit) if digit.is_ascii_digit() => self.decimal(start),
            other => {
                let shown = quote_char(other);
                self.fault(format!("expected a digit but got {shown}"))
            }
        }
    }

    /// An integer, a float or a date.
    fn number(&mut self) -> Result<Value, DecodeError> {
        let start = self.lexer.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        if let [b'0', base @ (b'b' | b'o' | b'x'), ..] = rest {
            let (belongs, name): (fn(char) -> bool, &str) = match base {
                b'b' => (|c| matches!(c, '0' | '1'), "a binary"),
                b'o' => (|c| matches!(c, '0'..='7'), "an octal"),
                _ => (|c| c.is_ascii_hexdigit(), "a hexadecimal"),
            };
            self.next()?;
            self.next()?;
            let first = self.peek()?;
            if !first.is_some_and(belongs) {
                let (base, shown) = (char::from(*base), first.unwrap_or('\0'));
                return self.fault(format!("not {name} number: '0{base}{shown}'"));
            }
            let with_underscores: fn(char) -> bool = match base {
                b'b' => |c| matches!(c, '0' | '1' | '_'),
                b'o' => |c| matches!(c, '0'..='7' | '_'),
                _ => |c| c.is_ascii_hexdigit() || c == '_',
            };
            let run = self.lexer.run(with_underscores);
            self.lexed(run)?;
            return self.finish_number(start, integer);
        }
        let run = self.lexer.run(|c| c.is_ascii_digit());
        self.lexed(run)?;
        // A date has at least two digits before its first mark.
        let long = self.lexer.at - start > 1;
        if long && matches!(self.peek()?, Some('-' | ':')) {
            let run = self.lexer.run(|c| c.is_ascii_digit() || "-:Tt .Zz+".contains(c));
            self.lexed(run)?;
            return self.finish_number(start, date);
        }
        self.decimal(start)
    }

    /// The rest of a decimal number whose first digits were taken.
    fn decimal(&mut self, start: usize) -> Result<Value, DecodeError> {
        let run = self.lexer.run(|c| c.is_ascii_digit() || c == '_');
        self.lexed(run)?;
        if matches!(self.peek()?, Some('.' | 'e' | 'E')) {
            let run = self.lexer.run(|c| c.is_ascii_digit() || "_.-+eE".contains(c));
            self.lexed(run)?;
            return self.finish_number(start, float);
        }
        self.finish_number(start, integer)
    }

    fn finish_number(&mut self, start: usize, parse: fn(&str) -> Parsed) -> Result<Value, DecodeError> {
        let bytes = self.text.as_bytes().get(start..self.lexer.at).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes).into_owned();
        match parse(&text) {
            Ok(value) => Ok(value),
            Err(message) => self.refuse(self.lexer.line, message),
        }
    }

    fn array(&mut self) -> Result<Node, DecodeError> {
        let start = self.lexer.at;
        let mut place = self.context.clone();
        if !self.current.is_empty() {
            place.push(self.current.clone());
        }
        self.arrays.insert(place);
        self.next()?;
        let mut items = Vec::new();
        loop {
            match self.peek()? {
                Some(' ' | '\t' | '\n' | '\r') => drop(self.next()?),
                Some('#') => self.comment()?,
                Some(',') => {
                    self.next()?;
                    return self.fault("unexpected comma");
                }
                Some(']') => break,
                _ => {
                    items.push(self.value(true)?);
                    if !self.array_separator()? {
                        break;
                    }
                }
            }
        }
        self.next()?;
        Ok(Node::new(List::new(items), self.origin(start)))
    }

    /// Skips to the comma behind an item, or stays before the closing bracket and gives `false`.
    fn array_separator(&mut self) -> Result<bool, DecodeError> {
        loop {
            match self.peek()? {
                Some(' ' | '\t' | '\n' | '\r') => drop(self.next()?),
                Some('#') => self.comment()?,
                Some(',') => {
                    self.next()?;
                    return Ok(true);
                }
                Some(']') => return Ok(false),
                other => {
                    self.next()?;
                    let shown = other.map_or("end of file".to_owned(), |other| format!("'{other}'"));
                    return self
                        .fault(format!("expected a comma (',') or array terminator (']'), but got {shown}"));
                }
            }
        }
    }

    fn inline_table(&mut self, in_array: bool) -> Result<Node, DecodeError> {
        let start = self.lexer.at;
        let (outer_context, outer_key) = (self.context.clone(), self.current.clone());
        self.next()?;
        self.context.push(self.current.clone());
        self.current = Vec::new();
        let context = self.context.clone();
        self.implicit.insert(context.clone());
        self.enter(&context, in_array)?;
        let table = Map::new();
        loop {
            match self.peek()? {
                Some(' ' | '\t' | '\n' | '\r') => drop(self.next()?),
                Some('#') => self.comment()?,
                Some(',') => {
                    self.next()?;
                    return self.fault("unexpected comma");
                }
                Some('}') => break,
                _ => {
                    let (path, origin, value) = self.assignment()?;
                    self.context.clone_from(&context);
                    self.nest(&table, &path, origin, value)?;
                    if !self.table_separator()? {
                        break;
                    }
                }
            }
        }
        self.next()?;
        (self.context, self.current) = (outer_context, outer_key);
        Ok(Node::new(table, self.origin(start)))
    }

    fn nest(&self, table: &Map, path: &[Vec<u8>], origin: OriginId, value: Node) -> Result<(), DecodeError> {
        let Some((last, parents)) = path.split_last() else { return Ok(()) };
        let mut table = table.clone();
        for parent in parents {
            if !table.contains(parent) {
                table.insert(parent.as_slice(), origin, Node::new(Map::new(), origin));
            }
            match table.get(parent).map(|node| node.value) {
                Some(Value::Map(inner)) => table = inner,
                _ => {
                    let shown = String::from_utf8_lossy(&path_text(&self.context)).into_owned();
                    return self.refuse(self.line, format!("{shown:?} is not a table"));
                }
            }
        }
        table.insert(last.as_slice(), origin, value);
        Ok(())
    }

    fn table_separator(&mut self) -> Result<bool, DecodeError> {
        loop {
            match self.peek()? {
                Some(' ' | '\t' | '\n' | '\r') => drop(self.next()?),
                Some('#') => self.comment()?,
                Some(',') => {
                    self.next()?;
                    return Ok(true);
                }
                Some('}') => return Ok(false),
                other => {
                    self.next()?;
                    let shown = other.map_or("end of file".to_owned(), |other| format!("'{other}'"));
                    return self.fault(format!(
                        "expected a comma or an inline table terminator '}}', but got {shown} instead"
                    ));
                }
            }
        }
    }
}

/// Whether every underscore stands between digits.
fn underscores_fit(text: &str) -> bool {
    let mut accept = false;
    for character in text.chars() {
        if character == '_' && !accept {
            return false;
        }
        accept = character.is_ascii_hexdigit();
    }
    accept
}

fn has_leading_zero(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [b'0', next, ..] => !matches!(next, b'b' | b'o' | b'x'),
        [b'+' | b'-', b'0', _, ..] => true,
        _ => false,
    }
}

fn integer(text: &str) -> Parsed {
    if !underscores_fit(text) {
        return Err(format!("Invalid integer {text:?}: underscores must be surrounded by digits"));
    }
    if has_leading_zero(text) {
        return Err(format!("Invalid integer {text:?}: cannot have leading zeroes"));
    }
    match number::parse_int(text.as_bytes(), 0) {
        Ok(value) => Ok(Value::Int64(value)),
        Err(_) => Err(format!("{text} is out of range for int64")),
    }
}

fn float(text: &str) -> Parsed {
    let parts: Vec<&str> = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty()).collect();
    if !parts.iter().all(|part| underscores_fit(part)) {
        return Err(format!("Invalid float {text:?}: underscores must be surrounded by digits"));
    }
    if parts.first().is_some_and(|first| has_leading_zero(first)) {
        return Err(format!("Invalid float {text:?}: cannot have leading zeroes"));
    }
    let digit_follows = |at: usize| text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    if !text.match_indices('.').all(|(at, _)| digit_follows(at)) {
        return Err(format!("Invalid float {text:?}: '.' must be followed by one or more digits"));
    }
    match number::parse_float(text.replace('_', "").as_bytes()) {
        Ok(value) => Ok(Value::Float(value)),
        Err(NumberError::Range) => Err(format!("{text} is out of range for float64")),
        Err(NumberError::Syntax) => Err(format!("Invalid float value: {text:?}")),
    }
}

fn date(text: &str) -> Parsed {
    let text = text.trim().replace('z', "Z").replace(['t', ' '], "T");
    // Local dates and times have zones with names of their own.
    let layouts: [(&str, &str); 7] = [
        ("2006-01-02T15:04:05.999999999Z07:00", ""),
        ("2006-01-02T15:04:05.999999999", "datetime-local"),
        ("2006-01-02", "date-local"),
        ("15:04:05.999999999", "time-local"),
        ("2006-01-02T15:04Z07:00", ""),
        ("2006-01-02T15:04", "datetime-local"),
        ("15:04", "time-local"),
    ];
    for (layout, zone) in layouts {
        let Ok(mut time) = Time::parse(layout.as_bytes(), text.as_bytes()) else { continue };
        if !zone.is_empty() {
            time.zone = Zone::Fixed { name: Rc::from(zone.as_bytes()), offset: 0 };
        }
        // Marks must stand where the layout has them: Go's parser takes one digit for two.
        let marks = layout.bytes().take_while(|byte| !matches!(byte, b'.' | b'Z')).zip(text.bytes());
        if marks.clone().any(|(mark, byte)| !mark.is_ascii_digit() && mark != byte) {
            break;
        }
        return Ok(functions::time_value(time));
    }
    Err(format!("invalid datetime: {text:?}"))
}
