//! [`Images`]: what is known of images, from `images.toml` and the user's configuration.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use schemars::JsonSchema;
use serde::Deserialize;

use super::image::{ImageReference, Tag};
use super::image_config::ReadImage;

/// The shipped table.
const SHIPPED: &str = include_str!("../../images.toml");

/// How a row came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Read in the image's own Dockerfile or configuration.
    #[default]
    Read,
    /// Inferred from charts that use it.
    Inferred,
    /// Remembered, not verified.
    Remembered,
}

/// Whether the image works with a read-only root filesystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadOnlyRoot {
    /// It does.
    Yes,
    /// It does with writable volumes at the row's `writable` paths.
    WithMounts,
    /// It does not.
    No,
}

/// An image that does the same without root.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Alternative {
    /// Its repository.
    pub image: String,
    /// Its uid.
    pub uid: i64,
    /// The port it listens on.
    pub port: u16,
    /// Whether it has the same tags.
    #[serde(default)]
    pub same_tags: bool,
}

/// What is known of an image, as written in `images.toml` and in a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ImageRow {
    /// `USER` of the image: `root` (also where none is set), a name, or `unknown`. Left out where
    /// `uid` says it.
    pub user: Option<String>,
    /// Numeric uid of that user.
    pub uid: Option<i64>,
    /// Its primary group.
    pub gid: Option<i64>,
    /// How it is known.
    pub confidence: Confidence,
    /// Whether the tag pattern bounds the versions the row holds for.
    pub bounded: bool,
    /// Ports the program listens on by default.
    pub ports: Vec<u16>,
    /// Environment variable that moves the port.
    pub port_env: Option<String>,
    /// Whether there is a shell.
    pub shell: Option<bool>,
    /// Whether no version that the row matches has a shell.
    pub never_shell: bool,
    /// Capabilities that files of its programs carry: where the container drops one, they do not start.
    pub file_capabilities: Vec<String>,
    /// Whether it is started as root, and then changes owners and hands over to another user; under
    /// another uid it does not.
    pub hands_over: bool,
    /// Whether it starts as root only (or under another uid with more than a uid).
    pub root_at_start: bool,
    /// Paths it writes to.
    pub writable: Vec<String>,
    /// Whether it works with a read-only root filesystem.
    pub read_only_root: Option<ReadOnlyRoot>,
    /// `uid` or `uid:gid` it is known to run under.
    pub nonroot: Option<String>,
    /// `fsGroup` that goes with `nonroot`.
    pub fs_group: Option<i64>,
    /// Whether it runs under any uid.
    pub any_uid: bool,
    /// An image that does the same without root.
    pub alternative: Option<Alternative>,
    /// Users that the image knows besides `user`, by name.
    pub users: BTreeMap<String, i64>,
    /// Variables that the image sets and that Dockerfiles built on it use.
    pub env: BTreeMap<String, String>,
    /// Dockerfile that makes the image, relative to the configuration: what is not said here of its user,
    /// and whether there is a shell, is taken from there.
    pub dockerfile: Option<String>,
    /// Whether user or shell follow from a Dockerfile: true of the next build, which a tag may not be yet.
    #[serde(skip)]
    pub built: bool,
    /// Whether user and ports were read in the configuration of this very image.
    #[serde(skip)]
    pub user_is_read: bool,
    /// The .NET library that it starts, as its configuration says: `Shop` of `dotnet Shop.dll`.
    #[serde(skip)]
    pub library: Option<String>,
}

/// The user an image runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageUser<'a> {
    /// Root.
    Root,
    /// A number in `USER`: the kubelet can see that it is not root.
    Uid(i64),
    /// A name in `USER`, with its uid where that is known: `runAsNonRoot` refuses to start it
    /// without a `runAsUser` beside.
    Named(&'a str, Option<i64>),
    /// Not known.
    Unknown,
}

/// The image's own user, as far as a fact is good enough to rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunsAs {
    /// This uid, as a number in `USER`.
    Uid(i64),
    /// Root.
    Root,
    /// Not known well enough.
    Unknown,
}

/// Why a table of images is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// It is no TOML, or has other keys.
    #[error("{0}")]
    Toml(String),
}

/// A row that matches an image.
#[derive(Clone, Copy, Debug)]
pub struct ImageFact<'a> {
    /// The row.
    pub row: &'a ImageRow,
    /// Whether the row holds for this very tag: it bounds the versions and the tag is no moving one.
    bounded: bool,
}

