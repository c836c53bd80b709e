//! `helmCharts` of a kustomization: charts that `kustomize build --enable-helm` renders.

use std::path::{Path, PathBuf};

use crate::helm::context::KubeVersion;
use crate::resource::Document;
use crate::yaml::{FieldPath, NodeId};

use super::below;
use super::reader::Reader;
use super::release::{ChartPath, Known, Release, Unknown, Values};

/// Fields of a kustomization that change what its charts print.
const CHANGING: [&str; 8] = [
    "components",
    "images",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "transformers",
];

/// The releases of a kustomization whose charts are in its chart home.
pub(super) fn releases(document: &Document, file: &Path) -> Vec<Release> {
    let reader = Reader::new(document.tree());
    let (root, Some(folder)) = (document.root(), file.parent()) else { return Vec::new() };
    let items = reader.items(root, &["helmCharts"]).unwrap_or_default();
    let home = reader.text(root, &["helmGlobals", "chartHome"]);
    let home = home.ok().flatten().unwrap_or_else(|| "charts".to_owned());
    let release = |(index, item): (usize, NodeId)| {
        let name = reader.text(item, &["name"]).ok()??;
        let plain = on_disk(folder, &format!("{home}/{name}"))?;
        // Pulled by its version, a chart has a folder of that name around it.
        let version = reader.text(item, &["version"]).ok().flatten();
        let pulled = version.and_then(|version| on_disk(folder, &format!("{home}/{name}-{version}/{name}")));
        let known = known(&reader, root, (index, item), folder, &plain);
        let chart = pulled.into_iter().chain(std::iter::once(plain)).collect();
        Some(Release { chart: Some(ChartPath::OnDisk(chart)), known })
    };
    items.into_iter().enumerate().filter_map(release).collect()
}

/// The values files that a kustomization names for its charts.
pub(super) fn files(document: &Document, file: &Path) -> Vec<PathBuf> {
    let reader = Reader::new(document.tree());
    let Some(folder) = file.parent() else { return Vec::new() };
    let items = reader.items(document.root(), &["helmCharts"]).unwrap_or_default();
    let of = |item: NodeId| {
        let own = reader.text(item, &["valuesFile"]).ok().flatten();
        let more = reader.items(item, &["additionalValuesFiles"]).unwrap_or_default();
        let more = more.into_iter().filter_map(|item| reader.text_of(item).ok()).collect::<Vec<_>>();
        own.into_iter().chain(more)
    };
    let files = items.into_iter().flat_map(of);
    files.filter_map(|path| on_disk(folder, &path)).filter(|path| path.is_file()).collect()
}

fn known(
    reader: &Reader<'_>,
    root: NodeId,
    (index, item): (usize, NodeId),
    folder: &Path,
    chart: &Path,
) -> Result<Known, Unknown> {
    for field in CHANGING {
        reader.nothing(root, &[field], "the kustomization changes what the chart prints")?;
    }
    reader.nothing(item, &["nameTemplate"], "its name is made by a template")?;
    let file = |node: NodeId| {
        let path = reader.text_of(node)?;
        let path = Some(path).filter(|path| !path.contains("://"));
        let path = path.and_then(|path| on_disk(folder, &path));
        let path = path.ok_or_else(|| reader.unknown(node, "a values file is not in these files"))?;
        Ok::<_, Unknown>(Values::OnDisk(path, reader.tree.span(node)))
    };
    let first = reader.node(item, &["valuesFile"])?.map(file).transpose()?;
    let mut inline = None;
    if let Some(node) = reader.node(item, &["valuesInline"])? {
        if !reader.tree.kind(node).is_mapping() {
            return Err(reader.unknown(node, "its values are no mapping"));
        }
        let path = FieldPath::root().key("helmCharts").index(index).key("valuesInline");
        inline = Some(Values::Inline { path, node, is_text: false });
    }
    // Which of both wins is for `valuesMerge` to say.
    let merge = reader.text(item, &["valuesMerge"])?;
    let mut values: Vec<Values> = match (merge.as_deref(), inline) {
        (_, None) => first.into_iter().collect(),
        (None | Some("override" | ""), Some(inline)) => first.into_iter().chain([inline]).collect(),
        (Some("replace"), Some(inline)) => vec![inline],
        (Some("merge"), Some(inline)) => {
            let own = || Values::OnDisk(chart.join("values.yaml"), reader.tree.span(item));
            vec![inline, first.unwrap_or_else(own)]
        }
        (Some(_), _) => return Err(reader.unknown(item, "its valuesMerge is not known")),
    };
    for node in reader.items(item, &["additionalValuesFiles"])? {
        values.push(file(node)?);
    }
    let name = reader.text(item, &["releaseName"])?;
    let kube_version = match reader.text(item, &["kubeVersion"])? {
        None => None,
        Some(version) => {
            let parsed = KubeVersion::parse(&version);
            Some(parsed.map_err(|error| reader.unknown(item, &format!("its kubeVersion: {error}")))?)
        }
    };
    let api_versions = reader.items(item, &["apiVersions"])?.into_iter();
    Ok(Known {
        label: name.clone().or(reader.text(item, &["name"])?),
        // `helm template` makes one up, which differs each time.
        name: name.unwrap_or_else(|| "release-name".to_owned()),
        namespace: reader.text(item, &["namespace"])?.unwrap_or_else(|| "default".to_owned()),
        values,
        parameters: None,
        ignores_missing: false,
        kube_version,
        api_versions: api_versions.map(|item| reader.text_of(item)).collect::<Result<_, _>>()?,
        skip_schema: false,
    })
}

/// A path from a folder on disk.
fn on_disk(folder: &Path, path: &str) -> Option<PathBuf> {
    below(Path::new("/"), folder, path)
}
