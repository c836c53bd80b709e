//! `print`, `printf`, `println`, and the escapers `html`, `js`, `urlquery`.

use super::call::{Args, Function, FunctionResult, Type};
use super::exec::Exec;
use super::format::{print, print_format, print_line};
use super::rope::{Str, StrBuilder};
use super::value::{Kind, Node, Value};
use crate::template::{decode, is_print};

const ANY: &[Type] = &[Type::Any];

pub(super) const TABLE: &[Function] = &[
    Function { name: "html", parameters: ANY, variadic: true, call: |exec, args| escaped(exec, args, html) },
    Function { name: "js", parameters: ANY, variadic: true, call: |exec, args| escaped(exec, args, js) },
    Function {
        name: "print",
        parameters: ANY,
        variadic: true,
        call: |exec, args| Ok(print(exec, args.all())?.into()),
    },
    Function {
        name: "printf",
        parameters: &[Type::String, Type::Any],
        variadic: true,
        call: |exec, args| Ok(print_format(exec, &args.str(0), args.rest(1))?.into()),
    },
    Function {
        name: "println",
        parameters: ANY,
        variadic: true,
        call: |exec, args| Ok(print_line(exec, args.all())?.into()),
    },
    Function {
        name: "urlquery",
        parameters: ANY,
        variadic: true,
        call: |exec, args| escaped(exec, args, url_query),
    },
];

/// Prints the arguments as an action would, and replaces characters. `replace` gives what stands
/// for the first character of a text, and how many bytes that has; nothing where it stays.
fn escaped(
    exec: &mut Exec<'_>,
    args: &Args<'_>,
    replace: fn(&[u8]) -> (usize, Option<String>),
) -> FunctionResult {
    let mut values = args.all().to_vec();
    for node in &mut values {
        match &node.value {
            Value::Nil => *node = Str::whole(*b"<no value>", node.origin()).into(),
            Value::Object(object) if object.kind() == Kind::Pointer => {
                if let Some(text) = object.text() {
                    *node = Str::whole(text.into_bytes(), node.origin()).into();
                }
            }
            _ => {}
        }
    }
    let text = print(exec, &values)?;
    // Each character that is replaced is a piece of its own.
    exec.charge(text.len())?;
    let mut output = StrBuilder::with_capacity(text.len());
    let here = exec.here();
    let (mut done, mut at) = (0, 0);
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        let (width, other) = replace(rest);
        if let Some(other) = other {
            output.push_part(&text, done..at);
            output.push_whole(other.as_bytes(), here);
            done = at + width;
        }
        at += width.max(1);
    }
    output.push_part(&text, done..text.len());
    Ok(Node::from(output.finish()))
}

fn html(text: &[u8]) -> (usize, Option<String>) {
    let entity = match text.first() {
        Some(0) => "\u{fffd}",
        Some(b'"') => "&#34;",
        Some(b'\'') => "&#39;",
        Some(b'&') => "&amp;",
        Some(b'<') => "&lt;",
        Some(b'>') => "&gt;",
        _ => return (1, None),
    };
    (1, Some(entity.to_owned()))
}

fn js(text: &[u8]) -> (usize, Option<String>) {
    let Some((character, width)) = decode(text) else { return (1, None) };
    let escape = match character {
        '\\' => "\\\\".to_owned(),
        '\'' => "\\'".to_owned(),
        '"' => "\\\"".to_owned(),
        '<' | '>' | '&' | '=' | '\0'..' ' => format!("\\u{:04X}", u32::from(character)),
        _ if character.is_ascii() => return (width, None),
        // A byte that is no character stands for U+FFFD, which can be printed: it is kept as it is.
        _ if is_print(character) => return (width, None),
        _ => format!("\\u{:04X}", u32::from(character)),
    };
    (width, Some(escape))
}

fn url_query(text: &[u8]) -> (usize, Option<String>) {
    match text.first() {
        Some(b' ') => (1, Some("+".to_owned())),
        Some(byte) if !byte.is_ascii_alphanumeric() && !b"-_.~".contains(byte) => {
            (1, Some(format!("%{byte:02X}")))
        }
        _ => (1, None),
    }
}
