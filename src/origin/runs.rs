//! [`OriginRuns`]: which origin each byte of a text has, as sorted runs.

use std::ops::Range;

use super::OriginId;
use crate::source::Span;

/// A stretch of bytes with one origin.
///
/// A run knows where it ends and, where its bytes are a copy of the origin's own text, which byte
/// of that text its first byte is: cutting, indenting and joining keep a byte-exact mapping that
/// way. It starts where the run before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// One past the last byte, in the text that the runs cover.
    pub end: u32,
    /// Where the bytes came from.
    pub origin: OriginId,
    /// Offset of the first byte within the origin's text, or [`Run::WHOLE`].
    pub at: u32,
}

impl Run {
    /// As [`Run::at`]: the bytes stand for the origin as a whole (a number that was printed, a
    /// hash, indentation), not for some part of its text.
    pub const WHOLE: u32 = u32::MAX;

    /// The offset that a piece starting `by` bytes further has.
    #[must_use]
    pub(crate) fn shifted(at: u32, by: usize) -> u32 {
        if at == Self::WHOLE { at } else { at.saturating_add(u32::try_from(by).unwrap_or(u32::MAX)) }
    }
}

/// The runs of a text: sorted by end, none empty, neighbours merged where they continue each
/// other. Bytes behind the last run have no origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginRuns {
    runs: Vec<Run>,
}

impl OriginRuns {
    /// No run yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `len` bytes that start at byte `at` of the text of `origin`.
    pub fn push(&mut self, len: usize, origin: OriginId, at: u32) {
        if len == 0 {
            return;
        }
        let start = self.end();
        let before = self.runs.len().checked_sub(2).and_then(|i| self.runs.get(i)).map_or(0, |run| run.end);
        let end = start.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        if let Some(last) = self.runs.last_mut()
            && last.origin == origin
            && at == Run::shifted(last.at, (last.end - before) as usize)
        {
            last.end = end;
        } else {
            self.runs.push(Run { end, origin, at });
        }
    }

    /// Where the last run ends.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// The runs in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Run] {
        &self.runs
    }

    /// Whether there is no run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The run that holds the byte at `offset`, with where it starts.
    #[must_use]
    pub fn at(&self, offset: usize) -> Option<(Span, Run)> {
        self.over(Span::new(offset, offset.saturating_add(1))).next()
    }

    /// The runs that share bytes with `span`, each cut to it: the part of the span, and the run
    /// with `at` moved to the part's first byte.
    pub fn over(&self, span: Span) -> impl Iterator<Item = (Span, Run)> + '_ {
        pieces(&self.runs, span.range())
    }
}

/// The pieces of sorted `runs` that lie in `range`.
pub(crate) fn pieces(runs: &[Run], range: Range<usize>) -> impl Iterator<Item = (Span, Run)> + '_ {
    let first = runs.partition_point(|run| run.end as usize <= range.start);
    let mut start = first.checked_sub(1).and_then(|i| runs.get(i)).map_or(0, |run| run.end as usize);
    runs.get(first..).unwrap_or_default().iter().map_while(move |run| {
        let run_start = std::mem::replace(&mut start, run.end as usize);
        let (from, to) = (run_start.max(range.start), (run.end as usize).min(range.end));
        let at = Run::shifted(run.at, from.saturating_sub(run_start));
        (from < to).then(|| (Span::new(from, to), Run { at, ..*run }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_continue_each_other_are_one_run() {
        let (a, b) = (OriginId::from_index(1), OriginId::from_index(2));
        let mut runs = OriginRuns::new();
        runs.push(3, a, 0);
        runs.push(2, a, 3);
        runs.push(0, b, 0);
        runs.push(2, a, 7);
        runs.push(1, b, Run::WHOLE);
        runs.push(1, b, Run::WHOLE);
        let ends: Vec<_> = runs.as_slice().iter().map(|run| (run.end, run.at)).collect();
        assert_eq!(ends, [(5, 0), (7, 7), (9, Run::WHOLE)]);
    }

    #[test]
    fn a_piece_of_a_run_keeps_its_place_in_the_origin() {
        let a = OriginId::from_index(1);
        let mut runs = OriginRuns::new();
        runs.push(4, OriginId::NONE, Run::WHOLE);
        runs.push(6, a, 10);
        assert_eq!(runs.at(6), Some((Span::new(6, 7), Run { end: 10, origin: a, at: 12 })));
        assert_eq!(runs.over(Span::new(3, 5)).count(), 2);
        assert_eq!(runs.at(10), None);
    }
}
