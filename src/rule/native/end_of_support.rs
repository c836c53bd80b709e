//! Images of platforms that get no more fixes of security holes.

use crate::resource::{Field, ImageReference, ended_support, get};
use crate::rule::frame::Frame;

use super::Found;

/// The image of the container, where its tag names such a version.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let Some(container) = frame.container else { return Vec::new() };
    let tree = frame.tree();
    let Field::Value(node) = get(tree, container.node, &["image"]) else { return Vec::new() };
    let Field::Value(text) = Field::text_of(tree, node) else { return Vec::new() };
    let Some(ended) = ImageReference::parse(&text).as_ref().and_then(ended_support) else {
        return Vec::new();
    };
    let message = format!(
        "container {} runs {} {}, whose support ended on {}",
        container.label(),
        ended.platform,
        ended.version,
        ended.day
    );
    vec![Found {
        node,
        field: container.path.key("image"),
        absent: false,
        message: Some(message),
        repair: None,
    }]
}
