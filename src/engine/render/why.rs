//! Why something is not in the output, or is.

use std::sync::Arc;

use super::enclosing::{Step, steps};
use super::explain::{Explainer, key_path};
use super::lines::{lines, title};
use super::{Explanation, SourcePlace};
use crate::helm::chart::Chart;
use crate::helm::exec::parse_template;
use crate::helm::render::{Rendered, RenderedDocument};
use crate::origin::{FrameKind, Origin, OriginId, SourceId, SourceRole, SourceText};
use crate::source::{Source, Span};
use crate::yaml::{FieldPath, Segment};

/// Most places of a template that are looked at for one question.
const MOST: usize = 12;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// `templates/x.yaml:12`: why is what stands there not printed?
    Template {
        /// The template's path, or the end of it.
        file: String,
        /// 1-based line.
        line: u32,
    },
    /// `Deployment/web:spec.replicas`: why does the object, or its field, not exist?
    Field {
        /// The kind.
        kind: String,
        /// The name; any without one.
        name: Option<String>,
        /// The field.
        path: FieldPath,
    },
    /// `image.tag`: what does this key of the values do?
    Key(FieldPath),
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    /// It is none of the three forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path =
            |text: &str| text.parse::<FieldPath>().map_err(|error| format!("{text:?} is no path: {error}"));
        if let Some((file, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            return Ok(Self::Template { file: file.to_owned(), line });
        }
        let (object, field) = text.split_once(':').unwrap_or((text, ""));
        if object.starts_with(|first: char| first.is_ascii_uppercase()) {
            let (kind, name) =
                object.split_once('/').map_or((object, None), |(kind, name)| (kind, Some(name)));
            let path = if field.is_empty() { FieldPath::root() } else { path(field)? };
            return Ok(Self::Field { kind: kind.to_owned(), name: name.map(str::to_owned), path });
        }
        let key = text.strip_prefix(".Values.").or_else(|| text.strip_prefix("values.")).unwrap_or(text);
        path(key).map(Self::Key)
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// One sentence without a full stop.
    pub text: String,
    /// The place it is about.
    pub place: Option<SourcePlace>,
    /// Where the deciding value came from.
    pub cause: Explanation,
}

impl Reason {
    fn new(text: impl Into<String>, place: Option<SourcePlace>) -> Self {
        Self { text: text.into(), place, cause: Explanation::default() }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The reasons, the most telling first.
    pub reasons: Vec<Reason>,
}

/// Answers a question about a render.
#[must_use]
pub fn why(rendered: &Rendered, question: &Question) -> Answer {
    let search = Search { rendered };
    let reasons = match question {
        Question::Template { file, line } => search.template(file, *line),
        Question::Field { kind, name, path } => search.field(kind, name.as_deref(), path),
        Question::Key(key) => search.key(key),
    };
    Answer { reasons }
}

struct Search<'a> {
    rendered: &'a Rendered,
}

