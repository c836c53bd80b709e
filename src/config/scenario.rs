//! [`ScenarioSettings`]: one `[[scenarios]]`, with its paths and names checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobMatcher;

use crate::source::{Source, Span};

use super::error::ConfigError;
use super::load::{Layer, Step};
use super::schema::{Platform, ScenarioEntry};
use super::settings::path_glob;

/// A rendering of charts that the configuration names.
#[derive(Clone, Debug)]
pub struct ScenarioSettings {
    /// Its name.
    pub name: String,
    /// Values files, later ones win.
    pub values: Vec<PathBuf>,
    /// What it says beside charts and values files.
    pub entry: ScenarioEntry,
    /// The configuration it stands in.
    pub source: Arc<Source>,
    /// Where it stands there.
    pub span: Span,
    chart: Option<GlobMatcher>,
    folder: PathBuf,
    working_folder: PathBuf,
}

impl ScenarioSettings {
    /// The scenario of this number in a configuration.
    ///
    /// # Errors
    /// It has no name, or one that means another scenario; `chart` is no glob.
    pub(super) fn of(layer: &Layer, index: usize, working_folder: &Path) -> Result<Self, ConfigError> {
        let list = [Step::Value("scenarios"), Step::Item(index)];
        let entry = layer.file.scenarios.get(index).cloned().unwrap_or_default();
        let fail = |key: &'static str, message: String| {
            let span = layer.span(&[list[0], list[1], Step::Value(key)]);
            let span = if span.is_empty() { layer.span(&list) } else { span };
            ConfigError::new(&layer.source, span, message)
        };
        if entry.name.trim().is_empty() {
            return Err(fail("name", "a scenario needs a `name`".to_owned()));
        }
        if entry.name == "default" {
            return Err(fail("name", "`default` is the scenario that sets nothing".to_owned()));
        }
        let chart = entry.chart.as_deref().map(|glob| path_glob(glob.trim_end_matches('/')));
        let chart = chart.transpose().map_err(|message| fail("chart", message))?;
        Ok(Self {
            name: entry.name.clone(),
            values: entry.values.iter().map(|path| layer.folder.join(path)).collect(),
            source: Arc::clone(&layer.source),
            span: layer.span(&list),
            chart,
            folder: layer.folder.clone(),
            working_folder: working_folder.to_path_buf(),
            entry,
        })
    }

    /// A scenario of all charts that the arguments of a command give.
    #[must_use]
    pub fn of_arguments(entry: ScenarioEntry, working_folder: &Path) -> Self {
        Self {
            name: entry.name.clone(),
            values: entry.values.iter().map(|path| working_folder.join(path)).collect(),
            source: Arc::new(Source::new("arguments", "")),
            span: Span::default(),
            chart: None,
            folder: working_folder.to_path_buf(),
            working_folder: working_folder.to_path_buf(),
            entry,
        }
    }

    /// Whether it is for a chart. `path` is the chart's folder; a relative one counts from the working
    /// directory.
    #[must_use]
    pub fn is_for(&self, path: &Path) -> bool {
        self.chart.as_ref().is_none_or(|glob| {
            let path = self.working_folder.join(path.strip_prefix("./").unwrap_or(path));
            glob.is_match(path.strip_prefix(&self.folder).unwrap_or(&path))
        })
    }

    /// Whether the cluster gives each namespace user ids of its own.
    #[must_use]
    pub fn assigns_user_ids(&self) -> bool {
        self.entry.platform == Some(Platform::Openshift)
    }
}
