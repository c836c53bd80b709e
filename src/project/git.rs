//! [`GitFiles`]: the files of one revision, read without touching index or work tree.
//!
//! Only plumbing that runs no program of the repository is used: `rev-parse --verify`,
//! `ls-tree` and `cat-file --batch`, with hooks, fsmonitor and external diffs switched off.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::source::{FileError, Files, Limits};

/// Most links that lead from one to the next.
const MOST_LINKS: usize = 16;

/// Why a revision cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git, or it cannot be started.
    #[error("cannot run git: {0}")]
    NotStarted(std::io::Error),
    /// The folder is in no work tree.
    #[error("{0} is in no git repository")]
    NoRepository(PathBuf),
    /// The revision names no commit.
    #[error("{revision:?} is no revision of this repository: {message}")]
    NoRevision {
        /// As the user wrote it.
        revision: String,
        /// What git says.
        message: String,
    },
    /// Git failed otherwise.
    #[error("git {verb} failed: {message}")]
    Failed {
        /// The verb.
        verb: &'static str,
        /// What git says.
        message: String,
    },
}

#[derive(Clone, Debug)]
struct Blob {
    id: String,
    size: u64,
    link: bool,
}

/// The files of a revision.
#[derive(Debug)]
pub struct GitFiles {
    root: PathBuf,
    commit: String,
    blobs: BTreeMap<String, Blob>,
    limit: u64,
    reader: Mutex<Option<Batch>>,
}

impl GitFiles {
    /// The files of `revision` in the repository that `folder` lies in.
    ///
    /// # Errors
    /// There is no git, no repository, or no such revision.
    pub fn new(folder: &Path, revision: &str, limits: &Limits) -> Result<Self, GitError> {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
        let root = folder.ancestors().find(|folder| folder.join(".git").exists());
        let root = root.ok_or_else(|| GitError::NoRepository(folder.clone()))?.to_path_buf();
        let spec = format!("{revision}^{{commit}}");
        let output = git(&root)
            .args(["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])
            .output()
            .map_err(GitError::NotStarted)?;
        if !output.status.success() {
            let message = said(&output.stderr, "not found (in a shallow clone, fetch more history)");
            return Err(GitError::NoRevision { revision: revision.to_owned(), message });
        }
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let listed = git(&root)
            .args(["ls-tree", "-r", "-z", "-l", "--full-tree", &commit])
            .output()
            .map_err(GitError::NotStarted)?;
        if !listed.status.success() {
            return Err(GitError::Failed { verb: "ls-tree", message: said(&listed.stderr, "unknown") });
        }
        let blobs = listed.stdout.split(|&byte| byte == 0).filter_map(entry).collect();
        Ok(Self { root, commit, blobs, limit: limits.file_bytes, reader: Mutex::new(None) })
    }

    /// The top folder of the work tree: paths are relative to it.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit's full name.
    #[must_use]
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The blob at a path, links followed.
    fn find(&self, path: &str) -> Result<Blob, FileError> {
        let mut path = path.to_owned();
        for _ in 0..MOST_LINKS {
            if let Some(blob) = self.blobs.get(&path) {
                if !blob.link {
                    return Ok(blob.clone());
                }
                path = self.follow(&path, blob, "")?;
                continue;
            }
            // A folder above may be a link.
            let link = path.match_indices('/').find_map(|(at, _)| {
                let above = path.get(..at)?;
                self.blobs.get(above).filter(|blob| blob.link).map(|blob| (above.to_owned(), blob))
            });
            let Some((above, blob)) = link else { return Err(FileError::NotFound) };
            let rest = path.get(above.len()..).unwrap_or("").to_owned();
            path = self.follow(&above, blob, &rest)?;
        }
        Err(FileError::NotFound)
    }

    fn follow(&self, path: &str, blob: &Blob, rest: &str) -> Result<String, FileError> {
        let target = self.content(blob)?;
        let target = std::str::from_utf8(&target).map_err(|_| FileError::NotFound)?;
        if target.starts_with('/') {
            return Err(FileError::OutsideTree);
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('/').chain(rest.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(FileError::OutsideTree)?;
                }
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    }

    fn content(&self, blob: &Blob) -> Result<Arc<[u8]>, FileError> {
        if blob.size > self.limit {
            return Err(FileError::TooLarge { limit: self.limit });
        }
        let failed = |error: std::io::Error| FileError::Io(format!("git cat-file: {error}"));
        let Ok(mut reader) = self.reader.lock() else {
            return Err(FileError::Io("git cat-file ended".to_owned()));
        };
        let mut batch = match reader.take() {
            Some(batch) => batch,
            None => Batch::start(&self.root).map_err(failed)?,
        };
        let content = batch.read(&blob.id, blob.size).map_err(failed)?;
        *reader = Some(batch);
        Ok(content)
    }
}

impl Files for GitFiles {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.content(&self.find(path)?)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut found = Vec::new();
        for (path, blob) in
            self.blobs.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix))
        {
            let target = if blob.link { self.follow(path, blob, "").ok() } else { None };
            let inner =
                target.map(|target| format!("{target}/")).filter(|inner| !path.starts_with(inner.as_str()));
            let before = found.len();
            if let Some(inner) = inner {
                // A link to a folder: what is in it is here too.
                let entries =
                    self.blobs.range(inner.clone()..).take_while(|(path, _)| path.starts_with(&inner));
                let name = |(entry, _): (&String, _)| Some(format!("{path}/{}", entry.strip_prefix(&inner)?));
                found.extend(entries.filter_map(name));
            }
            if found.len() == before {
                found.push(path.clone());
            }
        }
        found.sort();
        Ok(found)
    }

