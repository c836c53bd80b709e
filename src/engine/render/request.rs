//! [`LoadedChart`] and [`ChartRender`]: rendering as front ends ask for it.

use std::sync::Arc;

use super::failures;
use super::lines::trace;
use super::why::{Answer, Question, why};
use super::{DocumentTrace, RenderFailure};
use crate::helm::chart::Chart;
use crate::helm::context::KubeVersion;
use crate::helm::load::{LoadOptions, load_archive, load_folder};
use crate::helm::manifest::split;
use crate::helm::path_match::PathPattern;
use crate::helm::render::{Output, Printed, Rendered, render};
use crate::helm::scenario::{ReadFile, Scenario, SetArgument, SetKind};
use crate::helm::values::ValuesFile;
use crate::source::{Files, Limits, Problem, Source};

pub use crate::helm::cache::ChartCache;
pub use crate::helm::scenario::SetKind as ValuesSetter;

/// Where a chart is.
#[derive(Clone, Copy)]
pub enum ChartPlace<'a> {
    /// A folder of a tree.
    Folder {
        /// The tree.
        files: &'a dyn Files,
        /// Path of the chart in it.
        folder: &'a str,
    },
    /// An archive.
    Archive {
        /// Its path as shown.
        name: &'a str,
        /// Its bytes.
        bytes: &'a [u8],
    },
}

/// A chart, ready to be rendered any number of times.
#[derive(Clone, Debug)]
pub struct LoadedChart {
    chart: Arc<Chart>,
}

impl LoadedChart {
    /// Loads a chart. Dependencies are looked for in its `charts/`, in the same tree where they
    /// have a `file://` repository, and in `caches`.
    ///
    /// # Errors
    /// What Helm would refuse, with its text as message.
    pub fn load(place: ChartPlace<'_>, caches: &[ChartCache]) -> Result<Self, Box<Problem>> {
        let options = LoadOptions { caches, ..LoadOptions::default() };
        let chart = match place {
            ChartPlace::Folder { files, folder } => load_folder(files, folder, &options),
            ChartPlace::Archive { name, bytes } => load_archive(name, bytes, &options),
        };
        chart.map(|chart| Self { chart }).map_err(|error| Box::new(error.problem()))
    }

    /// Whether a dependency that it declares was found nowhere.
    #[must_use]
    pub fn lacks_dependency(&self) -> bool {
        !self.chart.unmet.is_empty()
    }

    /// Whether the chart says of itself that it is deprecated.
    #[must_use]
    pub fn is_deprecated(&self) -> bool {
        self.chart.metadata.deprecated
    }

    /// Renders it.
    ///
    /// # Errors
    /// The request itself is wrong: a values file that is no YAML, a version that is none.
    pub fn render(&self, request: &RenderRequest) -> Result<ChartRender, ScenarioError> {
        let scenario = request.scenario()?;
        Ok(ChartRender { rendered: render(&self.chart, &scenario) })
    }
}

/// A values file: its name as shown, and its bytes.
#[derive(Clone, Debug)]
pub struct ValuesInput {
    /// The name.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What to render with. Everything that is left out is as `helm template` has it.
#[derive(Clone, Default)]
pub struct RenderRequest {
    /// Name of the release.
    pub release: Option<String>,
    /// Namespace of the release.
    pub namespace: Option<String>,
    /// Whether it is an upgrade.
    pub is_upgrade: bool,
    /// Values files; later ones win.
    pub values: Vec<ValuesInput>,
    /// Arguments that set values.
    pub set: Vec<(SetKind, String)>,
    /// Reads the files that arguments name.
    pub read_file: Option<ReadFile>,
    /// Version of Kubernetes.
    pub kube_version: Option<String>,
    /// API versions beyond those that Helm knows.
    pub api_versions: Vec<String>,
    /// Whether schemas are left aside.
    pub skip_schema: bool,
    /// Seconds since 1970, for templates that ask.
    pub now: Option<u64>,
    /// Start of random values.
    pub seed: u64,
}

/// Why a request cannot be rendered. The text is Helm's.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ScenarioError {
    /// What is wrong.
    pub message: String,
    /// The same at its place, where it has one.
    pub problem: Option<Box<Problem>>,
}

impl RenderRequest {
    fn scenario(&self) -> Result<Scenario, ScenarioError> {
        let plain = |message: String| ScenarioError { message, problem: None };
        let mut scenario = Scenario::default();
        // Helm takes an empty one for none.
        if let Some(version) = self.kube_version.as_ref().filter(|version| !version.is_empty()) {
            scenario.kube_version = KubeVersion::parse(version)
                .map_err(|error| plain(format!("invalid kube version '{version}': {error}")))?;
        }
        if let Some(name) = &self.release {
            scenario.release.name.clone_from(name);
        }
        if let Some(namespace) = &self.namespace {
            scenario.release.namespace.clone_from(namespace);
        }
        scenario.release.is_upgrade = self.is_upgrade;
        for file in &self.values {
            scenario.values.push(Arc::new(read_values(file)?));
        }
        scenario.set = self
            .set
            .iter()
            .map(|(kind, text)| SetArgument { kind: *kind, text: text.clone(), at: None })
            .collect();
        scenario.read_file.clone_from(&self.read_file);
        scenario.api_versions.clone_from(&self.api_versions);
        scenario.skip_schema = self.skip_schema;
        if let Some(now) = self.now {
            scenario.environment.now = i128::from(now) * 1_000_000_000;
        }
        scenario.environment.seed = self.seed;
        Ok(scenario)
    }
}

