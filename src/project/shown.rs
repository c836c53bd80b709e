//! [`ShownFiles`]: the files around a chart, under the names that a user sees.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::{FileError, Files, Limits};

use super::disk::{DiskFiles, root_above};

/// A tree of files whose paths are those shown in reports: `charts/web/values.yaml` for a chart that
/// was named `charts/web`, wherever the tree's root is. Nothing outside the git work tree (else the
/// folder that holds the chart) is read.
#[derive(Clone, Debug)]
pub struct ShownFiles {
    below: DiskFiles,
    /// Path in the tree that `to` stands for.
    from: String,
    /// What is shown in its place.
    to: String,
}

impl ShownFiles {
    /// The tree around `folder`, which is shown as `name`.
    ///
    /// # Errors
    /// There is no such folder, or its name is not UTF-8.
    pub fn around(folder: &Path, name: &str, limits: &Limits) -> Result<Self, FileError> {
        let root = root_above(folder);
        let below = DiskFiles::new(&root, limits)?;
        let inner = below.relative(folder).ok_or(FileError::NotFound)?;
        let name = Self::folder(name);
        let (mut from, mut to): (Vec<&str>, Vec<&str>) = (parts(&inner), name.split('/').collect());
        while !from.is_empty() && from.last() == to.last() {
            from.pop();
            to.pop();
        }
        Ok(Self { below, from: from.join("/"), to: to.join("/") })
    }

    /// The path of a folder in the tree, by its name as shown.
    #[must_use]
    pub fn folder(name: &str) -> &str {
        let name = name.trim_end_matches('/');
        let name = name.strip_prefix("./").unwrap_or(name);
        if name == "." { "" } else { name }
    }

    /// Where a file is on disk.
    #[must_use]
    pub fn on_disk(&self, path: &str) -> Option<PathBuf> {
        Some(self.below.root().join(self.inner(path)?))
    }

    fn inner(&self, path: &str) -> Option<String> {
        let rest = match path.strip_prefix(self.to.as_str()) {
            Some(rest) if self.to.is_empty() || rest.is_empty() => rest,
            Some(rest) => rest.strip_prefix('/')?,
            None => return None,
        };
        Some(joined(&self.from, rest))
    }
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

fn joined(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

impl Files for ShownFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.below.read(&self.inner(path).ok_or(FileError::NotFound)?)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let inner = self.inner(folder).ok_or(FileError::NotFound)?;
        let shown = |path: String| {
            let rest = if self.from.is_empty() { Some(&*path) } else { path.strip_prefix(&self.from) };
            rest.map(|rest| joined(&self.to, rest.trim_start_matches('/')))
        };
        Ok(self.below.list(&inner)?.into_iter().filter_map(shown).collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.inner(path).is_some_and(|path| self.below.exists(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_names_that_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let chart = folder.path().join("deploy/web");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::write(chart.join("Chart.yaml"), "name: web").unwrap();
        std::fs::write(chart.join("templates/x.yaml"), "").unwrap();
        let limits = Limits::default();
        for name in ["deploy/web", "web", ".", "../deploy/web", chart.to_str().unwrap()] {
            let files = ShownFiles::around(&chart, name, &limits).unwrap();
            let shown = ShownFiles::folder(name);
            let path = joined(shown, "Chart.yaml");
            assert_eq!(&*files.read(&path).unwrap(), b"name: web", "{name}");
            assert_eq!(files.list(shown).unwrap(), [path.clone(), joined(shown, "templates/x.yaml")]);
            assert!(files.on_disk(&path).unwrap().ends_with("deploy/web/Chart.yaml"));
        }
    }
}
