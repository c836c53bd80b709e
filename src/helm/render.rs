//! [`render`]: a chart and a scenario to files, documents and what `helm template` prints.
//!
//! Helm stops at the first error and prints nothing. For checking the rest counts too: here a
//! template that fails costs its own output only, and [`Rendered::failures`] holds every error in
//! the order in which Helm would meet it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::chart::{Chart, ChartFile, join};
use super::coalesce::ValuesWarning;
use super::context::{self, TemplateFile};
use super::dependency::in_range;
use super::exec::Exec;
use super::failure::RenderError;
use super::family::{Family, MemberId};
use super::inputs::{Inputs, check_schemas};
use super::manifest::{self, Class, Read, compare_kinds};
use super::scenario::Scenario;
use super::value::Node;
use crate::origin::{Origin, OriginId, OriginRuns, Origins, SourceRole};
use crate::source::{Problem, Source};

/// What came of a render.
#[derive(Debug)]
pub struct Rendered {
    /// The chart.
    pub chart: Arc<Chart>,
    /// What each template file printed, by path.
    pub files: Vec<RenderedFile>,
    /// What files named NOTES.txt printed, by path: Helm shows them to people only.
    pub notes: Vec<RenderedFile>,
    /// The documents of all files, in order.
    pub documents: Vec<RenderedDocument>,
    /// The files of `crds/` in the order in which Helm prints them: path and content.
    pub crds: Vec<Crd>,
    /// Where everything came from.
    pub origins: Origins,
    /// Values that were used.
    used: BTreeSet<OriginId>,
    /// What went wrong, in the order in which Helm would meet it: it stops at the first.
    pub failures: Vec<RenderError>,
    /// Values that were ignored.
    pub warnings: Vec<ValuesWarning>,
    /// Schemas that could not be used.
    pub problems: Vec<Problem>,
    /// What executing templates took of [`Scenario::bounds`]: steps, and bytes of text.
    pub used_up: (u64, u64),
}

/// What a template file printed.
#[derive(Clone, Debug)]
pub struct RenderedFile {
    /// Path as Helm prints it: `web/charts/db/templates/x.yaml`.
    pub path: Arc<str>,
    /// The template's path, as shown.
    pub template: Arc<str>,
    /// The chart it belongs to.
    pub chart: Arc<Chart>,
    /// The text.
    pub bytes: Arc<[u8]>,
    /// Where each byte came from.
    pub runs: OriginRuns,
    /// What was asked for while it was executed.
    pub asked: Asked,
}

/// What a template file asked for, with all that it calls.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Values that were used, each once.
    pub values: Vec<OriginId>,
    /// The numbers of the origins that came to be meanwhile, absent keys among them.
    pub origins: Range<usize>,
    /// The numbers of the frames.
    pub frames: Range<usize>,
}

/// A document of a rendered file.
#[derive(Debug)]
pub struct RenderedDocument {
    /// Index into [`Rendered::files`].
    pub file: usize,
    /// The document in the file's text.
    pub range: Range<usize>,
    /// What is in it; `None` where Helm cannot read it, which is a failure.
    pub read: Option<Read>,
}

/// A file of a chart's `crds/`.
#[derive(Clone, Debug)]
pub struct Crd {
    /// Path as Helm prints it.
    pub path: Arc<str>,
    /// Its path as shown.
    pub file: Arc<str>,
    /// Its text, where it is one.
    pub source: Option<Arc<Source>>,
    /// The chart it belongs to.
    pub chart: Arc<Chart>,
    /// Its content, which is printed as it is.
    pub bytes: Arc<[u8]>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// `--include-crds`
    pub include_crds: bool,
    /// `--skip-tests`
    pub skip_tests: bool,
    /// `--no-hooks`
    pub no_hooks: bool,
}

