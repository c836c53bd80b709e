//! Origins to places.

use super::{AbsentTrace, Call, Explanation, SourcePlace, ValueTrace};
use crate::origin::{
    FrameId, FrameKind, Origin, OriginId, Origins, PathStep, Run, SourceId, SourceText, ValueOrigin,
};
use crate::source::Span;
use crate::yaml::{FieldPath, Segment, place_in_literal};

/// Deepest chain of origins that is followed.
const MOST_DEPTH: usize = 32;

/// Most things of one kind that an explanation lists.
const MOST: usize = 16;

/// Gathers what origins say.
pub(super) struct Explainer<'a> {
    origins: &'a Origins,
    found: Explanation,
    frame: FrameId,
}

impl<'a> Explainer<'a> {
    pub fn new(origins: &'a Origins) -> Self {
        Self { origins, found: Explanation::default(), frame: FrameId::NONE }
    }

    /// Takes up one run: its origin, and the place in the origin's text.
    pub fn add(&mut self, run: Run, length: usize) {
        self.origin(run.origin, run.at, length, 0);
    }

    /// Takes up an origin as a whole.
    pub fn add_origin(&mut self, origin: OriginId) {
        self.origin(origin, Run::WHOLE, 0, 0);
    }

    /// Everything, with the calls around the template's place.
    pub fn finish(mut self) -> Explanation {
        self.found.calls = calls(self.origins, self.frame);
        self.found
    }

    fn origin(&mut self, id: OriginId, at: u32, length: usize, depth: usize) {
        if depth > MOST_DEPTH || id.is_none() {
            return;
        }
        let deeper = depth + 1;
        match self.origins.get(id) {
            Origin::Unknown => {}
            Origin::Text { source, span, frame } => {
                let part = part_of(span, at, length);
                self.template(source, part, frame, deeper);
            }
            Origin::Literal { source, span, frame } | Origin::Action { source, span, frame } => {
                self.template(source, span, frame, deeper);
            }
            Origin::Value(value) => self.value(*self.origins.value(value), at),
            Origin::Absent { parent, key } => {
                let key = self.origins.text_of(key).to_owned();
                let absent = self.absent(parent, &key, deeper);
                push(&mut self.found.absent, absent);
            }
            Origin::File { source, span } => {
                if let Some(place) = self.place(source, part_of(span, at, length)) {
                    push(&mut self.found.files, place);
                }
            }
            Origin::Context { name } => {
                push(&mut self.found.context, self.origins.text_of(name).to_owned());
            }
            Origin::Derived { function, inputs } => {
                push(&mut self.found.functions, self.origins.text_of(function).to_owned());
                for &input in self.origins.list(inputs).iter().take(MOST) {
                    self.origin(input, Run::WHOLE, 0, deeper);
                }
            }
            Origin::Printed { what, action } => {
                self.origin(action, Run::WHOLE, 0, deeper);
                self.origin(what, at, length, deeper);
            }
            Origin::Fallback { chosen, instead_of } => {
                self.origin(chosen, at, length, deeper);
                self.origin(instead_of, Run::WHOLE, 0, deeper);
            }
        }
    }

    /// A place in a template; text that `tpl` got has origins of its own.
    fn template(&mut self, source: SourceId, span: Span, frame: FrameId, depth: usize) {
        match &self.origins.source(source).text {
            SourceText::Written(text) => {
                if self.found.template.is_none() {
                    self.found.template = Some(SourcePlace { source: text.clone(), span });
                    self.frame = frame;
                }
            }
            SourceText::Generated { runs, .. } => {
                if self.frame.is_none() {
                    self.frame = frame;
                }
                let parts: Vec<_> = runs.over(span).take(MOST).collect();
                for (part, run) in parts {
                    self.origin(run.origin, run.at, part.len(), depth);
                }
            }
        }
    }

    fn place(&self, source: SourceId, span: Span) -> Option<SourcePlace> {
        match &self.origins.source(source).text {
            SourceText::Written(text) => Some(SourcePlace { source: text.clone(), span }),
            SourceText::Generated { .. } => None,
        }
    }

