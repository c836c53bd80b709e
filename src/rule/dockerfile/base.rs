//! Bases for which there is one that does the same without root.

use crate::dockerfile::{Instruction, Keyword, Op};
use crate::resource::ImageReference;

use super::build::Build;
use super::{Found, Repair};

/// The base has an alternative that runs without root.
pub fn unprivileged(build: &Build<'_>) -> Vec<Found> {
    let Some((fact, (at, from))) = build.fact.as_ref().zip(build.chain.base_instruction()) else {
        return Vec::new();
    };
    let Some(other) = &fact.row.alternative else { return Vec::new() };
    let message = format!(
        "{} runs as root; {} does the same as {}, on port {}",
        build.base_name(),
        other.image,
        other.uid,
        other.port
    );
    let word = from.words.first();
    let span = word.map_or(from.span, |word| word.span);
    let repair = repair(build, at);
    vec![Found { at, span, field: "FROM", absent: false, message: Some(message), repair }]
}

fn repair(build: &Build<'_>, at: usize) -> Result<Repair, String> {
    let fact = build.fact.as_ref().ok_or("nothing is known of the base")?;
    let other = fact.row.alternative.as_ref().ok_or("there is no other base")?;
    let word = build.instruction(at).and_then(|it| it.words.first()).ok_or("there is no image")?;
    let (_, text) = word.literal().ok_or("the image is filled in from a variable")?;
    let image = ImageReference::parse(text).ok_or("the image is filled in from a variable")?;
    if !other.same_tags {
        return Err(format!("{} has other tags: choose one", other.image));
    }
    if image.digest.is_some() {
        return Err("the image is pinned by a digest".to_owned());
    }
    if build.chain.instructions().any(|(_, it)| it.keyword == Keyword::Run) {
        return Err(format!("a RUN may need root, and {} runs it as {}", other.image, other.uid));
    }
    if build.chain.instructions().any(|(_, it)| it.keyword == Keyword::User) {
        return Err("USER says who it runs as: look at it first".to_owned());
    }
    let configured = |it: &Instruction| {
        let to = it.words.last().map_or("", |word| word.text.trim_matches('"'));
        matches!(it.keyword, Keyword::Copy | Keyword::Add) && !to.starts_with("/usr/share/")
    };
    if build.chain.instructions().any(|(_, it)| configured(it)) {
        return Err("what is copied may say where it listens: look at it first".to_owned());
    }
    let tag = text.strip_prefix(image.name).unwrap_or("");
    let mut ops = vec![Op::Word { at, word: 0, text: format!("{}{tag}", other.image) }];
    for (at, expose) in build.chain.instructions().filter(|(_, it)| it.keyword == Keyword::Expose) {
        for (place, word) in expose.words.iter().enumerate() {
            if word.text == "80" {
                ops.push(Op::Word { at, word: place, text: other.port.to_string() });
            }
        }
    }
    Ok(Repair { title: Some(format!("Build on {}", other.image)), level: None, ops })
}
