//! `check --coverage`: which branches of charts' templates no scenario took.

use crate::engine::Engine;
use crate::project::Project;
use crate::report::{CoverageFormat, coverage as report, pretty_problem};
use crate::source::ProblemKind;

use super::args::{CheckArgs, CoverageWord};
use super::exit::{Exit, Failure};
use super::output::write_file;
use super::progress::Progress;
use super::session::Session;
use super::terminal::{print, tell};

/// Renders the charts of a project and reports what was reached.
///
/// # Errors
/// The report cannot be written.
pub fn coverage(
    args: &CheckArgs,
    word: CoverageWord,
    session: &Session,
    engine: &Engine,
    project: &Project,
    progress: &Progress,
) -> Result<Exit, Failure> {
    let coverage = engine.coverage(project);
    progress.finish();
    let format = match word {
        CoverageWord::Text => CoverageFormat::Text,
        CoverageWord::Lcov => CoverageFormat::Lcov,
    };
    match &args.output.output {
        Some(file) => write_file(
            file,
            &report(&coverage, format, &crate::report::Style { color: false, ..session.terminal.stdout }),
        )?,
        None => print(&report(&coverage, format, &session.terminal.stdout))?,
    }
    let unchecked = coverage.problems.iter().filter(|problem| problem.kind == ProblemKind::NotChecked);
    for problem in unchecked.clone() {
        tell(&pretty_problem(problem, &session.terminal.stderr));
    }
    if coverage.charts.is_empty() {
        tell("No chart was rendered.\n");
    }
    let blind = coverage.charts.is_empty() || unchecked.count() > 0;
    Ok(if blind && !args.allow_unchecked { Exit::NotChecked } else { Exit::Clean })
}
