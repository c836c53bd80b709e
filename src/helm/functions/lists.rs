//! Lists: sprig's functions on slices of any type.

use super::types::deep_equal;
use super::{cast, derived, fail, fixed, nil_dereference, variadic};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::value::{Kind, List, ListKind, Node, Value};

const ANY: &[Type] = &[Type::Any];
const ANY_2: &[Type] = &[Type::Any, Type::Any];
const CHUNK: &[Type] = &[Type::Int, Type::Any];

pub(super) const TABLE: &[Function] = &[
    fixed("append", ANY_2, append),
    fixed("chunk", CHUNK, chunk),
    fixed("compact", ANY, compact),
    variadic("concat", ANY, concat),
    fixed("first", ANY, first),
    fixed("has", ANY_2, has),
    fixed("initial", ANY, initial),
    fixed("last", ANY, last),
    variadic("list", ANY, list),
    fixed("mustAppend", ANY_2, append),
    fixed("mustChunk", CHUNK, chunk),
    fixed("mustCompact", ANY, compact),
    fixed("mustFirst", ANY, first),
    fixed("mustHas", ANY_2, has),
    fixed("mustInitial", ANY, initial),
    fixed("mustLast", ANY, last),
    fixed("mustPrepend", ANY_2, prepend),
    fixed("mustPush", ANY_2, append),
    fixed("mustRest", ANY, rest),
    fixed("mustReverse", ANY, reverse),
    variadic("mustSlice", ANY_2, part),
    fixed("mustUniq", ANY, uniq),
    variadic("mustWithout", ANY_2, without),
    fixed("prepend", ANY_2, prepend),
    fixed("push", ANY_2, append),
    fixed("rest", ANY, rest),
    fixed("reverse", ANY, reverse),
    variadic("slice", ANY_2, part),
    variadic("tuple", ANY, list),
    fixed("uniq", ANY, uniq),
    variadic("without", ANY_2, without),
];

/// The items of a slice; `None` for what is none.
pub(super) fn items(exec: &mut Exec<'_>, node: &Node) -> Result<Option<Vec<Node>>, FunctionError> {
    let items: Vec<Node> = match &node.value {
        Value::List(list) => {
            exec.charge(list.len().saturating_mul(2))?;
            list.items().to_vec()
        }
        Value::Bytes(bytes) => {
            exec.charge(bytes.len())?;
            let item = |at: usize, byte: &u8| Node::new(*byte, bytes.origin_at(at));
            bytes.as_bytes().iter().enumerate().map(|(at, byte)| item(at, byte)).collect()
        }
        Value::Object(object) if object.kind() == Kind::Slice => match object.plain() {
            Some(Value::List(list)) => list.items().to_vec(),
            _ => Vec::new(),
        },
        _ => return Ok(None),
    };
    Ok(Some(items))
}

/// The items of an argument that must be a slice; `what` says what failed otherwise.
fn expect(exec: &mut Exec<'_>, node: &Node, what: &str) -> Result<Vec<Node>, FunctionError> {
    if matches!(node.value, Value::Nil) {
        return nil_dereference();
    }
    match items(exec, node)? {
        Some(items) => Ok(items),
        None => fail(format!("Cannot {what} type {}", node.value.kind().as_str())),
    }
}

/// A list that came of an argument.
fn from(node: &Node, items: Vec<Node>) -> FunctionResult {
    Ok(Node::new(List::new(items), node.origin()))
}

fn nil_list(node: &Node) -> FunctionResult {
    Ok(Node::new(List::nil(ListKind::Any), node.origin()))
}

fn list(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let here = exec.here();
    Ok(Node::new(List::new(args.all().to_vec()), here))
}

fn append(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "push on")?;
    items.push(args.node(1));
    from(&node, items)
}

fn prepend(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "prepend on")?;
    items.insert(0, args.node(1));
    from(&node, items)
}

fn first(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let items = expect(exec, &node, "find first on")?;
    Ok(items.into_iter().next().unwrap_or_else(|| Node::nil(node.origin())))
}

fn last(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let items = expect(exec, &node, "find last on")?;
    Ok(items.into_iter().next_back().unwrap_or_else(|| Node::nil(node.origin())))
}

