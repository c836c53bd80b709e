//! Rules on Dockerfiles. They are Rust: what they ask (who is the image's user, is there a shell) follows
//! from all instructions together and from what is known of the base. One line each in the table below.

mod base;
mod build;
mod dotnet;
mod end_of_support;
mod port;
mod program;
mod shell;
mod started;
mod target_framework;
mod user;
mod version;

use std::sync::Arc;

use crate::dockerfile::{Dockerfile, Op};
use crate::finding::{Applicability, CandidateFix, DockerfileHit, Patch};
use crate::resource::{Confidence, ImageRow, Images};
use crate::source::Span;
use crate::yaml::FieldPath;

use super::catalogue::{Catalogue, Rule, RuleTest};
use super::patching::Guard;
use super::selection::Selection;

use build::{Build, User};
pub(super) use dotnet::without_shell;
pub use program::Program;
pub use started::{library_of, program_of};
pub use target_framework::{TargetFramework, allows_sdk, target_framework};
pub use version::{build_on_dotnet, has_dotnet_images};

/// What a rule found.
pub(super) struct Found {
    /// Index of the instruction.
    at: usize,
    /// The bytes to mark.
    span: Span,
    /// The keyword it is about.
    field: &'static str,
    /// Whether an instruction is missing.
    absent: bool,
    /// The message, where the rule's own does not say enough.
    message: Option<String>,
    /// What mends it, or why nothing does.
    repair: Result<Repair, String>,
}

/// What mends a finding.
struct Repair {
    /// What it does, where the rule's title does not say enough.
    title: Option<String>,
    /// Its level, where it is not the fix's own.
    level: Option<Applicability>,
    /// The changes.
    ops: Vec<Op>,
}

/// A rule on Dockerfiles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finder {
    /// Its name in `native`.
    name: &'static str,
    /// What it finds in a build.
    run: fn(&Build<'_>) -> Vec<Found>,
}

const FINDERS: [Finder; 9] = [
    Finder { name: "base-end-of-support", run: end_of_support::base },
    Finder { name: "dotnet-full-image", run: dotnet::full_image },
    Finder { name: "expose-privileged-port", run: port::exposed },
    Finder { name: "healthcheck-without-shell", run: shell::healthcheck },
    Finder { name: "image-runs-as-root", run: user::root },
    Finder { name: "image-user-by-name", run: user::by_name },
    Finder { name: "listen-variable-privileged", run: port::listening },
    Finder { name: "shell-form-without-shell", run: shell::commands },
    Finder { name: "unprivileged-base", run: base::unprivileged },
];

/// The rule of a name.
pub(super) fn finder(name: &str) -> Option<Finder> {
    FINDERS.into_iter().find(|finder| finder.name == name)
}

/// The names of all rules on Dockerfiles.
pub(super) fn finders() -> impl Iterator<Item = &'static str> {
    FINDERS.into_iter().map(|finder| finder.name)
}

impl Catalogue {
    /// Runs the selected rules over a Dockerfile. Hits come in the order of the text, then of rule ids.
    /// `program` reads the sources of the program that it builds, where a rule asks for them.
    #[must_use]
    pub fn evaluate_dockerfile(
        &self,
        file: &Dockerfile,
        selection: &Selection,
        images: &Images,
        program: &dyn Fn() -> Program,
    ) -> Vec<DockerfileHit> {
        let build = Build { program: Some(program), ..Build::new(file, images) };
        let mut hits = Vec::new();
        for (rule, runs) in self.rules.iter().zip(&selection.rules) {
            let RuleTest::Dockerfile(finder) = &rule.test else { continue };
            if *runs {
                hits.extend((finder.run)(&build).into_iter().map(|found| hit(rule, found)));
            }
        }
        hits.sort_by_key(|hit| hit.span.start);
        hits
    }
}

/// What is known of the image that a Dockerfile makes, as a row of the image table. It holds for the next
/// build: which one a tag means is not known, so that nothing may rely on it.
#[must_use]
pub fn image_row(file: &Dockerfile, images: &Images) -> Option<ImageRow> {
    let build = Build::new(file, images);
    let shell = shell::has_no_shell(&build).then_some(false);
    let user = build.written_user().map_or_else(|| build.base_user(), |(.., user)| user);
    let (user, uid) = match user {
        User::Root => (Some("root".to_owned()), None),
        User::Uid(uid) => (None, Some(uid)),
        User::Named(name, uid) => (Some(name), uid.map(|(uid, _)| uid)),
        User::Unknown if shell.is_none() => return None,
        User::Unknown => (Some("unknown".to_owned()), None),
    };
    let nonroot = build.non_root_uid().map(|uid| uid.to_string());
    Some(ImageRow { user, uid, nonroot, shell, confidence: Confidence::Inferred, ..ImageRow::default() })
}

/// The same for whoever makes the image anew: also where it listens, and whether it has no shell.
#[must_use]
pub fn image_row_in_full(file: &Dockerfile, images: &Images) -> Option<ImageRow> {
    let build = Build::new(file, images);
    let shell = shell::has_no_shell(&build).then_some(false);
    let row = image_row(file, images)?;
    Some(ImageRow { shell, never_shell: shell.is_some(), ports: port::listened(&build), ..row })
}

fn hit(rule: &Rule, found: Found) -> DockerfileHit {
    let (fixes, no_fix) = match (found.repair, rule.fixes.first()) {
        (Ok(repair), Some(fix)) => {
            let level = match repair.level {
                Some(own) if fix.applicability != Applicability::Suggestion => own,
                _ => fix.applicability,
            };
            let guard = Guard::new(fix, level, None, None);
            let fix = CandidateFix {
                title: repair.title.map_or_else(|| Arc::clone(&fix.title), Arc::from),
                applicability: guard.level,
                safety: Some(Arc::clone(&fix.safety)),
                patch: Patch::of_dockerfile(repair.ops),
                held_back: guard.held_back,
                release: guard.release,
            };
            (vec![fix], None)
        }
        (Err(reason), _) => (Vec::new(), Some(reason.into())),
        (Ok(_), None) => (Vec::new(), rule.no_fix.clone()),
    };
    DockerfileHit {
        rule: Arc::clone(&rule.id),
        severity: rule.severity,
        at: found.at,
        field: FieldPath::root().key(found.field),
        span: found.span,
        absent: found.absent,
        message: found.message.unwrap_or_else(|| rule.message.plain()),
        standards: rule.standards.clone(),
        fixes,
        no_fix,
    }
}
