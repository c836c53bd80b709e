//! The closed list of tests, compiled, with three-valued truth.

use regex::Regex;

use crate::resource::{Field, KubernetesVersion};
use crate::yaml::{FieldPath, NodeId, Scalar, SpanTree};

use super::frame::Frame;
use super::schema::{Fact, Literal};
use super::scope::Root;
use super::slots::Slot;

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// A value that decides it is filled in later.
    Unknown,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

/// A predicate, ready to be asked.
#[derive(Clone, Debug)]
pub enum Predicate {
    /// All hold.
    All(Vec<Self>),
    /// One holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The cluster's version is this or later.
    Since(KubernetesVersion),
    /// The object is of one of these kinds.
    Kind(Vec<String>),
    /// Known to be so.
    Fact(Fact),
    /// A test on a field.
    Field(FieldTest),
}

/// A test on a field.
#[derive(Clone, Debug)]
pub struct FieldTest {
    /// Where the path starts.
    pub root: Root,
    /// The field.
    pub slot: Slot,
    /// Its path from there.
    pub path: FieldPath,
    /// The slot of the same path in the pod spec, which counts where the container's is absent.
    pub effective: Option<Slot>,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked of a field.
#[derive(Clone, Debug)]
pub enum Test {
    /// It has this value.
    Is(Literal),
    /// It has one of these values.
    In(Vec<Literal>),
    /// It is a number within these bounds.
    Range(i64, i64),
    /// Its text matches.
    Matches(Regex),
    /// It is a list with this item.
    Contains(Literal),
    /// It is set, or not.
    Present(bool),
}

/// What a predicate came to, and the test that decided it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'p> {
    /// Whether it holds.
    pub truth: Truth,
    /// The test that made it so.
    pub witness: Option<&'p FieldTest>,
}

impl Predicate {
    /// Asks it of a subject.
    pub fn ask<'p>(&'p self, frame: &Frame<'_>) -> Outcome<'p> {
        let plain = |truth| Outcome { truth, witness: None };
        match self {
            Self::All(parts) => decide(parts, frame, Truth::False),
            Self::Any(parts) => decide(parts, frame, Truth::True),
            Self::Not(part) => {
                let outcome = part.ask(frame);
                Outcome { truth: outcome.truth.not(), ..outcome }
            }
            Self::Since(version) => plain(Truth::of(frame.version >= *version)),
            Self::Kind(kinds) => plain(Truth::of(kinds.contains(&frame.document.kind().kind))),
            Self::Fact(fact) => plain(Truth::of(frame.knows(*fact))),
            Self::Field(test) => Outcome { truth: test.ask(frame), witness: Some(test) },
        }
    }

    /// Whether it certainly holds.
    pub fn holds(&self, frame: &Frame<'_>) -> bool {
        self.ask(frame).truth == Truth::True
    }
}

/// `all` is decided by the first part that is false, `any` by the first that is true. The witness of
/// a decision is that part's. Else it is the last part's for `all`, so that `all = [present, not in]`
/// points at the value that is not in the list, and the first's for `any`.
fn decide<'p>(parts: &'p [Predicate], frame: &Frame<'_>, decisive: Truth) -> Outcome<'p> {
    let mut truth = decisive.not();
    let mut witness = None;
    for part in parts {
        let outcome = part.ask(frame);
        if outcome.truth == decisive {
            return outcome;
        }
        if outcome.truth == Truth::Unknown {
            truth = Truth::Unknown;
        }
        witness = match decisive {
            // None of them holds: the first is what was wanted most.
            Truth::True => witness.or(outcome.witness),
            _ => outcome.witness.or(witness),
        };
    }
    Outcome { truth, witness }
}

impl FieldTest {
    /// What stands in the field; where the container does not set it, in the pod's.
    pub fn field(&self, frame: &Frame<'_>) -> Field<NodeId> {
        let own = frame.field(self.root, self.slot);
        own.or(|| self.effective.map_or(Field::Absent, |slot| frame.field(Root::Pod, slot)))
    }

    fn ask(&self, frame: &Frame<'_>) -> Truth {
        let tree = frame.tree();
        let node = match self.field(frame) {
            Field::Value(node) => node,
            Field::Absent | Field::Wrong => {
                return Truth::of(matches!(self.test, Test::Present(false)));
            }
            Field::Unknown if matches!(self.test, Test::Present(true)) => return Truth::True,
            Field::Unknown if matches!(self.test, Test::Present(false)) => return Truth::False,
            Field::Unknown => return Truth::Unknown,
        };
        match &self.test {
            Test::Present(wanted) => Truth::of(*wanted),
            Test::Is(literal) => equals(tree, node, literal),
            Test::In(literals) => any(literals.iter().map(|literal| equals(tree, node, literal))),
            Test::Range(min, max) => match Field::int_of(tree, node) {
                Field::Value(value) => Truth::of((*min..=*max).contains(&value)),
                Field::Unknown => Truth::Unknown,
                Field::Absent | Field::Wrong => Truth::False,
            },
            Test::Matches(regex) => match Field::text_of(tree, node) {
                Field::Value(text) => Truth::of(regex.is_match(&text)),
                Field::Unknown => Truth::Unknown,
                Field::Absent | Field::Wrong => Truth::False,
            },
            Test::Contains(literal) => any(tree.items(node).iter().map(|&item| equals(tree, item, literal))),
        }
    }
}

fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut all = Truth::False;
    for truth in truths {
        match truth {
            Truth::True => return Truth::True,
            Truth::Unknown => all = Truth::Unknown,
            Truth::False => {}
        }
    }
    all
}

fn equals(tree: &SpanTree, node: NodeId, literal: &Literal) -> Truth {
    fn compare<T>(field: Field<T>, same: impl FnOnce(T) -> bool) -> Truth {
        match field {
            Field::Value(value) => Truth::of(same(value)),
            Field::Unknown => Truth::Unknown,
            Field::Absent | Field::Wrong => Truth::False,
        }
    }
    match literal {
        Literal::Bool(wanted) => compare(Field::bool_of(tree, node), |value| value == *wanted),
        Literal::Int(wanted) => compare(Field::int_of(tree, node), |value| value == *wanted),
        // A null string is the empty string.
        Literal::Text(wanted) if wanted.is_empty() && tree.scalar(node) == Some(Scalar::Null) => Truth::True,
        Literal::Text(wanted) => compare(Field::text_of(tree, node), |value| value == wanted.as_str()),
    }
}
