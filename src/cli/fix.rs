//! `fix`: repairs in place and prints the diff; from standard input it prints the text.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::engine::{Engine, Migration, Outcome, RecipeRequest, Selection};
use crate::project::{InputFile, Project};
use crate::report::{RepairReport, Verbosity, clean};
use crate::resource::ImageReference;
use crate::rule::{Recipe, has_dotnet_images};
use crate::source::ProblemKind;
use crate::write;

use super::args::{FixArgs, GlobalArgs};
use super::check::{engine, project};
use super::exit::{Exit, Failure};
use super::output::write_file;
use super::progress::Progress;
use super::session::Session;
use super::terminal::{print, tell};

/// How the report of a repair is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Diff,
    Json,
}

fn shape(args: &FixArgs) -> Result<Shape, Failure> {
    match args.output.format.as_slice() {
        [] => Ok(Shape::Diff),
        [word] if word == "diff" || word == "pretty" => Ok(Shape::Diff),
        [word] if word == "json" || word == "json-v1" => Ok(Shape::Json),
        [word] => Err(Failure::with_help(
            format!("`fix` does not write `{word}`"),
            Some("its formats are diff and json; `check` writes the others".to_owned()),
        )),
        _ => Err(Failure::new("`fix` writes one report")),
    }
}

/// Repairs what the selection allows.
///
/// # Errors
/// Wrong flags or configuration, or output that cannot be written.
pub fn fix(args: &FixArgs, global: &GlobalArgs) -> Result<Exit, Failure> {
    let from_stdin =
        args.stdin_filename.is_some() || args.files.paths.iter().any(|path| path == Path::new("-"));
    let place = args.stdin_filename.as_deref().or(args.files.paths.first().map(PathBuf::as_path));
    let shape = shape(args)?;
    let mut session = Session::open(global, place)?;
    session.choose_files(&args.files)?;
    session.settings.no_ignores |= args.no_ignores;
    let rules = session.choose_rules(&args.rules)?;
    let mut selection = Selection {
        unsafe_fixes: args.unsafe_fixes,
        bump_charts: args.bump_chart.is_some(),
        add_values: args.add_values,
        ..Selection::default()
    };
    for rule in &args.apply_suggestion {
        if session.catalogue.rule(rule).is_none() {
            let help = session.catalogue.nearest(rule).map(|near| format!("did you mean `{near}`?"));
            return Err(Failure::with_help(format!("--apply-suggestion: unknown rule `{rule}`"), help));
        }
        selection.suggestions.insert(rule.clone());
    }
    let project = if from_stdin { Project::default() } else { project(&args.files, &session, None)? };
    let progress = Progress::start(&session, global, project.files().count());
    let engine = engine(&session, rules, args.files.threads, &progress)?
        .with_images_of(&project)
        .with_installs_of(&project);
    if from_stdin && args.recipe.is_some() {
        return Err(Failure::new("a recipe changes several files: name a folder"));
    }
    if from_stdin {
        return fix_stdin(args, &session, &engine, &selection);
    }
    let Migration { repair, applications, refused, upgraded } = match &args.recipe {
        Some(name) => migrate(name, args, &engine, &project)?,
        None => Migration { repair: engine.repair(&project, &selection), ..Migration::default() },
    };
    progress.finish();
    let mut failed = Vec::new();
    if !args.diff {
        for written in write::write(&repair.verified) {
            if let Err(error) = written.result {
                failed.push((written.name.to_string(), error.to_string()));
            }
        }
    }
    let report = RepairReport {
        repair: &repair,
        written: !args.diff,
        failed: &failed,
        verbosity: session.verbosity,
        is_recipe: args.recipe.is_some(),
    };
    let terminal = &session.terminal;
    match (shape, &args.output.output) {
        (Shape::Json, None) => print(&report.json())?,
        (Shape::Json, Some(file)) => write_file(file, &report.json())?,
        (Shape::Diff, Some(file)) => write_file(file, &report.diff(&terminal.stdout, false))?,
        (Shape::Diff, None) if session.verbosity == Verbosity::Silent => {}
        (Shape::Diff, None) => {
            terminal.print_text(&report.diff(&terminal.stdout, terminal.stdout_is_terminal))?;
        }
    }
    tell(&report.summary(&terminal.stderr));
    let blind = repair.before.problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked);
    let changes = !repair.verified.is_empty();
    let recipe = args.recipe.as_ref().filter(|_| session.verbosity >= Verbosity::Normal);
    if let Some(name) = recipe.filter(|_| !failed.is_empty()) {
        tell(&format!("Recipe {name}: nothing is written, since not all of its files can be.\n"));
    } else if let Some(name) = recipe {
        // What became of a Dockerfile, and why just that: the diff does not say it.
        let made = repair.outcomes.iter().filter(|one| one.outcome == Outcome::Fixed);
        for one in made.filter(|one| one.finding.resource.kind == "Dockerfile") {
            let title = one.title.as_deref().unwrap_or_default();
            tell(&format!("  {}: {}\n", clean(one.finding.primary.path()), clean(title)));
        }
        for (path, what) in &upgraded {
            tell(&format!("  {}: {}\n", clean(path), clean(what)));
        }
        let complete = applications.saturating_sub(refused);
        tell(&match applications {
            0 => format!("Recipe {name}: nothing here that it is about.\n"),
            all => format!("Recipe {name}: complete for {complete} of {all}, refused for {refused}.\n"),
        });
    }
    let blind = blind || args.recipe.is_some() && (applications == 0 || refused > 0);
    Ok(if !failed.is_empty() {
        Exit::Failed
    } else if changes && (args.diff || args.exit_non_zero_on_fix) {
        Exit::Findings
    } else if blind && !args.allow_unchecked {
        Exit::NotChecked
    } else {
        Exit::Clean
    })
}

