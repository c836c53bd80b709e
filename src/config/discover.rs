//! Which configuration file holds for a path: the nearest one upwards.

use std::path::{Path, PathBuf};

/// Names a configuration file may have, the first one wins.
pub const FILE_NAMES: [&str; 2] = ["seaworthy.toml", ".seaworthy.toml"];

/// The configuration file nearest to `start` (a folder) on the way up. The search ends at the root
/// of a repository (a folder with `.git`) or of the file system. `exists` says whether a path exists.
pub fn nearest(start: &Path, exists: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    for folder in start.ancestors() {
        let found = FILE_NAMES.iter().map(|name| folder.join(name)).find(|path| exists(path));
        if found.is_some() {
            return found;
        }
        if exists(&folder.join(".git")) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_file_wins_and_the_repository_is_the_limit() {
        let files = ["/r/seaworthy.toml", "/r/a/.seaworthy.toml", "/r/a/seaworthy.toml", "/r/sub/.git"]
            .map(Path::new);
        let exists = |path: &Path| files.contains(&path);
        let find = |start: &str| nearest(Path::new(start), &exists);
        assert_eq!(find("/r/a/b"), Some(PathBuf::from("/r/a/seaworthy.toml")));
        assert_eq!(find("/r/x/y"), Some(PathBuf::from("/r/seaworthy.toml")));
        assert_eq!(find("/r/sub/x"), None);
        assert_eq!(find("/elsewhere"), None);
    }
}
