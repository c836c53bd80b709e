//! [`Chain`]: what the image of a stage is made of, and the variables that hold there.

use std::cell::Cell;

use super::instruction::{Instruction, Keyword};
use super::{Dockerfile, Word};

/// Variables that are followed for one value.
const MOST_STEPS: usize = 64;

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Index of its `FROM`.
    pub from: usize,
    /// One past its last instruction.
    pub end: usize,
    /// Its name, in lower case.
    pub name: Option<String>,
}

/// What the first stage of a chain is built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    Scratch,
    /// An image, variables filled in with their defaults.
    Image(String),
    /// An image that only the build knows.
    Unknown,
}

/// Stages that are built on each other, from the one on the base to the one that is asked for.
#[derive(Clone, Debug)]
pub struct Chain<'a> {
    file: &'a Dockerfile,
    /// Indexes of the stages.
    stages: Vec<usize>,
    /// What the first is built on.
    pub base: Base,
}

pub(super) fn stages(instructions: &[Instruction]) -> Vec<Stage> {
    let from = |(at, it): (usize, &Instruction)| (it.keyword == Keyword::From).then_some(at);
    let starts: Vec<usize> = instructions.iter().enumerate().filter_map(from).collect();
    let ends = starts.iter().skip(1).copied().chain([instructions.len()]);
    let stage = |(from, end): (&usize, usize)| {
        let name = instructions.get(*from).and_then(|it| it.names.first().cloned());
        Stage { from: *from, end, name }
    };
    starts.iter().zip(ends).map(stage).collect()
}

impl Dockerfile {
    /// The chain of the last stage: what `docker build` makes unless told otherwise.
    #[must_use]
    pub fn chain(&self) -> Chain<'_> {
        let mut stages = Vec::new();
        let mut base = Base::Unknown;
        let mut next = self.stages.len().checked_sub(1);
        while let Some(place) = next.take() {
            stages.push(place);
            let Some(image) = self.stages.get(place).and_then(|stage| self.image(stage)) else { break };
            // A name means a stage before; of several with one name the last.
            let before = self.stages.get(..place).unwrap_or(&[]);
            let named = |stage: &Stage| stage.name.as_deref() == Some(image.to_ascii_lowercase().as_str());
            next = before.iter().rposition(named);
            if next.is_none() {
                base = if image == "scratch" { Base::Scratch } else { Base::Image(image) };
            }
        }
        stages.reverse();
        Chain { file: self, stages, base }
    }

    /// The image that a stage names, variables filled in.
    fn image(&self, stage: &Stage) -> Option<String> {
        let word = self.instructions.get(stage.from)?.words.first()?;
        let steps = Cell::new(MOST_STEPS);
        word.expand(self.escape, &|name| self.argument(name, stage.from, &steps)).filter(|it| !it.is_empty())
    }

    /// The default of an `ARG` before the first stage and before an instruction.
    fn argument(&self, name: &str, before: usize, steps: &Cell<usize>) -> Option<String> {
        steps.set(steps.get().checked_sub(1)?);
        let first = self.stages.first().map_or(0, |stage| stage.from);
        let end = before.min(first);
        let (at, word) = self.last_value(Keyword::Arg, name, 0..end)?;
        // Without a default it comes from the builder, or is empty.
        word.filter(|word| !word.span.is_empty())?
            .expand(self.escape, &|other| self.argument(other, at, steps))
    }

    /// The last instruction in a range that gives a name a value.
    fn last_value(
        &self,
        keyword: Keyword,
        name: &str,
        range: std::ops::Range<usize>,
    ) -> Option<(usize, Option<&Word>)> {
        let start = range.start;
        self.instructions.get(range)?.iter().enumerate().rev().find_map(|(at, it)| {
            let place = it.names.iter().rposition(|known| known == name)?;
            (it.keyword == keyword).then(|| (start + at, it.words.get(place)))
        })
    }
}

impl<'a> Chain<'a> {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &'a Dockerfile {
        self.file
    }

    /// The stages, from the one on the base on.
    pub fn stages(&self) -> impl DoubleEndedIterator<Item = &'a Stage> + '_ {
        self.stages.iter().filter_map(|&place| self.file.stages.get(place))
    }

    /// The stage that is asked for.
    #[must_use]
    pub fn last_stage(&self) -> Option<&'a Stage> {
        self.stages().next_back()
    }

    /// The instructions that make the image, with their indexes in the file; no `FROM`.
    pub fn instructions(&self) -> impl DoubleEndedIterator<Item = (usize, &'a Instruction)> + '_ {
        let file = self.file;
        self.stages().flat_map(move |stage| {
            (stage.from + 1..stage.end).filter_map(move |at| Some((at, file.instructions.get(at)?)))
        })
    }

    /// The `FROM` that names the base, with its index.
    #[must_use]
    pub fn base_instruction(&self) -> Option<(usize, &'a Instruction)> {
        let at = self.stages().next()?.from;
        Some((at, self.file.instructions.get(at)?))
    }

    /// The last instruction of a kind.
    #[must_use]
    pub fn last(&self, keyword: Keyword) -> Option<(usize, &'a Instruction)> {
        self.instructions().rev().find(|(_, it)| it.keyword == keyword)
    }

    /// What a word of an instruction means. `of_base` tells variables that the base sets.
    #[must_use]
    pub fn expand(&self, at: usize, word: &Word, of_base: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let steps = Cell::new(MOST_STEPS);
        word.expand(self.file.escape, &|name| self.variable(name, at, of_base, &steps))
    }

    /// A variable as it stands before an instruction: an `ENV` wins over any `ARG`.
    fn variable(
        &self,
        name: &str,
        before: usize,
        of_base: &dyn Fn(&str) -> Option<String>,
        steps: &Cell<usize>,
    ) -> Option<String> {
        steps.set(steps.get().checked_sub(1)?);
        let file = self.file;
        let lookup = |at: usize| move |other: &str| self.variable(other, at, of_base, steps);
        let up_to = |stage: &Stage| stage.from + 1..stage.end.min(before).max(stage.from + 1);
        for stage in self.stages().rev().filter(|stage| stage.from < before) {
            if let Some((at, word)) = file.last_value(Keyword::Env, name, up_to(stage)) {
                return word?.expand(file.escape, &lookup(at));
            }
        }
        let own = self.stages().find(|stage| (stage.from..stage.end).contains(&before));
        if let Some((at, word)) = own.and_then(|stage| file.last_value(Keyword::Arg, name, up_to(stage))) {
            return match word.filter(|word| !word.span.is_empty()) {
                Some(word) => word.expand(file.escape, &lookup(at)),
                None => file.argument(name, before, steps),
            };
        }
        of_base(name)
    }
}
