//! YAML as Kubernetes reads it, row by row against what Kubernetes' own libraries say.
//!
//! `testdata/yaml/` has our own rows and always runs; the full tables are read from the shared
//! folder where it is present.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    clippy::cmp_owned,
    missing_docs
)]
mod support;

use std::sync::Arc;

use seaworthy::source::{Limits, ProblemKind, Source, SourceError};
use seaworthy::yaml::{
    DocumentState, IntOrString, JsonType, NodeId, Parsed, Quantity, Reading, SpanTree, parse,
};
use serde_json::Value;

fn read(text: &str) -> Parsed {
    parse(&Arc::new(Source::new("t.yaml", text)), &Limits { depth: 10_000, ..Limits::default() })
}

fn refused(parsed: &Parsed) -> bool {
    parsed.tree.documents().iter().any(|document| document.state == DocumentState::Refused)
}

/// The root of the first document that holds something.
fn root(parsed: &Parsed) -> Option<NodeId> {
    parsed.tree.documents().iter().find_map(|document| document.root)
}

/// Numbers compare by value: the tables print them as Go does.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (x, y) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            // serde_json reads the last digit of a float inexactly.
            let close = (x - y).abs() <= x.abs() * f64::EPSILON;
            a.as_i64().zip(b.as_i64()).map_or(close, |(a, b)| a == b)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn json(cell: &str) -> Value {
    serde_json::from_str(cell).unwrap_or_else(|error| panic!("{cell}: {error}"))
}

/// One row of the scalar table: column name to cell.
struct Row<'a> {
    head: &'a [&'a str],
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    fn cell(&self, name: &str) -> &'a str {
        let at = self.head.iter().position(|head| *head == name).expect("a column");
        self.cells[at]
    }
}

/// What differs in a row, if anything.
fn scalar_row(row: &Row<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = json(row.cell("text"));
    let text = text.as_str().expect("a string");
    value_column(row, text, &mut wrong);
    key_column(row.cell("key"), text, &mut wrong);
    wrong
}

fn value_column(row: &Row<'_>, text: &str, wrong: &mut Vec<String>) {
    let parsed = read(&format!("v: {text}\n"));
    let expected = row.cell("json");
    if let Some(either) = expected.strip_prefix("!random: ") {
        let node = root(&parsed).and_then(|root| parsed.tree.get(root, "v")).expect("a value");
        let got = parsed.tree.to_json(node).expect("small");
        if !either.split(" or ").any(|one| same(&json(one), &got)) || parsed.problems.is_empty() {
            wrong.push(format!("json: {got}, expected {expected} and a problem"));
        }
        return;
    }
    if expected.starts_with('!') {
        let told = parsed.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
        if !refused(&parsed) || !told {
            wrong.push(format!("json: read, expected {expected}"));
        }
        return;
    }
    let Some(node) = root(&parsed).and_then(|root| parsed.tree.get(root, "v")) else {
        wrong.push(format!("json: {:?}, expected {expected}", parsed.problems));
        return;
    };
    let tree = &parsed.tree;
    let got = tree.to_json(node).expect("small");
    if !same(&json(expected), &got) {
        wrong.push(format!("json: {got}, expected {expected}"));
    }
    if !row.head.contains(&"sent") {
        return;
    }
    if !same(&json(row.cell("sent")), &got) {
        wrong.push(format!("sent: {got}, expected {}", row.cell("sent")));
    }
    if tree.is_unknown(node) {
        // Kubernetes would take the text as it is; for us it is not known yet.
        return;
    }
    typed_columns(row, tree, node, wrong);
}

