//! Values as text: Go's `%v`, and the quoting of strings.

use crate::helm::exec::Exec;
use crate::helm::number;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::time;
use crate::helm::value::{Node, Value};

/// A value as sprig's `toString` has it: a string is itself, bytes are their text, anything else
/// is printed.
pub(super) fn to_str(exec: &mut Exec<'_>, node: &Node) -> Str {
    match &node.value {
        Value::Str(text) | Value::Bytes(text) => text.clone(),
        _ => print(exec, node),
    }
}

/// A value as `%v` prints it.
pub(super) fn print(exec: &mut Exec<'_>, node: &Node) -> Str {
    let mut output = StrBuilder::new();
    let here = exec.here();
    show(&mut output, node, here, 0);
    output.finish()
}

fn show(output: &mut StrBuilder, node: &Node, here: crate::origin::OriginId, depth: usize) {
    let origin = node.origin();
    let mut word = |text: &str| output.push_whole(text.as_bytes(), origin);
    if depth > 200 {
        return word("...");
    }
    match &node.value {
        Value::Nil => word("<nil>"),
        Value::Bool(value) => word(&value.to_string()),
        Value::Int(value) | Value::Int64(value) => word(&value.to_string()),
        Value::Uint8(value) => word(&value.to_string()),
        Value::Uint64(value) => word(&value.to_string()),
        Value::Float(value) => word(&number::format_general(*value)),
        Value::Complex(real, imaginary) => {
            let (real, imaginary) = (number::format_general(*real), number::format_general(*imaginary));
            let sign = if imaginary.starts_with(['-', '+']) { "" } else { "+" };
            word(&format!("({real}{sign}{imaginary}i)"));
        }
        Value::Duration(value) => word(&time::format_duration(*value)),
        Value::Str(text) => output.push(text),
        Value::Bytes(bytes) => {
            let numbers: Vec<String> = bytes.as_bytes().iter().map(u8::to_string).collect();
            word(&format!("[{}]", numbers.join(" ")));
        }
        Value::List(list) => {
            output.push_whole(b"[", here);
            for (place, item) in list.items().iter().enumerate() {
                if place > 0 {
                    output.push_whole(b" ", here);
                }
                show(output, item, here, depth + 1);
            }
            output.push_whole(b"]", here);
        }
        Value::Map(map) => {
            output.push_whole(b"map[", here);
            for (place, (key, entry)) in map.snapshot().iter().enumerate() {
                if place > 0 {
                    output.push_whole(b" ", here);
                }
                output.push(&Str::exact(key.clone(), entry.key_origin));
                output.push_whole(b":", here);
                show(output, &entry.node, here, depth + 1);
            }
            output.push_whole(b"]", here);
        }
        Value::Object(object) => match object.text() {
            Some(text) => word(&text),
            None => word("{}"),
        },
    }
}

/// The escape of one character, or of one byte that is no UTF-8, in a double-quoted Go string.
pub(super) fn escape(character: &[u8]) -> String {
    let text = std::str::from_utf8(character).ok().and_then(|text| text.chars().next());
    let Some(text) = text else {
        return character.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    };
    let letter = match text {
        '"' => '"',
        '\\' => '\\',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        '\0'..' ' | '\u{7f}' => return format!("\\x{:02x}", u32::from(text)),
        _ if u32::from(text) < 0x1_0000 => return format!("\\u{:04x}", u32::from(text)),
        _ => return format!("\\U{:08x}", u32::from(text)),
    };
    format!("\\{letter}")
}

/// A text as a double-quoted Go string.
pub(in crate::helm) fn quote(text: &[u8]) -> String {
    let mut output = String::from("\"");
    let mut at = 0;
    for (character, width) in crate::helm::unicode::runes(text) {
        let part = text.get(at..at + width).unwrap_or_default();
        let whole = character != '\u{fffd}' || width == 3;
        if whole && crate::helm::unicode::is_print(character) && !matches!(character, '"' | '\\') {
            output.push(character);
        } else {
            output.push_str(&escape(part));
        }
        at += width;
    }
    output.push('"');
    output
}
