//! [`DiskFiles`]: a folder and everything below it.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, RwLock};

use crate::source::{FileError, Files, Limits};

/// Deepest folder that is listed.
const MOST_DEPTH: usize = 64;

/// Most files that are listed at once.
const MOST_FILES: usize = 1_000_000;

/// The files of a folder. Links are followed as long as they stay in the folder; what they lead to
/// outside is never read.
#[derive(Clone, Debug)]
pub struct DiskFiles {
    root: PathBuf,
    limit: u64,
    /// Where folders of the tree lead, links followed: looked up once for all files in them. Clones
    /// share it.
    folders: Arc<RwLock<HashMap<String, PathBuf>>>,
}

impl DiskFiles {
    /// The files below `root`.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn new(root: &Path, limits: &Limits) -> Result<Self, FileError> {
        let root = root.canonicalize().map_err(|error| file_error(&error))?;
        if !root.is_dir() {
            return Err(FileError::NotFound);
        }
        Ok(Self { root, limit: limits.file_bytes, folders: Arc::default() })
    }

    /// The folder, without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path within this tree of a file or folder given as the user writes it; `None` outside.
    #[must_use]
    pub fn relative(&self, path: &Path) -> Option<String> {
        let path = path.canonicalize().ok()?;
        let parts: Option<Vec<&str>> =
            path.strip_prefix(&self.root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
        Some(parts?.join("/"))
    }

    /// Where a path of the tree leads, links followed, and what is there.
    fn resolve(&self, path: &str) -> Result<(PathBuf, Metadata), FileError> {
        let inner = Path::new(path);
        if !inner.components().all(|part| matches!(part, Component::Normal(_))) && !path.is_empty() {
            return Err(FileError::OutsideTree);
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !name.is_empty() {
            let found = self.folder(folder)?.join(name);
            let data = found.symlink_metadata().map_err(|error| file_error(&error))?;
            if !data.is_symlink() {
                return Ok((found, data));
            }
        }
        let found = self.canonical(path)?;
        let data = found.symlink_metadata().map_err(|error| file_error(&error))?;
        Ok((found, data))
    }

    fn folder(&self, path: &str) -> Result<PathBuf, FileError> {
        if let Some(known) = self.folders.read().ok().and_then(|known| known.get(path).cloned()) {
            return Ok(known);
        }
        let found = self.canonical(path)?;
        if let Ok(mut known) = self.folders.write() {
            known.insert(path.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// The path without links, which must lie within the tree.
    fn canonical(&self, path: &str) -> Result<PathBuf, FileError> {
        let found = self.root.join(path).canonicalize().map_err(|error| file_error(&error))?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(FileError::OutsideTree) }
    }

    fn walk(&self, path: &str, above: &mut Vec<PathBuf>, found: &mut Vec<String>) -> Result<(), FileError> {
        let (folder, _) = self.resolve(path)?;
        // A link to a folder above would never end.
        if above.len() >= MOST_DEPTH || above.contains(&folder) {
            return Ok(());
        }
        above.push(folder.clone());
        for entry in fs::read_dir(&folder).map_err(|error| file_error(&error))? {
            let entry = entry.map_err(|error| file_error(&error))?;
            // A name that is not UTF-8 could not be shown or asked for.
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name == ".git" {
                continue;
            }
            let inner = if path.is_empty() { name } else { format!("{path}/{name}") };
            let mut kind = entry.file_type().map_err(|error| file_error(&error))?;
            if kind.is_symlink()
                && let Ok((_, data)) = self.resolve(&inner)
            {
                kind = data.file_type();
            }
            if kind.is_dir() {
                self.walk(&inner, above, found)?;
            } else {
                found.push(inner);
            }
            if found.len() > MOST_FILES {
                return Err(FileError::Io(format!("more than {MOST_FILES} files")));
            }
        }
        above.pop();
        Ok(())
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        let (path, data) = self.resolve(path)?;
        // Before it is opened: opening a pipe waits for somebody who writes.
        if !data.is_file() {
            return Err(FileError::NotRegular);
        }
        let too_large = FileError::TooLarge { limit: self.limit };
        if data.len() > self.limit {
            return Err(too_large);
        }
        // Files of the kernel's own say that they are empty.
        let most = if data.len() == 0 { self.limit + 1 } else { data.len() };
        let file = File::open(path).map_err(|error| file_error(&error))?;
        let mut bytes = Vec::with_capacity(usize::try_from(data.len()).unwrap_or(0));
        file.take(most).read_to_end(&mut bytes).map_err(|error| file_error(&error))?;
        if bytes.len() as u64 > self.limit { Err(too_large) } else { Ok(Arc::from(bytes)) }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let mut found = Vec::new();
        self.walk(folder, &mut Vec::new(), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn exists(&self, path: &str) -> bool {
        self.resolve(path).is_ok_and(|(_, data)| data.is_file())
    }
}

fn file_error(error: &io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FileError::NotFound,
        _ => FileError::Io(error.to_string()),
    }
}

/// The folder whose files may be read for a chart or manifest at `path`: the git work tree it lies
/// in, else the folder that holds it.
#[must_use]
pub fn root_above(path: &Path) -> PathBuf {
    work_tree(path).unwrap_or_else(|| {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        path.parent().map_or_else(|| path.clone(), Path::to_path_buf)
    })
}

/// The git work tree that a path lies in.
pub(super) fn work_tree(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    path.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, DiskFiles) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/x.yaml"), "x").unwrap();
        fs::write(root.join("large"), vec![0; 100]).unwrap();
        fs::write(folder.path().join("secret"), "s").unwrap();
        let files = DiskFiles::new(&root, &Limits { file_bytes: 50, ..Limits::default() }).unwrap();
        (folder, files)
    }

    #[test]
    fn files_are_listed_and_read_within_the_limit() {
        let (_folder, files) = tree();
        assert_eq!(files.list("").unwrap(), ["a/b/x.yaml", "large"]);
        assert_eq!(files.list("a").unwrap(), ["a/b/x.yaml"]);
        assert_eq!(&*files.read("a/b/x.yaml").unwrap(), b"x");
        assert_eq!(files.read("large"), Err(FileError::TooLarge { limit: 50 }));
        assert_eq!(files.read("a"), Err(FileError::NotRegular));
        assert_eq!(files.read("none"), Err(FileError::NotFound));
        assert!(files.exists("a/b/x.yaml") && !files.exists("a"));
    }

    #[test]
    fn nothing_outside_is_read() {
        let (folder, files) = tree();
        assert_eq!(files.read("../secret"), Err(FileError::OutsideTree));
        assert_eq!(files.read("a/../../secret"), Err(FileError::OutsideTree));
        assert_eq!(files.read(folder.path().join("secret").to_str().unwrap()), Err(FileError::OutsideTree));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_only() {
        use std::os::unix::fs::symlink;
        let (folder, files) = tree();
        let root = folder.path().join("root");
        symlink(folder.path().join("secret"), root.join("out")).unwrap();
        symlink("a/b", root.join("in")).unwrap();
        symlink("..", root.join("a/loop")).unwrap();
        symlink(folder.path(), root.join("up")).unwrap();
        symlink("../../secret", root.join("a/beside")).unwrap();
        symlink("b/x.yaml", root.join("a/near")).unwrap();
        // Twice: what is remembered of folders must not open a way.
        for _ in 0..2 {
            for path in ["out", "up/secret", "up", "a/beside", "a/loop/out", "in/../../secret"] {
                assert_eq!(files.read(path), Err(FileError::OutsideTree), "{path}");
            }
            for path in ["in/x.yaml", "a/near", "a/loop/a/b/x.yaml", "a/b/x.yaml"] {
                assert_eq!(&*files.read(path).unwrap(), b"x", "{path}");
            }
        }
        let listed = files.list("").unwrap();
        assert!(listed.contains(&"in/x.yaml".to_owned()) && listed.contains(&"out".to_owned()));
        assert!(listed.len() < 20, "{listed:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let (folder, files) = tree();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("root/pipe")).status();
        if made.is_ok_and(|status| status.success()) {
            assert_eq!(files.read("pipe"), Err(FileError::NotRegular));
            assert!(!files.exists("pipe"));
        }
    }
}
