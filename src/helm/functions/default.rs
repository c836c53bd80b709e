//! Defaults, choices, and ending with a message.

use super::{derived, fixed, variadic};
use crate::helm::call::{Function, FunctionError, Type};
use crate::helm::value::{Map, Node, Value};

const ANY: &[Type] = &[Type::Any];

pub(super) const TABLE: &[Function] = &[
    variadic("all", ANY, |exec, args| {
        let all = args.all().iter().all(|node| node.value.is_true());
        derived(exec, args, all)
    }),
    variadic("any", ANY, |exec, args| {
        let any = args.all().iter().any(|node| node.value.is_true());
        derived(exec, args, any)
    }),
    variadic("coalesce", ANY, |exec, args| {
        let Some(place) = args.all().iter().position(|node| node.value.is_true()) else {
            return Ok(Node::nil(exec.derive(args.all())));
        };
        let all = args.all().iter().take(place + 1).cloned();
        Ok(all.reduce(|before, next| exec.fallback(&next, &before)).unwrap_or_default())
    }),
    variadic("default", &[Type::Any, Type::Any], |exec, args| {
        let (default, given) = (args.node(0), args.node(1));
        Ok(if args.len() > 1 && given.value.is_true() { given } else { exec.fallback(&default, &given) })
    }),
    fixed("empty", ANY, |exec, args| {
        let empty = !args.value(0).is_true();
        derived(exec, args, empty)
    }),
    fixed("fail", &[Type::String], |_, args| Err(FunctionError::Failed(args.str(0).to_text().into_owned()))),
    fixed("lookup", &[Type::String, Type::String, Type::String, Type::String], |exec, args| {
        derived(exec, args, Map::new())
    }),
    fixed("required", &[Type::String, Type::Any], |_, args| {
        let missing = match args.value(1) {
            Value::Nil => true,
            Value::Str(text) => text.is_empty(),
            _ => false,
        };
        if missing {
            Err(FunctionError::Failed(args.str(0).to_text().into_owned()))
        } else {
            Ok(args.node(1))
        }
    }),
    fixed("ternary", &[Type::Any, Type::Any, Type::Bool], |exec, args| {
        let chosen = args.node(if args.bool(2) { 0 } else { 1 });
        Ok(exec.fallback(&chosen, &args.node(2)))
    }),
];