    /// A value; `at` is the byte of its text that is asked about.
    fn value(&mut self, value: ValueOrigin, at: u32) {
        let Some(mut place) = self.place(value.source, value.span) else { return };
        // A script of many lines is not of much use as a place.
        if at != Run::WHOLE
            && let Some(line) = place_in_literal(place.source.text(), value.span, at as usize)
        {
            place.span = line;
        }
        let losers =
            self.origins.list(value.losers).iter().filter_map(|&loser| match self.origins.get(loser) {
                Origin::Value(id) => {
                    let lost = self.origins.value(id);
                    self.place(lost.source, lost.span)
                }
                _ => None,
            });
        let mut over: Vec<SourcePlace> = Vec::new();
        losers.for_each(|place| push(&mut over, place));
        let trace = ValueTrace { place, key: key_path(self.origins, &value), over };
        // A key and its value are one thing to a reader; the value is what can be changed.
        let is_key = value.key == Some(value.span);
        let same = |other: &ValueTrace| {
            other.key == trace.key && other.place.source.name() == trace.place.source.name()
        };
        match self.found.values.iter_mut().find(|other| same(other)) {
            Some(_) if is_key => {}
            Some(known) => *known = trace,
            None => push(&mut self.found.values, trace),
        }
    }

    fn absent(&self, parent: OriginId, key: &str, depth: usize) -> AbsentTrace {
        let mut keys = vec![key.to_owned()];
        let mut above = None;
        let mut at = parent;
        for _ in depth..MOST_DEPTH {
            match self.origins.get(at) {
                Origin::Absent { parent, key } => {
                    keys.push(self.origins.text_of(key).to_owned());
                    at = parent;
                }
                Origin::Value(id) => {
                    let value = *self.origins.value(id);
                    above = self.place(value.source, value.span);
                    keys.extend(segments(self.origins, &value).into_iter().rev().map(|it| match it {
                        Segment::Key(key) => key.to_string(),
                        Segment::Index(index) => index.to_string(),
                    }));
                    break;
                }
                Origin::Fallback { chosen, .. } | Origin::Printed { what: chosen, .. } => at = chosen,
                _ => break,
            }
        }
        let segments = keys.into_iter().rev().map(|key| Segment::Key(key.into())).collect();
        AbsentTrace { key: FieldPath::new(segments).to_string(), above }
    }
}

/// The part of a span that begins at a byte of its text.
fn part_of(span: Span, at: u32, length: usize) -> Span {
    if at == Run::WHOLE {
        return span;
    }
    let start = (span.start() + at as usize).min(span.end());
    Span::new(start, (start + length).min(span.end()))
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.len() < MOST && !list.contains(&item) {
        list.push(item);
    }
}

fn segments(origins: &Origins, value: &ValueOrigin) -> Vec<Segment> {
    let segment = |step| match step {
        PathStep::Key(name) => Segment::Key(origins.text_of(name).into()),
        PathStep::Index(index) => Segment::Index(index as usize),
    };
    origins.path(value.path).into_iter().map(segment).collect()
}

/// A value's path in its file.
pub(super) fn key_path(origins: &Origins, value: &ValueOrigin) -> String {
    FieldPath::new(segments(origins, value)).to_string()
}

/// The calls around a frame, the innermost first.
pub(super) fn calls(origins: &Origins, frame: FrameId) -> Vec<Call> {
    let call = |frame: &crate::origin::Frame| {
        let name = match frame.kind {
            FrameKind::Call(name) => origins.text_of(name).to_owned(),
            FrameKind::Tpl => "tpl".to_owned(),
            FrameKind::File(_) | FrameKind::Then(_) | FrameKind::Else | FrameKind::Skipped => return None,
        };
        let SourceText::Written(source) = &origins.source(frame.source).text else { return None };
        Some(Call { name, place: SourcePlace { source: source.clone(), span: frame.span } })
    };
    origins.stack(frame).filter_map(call).take(MOST).collect()
}
