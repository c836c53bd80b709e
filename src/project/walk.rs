//! Walking a folder: what git ignores and what is excluded is passed over, no link is followed.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use walkdir::{DirEntry, WalkDir};

use super::dockerfile::is_dockerfile_name;

/// What a walk finds.
pub(super) enum Found {
    /// A file with the name of a manifest or a Dockerfile.
    File(PathBuf),
    /// A `Chart.yaml`: its folder is a chart.
    Chart(PathBuf),
    /// A link out of the tree with a manifest's name, or to a folder.
    Outside {
        /// The link.
        path: PathBuf,
        /// Whether it leads to a folder.
        folder: bool,
    },
    /// A folder or file that can not be read.
    Unreadable(PathBuf, String),
}

/// What is passed over.
pub(super) struct Rules {
    /// Globs of the configuration and the command line.
    pub excluded: Vec<Gitignore>,
    /// Whether `.gitignore` files count.
    pub gitignore: bool,
}

impl Rules {
    /// Whether an absolute path is excluded by a glob, itself or by a parent.
    pub fn excludes(&self, path: &Path, folder: bool) -> bool {
        self.excluded.iter().any(|glob| within(glob, path, folder).is_ignore())
    }

    /// Whether git would ignore an absolute path, by the ignore files of all folders above it.
    pub fn git_ignores(&self, path: &Path, folder: bool) -> bool {
        if !self.gitignore {
            return false;
        }
        let above = ignore_files_above(path);
        let decided =
            above.iter().rev().map(|file| within(file, path, folder)).find(|found| !found.is_none());
        decided.is_some_and(|found| found.is_ignore())
    }
}

/// `matched_path_or_any_parents` asks for a path below the matcher's folder.
fn within<'a>(glob: &'a Gitignore, path: &Path, folder: bool) -> Match<&'a ignore::gitignore::Glob> {
    if path.starts_with(glob.path()) { glob.matched_path_or_any_parents(path, folder) } else { Match::None }
}

fn ignore_file(folder: &Path, name: &str) -> Option<Gitignore> {
    let file = folder.join(name);
    if !file.is_file() {
        return None;
    }
    let mut builder = GitignoreBuilder::new(folder);
    // A line that is no glob is passed over, as git does.
    let _ = builder.add(&file);
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// Ignore files of the folders above a path up to the repository's root, outermost first; none
/// outside a repository. `.git/info/exclude` comes before them: it has the least say.
fn ignore_files_above(path: &Path) -> Vec<Gitignore> {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    let Some(root) = above.iter().position(|folder| folder.join(".git").exists()) else { return Vec::new() };
    let mut files: Vec<Gitignore> = Vec::new();
    for (place, folder) in above.iter().enumerate().take(root + 1).rev() {
        if place == root {
            files.extend(ignore_file(folder, ".git/info/exclude"));
        }
        files.extend(ignore_file(folder, ".gitignore"));
    }
    files
}

/// Whether a name is one that manifests have.
pub(super) fn is_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Whether a file is one to check, by its name.
fn is_checked(path: &Path) -> bool {
    is_manifest_name(path) || is_dockerfile_name(path)
}

/// Walks an absolute folder in the order of names.
pub(super) fn walk(root: &Path, rules: &Rules) -> Vec<Found> {
    let inherited = if rules.gitignore { ignore_files_above(root) } else { Vec::new() };
    let canonical = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    // Ignore files of the folders that are open, with their depth.
    let mut open: Vec<(usize, Gitignore)> = Vec::new();
    let mut found = Vec::new();
    let keep = |entry: &DirEntry| {
        let (path, depth, folder) = (entry.path(), entry.depth(), entry.file_type().is_dir());
        while open.last().is_some_and(|(at, _)| *at >= depth) {
            open.pop();
        }
        if depth > 0 {
            if entry.file_name() == ".git" {
                return false;
            }
            let excluded = rules.excluded.iter().any(|glob| glob.matched(path, folder).is_ignore());
            let files = open.iter().map(|(_, file)| file).rev().chain(inherited.iter().rev());
            let ignored = files.map(|file| file.matched(path, folder)).find(|found| !found.is_none());
            if excluded || ignored.is_some_and(|ignored| ignored.is_ignore()) {
                return false;
            }
        }
        if folder && rules.gitignore {
            if path.join(".git").exists() {
                open.extend(ignore_file(path, ".git/info/exclude").map(|file| (depth, file)));
            }
            open.extend(ignore_file(path, ".gitignore").map(|file| (depth, file)));
        }
        true
    };
    for entry in WalkDir::new(root).follow_links(false).sort_by_file_name().into_iter().filter_entry(keep) {
        match entry {
            Err(error) => {
                let path = error.path().unwrap_or(root).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                found.push(Found::Unreadable(path, reason));
            }
            Ok(entry) if entry.file_type().is_file() => {
                if entry.file_name() == "Chart.yaml" {
                    found.push(Found::Chart(entry.path().to_path_buf()));
                }
                if is_checked(entry.path()) {
                    found.push(Found::File(entry.into_path()));
                }
            }
            Ok(entry) if entry.path_is_symlink() => found.extend(link(&entry, &canonical)),
            Ok(_) => {}
        }
    }
    found
}

/// A link within the tree leads to a file that is found at its own place.
fn link(entry: &DirEntry, root: &Path) -> Option<Found> {
    let target = entry.path().canonicalize();
    if target.as_ref().is_ok_and(|target| target.starts_with(root)) {
        return None;
    }
    let folder = target.is_ok_and(|target| target.is_dir());
    (folder || is_checked(entry.path())).then(|| Found::Outside { path: entry.path().to_path_buf(), folder })
}
