//! The sources of the program that a Dockerfile builds.

use std::path::Path;

use walkdir::WalkDir;

use super::disk::root_above;
use super::read::{read, shown};

/// Names of files that say something of a .NET program.
const WANTED: [&str; 3] = [".csproj", ".cs", ".json"];

/// Folders that hold what is made from sources, or others' sources.
const SKIPPED: [&str; 4] = ["bin", "obj", "node_modules", "packages"];

/// Deepest folder below the one that is searched.
const DEEPEST: usize = 8;

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
        let (files, whole) = below(folder);
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

fn below(folder: &Path) -> (Vec<(String, String)>, bool) {
    let (mut files, mut entries, mut total) = (Vec::new(), 0, 0);
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let skipped = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() > 0
            && entry.file_type().is_dir()
            && (name.starts_with('.') || SKIPPED.contains(&&*name))
    };
    let walk = WalkDir::new(folder).max_depth(DEEPEST).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !skipped(entry)) {
        entries += 1;
        let Ok(entry) = entry else { return (files, false) };
        if entries > MOST_ENTRIES || (entry.depth() == DEEPEST && entry.file_type().is_dir()) {
            return (files, false);
        }
        let name = entry.file_name().to_string_lossy();
        let wanted = WANTED.iter().any(|ending| name.ends_with(ending));
        let settings = !name.ends_with(".json") || name.starts_with("appsettings");
        if !entry.file_type().is_file() || !wanted || !settings {
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
        std::fs::remove_file(root.join("src/Shop/Shop.csproj")).unwrap();
        assert_eq!(sources_around(&root.join("deploy/Dockerfile")), (Vec::new(), false));
    }
}
