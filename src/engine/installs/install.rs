//! [`Install`]: a release as a scenario of its chart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::Engine;
use crate::helm::context::KubeVersion;
use crate::resource::Document;
use crate::yaml::{FieldPath, NodeId};

use super::config_map::{ConfigMaps, Entry};
use super::place::{At, Form, Parameters, Place};
use super::release::{self, Unknown, Values};
use super::{Found, InlineAt, title};

/// Values of a resource that installs a chart.
pub(in crate::engine) enum ValuesAt {
    /// A file on disk.
    File(PathBuf),
    /// A place in a resource.
    Place(Arc<Place>),
}

/// A resource that installs a chart.
pub(in crate::engine) struct Install {
    /// What its scenario is called.
    pub name: String,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
    /// Its values; later ones win.
    pub values: Vec<ValuesAt>,
    /// Its parameters, which win over all values.
    pub parameters: Option<Arc<Parameters>>,
    /// The version of Kubernetes that it is rendered for, if it says so.
    pub kube_version: Option<KubeVersion>,
    /// API versions that it is rendered for.
    pub api_versions: Vec<String>,
    /// Whether the chart's schema is left aside.
    pub skip_schema: bool,
}

impl Install {
    /// Its values files on disk.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.values.iter().filter_map(|it| match it {
            ValuesAt::File(path) => Some(path),
            ValuesAt::Place(_) => None,
        })
    }

    /// Its values in resources; later ones win.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = &Arc<Place>> {
        self.values.iter().filter_map(|it| match it {
            ValuesAt::File(_) => None,
            ValuesAt::Place(place) => Some(place),
        })
    }

    /// Where it has values in a resource.
    pub fn ats(&self) -> impl Iterator<Item = &At> {
        self.places().map(|place| &place.at).chain(self.parameters.iter().map(|it| &it.at))
    }
}

/// A release as a scenario, with the places of its values.
pub(super) fn install(
    engine: &Engine,
    found: &Found<'_>,
    maps: &ConfigMaps,
    (root, chart): (&Path, &Path),
) -> Result<(Install, Vec<InlineAt>), Unknown> {
    let Found { file, document, .. } = found;
    let source = document.tree().source();
    let known = found.known.as_ref().map_err(Clone::clone)?;
    let mut inline = Vec::new();
    let mut place = |document: &Document, path: &Path, field: &FieldPath, node: NodeId, form: Form| {
        let tree = document.tree();
        let place = Place::read(At::new(document, path, field), form, tree, node, &engine.limits)?;
        inline.push((
            Arc::clone(tree.source().name()),
            document.document(),
            document.item(),
            field.to_string(),
        ));
        Ok::<_, String>(ValuesAt::Place(Arc::new(place)))
    };
    let mut values = Vec::new();
    for it in &known.values {
        let (path, span) = match it {
            Values::InChart(_, span)
            | Values::InRepository(_, span)
            | Values::InOther(_, span)
            | Values::OnDisk(_, span) => (it.file(root, chart), *span),
            Values::Inline { path, node, is_text } => {
                let form = if *is_text { Form::Text } else { Form::Mapping };
                let read = place(document, file.path(), path, *node, form);
                values.push(read.map_err(|why| release::unknown(document.tree(), *node, &why))?);
                continue;
            }
            Values::Patch { document, path, field, node } => {
                let read = place(document, path, field, *node, Form::Mapping);
                values.push(read.map_err(|why| release::unknown(document.tree(), *node, &why))?);
                continue;
            }
            Values::ConfigMap(reference) => {
                let unknown = |why| Unknown { source: Arc::clone(source), span: reference.span, why };
                let (name, key) = (&reference.name, &reference.key);
                let entry = maps.entry(file.path(), document.namespace(), name, key).map_err(unknown)?;
                let form = reference.target.clone().map_or(Form::Text, Form::Single);
                match (entry, form) {
                    (Entry::Text { document, path, field, node }, form) => {
                        let read = place(document, path, &field, node, form);
                        values.push(read.map_err(|why| unknown(format!("ConfigMap {name}: {why}")))?);
                        continue;
                    }
                    (Entry::File(path), Form::Text) => (Some(path), reference.span),
                    (Entry::File(_), _) => {
                        return Err(unknown(format!("a file of ConfigMap {name} is one value of it")));
                    }
                }
            }
        };
        match path.filter(|path| path.is_file()) {
            Some(path) => values.push(ValuesAt::File(path)),
            None if known.ignores_missing && !matches!(it, Values::InOther(..)) => {}
            None => {
                let other = matches!(it, Values::InOther(..));
                let why = if other {
                    "a values file is in another repository"
                } else {
                    "a values file is not there"
                };
                let (source, why) = (Arc::clone(source), why.to_owned());
                return Err(Unknown { source, span, why });
            }
        }
    }
    let mut parameters = None;
    if let Some((field, node)) = &known.parameters {
        let tree = document.tree();
        let read = Parameters::read(At::new(document, file.path(), field), tree, *node);
        parameters = Some(Arc::new(read.map_err(|why| release::unknown(tree, *node, &why))?));
        let name = Arc::clone(tree.source().name());
        inline.push((name, document.document(), document.item(), field.to_string()));
    }
    let element = match (&*document.kind().kind, &known.label) {
        ("ApplicationSet", _) => format!(" ({})", known.name),
        (_, Some(label)) => format!(" ({label})"),
        _ => String::new(),
    };
    let install = Install {
        name: format!("{}{element} in {}", title(document), found.patch.unwrap_or(file).name()),
        release: known.name.clone(),
        namespace: known.namespace.clone(),
        values,
        parameters,
        kube_version: known.kube_version.clone(),
        api_versions: known.api_versions.clone(),
        skip_schema: known.skip_schema,
    };
    Ok((install, inline))
}
