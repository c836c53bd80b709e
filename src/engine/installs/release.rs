//! What resources say of a release: its chart, its values, its name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::helm::context::KubeVersion;
use crate::project::kind_by_name;
use crate::resource::{Document, Field, read_bool};
use crate::source::{Source, Span};
use crate::yaml::{FieldPath, NodeId, SpanTree};

use super::git_generator::Around;
use super::reader::Reader;
use super::{below, roots};

/// Groups of the kinds that are read here.
const GROUPS: [&str; 2] = ["argoproj.io", "helm.toolkit.fluxcd.io"];

/// Values of a release, later ones win.
#[derive(Clone, Debug)]
pub(super) enum Values {
    /// A file, by its path from the chart's folder.
    InChart(String, Span),
    /// A file, by its path from the repository's root.
    InRepository(String, Span),
    /// A file, by its path from the root of a repository of another address, which may be a copy of this one.
    InOther(String, Span),
    /// A file on disk.
    OnDisk(PathBuf, Span),
    /// In the resource itself.
    Inline {
        /// Their path in it.
        path: FieldPath,
        /// Their node.
        node: NodeId,
        /// Whether they are YAML in a string.
        is_text: bool,
    },
    /// In a ConfigMap.
    ConfigMap(Reference),
    /// In a patch of the resource.
    Patch {
        /// The patch.
        document: Document,
        /// Its file on disk.
        path: PathBuf,
        /// Path of the values in it.
        field: FieldPath,
        /// Their node.
        node: NodeId,
    },
}

impl Values {
    /// The file on disk that they are, whether it is there or not.
    pub fn file(&self, root: &Path, chart: &Path) -> Option<PathBuf> {
        match self {
            Self::InChart(path, _) => below(root, chart, path),
            Self::InRepository(path, _) | Self::InOther(path, _) => below(root, root, path),
            Self::OnDisk(path, _) => Some(path.clone()),
            Self::Inline { .. } | Self::ConfigMap(_) | Self::Patch { .. } => None,
        }
    }
}

/// An item of `valuesFrom` of a HelmRelease.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// Name of the ConfigMap.
    pub name: String,
    /// Its key that holds the values.
    pub key: String,
    /// Keys below which its one value is set.
    pub target: Option<Vec<String>>,
    /// The item.
    pub span: Span,
}

/// All that is known of a release.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// The release's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// What it is called among several of a resource.
    pub label: Option<String>,
    /// Its values.
    pub values: Vec<Values>,
    /// The list of its parameters.
    pub parameters: Option<(FieldPath, NodeId)>,
    /// Whether files that are not there count as empty.
    pub ignores_missing: bool,
    /// The version of Kubernetes that it is rendered for, if it says so.
    pub kube_version: Option<KubeVersion>,
    /// API versions that it is rendered for.
    pub api_versions: Vec<String>,
    /// Whether the chart's schema is left aside.
    pub skip_schema: bool,
}

/// Why a release is not known as a whole.
#[derive(Clone, Debug)]
pub(super) struct Unknown {
    /// The file.
    pub source: Arc<Source>,
    /// What is to blame.
    pub span: Span,
    /// In words.
    pub why: String,
}

/// Where the chart of a release is.
#[derive(Debug)]
pub(super) enum ChartPath {
    /// By its path in the resource's repository.
    InRepository(String),
    /// In the first of these folders on disk that is a chart.
    OnDisk(Vec<PathBuf>),
}

/// A release of a chart in the resource's own repository, as far as its path tells.
#[derive(Debug)]
pub(super) struct Release {
    /// Where the chart is; `None` where that is filled in later.
    pub chart: Option<ChartPath>,
    /// What is known of it.
    pub known: Result<Known, Unknown>,
}

/// Whether a file may have resources that are read here.
pub(super) fn may_have(file: &Path, text: &str) -> bool {
    let by_name = match kind_by_name(file) {
        // Most kustomizations have no charts. A key may be written with an escape.
        Some((_, "Kustomization")) => text.contains("helmCharts") || text.contains('\\'),
        Some((_, kind)) => kind == "Bundle",
        None => false,
    };
    by_name || GROUPS.iter().any(|group| text.contains(group))
}

