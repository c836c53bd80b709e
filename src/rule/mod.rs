//! Layer 6: detection. Rules are data (`rules.toml`), compiled once into a [`Catalogue`]; no rule
//! touches a file or knows of edits.
//!
//! [`schema`](RuleTable) is what a rule looks like as written, `compile` turns it into a [`Rule`]
//! with its closed list of tests, `evaluate` runs all rules over a document: each subject's fields
//! are looked up once for all rules (see `slots`), then every test is a comparison. What is found
//! is a [`RuleHit`] with candidate fixes as patches on fields; a later layer finds the place to
//! edit. Weaknesses that no closed list expresses are Rust, in `native`.

mod catalogue;
mod compile;
mod dockerfile;
mod evaluate;
mod frame;
mod labels;
mod message;
mod native;
mod neighbour;
mod patching;
mod pod_security;
mod predicate;
mod recipe;
mod said;
mod schema;
mod scope;
mod selection;
mod shell_words;
mod slots;
mod target;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, CatalogueError, Fix, Peers, Rule};
pub use dockerfile::{
    Program, TargetFramework, allows_sdk, build_on_dotnet, has_dotnet_images, image_row, image_row_in_full,
    library_of, program_of, target_framework,
};
pub(crate) use native::is_of_pod_and_container;
pub use neighbour::Neighbour;

pub use pod_security::{Check, Level, NextLevel, Verdict};
pub use recipe::{Recipe, recipes};
pub use said::Said;
pub use schema::{
    CheckTable, FixTable, Literal, Operation, PredicateTable, RuleFile, RuleTable, json_schema,
};
pub use scope::Scope;
pub use selection::{Selection, SelectionError};
pub use target::{Documents, Enough, Target, Together};
