//! [`Discovery`]: from the paths of a command line to a [`Project`].

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::source::{FileError, Limits, Problem, ProblemKind};

use super::dockerfile::is_dockerfile_name;
use super::environment;
use super::kustomize::{self, normalized};
use super::read::shown;
use super::values::is_values_file;
use super::walk::{self, Found, Rules};
use super::{ChartFolder, InputFile, Project, Role, Target};

/// What to look for, and where.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// Files and folders, relative ones counting from the working directory.
    pub paths: Vec<PathBuf>,
    /// Globs in the manner of `.gitignore`, each with the folder it is relative to.
    pub exclude: Vec<(PathBuf, String)>,
    /// Whether ignored and excluded paths stay so when they are named in `paths`.
    pub force_exclude: bool,
    /// Whether files that git ignores are read all the same.
    pub no_gitignore: bool,
    /// Bounds on what is read.
    pub limits: Limits,
}

#[derive(Default)]
struct Gathered {
    /// Absolute path to the name shown.
    files: BTreeMap<PathBuf, String>,
    /// Absolute folders that hold a `Chart.yaml`.
    charts: BTreeSet<PathBuf>,
    /// Charts that were named as a whole, by themselves or by a folder above.
    whole: BTreeSet<PathBuf>,
    /// Absolute paths inside of charts that were named, to the name shown.
    inside: BTreeMap<PathBuf, String>,
    /// Absolute paths of patches.
    patches: HashSet<PathBuf>,
    problems: Vec<Problem>,
    /// Whether a path was named that is no folder.
    alone: bool,
}

impl Project {
    /// Walks the paths. What is wrong with a path is a problem of the project.
    #[must_use]
    pub fn discover(discovery: &Discovery) -> Self {
        let rules = Rules { excluded: excluded(discovery), gitignore: !discovery.no_gitignore };
        let mut gathered = Gathered::default();
        for path in &discovery.paths {
            let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let absolute = normalized(&absolute);
            match std::fs::metadata(&absolute) {
                Ok(kind) if kind.is_dir() => gathered.folder(path, &absolute, &rules),
                Ok(_) => {
                    gathered.alone = true;
                    let passed_over = discovery.force_exclude
                        && (rules.excludes(&absolute, false) || rules.git_ignores(&absolute, false));
                    if !passed_over {
                        gathered.file(path, absolute, &discovery.limits);
                    }
                }
                Err(error) => {
                    let message = match error.kind() {
                        std::io::ErrorKind::NotFound => FileError::NotFound.to_string(),
                        _ => error.to_string(),
                    };
                    gathered.problems.push(Problem::of_path(ProblemKind::NotChecked, shown(path), message));
                }
            }
        }
        gathered.sort(&discovery.limits)
    }
}

fn excluded(discovery: &Discovery) -> Vec<Gitignore> {
    let mut found = Vec::new();
    for (folder, glob) in &discovery.exclude {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        let mut builder = GitignoreBuilder::new(normalized(&folder));
        // Globs were checked where they were written.
        if builder.add_line(None, glob).is_ok()
            && let Ok(matcher) = builder.build()
        {
            found.push(matcher);
        }
    }
    found
}

impl Gathered {
    fn folder(&mut self, given: &Path, absolute: &Path, rules: &Rules) {
        let name = |path: &Path| match path.strip_prefix(absolute) {
            Ok(below) => shown(&given.join(below)),
            Err(_) => shown(path),
        };
        let above = chart_above(absolute);
        if above.iter().all(|chart| chart == absolute) {
            self.whole.extend(above.first().cloned());
        } else {
            self.inside.insert(absolute.to_path_buf(), shown(given));
        }
        self.charts.extend(above);
        for found in walk::walk(absolute, rules) {
            match found {
                Found::File(path) => {
                    let name = name(&path);
                    self.files.entry(path).or_insert(name);
                }
                Found::Chart(path) => {
                    let folder = path.parent().map(Path::to_path_buf);
                    self.whole.extend(folder.clone());
                    self.charts.extend(folder);
                }
                Found::Outside { path, folder } => {
                    let kind = if folder { ProblemKind::Warning } else { ProblemKind::NotChecked };
                    let message = FileError::OutsideTree.to_string();
                    self.problems.push(Problem::of_path(kind, name(&path), message));
                }
                Found::Unreadable(path, reason) => {
                    self.problems.push(Problem::of_path(ProblemKind::NotChecked, name(&path), reason));
                }
            }
        }
    }

