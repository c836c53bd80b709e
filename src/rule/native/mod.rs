//! Rules and fixers in Rust, for what no closed list expresses. One line each in the tables below.

mod annotation;
mod called_program;
mod capability;
mod drop_all;
mod end_of_support;
mod field_place;
mod field_table;
mod host_users;
mod image_swap;
mod image_tag;
pub(super) mod instead;
pub(super) mod listen;
mod low_port;
mod missing_program;
mod move_port;
mod own_call;
mod pod_callers;
mod probe_host;
mod read_only_root;
mod root_user;
mod written_path;

use crate::finding::{Applicability, PatchOp};
use crate::yaml::{FieldPath, NodeId};

use super::frame::Frame;

pub(super) use annotation::other_seccomp as annotates_other_seccomp;
pub(super) use called_program::{calls_api, listed, uses_capabilities, uses_capability, works_privileged};
pub(super) use drop_all::{binds_by_file, hands_over, has_other_file_rights};
pub(crate) use field_table::is_of_pod_and_container;

/// What a rule in Rust found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The node to point at.
    pub node: NodeId,
    /// Path of the field in the object.
    pub field: FieldPath,
    /// Whether the field is absent.
    pub absent: bool,
    /// The message, where the rule's own does not say enough.
    pub message: Option<String>,
    /// What the `planned` fixer does about it.
    pub repair: Option<Repair>,
}

/// A repair that is known together with the finding.
#[derive(Clone, Debug)]
pub(super) struct Repair {
    /// What it does.
    pub title: String,
    /// Its operations on the object with this index in the target.
    pub ops: Vec<Planned>,
    /// Its level, where it is not the fix's own.
    pub level: Option<Applicability>,
}

/// An operation without the object it is for.
#[derive(Clone, Debug)]
pub(super) enum Planned {
    /// Sets a field.
    Set(FieldPath, serde_json::Value),
    /// Removes a field or item, with parents left empty.
    Remove(FieldPath),
    /// Gives a key another name.
    Rename(FieldPath, String),
}

impl Planned {
    fn on(&self, document: usize) -> PatchOp {
        match self {
            Self::Set(path, value) => PatchOp::Set { document, path: path.clone(), value: value.clone() },
            Self::Remove(path) => PatchOp::Remove { document, path: path.clone(), prune: true },
            Self::Rename(path, to) => PatchOp::Rename { document, path: path.clone(), to: to.clone() },
        }
    }
}

/// What a fixer in Rust decided.
#[derive(Clone, Debug, Default)]
pub(super) struct NativeFix {
    /// What it does, where the rule's title does not say enough.
    pub title: Option<String>,
    /// Its level, where it is not the fix's own.
    pub level: Option<Applicability>,
    /// The change.
    pub ops: Vec<PatchOp>,
    /// Why its level is not higher.
    pub held_back: Option<String>,
    /// What would release it.
    pub release: Option<String>,
}

/// A rule in Rust.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder {
    /// Its name in `native`.
    pub name: &'static str,
    /// What it finds in a subject.
    pub run: fn(&Frame<'_>) -> Vec<Found>,
}

/// Decides on a fix: the subject, the object's index in the target, the path found, and what the
/// finder planned. An error says why there is none.
pub(super) type FixerFn = fn(&Frame<'_>, usize, &FieldPath, Option<&Repair>) -> Result<NativeFix, String>;

/// A fixer in Rust.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixer {
    /// Its name in a fix's `native`.
    pub name: &'static str,
    /// Whether it reads or changes other objects of the target.
    pub linked: bool,
    /// What it changes.
    pub run: FixerFn,
}

const FINDERS: [Finder; 13] = [
    Finder { name: "apparmor-annotation", run: annotation::apparmor },
    Finder { name: "capability-prefix", run: capability::prefix },
    Finder { name: "capability-spelling", run: capability::spelling },
    Finder { name: "end-of-support", run: end_of_support::find },
    Finder { name: "host-users", run: host_users::find },
    Finder { name: "image-tag", run: image_tag::find },
    Finder { name: "misplaced-field", run: field_place::misplaced },
    Finder { name: "missing-program", run: missing_program::find },
    Finder { name: "privileged-image", run: image_swap::find },
    Finder { name: "privileged-port", run: low_port::find },
    Finder { name: "seccomp-annotation", run: annotation::seccomp },
    Finder { name: "unknown-capability", run: capability::unknown },
    Finder { name: "unknown-field", run: field_place::unknown },
];

const FIXERS: [Fixer; 11] = [
    Fixer { name: "add-net-bind-service", linked: false, run: low_port::add_capability },
    Fixer { name: "drop-all-but-bind", linked: false, run: drop_all::fix },
    Fixer { name: "missing-program", linked: false, run: missing_program::fix },
    Fixer { name: "move-port", linked: true, run: move_port::fix },
    Fixer { name: "open-low-ports", linked: false, run: low_port::open },
    Fixer { name: "planned", linked: false, run: planned },
    Fixer { name: "probe-host", linked: false, run: probe_host::fix },
    Fixer { name: "read-only-root", linked: false, run: read_only_root::fix },
    Fixer { name: "root-uid", linked: false, run: root_user::fix_uid },
    Fixer { name: "run-as-non-root", linked: false, run: root_user::fix_non_root },
    Fixer { name: "swap-image", linked: false, run: image_swap::fix },
];

/// The rule of a name.
pub(super) fn finder(name: &str) -> Option<Finder> {
    FINDERS.into_iter().find(|finder| finder.name == name)
}

/// The names of all rules in Rust.
pub(super) fn finders() -> impl Iterator<Item = &'static str> {
    FINDERS.into_iter().map(|finder| finder.name)
}

/// The fixer of a name.
pub(super) fn fixer(name: &str) -> Option<Fixer> {
    FIXERS.into_iter().find(|fixer| fixer.name == name)
}

/// The names of all fixers in Rust.
pub(super) fn fixers() -> impl Iterator<Item = &'static str> {
    FIXERS.into_iter().map(|fixer| fixer.name)
}

/// Does what the finder planned.
fn planned(
    _: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    repair: Option<&Repair>,
) -> Result<NativeFix, String> {
    let repair = repair.ok_or("the manifest does not say what was meant, the right place is taken, or the value is not what belongs there")?;
    Ok(NativeFix {
        title: Some(repair.title.clone()),
        level: repair.level,
        ops: repair.ops.iter().map(|op| op.on(document)).collect(),
        ..NativeFix::default()
    })
}