/// One piece of what is printed.
#[derive(Clone, Copy, Debug)]
pub enum Printed<'a> {
    /// A file of `crds/`.
    Crd(&'a Crd),
    /// A document: index into [`Rendered::documents`].
    Document(usize, &'a RenderedDocument),
}

/// Renders a chart.
#[must_use]
pub fn render(chart: &Arc<Chart>, scenario: &Scenario) -> Rendered {
    render_some(chart, scenario, &|_| true)
}

/// Renders only those template files of a chart whose path (`web/templates/x.yaml`) is wanted, as they
/// are printed when all are.
#[must_use]
pub fn render_some(chart: &Arc<Chart>, scenario: &Scenario, wanted: &dyn Fn(&str) -> bool) -> Rendered {
    let mut rendered = Rendered {
        chart: Arc::clone(chart),
        files: Vec::new(),
        notes: Vec::new(),
        documents: Vec::new(),
        crds: Vec::new(),
        origins: Origins::new(),
        used: BTreeSet::new(),
        failures: Vec::new(),
        warnings: Vec::new(),
        problems: Vec::new(),
        used_up: (0, 0),
    };
    if let Err(error) = check_installable(chart, scenario) {
        // A missing dependency leaves the chart's own templates to be checked.
        let missing = matches!(error, RenderError::Missing(_));
        rendered.failures.push(error);
        if !missing {
            return rendered;
        }
    }
    let inputs = match Inputs::new(chart, scenario) {
        Ok(inputs) => inputs,
        Err(error) => {
            rendered.failures.push(RenderError::Input(error));
            return rendered;
        }
    };
    let Inputs { family, values, origins, warnings } = inputs;
    rendered.warnings = warnings;
    rendered.origins = origins;
    if !scenario.skip_schema {
        let (failure, problems) = check_schemas(&family, &values);
        rendered.failures.extend(failure.map(RenderError::Schema));
        rendered.problems = problems;
    }
    let range = &chart.metadata.kube_version;
    if !range.is_empty() && !in_range(range, &scenario.kube_version.normalized) {
        let (wanted, version) = (range.clone(), scenario.kube_version.full.clone());
        rendered.failures.push(RenderError::KubeVersion { wanted, version });
    }
    add_crds(&family, family.root(), &mut rendered.crds);
    execute(&family, &values, scenario, wanted, &mut rendered);
    rendered.read_documents(scenario);
    rendered
}

fn check_installable(chart: &Arc<Chart>, scenario: &Scenario) -> Result<(), RenderError> {
    let kind = &chart.metadata.chart_type;
    if !matches!(kind.as_str(), "" | "application") {
        return Err(RenderError::NotInstallable { kind: kind.clone() });
    }
    let is_v3 = chart.metadata.api_version == "v3";
    if is_v3 && chart.vendored > chart.metadata.dependencies().count() {
        return Err(RenderError::DependencyType);
    }
    if !chart.unmet.is_empty() {
        return Err(RenderError::Missing(chart.unmet.clone()));
    }
    if is_v3 {
        return Err(RenderError::ApiVersion);
    }
    check_name(&scenario.release.name)
}

/// A release's name: words of small letters and digits, joined by dots and dashes.
fn check_name(name: &str) -> Result<(), RenderError> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let word = |word: &str| {
        let ends = word.as_bytes();
        let edge = |at: Option<&u8>| at.is_some_and(|&byte| inner(byte) && byte != b'-');
        word.bytes().all(inner) && edge(ends.first()) && edge(ends.last())
    };
    if name.len() <= 53 && name.split('.').all(word) {
        return Ok(());
    }
    Err(RenderError::ReleaseName { name: name.to_owned() })
}

fn add_crds(family: &Family, member: MemberId, crds: &mut Vec<Crd>) {
    let chart = family.chart(member);
    let path = family.full_path(member);
    crds.extend(chart.crds().map(|file| Crd {
        path: Arc::from(join(&path, &file.name)),
        file: Arc::clone(&file.path),
        source: file.source().cloned(),
        chart: Arc::clone(chart),
        bytes: Arc::clone(&file.bytes),
    }));
    for &child in family.children(member) {
        add_crds(family, child, crds);
    }
}

