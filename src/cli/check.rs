//! `check`: finds weaknesses, writes nothing but the report.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::config::schema::FailOn;
use crate::engine::{Analysis, Engine, limit_threads};
use crate::finding::Severity;
use crate::project::{Discovery, InputFile, Project};
use crate::report::{Format, LevelReport, Report, RuleFormat, Verbosity};
use crate::rule::Selection;

use super::args::{ByWhat, CheckArgs, FailOnWord, FileArgs, GlobalArgs};
use super::baseline;
use super::coverage::coverage;
use super::exit::{Exit, Failure};
use super::output::{Destination, deliver, destinations};
use super::progress::Progress;
use super::session::Session;
use super::terminal::{print, tell};

/// Checks, reports, and says by the exit code what came out.
///
/// # Errors
/// Wrong flags or configuration, or a report that cannot be written.
pub fn check(args: &CheckArgs, global: &GlobalArgs) -> Result<Exit, Failure> {
    let start = Instant::now();
    let to = destinations(&args.output)?;
    let mut session = Session::open(global, args.files.paths.first().map(PathBuf::as_path))?;
    session.choose_files(&args.files)?;
    session.settings.no_ignores |= args.no_ignores;
    let selection = session.choose_rules(&args.rules)?;
    let project = project(&args.files, &session, None)?;
    let progress = Progress::start(&session, global, project.files().count());
    let mut engine = engine(&session, selection, args.files.threads, &progress)?
        .with_images_of(&project)
        .with_installs_of(&project)
        .with_best_fixes();
    if to.iter().any(|one| one.format.carries_edits()) {
        engine = engine.with_chart_edits();
    }
    let is_pretty = |one: &Destination| one.format == Format::Pretty;
    if session.verbosity != Verbosity::Silent && to.iter().any(is_pretty) {
        engine = engine.with_previews();
    }
    // Nothing is said of repairs where nothing is printed.
    if session.verbosity == Verbosity::Silent && to.iter().all(is_pretty) {
        engine = engine.without_repairs();
    }
    if args.by == Some(ByWhat::Namespace) {
        return by_namespace(args, &session, &engine, &project);
    }
    if let Some(word) = args.coverage {
        return coverage(args, word, &session, &engine, &project, &progress);
    }
    let mut analysis = engine.analyze(&project);
    progress.finish();
    baseline::apply(args, &mut analysis, &|rule| engine.decides(rule))?;
    let previews = engine.previews(&analysis);
    let report = Report {
        analysis: &analysis,
        catalogue: &session.catalogue,
        elapsed: Some(start.elapsed()),
        preview: &|findings| previews.of(findings).map(|edits| vec![edits]),
        fix_command: fix_command(args),
        verbosity: session.verbosity,
    };
    deliver(&report, &to, &session.terminal)?;
    let code = exit(&analysis, limit(args.fail_on, &session), args.allow_unchecked);
    // The process ends here: to free its many small parts one by one would be work for nothing.
    std::mem::forget(analysis);
    Ok(code)
}

/// An engine for a session.
///
/// # Errors
/// A kind of the configuration is malformed.
pub fn engine(
    session: &Session,
    rules: Selection,
    threads: Option<usize>,
    progress: &Arc<Progress>,
) -> Result<Engine, Failure> {
    if let Some(number) = threads {
        limit_threads(number);
    }
    let engine = Engine::new(Arc::clone(&session.catalogue), rules, session.settings.clone())
        .map_err(|error| Failure::new(format!("kinds: {error}")))?;
    let progress = Arc::clone(progress);
    let engine = engine.with_chart_caches(session.chart_caches.clone());
    Ok(engine.with_progress(move || progress.advance()))
}

/// The lowest severity that fails; `None` = none does.
fn limit(flag: Option<FailOnWord>, session: &Session) -> Option<Severity> {
    let configured = session.settings.fail_on.map(|word| match word {
        FailOn::Info => FailOnWord::Info,
        FailOn::Low => FailOnWord::Low,
        FailOn::Medium => FailOnWord::Medium,
        FailOn::High => FailOnWord::High,
        FailOn::Critical => FailOnWord::Critical,
        FailOn::Never => FailOnWord::Never,
    });
    flag.or(configured).unwrap_or(FailOnWord::Low).severity()
}

