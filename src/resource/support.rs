//! [`ended_support`]: versions of platforms that get no more fixes, from `support.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::image::{ImageReference, Tag};

/// Days of support as they ship. A day is `YYYY-MM-DD`, so that texts are in the order of days.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Support {
    /// The day the table is as of.
    as_of: String,
    /// Last day by version of .NET.
    dotnet: BTreeMap<String, String>,
}

// Should the table be broken nothing is out of support; a test makes sure that it is not.
static SUPPORT: LazyLock<Support> =
    LazyLock::new(|| toml::from_str(include_str!("../../support.toml")).unwrap_or_default());

/// Images of .NET whose tags begin with its version, by their names below `mcr.microsoft.com/dotnet/`.
pub const DOTNET_IMAGES: [&str; 4] = ["aspnet", "runtime", "runtime-deps", "sdk"];

/// A version that gets no more fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended<'a> {
    /// What it is a version of.
    pub platform: &'static str,
    /// The version.
    pub version: &'a str,
    /// The last day of its support, `YYYY-MM-DD`.
    pub day: &'static str,
}

/// Whether the platform in an image is out of support, as far as its tag tells. A tag that moves from one
/// version to the next does not.
#[must_use]
pub fn ended_support<'a>(image: &ImageReference<'a>) -> Option<Ended<'a>> {
    let name = image.name.strip_prefix("mcr.microsoft.com/dotnet/")?;
    let name = name.strip_prefix("core/").unwrap_or(name);
    let Tag::Written(tag) = image.tag else { return None };
    if !DOTNET_IMAGES.contains(&name) {
        return None;
    }
    let version = two_numbers(tag)?;
    let day = SUPPORT.dotnet.get(version)?;
    (*day < SUPPORT.as_of).then_some(Ended { platform: ".NET", version, day })
}

/// `8.0` of `8.0`, `8.0-noble`, `8.0.11-jammy`.
fn two_numbers(tag: &str) -> Option<&str> {
    let end = tag.find('-').unwrap_or(tag.len());
    let first = tag.find('.').filter(|at| *at < end)?;
    let second = tag.get(first + 1..end)?;
    let length = second.find('.').unwrap_or(second.len());
    let version = tag.get(..first + 1 + length)?;
    version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_tags() {
        let ended = |text: &str| {
            let image = ImageReference::parse(text).unwrap();
            ended_support(&image).map(|ended| (ended.version.to_owned(), ended.day))
        };
        let of = |version: &str, day| Some((version.to_owned(), day));
        assert_eq!(ended("mcr.microsoft.com/dotnet/aspnet:8.0-noble-chiseled"), of("8.0", "2026-11-10"));
        assert_eq!(ended("mcr.microsoft.com/dotnet/runtime:6.0.36-jammy"), of("6.0", "2024-11-12"));
        assert_eq!(ended("mcr.microsoft.com/dotnet/core/aspnet:3.1"), of("3.1", "2022-12-13"));
        for text in [
            "mcr.microsoft.com/dotnet/aspnet",
            "mcr.microsoft.com/dotnet/aspnet:latest",
            "mcr.microsoft.com/dotnet/aspnet:10.0",
            "mcr.microsoft.com/dotnet/aspnet:11.0-preview",
            "mcr.microsoft.com/dotnet/nightly/aspnet:8.0",
            "mcr.microsoft.com/dotnet/monitor:8.0",
            "acme/aspnet:6.0",
        ] {
            assert_eq!(ended(text), None, "{text}");
        }
    }

    #[test]
    fn the_table_holds_days() {
        let days = SUPPORT.dotnet.values().chain(std::iter::once(&SUPPORT.as_of));
        let day = |text: &String| text.len() == 10 && text.split('-').count() == 3;
        assert!(SUPPORT.dotnet.len() > 5 && days.into_iter().all(day));
    }
}
