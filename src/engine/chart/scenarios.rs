//! Which renderings of a chart are checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{ScenarioSettings, Settings};
use crate::engine::Engine;
use crate::engine::installs::{Install, ValuesAt};
use crate::helm::chart::Chart;
use crate::helm::context::KubeVersion;
use crate::helm::load::load_folder;
use crate::helm::scenario::{Scenario, SetArgument, SetKind};
use crate::helm::values::ValuesFile;
use crate::project::{ChartFolder, ShownFiles, is_values_name};
use crate::source::{Files, Limits, Problem, ProblemKind, Source};
use crate::yaml;

use super::ChartInput;

/// The name of the scenario that sets nothing.
pub(super) const DEFAULT: &str = "default";

/// API versions by which charts know OpenShift.
const OPENSHIFT: [&str; 2] = ["route.openshift.io/v1", "security.openshift.io/v1"];

/// The key of a chart's needs; requirements.yaml has the same.
const NEEDS: &[u8] = b"dependencies";

/// Most scenarios of one chart.
const MOST: usize = 32;

/// The scenarios of a chart: its default values, each values file that is meant to be used with it, and
/// those that the configuration names. Files that cannot be read are problems.
pub(super) fn scenarios(
    input: &ChartInput,
    chart: &Chart,
    files: &dyn Files,
    settings: &Settings,
    limits: &Limits,
) -> (Vec<Scenario>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut found = vec![Scenario { limits: *limits, ..Scenario::default() }];
    let mut paths: Vec<String> = files.list(&input.folder).unwrap_or_default();
    let prefix = input.inside("");
    paths.retain(|path| path.strip_prefix(&prefix).is_some_and(is_values_file));
    paths.extend(input.around.iter().filter(|path| fits(chart, files, limits, path)).cloned());
    // A file that a named scenario uses is checked in its company.
    let configured: Vec<&ScenarioSettings> = configured(input, settings).collect();
    let files_of_named = configured.iter().flat_map(|it| &it.values);
    let files_of_named = files_of_named.chain(input.installs.iter().flat_map(|it| it.files()));
    let used: Vec<String> = files_of_named.filter_map(|path| input.shown(path)).collect();
    paths.retain(|path| !used.contains(path));
    let most = MOST.saturating_sub(configured.len() + input.installs.len()).max(1);
    if paths.len() >= most {
        let message = format!("{} values files: only the first {} are tried", paths.len(), most - 1);
        problems.push(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&input.name), message));
        paths.truncate(most - 1);
    }
    let of_paths = paths.iter().map(|path| of_values(input, files, limits, path));
    let of_installs = input.installs.iter().map(|it| of_install(input, files, limits, it));
    for scenario in
        of_paths.chain(of_installs).chain(configured.iter().map(|it| of_settings(input, files, limits, it)))
    {
        match scenario {
            Ok(scenario) => found.push(scenario),
            Err(problem) => problems.push(*problem),
        }
    }
    (found, problems)
}

/// The scenarios that the configuration has for a chart.
pub(super) fn configured<'s>(
    input: &'s ChartInput,
    settings: &'s Settings,
) -> impl Iterator<Item = &'s ScenarioSettings> {
    settings.scenarios.iter().filter(|it| it.is_for(Path::new(ShownFiles::folder(&input.name))))
}

/// The scenario of a name that [`scenarios`] gave, with the files as they are now.
///
/// # Errors
/// Its values files cannot be read.
pub(super) fn scenario(
    input: &ChartInput,
    files: &dyn Files,
    settings: &Settings,
    limits: &Limits,
    name: &str,
) -> Result<Scenario, Box<Problem>> {
    if name == DEFAULT {
        return Ok(Scenario { limits: *limits, ..Scenario::default() });
    }
    if let Some(install) = input.install(name) {
        return of_install(input, files, limits, install);
    }
    match configured(input, settings).find(|it| it.name == name) {
        Some(configured) => of_settings(input, files, limits, configured),
        None if input.around.iter().any(|path| path == name) => of_values(input, files, limits, name),
        None => of_values(input, files, limits, &input.inside(name)),
    }
}

/// What is judged as values without a chart, though the chart is here.
#[derive(Default)]
pub(in crate::engine) struct Alone {
    /// The files, on disk.
    pub files: Vec<PathBuf>,
    /// The keys of charts that it needs and that are elsewhere: what stands below them is judged without the chart.
    pub unmet: Vec<String>,
}

