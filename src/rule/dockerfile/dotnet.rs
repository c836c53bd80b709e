//! .NET images without a shell, a package manager and root: Ubuntu's chiseled ones, Azure Linux' distroless
//! ones. Tags and contents as dotnet/dotnet-docker has them in 2026-08.

use crate::dockerfile::{Command, Instruction, Keyword, Op};
use crate::resource::ImageReference;

use super::build::{Build, User};
use super::port::{exposed_as, moved, moves};
use super::program::PROPERTIES;
use super::shell::{needs_shell, words_of};
use super::started::program_of;
use super::{Found, Program, Repair};

/// Images that have such a variant; the SDK has none.
const REPOSITORIES: [&str; 3] = ["aspnet", "runtime", "runtime-deps"];

/// Suffixes of tags that name a processor.
const PROCESSORS: [&str; 3] = ["amd64", "arm64v8", "arm32v7"];

/// What is written in `USER`: the variable of the base, which the built image holds as a number.
const USER: &str = "$APP_UID";

/// A variant of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Variant {
    /// The same without shell and root.
    Tag(String),
    /// There is none, or it is one already.
    None,
    /// There is one, but not as a matter of course.
    Refused(&'static str),
}

/// The variant of a tag. `extra` = with ICU and time zones, as the full images have them.
fn variant(tag: &str, extra: bool) -> Variant {
    let mut parts: Vec<&str> = tag.split('-').collect();
    let processor = parts.last().copied().filter(|last| PROCESSORS.contains(last));
    if processor.is_some() {
        parts.pop();
    }
    let Some((version, system)) = parts.split_first() else { return Variant::None };
    let system = system.join("-");
    let without = ["chiseled", "distroless", "nanoserver", "windowsservercore", "preview", "rc"];
    if without.iter().any(|word| system.contains(word)) {
        return Variant::None;
    }
    let (version, plain) = if *version == "latest" { ("10.0", true) } else { (*version, system.is_empty()) };
    if !["6.0", "7.0", "8.0", "9.0", "10.0"].contains(&version) {
        let patch = version.matches('.').count() == 2;
        let reason = "the tag is pinned to a patch: look which one has a chiseled variant";
        return if patch { Variant::Refused(reason) } else { Variant::None };
    }
    if system.starts_with("alpine") {
        return Variant::Refused(
            "the program is published for musl, and chiseled images have glibc: publish it for linux-x64 first",
        );
    }
    let old = matches!(version, "6.0" | "7.0");
    let system = match system.as_str() {
        _ if plain && old => "jammy",
        _ if plain => "noble",
        "bullseye-slim" | "bookworm-slim" | "focal" | "jammy" if old => "jammy",
        "bookworm-slim" if matches!(version, "8.0" | "9.0") => "noble",
        "jammy" if version == "8.0" => "jammy",
        "noble" if !old => "noble",
        "resolute" if version == "10.0" => "resolute",
        "azurelinux3.0" if !old => "azurelinux3.0",
        _ => return Variant::Refused("no chiseled variant is known for the tag"),
    };
    if version == "8.0" && system == "noble" && processor == Some("arm32v7") {
        return Variant::Refused("there is no chiseled variant for arm32");
    }
    let kind = if system.starts_with("azurelinux") { "distroless" } else { "chiseled" };
    let extra = if extra { "-extra" } else { "" };
    let processor = processor.map(|name| format!("-{name}")).unwrap_or_default();
    Variant::Tag(format!("{version}-{system}-{kind}{extra}{processor}"))
}

