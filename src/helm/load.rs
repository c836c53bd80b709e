//! Loading charts from folders and archives, with what Helm checks on the way.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use super::archive::{self, ArchiveError, Budget, NamedFiles, is_gzip};
use super::cache::ChartCache;
use super::chart::{Chart, ChartError, ChartFile, Standing, UnmetDependency, join};
use super::dependency::in_range;
use super::helmignore::{self, IgnoreRules};
use super::metadata::{Dependency, Metadata};
use super::parsed::ParsedTemplates;
use super::parts::{Known, Parts, Read, read_metadata, read_yaml};
use crate::source::{FileError, Files, Limits, Source};
use crate::yaml;

/// How to load.
#[derive(Clone, Copy, Default)]
pub struct LoadOptions<'a> {
    /// Where dependencies are looked for that are neither vendored nor in the same tree.
    pub caches: &'a [ChartCache],
    /// Whether, before a cache, a chart in a folder beside the one that needs it is taken for its dependency if it
    /// has the name and a version in the range. Helm asks the repository; where charts are developed
    /// together, that is what will come from there.
    pub beside: bool,
    /// Bounds of each YAML file.
    pub limits: Limits,
    /// Bounds of the chart with all its subcharts.
    pub budget: Budget,
    /// The chart as it was loaded before: what was made of files that still have the same bytes is taken
    /// from it.
    pub known: Option<&'a Arc<Chart>>,
    /// Templates of these and other charts that were parsed before, by their text.
    pub parsed: Option<&'a Arc<ParsedTemplates>>,
}

/// Loads the chart in a folder of a tree, with its subcharts and the dependencies that are elsewhere
/// in the tree or in a cache. `.helmignore` is honoured.
///
/// # Errors
/// What Helm would refuse, and files that cannot be read.
pub fn load_folder(
    files: &dyn Files,
    folder: &str,
    options: &LoadOptions<'_>,
) -> Result<Arc<Chart>, ChartError> {
    let mut loader = Loader::new(options);
    let path = join(folder, "Chart.yaml");
    let content = files.read(&path).map_err(|error| {
        let reason = match error {
            FileError::NotFound => "no such file or directory".to_owned(),
            error => error.to_string(),
        };
        ChartError::of_path(
            path.as_str(),
            format!("unable to detect chart at {folder}: open {path}: {reason}"),
        )
    })?;
    loader.asked = Some(Asked::read(path, content)?);
    loader.open.push(folder.to_owned());
    loader.folder(files, folder, folder, Standing::Own).map(Arc::new)
}

/// Loads a chart archive. `name` is its path as shown.
///
/// # Errors
/// What Helm would refuse.
pub fn load_archive(name: &str, bytes: &[u8], options: &LoadOptions<'_>) -> Result<Arc<Chart>, ChartError> {
    if !is_gzip(bytes) {
        let message = if [".yaml", ".yml"].iter().any(|it| name.ends_with(it)) {
            format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")
        } else {
            let found =
                if bytes.contains(&0) { "application/octet-stream" } else { "text/plain; charset=utf-8" };
            format!("file '{name}' does not appear to be a gzipped archive; got '{found}'")
        };
        return Err(ChartError::of_path(name, message));
    }
    let mut loader = Loader::new(options);
    let unloadable = |_: ArchiveError| ChartError::of_path(name, "unable to load chart archive");
    let files = archive::unpack(bytes, &mut loader.budget).map_err(unloadable)?;
    let Some((_, content)) = files.iter().find(|(path, _)| path == "Chart.yaml") else {
        return Err(ChartError::of_path(name, "unable to detect chart version, no Chart.yaml found"));
    };
    loader.asked = Some(Asked::read(join(name, "Chart.yaml"), Arc::clone(content))?);
    let chart = loader.files(name, &files, Standing::Own, true)?;
    Ok(Arc::new(loader.complete(chart, None)))
}

/// The Chart.yaml of the chart that was asked for, which is looked at before the others.
struct Asked {
    path: String,
    content: Arc<[u8]>,
    read: Read,
}

