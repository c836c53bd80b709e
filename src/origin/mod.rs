//! Layer 2: where rendered bytes came from.
//!
//! A render owns one [`Origins`] arena. Everything that can put a byte into the output has an
//! [`OriginId`] in it: a piece of template text, a literal, a value of a values file, an absent
//! key, a chart file, a context field, the action itself, or what a function derived from others.
//! Ids are numbers, so carrying them costs one word; what they mean is looked up when somebody
//! asks. Call and branch stacks are ids too ([`FrameId`]).
//!
//! [`OriginRuns`] says which bytes of a text have which origin.

mod runs;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(crate) use runs::pieces;
pub use runs::{OriginRuns, Run};

use crate::source::{Source, Span};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u32);

        impl $name {
            /// The id with which nothing is known: number 0.
            pub const NONE: Self = Self(0);

            /// Whether it is [`Self::NONE`].
            #[must_use]
            pub fn is_none(self) -> bool {
                self.0 == 0
            }

            /// The number of the id within its arena.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id with a number. Only ids that an arena gave out mean something in it.
            #[must_use]
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(0))
            }
        }
    };
}

id! {
    /// An [`Origin`] in [`Origins`].
    OriginId
}
id! {
    /// A text that origins point into: [`OriginSource`] in [`Origins`].
    SourceId
}
id! {
    /// A step of the call and branch stack: [`Frame`] in [`Origins`]. `NONE` is outside all.
    FrameId
}
id! {
    /// An interned word (a key, a function's name): [`Origins::text_of`].
    NameId
}
id! {
    /// A path of keys in a values tree: [`Origins::path`]. `NONE` is the root.
    PathId
}
id! {
    /// What a values leaf or collection is: [`ValueOrigin`] in [`Origins`].
    ValueId
}

/// A list of origins in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OriginList {
    start: u32,
    len: u32,
}

/// Where bytes or a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing is known.
    Unknown,
    /// Text of a template outside actions, copied as it stands.
    Text {
        /// The template's text.
        source: SourceId,
        /// The bytes that were copied.
        span: Span,
        /// Where it was executed.
        frame: FrameId,
    },
    /// A literal in an action: a string, a number, true or false.
    Literal {
        /// The template's text.
        source: SourceId,
        /// The literal as it is spelled, quotes included.
        span: Span,
        /// Where it was executed.
        frame: FrameId,
    },
    /// A node of a values file or of a `--set` argument.
    Value(ValueId),
    /// A key that was looked up and is not there.
    Absent {
        /// The map (or absent thing) in which it was looked up.
        parent: OriginId,
        /// The key.
        key: NameId,
    },
    /// Bytes of a chart file got through `.Files`.
    File {
        /// The file's text.
        source: SourceId,
        /// The part of it.
        span: Span,
    },
    /// A field that is no value: `Release.Name`, `Chart.Version`, `Capabilities.KubeVersion`.
    Context {
        /// The field's path.
        name: NameId,
    },
    /// Bytes that an action made up itself: indentation, quotes, YAML punctuation.
    Action {
        /// The template's text.
        source: SourceId,
        /// The action, delimiters included.
        span: Span,
        /// Where it was executed.
        frame: FrameId,
    },
    /// What a function computed from its arguments: a hash, a sum, an encoded text.
    Derived {
        /// The function.
        function: NameId,
        /// Origins of what went in.
        inputs: OriginList,
    },
    /// An origin that has no place in a template by itself (a value, a literal of a caller), and
    /// the action that printed it.
    Printed {
        /// What was printed.
        what: OriginId,
        /// The [`Origin::Action`] that printed it.
        action: OriginId,
    },
    /// One thing was taken because of another: that was absent or empty (`default`, `coalesce`, `or`), or it
    /// decided (`and`, `ternary`).
    Fallback {
        /// What was taken.
        chosen: OriginId,
        /// What would have been taken otherwise, or what decided: usually [`Origin::Absent`] or a
        /// value; a fallback itself where there were several.
        instead_of: OriginId,
    },
}

/// A node of a values tree: where it is written, its path, and what it overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueOrigin {
    /// The values file, or the argument.
    pub source: SourceId,
    /// The node as it is spelled.
    pub span: Span,
    /// Its key, where it has one.
    pub key: Option<Span>,
    /// Its path within `source` (which for a subchart's own values.yaml starts at that chart).
    pub path: PathId,
    /// Origins of the values that this one beats, the strongest first.
    pub losers: OriginList,
}