/// The releases of a document in a file on disk.
pub(super) fn releases(document: &Document, around: &Around<'_>) -> Vec<Release> {
    let kind = document.kind();
    let place = document.tree().documents().get(document.document());
    if place.is_some_and(|place| document.tree().is_sops(place)) {
        return Vec::new();
    }
    match (&*kind.group, &*kind.kind) {
        ("helm.toolkit.fluxcd.io", "HelmRelease") => flux(document).into_iter().collect(),
        ("argoproj.io", "Application") => {
            let reader = Reader::new(document.tree());
            argo(&reader, document.root(), &FieldPath::root())
        }
        ("argoproj.io", "ApplicationSet") => super::application_set::releases(document, around),
        ("kustomize.config.k8s.io", "Kustomization") => super::kustomize::releases(document, around.file),
        ("fleet.cattle.io", "Bundle") => super::fleet::releases(document, around.file),
        _ => Vec::new(),
    }
}

/// helm-controller v2: `spec.chart.spec.chart` of a GitRepository is a path from its root.
fn flux(document: &Document) -> Option<Release> {
    let reader = Reader::new(document.tree());
    let spec = reader.node(document.root(), &["spec"]).ok()??;
    let chart = reader.node(spec, &["chart", "spec"]).ok()??;
    if reader.text(chart, &["sourceRef", "kind"]).ok()?? != "GitRepository" {
        return None;
    }
    let path = reader.text(chart, &["chart"]).ok()??;
    let known = flux_known(document, &reader, spec, (chart, &path));
    Some(Release { chart: Some(ChartPath::InRepository(path)), known })
}

fn flux_known(
    document: &Document,
    reader: &Reader<'_>,
    spec: NodeId,
    (chart, path): (NodeId, &str),
) -> Result<Known, Unknown> {
    reader.nothing(spec, &["postRenderers"], "postRenderers change what the chart prints")?;
    reader.nothing(chart, &["valuesFile"], "valuesFile takes the place of the chart's values.yaml")?;
    let mut values = flux_files(reader, chart, path)?;
    for item in reader.items(spec, &["valuesFrom"])? {
        values.push(Values::ConfigMap(reference(reader, item)?));
    }
    if let Some(node) = reader.node(spec, &["values"])? {
        if !reader.tree.kind(node).is_mapping() {
            return Err(reader.unknown(node, "its values are no mapping"));
        }
        let path = FieldPath::root().key("spec").key("values");
        values.push(Values::Inline { path, node, is_text: false });
    }
    let own = document.name().ok_or_else(|| reader.unknown(spec, "its name is not known"))?;
    let target = reader.text(spec, &["targetNamespace"])?;
    let name = match (reader.text(spec, &["releaseName"])?, &target) {
        (Some(name), _) => name,
        (None, Some(target)) => format!("{target}-{own}"),
        (None, None) => own.to_owned(),
    };
    let namespace = target.or_else(|| document.namespace().map(str::to_owned));
    Ok(Known {
        name,
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        label: None,
        values,
        parameters: None,
        ignores_missing: reader.flag(chart, &["ignoreMissingValuesFiles"]),
        kube_version: None,
        api_versions: Vec::new(),
        skip_schema: reader.flag(spec, &["install", "disableSchemaValidation"]),
    })
}

