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

fn root(parsed: &Parsed) -> NodeId {
    parsed.tree.documents().iter().find_map(|document| document.root).unwrap()
}

fn states(text: &str) -> Vec<(DocumentState, &str)> {
    let parsed = read(text);
    let slice = |document: &TreeDocument| &text[document.span.range()];
    parsed.tree.documents().iter().map(|document| (document.state, slice(document))).collect()
}

#[test]
fn lines_that_begin_with_dashes_separate_wherever_they_stand() {
    use DocumentState::{Empty, Read, Refused};
    assert_eq!(states("a: 1\n---\nb: 2"), [(Read, "a: 1\n"), (Read, "b: 2")]);
    assert_eq!(states("---\na: 1\n--- # c\n\n---\n~\n"), [(Read, "a: 1\n"), (Empty, "\n"), (Empty, "~\n")]);
    assert_eq!(states("a: |\n  x\n---\n  y\n"), [(Read, "a: |\n  x\n"), (Read, "  y\n")]);
    assert_eq!(states("a: 1\n--- b\nc: 1\n"), [(Refused, "a: 1\n"), (Read, "c: 1\n")]);
    assert_eq!(states("a: 1\n ---\nb: 2\n"), [(Read, "a: 1\n ---\nb: 2\n")]);
    assert_eq!(states("a: 1\r\n---\r\nb: 2\r\n"), [(Read, "a: 1\r\n"), (Read, "b: 2\r\n")]);
}

#[test]
fn what_kubectl_drops_is_a_warning_with_its_place() {
    let warning = |text: &str, place: &str| {
        let parsed = read(text);
        let [problem] = parsed.problems.as_slice() else { panic!("{:?}", parsed.problems) };
        assert_eq!((problem.kind, &text[problem.span.range()]), (ProblemKind::Warning, place));
    };
    warning("a: 1\n...\n# c\nb: 2\n", "b: 2");
    warning("a: 1\r---\rb: 2\r", "---");
    warning("[a]\nb: 1\n", "b: 1");
    warning("x: &x {k: 1}\ny:\n  k: 2\n  <<: *x\n", "k");
    warning("yes: 1\n'true': 2\n", "yes");
    warning("{\"a\": 1, \"a\": 2}", "\"a\"");
    assert!(read("a: 1\n...\n\n# c\n").problems.is_empty());
}

#[test]
fn a_file_that_begins_with_a_brace_is_a_stream_of_json_values() {
    use DocumentState::{Read, Refused};
    assert_eq!(
        states("{\"a\": 1}{\"b\": \"\\ud83d\\ude00\\/\"}\n"),
        [(Read, "{\"a\": 1}"), (Read, "{\"b\": \"\\ud83d\\ude00\\/\"}")]
    );
    assert_eq!(states("{\"a\": 1}\n---\nb: 2\n"), [(Read, "{\"a\": 1}"), (Read, "b: 2\n")]);
    assert_eq!(states("{a: 1}\n---\nb: 2\n"), [(Read, "{a: 1}\n"), (Read, "b: 2\n")]);
    assert_eq!(
        states("{\"a\": 1} {\"b\": 2} c\n"),
        [(Read, "{\"a\": 1}"), (Read, "{\"b\": 2}"), (Refused, "c\n")]
    );
    let parsed = read("{\"t\": \"\\ud83d\\ude00\\ud83d\"}");
    assert_eq!(parsed.tree.text(parsed.tree.get(root(&parsed), "t").unwrap()), "😀\u{fffd}");
}