/// One step of a path in a values tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// An entry of a map.
    Key(NameId),
    /// An item of a list, from 0.
    Index(u32),
}

/// A step of the stack of calls and branches under which something was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The next outer step.
    pub parent: FrameId,
    /// What was entered.
    pub kind: FrameKind,
    /// The text that holds the action which entered it; none for [`FrameKind::File`].
    pub source: SourceId,
    /// That action; for branches the `if`, `with` or `range` action itself.
    pub span: Span,
    /// Branches: where the condition's value came from. `tpl`: where its text came from.
    pub origin: OriginId,
}

/// What a [`Frame`] entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A template file of a chart, by name.
    File(NameId),
    /// `include`, `template` or `block` of a named template.
    Call(NameId),
    /// Text given to `tpl`.
    Tpl,
    /// The body of `if`, `with` or `range` (at its nth turn, from 0).
    Then(u32),
    /// The `else` of `if`, `with` or `range`.
    Else,
    /// Neither: the condition was false and there is no `else`. Nothing is executed in it; it
    /// answers why a block is absent.
    Skipped,
}

/// What a text is to a render.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceRole {
    /// A template file.
    Template,
    /// A values file: values.yaml of a chart, or one given with `-f`.
    Values,
    /// An argument: `--set` and its kin.
    Argument,
    /// Another file of a chart: Chart.yaml, or one read with `.Files`.
    File,
    /// Text that `tpl` got: it has origins of its own.
    Generated,
}

/// A text that origins point into.
#[derive(Clone, Debug)]
pub struct OriginSource {
    /// What it is.
    pub role: SourceRole,
    /// The text.
    pub text: SourceText,
}

/// The text of an [`OriginSource`].
#[derive(Clone, Debug)]
pub enum SourceText {
    /// A file or an argument.
    Written(Arc<Source>),
    /// Bytes that came to be while rendering, and where each came from.
    Generated {
        /// The bytes.
        bytes: Arc<[u8]>,
        /// Their origins.
        runs: OriginRuns,
    },
}

/// Most origins and frames that a render records; what is made later has no origin. A chart needs
/// some thousands.
const MOST: usize = 16 << 20;

/// The arena of one render.
#[derive(Clone, Debug)]
pub struct Origins {
    sources: Vec<OriginSource>,
    origins: Vec<Origin>,
    values: Vec<ValueOrigin>,
    lists: Vec<OriginId>,
    frames: Vec<Frame>,
    paths: Vec<(PathId, PathStep)>,
    names: Vec<Arc<str>>,
    name_ids: HashMap<Arc<str>, NameId>,
}

impl Default for Origins {
    fn default() -> Self {
        Self::new()
    }
}

impl Origins {
    /// Most inputs that are remembered of what was derived: the checksum of a large file has some
    /// hundreds.
    pub const MOST_INPUTS: usize = 4096;

