//! The rules' case folders, `testdata/rules/<id>/`: one named test per file.
//!
//! `fail[-case].yaml` holds the weakness, `pass[-case].yaml` does not; for rules on Dockerfiles they end in
//! `.Dockerfile`, without an ending it is a chart. What is found stands in
//! `fail[-case].findings`, what `fix` makes of it (unsafe fixes and the rule's suggestions allowed) in
//! `fail[-case].fixed.yaml`, which is absent where nothing is fixed. Each fix is also run a second
//! time, and over the same text with CRLF, without a final newline, and behind a byte order mark.
//! `SEAWORTHY_BLESS=1` writes the expectations anew: read the difference before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::type_complexity,
    missing_docs
)]
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use seaworthy::config::Settings;
use seaworthy::engine::{Analysis, Engine, Outcome, Selection};
use seaworthy::project::{Discovery, InputFile, Project};
use seaworthy::rule::{self, Catalogue};
use similar::TextDiff;

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/rules");
    let mut trials = Vec::new();
    for folder in sorted(&root) {
        let id = folder.file_name().unwrap().to_string_lossy().into_owned();
        for file in sorted(&folder) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".Dockerfile"));
            let stem = stem.or_else(|| file.is_dir().then_some(&*name));
            let is_case = stem.is_some_and(|stem| !stem.ends_with(".fixed"));
            if is_case && (name.starts_with("fail") || name.starts_with("pass")) {
                let id = id.clone();
                let stem = stem.unwrap_or_default();
                trials.push(Trial::test(format!("{id}::{stem}"), move || case(&id, &file)));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// An engine with one rule.
fn engine(id: &str) -> Engine {
    let catalogue = Arc::new(Catalogue::shipped().clone());
    let mut rules = rule::Selection::none(&catalogue);
    rules.enable(&catalogue, id).unwrap();
    let mut settings = Settings::default();
    // A check that a release took back is shown at the last release that had it.
    if let Some(last) = catalogue.rule(id).and_then(|rule| rule.versions.1) {
        settings.kubernetes_version = last;
    }
    Engine::new(catalogue, rules, settings).unwrap()
}

fn analyze(engine: &Engine, name: &str, text: &str) -> Analysis {
    engine.analyze(&Project::of_files(vec![InputFile::in_memory(name, text.as_bytes())]))
}

/// A chart: how charts are mended is shown by runs of the program.
fn chart(id: &str, path: &Path) -> Result<(), Failed> {
    let discovery = Discovery { paths: vec![path.to_path_buf()], no_gitignore: true, ..Discovery::default() };
    let analysis = engine(id).analyze(&Project::discover(&discovery));
    if let Some(problem) = analysis.problems.first() {
        return Err(format!("the case has a problem: {}", problem.message).into());
    }
    let wanted = path.file_name().unwrap().to_string_lossy().starts_with("fail");
    match analysis.findings.first() {
        Some(_) if wanted => expect(&path.with_extension("findings"), &listed(&analysis)),
        Some(finding) => Err(format!("found: {}", finding.message).into()),
        None if wanted => Err("nothing is found".into()),
        None => Ok(()),
    }
}

fn case(id: &str, path: &Path) -> Result<(), Failed> {
    if path.is_dir() {
        return chart(id, path);
    }
    let text = fs::read_to_string(path)?;
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let engine = engine(id);
    let analysis = analyze(&engine, &name, &text);
    if let Some(problem) = analysis.problems.first() {
        return Err(format!("the case has a problem: {}", problem.message).into());
    }
    if name.starts_with("pass") {
        return match analysis.findings.first() {
            Some(finding) => Err(format!("found: {}", finding.message).into()),
            None => Ok(()),
        };
    }
    if analysis.findings.is_empty() {
        return Err("nothing is found".into());
    }
    expect(&path.with_extension("findings"), &listed(&analysis))?;
    let fixed = fix(&engine, id, &name, &text)?;
    let kind = path.extension().unwrap_or_default().to_string_lossy();
    let expectation = path.with_extension(format!("fixed.{kind}"));
    if fixed == text {
        return match (expectation.exists(), bless()) {
            (true, true) => Ok(fs::remove_file(expectation)?),
            (true, false) => Err(format!("nothing is fixed, but there is {}", expectation.display()).into()),
            (false, _) => Ok(()),
        };
    }
    expect(&expectation, &fixed)?;
    shapes(&engine, id, &name, &text, &fixed)
}

/// One line per finding, and what would become of it.
fn listed(analysis: &Analysis) -> String {
    let mut text = String::new();
    for finding in &analysis.findings {
        let place = finding.primary.source.line_column(finding.primary.span.start());
        let marked = finding.primary.source.slice(finding.primary.span).lines().next().unwrap_or("");
        let _ = writeln!(text, "{}:{}: {} `{marked}`", place.line, place.column, finding.severity);
        let container =
            finding.container.as_ref().map(|name| format!(", container {name}")).unwrap_or_default();
        let _ = writeln!(text, "  {}{container}: {}", finding.resource, finding.field);
        let _ = writeln!(text, "  {}", finding.message);
        for fix in &finding.fixes {
            let _ = writeln!(text, "  fix [{}] {}", fix.applicability, fix.title);
        }
        if let Some(reason) = &finding.no_fix {
            let what = if finding.fixes.is_empty() { "no fix" } else { "no better fix" };
            let _ = writeln!(text, "  {what}: {reason}");
        }
    }
    text
}

fn fix(engine: &Engine, id: &str, name: &str, text: &str) -> Result<String, Failed> {
    let selection = Selection {
        unsafe_fixes: true,
        suggestions: std::iter::once(id.to_owned()).collect(),
        ..Selection::default()
    };
    let fixed = engine.fix_text(&InputFile::in_memory(name, text.as_bytes()), &selection);
    for outcome in &fixed.repair.outcomes {
        if let Outcome::Refused { reason } = &outcome.outcome {
            return Err(format!("a fix is refused: {reason}: {}", outcome.finding.message).into());
        }
    }
    let fixed = fixed.text.map_or_else(|| text.to_owned(), |text| text.to_string());
    let again = engine.fix_text(&InputFile::in_memory(name, fixed.as_bytes()), &selection);
    match again.text {
        Some(again) => Err(format!("a second run changes it again:\n{}", difference(&fixed, &again)).into()),
        None => Ok(fixed),
    }
}

/// The same fix over the same text in other shapes.
fn shapes(engine: &Engine, id: &str, name: &str, text: &str, fixed: &str) -> Result<(), Failed> {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let bare = |text: &str| text.strip_suffix('\n').unwrap_or(text).to_owned();
    let marked = |text: &str| format!("\u{feff}{text}");
    let shapes: [(&str, &dyn Fn(&str) -> String); 3] =
        [("CRLF", &crlf), ("no final newline", &bare), ("byte order mark", &marked)];
    for (shape, change) in shapes {
        // A block scalar at the end is another text without its newline.
        let (text, wanted) = (change(text), change(fixed));
        let found =
            fix(engine, id, name, &text).map_err(|failed| format!("{shape}: {}", message(&failed)))?;
        let same = found == wanted || (shape == "no final newline" && found.trim_end() == wanted.trim_end());
        if !same {
            return Err(format!("{shape}: not the same fix\n{}", difference(&wanted, &found)).into());
        }
    }
    Ok(())
}

fn message(failed: &Failed) -> String {
    failed.message().unwrap_or_default().to_owned()
}

fn bless() -> bool {
    std::env::var_os("SEAWORTHY_BLESS").is_some()
}

fn expect(path: &Path, found: &str) -> Result<(), Failed> {
    if bless() {
        fs::write(path, found)?;
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let difference = difference(&expected, found);
    Err(format!("{} differs (SEAWORTHY_BLESS=1 writes it)\n{difference}", path.display()).into())
}

fn difference(expected: &str, found: &str) -> String {
    TextDiff::from_lines(expected, found).unified_diff().header("expected", "found").to_string()
}
