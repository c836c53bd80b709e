//! Who an image runs as.

use crate::dockerfile::{Keyword, Op};
use crate::finding::Applicability;

use super::build::{Build, User};
use super::{Found, Repair};

const NO_USER: &str =
    "no other user of the image is known: make one with a fixed uid and name it by its number";

/// The image runs as root: its last `USER` says so, or there is none and the base is known to.
pub fn root(build: &Build<'_>) -> Vec<Found> {
    let user = build.non_root_uid().map(|uid| build.written(uid));
    let insert = |user: &String| Repair {
        title: Some(format!("Run as {user}, which the image knows")),
        level: None,
        ops: vec![Op::Insert { before: build.place_for_user(), text: format!("USER {user}") }],
    };
    match build.written_user() {
        Some((at, instruction, User::Root)) => {
            let last = build.chain.last_stage().is_some_and(|stage| (stage.from..stage.end).contains(&at));
            let works =
                |it: Keyword| matches!(it, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir);
            let later = build.chain.instructions().any(|(place, it)| place > at && works(it.keyword));
            let repair = user.as_ref().map(|user| match instruction.words.first() {
                // What follows may need root, so the user changes back at the end.
                Some(_) if last && !later => {
                    Repair { ops: vec![Op::Word { at, word: 0, text: user.clone() }], ..insert(user) }
                }
                _ => insert(user),
            });
            vec![Found {
                at,
                span: instruction.span,
                field: "USER",
                absent: false,
                message: Some("the image runs as root: its last USER says so".to_owned()),
                repair: repair.ok_or_else(|| NO_USER.to_owned()),
            }]
        }
        None if build.base_user() == User::Root && build.is_run() => {
            let base = build.base_name();
            let Some((_, from)) = build.chain.base_instruction() else { return Vec::new() };
            // The stage that misses it, where a reader looks for it.
            let at = build.chain.last_stage().map_or(0, |stage| stage.from);
            let span = build.instruction(at).map_or(from.span, |it| it.rest.span);
            vec![Found {
                at,
                span,
                field: "USER",
                absent: true,
                message: Some(format!("the image runs as root: there is no USER, and {base} runs as root")),
                repair: user.as_ref().map(insert).ok_or_else(|| NO_USER.to_owned()),
            }]
        }
        _ => Vec::new(),
    }
}

/// The last `USER` is a name.
pub fn by_name(build: &Build<'_>) -> Vec<Found> {
    let Some((at, instruction, User::Named(name, uid))) = build.written_user() else { return Vec::new() };
    if build.is_windows() {
        return Vec::new();
    }
    let repair = match (uid, instruction.words.first()) {
        (Some((uid, certain)), Some(word)) => {
            let user = build.written(uid);
            let group = word.text.split_once(':').map(|(_, group)| format!(":{group}")).unwrap_or_default();
            match word.literal() {
                Some(_) => Ok(Repair {
                    title: Some(format!("Name the user by its number, {uid}")),
                    level: Some(if certain { Applicability::Safe } else { Applicability::Unsafe }),
                    ops: vec![Op::Word { at, word: 0, text: format!("{user}{group}") }],
                }),
                None => Err("the name is filled in from a variable".to_owned()),
            }
        }
        _ => Err(format!("the uid of {name} is not known: give it a fixed one where it is made")),
    };
    vec![Found {
        at,
        span: instruction.span,
        field: "USER",
        absent: false,
        message: Some(format!("the image's user is the name {name}, not a number")),
        repair,
    }]
}
