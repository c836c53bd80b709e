//! The version of .NET that a Dockerfile is built with and on. Which systems the images of a version are made
//! for is as dotnet/dotnet-docker has it in 2026-08.

use crate::dockerfile::{Dockerfile, Keyword, Op};
use crate::resource::{DOTNET_IMAGES, ImageReference};

/// Where the images of .NET are.
const REGISTRY: &str = "mcr.microsoft.com/dotnet/";

/// Suffixes of tags that name a processor.
const PROCESSORS: [&str; 3] = ["amd64", "arm64v8", "arm32v7"];

/// Systems of a version's images, as its tags name them.
const SYSTEMS: [(&str, &[&str]); 3] = [
    ("8.0", &["noble", "jammy", "bookworm-slim", "azurelinux3.0", "alpine"]),
    ("9.0", &["noble", "bookworm-slim", "azurelinux3.0", "alpine"]),
    ("10.0", &["noble", "resolute", "azurelinux3.0", "alpine"]),
];

/// Systems with an older libc than Ubuntu 24.04: what was built on one runs there.
const OLDER: [&str; 7] =
    ["buster-slim", "bullseye-slim", "bookworm-slim", "focal", "jammy", "bookworm", "bullseye"];

/// Programs that install packages, whose names are a system's own.
const INSTALLERS: [&str; 6] = ["apt", "apt-get", "apk", "tdnf", "microdnf", "dpkg"];

/// Whether images of a version (`10.0`) are known well enough to name one.
#[must_use]
pub fn has_dotnet_images(version: &str) -> bool {
    SYSTEMS.iter().any(|(known, _)| *known == version)
}