impl Asked {
    fn read(path: String, content: Arc<[u8]>) -> Result<Self, ChartError> {
        let read = read_yaml(&path, &content).map_err(|error| error.within("cannot load Chart.yaml"))?;
        check_api_version(&read)?;
        Ok(Self { path, content, read })
    }
}

/// Helm looks at `apiVersion` before anything else. A v3 chart is told from others only when it is
/// rendered.
fn check_api_version((source, tree, root): &Read) -> Result<(), ChartError> {
    let Some(root) = *root else { return Ok(()) };
    let mut metadata = Metadata::default();
    if !tree.kind(tree.resolve(root)).is_mapping() {
        return match metadata.read(tree, root) {
            Ok(()) => Ok(()),
            Err(error) => {
                let message = error.to_string().replace("v2.Metadata", "loader.chartBase");
                Err(ChartError::at(source, error.span, message).within("cannot load Chart.yaml"))
            }
        };
    }
    let version =
        tree.get(root, "apiVersion").and_then(|node| tree.written_scalar(node).map(|it| (node, it)));
    match version {
        // What is no string is read as the text of one.
        Some((_, yaml::Scalar::Null | yaml::Scalar::Unknown)) | None => Ok(()),
        Some((_, yaml::Scalar::String(version))) if matches!(&*version, "" | "v1" | "v2" | "v3") => Ok(()),
        Some((node, _)) => Err(ChartError::at(source, tree.full_span(node), "unsupported chart version")),
    }
}

struct Loader<'a> {
    options: &'a LoadOptions<'a>,
    budget: Budget,
    /// Charts that were loaded before, by their folders.
    known: HashMap<Arc<str>, Arc<Chart>>,
    /// What was read already.
    asked: Option<Asked>,
    /// The folders that are being loaded, the outermost first.
    open: Vec<String>,
}

impl<'a> Loader<'a> {
    fn new(options: &'a LoadOptions<'a>) -> Self {
        let charts = options.known.map(|chart| chart.all()).unwrap_or_default();
        let known = charts.into_iter().map(|chart| (Arc::clone(&chart.folder), chart)).collect();
        Self { options, budget: options.budget, known, asked: None, open: Vec::new() }
    }

    /// A subchart that was loaded before from just these files.
    fn known_subchart(&self, path: &str, files: &NamedFiles) -> Option<Arc<Chart>> {
        self.known.get(path).filter(|known| known.made_from == *files).cloned()
    }

    /// The chart in a folder of a tree, whose files are shown as those of the folder `shown`.
    fn folder(
        &mut self,
        files: &dyn Files,
        folder: &str,
        shown: &str,
        standing: Standing,
    ) -> Result<Chart, ChartError> {
        let unreadable = |path: &str, error: &FileError| {
            ChartError::of_path(path, format!("error reading {path}: {error}"))
        };
        let listed = files.list(folder).map_err(|error| unreadable(folder, &error))?;
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names: Vec<&str> = listed.iter().filter_map(|path| path.strip_prefix(&prefix)).collect();
        names.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        let rules = self.ignore_rules(files, folder)?;
        let mut contents = Vec::new();
        for name in rules.keep(names) {
            let path = join(folder, name);
            let known = self.asked.as_ref().filter(|asked| asked.path == path);
            let content = match known {
                Some(asked) => Arc::clone(&asked.content),
                None => files.read(&path).map_err(|error| unreadable(&path, &error))?,
            };
            self.budget
                .take(content.len() as u64)
                .map_err(|error| ChartError::of_path(path, error.to_string()))?;
            contents.push((name.to_owned(), content));
        }
        let chart = self.files(shown, &contents, standing, false)?;
        Ok(self.complete(chart, Some((files, folder))))
    }

    fn ignore_rules(&self, files: &dyn Files, folder: &str) -> Result<IgnoreRules, ChartError> {
        let path = join(folder, helmignore::FILE_NAME);
        let content = match files.read(&path) {
            Ok(content) => content,
            Err(FileError::NotFound) => Arc::from(&b""[..]),
            Err(error) => return Err(ChartError::of_path(path, error.to_string())),
        };
        let text = String::from_utf8_lossy(&content);
        IgnoreRules::parse(&text).map_err(|(line, error)| {
            let source = Arc::new(Source::new(path.as_str(), &*text));
            let span = line.checked_sub(1).and_then(|line| source.line_index().line_range(&text, line));
            ChartError::at(&source, span.unwrap_or_default().into(), error.to_string())
        })
    }

