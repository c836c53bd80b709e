//! The dot of a template file: `.Values`, `.Chart`, `.Release`, `.Capabilities`, `.Files`,
//! `.Subcharts`, `.Template`.
//!
//! There is one map for each chart, shared by all its files and by `.Subcharts` of its parent: what
//! a template sets in it, those executed later see.

mod capabilities;
mod files;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use capabilities::Capabilities;
pub use capabilities::KubeVersion;
use files::FileSet;

use super::chart::{Chart, ChartFile, join};
use super::family::{Family, MemberId};
use super::metadata::{Dependency, ImportValue, Metadata};
use super::rope::Str;
use super::value::{Entries, Key, List, ListKind, Map, MapKind, Node};
use crate::origin::{Origin, OriginId, Origins};

/// What a release is called, and how it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `.Release.Name`
    pub name: String,
    /// `.Release.Namespace`
    pub namespace: String,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` is the opposite.
    pub is_upgrade: bool,
}

/// A template file of a render.
#[derive(Clone, Debug)]
pub(super) struct TemplateFile {
    /// The chart it belongs to.
    pub chart: Arc<Chart>,
    /// Which of the chart's templates it is.
    pub index: usize,
    /// Its dot.
    pub dot: Map,
    /// `.Template.BasePath`
    pub base_path: String,
}

impl TemplateFile {
    /// The file itself.
    pub fn file(&self) -> Option<&ChartFile> {
        self.chart.templates.get(self.index).map(|file| &**file)
    }

    /// Sets `.Template` for this file.
    pub fn enter(&self, name: &str, origins: &mut Origins) {
        let template = Map::of_kind(MapKind::Values, Entries::new());
        let mut put = |key: &str, value: &str| {
            let origin = context(origins, &format!("Template.{key}"));
            template.insert(key.as_bytes(), OriginId::NONE, text(value, origin));
        };
        put("Name", name);
        put("BasePath", &self.base_path);
        self.dot.insert(*b"Template", OriginId::NONE, Node::plain(template));
    }
}

fn context(origins: &mut Origins, name: &str) -> OriginId {
    let name = origins.name(name);
    origins.push(Origin::Context { name })
}

fn text(text: &str, origin: OriginId) -> Node {
    Node::from(Str::whole(text.as_bytes(), origin))
}

/// All template files by name: `chart/charts/sub/templates/x.yaml`.
pub(super) fn templates(
    family: &Family,
    values: &Node,
    release: &Release,
    kube_version: &KubeVersion,
    api_versions: &[String],
    origins: &mut Origins,
) -> BTreeMap<String, TemplateFile> {
    let shared_release = release_map(release, origins);
    let capabilities = Capabilities::node(kube_version, api_versions, origins);
    let reads_files = family
        .all()
        .iter()
        .any(|&member| family.chart(member).templates.iter().any(|file| file.names_files()));
    let mut builder = Builder {
        family,
        release: shared_release,
        capabilities,
        reads_files,
        origins,
        templates: BTreeMap::new(),
    };
    builder.chart(family.root(), values.clone());
    builder.templates
}

fn release_map(release: &Release, origins: &mut Origins) -> Node {
    let map = Map::new();
    let mut put = |key: &str, make: &dyn Fn(OriginId) -> Node| {
        let origin = context(origins, &format!("Release.{key}"));
        map.insert(key.as_bytes(), OriginId::NONE, make(origin));
    };
    put("Name", &|origin| text(&release.name, origin));
    put("Namespace", &|origin| text(&release.namespace, origin));
    put("IsUpgrade", &|origin| Node::new(release.is_upgrade, origin));
    put("IsInstall", &|origin| Node::new(!release.is_upgrade, origin));
    put("Revision", &|origin| Node::new(super::value::Value::Int(1), origin));
    put("Service", &|origin| text("Helm", origin));
    let origin = context(origins, "Release");
    Node::new(map, origin)
}

struct Builder<'a> {
    family: &'a Family,
    release: Node,
    capabilities: Node,
    reads_files: bool,
    origins: &'a mut Origins,
    templates: BTreeMap<String, TemplateFile>,
}

impl Builder<'_> {
    fn chart(&mut self, member: MemberId, values: Node) -> Map {
        let chart = Arc::clone(self.family.chart(member));
        let dot = Map::of_kind(MapKind::Values, Entries::new());
        let put = |key: &str, node: Node| dot.insert(key.as_bytes(), OriginId::NONE, node);
        put("Chart", self.chart_map(member, &chart.metadata));
        let origins = if self.reads_files { Some(&mut *self.origins) } else { None };
        put("Files", FileSet::node(&chart, origins));
        put("Release", self.release.clone());
        put("Capabilities", self.capabilities.clone());
        let typed = values.value.as_map().map_or_else(Map::new, Map::clone).with_kind(MapKind::Values);
        put("Values", Node::new(typed, values.origin()));
        let subcharts = Map::new();
        put("Subcharts", Node::plain(subcharts.clone()));
        for &child in self.family.children(member) {
            let name = self.family.name(child).to_owned();
            let table = table(&values, &name).unwrap_or_else(|| Node::plain(Map::new()));
            let inner = self.chart(child, table).with_kind(MapKind::Any);
            subcharts.insert(name.as_bytes(), OriginId::NONE, Node::plain(inner));
        }
        let path = self.family.full_path(member);
        for (index, file) in chart.templates.iter().enumerate() {
            let base = file.name.rsplit('/').next().unwrap_or_default();
            if chart.metadata.is_library() && !base.starts_with('_') {
                continue;
            }
            let entry = TemplateFile {
                chart: Arc::clone(&chart),
                index,
                dot: dot.clone(),
                base_path: join(&path, "templates"),
            };
            self.templates.insert(join(&path, &file.name), entry);
        }
        dot
    }

    /// Chart.yaml's fields under the names that Go gives them.
    fn chart_map(&mut self, member: MemberId, metadata: &Metadata) -> Node {
        let map = Map::new();
        let name = self.family.name(member);
        let origins = &mut *self.origins;
        let mut put = |key: &str, make: &dyn Fn(OriginId) -> Node| {
            let origin = context(origins, &format!("Chart.{key}"));
            map.insert(key.as_bytes(), OriginId::NONE, make(origin));
        };
        let strings = |items: &[String], origin| {
            Node::new(List::new(items.iter().map(|item| text(item, origin)).collect()), origin)
        };
        put("Name", &|origin| text(name, origin));
        put("Home", &|origin| text(&metadata.home, origin));
        put("Sources", &|origin| strings(&metadata.sources, origin));
        put("Version", &|origin| text(&metadata.version, origin));
        put("Description", &|origin| text(&metadata.description, origin));
        put("Keywords", &|origin| strings(&metadata.keywords, origin));
        put("Maintainers", &|origin| {
            let item = |it: &super::metadata::Maintainer| {
                record(&[("Name", &it.name), ("Email", &it.email), ("URL", &it.url)], MapKind::Any, origin)
            };
            Node::new(List::new(metadata.maintainers.iter().flatten().map(item).collect()), origin)
        });
        put("Icon", &|origin| text(&metadata.icon, origin));
        put("APIVersion", &|origin| text(&metadata.api_version, origin));
        put("Condition", &|origin| text(&metadata.condition, origin));
        put("Tags", &|origin| text(&metadata.tags, origin));
        put("AppVersion", &|origin| text(&metadata.app_version, origin));
        put("Deprecated", &|origin| Node::new(metadata.deprecated, origin));
        put("Annotations", &|origin| {
            let Some(annotations) = &metadata.annotations else {
                return Node::new(Map::nil().with_kind(MapKind::Strings), origin);
            };
            let entries: Vec<_> = annotations.iter().map(|(key, value)| (key.as_str(), value)).collect();
            record(&entries, MapKind::Strings, origin)
        });
        put("KubeVersion", &|origin| text(&metadata.kube_version, origin));
        let declared = self.family.declared(member).and_then(|declared| declared.dependencies.clone());
        put("Dependencies", &|origin| {
            let items = declared.iter().flatten().map(|it| dependency(it, origin)).collect();
            Node::new(List::new(items), origin)
        });
        put("Type", &|origin| text(&metadata.chart_type, origin));
        let is_root = self.family.is_root(member);
        put("IsRoot", &|origin| Node::new(is_root, origin));
        let origin = context(origins, "Chart");
        Node::new(map, origin)
    }
}

fn record(fields: &[(&str, &String)], kind: MapKind, origin: OriginId) -> Node {
    let map = Map::of_kind(kind, Entries::new());
    for (key, value) in fields {
        map.insert(key.as_bytes(), OriginId::NONE, text(value, origin));
    }
    Node::new(map, origin)
}

fn dependency(it: &Dependency, origin: OriginId) -> Node {
    let node = record(
        &[
            ("Name", &it.name),
            ("Version", &it.version),
            ("Repository", &it.repository),
            ("Condition", &it.condition),
            ("Alias", &it.alias),
        ],
        MapKind::Any,
        origin,
    );
    let Some(map) = node.value.as_map() else { return node };
    let tags = it.tags.iter().map(|tag| text(tag, origin)).collect();
    map.insert(*b"Tags", OriginId::NONE, Node::new(List::new(tags), origin));
    map.insert(*b"Enabled", OriginId::NONE, Node::new(it.enabled, origin));
    let import = |import: &ImportValue| {
        let (child, parent) = match import {
            ImportValue::Export(name) => (format!("exports.{name}"), ".".to_owned()),
            ImportValue::Table { child, parent } => (child.clone(), parent.clone()),
            ImportValue::Other => return None,
        };
        Some(record(&[("child", &child), ("parent", &parent)], MapKind::Strings, origin))
    };
    let imports = it.import_values.iter().filter_map(import).collect();
    let list = List::of_kind(ListKind::Any, imports);
    map.insert(*b"ImportValues", OriginId::NONE, Node::new(list, origin));
    node
}

/// The table of a subchart. A name with dots is read as a path, as Helm does.
fn table(values: &Node, name: &str) -> Option<Node> {
    let found = name.split('.').try_fold(values.clone(), |node, step| {
        let key: Key = Rc::from(step.as_bytes());
        node.value.as_map()?.get(&key)
    });
    found.filter(|node| node.value.as_map().is_some())
}