/// Parses all templates and executes the files: those with most slashes in their name first, then
/// by name from the last to the first.
fn execute(
    family: &Family,
    values: &Node,
    scenario: &Scenario,
    wanted: &dyn Fn(&str) -> bool,
    rendered: &mut Rendered,
) {
    let mut origins = std::mem::take(&mut rendered.origins);
    let (release, version) = (&scenario.release, &scenario.kube_version);
    let templates =
        context::templates(family, values, release, version, &scenario.api_versions, &mut origins);
    let mut order: Vec<(&String, &TemplateFile)> = templates.iter().collect();
    let slashes = |name: &str| name.bytes().filter(|&byte| byte == b'/').count();
    order.sort_by(|(a, _), (b, _)| slashes(b).cmp(&slashes(a)).then_with(|| b.cmp(a)));
    let mut exec = Exec::new(origins, &scenario.environment, scenario.bounds);
    for (name, template) in &order {
        let Some(file) = template.file() else { continue };
        let source = add_source(file, &mut exec.origins);
        match file.parsed(name) {
            Ok(parsed) => exec.add(&parsed, source),
            Err(error) => rendered.failures.push(RenderError::Parse { error, source }),
        }
    }
    let mut printed: BTreeMap<&str, RenderedFile> = BTreeMap::new();
    let mut used: BTreeSet<OriginId> = BTreeSet::new();
    for (name, template) in &order {
        let Some(file) = template.file() else { continue };
        let hidden = file.name.rsplit('/').next().is_some_and(|base| base.starts_with('_'));
        if hidden || !wanted(name) || file.parsed(name).is_err() {
            continue;
        }
        template.enter(name, &mut exec.origins);
        let before = (exec.origins.len(), exec.origins.frames_len());
        let done = exec.render(name, &Node::plain(template.dot.clone()));
        let mut values = exec.take_uses();
        values.retain(|id| matches!(exec.origins.get(*id), Origin::Value(_)));
        used.extend(&values);
        match done {
            Ok(text) => {
                let asked = Asked {
                    values,
                    origins: before.0..exec.origins.len(),
                    frames: before.1..exec.origins.frames_len(),
                };
                let start =
                    if file.byte_order_mark && text.as_bytes().starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
                let text = text.slice(start..text.len());
                let rendered = RenderedFile {
                    path: Arc::from(name.as_str()),
                    template: Arc::clone(&file.path),
                    chart: Arc::clone(&template.chart),
                    bytes: Arc::from(text.as_bytes()),
                    runs: text.to_runs(),
                    asked,
                };
                printed.insert(name, rendered);
            }
            Err(error) => {
                let over = error.limit().is_some();
                rendered.failures.push(RenderError::Execution(error));
                if over {
                    break;
                }
            }
        }
    }
    rendered.used_up = (exec.steps_used(), exec.bytes_used());
    rendered.used = used;
    rendered.origins = std::mem::take(&mut exec.origins);
    let (notes, files) = printed.into_values().partition(|file| file.path.ends_with("NOTES.txt"));
    (rendered.notes, rendered.files) = (notes, files);
}

fn add_source(file: &ChartFile, origins: &mut Origins) -> crate::origin::SourceId {
    match file.source() {
        Some(source) => origins.add_source(SourceRole::Template, Arc::clone(source)),
        None => origins.add_generated(Arc::clone(&file.bytes), OriginRuns::new()),
    }
}

impl Rendered {
    fn read_documents(&mut self, scenario: &Scenario) {
        for (index, file) in self.files.iter().enumerate() {
            let hidden = file.path.rsplit('/').next().is_some_and(|base| base.starts_with('_'));
            if hidden {
                continue;
            }
            for range in manifest::split(&file.bytes) {
                let text = file.bytes.get(range.clone()).unwrap_or_default();
                let read = match manifest::read(&file.path, text, &scenario.limits) {
                    Ok(read) => Some(read),
                    Err(error) => {
                        let (document, file) = (self.documents.len(), Arc::clone(&file.path));
                        self.failures.push(RenderError::Document { document, file, error });
                        None
                    }
                };
                self.documents.push(RenderedDocument { file: index, range, read });
            }
        }
    }