    fn file(&mut self, given: &Path, absolute: PathBuf, limits: &Limits) {
        if kustomize::names_as_patch(&absolute, limits) {
            self.patches.insert(absolute.clone());
        }
        let above = chart_above(&absolute);
        if !above.is_empty() {
            self.inside.insert(absolute.clone(), shown(given));
        }
        self.charts.extend(above);
        self.files.entry(absolute).or_insert_with(|| shown(given));
    }

    /// The innermost chart that a path lies in.
    fn chart_of<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.ancestors().skip(1).find(|folder| self.charts.contains(*folder))
    }

    /// The chart that a chart belongs to: a subchart to the outermost one.
    fn outermost<'a>(&self, chart: &'a Path) -> &'a Path {
        let mut top = chart;
        while let Some(charts) = top.parent().filter(|above| above.ends_with("charts"))
            && let Some(above) = charts.parent().filter(|above| self.charts.contains(*above))
        {
            top = above;
        }
        top
    }

    /// Charts keep their templates, everything else is a manifest.
    fn sort(mut self, limits: &Limits) -> Project {
        for path in self.files.keys().filter(|path| kustomize::is_kustomization(path)) {
            self.patches.extend(kustomize::patches(path, limits));
        }
        let mut charts: BTreeMap<PathBuf, ChartFolder> = BTreeMap::new();
        let mut manifests = Vec::new();
        let mut dockerfiles = Vec::new();
        for (path, name) in std::mem::take(&mut self.files) {
            if is_dockerfile_name(&path) {
                dockerfiles.push(InputFile::on_disk(name, path));
                continue;
            }
            let role = if self.patches.contains(&path) { Role::OverlayPatch } else { Role::Manifest };
            let template = path.ancestors().skip(1).find(|folder| {
                folder.file_name().is_some_and(|name| name == "templates")
                    && folder.parent().is_some_and(|parent| self.charts.contains(parent))
            });
            // A chart may have no templates but those of the charts that it needs. Any other file of a chart selects
            // it too, if it was named.
            let heads = path.ends_with("Chart.yaml") || self.inside.contains_key(&path);
            let named = heads.then(|| self.chart_of(&path)).flatten();
            let Some(chart) = template.and_then(Path::parent).or(named) else {
                manifests.push(InputFile::on_disk(name, path).with_role(role));
                continue;
            };
            let top = self.outermost(chart);
            let shown_top = shown_above(&name, &path, top);
            let named_inside =
                |(inside, name): (&PathBuf, &String)| inside.starts_with(top).then(|| name.clone());
            let entry = charts.entry(top.to_path_buf()).or_insert_with(|| ChartFolder {
                name: shown_top,
                path: top.to_path_buf(),
                templates: Vec::new(),
                only: if self.whole.contains(top) {
                    Vec::new()
                } else {
                    self.inside.iter().filter_map(named_inside).collect()
                },
                values: Vec::new(),
            });
            if template.is_some() {
                entry.templates.push(InputFile::on_disk(name, path));
            } else {
                manifests.push(InputFile::on_disk(name, path).with_role(role));
            }
        }
        for files in [&mut manifests, &mut dockerfiles] {
            files.sort_by(|a: &InputFile, b| a.name().cmp(b.name()));
        }
        let folders: Vec<PathBuf> = charts.keys().cloned().collect();
        let folders: Vec<&PathBuf> = folders.iter().collect();
        for file in manifests.iter_mut().filter(|file| self.chart_of(file.path()).is_none()) {
            let chart = environment::chart_for(file.path(), &folders);
            if let Some(chart) = chart.and_then(|chart| charts.get_mut(chart)) {
                chart.values.push(file.path().to_path_buf());
            } else if file.role == Role::Manifest && is_values_file(file.path()) {
                file.role = Role::Values;
            }
        }
        let mut targets = vec![Target::Manifests(manifests), Target::Dockerfiles(dockerfiles)];
        targets.extend(charts.into_values().map(Target::Chart));
        Project { targets, problems: self.problems, whole: !self.alone }
    }
}

/// The name of a folder above a file, cut from the file's name.
fn shown_above(name: &str, path: &Path, folder: &Path) -> Arc<str> {
    let below = path.strip_prefix(folder).map(shown).unwrap_or_default();
    let above = name.strip_suffix(below.as_str()).map(|above| above.trim_end_matches('/'));
    match above {
        Some("") => Arc::from("."),
        Some(above) => Arc::from(above),
        None => Arc::from(shown(folder)),
    }
}

/// Folders above a path that are charts, found by their `Chart.yaml`.
fn chart_above(path: &Path) -> Vec<PathBuf> {
    path.ancestors().filter(|folder| folder.join("Chart.yaml").is_file()).map(Path::to_path_buf).collect()
}
