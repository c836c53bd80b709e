//! [`ConfigError`]: what is wrong with a configuration, where, and what was probably meant.

use std::sync::Arc;

use crate::source::{Problem, ProblemKind, Source, Span};

use super::suggest::closest;

/// Why a configuration cannot be used. A wrong configuration stops the program (exit code 2): a key
/// that is not understood is a rule the user believes to be on.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct ConfigError {
    /// The file as shown, or `--config` for a setting on the command line.
    pub path: Arc<str>,
    /// The text it is about; `None` where the file could not be read.
    pub source_text: Option<Arc<Source>>,
    /// Where in the text.
    pub span: Span,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What to do about it: `did you mean …?`.
    pub help: Option<String>,
}

impl ConfigError {
    /// An error at a place of a text.
    #[must_use]
    pub fn new(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        let (path, source_text) = (Arc::clone(source.name()), Some(Arc::clone(source)));
        Self { path, source_text, span, message: message.into(), help: None }
    }

    /// An error about a file that could not be read, or about none at all.
    #[must_use]
    pub fn of_path(path: impl Into<Arc<str>>, message: impl Into<String>) -> Self {
        let span = Span::default();
        Self { path: path.into(), source_text: None, span, message: message.into(), help: None }
    }

    /// A word that is not among the known ones.
    #[must_use]
    pub fn unknown<'a>(
        source: &Arc<Source>,
        span: Span,
        what: &str,
        given: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let help = closest(given, known).map(|name| format!("did you mean `{name}`?"));
        Self { help, ..Self::new(source, span, format!("unknown {what} `{given}`")) }
    }

    /// What the TOML reader says, with the key that was probably meant where it lists the known ones.
    #[must_use]
    pub fn from_toml(source: &Arc<Source>, error: &toml::de::Error) -> Self {
        let span = error.span().map(Span::from).unwrap_or_default();
        let text = error.message().trim();
        // serde words an unknown key as "unknown field `x`, expected one of `a`, `b`".
        let mut quoted = text.split('`').skip(1).step_by(2);
        let described =
            ["unknown field", "unknown variant"].into_iter().find(|start| text.starts_with(start));
        if let (Some(described), Some(given)) = (described, quoted.next()) {
            let known: Vec<&str> = quoted.collect();
            let what = if described == "unknown field" { "key" } else { "value" };
            let mut error = Self::unknown(source, span, what, given, known.iter().copied());
            if error.help.is_none() && !known.is_empty() {
                error.help = Some(format!("known here: {}", known.join(", ")));
            }
            return error;
        }
        Self::new(source, span, text.lines().collect::<Vec<_>>().join("; "))
    }

    /// The same as a problem, to be printed like one.
    #[must_use]
    pub fn to_problem(&self) -> Problem {
        let mut problem = match &self.source_text {
            Some(source) => Problem::new(ProblemKind::NotChecked, source, self.span, &*self.message),
            None => Problem::of_path(ProblemKind::NotChecked, Arc::clone(&self.path), &*self.message),
        };
        problem.help.clone_from(&self.help);
        problem
    }
}
