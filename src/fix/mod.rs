//! Layer 7: from patches on objects to edits of bytes.
//!
//! [`plan`] takes the patches of many findings at once, merges those that want the same new parent
//! (five fields of one absent `securityContext` become one block), and hands the operations to the
//! YAML layer. What collides waits for the next round; what can not be done says why.

mod compose;
mod plan;
mod resolve;

#[cfg(test)]
mod tests;

pub use compose::compose;
pub use plan::{Planned, Wanted, plan};
pub use resolve::{Unresolved, Wishes};