/// The values files of a chart that are judged without it: those beside or above it whose keys are not the
/// chart's (by their names values of something, or with a key that the chart has), and of all of them what is for
/// charts that it needs and that are elsewhere.
pub(in crate::engine) fn alone(engine: &Engine, folder: &ChartFolder) -> Alone {
    let Ok(input) = ChartInput::open(engine, folder) else { return Alone::default() };
    let (files, limits) = (&*input.files, &engine.limits);
    let needs = |name: &str| {
        let bytes = files.read(&input.inside(name)).unwrap_or_default();
        bytes.windows(NEEDS.len()).any(|found| found == NEEDS)
    };
    // Charts are not loaded only to learn that nothing is to be told of them.
    let may_lack = needs("Chart.yaml") || needs("requirements.yaml");
    if folder.values.is_empty() && !may_lack {
        return Alone::default();
    }
    let Ok(chart) = load_folder(files, &input.folder, &engine.load_options()) else {
        return Alone::default();
    };
    if !chart.unmet.is_empty() {
        let prefix = input.inside("");
        let own = files.list(&input.folder).unwrap_or_default();
        let own = own.iter().filter_map(|path| path.strip_prefix(&prefix));
        let own = own.filter(|path| *path == "values.yaml" || is_values_file(path));
        let own = own.map(|path| folder.path.join(path));
        // What the chart itself prints of them is judged as it is rendered.
        let keys =
            chart.metadata.dependencies().filter(|it| chart.unmet.iter().any(|unmet| unmet.name == it.name));
        let unmet = keys.map(|it| it.key().to_owned()).collect();
        return Alone { files: own.chain(folder.values.iter().cloned()).collect(), unmet };
    }
    let named: Vec<&PathBuf> = configured(&input, &engine.settings).flat_map(|it| &it.values).collect();
    let unfit = |path: &&PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let shown = input.shown(path).filter(|_| !named.contains(path));
        shown.is_some_and(|shown| match fit(&chart, files, limits, &shown) {
            Fit::All => false,
            Fit::Some => true,
            Fit::None => is_values_name(name),
        })
    };
    Alone { files: folder.values.iter().filter(unfit).cloned().collect(), unmet: Vec::new() }
}

/// How many of the top-level keys of a file a chart has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// All, and there is one.
    All,
    /// Not all.
    Some,
    /// None, or there is no key.
    None,
}

/// Whether a file beside or above a chart is one of its values files: it sets something, and nothing but
/// what the chart's own values, or its subcharts, have.
fn fits(chart: &Chart, files: &dyn Files, limits: &Limits, path: &str) -> bool {
    fit(chart, files, limits, path) == Fit::All
}

fn fit(chart: &Chart, files: &dyn Files, limits: &Limits, path: &str) -> Fit {
    let Some(own) = &chart.values else { return Fit::None };
    let keys = |source: &Arc<Source>| -> Vec<String> {
        let tree = yaml::parse_stream(source, limits).tree;
        let roots = tree.documents().iter().filter_map(|document| document.root);
        roots.flat_map(|root| tree.entries(root)).map(|entry| entry.key.into_owned()).collect()
    };
    let mut known = keys(own.source());
    known.push("global".to_owned());
    for dependency in chart.metadata.dependencies.iter().flatten().flatten() {
        known.extend([dependency.name.clone(), dependency.alias.clone()]);
    }
    let set = read(files, path, limits).map(|values| keys(values.source())).unwrap_or_default();
    match set.iter().filter(|key| known.contains(key)).count() {
        0 => Fit::None,
        number if number == set.len() => Fit::All,
        _ => Fit::Some,
    }
}

fn of_values(
    input: &ChartInput,
    files: &dyn Files,
    limits: &Limits,
    path: &str,
) -> Result<Scenario, Box<Problem>> {
    let values = vec![Arc::new(read(files, path, limits)?)];
    let name = path.strip_prefix(&input.inside("")).unwrap_or(path).to_owned();
    Ok(Scenario { name, values, limits: *limits, ..Scenario::default() })
}

