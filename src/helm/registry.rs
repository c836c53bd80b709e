//! All functions by name and number.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::builtin::{self, Builtin};
use super::call::Function;
use super::{escape, functions, include};

/// What a function's name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Callee {
    Function(&'static Function),
    Builtin(&'static Builtin),
    /// `and`, `or`: they stop evaluating arguments at the first that decides.
    And,
    Or,
    /// `call`, which has nothing to call here.
    Call,
}

struct Registry {
    callees: Vec<Callee>,
    numbers: HashMap<&'static str, u32>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry { callees: Vec::new(), numbers: HashMap::new() };
    let own = [("and", Callee::And), ("or", Callee::Or), ("call", Callee::Call)];
    let builtins = builtin::TABLE.iter().map(|builtin| (builtin.name, Callee::Builtin(builtin)));
    let tables = escape::TABLE.iter().chain(include::TABLE).chain(functions::all());
    let functions = tables.map(|function| (function.name, Callee::Function(function)));
    for (name, callee) in own.into_iter().chain(builtins).chain(functions) {
        let number = u32::try_from(registry.callees.len()).unwrap_or(u32::MAX);
        registry.callees.push(callee);
        registry.numbers.insert(name, number);
    }
    registry
});

/// The number of a function's name, for [`parse`](crate::template::parse).
pub(super) fn number(name: &str) -> Option<u32> {
    REGISTRY.numbers.get(name).copied()
}

/// The function of a number.
pub(super) fn callee(number: u32) -> Option<Callee> {
    REGISTRY.callees.get(number as usize).copied()
}

/// The names of all functions, sorted.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = REGISTRY.numbers.keys().copied().collect();
    names.sort_unstable();
    names
}
