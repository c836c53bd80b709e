//! Strings to lists and back.

use super::show::to_str;
use super::strings::find;
use super::{derived, fixed, lists};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::unicode;
use crate::helm::value::{Entries, Entry, List, ListKind, Map, MapKind, Node, Value};

pub(super) const TABLE: &[Function] = &[
    fixed("join", &[Type::String, Type::Any], join),
    fixed("sortAlpha", &[Type::Any], sort_alpha),
    fixed("split", &[Type::String, Type::String], |exec, args| {
        let parts = split(exec, &args.str(0), &args.str(1), -1)?;
        Ok(numbered(exec, args, parts))
    }),
    fixed("splitList", &[Type::String, Type::String], |exec, args| {
        let parts = split(exec, &args.str(0), &args.str(1), -1)?;
        let origin = args.node(1).origin();
        Ok(Node::new(strings(parts), origin))
    }),
    fixed("splitn", &[Type::String, Type::Int, Type::String], |exec, args| {
        let parts = split(exec, &args.str(0), &args.str(2), args.int(1))?;
        Ok(numbered(exec, args, parts))
    }),
    fixed("toStrings", &[Type::Any], |exec, args| {
        let texts = to_strings(exec, &args.node(0))?;
        Ok(Node::new(strings(texts), args.node(0).origin()))
    }),
];

fn strings(texts: Vec<Str>) -> List {
    List::of_kind(ListKind::Strings, texts.into_iter().map(Node::from).collect())
}

/// Parts by number: `_0`, `_1` …
fn numbered(exec: &mut Exec<'_>, args: &Args<'_>, parts: Vec<Str>) -> Node {
    let here = exec.here();
    let entries: Entries = parts
        .into_iter()
        .enumerate()
        .map(|(place, part)| {
            let key = format!("_{place}").into_bytes();
            (key.into(), Entry { key_origin: here, node: Node::from(part) })
        })
        .collect();
    let origin = args.all().last().map_or(here, Node::origin);
    Node::new(Map::of_kind(MapKind::Strings, entries), origin)
}

/// The parts between separators, `limit` at most where that is not negative. An empty separator
/// is between all characters.
fn split(exec: &mut Exec<'_>, separator: &Str, text: &Str, limit: i64) -> Result<Vec<Str>, FunctionError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    if limit == 0 {
        return Ok(parts);
    }
    if separator.is_empty() {
        for (_, width) in unicode::runes(bytes) {
            if parts.len() + 1 == limit {
                break;
            }
            parts.push(text.slice(start..start + width));
            start += width;
        }
        if start < bytes.len() {
            parts.push(text.slice(start..bytes.len()));
        }
    } else {
        while parts.len() + 1 < limit
            && let Some(found) = find(bytes.get(start..).unwrap_or_default(), separator.as_bytes())
        {
            parts.push(text.slice(start..start + found));
            start += found + separator.len();
        }
        parts.push(text.slice(start..bytes.len()));
    }
    exec.charge(parts.len().saturating_mul(4))?;
    Ok(parts)
}

/// The items of a list as texts, without those that are nil; of anything else itself.
fn to_strings(exec: &mut Exec<'_>, node: &Node) -> Result<Vec<Str>, FunctionError> {
    let Some(items) = lists::items(exec, node)? else {
        return Ok(match node.value {
            Value::Nil => Vec::new(),
            _ => vec![to_str(exec, node)?],
        });
    };
    exec.charge(items.len())?;
    let present = items.iter().filter(|item| !matches!(item.value, Value::Nil));
    present.map(|item| to_str(exec, item)).collect()
}

fn join(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let separator = args.str(0);
    let texts = to_strings(exec, &args.node(1))?;
    exec.charge_bytes(texts.len().saturating_mul(separator.len()))?;
    let mut output = StrBuilder::new();
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            output.push(&separator);
        }
        exec.charge_bytes(text.len())?;
        output.push(text);
    }
    Ok(Node::from(output.finish()))
}

fn sort_alpha(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    if lists::items(exec, &node)?.is_none() {
        let text = to_str(exec, &node)?;
        return derived(exec, args, strings(vec![text]));
    }
    let mut texts = to_strings(exec, &node)?;
    exec.charge(texts.len().saturating_mul(4))?;
    texts.sort_by(|left, right| left.as_bytes().cmp(right.as_bytes()));
    Ok(Node::new(strings(texts), node.origin()))
}
