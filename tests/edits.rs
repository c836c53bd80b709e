//! Edits that touch only their bytes: golden cases, random edits on generated documents, and random
//! edits on real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use seaworthy::source::{Limits, ProblemKind, Source};
use seaworthy::yaml::{
    FieldPath, Kind, NodeId, Op, Parsed, Refusal, SpanTree, parse, plan, plan_shared, verify,
};
use serde_json::{Value, json};

fn read(text: &str) -> Parsed {
    parse(&Arc::new(Source::new("t.yaml", text)), &Limits::default())
}

/// What came of a plan.
#[derive(Debug)]
enum Outcome {
    Edited(String),
    Refused(Refusal),
}

/// Plans, applies, and holds the result against everything that must be true of it.
fn edit(parsed: &Parsed, ops: &[Op], agreed: &[NodeId]) -> Result<Outcome, String> {
    let before = &parsed.tree;
    let text = before.source().text();
    let edits = match plan_shared(before, ops, agreed) {
        Ok(edits) => edits,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    let result = edits.apply(text);
    let after = read(&result);
    let refused = |parsed: &Parsed| {
        parsed.problems.iter().filter(|problem| problem.kind == ProblemKind::NotChecked).count()
    };
    if refused(parsed) != refused(&after) {
        return Err(format!("no longer read: {:?}\n{result}", after.problems));
    }
    verify(before, ops, &after.tree)
        .map_err(|difference| format!("{difference}: {difference:?}\n{result}"))?;
    outside(text, edits.as_slice(), &result)?;
    second_opinion(before, &after.tree)?;
    if text.ends_with('\n') != result.ends_with('\n') && !text.is_empty() && !result.is_empty() {
        return Err(format!("the final line break changed\n{result:?}"));
    }
    let bare = |text: &str| text.replace("\r\n", "").contains('\n');
    if text.contains("\r\n") && !bare(text) && bare(&result) {
        return Err(format!("a bare LF in a CR LF text\n{result:?}"));
    }
    Ok(Outcome::Edited(result))
}

/// All bytes outside the edits are where they were.
fn outside(text: &str, edits: &[seaworthy::source::Edit], result: &str) -> Result<(), String> {
    let (mut from, mut at) = (0, 0);
    for edit in edits {
        let kept = &text[from..edit.span.start()];
        if !result[at..].starts_with(kept) || !result[at + kept.len()..].starts_with(&edit.text) {
            return Err("bytes outside the edits changed".to_owned());
        }
        at += kept.len() + edit.text.len();
        from = edit.span.end();
    }
    if result[at..] == text[from..] { Ok(()) } else { Err("bytes behind the edits changed".to_owned()) }
}

/// What another YAML library makes of each document; `None` where it refuses one.
fn other_reading(tree: &SpanTree) -> Vec<Option<serde_yaml::Value>> {
    let documents = tree.documents().iter().filter(|document| document.root.is_some());
    documents.map(|document| serde_yaml::from_str(tree.source().slice(document.span)).ok()).collect()
}

/// The other library reads what it could read before, and sees the same structure and texts.
fn second_opinion(before: &SpanTree, after: &SpanTree) -> Result<(), String> {
    let (old, new) = (other_reading(before), other_reading(after));
    let roots = after.documents().iter().filter_map(|document| document.root);
    for ((old, new), root) in old.iter().zip(&new).zip(roots) {
        if old.is_none() {
            continue;
        }
        let Some(new) = new else {
            return Err(format!("the second parser refuses the result\n{}", after.source().text()));
        };
        agree(after, root, new).map_err(|place| {
            format!("the second parser reads {place} otherwise\n{}", after.source().text())
        })?;
    }
    Ok(())
}

fn agree(tree: &SpanTree, node: NodeId, other: &serde_yaml::Value) -> Result<(), String> {
    use serde_yaml::Value as Other;
    let node = tree.resolve(node);
    let fail = || Err(tree.path(node).to_string());
    match (tree.kind(node), other) {
        (_, Other::Tagged(tagged)) => agree(tree, node, &tagged.value),
        (Kind::Mapping(_), Other::Mapping(other)) => {
            if tree.pairs(node).len() != other.len() {
                return fail();
            }
            tree.pairs(node).zip(other).try_for_each(|((key, value), (other_key, other_value))| {
                agree(tree, key, other_key)?;
                agree(tree, value, other_value)
            })
        }
        (Kind::Sequence(_), Other::Sequence(other)) => {
            if tree.children(node).len() != other.len() {
                return fail();
            }
            tree.children(node).iter().zip(other).try_for_each(|(&item, other)| agree(tree, item, other))
        }
        (Kind::Scalar(_), Other::String(text)) => {
            // It gives a last line without a line break none.
            if tree.text(node).trim_end() == text.trim_end() { Ok(()) } else { fail() }
        }
        (Kind::Scalar(_), Other::Null | Other::Bool(_) | Other::Number(_)) => Ok(()),
        _ => fail(),
    }
}

// Golden cases ----------------------------------------------------------------------------------

/// An operation of a golden case: `{"op", "document", "path", …}`.
fn golden_op(tree: &SpanTree, op: &Value) -> Op {
    let document = op["document"].as_u64().map_or(0, |at| usize::try_from(at).unwrap());
    let roots: Vec<NodeId> = tree.documents().iter().filter_map(|document| document.root).collect();
    let path: FieldPath = op["path"].as_str().unwrap().parse().unwrap();
    let node = tree.find(roots[document], &path).unwrap_or_else(|| panic!("{path} is not there"));
    let key = || op["key"].as_str().unwrap().to_owned();
    let value = op["value"].clone();
    match op["op"].as_str().unwrap() {
        "add" => Op::Add { map: node, key: key(), value, before: &[] },
        "replace" => Op::Replace { node, value },
        "remove" => Op::Remove { map: node, key: key() },
        "remove-item" => {
            Op::RemoveItem { seq: node, index: usize::try_from(op["index"].as_u64().unwrap()).unwrap() }
        }
        "append" => Op::Append { seq: node, value },
        "rename" => Op::Rename { map: node, key: key(), to: op["to"].as_str().unwrap().to_owned() },
        other => panic!("{other} is no operation"),
    }
}

#[test]
fn golden_edits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/yaml/edits");
    let mut wrong = Vec::new();
    let cases = support::files(&folder, &["op.json"]);
    assert!(cases.len() >= 26, "the cases are there");
    for case in &cases {
        let folder = case.parent().unwrap();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = |file: &str| std::fs::read_to_string(folder.join(file));
        let parsed = read(&text("in.yaml").unwrap());
        let case: Value = serde_json::from_str(&text("op.json").unwrap()).unwrap();
        let ops: Vec<Op> =
            case["ops"].as_array().unwrap().iter().map(|op| golden_op(&parsed.tree, op)).collect();
        let agreed: Vec<NodeId> = match case["agreed"].as_bool() {
            Some(true) => {
                parsed.tree.documents().iter().flat_map(|d| parsed.tree.anchors(d)).map(|a| a.node).collect()
            }
            _ => Vec::new(),
        };
        match (edit(&parsed, &ops, &agreed), text("out.yaml"), case["refused"].as_str()) {
            (Ok(Outcome::Edited(got)), Ok(wanted), _) if got == wanted => {}
            (Ok(Outcome::Refused(refusal)), Err(_), Some(wanted)) if refusal.to_string() == wanted => {}
            (Ok(Outcome::Edited(got)), Ok(wanted), _) => {
                wrong.push(format!("{name}: got\n{got}\nwanted\n{wanted}\n{got:?}"));
            }
            (outcome, ..) => wrong.push(format!("{name}: {outcome:?}")),
        }
    }
    eprintln!("golden edits: {} of {} cases", cases.len() - wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

// Random operations ------------------------------------------------------------------------------

/// A small generator, so that every failure can be repeated from its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (limit.max(1) as u64)).unwrap_or(0)
    }
}

