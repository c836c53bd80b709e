//! The fleet.yaml of Rancher Fleet: a chart with values, and other values for some clusters.

use std::path::{Path, PathBuf};

use crate::resource::Document;
use crate::yaml::{FieldPath, NodeId};

use super::below;
use super::reader::Reader;
use super::release::{ChartPath, Known, Release, Unknown, Values};

/// The releases of a fleet.yaml whose chart is in these files: as it is, and for each group of clusters that gets other
/// values. Without values of its own one is the chart as it is.
pub(super) fn releases(document: &Document, file: &Path) -> Vec<Release> {
    let reader = Reader::new(document.tree());
    let (root, Some(folder)) = (document.root(), file.parent()) else { return Vec::new() };
    let Ok(chart) = reader.text(root, &["helm", "chart"]) else { return Vec::new() };
    let is_local = reader.nothing(root, &["helm", "repo"], "").is_ok()
        && chart.as_ref().is_none_or(|chart| !chart.contains("://"));
    let Some(chart) = below(Path::new("/"), folder, chart.as_deref().unwrap_or(".")).filter(|_| is_local)
    else {
        return Vec::new();
    };
    let base = known(&reader, root, (root, &FieldPath::root()), folder);
    let targets = reader.items(root, &["targetCustomizations"]).unwrap_or_default().into_iter();
    let of_target = |(index, target): (usize, NodeId)| {
        if reader.flag(target, &["doNotDeploy"]) || reader.node(target, &["helm"]).ok()?.is_none() {
            return None;
        }
        let above = FieldPath::root().key("targetCustomizations").index(index);
        let own = known(&reader, root, (target, &above), folder);
        Some(base.clone().and_then(|mut all| {
            let own = own?;
            reader.nothing(target, &["helm", "chart"], "it gets another chart")?;
            all.label = Some(reader.text(target, &["name"])?.unwrap_or_else(|| format!("number {index}")));
            all.values.extend(own.values);
            Ok(all)
        }))
    };
    let all = std::iter::once(base.clone()).chain(targets.enumerate().filter_map(of_target));
    let has_values = |known: &Result<Known, Unknown>| known.as_ref().map_or(true, |it| !it.values.is_empty());
    let release = |known| Release { chart: Some(ChartPath::OnDisk(vec![chart.clone()])), known };
    all.filter(has_values).map(release).collect()
}

/// The values files that a fleet.yaml names.
pub(super) fn files(document: &Document, file: &Path) -> Vec<PathBuf> {
    let reader = Reader::new(document.tree());
    let (root, Some(folder)) = (document.root(), file.parent()) else { return Vec::new() };
    let targets = reader.items(root, &["targetCustomizations"]).unwrap_or_default();
    let items = std::iter::once(root).chain(targets);
    let files = items.flat_map(|it| reader.items(it, &["helm", "valuesFiles"]).unwrap_or_default());
    let files = files.filter_map(|item| below(Path::new("/"), folder, &reader.text_of(item).ok()?));
    files.filter(|path| path.is_file()).collect()
}

/// What the whole, or the part for some clusters, says. Of its values those in files win (Fleet's bundle reader).
fn known(
    reader: &Reader<'_>,
    root: NodeId,
    (part, above): (NodeId, &FieldPath),
    folder: &Path,
) -> Result<Known, Unknown> {
    for field in ["kustomize", "yaml", "overlays"] {
        reader.nothing(part, &[field], "other files change what the chart prints")?;
    }
    reader.nothing(part, &["helm", "valuesFrom"], "values of it are in the cluster")?;
    let mut values = Vec::new();
    if let Some(node) = reader.node(part, &["helm", "values"])? {
        if !reader.tree.kind(node).is_mapping() {
            return Err(reader.unknown(node, "its values are no mapping"));
        }
        let path = above.key("helm").key("values");
        values.push(Values::Inline { path, node, is_text: false });
    }
    for node in reader.items(part, &["helm", "valuesFiles"])? {
        let path = below(Path::new("/"), folder, &reader.text_of(node)?);
        let path = path.ok_or_else(|| reader.unknown(node, "a values file is not in these files"))?;
        values.push(Values::OnDisk(path, reader.tree.span(node)));
    }
    let own = reader.text(root, &["helm", "releaseName"])?;
    let namespace = match reader.text(root, &["namespace"])? {
        None => reader.text(root, &["defaultNamespace"])?,
        some => some,
    };
    Ok(Known {
        label: None,
        // Else it is made of the name of the GitRepo and the path.
        name: own.unwrap_or_else(|| "release-name".to_owned()),
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        values,
        parameters: None,
        ignores_missing: false,
        kube_version: None,
        api_versions: Vec::new(),
        skip_schema: false,
    })
}
