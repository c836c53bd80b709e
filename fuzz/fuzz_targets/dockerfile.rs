//! Edits of any Dockerfile: what is proved is what the file says afterwards.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use seaworthy::dockerfile::{Dockerfile, Op, plan, verify};
use seaworthy::resource::Images;
use seaworthy::rule::{Catalogue, Selection};
use seaworthy::source::Source;

fuzz_target!(|input: (u16, u8, String)| {
    let (at, what, text) = input;
    let Ok(source) = Source::from_bytes("Dockerfile", text.into_bytes()) else { return };
    let Ok(file) = Dockerfile::parse(&Arc::new(source)) else { return };
    let catalogue = Catalogue::shipped();
    let _ = catalogue.evaluate_dockerfile(&file, &Selection::all(catalogue), Images::shipped(), &seaworthy::rule::Program::default);
    let at = usize::from(at) % file.instructions().len();
    let op = match what % 4 {
        0 => Op::Word { at, word: usize::from(what / 4) % 3, text: "x".to_owned() },
        1 => Op::Insert { before: at, text: "USER 1".to_owned() },
        2 => Op::Remove { at },
        _ => Op::Exec { at, words: vec!["x".to_owned()] },
    };
    let ops = [op];
    let Ok(edits) = plan(&file, &ops) else { return };
    let edited = Source::new("Dockerfile", edits.apply(file.source().text()));
    // The proof may refuse; it must not fail.
    if let Ok(after) = Dockerfile::parse(&Arc::new(edited)) {
        let _ = verify(&file, &ops, &after);
    }
});