/// The tag of an image of .NET that does the same without shell and root, with ICU and time zones as it has them
/// itself, or why none is taken; `None` for other images, and where there is none.
pub fn without_shell(image: &ImageReference<'_>) -> Option<Result<String, &'static str>> {
    let name = image.name.strip_prefix("mcr.microsoft.com/dotnet/")?;
    if !REPOSITORIES.contains(&name) {
        return None;
    }
    match variant(image.tag.text(), true) {
        Variant::Tag(tag) => Some(Ok(tag)),
        Variant::Refused(reason) => Some(Err(reason)),
        Variant::None => None,
    }
}

/// The image runs on a full .NET image.
pub fn full_image(build: &Build<'_>) -> Vec<Found> {
    let Some((at, from)) = build.chain.base_instruction() else { return Vec::new() };
    let Some(image) = ImageReference::parse(build.base_name()) else { return Vec::new() };
    if without_shell(&image).is_none() {
        return Vec::new();
    }
    let program = build.program.map(|read| read()).unwrap_or_default();
    let invariant = invariance(build, &program);
    let variant = variant(image.tag.text(), invariant.is_none());
    let span = from.words.first().map_or(from.span, |word| word.span);
    let message = format!("{} has a shell, a package manager and root", build.base_name());
    let repair = match variant {
        Variant::Tag(tag) => port(build, at, &image, &tag, &program).map(|repair| {
            let why = invariant.map(|why| format!("; no ICU and time zones, since {why}"));
            let title = repair.title.map(|title| title + &why.unwrap_or_default());
            Repair { title, ..repair }
        }),
        Variant::Refused(reason) => Err(reason.to_owned()),
        Variant::None => Err(String::new()),
    };
    vec![Found { at, span, field: "FROM", absent: false, message: Some(message), repair }]
}

/// What says that the program needs neither ICU nor time zones; `None` where nothing does. A variable of the
/// image wins over the program's project.
fn invariance(build: &Build<'_>, program: &Program) -> Option<String> {
    let name = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT";
    let mut variables = build.chain.instructions().rev().filter(|(_, it)| it.keyword == Keyword::Env);
    let value = variables.find_map(|(at, it)| {
        let place = it.names.iter().position(|known| known == name)?;
        Some(build.expand(at, it.words.get(place)?))
    });
    if let Some(value) = value {
        let yes = value.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "1" | "true"));
        return yes.then(|| format!("{name} is set"));
    }
    let file = program.invariant(&program_of(&build.chain)?)?;
    // The build sees only what is copied into it.
    (!file.ends_with(PROPERTIES) || is_copied(build, file))
        .then(|| format!("{file} says InvariantGlobalization"))
}

