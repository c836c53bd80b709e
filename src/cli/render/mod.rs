//! `render`: what `helm template` prints, without helm, and where each line comes from.

mod args;
mod inputs;
mod output;

use std::path::Path;

use args::OriginsFormat;
pub use args::RenderArgs;

use super::args::GlobalArgs;
use super::exit::{Exit, Failure};
use super::terminal::{Terminal, print, tell};
use crate::engine::render::{ChartRender, Question, RenderRequest};
use crate::project::GitFiles;
use crate::report::rendered::{answer, changes, failure, origins, origins_json};
use crate::source::Limits;
use inputs::{Opened, Problemed};

/// Most failures that are shown.
const MOST_FAILURES: usize = 10;

/// Renders a chart.
///
/// # Errors
/// The chart cannot be rendered as asked: wrong flags, files that cannot be read or written.
pub fn render(args: &RenderArgs, global: &GlobalArgs) -> Result<Exit, Failure> {
    let terminal = Terminal::detect(global.color);
    let quiet = global.quiet > 0;
    let (name, chart) = args.name_and_chart()?;
    let request = inputs::request(args, name)?;
    let opened = match inputs::open(args, Path::new(chart)) {
        Ok(opened) => opened,
        Err(Problemed::Chart(problem)) => return Ok(refused(&problem.message, Some(&problem), &terminal)),
        Err(Problemed::Failure(failure)) => return Err(failure),
    };
    if let Some(revision) = &args.diff {
        return against_revision(args, &opened, revision, &request, &terminal);
    }
    let rendered = match opened.chart.render(&request) {
        Ok(rendered) => rendered,
        Err(error) => return Ok(refused(&error.message, error.problem.as_deref(), &terminal)),
    };
    if !quiet {
        if opened.chart.is_deprecated() {
            tell("warning: this chart is deprecated\n");
        }
        for warning in rendered.warnings() {
            tell(&format!("warning: {}\n", crate::report::clean(&warning)));
        }
    }
    if !args.diff_values.is_empty() {
        return against_values(args, &opened, &request, &rendered, &terminal);
    }
    if !args.why.is_empty() {
        for question in &args.why {
            let asked = Question::parse(question).map_err(Failure::new)?;
            terminal.print_text(&answer(question, &rendered.why(&asked), &terminal.stdout))?;
        }
        return Ok(end(&rendered, quiet, &terminal));
    }
    if let Some(format) = args.origins {
        let documents = rendered.trace(args.print_options());
        match format {
            OriginsFormat::Json => print(&origins_json(&documents))?,
            OriginsFormat::Table => terminal.print_text(&origins(&documents, &terminal.stdout))?,
        }
        return Ok(end(&rendered, quiet, &terminal));
    }
    let text = match rendered.print(args.print_options()) {
        Ok(text) => text,
        Err(_) => return Ok(end(&rendered, quiet, &terminal)),
    };
    output::write(args, &request, &rendered, &text)
}

/// The exit code of a render; its failures go to standard error.
fn end(rendered: &ChartRender, quiet: bool, terminal: &Terminal) -> Exit {
    let Some(error) = rendered.error() else { return Exit::Clean };
    tell(&format!("Error: {}\n", crate::report::clean(&error)));
    let failures = rendered.failures();
    if !quiet {
        for one in failures.iter().take(MOST_FAILURES) {
            tell(&format!("\n{}", failure(one, &terminal.stderr)));
        }
        if failures.len() > MOST_FAILURES {
            tell(&format!("\n… and {} failures more\n", failures.len() - MOST_FAILURES));
        }
    }
    Exit::Findings
}

fn refused(message: &str, problem: Option<&crate::source::Problem>, terminal: &Terminal) -> Exit {
    tell(&format!("Error: {}\n", crate::report::clean(message)));
    if let Some(problem) = problem.filter(|problem| problem.source.is_some()) {
        tell(&format!("\n{}", crate::report::pretty_problem(problem, &terminal.stderr)));
    }
    Exit::Findings
}

/// What other values files would change.
fn against_values(
    args: &RenderArgs,
    opened: &Opened,
    request: &RenderRequest,
    before: &ChartRender,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut other = request.clone();
    other.values.extend(inputs::values(&args.diff_values)?);
    let after = match opened.chart.render(&other) {
        Ok(after) => after,
        Err(error) => return Ok(refused(&error.message, error.problem.as_deref(), terminal)),
    };
    show_changes(args, before, &after, terminal)
}

fn show_changes(
    args: &RenderArgs,
    before: &ChartRender,
    after: &ChartRender,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let options = args.print_options();
    let text = changes(&before.trace(options), &after.trace(options), &terminal.stdout);
    terminal.print_text(&text)?;
    for rendered in [before, after] {
        if rendered.error().is_some() {
            return Ok(end(rendered, false, terminal));
        }
    }
    Ok(Exit::Clean)
}

/// What changed since a revision: for the flags given, or else for the chart's default values and
/// each of its `ci/*-values.yaml`.
fn against_revision(
    args: &RenderArgs,
    opened: &Opened,
    revision: &str,
    request: &RenderRequest,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let Some(folder) = &opened.folder else {
        return Err(Failure::new("--diff needs a chart folder in a git repository, not an archive"));
    };
    let git = GitFiles::new(folder, revision, &Limits::default())
        .map_err(|error| Failure::new(error.to_string()))?;
    let Some(path) = inputs::path_below(git.root(), folder) else {
        return Err(Failure::new(format!("{} is outside {}", folder.display(), git.root().display())));
    };
    let place = crate::engine::render::ChartPlace::Folder { files: &git, folder: &path };
    let old = match inputs::load(args, place) {
        Ok(chart) => chart,
        Err(Problemed::Chart(problem)) => {
            let message = format!("at {revision}: {}", problem.message);
            return Ok(refused(&message, Some(&problem), terminal));
        }
        Err(Problemed::Failure(failure)) => return Err(failure),
    };
    let mut exit = Exit::Clean;
    for (name, request) in scenarios(folder, request)? {
        let (before, after) = match (old.render(&request), opened.chart.render(&request)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(error), _) | (_, Err(error)) => {
                exit = refused(&error.message, error.problem.as_deref(), terminal);
                continue;
            }
        };
        let options = args.print_options();
        let text = changes(&before.trace(options), &after.trace(options), &terminal.stdout);
        if !text.is_empty() {
            let heading = name.map_or_else(String::new, |name| format!("scenario {name}\n\n"));
            terminal.print_text(&format!("{heading}{text}"))?;
        }
        for (when, rendered) in [(format!("at {revision}: "), &before), (String::new(), &after)] {
            if let Some(error) = rendered.error() {
                tell(&format!("Error: {when}{}\n", crate::report::clean(&error)));
                exit = Exit::Findings;
            }
        }
    }
    Ok(exit)
}

type NamedRequest = (Option<String>, RenderRequest);

fn scenarios(folder: &Path, request: &RenderRequest) -> Result<Vec<NamedRequest>, Failure> {
    if !request.values.is_empty() || !request.set.is_empty() {
        return Ok(vec![(None, request.clone())]);
    }
    let mut found = vec![(Some("default".to_owned()), request.clone())];
    for file in inputs::ci_values(folder) {
        let mut one = request.clone();
        one.values = inputs::values(std::slice::from_ref(&file))?;
        let name = Path::new(&file).file_name().map(|name| name.to_string_lossy().into_owned());
        found.push((Some(format!("ci/{}", name.unwrap_or_default())), one));
    }
    Ok(found)
}
