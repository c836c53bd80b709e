//! Reads configuration files and what they extend into layers, the lowest first.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::source::{Source, Span};

use super::error::ConfigError;
use super::schema::ConfigFile;

/// Longest chain of `extend`.
const MAX_EXTENDS: usize = 16;

/// How a configuration's text is read: the caller does it.
pub type Load<'a> = dyn Fn(&Path) -> Result<String, String> + 'a;

/// One configuration text.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The text, named as it is shown.
    pub source: Arc<Source>,
    /// Folder that paths in it are relative to.
    pub folder: PathBuf,
    /// What it says.
    pub file: ConfigFile,
}

/// Configuration texts, the lowest (most extended) first; later ones win.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The texts.
    pub layers: Vec<Layer>,
    /// Absolute path of the working folder; may stay empty where all paths are relative to one place.
    pub working_folder: PathBuf,
}

impl Layers {
    /// Reads a file and what it extends, transitively. Paths inside are relative to the file's own
    /// folder, or to `folder` if one is given (a file named on the command line).
    ///
    /// # Errors
    /// A file cannot be read, is no TOML, has an unknown key or a value of the wrong type, or the
    /// chain of `extend` is circular or too long.
    pub fn from_file(
        path: &Path,
        folder: Option<&Path>,
        working_folder: &Path,
        load: &Load<'_>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Vec::new();
        let mut seen = Vec::new();
        let mut next = Some(path.to_path_buf());
        while let Some(path) = next.take() {
            let name = shown(path.strip_prefix(working_folder).unwrap_or(&path));
            let text = load(&path).map_err(|reason| ConfigError::of_path(name.clone(), reason))?;
            let parent = path.parent().unwrap_or(Path::new("")).to_path_buf();
            let base = if layers.is_empty() { folder.unwrap_or(&parent) } else { &parent };
            let layer = Layer::parse(&name, text, base)?;
            seen.push(normal(&path));
            if let Some(extend) = &layer.file.extend {
                let target = parent.join(extend);
                let span = layer.span(&[Step::Value("extend")]);
                if seen.contains(&normal(&target)) {
                    return Err(ConfigError::new(&layer.source, span, "`extend` leads back to this file"));
                }
                if seen.len() >= MAX_EXTENDS {
                    return Err(ConfigError::new(&layer.source, span, "too long a chain of `extend`"));
                }
                next = Some(target);
            }
            layers.push(layer);
        }
        layers.reverse();
        Ok(Self { layers, working_folder: working_folder.to_path_buf() })
    }

    /// Adds one `KEY=VALUE` of the command line on top.
    ///
    /// # Errors
    /// The setting is no TOML, or its key is unknown.
    pub fn push_setting(&mut self, setting: &str, folder: &Path) -> Result<(), ConfigError> {
        let layer = Layer::parse("--config", setting.to_owned(), folder).or_else(|error| {
            // `standards=pss:restricted` is meant as text where it is no TOML by itself.
            let quoted = setting.split_once('=').map(|(key, value)| format!("{key}={:?}", value.trim()));
            quoted
                .map_or(Err(error.clone()), |text| Layer::parse("--config", text, folder).map_err(|_| error))
        })?;
        if layer.file.extend.is_some() {
            return Err(ConfigError::new(
                &layer.source,
                layer.span(&[Step::Key("extend")]),
                "`extend` belongs in a file",
            ));
        }
        self.layers.push(layer);
        Ok(())
    }
}

/// One step to a place of a TOML text.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// The key itself.
    Key(&'a str),
    /// The value of a key.
    Value(&'a str),
    /// An item of an array.
    Item(usize),
}

impl Layer {
    /// Reads one text.
    ///
    /// # Errors
    /// The text is no TOML, has an unknown key or a value of the wrong type.
    pub fn parse(name: &str, text: String, folder: &Path) -> Result<Self, ConfigError> {
        let source = Arc::new(Source::new(name, text));
        let body = source.text().trim_start_matches('\u{feff}');
        let file: ConfigFile =
            toml::from_str(body).map_err(|error| ConfigError::from_toml(&source, &error))?;
        Ok(Self { source, folder: folder.to_path_buf(), file })
    }

    /// The place of a key or value; an empty span where the text has none.
    #[must_use]
    pub fn span(&self, path: &[Step<'_>]) -> Span {
        let body = self.source.text().trim_start_matches('\u{feff}');
        let Ok(table) = DeTable::parse(body) else { return Span::default() };
        let mut here = toml::Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        for step in path {
            let next = match (step, here.into_inner()) {
                (Step::Item(index), DeValue::Array(items)) => items.into_iter().nth(*index),
                // A single word may stand for a list of one.
                (Step::Item(_), DeValue::String(_)) => return Span::default(),
                (Step::Key(name) | Step::Value(name), DeValue::Table(entries)) => {
                    let entry = entries.into_iter().find(|(key, _)| key.get_ref().as_ref() == *name);
                    match (step, entry) {
                        (Step::Key(_), Some((key, _))) => return key.span().into(),
                        (_, entry) => entry.map(|(_, value)| value),
                    }
                }
                _ => None,
            };
            let Some(next) = next else { return Span::default() };
            here = next;
        }
        here.span().into()
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// The path without `.` and, as far as the text tells, without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
