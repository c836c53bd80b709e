//! [`Previews`]: what the fixes of several findings come to when they are made together.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Applicability, Finding, FixOffer, Location, SourceEdits};
use crate::fix::{self, Wanted};
use crate::resource::Document;
use crate::source::{Source, TextEdits};
use crate::yaml::{self, SpanTree};

use super::{Analysis, Engine, dockerfile};

/// Most bytes that are read again to show what fixes of one place change together: many previews of large files are
/// left to `fix`.
const MOST_BYTES: usize = 64 << 20;

/// What fixes change together, by the fingerprints of their findings, one behind the other; `None` where they do not
/// go together.
pub type Previewed = HashMap<String, Option<SourceEdits>>;

/// A file, read.
struct Read {
    source: Arc<Source>,
    tree: Arc<SpanTree>,
    documents: Vec<Document>,
}

/// Works out previews: those that were made while files were judged, others from their files. The file of the last one
/// is kept: reports ask for one place of a file after the other.
pub struct Previews<'e> {
    engine: &'e Engine,
    known: &'e Previewed,
    last: RefCell<Option<Read>>,
    /// What may still be read, in bytes.
    left: Cell<usize>,
}

impl<'e> Previews<'e> {
    pub(super) fn new(engine: &'e Engine, analysis: &'e Analysis) -> Self {
        Self { engine, known: &analysis.previews, last: RefCell::default(), left: Cell::new(MOST_BYTES) }
    }

    /// The edits that the first fixes of several findings of one file make together: one block for
    /// fields that want the same new parent. `None` where they do not go together, or there is none, and where too
    /// much was read for others.
    #[must_use]
    pub fn of(&self, findings: &[&Finding]) -> Option<SourceEdits> {
        if !self.known.is_empty()
            && let Some(edits) = self.known.get(&fingerprints(findings))
        {
            return edits.clone();
        }
        self.left.set(self.left.get().checked_sub(findings.first()?.primary.source.len())?);
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

fn fingerprints(findings: &[&Finding]) -> String {
    let mut all = String::with_capacity(findings.iter().map(|finding| finding.fingerprint.len()).sum());
    all.extend(findings.iter().map(|finding| &*finding.fingerprint));
    all
}

/// What reports will ask of a file, while its tree is at hand: what the fixes of each place that has several come to.
/// Left out is what other files may change yet.
pub(super) fn of_places(tree: &SpanTree, documents: &[Document], findings: &[Finding]) -> Previewed {
    let mut previews = Previewed::new();
    // Values have no previews.
    if documents.iter().any(Document::is_values) {
        return previews;
    }
    let mut places: HashMap<_, Vec<&Finding>> = HashMap::new();
    let shown = |fix: &FixOffer| fix.applicability > Applicability::Suggestion;
    for finding in findings.iter().filter(|finding| finding.fix().is_some_and(shown)) {
        let place = (finding.primary.span, &finding.resource, &finding.container);
        places.entry(place).or_default().push(finding);
    }
    for findings in places.into_values() {
        if findings.len() < 2 || findings.iter().any(|finding| finding.linked) {
            continue;
        }
        let edits = together(tree, documents, &findings);
        let edits = edits.map(|edits| SourceEdits { source: Arc::clone(tree.source()), edits });
        previews.insert(fingerprints(&findings), edits);
    }
    previews
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