fn typed_columns(row: &Row<'_>, tree: &SpanTree, node: NodeId, wrong: &mut Vec<String>) {
    let sent = row.cell("sent");
    fn show<T: Into<Value>>(reading: Reading<T>, zero: Value, sent: &str, into: &str) -> String {
        match reading {
            Reading::Null => zero.to_string(),
            Reading::Value(value) => value.into().to_string(),
            Reading::Unknown => "unknown".to_owned(),
            Reading::Wrong(JsonType::Number) if into.starts_with("int") => {
                format!("!number {sent} into {into}")
            }
            Reading::Wrong(found) => {
                let name = match found {
                    JsonType::Bool => "bool",
                    JsonType::Number => "number",
                    JsonType::String => "string",
                    JsonType::Array => "array",
                    JsonType::Object => "object",
                };
                format!("!{name} into {into}")
            }
        }
    }
    let int_or_string = match tree.read_int_or_string(node) {
        Reading::Value(IntOrString::Int(value)) => value.to_string(),
        Reading::Value(IntOrString::String(text)) => Value::from(&*text).to_string(),
        Reading::Null => "0".to_owned(),
        Reading::Unknown => "unknown".to_owned(),
        Reading::Wrong(found) => show::<i32>(Reading::Wrong(found), Value::Null, sent, "int32"),
    };
    let text = || match tree.read_string(node) {
        Reading::Value(text) => Reading::Value(text.into_owned()),
        Reading::Null => Reading::Null,
        Reading::Unknown => Reading::Unknown,
        Reading::Wrong(found) => Reading::Wrong(found),
    };
    let got = [
        ("bool", show(tree.read_bool(node), Value::from(false), sent, "bool")),
        ("*bool", show(tree.read_bool(node), Value::Null, sent, "bool")),
        ("int32", show(tree.read_int32(node), Value::from(0), sent, "int32")),
        ("*int64", show(tree.read_int64(node), Value::Null, sent, "int64")),
        ("string", show(text(), Value::from(""), sent, "string")),
        ("label", show(text(), Value::from(""), sent, "string")),
        ("intOrString", int_or_string),
    ];
    for (column, got) in got {
        let expected = row.cell(column);
        let equal = match serde_json::from_str::<Value>(expected) {
            Ok(expected) => serde_json::from_str::<Value>(&got).is_ok_and(|got| same(&got, &expected)),
            Err(_) => expected == got,
        };
        if !equal {
            wrong.push(format!("{column}: {got}, expected {expected}"));
        }
    }
    let expected = row.cell("quantity");
    let quantity = tree.read_quantity(node);
    let equal = match expected.strip_prefix('!') {
        Some(_) => matches!(quantity, Reading::Wrong(_)),
        None => {
            let expected: Quantity = json(expected).as_str().unwrap_or("").parse().expect("canonical");
            match quantity {
                Reading::Value(got) => got == expected,
                Reading::Null => expected.is_zero(),
                _ => false,
            }
        }
    };
    if !equal {
        wrong.push(format!("quantity: {quantity:?}, expected {expected}"));
    }
}

fn key_column(expected: &str, text: &str, wrong: &mut Vec<String>) {
    // A line that begins with `---` never reaches the parser the table asked.
    if expected == "-" || text.starts_with("---") {
        return;
    }
    // Behind a comment nothing is taken for a JSON stream: the table asked the parser alone.
    let before = if text.starts_with('{') { "# c\n" } else { "" };
    let parsed = read(&format!("{before}{text}: 1\n"));
    let got = root(&parsed).map(|root| parsed.tree.to_json(root).expect("small"));
    let one_key = match &got {
        Some(Value::Object(map)) if map.len() == 1 => map.iter().next(),
        _ => None,
    };
    let right = if refused(&parsed) {
        expected.starts_with('!')
            && !expected.starts_with("!no mapping")
            && !expected.starts_with("!not one key")
    } else if let Some(json) = expected.strip_prefix("!no mapping: ") {
        same(&self::json(json), got.as_ref().unwrap_or(&Value::Null))
    } else if let Some(json) = expected.strip_prefix("!not one key: ") {
        same(&self::json(json), got.as_ref().unwrap_or(&Value::Null))
    } else {
        one_key.is_some_and(|(key, value)| {
            json(expected) == Value::from(key.as_str()) && *value == Value::from(1)
        })
    };
    if !right {
        wrong.push(format!("key: {got:?} {:?}, expected {expected}", parsed.problems));
    }
}

