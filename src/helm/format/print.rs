//! One value under a verb, and Go's `Sprint` and `Sprintln`.

use std::rc::Rc;

use super::{Flags, Printer, Result, offset_of};
use crate::helm::exec::Exec;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::time::format_duration;
use crate::helm::value::{Kind, List, Map, Node, Object, Value};
use crate::origin::OriginId;
use crate::template::quote_to;

/// Values one after another, as Go's `fmt.Sprint`: a space between two that are no strings.
///
/// # Errors
/// The budget is used up.
pub fn print(exec: &mut Exec<'_>, values: &[Node]) -> Result<Str> {
    if let [Node { value: Value::Str(text), .. }] = values {
        return Ok(text.clone());
    }
    let mut printer = Printer::new(exec);
    let mut string_before = true;
    for (at, node) in values.iter().enumerate() {
        let string = matches!(node.value, Value::Str(_));
        if at > 0 && !string && !string_before {
            printer.mark(" ");
        }
        printer.argument(node, 'v')?;
        string_before = string;
    }
    Ok(printer.finish())
}

/// Values with spaces between and a newline behind, as Go's `fmt.Sprintln`.
///
/// # Errors
/// The budget is used up.
pub fn print_line(exec: &mut Exec<'_>, values: &[Node]) -> Result<Str> {
    let mut printer = Printer::new(exec);
    for (at, node) in values.iter().enumerate() {
        if at > 0 {
            printer.mark(" ");
        }
        printer.argument(node, 'v')?;
    }
    printer.mark("\n");
    Ok(printer.finish())
}

/// One value as `%v` prints it.
///
/// # Errors
/// The budget is used up.
pub fn print_value(exec: &mut Exec<'_>, node: &Node) -> Result<Str> {
    print(exec, std::slice::from_ref(node))
}

/// Bytes as numbers with spaces between.
fn decimal(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len() * 4);
    for (at, &byte) in bytes.iter().enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        if byte >= 100 {
            text.push(b'0' + byte / 100);
        }
        if byte >= 10 {
            text.push(b'0' + byte / 10 % 10);
        }
        text.push(b'0' + byte % 10);
    }
    text
}

impl Printer<'_, '_> {
    /// An argument of a verb.
    pub(super) fn argument(&mut self, node: &Node, verb: char) -> Result<()> {
        let origin = node.origin();
        match (&node.value, verb) {
            (Value::Nil, 'T' | 'v') => self.padded_whole("<nil>", origin),
            (Value::Nil, _) => return self.bad_verb(verb, &node.value, origin),
            (value, 'T') => {
                let name = Str::whole(value.type_name().as_bytes(), origin);
                self.string(&name, 's', value)?;
            }
            (Value::Map(_) | Value::List(_) | Value::Bytes(_), 'p') => {
                // Addresses differ from run to run in Go.
                self.padded_whole("0xc000000000", origin);
            }
            (value, 'p') => return self.bad_verb(verb, value, origin),
            (Value::Bytes(bytes), _) => self.bytes(bytes, verb, "[]byte", &node.value, 0)?,
            (value, 'w') => return self.bad_verb(verb, value, origin),
            _ => self.value(node, verb, 0)?,
        }
        Ok(())
    }

    /// A value at some depth of a collection.
    fn value(&mut self, node: &Node, verb: char, depth: usize) -> Result<()> {
        let origin = node.origin();
        let value = &node.value;
        match value {
            Value::Nil => {
                let nil = if self.flags.go_syntax { "interface {}(nil)" } else { "<nil>" };
                self.output.push_whole(nil.as_bytes(), origin);
                Ok(())
            }
            Value::Bool(truth) => match verb {
                't' | 'v' => {
                    self.padded_whole(if *truth { "true" } else { "false" }, origin);
                    Ok(())
                }
                _ => self.bad_verb(verb, value, origin),
            },
            Value::Duration(nanoseconds) if self.uses_methods(verb) => {
                let text = Str::whole(format_duration(*nanoseconds).as_bytes(), origin);
                self.string(&text, verb, value)
            }
            Value::Int(number) | Value::Int64(number) | Value::Duration(number) => {
                self.integer((number.unsigned_abs(), *number < 0, true), verb, origin, value)
            }
            Value::Uint8(number) => self.integer((u64::from(*number), false, false), verb, origin, value),
            Value::Uint64(number) => self.integer((*number, false, false), verb, origin, value),
            Value::Float(number) => self.float(*number, verb, origin, value),
            Value::Complex(real, imaginary) => self.complex((*real, *imaginary), verb, origin),
            Value::Str(text) => self.string(text, verb, value),
            Value::Bytes(bytes) => match verb {
                's' | 'q' | 'x' | 'X' => self.bytes(bytes, verb, "[]uint8", value, depth),
                'v' if !self.flags.go_syntax => self.byte_list(bytes, 'd', "[]uint8"),
                _ => self.byte_list(bytes, verb, "[]uint8"),
            },
            Value::List(list) => self.list(list, verb, depth),
            Value::Map(map) => self.map(map, verb, depth),
            Value::Object(object) => self.object(object, verb, depth, origin),
        }
    }

