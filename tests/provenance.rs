//! Origins against the truth: change one place of the input, render again, and see what changed.
//!
//! Over a sample of the open chart corpus, the same in every run, one scalar of a values file or one
//! byte of a template's text or of a chart file is changed (letters and digits give way to others of
//! their kind, so that types and lengths stay; booleans are turned over). Then
//!
//! - *sound*: a run that names the place has changed;
//! - *complete*: a run that has changed names the place.
//!
//! Runs whose bytes were computed (`Derived`: a hash, `len`, `eq`) name what went in but need not change
//! with it, so they count for completeness and are counted apart for soundness.
//!
//! What falls outside: a change after which templates took another way (other branches, turns or calls
//! than before) moves bytes that it does not make. There the first step that differs must have a
//! condition (or a name, or a text) which came from the place: *control*. Not found there is what a
//! branch leaves in variables (a list to which it appended). What a function chooses between
//! (`ternary`, `and`, `or`, `coalesce`) counts as any other byte.
//!
//! `SEAWORTHY_CORPUS=all` takes all cases, `SEAWORTHY_CASE=text` those whose name holds the text;
//! `SEAWORTHY_MOST` says how much of what is wrong is shown.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "support/charts.rs"]
mod charts;
mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Instant;

use charts::{Case, cases};
use seaworthy::helm::chart::Chart;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::render::{Rendered, render};
use seaworthy::helm::scenario::Scenario;
use seaworthy::helm::values::ValuesFile;
use seaworthy::origin::{Frame, FrameKind, Origin, OriginId, Run, SourceId, SourceRole, SourceText};
use seaworthy::project::{DiskFiles, OverlayFiles};
use seaworthy::source::{Files, Limits, MemoryFiles, Source, Span};
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Least shares in tenths of a percent: sound, complete, control.
const LEAST: (usize, usize, usize) = (990, 980, 950);

/// Cases of the corpus that are taken: one in so many.
const STEP: usize = 38;

/// Places of each kind that are changed in a case.
const PLACES: usize = 5;

/// One place of the input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    file: String,
    kind: PlaceKind,
    span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PlaceKind {
    /// A scalar of a values file.
    Value,
    /// A byte of a template's text.
    Text,
    /// A byte of a chart file.
    File,
}

/// How a run is tied to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    None,
    /// Computed from something that holds the place.
    Around,
    /// Taken because of it, or computed from it.
    Derived,
    /// It is the place's own text.
    Own,
}

/// Ties of a render's origins to one place.
struct Ties<'a> {
    rendered: &'a Rendered,
    place: &'a Place,
    known: HashMap<OriginId, Tie>,
}

impl<'a> Ties<'a> {
    fn new(rendered: &'a Rendered, place: &'a Place) -> Self {
        Self { rendered, place, known: HashMap::new() }
    }

    fn is_file(&self, source: SourceId) -> bool {
        match &self.rendered.origins.source(source).text {
            SourceText::Written(written) => **written.name() == *self.place.file,
            SourceText::Generated { .. } => false,
        }
    }

    /// The tie of `len` bytes that stand for the origin from its byte `at` on.
    fn run(&mut self, origin: OriginId, at: u32, len: usize) -> Tie {
        let origins = &self.rendered.origins;
        match origins.get(origin) {
            Origin::Text { source, span, .. } | Origin::File { source, span } if at != Run::WHOLE => {
                let part = Span::new(span.start() + at as usize, span.start() + at as usize + len);
                self.part(source, part)
            }
            Origin::Printed { what, .. } => self.run(what, at, len),
            Origin::Fallback { chosen, instead_of } => {
                let other = self.whole(instead_of).min(Tie::Derived);
                self.run(chosen, at, len).max(other)
            }
            _ => self.whole(origin),
        }
    }

    /// The tie of a part of a text.
    fn part(&mut self, source: SourceId, part: Span) -> Tie {
        match &self.rendered.origins.source(source).text {
            SourceText::Written(_) => {
                let holds = self.place.kind != PlaceKind::Value
                    && self.is_file(source)
                    && part.covers(self.place.span);
                if holds { Tie::Own } else { Tie::None }
            }
            SourceText::Generated { runs, .. } => runs
                .over(part)
                .map(|(piece, run)| self.run(run.origin, run.at, piece.len()))
                .max()
                .unwrap_or(Tie::None),
        }
    }

