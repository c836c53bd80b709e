//! What `render` shows beside the manifests: origins, reasons, differences, failures.

mod changes;
mod failure;
mod json;
mod phrase;
mod table;
mod why;

pub use changes::changes;
pub use failure::failure;
pub use json::{origins_json, origins_schema};
pub use table::origins;
pub use why::answer;
