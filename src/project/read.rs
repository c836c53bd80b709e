//! Reading one file, and how its path is shown.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

use crate::source::FileError;

/// Reads a regular file of at most `limit` bytes. Links are followed: callers that must stay in a
/// tree look where they lead first.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let kind = fs::metadata(path).map_err(error)?;
    if !kind.is_file() {
        return Err(FileError::NotRegular);
    }
    if kind.len() > limit {
        return Err(FileError::TooLarge { limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(kind.len()).unwrap_or(0));
    // The file may grow while it is read, or its size be a lie (procfs).
    let read = File::open(path).and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(error)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { limit });
    }
    Ok(bytes)
}

fn error(error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound,
        io::ErrorKind::PermissionDenied => FileError::Io("permission denied".to_owned()),
        _ => FileError::Io(error.to_string()),
    }
}

/// A path with forward slashes, as it is shown.
pub(super) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for component in path.components() {
        if !text.is_empty() && !text.ends_with('/') {
            text.push('/');
        }
        match component {
            Component::RootDir => text.push('/'),
            Component::CurDir if path.components().count() > 1 => {}
            part => text.push_str(&part.as_os_str().to_string_lossy()),
        }
    }
    text.trim_start_matches("./").to_owned()
}