impl ImageFact<'_> {
    /// Whether a fix may rely on the row: read in the image's own files, for tags it bounds.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.bounded && self.row.confidence == Confidence::Read
    }

    /// Whether a fix may rely on the user: read in this very image, or the whole row is reliable.
    #[must_use]
    pub fn user_is_reliable(&self) -> bool {
        self.row.user_is_read || self.is_reliable() && !self.row.built
    }

    /// The user of the image, reliable or not.
    #[must_use]
    pub fn user(&self) -> ImageUser<'_> {
        match (self.row.user.as_deref(), self.row.uid) {
            (Some("root"), _) | (None, Some(0)) => ImageUser::Root,
            (Some("unknown"), _) | (None, None) => ImageUser::Unknown,
            (Some(name), uid) => ImageUser::Named(name, uid.filter(|&uid| uid > 0)),
            (None, Some(uid)) => ImageUser::Uid(uid),
        }
    }

    /// The image's own user where the row is reliable.
    #[must_use]
    pub fn runs_as(&self) -> RunsAs {
        match self.user() {
            _ if !self.user_is_reliable() => RunsAs::Unknown,
            ImageUser::Root => RunsAs::Root,
            ImageUser::Uid(uid) => RunsAs::Uid(uid),
            ImageUser::Named(..) | ImageUser::Unknown => RunsAs::Unknown,
        }
    }

    /// The uid of a user that the image knows by name.
    #[must_use]
    pub fn uid_of(&self, name: &str) -> Option<i64> {
        let own = (self.row.user.as_deref() == Some(name)).then_some(self.row.uid).flatten();
        own.or_else(|| self.row.users.get(name).copied())
    }

    /// Whether it is certain that there is no shell in the image.
    #[must_use]
    pub fn has_no_shell(&self) -> bool {
        self.row.shell == Some(false) && (self.row.never_shell || self.is_reliable())
    }

    /// Whether it is certain that no program in the image gains rights when it is started: no shell
    /// and so no tools, and no file capabilities.
    #[must_use]
    pub fn gains_nothing(&self) -> bool {
        let known = self.is_reliable() && !self.row.built;
        known && self.row.shell == Some(false) && self.row.file_capabilities.is_empty()
    }

    /// The uid (and gid) to run it under other than root, from what is known of it. Never a guess.
    #[must_use]
    pub fn non_root_user(&self) -> Option<(i64, Option<i64>)> {
        let known = match self.user() {
            ImageUser::Uid(uid) => Some((uid, None)),
            ImageUser::Named(_, Some(uid)) => Some((uid, self.row.gid.filter(|&gid| gid > 0))),
            _ => None,
        };
        known.or_else(|| {
            let text = self.row.nonroot.as_deref()?;
            let (uid, gid) = text.split_once(':').map_or((text, None), |(uid, gid)| (uid, Some(gid)));
            let uid = uid.parse().ok().filter(|&uid| uid > 0)?;
            Some((uid, gid.and_then(|gid| gid.parse().ok())))
        })
    }
}

#[derive(Clone, Debug)]
struct Row {
    tags: Vec<String>,
    /// Digests it is known to hold for; none = the tags alone decide.
    digests: Vec<String>,
    tag_length: usize,
    fact: Fact,
}

/// What a row says. A shipped one is read once it is asked for: of the many, a run needs few, and to read all
/// would be most of what a check of one file costs.
#[derive(Clone, Debug)]
struct Fact {
    /// Its line of the shipped table.
    line: &'static str,
    row: OnceLock<ImageRow>,
}

impl Fact {
    /// The row; one that says nothing should its line be broken, which a test makes sure it is not.
    fn row(&self) -> &ImageRow {
        self.row.get_or_init(|| {
            let rows = toml::from_str::<BTreeMap<String, ImageRow>>(self.line).unwrap_or_default();
            rows.into_values().next().unwrap_or_default()
        })
    }
}

impl From<ImageRow> for Fact {
    fn from(row: ImageRow) -> Self {
        Self { line: "", row: OnceLock::from(row) }
    }
}

/// The lines of the shipped table, by their keys.
fn shipped_lines() -> impl Iterator<Item = (String, Fact)> {
    SHIPPED.lines().filter_map(|line| {
        let (key, _) = line.strip_prefix('"')?.split_once("\" = ")?;
        Some((key.to_owned(), Fact { line, row: OnceLock::new() }))
    })
}

