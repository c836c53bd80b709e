//! The version of .NET that a project file (`.csproj`) says: read without an XML reader, so that whatever is
//! not the plain form that `dotnet new` writes is refused.

use crate::source::Span;

/// What a project file may say that decides on the version too, and why that is refused.
const OTHERS: [(&str, &str); 4] = [
    ("<TargetFrameworks", "it names several versions (TargetFrameworks)"),
    ("<Import", "it imports a file that may name the version"),
    ("RuntimeFrameworkVersion", "it pins the runtime (RuntimeFrameworkVersion)"),
    ("<!DOCTYPE", "it has a DOCTYPE"),
];

/// The version of .NET that a project is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetFramework {
    /// Where the text of the only `TargetFramework` stands, without blanks.
    pub span: Span,
    /// The major version: 8 of `net8.0`.
    pub major: u32,
}

/// The text with comments as blanks, so that places stay.
fn blanked(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<!--") {
        let (before, comment) = rest.split_at(start);
        let end = comment.find("-->").map_or(comment.len(), |end| end + 3);
        kept.push_str(before);
        kept.extend(std::iter::repeat_n(' ', end));
        rest = comment.get(end..).unwrap_or("");
    }
    kept.push_str(rest);
    kept
}

/// Reads the version that a project file says.
///
/// # Errors
/// Why it is not known, or does not stand there alone.
pub fn target_framework(text: &str) -> Result<TargetFramework, String> {
    let text = blanked(text);
    if let Some((_, reason)) = OTHERS.iter().find(|(word, _)| text.contains(word)) {
        return Err((*reason).to_owned());
    }
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with("<Project Sdk=\"Microsoft.NET.Sdk") {
        return Err("it is no project of Microsoft.NET.Sdk".to_owned());
    }
    let open = "<TargetFramework";
    let at = text.find(open).ok_or("it has no TargetFramework")?;
    if text.matches(open).count() != 1 {
        return Err("it has more than one TargetFramework".to_owned());
    }
    let start = at + open.len() + 1;
    let value = text.get(at + open.len()..).and_then(|rest| rest.strip_prefix('>'));
    let value = value.ok_or("TargetFramework holds under a condition only")?;
    let value = value.split_once("</TargetFramework>").ok_or("TargetFramework does not end")?.0;
    let group = text.get(..at).and_then(|before| before.get(before.rfind("<PropertyGroup")?..));
    let group =
        group.and_then(|group| group.split_once('>')).ok_or("TargetFramework is in no PropertyGroup")?;
    if group.0.contains("Condition") {
        return Err("TargetFramework holds under a condition only".to_owned());
    }
    if group.1.contains("</PropertyGroup>") {
        return Err("TargetFramework is in no PropertyGroup".to_owned());
    }
    let name = value.trim();
    let major = name.strip_prefix("net").and_then(|rest| rest.strip_suffix(".0")?.parse().ok());
    let major = major.filter(|major| (5..1000).contains(major));
    let major =
        major.ok_or_else(|| format!("TargetFramework is `{name}`, which is no version like net8.0"))?;
    let start = start + (value.len() - value.trim_start().len());
    Ok(TargetFramework { span: Span::new(start, start + name.len()), major })
}

/// Whether a `global.json` lets an SDK of a major version be used.
#[must_use]
pub fn allows_sdk(global_json: &str, major: u32) -> bool {
    let Ok(all) = serde_json::from_str::<serde_json::Value>(global_json.trim_start_matches('\u{feff}'))
    else {
        return false;
    };
    let Some(sdk) = all.get("sdk") else { return true };
    let Some(version) = sdk.get("version").and_then(|version| version.as_str()) else { return true };
    let pinned = version.split('.').next().and_then(|first| first.parse::<u32>().ok());
    let moves = sdk.get("rollForward").and_then(|word| word.as_str());
    let moves = moves.is_some_and(|word| matches!(word, "major" | "latestMajor"));
    pinned.is_some_and(|pinned| pinned == major || moves && pinned < major)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(inner: &str) -> String {
        format!("\u{feff}<Project Sdk=\"Microsoft.NET.Sdk.Web\">\r\n  {inner}\r\n</Project>\r\n")
    }

    #[test]
    fn the_only_plain_element_is_the_version() {
        let text = project(
            "<!-- <TargetFramework>net6.0</TargetFramework> ä -->\n<PropertyGroup><Nullable>enable</Nullable>\n<TargetFramework> net8.0 </TargetFramework></PropertyGroup>",
        );
        let found = target_framework(&text).unwrap();
        assert_eq!((&text[found.span.range()], found.major), ("net8.0", 8));
    }

    #[test]
    fn whatever_else_decides_refuses() {
        let group = |inner: &str| project(&format!("<PropertyGroup>{inner}</PropertyGroup>"));
        let plain = "<TargetFramework>net8.0</TargetFramework>";
        assert!(target_framework(&group(plain)).is_ok());
        for text in [
            group("<TargetFrameworks>net8.0;net9.0</TargetFrameworks>"),
            group("<TargetFramework>$(Version)</TargetFramework>"),
            group("<TargetFramework>net8.0-windows</TargetFramework>"),
            group("<TargetFramework>netstandard2.0</TargetFramework>"),
            group("<TargetFramework>netcoreapp3.1</TargetFramework>"),
            group(&format!("{plain}{plain}")),
            group(&format!("{plain}<RuntimeFrameworkVersion>8.0.1</RuntimeFrameworkVersion>")),
            group("<TargetFramework Condition=\"x\">net8.0</TargetFramework>"),
            project(&format!("<PropertyGroup Condition=\"x\">{plain}</PropertyGroup>")),
            project(&format!("<PropertyGroup></PropertyGroup>{plain}")),
            project(&format!("<Import Project=\"x.props\" /><PropertyGroup>{plain}</PropertyGroup>")),
            group(plain).replace("Sdk=", "ToolsVersion="),
            group(""),
            String::new(),
        ] {
            assert!(target_framework(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pinned_sdk_stays_within_its_major_version() {
        let sdk = |inner: &str| format!("{{\"sdk\": {{{inner}}}}}");
        assert!(allows_sdk("{}", 10) && allows_sdk(&sdk("\"version\": \"10.0.100\""), 10));
        assert!(allows_sdk(&sdk("\"version\": \"8.0.100\", \"rollForward\": \"latestMajor\""), 10));
        assert!(!allows_sdk(&sdk("\"version\": \"8.0.100\""), 10));
        assert!(!allows_sdk(&sdk("\"version\": \"8.0.100\", \"rollForward\": \"latestFeature\""), 10));
        assert!(!allows_sdk("// a comment\n{}", 10));
    }
}
