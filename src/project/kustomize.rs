//! Which files a kustomization names as patches.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::source::{Limits, Source};
use crate::yaml::{self, NodeId, Scalar, SpanTree};

use super::read;

/// Names that `kustomize build` looks for in a folder.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is a kustomization, by its name.
#[must_use]
pub fn is_kustomization(path: &Path) -> bool {
    path.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
}

/// The files that a kustomization file names as patches: `patches[].path`,
/// `patchesStrategicMerge[]`, `patchesJson6902[].path`.
pub(super) fn patches(kustomization: &Path, limits: &Limits) -> Vec<PathBuf> {
    let Some(folder) = kustomization.parent() else { return Vec::new() };
    let Ok(bytes) = read::read(kustomization, limits.file_bytes) else { return Vec::new() };
    let Ok(source) = Source::from_bytes(read::shown(kustomization), bytes) else { return Vec::new() };
    let tree = yaml::parse(&Arc::new(source), limits).tree;
    let mut found = Vec::new();
    for root in tree.documents().iter().filter_map(|document| document.root) {
        for key in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
            let Some(list) = tree.get(root, key) else { continue };
            for &item in tree.items(list) {
                let path = tree.get(item, "path").unwrap_or(item);
                if let Some(path) = text(&tree, path).filter(|path| !path.contains('\n')) {
                    found.push(normalized(&folder.join(path)));
                }
            }
        }
    }
    found
}

fn text(tree: &SpanTree, node: NodeId) -> Option<String> {
    match tree.scalar(node) {
        Some(Scalar::String(text)) if !text.is_empty() => Some(text.into_owned()),
        _ => None,
    }
}

/// Whether a kustomization in the file's folder or above names it as a patch. `above` bounds how
/// many folders are looked at.
pub(super) fn names_as_patch(file: &Path, limits: &Limits) -> bool {
    const ABOVE: usize = 8;
    let file = normalized(file);
    for folder in file.ancestors().skip(1).take(ABOVE) {
        let named = NAMES.iter().any(|name| {
            let kustomization = folder.join(name);
            kustomization.is_file() && patches(&kustomization, limits).contains(&file)
        });
        if named {
            return true;
        }
        if folder.join(".git").exists() {
            return false;
        }
    }
    false
}

/// The path without `.` and `..`, links left alone.
pub(super) fn normalized(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}
