//! Charts of the checked paths that a resource beside them installs: an Argo CD Application whose `path` is the
//! chart's folder, a Flux HelmRelease whose chart is one of its Git repository. Each is one more scenario of the
//! chart, with the resource's values files, ConfigMaps, inline values, parameters, release name and namespace.
//!
//! Only what is known as a whole counts: where something fills values in later (a Secret, a file of another
//! repository), it is said that the chart is not rendered so, and the inline values are judged without the chart,
//! as everywhere else.

mod application_set;
mod config_map;
mod overlay;
mod place;
mod reader;
mod release;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::helm::context::KubeVersion;
use crate::project::{ChartFolder, InputFile, Project, Role};
use crate::resource::Document;
use crate::source::{Problem, ProblemKind};
use crate::yaml::{self, FieldPath, NodeId};

use super::{Engine, chart};
use config_map::{ConfigMaps, Entry};
use overlay::Patch;
pub(super) use place::{At, Form, Parameters, Place};
use release::{Known, Release, Unknown, Values};

/// Most resources that are scenarios of one chart; the values of further ones are judged without it.
const MOST: usize = 16;

/// Values of a resource that installs a chart.
pub(super) enum ValuesAt {
    /// A file on disk.
    File(PathBuf),
    /// A place in a resource.
    Place(Arc<Place>),
}

/// A resource that installs a chart.
pub(super) struct Install {
    /// What its scenario is called.
    pub name: String,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Its values; later ones win.
    pub values: Vec<ValuesAt>,
    /// Its parameters, which win over all values.
    pub parameters: Option<Arc<Parameters>>,
    /// The version of Kubernetes that it is rendered for, if it says so.
    pub kube_version: Option<KubeVersion>,
    /// API versions that it is rendered for.
    pub api_versions: Vec<String>,
    /// Whether the chart's schema is left aside.
    pub skip_schema: bool,
}

impl Install {
    /// Its values files on disk.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.values.iter().filter_map(|it| match it {
            ValuesAt::File(path) => Some(path),
            ValuesAt::Place(_) => None,
        })
    }

    /// Its values in resources; later ones win.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = &Arc<Place>> {
        self.values.iter().filter_map(|it| match it {
            ValuesAt::File(_) => None,
            ValuesAt::Place(place) => Some(place),
        })
    }

    /// Where it has values in a resource.
    pub fn ats(&self) -> impl Iterator<Item = &At> {
        self.places().map(|place| &place.at).chain(self.parameters.iter().map(|it| &it.at))
    }
}

/// Where values stand in a resource: file, document, item of a list, path.
type InlineAt = (Arc<str>, usize, Option<usize>, String);

