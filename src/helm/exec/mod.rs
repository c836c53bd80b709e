//! The evaluator: Go's `text/template` semantics on values with origins.
//!
//! [`Exec`] is a running render, as the renderer and functions see it. One execution of a template
//! in it is a `Run` (`run.rs`: items; `evaluate.rs`: expressions; `argument.rs`: arguments).

mod argument;
mod evaluate;
mod run;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::budget::{Bounds, Budget, Limit};
use super::call::FunctionError;
use super::error::ExecError;
use super::include::without_missing;
use super::registry;
use super::rope::{Str, StrBuilder};
use super::set::{Body, TemplateSet};
use super::slot::Slot;
use super::value::Node;
use crate::origin::{Frame, FrameId, FrameKind, NameId, Origin, OriginId, Origins, SourceId};
use crate::source::Span;
use crate::template::{ParseError, Template, parse};
use run::Run;

/// Parses a template file for [`Exec::add`]. `name` is the file's path below the charts' folder, as
/// errors show it.
///
/// # Errors
/// The text is no template, or uses a function that Helm does not have.
pub fn parse_template(name: &str, text: impl Into<Arc<[u8]>>) -> Result<Template, ParseError> {
    parse(name, text, &registry::number)
}

/// What the world outside the chart gives to a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Environment {
    /// What `now` gives, in nanoseconds since 1970-01-01T00:00:00Z. Its zone is UTC.
    pub now: i128,
    /// Start of all random values, keys and certificates: the same seed gives the same ones.
    pub seed: u64,
}

/// A running render.
///
/// The renderer adds all templates in Helm's order, executes the files in that order, and takes
/// [`Exec::origins`] in the end.
#[derive(Debug)]
pub struct Exec<'a> {
    /// Where things came from.
    pub origins: Origins,
    budget: Budget,
    environment: &'a Environment,
    random: u64,
    set: Rc<TemplateSet>,
    included: HashMap<Arc<str>, u32>,
    /// Template calls inside each other now.
    calls: u32,
    place: Place,
    function: &'static str,
    caches: HashMap<TypeId, Box<dyn Any>>,
    uses: Vec<u64>,
    /// Those since [`Exec::take_uses`] was asked last, each once.
    fresh: Vec<OriginId>,
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
    /// A render that has executed nothing yet. The budget's stack is that of the calling thread.
    #[must_use]
    pub fn new(origins: Origins, environment: &'a Environment, bounds: Bounds) -> Self {
        Self {
            origins,
            budget: Budget::new(bounds),
            environment,
            random: environment.seed,
            set: Rc::default(),
            included: HashMap::new(),
            calls: 0,
            place: Place::default(),
            function: "",
            caches: HashMap::new(),
            uses: Vec::new(),
            fresh: Vec::new(),
        }
    }

    // For the renderer.

    /// Adds a parsed file with its definitions. `source` is its text in [`Exec::origins`]. Among
    /// templates of one name the last one added counts.
    pub fn add(&mut self, template: &Arc<Template>, source: SourceId) {
        if let Some(set) = Rc::get_mut(&mut self.set) {
            set.add(template, source);
        }
    }

    /// Executes a file that was added and gives what it prints, without what missing values
    /// printed.
    ///
    /// # Errors
    /// The template stopped; a budget that is used up stays so.
    pub fn render(&mut self, name: &str, dot: &Node) -> Result<Str, Box<ExecError>> {
        let Some(body) = self.set.get(name).cloned() else { return Ok(Str::default()) };
        let mut output = StrBuilder::new();
        let kind = FrameKind::File(self.origins.name(name));
        match self.execute(&body, Slot::plain(dot.clone()), kind, OriginId::NONE, &mut output) {
            Ok(()) => Ok(without_missing(&output.finish())),
            Err(FunctionError::Template(error)) => Err(error),
            Err(error) => Err(Box::new(Run::new(self, &body, &Slot::default()).error("", Some(error)))),
        }
    }

    /// Whether a value was used since [`Exec::take_uses`]: printed, tested, passed to a function or ranged
    /// over, by itself or within a map or list that was.
    #[must_use]
    pub fn was_used(&self, origin: OriginId) -> bool {
        self.uses.get(origin.index() / 64).is_some_and(|word| word >> (origin.index() % 64) & 1 == 1)
    }

    /// Steps used so far.
    #[must_use]
    pub fn steps_used(&self) -> u64 {
        self.budget.steps_used()
    }

    /// Bytes of text made so far.
    #[must_use]
    pub fn bytes_used(&self) -> u64 {
        self.budget.bytes_used()
    }

    // For functions.

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
        self.derive_of(inputs)
    }

    /// The same for inputs that lie elsewhere than in one slice.
    pub(super) fn derive_of<'n>(&mut self, inputs: impl IntoIterator<Item = &'n Node>) -> OriginId {
        let function = self.function_id();
        let mut ids = Vec::new();
        for input in inputs {
            match input.value.as_str() {
                Some(text) => ids.extend(text.origins().take(Origins::MOST_INPUTS)),
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

    /// `chosen`, remembering that it was taken because of what `instead_of` is: absent or empty, or,
    /// where `and` and `ternary` choose, a condition.
    pub fn fallback(&mut self, chosen: &Node, instead_of: &Node) -> Node {
        let other = instead_of.origin();
        if other.is_none() {
            return chosen.clone();
        }
        let origins = &mut self.origins;
        chosen.map_origin(|chosen| origins.push(Origin::Fallback { chosen, instead_of: other }))
    }

    /// Notes that a value was used.
    pub fn note_use(&mut self, node: &Node) {
        let id = node.origin();
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if self.uses.len() <= word {
            self.uses.resize(word + 1, 0);
        }
        if let Some(word) = self.uses.get_mut(word)
            && *word & bit == 0
        {
            *word |= bit;
            self.fresh.push(id);
        }
    }

    /// The origins of what was used since this was asked last.
    pub fn take_uses(&mut self) -> Vec<OriginId> {
        for id in &self.fresh {
            if let Some(word) = self.uses.get_mut(id.index() / 64) {
                *word &= !(1 << (id.index() % 64));
            }
        }
        std::mem::take(&mut self.fresh)
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

    /// Counts text that a function reads.
    ///
    /// # Errors
    /// The budget is used up.
    pub fn charge_read(&mut self, bytes: usize) -> Result<(), Limit> {
        self.budget.read(bytes)
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

    // For `include` and `tpl`.

    /// The templates in scope.
    pub(super) fn set(&mut self) -> &mut Rc<TemplateSet> {
        &mut self.set
    }

    /// How many includes of a name are running.
    pub(super) fn included(&mut self, name: &Arc<str>) -> &mut u32 {
        self.included.entry(Arc::clone(name)).or_default()
    }

    /// Executes a template in a frame of its own. `origin` is where the template's name or text
    /// came from.
    pub(super) fn execute(
        &mut self,
        body: &Body,
        dot: Slot,
        kind: FrameKind,
        origin: OriginId,
        output: &mut StrBuilder,
    ) -> Result<(), FunctionError> {
        let before = self.place;
        let Place { source, span, frame: parent, .. } = before;
        let (source, parent) = match kind {
            FrameKind::File(_) => (body.source, FrameId::NONE),
            _ => (source, parent),
        };
        let frame = self.origins.push_frame(Frame { parent, kind, source, span, origin });
        self.calls += 1;
        let mut run = Run::new(self, body, &dot);
        run.frame = frame;
        let done = run.body(&dot, output);
        self.calls -= 1;
        self.place = before;
        done.map_err(FunctionError::Template)
    }
}

#[cfg(test)]
mod tests;
