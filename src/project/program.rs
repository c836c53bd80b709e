//! The sources of the program that a Dockerfile builds.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::disk::root_above;
use super::read::{read, shown};

/// Names of files that say something of a .NET program.
const WANTED: [&str; 5] = [".csproj", ".cs", ".json", "Directory.Build.props", "Directory.Build.targets"];

/// Folders that hold what is made from sources, or others' sources.
const SKIPPED: [&str; 4] = ["bin", "obj", "node_modules", "packages"];

/// Names of files that decide on how a .NET program is built.
const BUILD: [&str; 7] = [
    ".csproj",
    ".fsproj",
    ".vbproj",
    "Directory.Build.props",
    "Directory.Build.targets",
    "global.json",
    "packages.lock.json",
];

/// Deepest folder below the one that is searched.
const DEEPEST: usize = 8;

/// The same where the whole repository is.
const DEEPEST_OF_ALL: usize = 24;

/// Most entries that are looked at.
const MOST_ENTRIES: usize = 20_000;

/// Most bytes of one file.
const MOST_BYTES: u64 = 1 << 20;

/// Most bytes of all.
const MOST_TOTAL: usize = 32 << 20;

/// Folders above the Dockerfile's own that may be the one it is built in.
const MOST_ABOVE: usize = 3;

/// Names (relative to the folder that is searched) and texts of the .NET sources around a Dockerfile: below
/// its folder, else below the nearest folder above it, within the repository, that has a project. The second
/// is whether these are all. Links are not followed.
#[must_use]
pub fn sources_around(dockerfile: &Path) -> (Vec<(String, String)>, bool) {
    let path = dockerfile.canonicalize().unwrap_or_else(|_| dockerfile.to_path_buf());
    let Some(mut folder) = path.parent() else { return (Vec::new(), false) };
    let top = root_above(folder);
    for _ in 0..=MOST_ABOVE {
        let (files, whole) = below(folder, DEEPEST, &is_source);
        if !whole || files.iter().any(|(name, _)| name.ends_with(".csproj")) {
            return (files, whole);
        }
        match folder.parent().filter(|_| folder != top && folder.starts_with(&top)) {
            Some(above) => folder = above,
            None => break,
        }
    }
    (Vec::new(), false)
}

/// The repository of a Dockerfile (else its folder), and names (relative to it) and texts of the files there
/// that decide on how .NET programs are built. The last is whether these are all. Links are not followed.
#[must_use]
pub fn build_files_around(dockerfile: &Path) -> (PathBuf, Vec<(String, String)>, bool) {
    let root = root_above(dockerfile);
    let (files, whole) = below(&root, DEEPEST_OF_ALL, &|name| BUILD.iter().any(|end| name.ends_with(end)));
    (root, files, whole)
}

fn is_source(name: &str) -> bool {
    let settings = !name.ends_with(".json") || name.starts_with("appsettings");
    settings && WANTED.iter().any(|ending| name.ends_with(ending))
}

fn below(folder: &Path, deepest: usize, is_wanted: &dyn Fn(&str) -> bool) -> (Vec<(String, String)>, bool) {
    let (mut files, mut entries, mut total) = (Vec::new(), 0, 0);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let skipped = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() > 0
            && entry.file_type().is_dir()
            && (name.starts_with('.') || SKIPPED.contains(&&*name))
    };
    let walk = WalkDir::new(folder).max_depth(deepest).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !skipped(entry)) {
        entries += 1;
        let Ok(entry) = entry else { return (files, false) };
        if entries > MOST_ENTRIES || (entry.depth() == deepest && entry.file_type().is_dir()) {
            return (files, false);
        }
        let name = entry.file_name().to_string_lossy();
        if !entry.file_type().is_file() || !is_wanted(&name) {
            continue;
        }
        let Ok(bytes) = read(entry.path(), MOST_BYTES) else { return (files, false) };
        total += bytes.len();
        if total > MOST_TOTAL {
            return (files, false);
        }
        let inner = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        files.push((shown(inner), String::from_utf8_lossy(&bytes).into_owned()));
    }
    (files, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_found_below_or_above_a_dockerfile() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for inner in [".git", "src/Shop/obj", "deploy"] {
            std::fs::create_dir_all(root.join(inner)).unwrap();
        }
        std::fs::write(root.join("src/Shop/Shop.csproj"), "<Project/>").unwrap();
        std::fs::write(root.join("src/Shop/obj/Made.cs"), "").unwrap();
        std::fs::write(root.join("src/Shop/other.json"), "").unwrap();
        let found = (vec![("src/Shop/Shop.csproj".to_owned(), "<Project/>".to_owned())], true);
        assert_eq!(sources_around(&root.join("Dockerfile")), found);
        assert_eq!(sources_around(&root.join("deploy/Dockerfile")), found);
        std::fs::write(root.join("global.json"), "{}").unwrap();
        let (_, files, whole) = build_files_around(&root.join("deploy/Dockerfile"));
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert!(whole && names == ["global.json", "src/Shop/Shop.csproj"], "{names:?}");
        std::fs::remove_file(root.join("src/Shop/Shop.csproj")).unwrap();
        assert_eq!(sources_around(&root.join("deploy/Dockerfile")), (Vec::new(), false));
    }
}
