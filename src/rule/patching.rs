//! Candidate fixes: a rule's change as a patch on fields, with its level.

use std::sync::Arc;

use crate::finding::{Applicability, CandidateFix, Patch, PatchOp};
use crate::resource::{Field, Pod, is_windows};
use crate::yaml::{FieldPath, NodeId, Segment, SpanTree};

use super::catalogue::{Change, Fix, Rule};
use super::frame::Frame;
use super::native::{self, Repair, is_of_pod_and_container};
use super::scope::Root;

/// Fields that the API refuses in a pod whose `os.name` is `windows`
/// (Kubernetes pkg/apis/core/validation: validateWindows).
const LINUX_ONLY: [&str; 15] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "fsGroup",
    "fsGroupChangePolicy",
    "hostUsers",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "sysctls",
];

/// The candidates of a finding, or the reason why there is none, or why the best is not among them.
#[derive(Default)]
pub(super) struct Candidates {
    pub fixes: Vec<CandidateFix>,
    pub no_fix: Option<Arc<str>>,
    /// Whether fixes behind one that is enough were not looked at.
    pub more: bool,
}

/// The fixes of a rule for a subject, up to one that is enough for the target. `document` is the object's place in the target; `found` the
/// path of the field the finding is about.
pub(super) fn candidates(
    rule: &Rule,
    frame: &Frame<'_>,
    document: usize,
    found: &FieldPath,
    repair: Option<&Repair>,
) -> Candidates {
    // Findings are kept: no room for more than there is.
    let mut fixes = Vec::with_capacity(rule.fixes.len());
    let mut reasons = Vec::new();
    let mut more = false;
    let meant = |fix: &&Fix| fix.applies_if.as_ref().is_none_or(|condition| condition.holds(frame));
    for (index, fix) in rule.fixes.iter().filter(meant).enumerate() {
        match candidate(fix, frame, document, found, repair) {
            Ok(candidate) => {
                let enough = (frame.target.enough)(&rule.id, candidate.applicability);
                fixes.push(candidate);
                if enough {
                    more = index + 1 < rule.fixes.len();
                    break;
                }
            }
            // Behind one that can be made, nobody misses another.
            Err(reason) if fixes.is_empty() => reasons.push(reason),
            Err(_) => {}
        }
    }
    let reason = reasons.into_iter().next();
    let no_fix = if fixes.is_empty() {
        let own = rule.no_fix.clone().or(reason);
        Some(own.unwrap_or_else(|| "no data says what to write instead".into()))
    } else {
        reason
    };
    Candidates { fixes, no_fix, more }
}

fn candidate(
    fix: &Fix,
    frame: &Frame<'_>,
    document: usize,
    found: &FieldPath,
    repair: Option<&Repair>,
) -> Result<CandidateFix, Arc<str>> {
    if let Some((_, reason)) = fix.blocked_if.iter().find(|(when, _)| when.holds(frame)) {
        return Err(match reason.contains("{programs}") {
            true => reason.replace("{programs}", &native::listed(frame)).into(),
            false => Arc::clone(reason),
        });
    }
    let mut level = fix.applicability;
    if fix.safe_if.as_ref().is_some_and(|condition| condition.holds(frame)) {
        level = Applicability::Safe;
    }
    if fix.unsafe_if.as_ref().is_some_and(|condition| condition.holds(frame)) {
        level = level.min(Applicability::Unsafe);
    }
    if fix.suggestion_if.as_ref().is_some_and(|condition| condition.holds(frame)) {
        level = Applicability::Suggestion;
    }
    let mut title = Arc::clone(&fix.title);
    let (mut held_back, mut release) = (None, None);
    let ops = match &fix.change {
        Change::Set { root, path, value } => {
            // What a container can have of its own is not said for its neighbours.
            let own = frame
                .container_place
                .filter(|_| *root == Root::Pod && is_of_container(path) && frame.shares_pod());
            let base = own.or_else(|| frame.place(*root)).ok_or("there is no place for it")?;
            vec![PatchOp::Set { document, path: base.path.join(path), value: value.clone() }]
        }
        Change::Append { root, path, slot, value } => {
            let base = frame.place(*root).ok_or("there is no place for it")?;
            let (path, value) = (base.path.join(path), value.clone());
            match in_another_case(frame.tree(), base.slots.get(*slot), &value) {
                Some(index) => vec![PatchOp::Set { document, path: path.index(index), value }],
                None => vec![PatchOp::Append { document, path, value }],
            }
        }
        Change::Remove { root, path, slot } => {
            let base = frame.place(*root).ok_or("there is no place for it")?;
            if matches!(base.slots.get(*slot), Field::Absent) {
                return Err(format!("there is no {path} to remove").into());
            }
            vec![PatchOp::Remove { document, path: base.path.join(path), prune: true }]
        }
        Change::RemoveItem => {
            vec![PatchOp::Remove { document, path: frame.subject.path.clone(), prune: true }]
        }
        Change::Native(fixer) => {
            let native = (fixer.run)(frame, document, found, repair)?;
            level = native
                .level
                .map_or(level, |own| if level == Applicability::Suggestion { level } else { own });
            title = native.title.map_or(title, Arc::from);
            // What would settle the fixer's own doubt does not settle another one.
            let is_guarded =
                level == Applicability::Suggestion && fix.applicability != Applicability::Suggestion;
            if !is_guarded || native.level == Some(Applicability::Suggestion) {
                held_back = native.held_back.map(Arc::from);
                release = native.release.map(Arc::from);
            }
            native.ops
        }
    };
    refuse_on_windows(frame, &ops)?;
    let guard = Guard::new(fix, level, held_back, release);
    let mut safety = Arc::clone(&fix.safety);
    if frame.document.is_immutable() {
        let kind = &frame.document.kind().kind;
        safety = Arc::from(format!(
            "{safety}; the pod of an existing {kind} can not be changed: delete it and apply anew"
        ));
    }
    Ok(CandidateFix {
        title,
        applicability: guard.level,
        safety: Some(safety),
        patch: Patch { ops, ..Patch::default() },
        held_back: guard.held_back,
        release: guard.release,
    })
}

