//! Hostile files end in a clear problem and bounded memory, in time linear in their size. Nothing
//! here measures time; a quadratic step would make these tests take minutes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::fmt::Write as _;
use std::sync::Arc;

use seaworthy::source::{Limits, ProblemKind, Source};
use seaworthy::yaml::{DocumentState, Op, Parsed, parse, plan};
use serde_json::json;

fn read(text: &str) -> Parsed {
    parse(&Arc::new(Source::new("hostile.yaml", text)), &Limits::default())
}

/// The document is refused, and a problem says why.
fn refused(text: &str, why: &str) {
    let parsed = read(text);
    let told = parsed
        .problems
        .iter()
        .any(|problem| problem.kind == ProblemKind::NotChecked && problem.message.contains(why));
    let few: Vec<&str> = parsed.problems.iter().take(3).map(|problem| problem.message.as_str()).collect();
    assert!(told, "{why}: {few:?}");
    assert!(parsed.tree.documents().iter().any(|document| document.state == DocumentState::Refused));
    assert!(parsed.tree.len() <= Limits::default().nodes);
}

fn accepted(text: &str) -> Parsed {
    let parsed = read(text);
    let few: Vec<_> = parsed.problems.iter().take(3).collect();
    assert!(!parsed.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked), "{few:?}");
    parsed
}

#[test]
fn nesting() {
    refused(&"[".repeat(100_000), "nested deeper than 128");
    refused(&"{a: ".repeat(50_000), "nested deeper than 128");
    refused(&format!("x: {}", "{\"a\": ".repeat(50_000)), "nested deeper than 128");
    refused(&"- ".repeat(50_000), "nested deeper than 128");
    refused(&"? ".repeat(50_000), "nested deeper than 128");
    let deep: String = (0..3000).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    refused(&deep, "nested deeper than 128");
    refused(&format!("{{\"a\": {}", "[".repeat(100_000)), "nested deeper than 128");
}

#[test]
fn aliases() {
    let mut laughs = "x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..10 {
        let before = format!("*x{}, ", level - 1).repeat(9);
        let _ = writeln!(laughs, "x{level}: &x{level} [{before}]");
    }
    refused(&laughs, "excessive aliasing");
    refused("a: &a\n  b: *a\n", "inside its own anchor");
    refused("a: *b\nb: &b 1\n", "no anchor");
    // Every line stands for all lines before it.
    let chain: String = (1..2000).map(|at| format!("k{at}: &k{at} [*k{}]\n", at - 1)).collect();
    refused(&format!("k0: &k0 []\n{chain}"), "aliases nest deeper");
    let merges: String =
        (1..2000).map(|at| format!("k{at}: &k{at} {{<<: *k{}, a{at}: 1}}\n", at - 1)).collect();
    refused(&format!("k0: &k0 {{}}\n{merges}"), "aliases nest deeper");
    // One large value used often.
    let quadratic = format!("big: &big [{}]\nall: [{}]\n", "x, ".repeat(10_000), "*big, ".repeat(10_000));
    refused(&quadratic, "alias");
    // Many anchors and aliases that stand for little are fine.
    let many: String = (0..20_000).map(|at| format!("- &a{at} x\n- *a{at}\n")).collect();
    accepted(&many);
}

#[test]
fn size() {
    let text = "x".repeat(5 << 20);
    accepted(&format!("a: {text}\n"));
    accepted(&format!("a: \"{text}\"\n"));
    accepted(&format!("a: |\n  {text}\n"));
    accepted(&format!("a: {}\n", "x ".repeat(2 << 20)));
    accepted(&format!("a:\n{}", "  x\n".repeat(1 << 20)));
    refused(&format!("a: \"{text}\n"), "never ends");
    refused(&format!("a: '{}\n", "''".repeat(1 << 20)), "never ends");
    refused(&format!("a: [{}", "x, ".repeat(500_000)), "never closed");
    accepted(&"# comment\n".repeat(200_000));
    accepted(&" ".repeat(5 << 20));
    accepted(&"\n".repeat(5 << 20));
    let keys: String = (0..500_000).fold(String::new(), |mut text, at| {
        let _ = writeln!(text, "k{at}: v");
        text
    });
    let parsed = accepted(&keys);
    let root = parsed.tree.documents()[0].root.unwrap();
    assert_eq!(parsed.tree.entries(root).len(), 500_000);
    let edits =
        plan(&parsed.tree, &[Op::Add { map: root, key: "new".to_owned(), value: json!(1), before: &[] }])
            .unwrap();
    assert_eq!(edits.as_slice().len(), 1);
}

#[test]
fn many_documents() {
    let parsed = accepted(&"a: 1\n---\n".repeat(200_000));
    assert_eq!(parsed.tree.documents().len(), 200_001);
    accepted(&"---\n".repeat(1_000_000));
    let parsed = read(&"a: [\n---\n".repeat(100_000));
    assert_eq!(parsed.problems.len(), 100_000);
    accepted(&"{\"a\": 1} ".repeat(200_000));
}

#[test]
fn repetition() {
    // Duplicate keys on one line: few problems, and no line is counted over and over.
    let parsed = accepted(&format!("x: {{{}}}\n", "a: 1, ".repeat(300_000)));
    assert!(parsed.problems.len() < 200);
    accepted(&".inf: 1\n".repeat(200_000));
    // Flow entries that are no keys, on lines near the longest simple key.
    let line = format!("- [{}]\n", "é,".repeat(1000));
    accepted(&line.repeat(1000));
    accepted(&format!("x: [{}]\n", "{a}, ".repeat(300_000)));
    accepted(&"- - - - a\n".repeat(200_000));
    refused(&"a: b: c\n".repeat(300_000), "second `:`");
    refused(&"a\n".repeat(300_000).replace("a\n", "a:\n\tb\n"), "tab");
    accepted(&format!("a: \"{}\"\n", "\\u00e9".repeat(500_000)));
    accepted(&format!("a: >\n{}", "  x\n\n".repeat(300_000)));
    accepted(&format!("a: |+\n  x\n{}", "\n".repeat(2_000_000)));
}

#[test]
fn odd_bytes() {
    for text in [
        "", "\u{feff}", "a", "\n", "-", "?", ":", "---", "...", "%", "\"", "'", "|", ">", "&", "*", "!",
        "\r", "\t",
    ] {
        let parsed = read(text);
        assert!(parsed.tree.documents().len() <= 2, "{text:?}");
    }
    refused("a: \u{1b}[0m\n", "control character");
    refused("a: 1\n\tb: 2\n", "tab");
    refused("%YAML 1.1\n---\na: 1\n", "directive");
    assert!(Source::from_bytes("x", b"a: \0").is_err());
    assert!(Source::from_bytes("x", b"a: \xff").is_err());
    assert!(Source::from_bytes("x", b"\xff\xfea\0").is_err());
}

#[test]
fn node_limit() {
    let limits = Limits { nodes: 1000, ..Limits::default() };
    let source = Arc::new(Source::new("many.yaml", "- x\n".repeat(5000)));
    let parsed = parse(&source, &limits);
    assert!(parsed.tree.is_empty());
    assert!(parsed.problems[0].message.contains("more than 1000 nodes"));
}