    /// An arena that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        let nothing = Source::new("", "");
        let root = Frame {
            parent: FrameId::NONE,
            kind: FrameKind::Skipped,
            source: SourceId::NONE,
            span: Span::default(),
            origin: OriginId::NONE,
        };
        let value = ValueOrigin {
            source: SourceId::NONE,
            span: Span::default(),
            key: None,
            path: PathId::NONE,
            losers: OriginList::default(),
        };
        Self {
            sources: vec![OriginSource {
                role: SourceRole::File,
                text: SourceText::Written(Arc::new(nothing)),
            }],
            origins: vec![Origin::Unknown],
            values: vec![value],
            lists: Vec::new(),
            frames: vec![root],
            paths: vec![(PathId::NONE, PathStep::Index(0))],
            names: vec![Arc::from("")],
            // Most renders know more names than this; growing costs a hash of each.
            name_ids: HashMap::with_capacity(400),
        }
    }

    /// Adds a text.
    pub fn add_source(&mut self, role: SourceRole, source: Arc<Source>) -> SourceId {
        self.add(OriginSource { role, text: SourceText::Written(source) })
    }

    /// Adds a text that came to be while rendering.
    pub fn add_generated(&mut self, bytes: Arc<[u8]>, runs: OriginRuns) -> SourceId {
        self.add(OriginSource { role: SourceRole::Generated, text: SourceText::Generated { bytes, runs } })
    }

    fn add(&mut self, source: OriginSource) -> SourceId {
        if self.sources.len() >= MOST {
            return SourceId::NONE;
        }
        let id = SourceId::from_index(self.sources.len());
        self.sources.push(source);
        id
    }

    /// Puts a text in the place of another one that has the same bytes.
    pub fn replace_source(&mut self, old: &Arc<Source>, new: &Arc<Source>) {
        for source in &mut self.sources {
            if let SourceText::Written(text) = &mut source.text
                && Arc::ptr_eq(text, old)
            {
                *text = Arc::clone(new);
            }
        }
    }

    /// A text by id.
    #[must_use]
    pub fn source(&self, id: SourceId) -> &OriginSource {
        self.sources.get(id.index()).unwrap_or(&self.sources[0])
    }

    /// All texts with their ids, in the order in which they were added.
    pub fn sources(&self) -> impl Iterator<Item = (SourceId, &OriginSource)> {
        self.sources.iter().enumerate().skip(1).map(|(at, source)| (SourceId::from_index(at), source))
    }

    /// Adds an origin.
    pub fn push(&mut self, origin: Origin) -> OriginId {
        if self.origins.len() >= MOST {
            return OriginId::NONE;
        }
        let id = OriginId::from_index(self.origins.len());
        self.origins.push(origin);
        id
    }

    /// An origin by id.
    #[must_use]
    pub fn get(&self, id: OriginId) -> Origin {
        self.origins.get(id.index()).copied().unwrap_or(Origin::Unknown)
    }

    /// How many origins there are, the unknown one included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Whether nothing but the unknown origin is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.origins.len() <= 1
    }

    /// Adds a node of a values tree.
    pub fn push_value(&mut self, value: ValueOrigin) -> OriginId {
        if self.values.len() >= MOST {
            return OriginId::NONE;
        }
        let id = ValueId::from_index(self.values.len());
        self.values.push(value);
        self.push(Origin::Value(id))
    }

    /// A node of a values tree by id.
    #[must_use]
    pub fn value(&self, id: ValueId) -> &ValueOrigin {
        self.values.get(id.index()).unwrap_or(&self.values[0])
    }

    /// The same value as `winner`, known to beat `loser` and what that one beat. Where the winner
    /// is no value of a values tree it is returned as it is.
    pub fn with_loser(&mut self, winner: OriginId, loser: OriginId) -> OriginId {
        let Origin::Value(id) = self.get(winner) else { return winner };
        let mut value = *self.value(id);
        let mut losers = self.list(value.losers).to_vec();
        losers.push(loser);
        if let Origin::Value(beaten) = self.get(loser) {
            losers.extend_from_slice(self.list(self.value(beaten).losers));
        }
        value.losers = self.push_list(losers);
        self.push_value(value)
    }

    /// Adds a list of origins.
    pub fn push_list(&mut self, ids: impl IntoIterator<Item = OriginId>) -> OriginList {
        let start = self.lists.len();
        self.lists.extend(ids);
        let length = self.lists.len() - start;
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(len)) => OriginList { start, len },
            _ => OriginList::default(),
        }
    }

    /// The origins of a list.
    #[must_use]
    pub fn list(&self, list: OriginList) -> &[OriginId] {
        let start = list.start as usize;
        self.lists.get(start..start + list.len as usize).unwrap_or_default()
    }

    /// Adds what `function` derived from `inputs` (duplicates and unknown ones are dropped, and
    /// all beyond [`Self::MOST_INPUTS`]). Without any known input the result is unknown too.
    pub fn derive(&mut self, function: NameId, inputs: impl IntoIterator<Item = OriginId>) -> OriginId {
        // Looking through the list is fastest while it is short, as it mostly is.
        const SHORT: usize = 16;
        let start = self.lists.len();
        if start >= MOST {
            return OriginId::NONE;
        }
        let mut seen = HashSet::new();
        for id in inputs.into_iter().filter(|id| !id.is_none()) {
            let known = self.lists.get(start..).unwrap_or_default();
            if known.len() == Self::MOST_INPUTS {
                break;
            }
            if known.len() == SHORT && seen.is_empty() {
                seen.extend(known.iter().copied());
            }
            let new = if known.len() < SHORT { !known.contains(&id) } else { seen.insert(id) };
            if new {
                self.lists.push(id);
            }
        }
        let length = self.lists.len() - start;
        match (u32::try_from(start), u32::try_from(length)) {
            (Ok(start), Ok(len)) if len > 0 => {
                self.push(Origin::Derived { function, inputs: OriginList { start, len } })
            }
            _ => OriginId::NONE,
        }
    }

    /// Adds a step of the stack.
    pub fn push_frame(&mut self, frame: Frame) -> FrameId {
        if self.frames.len() >= MOST {
            return frame.parent;
        }
        let id = FrameId::from_index(self.frames.len());
        self.frames.push(frame);
        id
    }

    /// A step of the stack; `None` outside all.
    #[must_use]
    pub fn frame(&self, id: FrameId) -> Option<&Frame> {
        if id.is_none() { None } else { self.frames.get(id.index()) }
    }

    /// The step of a number, as [`Self::frames_len`] counts them.
    #[must_use]
    pub fn frame_at(&self, number: usize) -> Option<&Frame> {
        self.frames.get(number)
    }

    /// How many steps there are, the one outside all included.
    #[must_use]
    pub fn frames_len(&self) -> usize {
        self.frames.len()
    }

    /// All steps that were ever entered or skipped, in the order of execution.
    pub fn frames(&self) -> impl Iterator<Item = (FrameId, &Frame)> {
        self.frames.iter().enumerate().skip(1).map(|(at, frame)| (FrameId::from_index(at), frame))
    }

    /// The steps from `id` outwards.
    pub fn stack(&self, id: FrameId) -> impl Iterator<Item = &Frame> {
        std::iter::successors(self.frame(id), |frame| self.frame(frame.parent))
    }

    /// The id of a word.
    pub fn name(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.name_ids.get(text) {
            return id;
        }
        let id = NameId::from_index(self.names.len());
        let text: Arc<str> = Arc::from(text);
        self.names.push(Arc::clone(&text));
        self.name_ids.insert(text, id);
        id
    }

    /// The word of an id.
    #[must_use]
    pub fn text_of(&self, id: NameId) -> &str {
        self.names.get(id.index()).map_or("", |text| text)
    }

    /// The path one step below `parent`.
    pub fn push_path(&mut self, parent: PathId, step: PathStep) -> PathId {
        let id = PathId::from_index(self.paths.len());
        self.paths.push((parent, step));
        id
    }

    /// The steps of a path, the outermost first.
    #[must_use]
    pub fn path(&self, id: PathId) -> Vec<PathStep> {
        let mut steps = Vec::new();
        let mut at = id;
        while !at.is_none()
            && let Some(&(parent, step)) = self.paths.get(at.index())
        {
            steps.push(step);
            at = parent;
        }
        steps.reverse();
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_from_the_root() {
        let mut origins = Origins::new();
        let (a, b) = (PathStep::Key(origins.name("a")), PathStep::Index(2));
        let inner = origins.push_path(PathId::NONE, a);
        let leaf = origins.push_path(inner, b);
        assert_eq!(origins.path(leaf), [a, b]);
        assert_eq!(origins.name("a"), origins.name("a"));
    }

    #[test]
    fn a_winner_remembers_all_it_beats() {
        let mut origins = Origins::new();
        let value = |at: usize| ValueOrigin {
            source: SourceId::from_index(at),
            span: Span::at(at),
            key: None,
            path: PathId::NONE,
            losers: OriginList::default(),
        };
        let (a, b, c) =
            (origins.push_value(value(1)), origins.push_value(value(2)), origins.push_value(value(3)));
        let b_over_a = origins.with_loser(b, a);
        let winner = origins.with_loser(c, b_over_a);
        let Origin::Value(id) = origins.get(winner) else { panic!("a value") };
        assert_eq!(origins.list(origins.value(id).losers), [b_over_a, a]);
        assert_eq!(origins.value(id).span, Span::at(3));
    }

    #[test]
    fn derived_inputs_are_distinct_and_known() {
        let mut origins = Origins::new();
        let function = origins.name("sha256sum");
        let a = origins.push(Origin::Context { name: function });
        let derived = origins.derive(function, [a, OriginId::NONE, a]);
        let Origin::Derived { inputs, .. } = origins.get(derived) else { panic!("derived") };
        assert_eq!(origins.list(inputs), [a]);
        assert!(origins.derive(function, [OriginId::NONE]).is_none());
        let many: Vec<_> =
            (0..40).map(|at| origins.push(Origin::Context { name: NameId::from_index(at) })).collect();
        let derived = origins.derive(function, many.iter().chain(&many).copied());
        let Origin::Derived { inputs, .. } = origins.get(derived) else { panic!("derived") };
        assert_eq!(origins.list(inputs), many);
    }
}