/// A chart as a resource installs it.
fn of_install(
    input: &ChartInput,
    files: &dyn Files,
    limits: &Limits,
    install: &Install,
) -> Result<Scenario, Box<Problem>> {
    let mut scenario = Scenario { name: install.name.clone(), limits: *limits, ..Scenario::default() };
    for values in &install.values {
        scenario.values.push(match values {
            ValuesAt::Place(place) if input.can_change(&place.at) => place.values(files, limits)?,
            // Of a file that the chart's tree has not, the text is the one that was read first.
            ValuesAt::Place(place) => place.first(),
            ValuesAt::File(path) => {
                let shown = input.shown(path).ok_or_else(|| {
                    let message = format!("{}: a values file is outside of the repository", install.name);
                    Box::new(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&input.name), message))
                })?;
                Arc::new(read(files, &shown, limits)?)
            }
        });
    }
    if let Some(parameters) = &install.parameters {
        scenario.set = match input.can_change(&parameters.at) {
            true => parameters.arguments(files, limits)?,
            false => parameters.first(),
        };
    }
    if let Some(version) = &install.kube_version {
        scenario.kube_version.clone_from(version);
    }
    scenario.api_versions.clone_from(&install.api_versions);
    scenario.skip_schema = install.skip_schema;
    scenario.release.name.clone_from(&install.release);
    scenario.release.namespace.clone_from(&install.namespace);
    Ok(scenario)
}

fn of_settings(
    input: &ChartInput,
    files: &dyn Files,
    limits: &Limits,
    settings: &ScenarioSettings,
) -> Result<Scenario, Box<Problem>> {
    let unusable = |message: String| {
        let message = format!("scenario {}: {message}", settings.name);
        Box::new(match settings.source.is_empty() {
            true => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&input.name), message),
            false => Problem::new(ProblemKind::NotChecked, &settings.source, settings.span, message),
        })
    };
    let mut scenario = Scenario { name: settings.name.clone(), limits: *limits, ..Scenario::default() };
    for (path, written) in settings.values.iter().zip(&settings.entry.values) {
        let shown = input.shown(path);
        let shown =
            shown.ok_or_else(|| unusable(format!("{written} is not there, or outside of the repository")))?;
        scenario.values.push(Arc::new(read(files, &shown, limits)?));
    }
    let entry = &settings.entry;
    for (kind, texts) in [(SetKind::Value, &entry.set), (SetKind::String, &entry.set_string)] {
        scenario.set.extend(texts.iter().map(|text| SetArgument { kind, text: text.clone(), at: None }));
    }
    if let Some(version) = &entry.kubernetes_version {
        scenario.kube_version = KubeVersion::parse(version)
            .map_err(|error| unusable(format!("invalid kubernetes-version `{version}`: {error}")))?;
    }
    scenario.release.name = entry.release.clone().unwrap_or(scenario.release.name);
    scenario.release.namespace = entry.namespace.clone().unwrap_or(scenario.release.namespace);
    scenario.api_versions.clone_from(&entry.api_versions);
    if settings.assigns_user_ids() {
        scenario.api_versions.extend(OPENSHIFT.map(str::to_owned));
    }
    Ok(scenario)
}

/// Whether a file of a chart is a values file beside `values.yaml`, by its path in the chart: what
/// chart-testing uses (`ci/*-values.yaml`), and what people call the values of an environment.
fn is_values_file(path: &str) -> bool {
    let Some(stem) = path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml")) else { return false };
    match stem.split('/').collect::<Vec<_>>().as_slice() {
        ["ci", name] => name.ends_with("-values"),
        [name] => {
            let named = name.starts_with("values-") || name.starts_with("values.");
            (named || name.ends_with(".values") || name.ends_with("-values")) && !name.ends_with("schema")
        }
        ["env" | "envs" | "environments", _, "values"] | ["env" | "envs" | "environments", _] => true,
        _ => false,
    }
}

fn read(files: &dyn Files, path: &str, limits: &Limits) -> Result<ValuesFile, Box<Problem>> {
    let unread = |message: String| Box::new(Problem::of_path(ProblemKind::NotChecked, path, message));
    let bytes = files.read(path).map_err(|error| unread(error.to_string()))?;
    let source = Source::from_bytes(path, bytes).map_err(|error| unread(error.to_string()))?;
    let source = Arc::new(source);
    ValuesFile::parse(&source, limits)
        .map_err(|error| Box::new(Problem::new(ProblemKind::NotChecked, &source, error.span, error.message)))
}

#[cfg(test)]
mod tests {
    use super::is_values_file;

    #[test]
    fn values_files_are_known_by_their_names() {
        for path in [
            "ci/test-values.yaml",
            "values-prod.yaml",
            "values.dev.yml",
            "prod.values.yaml",
            "env/a/values.yaml",
        ] {
            assert!(is_values_file(path), "{path}");
        }
        for path in ["values.yaml", "ci/other.yaml", "values.schema.yaml", "templates/x.yaml", "Chart.yaml"] {
            assert!(!is_values_file(path), "{path}");
        }
    }
}
