//! A chart as it was loaded: its files by role, its Chart.yaml and values read, its subcharts.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::exec::parse_template;
use super::metadata::Metadata;
use super::parsed::ParsedTemplates;
use super::schema::{CompiledSchema, SchemaError};
use super::values::ValuesFile;
use crate::source::{Problem, ProblemKind, Source, Span};
use crate::template::{ParseError, Template};

/// Whose a chart is: where a finding in it may be repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The chart that was asked for.
    Own,
    /// A folder or archive under `charts/`: a copy of somebody else's.
    Vendored,
    /// Another folder of the same tree, named by a `file://` repository.
    FileDependency,
    /// A chart of the same tree that has the name of a dependency and a version in its range, and stands in for it.
    Beside,
    /// A chart of Helm's cache, or of one that the user names.
    Cached,
}

/// A chart.
#[derive(Debug)]
pub struct Chart {
    /// Its folder or archive, as shown and as [`crate::source::Files`] knows it.
    pub folder: Arc<str>,
    /// Whose it is.
    pub standing: Standing,
    /// Whether its files come out of an archive (its own or one above it).
    pub archived: bool,
    /// Chart.yaml's fields.
    pub metadata: Metadata,
    /// Chart.yaml's text.
    pub chart_yaml: Arc<Source>,
    /// The text in which its dependencies are declared: Chart.yaml, or requirements.yaml.
    pub declares: Arc<Source>,
    /// Everything below `templates/`.
    pub templates: Vec<Arc<ChartFile>>,
    /// What `.Files` holds.
    pub files: Vec<Arc<ChartFile>>,
    /// values.yaml.
    pub values: Option<Arc<ValuesFile>>,
    /// values.schema.json.
    pub schema: Option<Arc<ChartFile>>,
    /// The schema, compiled when it is first asked for.
    pub(super) compiled: Arc<OnceLock<Result<CompiledSchema, SchemaError>>>,
    /// The files it was made from, by their names in the chart.
    pub(super) made_from: Vec<(String, Arc<[u8]>)>,
    /// How many charts lie under `charts/`.
    pub(super) vendored: usize,
    /// The charts that were found for it, declared or not.
    pub subcharts: Vec<Arc<Chart>>,
    /// Declared dependencies that were found nowhere.
    pub unmet: Vec<UnmetDependency>,
}

impl Chart {
    /// The chart's schema, compiled once for all renders; `None` where it has none.
    pub fn compiled_schema(&self) -> Option<&Result<CompiledSchema, SchemaError>> {
        let schema = self.schema.as_ref()?;
        Some(self.compiled.get_or_init(|| CompiledSchema::new(&schema.bytes)))
    }

    /// The files of `crds/` of this chart, in the order in which Helm prints them.
    pub fn crds(&self) -> impl Iterator<Item = &Arc<ChartFile>> {
        self.files.iter().filter(|file| {
            let extension =
                file.name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map(|(_, it)| it);
            let manifest =
                |it: &str| ["yaml", "yml", "json"].iter().any(|known| it.eq_ignore_ascii_case(known));
            file.name.starts_with("crds/") && extension.is_some_and(manifest)
        })
    }

    /// The chart and everything below it, parents first.
    #[must_use]
    pub fn all(self: &Arc<Self>) -> Vec<Arc<Self>> {
        let mut found = vec![Arc::clone(self)];
        let mut at = 0;
        while let Some(chart) = found.get(at).cloned() {
            found.extend(chart.subcharts.iter().cloned());
            at += 1;
        }
        found
    }
}

impl Chart {
    /// Whether another chart renders alike, whatever it is rendered with: all that templates can read is the
    /// same. Files that are no templates count only where a template says `Files`.
    #[must_use]
    pub fn is_same(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        let reads_files = |chart: &Arc<Self>| {
            chart.all().iter().any(|it| it.templates.iter().any(|file| file.names_files()))
        };
        let files = reads_files(self) || reads_files(other);
        self.is_same_but_for(other, files)
    }

