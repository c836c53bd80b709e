//! Images as `docker save`, `podman save` and `docker buildx build --output type=oci` write them: tar archives
//! with `manifest.json`, or with an OCI image layout.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;

use crate::source::{FileError, Files, MemoryFiles};

/// Most bytes of a file that is kept.
const MOST_BYTES: u64 = 4 << 20;

/// Most bytes of all files that are kept.
const MOST_TOTAL: u64 = 64 << 20;

/// Most files of an archive.
const MOST_FILES: usize = 20_000;

/// Where a tar archive says that it is one.
const MAGIC: (usize, &[u8]) = (257, b"ustar");

/// An image in `manifest.json`.
#[derive(Deserialize)]
pub(super) struct Saved {
    /// The file with its configuration.
    #[serde(rename = "Config")]
    pub config: String,
    /// Its names.
    #[serde(rename = "RepoTags")]
    pub tags: Option<Vec<String>>,
}

/// Whether a file is a tar archive, plain or packed.
pub(super) fn is_archive(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(512).read_to_end(&mut head));
    let (at, magic) = MAGIC;
    read.is_ok() && (head.starts_with(b"\x1f\x8b") || head.get(at..at + magic.len()) == Some(magic))
}

/// The files of an archive that seem to be JSON: no layer does.
///
/// # Errors
/// It can not be read, is packed, or holds too much.
pub(super) fn texts(path: &Path) -> Result<impl Files, FileError> {
    let broken = |error: io::Error| FileError::Io(error.to_string());
    let mut head = [0; 2];
    let mut file = File::open(path).map_err(broken)?;
    file.read_exact(&mut head).map_err(broken)?;
    if head == *b"\x1f\x8b" {
        return Err(FileError::Io("it is packed: unpack it with gunzip first".to_owned()));
    }
    let mut archive = tar::Archive::new(File::open(path).map_err(broken)?);
    let mut files = MemoryFiles::new();
    let mut total = 0;
    for (count, entry) in archive.entries_with_seek().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        if count >= MOST_FILES {
            return Err(FileError::Io(format!("it holds more than {MOST_FILES} files")));
        }
        if !entry.header().entry_type().is_file() || entry.size() > MOST_BYTES {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        let mut bytes = Vec::new();
        entry.by_ref().take(1).read_to_end(&mut bytes).map_err(broken)?;
        if !matches!(bytes.as_slice(), b"{" | b"[") {
            continue;
        }
        total += entry.size();
        if total > MOST_TOTAL {
            return Err(FileError::TooLarge { limit: MOST_TOTAL });
        }
        entry.by_ref().take(MOST_BYTES).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != entry.size() {
            return Err(FileError::Io(format!("it ends within {name}")));
        }
        files.insert(name, bytes);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn texts_are_kept_and_layers_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        let layer = vec![0; usize::try_from(MOST_BYTES).unwrap() + 1];
        std::fs::write(
            &path,
            archive(&[("a/layer.tar", &layer), ("b/layer.tar", b"x"), ("./manifest.json", b"[]")]),
        )
        .unwrap();
        assert!(is_archive(&path));
        let files = texts(&path).unwrap();
        assert_eq!(files.list("").unwrap(), ["manifest.json"]);
        assert_eq!(&*files.read("manifest.json").unwrap(), b"[]");
    }

    #[test]
    fn what_is_broken_or_packed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        std::fs::write(&path, b"\x1f\x8b\x08\x00").unwrap();
        assert!(is_archive(&path));
        assert!(texts(&path).err().unwrap().to_string().contains("gunzip"));
        let mut bytes = archive(&[("manifest.json", &[b'['; 2000])]);
        bytes.truncate(1000);
        std::fs::write(&path, bytes).unwrap();
        assert!(texts(&path).is_err());
        std::fs::write(&path, b"{}").unwrap();
        assert!(!is_archive(&path));
    }
}
