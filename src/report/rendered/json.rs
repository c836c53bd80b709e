//! `render --origins=json`, version 1. `schema/origins.schema.json` is made from these types.

use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::render::{
    AbsentTrace, Call, DocumentTrace, Explanation, LineTrace, SourcePlace, ValueTrace,
};
use crate::report::json::{Tool, VERSION, text as json_text};
use crate::report::place::Place;

/// What `seaworthy render --origins=json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "seaworthy render --origins=json")]
pub struct OriginsReport {
    /// Version of this format: 1.
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// The documents in the order in which `helm template` prints them.
    pub documents: Vec<DocumentEntry>,
}

/// A document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentEntry {
    /// Path as Helm prints it behind `# Source:`.
    pub source: String,
    /// Path of the template file.
    pub template: String,
    /// Kind and name, as far as the document has them: `Deployment/web`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub object: String,
    /// Its lines in order.
    pub lines: Vec<LineEntry>,
}

/// A line of a document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineEntry {
    /// 1-based number within the document.
    pub line: usize,
    /// The line.
    pub text: String,
    /// The text, literal or action that printed its first visible byte; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Place>,
    /// The calls that led there (`include`, `template`, `tpl`), the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<CallEntry>,
    /// Keys of values files and `--set` arguments that it came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueEntry>,
    /// Keys that were looked up for it and are set nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<AbsentEntry>,
    /// Fields of the context that it came from: `Release.Name`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<String>,
    /// Files of the chart that it came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Place>,
    /// Functions that computed it from the above: `sha256sum`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
}

/// A step from a template to the one that called it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallEntry {
    /// The template that was called.
    pub name: String,
    /// The action that called it.
    pub place: Place,
}

/// A key of the values.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValueEntry {
    /// Its path in its file.
    pub key: String,
    /// Where the value is written that won.
    pub place: Place,
    /// Where those are written that lost, the strongest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<Place>,
}

/// A key that is set nowhere.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AbsentEntry {
    /// Its path.
    pub key: String,
    /// The nearest mapping above it that is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<Place>,
}

/// The documents as JSON.
pub fn origins_json(documents: &[DocumentTrace]) -> String {
    let documents = documents
        .iter()
        .map(|document| DocumentEntry {
            source: document.path.to_string(),
            template: document.template.to_string(),
            object: document.title.clone(),
            lines: document.lines.iter().enumerate().map(|(at, line)| entry(at + 1, line)).collect(),
        })
        .collect();
    json_text(&OriginsReport { version: VERSION, tool: Tool::THIS, documents })
}

/// The JSON schema of [`origins_json`].
pub fn origins_schema() -> String {
    json_text(
        &schemars::generate::SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator()
            .into_root_schema_for::<OriginsReport>(),
    )
}

fn entry(number: usize, line: &LineTrace) -> LineEntry {
    let Explanation { template, calls, values, absent, context, files, functions } = &line.cause;
    LineEntry {
        line: number,
        text: line.text.clone(),
        template: template.as_ref().map(place),
        calls: calls
            .iter()
            .map(|Call { name, place: at }| CallEntry { name: name.clone(), place: place(at) })
            .collect(),
        values: values.iter().map(value).collect(),
        absent: absent.iter().map(missing).collect(),
        context: context.clone(),
        files: files.iter().map(place).collect(),
        functions: functions.clone(),
    }
}

fn value(value: &ValueTrace) -> ValueEntry {
    let over = value.over.iter().map(place).collect();
    ValueEntry { key: value.key.clone(), place: place(&value.place), over }
}

fn missing(absent: &AbsentTrace) -> AbsentEntry {
    AbsentEntry { key: absent.key.clone(), above: absent.above.as_ref().map(place) }
}

fn place(place: &SourcePlace) -> Place {
    Place::new(&place.source, place.span)
}