/// Applies a recipe in memory.
fn migrate(name: &str, args: &FixArgs, engine: &Engine, project: &Project) -> Result<Migration, Failure> {
    let recipe = Recipe::of(name).map_err(|error| {
        Failure::with_help(error.to_string(), Some("`seaworthy rules --recipes` lists all".to_owned()))
    })?;
    let mut request = RecipeRequest { dotnet: dotnet(args, recipe)?, ..RecipeRequest::default() };
    for given in &args.image {
        let pair = given.split_once('=').filter(|(image, path)| !image.is_empty() && !path.is_empty());
        let (image, path) =
            pair.ok_or_else(|| Failure::new(format!("--image: `{given}` is not IMAGE=DOCKERFILE")))?;
        let image = ImageReference::parse(image)
            .ok_or_else(|| Failure::new(format!("--image: `{image}` is no image")))?;
        let path = path.replace('\\', "/");
        let path = path.trim_start_matches("./");
        if !project.dockerfiles().any(|file| &**file.name() == path) {
            return Err(Failure::new(format!("--image: `{path}` is no Dockerfile among the checked files")));
        }
        request.images.push((image.repository(), path.to_owned()));
    }
    Ok(engine.migrate(project, recipe, &request))
}

/// The version of `--dotnet`, as images name it.
fn dotnet(args: &FixArgs, recipe: &Recipe) -> Result<Option<String>, Failure> {
    let Some(given) = &args.dotnet else { return Ok(None) };
    if !recipe.is_about("mcr.microsoft.com/dotnet/aspnet") {
        return Err(Failure::new("--dotnet: the recipe is not about .NET"));
    }
    let version = if given.contains('.') { given.clone() } else { format!("{given}.0") };
    if has_dotnet_images(&version) {
        return Ok(Some(version));
    }
    Err(Failure::new(format!("--dotnet: images of .NET `{given}` are not known")))
}

/// For editors: the text comes out, fixed or as it was; the exit code is 0, why goes to standard error.
fn fix_stdin(
    args: &FixArgs,
    session: &Session,
    engine: &Engine,
    selection: &Selection,
) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Failure::io("standard input", &error))?;
    let path = args.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("-"));
    let name = path.to_string_lossy().replace('\\', "/");
    let (file, chart) = Project::buffer(&path, InputFile::in_memory(name, bytes.clone()));
    let fixed = match chart {
        Some(chart) => engine.fix_text_in(&chart, &file, selection),
        None => engine.fix_text(&file, selection),
    };
    let report = RepairReport {
        repair: &fixed.repair,
        written: true,
        failed: &[],
        verbosity: session.verbosity,
        is_recipe: false,
    };
    let changes = !fixed.repair.verified.is_empty();
    if args.diff {
        session
            .terminal
            .print_text(&report.diff(&session.terminal.stdout, session.terminal.stdout_is_terminal))?;
    } else {
        raw(fixed.text.as_ref().map_or(&bytes, |text| text.as_bytes()))?;
    }
    tell(&report.summary(&session.terminal.stderr));
    Ok(if args.diff && changes { Exit::Findings } else { Exit::Clean })
}

fn raw(bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io("standard output", &error))
}
