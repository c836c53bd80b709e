//! values.schema.json: checks of the coalesced values, in Helm's words.
//!
//! `boon` is a port of the library that Helm uses, by the same author: it gives the same tree of
//! errors with other words, so only the words are ours (`schema_message`).

use std::error::Error;
use std::fmt;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use serde_json::{Number, Value as Json};

use super::schema_message;
use super::value::{Node, Value};
use crate::origin::OriginId;

/// The address under which Helm knows a chart's schema.
const ADDRESS: &str = "file:///values.schema.json";

/// Largest schema that is compiled, in bytes.
const MOST_BYTES: usize = 8 << 20;

/// A schema that can be used.
pub struct CompiledSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl fmt::Debug for CompiledSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompiledSchema")
    }
}

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON or no schema: Helm refuses the chart.
    #[error("{0}")]
    Broken(String),
    /// It needs another file or an address in the network, which is not read.
    #[error("the values were not checked: the schema refers to {0}, which is not read")]
    Remote(String),
    /// It is too large.
    #[error("the values were not checked: the schema is larger than {MOST_BYTES} bytes")]
    TooLarge,
}

/// A place in the values that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer within the chart's values: `/image/tag`.
    pub pointer: String,
    /// What is wrong, in Helm's words.
    pub message: String,
    /// Where the value came from.
    pub origin: OriginId,
}

/// What a check of values found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// The whole text as Helm prints it: one line for each error, nested ones indented.
    pub text: String,
    /// The innermost errors.
    pub leaves: Vec<Violation>,
}

/// Refuses everything but `urn:`, which Helm takes for a schema that allows all.
struct NoFiles;

impl UrlLoader for NoFiles {
    fn load(&self, url: &str) -> Result<Json, Box<dyn Error>> {
        if url.starts_with("urn:") { Ok(Json::Bool(true)) } else { Err("not read".into()) }
    }
}

impl CompiledSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// It is broken, too large, or refers to something that is not read.
    pub fn new(bytes: &[u8]) -> Result<Self, SchemaError> {
        if bytes.len() > MOST_BYTES {
            return Err(SchemaError::TooLarge);
        }
        let json: Json = serde_json::from_slice(bytes).map_err(|error| {
            SchemaError::Broken(match error.is_eof() {
                true if bytes.trim_ascii().is_empty() => "EOF".to_owned(),
                true => "unexpected EOF".to_owned(),
                false => error.to_string(),
            })
        })?;
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(NoFiles));
        compiler.add_resource(ADDRESS, json).map_err(|error| schema_error(&error))?;
        let mut schemas = Schemas::new();
        let index = compiler.compile(ADDRESS, &mut schemas).map_err(|error| schema_error(&error))?;
        Ok(Self { schemas, index })
    }

    /// Checks a chart's values.
    ///
    /// # Errors
    /// What the schema does not allow.
    pub fn validate(&self, values: &Node) -> Result<(), Violations> {
        let json = to_json(values);
        self.schemas
            .validate(&json, self.index)
            .map_err(|error| schema_message::describe(&error, values, &json))
    }
}

fn schema_error(error: &CompileError) -> SchemaError {
    match error {
        CompileError::LoadUrlError { url, .. } | CompileError::UnsupportedUrlScheme { url } => {
            SchemaError::Remote(url.clone())
        }
        CompileError::JsonPointerNotFound(place) => {
            SchemaError::Broken(format!("json-pointer in {place:?} not found"))
        }
        CompileError::ValidationError { url, src } => {
            let tree = schema_message::describe(src, &Node::default(), &Json::Null).text;
            SchemaError::Broken(format!(
                "{:?} is not valid against metaschema: jsonschema validation failed with {}\n{}",
                with_fragment(url),
                schema_message::quote(&with_fragment(src.schema_url)),
                tree.trim_end()
            ))
        }
        other => SchemaError::Broken(other.to_string()),
    }
}

/// An address of a schema as Helm prints it: always with a fragment.
fn with_fragment(url: &str) -> String {
    if url.contains('#') { url.to_owned() } else { format!("{url}#") }
}

/// The values as JSON. Whole numbers are written as such, since that is what a schema's `integer`
/// and the texts of errors mean by a number.
fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) | Value::Int64(value) => Json::from(*value),
        Value::Float(value) => number(*value),
        Value::Str(text) => Json::String(text.to_text().into_owned()),
        Value::List(list) => Json::Array(list.items().iter().map(to_json).collect()),
        Value::Map(map) => map.read(|entries| {
            let entry = |(key, entry): (&super::value::Key, &super::value::Entry)| {
                (String::from_utf8_lossy(key).into_owned(), to_json(&entry.node))
            };
            Json::Object(entries.iter().map(entry).collect())
        }),
        _ => Json::Null,
    }
}

