//! Chart archives: the files of a `.tgz`, as Helm reads them, within bounds.

use std::io::{self, Read};
use std::sync::Arc;

/// What may still be read of one chart with all its subcharts. Helm stops at 100 MiB too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Files.
    pub files: usize,
    /// Levels of subcharts, in folders or archives.
    pub depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 100 << 20, files: 50_000, depth: 32 }
    }
}

impl Budget {
    /// Takes one file of `length` bytes off the budget.
    ///
    /// # Errors
    /// It is used up.
    pub fn take(&mut self, length: u64) -> Result<(), ArchiveError> {
        self.bytes = self.bytes.checked_sub(length).ok_or(ArchiveError::TooLarge)?;
        self.files = self.files.checked_sub(1).ok_or(ArchiveError::TooManyFiles)?;
        Ok(())
    }
}

/// Why an archive is no chart. The texts are Helm's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not gzip.
    #[error("gzip: invalid header")]
    NotGzip,
    /// The compressed stream or the tar headers are broken.
    #[error("{0}")]
    Broken(String),
    /// A path that begins with `/`.
    #[error("chart illegally contains absolute paths")]
    AbsolutePath,
    /// A path that leaves the chart's folder.
    #[error("chart illegally references parent directory")]
    ParentFolder,
    /// A file beside the chart's folder.
    #[error("chart illegally contains content outside the base directory: {0:?}")]
    OutsideFolder(String),
    /// A path such as `c:/x`.
    #[error("chart contains illegally named files")]
    DrivePath,
    /// Chart.yaml is not in a folder.
    #[error("chart yaml not in base directory")]
    NoFolder,
    /// More than Helm takes.
    #[error("decompressed chart is larger than the maximum size 104857600")]
    TooLarge,
    /// More files than we take.
    #[error("the chart has too many files")]
    TooManyFiles,
    /// No file at all.
    #[error("no files in chart archive")]
    Empty,
}

impl ArchiveError {
    fn broken(error: &io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Whether bytes begin as gzip does.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b\x08")
}

/// Files by path.
pub type NamedFiles = Vec<(String, Arc<[u8]>)>;

/// The files of an archive in its order, each by its path within the chart's folder (the first
/// folder of the path in the archive, whatever its name). A byte order mark is dropped, as Helm
/// does.
///
/// # Errors
/// No gzip, no tar, a path that leaves the chart, or more than the budget allows.
pub fn unpack(bytes: &[u8], budget: &mut Budget) -> Result<NamedFiles, ArchiveError> {
    if !is_gzip(bytes) {
        return Err(ArchiveError::NotGzip);
    }
    // The headers count as well: an archive of empty files must end somewhere.
    let most = budget.bytes.saturating_add(budget.bytes / 4).saturating_add(1 << 20);
    let reader = flate2::read::MultiGzDecoder::new(bytes).take(most);
    let mut archive = tar::Archive::new(reader);
    let mut files = Vec::new();
    for entry in archive.entries().map_err(|error| ArchiveError::broken(&error))? {
        let mut entry = entry.map_err(|error| ArchiveError::broken(&error))?;
        let written = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind.is_dir() || written.ends_with('/') || kind.is_pax_global_extensions() {
            continue;
        }
        let name = path_in_chart(&written)?;
        let size = entry.size();
        if size > budget.bytes {
            return Err(ArchiveError::TooLarge);
        }
        budget.take(size)?;
        let mut content = Vec::new();
        entry.by_ref().take(size).read_to_end(&mut content).map_err(|error| ArchiveError::broken(&error))?;
        if content.starts_with(b"\xEF\xBB\xBF") {
            content.drain(..3);
        }
        files.push((name, Arc::from(content)));
    }
    if files.is_empty() { Err(ArchiveError::Empty) } else { Ok(files) }
}

fn path_in_chart(written: &str) -> Result<String, ArchiveError> {
    let delimiter = if written.contains('\\') { '\\' } else { '/' };
    let (folder, rest) = written.split_once(delimiter).unwrap_or((written, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return Err(ArchiveError::AbsolutePath);
    }
    let name = clean(&rest);
    if name.is_empty() {
        return Err(ArchiveError::OutsideFolder(written.to_owned()));
    }
    if name.starts_with("..") {
        return Err(ArchiveError::ParentFolder);
    }
    let drive = name.as_bytes();
    if matches!(drive, [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
        return Err(ArchiveError::DrivePath);
    }
    if folder == "Chart.yaml" {
        return Err(ArchiveError::NoFolder);
    }
    Ok(name)
}

/// A relative path without `.`, doubled slashes and, where possible, `..` (Go's `path.Clean`, but
/// the empty string instead of `.`).
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(encoder);
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            // `set_path` refuses what an attacker would write.
            let name = &mut header.as_old_mut().name;
            name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn names(files: &[(&str, &[u8])]) -> Result<Vec<String>, ArchiveError> {
        let files = unpack(&packed(files), &mut Budget::default())?;
        Ok(files.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn the_first_folder_is_cut_off_and_paths_are_cleaned() {
        let files: &[(&str, &[u8])] =
            &[("c/Chart.yaml", b"\xEF\xBB\xBFname: c"), ("c/./templates//x.yaml", b""), ("c\\a\\b", b"1")];
        assert_eq!(names(files).unwrap(), ["Chart.yaml", "templates/x.yaml", "a/b"]);
        let content = unpack(&packed(files), &mut Budget::default()).unwrap();
        assert_eq!(&*content[0].1, b"name: c");
    }

    #[test]
    fn paths_that_leave_the_chart_are_refused() {
        for (path, error) in [
            ("c/../../x", ArchiveError::ParentFolder),
            ("c//x", ArchiveError::AbsolutePath),
            ("x", ArchiveError::OutsideFolder("x".to_owned())),
            ("c/d:/x", ArchiveError::DrivePath),
            ("Chart.yaml/x", ArchiveError::NoFolder),
        ] {
            assert_eq!(names(&[(path, b"")]).unwrap_err(), error, "{path}");
        }
        assert_eq!(unpack(b"kind: Pod", &mut Budget::default()), Err(ArchiveError::NotGzip));
    }

    #[test]
    fn a_bomb_ends_at_the_budget() {
        let bytes = packed(&[("c/x", &[0; 100_000])]);
        let mut budget = Budget { bytes: 50_000, ..Budget::default() };
        assert_eq!(unpack(&bytes, &mut budget), Err(ArchiveError::TooLarge));
        let mut budget = Budget { files: 1, ..Budget::default() };
        let bytes = packed(&[("c/x", b""), ("c/y", b"")]);
        assert_eq!(unpack(&bytes, &mut budget), Err(ArchiveError::TooManyFiles));
    }
}
