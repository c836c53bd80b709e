//! `include` and `tpl`: templates executed by functions.

use std::rc::Rc;
use std::sync::Arc;

use super::call::{Args, Function, FunctionError, FunctionResult, Type};
use super::exec::Exec;
use super::registry;
use super::rope::{Str, StrBuilder};
use super::set::TemplateSet;
use super::slot::Slot;
use crate::origin::FrameKind;
use crate::template::{Template, parse, quote};

const TEXT_AND_DATA: &[Type] = &[Type::String, Type::Any];

pub(super) const TABLE: &[Function] = &[
    Function { name: "include", parameters: TEXT_AND_DATA, variadic: false, call: include },
    Function { name: "tpl", parameters: TEXT_AND_DATA, variadic: false, call: tpl },
];

/// Helm's bound on includes of one name inside each other.
const MOST_INCLUDES: u32 = 1000;

/// The name that text given to `tpl` has.
const TPL: &str = "gotpl";

/// What printing a missing value gives; Helm removes it at the end of a file and of `tpl`.
const NO_VALUE: &[u8] = b"<no value>";

fn include(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let name = args.str(0);
    let name = name.to_text();
    let Some(body) = exec.set().get(&name).cloned() else {
        let name = quote(name.as_bytes());
        return Err(FunctionError::new(format!(
            "template: no template {name} associated with template \"{TPL}\""
        )));
    };
    let nested = |name: &str| {
        FunctionError::new(format!(
            "rendering template has a nested reference name: {name}: unable to execute template"
        ))
    };
    exec.charge(10)?;
    let running = exec.included(body.name());
    if *running > MOST_INCLUDES {
        return Err(nested(&name));
    }
    *running += 1;
    let mut output = StrBuilder::new();
    let frame = FrameKind::Call(exec.origins.name(&name));
    let done = match exec.check_stack() {
        Ok(()) => exec.execute(&body, Slot::plain(args.node(1)), frame, args.str(0).origin(), &mut output),
        // Helm's own bound is somewhat further, and it says the same.
        Err(_) => Err(nested(&name)),
    };
    *exec.included(body.name()) -= 1;
    done?;
    Ok(output.finish().into())
}

fn tpl(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    let text = args.str(0);
    if !text.as_bytes().windows(2).any(|pair| pair == b"{{") {
        return Ok(without_missing(&text).into());
    }
    let template = parsed(exec, &text)?;
    let source = exec.origins.add_generated(Arc::clone(&template.text), text.to_runs());
    let outer = Rc::clone(exec.set());
    exec.charge(outer.depth())?;
    let mut set = TemplateSet::inside(&outer);
    let main = set.add(&template, source);
    *exec.set() = Rc::new(set);
    let mut output = StrBuilder::new();
    let done = match exec.check_stack() {
        Ok(()) => exec.execute(&main, Slot::plain(args.node(1)), FrameKind::Tpl, text.origin(), &mut output),
        Err(limit) => Err(limit.into()),
    };
    *exec.set() = outer;
    match done {
        Ok(()) => Ok(without_missing(&output.finish()).into()),
        Err(FunctionError::Template(error)) => {
            Err(FunctionError::Tpl { text: text.as_bytes().to_vec(), error })
        }
        Err(error) => Err(error),
    }
}

/// Parsed texts by their bytes: one text is often given to `tpl` many times.
#[derive(Default)]
struct ParsedTexts(std::collections::HashMap<Rc<[u8]>, Arc<Template>>);

fn parsed(exec: &mut Exec<'_>, text: &Str) -> Result<Arc<Template>, FunctionError> {
    exec.charge_bytes(text.len())?;
    let known = exec.cache::<ParsedTexts>().and_then(|texts| texts.0.get(text.as_bytes()));
    if let Some(template) = known {
        return Ok(Arc::clone(template));
    }
    exec.charge(text.len())?;
    let template = parse(TPL, text.as_bytes(), &registry::number).map_err(|error| {
        FunctionError::new(format!("cannot parse template {}: {error}", quote(text.as_bytes())))
    })?;
    let template = Arc::new(template);
    if let Some(texts) = exec.cache::<ParsedTexts>() {
        texts.0.insert(text.shared_bytes(), Arc::clone(&template));
    }
    Ok(template)
}

/// The text without what missing values printed.
pub(super) fn without_missing(text: &Str) -> Str {
    let bytes = text.as_bytes();
    let Some(first) = find(bytes, 0) else { return text.clone() };
    let mut output = StrBuilder::with_capacity(bytes.len());
    let (mut done, mut next) = (0, Some(first));
    while let Some(at) = next {
        output.push_part(text, done..at);
        done = at + NO_VALUE.len();
        next = find(bytes, done);
    }
    output.push_part(text, done..bytes.len());
    output.finish()
}

fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let mut from = from;
    // `contains` is many times faster than `position`, and most texts have none.
    if !bytes.get(from..)?.contains(&b'<') {
        return None;
    }
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|&byte| byte == b'<')?;
        if bytes.get(at..)?.starts_with(NO_VALUE) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::OriginId;

    #[test]
    fn missing_values_leave_no_trace_and_the_rest_its_origins() {
        let text = Str::exact(*b"a<no value><no <no value>b", OriginId::from_index(1));
        let cut = without_missing(&text);
        assert_eq!(cut.as_bytes(), b"a<no b");
        let runs: Vec<_> = cut.runs(0..cut.len()).map(|(part, run)| (part.end, run.at)).collect();
        assert_eq!(runs, [(1, 0), (5, 11), (6, 25)]);
    }
}
