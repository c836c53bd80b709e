//! [`plan`]: which patches are made in one round, and the edits that make them.

use std::collections::BTreeMap;

use crate::finding::Patch;
use crate::resource::Document;
use crate::source::TextEdits;
use crate::yaml::{self, NodeId, Op, SpanTree};

use super::resolve::{Unresolved, Wishes};

/// A patch that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the caller knows it by.
    pub id: usize,
    /// The change.
    pub patch: &'a Patch,
}

/// What one round makes.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The edits.
    pub edits: TextEdits,
    /// The operations they make.
    pub ops: Vec<Op>,
    /// Patches that they make.
    pub taken: Vec<usize>,
    /// Patches that collide with one that is taken: for the next round.
    pub deferred: Vec<usize>,
    /// Patches that can not be made, and why.
    pub refused: Vec<(usize, String)>,
    /// Patches inside an anchored node that not all users of the anchor want.
    pub shared: Vec<usize>,
}

/// Plans as many of the wanted patches as go together, earlier ones first.
#[must_use]
pub fn plan(tree: &SpanTree, documents: &[Document], wanted: &[Wanted<'_>]) -> Planned {
    // Whoever tells of a finding asks for one alone: there is nothing that it has to go with.
    if let [_] = wanted {
        return plan_group(tree, documents, wanted);
    }
    let mut groups: BTreeMap<(usize, usize), Vec<Wanted<'_>>> = BTreeMap::new();
    for &want in wanted {
        groups.entry(group_of(tree, documents, want.patch)).or_default().push(want);
    }
    let parts: Vec<Planned> = groups.values().map(|group| plan_group(tree, documents, group)).collect();
    let all = parts.iter().flat_map(|part| part.edits.as_slice().iter().cloned()).collect();
    let together = TextEdits::new(all);
    let mut planned = Planned::default();
    for mut part in parts {
        if together.is_ok() || planned.edits.merge(&part.edits).is_ok() {
            planned.ops.append(&mut part.ops);
            planned.taken.append(&mut part.taken);
        } else {
            planned.deferred.append(&mut part.taken);
        }
        planned.deferred.append(&mut part.deferred);
        planned.refused.append(&mut part.refused);
        planned.shared.append(&mut part.shared);
    }
    if let Ok(edits) = together {
        planned.edits = edits;
    }
    planned
}

/// Patches of one group are merged: those of one object, or of a whole YAML document where its
/// objects may share anchored nodes.
fn group_of(tree: &SpanTree, documents: &[Document], patch: &Patch) -> (usize, usize) {
    let index = patch.ops.first().map_or(0, |op| op.document());
    let place = documents.get(index).map_or(0, Document::document);
    let anchored = tree.documents().get(place).is_some_and(|document| !tree.anchors(document).is_empty());
    (place, if anchored { 0 } else { index })
}

fn plan_group(tree: &SpanTree, documents: &[Document], group: &[Wanted<'_>]) -> Planned {
    let mut planned = Planned::default();
    let mut open = group.to_vec();
    let (wishes, anchored) = loop {
        let mut wishes = Wishes::new(tree, documents);
        (planned.taken, planned.deferred) = (Vec::new(), Vec::new());
        open.retain(|want| match wishes.add(want.patch) {
            Ok(()) => {
                planned.taken.push(want.id);
                true
            }
            Err(Unresolved::Conflict(_)) => {
                planned.deferred.push(want.id);
                true
            }
            Err(Unresolved::Impossible(reason)) => {
                planned.refused.push((want.id, reason));
                false
            }
        });
        let lonely = wishes.lonely();
        if lonely.is_empty() {
            let anchored = wishes.anchored();
            break (wishes, anchored);
        }
        open.retain(|want| {
            let shared = want.patch.ops.iter().any(|op| lonely.contains(&(op.document(), op.path())));
            if shared {
                planned.shared.push(want.id);
            }
            !shared
        });
    };
    if planned.taken.is_empty() {
        return planned;
    }
    match edits(tree, &wishes, &anchored) {
        Ok((ops, edits)) => (planned.ops, planned.edits) = (ops, edits),
        Err(reason) if planned.taken.len() == 1 => {
            planned.refused.extend(planned.taken.drain(..).map(|id| (id, reason.clone())));
        }
        Err(_) => {
            // What must go together in an anchored node is not taken apart.
            let (apart, together): (Vec<_>, Vec<_>) = open.into_iter().partition(|want| {
                let mut alone = Wishes::new(tree, documents);
                alone.add(want.patch).is_err() || alone.anchored().is_empty()
            });
            planned.shared.extend(together.iter().map(|want| want.id));
            one_by_one(tree, documents, &apart, &mut planned);
        }
    }
    planned
}

/// Takes patches as long as the YAML layer can make them together.
fn one_by_one(tree: &SpanTree, documents: &[Document], group: &[Wanted<'_>], planned: &mut Planned) {
    (planned.taken, planned.deferred) = (Vec::new(), Vec::new());
    let mut wishes = Wishes::new(tree, documents);
    for want in group {
        let mut with = wishes.clone();
        let made = with.add(want.patch).map_err(|error| match error {
            Unresolved::Conflict(_) => None,
            Unresolved::Impossible(reason) => Some(reason),
        });
        match made.and_then(|()| edits(tree, &with, &[]).map_err(Some)) {
            Ok((ops, edits)) => {
                (planned.ops, planned.edits) = (ops, edits);
                planned.taken.push(want.id);
                wishes = with;
            }
            Err(None) => planned.deferred.push(want.id),
            // It may be what is taken already that it does not go with.
            Err(Some(reason)) => {
                let mut alone = Wishes::new(tree, documents);
                let goes = !planned.taken.is_empty()
                    && alone.add(want.patch).is_ok()
                    && edits(tree, &alone, &[]).is_ok();
                if goes { planned.deferred.push(want.id) } else { planned.refused.push((want.id, reason)) }
            }
        }
    }
}

fn edits(tree: &SpanTree, wishes: &Wishes<'_>, anchored: &[NodeId]) -> Result<(Vec<Op>, TextEdits), String> {
    let ops = wishes.ops();
    let edits = yaml::plan_shared(tree, &ops, anchored).map_err(|refusal| refusal.to_string())?;
    Ok((ops, edits))
}