impl Search<'_> {
    /// Templates of the render with their numbers.
    fn templates(&self) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        self.rendered.origins.sources().filter_map(|(id, source)| match &source.text {
            SourceText::Written(text) if source.role == SourceRole::Template => Some((id, text)),
            _ => None,
        })
    }

    fn template(&self, file: &str, line: u32) -> Vec<Reason> {
        let ends = |name: &str| name == file || name.ends_with(&format!("/{file}"));
        let mut found: Vec<_> = self.templates().filter(|(_, source)| ends(source.name())).collect();
        found.dedup_by_key(|(_, source)| Arc::clone(source.name()));
        if found.is_empty() {
            return self.unknown_template(file, &ends);
        }
        found
            .into_iter()
            .flat_map(|(id, source)| {
                let index = source.line_index();
                let at = line.checked_sub(1).and_then(|line| index.line_range(source.text(), line as usize));
                match at {
                    Some(range) => self.place(id, source, Span::from(range)),
                    None => vec![Reason::new(format!("{} has no line {line}", source.name()), None)],
                }
            })
            .collect()
    }

    /// A template that takes no part: it is nowhere, or its chart is switched off.
    fn unknown_template(&self, file: &str, ends: &dyn Fn(&str) -> bool) -> Vec<Reason> {
        for chart in self.rendered.chart.all() {
            for subchart in &chart.subcharts {
                if !subchart.templates.iter().any(|it| ends(&it.path)) {
                    continue;
                }
                return vec![self.switched_off(&chart, subchart)];
            }
        }
        vec![Reason::new(format!("no template of this chart is called {file}"), None)]
    }

    fn switched_off(&self, parent: &Chart, subchart: &Chart) -> Reason {
        let name = &subchart.metadata.name;
        let declared = parent.metadata.dependencies().find(|it| it.name == *name || it.key() == name);
        let Some(dependency) = declared else {
            return Reason::new(format!("chart {name} takes no part in this render"), None);
        };
        let mut deciding = Vec::new();
        if !dependency.condition.is_empty() {
            deciding.push(format!("condition `{}`", dependency.condition));
        }
        if !dependency.tags.is_empty() {
            deciding.push(format!("tags {}", dependency.tags.join(", ")));
        }
        let because = if deciding.is_empty() {
            String::new()
        } else {
            format!(" (decided by its {})", deciding.join(" and "))
        };
        let place = SourcePlace { source: Arc::clone(&parent.chart_yaml), span: dependency.span };
        let mut reason = Reason::new(format!("subchart {name} is switched off{because}"), Some(place));
        for condition in dependency.condition.split(',') {
            if let Ok(path) = condition.trim().parse::<FieldPath>() {
                reason.cause = self.values_at(&path);
                if !reason.cause.values.is_empty() {
                    break;
                }
            }
        }
        reason
    }

    /// What values files say at a path.
    fn values_at(&self, path: &FieldPath) -> Explanation {
        let wanted = path.to_string();
        let mut explainer = Explainer::new(&self.rendered.origins);
        // The last one made is the one that won.
        if let Some(id) = self.value_origins(&wanted).last() {
            explainer.add_origin(id);
        }
        explainer.finish()
    }

    /// Origins of values (not keys) with a path.
    fn value_origins(&self, path: &str) -> impl Iterator<Item = OriginId> {
        let origins = &self.rendered.origins;
        (0..origins.len()).map(OriginId::from_index).filter(move |&id| match origins.get(id) {
            Origin::Value(value) => {
                let value = origins.value(value);
                value.key != Some(value.span) && key_path(origins, value) == path
            }
            _ => false,
        })
    }

    /// Whether what stands in a line of a template was executed, and if not, what kept it.
    fn place(&self, id: SourceId, source: &Arc<Source>, line: Span) -> Vec<Reason> {
        let here = |span: Span| Some(SourcePlace { source: Arc::clone(source), span });
        let Ok(template) = parse_template(source.name(), source.text().as_bytes().to_vec()) else {
            return vec![Reason::new("the file is no template that Helm can read", here(line))];
        };
        let steps = steps(&template, line.end());
        let origins = &self.rendered.origins;
        let called = steps.iter().any(|step| matches!(step, Step::Called(_)));
        let is_file = |kind: FrameKind| matches!(kind, FrameKind::File(_));
        if !called && !origins.frames().any(|(_, frame)| is_file(frame.kind) && frame.source == id) {
            let base = source.name().rsplit('/').next().unwrap_or_default();
            let text = if base.starts_with('_') {
                "the file's name begins with `_`: only what it defines is used"
            } else {
                "the file was not executed"
            };
            return vec![Reason::new(text, here(line))];
        }
        for step in &steps {
            if let Some(reason) = self.missed(id, source, step) {
                return vec![reason];
            }
        }
        let executed = self.printed_lines(id, line);
        let text = match executed {
            0 => "this was executed and printed nothing".to_owned(),
            1 => "this was printed, as one line".to_owned(),
            count => format!("this was printed, as {count} lines"),
        };
        vec![Reason::new(text, here(line))]
    }

    /// Why a step was not made; `None` where it was, at least once.
    fn missed(&self, id: SourceId, source: &Arc<Source>, step: &Step) -> Option<Reason> {
        let origins = &self.rendered.origins;
        let frames = |action: Span| {
            origins.frames().filter(move |(_, frame)| frame.source == id && frame.span == action)
        };
        let taken = |kind: FrameKind| matches!(kind, FrameKind::Then(_));
        match step {
            Step::Called(name) => {
                let is_call = |kind: FrameKind| matches!(kind, FrameKind::Call(called) if origins.text_of(called) == &**name);
                let text = format!("the template {name} is called nowhere in this render");
                let called = origins.frames().any(|(_, frame)| is_call(frame.kind));
                (!called).then(|| Reason::new(text, None))
            }
            Step::Taken { action, kind } => {
                if frames(*action).any(|(_, frame)| taken(frame.kind)) {
                    return None;
                }
                let written = source.slice(*action).trim();
                let place = SourcePlace { source: Arc::clone(source), span: *action };
                let Some((_, frame)) = frames(*action).next() else {
                    return Some(Reason::new(format!("`{written}` was not reached"), Some(place)));
                };
                let what = match kind {
                    crate::template::ast::BranchKind::Range => "had nothing to go over",
                    _ => "did not hold",
                };
                let mut explainer = Explainer::new(origins);
                explainer.add_origin(frame.origin);
                let cause = explainer.finish();
                Some(Reason { text: format!("`{written}` {what}"), place: Some(place), cause })
            }
            Step::NotTaken { action } => {
                if frames(*action).any(|(_, frame)| !taken(frame.kind)) {
                    return None;
                }
                let written = source.slice(*action).trim();
                let place = SourcePlace { source: Arc::clone(source), span: *action };
                let mut explainer = Explainer::new(origins);
                if let Some((_, frame)) = frames(*action).next() {
                    explainer.add_origin(frame.origin);
                }
                let text = format!("`{written}` held, so that its `else` was left out");
                Some(Reason { text, place: Some(place), cause: explainer.finish() })
            }
        }
    }

    /// In how many rendered lines something of a template's line stands.
    fn printed_lines(&self, id: SourceId, line: Span) -> usize {
        let from_here = |origin: OriginId| match self.rendered.origins.get(origin) {
            Origin::Text { source, span, .. }
            | Origin::Literal { source, span, .. }
            | Origin::Action { source, span, .. } => source == id && span.intersects(line),
            Origin::Printed { action, .. } => match self.rendered.origins.get(action) {
                Origin::Action { source, span, .. } => source == id && span.intersects(line),
                _ => false,
            },
            _ => false,
        };
        let count = |file: &crate::helm::render::RenderedFile| {
            let mut lines = std::collections::BTreeSet::new();
            let mut start = 0;
            for run in file.runs.as_slice() {
                if from_here(run.origin) && touches(&self.rendered.origins, *run, start, line) {
                    let before = file.bytes.get(..start as usize).unwrap_or_default();
                    lines.insert(before.iter().filter(|&&byte| byte == b'\n').count());
                }
                start = run.end;
            }
            lines.len()
        };
        self.rendered.files.iter().map(count).sum()
    }

    fn field(&self, kind: &str, name: Option<&str>, path: &FieldPath) -> Vec<Reason> {
        let fits = |document: &&RenderedDocument| {
            document
                .read
                .as_ref()
                .is_some_and(|read| read.head.kind == kind && name.is_none_or(|name| read.head.name == name))
        };
        let Some(document) = self.rendered.documents.iter().find(fits) else {
            return self.no_object(kind, name);
        };
        let Some(read) = &document.read else { return Vec::new() };
        let Some(root) = read.tree.documents().first().and_then(|it| it.root) else { return Vec::new() };
        let mut at = root;
        for (depth, segment) in path.segments().iter().enumerate() {
            let next = match segment {
                Segment::Key(key) => read.tree.get(at, key),
                Segment::Index(index) => read.tree.items(at).get(*index).copied(),
            };
            match next {
                Some(next) => at = next,
                None => {
                    let above = FieldPath::new(path.segments().get(..depth).unwrap_or_default().to_vec());
                    let span =
                        read.tree.key_node(at).map_or_else(|| read.tree.span(at), |key| read.tree.span(key));
                    return self.no_field(document, &title(&read.head), &above, segment, span);
                }
            }
        }
        let span = read.tree.key_node(at).map_or_else(|| read.tree.span(at), |key| read.tree.span(key));
        let mut reason = self.printed_at(document, span);
        reason.text = format!("{} has {path}", title(&read.head));
        vec![reason]
    }

    /// What printed the line that holds a place of a document.
    fn printed_at(&self, document: &RenderedDocument, span: Span) -> Reason {
        let Some(file) = self.rendered.files.get(document.file) else { return Reason::new("", None) };
        let text = file.bytes.get(document.range.clone()).unwrap_or_default();
        let before = text.get(..span.start().min(text.len())).unwrap_or_default();
        let line = before.iter().filter(|&&byte| byte == b'\n').count();
        let all = lines(&self.rendered.origins, Some(&file.runs), text, document.range.start);
        let cause = all.into_iter().nth(line).map(|line| line.cause).unwrap_or_default();
        Reason { text: String::new(), place: cause.template.clone(), cause }
    }

    fn no_object(&self, kind: &str, name: Option<&str>) -> Vec<Reason> {
        let wanted = format!("kind: {kind}");
        let mut reasons = self.lines_with(|line| {
            let line = line.trim().trim_start_matches("- ");
            line.strip_prefix(&wanted).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        });
        let other: Vec<String> = self
            .rendered
            .documents
            .iter()
            .filter_map(|document| document.read.as_ref())
            .filter(|read| read.head.kind == kind)
            .map(|read| title(&read.head))
            .collect();
        if !other.is_empty() {
            let name = name.unwrap_or_default();
            let text = format!("no {kind} is called {name}; there is {}", other.join(", "));
            reasons = vec![Reason::new(text, None)];
        }
        if reasons.is_empty() {
            reasons.push(Reason::new(format!("no template of this chart writes `{wanted}`"), None));
        }
        reasons
    }

    fn no_field(
        &self,
        document: &RenderedDocument,
        object: &str,
        above: &FieldPath,
        missing: &Segment,
        span: Span,
    ) -> Vec<Reason> {
        let mut parent = self.printed_at(document, span);
        let (what, reasons) = match missing {
            Segment::Index(index) => (format!("item {index}"), Vec::new()),
            Segment::Key(key) => {
                let key_line = format!("{key}:");
                let found =
                    self.lines_with(|line| line.trim().trim_start_matches("- ").starts_with(&key_line));
                (key.to_string(), found)
            }
        };
        let place = if above.is_root() { object.to_owned() } else { format!("{above} of {object}") };
        parent.text = format!("{place} has no {what}; it is printed here");
        let mut found: Vec<Reason> =
            reasons.into_iter().filter(|reason| !reason.text.starts_with("this was")).collect();
        found.push(parent);
        found
    }

    /// Answers for every template line that satisfies `wanted`.
    fn lines_with(&self, wanted: impl Fn(&str) -> bool) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = Vec::new();
        for (id, source) in self.templates() {
            let mut at = 0;
            for line in source.text().split_inclusive('\n') {
                let content = line.trim_end_matches(['\n', '\r']);
                if reasons.len() < MOST && wanted(content) {
                    for reason in self.place(id, source, Span::new(at, at + content.len())) {
                        if !reasons.contains(&reason) {
                            reasons.push(reason);
                        }
                    }
                }
                at += line.len();
            }
        }
        reasons
    }

    fn key(&self, key: &FieldPath) -> Vec<Reason> {
        let path = key.to_string();
        let ids: Vec<OriginId> = self.value_origins(&path).collect();
        let origins = &self.rendered.origins;
        let mut reasons: Vec<Reason> = Vec::new();
        let mut add = |reason: Reason| {
            if reasons.len() < MOST && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        if ids.is_empty() {
            let looked_up = (0..origins.len()).map(OriginId::from_index).any(|id| {
                let mut explainer = Explainer::new(origins);
                matches!(origins.get(id), Origin::Absent { .. }) && {
                    explainer.add_origin(id);
                    explainer.finish().absent.iter().any(|absent| absent.key == path)
                }
            });
            let text = if looked_up {
                format!("{path} is set nowhere, and templates look it up")
            } else {
                format!("{path} is set nowhere, and no template that was executed looks it up")
            };
            return vec![Reason::new(text, None)];
        }
        for (_, frame) in origins.frames() {
            let mut explainer = Explainer::new(origins);
            explainer.add_origin(frame.origin);
            let cause = explainer.finish();
            if !cause.values.iter().any(|value| value.key == path) {
                continue;
            }
            let SourceText::Written(source) = &origins.source(frame.source).text else { continue };
            let written = source.slice(frame.span).trim().to_owned();
            let held = match frame.kind {
                FrameKind::Then(_) => "held",
                FrameKind::Else | FrameKind::Skipped => "did not hold",
                _ => continue,
            };
            let place = SourcePlace { source: Arc::clone(source), span: frame.span };
            add(Reason { text: format!("it decides `{written}`, which {held}"), place: Some(place), cause });
        }
        for file in &self.rendered.files {
            for line in lines(origins, Some(&file.runs), &file.bytes, 0) {
                if line.cause.values.iter().any(|value| value.key == path) {
                    let text = format!("it sets `{}` of {}", line.text.trim(), file.path);
                    add(Reason { text, place: line.cause.template.clone(), cause: line.cause });
                }
            }
        }
        if reasons.is_empty() {
            let used = ids.iter().any(|&id| self.rendered.was_used(id));
            let text = if used {
                format!("{path} is used, but nothing of it is in the output")
            } else {
                format!("{path} is used by no template that was executed")
            };
            reasons.push(Reason { text, place: None, cause: self.values_at(key) });
        }
        reasons
    }
}

/// Whether the part of its origin that a run copies shares bytes with `line`.
fn touches(origins: &crate::origin::Origins, run: crate::origin::Run, start: u32, line: Span) -> bool {
    let Origin::Text { span, .. } = origins.get(run.origin) else { return true };
    if run.at == crate::origin::Run::WHOLE {
        return true;
    }
    let from = span.start() + run.at as usize;
    Span::new(from, from + (run.end - start) as usize).intersects(line)
}
