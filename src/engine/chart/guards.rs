//! Switches that are off: an `if` whose body prints a field, and whose condition is a key of the values.
//!
//! `{{ if .Values.seccomp.enable }}` before `seccompProfile:` is what the chart's author has for the field. Whether
//! the key brings the field, and nothing that is not wanted, is for a trial to say.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::render::Structure;
use crate::origin::{FrameKind, OriginId, Origins, SourceRole, SourceText};
use crate::source::Source;

use super::candidate::Proposal;
use super::hooks::{MOST_KEYS, at};
use super::sites::Sites;
use super::trace::{RenderedTree, ValuePath, absent_path, path_of, value_behind};
use super::values_site::ValuesChange;

impl Sites<'_> {
    /// Turns on what keeps the lines of an entry from being printed; where the body prints a map of values
    /// for it, the entry may have to come there too.
    pub(super) fn at_guards(&self, document: &RenderedTree, entries: &Map<String, Value>) -> Vec<Proposal> {
        let rendered = &self.scenario.rendered;
        let Some(file) = rendered.files.get(document.file) else { return Vec::new() };
        let origins = &rendered.origins;
        let mut structures: HashMap<*const Source, Option<Structure>> = HashMap::new();
        let mut seen: BTreeSet<ValuePath> = BTreeSet::new();
        let mut found = Vec::new();
        for frame in file.asked.frames.clone().filter_map(|at| origins.frame_at(at)) {
            if !matches!(frame.kind, FrameKind::Skipped | FrameKind::Else) || seen.len() >= MOST_KEYS {
                continue;
            }
            let SourceText::Written(source) = &origins.source(frame.source).text else { continue };
            if !entries.keys().any(|key| source.text().contains(key.as_str())) {
                continue;
            }
            let Some(path) = off(origins, frame.origin).filter(|path| !seen.contains(path)) else { continue };
            if !self.is_documented(&path) {
                continue;
            }
            let structure = structures.entry(Arc::as_ptr(source)).or_insert_with(|| Structure::of(source));
            let body = structure.as_ref().and_then(|it| it.body_of_if(frame.span));
            let Some(body) = body.map(|body| source.slice(body)) else { continue };
            let mut printed = entries.iter().filter_map(|(key, value)| Some((value, behind_key(body, key)?)));
            let Some((value, rest)) = printed.next() else { continue };
            let on = self.in_values(document, &path, &ValuesChange::Set(Value::Bool(true)));
            if let Value::Object(inner) = value
                && let Some(keys) = values_path(rest)
                && !path.path.starts_with(&keys)
            {
                let map = ValuePath { file: path.file.clone(), path: keys };
                let merge = self.in_values(document, &map, &ValuesChange::Merge(inner.clone()));
                found.extend(on.iter().cloned());
                let both = |(on, merge): (Proposal, Proposal)| Proposal::Both(Box::new((on, merge)));
                found.extend(on.into_iter().zip(merge).map(both));
            } else {
                found.extend(on);
            }
            seen.insert(path);
        }
        found
    }
}

impl Sites<'_> {
    /// Whether values have the map in which a key stands: what they say nothing of is no switch of theirs.
    pub(super) fn is_documented(&self, path: &ValuePath) -> bool {
        let Some((_, above)) = path.path.split_last() else { return false };
        let file = self.tree(&path.file).filter(|_| !self.input.installs_it(&path.file));
        file.is_some_and(|tree| at(&tree, above).is_some())
    }
}

/// The key whose value a condition is, if that is false or absent.
fn off(origins: &Origins, condition: OriginId) -> Option<ValuePath> {
    let Some(value) = value_behind(origins, condition) else { return absent_path(origins, condition) };
    let source = origins.source(value.source);
    let SourceText::Written(text) = &source.text else { return None };
    let is_off =
        source.role == SourceRole::Values && matches!(text.slice(value.span), "false" | "null" | "~");
    is_off.then(|| path_of(origins, &value))
}

/// What stands behind a key that begins a line.
fn behind_key<'t>(body: &'t str, key: &str) -> Option<&'t str> {
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let rest = line.trim_start().strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
        if rest.is_some() {
            return body.get(at + indent + key.len() + 1..);
        }
        at += line.len();
    }
    None
}

/// The values key whose map the first lines of a text print.
fn values_path(text: &str) -> Option<Vec<String>> {
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    let (_, path) = first.split_once(".Values.")?;
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(path.len());
    let keys: Vec<String> = path.get(..end)?.split('.').map(str::to_owned).collect();
    (first.contains("toYaml") && keys.iter().all(|key| !key.is_empty())).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::{behind_key, values_path};

    #[test]
    fn a_body_says_what_it_prints() {
        let body =
            "\n  # seccompProfile: old\n  seccompProfile:\n    {{- toYaml .Values.a.profile | nindent 4 }}\n";
        let rest = behind_key(body, "seccompProfile").unwrap();
        assert_eq!(values_path(rest).unwrap(), ["a", "profile"]);
        assert_eq!(behind_key(body, "profile"), None);
        assert_eq!(values_path(" {{ .Values.a }}"), None);
    }
}
