//! A change of source files that is tried: how it is proposed, and which of several proposals go together.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::installs::{Parameters, Place};
use crate::source::{Source, Span, TextEdits};
use crate::yaml::SpanTree;

use super::new_key::NewKeys;
use super::sites::Sites;
use super::template_site::TemplateEdit;
use super::values_site::ValuesChange;

/// Most candidates for one change.
const MOST: usize = 24;

/// A change of source files that may bring a change of an object about.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The place in words: `securityContext in web/values.yaml`.
    pub place: String,
    /// Edits by file.
    pub edits: BTreeMap<String, (Arc<Source>, TextEdits)>,
    /// Paths of values keys that it makes: another change must not make them too.
    pub claims: BTreeSet<String>,
}

/// A change of one part that is not worked out yet.
#[derive(Clone)]
pub(super) enum Proposal {
    /// A values file changes.
    Values {
        /// Its path.
        file: String,
        /// The keys from its root.
        keys: Vec<String>,
        /// What happens there.
        change: ValuesChange,
    },
    /// A template's text changes.
    Template(TemplateEdit),
    /// Values in a resource that installs the chart change.
    Resource {
        /// Where.
        place: Arc<Place>,
        /// The keys from the root of its values.
        keys: Vec<String>,
        /// What happens there.
        change: ValuesChange,
    },
    /// A parameter of an Application gets another text.
    Parameter {
        /// The parameters it is one of.
        parameters: Arc<Parameters>,
        /// Where its value stands.
        span: Span,
        /// The new text.
        text: String,
    },
    /// An action prints a key of its own, which gets the value.
    OwnKey {
        /// The action with the new key.
        template: TemplateEdit,
        /// The keys from the root of the chart's values.
        keys: Vec<String>,
        /// The key's value.
        value: Value,
    },
    /// The template gets lines that print keys which no template has read so far.
    NewKeys {
        /// The template with those lines.
        template: TemplateEdit,
        /// The keys.
        keys: Rc<NewKeys>,
    },
    /// An entry goes at one place, others come at another.
    Both(Box<(Proposal, Proposal)>),
}

/// A proposal and, once it is asked for, what it comes to.
pub(super) struct Choice {
    /// How.
    pub proposal: Proposal,
    /// The edits; `None` inside where it can not be made.
    pub candidate: OnceCell<Option<Candidate>>,
}

impl From<Proposal> for Choice {
    fn from(proposal: Proposal) -> Self {
        Self { proposal, candidate: OnceCell::new() }
    }
}

/// Candidates, worked out as they are asked for, the best ones first.
pub(super) struct Candidates<'s> {
    sites: &'s Sites<'s>,
    parts: Vec<Vec<Choice>>,
    ranks: std::vec::IntoIter<Vec<usize>>,
}

impl<'s> Candidates<'s> {
    /// Those that take one choice of each part.
    pub fn of(sites: &'s Sites<'s>, parts: Vec<Vec<Choice>>) -> Self {
        let lengths: Vec<usize> = parts.iter().map(Vec::len).collect();
        Self { sites, parts, ranks: ranks(&lengths).into_iter() }
    }
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        for rank in self.ranks.by_ref() {
            let chosen = rank.iter().zip(&self.parts).map(|(&at, part)| part.get(at));
            let together = chosen.collect::<Option<Vec<&Choice>>>().and_then(|it| self.sites.together(&it));
            if together.is_some() {
                return together;
            }
        }
        None
    }
}

impl From<&TemplateEdit> for Candidate {
    fn from((source, edits): &TemplateEdit) -> Self {
        let file = source.name().to_string();
        let first = edits.as_slice().first();
        let line = first.map_or(1, |edit| source.line_column(edit.span.start()).line);
        let place = format!("{file}:{line}");
        let edits = std::iter::once((file, (Arc::clone(source), edits.clone()))).collect();
        Self { place, edits, claims: BTreeSet::new() }
    }
}

/// Which choice of each part goes with which: the first ones of all, the second ones and so on, then
/// those with the least loss in rank.
fn ranks(lengths: &[usize]) -> Vec<Vec<usize>> {
    let longest = lengths.iter().copied().max().unwrap_or(0).min(MOST / 2);
    let nth = |n: usize| lengths.iter().map(|&length| n.min(length.saturating_sub(1))).collect();
    let mut ranks: Vec<Vec<usize>> = (0..longest).map(nth).collect();
    let mut mixed: Vec<Vec<usize>> = vec![Vec::new()];
    for &length in lengths {
        let longer = |rank: &Vec<usize>| {
            let rank = rank.clone();
            (0..length).map(move |at| rank.iter().copied().chain(std::iter::once(at)).collect())
        };
        mixed = mixed.iter().flat_map(longer).collect();
        mixed.sort_by_key(|rank| rank.iter().sum::<usize>());
        mixed.truncate(MOST);
    }
    for rank in mixed {
        if ranks.len() < MOST && !ranks.contains(&rank) {
            ranks.push(rank);
        }
    }
    ranks
}

impl Candidate {
    /// Edits of one file, which is called as in the tree of the chart.
    pub fn of(place: String, tree: &SpanTree, edits: TextEdits) -> Self {
        let source = Arc::clone(tree.source());
        let edits = std::iter::once((source.name().to_string(), (source, edits))).collect();
        Self { place, edits, claims: BTreeSet::new() }
    }

    /// Both as one; `None` where their edits overlap, make the same values key, or insert the same twice.
    pub fn joined(mut self, other: Self) -> Option<Self> {
        if !self.claims.is_disjoint(&other.claims) {
            return None;
        }
        self.claims.extend(other.claims);
        for (file, (source, edits)) in other.edits {
            match self.edits.get_mut(&file) {
                Some((_, known)) => {
                    let (same, new): (Vec<_>, Vec<_>) =
                        edits.as_slice().iter().cloned().partition(|edit| known.as_slice().contains(edit));
                    // Findings of two objects that one template prints want the same lines once. A value
                    // that prints several fields is another one for all of them.
                    if same.iter().any(|edit| edit.span.is_empty()) {
                        return None;
                    }
                    known.merge(&TextEdits::new(new).ok()?).ok()?;
                }
                None => {
                    self.edits.insert(file, (source, edits));
                }
            }
        }
        Some(self)
    }
}
