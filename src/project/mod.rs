//! Layer 9: the only reader of the world. Folders on disk and trees of git, both as
//! [`Files`](crate::source::Files).

mod disk;
mod git;

pub use disk::{DiskFiles, root_above};
pub use git::{GitError, GitFiles};
