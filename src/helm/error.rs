//! Why executing a template failed.

use super::budget::Limit;

/// A template stopped at an error.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ExecError {
    /// The budget is used up.
    #[error("{0}")]
    Limit(#[from] Limit),
}
