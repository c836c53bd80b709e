use std::sync::Arc;

use super::*;
use crate::source::{Limits, ProblemKind, Source};

fn read(text: &str) -> Parsed {
    parse(&Arc::new(Source::new("test.yaml", text)), &Limits::default())
}

fn json(text: &str) -> String {
    let parsed = read(text);
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let document = &parsed.tree.documents()[0];
    document.root.map_or_else(String::new, |root| parsed.tree.to_json(root).unwrap().to_string())
}

#[test]
fn reads_block_and_flow() {
    assert_eq!(
        json("a: 1\nb:\n- x\n- k: z\n  w: {q: [1, 2], r: }\nc:\n"),
        r#"{"a":1,"b":["x",{"k":"z","w":{"q":[1,2],"r":null}}],"c":null}"#
    );
    assert_eq!(
        json("a: \"x\\ny\"# c\nb: 'it''s'\nc: |\n  a\n   b\n\n  c\nd: >-\n  a\n  b\n\n  c\n"),
        r#"{"a":"x\ny","b":"it's","c":"a\n b\n\nc\n","d":"a b\nc"}"#
    );
}

#[test]
fn spans_are_exact() {
    let text = "a: &x !!str b  # c\nl:\n  - k: v\n    e:\n  # z\nt: |\n  x\n\nu: 1\n";
    let parsed = read(text);
    let tree = &parsed.tree;
    let root = tree.documents()[0].root.unwrap();
    let slice = |id| tree.source().slice(tree.span(id));
    let a = tree.get(root, "a").unwrap();
    assert_eq!((slice(a), tree.source().slice(tree.full_span(a))), ("b", "&x !!str b"));
    let list = tree.get(root, "l").unwrap();
    assert_eq!(slice(list), "- k: v\n    e:");
    let item = tree.items(list)[0];
    assert_eq!(tree.indicator(item), Some(text.find("- k").unwrap()));
    assert_eq!(tree.span(tree.get(item, "e").unwrap()).start(), text.find("e:").unwrap() + 2);
    assert_eq!(slice(tree.get(root, "t").unwrap()), "|\n  x");
    assert_eq!(
        tree.comments().iter().map(|c| tree.source().slice(c.span)).collect::<Vec<_>>(),
        ["# c", "# z"]
    );
}

#[test]
fn problems_have_places() {
    let parsed = read("a: 1\na: 2\n---\nb: [\n---\nc: 1\n");
    let kinds: Vec<_> = parsed.problems.iter().map(|p| (p.kind, p.span.start)).collect();
    assert_eq!(kinds, [(ProblemKind::Warning, 0), (ProblemKind::NotChecked, 17), (ProblemKind::Warning, 23)]);
}

#[test]
fn a_text_that_nobody_split_is_read_up_to_its_first_end() {
    let read = |text: &str, parse: fn(&Arc<Source>, &Limits) -> Parsed| {
        let parsed = parse(&Arc::new(Source::new("t", text)), &Limits::default());
        let roots: Vec<_> = parsed.tree.documents().iter().filter_map(|document| document.root).collect();
        let json: Vec<_> = roots.iter().map(|&root| parsed.tree.to_json(root).unwrap().to_string()).collect();
        json.join(";")
    };
    assert_eq!(read("# c\n---\na: 1\n---\nb: 2\n", parse_first), r#"{"a":1}"#);
    assert_eq!(read("{\"a\": 1}\n---\nb: 2\n", parse_stream), r#"{"a":1};{"b":2}"#);
    assert_eq!(read("{\"a\": 1}\n{\"b\": 2}\n", parse_first), r#"{"a":1}"#);
}
