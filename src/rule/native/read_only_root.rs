//! A read-only root filesystem, with writable volumes where the image is known to write.

use serde_json::json;

use crate::finding::{Applicability, PatchOp};
use crate::resource::{Container, Field, ReadOnlyRoot, get, read_text};
use crate::rule::frame::Frame;
use crate::yaml::FieldPath;

use super::root_user::image_line;
use super::written_path::written_path;
use super::{NativeFix, Repair};

/// Sets `readOnlyRootFilesystem: true`; where a row of the image table names the paths that the
/// image writes to, each gets an `emptyDir` unless something is mounted there already.
pub fn fix(
    frame: &Frame<'_>,
    document: usize,
    _: &FieldPath,
    _: Option<&Repair>,
) -> Result<NativeFix, String> {
    let (Some(pod), Some(container)) = (frame.pod, frame.container) else {
        return Err("there is no container".to_owned());
    };
    let path = container.path.key("securityContext").key("readOnlyRootFilesystem");
    let mut ops = vec![PatchOp::Set { document, path, value: true.into() }];
    let fact = frame.fact_of(container);
    let (support, writable) =
        fact.as_ref().map_or((None, &[][..]), |fact| (fact.row.read_only_root, &fact.row.writable[..]));
    let mounted = mounts(frame, container);
    let covered =
        |path: &str| mounted.iter().any(|mount| path == mount || path.starts_with(&format!("{mount}/")));
    let provided = |path: &str| {
        let given = support == Some(ReadOnlyRoot::WithMounts);
        covered(path) || given && writable.iter().any(|folder| path.starts_with(&**folder))
    };
    if let Some(path) = written_path(frame, container, &provided) {
        return Err(format!("its command writes to {path}, where no volume is mounted"));
    }
    match support {
        Some(ReadOnlyRoot::No) => return Err("the image is known to write to its root filesystem".to_owned()),
        Some(ReadOnlyRoot::Yes) => {
            let safe = fact.is_some_and(|fact| fact.is_reliable());
            let level = safe.then_some(Applicability::Safe);
            return Ok(NativeFix { level, ops, ..NativeFix::default() });
        }
        Some(ReadOnlyRoot::WithMounts) => {}
        None => {
            let held_back = "what the program writes to its root filesystem is not known".to_owned();
            let release = image_line(frame, container, "read-only-root = \"yes\"");
            return Ok(NativeFix { ops, held_back: Some(held_back), release, ..NativeFix::default() });
        }
    }
    let mut names = volume_names(frame);
    let base = volume_base(container);
    let mut added = 0;
    // Whoever says in the configuration which paths it takes knows what is in them.
    let vouched = fact.is_some_and(|fact| fact.is_reliable());
    for directory in writable.iter().filter(|directory| !covered(directory)) {
        if directory.contains('*') || !vouched && may_hold_files(directory) {
            let image = frame.image_of(container).unwrap_or_default();
            return Err(format!(
                "{image} writes to {directory}, where an empty volume would hide what the image has: mount one that is filled first"
            ));
        }
        let name = free_name(&base, directory, &names);
        names.push(name.clone());
        let mount = json!({ "name": name, "mountPath": directory });
        ops.push(PatchOp::Append { document, path: container.path.key("volumeMounts"), value: mount });
        let volume = json!({ "name": name, "emptyDir": {} });
        ops.push(PatchOp::Append { document, path: pod.path.key("volumes"), value: volume });
        added += 1;
    }
    let title = (added > 0)
        .then(|| "Make the root filesystem read-only, with volumes where the image writes".to_owned());
    let held_back = "what the program itself writes elsewhere is not known".to_owned();
    Ok(NativeFix { title, ops, held_back: Some(held_back), ..NativeFix::default() })
}

/// Folders of programs and their settings.
const FILLED: [&str; 6] = ["/app/", "/etc/", "/lib/", "/opt/", "/usr/", "/var/www/"];

/// What folders for passing things are called.
const PASSING: [&str; 9] = ["cache", "data", "log", "logs", "run", "temp", "tmp", "work", "pid"];

/// Whether an image may well have files of its own in a folder that it writes to.
fn may_hold_files(directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    let last = directory.rsplit('/').next().unwrap_or("");
    let below = format!("{directory}/");
    FILLED.iter().any(|folder| below.starts_with(folder)) && !PASSING.contains(&last)
}

fn mounts(frame: &Frame<'_>, container: &Container) -> Vec<String> {
    let tree = frame.tree();
    let Field::Value(list) = get(tree, container.node, &["volumeMounts"]) else { return Vec::new() };
    let paths = tree.items(list).iter().filter_map(|&item| read_text(tree, item, &["mountPath"]).value());
    paths.map(|path| path.trim_end_matches('/').to_owned()).collect()
}

fn volume_names(frame: &Frame<'_>) -> Vec<String> {
    let tree = frame.tree();
    let list = frame.pod.map(|pod| get(tree, pod.spec, &["volumes"]));
    let Some(Field::Value(list)) = list else { return Vec::new() };
    let names = tree.items(list).iter().filter_map(|&item| read_text(tree, item, &["name"]).value());
    names.map(std::borrow::Cow::into_owned).collect()
}

/// Volumes belong to the pod: the container's name keeps two containers' apart.
fn volume_base(container: &Container) -> String {
    let name = container.name.as_deref().unwrap_or("container");
    name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-').take(30).collect()
}

/// A volume's name (a DNS label) that no other volume has.
fn free_name(base: &str, directory: &str, taken: &[String]) -> String {
    let words = directory.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let path = words.collect::<Vec<_>>().join("-");
    let whole: String = format!("{base}-{path}").chars().take(58).collect();
    let whole = whole.trim_matches('-').to_owned();
    let mut name = whole.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{whole}-{number}");
        number += 1;
    }
    name
}
