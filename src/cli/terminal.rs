//! Standard output and error: colour, width, and writing without a panic.

use std::collections::hash_map::RandomState;
use std::env;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::report::{Style, break_runner_commands};

use super::args::ColorWhen;
use super::exit::Failure;

/// Narrowest and widest running text.
const WIDTHS: (usize, usize) = (60, 120);

/// Where text for people goes and how it looks there.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Standard output.
    pub stdout: Style,
    /// Standard error.
    pub stderr: Style,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal that can move its cursor.
    pub stderr_is_terminal: bool,
    /// Whether output is read by a GitHub runner, which takes some of it for commands.
    pub runner: bool,
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Flag, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then the terminal.
fn wants_color(when: ColorWhen, is_terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
                return false;
            }
            if is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE") {
                return true;
            }
            let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
            is_terminal && !dumb
        }
    }
}

impl Terminal {
    /// Looks at the environment.
    #[must_use]
    pub fn detect(when: ColorWhen) -> Self {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let columns = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let width = columns.unwrap_or(100usize).clamp(WIDTHS.0, WIDTHS.1);
        let style = |is_terminal| Style { color: wants_color(when, is_terminal), unicode: true, width };
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            stdout: style(out),
            stderr: style(err),
            stdout_is_terminal: out,
            stderr_is_terminal: err && !dumb,
            runner: is_set("GITHUB_ACTIONS"),
        }
    }

    /// Prints free text on standard output. On a GitHub runner commands are switched off around it,
    /// since a line of a manifest may look like one.
    ///
    /// # Errors
    /// Standard output is closed or full.
    pub fn print_text(&self, text: &str) -> Result<(), Failure> {
        if !self.runner || text.is_empty() {
            return print(text);
        }
        let token = format!("seaworthy-{:016x}", RandomState::new().build_hasher().finish());
        let end = if text.ends_with('\n') { "" } else { "\n" };
        print(&format!("::stop-commands::{token}\n{}{end}::{token}::\n", break_runner_commands(text)))
    }
}

/// Prints on standard output as it is.
///
/// # Errors
/// Standard output is closed or full.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Failure::io("standard output", &error))
}

/// Standard output for text that comes in pieces.
struct Pieces {
    output: BufWriter<StdoutLock<'static>>,
    failed: Option<io::Error>,
}

impl fmt::Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.output.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}

/// Prints on standard output what is told piece by piece.
///
/// # Errors
/// Standard output is closed or full.
pub fn print_pieces(tell: impl FnOnce(&mut dyn fmt::Write) -> fmt::Result) -> Result<(), Failure> {
    let mut pieces = Pieces { output: BufWriter::with_capacity(1 << 16, io::stdout().lock()), failed: None };
    let told = tell(&mut pieces).map_err(|error| pieces.failed.take().unwrap_or(io::Error::other(error)));
    let told = told.and_then(|()| pieces.output.flush());
    told.map_err(|error| {
        // What is left is not tried again.
        let _ = pieces.output.into_parts();
        Failure::io("standard output", &error)
    })
}

/// Prints on standard error; a closed one is not an error.
pub fn tell(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