    fn exists(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
struct Batch {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Batch {
    fn start(root: &Path) -> std::io::Result<Self> {
        let mut child = git(root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self { child, input, output: BufReader::new(output) }),
            _ => Err(std::io::Error::other("no pipes")),
        }
    }

    fn read(&mut self, id: &str, size: u64) -> std::io::Result<Arc<[u8]>> {
        self.input.write_all(format!("{id}\n").as_bytes())?;
        self.input.flush()?;
        let mut header = String::new();
        self.output.read_line(&mut header)?;
        if header.trim_end() != format!("{id} blob {size}") {
            return Err(std::io::Error::other(format!("unexpected answer {header:?}")));
        }
        let mut content = Vec::new();
        self.output.by_ref().take(size).read_to_end(&mut content)?;
        self.output.read_exact(&mut [0])?;
        Ok(Arc::from(content))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends at the end of its input, but that is closed only after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn git(root: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(root)
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="])
        .args(["--no-optional-locks", "--no-pager"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null());
    command
}

fn said(stderr: &[u8], otherwise: &str) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().next().unwrap_or("").trim();
    if line.is_empty() { otherwise.to_owned() } else { line.to_owned() }
}

/// One entry of `ls-tree -l`: `MODE TYPE ID SIZE<tab>PATH`. Submodules and names that are not UTF-8
/// are left out.
fn entry(line: &[u8]) -> Option<(String, Blob)> {
    let line = std::str::from_utf8(line).ok()?;
    let (fields, path) = line.split_once('\t')?;
    let mut fields = fields.split_ascii_whitespace();
    let (mode, kind, id, size) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let blob = Blob { id: id.to_owned(), size: size.parse().ok()?, link: mode == "120000" };
    (kind == "blob").then(|| (path.to_owned(), blob))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(root: &Path, args: &[&str]) {
        let status = git(root)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
            .args(args)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{args:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_revision_is_read_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        run(root, &["init", "-q"]);
        fs::create_dir_all(root.join("c/templates")).unwrap();
        fs::write(root.join("c/templates/x.yaml"), "old\n").unwrap();
        fs::write(root.join("c/empty"), "").unwrap();
        std::os::unix::fs::symlink("templates", root.join("c/link")).unwrap();
        std::os::unix::fs::symlink("../../etc/passwd", root.join("c/out")).unwrap();
        run(root, &["add", "."]);
        run(root, &["commit", "-qm", "one"]);
        fs::write(root.join("c/templates/x.yaml"), "new\n").unwrap();
        let files = GitFiles::new(&root.join("c"), "HEAD", &Limits::default()).unwrap();
        assert_eq!(files.list("c").unwrap(), ["c/empty", "c/link/x.yaml", "c/out", "c/templates/x.yaml"]);
        assert_eq!(&*files.read("c/templates/x.yaml").unwrap(), b"old\n");
        assert_eq!(&*files.read("c/link/x.yaml").unwrap(), b"old\n");
        assert_eq!(&*files.read("c/empty").unwrap(), b"");
        assert_eq!(files.read("c/out"), Err(FileError::OutsideTree));
        assert_eq!(files.read("c/none"), Err(FileError::NotFound));
        assert!(matches!(
            GitFiles::new(root, "--output=x", &Limits::default()),
            Err(GitError::NoRevision { .. })
        ));
    }
}
