//! Patches of a kustomization that give a HelmRelease other values: the base with them is one more release.

use crate::project::InputFile;
use crate::resource::Document;
use crate::yaml::FieldPath;

use super::Found;
use super::reader::Reader;
use super::release::{Known, Unknown, Values};

/// Fields of a HelmRelease, beside its values, that decide what is rendered.
const DECIDING: [&[&str]; 8] = [
    &["spec", "chart", "spec", "chart"],
    &["spec", "chart", "spec", "sourceRef"],
    &["spec", "chart", "spec", "valuesFiles"],
    &["spec", "chartRef"],
    &["spec", "postRenderers"],
    &["spec", "releaseName"],
    &["spec", "targetNamespace"],
    &["spec", "valuesFrom"],
];

/// A HelmRelease in a file that is a patch.
pub(super) struct Patch<'p> {
    /// The file.
    pub file: &'p InputFile,
    /// The patch.
    pub document: Document,
}

impl<'p> Patch<'p> {
    /// Whether an object may be such a patch.
    pub fn fits(document: &Document) -> bool {
        let kind = document.kind();
        kind.group == "helm.toolkit.fluxcd.io" && kind.kind == "HelmRelease"
    }

    /// The release that is meant: of several of its name the nearest.
    fn base<'f>(&self, found: &'f [Found<'p>]) -> Option<&'f Found<'p>> {
        let same = |it: &&Found<'_>| {
            let spaces = it.document.namespace().zip(self.document.namespace());
            Self::fits(&it.document)
                && it.document.name() == self.document.name()
                && spaces.is_none_or(|(one, other)| one == other)
        };
        let shared = |it: &Found<'_>| {
            let paths = it.file.path().components().zip(self.file.path().components());
            paths.take_while(|(one, other)| one == other).count()
        };
        let nearest = found.iter().filter(same).map(shared).max();
        let mut bases = found.iter().filter(same).filter(|it| Some(shared(it)) == nearest);
        bases.next().filter(|_| bases.next().is_none())
    }

    /// The release that the base is with the patch; `None` where it changes nothing that is rendered, or where
    /// there is no base that is known.
    pub fn release(&self, found: &[Found<'p>]) -> Option<Found<'p>> {
        let base = self.base(found)?;
        let known = base.known.as_ref().ok()?;
        let known = self.known(known).transpose()?;
        let (file, document) = (base.file, base.document.clone());
        Some(Found { file, document, chart: base.chart.clone(), known, patch: Some(self.file) })
    }

    fn known(&self, base: &Known) -> Result<Option<Known>, Unknown> {
        let document = &self.document;
        let reader = Reader::new(document.tree());
        for keys in DECIDING {
            if let Some(node) = reader.node(document.root(), keys)? {
                return Err(reader.unknown(node, "its patch changes more than values"));
            }
        }
        let Some(node) = reader.node(document.root(), &["spec", "values"])? else { return Ok(None) };
        if !reader.tree.kind(node).is_mapping() {
            return Err(reader.unknown(node, "its values are no mapping"));
        }
        let mut known = base.clone();
        let field = FieldPath::root().key("spec").key("values");
        let (document, path) = (document.clone(), self.file.path().to_path_buf());
        known.values.push(Values::Patch { document, path, field, node });
        Ok(Some(known))
    }
}