    fn whole(&mut self, origin: OriginId) -> Tie {
        if let Some(&known) = self.known.get(&origin) {
            return known;
        }
        self.known.insert(origin, Tie::None);
        let origins = &self.rendered.origins;
        let tie = match origins.get(origin) {
            Origin::Value(id) => {
                let value = origins.value(id);
                if self.place.kind != PlaceKind::Value || !self.is_file(value.source) {
                    Tie::None
                } else if value.span == self.place.span {
                    Tie::Own
                } else if value.span.covers(self.place.span) {
                    Tie::Around
                } else {
                    Tie::None
                }
            }
            Origin::Text { source, span, .. }
            | Origin::File { source, span }
            | Origin::Literal { source, span, .. } => self.part(source, span),
            Origin::Printed { what, .. } => self.whole(what),
            Origin::Fallback { chosen, instead_of } => {
                self.whole(chosen).max(self.whole(instead_of).min(Tie::Derived))
            }
            Origin::Derived { inputs, .. } => origins
                .list(inputs)
                .iter()
                .map(|&id| self.whole(id))
                .max()
                .unwrap_or(Tie::None)
                .min(Tie::Derived),
            Origin::Absent { parent, .. } => self.whole(parent).min(Tie::Around),
            Origin::Unknown | Origin::Context { .. } | Origin::Action { .. } => Tie::None,
        };
        self.known.insert(origin, tie);
        tie
    }
}

/// A small generator of numbers: the sample is the same in every run.
struct Dice(u64);

impl Dice {
    fn of(name: &str) -> Self {
        Self(
            name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            }),
        )
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    fn choose<T: Clone>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let mut left = from.to_vec();
        (0..count.min(left.len())).map(|_| left.swap_remove(self.below(left.len()))).collect()
    }
}

/// Another letter or digit of the same kind.
fn other(byte: u8, first: bool) -> u8 {
    match byte {
        // Not `y` and `n`, which are booleans by themselves.
        b'x' => b'z',
        b'm' => b'p',
        b'z' => b'a',
        b'a'..=b'w' | b'y' => byte + 1,
        b'X' => b'Z',
        b'M' => b'P',
        b'Z' => b'A',
        b'A'..=b'W' | b'Y' => byte + 1,
        b'0' if first => byte,
        b'0'..=b'6' => byte + 1,
        b'7' => b'1',
        b'8' => b'9',
        b'9' => b'8',
        _ => byte,
    }
}

/// The scalar spelled otherwise: the same type and length, but for booleans.
fn changed_scalar(text: &str) -> Option<String> {
    use serde_yaml::Value;
    let value: Value = serde_yaml::from_str(text).ok()?;
    let new = match &value {
        Value::Bool(true) => text.replace("true", "false"),
        Value::Bool(false) => text.replace("false", "true"),
        Value::Number(number) => {
            if number.as_f64()? == 0.0 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                return None;
            }
            rotated(text, 0)
        }
        Value::String(_) => {
            let block = text.starts_with(['|', '>']);
            let from = if block { text.find('\n')? } else { 0 };
            if !block && text.contains('\\') || text.contains("//") && text.contains("{{") {
                return None;
            }
            rotated(text, from)
        }
        _ => return None,
    };
    let read: Value = serde_yaml::from_str(&new).ok()?;
    let same_type = std::mem::discriminant(&read) == std::mem::discriminant(&value);
    let word = new.trim_matches(['\'', '"']).to_ascii_lowercase();
    let special = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&&*word);
    (new != text && same_type && (!special || matches!(read, Value::Bool(_)))).then_some(new)
}

/// Letters and digits from byte `from` on changed, but not inside actions.
fn rotated(text: &str, from: usize) -> String {
    let mut inside = false;
    let mut before = b' ';
    let bytes = text.bytes().enumerate().map(|(at, byte)| {
        let pair = [before, byte];
        match &pair {
            b"{{" => inside = true,
            b"}}" => inside = false,
            _ => {}
        }
        let first = !before.is_ascii_alphanumeric();
        before = byte;
        if inside || at < from { byte } else { other(byte, first) }
    });
    String::from_utf8(bytes.collect()).unwrap()
}

fn scalar_at(source: &Source, span: Span) -> Option<String> {
    changed_scalar(source.text().get(span.range())?)
}