fn random_value(dice: &mut Dice) -> Value {
    match dice.below(16) {
        0 => json!(false),
        1 => json!(1000),
        2 => json!("ALL"),
        3 => json!("yes"),
        4 => json!("0644"),
        5 => json!("a: b # c"),
        6 => json!("ünï 😀\tx"),
        7 => json!("two\nlines\n"),
        8 => json!(null),
        9 => json!({"allowPrivilegeEscalation": false}),
        10 => json!({"capabilities": {"drop": ["ALL"]}, "runAsUser": 1000}),
        11 => json!(["NET_RAW", "a b"]),
        12 => json!([{"name": "x", "list": [1, {"k": "v"}, []]}, "y"]),
        13 => json!({}),
        14 => json!(1.5),
        _ => json!("- x"),
    }
}

fn random_op(tree: &SpanTree, dice: &mut Dice) -> Option<Op> {
    let node = tree.nodes().nth(dice.below(tree.len()))?;
    let key_of = |dice: &mut Dice, map: NodeId| {
        let pairs: Vec<_> = tree.pairs(map).collect();
        let (key, _) = *pairs.get(dice.below(pairs.len()))?;
        Some(tree.key_text(key)?.into_owned())
    };
    let keys = ["securityContext", "zz.top/x", "on", "a b: c", "hostPID"];
    let new_key = |dice: &mut Dice| keys[dice.below(keys.len())].to_owned();
    Some(match tree.kind(node) {
        Kind::Mapping(_) => match dice.below(6) {
            0..=2 => Op::Add { map: node, key: new_key(dice), value: random_value(dice), before: &[] },
            3 => Op::Remove { map: node, key: key_of(dice, node)? },
            4 => Op::Rename { map: node, key: key_of(dice, node)?, to: new_key(dice) },
            _ => Op::Replace { node, value: random_value(dice) },
        },
        Kind::Sequence(_) => match dice.below(4) {
            0 | 1 => Op::Append { seq: node, value: random_value(dice) },
            2 => Op::RemoveItem { seq: node, index: dice.below(tree.children(node).len()) },
            _ => Op::Replace { node, value: random_value(dice) },
        },
        Kind::Scalar(_) if tree.text(node).is_empty() => {
            Op::Add { map: node, key: new_key(dice), value: random_value(dice), before: &[] }
        }
        // Keys are renamed, but for a few that are replaced in vain.
        Kind::Scalar(_) | Kind::Alias if tree.indicator(node).is_none() && dice.below(20) > 0 => {
            let map = tree.parent(node).filter(|&parent| tree.kind(parent).is_mapping())?;
            Op::Rename { map, key: tree.key_text(node)?.into_owned(), to: new_key(dice) }
        }
        Kind::Scalar(_) | Kind::Alias => Op::Replace { node, value: random_value(dice) },
    })
}

