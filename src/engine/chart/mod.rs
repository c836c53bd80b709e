//! Charts: rendered scenario by scenario, judged as rendered, found and mended at the source.
//!
//! A finding is made on a rendered object; the origins of its bytes say which values key or template
//! line to report ([`locate`]). A repair is looked for the other way round: every place that could
//! cause the change (a values key that was printed, one that was looked up and is not there, the
//! template's text) is tried in memory, the chart rendered again, and only what then turns out to do
//! exactly what was wanted is taken ([`mend`]).

mod bump;
mod candidate;
mod coverage;
mod docs;
mod guards;
mod hooks;
mod ignores;
mod installed;
mod judge;
mod literal_site;
mod locate;
mod mend;
mod narrow;
mod new_key;
mod offer;
mod part_site;
mod printed;
mod proof;
mod resource_site;
mod scenarios;
mod schema_site;
mod sites;
mod stand_in;
mod switch;
mod template_site;
mod trace;
mod trials;
mod unfilled;
mod unread;
mod values_site;
mod wants;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::installs::{At, Install};
use crate::project::{ChartFolder, OverlayFiles, ShownFiles, Snapshot};
use crate::source::{Files, MemoryFiles, Problem, ProblemKind, Source};

pub(super) use coverage::coverage;
pub(super) use judge::judge;
pub(super) use mend::{kept, mend};
pub(super) use offer::offer_edits;
pub(super) use scenarios::{Alone, alone};

/// A chart and the tree it stands in.
pub(super) struct ChartInput {
    /// The files, under the names that are shown.
    pub files: Arc<dyn Files>,
    /// The chart's folder in them.
    pub folder: String,
    /// The chart's folder as shown.
    pub name: Arc<str>,
    /// Template files, counted in summaries.
    pub templates: usize,
    /// Files and folders to which the report is limited; none for all.
    pub only: Vec<String>,
    /// Values files beside or above it, under the names that are shown.
    pub around: Vec<String>,
    /// Resources that install it.
    pub installs: Vec<Arc<Install>>,
    /// The only file that may change, if it is not all: the one in an editor.
    buffer: Option<String>,
    disk: Option<ShownFiles>,
}

impl ChartInput {
    /// The chart in a folder on disk.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open(engine: &Engine, chart: &ChartFolder) -> Result<Self, Box<Problem>> {
        let shown = ShownFiles::around(&chart.path, &chart.name, &engine.limits).map_err(|error| {
            let name = Arc::clone(&chart.name);
            Box::new(Problem::of_path(ProblemKind::NotChecked, name, error.to_string()))
        })?;
        Ok(Self {
            files: Arc::new(Snapshot::new(shown.clone())),
            folder: ShownFiles::folder(&chart.name).to_owned(),
            name: Arc::clone(&chart.name),
            templates: chart.templates.len(),
            only: chart.only.iter().map(|path| ShownFiles::folder(path).to_owned()).collect(),
            around: chart.values.iter().filter_map(|path| shown.name_of(path)).collect(),
            installs: engine.installs.of_chart(&chart.path),
            buffer: None,
            disk: Some(shown),
        })
    }

    /// The same chart with another text of one file, which alone may change.
    pub fn with_buffer(mut self, source: &Source) -> Self {
        let mut above = MemoryFiles::new();
        above.insert(&**source.name(), source.text().as_bytes());
        self.files = Arc::new(OverlayFiles::new(self.files, above));
        self.buffer = Some(source.name().to_string());
        self
    }

    /// Whether a change of a file may be made.
    fn may_change(&self, path: &str) -> bool {
        self.buffer.as_ref().is_none_or(|only| only == path)
    }

    /// A chart in memory.
    #[cfg(test)]
    pub fn in_memory(files: MemoryFiles, folder: &str) -> Self {
        Self {
            files: Arc::new(files),
            folder: folder.to_owned(),
            name: Arc::from(folder),
            templates: 1,
            only: Vec::new(),
            around: Vec::new(),
            installs: Vec::new(),
            buffer: None,
            disk: None,
        }
    }

    /// The path of a file of the chart.
    fn inside(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }

    /// Whether a file lies in the chart's folder.
    fn is_inside(&self, path: &str) -> bool {
        path.starts_with(&self.inside(""))
    }

    /// Whether what has its source in a file is reported.
    fn reports(&self, path: &str) -> bool {
        let below = |folder: &String| {
            path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.only.is_empty() || self.only.iter().any(below)
    }

    /// Whether a file holds values of a resource that installs the chart.
    fn installs_it(&self, path: &str) -> bool {
        self.installs.iter().flat_map(|it| it.ats()).any(|at| *at.file == *path)
    }

    /// The resource that a scenario stands for.
    fn install(&self, scenario: &str) -> Option<&Install> {
        self.installs.iter().find(|it| it.name == scenario).map(|it| &**it)
    }

    /// Whether values in a resource can be changed: the chart's tree has its file under the same name.
    fn can_change(&self, at: &At) -> bool {
        self.shown(&at.path).is_some_and(|name| *name == *at.file)
    }

    /// Whether a file is the chart's own to change: in the tree, no vendored copy, and no resource.
    fn is_own(&self, path: &str) -> bool {
        !self.installs_it(path) && !path.starts_with(&self.inside("charts/")) && self.files.exists(path)
    }

    /// The name under which a file on disk is shown, if it is there and in the tree.
    fn shown(&self, path: &Path) -> Option<String> {
        match &self.disk {
            Some(disk) => disk.name_of(path),
            None => path.to_str().filter(|path| self.files.exists(path)).map(str::to_owned),
        }
    }

    /// Where a file is on disk; empty for a chart in memory.
    fn on_disk(&self, path: &str) -> PathBuf {
        self.disk.as_ref().and_then(|disk| disk.on_disk(path)).unwrap_or_default()
    }
}