    /// A chart from its files, which may hold other charts under `charts/`.
    fn files(
        &mut self,
        folder: &str,
        files: &[(String, Arc<[u8]>)],
        standing: Standing,
        archived: bool,
    ) -> Result<Chart, ChartError> {
        let known = self.known.get(folder).cloned();
        let mut parts = Parts { known: known.as_deref().map(Known::new), ..Parts::default() };
        for (name, content) in files.iter().filter(|(name, _)| name == "Chart.yaml") {
            let path = join(folder, name);
            let asked = self.asked.take_if(|asked| asked.path == path && asked.content == *content);
            let (source, tree, root) = match asked {
                Some(asked) => asked.read,
                None => read_yaml(&path, content).map_err(|it| it.within("cannot load Chart.yaml"))?,
            };
            let mut metadata = parts.metadata.take().map(|(metadata, _)| metadata).unwrap_or_default();
            read_metadata(&mut metadata, &source, &tree, root)
                .map_err(|it| it.within("cannot load Chart.yaml"))?;
            if metadata.api_version.is_empty() {
                "v1".clone_into(&mut metadata.api_version);
            }
            parts.metadata = Some((metadata, source));
        }
        for (name, content) in files {
            parts.take(folder, name, content, &self.options.limits, self.options.parsed)?;
        }
        let Some((mut metadata, chart_yaml)) = parts.metadata else {
            return Err(ChartError::of_path(join(folder, "Chart.yaml"), "Chart.yaml file is missing"));
        };
        metadata.validate().map_err(|error| ChartError::at(&chart_yaml, error.span, error.to_string()))?;
        let same_schema = |known: &&Arc<Chart>| match (&known.schema, &parts.schema) {
            (Some(known), Some(now)) => Arc::ptr_eq(known, now),
            _ => false,
        };
        let compiled = known.as_ref().filter(same_schema).map(|known| Arc::clone(&known.compiled));
        let subcharts = self.subcharts(folder, &metadata.name, parts.subcharts, archived)?;
        Ok(Chart {
            folder: Arc::from(folder),
            standing,
            archived,
            metadata,
            declares: parts.declares.unwrap_or_else(|| Arc::clone(&chart_yaml)),
            chart_yaml,
            templates: parts.templates,
            files: parts.files,
            values: parts.values,
            schema: parts.schema,
            compiled: compiled.unwrap_or_else(|| Arc::new(OnceLock::new())),
            made_from: files.to_vec(),
            vendored: subcharts.len(),
            subcharts,
            unmet: Vec::new(),
        })
    }

    fn subcharts(
        &mut self,
        folder: &str,
        parent: &str,
        groups: BTreeMap<String, NamedFiles>,
        archived: bool,
    ) -> Result<Vec<Arc<Chart>>, ChartError> {
        let mut charts = Vec::new();
        for (name, files) in groups {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let path = join(folder, &format!("charts/{name}"));
            if let Some(known) = self.known_subchart(&path, &files) {
                charts.push(known);
                continue;
            }
            let Some(depth) = self.budget.depth.checked_sub(1) else {
                return Err(ChartError::of_path(path, "subcharts are nested too deeply"));
            };
            self.budget.depth = depth;
            let chart = self.subchart(parent, &name, &path, &files, archived);
            self.budget.depth = depth + 1;
            let chart = chart
                .map_err(|error| error.within(&format!("error unpacking subchart {name} in {parent}")))?;
            charts.push(Arc::new(Chart { made_from: files, ..chart }));
        }
        Ok(charts)
    }

