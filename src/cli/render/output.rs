//! Where the manifests go: standard output, the part that --show-only picks, or files.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path};

use super::RenderArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::terminal::tell;
use crate::engine::render::{ChartRender, RenderRequest, show_only};

/// Prints or writes a render.
pub fn write(
    args: &RenderArgs,
    request: &RenderRequest,
    rendered: &ChartRender,
    text: &[u8],
) -> Result<Exit, Failure> {
    if let Some(folder) = &args.output_dir {
        return write_files(args, request, rendered, folder);
    }
    if args.show_only.is_empty() {
        print(text)?;
        return Ok(Exit::Clean);
    }
    match show_only(text, &args.show_only) {
        Ok(text) => {
            print(&text)?;
            Ok(Exit::Clean)
        }
        Err(missing) => {
            tell(&format!("Error: could not find template {missing} in chart\n"));
            Ok(Exit::Findings)
        }
    }
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let done = stdout.write_all(bytes).and_then(|()| stdout.flush());
    done.map_err(|error| Failure::io("standard output", &error))
}

/// Writes each piece to the file of its template, as Helm lays them out, and says so.
fn write_files(
    args: &RenderArgs,
    request: &RenderRequest,
    rendered: &ChartRender,
    folder: &Path,
) -> Result<Exit, Failure> {
    let release = request.release.as_deref().unwrap_or("release-name");
    let inner = if args.release_name { folder.join(release) } else { folder.to_path_buf() };
    let mut written: HashSet<String> = HashSet::new();
    for piece in rendered.pieces(args.print_options()) {
        // Helm leaves the release's name out for files of crds/.
        let folder = if piece.is_crd { folder } else { &inner };
        if !Path::new(piece.path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(Failure::new(format!("{}: not written, the path leaves the folder", piece.path)));
        }
        let path = folder.join(piece.path);
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let first = written.insert(piece.path.to_owned());
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .append(!first)
            .truncate(first)
            .open(&path)
            .map_err(failed)?;
        let text = [b"---\n# Source: ", piece.path.as_bytes(), b"\n", piece.text, b"\n"].concat();
        file.write_all(&text).map_err(failed)?;
        print(format!("wrote {}/{}\n", folder.display(), piece.path).as_bytes())?;
    }
    print(b"\n")?;
    Ok(Exit::Clean)
}