    fn is_same_but_for(&self, other: &Self, files: bool) -> bool {
        let values = |chart: &Self| chart.values.as_ref().map(|it| Arc::clone(it.source().text()));
        let schema = |chart: &Self| chart.schema.as_ref().map(|it| Arc::clone(&it.bytes));
        self.folder == other.folder
            && self.chart_yaml.text() == other.chart_yaml.text()
            && same_files(self.templates.iter(), other.templates.iter())
            && values(self) == values(other)
            && schema(self) == schema(other)
            && same_files(self.crds(), other.crds())
            && (!files || same_files(self.files.iter(), other.files.iter()))
            && self.unmet.len() == other.unmet.len()
            && self.subcharts.len() == other.subcharts.len()
            && self
                .subcharts
                .iter()
                .zip(&other.subcharts)
                .all(|(a, b)| Arc::ptr_eq(a, b) || a.is_same_but_for(b, files))
    }
}

fn same_files<'f>(
    a: impl Iterator<Item = &'f Arc<ChartFile>>,
    b: impl Iterator<Item = &'f Arc<ChartFile>>,
) -> bool {
    let same = |a: &Arc<ChartFile>, b: &Arc<ChartFile>| {
        Arc::ptr_eq(a, b) || a.name == b.name && a.bytes == b.bytes && a.byte_order_mark == b.byte_order_mark
    };
    let (mut a, mut b) = (a, b);
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if same(a, b) => {}
            _ => return false,
        }
    }
}

/// One file of a chart.
pub struct ChartFile {
    /// Path within the chart: `templates/x.yaml`.
    pub name: Arc<str>,
    /// Path as shown: the chart's folder and the name.
    pub path: Arc<str>,
    /// Content, without a byte order mark.
    pub bytes: Arc<[u8]>,
    /// Whether the file on disk begins with a byte order mark.
    pub byte_order_mark: bool,
    source: OnceLock<Option<Arc<Source>>>,
    /// Whether its text has the word `Files`.
    names_files: OnceLock<bool>,
    /// The file parsed as a template, under the name it has in a render.
    parsed: OnceLock<(String, Result<Arc<Template>, ParseError>)>,
    /// Where templates of its text may be known.
    parsed_before: Option<Arc<ParsedTemplates>>,
}

impl ChartFile {
    /// Wraps a file's content.
    #[must_use]
    pub fn new(folder: &str, name: &str, content: &Arc<[u8]>) -> Self {
        let bytes = content.strip_prefix(b"\xEF\xBB\xBF");
        let byte_order_mark = bytes.is_some();
        let bytes = bytes.map_or_else(|| Arc::clone(content), Arc::from);
        let path = Arc::from(join(folder, name));
        Self {
            name: Arc::from(name),
            path,
            bytes,
            byte_order_mark,
            source: OnceLock::new(),
            names_files: OnceLock::new(),
            parsed: OnceLock::new(),
            parsed_before: None,
        }
    }

    /// The same file, which need not be parsed where its text was.
    pub(super) fn with_parsed(self, known: Option<&Arc<ParsedTemplates>>) -> Self {
        Self { parsed_before: known.cloned(), ..self }
    }

    /// The file as text, its byte order mark included; `None` where it is none.
    #[must_use]
    pub fn source(&self) -> Option<&Arc<Source>> {
        let read = || {
            let path = Arc::clone(&self.path);
            let read = if self.byte_order_mark {
                Source::from_bytes(path, [b"\xEF\xBB\xBF", &*self.bytes].concat())
            } else {
                Source::from_bytes(path, &self.bytes)
            };
            read.ok().map(Arc::new)
        };
        self.source.get_or_init(read).as_ref()
    }

    /// Whether the file's text has the word `Files`: without it a template cannot use `.Files`.
    pub(super) fn names_files(&self) -> bool {
        let find = || self.source().is_none_or(|source| source.text().contains("Files"));
        *self.names_files.get_or_init(find)
    }

