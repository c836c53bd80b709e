//! Layer 9: what there is to check. The only layer that reads files.
//!
//! [`Project::discover`] walks paths and sorts what it finds into [`Target`]s: charts, and the
//! manifests that are checked together. [`DiskFiles`], [`GitFiles`] and [`OverlayFiles`] are
//! trees of files for the layers that read through [`Files`](crate::source::Files).

mod buffer;
mod discover;
mod disk;
mod dockerfile;
mod environment;
mod git;
mod image_archive;
mod image_config;
mod kustomize;
mod named;
mod overlay;
mod program;
mod read;
mod shown;
mod snapshot;
mod values;
mod walk;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use discover::Discovery;
pub use disk::{DiskFiles, root_above};
pub use git::{GitError, GitFiles};
pub use image_config::{ImageSourceError, read_images};
pub use kustomize::is_kustomization;
pub use named::kind_by_name;
pub use overlay::OverlayFiles;
pub use program::{build_files_around, sources_around};
pub use shown::ShownFiles;
pub use snapshot::Snapshot;
pub use values::is_values_name;

use crate::source::{FileError, Limits, Problem, ProblemKind, Source, SourceError, Span};

/// What a file is to those around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Objects as they are applied.
    #[default]
    Manifest,
    /// Named as a patch by a kustomization: its objects are no finished ones, so that what is absent
    /// in them may stand elsewhere.
    OverlayPatch,
    /// Named like a values file, with its chart elsewhere: what is no object in it is values.
    Values,
}

/// One file to check.
#[derive(Clone, Debug)]
pub struct InputFile {
    name: Arc<str>,
    path: PathBuf,
    bytes: Option<Arc<[u8]>>,
    role: Role,
}

impl InputFile {
    /// A file on disk, shown as `name`.
    #[must_use]
    pub fn on_disk(name: impl Into<Arc<str>>, path: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), path: path.into(), bytes: None, role: Role::Manifest }
    }

    /// A text in memory: standard input, an editor's buffer, a test.
    #[must_use]
    pub fn in_memory(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), path: PathBuf::new(), bytes: Some(bytes.into()), role: Role::Manifest }
    }

    /// The same file in another role.
    #[must_use]
    pub fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// The same file, shown by another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The path as shown, with forward slashes.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it is on disk; empty for a text in memory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is to the files around it.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A problem that says why it can not be checked: missing, unreadable, too large, not UTF-8.
    pub fn read(&self, limits: &Limits) -> Result<Arc<Source>, Box<Problem>> {
        let refuse = |message: String| {
            Box::new(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&self.name), message))
        };
        let bytes = match &self.bytes {
            Some(bytes) if bytes.len() as u64 > limits.file_bytes => {
                return Err(refuse(FileError::TooLarge { limit: limits.file_bytes }.to_string()));
            }
            Some(bytes) => bytes.to_vec(),
            None => read::read(&self.path, limits.file_bytes).map_err(|error| refuse(error.to_string()))?,
        };
        let lossy = |bytes: &[u8], error: &SourceError| {
            let (SourceError::InvalidUtf8 { offset } | SourceError::Nul { offset }) = error else {
                return refuse(error.to_string());
            };
            // The place is what helps here, so the readable part is shown.
            let text = String::from_utf8_lossy(bytes.get(..*offset).unwrap_or(&[])).into_owned();
            let source = Arc::new(Source::new(Arc::clone(&self.name), text));
            let span = Span::at(*offset);
            Box::new(Problem::new(ProblemKind::NotChecked, &source, span, error.to_string()))
        };
        match Source::from_bytes(Arc::clone(&self.name), &bytes) {
            Ok(source) => Ok(Arc::new(source)),
            Err(error) => Err(lossy(&bytes, &error)),
        }
    }
}

/// A chart: a folder with a `Chart.yaml`.
#[derive(Clone, Debug)]
pub struct ChartFolder {
    /// The folder as shown.
    pub name: Arc<str>,
    /// Where it is on disk.
    pub path: PathBuf,
    /// Its template files that the paths to check take in, subcharts' included.
    pub templates: Vec<InputFile>,
    /// Files and folders in it that were named, as shown, where it was not named as a whole: only
    /// what has its source there is reported.
    pub only: Vec<String>,
    /// Values files that stand beside or above it, where they are on disk.
    pub values: Vec<PathBuf>,
}

/// What is checked together.
#[derive(Clone, Debug)]
pub enum Target {
    /// Manifests: files of objects as they are applied.
    Manifests(Vec<InputFile>),
    /// Dockerfiles.
    Dockerfiles(Vec<InputFile>),
    /// One chart.
    Chart(ChartFolder),
}

/// Everything to check.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The targets; the manifests come first.
    pub targets: Vec<Target>,
    /// What can not be checked, as far as looking for files showed it.
    pub problems: Vec<Problem>,
    /// Whether every path that was named is a folder: then manifests that belong together are likely all
    /// there. Files that were named, and texts in memory, may belong to others that were not.
    pub whole: bool,
}

impl Project {
    /// A project of these manifests and Dockerfiles, which are told by their names.
    #[must_use]
    pub fn of_files(files: Vec<InputFile>) -> Self {
        let (dockerfiles, manifests) =
            files.into_iter().partition(|file| dockerfile::is_dockerfile_name(Path::new(&**file.name())));
        let targets = vec![Target::Manifests(manifests), Target::Dockerfiles(dockerfiles)];
        Self { targets, ..Self::default() }
    }

    /// The files of all manifests.
    pub fn manifests(&self) -> impl Iterator<Item = &InputFile> {
        self.targets.iter().flat_map(|target| match target {
            Target::Manifests(files) => files.as_slice(),
            Target::Dockerfiles(_) | Target::Chart(_) => &[],
        })
    }

    /// All Dockerfiles.
    pub fn dockerfiles(&self) -> impl Iterator<Item = &InputFile> {
        self.targets.iter().flat_map(|target| match target {
            Target::Dockerfiles(files) => files.as_slice(),
            Target::Manifests(_) | Target::Chart(_) => &[],
        })
    }

    /// All manifests and Dockerfiles.
    pub fn files(&self) -> impl Iterator<Item = &InputFile> {
        self.manifests().chain(self.dockerfiles())
    }

    /// The charts.
    pub fn charts(&self) -> impl Iterator<Item = &ChartFolder> {
        self.targets.iter().filter_map(|target| match target {
            Target::Chart(chart) => Some(chart),
            Target::Manifests(_) | Target::Dockerfiles(_) => None,
        })
    }
}