fn random_ops(tree: &SpanTree, dice: &mut Dice) -> Vec<Op> {
    let count = [1, 1, 1, 2, 3, 6][dice.below(6)];
    (0..count).filter_map(|_| random_op(tree, dice)).collect()
}

/// The eight shapes in which a document is edited.
fn shapes(document: &str) -> Vec<String> {
    let cut = document.trim_end_matches('\n');
    vec![
        document.to_owned(),
        format!("---\n{document}"),
        format!("--- # head\n{document}"),
        format!("{document}...\n"),
        format!("# only a comment\n---\n{document}---\n# another\n"),
        format!("\u{feff}{document}"),
        document.replace('\n', "\r\n"),
        cut.to_owned(),
        format!("a: 1 # x\n---\n{document}---\nz: [1]\n"),
    ]
}

fn check_random(text: &str, seed: u64, rounds: usize) -> Result<[usize; 2], String> {
    let parsed = read(text);
    let mut counts = [0; 2];
    if parsed.tree.is_empty() {
        return Ok(counts);
    }
    let mut dice = Dice(seed | 1);
    for _ in 0..rounds {
        let ops = random_ops(&parsed.tree, &mut dice);
        match edit(&parsed, &ops, &[]) {
            Ok(Outcome::Edited(_)) => counts[0] += 1,
            Ok(Outcome::Refused(_)) => counts[1] += 1,
            Err(message) => {
                let shown: Vec<String> = ops.iter().map(|op| describe(&parsed.tree, op)).collect();
                return Err(format!("{message}\nops: {shown:#?}\ntext: {text:?}"));
            }
        }
    }
    Ok(counts)
}

