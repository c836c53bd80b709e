//! Regular expressions and version ranges.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::objects::SemverObject;
use super::{derived, derived_text, fail, fixed};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::regex::{self, Pattern, PatternError, Piece};
use crate::helm::rope::{Str, StrBuilder};
use crate::helm::semver::{Constraint, SemverError, Version};
use crate::helm::value::{List, ListKind, Node, Object, Value};
use crate::template::quote;

const TEXT_2: &[Type] = &[Type::String, Type::String];
const TEXT_3: &[Type] = &[Type::String, Type::String, Type::String];
const COUNTED: &[Type] = &[Type::String, Type::String, Type::Int];

pub(super) const TABLE: &[Function] = &[
    fixed("mustRegexFind", TEXT_2, |exec, args| find(exec, args, plainly)),
    fixed("mustRegexFindAll", COUNTED, |exec, args| find_all(exec, args, plainly)),
    fixed("mustRegexMatch", TEXT_2, |exec, args| match compiled(exec, &args.str(0))? {
        Ok(pattern) => matched(exec, args, &pattern),
        Err(error) => plainly(&args.str(0), &error),
    }),
    fixed("mustRegexReplaceAll", TEXT_3, |exec, args| replace(exec, args, false, plainly)),
    fixed("mustRegexReplaceAllLiteral", TEXT_3, |exec, args| replace(exec, args, true, plainly)),
    fixed("mustRegexSplit", COUNTED, |exec, args| split(exec, args, plainly)),
    fixed("regexFind", TEXT_2, |exec, args| find(exec, args, panicking)),
    fixed("regexFindAll", COUNTED, |exec, args| find_all(exec, args, panicking)),
    fixed("regexMatch", TEXT_2, |exec, args| match compiled(exec, &args.str(0))? {
        Ok(pattern) => matched(exec, args, &pattern),
        Err(_) => derived(exec, args, false),
    }),
    fixed("regexQuoteMeta", &[Type::String], |exec, args| {
        derived_text(exec, args, regex::quote_meta(args.str(0).as_bytes()))
    }),
    fixed("regexReplaceAll", TEXT_3, |exec, args| replace(exec, args, false, panicking)),
    fixed("regexReplaceAllLiteral", TEXT_3, |exec, args| replace(exec, args, true, panicking)),
    fixed("regexSplit", COUNTED, |exec, args| split(exec, args, panicking)),
    fixed("semver", &[Type::String], |exec, args| match Version::parse(args.str(0).as_bytes()) {
        Ok(version) => {
            let object: Rc<dyn Object> = Rc::new(SemverObject { version, pointer: true });
            derived(exec, args, Value::Object(object))
        }
        Err(error) => fail(error.to_string()),
    }),
    fixed("semverCompare", TEXT_2, |exec, args| {
        let refuse = |error: SemverError| match error {
            SemverError::Improper(text) => fail(format!("improper constraint: {}", quote(&text))),
            error => fail(error.to_string()),
        };
        let constraint = match Constraint::parse(args.str(0).as_bytes()) {
            Ok(constraint) => constraint,
            Err(error) => return refuse(error),
        };
        match Version::parse(args.str(1).as_bytes()) {
            Ok(version) => derived(exec, args, constraint.check(&version)),
            Err(error) => refuse(error),
        }
    }),
];

/// How a function reports a pattern that is none.
type Refuse = fn(&Str, &PatternError) -> FunctionResult;

fn plainly(_: &Str, error: &PatternError) -> FunctionResult {
    fail(error.to_string())
}

fn panicking(pattern: &Str, error: &PatternError) -> FunctionResult {
    let text = pattern.as_bytes();
    // Go takes backquotes where nothing in the text forbids them.
    let plain = |c: char| c != '`' && c != '\u{7f}' && (c >= ' ' || c == '\t') && c != '\u{feff}';
    let raw = std::str::from_utf8(text).ok().filter(|text| text.chars().all(plain));
    let shown = raw.map_or_else(|| quote(text), |text| format!("`{text}`"));
    fail(format!("regexp: Compile({shown}): {error}"))
}

/// Most patterns that are kept for other renders, and the longest of them in bytes.
const SHARED: (usize, usize) = (200, 200);

/// A pattern that this or another render compiled: charts have many patterns in common, and compiling
/// one takes longer than executing most templates. What a render is charged does not depend on it.
fn shared(pattern: &[u8]) -> Result<Arc<Pattern>, PatternError> {
    static KNOWN: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Pattern>>>> = LazyLock::new(Mutex::default);
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pattern) = known().get(pattern) {
        return Ok(Arc::clone(pattern));
    }
    let new = Arc::new(Pattern::new(pattern)?);
    if pattern.len() <= SHARED.1 {
        let mut known = known();
        if known.len() >= SHARED.0 {
            known.clear();
        }
        known.insert(pattern.to_vec(), Arc::clone(&new));
    }
    Ok(new)
}

