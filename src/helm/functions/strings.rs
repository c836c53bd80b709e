//! Cutting, padding, joining and comparing strings.

use super::show::to_str;
use super::wrap;
use super::{derived, fail, fixed, slice, variadic};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::format::print_value;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::unicode;
use crate::helm::value::{Node, Value};
use crate::template;

const TEXT: &[Type] = &[Type::String];
const TEXT_2: &[Type] = &[Type::String, Type::String];
const INT_TEXT: &[Type] = &[Type::Int, Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("abbrev", INT_TEXT, |exec, args| {
        let width = args.int(0);
        if width < 4 { Ok(args.node(1)) } else { abbreviate(exec, &args.str(1), 0, width).map(Node::from) }
    }),
    fixed("abbrevboth", &[Type::Int, Type::Int, Type::String], |exec, args| {
        let (left, right) = (args.int(0), args.int(1));
        if right < 4 || left > 0 && right < 7 {
            return Ok(args.node(2));
        }
        abbreviate(exec, &args.str(2), left, right).map(Node::from)
    }),
    variadic("cat", &[Type::Any], cat),
    fixed("contains", TEXT_2, |exec, args| {
        let found = find(args.str(1).as_bytes(), args.str(0).as_bytes()).is_some();
        derived(exec, args, found)
    }),
    fixed("hasPrefix", TEXT_2, |exec, args| {
        let found = args.str(1).as_bytes().starts_with(args.str(0).as_bytes());
        derived(exec, args, found)
    }),
    fixed("hasSuffix", TEXT_2, |exec, args| {
        let found = args.str(1).as_bytes().ends_with(args.str(0).as_bytes());
        derived(exec, args, found)
    }),
    fixed("hello", &[], |exec, args| super::derived_text(exec, args, "Hello!")),
    fixed("indent", INT_TEXT, |exec, args| indent(exec, args, false)),
    fixed("nindent", INT_TEXT, |exec, args| indent(exec, args, true)),
    fixed("nospace", TEXT, nospace),
    fixed("plural", &[Type::String, Type::String, Type::Int], |_, args| {
        Ok(if args.int(2) == 1 { args.node(0) } else { args.node(1) })
    }),
    variadic("quote", &[Type::Any], quote),
    fixed("repeat", INT_TEXT, repeat),
    fixed("replace", &[Type::String, Type::String, Type::String], replace),
    variadic("squote", &[Type::Any], squote),
    fixed("substr", &[Type::Int, Type::Int, Type::String], |_, args| {
        let (start, end, text) = (args.int(0), args.int(1), args.str(2));
        if start < 0 {
            slice(&text, None, Some(end))
        } else if end < 0 || end > text.len() as i64 {
            slice(&text, Some(start), None)
        } else {
            slice(&text, Some(start), Some(end))
        }
    }),
    fixed("toString", &[Type::Any], |exec, args| Ok(Node::from(to_str(exec, &args.node(0))?))),
    fixed("trim", TEXT, |_, args| {
        let text = args.str(0);
        Ok(Node::from(trim(&text, unicode::is_space)))
    }),
    fixed("trimAll", TEXT_2, trim_all),
    fixed("trimPrefix", TEXT_2, |_, args| {
        let (prefix, text) = (args.str(0), args.str(1));
        let cut = if text.as_bytes().starts_with(prefix.as_bytes()) { prefix.len() } else { 0 };
        Ok(Node::from(text.slice(cut..text.len())))
    }),
    fixed("trimSuffix", TEXT_2, |_, args| {
        let (suffix, text) = (args.str(0), args.str(1));
        let cut = if text.as_bytes().ends_with(suffix.as_bytes()) { suffix.len() } else { 0 };
        Ok(Node::from(text.slice(0..text.len() - cut)))
    }),
    fixed("trimall", TEXT_2, trim_all),
    fixed("trunc", INT_TEXT, |_, args| {
        let (count, text) = (args.int(0), args.str(1));
        let length = text.len() as i64;
        Ok(Node::from(if count < 0 && length + count > 0 {
            text.slice(usize::try_from(length + count).unwrap_or(0)..text.len())
        } else if count >= 0 && length > count {
            text.slice(0..usize::try_from(count).unwrap_or(0))
        } else {
            text
        }))
    }),
    fixed("wrap", INT_TEXT, |exec, args| {
        wrap::wrap(exec, &args.str(1), args.int(0), &Str::plain(*b""), false).map(Node::from)
    }),
    fixed("wrapWith", &[Type::Int, Type::String, Type::String], |exec, args| {
        wrap::wrap(exec, &args.str(2), args.int(0), &args.str(1), true).map(Node::from)
    }),
];

