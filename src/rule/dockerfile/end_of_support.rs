//! Bases of platforms that get no more fixes of security holes.

use crate::resource::{ImageReference, ended_support};

use super::Found;
use super::build::Build;

/// The base, where its tag names such a version.
pub fn base(build: &Build<'_>) -> Vec<Found> {
    let Some((at, from)) = build.chain.base_instruction() else { return Vec::new() };
    let Some(ended) = ImageReference::parse(build.base_name()).as_ref().and_then(ended_support) else {
        return Vec::new();
    };
    let span = from.words.first().map_or(from.span, |word| word.span);
    let message = format!(
        "the image is built on {} {}, whose support ended on {}",
        ended.platform, ended.version, ended.day
    );
    let repair = Err(
        "a newer version takes a new build of the program: change TargetFramework, SDK and base together"
            .to_owned(),
    );
    vec![Found { at, span, field: "FROM", absent: false, message: Some(message), repair }]
}
