//! [`OverlayFiles`]: texts in memory over another tree.

use std::sync::Arc;

use crate::source::{FileError, Files, MemoryFiles};

/// A tree in which some files have another text: edited ones, or an editor's buffers.
pub struct OverlayFiles {
    below: Arc<dyn Files>,
    above: MemoryFiles,
}

impl OverlayFiles {
    /// `above` over `below`.
    #[must_use]
    pub fn new(below: Arc<dyn Files>, above: MemoryFiles) -> Self {
        Self { below, above }
    }
}

impl Files for OverlayFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.above.read(path).or_else(|_| self.below.read(path))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let mut paths = self.above.list(folder)?;
        match self.below.list(folder) {
            Ok(below) => paths.extend(below),
            Err(_) if !paths.is_empty() => {}
            Err(error) => return Err(error),
        }
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    fn exists(&self, path: &str) -> bool {
        self.above.exists(path) || self.below.exists(path)
    }
}