/// What is known of images.
#[derive(Clone, Debug, Default)]
pub struct Images {
    exact: HashMap<String, Vec<Row>>,
    /// Repository patterns with a `*`, the longest first.
    patterns: Vec<(String, Vec<Row>)>,
    /// What is asked where nothing here matches.
    base: Option<Arc<Self>>,
    /// What is asked where nothing there matches either.
    fallback: Option<Arc<Self>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    images: BTreeMap<String, ImageRow>,
}

impl Images {
    /// The shipped table.
    #[must_use]
    pub fn shipped() -> &'static Arc<Self> {
        static IMAGES: LazyLock<Arc<Images>> = LazyLock::new(|| Arc::new(Images::of(shipped_lines(), None)));
        &IMAGES
    }

    /// Reads a table `[images]`.
    ///
    /// # Errors
    /// It is no TOML, or has other keys.
    pub fn read(text: &str) -> Result<Self, FactsError> {
        let table: Table = toml::from_str(text).map_err(|error| FactsError::Toml(error.to_string()))?;
        Ok(Self::of(table.images, None))
    }

    /// The shipped table with rows of the user in front. They are taken as read and bounded: the
    /// user vouches for them.
    #[must_use]
    pub fn with_user_rows(rows: impl IntoIterator<Item = (String, ImageRow)>) -> Self {
        let rows = rows.into_iter().map(|(key, row)| (key, ImageRow { bounded: true, ..row }));
        Self::of(rows, Some(Arc::clone(Self::shipped())))
    }

    /// The same with rows that count only where no other matches: what is inferred.
    #[must_use]
    pub fn with_fallback(mut self, rows: impl IntoIterator<Item = (String, ImageRow)>) -> Self {
        self.fallback = Some(Arc::new(Self::of(rows, None)));
        self
    }

    /// The same with rows that win over all others: what is made anew. The variable that moves the port stays
    /// known.
    #[must_use]
    pub fn with_new(self, rows: impl IntoIterator<Item = (String, ImageRow)>) -> Self {
        let with_variable = |(name, mut row): (String, ImageRow)| {
            let known = ImageReference::parse(&name).and_then(|image| self.find(&image));
            row.port_env = row.port_env.or_else(|| known?.row.port_env.clone());
            (name, row)
        };
        let rows: Vec<_> = rows.into_iter().map(with_variable).collect();
        Self::of(rows, Some(Arc::new(self)))
    }

    /// These rows and nothing else.
    #[must_use]
    pub fn of_rows(rows: impl IntoIterator<Item = (String, ImageRow)>) -> Self {
        Self::of(rows, None)
    }

    /// The same with what images say of themselves in front: user, ports and variables, and that there is a
    /// shell. The rest stays as it is known, and as well as it is known.
    #[must_use]
    pub fn with_read(self, images: &[(String, ReadImage)]) -> Self {
        if images.is_empty() {
            return self;
        }
        let mut front = Self::default();
        for (name, image) in images {
            let Some(reference) = ImageReference::parse(name) else { continue };
            let fact = merged(self.find(&reference), &image.row);
            let tags = match (reference.tag, image.digests.is_empty()) {
                (Tag::Written(tag), _) => vec![tag.to_owned()],
                (Tag::Implied, true) => vec!["*".to_owned()],
                (Tag::Implied, false) => Vec::new(),
            };
            let tag_length = tags.first().map_or(0, |tag| tag.trim_matches('*').len());
            let row = Row { tags, digests: image.digests.clone(), tag_length, fact: fact.into() };
            front.exact.entry(reference.repository()).or_default().push(row);
        }
        front.base = Some(Arc::new(self));
        front
    }

    fn of<F: Into<Fact>>(rows: impl IntoIterator<Item = (String, F)>, base: Option<Arc<Self>>) -> Self {
        let mut images = Self { base, ..Self::default() };
        let mut patterns: HashMap<String, Vec<Row>> = HashMap::new();
        for (key, fact) in rows {
            let (repository, pattern) = split_key(&key);
            let tags: Vec<String> = pattern.split(';').map(str::to_owned).collect();
            let tag_length = if pattern == "*" { 0 } else { pattern.len() };
            let row = Row { tags, digests: Vec::new(), tag_length, fact: fact.into() };
            let table = if repository.contains('*') { &mut patterns } else { &mut images.exact };
            table.entry(repository.to_owned()).or_default().push(row);
        }
        images.patterns = patterns.into_iter().collect();
        images.patterns.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        images
    }

    /// The row of an image: by the longest repository pattern, then the longest tag pattern that
    /// matches.
    #[must_use]
    pub fn find<'a>(&'a self, image: &ImageReference<'_>) -> Option<ImageFact<'a>> {
        let repository = image.repository();
        let own = self.exact.get(&repository).and_then(|rows| Self::by_tag(rows, image));
        let own = own.or_else(|| {
            let mut matching = self.patterns.iter().filter(|(pattern, _)| glob(pattern, &repository));
            matching.find_map(|(_, rows)| Self::by_tag(rows, image))
        });
        let own = own.map(|row| {
            let user = self.base.is_some();
            let moving = matches!(image.tag, Tag::Implied) || image.tag.text() == "latest";
            let row = row.fact.row();
            ImageFact { row, bounded: row.bounded && (user || !moving) }
        });
        let beyond = |images: &'a Option<Arc<Self>>| images.as_ref()?.find(image);
        own.or_else(|| beyond(&self.base)).or_else(|| beyond(&self.fallback))
    }

    fn by_tag<'a>(rows: &'a [Row], image: &ImageReference<'_>) -> Option<&'a Row> {
        let tag = image.tag.text();
        let by_digest =
            |row: &Row| image.digest.is_some_and(|digest| row.digests.iter().any(|it| it == digest));
        let fits = |row: &&Row| {
            // A digest that is another one is another image, whatever its tag.
            let other = image.digest.is_some() && !row.digests.is_empty();
            by_digest(row) || !other && row.tags.iter().any(|pattern| tag_matches(pattern, tag))
        };
        rows.iter().filter(fits).max_by_key(|row| (by_digest(row), row.tag_length))
    }
}

