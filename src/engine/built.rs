//! Images that the project's own Dockerfiles make, as far as names tell which.
//!
//! Which image a Dockerfile makes is known to whoever builds it: a pipeline, a person. Only where the last part
//! of an image's name is that of the Dockerfile (`api.Dockerfile`, `Dockerfile.api`) or of its folder, and of no
//! other one's, and where nothing else is known of the image, the Dockerfile tells of it.

use std::collections::BTreeMap;

use crate::dockerfile::Dockerfile;
use crate::project::{InputFile, Project};
use crate::resource::ImageRow;
use crate::rule::image_row;

use super::Engine;

/// Rows for images that are built here, by a pattern of their name.
pub(super) fn rows(engine: &Engine, project: &Project) -> Vec<(String, ImageRow)> {
    let mut by_name: BTreeMap<String, Option<ImageRow>> = BTreeMap::new();
    for input in project.dockerfiles() {
        let Some(name) = name_of(input) else { continue };
        let row = input.read(&engine.limits).ok().and_then(|source| Dockerfile::parse(&source).ok());
        let row = row.and_then(|file| image_row(&file, &engine.images));
        // Of two with one name none is known.
        by_name.entry(name).and_modify(|known| *known = None).or_insert(row);
    }
    let pattern = |(name, row): (String, Option<ImageRow>)| Some((format!("*/{name}"), row?));
    by_name.into_iter().filter_map(pattern).collect()
}

/// The rows of images whose Dockerfile the configuration names, with what the Dockerfile tells and they do not.
pub(super) fn linked(engine: &Engine) -> Vec<(String, ImageRow)> {
    let mut rows = Vec::new();
    for linked in &engine.settings.dockerfiles {
        let Some(mut row) = engine.settings.images.get(&linked.image).cloned() else { continue };
        let name = linked.path.to_string_lossy().into_owned();
        let source = InputFile::on_disk(name, linked.path.clone()).read(&engine.limits).ok();
        let file = source.and_then(|source| Dockerfile::parse(&source).ok());
        let Some(built) = file.and_then(|file| image_row(&file, &engine.images)) else { continue };
        if row.user.is_some() || row.uid.is_some() {
            // Whoever wrote it vouches for it.
            row.user_is_read = true;
        } else {
            (row.user, row.uid) = (built.user, built.uid);
            row.nonroot = row.nonroot.or(built.nonroot);
        }
        if row.shell.is_none() && built.shell == Some(false) {
            // That it is this Dockerfile's image is said: it is certain of what is built next.
            (row.shell, row.never_shell) = (Some(false), true);
        }
        row.built = true;
        rows.push((linked.image.clone(), row));
    }
    rows
}

/// What a Dockerfile's image is called, by its own name or its folder's.
pub(super) fn name_of(input: &InputFile) -> Option<String> {
    let shown = std::path::Path::new(&**input.name());
    let path = if input.path().as_os_str().is_empty() { shown } else { input.path() };
    let file = path.file_name()?.to_str()?.to_ascii_lowercase();
    let word = ["dockerfile", "containerfile"].into_iter().find(|word| file.contains(word))?;
    let own = file.replacen(word, "", 1);
    let own = own.trim_matches('.');
    let name = if own.is_empty() { path.parent()?.file_name()?.to_str()?.to_owned() } else { own.to_owned() };
    let plain =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
    plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_called_by_their_own_name_or_their_folders() {
        let name = |path: &str| name_of(&InputFile::on_disk(path, path));
        assert_eq!(name("/x/services/api/Dockerfile").as_deref(), Some("api"));
        assert_eq!(name("/x/api.Dockerfile").as_deref(), Some("api"));
        assert_eq!(name("/x/Dockerfile.api").as_deref(), Some("api"));
        assert_eq!(name("/x/Cat Facts/Dockerfile"), None);
        assert_eq!(name("Dockerfile"), None);
    }
}