/// What is changed in a case.
fn places(rendered: &Rendered, dice: &mut Dice) -> Vec<(Place, String)> {
    let origins = &rendered.origins;
    let mut leaves = BTreeSet::new();
    for id in (0..origins.len()).map(OriginId::from_index) {
        let Origin::Value(value) = origins.get(id) else { continue };
        let value = origins.value(value);
        let source = origins.source(value.source);
        if let SourceText::Written(written) = &source.text
            && source.role == SourceRole::Values
            && rendered.was_used(id)
            && !value.span.is_empty()
        {
            leaves.insert((written.name().to_string(), value.span, value.source));
        }
    }
    let leaves: Vec<_> = leaves.into_iter().collect();
    let mut found = Vec::new();
    for (file, span, source) in dice.choose(&leaves, PLACES * 4) {
        let SourceText::Written(written) = &origins.source(source).text else { continue };
        if found.len() < PLACES
            && let Some(new) = scalar_at(written, span)
        {
            found.push((Place { file, kind: PlaceKind::Value, span }, new));
        }
    }
    let before = found.len();
    for _ in 0..PLACES * 8 {
        if found.len() == before + PLACES || rendered.files.is_empty() {
            break;
        }
        let file = &rendered.files[dice.below(rendered.files.len())];
        let Some((part, run)) = file.runs.at(dice.below(file.bytes.len())) else { continue };
        let (source, span, kind) = match origins.get(run.origin) {
            Origin::Text { source, span, .. } => (source, span, PlaceKind::Text),
            Origin::Printed { what, .. } => match origins.get(what) {
                Origin::File { source, span } => (source, span, PlaceKind::File),
                _ => continue,
            },
            _ => continue,
        };
        let SourceText::Written(written) = &origins.source(source).text else { continue };
        let at = span.start() + run.at as usize + dice.below(part.len());
        let Some(&byte) = written.text().as_bytes().get(at) else { continue };
        let new = other(byte, false);
        if new != byte {
            let place = Place { file: written.name().to_string(), kind, span: Span::new(at, at + 1) };
            found.push((place, char::from(new).to_string()));
        }
    }
    found
}

struct Setting<'a> {
    files: Arc<dyn Files>,
    case: &'a Case,
    chart: Arc<Chart>,
    scenario: Scenario,
}

impl Setting<'_> {
    /// The case rendered with one place changed; `None` where the place is in an archive.
    fn render(&self, place: &Place, new: &str) -> Option<Rendered> {
        let mut scenario = self.scenario.clone();
        let edit = |text: &str| {
            let span = place.span;
            Some([text.get(..span.start())?, new, text.get(span.end()..)?].concat())
        };
        if let Some(file) = scenario.values.iter_mut().find(|file| **file.source().name() == *place.file) {
            let text: String = edit(file.source().text())?;
            let source = Arc::new(Source::new(place.file.as_str(), text));
            *file = Arc::new(ValuesFile::parse(&source, &Limits::default()).ok()?);
            return Some(render(&self.chart, &scenario));
        }
        let text = String::from_utf8(self.files.read(&place.file).ok()?.to_vec()).ok()?;
        let text: String = edit(&text)?;
        let mut above = MemoryFiles::new();
        above.insert(place.file.as_str(), text.as_bytes());
        let files = OverlayFiles::new(Arc::clone(&self.files), above);
        let options = LoadOptions { known: Some(&self.chart), ..LoadOptions::default() };
        let chart = load_folder(&files, &self.case.chart, &options).ok()?;
        Some(render(&chart, &scenario))
    }
}

/// Which bytes of `old` are not in `new`.
fn changed_bytes(old: &[u8], new: &[u8]) -> Vec<bool> {
    if old.len() == new.len() {
        return old.iter().zip(new).map(|(a, b)| a != b).collect();
    }
    let mut changed = vec![false; old.len()];
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        if !matches!(op, DiffOp::Equal { .. }) {
            let range = op.old_range();
            // What is put in front of a byte changes the byte.
            let end = range.end.max(range.start + 1).min(old.len());
            changed[range.start.min(end)..end].fill(true);
        }
    }
    changed
}

/// A step of the way through the templates, comparable between renders.
fn step(rendered: &Rendered, frame: &Frame) -> (u8, String) {
    let name = |id| rendered.origins.text_of(id).to_owned();
    match frame.kind {
        FrameKind::File(id) => (0, name(id)),
        FrameKind::Call(id) => (1, name(id)),
        FrameKind::Tpl => (2, String::new()),
        FrameKind::Then(turn) => (3, turn.to_string()),
        FrameKind::Else => (4, String::new()),
        FrameKind::Skipped => (5, String::new()),
    }
}

