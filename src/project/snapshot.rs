//! [`Snapshot`]: a tree of files that is read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::source::{FileError, Files};

/// Files that stay as they were when they were first read. A chart that is rendered again and again is
/// so read from disk once, and all its renders are of the same files, whoever writes meanwhile.
pub struct Snapshot<F> {
    below: F,
    read: Answers<Arc<[u8]>>,
    listed: Answers<Vec<String>>,
}

/// What was answered, by path.
type Answers<T> = Mutex<HashMap<String, Result<T, FileError>>>;

impl<F: Files> Snapshot<F> {
    /// Files that are not read yet.
    #[must_use]
    pub fn new(below: F) -> Self {
        Self { below, read: Mutex::default(), listed: Mutex::default() }
    }
}

/// What a question was answered, asked once.
fn once<T: Clone>(
    known: &Answers<T>,
    path: &str,
    ask: impl FnOnce() -> Result<T, FileError>,
) -> Result<T, FileError> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = known.get(path) {
        return answer.clone();
    }
    let answer = ask();
    known.insert(path.to_owned(), answer.clone());
    answer
}

impl<F: Files> Files for Snapshot<F> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        once(&self.read, path, || self.below.read(path))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        once(&self.listed, folder, || self.below.list(folder))
    }

    fn exists(&self, path: &str) -> bool {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(path) {
            Some(read) => read.is_ok(),
            None => self.below.exists(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::DiskFiles;
    use crate::source::Limits;

    #[test]
    fn files_stay_as_they_were_first_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let files = Snapshot::new(DiskFiles::new(folder.path(), &Limits::default()).unwrap());
        assert_eq!(&*files.read("a").unwrap(), b"one");
        std::fs::write(&path, "two").unwrap();
        let again = files.read("a").unwrap();
        assert_eq!(&*again, b"one");
        assert!(Arc::ptr_eq(&again, &files.read("a").unwrap()));
        std::fs::remove_file(&path).unwrap();
        assert!(files.exists("a"));
        assert_eq!(files.read("b"), Err(FileError::NotFound));
    }
}
