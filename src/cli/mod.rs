//! Layer 13: the command line. One file a command; only here is anything printed.

mod args;
mod baseline;
mod chart_cache;
mod check;
mod coverage;
mod describe;
mod exit;
mod fix;
mod image_config;
mod init;
mod output;
mod progress;
mod render;
mod session;
mod terminal;

use std::panic::{self, AssertUnwindSafe};

use clap::{CommandFactory, Parser};

pub use args::Cli;
pub use exit::{Exit, Failure};
use terminal::{Terminal, tell};

/// Runs the program on the arguments of the process; the result is its exit code.
///
/// A bug that would end the program with a backtrace ends it with code 2 and one line instead.
#[must_use]
pub fn main() -> u8 {
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    result.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        tell(&format!(
            "error: this is a bug in seaworthy: {text}\n  help: nothing more was written; please report it\n"
        ));
        Exit::Failed.code()
    })
}

fn run() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe while printing them is none either.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failed.code() } else { Exit::Clean.code() };
        }
    };
    let global = &cli.global;
    let result = match &cli.command {
        args::Command::Check(args) => check::check(args, global),
        args::Command::Fix(args) => fix::fix(args, global),
        args::Command::Render(args) => render::render(args, global),
        args::Command::Explain(args) => describe::explain(args, global),
        args::Command::Rules(args) => describe::rules(args, global),
        args::Command::Init(args) => init::init(args),
        args::Command::Completions(args) => init::completions(args),
    };
    match result {
        Ok(exit) => exit.code(),
        Err(Failure::BrokenPipe) => Exit::Clean.code(),
        Err(failure) => {
            tell(&session::describe(&failure, &Terminal::detect(global.color).stderr));
            Exit::Failed.code()
        }
    }
}

/// The long help of a command as it is printed without colour, for documents and tests.
#[must_use]
pub fn help_of(command: Option<&str>) -> String {
    let mut root = Cli::command().term_width(100);
    let found = match command {
        Some(name) => {
            root.find_subcommand_mut(name).map(|one| one.clone().bin_name(format!("seaworthy {name}")))
        }
        None => Some(root.clone()),
    };
    found.map(|mut one| one.render_long_help().to_string()).unwrap_or_default()
}
