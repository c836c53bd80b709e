//! Why Helm would print nothing.

use std::fmt;
use std::sync::Arc;

use super::chart::UnmetDependency;
use super::error::ExecError;
use super::inputs::{InputError, SchemaFailure};
use super::manifest::Unreadable;
use crate::origin::SourceId;
use crate::template::ParseError;

/// One reason. [`Display`](fmt::Display) gives what Helm prints behind `Error: `.
#[derive(Clone, Debug)]
pub enum RenderError {
    /// The chart is a library.
    NotInstallable {
        /// Its `type`.
        kind: String,
    },
    /// Declared dependencies were found nowhere.
    Missing(Vec<UnmetDependency>),
    /// A chart of version 3, which Helm 4.3 does not render yet.
    ApiVersion,
    /// Such a chart with more charts under `charts/` than it declares: Helm 4.3 stumbles over them first.
    DependencyType,
    /// The release's name is none.
    ReleaseName {
        /// As given.
        name: String,
    },
    /// There are no values.
    Input(InputError),
    /// The values are not what a schema allows.
    Schema(SchemaFailure),
    /// The chart is made for other versions of Kubernetes.
    KubeVersion {
        /// The chart's range.
        wanted: String,
        /// The version of the scenario.
        version: String,
    },
    /// A file is no template.
    Parse {
        /// What is wrong and where.
        error: ParseError,
        /// Its text.
        source: SourceId,
    },
    /// A template stopped.
    Execution(Box<ExecError>),
    /// What a template printed is no document that Helm can read.
    Document {
        /// Index into the render's documents.
        document: usize,
        /// The file's path, as Helm prints it.
        file: Arc<str>,
        /// What is wrong and where.
        error: Unreadable,
    },
}

impl RenderError {
    /// Whether Helm had begun to render: it then adds a word on `--debug`.
    #[must_use]
    pub fn is_late(&self) -> bool {
        matches!(
            self,
            Self::KubeVersion { .. } | Self::Parse { .. } | Self::Execution(_) | Self::Document { .. }
        )
    }
}

impl std::error::Error for RenderError {}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstallable { kind } => write!(f, "{kind} charts are not installable"),
            Self::Missing(unmet) => {
                let names: Vec<_> = unmet.iter().map(|it| it.name.as_str()).collect();
                write!(
                    f,
                    "an error occurred while checking for chart dependencies. You may need to run 'helm dependency \
                     build' to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
                    names.join(", ")
                )
            }
            Self::DependencyType => f.write_str(
                "an error occurred while checking for chart dependencies. You may need to run 'helm dependency \
                 build' to fetch missing dependencies: unsupported chart dependency type",
            ),
            Self::ApiVersion => f.write_str("invalid chart apiVersion"),
            Self::ReleaseName { name } if name.is_empty() => {
                f.write_str("release name check failed: release name \"\": no name provided")
            }
            Self::ReleaseName { name } => write!(
                f,
                "release name check failed: release name {name:?}: invalid release name, must match regex \
                 ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be \
                 longer than 53"
            ),
            Self::Input(error) => error.fmt(f),
            Self::Schema(failure) => failure.fmt(f),
            Self::KubeVersion { wanted, version } => {
                write!(
                    f,
                    "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {version}"
                )
            }
            Self::Parse { error, .. } => {
                // Helm shows what stands behind the last colon.
                let message = error.message.rsplit(": ").next().unwrap_or_default();
                write!(f, "parse error at ({}:{}): {message}", error.name, error.line)
            }
            Self::Execution(error) => error.fmt(f),
            Self::Document { file, error, .. } => write!(f, "YAML parse error on {file}: {error}"),
        }
    }
}