    /// What Helm would print: files of `crds/` if asked for, the release's documents by kind, then
    /// hooks by kind.
    #[must_use]
    pub fn printed(&self, output: &Output) -> (Vec<Printed<'_>>, Vec<Printed<'_>>) {
        let mut manifests = Vec::new();
        let mut hooks = Vec::new();
        for (index, document) in self.documents.iter().enumerate() {
            let Some(read) = &document.read else { continue };
            match &read.class {
                Class::Manifest => manifests.push((&read.head.kind, Printed::Document(index, document))),
                Class::Hook(_) if output.no_hooks || output.skip_tests && read.class.is_test() => {}
                Class::Hook(_) => hooks.push((&read.head.kind, Printed::Document(index, document))),
                Class::Dropped => {}
            }
        }
        manifests.sort_by(|(a, _), (b, _)| compare_kinds(a, b));
        hooks.sort_by(|(a, _), (b, _)| compare_kinds(a, b));
        let crds = self.crds.iter().filter(|_| output.include_crds).map(Printed::Crd);
        let manifests = crds.chain(manifests.into_iter().map(|(_, printed)| printed)).collect();
        (manifests, hooks.into_iter().map(|(_, printed)| printed).collect())
    }

    /// Path and text of a piece.
    #[must_use]
    pub fn piece<'a>(&'a self, printed: &Printed<'a>) -> (&'a str, &'a [u8]) {
        match *printed {
            Printed::Crd(crd) => (&crd.path, &crd.bytes),
            Printed::Document(_, document) => {
                let file = self.files.get(document.file);
                let text = file.and_then(|file| file.bytes.get(document.range.clone()));
                (file.map_or("", |file| &file.path), text.unwrap_or_default())
            }
        }
    }

    /// Standard output of `helm template`, byte for byte.
    ///
    /// # Errors
    /// The first failure, with which Helm stops.
    pub fn print(&self, output: &Output) -> Result<Vec<u8>, &RenderError> {
        if let Some(error) = self.failures.first() {
            return Err(error);
        }
        let (manifests, hooks) = self.printed(output);
        let mut text = Vec::new();
        for printed in &manifests {
            self.print_piece(printed, &mut text);
        }
        let mut text = trim(&text).to_vec();
        text.push(b'\n');
        for printed in &hooks {
            self.print_piece(printed, &mut text);
        }
        Ok(text)
    }

    fn print_piece(&self, printed: &Printed<'_>, text: &mut Vec<u8>) {
        let (path, content) = self.piece(printed);
        text.extend_from_slice(b"---\n# Source: ");
        text.extend_from_slice(path.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(content);
        text.push(b'\n');
    }

    /// The same render, for values files of other names that hold the same bytes: pairs of the old one and
    /// the new one. What was read of documents does not come along.
    #[must_use]
    pub fn for_sources(&self, sources: &[(Arc<Source>, Arc<Source>)]) -> Self {
        let mut origins = self.origins.clone();
        for (old, new) in sources {
            origins.replace_source(old, new);
        }
        let document =
            |it: &RenderedDocument| RenderedDocument { file: it.file, range: it.range.clone(), read: None };
        Self {
            chart: Arc::clone(&self.chart),
            files: self.files.clone(),
            notes: self.notes.clone(),
            documents: self.documents.iter().map(document).collect(),
            crds: self.crds.clone(),
            origins,
            used: self.used.clone(),
            failures: self.failures.clone(),
            warnings: self.warnings.clone(),
            problems: self.problems.clone(),
            used_up: self.used_up,
        }
    }

    /// Whether templates used a value: printed it, tested it, gave it to a function or ranged over
    /// it, by itself or within a map or list that was.
    #[must_use]
    pub fn was_used(&self, origin: OriginId) -> bool {
        self.used.contains(&origin)
    }
}

/// Go's `strings.TrimSpace`.
fn trim(text: &[u8]) -> &[u8] {
    let Ok(text) = std::str::from_utf8(text) else {
        // What is not UTF-8 is no space; the ends may still have some.
        let start = text.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
        let text = text.get(start..).unwrap_or_default();
        let end = text.iter().rev().take_while(|byte| byte.is_ascii_whitespace() || **byte == 0x0b).count();
        return text.get(..text.len() - end).unwrap_or_default();
    };
    text.trim().as_bytes()
}
