//! How every layer asks for bytes: [`Files`], with limits.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Bounds on what is read and built from untrusted input. Crossing one is a problem with its
/// place, never a crash and never silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file read, in bytes.
    pub file_bytes: u64,
    /// Deepest nesting of YAML collections.
    pub depth: usize,
    /// Most nodes of one file's trees.
    pub nodes: usize,
    /// Most nodes that aliases and merge keys of one document may stand for.
    pub alias_nodes: usize,
}

impl Default for Limits {
    /// 32 MiB, 128 levels, 4 million nodes, 1 million nodes behind aliases.
    fn default() -> Self {
        Self { file_bytes: 32 << 20, depth: 128, nodes: 4_000_000, alias_nodes: 1_000_000 }
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No such file.
    #[error("no such file")]
    NotFound,
    /// The file is larger than [`Limits::file_bytes`].
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A symbolic link that leads out of the tree being read.
    #[error("a link that leads out of the folder being read")]
    OutsideTree,
    /// A device, socket or pipe.
    #[error("not a regular file")]
    NotRegular,
    /// What the system said.
    #[error("{0}")]
    Io(String),
}

/// A tree of files. Paths are relative to its root, with forward slashes, without `.` and `..`.
/// Implementations never leave the tree, also not through links.
pub trait Files: Send + Sync {
    /// The bytes of one file.
    ///
    /// # Errors
    /// The file is missing, too large, outside the tree, or unreadable.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError>;

    /// The paths of all files below `folder` (the empty string is the root), sorted by bytes.
    ///
    /// # Errors
    /// The folder is missing or unreadable.
    fn list(&self, folder: &str) -> Result<Vec<String>, FileError>;

    /// Whether a file (not a folder) exists at the path.
    fn exists(&self, path: &str) -> bool {
        self.read(path).is_ok()
    }
}

/// Files held in memory: tests, archives, and edited texts over another tree.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Arc<[u8]>>,
}

impl MemoryFiles {
    /// No file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces one file.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(path.into(), bytes.into());
    }
}

impl<P: Into<String>, B: AsRef<[u8]>> FromIterator<(P, B)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(items: I) -> Self {
        let files = items.into_iter().map(|(path, bytes)| (path.into(), Arc::from(bytes.as_ref()))).collect();
        Self { files }
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.files.get(path).cloned().ok_or(FileError::NotFound)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let prefix =
            if folder.is_empty() { String::new() } else { format!("{}/", folder.trim_end_matches('/')) };
        Ok(self.files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}
