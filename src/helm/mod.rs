//! Layer 3: what `helm template` prints, with origins.

pub mod archive;
pub mod budget;
mod builtin;
pub mod call;
mod duration_methods;
pub mod error;
mod escape;
pub mod exec;
pub mod format;
pub mod functions;
pub mod helmignore;
mod include;
pub mod path_match;
pub mod registry;
pub mod rope;
mod set;
mod slot;
pub mod time;
pub mod to_yaml;
pub mod value;
mod values_methods;
