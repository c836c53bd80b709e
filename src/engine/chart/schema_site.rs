//! Keys that a chart's values.schema.json has to allow before its values may have them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::source::{Limits, Source, TextEdits};
use crate::yaml::{self, NodeId, Op, Scalar, SpanTree};

use super::values_site::ValuesChange;

/// The edits of a schema that name the keys which a change of values brings, where the schema allows no others than
/// those it names. `None` where it allows them as it is, or is not so plain; then the render tells.
pub(super) fn edits(
    tree: &SpanTree,
    path: &[String],
    change: &ValuesChange,
    limits: &Limits,
) -> Option<TextEdits> {
    let value = match change {
        ValuesChange::Merge(entries) | ValuesChange::Exchange { entries, .. } => {
            Value::Object(entries.clone())
        }
        ValuesChange::Set(value) => value.clone(),
        ValuesChange::Append(_) | ValuesChange::Remove => return None,
    };
    let value = path
        .iter()
        .rev()
        .fold(value, |value, key| Value::Object(std::iter::once((key.clone(), value)).collect()));
    let root = tree.documents().first()?.root?;
    let mut ops = Vec::new();
    below(tree, tree.resolve(root), &value, &mut ops);
    if ops.is_empty() {
        return None;
    }
    let edits = yaml::plan(tree, &ops).ok()?;
    let text = edits.apply(tree.source().text());
    serde_json::from_str::<Value>(&text).ok()?;
    let after = Arc::new(Source::new(Arc::clone(tree.source().name()), text));
    yaml::verify(tree, &ops, &yaml::parse_stream(&after, limits).tree).ok()?;
    Some(edits)
}

fn below(tree: &SpanTree, schema: NodeId, value: &Value, ops: &mut Vec<Op>) {
    let Value::Object(entries) = value else { return };
    let of = |key: &str| tree.get(schema, key).map(|node| tree.resolve(node));
    let named = of("properties").filter(|node| tree.kind(*node).is_mapping());
    let closed = of("additionalProperties")
        .is_some_and(|node| matches!(tree.scalar(node), Some(Scalar::Bool(false))))
        && of("patternProperties").is_none();
    let mut new = Map::new();
    for (key, inner) in entries {
        match named.and_then(|named| tree.get(named, key)) {
            Some(known) => below(tree, tree.resolve(known), inner, ops),
            None if closed => {
                new.insert(key.clone(), schema_of(inner));
            }
            None => {}
        }
    }
    match named {
        Some(map) => ops.extend(new.into_iter().map(|(key, value)| Op::Add { map, key, value, before: &[] })),
        None if !new.is_empty() => {
            ops.push(Op::Add {
                map: schema,
                key: "properties".to_owned(),
                value: Value::Object(new),
                before: &[],
            });
        }
        None => {}
    }
}

/// The types of a value, and of what is in it.
fn schema_of(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(_) => json!({ "type": "boolean" }),
        Value::Number(number) if number.is_f64() => json!({ "type": "number" }),
        Value::Number(_) => json!({ "type": "integer" }),
        Value::String(_) => json!({ "type": "string" }),
        Value::Array(items) => match items.first() {
            Some(first) => json!({ "type": "array", "items": schema_of(first) }),
            None => json!({ "type": "array" }),
        },
        Value::Object(entries) => {
            let of = |(key, value): (&String, &Value)| (key.clone(), schema_of(value));
            json!({ "type": "object", "properties": entries.iter().map(of).collect::<Map<_, _>>() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extended(schema: &str, path: &[&str], entries: Value) -> Option<String> {
        let limits = Limits::default();
        let source = Arc::new(Source::new("values.schema.json", schema));
        let tree = yaml::parse_stream(&source, &limits).tree;
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        let change = ValuesChange::Merge(entries.as_object().unwrap().clone());
        edits(&tree, &path, &change, &limits).map(|edits| edits.apply(schema))
    }

    #[test]
    fn a_closed_schema_gets_the_keys_and_their_types() {
        let schema = "{\n  \"properties\": {\n    \"web\": {\n      \"properties\": {\n        \"a\": {}\n      },\n      \
                      \"additionalProperties\": false\n    }\n  }\n}\n";
        let after = extended(schema, &["web"], json!({ "b": { "drop": ["ALL"] } })).unwrap();
        let read: Value = serde_json::from_str(&after).unwrap();
        let wanted = json!({
            "type": "object",
            "properties": { "drop": { "type": "array", "items": { "type": "string" } } },
        });
        assert_eq!(read.pointer("/properties/web/properties/b"), Some(&wanted));
        assert!(after.starts_with(&schema[..schema.find("\"a\"").unwrap()]), "{after}");
    }

    #[test]
    fn an_open_schema_and_one_of_patterns_stay() {
        assert_eq!(extended("{\"properties\": {}}", &[], json!({ "a": 1 })), None);
        let patterns = "{\"patternProperties\": {\"^x\": {}}, \"additionalProperties\": false}";
        assert_eq!(extended(patterns, &[], json!({ "a": 1 })), None);
        let known = "{\"properties\": {\"a\": {}}, \"additionalProperties\": false}";
        assert_eq!(extended(known, &["a"], json!({ "b": 1 })), None);
    }
}
