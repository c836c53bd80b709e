//! What the files of a chart are by their names: Chart.yaml, values, schema, templates, subcharts, others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::archive::NamedFiles;
use super::chart::{Chart, ChartError, ChartFile, join};
use super::metadata::Metadata;
use super::parsed::ParsedTemplates;
use super::values::ValuesFile;
use crate::source::{Limits, ProblemKind, Source, Span};
use crate::yaml::{self, DocumentState, NodeId, SpanTree};

/// A chart as it was loaded before.
pub(super) struct Known<'a> {
    chart: &'a Chart,
    contents: HashMap<&'a str, &'a Arc<[u8]>>,
    files: HashMap<&'a str, &'a Arc<ChartFile>>,
}

impl<'a> Known<'a> {
    /// What was made of the files of that chart.
    pub fn new(chart: &'a Chart) -> Self {
        let contents = chart.made_from.iter().map(|(name, content)| (name.as_str(), content)).collect();
        let files = chart.templates.iter().chain(&chart.files).chain(&chart.schema);
        Self { chart, contents, files: files.map(|file| (&*file.name, file)).collect() }
    }

    fn has(&self, name: &str, content: &Arc<[u8]>) -> bool {
        self.contents.get(name).is_some_and(|known| **known == *content)
    }
}

/// The files of a chart by role.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// What there was before.
    pub known: Option<Known<'a>>,
    /// Chart.yaml with what requirements.yaml adds, and Chart.yaml's text.
    pub metadata: Option<(Metadata, Arc<Source>)>,
    /// requirements.yaml, where that declares dependencies.
    pub declares: Option<Arc<Source>>,
    /// What is below `templates/`.
    pub templates: Vec<Arc<ChartFile>>,
    /// What `.Files` holds.
    pub files: Vec<Arc<ChartFile>>,
    /// values.yaml.
    pub values: Option<Arc<ValuesFile>>,
    /// values.schema.json.
    pub schema: Option<Arc<ChartFile>>,
    /// What is below `charts/`, by the folder or archive there.
    pub subcharts: BTreeMap<String, NamedFiles>,
}

impl Parts<'_> {
    /// Takes a file.
    ///
    /// # Errors
    /// It can not be read as what it is.
    pub fn take(
        &mut self,
        folder: &str,
        name: &str,
        content: &Arc<[u8]>,
        limits: &Limits,
        parsed: Option<&Arc<ParsedTemplates>>,
    ) -> Result<(), ChartError> {
        let known = self.known.as_ref().filter(|known| known.has(name, content));
        let known_file = known.and_then(|known| known.files.get(name).copied().cloned());
        let known_values = known.and_then(|known| known.chart.values.clone());
        let file = || known_file.clone().unwrap_or_else(|| Arc::new(ChartFile::new(folder, name, content)));
        match name {
            "Chart.yaml" => {}
            "Chart.lock" => {
                check_lock(&join(folder, name), content).map_err(|it| it.within("cannot load Chart.lock"))?
            }
            "values.yaml" if known_values.is_some() => self.values = known_values,
            "values.yaml" => {
                let source = text(&join(folder, name), content)
                    .map_err(|it| it.within("cannot load values.yaml: cannot unmarshal yaml document"))?;
                let values = ValuesFile::parse(&source, limits).map_err(|error| {
                    ChartError::at(&source, error.span, error.message).within("cannot load values.yaml")
                })?;
                self.values = Some(Arc::new(values));
            }
            "values.schema.json" => self.schema = Some(file()),
            "requirements.yaml" => {
                let context = "cannot load requirements.yaml";
                let (source, tree, root) =
                    read_yaml(&join(folder, name), content).map_err(|error| error.within(context))?;
                if let Some((metadata, _)) = &mut self.metadata {
                    read_metadata(metadata, &source, &tree, root).map_err(|error| error.within(context))?;
                    let declares = root.is_some_and(|root| tree.get(root, "dependencies").is_some());
                    self.declares = declares.then(|| Arc::clone(&source));
                }
                self.take_legacy(file());
            }
            "requirements.lock" => {
                check_lock(&join(folder, name), content)
                    .map_err(|it| it.within("cannot load requirements.lock"))?;
                self.take_legacy(file());
            }
            _ if name.starts_with("templates/") => {
                let new = || ChartFile::new(folder, name, content).with_parsed(parsed);
                self.templates.push(known_file.clone().unwrap_or_else(|| Arc::new(new())));
            }
            _ => match name.strip_prefix("charts/") {
                Some(inner) if !name.ends_with(".prov") => {
                    let (chart, _) = inner.split_once('/').unwrap_or((inner, ""));
                    let group = self.subcharts.entry(chart.to_owned()).or_default();
                    group.push((inner.to_owned(), Arc::clone(content)));
                }
                _ => self.files.push(file()),
            },
        }
        Ok(())
    }

    /// Files that are chart files in charts of version 1 only.
    fn take_legacy(&mut self, file: Arc<ChartFile>) {
        if self.metadata.as_ref().is_some_and(|(metadata, _)| metadata.api_version == "v1") {
            self.files.push(file);
        }
    }
}

