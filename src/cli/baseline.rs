//! `check --baseline`: findings that are known do not fail the run.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::engine::{Analysis, Baseline, BaselineCounts};
use crate::source::Source;

use super::args::CheckArgs;
use super::exit::Failure;
use super::output::write_file;
use super::terminal::tell;

/// Takes what the baseline of the flags knows out of an analysis, and writes the baseline if asked to: a
/// new one knows all that was found, one that is there only shrinks. `runs` says whether a rule runs, or
/// is no rule any more.
///
/// # Errors
/// The file cannot be read or written, or is no baseline.
pub fn apply(args: &CheckArgs, analysis: &mut Analysis, runs: &dyn Fn(&str) -> bool) -> Result<(), Failure> {
    let Some(file) = &args.baseline else { return Ok(()) };
    let name = file.to_string_lossy().replace('\\', "/");
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && args.write_baseline => {
            return write_new(file, analysis);
        }
        Err(error) => {
            let help = (error.kind() == ErrorKind::NotFound)
                .then(|| "`--write-baseline` writes one with all that is found".to_owned());
            return Err(Failure::with_help(format!("{name}: {error}"), help));
        }
    };
    let source = Source::from_bytes(name.as_str(), bytes)
        .map_err(|error| Failure::new(format!("{name}:1:1: {error}")))?;
    let source = Arc::new(source);
    let baseline = Baseline::parse(&source).map_err(|problem| {
        let at = source.line_column(problem.span.start());
        Failure::new(format!("{name}:{}:{}: {}", at.line, at.column, problem.message))
    })?;
    // What is left out of one run only is not gone.
    let all_files = args.files.exclude.is_empty();
    let covers = |rule: &str, path: &str| all_files && runs(rule) && is_below(&args.files.paths, path);
    let (text, gone) = baseline.apply(analysis, &covers);
    if !args.write_baseline {
        analysis.problems.extend(gone);
    } else if text != **source.text() {
        write_file(file, &text)?;
        let gone = analysis.baseline.map_or(0, |counts| counts.gone);
        tell(&format!("{name}: {gone} taken out\n"));
    }
    Ok(())
}

fn write_new(file: &PathBuf, analysis: &mut Analysis) -> Result<(), Failure> {
    write_file(file, &Baseline::text_of(&analysis.findings))?;
    let known = analysis.findings.len();
    analysis.findings.clear();
    analysis.baseline = Some(BaselineCounts { known, gone: 0 });
    tell(&format!("{}: {known} known\n", file.display()));
    Ok(())
}

/// Whether a path is one of those that were checked, or below one.
fn is_below(paths: &[PathBuf], path: &str) -> bool {
    let below = |folder: &PathBuf| {
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        let path = Path::new(path).strip_prefix(".").unwrap_or(Path::new(path));
        match folder.as_os_str().is_empty() {
            true => path.is_relative() && path != Path::new("-"),
            false => path.starts_with(folder),
        }
    };
    paths.is_empty() || paths.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn only_what_was_checked_can_be_gone() {
        let below = |folder: &str, path: &str| is_below(&[folder.into()], path);
        assert!(below(".", "k8s/a.yaml") && below("k8s/", "k8s/a.yaml") && below("./k8s", "k8s/a.yaml"));
        assert!(below("/x", "/x/a.yaml") && below("-", "-") && is_below(&[], "a.yaml"));
        assert!(!below("k8s", "k8s2/a.yaml") && !below(".", "-") && !below("k8s/a.yaml", "k8s/b.yaml"));
    }
}
