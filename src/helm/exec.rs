//! The evaluator's state, as functions see it.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use super::budget::{Bounds, Budget, Limit};
use super::value::Node;
use crate::origin::{FrameId, NameId, Origin, OriginId, Origins, SourceId};
use crate::source::Span;

/// What the world outside the chart gives to a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// What `now` gives, in nanoseconds since 1970-01-01T00:00:00Z. Its zone is UTC.
    pub now: i128,
    /// Start of all random values, keys and certificates: the same seed gives the same ones.
    pub seed: u64,
}

/// A running render, as functions see it.
#[derive(Debug)]
pub struct Exec<'a> {
    /// Where things came from.
    pub origins: Origins,
    budget: Budget,
    environment: &'a Environment,
    random: u64,
    place: Place,
    function: &'static str,
    caches: HashMap<TypeId, Box<dyn Any>>,
}

/// The action that is being executed.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    source: SourceId,
    span: Span,
    frame: FrameId,
    /// Its origin, once somebody asked for it.
    origin: OriginId,
}

impl<'a> Exec<'a> {
    /// A render that has executed nothing yet.
    #[must_use]
    pub fn new(origins: Origins, environment: &'a Environment, bounds: Bounds) -> Self {
        Self {
            origins,
            budget: Budget::new(bounds),
            environment,
            random: environment.seed,
            place: Place::default(),
            function: "",
            caches: HashMap::new(),
        }
    }

    /// The origin of bytes that the current action makes up itself: indentation, quotes, YAML
    /// punctuation, separators between items.
    pub fn here(&mut self) -> OriginId {
        if self.place.origin.is_none() {
            let Place { source, span, frame, .. } = self.place;
            self.place.origin = self.origins.push(Origin::Action { source, span, frame });
        }
        self.place.origin
    }

    /// The origin of what the current function computes from `inputs` without keeping their bytes:
    /// a hash, a sum, an encoded text. Origins of all strings' parts count.
    pub fn derive(&mut self, inputs: &[Node]) -> OriginId {
        let function = self.function_id();
        let mut ids = Vec::new();
        for input in inputs {
            match input.value.as_str() {
                Some(text) => ids.extend(text.origins().take(16)),
                None => ids.push(input.origin()),
            }
        }
        self.origins.derive(function, ids)
    }

    /// The origin of what the current function computes from things of these origins.
    pub fn derive_from(&mut self, inputs: impl IntoIterator<Item = OriginId>) -> OriginId {
        let function = self.function_id();
        self.origins.derive(function, inputs)
    }

    /// The origin of a key that is not in the thing that came from `parent`: what a function that
    /// looks up (`get`, `index`, `dig`) gives to the nil or default it answers.
    pub fn absent(&mut self, parent: OriginId, key: &[u8]) -> OriginId {
        let key = self.origins.name(&String::from_utf8_lossy(key));
        self.origins.push(Origin::Absent { parent, key })
    }

    /// `chosen`, remembering that it was taken because `instead_of` was absent or empty.
    pub fn fallback(&mut self, chosen: &Node, instead_of: &Node) -> Node {
        let other = instead_of.origin();
        if other.is_none() {
            return chosen.clone();
        }
        let origins = &mut self.origins;
        chosen.map_origin(|chosen| origins.push(Origin::Fallback { chosen, instead_of: other }))
    }

    fn function_id(&mut self) -> NameId {
        self.origins.name(self.function)
    }

    /// Counts work: one step for each item handled.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge(&mut self, steps: usize) -> Result<(), Limit> {
        self.budget.steps(steps as u64)
    }

    /// Counts text. The evaluator counts the length of every string a function returns; functions
    /// that make a large one from small arguments (`repeat`, `indent`) ask here before.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Limit> {
        self.budget.bytes(bytes)
    }

    /// To be asked at each level of a recursion over nested values, which may hold themselves.
    ///
    /// # Errors
    /// The stack is used up.
    pub fn check_stack(&self) -> Result<(), Limit> {
        self.budget.stack()
    }

    /// The inputs that are no part of the chart.
    #[must_use]
    pub fn environment(&self) -> &'a Environment {
        self.environment
    }

    /// The next random number: uniform, and the same in every render with the same seed. Not for
    /// secrets.
    pub fn random(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.random;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A store that lives as long as the render, one for each type: compiled patterns, keys.
    pub fn cache<T: Any + Default>(&mut self) -> Option<&mut T> {
        self.caches.entry(TypeId::of::<T>()).or_insert_with(|| Box::<T>::default()).downcast_mut()
    }
}
