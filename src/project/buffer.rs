//! A file in an editor: what it is to the files around it on disk.

use std::path::Path;

use super::discover::Discovery;
use super::kustomize::normalized;
use super::read::shown;
use super::values::is_values_file;
use super::{ChartFolder, InputFile, Project, Role};

/// Folders of a chart that hold values files by any name.
const OF_VALUES: [&str; 4] = ["ci", "env", "envs", "environments"];

impl Project {
    /// A text that is kept at a path, in its role there, and the chart whose template or values file it is.
    #[must_use]
    pub fn buffer(path: &Path, file: InputFile) -> (InputFile, Option<ChartFolder>) {
        let absolute = normalized(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()));
        let by_name = if is_values_file(&absolute) { Role::Values } else { Role::Manifest };
        if !absolute.is_file() {
            return (file.with_role(by_name), None);
        }
        let around = Self::discover(&Discovery { paths: vec![path.to_path_buf()], ..Discovery::default() });
        for chart in around.charts() {
            let Ok(inside) = absolute.strip_prefix(&chart.path) else { continue };
            let first = inside.components().next().map(|first| first.as_os_str());
            let of_values = OF_VALUES.iter().any(|folder| first.is_some_and(|first| first == *folder));
            let template = chart.templates.iter().any(|it| it.path() == absolute);
            if template || of_values || by_name == Role::Values {
                let role = if template { Role::Manifest } else { Role::Values };
                return (file.with_name(shown(path)).with_role(role), Some(chart.clone()));
            }
        }
        let role = around.manifests().find(|it| it.path() == absolute).map_or(by_name, InputFile::role);
        (file.with_role(role), None)
    }
}
