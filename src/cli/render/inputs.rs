//! What `render` reads: the chart, values files, caches, the clock.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use super::RenderArgs;
use crate::cli::chart_cache;
use crate::cli::exit::Failure;
use crate::engine::render::{ChartPlace, LoadedChart, RenderRequest, ValuesInput};
use crate::project::{DiskFiles, root_above};
use crate::source::{Limits, Problem};

/// A chart that was opened.
pub struct Opened {
    /// The chart.
    pub chart: LoadedChart,
    /// Its folder; `None` for an archive.
    pub folder: Option<PathBuf>,
}

/// Why there is no chart.
pub enum Problemed {
    /// It is none.
    Chart(Box<Problem>),
    /// It could not be looked for.
    Failure(Failure),
}

impl From<Failure> for Problemed {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Opens the chart that was named.
///
/// A chart below the working folder may use files of the working folder, another one those of its
/// git work tree: that is where `file://` dependencies and links may lead.
pub fn open(args: &RenderArgs, path: &Path) -> Result<Opened, Problemed> {
    let Ok(data) = fs::metadata(path) else {
        return Err(Failure::new(format!("path {:?} not found", path.display().to_string())).into());
    };
    if !data.is_dir() {
        let bytes = fs::read(path).map_err(|error| Failure::io(path.display(), &error))?;
        let name = path.to_string_lossy().replace('\\', "/");
        let chart = load(args, ChartPlace::Archive { name: &name, bytes: &bytes })?;
        return Ok(Opened { chart, folder: None });
    }
    let folder = path.canonicalize().map_err(|error| Failure::io(path.display(), &error))?;
    let working = env::current_dir().and_then(|it| it.canonicalize()).ok();
    let near = working.filter(|working| folder.starts_with(working));
    let wide = root_above(&folder);
    let first = near.unwrap_or_else(|| wide.clone());
    let chart = match load_below(args, &first, &folder) {
        Ok(chart) if !chart.lacks_dependency() || first == wide => chart,
        // What it needs may lie beside the working folder.
        Ok(chart) => {
            load_below(args, &wide, &folder).ok().filter(|it| !it.lacks_dependency()).unwrap_or(chart)
        }
        Err(Problemed::Chart(problem)) if first != wide => {
            load_below(args, &wide, &folder).map_err(|_| Problemed::Chart(problem))?
        }
        Err(error) => return Err(error),
    };
    Ok(Opened { chart, folder: Some(folder) })
}

fn load_below(args: &RenderArgs, root: &Path, folder: &Path) -> Result<LoadedChart, Problemed> {
    let files = DiskFiles::new(root, &Limits::default())
        .map_err(|error| Failure::new(format!("{}: {error}", root.display())))?;
    let path = path_below(files.root(), folder)
        .ok_or_else(|| Failure::new(format!("{}: the path is not UTF-8", folder.display())))?;
    load(args, ChartPlace::Folder { files: &files, folder: &path })
}

/// A folder's path below another one, with forward slashes.
pub fn path_below(root: &Path, folder: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let inner = folder.canonicalize().ok()?;
    let parts: Option<Vec<&str>> =
        inner.strip_prefix(&root).ok()?.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// Loads a chart with the caches that flags and environment name.
pub fn load(args: &RenderArgs, place: ChartPlace<'_>) -> Result<LoadedChart, Problemed> {
    let caches = chart_cache::open(&args.chart_cache)?;
    LoadedChart::load(place, &caches).map_err(Problemed::Chart)
}

/// What to render with, read from flags, files and the clock.
pub fn request(args: &RenderArgs, name: Option<&str>) -> Result<RenderRequest, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).ok();
    let now = env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok()).or(now);
    Ok(RenderRequest {
        release: name.map(str::to_owned),
        namespace: args.namespace.clone(),
        is_upgrade: args.is_upgrade,
        values: values(&args.values)?,
        set: args.setters().map(|(kind, text)| (kind, text.clone())).collect(),
        read_file: Some(Arc::new(|path: &str| {
            fs::read(path).map_err(|error| format!("open {path}: {}", plain(&error)))
        })),
        kube_version: args.kube_version.clone(),
        api_versions: args.api_versions.clone(),
        skip_schema: args.skip_schema_validation,
        now,
        seed: args.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()),
    })
}

/// Reads values files; `-` is standard input.
pub fn values(paths: &[String]) -> Result<Vec<ValuesInput>, Failure> {
    let read = |path: &String| {
        let bytes = if path.trim() == "-" {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(path)
        };
        let bytes = bytes.map_err(|error| Failure::new(format!("open {path}: {}", plain(&error))))?;
        Ok(ValuesInput { name: path.replace('\\', "/"), bytes })
    };
    paths.iter().map(read).collect()
}

/// What Go says of an error.
fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// The values files in `ci/` with which a chart is tested, sorted.
pub fn ci_values(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(folder.join("ci"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with("-values.yaml"))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}