/// The first step that differs: in the first and in the second render.
fn parting(first: &Rendered, second: &Rendered) -> Option<(Option<Frame>, Option<Frame>)> {
    let (mut one, mut two) = (first.origins.frames(), second.origins.frames());
    loop {
        match (one.next(), two.next()) {
            (None, None) => return None,
            (a, b) => {
                let same = a.zip(b).is_some_and(|(a, b)| step(first, a.1) == step(second, b.1));
                if !same {
                    return Some((a.map(|it| *it.1), b.map(|it| *it.1)));
                }
            }
        }
    }
}

#[derive(Default)]
struct Counts {
    changes: usize,
    failed: usize,
    unseen: usize,
    own: (usize, usize),
    derived: (usize, usize),
    seen: (usize, usize),
    control: (usize, usize),
}

impl Counts {
    fn line(&self) -> String {
        format!(
            "{} changes ({} change nothing, {} fail): sound {}, derived {}, complete {}, control {}",
            self.changes,
            self.unseen,
            self.failed,
            share(self.own),
            share(self.derived),
            share(self.seen),
            share(self.control)
        )
    }
}

fn share((good, all): (usize, usize)) -> String {
    format!("{good} of {all} ({:.2} %)", 100.0 * good as f64 / all.max(1) as f64)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(70)]).into_owned()
}

/// What an origin is, for people.
fn told(rendered: &Rendered, id: OriginId) -> String {
    let origins = &rendered.origins;
    let text = |source: SourceId, span: Span| match &origins.source(source).text {
        SourceText::Written(written) => {
            format!("{}:{}", written.name(), written.line_column(span.start()).line)
        }
        SourceText::Generated { .. } => "generated".to_owned(),
    };
    match origins.get(id) {
        Origin::Text { source, span, .. } => format!("text {}", text(source, span)),
        Origin::Action { source, span, .. } => format!("action {}", text(source, span)),
        Origin::Literal { source, span, .. } => format!("literal {}", text(source, span)),
        Origin::Value(value) => {
            let value = origins.value(value);
            format!("value {}", text(value.source, value.span))
        }
        Origin::Printed { what, action } => {
            format!("printed [{}] at [{}]", told(rendered, what), told(rendered, action))
        }
        Origin::Fallback { chosen, instead_of } => {
            format!("[{}] instead of [{}]", told(rendered, chosen), told(rendered, instead_of))
        }
        Origin::Derived { function, inputs } => {
            format!("{} of {} things", origins.text_of(function), origins.list(inputs).len())
        }
        Origin::Absent { key, .. } => format!("absent {}", origins.text_of(key)),
        other => format!("{other:?}"),
    }
}

/// Compares a render with the one in which a place is changed.
fn judge(base: &Rendered, again: &Rendered, place: &Place, counts: &mut Counts, wrong: &mut Vec<String>) {
    counts.changes += 1;
    if base.files.len() != again.files.len() || base.failures.len() != again.failures.len() {
        counts.failed += 1;
        return;
    }
    let mut ties = Ties::new(base, place);
    if let Some((one, two)) = parting(base, again) {
        counts.control.1 += 1;
        let mut after = Ties::new(again, place);
        let tied = one.is_some_and(|frame| ties.whole(frame.origin) != Tie::None)
            || two.is_some_and(|frame| after.whole(frame.origin) != Tie::None);
        counts.control.0 += usize::from(tied);
        if !tied {
            let origin = |rendered, frame: Option<Frame>| frame.map(|it| told(rendered, it.origin));
            let text = |frame: Option<Frame>| frame.map(|it| (it.kind, told_place(base, &it)));
            wrong.push(format!(
                "control {place:?}\n    {:?} {:?}\n    {:?} {:?}",
                text(one),
                origin(base, one),
                text(two),
                origin(again, two)
            ));
        }
        return;
    }
    let mut any = false;
    for (file, new) in base.files.iter().zip(&again.files) {
        let changed = changed_bytes(&file.bytes, &new.bytes);
        let mut start = 0;
        for run in file.runs.as_slice() {
            let range = start..run.end as usize;
            start = range.end;
            let moved = changed[range.clone()].contains(&true);
            let bytes = &file.bytes[range.clone()];
            let tie = ties.run(run.origin, run.at, bytes.len());
            let could =
                place.kind != PlaceKind::Value || bytes.iter().any(|&byte| other(byte, false) != byte);
            any |= moved;
            let report = |what: &str, wrong: &mut Vec<String>| {
                wrong.push(format!(
                    "{what} {place:?}\n    {} at {}: {:?} -> {:?}\n    {}",
                    file.path,
                    range.start,
                    shown(bytes),
                    shown(new.bytes.get(range.clone()).unwrap_or_default()),
                    told(base, run.origin)
                ));
            };
            match tie {
                Tie::Own if could => {
                    counts.own.1 += 1;
                    counts.own.0 += usize::from(moved);
                    if !moved {
                        report("unsound", wrong);
                    }
                }
                Tie::Derived => {
                    counts.derived.1 += 1;
                    counts.derived.0 += usize::from(moved);
                }
                _ => {}
            }
            if moved {
                counts.seen.1 += 1;
                counts.seen.0 += usize::from(tie != Tie::None);
                if tie == Tie::None {
                    report("incomplete", wrong);
                }
            }
        }
    }
    counts.unseen += usize::from(!any);
}

