//! Layer 11: the only writer. It takes what the engine has proved and nothing else, and replaces
//! each file atomically or not at all. Files that one fix changes together are written only if all of them
//! look writable; no file system writes several at one stroke, so that a disk that fails in between can
//! still part them.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::{Verified, VerifiedFile};

/// Why a file was not written. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It is gone.
    #[error("the file is gone")]
    Gone,
    /// It is not the text that was checked any more.
    #[error("the file changed since it was read")]
    Changed,
    /// It may not be written.
    #[error("the file is read-only")]
    ReadOnly,
    /// It is a text in memory, not a file.
    #[error("not a file on disk")]
    NoFile,
    /// Another file of the same fix can not be written.
    #[error("{0} changes with it and can not be written")]
    Together(String),
    /// What the system said.
    #[error("{0}")]
    Io(io::Error),
}

/// What became of one file.
#[derive(Debug)]
pub struct Written {
    /// The path as shown.
    pub name: Arc<str>,
    /// Whether it was written.
    pub result: Result<(), WriteError>,
}

/// Writes all files, each for itself: one that can not be written does not keep the others back, but for
/// those that one fix changes together with it.
#[must_use]
pub fn write(verified: &Verified) -> Vec<Written> {
    let files = verified.files();
    let mut refused: BTreeMap<&Arc<str>, WriteError> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.with().is_empty()) {
        if let Err(error) = check(file) {
            refused.insert(file.name(), error);
        }
    }
    loop {
        let torn = files.iter().find_map(|file| {
            let other = file.with().iter().find(|other| refused.contains_key(other))?;
            (!refused.contains_key(file.name())).then(|| (file.name(), other.to_string()))
        });
        let Some((name, other)) = torn else { break };
        refused.insert(name, WriteError::Together(other));
    }
    let mut write = |file: &VerifiedFile| refused.remove(file.name()).map_or_else(|| replace(file), Err);
    files.iter().map(|file| Written { name: Arc::clone(file.name()), result: write(file) }).collect()
}

/// Whether a file can be written, as far as that can be told before: where it is, and how it may be used.
fn check(file: &VerifiedFile) -> Result<(PathBuf, Permissions), WriteError> {
    if file.path().as_os_str().is_empty() {
        return Err(WriteError::NoFile);
    }
    // A link stays a link: what it leads to is replaced.
    let path = file.path().canonicalize().map_err(gone)?;
    let permissions = fs::metadata(&path).map_err(gone)?.permissions();
    if permissions.readonly() {
        return Err(WriteError::ReadOnly);
    }
    // The mode bits may allow it where the system does not (another owner, a mount).
    File::options().write(true).open(&path).map_err(denied)?;
    if fs::read(&path).map_err(gone)? != file.before().text().as_bytes() {
        return Err(WriteError::Changed);
    }
    Ok((path, permissions))
}

fn replace(file: &VerifiedFile) -> Result<(), WriteError> {
    let (path, permissions) = check(file)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".seaworthy-").tempfile_in(folder).map_err(denied)?;
    new.write_all(file.after().text().as_bytes()).map_err(WriteError::Io)?;
    new.as_file().set_permissions(permissions).map_err(WriteError::Io)?;
    new.as_file().sync_all().map_err(WriteError::Io)?;
    new.persist(&path).map_err(|error| WriteError::Io(error.error))?;
    // The new name is durable with its folder; not every file system lets one sync a folder.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn gone(error: io::Error) -> WriteError {
    if error.kind() == io::ErrorKind::NotFound { WriteError::Gone } else { WriteError::Io(error) }
}

fn denied(error: io::Error) -> WriteError {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => WriteError::ReadOnly,
        _ => gone(error),
    }
}