/// What a project installs of its own charts.
#[derive(Clone, Default)]
pub(super) struct Installs {
    by_chart: HashMap<PathBuf, Vec<Arc<Install>>>,
    inline: HashSet<InlineAt>,
    files: HashSet<Arc<str>>,
    /// Values files whose keys are not those of the chart that they stand beside.
    alone: HashSet<Arc<str>>,
    problems: Vec<Problem>,
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
        // Of a chart that is checked in part not everything is reported.
        let charts: HashMap<&Path, &Arc<str>> = project
            .charts()
            .filter(|it| it.only.is_empty())
            .map(|it| (it.path.as_path(), &it.name))
            .collect();
        let files: Vec<&InputFile> = project.manifests().collect();
        let shown: HashMap<&Path, &Arc<str>> = files.iter().map(|file| (file.path(), file.name())).collect();
        let mut installs = Self::default();
        let folders: Vec<&ChartFolder> = project.charts().collect();
        let unfit: Vec<PathBuf> = folders.par_iter().flat_map_iter(|it| chart::unfit(engine, it)).collect();
        let unfit = unfit.iter().filter_map(|path| shown.get(path.as_path()));
        installs.alone.extend(unfit.map(|name| Arc::clone(name)));
        let parts = files.par_iter().flat_map_iter(|file| in_file(engine, file, &charts));
        let (mut found, mut patches) = (Vec::new(), Vec::new());
        for part in parts.collect::<Vec<Part<'_>>>() {
            match part {
                Part::Release(release) => found.push(*release),
                Part::Patch(patch) => patches.push(patch),
                Part::File(path) => {
                    installs.alone.extend(shown.get(path.as_path()).map(|name| Arc::clone(name)));
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
        self.alone.contains(name)
    }

    /// Whether ignores of a file may be used where a chart is checked.
    pub fn use_ignores_of(&self, name: &str) -> bool {
        self.files.contains(name) || self.inline.iter().any(|(file, ..)| **file == *name)
    }
}

/// A resource in words.
fn title(document: &Document) -> String {
    format!("{} {}", document.kind().kind, document.name().unwrap_or(""))
}

/// What a file has of releases that install one of the charts, or may do so.
fn in_file<'p>(engine: &Engine, file: &'p InputFile, charts: &HashMap<&Path, &Arc<str>>) -> Vec<Part<'p>> {
    let Ok(source) = file.read(&engine.limits) else { return Vec::new() };
    if !release::GROUPS.iter().any(|group| source.text().contains(group)) {
        return Vec::new();
    }
    let tree = Arc::new(yaml::parse(&source, &engine.limits).tree);
    let mut found = Vec::new();
    for document in Document::objects(&tree, &engine.kinds) {
        // A patch is no finished resource.
        if file.role() == Role::OverlayPatch {
            if Patch::fits(&document) {
                found.push(Part::Patch(Patch { file, document }));
            }
            continue;
        }
        for path in release::named_files(&document) {
            let mut there = roots(file.path()).into_iter().filter_map(|root| below(root, root, &path));
            found.extend(there.find(|path| path.is_file()).map(Part::File));
        }
        for Release { chart, known } in release::releases(&document) {
            let chart = match chart {
                None if charts.is_empty() => continue,
                None => None,
                Some(path) => match chart_of(file.path(), &path, charts) {
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

/// What the root of a file's repository may be: the git work tree that it lies in, or else each folder above it.
fn roots(file: &Path) -> Vec<&Path> {
    let above = file.ancestors().skip(1);
    match above.clone().find(|folder| folder.join(".git").exists()) {
        Some(root) => vec![root],
        None => above.collect(),
    }
}

/// A release as a scenario, with the places of its values.
fn install(
    engine: &Engine,
    found: &Found<'_>,
    maps: &ConfigMaps,
    (root, chart): (&Path, &Path),
) -> Result<(Install, Vec<InlineAt>), Unknown> {
    let Found { file, document, .. } = found;
    let source = document.tree().source();
    let known = found.known.as_ref().map_err(Clone::clone)?;
    let mut inline = Vec::new();
    let mut place = |document: &Document, path: &Path, field: &FieldPath, node: NodeId, form: Form| {
        let tree = document.tree();
        let place = Place::read(At::new(document, path, field), form, tree, node, &engine.limits)?;
        inline.push((
            Arc::clone(tree.source().name()),
            document.document(),
            document.item(),
            field.to_string(),
        ));
        Ok::<_, String>(ValuesAt::Place(Arc::new(place)))
    };
    let mut values = Vec::new();
    for it in &known.values {
        let (path, span) = match it {
            Values::InChart(path, span) => (below(root, chart, path), *span),
            Values::InRepository(path, span) | Values::InOther(path, span) => {
                (below(root, root, path), *span)
            }
            Values::Inline { path, node, is_text } => {
                let form = if *is_text { Form::Text } else { Form::Mapping };
                let read = place(document, file.path(), path, *node, form);
                values.push(read.map_err(|why| release::unknown(document.tree(), *node, &why))?);
                continue;
            }
            Values::Patch { document, path, field, node } => {
                let read = place(document, path, field, *node, Form::Mapping);
                values.push(read.map_err(|why| release::unknown(document.tree(), *node, &why))?);
                continue;
            }
            Values::ConfigMap(reference) => {
                let unknown = |why| Unknown { source: Arc::clone(source), span: reference.span, why };
                let (name, key) = (&reference.name, &reference.key);
                let entry = maps.entry(file.path(), document.namespace(), name, key).map_err(unknown)?;
                let form = reference.target.clone().map_or(Form::Text, Form::Single);
                match (entry, form) {
                    (Entry::Text { document, path, field, node }, form) => {
                        let read = place(document, path, &field, node, form);
                        values.push(read.map_err(|why| unknown(format!("ConfigMap {name}: {why}")))?);
                        continue;
                    }
                    (Entry::File(path), Form::Text) => (Some(path), reference.span),
                    (Entry::File(_), _) => {
                        return Err(unknown(format!("a file of ConfigMap {name} is one value of it")));
                    }
                }
            }
        };
        match path.filter(|path| path.is_file()) {
            Some(path) => values.push(ValuesAt::File(path)),
            None if known.ignores_missing && !matches!(it, Values::InOther(..)) => {}
            None => {
                let other = matches!(it, Values::InOther(..));
                let why = if other {
                    "a values file is in another repository"
                } else {
                    "a values file is not there"
                };
                let (source, why) = (Arc::clone(source), why.to_owned());
                return Err(Unknown { source, span, why });
            }
        }
    }
    let mut parameters = None;
    if let Some((field, node)) = &known.parameters {
        let tree = document.tree();
        let read = Parameters::read(At::new(document, file.path(), field), tree, *node);
        parameters = Some(Arc::new(read.map_err(|why| release::unknown(tree, *node, &why))?));
        let name = Arc::clone(tree.source().name());
        inline.push((name, document.document(), document.item(), field.to_string()));
    }
    let element = match &*document.kind().kind {
        "ApplicationSet" => format!(" ({})", known.name),
        _ => String::new(),
    };
    let install = Install {
        name: format!("{}{element} in {}", title(document), found.patch.unwrap_or(file).name()),
        release: known.name.clone(),
        namespace: known.namespace.clone(),
        values,
        parameters,
        kube_version: known.kube_version.clone(),
        api_versions: known.api_versions.clone(),
        skip_schema: known.skip_schema,
    };
    Ok((install, inline))
}

/// The chart that a path in a repository means, and the repository's root: the git work tree that the file lies
/// in; without one, the only folder above the file below which there is such a chart.
fn chart_of(file: &Path, path: &str, charts: &HashMap<&Path, &Arc<str>>) -> Option<(PathBuf, PathBuf)> {
    let found =
        roots(file).into_iter().filter_map(|root| Some((root.to_path_buf(), below(root, root, path)?)));
    let mut found = found.filter(|(root, chart)| {
        // Without a work tree, `.` could mean any folder.
        (chart != root || root.join(".git").exists()) && charts.contains_key(chart.as_path())
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
        let name = Arc::from("web");
        let charts = |paths: &[&'static str]| paths.iter().map(|path| (Path::new(*path), &name)).collect();
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
