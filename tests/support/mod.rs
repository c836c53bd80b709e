//! Where the tests find real data: the folder named by `SEAWORTHY_SHARED` (default `../shared`
//! beside the repository). It is not part of the repository; tests over it say on stderr that they
//! were skipped where it is absent.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file or folder below the shared folder; `None`, with a word on stderr, where it is absent.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SEAWORTHY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: {} is absent (set SEAWORTHY_SHARED)", found.display());
    None
}

/// The unpacked archive `corpus/NAME.tar.zst` of the shared folder, in `target/corpus/NAME`. Unpacked
/// once, also when several test binaries ask at the same time; `None`, with a word on stderr, where
/// the archive or the `zstd` and `tar` commands are absent.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let archive = shared(&format!("corpus/{name}.tar.zst"))?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpus");
    fs::create_dir_all(&folder).ok()?;
    let lock = File::create(folder.join(format!("{name}.lock"))).ok()?;
    lock.lock().ok()?;
    let done = folder.join(name);
    if done.is_dir() {
        return Some(done);
    }
    let partial = folder.join(format!("{name}.partial"));
    let _ = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial).ok()?;
    if unpack(&archive, &partial).is_none() {
        eprintln!("skipped: {} could not be unpacked with `zstd` and `tar`", archive.display());
        return None;
    }
    fs::rename(&partial, &done).ok()?;
    Some(done)
}

fn unpack(archive: &Path, into: &Path) -> Option<()> {
    let mut zstd =
        Command::new("zstd").args(["-dcq", "--long=27"]).arg(archive).stdout(Stdio::piped()).spawn().ok()?;
    let stream = zstd.stdout.take()?;
    let tar = Command::new("tar").arg("-xf").arg("-").arg("-C").arg(into).stdin(stream).status().ok()?;
    (zstd.wait().ok()?.success() && tar.success()).then_some(())
}

/// The text of a file of the shared folder packed with `zstd` (`corpus/NAME.jsonl.zst`).
pub fn unpacked(path: &str) -> Option<String> {
    let file = shared(path)?;
    let output = Command::new("zstd").args(["-dcq", "--long=27"]).arg(&file).output().ok();
    match output.filter(|output| output.status.success()) {
        Some(output) => String::from_utf8(output.stdout).ok(),
        None => {
            eprintln!("skipped: {} could not be unpacked with `zstd`", file.display());
            None
        }
    }
}

/// All files below a folder whose name ends in one of `ends`, sorted by path.
pub fn files(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind)
                    if kind.is_file() && ends.iter().any(|end| path.to_string_lossy().ends_with(end)) =>
                {
                    found.push(path);
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}
