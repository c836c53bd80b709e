//! Reading any bytes: no panic, and a tree whose spans lie inside each other.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use seaworthy::source::{Limits, Source};
use seaworthy::yaml::parse;

fuzz_target!(|bytes: &[u8]| {
    let Ok(source) = Source::from_bytes("fuzz.yaml", bytes.to_vec()) else { return };
    let source = Arc::new(source);
    let parsed = parse(&source, &Limits::default());
    let tree = &parsed.tree;
    for node in tree.nodes() {
        let span = tree.full_span(node);
        assert!(source.text().get(span.range()).is_some(), "a span off the characters");
        if let Some(parent) = tree.parent(node) {
            assert!(tree.full_span(parent).covers(span), "a child outside its parent");
        }
        let _ = tree.text(node);
    }
    for document in tree.documents() {
        if let Some(root) = document.root {
            let _ = tree.to_json(root);
            let _ = tree.entries(root);
        }
    }
});