/// Whether a stage copies a file of the sources, or a folder that it stands in.
fn is_copied(build: &Build<'_>, file: &str) -> bool {
    let holds = |text: &str| {
        let path = text.trim_matches('"').trim_start_matches("./").trim_end_matches('/');
        let below = file.strip_prefix(path);
        matches!(path, "" | ".") || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    build.chain.file().instructions().iter().any(|it| {
        let sources = it.words.split_last().map_or(&[][..], |(_, sources)| sources);
        matches!(it.keyword, Keyword::Copy | Keyword::Add)
            && it.flag("from").is_none()
            && sources.iter().any(|word| holds(&word.text))
    })
}

/// All that has to change for a program to run on the other image.
fn port(
    build: &Build<'_>,
    from: usize,
    image: &ImageReference<'_>,
    tag: &str,
    program: &Program,
) -> Result<Repair, String> {
    let word = build.instruction(from).and_then(|it| it.words.first()).ok_or("there is no image")?;
    let (_, text) = word.literal().ok_or("the image is filled in from a variable")?;
    if image.digest.is_some() {
        return Err("the image is pinned by a digest".to_owned());
    }
    if text != build.base_name() {
        return Err("the image is filled in from a variable".to_owned());
    }
    refuse(build)?;
    let mut ops = vec![Op::Word { at: from, word: 0, text: format!("{}:{tag}", image.name) }];
    ops.extend(command(build, image)?);
    if let Some((at, check)) = build.chain.last(Keyword::Healthcheck)
        && check.command.as_ref().is_some_and(|command| needs_shell(command) || calls_tool(command))
    {
        // Kubernetes does not look at it.
        ops.push(Op::Remove { at });
    }
    ops.extend(user(build)?);
    let moved = ports(build)?;
    if let Some(file) = program.listens_itself().filter(|_| !moved.is_empty()) {
        return Err(format!(
            "{file} says where the program listens: look whether it follows a variable first"
        ));
    }
    ops.extend(moved);
    Ok(Repair { title: Some(format!("Build on {}:{tag}, as its user", image.name)), level: None, ops })
}

/// What the other image has no means for.
fn refuse(build: &Build<'_>) -> Result<(), String> {
    for (_, it) in build.chain.instructions() {
        match it.keyword {
            Keyword::Run | Keyword::Shell => {
                let line = build.chain.file().source().line_column(it.span.start()).line;
                return Err(format!("line {line} needs a shell and tools, which a chiseled image has not"));
            }
            Keyword::Copy | Keyword::Add if is_system_copy(it) => {
                let line = build.chain.file().source().line_column(it.span.start()).line;
                return Err(format!("line {line} copies into the system: it may need what is not there"));
            }
            _ => {}
        }
    }
    let file = build.chain.file();
    let of_chain: Vec<usize> = build.chain.stages().map(|stage| stage.from).collect();
    let names: Vec<&String> = build.chain.stages().filter_map(|stage| stage.name.as_ref()).collect();
    for stage in file.stages().iter().filter(|stage| !of_chain.contains(&stage.from)) {
        let on = build
            .instruction(stage.from)
            .and_then(|it| it.words.first())
            .map(|it| it.text.to_ascii_lowercase());
        let runs = |at: usize| build.instruction(at).is_some_and(|it| it.keyword == Keyword::Run);
        if on.is_some_and(|on| names.contains(&&on)) && (stage.from..stage.end).any(runs) {
            return Err("another stage is built on it and needs a shell".to_owned());
        }
    }
    Ok(())
}

fn is_system_copy(it: &Instruction) -> bool {
    let to = it.words.last().map_or("", |word| word.text.trim_matches('"'));
    let system = ["/bin", "/etc", "/lib", "/sbin", "/usr", "/var"];
    it.flag("from").is_some() && (to == "/" || system.iter().any(|folder| to.starts_with(folder)))
}

fn calls_tool(command: &Command) -> bool {
    let Command::Exec(words) = command else { return true };
    let program = words.first().map(|word| word.rsplit('/').next().unwrap_or(word));
    program != Some("dotnet")
}

/// The command in exec form. The chiseled `aspnet` and `runtime` have an `ENTRYPOINT` of their own, so that a
/// `CMD` alone would become its arguments.
fn command(build: &Build<'_>, image: &ImageReference<'_>) -> Result<Vec<Op>, String> {
    let entrypoint = build.chain.last(Keyword::Entrypoint);
    let cmd = build.chain.last(Keyword::Cmd);
    let mut ops = Vec::new();
    let (at, it) = match (entrypoint, cmd) {
        (Some(_), Some((_, cmd))) if cmd.command.as_ref().is_some_and(needs_shell) => {
            return Err("CMD needs a shell".to_owned());
        }
        (Some(found), _) => found,
        (None, Some(found)) => {
            if !image.name.ends_with("runtime-deps") {
                ops.push(Op::Keyword { at: found.0, to: Keyword::Entrypoint });
            }
            found
        }
        (None, None) => return Err("there is no ENTRYPOINT: what starts is not known".to_owned()),
    };
    let command = it.command.as_ref().ok_or("the command is empty")?;
    if needs_shell(command) {
        let words = words_of(command).ok_or("the command says what only a shell understands")?;
        ops.push(Op::Exec { at, words });
    }
    let script = |word: &str| word.ends_with(".sh");
    let words = words_of(command).unwrap_or_default();
    if words.iter().any(|word| script(word)) {
        return Err("the command is a script, which needs a shell".to_owned());
    }
    Ok(ops)
}

fn user(build: &Build<'_>) -> Result<Vec<Op>, String> {
    let word = |at| vec![Op::Word { at, word: 0, text: USER.to_owned() }];
    match build.written_user() {
        None => Ok(vec![Op::Insert { before: build.place_for_user(), text: format!("USER {USER}") }]),
        Some((_, _, User::Uid(_))) => Ok(Vec::new()),
        Some((at, _, User::Root)) => Ok(word(at)),
        Some((at, _, User::Named(name, _))) if name == "app" => Ok(word(at)),
        Some(_) => Err("USER names a user that the other image may not have".to_owned()),
    }
}

/// The ports below 1024 that the program is told; .NET 6 and 7 are told by the base.
fn ports(build: &Build<'_>) -> Result<Vec<Op>, String> {
    let told = moves(build);
    if let [first, rest @ ..] = told.as_slice() {
        if !rest.is_empty() {
            return Err("it listens on several ports below 1024".to_owned());
        }
        return Ok(moved(build, *first)?.ops);
    }
    let of_base = build.fact.as_ref().and_then(|fact| fact.row.env.get("ASPNETCORE_URLS"));
    let base_moves = of_base.is_some_and(|url| url.ends_with(":80"));
    Ok(if base_moves { exposed_as(build, 80, 8080) } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_lead_to_variants_that_exist() {
        let tag = |text: &str| match variant(text, true) {
            Variant::Tag(tag) => tag,
            Variant::None => "none".to_owned(),
            Variant::Refused(_) => "refused".to_owned(),
        };
        for (from, to) in [
            ("6.0", "6.0-jammy-chiseled-extra"),
            ("7.0-bullseye-slim", "7.0-jammy-chiseled-extra"),
            ("8.0-jammy", "8.0-jammy-chiseled-extra"),
            ("8.0", "8.0-noble-chiseled-extra"),
            ("9.0-bookworm-slim-amd64", "9.0-noble-chiseled-extra-amd64"),
            ("9.0-jammy", "refused"),
            ("10.0", "10.0-noble-chiseled-extra"),
            ("latest", "10.0-noble-chiseled-extra"),
            ("10.0-azurelinux3.0", "10.0-azurelinux3.0-distroless-extra"),
            ("8.0-alpine3.22", "refused"),
            ("8.0.11-jammy", "refused"),
            ("8.0-noble-arm32v7", "refused"),
            ("10.0-noble-chiseled", "none"),
            ("8.0-nanoserver-ltsc2022", "none"),
            ("3.1", "none"),
            ("11.0-preview", "none"),
        ] {
            assert_eq!(tag(from), to, "{from}");
        }
        assert_eq!(variant("8.0-noble", false), Variant::Tag("8.0-noble-chiseled".to_owned()));
    }
}
