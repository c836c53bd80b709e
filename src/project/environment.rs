//! Values files that stand beside or above a chart: `environments/prod/values.yaml`, `web-prod.values.yaml`.

use std::path::{Path, PathBuf};

/// How many folders a chart may lie below the folder that the file belongs to, and that folder above
/// the file.
const MOST_LEVELS: usize = 3;

/// The chart that a values file is for, by the places of both: the only one below the folder that the
/// file belongs to, or the only one there whose name is a part of the file's path. Whether it fits is for
/// its keys to say.
pub(super) fn chart_for<'c>(file: &Path, charts: &[&'c PathBuf]) -> Option<&'c PathBuf> {
    let home = home(file)?;
    for folder in home.ancestors().take(MOST_LEVELS) {
        let near = |chart: &&PathBuf| {
            chart.strip_prefix(folder).is_ok_and(|below| below.components().count() <= MOST_LEVELS)
        };
        let below: Vec<&'c PathBuf> = charts.iter().copied().filter(near).collect();
        match below.as_slice() {
            [] => {}
            [chart] => return Some(chart),
            _ => {
                let path = file.strip_prefix(folder).unwrap_or(file).with_extension("");
                let named: Vec<&'c PathBuf> = below.into_iter().filter(|chart| names(&path, chart)).collect();
                return named.first().copied().filter(|_| named.len() == 1);
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

/// The folder that a values file belongs to, by its name; `None` for any other file.
fn home(file: &Path) -> Option<&Path> {
    let parent = file.parent()?;
    let stem = file.file_name()?.to_str()?;
    let stem = stem.strip_suffix(".yaml").or_else(|| stem.strip_suffix(".yml"))?;
    let of_environments = |folder: &Path| {
        folder
            .file_name()
            .is_some_and(|name| ["env", "envs", "environments"].iter().any(|known| name == *known))
    };
    if of_environments(parent) {
        return parent.parent();
    }
    if let Some(above) = parent.parent().filter(|above| of_environments(above)) {
        return above.parent();
    }
    let marked = stem.starts_with("values-")
        || stem.starts_with("values.")
        || stem.ends_with("-values")
        || stem.ends_with(".values");
    marked.then_some(parent)
}

/// Whether a chart's name stands in a path, as a part of its own.
fn names(path: &Path, chart: &Path) -> bool {
    let Some(name) = chart.file_name().and_then(|name| name.to_str()) else { return false };
    let Some(path) = path.to_str() else { return false };
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    path.match_indices(name).any(|(at, found)| {
        !inside(path.get(..at).and_then(|before| before.chars().next_back()))
            && !inside(path.get(at + found.len()..).and_then(|after| after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart_of(file: &str, charts: &[&str]) -> Option<String> {
        let charts: Vec<PathBuf> = charts.iter().map(PathBuf::from).collect();
        let charts: Vec<&PathBuf> = charts.iter().collect();
        chart_for(Path::new(file), &charts).map(|chart| chart.to_string_lossy().into_owned())
    }

    #[test]
    fn the_only_chart_around_is_meant() {
        for file in [
            "/r/values-prod.yaml",
            "/r/env/prod/values.yaml",
            "/r/deploy/environments/prod.yml",
            "/r/charts/prod.values.yaml",
        ] {
            assert_eq!(chart_of(file, &["/r/charts/web"]).as_deref(), Some("/r/charts/web"), "{file}");
        }
        for file in
            ["/r/values.yaml", "/r/prod.yaml", "/r/a/b/c/d/values-prod.yaml", "/r/env/a/b/values.yaml"]
        {
            assert_eq!(chart_of(file, &["/r/charts/web"]), None, "{file}");
        }
    }

    #[test]
    fn of_several_charts_the_one_that_is_named_is_meant() {
        let charts = ["/r/charts/web", "/r/charts/web-api", "/r/charts/db"];
        assert_eq!(chart_of("/r/env/prod/db.yaml", &charts).as_deref(), Some("/r/charts/db"));
        assert_eq!(chart_of("/r/env/db/values.yaml", &charts).as_deref(), Some("/r/charts/db"));
        assert_eq!(chart_of("/r/env/prod.yaml", &charts), None);
        // Both names are in it.
        assert_eq!(chart_of("/r/env/web-api.yaml", &charts), None);
    }
}
