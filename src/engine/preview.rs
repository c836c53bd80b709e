//! [`Previews`]: what the fixes of several findings come to when they are made together.

use std::cell::RefCell;
use std::sync::Arc;

use crate::finding::{Finding, FixOffer, Location, SourceEdits};
use crate::fix::{self, Wanted};
use crate::resource::Document;
use crate::source::{Source, TextEdits};
use crate::yaml::{self, SpanTree};

use super::{Engine, dockerfile};

/// A file, read.
struct Read {
    source: Arc<Source>,
    tree: Arc<SpanTree>,
    documents: Vec<Document>,
}

/// Works out previews. The file of the last one is kept: reports ask for one place of a file after the other.
pub struct Previews<'e> {
    engine: &'e Engine,
    last: RefCell<Option<Read>>,
}

impl<'e> Previews<'e> {
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self { engine, last: RefCell::default() }
    }

    /// The edits that the first fixes of several findings of one file make together: one block for
    /// fields that want the same new parent. `None` where they do not go together, or there is none.
    #[must_use]
    pub fn of(&self, findings: &[&Finding]) -> Option<SourceEdits> {
        let source = Arc::clone(&findings.first()?.primary.source);
        let same = |place: &Location| Arc::ptr_eq(&place.source, &source);
        if !findings.iter().all(|finding| same(&finding.primary)) {
            return None;
        }
        if findings.iter().any(|finding| finding.fix().is_some_and(|fix| !fix.patch.dockerfile.is_empty())) {
            return dockerfile::preview(&source, findings);
        }
        // What mends a chart is found by rendering it: `repair` does.
        if findings.iter().any(|finding| finding.scenarios.is_some()) {
            return None;
        }
        let mut last = self.last.borrow_mut();
        let read = match last.take().filter(|read| Arc::ptr_eq(&read.source, &source)) {
            Some(read) => read,
            None => {
                let tree = Arc::new(yaml::parse(&source, &self.engine.limits).tree);
                let documents = Document::objects(&tree, &self.engine.kinds);
                Read { source: Arc::clone(&source), tree, documents }
            }
        };
        let read = last.insert(read);
        together(&read.tree, &read.documents, findings).map(|edits| SourceEdits { source, edits })
    }
}

/// The edits of the first fixes of several findings, made together. Those that change other files too
/// are left to `fix`.
fn together(tree: &SpanTree, documents: &[Document], findings: &[&Finding]) -> Option<TextEdits> {
    let here = |fix: &&FixOffer| fix.patch.ops.iter().all(|op| op.document() < documents.len());
    let fixes = findings.iter().filter_map(|finding| finding.fix()).filter(here);
    let wanted: Vec<Wanted<'_>> =
        fixes.enumerate().map(|(id, fix)| Wanted { id, patch: &fix.patch }).collect();
    let planned = fix::plan(tree, documents, &wanted);
    (!planned.edits.is_empty() && planned.taken.len() == wanted.len()).then_some(planned.edits)
}