fn rest(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "find rest on")?;
    if items.is_empty() {
        return nil_list(&node);
    }
    items.remove(0);
    from(&node, items)
}

fn initial(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "find initial on")?;
    if items.pop().is_none() {
        return nil_list(&node);
    }
    from(&node, items)
}

fn reverse(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "find reverse on")?;
    items.reverse();
    from(&node, items)
}

fn compact(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut items = expect(exec, &node, "compact on")?;
    items.retain(|item| item.value.is_true());
    from(&node, items)
}

fn uniq(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut unique: Vec<Node> = Vec::new();
    for item in expect(exec, &node, "find uniq on")? {
        if !contains(exec, &unique, &item)? {
            unique.push(item);
        }
    }
    from(&node, unique)
}

fn contains(exec: &mut Exec<'_>, items: &[Node], wanted: &Node) -> Result<bool, FunctionError> {
    exec.charge(items.len())?;
    for item in items {
        if deep_equal(exec, &wanted.value, &item.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn without(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    let mut kept = Vec::new();
    for item in expect(exec, &node, "find without on")? {
        if !contains(exec, args.rest(1), &item)? {
            kept.push(item);
        }
    }
    from(&node, kept)
}

fn has(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (needle, haystack) = (args.node(0), args.node(1));
    if matches!(haystack.value, Value::Nil) {
        return derived(exec, args, false);
    }
    let items = expect(exec, &haystack, "find has on")?;
    let found = contains(exec, &items, &needle)?;
    derived(exec, args, found)
}

fn part(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let node = args.node(0);
    if matches!(node.value, Value::Nil) {
        return nil_dereference();
    }
    let Some(items) = items(exec, &node)? else {
        return fail(format!("list should be type of slice or array but {}", node.value.kind().as_str()));
    };
    if items.is_empty() {
        return Ok(Node::nil(node.origin()));
    }
    let length = items.len() as i64;
    let start = if args.len() > 1 { cast::to_int(args.value(1)) } else { 0 };
    let end = if args.len() > 2 { cast::to_int(args.value(2)) } else { length };
    if start < 0 || end < start || end > length {
        return fail("reflect.Value.Slice: slice index out of bounds");
    }
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    let items = items.get(range.clone()).unwrap_or_default().to_vec();
    Ok(match &node.value {
        Value::Bytes(bytes) => Node::plain(Value::Bytes(bytes.slice(range))),
        Value::List(list) => Node::new(List::of_kind(list.kind(), items), node.origin()),
        _ => Node::new(List::new(items), node.origin()),
    })
}

fn concat(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let mut all = Vec::new();
    for node in args.all() {
        if matches!(node.value, Value::Nil) {
            return nil_dereference();
        }
        match items(exec, node)? {
            Some(items) => all.extend(items),
            None => return fail(format!("Cannot concat type {} as list", node.value.kind().as_str())),
        }
    }
    let here = exec.here();
    // Go never made a slice where there was nothing to put into it.
    let list = if all.is_empty() { List::nil(ListKind::Any) } else { List::new(all) };
    Ok(Node::new(list, here))
}

fn chunk(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let (size, node) = (args.int(0), args.node(1));
    if matches!(node.value, Value::Nil) {
        return nil_dereference();
    }
    let Some(items) = items(exec, &node)? else {
        return fail(format!("Cannot chunk type {}", node.value.kind().as_str()));
    };
    let out_of_range = || fail("runtime error: makeslice: len out of range");
    if size == 0 {
        return out_of_range();
    }
    let length = items.len() as i64;
    // Go computes this in floats, which a negative size reaches too.
    #[expect(clippy::cast_precision_loss, reason = "as Go does")]
    let count = crate::helm::number::truncate(((length - 1) as f64 / size as f64).floor() + 1.0);
    let mut chunks = Vec::new();
    let mut left = items.into_iter();
    for place in 0..count {
        let mut wanted = size;
        if place == count - 1 {
            wanted = if length % size == 0 { size } else { length % size };
        }
        let Ok(wanted) = usize::try_from(wanted) else { return out_of_range() };
        let chunk: Vec<Node> = left.by_ref().take(wanted).collect();
        chunks.push(Node::new(List::new(chunk), node.origin()));
    }
    Ok(Node::new(List::of_kind(ListKind::Lists, chunks), node.origin()))
}
