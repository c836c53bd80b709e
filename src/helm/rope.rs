//! [`Str`]: a byte string whose bytes know where they came from, and [`StrBuilder`] to make one.
//!
//! Go's strings are bytes: they need not be UTF-8, and cutting one may split a character.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::origin::{OriginId, OriginRuns, Run, pieces};
use crate::source::Span;

/// An immutable byte string with origins; cloning it copies no bytes.
#[derive(Clone)]
pub struct Str {
    bytes: Rc<[u8]>,
    runs: Runs,
}

/// Most strings have one origin: it needs no allocation.
#[derive(Clone)]
enum Runs {
    One(OriginId, u32),
    Many(Rc<[Run]>),
}

impl Str {
    /// A string that is, byte for byte, the text of its origin: a value's text, a literal's.
    #[must_use]
    pub fn exact(bytes: impl Into<Rc<[u8]>>, origin: OriginId) -> Self {
        Self { bytes: bytes.into(), runs: Runs::One(origin, 0) }
    }

    /// A string that stands for its origin as a whole: a printed number, a hash, quotes.
    #[must_use]
    pub fn whole(bytes: impl Into<Rc<[u8]>>, origin: OriginId) -> Self {
        Self { bytes: bytes.into(), runs: Runs::One(origin, Run::WHOLE) }
    }

    /// A string without origin.
    #[must_use]
    pub fn plain(bytes: impl Into<Rc<[u8]>>) -> Self {
        Self::whole(bytes, OriginId::NONE)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    #[must_use]
    pub fn shared_bytes(&self) -> Rc<[u8]> {
        Rc::clone(&self.bytes)
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text; what is not UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The origin of the first byte; of an empty string, where it came from.
    #[must_use]
    pub fn origin(&self) -> OriginId {
        match &self.runs {
            Runs::One(origin, _) => *origin,
            Runs::Many(runs) => runs.first().map_or(OriginId::NONE, |run| run.origin),
        }
    }

    /// The origin of the byte at an offset: what `slice` from there would begin with, without a copy.
    /// Behind the end it is that of the string.
    #[must_use]
    pub fn origin_at(&self, offset: usize) -> OriginId {
        match &self.runs {
            Runs::Many(runs) if offset < self.len() => {
                pieces(runs, offset..offset + 1).next().map_or_else(|| self.origin(), |(_, run)| run.origin)
            }
            _ => self.origin(),
        }
    }

    /// All origins of its bytes in order, neighbours that repeat left out.
    pub fn origins(&self) -> impl Iterator<Item = OriginId> + '_ {
        let (one, many) = match &self.runs {
            Runs::One(origin, _) => (Some(*origin), &[][..]),
            Runs::Many(runs) => (None, &runs[..]),
        };
        let mut last = None;
        one.into_iter()
            .chain(many.iter().map(|run| run.origin))
            .filter(move |&id| last.replace(id) != Some(id))
    }

    /// The runs of the bytes in `range` (clamped), each with the part of the string it covers.
    pub fn runs(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Run)> + '_ {
        let range = range.start.min(self.len())..range.end.min(self.len());
        let (one, many) = match &self.runs {
            Runs::One(origin, at) => {
                let at = Run::shifted(*at, range.start);
                let run = Run { end: Span::at(range.end).end, origin: *origin, at };
                ((range.start < range.end).then(|| (range.clone(), run)), &[][..])
            }
            Runs::Many(runs) => (None, &runs[..]),
        };
        one.into_iter().chain(pieces(many, range).map(|(span, run)| (span.range(), run)))
    }

    /// A part of it (clamped), with the origins of that part. An empty part keeps the origin of
    /// the string.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        if range == (0..self.len()) {
            return self.clone();
        }
        let bytes: Rc<[u8]> = Rc::from(self.bytes.get(range.clone()).unwrap_or_default());
        let runs = match &self.runs {
            Runs::One(origin, at) => Runs::One(*origin, Run::shifted(*at, range.start)),
            Runs::Many(_) => {
                let mut cut = OriginRuns::new();
                self.runs(range).for_each(|(part, run)| cut.push(part.len(), run.origin, run.at));
                Runs::of(cut.as_slice(), self.origin())
            }
        };
        Self { bytes, runs }
    }

    /// Other bytes of the same length and origins: what changing case or single bytes makes.
    /// Where the length differs, the whole has the origin of the first byte.
    #[must_use]
    pub fn with_bytes(&self, bytes: impl Into<Rc<[u8]>>) -> Self {
        let bytes = bytes.into();
        let runs =
            if bytes.len() == self.len() { self.runs.clone() } else { Runs::One(self.origin(), Run::WHOLE) };
        Self { bytes, runs }
    }

    /// The same bytes with every origin replaced.
    #[must_use]
    pub fn map_origins(&self, mut replace: impl FnMut(OriginId) -> OriginId) -> Self {
        let runs = match &self.runs {
            Runs::One(origin, at) => Runs::One(replace(*origin), *at),
            Runs::Many(runs) => {
                Runs::Many(runs.iter().map(|run| Run { origin: replace(run.origin), ..*run }).collect())
            }
        };
        Self { bytes: Rc::clone(&self.bytes), runs }
    }

    /// The runs as a table of their own.
    #[must_use]
    pub fn to_runs(&self) -> OriginRuns {
        let mut table = OriginRuns::new();
        self.runs(0..self.len()).for_each(|(part, run)| table.push(part.len(), run.origin, run.at));
        table
    }
}