#[test]
fn merge_keys_count_at_their_place_and_the_last_duplicate_wins() {
    let parsed =
        read("a: &a {k: 1, m: 1}\nb: &b {k: 2, o: 2}\nc:\n  k: 0\n  <<: [*a, *b]\n  o: 3\n  o: 4\nd: *b\n");
    let tree = &parsed.tree;
    let map = tree.get(root(&parsed), "c").unwrap();
    assert_eq!(tree.to_json(map).unwrap().to_string(), r#"{"k":1,"m":1,"o":4}"#);
    let entries: Vec<_> = tree.entries(map).into_iter().map(|entry| (entry.key, entry.inherited)).collect();
    assert_eq!(entries.iter().filter(|(_, inherited)| *inherited).count(), 2);
    let alias = tree.get(root(&parsed), "d").unwrap();
    assert_eq!(tree.kind(alias), Kind::Alias);
    assert_eq!(tree.text(tree.get(alias, "o").unwrap()), "2");
    assert_eq!(tree.anchors(&tree.documents()[0]).len(), 2);
}

#[test]
fn what_a_later_key_overwrites_need_not_be_json() {
    use DocumentState::{Read, Refused};
    // Read with the library that kubectl and Helm read with (sigs.k8s.io/yaml v1.6.0).
    for (text, state) in [
        ("on: .inf\ntrue: 1\n", Read),
        ("1: +.inf\n+1: 2\n", Read),
        ("a: {b: [{~: 1}]}\na: 2\n", Read),
        ("a: .nan\n<<: {a: 1}\n", Read),
        ("a: &x {b: &y {c: .inf}}\na: 2\n", Read),
        ("a: 1\na: {~: 1}\n", Refused),
        ("a: .inf\n", Refused),
        // Two keys, of which either may be the one that JSON gets.
        ("1: .inf\n\"1\": 2\n", Refused),
        ("a: &x {b: .inf}\nc: *x\na: 2\n", Refused),
        // This is not even read.
        ("a: {[b]: 1}\na: 2\n", Refused),
        ("a: !!int b\na: 2\n", Refused),
    ] {
        assert_eq!(states(text), [(state, text)]);
    }
}

#[test]
fn scalars_are_read_by_the_type_of_their_field() {
    let parsed = read("a: on\nb: '1'\nc: 1e3\nd: ~\ne: ${X}\nf: [1]\ng: 3000000000\nh: 1.5\n");
    let tree = &parsed.tree;
    let node = |key: &str| tree.get(root(&parsed), key).unwrap();
    assert_eq!(tree.read_bool(node("a")), Reading::Value(true));
    assert_eq!(tree.read_bool(node("b")), Reading::Wrong(JsonType::String));
    assert_eq!(tree.read_int32(node("c")), Reading::Value(1000));
    assert_eq!(tree.read_bool(node("d")), Reading::Null);
    assert!(tree.read_int64(node("e")).is_unknown());
    assert_eq!(tree.read_string(node("f")), Reading::Wrong(JsonType::Array));
    assert_eq!(tree.read_int32(node("g")), Reading::Wrong(JsonType::Number));
    assert_eq!(tree.read_int64(node("h")), Reading::Wrong(JsonType::Number));
    assert_eq!(tree.read_quantity(node("h")), Reading::Value("1500m".parse().unwrap()));
    assert_eq!(tree.scalar(node("e")), Some(Scalar::Unknown));
    assert_eq!(tree.scalar(node("f")), None);
}

#[test]
fn unknown_texts() {
    for text in
        ["${A}", "x-${A:-b}", "$A", "{{ .Values.x }}", "a {{ b }} c", "ENC[AES256_GCM,data:x]", "${!A}"]
    {
        assert!(is_unknown_text(text), "{text}");
    }
    for text in ["$(A)", "$", "${", "$a b", "{ { } }", "{{", "ENC", "cost: $5", "${1}", "x$A"] {
        assert!(!is_unknown_text(text), "{text}");
    }
}

#[test]
fn sops_files_are_known() {
    let parsed = read("a: ENC[x]\nsops:\n  version: 3\n---\na: 1\nsops: no\n");
    let sops: Vec<bool> =
        parsed.tree.documents().iter().map(|document| parsed.tree.is_sops(document)).collect();
    assert_eq!(sops, [true, false]);
}

#[test]
fn paths_are_written_and_read() {
    for text in [
        "",
        "spec.containers[0].ports",
        "metadata.labels.\"a.b/c\"",
        "[2][0]",
        "a.\"\".\"x\\\"y\"",
        "data.\"ü \"",
    ] {
        assert_eq!(text.parse::<FieldPath>().unwrap().to_string(), text);
    }
    for (text, at) in [("a..b", 3), ("a[x]", 3), ("a[1", 2), ("a.", 3), ("a\"b\"", 2), ("[1]a", 4)] {
        let error = text.parse::<FieldPath>().err();
        assert!(error.as_ref().is_none_or(|error| error.at <= at), "{text}: {error:?}");
    }
    assert!("a[x]".parse::<FieldPath>().is_err());
    let parsed = read("a:\n- b: {c.d: [x]}\n");
    let path: FieldPath = "a[0].b.\"c.d\"[0]".parse().unwrap();
    let node = parsed.tree.find(root(&parsed), &path).unwrap();
    assert_eq!((parsed.tree.text(node), parsed.tree.path(node)), ("x", path));
}

#[test]
fn verification_sees_every_difference() {
    let before = read("# c\na: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n");
    let same = |text: &str| verify(&before.tree, &[], &read(text).tree);
    assert!(same("# c\na:   &x !!str   1\nb:\n- *x\n- w\nd:\n  e: 0x1\n  f: 2\n---\ng: 1\n").is_err());
    assert_eq!(same("# c\na:   &x !!str   1\nb:\n- *x\n- w\nd:\n  e: 1\n  f: 2\n---\ng: 1\n"), Ok(()));
    for (other, what) in [
        ("a: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n", "a comment appeared or went"),
        ("# d\na: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n", "a comment changed"),
        ("# c\na: &z !!str 1\nb: [*z, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n", "an anchor or a tag changed"),
        ("# c\na: &x 1\nb: [*x, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n", "an anchor or a tag changed"),
        ("# c\na: &x !!str 1\nb: [1, 'w']\nd: {e: 1, f: 2}\n---\ng: 1\n", "a value is of another kind"),
        ("# c\na: &x !!str 1\nb: [*x]\nd: {e: 1, f: 2}\n---\ng: 1\n", "an item is missing"),
        ("# c\na: &x !!str 1\nb: [*x, 'w']\nd: {f: 2, e: 1}\n---\ng: 1\n", "a value changed"),
        ("# c\na: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: 2, g: 3}\n---\ng: 1\n", "an entry appeared"),
        ("# c\na: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: '2'}\n---\ng: 1\n", "a value changed"),
        ("# c\na: &x !!str 1\nb: [*x, 'w']\nd: {e: 1, f: 2}\n", "2 documents became 1"),
    ] {
        assert_eq!(same(other).unwrap_err().message, what, "{other}");
    }
}

#[test]
fn changes_that_meet_are_refused() {
    let parsed = read("a:\n  b: {c: 1}\n  d: 2\n");
    let tree = &parsed.tree;
    let a = tree.get(root(&parsed), "a").unwrap();
    let b = tree.get(a, "b").unwrap();
    let remove = Op::Remove { map: a, key: "b".to_owned() };
    let inside = Op::Add { map: b, key: "x".to_owned(), value: 1.into(), before: &[] };
    let replace = |value: i64| Op::Replace { node: b, value: value.into() };
    assert!(matches!(plan(tree, &[remove.clone(), inside.clone()]), Err(Refusal::Conflict { .. })));
    assert!(matches!(plan(tree, &[replace(1), inside]), Err(Refusal::Conflict { .. })));
    assert!(matches!(plan(tree, &[replace(1), replace(2)]), Err(Refusal::Conflict { .. })));
    assert!(matches!(plan(tree, &[remove.clone(), replace(1)]), Err(Refusal::Conflict { .. })));
    let again = plan(tree, &[remove.clone(), remove.clone()]).unwrap();
    assert_eq!(again.apply(tree.source().text()), "a:\n  d: 2\n");
    let anew = Op::Add { map: a, key: "b".to_owned(), value: 3.into(), before: &[] };
    let edits = plan(tree, &[remove, anew]).unwrap();
    assert_eq!(edits.apply(tree.source().text()), "a:\n  d: 2\n  b: 3\n");
    let gone = Op::Remove { map: a, key: "z".to_owned() };
    assert!(matches!(plan(tree, &[gone]), Err(Refusal::NoKey { .. })));
    let there = Op::Add { map: a, key: "d".to_owned(), value: 3.into(), before: &[] };
    assert!(matches!(plan(tree, &[there]), Err(Refusal::KeyExists { .. })));
}

#[test]
fn what_is_added_stands_behind_comments_that_belong_to_the_last_entry() {
    let text = "a:\n  b:\n    c: 1\n\n    # d: 2\n\n    # e: 3\n\n# of f\nf: 4\n";
    let parsed = read(text);
    let a = parsed.tree.get(root(&parsed), "a").unwrap();
    let added = Op::Add { map: a, key: "x".to_owned(), value: 5.into(), before: &[] };
    let edits = plan(&parsed.tree, &[added]).unwrap();
    assert_eq!(edits.apply(text), "a:\n  b:\n    c: 1\n\n    # d: 2\n\n    # e: 3\n  x: 5\n\n# of f\nf: 4\n");
    // Items that are commented out belong to their list.
    let text = "a:\n  b:\n  - c\n  # - d\n  #- e\n  # of g\nf: 4\n";
    let parsed = read(text);
    let a = parsed.tree.get(root(&parsed), "a").unwrap();
    let added = Op::Add { map: a, key: "x".to_owned(), value: 5.into(), before: &[] };
    let edits = plan(&parsed.tree, &[added]).unwrap();
    assert_eq!(edits.apply(text), "a:\n  b:\n  - c\n  # - d\n  #- e\n  x: 5\n  # of g\nf: 4\n");
}

#[test]
fn what_is_added_stands_in_front_of_what_it_belongs_before() {
    let added = |text: &str, key: &str| {
        let parsed = read(text);
        let a = parsed.tree.get(root(&parsed), "a").unwrap();
        let add = |key: &str, before| Op::Add { map: a, key: key.to_owned(), value: 5.into(), before };
        let ops = [add("x", &["c", "b"]), add(key, &[])];
        let new = plan(&parsed.tree, &ops).unwrap().apply(text);
        verify(&parsed.tree, &ops, &read(&new).tree).unwrap();
        assert!(verify(&parsed.tree, &ops, &read(&new.replace("x: 5", "x: 6")).tree).is_err());
        assert!(verify(&parsed.tree, &ops, &read(&new.replace("x: 5", "w: 5")).tree).is_err());
        new
    };
    // Comments right above an entry are its own; the end is the end.
    assert_eq!(
        added("a:\n  d: 1\n\n  # of b\n  b: [2]\n  c: 3\n", "z"),
        "a:\n  d: 1\n\n  x: 5\n  # of b\n  b: [2]\n  c: 3\n  z: 5\n"
    );
    assert_eq!(added("a:\r\n  b: 1\r\n", "z"), "a:\r\n  x: 5\r\n  b: 1\r\n  z: 5\r\n");
    assert_eq!(
        added("a:\n  d: |\n    # text\n  b: 1", "z"),
        "a:\n  d: |\n    # text\n  x: 5\n  b: 1\n  z: 5"
    );
    // Nothing of the kind, or not on a line of its own.
    assert_eq!(added("a:\n  d: 1\n", "z"), "a:\n  d: 1\n  x: 5\n  z: 5\n");
    assert_eq!(added("a: {b: 1}\n", "z"), "a: {b: 1, x: 5, z: 5}\n");
    let parsed = read("- b: 1\n  d: 2\n");
    let map = parsed.tree.items(root(&parsed))[0];
    let add = Op::Add { map, key: "x".to_owned(), value: 5.into(), before: &["b"] };
    let edits = plan(&parsed.tree, &[add]).unwrap();
    assert_eq!(edits.apply("- b: 1\n  d: 2\n"), "- b: 1\n  d: 2\n  x: 5\n");
}

#[test]
fn an_entry_that_is_only_a_key_gets_no_value() {
    let parsed = read("a: 1\n? b\n");
    let tree = &parsed.tree;
    let b = tree.get(tree.documents()[0].root.unwrap(), "b").unwrap();
    let refused = plan(tree, &[Op::Replace { node: b, value: 2.into() }]);
    assert!(matches!(refused, Err(Refusal::Layout { .. })), "{refused:?}");
}
