//! The progress bar: on a terminal's standard error, for runs that take a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::Verbosity;

use super::args::GlobalArgs;
use super::session::Session;

/// Runs shorter than this show no bar.
const QUIET_FOR: Duration = Duration::from_millis(500);
/// Times a second it is drawn.
const HERTZ: u8 = 10;

/// A bar that appears when a run takes long, or nothing at all.
pub struct Progress {
    bar: Option<ProgressBar>,
    shown: AtomicBool,
    start: Instant,
}

impl Progress {
    /// A bar for this many files, unless flags or the surroundings forbid one.
    #[must_use]
    pub fn start(session: &Session, global: &GlobalArgs, total: usize) -> Arc<Self> {
        let quiet = global.no_progress || session.verbosity < Verbosity::Normal;
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        let bar = (session.terminal.stderr_is_terminal && !quiet && !in_ci).then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
            let template = "[{elapsed_precise}] {bar:24} {pos}/{len} files  eta {eta_precise}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("█▓░"));
            }
            bar
        });
        Arc::new(Self { bar, shown: AtomicBool::new(false), start: Instant::now() })
    }

    /// Says that one more file is done; from any thread.
    pub fn advance(&self) {
        let Some(bar) = &self.bar else { return };
        bar.inc(1);
        if self.start.elapsed() < QUIET_FOR {
            return;
        }
        if !self.shown.swap(true, Ordering::Relaxed) {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ));
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
