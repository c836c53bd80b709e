//! [`ImageReference`]: the name of an image.

use crate::yaml::is_unknown_text;

/// The tag of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag<'a> {
    /// Not written: `latest`.
    Implied,
    /// As written.
    Written(&'a str),
}

impl<'a> Tag<'a> {
    /// The tag that is pulled.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Implied => "latest",
            Self::Written(tag) => tag,
        }
    }
}

/// `registry/repository:tag@digest`, in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference<'a> {
    /// Registry and repository as written.
    pub name: &'a str,
    /// The tag.
    pub tag: Tag<'a>,
    /// The digest, with its algorithm.
    pub digest: Option<&'a str>,
}

/// Prefixes that lead to an image of another name. Each is removed where it stands in front.
const MIRRORS: [(&str, &str); 8] = [
    ("docker.io/", ""),
    ("index.docker.io/", ""),
    ("registry-1.docker.io/", ""),
    ("mirror.gcr.io/", ""),
    ("public.ecr.aws/docker/library/", ""),
    ("registry.hub.docker.com/", ""),
    ("k8s.gcr.io/", "registry.k8s.io/"),
    ("library/", ""),
];

impl<'a> ImageReference<'a> {
    /// Reads a reference; `None` for what is none (empty, filled in later, with characters no name
    /// has).
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || is_unknown_text(text) || text.contains("$(") {
            return None;
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest.get(slash..)?.find(':') {
            Some(at) => (rest.get(..slash + at)?, Tag::Written(rest.get(slash + at + 1..)?)),
            None => (rest, Tag::Implied),
        };
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':');
        let whole = !name.is_empty() && !name.starts_with('/') && !name.ends_with('/');
        (whole && name.bytes().all(fits) && !tag.text().is_empty()).then_some(Self { name, tag, digest })
    }

    /// The repository without the prefixes of mirrors: `docker.io/library/nginx` is `nginx`.
    #[must_use]
    pub fn repository(&self) -> String {
        let mut name = self.name.to_owned();
        for (prefix, instead) in MIRRORS {
            if let Some(rest) = name.strip_prefix(prefix) {
                name = format!("{instead}{rest}");
            }
        }
        name
    }
}