/// What an image says of itself on top of what is known of it.
fn merged(known: Option<ImageFact<'_>>, read: &ImageRow) -> ImageRow {
    let reliable = known.is_some_and(|fact| fact.is_reliable());
    let mut row = match known {
        // A row that is asked by name may hold for less than it says: what is taken over keeps its bounds.
        Some(fact) => ImageRow { bounded: fact.bounded, ..fact.row.clone() },
        // Nothing is known but what the image says.
        None => ImageRow { confidence: Confidence::Inferred, ..ImageRow::default() },
    };
    let uid = match (&read.user, read.uid) {
        // The uid of a name stands in the image's files, not in its configuration: somebody has to say it.
        (Some(name), None) if name != "root" => {
            let same = row.user.as_ref().is_none_or(|user| user == name);
            row.uid.filter(|uid| same && *uid > 0)
        }
        (_, uid) => uid,
    };
    let guessed = uid.is_some() && read.uid.is_none() && !reliable;
    row.user_is_read = !guessed;
    row.user.clone_from(&read.user);
    row.uid = uid;
    row.gid = read.gid.or(row.gid.filter(|_| uid.is_some()));
    if row.ports.is_empty() {
        row.ports.clone_from(&read.ports);
    }
    row.env.extend(read.env.iter().map(|(name, value)| (name.clone(), value.clone())));
    row.root_at_start |= read.root_at_start;
    row.library.clone_from(&read.library);
    if read.shell == Some(true) {
        (row.shell, row.never_shell) = (Some(true), false);
    }
    row
}

/// A key is a repository, with a tag pattern behind a colon that is not a registry's port.
fn split_key(key: &str) -> (&str, &str) {
    let slash = key.rfind('/').map_or(0, |at| at + 1);
    match key.get(slash..).and_then(|last| last.find(':')) {
        Some(at) => (key.get(..slash + at).unwrap_or(key), key.get(slash + at + 1..).unwrap_or("*")),
        None => (key, "*"),
    }
}

fn tag_matches(pattern: &str, tag: &str) -> bool {
    match pattern.strip_suffix('+') {
        Some(least) => at_least(tag, least),
        None => glob(pattern, tag) || tag.strip_prefix('v').is_some_and(|tag| glob(pattern, tag)),
    }
}

/// Whether the version at the front of a tag is `least` or later. Numbers are compared one by one.
fn at_least(tag: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        text.get(..end)?.trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect()
    };
    match (numbers(tag), numbers(least)) {
        (Some(tag), Some(least)) => tag >= least,
        _ => false,
    }
}

/// `*` stands for any run of characters. Linear in pattern and text but for the last star tried.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|&byte| byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_shipped_table_says_what_the_table_says() {
        let table: Table = toml::from_str(SHIPPED).unwrap();
        let lines = shipped_lines().map(|(key, fact)| (key, fact.row().clone()));
        let lines: Vec<(String, ImageRow)> = lines.collect();
        assert!(lines.iter().map(|(key, _)| key).is_sorted());
        assert_eq!(lines, table.images.into_iter().collect::<Vec<_>>());
    }
}
