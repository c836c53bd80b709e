//! Charts of the checked paths that a resource beside them installs: an Argo CD Application whose `path` is the
//! chart's folder, a Flux HelmRelease whose chart is one of its Git repository. Each is one more scenario of the
//! chart, with the resource's values files, inline values, release name and namespace.
//!
//! Only what is known as a whole counts: where something fills values in later (`valuesFrom`, `parameters`,
//! a file of another repository), the inline values are judged without the chart, as everywhere else.

mod inline;
mod release;

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::helm::values::ValuesFile;
use crate::project::{InputFile, Project};
use crate::resource::Document;
use crate::yaml::{self, FieldPath};

use super::Engine;
use release::{FileAt, Release};

/// Most resources that are scenarios of one chart; the values of further ones are judged without it.
const MOST: usize = 16;

/// A resource that installs a chart.
pub(super) struct Install {
    /// What its scenario is called.
    pub name: String,
    /// The file that it stands in, as shown.
    pub file: Arc<str>,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Values files on disk; later ones win.
    pub values: Vec<PathBuf>,
    /// The resource's own values, which win over the files.
    pub inline: Option<Arc<ValuesFile>>,
}

/// Where inline values stand: file, document, item of a list, path.
type InlineAt = (Arc<str>, usize, Option<usize>, String);

/// What a project installs of its own charts.
#[derive(Clone, Default)]
pub(super) struct Installs {
    by_chart: HashMap<PathBuf, Vec<Arc<Install>>>,
    inline: HashSet<InlineAt>,
    files: HashSet<Arc<str>>,
}

impl Installs {
    /// The resources of a project that install its charts.
    pub fn of(engine: &Engine, project: &Project) -> Self {
        // Of a chart that is checked in part not everything is reported.
        let charts: HashSet<&Path> =
            project.charts().filter(|it| it.only.is_empty()).map(|it| it.path.as_path()).collect();
        if charts.is_empty() {
            return Self::default();
        }
        let files: Vec<&InputFile> = project.manifests().collect();
        let found: Vec<_> = files.par_iter().flat_map_iter(|file| in_file(engine, file, &charts)).collect();
        let names: HashMap<&Path, &Arc<str>> = files.iter().map(|file| (file.path(), file.name())).collect();
        let mut installs = Self::default();
        for (chart, install, at) in found {
            let known = installs.by_chart.entry(chart).or_default();
            if known.len() >= MOST || known.iter().any(|it| it.name == install.name) {
                continue;
            }
            let shown = install.values.iter().filter_map(|path| names.get(path.as_path()));
            installs.files.extend(shown.map(|name| Arc::clone(name)));
            installs.inline.extend(at);
            known.push(Arc::new(install));
        }
        installs
    }

    /// The resources that install the chart in a folder.
    pub fn of_chart(&self, folder: &Path) -> Vec<Arc<Install>> {
        self.by_chart.get(folder).cloned().unwrap_or_default()
    }

    /// Whether values at a place of a document are those of a scenario of their chart.
    pub fn hold(&self, document: &Document, path: &FieldPath) -> bool {
        let name = document.tree().source().name();
        if document.is_values() {
            return self.files.contains(name);
        }
        let at = || (Arc::clone(name), document.document(), document.item(), path.to_string());
        !self.inline.is_empty() && self.inline.contains(&at())
    }

    /// Whether ignores of a file may be used where a chart is checked.
    pub fn use_ignores_of(&self, name: &str) -> bool {
        self.files.contains(name) || self.inline.iter().any(|(file, ..)| **file == *name)
    }
}

/// The charts that the resources in a file install.
fn in_file(
    engine: &Engine,
    file: &InputFile,
    charts: &HashSet<&Path>,
) -> Vec<(PathBuf, Install, Option<InlineAt>)> {
    let Ok(source) = file.read(&engine.limits) else { return Vec::new() };
    if !release::GROUPS.iter().any(|group| source.text().contains(group)) {
        return Vec::new();
    }
    let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
    let mut found = Vec::new();
    for document in Document::objects(&tree, &engine.kinds) {
        for release in release::releases(&document) {
            let Some((root, chart)) = chart_of(file.path(), &release.chart, charts) else { continue };
            let Some(values) = values_files(&release, &root, &chart) else { continue };
            let mut at = None;
            let mut values_inline = None;
            if let Some(inline) = &release.inline {
                let Some(read) = inline::read(engine, &document, inline) else { continue };
                values_inline = Some(Arc::new(read));
                let path = inline.path.to_string();
                at = Some((Arc::clone(file.name()), document.document(), document.item(), path));
            }
            let kind = &document.kind().kind;
            let install = Install {
                name: format!("{kind} {} in {}", document.name().unwrap_or(""), file.name()),
                file: Arc::clone(file.name()),
                release: release.name,
                namespace: release.namespace,
                values,
                inline: values_inline,
            };
            found.push((chart, install, at));
        }
    }
    found
}

/// The chart that a path in a repository means, and the repository's root: the git work tree that the file lies
/// in; without one, the only folder above the file below which there is such a chart.
fn chart_of(file: &Path, path: &str, charts: &HashSet<&Path>) -> Option<(PathBuf, PathBuf)> {
    let mut above = file.ancestors().skip(1);
    let roots: Vec<&Path> = match above.clone().find(|folder| folder.join(".git").exists()) {
        Some(root) => vec![root],
        None => above.by_ref().collect(),
    };
    let found = roots.into_iter().filter_map(|root| Some((root.to_path_buf(), below(root, root, path)?)));
    let mut found = found.filter(|(root, chart)| chart != root && charts.contains(chart.as_path()));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// A path from a folder, without `.` and `..`; `None` where it leaves the root.
fn below(root: &Path, folder: &Path, path: &str) -> Option<PathBuf> {
    let mut at = folder.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => at.push(name),
            Component::ParentDir if at != root => {
                at.pop();
            }
            _ => return None,
        }
    }
    Some(at)
}

/// The values files of a release on disk; `None` where one is not there.
fn values_files(release: &Release, root: &Path, chart: &Path) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    for file in &release.values {
        let path = match file {
            FileAt::Chart(path) => below(root, chart, path)?,
            FileAt::Root(path) => below(root, root, path)?,
        };
        if path.is_file() {
            found.push(path);
        } else if !release.ignores_missing {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_only_chart_it_may_mean() {
        let charts = |paths: &[&'static str]| paths.iter().map(|path| Path::new(*path)).collect();
        let file = Path::new("/none/r/apps/web.yaml");
        let found = |path: &str, paths: &[&'static str]| chart_of(file, path, &charts(paths));
        let web = Some(("/none/r".into(), "/none/r/charts/web".into()));
        assert_eq!(found("charts/web", &["/none/r/charts/web"]), web);
        assert_eq!(found("./charts/x/../web/", &["/none/r/charts/web"]), web);
        assert_eq!(found("charts/web", &["/none/r/charts/web", "/none/r/apps/charts/web"]), None);
        assert_eq!(found("charts/web", &["/other/charts/web"]), None);
        assert_eq!(found("../r/charts/web", &["/none/r/charts/web"]), None);
        assert_eq!(found(".", &["/none/r"]), None);
    }
}
