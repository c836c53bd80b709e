//! Git generators of ApplicationSets, where they ask for folders and files of the repository that is checked.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::helm::path_match::PathPattern;
use crate::project::InputFile;
use crate::resource::{Field, read_bool};
use crate::source::Limits;
use crate::yaml::{self, NodeId, SpanTree};

use super::application_set::Names;
use super::reader::Reader;
use super::release::Unknown;

/// How deep a file's mappings are read.
const MOST_DEPTH: usize = 8;

/// What there is around a resource.
pub(super) struct Around<'a> {
    /// The resource's file on disk.
    pub file: &'a Path,
    /// The folders of charts.
    pub charts: &'a [&'a Path],
    /// The files that are checked.
    pub files: &'a [&'a InputFile],
    /// Bounds on what is read.
    pub limits: &'a Limits,
}

impl Around<'_> {
    /// The git work tree of the resource.
    fn root(&self) -> Option<&Path> {
        self.file.ancestors().skip(1).find(|folder| folder.join(".git").exists())
    }

    /// Paths of files from the root, with forward slashes.
    fn paths(&self, root: &Path) -> impl Iterator<Item = (String, &InputFile)> {
        let root = root.to_path_buf();
        self.files.iter().filter_map(move |file| Some((below(&root, file.path())?, *file)))
    }

    /// Folders that hold charts or files, from the root.
    fn folders(&self, root: &Path) -> BTreeSet<String> {
        let files = self.files.iter().filter_map(|file| file.path().parent());
        let folders = files.chain(self.charts.iter().copied()).flat_map(Path::ancestors);
        let below = folders.filter_map(|folder| below(root, folder));
        below.filter(|path| !path.is_empty() && path.split('/').all(|part| !part.starts_with('.'))).collect()
    }
}

/// What the elements of a git generator say.
///
/// # Errors
/// They are not known.
pub(super) fn elements(
    reader: &Reader<'_>,
    generator: NodeId,
    dot: &str,
    around: &Around<'_>,
) -> Result<Vec<Names>, Unknown> {
    let unknown = |why: &str| reader.unknown(generator, why);
    reader.nothing(generator, &["git", "values"], "values of a generator are not evaluated")?;
    reader.nothing(generator, &["git", "pathParamPrefix"], "pathParamPrefix is not evaluated")?;
    let root = around.root().ok_or_else(|| unknown("the root of its repository is not known"))?;
    let (mut wanted, mut left_out) = (Vec::new(), Vec::new());
    for item in reader.items(generator, &["git", "directories"])? {
        let path = reader.text(item, &["path"])?.unwrap_or_default();
        let pattern = PathPattern::new(path.trim_end_matches('/'));
        let pattern = pattern.map_err(|_| reader.unknown(item, "its path is no pattern"))?;
        let excludes = read_bool(reader.tree, item, &["exclude"]) == Field::Value(true);
        if excludes { left_out.push(pattern) } else { wanted.push(pattern) }
    }
    let mut found = Vec::new();
    for folder in around.folders(root) {
        let among = |patterns: &[PathPattern]| patterns.iter().any(|it| it.matches(&folder));
        if among(&wanted) && !among(&left_out) {
            found.push(of_path(&folder, dot));
        }
    }
    for item in reader.items(generator, &["git", "files"])? {
        let path = reader.text(item, &["path"])?.unwrap_or_default();
        reader.nothing(item, &["exclude"], "files that are left out are not evaluated")?;
        for (name, file) in around.paths(root).filter(|(name, _)| matches(&path, name)) {
            let source = file.read(around.limits);
            let source = source.map_err(|_| reader.unknown(item, &format!("{name} can not be read")))?;
            let tree = Arc::new(yaml::parse(&source, around.limits).tree);
            let Some(top) = tree.documents().first().and_then(|it| it.root) else { continue };
            let top = tree.resolve(top);
            let tops = if tree.kind(top).is_sequence() { tree.items(top).to_vec() } else { vec![top] };
            let (folder, filename) = name.rsplit_once('/').unwrap_or(("", &name));
            for top in tops {
                let mut names = of_path(folder, dot);
                let prefix = if dot.is_empty() { "path." } else { ".path." };
                names.insert(format!("{prefix}filename"), filename.to_owned());
                flatten(&tree, tree.resolve(top), dot, &mut names, 0);
                found.push(names);
            }
        }
    }
    Ok(found)
}

