//! Images for which there is one that does the same without root, under the same tags.

use serde_json::json;

use crate::resource::{Container, Field, ImageReference, get, read_text};
use crate::rule::frame::Frame;
use crate::yaml::SpanTree;

use super::{Found, Planned, Repair};

/// The image, where an unprivileged one with the same tags is known.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let Some(container) = frame.container else { return Vec::new() };
    let tree = frame.tree();
    let (Some(node), Some(text)) = (get(tree, container.node, &["image"]).value(), frame.image_of(container))
    else {
        return Vec::new();
    };
    let fact = frame.fact_of(container);
    let Some(other) = fact.as_ref().and_then(|fact| fact.row.alternative.as_ref()) else { return Vec::new() };
    let Some(image) = ImageReference::parse(&text).filter(|_| other.same_tags) else { return Vec::new() };
    let field = container.path.key("image");
    let tag = text.strip_prefix(image.name).unwrap_or("");
    let pinned = image.digest.is_some();
    let repair = (!pinned && !may_be_configured(tree, container)).then(|| Repair {
        title: format!("Run {}{tag}", other.image),
        ops: vec![Planned::Set(field.clone(), json!(format!("{}{tag}", other.image)))],
        level: None,
    });
    let message = format!(
        "container {} runs {text} as root; {} does the same as {}, on port {}",
        container.label(),
        other.image,
        other.uid,
        other.port
    );
    vec![Found { node, field, absent: false, message: Some(message), repair }]
}

/// Whether what is mounted or run may decide where the program listens: anything outside of the folders
/// that hold pages, logs and temporary files.
fn may_be_configured(tree: &SpanTree, container: &Container) -> bool {
    const DATA: [&str; 5] = ["/usr/share/nginx/", "/var/cache/", "/var/log/", "/var/run", "/tmp"];
    let command = ["command", "args"].into_iter().any(|key| !get(tree, container.node, &[key]).is_absent());
    let mounts = match get(tree, container.node, &["volumeMounts"]) {
        Field::Absent => return command,
        Field::Value(mounts) => mounts,
        _ => return true,
    };
    command
        || tree.items(mounts).iter().any(|&mount| match read_text(tree, mount, &["mountPath"]) {
            Field::Value(path) => !DATA.iter().any(|folder| path.starts_with(folder)),
            _ => true,
        })
}
