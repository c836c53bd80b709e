//! The lines of a render, each with its causes.

use std::sync::Arc;

use super::explain::Explainer;
use super::{Explanation, SourcePlace};
use crate::helm::render::{Output, Printed, Rendered};
use crate::origin::{OriginRuns, Origins};
use crate::source::Span;

/// A document of the output, line by line.
#[derive(Clone, Debug)]
pub struct DocumentTrace {
    /// Path as Helm prints it in `# Source:`.
    pub path: Arc<str>,
    /// The template's path, as shown.
    pub template: Arc<str>,
    /// Kind and name, as far as there are any: `Deployment/web`.
    pub title: String,
    /// Its lines.
    pub lines: Vec<LineTrace>,
}

/// A line of the output.
#[derive(Clone, Debug)]
pub struct LineTrace {
    /// The line, without its end.
    pub text: String,
    /// Where it came from.
    pub cause: Explanation,
}

/// The documents of a render in the order in which they are printed; where the render failed, those
/// of the files that came out.
#[must_use]
pub fn trace(rendered: &Rendered, output: &Output) -> Vec<DocumentTrace> {
    let (manifests, hooks) = rendered.printed(output);
    let documents = manifests.iter().chain(&hooks);
    documents
        .map(|printed| {
            let (path, text) = rendered.piece(printed);
            match printed {
                Printed::Crd(crd) => DocumentTrace {
                    path: Arc::clone(&crd.path),
                    template: Arc::clone(&crd.file),
                    title: String::new(),
                    lines: copied_lines(crd),
                },
                Printed::Document(_, document) => {
                    let file = rendered.files.get(document.file);
                    let start = document.range.start;
                    let runs = file.map(|file| &file.runs);
                    DocumentTrace {
                        path: Arc::from(path),
                        template: file.map_or_else(|| Arc::from(path), |file| Arc::clone(&file.template)),
                        title: document.read.as_ref().map_or_else(String::new, |read| title(&read.head)),
                        lines: lines(&rendered.origins, runs, text, start),
                    }
                }
            }
        })
        .collect()
}

/// `Kind/name`, or what there is of it.
pub(super) fn title(head: &crate::helm::manifest::Head) -> String {
    match (head.kind.as_str(), head.name.as_str()) {
        ("", "") => String::new(),
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}/{name}"),
    }
}

/// A file that is printed as it is.
fn copied_lines(crd: &crate::helm::render::Crd) -> Vec<LineTrace> {
    let mut at = 0;
    let text = String::from_utf8_lossy(&crd.bytes);
    let line = |line: &str| {
        let span = Span::new(at, at + line.len());
        at += line.len();
        let template = crd.source.as_ref().map(|source| SourcePlace { source: Arc::clone(source), span });
        let cause = Explanation { template, ..Explanation::default() };
        LineTrace { text: line.trim_end_matches(['\n', '\r']).to_owned(), cause }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The lines of `text`, which begins at byte `start` of the file that the runs are of.
pub(super) fn lines(
    origins: &Origins,
    runs: Option<&OriginRuns>,
    text: &[u8],
    start: usize,
) -> Vec<LineTrace> {
    let mut at = start;
    let mut lines = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let cause = runs.map_or_else(Explanation::default, |runs| explain_line(origins, runs, content, at));
        lines.push(LineTrace { text: String::from_utf8_lossy(content).into_owned(), cause });
        at += line.len();
    }
    lines
}

/// What a line's visible bytes came from; a line without any, what its blanks did.
fn explain_line(origins: &Origins, runs: &OriginRuns, line: &[u8], at: usize) -> Explanation {
    let span = Span::new(at, at + line.len());
    let visible = |part: Span| {
        let bytes = line.get(part.start() - at..part.end() - at).unwrap_or_default();
        bytes.iter().any(|byte| !byte.is_ascii_whitespace())
    };
    let mut explainer = Explainer::new(origins);
    let mut any = false;
    for (part, run) in runs.over(span).filter(|(part, _)| visible(*part)) {
        explainer.add(run, part.len());
        any = true;
    }
    if !any && let Some((part, run)) = runs.over(Span::new(at, at + line.len() + 1)).next() {
        explainer.add(run, part.len());
    }
    explainer.finish()
}