/// The names that every element of a folder has.
fn of_path(folder: &str, dot: &str) -> Names {
    let basename = folder.rsplit('/').next().unwrap_or(folder);
    let normalized: String = basename
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || ".-".contains(c) { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let mut names = Names::new();
    let path = if dot.is_empty() { "path" } else { ".path.path" };
    names.insert(path.to_owned(), folder.to_owned());
    let prefix = if dot.is_empty() { "path." } else { ".path." };
    names.insert(format!("{prefix}basename"), basename.to_owned());
    names.insert(format!("{prefix}basenameNormalized"), normalized);
    for (index, part) in folder.split('/').enumerate() {
        match dot {
            "" => names.insert(format!("path[{index}]"), part.to_owned()),
            _ => names.insert(format!("index .path.segments {index}"), part.to_owned()),
        };
    }
    names
}

/// The texts in a mapping, each by its keys joined by dots.
fn flatten(tree: &SpanTree, map: NodeId, dot: &str, names: &mut Names, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    for (key, value) in tree.pairs(map) {
        let Some(key) = tree.key_text(key) else { continue };
        let (value, name) = (tree.resolve(value), format!("{dot}{key}"));
        if tree.kind(value).is_mapping() {
            flatten(tree, value, &format!("{name}."), names, depth + 1);
        } else if let Field::Value(text) = Field::text_of(tree, value) {
            names.insert(name, text.into_owned());
        }
    }
}

/// A path from a folder, with forward slashes.
fn below(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    Some(parts.map(|part| part.as_os_str().to_str()).collect::<Option<Vec<_>>>()?.join("/"))
}

/// Whether a path is meant by a pattern in which `**` is any number of folders.
fn matches(pattern: &str, path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    // How many parts of the path may be taken by what was read of the pattern.
    let mut taken = BTreeSet::from([0]);
    for part in pattern.split('/') {
        taken = match (part, PathPattern::new(part)) {
            ("**", _) => taken.first().map_or(0..0, |&first| first..path.len() + 1).collect(),
            (_, Ok(part)) => {
                let next = |&at: &usize| path.get(at).is_some_and(|name| part.matches(name));
                taken.into_iter().filter(next).map(|at| at + 1).collect()
            }
            (_, Err(_)) => return false,
        };
    }
    taken.contains(&path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stars_are_any_number_of_folders() {
        assert!(matches("clusters/**/config.yaml", "clusters/config.yaml"));
        assert!(matches("clusters/**/config.yaml", "clusters/a/b/config.yaml"));
        assert!(matches("clusters/*/c*.yaml", "clusters/a/config.yaml"));
        assert!(!matches("clusters/*/config.yaml", "clusters/a/b/config.yaml"));
        assert!(!matches("clusters/**", "apps/a"));
        assert!(!matches("clusters/**/**/x", "clusters/a/b"));
    }

    #[test]
    fn a_folder_has_the_names_that_argo_cd_gives_it() {
        let names = of_path("apps/My_web", "");
        assert_eq!(names.get("path").map(String::as_str), Some("apps/My_web"));
        assert_eq!(names.get("path.basenameNormalized").map(String::as_str), Some("my-web"));
        assert_eq!(names.get("path[0]").map(String::as_str), Some("apps"));
        let names = of_path("apps/web", ".");
        assert_eq!(names.get(".path.path").map(String::as_str), Some("apps/web"));
        assert_eq!(names.get(".path.basename").map(String::as_str), Some("web"));
    }
}