    fn subchart(
        &mut self,
        parent: &str,
        name: &str,
        path: &str,
        files: &NamedFiles,
        archived: bool,
    ) -> Result<Chart, ChartError> {
        if !name.ends_with(".tgz") {
            let files: Vec<_> = files
                .iter()
                .filter_map(|(path, content)| {
                    path.split_once('/').map(|(_, rest)| (rest.to_owned(), Arc::clone(content)))
                })
                .collect();
            return self.files(path, &files, Standing::Vendored, archived);
        }
        let Some((_, content)) = files.first().filter(|(path, _)| path == name) else {
            let message = format!("error unpacking subchart tar in {parent}: expected {name}");
            return Err(ChartError::of_path(path, message));
        };
        let files = archive::unpack(content, &mut self.budget)
            .map_err(|error| ChartError::of_path(path, error.to_string()))?;
        self.files(path, &files, Standing::Vendored, true)
    }

    /// Adds the dependencies that are declared and not vendored. Where a vendored one is a copy of
    /// a folder in the same tree, that folder takes its place: its files are the ones to repair.
    fn complete(&mut self, mut chart: Chart, place: Option<(&dyn Files, &str)>) -> Chart {
        let declared: Vec<Dependency> = chart.metadata.dependencies().cloned().collect();
        for dependency in declared {
            let vendored = chart.subcharts.iter().position(|it| it.metadata.name == dependency.name);
            let mut looked_in = vec![join(&chart.folder, "charts")];
            let local = self.local(&dependency, place, &mut looked_in);
            match (vendored, local) {
                (Some(at), Some(local)) => {
                    if let Some(slot) = chart.subcharts.get_mut(at)
                        && is_copy(slot, &local)
                    {
                        *slot = Arc::new(local);
                    }
                }
                (Some(_), None) => {}
                (None, Some(local)) => chart.subcharts.push(Arc::new(local)),
                (None, None) => match self.elsewhere(&chart.folder, &dependency, place, &mut looked_in) {
                    Some(cached) => chart.subcharts.push(Arc::new(cached)),
                    None => chart.unmet.push(UnmetDependency {
                        name: dependency.name,
                        version: dependency.version,
                        repository: dependency.repository,
                        looked_in,
                        span: dependency.span,
                    }),
                },
            }
        }
        chart
    }

    /// The chart of a `file://` repository in the same tree.
    fn local(
        &mut self,
        dependency: &Dependency,
        place: Option<(&dyn Files, &str)>,
        looked_in: &mut Vec<String>,
    ) -> Option<Chart> {
        let path = dependency.repository.strip_prefix("file://")?;
        let (files, folder) = place?;
        if path.starts_with('/') {
            looked_in.push(format!("{} (outside the tree)", dependency.repository));
            return None;
        }
        let target = archive::clean(&join(folder, path));
        if target.starts_with("..") {
            looked_in.push(format!("{} (outside the tree)", dependency.repository));
            return None;
        }
        if !files.exists(&join(&target, "Chart.yaml")) {
            looked_in.push(target);
            return None;
        }
        let found = self.unpacked(dependency, (files, &target), &target, &target, Standing::FileDependency);
        found.map_err(|reason| looked_in.push(reason)).ok()
    }

    /// A chart that stands in for what Helm would download: one beside the chart that needs it, or of a cache.
    fn elsewhere(
        &mut self,
        parent: &str,
        dependency: &Dependency,
        place: Option<(&dyn Files, &str)>,
        looked_in: &mut Vec<String>,
    ) -> Option<Chart> {
        if dependency.repository.starts_with("file://") {
            return None;
        }
        // As Helm would put it there.
        let shown = join(parent, &format!("charts/{}", dependency.name));
        if let Some((files, folder)) = place.filter(|(_, folder)| self.options.beside && !folder.is_empty()) {
            let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
            let target = join(above, &dependency.name);
            let plain = !dependency.name.is_empty() && !dependency.name.contains(['/', '\\']);
            if plain && !self.open.contains(&target) && files.exists(&join(&target, "Chart.yaml")) {
                let found = self.unpacked(dependency, (files, &target), &shown, &target, Standing::Beside);
                match found {
                    Ok(chart) => return Some(chart),
                    Err(reason) => looked_in.push(reason),
                }
            }
        }
        self.cached(dependency, &shown, looked_in)
    }

