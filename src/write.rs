//! Layer 11: the only writer. It takes what the engine has proved and nothing else, and replaces
//! each file atomically or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
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

/// Writes all files, each for itself: one that can not be written does not keep the others back.
#[must_use]
pub fn write(verified: &Verified) -> Vec<Written> {
    let files = verified.files().iter();
    files.map(|file| Written { name: Arc::clone(file.name()), result: replace(file) }).collect()
}

fn replace(file: &VerifiedFile) -> Result<(), WriteError> {
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
