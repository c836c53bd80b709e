//! Known findings: a baseline tells old findings from new ones by their fingerprints.
//!
//! Its file has a first line that names it, then one line a finding: fingerprint, rule, path and words for
//! people, with tabs between. Only the fingerprint counts, so that moved lines and reworded messages
//! change nothing, and lines of two branches merge.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::finding::Finding;
use crate::source::{Problem, ProblemKind, Source, Span};

use super::Analysis;

/// The first line; its number is raised when the lines change their meaning.
const HEAD: &str = "# seaworthy baseline 1";

/// What the file says of itself.
const ABOUT: &str = "# Findings that are known, one a line. Take lines away as they are mended; add none.";

/// Letters of a fingerprint.
const FINGERPRINT: usize = 32;

/// A known finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: String,
    rule: String,
    words: String,
    fingerprint: String,
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        let plain = |text: &str| -> String {
            text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
        };
        let container = finding.container.as_ref().map(|name| format!(", container {name}"));
        let container = container.unwrap_or_default();
        Self {
            path: plain(finding.primary.path()),
            rule: plain(&finding.rule),
            words: plain(&format!("{}{container}: {}", finding.resource, finding.field)),
            fingerprint: finding.fingerprint.clone(),
        }
    }

    fn line(&self) -> String {
        format!("{}\t{}\t{}\t{}\n", self.fingerprint, self.rule, self.path, self.words)
    }
}

/// How a baseline and a run go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaselineCounts {
    /// Findings that are known, and so left out.
    pub known: usize,
    /// Lines whose finding is gone.
    pub gone: usize,
}

/// Known findings.
#[derive(Clone, Debug)]
pub struct Baseline {
    source: Arc<Source>,
    /// With the place of each line; a line may be there twice after a merge.
    entries: Vec<(Entry, Span)>,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The first line that is none of a baseline, with its place.
    pub fn parse(source: &Arc<Source>) -> Result<Self, Box<Problem>> {
        let text = source.text();
        let fail = |start: usize, length: usize, message: String| {
            let span = Span::new(start, start + length);
            Box::new(Problem::new(ProblemKind::NotChecked, source, span, message))
        };
        let mut entries = Vec::new();
        let mut start = 0;
        for (number, whole) in text.split_inclusive('\n').enumerate() {
            let line = whole.trim_end_matches(['\n', '\r']);
            if number == 0 && line != HEAD {
                return Err(fail(0, line.len(), format!("a baseline begins with `{HEAD}`")));
            }
            if !line.is_empty() && !line.starts_with('#') {
                let entry = entry(line)
                    .map_err(|(at, message)| fail(start + at, line.len() - at, message.to_owned()))?;
                entries.push((entry, Span::new(start, start + line.len())));
            }
            start += whole.len();
        }
        if text.is_empty() {
            return Err(fail(0, 0, format!("the file is empty; a baseline begins with `{HEAD}`")));
        }
        Ok(Self { source: Arc::clone(source), entries })
    }

    /// The text of a baseline that knows these findings.
    #[must_use]
    pub fn text_of(findings: &[Finding]) -> String {
        text(findings.iter().map(Entry::of).collect())
    }

    /// Takes what is known out of an analysis and counts it. `covers` says whether a run that has no
    /// finding of a rule (first) in a file (second) tells that it is gone. Where something was not checked
    /// nothing is called gone.
    /// Gives the text of the baseline without what is gone, and the place of that, if something is.
    pub fn apply(
        &self,
        analysis: &mut Analysis,
        covers: &dyn Fn(&str, &str) -> bool,
    ) -> (String, Option<Problem>) {
        let listed: HashSet<&str> = self.entries.iter().map(|(entry, _)| &*entry.fingerprint).collect();
        let found: HashSet<String> = analysis.findings.iter().map(|it| it.fingerprint.clone()).collect();
        let before = analysis.findings.len();
        analysis.findings.retain(|finding| !listed.contains(&*finding.fingerprint));
        let known = before - analysis.findings.len();
        let blind = analysis.is_blind();
        let is_gone =
            |entry: &Entry| !blind && !found.contains(&entry.fingerprint) && covers(&entry.rule, &entry.path);
        let (gone, kept): (Vec<_>, Vec<_>) = self.entries.iter().partition(|(entry, _)| is_gone(entry));
        let problem = gone.first().map(|(_, span)| {
            let message = match gone.len() {
                1 => "this known finding is gone".to_owned(),
                number => format!("{number} known findings are gone, this is the first"),
            };
            let problem = Problem::new(ProblemKind::Warning, &self.source, *span, message);
            problem.with_help("`--write-baseline` takes out what is gone")
        });
        analysis.baseline = Some(BaselineCounts { known, gone: gone.len() });
        (text(kept.into_iter().map(|(entry, _)| entry.clone()).collect()), problem)
    }
}

fn text(entries: BTreeSet<Entry>) -> String {
    let mut text = format!("{HEAD}\n{ABOUT}\n");
    text.extend(entries.iter().map(Entry::line));
    text
}

/// Reads a line; else where in it what is wrong.
fn entry(line: &str) -> Result<Entry, (usize, &'static str)> {
    let mut parts = line.splitn(4, '\t');
    let fingerprint = parts.next().unwrap_or_default();
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if fingerprint.len() != FINGERPRINT || !fingerprint.bytes().all(is_hex) {
        return Err((0, "a line begins with the 32 letters of a finding's identity"));
    }
    let rule = parts.next().filter(|rule| !rule.is_empty());
    let rule = rule.ok_or((line.len().min(FINGERPRINT + 1), "the rule is missing"))?;
    let path = parts.next().filter(|path| !path.is_empty());
    let path = path.ok_or((line.len().min(FINGERPRINT + 2 + rule.len()), "the path is missing"))?;
    let words = parts.next().unwrap_or_default();
    let [fingerprint, rule, path, words] = [fingerprint, rule, path, words].map(str::to_owned);
    Ok(Entry { path, rule, words, fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789abcdef0123456789abcdef";

    fn parsed(text: &str) -> Result<Baseline, (u32, u32, String)> {
        let source = Arc::new(Source::new("known", text));
        Baseline::parse(&source).map_err(|problem| {
            let at = source.line_column(problem.span.start());
            (at.line, at.column, problem.message)
        })
    }

    #[test]
    fn lines_are_read_and_written_sorted_and_once() {
        let [a, b] = [
            format!("{PRINT}\trule\tb.yaml\tPod/x: spec\n"),
            format!("{PRINT}\trule\ta.yaml\tPod/x: spec\n"),
        ];
        let read = parsed(&format!("{HEAD}\r\n\n# note\n{a}{b}{a}")).unwrap();
        let written = text(read.entries.into_iter().map(|(entry, _)| entry).collect());
        assert_eq!(written, format!("{HEAD}\n{ABOUT}\n{b}{a}"));
        assert!(parsed(&written).is_ok());
    }

    #[test]
    fn a_broken_line_is_told_with_its_place() {
        let of = |text: &str| parsed(text).err().map(|(line, column, _)| (line, column));
        assert_eq!(of(""), Some((1, 1)));
        assert_eq!(of("# something else\n"), Some((1, 1)));
        assert_eq!(of(&format!("{HEAD}\n<<<<<<< ours\n")), Some((2, 1)));
        assert_eq!(of(&format!("{HEAD}\n{PRINT}\n")), Some((2, 33)));
        assert_eq!(of(&format!("{HEAD}\n{PRINT}\trule\n")), Some((2, 38)));
        assert_eq!(of(&format!("{HEAD}\n{PRINT}\t\ta.yaml\n")), Some((2, 34)));
    }
}