    /// The file parsed as a template called `name`. It is parsed once for all renders, unless it
    /// stands under several names (aliases of its chart).
    pub(super) fn parsed(&self, name: &str) -> Result<Arc<Template>, ParseError> {
        let parse = || {
            let text: Arc<[u8]> = match self.source() {
                Some(source) if self.byte_order_mark => Arc::from(source.text().as_bytes()),
                _ => Arc::clone(&self.bytes),
            };
            match &self.parsed_before {
                Some(known) => known.parse(name, &text),
                None => parse_template(name, text).map(Arc::new),
            }
        };
        let (known, parsed) = self.parsed.get_or_init(|| (name.to_owned(), parse()));
        if known == name { parsed.clone() } else { parse() }
    }

    /// The file parsed as a template, under whatever name a render gave it.
    ///
    /// # Errors
    /// It is none.
    pub fn template(&self) -> Result<Arc<Template>, ParseError> {
        let name = self.parsed.get().map_or(&*self.name, |(known, _)| known);
        self.parsed(name)
    }
}

impl fmt::Debug for ChartFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChartFile({}, {} bytes)", self.path, self.bytes.len())
    }
}

/// A dependency that is declared and was found nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetDependency {
    /// Its name.
    pub name: String,
    /// The version range that is asked for.
    pub version: String,
    /// Its repository as written.
    pub repository: String,
    /// Where it was looked for, and what was wrong with what was found there.
    pub looked_in: Vec<String>,
    /// The entry in [`Chart::declares`].
    pub span: Span,
}

impl UnmetDependency {
    /// As a problem of the chart that declares it.
    #[must_use]
    pub fn problem(&self, chart: &Chart) -> Problem {
        let range = if self.version.is_empty() { String::new() } else { format!(" {}", self.version) };
        let message = format!(
            "chart {} needs {}{range}, which is not there (looked in {})",
            chart.metadata.name,
            self.name,
            self.looked_in.join(", ")
        );
        Problem::new(ProblemKind::NotChecked, &chart.declares, self.span, message)
            .with_help("run `helm dependency build`, or name a folder of charts with --chart-cache")
    }
}

impl Chart {
    /// The charts beside this one that stand in for what Helm would download, each as a warning at the entry in
    /// Chart.yaml.
    pub fn stand_ins(&self) -> impl Iterator<Item = Problem> + '_ {
        let beside = self.subcharts.iter().filter(|it| it.standing == Standing::Beside);
        beside.filter_map(|chart| {
            let Metadata { name, version, .. } = &chart.metadata;
            let declared = self.metadata.dependencies().find(|it| it.name == *name)?;
            let message = format!(
                "{name} {} is not below charts/: the chart {name} {version} beside this one stands in for it",
                declared.version
            );
            let problem = Problem::new(ProblemKind::Warning, &self.declares, declared.span, message);
            Some(problem.with_help("`helm dependency build` brings what Helm would use"))
        })
    }
}

/// Why there is no chart. The message is Helm's where it has one.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ChartError {
    /// What is wrong.
    pub message: String,
    /// The file it is about, as shown.
    pub path: Arc<str>,
    /// Its text and the place in it.
    pub place: Option<(Arc<Source>, Span)>,
}

impl ChartError {
    /// An error about a file as a whole.
    #[must_use]
    pub fn of_path(path: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        Self { message: message.into(), path: path.into(), place: None }
    }

    /// An error at a place.
    #[must_use]
    pub fn at(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        let path = Arc::clone(source.name());
        Self { message: message.into(), path, place: Some((Arc::clone(source), span)) }
    }

    /// The same with text in front of the message.
    #[must_use]
    pub fn within(mut self, context: &str) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// As a problem that leaves the chart unchecked.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match &self.place {
            Some((source, span)) => {
                Problem::new(ProblemKind::NotChecked, source, *span, self.message.clone())
            }
            None => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&self.path), self.message.clone()),
        }
    }
}

/// A path below a folder; the empty folder is the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