fn scalar_table(name: &str, table: &str) {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in lines {
        let row = Row { head: &head, cells: line.split('\t').collect() };
        rows += 1;
        let differences = scalar_row(&row);
        if !differences.is_empty() {
            wrong.push(format!("{}: {}", row.cell("text"), differences.join("; ")));
        }
    }
    eprintln!("{name}: {} of {rows} rows agree", rows - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scalars_of_our_own_table() {
    scalar_table("testdata/yaml/scalars.tsv", include_str!("../testdata/yaml/scalars.tsv"));
}

#[test]
fn scalars_as_kubernetes_reads_them() {
    if let Some(path) = support::shared("corpus/yaml-scalars.tsv") {
        scalar_table("yaml-scalars.tsv", &std::fs::read_to_string(path).expect("readable"));
    }
}

/// The bytes of a row of the split table.
fn input(encoding: &str, cell: &str) -> Vec<u8> {
    let value = json(cell);
    match encoding {
        "utf8" => value.as_str().expect("a string").as_bytes().to_vec(),
        "bytes" => {
            let text = value.as_str().expect("a string");
            text.chars().map(|c| u8::try_from(u32::from(c)).expect("a byte")).collect()
        }
        _ => {
            let part = |at: usize| value[at].as_str().expect("a string").to_owned();
            let times = usize::try_from(value[2].as_u64().expect("a number")).expect("small");
            (part(0) + &part(1).repeat(times) + &part(3)).into_bytes()
        }
    }
}

/// What kubectl's unstructured decoder makes of one document: objects, or its refusal.
fn objects(json: &Value) -> Result<Vec<Value>, &'static str> {
    let Value::Object(map) = json else { return Err("decode") };
    let Some(kind) = map.get("kind").and_then(Value::as_str) else { return Err("decode") };
    let Some(items) = map.get("items") else { return one(json).map(|object| vec![object]) };
    let Value::Array(items) = items else {
        return if items.is_null() { Ok(Vec::new()) } else { Err("decode") };
    };
    let inner = kind.strip_suffix("List").filter(|inner| !inner.is_empty());
    let mut found = Vec::new();
    for item in items {
        let Value::Object(fields) = item else {
            if item.is_null() {
                continue;
            }
            return Err("decode");
        };
        let mut fields = fields.clone();
        if let (Some(inner), None) = (inner, fields.get("kind")) {
            fields.insert("kind".into(), inner.into());
            fields.insert("apiVersion".into(), map.get("apiVersion").cloned().unwrap_or_default());
        }
        if fields.contains_key("items") {
            return Err("decode");
        }
        if fields.contains_key("kind") {
            found.push(one(&Value::Object(fields))?);
        }
    }
    Ok(found)
}

fn one(object: &Value) -> Result<Value, &'static str> {
    let text = |value: &Value| value.is_string() || value.is_null();
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let labels = metadata.get("labels").and_then(Value::as_object);
    let fits = (metadata.is_object() || metadata.is_null())
        && metadata.get("name").is_none_or(text)
        && labels.is_none_or(|labels| labels.values().all(text));
    if fits { Ok(object.clone()) } else { Err("decode") }
}

/// What differs in a row of the split table.
fn split_row(row: &Row<'_>) -> Vec<String> {
    let bytes = input(row.cell("encoding"), row.cell("input"));
    let source = match Source::from_bytes("t.yaml", bytes) {
        Ok(source) => Arc::new(source),
        Err(error) => {
            // kubectl reads UTF-16 with a mark and invalid UTF-8, we say why we do not; a NUL is
            // refused by both.
            let known = row.cell("encoding") == "bytes" || matches!(error, SourceError::Nul { .. });
            return if known { Vec::new() } else { vec![format!("not read: {error}")] };
        }
    };
    let parsed = parse(&source, &Limits { depth: 10_000, ..Limits::default() });
    let mut found = Found::default();
    for document in parsed.tree.documents() {
        found.document(&parsed.tree, document);
    }
    found.differences(row, &parsed)
}

