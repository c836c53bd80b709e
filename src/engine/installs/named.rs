//! Values files that resources name in a project without charts. Nothing else of a resource matters there, and these
//! are seen while the files are judged: none is read for them alone.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::judge::Judged;
use crate::project::{InputFile, Project, Role, kind_by_name};

use super::{Installs, Part, documents, in_file, release};

impl Installs {
    /// What is known of a project without charts before its files are judged.
    pub(super) fn open() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    /// The same with what the files name, read now: for whoever judges a file but once.
    pub fn closed(&self, engine: &Engine, project: &Project) -> Self {
        if !self.is_open {
            return self.clone();
        }
        let parts = project.manifests().flat_map(|file| in_file(engine, file, &HashMap::new(), (&[], &[])));
        let named = parts.filter_map(|part| match part {
            Part::File(path) => Some(path),
            Part::Release(_) | Part::Patch(_) => None,
        });
        self.naming(project, &named.collect())
    }

    /// The values files that a judged file names, as far as that is not known yet.
    pub fn named_by(&self, engine: &Engine, file: &InputFile, judged: &Judged) -> Vec<PathBuf> {
        if !self.is_open || file.role() == Role::OverlayPatch {
            return Vec::new();
        }
        let named = |document| release::named_files(document, file.path());
        if kind_by_name(file.path()).is_none() {
            return judged.documents.iter().flat_map(named).collect();
        }
        documents(engine, &judged.tree, file.path()).iter().flat_map(named).collect()
    }

    /// The same with the values files that were named.
    pub fn naming(&self, project: &Project, named: &HashSet<PathBuf>) -> Self {
        let files = project.manifests().filter(|file| named.contains(file.path()));
        let alone = files.map(|file| (Arc::clone(file.name()), None)).collect();
        Self { alone, is_open: false, ..self.clone() }
    }
}
