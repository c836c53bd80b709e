//! Names that Dockerfiles have.

use std::path::Path;

/// Endings behind `Dockerfile.` that are no Dockerfiles: lists of files, texts, templates of other tools.
const OTHERS: [&str; 27] = [
    "bak",
    "diff",
    "dockerignore",
    "ejs",
    "erb",
    "gotmpl",
    "hbs",
    "in",
    "j2",
    "jinja",
    "jinja2",
    "json",
    "lock",
    "m4",
    "md",
    "mustache",
    "orig",
    "patch",
    "py",
    "rst",
    "sh",
    "swp",
    "template",
    "tmpl",
    "tpl",
    "yaml",
    "yml",
];

/// Whether a name is one that Dockerfiles have: `Dockerfile`, `Dockerfile.web`, `web.Dockerfile`, and the
/// same with `Containerfile`.
pub(super) fn is_dockerfile_name(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    ["Dockerfile", "Containerfile"].into_iter().any(|word| {
        // `dockerfile.go` is a program.
        let behind = name.strip_prefix(word).and_then(|rest| rest.strip_prefix('.'));
        let other = |ending: &str| {
            let last = ending.rsplit('.').next().unwrap_or(ending);
            OTHERS.iter().any(|known| last.eq_ignore_ascii_case(known))
        };
        let (front, last) =
            name.split_at_checked(name.len().saturating_sub(word.len())).unwrap_or((name, ""));
        let stands_alone = front.is_empty() || front.len() > 1 && front.ends_with('.');
        last.eq_ignore_ascii_case(word) && stands_alone
            || behind.is_some_and(|ending| !ending.is_empty() && !other(ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_told_by_their_names() {
        for name in [
            "Dockerfile",
            "a/dockerfile",
            "Dockerfile.web",
            "web.Dockerfile",
            "Containerfile",
            "Dockerfile.8.0",
        ] {
            assert!(is_dockerfile_name(Path::new(name)), "{name}");
        }
        for name in [
            "Dockerfile.dockerignore",
            "dockerfile.go",
            "Dockerfile.web.j2",
            "Dockerfile.yaml",
            "MyDockerfile",
            ".Dockerfile",
            "Dockerfile.",
        ] {
            assert!(!is_dockerfile_name(Path::new(name)), "{name}");
        }
    }
}
