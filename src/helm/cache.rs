//! [`ChartCache`]: a folder in which charts lie that others depend on.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::chart::join;
use super::dependency::in_range;
use super::metadata::Dependency;
use super::semver::Version;
use crate::source::Files;

/// A folder of charts, packed (`NAME-VERSION.tgz`, as Helm keeps what it downloads) or not (`NAME/Chart.yaml`):
/// Helm's cache, or one that the user names.
#[derive(Clone)]
pub struct ChartCache {
    name: Arc<str>,
    files: Arc<dyn Files>,
    /// All archives, listed when they are first asked for.
    archives: Arc<OnceLock<Vec<String>>>,
}

impl ChartCache {
    /// A cache; `name` is its path as shown, `files` what is in it.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, files: Arc<dyn Files>) -> Self {
        Self { name: name.into(), files, archives: Arc::default() }
    }

    /// Its path as shown.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is in it.
    #[must_use]
    pub fn files(&self) -> &dyn Files {
        &*self.files
    }

    /// The folder of the dependency's chart, if there is one; its version is not looked at.
    pub(super) fn folder(&self, dependency: &Dependency) -> Option<String> {
        let plain = !dependency.name.is_empty() && !dependency.name.contains(['/', '\\']);
        (plain && self.files.exists(&join(&dependency.name, "Chart.yaml"))).then(|| dependency.name.clone())
    }

    /// The archives that are the dependency's by name and version, the newest first.
    pub(super) fn archives(&self, dependency: &Dependency) -> Vec<&str> {
        let all = self.archives.get_or_init(|| {
            let mut listed = self.files.list("").unwrap_or_default();
            listed.retain(|path| path.ends_with(".tgz"));
            listed
        });
        let prefix = format!("{}-", dependency.name);
        let version = |path: &'_ String| {
            let base = path.rsplit('/').next()?.strip_prefix(&prefix)?.strip_suffix(".tgz")?;
            let version = Version::parse(base.as_bytes()).ok()?;
            in_range(&dependency.version, base).then_some(version)
        };
        let mut found: Vec<(Version, &str)> =
            all.iter().filter_map(|path| Some((version(path)?, path.as_str()))).collect();
        found.sort_by(|(a, _), (b, _)| b.compare(a));
        found.into_iter().map(|(_, path)| path).collect()
    }
}

impl fmt::Debug for ChartCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChartCache({})", self.name)
    }
}
