//! Charts of the checked paths that a resource beside them installs: an Argo CD Application whose `path` is the
//! chart's folder, a Flux HelmRelease whose chart is one of its Git repository, `helmCharts` of a kustomization, a
//! fleet.yaml. Each is one more scenario of the
//! chart, with the resource's values files, ConfigMaps, inline values, parameters, release name and namespace.
//!
//! Only what is known as a whole counts: where something fills values in later (a Secret, a file of another
//! repository), it is said that the chart is not rendered so, and the inline values are judged without the chart,
//! as everywhere else.

mod application_set;
mod config_map;
mod fleet;
mod git_generator;
mod install;
mod kustomize;
mod named;
mod overlay;
mod place;
mod reader;
mod release;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::project::{ChartFolder, InputFile, Project, Role, kind_by_name};
use crate::resource::{Content, Document, NotAnObject};
use crate::source::{Limits, Problem, ProblemKind};
use crate::yaml::{self, FieldPath, SpanTree};

use super::Engine;
use super::chart::{self, Alone};
use config_map::ConfigMaps;
use git_generator::Around;
use install::install;
pub(super) use install::{Install, ValuesAt};
use overlay::Patch;
pub(super) use place::{At, Form, Parameters, Place};
use release::{ChartPath, Known, Release, Unknown, Values};

/// Most resources that are scenarios of one chart; the values of further ones are judged without it.
const MOST: usize = 16;

/// Where values stand in a resource: file, document, item of a list, path.
type InlineAt = (Arc<str>, usize, Option<usize>, String);

/// What a project installs of its own charts.
#[derive(Clone, Default)]
pub(super) struct Installs {
    by_chart: HashMap<PathBuf, Vec<Arc<Install>>>,
    inline: HashSet<InlineAt>,
    files: HashSet<Arc<str>>,
    /// Values files that are judged without the chart that they stand beside: all of it, or what stands below some
    /// keys.
    alone: HashMap<Arc<str>, Option<Arc<[String]>>>,
    /// The charts that resources may install, by their folders.
    charts: HashMap<PathBuf, Arc<str>>,
    problems: Vec<Problem>,
    /// Whether the files of a project without charts were not read for the values files that they name.
    is_open: bool,
}

/// A release of a chart of the project.
struct Found<'p> {
    file: &'p InputFile,
    document: Document,
    /// The repository's root, and the chart; none where the chart is filled in later.
    chart: Option<(PathBuf, PathBuf)>,
    known: Result<Known, Unknown>,
    /// The patch that it was changed by.
    patch: Option<&'p InputFile>,
}

