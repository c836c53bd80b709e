//! Edits of any text: what is planned is exactly what the tree shows afterwards.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use seaworthy::source::{Limits, Source};
use seaworthy::yaml::{Kind, Op, parse, plan, verify};
use serde_json::json;

fuzz_target!(|input: (u16, u8, String)| {
    let (place, what, text) = input;
    let Ok(source) = Source::from_bytes("fuzz.yaml", text.into_bytes()) else { return };
    let parsed = parse(&Arc::new(source), &Limits::default());
    let tree = &parsed.tree;
    let Some(node) = tree.nodes().nth(usize::from(place) % tree.len().max(1)) else { return };
    let value = match what % 4 {
        0 => json!(false),
        1 => json!("a: b"),
        2 => json!({"capabilities": {"drop": ["ALL"]}}),
        _ => json!(["x", {"y": 1}]),
    };
    let key = tree.pairs(node).next().and_then(|(key, _)| tree.key_text(key)).unwrap_or_default().into_owned();
    let op = match (tree.kind(node), what / 4 % 4) {
        (Kind::Mapping(_), 0) => Op::Remove { map: node, key },
        (Kind::Mapping(_), 1) => Op::Rename { map: node, key, to: "renamed".to_owned() },
        (Kind::Mapping(_), 2) => Op::Add { map: node, key: "new".to_owned(), value },
        (Kind::Sequence(_), 0) => Op::RemoveItem { seq: node, index: 0 },
        (Kind::Sequence(_), 1) => Op::Append { seq: node, value },
        _ => Op::Replace { node, value },
    };
    let ops = [op];
    let Ok(edits) = plan(tree, &ops) else { return };
    let edited = edits.apply(tree.source().text());
    let after = parse(&Arc::new(Source::new("fuzz.yaml", edited.clone())), &Limits::default());
    if let Err(difference) = verify(tree, &ops, &after.tree) {
        panic!("{difference}: {ops:?}\n{edited}");
    }
});
