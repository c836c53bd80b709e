//! Comments in values files: one at a key covers what comes from there.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::suppress::{Ignores, Silence};
use crate::finding::Finding;
use crate::source::Source;
use crate::yaml::{self, SpanTree};

/// A file, held so that no other text gets its address, and what it ignores, if it says so.
type Known = (Arc<Source>, Option<(SpanTree, Ignores)>);

/// The ignores of the files in which findings have their places, each file read once.
pub(super) struct ValuesIgnores<'e> {
    engine: &'e Engine,
    /// By the address of the text.
    known: HashMap<*const Source, Known>,
}

impl<'e> ValuesIgnores<'e> {
    /// No file is read yet.
    pub fn new(engine: &'e Engine) -> Self {
        Self { engine, known: HashMap::new() }
    }

    /// What silences a finding at its place, if that is a key of a values file.
    pub fn silences(&mut self, finding: &Finding) -> Option<Silence> {
        let (engine, source) = (self.engine, &finding.primary.source);
        if engine.settings.no_ignores {
            return None;
        }
        let read = || {
            let tree = source
                .text()
                .contains("seaworthy:")
                .then(|| yaml::parse_stream(source, &engine.limits).tree)?;
            let ignores = Ignores::read(engine, &tree, &mut Vec::new());
            Some((tree, ignores))
        };
        let known = self.known.entry(Arc::as_ptr(source)).or_insert_with(|| (Arc::clone(source), read()));
        let (tree, ignores) = known.1.as_ref()?;
        let span = finding.primary.span;
        let node = tree.nodes().filter(|node| tree.full_span(*node).contains(span.start())).last()?;
        ignores.silences_value(engine, tree, node, finding)
    }
}