    /// Whether `String()` is asked for a verb.
    fn uses_methods(&self, verb: char) -> bool {
        !self.complaining && !self.flags.go_syntax && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    /// `%!d(string=text)`: the verb does not fit the value.
    pub(super) fn bad_verb(&mut self, verb: char, value: &Value, origin: OriginId) -> Result<()> {
        self.mark(&format!("%!{verb}("));
        if let Value::Nil = value {
            self.mark("<nil>");
        } else {
            let before = std::mem::replace(&mut self.complaining, true);
            self.mark(&format!("{}=", value.type_name()));
            self.argument(&Node::new(value.clone(), origin), 'v')?;
            self.complaining = before;
        }
        self.mark(")");
        Ok(())
    }

    pub(super) fn string(&mut self, text: &Str, verb: char, shown: &Value) -> Result<()> {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => {
                let text = self.cut(text);
                self.padded(&text);
            }
            'q' => self.quoted(text),
            'x' | 'X' => self.hexadecimal(text, verb),
            _ => return self.bad_verb(verb, shown, text.origin()),
        }
        Ok(())
    }

    /// The text cut to the verb's precision.
    fn cut(&self, text: &Str) -> Str {
        match self.flags.precision {
            Some(count) if count < text.len() => text.slice(0..offset_of(text.as_bytes(), count)),
            _ => text.clone(),
        }
    }

    fn quoted(&mut self, text: &Str) {
        let text = self.cut(text);
        let bytes = text.as_bytes();
        let raw = self.flags.sharp && can_be_raw(bytes);
        let mut literal = String::new();
        if !raw {
            quote_to(&mut literal, bytes, '"', self.flags.plus);
        }
        let unchanged = raw || literal.len() == bytes.len() + 2;
        if !unchanged {
            self.padded_whole(&literal, text.origin());
            return;
        }
        let quote: &[u8] = if raw { b"`" } else { b"\"" };
        let mut builder = StrBuilder::with_capacity(bytes.len() + 2);
        builder.push_whole(quote, self.here);
        builder.push(&text);
        builder.push_whole(quote, self.here);
        self.padded(&builder.finish());
    }