fn told_place(rendered: &Rendered, frame: &Frame) -> String {
    match &rendered.origins.source(frame.source).text {
        SourceText::Written(written) => {
            let text = written.text().get(frame.span.range()).unwrap_or("");
            format!("{}:{} {text}", written.name(), written.line_column(frame.span.start()).line)
        }
        SourceText::Generated { .. } => "generated".to_owned(),
    }
}

#[test]
fn what_changes_is_what_names_the_change() {
    let Some(root) = support::corpus("helm-open") else { return };
    let files: Arc<dyn Files> = Arc::new(DiskFiles::new(&root, &Limits::default()).unwrap());
    let filter = std::env::var("SEAWORTHY_CASE").ok();
    let all = filter.is_some() || std::env::var("SEAWORTHY_CORPUS").is_ok_and(|what| what == "all");
    let wanted = |case: &Case| case.ok && filter.as_ref().is_none_or(|it| case.name.contains(it.as_str()));
    let cases: Vec<Case> = cases(&root).into_iter().filter(wanted).collect();
    let mut counts: BTreeMap<PlaceKind, Counts> = BTreeMap::new();
    let (mut wrong, mut taken, start) = (Vec::new(), 0, Instant::now());
    for case in cases.iter().step_by(if all { 1 } else { STEP }) {
        let (scenario, _) = case.scenario(&root).unwrap();
        let Ok(chart) = load_folder(&*files, &case.chart, &LoadOptions::default()) else { continue };
        let base = render(&chart, &scenario);
        taken += 1;
        let setting = Setting { files: Arc::clone(&files), case, chart, scenario };
        for (place, new) in places(&base, &mut Dice::of(&case.name)) {
            let Some(again) = setting.render(&place, &new) else { continue };
            let mut found = Vec::new();
            judge(&base, &again, &place, counts.entry(place.kind).or_default(), &mut found);
            wrong.extend(found.into_iter().map(|text| format!("{}: {text}", case.name)));
        }
    }
    let most = std::env::var("SEAWORTHY_MOST").ok().and_then(|most| most.parse().ok()).unwrap_or(10);
    for what in ["unsound", "incomplete", "control"] {
        let these: Vec<&String> = wrong.iter().filter(|text| text.contains(&format!(": {what} "))).collect();
        for text in these.iter().step_by((these.len() / most).max(1)) {
            println!("{text}");
        }
    }
    let mut sum = Counts::default();
    for (kind, it) in &counts {
        println!("{kind:?}: {}", it.line());
        for (into, from) in [
            (&mut sum.own, it.own),
            (&mut sum.derived, it.derived),
            (&mut sum.seen, it.seen),
            (&mut sum.control, it.control),
        ] {
            *into = (into.0 + from.0, into.1 + from.1);
        }
        sum.changes += it.changes;
        sum.failed += it.failed;
        sum.unseen += it.unseen;
    }
    println!("{taken} cases in {:?}: {}", start.elapsed(), sum.line());
    let enough = |(good, all): (usize, usize), least: usize| good * 1000 >= all * least;
    if filter.is_none() {
        assert!(
            enough(sum.own, LEAST.0) && enough(sum.seen, LEAST.1) && enough(sum.control, LEAST.2),
            "less is right than recorded"
        );
    }
}
