//! Files that several of what was mended change: a manifest and the charts that its resources install, or charts that
//! share a values file.
//!
//! Each was proved for itself, from the same text. They go together if their edits do not touch each other, and the
//! text with all of them says what each of them says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::source::{Limits, Source, TextEdits};
use crate::yaml;

use super::Outcome;
use super::repair::Mended;
use super::verify::{Verified, VerifiedFile};

/// All that was proved. Of parts that do not go together the later one is refused as a whole.
pub(super) fn join(parts: &mut [Mended], limits: &Limits) -> Verified {
    let mut all: BTreeMap<Arc<str>, VerifiedFile> = BTreeMap::new();
    for part in parts {
        let merge = |file: &VerifiedFile| match all.get(file.name()) {
            Some(known) => merged(known, file, limits),
            None => Ok(file.clone()),
        };
        match part.verified.files().iter().map(merge).collect::<Result<Vec<_>, String>>() {
            Ok(files) => all.extend(files.into_iter().map(|file| (Arc::clone(file.name()), file))),
            Err(reason) => refuse(part, &reason),
        }
    }
    Verified::join(all.into_values().map(Verified::of))
}

fn refuse(part: &mut Mended, reason: &str) {
    part.verified = Verified::default();
    part.after = part.before.clone();
    for outcome in part.outcomes.iter_mut().filter(|outcome| outcome.outcome == Outcome::Fixed) {
        outcome.outcome = Outcome::Refused { reason: reason.to_owned() };
    }
}

/// Two changes of one file as one.
fn merged(one: &VerifiedFile, other: &VerifiedFile, limits: &Limits) -> Result<VerifiedFile, String> {
    let before = one.before();
    let clash = || format!("other fixes change the same lines of {}: run again", one.name());
    if before.text() != other.before().text() {
        return Err(format!("{} changed while it was read", one.name()));
    }
    // What both do is done once.
    let known = one.edits().as_slice();
    let new = other.edits().as_slice().iter().filter(|edit| !known.contains(edit)).cloned();
    let mut edits = one.edits().clone();
    TextEdits::new(new.collect()).and_then(|new| edits.merge(&new)).map_err(|_| clash())?;
    let after = Arc::new(Source::new(Arc::clone(before.name()), edits.apply(before.text())));
    let says = |source: &Arc<Source>| documents(source, limits).ok_or_else(clash);
    let [base, a, b] = [says(before)?, says(one.after())?, says(other.after())?];
    if !says_both(Some(&base), Some(&a), Some(&b), Some(&says(&after)?)) {
        return Err(clash());
    }
    let with: BTreeSet<Arc<str>> = one.with().union(other.with()).cloned().collect();
    let with: Vec<Arc<str>> = with.into_iter().collect();
    Ok(VerifiedFile::proved(one.path().to_path_buf(), Arc::clone(before), edits, after).together(&with))
}

/// What a file's documents say.
fn documents(source: &Arc<Source>, limits: &Limits) -> Option<Value> {
    let tree = yaml::parse(source, limits).tree;
    let of = |document: &yaml::TreeDocument| match document.root {
        Some(root) => tree.to_json(root).ok(),
        None => Some(Value::Null),
    };
    tree.documents().iter().map(of).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// Whether `merged` differs from `base` in what `a` or `b` differ from it in, and in nothing else.
fn says_both(base: Option<&Value>, a: Option<&Value>, b: Option<&Value>, merged: Option<&Value>) -> bool {
    if a == base {
        return merged == b;
    }
    if b == base || a == b {
        return merged == a;
    }
    match (base, a, b, merged) {
        (
            Some(Value::Object(base)),
            Some(Value::Object(a)),
            Some(Value::Object(b)),
            Some(Value::Object(merged)),
        ) => {
            let keys: BTreeSet<&String> = [base, a, b, merged].iter().flat_map(|map| map.keys()).collect();
            keys.into_iter().all(|key| says_both(base.get(key), a.get(key), b.get(key), merged.get(key)))
        }
        (
            Some(Value::Array(base)),
            Some(Value::Array(a)),
            Some(Value::Array(b)),
            Some(Value::Array(merged)),
        ) => {
            let same = [a, b, merged].iter().all(|list| list.len() == base.len());
            same && (0..base.len()).all(|at| says_both(base.get(at), a.get(at), b.get(at), merged.get(at)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Edit, Span};

    fn file(text: &str, from: &str, to: &str) -> VerifiedFile {
        let before = Arc::new(Source::new("a.yaml", text));
        let at = text.find(from).unwrap();
        let edit = Edit { span: Span::new(at, at + from.len()), text: to.to_owned() };
        let edits = TextEdits::new(vec![edit]).unwrap();
        let after = Arc::new(Source::new("a.yaml", edits.apply(text)));
        VerifiedFile::proved("a.yaml".into(), before, edits, after)
    }

    #[test]
    fn changes_that_do_not_touch_are_made_both() {
        let text = "a: {x: 1}\n---\nb: [2, 3]\n";
        let both = merged(&file(text, "1", "10"), &file(text, "3", "30"), &Limits::default()).unwrap();
        assert_eq!(&**both.after().text(), "a: {x: 10}\n---\nb: [2, 30]\n");
        let same = merged(&file(text, "1", "10"), &file(text, "1", "10"), &Limits::default()).unwrap();
        assert_eq!(&**same.after().text(), "a: {x: 10}\n---\nb: [2, 3]\n");
    }

    #[test]
    fn changes_of_one_value_are_not() {
        let text = "a: 1\n";
        assert!(merged(&file(text, "1", "2"), &file(text, "1", "3"), &Limits::default()).is_err());
        // Each fine by itself, and something else together.
        let text = "a: 1\nb: 2\n";
        assert!(merged(&file(text, "1\n", "1\nc: 3\n"), &file(text, "b", "c"), &Limits::default()).is_err());
    }
}