    /// The chart in a folder that is called like a dependency, if it is that one; else what is wrong with the folder.
    fn unpacked(
        &mut self,
        dependency: &Dependency,
        (files, folder): (&dyn Files, &str),
        shown: &str,
        name: &str,
        standing: Standing,
    ) -> Result<Chart, String> {
        let Some(depth) = self.budget.depth.checked_sub(1) else {
            return Err(format!("{name}: subcharts are nested too deeply"));
        };
        self.budget.depth = depth;
        self.open.push(folder.to_owned());
        let loaded = self.folder(files, folder, shown, standing);
        self.open.pop();
        self.budget.depth = depth + 1;
        let chart = loaded.map_err(|error| format!("{name}: {error}"))?;
        if chart.metadata.name != dependency.name {
            return Err(format!("{name}, whose name is {}", chart.metadata.name));
        }
        if !in_range(&dependency.version, &chart.metadata.version) {
            return Err(format!("{name}, which has version {}", chart.metadata.version));
        }
        Ok(chart)
    }

    /// The chart of a cache that fits: its folder, or the newest archive.
    fn cached(&mut self, dependency: &Dependency, shown: &str, looked_in: &mut Vec<String>) -> Option<Chart> {
        for cache in self.options.caches {
            if let Some(folder) = cache.folder(dependency) {
                let name = join(cache.name(), &folder);
                match self.unpacked(dependency, (cache.files(), &folder), shown, &name, Standing::Cached) {
                    Ok(chart) => return Some(chart),
                    Err(reason) => looked_in.push(reason),
                }
            }
            for path in cache.archives(dependency) {
                let name = join(cache.name(), path);
                let Ok(bytes) = cache.files().read(path) else { continue };
                let unpacked = archive::unpack(&bytes, &mut self.budget);
                let unpacked =
                    unpacked.map_err(|error| ChartError::of_path(name.as_str(), error.to_string()));
                match unpacked.and_then(|files| self.files(&name, &files, Standing::Cached, true)) {
                    Ok(chart) if chart.metadata.name == dependency.name => return Some(chart),
                    Ok(_) => {}
                    Err(error) => looked_in.push(format!("{name}: {error}")),
                }
            }
            looked_in.push(cache.name().to_owned());
        }
        None
    }
}