    fn hexadecimal(&mut self, text: &Str, verb: char) {
        let flags = self.flags;
        let length = flags.precision.map_or(text.len(), |precision| precision.min(text.len()));
        if length == 0 {
            return self.padding(flags.width.unwrap_or(0));
        }
        let prefix = if verb == 'X' { "0X" } else { "0x" };
        let mut digits = String::with_capacity(length * 2);
        for (at, byte) in text.as_bytes().iter().take(length).enumerate() {
            if flags.space && at > 0 {
                digits.push(' ');
            }
            if flags.sharp && (flags.space || at == 0) {
                digits.push_str(prefix);
            }
            digits.push_str(&if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.padded_whole(&digits, text.origin());
    }

    fn bytes(&mut self, bytes: &Str, verb: char, name: &str, shown: &Value, depth: usize) -> Result<()> {
        match verb {
            's' => {
                let text = self.cut(bytes);
                self.padded(&text);
                Ok(())
            }
            'x' | 'X' => {
                self.hexadecimal(bytes, verb);
                Ok(())
            }
            'q' => {
                self.quoted(bytes);
                Ok(())
            }
            'v' | 'd' if !self.flags.go_syntax => self.byte_list(bytes, 'd', name),
            'v' | 'd' => self.byte_list(bytes, verb, name),
            'w' => self.bad_verb(verb, shown, bytes.origin()),
            _ => self.value(&Node::new(shown.clone(), bytes.origin()), verb, depth),
        }
    }

    fn byte_list(&mut self, bytes: &Str, verb: char, name: &str) -> Result<()> {
        self.exec.charge(bytes.len() / 8)?;
        let go_syntax = self.flags.go_syntax;
        self.mark(&if go_syntax { format!("{name}{{") } else { "[".to_owned() });
        let Flags { sharp, zero, plus, space, width, precision, .. } = self.flags;
        let styled = sharp || zero || plus || space || width.is_some() || precision.is_some();
        if verb == 'd' && !go_syntax && !styled {
            // Whole files are printed so, where a template prints its context.
            let numbers = decimal(bytes.as_bytes());
            self.output.push_whole(&numbers, bytes.origin());
            self.mark("]");
            return Ok(());
        }
        for (at, &byte) in bytes.as_bytes().iter().enumerate() {
            if at > 0 {
                self.mark(if go_syntax { ", " } else { " " });
            }
            self.integer((u64::from(byte), false, false), verb, bytes.origin(), &Value::Uint8(byte))?;
        }
        self.mark(if go_syntax { "}" } else { "]" });
        Ok(())
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) -> Result<()> {
        self.exec.charge(list.len() + 1)?;
        self.exec.check_stack()?;
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.mark(list.kind().type_name());
            if list.is_nil() {
                self.mark("(nil)");
                return Ok(());
            }
        }
        self.mark(if go_syntax { "{" } else { "[" });
        for (at, item) in list.items().iter().enumerate() {
            if at > 0 {
                self.mark(if go_syntax { ", " } else { " " });
            }
            self.value(item, verb, depth + 1)?;
        }
        self.mark(if go_syntax { "}" } else { "]" });
        Ok(())
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) -> Result<()> {
        self.exec.charge(map.len().saturating_mul(4) + 1)?;
        self.exec.check_stack()?;
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.mark(map.kind().type_name());
            if map.is_nil() {
                self.mark("(nil)");
                return Ok(());
            }
        }
        self.mark(if go_syntax { "{" } else { "map[" });
        for (at, (key, entry)) in map.snapshot().into_iter().enumerate() {
            if at > 0 {
                self.mark(if go_syntax { ", " } else { " " });
            }
            self.value(&Node::from(Str::exact(key, entry.key_origin)), verb, depth + 1)?;
            self.mark(":");
            self.value(&entry.node, verb, depth + 1)?;
        }
        self.mark(if go_syntax { "}" } else { "]" });
        Ok(())
    }

    fn object(&mut self, object: &Rc<dyn Object>, verb: char, depth: usize, origin: OriginId) -> Result<()> {
        self.exec.check_stack()?;
        if self.uses_methods(verb)
            && let Some(text) = object.text()
        {
            let text = Str::whole(text.into_bytes(), origin);
            return self.string(&text, verb, &Value::Nil);
        }
        match object.kind() {
            Kind::Slice | Kind::Map => {
                let plain = object.plain().unwrap_or_default();
                self.value(&Node::new(plain, origin), verb, depth)
            }
            Kind::Pointer if depth > 0 => {
                if !matches!(verb, 'v' | 'p' | 'b' | 'o' | 'd' | 'x' | 'X') {
                    return self.bad_verb(verb, &Value::Object(Rc::clone(object)), origin);
                }
                self.padded_whole("0xc000000000", origin);
                Ok(())
            }
            Kind::Int => {
                let Some(Value::Int(number)) = object.plain() else { return Ok(()) };
                let shown = Value::Object(Rc::clone(object));
                self.integer((number.unsigned_abs(), number < 0, true), verb, origin, &shown)
            }
            kind => {
                if kind == Kind::Pointer {
                    self.mark("&");
                }
                self.fields(object.as_ref(), verb, depth)
            }
        }
    }

    fn fields(&mut self, object: &dyn Object, verb: char, depth: usize) -> Result<()> {
        let go_syntax = self.flags.go_syntax;
        if go_syntax {
            self.mark(object.type_name().trim_start_matches('*'));
        }
        self.mark("{");
        for (at, (name, node)) in object.fields().into_iter().enumerate() {
            if at > 0 {
                self.mark(if go_syntax { ", " } else { " " });
            }
            if go_syntax || self.flags.names {
                self.mark(&format!("{name}:"));
            }
            self.value(&node, verb, depth + 1)?;
        }
        self.mark("}");
        Ok(())
    }
}

/// Whether a text can stand between backquotes: one line without control characters but tabs.
fn can_be_raw(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.chars().all(|character| {
            !matches!(character, '\u{feff}' | '`' | '\u{7f}') && (character >= ' ' || character == '\t')
        })
    })
}
