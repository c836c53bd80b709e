//! Slash-separated paths, as Go's `path` takes them. On the systems Helm's charts are written for
//! `path/filepath` is the same.

use super::{derived, derived_text, fixed};
use crate::helm::call::{Args, Function, FunctionResult, Type};
use crate::helm::exec::Exec;

const TEXT: &[Type] = &[Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("base", TEXT, base),
    fixed("clean", TEXT, |exec, args| derived_text(exec, args, clean(args.str(0).as_bytes()))),
    fixed("dir", TEXT, dir),
    fixed("ext", TEXT, ext),
    fixed("isAbs", TEXT, is_absolute),
    fixed("osBase", TEXT, base),
    fixed("osClean", TEXT, |exec, args| derived_text(exec, args, clean(args.str(0).as_bytes()))),
    fixed("osDir", TEXT, dir),
    fixed("osExt", TEXT, ext),
    fixed("osIsAbs", TEXT, is_absolute),
];

/// The shortest path that means the same.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(last) if *last != b".." => drop(parts.pop()),
                _ if rooted => {}
                _ => parts.push(part),
            },
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", joined.as_slice()].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

fn base(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    let path = text.as_bytes();
    if path.is_empty() {
        return derived_text(exec, args, ".");
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    if end == 0 {
        return derived_text(exec, args, "/");
    }
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    Ok(text.slice(start..end).into())
}

fn dir(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    let path = text.as_bytes();
    let end = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    derived_text(exec, args, clean(&path[..end]))
}

fn ext(_: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    let path = text.as_bytes();
    let name = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let dot = path[name..].iter().rposition(|byte| *byte == b'.');
    let start = dot.map_or(path.len(), |at| name + at);
    Ok(text.slice(start..path.len()).into())
}

fn is_absolute(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let absolute = args.str(0).as_bytes().first() == Some(&b'/');
    derived(exec, args, absolute)
}
