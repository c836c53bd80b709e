//! Seaworthy finds security weaknesses in Kubernetes manifests and Helm charts at their source,
//! and repairs them there.
//!
//! Data flows one way, and each module imports only modules above it in this list (ARCHITECTURE.md
//! has the map, `tests/tidy.rs` holds the code against it).

pub mod source;

pub mod template;

pub mod yaml;

pub mod origin;

pub mod helm;

pub mod resource;

pub mod finding;

pub mod rule;

pub mod config;

pub mod project;

pub mod engine;

pub mod write;

pub mod report;

pub mod cli;
