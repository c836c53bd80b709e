//! What the programs of an image need of the capabilities that `drop: [ALL]` takes away.
//!
//! A program whose file carries a capability does not even start where the container drops it
//! (`execve`: operation not permitted). A program that is started as root and hands over to another
//! user changes the owners of its files, its group and its user first.

use serde_json::json;

use crate::finding::PatchOp;
use crate::resource::{Container, EffectiveUser, ImageUser};
use crate::rule::frame::Frame;
use crate::yaml::FieldPath;

use super::capability::{BIND, names};
use super::{NativeFix, Repair};

/// What it takes to hand over to another user.
const HAND_OVER: [&str; 3] = ["CHOWN", "SETGID", "SETUID"];

/// Whether the container adds a capability.
fn adds(frame: &Frame<'_>, container: &Container, capability: &str) -> bool {
    names(frame.tree(), container, "add", capability)
}

fn file_capabilities<'a>(frame: &Frame<'a>, container: &Container) -> &'a [String] {
    frame.fact_of(container).map_or(&[], |fact| &fact.row.file_capabilities)
}

/// Whether the image's programs carry [`BIND`] and nothing else.
pub fn binds_by_file(frame: &Frame<'_>, container: &Container) -> bool {
    let carried = file_capabilities(frame, container);
    !carried.is_empty() && carried.iter().all(|name| name == BIND)
}

/// Whether the image's programs carry capabilities besides [`BIND`] that the container does not add.
pub fn has_other_file_rights(frame: &Frame<'_>, container: &Container) -> bool {
    file_capabilities(frame, container).iter().any(|name| name != BIND && !adds(frame, container, name))
}

/// Whether the container runs as root, the image then hands over to another user, and the container
/// does not add what that takes.
pub fn hands_over(frame: &Frame<'_>, container: &Container) -> bool {
    let Some(fact) = frame.fact_of(container).filter(|fact| fact.row.hands_over) else { return false };
    let root = match frame.user_of(container) {
        EffectiveUser::Set(uid) => uid == 0,
        _ => fact.user() == ImageUser::Root,
    };
    root && !HAND_OVER.iter().all(|name| adds(frame, container, name))
}

/// Drops all capabilities but the one that the image's programs carry.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let container = frame.container.ok_or("there is no container")?;
    let list = |list: &str| container.path.key("securityContext").key("capabilities").key(list);
    let mut ops = vec![PatchOp::Append { document, path: list("drop"), value: json!("ALL") }];
    if !adds(frame, container, BIND) {
        ops.push(PatchOp::Append { document, path: list("add"), value: json!(BIND) });
    }
    Ok(NativeFix { ops, ..NativeFix::default() })
}
