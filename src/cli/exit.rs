//! Exit codes, one meaning each in every command.

use std::fmt;

use crate::config::ConfigError;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; nothing to complain of.
    Clean,
    /// Findings at or above the limit; with `fix --diff`: something would change.
    Findings,
    /// Wrong usage or configuration, or reading or writing failed.
    Failed,
    /// Something was not checked, or there was nothing to check.
    NotChecked,
}

impl Exit {
    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Failed => 2,
            Self::NotChecked => 3,
        }
    }
}

/// Why a command could not run.
#[derive(Debug)]
pub enum Failure {
    /// The reader of our output has gone: not our failure.
    BrokenPipe,
    /// The configuration is wrong.
    Config(Box<ConfigError>),
    /// Anything else, in words.
    Message {
        /// One sentence without a full stop.
        text: String,
        /// What to do.
        help: Option<String>,
    },
}

impl Failure {
    /// A failure in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self::Message { text: text.into(), help: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(text: impl Into<String>, help: Option<String>) -> Self {
        Self::Message { text: text.into(), help }
    }

    /// A failure to read or write.
    #[must_use]
    pub fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::new(format!("{what}: {error}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(Box::new(error))
    }
}
