//! Values without their chart: values files of GitOps repositories, and the inline values of the
//! resources that install charts.
//!
//! What a chart makes of its values is not known without it. But some keys have the same meaning
//! everywhere (`securityContext`, `hostNetwork`, volumes), and what is written there in Kubernetes' own
//! words is bad whatever the chart does with the rest. [`fragment`] finds these keys, [`stand_in`] puts each
//! into a pod of its own and runs the same rules on it as on a manifest. Only values that are present
//! count: absence says nothing, since the chart has defaults. For the same reason a repair replaces values
//! and adds none.

mod fragment;
mod parameter;
mod place;
mod stand_in;
mod text;
mod translate;

use std::path::Path;
use std::sync::Arc;

use crate::finding::RuleHit;
use crate::project::kind_by_name;
use crate::resource::Document;
use crate::source::{Problem, Span};
use crate::yaml::{NodeId, Segment, SpanTree};

use super::{Engine, Tally};
use place::Form;
pub(super) use text::Lines;

/// A rule's verdict on a value, with the document it stands in.
pub(super) struct ValuesHit {
    /// The verdict; its node, field and patches are those of the document.
    pub hit: RuleHit,
    /// The bytes to mark, where the node is a string that holds the value among others.
    pub span: Option<Span>,
}

/// What is wrong with the values in a file.
#[derive(Default)]
pub(super) struct Found {
    /// The verdicts.
    pub hits: Vec<ValuesHit>,
    /// Strings that should hold values and cannot be read.
    pub problems: Vec<Problem>,
    /// How many sets of values there are.
    pub counts: Tally,
}

/// A document that does not say what it is, where the file's name does and there are values in it.
pub(super) fn holder(tree: &Arc<SpanTree>, root: NodeId, document: usize) -> Option<Document> {
    let kind = kind_by_name(Path::new(&**tree.source().name()))?;
    let holder = Document::of_kind(tree, root, document, kind);
    (!place::places(&holder, 0).is_empty()).then_some(holder)
}

/// Looks through all values that stand in the documents of a file.
pub(super) fn find(engine: &Engine, tree: &Arc<SpanTree>, documents: &[Document]) -> Found {
    let mut found = Found::default();
    for (index, document) in documents.iter().enumerate() {
        found.add(in_document(engine, tree, document, index));
    }
    found
}

/// Looks through the values that stand in a document; `index` is its number in what is found.
pub(super) fn in_document(engine: &Engine, tree: &Arc<SpanTree>, document: &Document, index: usize) -> Found {
    let mut found = Found::default();
    let alone = |place: &place::Place| !engine.installs.hold(document, &place.path);
    for place in place::places(document, index).into_iter().filter(alone) {
        let read = match place.form {
            Form::Mapping => Ok(mapping(engine, tree, &place)),
            Form::Text => text::hits(engine, tree, document, &place),
            Form::Parameters => Ok(parameter::hits(engine, tree, &place)),
        };
        match read {
            Ok(hits) => {
                found.counts.checked += 1;
                found.hits.extend(hits);
            }
            Err(problem) => {
                found.counts.not_checked += 1;
                found.problems.push(*problem);
            }
        }
    }
    found
}

impl Found {
    fn add(&mut self, other: Self) {
        self.hits.extend(other.hits);
        self.problems.extend(other.problems);
        self.counts.add(other.counts);
    }
}

fn mapping(engine: &Engine, tree: &Arc<SpanTree>, place: &place::Place) -> Vec<ValuesHit> {
    let mut hits = Vec::new();
    let all = fragment::fragments(engine, tree, place.node);
    let keys = engine.installs.keys_alone(tree.source().name());
    let of_keys = |fragment: &&fragment::Fragment| match (keys, fragment.path.segments().first()) {
        (Some(keys), Some(Segment::Key(key))) => keys.iter().any(|known| known == &**key),
        (keys, _) => keys.is_none(),
    };
    for fragment in all.iter().filter(of_keys) {
        for seen in stand_in::judge(engine, fragment, &all) {
            let to = translate::To { tree, place, fragment };
            hits.extend(to.hit(seen).map(|hit| ValuesHit { hit, span: None }));
        }
    }
    hits
}