fn describe(tree: &SpanTree, op: &Op) -> String {
    let node = match op {
        Op::Add { map, .. } | Op::Remove { map, .. } | Op::Rename { map, .. } => *map,
        Op::Replace { node, .. } => *node,
        Op::RemoveItem { seq, .. } | Op::Append { seq, .. } => *seq,
    };
    format!("{op:?} at `{}` {:?}", tree.path(node), tree.source().slice(tree.span(node)))
}

// Generated documents ----------------------------------------------------------------------------

fn scalar_text() -> impl Strategy<Value = String> {
    let texts = [
        "nginx:1.25",
        "true",
        "yes",
        "0644",
        "'single'",
        "\"dou\\tble\"",
        "ünï",
        "😀 emoji",
        "a\tb",
        "",
        "~",
        "x # c",
        "|\n@  text\n@  more",
        ">-\n@  fold\n@  ed",
        "|+\n@  keep\n\n",
        "{}",
        "[]",
        "{a: 1, b: [x, \"y\"]}",
        "[ A, B ] # list",
        "{a: 1,\n@  b: 2}",
        "[\n@  x,\n@  y # c\n@  ]",
        "${VAR}",
        "&anc v",
        "'multi\n@  line'",
        "&map {k: v}",
        "!!str 5",
    ];
    prop::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

#[derive(Clone, Debug)]
enum Shape {
    Scalar(String),
    Map(Vec<(String, Shape)>),
    Seq(Vec<Shape>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let keys = ["name", "image", "ünï", "a.b/c", "'q k'", "\"d\"", "spec", "x-y", "caps", "\"😀\""];
    let key = prop::sample::select(keys.to_vec()).prop_map(str::to_owned);
    scalar_text().prop_map(Shape::Scalar).prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec((key.clone(), inner.clone()), 1..4).prop_map(Shape::Map),
            prop::collection::vec(inner, 1..4).prop_map(Shape::Seq),
        ]
    })
}

/// Writes a shape as block lines with the given habits.
fn write(shape: &Shape, column: usize, step: usize, list_step: usize, comments: bool, output: &mut String) {
    let pad = " ".repeat(column);
    let comment = |at: usize| {
        if comments && at.is_multiple_of(2) { format!("{pad}# note {at} ü\n") } else { String::new() }
    };
    match shape {
        Shape::Scalar(text) => {
            output.push_str(&text.replace('@', &pad));
            output.push('\n');
        }
        Shape::Map(entries) => {
            let mut seen = Vec::new();
            for (at, (key, value)) in entries.iter().enumerate() {
                if seen.contains(key) {
                    continue;
                }
                seen.push(key.clone());
                if at > 0 {
                    output.push_str(&comment(at));
                    output.push_str(&pad);
                }
                output.push_str(key);
                output.push(':');
                below(
                    value,
                    column,
                    if matches!(value, Shape::Seq(_)) { list_step } else { step },
                    (step, list_step),
                    comments,
                    output,
                );
            }
        }
        Shape::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    output.push_str(&comment(at));
                    output.push_str(&pad);
                }
                output.push_str("- ");
                write(item, column + 2, step, list_step, comments, output);
            }
        }
    }
}

