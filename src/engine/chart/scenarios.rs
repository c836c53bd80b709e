//! Which renderings of a chart are checked.

use std::sync::Arc;

use crate::helm::scenario::Scenario;
use crate::helm::values::ValuesFile;
use crate::source::{Files, Limits, Problem, ProblemKind, Source};

use super::ChartInput;

/// The name of the scenario that sets nothing.
pub(super) const DEFAULT: &str = "default";

/// Most scenarios of one chart.
const MOST: usize = 32;

/// The scenarios of a chart: its default values, then each values file that is meant to be used with
/// it. Files that cannot be read are problems.
pub(super) fn scenarios(
    input: &ChartInput,
    files: &dyn Files,
    limits: &Limits,
) -> (Vec<Scenario>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut found = vec![Scenario { limits: *limits, ..Scenario::default() }];
    let mut paths: Vec<String> = files.list(&input.folder).unwrap_or_default();
    let prefix = input.inside("");
    paths.retain(|path| path.strip_prefix(&prefix).is_some_and(is_values_file));
    if paths.len() >= MOST {
        let message = format!("{} values files: only the first {} are tried", paths.len(), MOST - 1);
        problems.push(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&input.name), message));
        paths.truncate(MOST - 1);
    }
    for path in paths {
        match of_values(input, files, limits, &path) {
            Ok(scenario) => found.push(scenario),
            Err(problem) => problems.push(*problem),
        }
    }
    (found, problems)
}

/// The scenario of a name that [`scenarios`] gave, with the files as they are now.
///
/// # Errors
/// Its values file cannot be read.
pub(super) fn scenario(
    input: &ChartInput,
    files: &dyn Files,
    limits: &Limits,
    name: &str,
) -> Result<Scenario, Box<Problem>> {
    if name == DEFAULT {
        return Ok(Scenario { limits: *limits, ..Scenario::default() });
    }
    of_values(input, files, limits, &input.inside(name))
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
