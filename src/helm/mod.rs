//! Layer 3: what `helm template` prints, with origins.

pub mod archive;
pub mod budget;
pub mod call;
pub mod error;
pub mod exec;
pub mod helmignore;
pub mod path_match;
pub mod rope;
pub mod value;