/// Patterns that this render compiled before.
#[derive(Default)]
struct Patterns(HashMap<Rc<[u8]>, Result<Arc<Pattern>, PatternError>>);

/// Compiles a pattern, once for each render.
fn compiled(exec: &mut Exec<'_>, pattern: &Str) -> Result<Result<Arc<Pattern>, PatternError>, FunctionError> {
    let key = pattern.shared_bytes();
    if let Some(known) = exec.cache::<Patterns>().and_then(|patterns| patterns.0.get(&key).cloned()) {
        return Ok(known);
    }
    exec.charge(20_000 + pattern.len() * 20)?;
    let new = shared(pattern.as_bytes());
    if let Some(patterns) = exec.cache::<Patterns>() {
        if patterns.0.len() >= 1_000 {
            patterns.0.clear();
        }
        patterns.0.insert(key, new.clone());
    }
    Ok(new)
}

fn charge_search(exec: &mut Exec<'_>, text: &Str) -> Result<(), FunctionError> {
    Ok(exec.charge(1 + text.len() / 16)?)
}

fn matched(exec: &mut Exec<'_>, args: &Args<'_>, pattern: &Pattern) -> FunctionResult {
    let text = args.str(1);
    charge_search(exec, &text)?;
    let found = pattern.is_match(text.as_bytes());
    derived(exec, args, found)
}

fn find(exec: &mut Exec<'_>, args: &Args<'_>, refuse: Refuse) -> FunctionResult {
    let text = args.str(1);
    match compiled(exec, &args.str(0))? {
        Ok(pattern) => {
            charge_search(exec, &text)?;
            Ok(Node::from(text.slice(pattern.find(text.as_bytes()).unwrap_or(0..0))))
        }
        Err(error) => refuse(&args.str(0), &error),
    }
}

fn parts(exec: &mut Exec<'_>, text: &Str, ranges: Vec<Range<usize>>) -> FunctionResult {
    exec.charge(ranges.len() * 2)?;
    let items = ranges.into_iter().map(|range| Node::from(text.slice(range))).collect();
    Ok(Node::new(List::of_kind(ListKind::Strings, items), text.origin()))
}

fn find_all(exec: &mut Exec<'_>, args: &Args<'_>, refuse: Refuse) -> FunctionResult {
    let (text, limit) = (args.str(1), args.int(2));
    match compiled(exec, &args.str(0))? {
        Ok(pattern) => {
            exec.charge(text.len().min(usize::try_from(limit).unwrap_or(usize::MAX)))?;
            charge_search(exec, &text)?;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let found = pattern.find_all(text.as_bytes(), limit);
            if found.is_empty() {
                return Ok(Node::new(List::nil(ListKind::Strings), text.origin()));
            }
            parts(exec, &text, found)
        }
        Err(error) => refuse(&args.str(0), &error),
    }
}

fn split(exec: &mut Exec<'_>, args: &Args<'_>, refuse: Refuse) -> FunctionResult {
    let (text, limit) = (args.str(1), args.int(2));
    match compiled(exec, &args.str(0))? {
        Ok(pattern) => {
            charge_search(exec, &text)?;
            match pattern.split(text.as_bytes(), limit) {
                Some(found) => parts(exec, &text, found),
                None => Ok(Node::new(List::nil(ListKind::Strings), text.origin())),
            }
        }
        Err(error) => refuse(&args.str(0), &error),
    }
}

fn replace(exec: &mut Exec<'_>, args: &Args<'_>, literal: bool, refuse: Refuse) -> FunctionResult {
    let (text, template) = (args.str(1), args.str(2));
    let pattern = match compiled(exec, &args.str(0))? {
        Ok(pattern) => pattern,
        Err(error) => return refuse(&args.str(0), &error),
    };
    // A pattern that matches nothing at all may match between any two characters.
    exec.charge(text.len())?;
    let pieces = pattern.replace_all(text.as_bytes(), template.as_bytes(), literal);
    exec.charge(pieces.len())?;
    let total = pieces.iter().fold(0usize, |total, piece| match piece {
        Piece::Text(range) | Piece::Template(range) => total.saturating_add(range.len()),
    });
    exec.charge_bytes(total)?;
    let mut output = StrBuilder::with_capacity(total);
    for piece in pieces {
        match piece {
            Piece::Text(range) => output.push_part(&text, range),
            Piece::Template(range) => output.push_part(&template, range),
        }
    }
    Ok(Node::from(output.finish()))
}
