//! Layer 8: configuration. What a `seaworthy.toml` may say ([`schema`]), how files are found and
//! put on top of each other ([`load`]), and what comes out for the engine ([`Settings`]).
//!
//! Nothing here reads a file, the environment or the clock: callers hand in a reader and the date.

mod date;
mod discover;
mod error;
mod load;
mod scenario;
pub mod schema;
mod settings;
mod suggest;
#[cfg(test)]
mod tests;

pub use date::Date;
pub use discover::{FILE_NAMES, nearest};
pub use error::ConfigError;
pub use load::{Layer, Layers, Load, Step};
pub use scenario::ScenarioSettings;
pub use settings::{Ignore, LinkedDockerfile, PathSettings, Settings};
pub use suggest::closest;