/// Where `needle` is first.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some(first) = needle.first() else { return Some(0) };
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && rest.len() >= needle.len()
    {
        at += rest.iter().position(|byte| byte == first)?;
        if text.get(at..).is_some_and(|rest| rest.starts_with(needle)) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Without the characters at both ends for which `cut` holds.
fn trim(text: &Str, cut: impl Fn(char) -> bool) -> Str {
    let bytes = text.as_bytes();
    let start: usize = unicode::runes(bytes).take_while(|(c, _)| cut(*c)).map(|(_, width)| width).sum();
    let mut end = bytes.len();
    while end > start {
        // The last character begins at most four bytes before the end.
        let tail = (end.saturating_sub(4).max(start)..end).find_map(|at| {
            let mut runes = unicode::runes(&bytes[at..end]);
            let last = runes.next().filter(|(_, width)| at + width == end)?;
            Some(last)
        });
        match tail {
            Some((character, width)) if cut(character) => end -= width,
            _ => break,
        }
    }
    text.slice(start..end)
}

fn trim_all(_: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (cutset, text) = (args.str(0), args.str(1));
    let characters: Vec<char> = unicode::runes(cutset.as_bytes()).map(|(character, _)| character).collect();
    Ok(Node::from(trim(&text, |character| characters.contains(&character))))
}

fn indent(exec: &mut Exec<'_>, args: &Args<'_>, new_line: bool) -> FunctionResult {
    let (spaces, text) = (args.int(0), args.str(1));
    let Ok(width) = usize::try_from(spaces) else { return fail("strings: negative Repeat count") };
    let bytes = text.as_bytes();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    exec.charge_bytes(width.saturating_mul(lines).saturating_add(bytes.len()))?;
    let pad = vec![b' '; width];
    let here = exec.here();
    let mut output = StrBuilder::with_capacity(width * lines + bytes.len() + 1);
    if new_line {
        output.push_whole(b"\n", here);
    }
    output.push_whole(&pad, here);
    let mut start = 0;
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        output.push_part(&text, start..at + 1);
        output.push_whole(&pad, here);
        start = at + 1;
    }
    output.push_part(&text, start..bytes.len());
    Ok(Node::from(output.finish()))
}

fn repeat(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (count, text) = (args.int(0), args.str(1));
    let Ok(count) = usize::try_from(count) else { return fail("strings: negative Repeat count") };
    let total = count.saturating_mul(text.len());
    if i64::try_from(total).is_err() {
        return fail("strings: Repeat output length overflow");
    }
    exec.charge_bytes(total)?;
    if text.is_empty() {
        return Ok(Node::from(text));
    }
    exec.charge(count)?;
    let mut output = StrBuilder::with_capacity(total);
    for _ in 0..count {
        output.push(&text);
    }
    Ok(Node::from(output.finish()))
}

fn replace(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (old, new, text) = (args.str(0), args.str(1), args.str(2));
    let bytes = text.as_bytes();
    let places: Vec<usize> = if old.is_empty() {
        // Before every character, and at the end.
        let widths = unicode::runes(bytes).map(|(_, width)| width);
        std::iter::once(0)
            .chain(widths.scan(0, |at, width| {
                *at += width;
                Some(*at)
            }))
            .collect()
    } else {
        let mut at = 0;
        std::iter::from_fn(|| {
            let found = at + find(bytes.get(at..)?, old.as_bytes())?;
            at = found + old.len();
            Some(found)
        })
        .collect()
    };
    if places.is_empty() || old == new {
        return Ok(Node::from(text));
    }
    exec.charge(places.len())?;
    exec.charge_bytes(places.len().saturating_mul(new.len()))?;
    let mut output = StrBuilder::with_capacity(bytes.len());
    let mut start = 0;
    for place in places {
        output.push_part(&text, start..place);
        output.push(&new);
        start = place + old.len();
    }
    output.push_part(&text, start..bytes.len());
    Ok(Node::from(output.finish()))
}