fn below(
    value: &Shape,
    column: usize,
    by: usize,
    steps: (usize, usize),
    comments: bool,
    output: &mut String,
) {
    if let Shape::Scalar(_) = value {
        output.push(' ');
        write(value, column, steps.0, steps.1, comments, output);
    } else {
        output.push_str(if comments && column.is_multiple_of(4) { " # why 😀\n" } else { "\n" });
        output.push_str(&" ".repeat(column + by));
        write(value, column + by, steps.0, steps.1, comments, output);
    }
}

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 400 };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn random_edits_of_generated_documents(
        shape in shape(),
        step in 1..5usize,
        list_step in 0..4usize,
        comments in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let root = match shape {
            Shape::Map(_) => shape,
            other => Shape::Map(vec![("first".to_owned(), Shape::Scalar("é\t😀".to_owned())), ("root".to_owned(), other)]),
        };
        let mut document = String::new();
        write(&root, 0, step, list_step, comments, &mut document);
        for text in shapes(&document) {
            check_random(&text, seed, 4).map_err(TestCaseError::fail)?;
        }
    }
}

// Real files -------------------------------------------------------------------------------------

#[test]
fn random_edits_of_real_files() {
    let Some(folder) = support::corpus("manifests-open") else { return };
    let rounds =
        std::env::var("SEAWORTHY_EDIT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2);
    let (mut edited, mut refused, mut files, mut wrong) = (0, 0, 0, Vec::new());
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    // One file in four, unless all are asked for: it is the longest test of all.
    let step = if std::env::var("SEAWORTHY_CORPUS").is_ok_and(|what| what == "all") { 1 } else { 4 };
    for (at, path) in support::files(&folder, &[".yaml", ".yml"]).iter().enumerate().step_by(step) {
        let Some(text) = std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            continue;
        };
        if text.len() > 200_000 {
            continue;
        }
        files += 1;
        let copies =
            [text.clone(), text.replace("\r\n", "\n").replace('\n', "\r\n"), text.trim_end().to_owned()];
        for (copy, text) in copies.iter().enumerate() {
            let parsed = read(text);
            if parsed.tree.is_empty() {
                continue;
            }
            let mut dice = Dice((at as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ copy as u64);
            for _ in 0..rounds {
                let ops = random_ops(&parsed.tree, &mut dice);
                match edit(&parsed, &ops, &[]) {
                    Ok(Outcome::Edited(_)) => edited += 1,
                    Ok(Outcome::Refused(refusal)) => {
                        refused += 1;
                        let reason = format!("{refusal:?}");
                        let reason = reason.split([' ', '{']).next().unwrap_or("").to_owned();
                        *reasons.entry(reason).or_default() += 1;
                    }
                    Err(message) => {
                        let shown: Vec<String> = ops.iter().map(|op| describe(&parsed.tree, op)).collect();
                        wrong.push(format!("{} (copy {copy}): {shown:#?}\n{message}", path.display()));
                    }
                }
            }
        }
    }
    eprintln!(
        "{files} files: {edited} edited, {refused} refused, {} wrong; refused: {reasons:?}",
        wrong.len()
    );
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{}", wrong.join("\n======\n"));
}

#[test]
fn a_refused_plan_says_who_shares_the_value() {
    let parsed = read("a: &x {k: v}\nb: *x\nc: *x\n");
    let tree = &parsed.tree;
    let root = tree.documents()[0].root.unwrap();
    let map = tree.get(root, "a").unwrap();
    let op = Op::Add { map, key: "z".to_owned(), value: json!(1), before: &[] };
    match plan(tree, std::slice::from_ref(&op)) {
        Err(Refusal::SharedAnchor { users, name, .. }) => assert_eq!((users.len(), name.as_str()), (3, "x")),
        other => panic!("{other:?}"),
    }
    let through =
        Op::Add { map: tree.get(root, "b").unwrap(), key: "z".to_owned(), value: json!(1), before: &[] };
    assert!(matches!(plan(tree, &[through]), Err(Refusal::Alias { .. })));
    let edits = plan_shared(tree, &[op], &[map]).unwrap();
    assert_eq!(edits.apply(tree.source().text()), "a: &x {k: v, z: 1}\nb: *x\nc: *x\n");
}
