//! Layer 11: reports. Pure text: findings in, a string out; nothing is printed here.
//!
//! One file a format. [`Report`] is what `check` found, [`RepairReport`] what `fix` did; the rest
//! describes rules. Text from the input is neutralised before it reaches a terminal ([`clean`]).

mod clean;
mod coverage;
mod diff;
mod github;
mod json;
mod levels;
mod line_hash;
mod place;
mod pretty;
mod rdjson;
mod recipes;
pub mod rendered;
mod repair;
mod rules;
mod sarif;
mod standards;
mod style;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::engine::Analysis;
use crate::finding::{Finding, SourceEdits};
use crate::rule::Catalogue;

pub use clean::{break_runner_commands, clean};
pub use coverage::{CoverageFormat, coverage};
pub use diff::unified;
pub use json::{check_schema, fix_schema};
pub use levels::LevelReport;
pub use pretty::problem as pretty_problem;
pub use recipes::{explain_recipe, recipe_table};
pub use repair::RepairReport;
pub use rules::{RuleFormat, explain, rule_table};
pub use standards::readable as readable_standard;
pub use style::{Style, Verbosity};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: frames, diffs, a summary.
    Pretty,
    /// Our own JSON, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub workflow commands (annotations).
    Github,
    /// reviewdog's diagnostics, one JSON object a line.
    Rdjsonl,
    /// What the fixes would change, as one unified diff.
    Diff,
}

impl Format {
    /// All, with the words that name them on the command line.
    pub const ALL: [(&'static str, Self); 7] = [
        ("pretty", Self::Pretty),
        ("json", Self::Json),
        ("json-v1", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
        ("rdjsonl", Self::Rdjsonl),
        ("diff", Self::Diff),
    ];

    /// The format of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, format)| format)
    }

    /// Whether it carries the edits of fixes, for others to apply.
    #[must_use]
    pub fn carries_edits(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Rdjsonl)
    }

    /// Whether the text is free-form, so that a line of the input may stand at the start of one.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Pretty | Self::Diff)
    }
}

/// The edits that repair several findings at once; `None` where they cannot be made together.
pub type Preview<'a> = dyn Fn(&[&Finding]) -> Option<Vec<SourceEdits>> + 'a;

/// What `check` has to say.
pub struct Report<'a> {
    /// What was found.
    pub analysis: &'a Analysis,
    /// The rules, for their texts.
    pub catalogue: &'a Catalogue,
    /// How long it took, if that is to be said.
    pub elapsed: Option<Duration>,
    /// The edits that repair findings of one place together.
    pub preview: &'a Preview<'a>,
    /// The command that fixes what can be fixed, without `--unsafe-fixes`.
    pub fix_command: String,
    /// How much to say.
    pub verbosity: Verbosity,
}

impl Report<'_> {
    /// The report as text, with a final newline unless it is empty.
    #[must_use]
    pub fn write(&self, format: Format, style: &Style) -> String {
        let mut text = String::new();
        // A string takes all that it is told.
        let _ = self.tell(format, style, &mut text);
        text
    }

    /// The same, told in pieces where the format allows that.
    ///
    /// # Errors
    /// Those of the listener.
    pub fn tell(&self, format: Format, style: &Style, told: &mut dyn fmt::Write) -> fmt::Result {
        let whole = match format {
            Format::Pretty => return pretty::check(self, style, told),
            Format::Json => return json::check(self, told),
            Format::Sarif => sarif::check(self),
            Format::Github => github::check(self),
            Format::Rdjsonl => rdjson::check(self),
            Format::Diff => diff::check(self),
        };
        told.write_str(&whole)
    }
}