/// Each byte is taken for a character, so that bytes above 127 are encoded anew once a blank goes.
fn nospace(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    let is_space = |byte: &u8| unicode::is_space(char::from(*byte));
    if !text.as_bytes().iter().any(is_space) {
        return Ok(Node::from(text));
    }
    exec.charge_bytes(text.len())?;
    let mut output = StrBuilder::with_capacity(text.len());
    for (at, byte) in text.as_bytes().iter().enumerate().filter(|(_, byte)| !is_space(byte)) {
        if byte.is_ascii() {
            output.push_part(&text, at..at + 1);
        } else {
            let origin = text.origin_at(at);
            output.push_whole(char::from(*byte).encode_utf8(&mut [0; 4]).as_bytes(), origin);
        }
    }
    Ok(Node::from(output.finish()))
}

/// Arguments that are not nil, each printed by `write`, with spaces between.
fn spaced(
    exec: &mut Exec<'_>,
    args: &Args<'_>,
    write: fn(&mut Exec<'_>, &Node, &mut StrBuilder) -> Result<(), FunctionError>,
) -> Result<StrBuilder, FunctionError> {
    let here = exec.here();
    let mut output = StrBuilder::new();
    let nodes = args.all().iter().filter(|node| !matches!(node.value, Value::Nil));
    for (place, node) in nodes.enumerate() {
        if place > 0 {
            output.push_whole(b" ", here);
        }
        write(exec, node, &mut output)?;
    }
    Ok(output)
}

fn cat(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let output = spaced(exec, args, |exec, node, output| {
        output.push(&print_value(exec, node)?);
        Ok(())
    })?;
    Ok(Node::from(output.finish()))
}

fn squote(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let output = spaced(exec, args, |exec, node, output| {
        let (text, here) = (print_value(exec, node)?, exec.here());
        output.push_whole(b"'", here);
        output.push(&text);
        output.push_whole(b"'", here);
        Ok(())
    })?;
    Ok(Node::from(output.finish()))
}

fn quote(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let output = spaced(exec, args, |exec, node, output| {
        let (text, here) = (to_str(exec, node)?, exec.here());
        // Each character that is written otherwise is a piece of its own.
        let odd = |byte: &&u8| matches!(byte, b'"' | b'\\') || !(b' '..=b'~').contains(byte);
        exec.charge(text.as_bytes().iter().filter(odd).count().saturating_mul(8))?;
        output.push_whole(b"\"", here);
        push_escaped(output, &text);
        output.push_whole(b"\"", here);
        Ok(())
    })?;
    Ok(Node::from(output.finish()))
}

/// The inside of a quoted string: characters that stand for themselves keep their origins, an
/// escape has that of its character.
fn push_escaped(output: &mut StrBuilder, text: &Str) {
    let bytes = text.as_bytes();
    let (mut copied, mut at) = (0, 0);
    for (character, width) in unicode::runes(bytes) {
        let whole = character != '\u{fffd}' || width == 3;
        let plain = whole && unicode::is_print(character) && !matches!(character, '"' | '\\');
        if !plain {
            output.push_part(text, copied..at);
            let part = text.slice(at..at + width);
            let literal = template::quote(part.as_bytes());
            let escape = literal.get(1..literal.len() - 1).unwrap_or_default();
            output.push_whole(escape.as_bytes(), part.origin());
            copied = at + width;
        }
        at += width;
    }
    output.push_part(text, copied..bytes.len());
}

/// Cut to `width` bytes with `...` where something is missing; `offset` is the first byte that
/// should still be seen.
fn abbreviate(exec: &mut Exec<'_>, text: &Str, offset: i64, width: i64) -> Result<Str, FunctionError> {
    let length = text.len() as i64;
    if length <= width {
        return Ok(text.clone());
    }
    let offset = offset.min(length);
    let offset = if length - offset < width - 3 { length - (width - 3) } else { offset };
    let here = exec.here();
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    let mut output = StrBuilder::new();
    if offset <= 4 {
        output.push_part(text, 0..place(width - 3));
        output.push_whole(b"...", here);
        return Ok(output.finish());
    }
    if width < 7 {
        return Ok(Str::default());
    }
    output.push_whole(b"...", here);
    if offset + width - 3 < length {
        // One level deep: the rest starts at offset 0.
        let rest = text.slice(place(offset)..text.len());
        output.push(&abbreviate(exec, &rest, 0, width - 3)?);
    } else {
        output.push_part(text, place(length - (width - 3))..text.len());
    }
    Ok(output.finish())
}