/// The item of a list that is this text but for the case of its letters.
fn in_another_case(tree: &SpanTree, list: Field<NodeId>, wanted: &serde_json::Value) -> Option<usize> {
    let (list, wanted) = (list.value()?, wanted.as_str()?);
    tree.items(list).iter().position(
        |&item| matches!(Field::text_of(tree, item), Field::Value(text) if text.eq_ignore_ascii_case(wanted)),
    )
}

/// Whether a field of the pod is one that containers can have too.
fn is_of_container(path: &FieldPath) -> bool {
    let is_of_both = |segment: &Segment| matches!(segment, Segment::Key(key) if is_of_pod_and_container(key));
    path.segments().get(1).is_some_and(is_of_both)
}

/// The level of a fix after the configuration, and why it is not higher.
pub(super) struct Guard {
    pub level: Applicability,
    pub held_back: Option<Arc<str>>,
    pub release: Option<Arc<str>>,
}

impl Guard {
    /// What facts say of the level, and what would release it, before the configuration.
    pub fn new(
        fix: &Fix,
        level: Applicability,
        held_back: Option<Arc<str>>,
        release: Option<Arc<str>>,
    ) -> Self {
        let level = fix.given.filter(|_| level != Applicability::Suggestion).unwrap_or(level);
        if level == Applicability::Safe {
            return Self { level, held_back: None, release: None };
        }
        let [of_unsafe, of_suggestion] = &fix.flags;
        let flag = if level == Applicability::Suggestion { of_suggestion } else { of_unsafe };
        Self {
            level,
            held_back: held_back.or_else(|| Some(Arc::clone(&fix.safety))),
            release: release.or_else(|| Some(Arc::clone(flag))),
        }
    }
}

/// The API refuses Linux fields in a Windows pod, whoever adds them.
fn refuse_on_windows(frame: &Frame<'_>, ops: &[PatchOp]) -> Result<(), String> {
    let Some(pod) = frame.pod else { return Ok(()) };
    fn linux<'p>(pod: &Pod, path: &'p FieldPath) -> Option<&'p Arc<str>> {
        let below = path.segments().iter().find_map(|segment| match segment {
            Segment::Key(key) if LINUX_ONLY.contains(&&**key) => Some(key),
            _ => None,
        });
        below.filter(|_| pod.path.contains(path))
    }
    for op in ops {
        if let PatchOp::Set { path, .. } | PatchOp::Append { path, .. } = op
            && let Some(field) = linux(pod, path)
            && is_windows(frame.tree(), pod)
        {
            return Err(format!("the API refuses {field} in a pod with os.name: windows"));
        }
    }
    Ok(())
}
