//! Folders in which charts lie that others depend on: those that flags name, and Helm's own cache.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Failure;
use crate::engine::render::ChartCache;
use crate::project::DiskFiles;
use crate::source::{FileError, Limits};

/// The folders, then Helm's own.
///
/// # Errors
/// A folder that was named cannot be read.
pub fn open(named: &[PathBuf]) -> Result<Vec<ChartCache>, Failure> {
    let cache = |folder: &PathBuf| -> Result<ChartCache, FileError> {
        let files = DiskFiles::new(folder, &Limits::default())?;
        Ok(ChartCache::new(folder.to_string_lossy().replace('\\', "/"), Arc::new(files)))
    };
    let mut caches = Vec::new();
    for folder in named {
        let failed = |error| Failure::new(format!("--chart-cache {}: {error}", folder.display()));
        caches.push(cache(folder).map_err(failed)?);
    }
    caches.extend(helm_caches().iter().filter_map(|folder| cache(folder).ok()));
    Ok(caches)
}

/// Where Helm keeps the archives that it downloaded.
fn helm_caches() -> Vec<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    if let Some(cache) = variable("HELM_REPOSITORY_CACHE") {
        return vec![cache];
    }
    let home = variable("HELM_CACHE_HOME")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("helm")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/helm")));
    home.map(|home| home.join("repository")).filter(|it| it.is_dir()).into_iter().collect()
}
