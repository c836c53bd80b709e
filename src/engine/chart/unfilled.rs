//! Values that are filled in later (`${VAR}`: Flux' post-build substitution, Fleet's
//! `${ .ClusterValues.x }`) in a resource that installs a chart. The
//! chart is rendered with them as texts; what depends on one is not known.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::finding::Location;
use crate::helm::render::Rendered;
use crate::origin::{FrameId, FrameKind, Origin, OriginId, Origins, SourceText};
use crate::source::{Problem, ProblemKind, Span};

use super::ChartInput;
use super::judge::JudgedScenario;
use super::trace::RenderedTree;

/// How deep an origin is looked into.
const MOST_DEPTH: usize = 32;

/// What a scenario prints because of values that are filled in later.
pub(super) struct Unfilled<'s> {
    rendered: &'s Rendered,
    /// Files of the resource that have such values.
    files: HashSet<Arc<str>>,
    /// Template files with a condition that depends on one: what is not printed may be.
    by_file: BTreeMap<Arc<str>, Location>,
}

/// What is not told, by the value that it depends on.
#[derive(Default)]
pub(super) struct Withheld(BTreeMap<(Arc<str>, u32), (Location, BTreeSet<String>)>);

impl<'s> Unfilled<'s> {
    /// `None` where the scenario has no such values.
    pub fn of(input: &ChartInput, scenario: &'s JudgedScenario) -> Option<Self> {
        let install = input.install(&scenario.name)?;
        let of_places: HashSet<&str> = install.ats().map(|at| &*at.file).collect();
        let sources = scenario.rendered.origins.sources().filter_map(|(_, source)| match &source.text {
            SourceText::Written(text) => Some(text),
            SourceText::Generated { .. } => None,
        });
        let open = sources.filter(|it| of_places.contains(&**it.name()) && it.text().contains("${"));
        let files: HashSet<Arc<str>> = open.map(|it| Arc::clone(it.name())).collect();
        if files.is_empty() {
            return None;
        }
        let mut found = Self { rendered: &scenario.rendered, files, by_file: BTreeMap::new() };
        let origins = found.origins();
        for (id, frame) in origins.frames() {
            if let Some(place) = found.branch(frame.kind, frame.origin) {
                let file = origins.stack(id).find_map(|frame| match frame.kind {
                    FrameKind::File(name) => Some(Arc::from(origins.text_of(name))),
                    _ => None,
                });
                found.by_file.extend(file.map(|file| (file, place)));
            }
        }
        Some(found)
    }

    /// The value that some bytes of a document, or what is absent there, depend on.
    pub fn behind(&self, document: &RenderedTree, span: Span, absent: bool) -> Option<Location> {
        let file = self.rendered.files.get(document.file)?;
        let mut runs = file.runs.over(document.span(span));
        let printed = runs.find_map(|(_, run)| self.origin(run.origin, 0));
        printed.or_else(|| self.by_file.get(&*file.path).filter(|_| absent).cloned())
    }

    fn origins(&self) -> &'s Origins {
        &self.rendered.origins
    }

    fn origin(&self, id: OriginId, depth: usize) -> Option<Location> {
        if depth > MOST_DEPTH {
            return None;
        }
        let origins = self.origins();
        let deeper = |id| self.origin(id, depth + 1);
        match origins.get(id) {
            Origin::Value(id) => {
                let value = origins.value(id);
                let SourceText::Written(source) = &origins.source(value.source).text else { return None };
                let open = self.files.contains(source.name()) && is_filled_later(source.slice(value.span));
                open.then(|| Location::new(source, value.span))
            }
            Origin::Derived { inputs, .. } => origins.list(inputs).iter().copied().find_map(deeper),
            Origin::Printed { what, action } => deeper(what).or_else(|| deeper(action)),
            Origin::Fallback { chosen, instead_of } => deeper(chosen).or_else(|| deeper(instead_of)),
            Origin::Text { frame, .. } | Origin::Literal { frame, .. } | Origin::Action { frame, .. } => {
                self.stack(frame)
            }
            Origin::Unknown | Origin::Absent { .. } | Origin::File { .. } | Origin::Context { .. } => None,
        }
    }

    /// The value that decides whether a place of a template is executed.
    fn stack(&self, frame: FrameId) -> Option<Location> {
        self.origins().stack(frame).find_map(|it| self.branch(it.kind, it.origin))
    }

    fn branch(&self, kind: FrameKind, condition: OriginId) -> Option<Location> {
        let decides = matches!(kind, FrameKind::Then(_) | FrameKind::Else | FrameKind::Skipped);
        decides.then(|| self.condition(condition, 0))?
    }

    /// As [`Self::origin`], for a condition: places in templates do not count.
    fn condition(&self, id: OriginId, depth: usize) -> Option<Location> {
        let deeper = |id| (depth < MOST_DEPTH).then(|| self.condition(id, depth + 1)).flatten();
        match self.origins().get(id) {
            Origin::Value(_) => self.origin(id, depth),
            Origin::Derived { inputs, .. } => self.origins().list(inputs).iter().copied().find_map(deeper),
            Origin::Printed { what, .. } => deeper(what),
            Origin::Fallback { chosen, instead_of } => deeper(chosen).or_else(|| deeper(instead_of)),
            _ => None,
        }
    }
}

impl Withheld {
    /// Notes that something is not told.
    pub fn add(&mut self, value: Location, what: String) {
        let key = (Arc::clone(value.path()), value.span.start);
        self.0.entry(key).or_insert_with(|| (value, BTreeSet::new())).1.insert(what);
    }

    /// One warning a value.
    pub fn problems(self) -> impl Iterator<Item = Problem> {
        self.0.into_values().map(|(at, what)| {
            let what = match what.len() {
                1 => "a finding of the chart depends on it and is not told".to_owned(),
                number => format!("{number} findings of the chart depend on it and are not told"),
            };
            let message = format!("this value is filled in later: {what}");
            Problem::new(ProblemKind::Warning, &at.source, at.span, message)
        })
    }
}

/// Whether a scalar is nothing but a variable.
fn is_filled_later(written: &str) -> bool {
    let text = written.trim().trim_matches(['"', '\'']);
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim_start);
    name.is_some_and(|name| {
        !name.contains(['{', '}']) && name.starts_with(|c: char| c.is_ascii_alphabetic() || "_.".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::is_filled_later;

    #[test]
    fn only_a_variable_alone_is_filled_in() {
        for text in ["${UID}", "\"${UID}\"", "'${uid:=0}'"] {
            assert!(is_filled_later(text), "{text}");
        }
        for text in ["$UID", "web.${DOMAIN}", "${A}${B}", "a", "${}", "{{ .x }}"] {
            assert!(!is_filled_later(text), "{text}");
        }
    }
}
