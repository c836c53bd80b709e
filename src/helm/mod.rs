//! Layer 3: what `helm template` prints, with origins.

pub mod budget;
pub mod call;
pub mod error;
pub mod exec;
pub mod rope;
pub mod value;
