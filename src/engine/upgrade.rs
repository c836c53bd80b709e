//! The version of .NET as part of a recipe: the images of a Dockerfile and the project that it builds, both or
//! neither.

use std::path::Path;
use std::sync::Arc;

use crate::dockerfile::{self, Dockerfile, Op};
use crate::fix::compose;
use crate::project::{InputFile, build_files_around};
use crate::rule::{Program, allows_sdk, build_on_dotnet, program_of, target_framework};
use crate::source::{Edit, Source, TextEdits};

use super::Engine;
use super::dockerfile::kept;
use super::repair::Mended;
use super::verify::{Verified, VerifiedFile};

/// What is said of a file that changes: its name and what was done.
pub(super) type Change = (Arc<str>, String);

/// Builds what was ported on another version (`10.0`), and its project for it. The project's file comes back
/// where it changes.
///
/// # Errors
/// Why it can not be done. `mended` is then of no use.
pub(super) fn upgrade(
    engine: &Engine,
    input: &InputFile,
    mended: &mut Mended,
    version: &str,
    changes: &mut Vec<Change>,
) -> Result<Option<VerifiedFile>, String> {
    let before = input.read(&engine.limits).map_err(|problem| problem.message)?;
    let newest = mended.verified.files().first();
    let (done, newest) = newest.map_or_else(
        || (TextEdits::default(), Arc::clone(&before)),
        |it| (it.edits().clone(), Arc::clone(it.after())),
    );
    let file = Dockerfile::parse(&newest).map_err(|problem| problem.message)?;
    let ops = build_on_dotnet(&file, version)?;
    let project = project(engine, input, &file, version)?;
    changes.extend(project.iter().map(|it| {
        let old = it.edits().as_slice().first().map_or("", |edit| it.before().slice(edit.span));
        (Arc::clone(it.name()), format!("Build for .NET {version} instead of {old}"))
    }));
    if ops.is_empty() {
        return Ok(project);
    }
    let edits = dockerfile::plan(&file, &ops).map_err(|refusal| refusal.to_string())?;
    let after = Arc::new(Source::new(Arc::clone(before.name()), edits.apply(newest.text())));
    let new = Dockerfile::parse(&after).map_err(|problem| problem.message)?;
    dockerfile::verify(&file, &ops, &new).map_err(|mismatch| mismatch.to_string())?;
    let edits = compose(before.text(), &done, &edits).map_err(|conflict| conflict.to_string())?;
    if edits.apply(before.text()) != **after.text() {
        return Err("the edits do not add up".to_owned());
    }
    let judged = kept(engine, input, &after);
    let analysis = judged.clone().analysis();
    if let Some(finding) = analysis.findings.first() {
        return Err(format!("on .NET {version} it would bring: {}", finding.message));
    }
    for op in &ops {
        let Op::Word { at, text, .. } = op else { continue };
        let old = file.instructions().get(*at).and_then(|it| Some(it.words.first()?.literal()?.1));
        let Some(old) = old else { continue };
        // What was said of the port names the image that stands there in the end.
        let mut said = false;
        for title in mended.outcomes.iter_mut().filter_map(|one| one.title.as_mut()) {
            said |= title.contains(old);
            *title = title.replace(old, text).into();
        }
        if !said {
            changes.push((Arc::clone(input.name()), format!("Build on {text}")));
        }
    }
    mended.after = judged;
    mended.verified = Verified::of(VerifiedFile::proved(input.path().to_path_buf(), before, edits, after));
    Ok(project)
}

/// The file of the project that a Dockerfile builds, with its version raised; `None` where it is that
/// version already.
fn project(
    engine: &Engine,
    input: &InputFile,
    file: &Dockerfile,
    version: &str,
) -> Result<Option<VerifiedFile>, String> {
    let wanted = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let wanted = wanted.ok_or("the version is none")?;
    let name = program_of(&file.chain()).ok_or("which program it starts is not known")?;
    let (root, files, whole) = build_files_around(input.path());
    if !whole {
        return Err("not all projects around it could be looked at".to_owned());
    }
    let program = Program { files, whole };
    let unknown = || format!("no one project makes {name}: for which .NET it is built is not known");
    let (path, text) = program.project(&name).ok_or_else(unknown)?;
    let of = |reason: String| format!("{path}: {reason}");
    let found = target_framework(text).map_err(of)?;
    if found.major > wanted {
        return Err(of(format!("it is built for .NET {}.0, which is newer", found.major)));
    }
    around(&program, path, wanted, found.major != wanted)?;
    if found.major == wanted {
        return Ok(None);
    }
    let place = root.join(path);
    let source = InputFile::on_disk(name_beside(input, &root, path), place.clone())
        .read(&engine.limits)
        .map_err(|problem| of(problem.message.clone()))?;
    if **source.text() != *text {
        return Err(of("it could not be read twice alike".to_owned()));
    }
    let edit = Edit { span: found.span, text: format!("net{version}") };
    let edits = TextEdits::new(vec![edit]).map_err(|conflict| conflict.to_string())?;
    let after = Arc::new(Source::new(Arc::clone(source.name()), edits.apply(source.text())));
    if target_framework(after.text()).map(|it| it.major) != Ok(wanted) {
        return Err(of("the version would not be the one that is wanted".to_owned()));
    }
    Ok(Some(VerifiedFile::proved(place, source, edits, after)))
}

/// Looks for files that have a say in the version of a project too. `changes` says whether it is another one.
fn around(program: &Program, project: &str, wanted: u32, changes: bool) -> Result<(), String> {
    let parts = |path: &str| path.rsplit_once('/').unwrap_or(("", path)).0.to_owned();
    let folder = parts(project);
    let own = project.rsplit('/').next().unwrap_or(project);
    for (path, text) in program.files.iter().filter(|(path, _)| path != project) {
        let of = parts(path);
        let above = Path::new(&folder).starts_with(&of);
        let reason = match path.rsplit('/').next().unwrap_or(path) {
            "global.json" if above && !allows_sdk(text, wanted) => "pins another SDK",
            "Directory.Build.props" | "Directory.Build.targets"
                if above
                    && (text.contains("TargetFramework") || text.contains("RuntimeFrameworkVersion")) =>
            {
                "may name the version too"
            }
            "packages.lock.json" if changes && of == folder => "locks packages of the old version",
            name if changes && name.ends_with("proj") && text.contains(own) => {
                "refers to the project and would have to follow"
            }
            _ => continue,
        };
        return Err(format!("{path} {reason}"));
    }
    Ok(())
}

/// How a file below `root` is shown, by how the Dockerfile is.
fn name_beside(input: &InputFile, root: &Path, inner: &str) -> String {
    let place = input.path().canonicalize().unwrap_or_else(|_| input.path().to_path_buf());
    let depth = place.strip_prefix(root).map_or(1, |inner| inner.components().count());
    let shown: Vec<&str> = input.name().split('/').collect();
    let mut name = "../".repeat(depth.saturating_sub(shown.len()));
    for part in shown.iter().take(shown.len().saturating_sub(depth)) {
        name.push_str(part);
        name.push('/');
    }
    name + inner
}
