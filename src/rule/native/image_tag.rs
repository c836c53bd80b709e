//! Images whose tag does not say what runs.

use crate::resource::{Field, ImageReference, Tag, get};
use crate::rule::frame::Frame;

use super::Found;

/// Containers whose image has no tag, or `latest`, and no digest.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let Some(container) = frame.container else { return Vec::new() };
    let tree = frame.tree();
    let Field::Value(node) = get(tree, container.node, &["image"]) else { return Vec::new() };
    let Field::Value(text) = Field::text_of(tree, node) else { return Vec::new() };
    let Some(image) = ImageReference::parse(&text).filter(|image| image.digest.is_none()) else {
        return Vec::new();
    };
    let what = match image.tag {
        Tag::Implied => "has no tag, which means latest",
        Tag::Written("latest") => "has the tag latest",
        Tag::Written(_) => return Vec::new(),
    };
    let message = format!("image {} of container {} {what}", image.name, container.label());
    let field = container.path.key("image");
    vec![Found { node, field, absent: false, message: Some(message), repair: None }]
}
