//! What images say of themselves, from files: printed by a tool, in an OCI image layout
//! (github.com/opencontainers/image-spec, image-layout.md), or in an archive of one or of `docker save`
//! (github.com/moby/moby, image/tarexport).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use crate::resource::{ImageConfigError, ReadImage};
use crate::source::{FileError, Files, Limits, Source, SourceError};

use super::disk::DiskFiles;
use super::image_archive::{Saved, is_archive, texts};
use super::read::{read, shown};

/// Indexes may name others this deep: one for the platforms of an image.
const DEEPEST: usize = 3;

/// Most manifests of a layout that are read.
const MOST_MANIFESTS: usize = 1000;

/// Why nothing is learnt from a file or folder.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImageSourceError {
    /// A file of it can not be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: FileError,
    },
    /// A file of it is no text.
    #[error("{path}: {error}")]
    Text {
        /// The file.
        path: String,
        /// Why.
        error: SourceError,
    },
    /// A file of it says something else.
    #[error("{}: {error}", source_text.name())]
    Config {
        /// The file.
        source_text: Arc<Source>,
        /// What is wrong.
        error: ImageConfigError,
    },
    /// The folder is no layout, or one that does not say enough.
    #[error("{path}: {message}")]
    Layout {
        /// The folder.
        path: String,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
struct Index {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
}

impl Descriptor {
    /// Whether it is an image: builders put what they attest beside it, for an unknown platform.
    fn is_image(&self) -> bool {
        !self.annotations.contains_key("vnd.docker.reference.type")
            && self.platform.as_ref().is_none_or(|platform| platform.os != "unknown")
    }

    /// The image's name. `ref.name` is a tag alone in most layouts, and then says nothing of the repository.
    fn name(&self) -> Option<&str> {
        let full = |key: &str| self.annotations.get(key).map(String::as_str);
        full("io.containerd.image.name")
            .or_else(|| full("org.opencontainers.image.ref.name").filter(|name| name.contains(['/', ':'])))
    }

    /// The file with what it describes.
    fn path(&self) -> Option<String> {
        let (algorithm, hex) = self.digest.split_once(':')?;
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (word(algorithm) && word(hex)).then(|| format!("blobs/{algorithm}/{hex}"))
    }
}

/// Reads what a file or an OCI image layout says of images.
///
/// # Errors
/// It can not be read, or says nothing of an image.
pub fn read_images(path: &Path, limits: &Limits) -> Result<Vec<ReadImage>, ImageSourceError> {
    let name = shown(path);
    if is_archive(path) {
        let files = texts(path).map_err(|error| ImageSourceError::File { path: name.clone(), error })?;
        return Layout { files: &files, name }.read_saved();
    }
    if path.is_dir() {
        let files = DiskFiles::new(path, limits)
            .map_err(|error| ImageSourceError::File { path: name.clone(), error })?;
        return Layout { files: &files, name }.read();
    }
    let bytes = read(path, limits.file_bytes)
        .map_err(|error| ImageSourceError::File { path: name.clone(), error })?;
    let source = text(name, &bytes)?;
    ReadImage::read(source.text()).map_err(|error| ImageSourceError::Config { source_text: source, error })
}

fn text(name: String, bytes: &[u8]) -> Result<Arc<Source>, ImageSourceError> {
    let source = Source::from_bytes(name.as_str(), bytes);
    source.map(Arc::new).map_err(|error| ImageSourceError::Text { path: name, error })
}

struct Layout<'a> {
    files: &'a dyn Files,
    name: String,
}

impl Layout<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, ImageSourceError> {
        Err(ImageSourceError::Layout { path: self.name.clone(), message: message.into() })
    }

    fn source(&self, path: &str) -> Result<Arc<Source>, ImageSourceError> {
        let name = format!("{}/{path}", self.name);
        let bytes =
            self.files.read(path).map_err(|error| ImageSourceError::File { path: name.clone(), error })?;
        text(name, &bytes)
    }

    fn index(&self, path: &str) -> Result<Index, ImageSourceError> {
        let source = self.source(path)?;
        serde_json::from_str(source.text())
            .map_err(|error| ImageSourceError::Config { source_text: source, error: error.into() })
    }

    /// What `docker save` wrote; else a layout.
    fn read_saved(&self) -> Result<Vec<ReadImage>, ImageSourceError> {
        if !self.files.exists("manifest.json") {
            return self.read();
        }
        let source = self.source("manifest.json")?;
        let saved: Vec<Saved> = serde_json::from_str(source.text())
            .map_err(|error| ImageSourceError::Config { source_text: source, error: error.into() })?;
        if saved.len() > MOST_MANIFESTS {
            return self.fail("it holds too many images");
        }
        let mut found = Vec::new();
        for Saved { config, tags } in saved {
            let image = self.config(&config)?;
            found.push(ReadImage { names: tags.unwrap_or_default(), ..image });
        }
        if found.is_empty() { self.fail("it holds no image") } else { Ok(found) }
    }

    /// The image that a configuration in a file describes.
    fn config(&self, path: &str) -> Result<ReadImage, ImageSourceError> {
        let source = self.source(path)?;
        let images = ReadImage::read(source.text())
            .map_err(|error| ImageSourceError::Config { source_text: source, error })?;
        match images.into_iter().next() {
            Some(image) => Ok(image),
            None => self.fail("a configuration of it is empty"),
        }
    }

    fn read(&self) -> Result<Vec<ReadImage>, ImageSourceError> {
        if !self.files.exists("oci-layout") || !self.files.exists("index.json") {
            return self.fail("no OCI image layout: there is no oci-layout, or no index.json, in it");
        }
        let mut found = Vec::new();
        for descriptor in self.index("index.json")?.manifests.unwrap_or_default() {
            if !descriptor.is_image() {
                continue;
            }
            let image = self.image(&descriptor, 0)?;
            found.push(ReadImage {
                names: descriptor.name().map(str::to_owned).into_iter().collect(),
                digests: vec![descriptor.digest],
                row: image.row,
            });
            if found.len() > MOST_MANIFESTS {
                return self.fail("it holds too many images");
            }
        }
        if found.is_empty() { self.fail("it holds no image") } else { Ok(found) }
    }

    fn image(&self, descriptor: &Descriptor, depth: usize) -> Result<ReadImage, ImageSourceError> {
        let Some(path) = descriptor.path() else {
            return self.fail(format!("`{}` is no digest", descriptor.digest));
        };
        let index = self.index(&path)?;
        if let Some(config) = index.config {
            let Some(path) = config.path() else {
                return self.fail(format!("`{}` is no digest", config.digest));
            };
            return self.config(&path);
        }
        if depth >= DEEPEST {
            return self.fail("its indexes are nested too deeply");
        }
        let mut platforms = Vec::new();
        for inner in index.manifests.unwrap_or_default().iter().filter(|inner| inner.is_image()) {
            if platforms.len() >= MOST_MANIFESTS {
                return self.fail("an image of it has too many platforms");
            }
            platforms.push(self.image(inner, depth + 1)?);
        }
        let mut platforms = platforms.into_iter();
        let Some(first) = platforms.next() else { return self.fail("an index of it names no image") };
        // Variables such as PATH may differ; who it runs as may not.
        let same =
            |other: ReadImage| (other.row.user, other.row.uid) == (first.row.user.clone(), first.row.uid);
        if platforms.all(same) { Ok(first) } else { self.fail("its platforms have different users") }
    }
}