/// Whether `packed` was made from `folder`: what decides a render is the same in both.
fn is_copy(packed: &Chart, folder: &Chart) -> bool {
    let same = |a: &[Arc<ChartFile>], b: &[Arc<ChartFile>]| {
        let content = |files: &[Arc<ChartFile>]| -> BTreeMap<Arc<str>, Arc<[u8]>> {
            let relevant = files.iter().filter(|file| &*file.name != helmignore::FILE_NAME);
            relevant.map(|file| (Arc::clone(&file.name), Arc::clone(&file.bytes))).collect()
        };
        content(a) == content(b)
    };
    let values = |chart: &Chart| chart.values.as_ref().map(|file| Arc::clone(file.source().text()));
    let schema = |chart: &Chart| chart.schema.as_ref().map(|file| Arc::clone(&file.bytes));
    let subcharts = packed.subcharts.len() == folder.subcharts.len()
        && packed.subcharts.iter().all(|a| folder.subcharts.iter().any(|b| is_copy(a, b)));
    packed.metadata.name == folder.metadata.name
        && packed.metadata.version == folder.metadata.version
        && subcharts
        && same(&packed.templates, &folder.templates)
        && same(&packed.files, &folder.files)
        && values(packed) == values(folder)
        && schema(packed) == schema(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    #[test]
    fn what_did_not_change_is_taken_from_the_chart_loaded_before() {
        let mut files: MemoryFiles = [
            ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
            ("c/values.yaml", "a: 1\n"),
            ("c/values.schema.json", "{}"),
            ("c/templates/x.yaml", "a: {{ .Values.a }}\n"),
            ("c/templates/y.yaml", "b: 1\n"),
            ("c/charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n"),
        ]
        .into_iter()
        .collect();
        let before = load_folder(&files, "c", &LoadOptions::default()).unwrap();
        files.insert("c/templates/x.yaml", &b"a: 2\n"[..]);
        // The same bytes at another place in memory are the same file.
        files.insert("c/templates/y.yaml", &b"b: 1\n"[..]);
        let options = LoadOptions { known: Some(&before), ..LoadOptions::default() };
        let after = load_folder(&files, "c", &options).unwrap();
        let [x, y] = &*after.templates else { panic!("{:?}", after.templates) };
        assert_eq!(&*x.bytes, b"a: 2\n");
        assert!(Arc::ptr_eq(y, &before.templates[1]));
        assert!(Arc::ptr_eq(&after.compiled, &before.compiled));
        assert!(Arc::ptr_eq(&after.subcharts[0], &before.subcharts[0]));
        assert!(Arc::ptr_eq(after.values.as_ref().unwrap(), before.values.as_ref().unwrap()));
        files.insert("c/values.schema.json", &b"{\"type\": \"object\"}"[..]);
        files.insert("c/charts/d/values.yaml", &b"e: 1\n"[..]);
        let after = load_folder(&files, "c", &options).unwrap();
        assert!(!Arc::ptr_eq(&after.compiled, &before.compiled));
        assert!(after.subcharts[0].values.is_some());
    }
    /// A chart that needs another one, in a folder called like it.
    fn needing(name: &str, other: &str, version: &str) -> (String, String) {
        let needs = format!(
            "dependencies:\n  - name: {other}\n    version: {version}\n    repository: https://x.invalid\n"
        );
        (format!("{name}/Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: 1.2.0\n{needs}"))
    }

    #[test]
    fn a_chart_beside_stands_in_where_name_and_version_fit() {
        let files: MemoryFiles =
            [needing("a", "b", "1.x"), needing("b", "a", "1.x"), needing("c", "a", "2.x")]
                .into_iter()
                .collect();
        let options = LoadOptions { beside: true, ..LoadOptions::default() };
        let a = load_folder(&files, "a", &options).unwrap();
        let [b] = &*a.subcharts else { panic!("{:?}", a.subcharts) };
        assert_eq!((&*b.folder, b.standing), ("a/charts/b", Standing::Beside));
        // The circle ends where it began.
        assert_eq!(b.unmet.len(), 1);
        let unmet = &load_folder(&files, "c", &options).unwrap().unmet;
        assert_eq!(unmet[0].looked_in, ["c/charts", "a, which has version 1.2.0"]);
        assert_eq!(load_folder(&files, "a", &LoadOptions::default()).unwrap().unmet.len(), 1);
    }

    #[test]
    fn a_cache_may_hold_charts_that_are_not_packed() {
        let files: MemoryFiles = [needing("a", "b", "1.x")].into_iter().collect();
        let cache: MemoryFiles =
            [("b/Chart.yaml", "apiVersion: v2\nname: b\nversion: 1.0.3\n")].into_iter().collect();
        let caches = [ChartCache::new("cache", Arc::new(cache))];
        let options = LoadOptions { caches: &caches, ..LoadOptions::default() };
        let a = load_folder(&files, "a", &options).unwrap();
        assert_eq!(a.subcharts.iter().map(|it| &*it.metadata.version).collect::<Vec<_>>(), ["1.0.3"]);
    }

    #[test]
    fn what_an_old_chart_needs_is_told_where_it_says_so() {
        let files: MemoryFiles = [
            ("a/Chart.yaml", "apiVersion: v1\nname: a\nversion: 1.0.0\n"),
            ("a/requirements.yaml", "# of old\ndependencies:\n  - name: b\n    version: 1.x\n"),
        ]
        .into_iter()
        .collect();
        let a = load_folder(&files, "a", &LoadOptions::default()).unwrap();
        let problem = a.unmet[0].problem(&a);
        let source = problem.source.as_ref().unwrap();
        assert_eq!(&**source.name(), "a/requirements.yaml");
        assert_eq!(source.line_column(problem.span.start()).line, 3);
    }
}