/// What a file has of releases.
enum Part<'p> {
    /// A release of a chart of the project.
    Release(Box<Found<'p>>),
    /// A patch of one.
    Patch(Patch<'p>),
    /// A values file that one names.
    File(PathBuf),
}

impl Installs {
    /// The resources of a project that install its charts.
    pub fn of(engine: &Engine, project: &Project) -> Self {
        if project.charts().next().is_none() {
            return Self::open();
        }
        // Of a chart that is checked in part not everything is reported.
        let charts: HashMap<&Path, &Arc<str>> = project
            .charts()
            .filter(|it| it.only.is_empty())
            .map(|it| (it.path.as_path(), &it.name))
            .collect();
        let files: Vec<&InputFile> = project.manifests().collect();
        let shown: HashMap<&Path, &Arc<str>> = files.iter().map(|file| (file.path(), file.name())).collect();
        let mut installs = Self::default();
        let alone: Vec<&ChartFolder> = project.charts().collect();
        let alone: Vec<(&ChartFolder, Alone)> =
            alone.par_iter().map(|it| (*it, chart::alone(engine, it))).collect();
        let unmet: HashSet<&Path> = alone
            .iter()
            .filter(|(_, it)| !it.unmet.is_empty())
            .map(|(folder, _)| folder.path.as_path())
            .collect();
        for (_, it) in &alone {
            let keys: Option<Arc<[String]>> = (!it.unmet.is_empty()).then(|| it.unmet.as_slice().into());
            let names = it.files.iter().filter_map(|path| shown.get(path.as_path()));
            installs.alone.extend(names.map(|&name| (Arc::clone(name), keys.clone())));
        }
        let folders: Vec<&Path> = charts.keys().copied().collect();
        let parts = files.par_iter().flat_map_iter(|file| in_file(engine, file, &charts, (&folders, &files)));
        let (mut found, mut patches) = (Vec::new(), Vec::new());
        for part in parts.collect::<Vec<Part<'_>>>() {
            match part {
                Part::Release(release) => found.push(*release),
                Part::Patch(patch) => patches.push(patch),
                Part::File(path) => {
                    installs.alone.extend(shown.get(path.as_path()).map(|&name| (Arc::clone(name), None)));
                }
            }
        }
        let patched: Vec<Found<'_>> = patches.iter().filter_map(|patch| patch.release(&found)).collect();
        found.extend(patched);
        let wanted = found.iter().filter_map(|it| it.known.as_ref().ok()).flat_map(|it| &it.values);
        let names: BTreeSet<String> = wanted
            .filter_map(|values| match values {
                Values::ConfigMap(reference) => Some(reference.name.clone()),
                _ => None,
            })
            .collect();
        let maps = ConfigMaps::of(engine, &files, &names);
        let mut more: HashMap<PathBuf, usize> = HashMap::new();
        installs.charts = charts.iter().map(|(path, name)| (path.to_path_buf(), Arc::clone(name))).collect();
        for found in found {
            let head = title(&found.document);
            let Some((root, chart)) = &found.chart else {
                // Whether it is a chart that is checked here is not known either.
                if let Err(unknown) = &found.known {
                    let message = format!("{head} may install a chart of these files: {}", unknown.why);
                    installs.say(ProblemKind::Warning, unknown, message);
                }
                continue;
            };
            // Of a chart that can not be rendered all values are judged without it.
            if unmet.contains(chart.as_path()) {
                for path in found.known.iter().flat_map(|known| &known.values) {
                    let path = path.file(root, chart);
                    let name = path.as_ref().and_then(|path| shown.get(path.as_path()));
                    if let Some(&name) = name {
                        installs.alone.entry(Arc::clone(name)).or_insert(None);
                    }
                }
                continue;
            }
            let name = charts.get(chart.as_path()).map_or("", |name| &***name);
            let known = installs.by_chart.get(chart).map_or(0, Vec::len);
            if known >= MOST {
                *more.entry(chart.clone()).or_default() += 1;
                continue;
            }
            match install(engine, &found, &maps, (root, chart)) {
                Ok((mut install, inline)) => {
                    let known = installs.by_chart.entry(chart.clone()).or_default();
                    // The same name once more: in another namespace, or with other values.
                    let same = known.iter().filter(|it| it.name.starts_with(&install.name)).count();
                    if same > 0 {
                        install.name.push_str(&format!(", number {}", same + 1));
                    }
                    let names = install.files().filter_map(|path| shown.get(path.as_path()));
                    installs.files.extend(names.map(|name| Arc::clone(name)));
                    installs.inline.extend(inline);
                    known.push(Arc::new(install));
                }
                Err(unknown) => {
                    let message =
                        format!("chart {name} is not rendered as {head} installs it: {}", unknown.why);
                    installs.say(ProblemKind::NotChecked, &unknown, message);
                }
            }
        }
        for (chart, more) in more {
            let name = charts.get(chart.as_path()).map_or("", |name| &***name);
            let message =
                format!("{} resources install this chart: only the first {MOST} are tried", MOST + more);
            installs.problems.push(Problem::of_path(ProblemKind::NotChecked, name, message));
        }
        installs.problems.sort_by(|a, b| (&a.path, a.span).cmp(&(&b.path, b.span)));
        installs
    }

    fn say(&mut self, kind: ProblemKind, unknown: &Unknown, message: String) {
        let help = "values that stand in it are judged without the chart";
        self.problems.push(Problem::new(kind, &unknown.source, unknown.span, message).with_help(help));
    }

    /// What is not rendered, and why.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What is not rendered of what a resource installs that a chart prints from a file: charts of the project with
    /// other values than their own.
    pub fn of_printed(&self, document: &Document, file: &Path) -> Vec<String> {
        let charts: Vec<&Path> = self.charts.keys().map(PathBuf::as_path).collect();
        let around = Around { file, charts: &charts, files: &[], limits: &Limits::default() };
        let releases = release::releases(document, &around).into_iter().filter(|release| {
            release.known.as_ref().is_ok_and(|it| !it.values.is_empty() || it.parameters.is_some())
        });
        let name = |release: Release| {
            let (_, chart) = found_at(file, &release.chart?, &|path| self.charts.contains_key(path))?;
            self.charts.get(&chart)
        };
        let head = title(document);
        let say = |name| format!("chart {name} is not rendered as {head} installs it: a chart prints {head}");
        releases.filter_map(name).map(say).collect()
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

    /// Whether a file beside a chart is judged as values without it.
    pub fn judges_alone(&self, name: &str) -> bool {
        self.alone.contains_key(name)
    }

    /// The keys of a file below which values are judged without their chart, where it is not all of them.
    pub fn keys_alone(&self, name: &str) -> Option<&[String]> {
        self.alone.get(name)?.as_deref()
    }

    /// Whether ignores of a file may be used where a chart is checked.
    pub fn use_ignores_of(&self, name: &str) -> bool {
        self.files.contains(name) || self.inline.iter().any(|(file, ..)| **file == *name)
    }
}

/// A resource in words.
fn title(document: &Document) -> String {
    match document.name() {
        Some(name) => format!("{} {name}", document.kind().kind),
        None => document.kind().kind.clone(),
    }
}

/// What a file has of releases that install one of the charts, or may do so.
fn in_file<'p>(
    engine: &Engine,
    file: &'p InputFile,
    charts: &HashMap<&Path, &Arc<str>>,
    (folders, files): (&[&Path], &[&InputFile]),
) -> Vec<Part<'p>> {
    let Ok(source) = file.read(&engine.limits) else { return Vec::new() };
    if !release::may_have(file.path(), source.text()) {
        return Vec::new();
    }
    let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
    let mut found = Vec::new();
    for document in documents(engine, &tree, file.path()) {
        // A patch is no finished resource.
        if file.role() == Role::OverlayPatch {
            if Patch::fits(&document) {
                found.push(Part::Patch(Patch { file, document }));
            }
            continue;
        }
        found.extend(release::named_files(&document, file.path()).into_iter().map(Part::File));
        let around = Around { file: file.path(), charts: folders, files, limits: &engine.limits };
        for Release { chart, known } in release::releases(&document, &around) {
            let chart = match chart {
                None if charts.is_empty() => continue,
                None => None,
                Some(path) => match found_at(file.path(), &path, &|path| charts.contains_key(path)) {
                    None => continue,
                    some => some,
                },
            };
            let release = Found { file, document: document.clone(), chart, known, patch: None };
            found.push(Part::Release(Box::new(release)));
        }
    }
    found
}