fn number(value: f64) -> Json {
    /// Beyond this a float stands for more than one whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
        return Json::from(value as i64);
    }
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::helm::values::ValuesFile;
    use crate::origin::Origins;
    use crate::source::{Limits, Source};

    fn check(schema: &str, values: &str) -> String {
        let file = ValuesFile::parse(&Arc::new(Source::new("v", values)), &Limits::default()).unwrap();
        let node = file.to_map(&mut Origins::new());
        match CompiledSchema::new(schema.as_bytes()).unwrap().validate(&node) {
            Ok(()) => String::new(),
            Err(violations) => violations.text,
        }
    }

    #[test]
    fn texts_are_helms() {
        for (schema, values, expected) in [
            (r#"{"properties":{"a":{"type":"integer"}}}"#, "a: x", "- at '/a': got string, want integer\n"),
            (r#"{"properties":{"a":{"type":"integer"}}}"#, "a: 1.0", ""),
            (r#"{"required":["a"]}"#, "b: 1", "- at '': missing property 'a'\n"),
            (r#"{"required":["a","c"]}"#, "b: 1", "- at '': missing properties 'a', 'c'\n"),
            (
                r#"{"properties":{"a":{"maximum":65535}}}"#,
                "a: 99999",
                "- at '/a': maximum: got 99,999, want 65,535\n",
            ),
            (
                r#"{"properties":{"a":{"minimum":0.001}}}"#,
                "a: -1234567.5",
                "- at '/a': minimum: got -1.2345675×10⁰⁶, want 0.001\n",
            ),
            (
                r#"{"properties":{"g":{"propertyNames":{"pattern":"^x"}}}}"#,
                "g: {z: 1}",
                "- at '/g': invalid propertyName 'z'\n  - at '': 'z' does not match pattern '^x'\n",
            ),
            (
                r#"{"properties":{"a":{"enum":[1,"two",null]}}}"#,
                "a: 3",
                "- at '/a': value must be one of 1, 'two', <nil>\n",
            ),
            (r#"{"additionalProperties":false}"#, "z: 1", "- at '': additional properties 'z' not allowed\n"),
            (
                r#"{"properties":{"a":{"oneOf":[{"type":"string"},{"type":"null"}]}}}"#,
                "a: 1",
                "- at '/a': 'oneOf' failed, none matched\n  - at '/a': got number, want string\n  - at '/a': got number, want null\n",
            ),
            (
                r##"{"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"string"}}}"##,
                "a: 1",
                "- at '/a': got number, want string\n",
            ),
            (
                r#"{"properties":{"a":{"allOf":[{"type":"string"},{"minimum":0}]}}}"#,
                "a: 1",
                "- at '/a': 'allOf' failed\n  - at '/a': got number, want string\n",
            ),
            (
                r#"{"properties":{"l":{"items":{"oneOf":[{"type":"string"}]}}}}"#,
                "l: [1]",
                "- at '/l/0': 'oneOf' failed, none matched\n  - at '/l/0': got number, want string\n",
            ),
            (
                r#"{"allOf":[{"if":{"required":["l"]},"then":{"required":["z"]}}]}"#,
                "l: [1]",
                "- at '': 'allOf' failed\n  - at '': missing property 'z'\n",
            ),
            (
                r#"{"properties":{"a/b":{"pattern":"^x'"}}}"#,
                "a/b: z",
                "- at '/a~1b': 'z' does not match pattern '^x\\''\n",
            ),
        ] {
            assert_eq!(check(schema, values), expected, "{schema}");
        }
    }

    #[test]
    fn a_schema_that_needs_the_network_or_a_file_is_not_used() {
        for reference in ["https://example.com/s.json", "other.json"] {
            let schema = format!(r#"{{"$ref":"{reference}"}}"#);
            assert!(
                matches!(CompiledSchema::new(schema.as_bytes()), Err(SchemaError::Remote(_))),
                "{reference}"
            );
        }
        assert_eq!(check(r#"{"$ref":"urn:x:y"}"#, "a: 1"), "");
        assert!(
            matches!(CompiledSchema::new(b"{"), Err(SchemaError::Broken(text)) if text == "unexpected EOF")
        );
    }

    #[test]
    fn what_is_no_schema_is_refused_in_helms_words() {
        for (schema, expected) in [
            ("", "EOF"),
            (
                "[]",
                "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed \
                 with 'https://json-schema.org/draft/2020-12/schema#'\n- at '': got array, want boolean or object",
            ),
            (r##"{"$ref":"#/nope"}"##, "json-pointer in \"file:///values.schema.json#/nope\" not found"),
        ] {
            let found = CompiledSchema::new(schema.as_bytes()).unwrap_err();
            assert_eq!(found, SchemaError::Broken(expected.to_owned()), "{schema}");
        }
    }

    #[test]
    fn a_violation_knows_where_its_value_is_written() {
        let mut origins = Origins::new();
        let text = "a:\n  - b: x\n";
        let file = ValuesFile::parse(&Arc::new(Source::new("v", text)), &Limits::default()).unwrap();
        let node = file.to_map(&mut origins);
        let schema = r#"{"properties":{"a":{"items":{"properties":{"b":{"type":"number"}}}}}}"#;
        let violations = CompiledSchema::new(schema.as_bytes()).unwrap().validate(&node).unwrap_err();
        let place = crate::helm::values::places(&origins, violations.leaves[0].origin)[0];
        assert_eq!((violations.leaves[0].pointer.as_str(), &text[place.span.range()]), ("/a/0/b", "x"));
    }
}
