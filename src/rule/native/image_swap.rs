//! Images for which there is one that does the same without root: another repository under the same tags, or
//! another tag of the same one.

use serde_json::json;

use crate::finding::PatchOp;
use crate::resource::{Alternative, Container, Field, ImageReference, get, read_text};
use crate::rule::dockerfile::without_shell;
use crate::rule::frame::Frame;
use crate::yaml::{FieldPath, SpanTree};

use super::{Found, NativeFix, Repair};

/// Names of Docker Hub, under which another repository of it is found too. Mirrors have what they have.
const HUB: [&str; 5] =
    ["docker.io/", "index.docker.io/", "registry-1.docker.io/", "registry.hub.docker.com/", ""];

/// The other image.
enum Other<'a> {
    /// Another repository with the same tags.
    Repository(&'a Alternative),
    /// Another tag, or why none is taken.
    Tag(Result<String, &'static str>),
}

fn other_of<'a>(frame: &Frame<'a>, container: &Container, image: &ImageReference<'_>) -> Option<Other<'a>> {
    if let Some(tag) = without_shell(image) {
        return Some(Other::Tag(tag));
    }
    let alternative = frame.fact_of(container)?.row.alternative.as_ref()?;
    alternative.same_tags.then_some(Other::Repository(alternative))
}

/// The image, where there is another one.
pub fn find(frame: &Frame<'_>) -> Vec<Found> {
    let Some(container) = frame.container else { return Vec::new() };
    let (Some(node), Some(text)) =
        (get(frame.tree(), container.node, &["image"]).value(), frame.image_of(container))
    else {
        return Vec::new();
    };
    let Some(image) = ImageReference::parse(&text) else { return Vec::new() };
    let name = container.label();
    let message = match other_of(frame, container, &image) {
        None => return Vec::new(),
        Some(Other::Repository(other)) => format!(
            "container {name} runs {text} as root; {} does the same as {}, on port {}",
            other.image, other.uid, other.port
        ),
        Some(Other::Tag(_)) => {
            format!("container {name} runs {text}, which has a shell, a package manager and root")
        }
    };
    let field = container.path.key("image");
    vec![Found { node, field, absent: false, message: Some(message), repair: None }]
}

/// Names the other image in place of this one.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    found: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let container = frame.container.ok_or("there is no container")?;
    let text = frame.image_of(container).ok_or("the image is filled in later")?;
    let image = ImageReference::parse(&text).ok_or("the image is filled in later")?;
    let other = other_of(frame, container, &image).ok_or("no other image is known")?;
    if image.digest.is_some() {
        return Err("a digest pins it, and that of the other image is not known".to_owned());
    }
    let new = match other {
        Other::Repository(other) => {
            let registry = image.name.strip_suffix(image.repository().as_str());
            let registry = registry.map(|it| it.strip_suffix("library/").unwrap_or(it));
            let registry = registry.filter(|registry| HUB.contains(registry));
            let registry = registry.ok_or_else(|| {
                format!("it comes from a mirror, and whether that has {} is not known", other.image)
            })?;
            may_be_configured(frame.tree(), container)?;
            let tag = text.trim().strip_prefix(image.name).unwrap_or("");
            format!("{registry}{}{tag}", other.image)
        }
        Other::Tag(tag) => {
            starts_without_shell(frame, container, &image)?;
            format!("{}:{}", image.name, tag?)
        }
    };
    let title = Some(format!("Run {new}"));
    let ops = vec![PatchOp::Set { document, path: found.clone(), value: json!(new) }];
    Ok(NativeFix { title, ops, ..NativeFix::default() })
}

/// Whether what is mounted or run may decide where the program listens: anything outside of the folders
/// that hold pages, logs and temporary files.
fn may_be_configured(tree: &SpanTree, container: &Container) -> Result<(), String> {
    const DATA: [&str; 5] = ["/usr/share/nginx/", "/var/cache/", "/var/log/", "/var/run", "/tmp"];
    for key in ["command", "args"] {
        if !get(tree, container.node, &[key]).is_absent() {
            return Err(format!("its {key} may say where it listens: look at it first"));
        }
    }
    let mounts = match get(tree, container.node, &["volumeMounts"]) {
        Field::Absent => return Ok(()),
        Field::Value(mounts) => mounts,
        _ => return Err("what is mounted is filled in later".to_owned()),
    };
    for &mount in tree.items(mounts) {
        let Field::Value(path) = read_text(tree, mount, &["mountPath"]) else {
            return Err("what is mounted is filled in later".to_owned());
        };
        if !DATA.iter().any(|folder| path.starts_with(folder)) {
            return Err(format!("what is mounted at {path} may say where it listens: look at it first"));
        }
    }
    Ok(())
}

/// Whether the container says what it starts, and declares where that listens if the other image says another
/// port. Images of .NET without a shell start `dotnet` by themselves, those with one nothing.
fn starts_without_shell(
    frame: &Frame<'_>,
    container: &Container,
    image: &ImageReference<'_>,
) -> Result<(), String> {
    let tree = frame.tree();
    if get(tree, container.node, &["command"]).is_absent() {
        let reason = "it has no command: what its args or its image start would be started otherwise";
        return Err(reason.to_owned());
    }
    let listens_otherwise = ["6.", "7."].iter().any(|version| image.tag.text().starts_with(version));
    let ports = get(tree, container.node, &["ports"]).value();
    if listens_otherwise && ports.is_none_or(|ports| tree.items(ports).is_empty()) {
        return Err("it listens on 80 now and would on 8080, and declares no port that could move".to_owned());
    }
    Ok(())
}
