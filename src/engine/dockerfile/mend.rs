//! Mending a Dockerfile: one fix after the other, until none is left.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dockerfile;
use crate::engine::repair::{Ledger, Made, Mended, allowed, outcomes};
use crate::engine::verify::{Verified, VerifiedFile, follow};
use crate::engine::{Engine, Selection};
use crate::finding::{Finding, FixOffer};
use crate::fix::compose;
use crate::project::InputFile;
use crate::source::{Source, TextEdits};

use super::judge::{Judged, judge};

/// Most fixes of one file; real ones need a few.
const MOST_FIXES: usize = 64;

/// Mends a Dockerfile as far as the selection allows. Nothing is written.
pub(in crate::engine) fn mend(engine: &Engine, input: &InputFile, selection: &Selection) -> Mended {
    let source = match input.read(&engine.limits) {
        Ok(source) => source,
        Err(problem) => return Mended::unread(*problem),
    };
    let first = judge(engine, input, &source);
    let findings = first.findings.clone();
    let before = first.clone().kept();
    let mut ledger = Ledger::default();
    let mut edits = TextEdits::default();
    let mut now = first;
    for _ in 0..MOST_FIXES {
        let open = |finding: &&Finding| {
            !ledger.refused.contains_key(&finding.fingerprint)
                && !ledger.made.contains_key(&finding.fingerprint)
        };
        let next = now.findings.iter().filter(open).find_map(|it| Some((it, allowed(it, selection)?)));
        let Some((finding, fix)) = next else { break };
        let id = finding.fingerprint.clone();
        match advance(engine, input, &now, finding, fix) {
            Ok((after, more)) => match compose(source.text(), &edits, &more) {
                Ok(all) => {
                    let made = Made { title: fix.title.clone(), applicability: fix.applicability };
                    ledger.made.insert(id, made);
                    (edits, now) = (all, after);
                }
                Err(conflict) => {
                    ledger.refused.insert(id, conflict.to_string());
                }
            },
            Err(reason) => {
                ledger.refused.insert(id, reason);
            }
        }
    }
    let left: HashSet<String> = now.findings.iter().map(|finding| finding.fingerprint.clone()).collect();
    let outcomes = outcomes(findings, &ledger, &left, selection);
    let text = edits.apply(source.text());
    let verified = if text == **source.text() {
        Verified::default()
    } else {
        let after = Arc::new(Source::new(Arc::clone(source.name()), text));
        Verified::of(VerifiedFile::proved(input.path().to_path_buf(), source, edits, after))
    };
    Mended { verified, outcomes, before, after: now.kept() }
}

/// Makes one fix in memory and proves it: the file reads again, only what the fix says differs, the finding
/// is gone and none is new.
fn advance(
    engine: &Engine,
    input: &InputFile,
    now: &Judged,
    finding: &Finding,
    fix: &FixOffer,
) -> Result<(Judged, TextEdits), String> {
    let file = now.file.as_ref().ok_or("the file can not be read")?;
    let ops = &fix.patch.dockerfile;
    let edits = dockerfile::plan(file, ops).map_err(|refusal| refusal.to_string())?;
    let text = edits.apply(file.source().text());
    if text == **file.source().text() {
        return Err("the fix changes nothing".to_owned());
    }
    let source = Arc::new(Source::new(Arc::clone(file.source().name()), text));
    let after = judge(engine, input, &source);
    let Some(new) = &after.file else {
        let reason = after.problems.first().map_or("it can not be read", |problem| &problem.message);
        return Err(format!("afterwards: {reason}"));
    };
    dockerfile::verify(file, ops, new).map_err(|mismatch| mismatch.to_string())?;
    let all = |judged: &Judged| -> Vec<Finding> {
        let ignored = judged.ignored.iter().map(|ignored| &ignored.finding);
        judged.findings.iter().chain(ignored).cloned().collect()
    };
    follow(&all(now), &all(&after), &[finding])?;
    Ok((after, edits))
}