/// The objects of a file, and what is one by the file's name.
fn documents(engine: &Engine, tree: &Arc<SpanTree>, file: &Path) -> Vec<Document> {
    let document = |content| match content {
        Content::Object(document) => Some(document),
        Content::Other { document, item: None, node: Some(root), reason: NotAnObject::NoKind } => {
            Some(Document::of_kind(tree, root, document, kind_by_name(file)?))
        }
        Content::Other { .. } => None,
    };
    Document::read_all(tree, &engine.kinds).into_iter().filter_map(document).collect()
}

/// What the root of a file's repository may be: the git work tree that it lies in, or else each folder above it.
fn roots(file: &Path) -> Vec<&Path> {
    let above = file.ancestors().skip(1);
    match above.clone().find(|folder| folder.join(".git").exists()) {
        Some(root) => vec![root],
        None => above.collect(),
    }
}

/// The chart of a resource in a file, and the folder that paths count from.
fn found_at(file: &Path, chart: &ChartPath, is_chart: &dyn Fn(&Path) -> bool) -> Option<(PathBuf, PathBuf)> {
    match chart {
        ChartPath::InRepository(path) => chart_of(file, path, is_chart),
        ChartPath::OnDisk(folders) => {
            let chart = folders.iter().find(|folder| is_chart(folder))?;
            Some((file.parent()?.to_path_buf(), chart.clone()))
        }
    }
}

/// The chart that a path in a repository means, and the repository's root: the git work tree that the file lies
/// in; without one, the only folder above the file below which there is such a chart.
fn chart_of(file: &Path, path: &str, is_chart: &dyn Fn(&Path) -> bool) -> Option<(PathBuf, PathBuf)> {
    let found =
        roots(file).into_iter().filter_map(|root| Some((root.to_path_buf(), below(root, root, path)?)));
    let mut found = found.filter(|(root, chart)| {
        // Without a work tree, `.` could mean any folder.
        (chart != root || root.join(".git").exists()) && is_chart(chart)
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_only_chart_it_may_mean() {
        let file = Path::new("/none/r/apps/web.yaml");
        let found = |path: &str, charts: &[&'static str]| {
            chart_of(file, path, &|path| charts.iter().any(|chart| Path::new(chart) == path))
        };
        let web = Some(("/none/r".into(), "/none/r/charts/web".into()));
        assert_eq!(found("charts/web", &["/none/r/charts/web"]), web);
        assert_eq!(found("./charts/x/../web/", &["/none/r/charts/web"]), web);
        assert_eq!(found("charts/web", &["/none/r/charts/web", "/none/r/apps/charts/web"]), None);
        assert_eq!(found("charts/web", &["/other/charts/web"]), None);
        assert_eq!(found("../r/charts/web", &["/none/r/charts/web"]), None);
        assert_eq!(found(".", &["/none/r"]), None);
    }
}