/// What kubectl would get of a source, by our tree.
#[derive(Default)]
struct Found {
    objects: Vec<Value>,
    lines: Vec<usize>,
    stage: &'static str,
    behind: usize,
}

impl Found {
    fn document(&mut self, tree: &SpanTree, document: &seaworthy::yaml::TreeDocument) {
        let line = tree.source().line_column(document.first_line as usize).line as usize;
        match (document.state, document.root) {
            (DocumentState::Refused, _) if self.stage != "read" => self.stage = "read",
            (DocumentState::Read, Some(root)) => {
                let Ok(json) = tree.to_json(root) else { return };
                match objects(&json) {
                    Ok(objects) if self.stage == "read" => self.behind += objects.len(),
                    Ok(objects) => {
                        self.lines.extend(objects.iter().map(|_| line));
                        self.objects.extend(objects);
                    }
                    Err(_) if self.stage.is_empty() => self.stage = "decode",
                    Err(_) => {}
                }
            }
            _ => {}
        }
    }

    fn differences(&self, row: &Row<'_>, parsed: &Parsed) -> Vec<String> {
        let mut wrong = Vec::new();
        let expected: usize = row.cell("objects").parse().expect("a number");
        if self.objects.len() != expected {
            wrong.push(format!("objects: {}, expected {expected}", self.objects.len()));
        }
        // 0 stands for a line that is not known, `!` for the one that is refused.
        let lines: Vec<&str> = row.cell("lines").split(',').filter(|line| !line.is_empty()).collect();
        let lines = lines.iter().filter(|line| !line.starts_with('!'));
        for (got, expected) in self.lines.iter().zip(lines) {
            // The table counts the first of several separators in a row twice.
            let known = *expected != "0" && row.cell("name") != "many-markers";
            if known && got.to_string() != *expected {
                wrong.push(format!("lines: {:?}, expected {}", self.lines, row.cell("lines")));
                break;
            }
        }
        let stage = row.cell("error_stage");
        if stage == "read" || self.stage == "read" {
            let told = parsed.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
            if self.stage != stage || !told {
                wrong.push(format!("stage: {:?}, expected {stage:?}", self.stage));
            }
        }
        if self.behind.to_string() != row.cell("objects_after_error") {
            wrong.push(format!("behind: {}, expected {}", self.behind, row.cell("objects_after_error")));
        }
        let duplicates = parsed.problems.iter().any(|problem| problem.message.contains("key `"));
        let random = row.cell("first_json").starts_with("random");
        if duplicates == (row.cell("duplicates").is_empty() && !random) {
            wrong.push(format!("duplicates: {:?}", parsed.problems));
        }
        let first = row.cell("first_json");
        let first = first.strip_prefix("random: ").unwrap_or(first);
        if let Some(got) = self.objects.first()
            && !first.contains(&"[".repeat(128))
            && !first.ends_with("...")
            && !first.split(" or ").any(|one| serde_json::from_str(one).is_ok_and(|one| same(&one, got)))
        {
            wrong.push(format!("first: {got}, expected {first}"));
        }
        wrong
    }
}

fn split_table(name: &str, table: &str) {
    let mut lines = table.lines();
    let head: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let (mut rows, mut wrong) = (0, Vec::new());
    for line in lines {
        let row = Row { head: &head, cells: line.split('\t').collect() };
        rows += 1;
        let differences = split_row(&row);
        if !differences.is_empty() {
            let text: String = differences.join("; ").chars().take(600).collect();
            wrong.push(format!("{}: {text}", row.cell("name")));
        }
    }
    eprintln!("{name}: {} of {rows} rows agree", rows - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_as_kubectl_splits_them() {
    let Some(path) = support::shared("corpus/yaml-split.tsv") else { return };
    let table = std::fs::read_to_string(path).expect("readable");
    // One row nests 9,000 levels; JSON values of that depth need stack.
    let run = move || split_table("yaml-split.tsv", &table);
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no failure");
}