/// `8.0` as numbers.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// The tag of a version that stands for another tag's; `None` where it is of that version already.
fn tag_of(tag: &str, version: &str) -> Result<Option<String>, String> {
    let (old, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let of = |reason: &str| format!("`{tag}`: {reason}");
    let (Some(from), Some(to)) = (numbers(old), numbers(version)) else {
        return Err(of("the tag does not begin with a version like 8.0"));
    };
    if from > to {
        return Err(of(&format!("this is newer than .NET {version}")));
    }
    if from == to {
        return Ok(None);
    }
    let (rest, processor) = match rest.rsplit_once('-') {
        Some((rest, last)) if PROCESSORS.contains(&last) => (rest, format!("-{last}")),
        None if PROCESSORS.contains(&rest) => ("", format!("-{rest}")),
        _ => (rest, String::new()),
    };
    let (system, kind) = match ["-chiseled", "-distroless"].iter().find_map(|kind| rest.find(kind)) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let known: &[&str] = SYSTEMS.iter().find(|(known, _)| *known == version).map_or(&[], |(_, all)| *all);
    let system = match system {
        "" => "",
        _ if known.contains(&system) => system,
        _ if known.contains(&"noble") && OLDER.contains(&system) => "noble",
        _ => return Err(of(&format!("no image of .NET {version} is known for this system"))),
    };
    let kinds = ["", "-chiseled", "-chiseled-extra", "-distroless", "-distroless-extra"];
    if !kinds.contains(&kind) {
        return Err(of(&format!("no such variant of .NET {version} is known")));
    }
    let system = if system.is_empty() { String::new() } else { format!("-{system}") };
    Ok(Some(format!("{version}{system}{kind}{processor}")))
}

/// The changes that build a Dockerfile's stages on a version (`10.0`); none where all are on it already.
///
/// # Errors
/// Why that can not be done by changing the images alone.
pub fn build_on_dotnet(file: &Dockerfile, version: &str) -> Result<Vec<Op>, String> {
    let (mut ops, mut old) = (Vec::new(), Vec::new());
    // Names of stages whose system may change, and where these stages are.
    let (mut names, mut changed): (Vec<&str>, Vec<std::ops::Range<usize>>) = (Vec::new(), Vec::new());
    let line = |at: usize| {
        let start = file.instructions().get(at).map_or(0, |it| it.span.start());
        file.source().line_column(start).line
    };
    for stage in file.stages() {
        let Some(word) = file.instructions().get(stage.from).and_then(|it| it.words.first()) else {
            continue;
        };
        let at = line(stage.from);
        let Some((_, text)) = word.literal() else {
            return Err(format!("line {at}: the image is filled in from a variable"));
        };
        if names.iter().any(|name| name.eq_ignore_ascii_case(text)) {
            names.extend(stage.name.as_deref());
            changed.push(stage.from..stage.end);
            continue;
        }
        let Some(image) = ImageReference::parse(text) else { continue };
        let Some(name) = image.name.strip_prefix(REGISTRY) else { continue };
        if !DOTNET_IMAGES.contains(&name) {
            return Err(format!("line {at}: which versions {} has is not known", image.name));
        }
        let tag = tag_of(image.tag.text(), version).map_err(|reason| format!("line {at}: {reason}"))?;
        let Some(tag) = tag else { continue };
        if image.digest.is_some() {
            return Err(format!("line {at}: the image is pinned by a digest"));
        }
        old.push(image.tag.text().split('-').next().unwrap_or("").to_owned());
        names.extend(stage.name.as_deref());
        changed.push(stage.from..stage.end);
        ops.push(Op::Word { at: stage.from, word: 0, text: format!("{}:{tag}", image.name) });
    }
    if ops.is_empty() {
        return Ok(ops);
    }
    for (at, it) in file.instructions().iter().enumerate() {
        let text = file.source().slice(it.span);
        if it.keyword != Keyword::From && old.iter().any(|old| text.contains(&format!("net{old}"))) {
            return Err(format!("line {} names the old version", line(at)));
        }
        if it.flag("from").is_some_and(|from| from.contains(REGISTRY)) {
            return Err(format!("line {} copies from an image of .NET", line(at)));
        }
        let mut words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        let changes = changed.iter().any(|stage| stage.contains(&at));
        if changes && it.keyword == Keyword::Run && words.any(|word| INSTALLERS.contains(&word)) {
            return Err(format!(
                "line {} installs packages, which the other image may call otherwise",
                line(at)
            ));
        }
    }
    Ok(ops)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Source;

    #[test]
    fn tags_lead_to_tags_of_the_other_version() {
        for (from, version, to) in [
            ("8.0", "10.0", "10.0"),
            ("6.0-focal", "10.0", "10.0-noble"),
            ("8.0-bookworm-slim-amd64", "10.0", "10.0-noble-amd64"),
            ("8.0-amd64", "10.0", "10.0-amd64"),
            ("8.0-bookworm-slim", "9.0", "9.0-bookworm-slim"),
            ("8.0-jammy-chiseled-extra", "10.0", "10.0-noble-chiseled-extra"),
            ("8.0-azurelinux3.0-distroless", "10.0", "10.0-azurelinux3.0-distroless"),
            ("9.0-alpine", "10.0", "10.0-alpine"),
            ("10.0-noble", "10.0", "same"),
            ("10.0", "8.0", "refused"),
            ("8.0-alpine3.22", "10.0", "refused"),
            ("8.0-nanoserver-ltsc2022", "10.0", "refused"),
            ("8.0-jammy-chiseled-composite", "10.0", "refused"),
            ("8.0.11-jammy", "10.0", "refused"),
            ("latest", "10.0", "refused"),
            ("8.0-noble", "7.0", "refused"),
        ] {
            let tag = match tag_of(from, version) {
                Ok(tag) => tag.unwrap_or_else(|| "same".to_owned()),
                Err(_) => "refused".to_owned(),
            };
            assert_eq!(tag, to, "{from} to {version}");
        }
        assert!(has_dotnet_images("10.0") && !has_dotnet_images("7.0") && !has_dotnet_images("11.0"));
    }

    #[test]
    fn what_else_would_have_to_follow_refuses() {
        let ops = |text: &str| {
            let source = Arc::new(Source::new("Dockerfile", text.to_owned()));
            build_on_dotnet(&Dockerfile::parse(&source).unwrap(), "10.0").map(|ops| ops.len())
        };
        let sdk = "FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build\n";
        let last = "FROM mcr.microsoft.com/dotnet/aspnet:8.0\n";
        assert_eq!(ops(&format!("{sdk}RUN dotnet publish\nFROM node:20 AS web\n{last}")), Ok(2));
        assert_eq!(ops(&format!("{sdk}FROM node:20 AS web\nRUN apt-get install x\n{last}")), Ok(2));
        assert_eq!(ops("FROM mcr.microsoft.com/dotnet/aspnet:10.0\nRUN apt-get install x\n"), Ok(0));
        for (text, reason) in [
            (format!("{sdk}RUN dotnet publish -f net8.0\n{last}"), "line 2 names the old version"),
            (format!("{sdk}RUN cd /x && apt-get install -y clang\n{last}"), "line 2 installs packages"),
            (format!("{last}COPY --from=mcr.microsoft.com/dotnet/sdk:8.0 /a /b\n"), "line 2 copies from"),
            (format!("ARG V=8.0\nFROM mcr.microsoft.com/dotnet/sdk:$V\n{last}"), "line 2: the image is filled in"),
            (format!("FROM mcr.microsoft.com/dotnet/nightly/sdk:8.0\n{last}"), "line 1: which versions"),
            ("FROM mcr.microsoft.com/dotnet/aspnet:8.0@sha256:0000000000000000000000000000000000000000000000000000000000000000\n".to_owned(), "line 1: the image is pinned by a digest"),
        ] {
            let found = ops(&text).unwrap_err();
            assert!(found.starts_with(reason), "{text}: {found}");
        }
    }
}
