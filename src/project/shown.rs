//! [`ShownFiles`]: the files around a chart, under the names that a user sees.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::{FileError, Files, Limits};

use super::disk::{DiskFiles, root_above, work_tree};

/// A tree of files whose paths are those shown in reports: `charts/web/values.yaml` for a chart that
/// was named `charts/web`, wherever the tree's root is. Nothing outside the git work tree is read; without one
/// nothing outside the folder where the name begins, or for other names (`../web`) the one that holds the chart.
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
        let name = Self::folder(name);
        let root =
            work_tree(folder).or_else(|| named_from(folder, name)).unwrap_or_else(|| root_above(folder));
        let below = DiskFiles::new(&root, limits)?;
        let inner = below.relative(folder).ok_or(FileError::NotFound)?;
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

    /// The name of a file or folder on disk, if it is there and in the tree.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> Option<String> {
        let inner = self.below.relative(path)?;
        let (from, to) = self.levels().into_iter().find(|(from, _)| below(&inner, from).is_some())?;
        Some(joined(&to, below(&inner, &from)?))
    }

    fn inner(&self, path: &str) -> Option<String> {
        let (from, to) = self.level_of(path)?;
        Some(joined(&from, below(path, &to)?))
    }

    /// The level that a shown path belongs to: the highest, since `../x` is below it, and not below the
    /// empty path.
    fn level_of(&self, path: &str) -> Option<(String, String)> {
        self.levels().into_iter().rev().find(|(_, to)| below(path, to).is_some())
    }

    /// Paths in the tree with what is shown in their place: that of the chart, then those above it.
    fn levels(&self) -> Vec<(String, String)> {
        let mut levels = vec![(self.from.clone(), self.to.clone())];
        let (mut from, mut to) = (parts(&self.from), parts(&self.to));
        // Above a name that is not the folder's own there is nothing to say.
        while to.last().is_none_or(|last| *last == "..") && from.pop().is_some() {
            to.push("..");
            levels.push((from.join("/"), to.join("/")));
        }
        levels
    }
}

/// What of a path stands behind a folder.
/// The folder in which a relative name leads to `folder`.
fn named_from(folder: &Path, name: &str) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mut base = &*folder;
    for part in name.split('/').rev() {
        if base.file_name()?.to_str()? != part {
            return None;
        }
        base = base.parent()?;
    }
    (!name.is_empty()).then(|| base.to_path_buf())
}

fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    match path.strip_prefix(folder)? {
        rest if folder.is_empty() => (!rest.starts_with("..")).then_some(rest),
        rest if rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
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
        let (from, to) = self.level_of(folder).ok_or(FileError::NotFound)?;
        let inner = below(folder, &to).map(|rest| joined(&from, rest)).ok_or(FileError::NotFound)?;
        let shown = |path: String| below(&path, &from).map(|rest| joined(&to, rest));
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
            let beside = folder.path().join("deploy/prod.yaml");
            std::fs::write(&beside, "a: 1").unwrap();
            if let Some(shown) = files.name_of(&beside) {
                assert_eq!(&*files.read(&shown).unwrap(), b"a: 1", "{name}: {shown}");
            }
        }
    }

    #[test]
    fn files_above_the_chart_have_names_too() {
        let folder = tempfile::tempdir().unwrap();
        let chart = folder.path().join("deploy/web");
        for inner in [".git", "deploy/web", "env"] {
            std::fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        std::fs::write(folder.path().join("env/prod.yaml"), "a: 1").unwrap();
        std::fs::write(chart.join("Chart.yaml"), "name: web").unwrap();
        let limits = Limits::default();
        for (name, wanted) in
            [("deploy/web", "env/prod.yaml"), ("web", "../env/prod.yaml"), (".", "../../env/prod.yaml")]
        {
            let files = ShownFiles::around(&chart, name, &limits).unwrap();
            let shown = files.name_of(&folder.path().join("env/prod.yaml"));
            assert_eq!(shown.as_deref(), Some(wanted), "{name}");
            assert_eq!(&*files.read(wanted).unwrap(), b"a: 1", "{name}");
        }
        let alias = ShownFiles::around(&chart, "env", &limits).unwrap();
        assert_eq!(&*alias.read("env/Chart.yaml").unwrap(), b"name: web");
        assert_eq!(alias.name_of(&folder.path().join("env/prod.yaml")), None);
        let files = ShownFiles::around(&chart, ".", &limits).unwrap();
        assert_eq!(files.name_of(&folder.path().join("env/none.yaml")), None);
        assert!(files.read("../../../x").is_err());
    }
    #[test]
    fn without_a_work_tree_files_are_read_from_where_the_name_begins() {
        let folder = tempfile::tempdir().unwrap();
        let chart = folder.path().join("deploy/web");
        for inner in ["deploy/web", "env"] {
            std::fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        std::fs::write(folder.path().join("env/prod.yaml"), "a: 1").unwrap();
        let files = |name: &str| ShownFiles::around(&chart, name, &Limits::default()).unwrap();
        assert_eq!(&*files("deploy/web").read("env/prod.yaml").unwrap(), b"a: 1");
        for name in ["web", ".", "../deploy/web", chart.to_str().unwrap()] {
            assert_eq!(files(name).name_of(&folder.path().join("env/prod.yaml")), None, "{name}");
        }
    }
}