/// `valuesFiles` take the place of the chart's values.yaml, by paths from the repository's root. Where that
/// is the first of them, the others are values files as any.
fn flux_files(reader: &Reader<'_>, chart: NodeId, path: &str) -> Result<Vec<Values>, Unknown> {
    let mut files = Vec::new();
    for (index, item) in reader.items(chart, &["valuesFiles"])?.into_iter().enumerate() {
        let file = reader.text_of(item)?;
        let plain = |path: &str| {
            let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        if index == 0 {
            let own = plain(&format!("{path}/values.yaml"));
            if plain(&file) != own {
                let why = "valuesFiles that do not begin with the chart's values.yaml take its place";
                return Err(reader.unknown(item, why));
            }
            continue;
        }
        files.push(Values::InRepository(file, reader.tree.span(item)));
    }
    Ok(files)
}

fn reference(reader: &Reader<'_>, item: NodeId) -> Result<Reference, Unknown> {
    let kind = reader.text(item, &["kind"])?.unwrap_or_default();
    let name = reader.text(item, &["name"])?.unwrap_or_default();
    if kind != "ConfigMap" {
        return Err(reader.unknown(item, &format!("{kind} {name} has values of it, and is not read")));
    }
    let key = reader.text(item, &["valuesKey"])?.unwrap_or_else(|| "values.yaml".to_owned());
    let target = match reader.text(item, &["targetPath"])?.filter(|path| !path.is_empty()) {
        None => None,
        Some(path) if path.contains(['\\', '[', '{', ',', '=']) => {
            return Err(reader.unknown(item, "its targetPath is no plain path of keys"));
        }
        Some(path) => Some(path.split('.').map(str::to_owned).collect()),
    };
    Ok(Reference { name, key, target, span: reader.tree.span(item) })
}

/// Argo CD v1alpha1: `path` of each source that is a chart. `application` has `metadata` and `spec`, and lies at
/// `above` in its document.
pub(super) fn argo(reader: &Reader<'_>, application: NodeId, above: &FieldPath) -> Vec<Release> {
    let tree = reader.tree;
    let spec = above.key("spec");
    // With `sources`, `source` is not read.
    if let Ok(Some(list)) = reader.node(application, &["spec", "sources"])
        && tree.kind(list).is_sequence()
    {
        let sources: Vec<NodeId> = tree.items(list).iter().map(|&item| tree.resolve(item)).collect();
        let of = |(index, &source): (usize, &NodeId)| {
            argo_source(reader, application, source, &spec.key("sources").index(index), &sources)
        };
        return sources.iter().enumerate().filter_map(of).collect();
    }
    let source = reader.node(application, &["spec", "source"]).ok().flatten();
    let release =
        source.and_then(|source| argo_source(reader, application, source, &spec.key("source"), &[]));
    release.into_iter().collect()
}

fn argo_source(
    reader: &Reader<'_>,
    application: NodeId,
    source: NodeId,
    path: &FieldPath,
    all: &[NodeId],
) -> Option<Release> {
    // A chart of a chart repository, or no chart at all.
    let elsewhere = [&["chart"][..], &["kustomize"], &["directory"], &["plugin"]];
    let absent = |keys: &&[&str]| reader.nothing(source, keys, "").is_ok();
    if !reader.tree.kind(source).is_mapping() || !elsewhere.iter().all(absent) {
        return None;
    }
    let chart = match reader.text(source, &["path"]) {
        Ok(chart) => Some(chart?),
        // That it is a chart at all is only sure where there is something for Helm.
        Err(_) if reader.node(source, &["helm"]).ok()?.is_some() => None,
        Err(_) => return None,
    };
    let chart = chart.map(ChartPath::InRepository);
    Some(Release { chart, known: argo_known(reader, application, source, path, all) })
}

fn argo_known(
    reader: &Reader<'_>,
    application: NodeId,
    source: NodeId,
    path: &FieldPath,
    all: &[NodeId],
) -> Result<Known, Unknown> {
    let tree = reader.tree;
    reader.text(source, &["path"])?;
    reader.nothing(source, &["helm", "fileParameters"], "fileParameters are not read")?;
    let mut values = Vec::new();
    for item in reader.items(source, &["helm", "valueFiles"])? {
        values.push(argo_file(reader, source, all, item)?);
    }
    let helm = path.key("helm");
    // With `valuesObject`, `values` is not read.
    if let Some(node) = reader.node(source, &["helm", "valuesObject"])? {
        if !tree.kind(node).is_mapping() {
            return Err(reader.unknown(node, "its values are no mapping"));
        }
        values.push(Values::Inline { path: helm.key("valuesObject"), node, is_text: false });
    } else if let Some(node) = reader.node(source, &["helm", "values"])?
        && !tree.text(node).trim().is_empty()
    {
        values.push(Values::Inline { path: helm.key("values"), node, is_text: true });
    }
    for it in &values {
        if let Values::Inline { node, .. } = it {
            reader.finished(*node)?;
        }
    }
    let parameters = reader.items(source, &["helm", "parameters"])?;
    let list = reader.node(source, &["helm", "parameters"])?.filter(|_| !parameters.is_empty());
    let own = match reader.text(source, &["helm", "releaseName"])? {
        Some(name) => Some(name),
        None => reader.text(application, &["metadata", "name"])?,
    };
    let namespace = match reader.text(source, &["helm", "namespace"])? {
        None => reader.text(application, &["spec", "destination", "namespace"])?,
        some => some,
    };
    let kube_version = match reader.text(source, &["helm", "kubeVersion"])? {
        None => None,
        Some(version) => {
            let parsed = KubeVersion::parse(&version);
            Some(parsed.map_err(|error| reader.unknown(source, &format!("its kubeVersion: {error}")))?)
        }
    };
    let api_versions = reader.items(source, &["helm", "apiVersions"])?.into_iter();
    Ok(Known {
        name: own.ok_or_else(|| reader.unknown(source, "its name is not known"))?,
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        label: None,
        values,
        parameters: list.map(|list| (helm.key("parameters"), list)),
        ignores_missing: reader.flag(source, &["helm", "ignoreMissingValueFiles"]),
        kube_version,
        api_versions: api_versions.map(|item| reader.text_of(item)).collect::<Result<_, _>>()?,
        skip_schema: reader.flag(source, &["helm", "skipSchemaValidation"]),
    })
}

/// A values file of an Application: from the chart's folder, `/` from the repository's root, `$name/` from the root
/// of the source of that name.
fn argo_file(reader: &Reader<'_>, source: NodeId, all: &[NodeId], item: NodeId) -> Result<Values, Unknown> {
    let (file, span) = (reader.text_of(item)?, reader.tree.span(item));
    if file.contains("://") || file.contains(['*', '?', '[', '{']) {
        return Err(reader.unknown(item, "a values file is named by an address or a pattern"));
    }
    if let Some(named) = file.strip_prefix('$') {
        let (name, path) = named.split_once('/').unwrap_or((named, ""));
        let read = |map: NodeId, key: &str| reader.text(map, &[key]).ok().flatten();
        let from = all.iter().find(|it| read(**it, "ref").as_deref() == Some(name));
        let from = from.ok_or_else(|| reader.unknown(item, &format!("no source is called {name}")))?;
        let same = read(*from, "repoURL").zip(read(source, "repoURL"));
        let same = same.is_some_and(|(one, other)| repository(&one) == repository(&other));
        let path = path.to_owned();
        return Ok(if same { Values::InRepository(path, span) } else { Values::InOther(path, span) });
    }
    if file.contains('$') {
        return Err(reader.unknown(item, "the name of a values file has a variable in it"));
    }
    Ok(match file.strip_prefix('/') {
        Some(path) => Values::InRepository(path.to_owned(), span),
        None => Values::InChart(file, span),
    })
}

/// Values files that a resource in a file names, whatever its chart is: from the root of a repository (`$name/` of an
/// Application), or from the resource's folder.
pub(super) fn named_files(document: &Document, file: &Path) -> Vec<PathBuf> {
    let kind = document.kind();
    match (&*kind.group, &*kind.kind) {
        ("argoproj.io", "Application") => {
            let reader = Reader::new(document.tree());
            let sources = reader.items(document.root(), &["spec", "sources"]).unwrap_or_default();
            let items = sources.iter().filter_map(|it| reader.items(*it, &["helm", "valueFiles"]).ok());
            let files = items.flatten().filter_map(|item| reader.text_of(item).ok());
            let paths = files.filter_map(|file| Some(file.strip_prefix('$')?.split_once('/')?.1.to_owned()));
            let there = |path: String| {
                let mut there = roots(file).into_iter().filter_map(|root| below(root, root, &path));
                there.find(|path| path.is_file())
            };
            paths.filter_map(there).collect()
        }
        ("kustomize.config.k8s.io", "Kustomization") => super::kustomize::files(document, file),
        ("fleet.cattle.io", "Bundle") => super::fleet::files(document, file),
        _ => Vec::new(),
    }
}

/// Host and path of a repository's address, without what differs between its forms:
/// `git@host:a/b.git`, `ssh://git@host/a/b`, `https://host/a/b.git`.
fn repository(url: &str) -> String {
    let (has_scheme, rest) = match url.split_once("://") {
        Some((_, rest)) => (true, rest),
        None => (false, url),
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let host = if has_scheme { host } else { host.replacen(':', "/", 1) };
    let path = path.trim_end_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path))
}

impl Reader<'_> {
    /// A flag; one that is not known counts as not set.
    pub(super) fn flag(&self, map: NodeId, keys: &[&str]) -> bool {
        read_bool(self.tree, map, keys) == Field::Value(true)
    }
}

/// The mark of an unknown.
pub(super) fn unknown(tree: &SpanTree, node: NodeId, why: &str) -> Unknown {
    let span = crate::engine::locate::mark(tree, node);
    Unknown { source: Arc::clone(tree.source()), span, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_address_are_one_repository() {
        for url in [
            "https://git.example/a/b.git",
            "https://git.example/a/b",
            "https://user@git.example/a/b/",
            "ssh://git@git.example/a/b.git",
            "git@git.example:a/b.git",
        ] {
            assert_eq!(repository(url), "git.example/a/b", "{url}");
        }
        assert_ne!(repository("https://git.example/a/c"), "git.example/a/b");
    }
}
