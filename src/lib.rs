//! Seaworthy finds security weaknesses in Kubernetes manifests and Helm charts at their source,
//! and repairs them there.
//!
//! Data flows one way, and each module imports only modules above it in this list (ARCHITECTURE.md
//! has the map, `tests/tidy.rs` holds the code against it).

pub mod cli;
pub mod config;
pub mod dockerfile;
pub mod engine;
pub mod finding;
pub mod fix;
pub mod helm;
pub mod origin;
pub mod project;
pub mod report;
pub mod resource;
pub mod rule;
pub mod source;
pub mod template;
pub mod write;
pub mod yaml;