fn text(path: &str, content: &Arc<[u8]>) -> Result<Arc<Source>, ChartError> {
    Source::from_bytes(path, content)
        .map(Arc::new)
        .map_err(|error| ChartError::of_path(path, format!("error converting YAML to JSON: yaml: {error}")))
}

/// A file's text, its tree, and the root of its first document.
pub(super) type Read = (Arc<Source>, SpanTree, Option<NodeId>);

/// Reads a file whose first document counts.
pub(super) fn read_yaml(path: &str, content: &Arc<[u8]>) -> Result<Read, ChartError> {
    let source = text(path, content)?;
    let parsed = yaml::parse_first(&source, &Limits::default());
    let document = parsed.tree.documents().first();
    if document.is_some_and(|document| document.state == DocumentState::Refused) {
        let problem = parsed.problems.iter().find(|problem| problem.kind == ProblemKind::NotChecked);
        let (message, span) =
            problem.map_or(("not YAML", Span::default()), |it| (it.message.as_str(), it.span));
        let line = source.line_column(span.start()).line;
        let message = format!("error converting YAML to JSON: yaml: line {line}: {message}");
        return Err(ChartError::at(&source, span, message));
    }
    let root = document.and_then(|document| document.root);
    Ok((source, parsed.tree, root))
}

pub(super) fn read_metadata(
    metadata: &mut Metadata,
    source: &Arc<Source>,
    tree: &SpanTree,
    root: Option<NodeId>,
) -> Result<(), ChartError> {
    let Some(root) = root else { return Ok(()) };
    metadata.read(tree, root).map_err(|error| ChartError::at(source, error.span, error.to_string()))
}

/// Lock files are read and not used, so only what Helm cannot read matters.
fn check_lock(path: &str, content: &Arc<[u8]>) -> Result<(), ChartError> {
    let (source, tree, root) = read_yaml(path, content)?;
    let Some(generated) = root.and_then(|root| tree.get(root, "generated")) else { return Ok(()) };
    let date = match tree.written_scalar(generated) {
        Some(yaml::Scalar::Null) => return Ok(()),
        Some(yaml::Scalar::String(text)) => is_date_time(&text),
        _ => false,
    };
    if date {
        return Ok(());
    }
    let message =
        "error unmarshaling JSON: while decoding JSON: parsing time: `generated` is no RFC 3339 date";
    Err(ChartError::at(&source, tree.full_span(generated), message))
}

/// RFC 3339 with what Go's `time.Parse` allows of it.
fn is_date_time(text: &str) -> bool {
    let shape = |bytes: &[u8], mask: &[u8]| {
        bytes.len() == mask.len()
            && bytes
                .iter()
                .zip(mask)
                .all(|(byte, mask)| if *mask == b'0' { byte.is_ascii_digit() } else { byte == mask })
    };
    let (Some(start), Some(rest)) = (text.as_bytes().get(..19), text.as_bytes().get(19..)) else {
        return false;
    };
    let fraction = match rest {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = rest.get(fraction..).unwrap_or_default();
    let numeric = shape(zone, b"+00:00") || shape(zone, b"-00:00");
    shape(start, b"0000-00-00T00:00:00") && fraction != 1 && (zone == b"Z" || numeric)
}
