//! [`Scenario`]: one set of inputs of a render.

use std::fmt;
use std::sync::Arc;

use super::budget::Bounds;
use super::context::{KubeVersion, Release};
use super::exec::Environment;
use super::values::ValuesFile;
use crate::source::{Limits, Source, Span};

/// How an argument sets values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetKind {
    /// `--set-json`
    Json,
    /// `--set`
    Value,
    /// `--set-string`
    String,
    /// `--set-file`
    File,
    /// `--set-literal`
    Literal,
}

impl SetKind {
    /// The kinds in the order in which Helm applies them, whatever their order on the command line.
    pub const ORDER: [Self; 5] = [Self::Json, Self::Value, Self::String, Self::File, Self::Literal];

    /// The flag.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Json => "--set-json",
            Self::Value => "--set",
            Self::String => "--set-string",
            Self::File => "--set-file",
            Self::Literal => "--set-literal",
        }
    }
}

/// An argument that sets values.
#[derive(Clone, Debug)]
pub struct SetArgument {
    /// Which flag.
    pub kind: SetKind,
    /// Its text: `image.tag=1.2`.
    pub text: String,
    /// Where its value is written, if that is in a file: a parameter of an Argo CD Application.
    pub at: Option<(Arc<Source>, Span)>,
}

/// Reads the files that `--set-file` names; errors are shown as they are.
pub type ReadFile = Arc<dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync>;

/// What a chart is rendered with.
#[derive(Clone)]
pub struct Scenario {
    /// What it is called in reports: `default`, `ci/test-values.yaml`.
    pub name: String,
    /// Name, namespace, install or upgrade.
    pub release: Release,
    /// Values files, later ones win.
    pub values: Vec<Arc<ValuesFile>>,
    /// Arguments that set values.
    pub set: Vec<SetArgument>,
    /// How `--set-file` reads; without it such arguments fail.
    pub read_file: Option<ReadFile>,
    /// `.Capabilities.KubeVersion`
    pub kube_version: KubeVersion,
    /// API versions beyond those that Helm knows.
    pub api_versions: Vec<String>,
    /// Whether values.schema.json is left aside.
    pub skip_schema: bool,
    /// Time and seed.
    pub environment: Environment,
    /// What rendering may use up.
    pub bounds: Bounds,
    /// Bounds of each rendered document.
    pub limits: Limits,
}

impl Default for Scenario {
    /// What `helm template CHART` renders with: release `release-name` in namespace `default`; the
    /// time is 2025-01-01, so that two renders are the same.
    fn default() -> Self {
        let release =
            Release { name: "release-name".to_owned(), namespace: "default".to_owned(), is_upgrade: false };
        Self {
            name: "default".to_owned(),
            release,
            values: Vec::new(),
            set: Vec::new(),
            read_file: None,
            kube_version: KubeVersion::default(),
            api_versions: Vec::new(),
            skip_schema: false,
            environment: Environment { now: 1_735_689_600_000_000_000, seed: 0 },
            bounds: Bounds::default(),
            limits: Limits::default(),
        }
    }
}

impl Scenario {
    /// Whether a chart is rendered alike with another one, since all they give it has the same bytes. Of
    /// values in a part of a file, and of files that arguments read, it is not known.
    #[must_use]
    pub fn gives_the_same(&self, other: &Self) -> bool {
        let values = |(a, b): (&Arc<ValuesFile>, &Arc<ValuesFile>)| {
            a.is_whole() && b.is_whole() && a.source().text() == b.source().text()
        };
        let set = |(a, b): (&SetArgument, &SetArgument)| {
            a.kind == b.kind && a.text == b.text && a.at.is_none() && b.at.is_none()
        };
        self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(values)
            && self.set.len() == other.set.len()
            && self.set.iter().zip(&other.set).all(set)
            && self.read_file.is_none()
            && other.read_file.is_none()
            && self.release == other.release
            && self.kube_version == other.kube_version
            && self.api_versions == other.api_versions
            && self.skip_schema == other.skip_schema
            && self.environment == other.environment
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.values.iter().map(|file| Arc::clone(file.source().name())).collect();
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("release", &self.release)
            .field("values", &files)
            .field("set", &self.set)
            .finish_non_exhaustive()
    }
}
