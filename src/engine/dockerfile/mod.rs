//! Dockerfiles: judged one by one, and mended one operation after the other, each proved.

mod ignore;
mod judge;
mod mend;

pub(super) use judge::{kept, preview};
pub(super) use mend::mend;