fn read_values(file: &ValuesInput) -> Result<ValuesFile, ScenarioError> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to parse {}: {error}", file.name);
    let source = Source::from_bytes(file.name.as_str(), &file.bytes)
        .map_err(|error| ScenarioError { message: failed(&error), problem: None })?;
    let source = Arc::new(source);
    ValuesFile::parse(&source, &Limits::default()).map_err(|error| {
        let message = failed(&error);
        let kind = crate::source::ProblemKind::NotChecked;
        let problem = Problem::new(kind, &source, error.span, message.clone());
        ScenarioError { message, problem: Some(Box::new(problem)) }
    })
}

/// What is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrintOptions {
    /// Whether files of `crds/` are printed.
    pub include_crds: bool,
    /// Whether tests are left out.
    pub skip_tests: bool,
    /// Whether hooks are left out.
    pub no_hooks: bool,
}

impl PrintOptions {
    fn output(self) -> Output {
        let Self { include_crds, skip_tests, no_hooks } = self;
        Output { include_crds, skip_tests, no_hooks }
    }
}

/// A piece of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrintedPiece<'a> {
    /// Path behind `# Source:`.
    pub path: &'a str,
    /// Its text.
    pub text: &'a [u8],
    /// Whether it is a file of `crds/`.
    pub is_crd: bool,
}

/// A rendered chart.
#[derive(Debug)]
pub struct ChartRender {
    rendered: Rendered,
}

impl ChartRender {
    /// Standard output of `helm template`, byte for byte.
    ///
    /// # Errors
    /// Helm's text of the first failure.
    pub fn print(&self, options: PrintOptions) -> Result<Vec<u8>, String> {
        self.rendered.print(&options.output()).map_err(ToString::to_string)
    }

    /// What is printed, piece by piece: files of `crds/`, the release's documents, hooks.
    #[must_use]
    pub fn pieces(&self, options: PrintOptions) -> Vec<PrintedPiece<'_>> {
        let (manifests, hooks) = self.rendered.printed(&options.output());
        let piece = |printed| {
            let (path, text) = self.rendered.piece(printed);
            PrintedPiece { path, text, is_crd: matches!(printed, Printed::Crd(_)) }
        };
        manifests.iter().chain(&hooks).map(piece).collect()
    }

    /// Helm's text of the first failure.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.rendered.failures.first().map(ToString::to_string)
    }

    /// All failures with their places.
    #[must_use]
    pub fn failures(&self) -> Vec<RenderFailure> {
        failures::describe(&self.rendered)
    }

    /// What was ignored: values that do not fit each other, schemas that could not be used.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let values = self.rendered.warnings.iter().map(|warning| warning.message.clone());
        let schemas =
            self.rendered.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message));
        values.chain(schemas).collect()
    }

    /// The lines of the output with their causes.
    #[must_use]
    pub fn trace(&self, options: PrintOptions) -> Vec<DocumentTrace> {
        trace(&self.rendered, &options.output())
    }

    /// Why something is in the output, or is not.
    #[must_use]
    pub fn why(&self, question: &Question) -> Answer {
        why(&self.rendered, question)
    }
}

/// The part of printed manifests that templates named by patterns printed, as Helm picks it: a
/// document belongs to the template that its `# Source:` names.
///
/// # Errors
/// The first pattern that fits no document.
pub fn show_only(printed: &[u8], patterns: &[String]) -> Result<Vec<u8>, String> {
    let documents: Vec<(String, &[u8])> = split(printed)
        .into_iter()
        .filter_map(|range| {
            let document = printed.get(range)?;
            Some((template_of(document)?, document))
        })
        .collect();
    let mut text = Vec::new();
    for pattern in patterns {
        let compiled = PathPattern::new(pattern).ok();
        let fits = |path: &str| compiled.as_ref().is_some_and(|pattern| pattern.matches(path));
        let before = text.len();
        for (_, document) in documents.iter().filter(|(path, _)| fits(path)) {
            text.extend_from_slice(b"---\n");
            text.extend_from_slice(document);
            text.push(b'\n');
        }
        if text.len() == before {
            return Err(pattern.clone());
        }
    }
    Ok(text)
}

/// The path behind the chart's name in the first `# Source: CHART/PATH` of a document.
fn template_of(document: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(document);
    text.match_indices("# Source: ").find_map(|(at, mark)| {
        let line = text.get(at + mark.len()..)?.lines().next()?;
        let (chart, path) = line.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then(|| path.to_owned())
    })
}
