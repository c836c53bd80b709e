//! `--image-config`: which image a file or layout is about.

use std::path::Path;

use crate::config::ConfigError;
use crate::project::{ImageSourceError, read_images};
use crate::resource::{ImageConfigError, ImageReference, ReadImage};
use crate::source::{Limits, Span};

use super::exit::Failure;

/// The images of one argument, each under its name.
///
/// # Errors
/// The file can not be read or is about something else, or nothing says which image it is.
pub fn images_of(argument: &str) -> Result<Vec<(String, ReadImage)>, Failure> {
    let named = argument.split_once('=').filter(|_| !Path::new(argument).exists());
    let (name, path) = named.map_or((None, argument), |(name, path)| (Some(name), path));
    let refuse = |text: String, help: &str| {
        Failure::with_help(format!("--image-config {argument}: {text}"), Some(help.to_owned()))
    };
    let images =
        read_images(Path::new(path), &Limits::default()).map_err(|error| failure(argument, error))?;
    if let Some(name) = name {
        if ImageReference::parse(name).is_none() {
            return Err(refuse(format!("`{name}` is no name of an image"), "write acme/api:1.2=FILE"));
        }
        return match <[ReadImage; 1]>::try_from(images) {
            Ok([image]) => Ok(vec![(name.to_owned(), image)]),
            Err(images) => {
                let count = images.len();
                Err(refuse(
                    format!("there are {count} images in it"),
                    "give one a time, or leave the name out",
                ))
            }
        };
    }
    let mut found = Vec::new();
    for image in images {
        if image.names.is_empty() {
            let help = format!("say which one: --image-config acme/api:1.2={path}");
            return Err(refuse("it does not say which image it is about".to_owned(), &help));
        }
        found.extend(image.names.iter().map(|name| (name.clone(), image.clone())));
    }
    Ok(found)
}

fn failure(argument: &str, error: ImageSourceError) -> Failure {
    match error {
        ImageSourceError::Config { source_text, error } => {
            let span = match &error {
                ImageConfigError::Json { line, column, .. } => {
                    let start = source_text.line_index().line_start(line.saturating_sub(1)).unwrap_or(0);
                    let offset = (start + column.saturating_sub(1)).min(source_text.len());
                    Span::at(offset)
                }
                ImageConfigError::Other(_) => Span::default(),
            };
            let mut found = ConfigError::new(&source_text, span, error.to_string());
            found.help = Some(format!("given by --image-config {argument}"));
            Failure::from(found)
        }
        other => Failure::new(format!("--image-config {argument}: {other}")),
    }
}
