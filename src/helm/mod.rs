//! Layer 3: what `helm template` prints, with origins.

pub mod archive;
pub mod budget;
pub mod call;
pub mod encoding;
pub mod error;
pub mod exec;
pub mod from_yaml;
pub mod functions;
pub mod glob;
pub mod helmignore;
pub mod json;
pub mod number;
pub mod path_match;
pub mod regex;
pub mod rope;
pub mod semver;
pub mod time;
pub mod to_yaml;
pub mod toml;
pub mod unicode;
pub mod value;
