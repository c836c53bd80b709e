//! [`FieldPath`]: the place of a field in an object, one syntax everywhere.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A mapping's value by key.
    Key(Arc<str>),
    /// A sequence's item by place, from 0.
    Index(usize),
}

/// A path such as `spec.containers[0].ports` or `metadata.labels."app.kubernetes.io/name"`.
///
/// Keys made of letters, digits, `-`, `_` and `/` stand as they are; any other key is a JSON string
/// in double quotes.
///
/// Findings and patches hold thousands of paths that are mostly the same: they share their steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath {
    segments: Arc<[Segment]>,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {at}")]
pub struct PathError {
    /// What is wrong.
    pub message: &'static str,
    /// 1-based place in characters.
    pub at: usize,
}

impl FieldPath {
    /// The object itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A path of these segments.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self { segments: segments.into() }
    }

    fn and(&self, more: impl ExactSizeIterator<Item = Segment>) -> Self {
        Self { segments: self.segments.iter().cloned().chain(more).collect() }
    }

    /// The steps from the object inwards.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether it names the object itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.segments.is_empty()
    }

    /// This path and one key more.
    #[must_use]
    pub fn key(&self, key: impl Into<Arc<str>>) -> Self {
        self.and(std::iter::once(Segment::Key(key.into())))
    }

    /// This path and one index more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.and(std::iter::once(Segment::Index(index)))
    }

    /// This path followed by another.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        self.and(inner.segments.iter().cloned())
    }

    /// The path without its last step, and that step.
    #[must_use]
    pub fn split_last(&self) -> Option<(Self, &Segment)> {
        let (last, rest) = self.segments.split_last()?;
        Some((Self { segments: rest.into() }, last))
    }

    /// Whether `inner` is this path or lies below it.
    #[must_use]
    pub fn contains(&self, inner: &Self) -> bool {
        inner.segments.starts_with(&self.segments)
    }
}

fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'/' | b'$'))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_bare(key) {
                        f.write_str(key)?;
                    } else {
                        f.write_str(&serde_json::Value::from(&**key).to_string())?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut segments = Vec::new();
        let mut rest = text;
        let fail = |rest: &str, message| {
            let at = text.len().saturating_sub(rest.len());
            Err(PathError { message, at: text.get(..at).unwrap_or("").chars().count() + 1 })
        };
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let Some((number, after)) = inside.split_once(']') else {
                    return fail(rest, "`[` without `]`");
                };
                let Ok(index) = number.parse() else { return fail(inside, "an index is a number") };
                segments.push(Segment::Index(index));
                rest = after;
                continue;
            }
            if !segments.is_empty() {
                match rest.strip_prefix('.') {
                    Some(after) => rest = after,
                    None => return fail(rest, "`.` or `[` expected"),
                }
            }
            if rest.starts_with('"') {
                let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let Some(Ok(key)) = strings.next() else { return fail(rest, "not a JSON string") };
                let end = strings.byte_offset();
                segments.push(Segment::Key(key.into()));
                rest = rest.get(end..).unwrap_or("");
                continue;
            }
            let end = rest.find(['.', '[', '"', ']']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            if key.is_empty() {
                return fail(rest, "a key expected");
            }
            segments.push(Segment::Key(key.into()));
            rest = after;
        }
        Ok(Self::new(segments))
    }
}