impl Runs {
    fn of(runs: &[Run], otherwise: OriginId) -> Self {
        match runs {
            [] => Self::One(otherwise, Run::WHOLE),
            [run] => Self::One(run.origin, run.at),
            many => Self::Many(Rc::from(many)),
        }
    }
}

impl Default for Str {
    fn default() -> Self {
        Self::plain(&[][..])
    }
}

/// Strings are equal when their bytes are, wherever they came from.
impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Str {}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_text())
    }
}

/// Builds a [`Str`] piece by piece.
#[derive(Clone, Debug, Default)]
pub struct StrBuilder {
    bytes: Vec<u8>,
    runs: OriginRuns,
    /// The origin of an empty result: that of the first piece.
    first: OriginId,
}

impl StrBuilder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Appends a string with its origins.
    pub fn push(&mut self, text: &Str) {
        self.push_part(text, 0..text.len());
    }

    /// Appends a part of a string (clamped) with its origins.
    pub fn push_part(&mut self, text: &Str, range: Range<usize>) {
        self.note(text.origin());
        let range = range.start.min(text.len())..range.end.min(text.len());
        self.bytes.extend_from_slice(text.as_bytes().get(range.clone()).unwrap_or_default());
        for (part, run) in text.runs(range) {
            self.runs.push(part.len(), run.origin, run.at);
        }
    }

    /// Appends bytes that stand for an origin as a whole.
    pub fn push_whole(&mut self, bytes: &[u8], origin: OriginId) {
        self.push_at(bytes, origin, Run::WHOLE);
    }

    /// Appends bytes that are the origin's text from its byte `at` on.
    pub fn push_at(&mut self, bytes: &[u8], origin: OriginId, at: u32) {
        self.note(origin);
        self.bytes.extend_from_slice(bytes);
        self.runs.push(bytes.len(), origin, at);
    }

    fn note(&mut self, origin: OriginId) {
        if self.first.is_none() && self.bytes.is_empty() {
            self.first = origin;
        }
    }

    /// Length so far in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no byte was appended yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The string.
    #[must_use]
    pub fn finish(self) -> Str {
        let runs = Runs::of(self.runs.as_slice(), self.first);
        Str { bytes: Rc::from(self.bytes), runs }
    }

    /// Bytes and runs apart: what a finished file is.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, OriginRuns) {
        (self.bytes, self.runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> OriginId {
        OriginId::from_index(number)
    }

    fn shape(text: &Str) -> Vec<(usize, usize, u32)> {
        text.runs(0..text.len()).map(|(part, run)| (part.end, run.origin.index(), run.at)).collect()
    }

    #[test]
    fn slices_and_joins_keep_byte_exact_origins() {
        let text = Str::exact(*b"hello world", id(1));
        let mut builder = StrBuilder::new();
        builder.push_whole(b"  ", id(2));
        builder.push_part(&text, 6..11);
        let joined = builder.finish();
        assert_eq!(joined.as_bytes(), b"  world");
        assert_eq!(shape(&joined), [(2, 2, Run::WHOLE), (7, 1, 6)]);
        assert_eq!(shape(&joined.slice(1..4)), [(1, 2, Run::WHOLE), (3, 1, 6)]);
        assert_eq!(shape(&joined.slice(4..6)), [(2, 1, 8)]);
        assert_eq!(joined.origins().collect::<Vec<_>>(), [id(2), id(1)]);
        let at = |offset| (joined.origin_at(offset), joined.slice(offset..7).origin());
        assert!((0..9).all(|offset| at(offset).0 == at(offset).1));
    }

    #[test]
    fn an_empty_string_still_knows_its_origin() {
        assert_eq!(Str::exact(*b"abc", id(3)).slice(1..1).origin(), id(3));
        let mut builder = StrBuilder::new();
        builder.push(&Str::exact(*b"", id(4)));
        assert_eq!(builder.finish().origin(), id(4));
    }

    #[test]
    fn a_string_is_four_words() {
        assert_eq!(size_of::<Str>(), 4 * size_of::<usize>());
    }
}