fn exit(analysis: &Analysis, limit: Option<Severity>, allow_unchecked: bool) -> Exit {
    let fails = |severity: Severity| limit.is_some_and(|limit| severity >= limit);
    if analysis.findings.iter().any(|finding| fails(finding.severity)) {
        Exit::Findings
    } else if analysis.is_blind() && !allow_unchecked {
        Exit::NotChecked
    } else {
        Exit::Clean
    }
}

/// What the paths hold; `-` is standard input, shown as `stdin_name` or `-`.
///
/// # Errors
/// Standard input cannot be read.
pub fn project(files: &FileArgs, session: &Session, stdin_name: Option<&Path>) -> Result<Project, Failure> {
    let stdin = Path::new("-");
    let mut paths: Vec<PathBuf> = files.paths.iter().filter(|path| *path != stdin).cloned().collect();
    let reads_stdin = files.paths.iter().any(|path| path == stdin);
    if files.paths.is_empty() {
        paths.push(PathBuf::from("."));
    }
    let settings = &session.settings;
    let mut project = if paths.is_empty() {
        Project::default()
    } else {
        Project::discover(&Discovery {
            paths,
            exclude: settings.paths.exclude.clone(),
            force_exclude: settings.paths.force_exclude,
            no_gitignore: settings.paths.no_gitignore,
            ..Discovery::default()
        })
    };
    if reads_stdin {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::io("standard input", &error))?;
        let name =
            stdin_name.map_or_else(|| "-".to_owned(), |path| path.to_string_lossy().replace('\\', "/"));
        let mut text = Project::of_files(vec![InputFile::in_memory(name, bytes)]);
        project.targets.append(&mut text.targets);
    }
    Ok(project)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./=:,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The `fix` command for the same paths and rules.
fn fix_command(args: &CheckArgs) -> String {
    let mut words = vec!["seaworthy".to_owned(), "fix".to_owned()];
    let mut flags = |name: &str, values: &[String]| {
        for value in values {
            words.push(name.to_owned());
            words.push(quoted(value));
        }
    };
    flags("--rule", &args.rules.rule);
    flags("--exclude-rule", &args.rules.exclude_rule);
    flags("--standard", &args.rules.standard);
    let version: Vec<String> = args.rules.kubernetes_version.iter().cloned().collect();
    flags("--kubernetes-version", &version);
    let values = args.files.scenario.values.iter().map(|path| path.to_string_lossy().into_owned());
    flags("--image-config", &args.files.images.image_config);
    flags("--values", &values.collect::<Vec<_>>());
    flags("--set", &args.files.scenario.set);
    flags("--set-string", &args.files.scenario.set_string);
    words.extend(args.files.paths.iter().map(|path| quoted(&path.to_string_lossy())));
    words.join(" ")
}

fn by_namespace(
    args: &CheckArgs,
    session: &Session,
    engine: &Engine,
    project: &Project,
) -> Result<Exit, Failure> {
    let levels = engine.pod_security_levels(project);
    let report = LevelReport { verdicts: &levels.verdicts, version: session.settings.kubernetes_version };
    let format = match args.output.format.as_slice() {
        [] => RuleFormat::Text,
        [word] if word == "pretty" => RuleFormat::Text,
        [word] if word == "json" || word == "json-v1" => RuleFormat::Json,
        _ => return Err(Failure::new("`--by namespace` prints pretty or json")),
    };
    let text = report.write(format, &session.terminal.stdout);
    match &args.output.output {
        Some(file) => super::output::write_file(file, &text)?,
        None => print(&text)?,
    }
    for problem in &levels.problems {
        tell(&crate::report::pretty_problem(problem, &session.terminal.stderr));
    }
    let blind = !levels.problems.is_empty() || levels.verdicts.is_empty();
    Ok(if blind && !args.allow_unchecked { Exit::NotChecked } else { Exit::Clean })
}
