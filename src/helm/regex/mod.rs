//! Go's regular expressions (RE2 syntax) on byte strings.
//!
//! The `regex` crate descends from RE2 and matches alike: the leftmost match, of those the one
//! that Perl would take, in linear time. What differs is covered here: the syntax (see
//! [`translate`]), bytes that are no UTF-8, replacement templates and splitting.

mod translate;

use std::fmt;
use std::ops::Range;

use regex::bytes::RegexBuilder;

/// Largest compiled program, in bytes.
const SIZE_LIMIT: usize = 2 << 20;

/// Why a pattern is refused. The message is Go's; its bytes need not be UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct PatternError {
    what: &'static str,
    part: Vec<u8>,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.what, String::from_utf8_lossy(&self.part))
    }
}

/// The places of a match: the whole, then each group.
pub type Places = Vec<Option<Range<usize>>>;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: regex::bytes::Regex,
    names: Vec<String>,
    empty: bool,
}

/// A piece of a replacement's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part of the text that was searched.
    Text(Range<usize>),
    /// A part of the replacement template.
    Template(Range<usize>),
}

/// A text as the matcher sees it: where bytes are no UTF-8, each is U+FFFD.
enum Subject<'a> {
    Same(&'a [u8]),
    /// The replaced text, and for each of its offsets the original one.
    Replaced(Vec<u8>, Vec<usize>),
}

impl<'a> Subject<'a> {
    fn new(text: &'a [u8]) -> Self {
        if std::str::from_utf8(text).is_ok() {
            return Self::Same(text);
        }
        let (mut bytes, mut places, mut at) = (Vec::new(), Vec::new(), 0);
        for chunk in text.utf8_chunks() {
            for byte in chunk.valid().bytes() {
                bytes.push(byte);
                places.push(at);
                at += 1;
            }
            for _ in chunk.invalid() {
                bytes.extend_from_slice("\u{fffd}".as_bytes());
                places.extend([at; 3]);
                at += 1;
            }
        }
        places.push(at);
        Self::Replaced(bytes, places)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Same(bytes) => bytes,
            Self::Replaced(bytes, _) => bytes,
        }
    }

    /// Whether a character begins at a place, or the text ends there: nothing is matched inside one,
    /// not even the empty text.
    fn splits_at(&self, at: usize) -> bool {
        self.bytes().get(at).is_none_or(|byte| byte & 0xC0 != 0x80)
    }

    fn original(&self, range: Range<usize>) -> Range<usize> {
        match self {
            Self::Same(_) => range,
            Self::Replaced(_, places) => {
                let place = |at: usize| places.get(at).copied().unwrap_or(0);
                place(range.start)..place(range.end)
            }
        }
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// It is no pattern, or needs too much memory.
    pub fn new(pattern: &[u8]) -> Result<Self, PatternError> {
        let refuse = |fault: translate::Fault| PatternError { what: fault.what, part: fault.part };
        let translated = translate::translate(pattern).map_err(refuse)?;
        let regex = RegexBuilder::new(&translated.pattern).size_limit(SIZE_LIMIT).build();
        let too_large = |_| PatternError { what: "expression too large", part: pattern.to_vec() };
        Ok(Self { regex: regex.map_err(too_large)?, names: translated.names, empty: pattern.is_empty() })
    }

    /// Whether the text holds a match.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(Subject::new(text).bytes())
    }

    /// The first match.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<Range<usize>> {
        let subject = Subject::new(text);
        self.regex.find(subject.bytes()).map(|found| subject.original(found.range()))
    }

    /// The matches that do not overlap, `limit` at most.
    #[must_use]
    pub fn find_all(&self, text: &[u8], limit: usize) -> Vec<Range<usize>> {
        let subject = Subject::new(text);
        let found = self.regex.find_iter(subject.bytes()).filter(|found| subject.splits_at(found.start()));
        found.take(limit).map(|found| subject.original(found.range())).collect()
    }

    /// The places of all matches and their groups.
    #[must_use]
    pub fn captures(&self, text: &[u8]) -> Vec<Places> {
        let subject = Subject::new(text);
        let found = self.regex.captures_iter(subject.bytes());
        let places = |captures: regex::bytes::Captures<'_>| -> Places {
            captures.iter().map(|group| group.map(|group| subject.original(group.range()))).collect()
        };
        let whole = |captures: &regex::bytes::Captures<'_>| {
            captures.get(0).is_none_or(|whole| subject.splits_at(whole.start()))
        };
        found.filter(whole).map(places).collect()
    }

    /// The text with every match replaced: by the template with `$1`, `${name}` filled in, or by
    /// the template as it stands.
    #[must_use]
    pub fn replace_all(&self, text: &[u8], template: &[u8], literal: bool) -> Vec<Piece> {
        let (mut pieces, mut done) = (Vec::new(), 0);
        for places in self.captures(text) {
            let Some(Some(whole)) = places.first() else { continue };
            pieces.push(Piece::Text(done..whole.start));
            done = whole.end;
            if literal {
                pieces.push(Piece::Template(0..template.len()));
            } else {
                self.expand(template, &places, &mut pieces);
            }
        }
        pieces.push(Piece::Text(done..text.len()));
        pieces.retain(
            |piece| !matches!(piece, Piece::Text(range) | Piece::Template(range) if range.is_empty()),
        );
        pieces
    }

    fn expand(&self, template: &[u8], places: &Places, pieces: &mut Vec<Piece>) {
        let mut at = 0;
        while let Some(dollar) =
            template.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'$'))
        {
            let dollar = at + dollar;
            pieces.push(Piece::Template(at..dollar));
            if template.get(dollar + 1) == Some(&b'$') {
                pieces.push(Piece::Template(dollar..dollar + 1));
                at = dollar + 2;
                continue;
            }
            match reference(&template[dollar + 1..]) {
                Some((name, length)) => {
                    at = dollar + 1 + length;
                    let group = self.group(name, places);
                    pieces.extend(group.map(Piece::Text));
                }
                None => {
                    pieces.push(Piece::Template(dollar..dollar + 1));
                    at = dollar + 1;
                }
            }
        }
        pieces.push(Piece::Template(at..template.len()));
    }

    /// The place of the group that a reference means.
    fn group(&self, name: &str, places: &Places) -> Option<Range<usize>> {
        let number: Option<usize> =
            if name.len() > 1 && name.starts_with('0') || name.len() > 9 { None } else { name.parse().ok() };
        if let Some(number) = number {
            return places.get(number).cloned().flatten();
        }
        let named = self.names.iter().zip(places.iter().skip(1)).filter(|(known, _)| *known == name);
        named.filter_map(|(_, place)| place.clone()).next()
    }

    /// The parts between matches, `limit` at most; no limit where that is negative, none at all
    /// where it is 0.
    #[must_use]
    pub fn split(&self, text: &[u8], limit: i64) -> Option<Vec<Range<usize>>> {
        if limit == 0 {
            return None;
        }
        if !self.empty && text.is_empty() {
            return Some(std::iter::once(0..0).collect());
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
        for found in self.find_all(text, limit) {
            if limit != usize::MAX && parts.len() == limit - 1 {
                break;
            }
            end = found.start;
            if found.end != 0 {
                parts.push(start..end);
            }
            start = found.end;
        }
        if end != text.len() {
            parts.push(start..text.len());
        }
        Some(parts)
    }
}

/// The name that a `$` in a template refers to, and its length with braces.
fn reference(text: &[u8]) -> Option<(&str, usize)> {
    let braced = text.first() == Some(&b'{');
    let start = usize::from(braced);
    let text = text.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let name = text.get(start..)?;
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
    let closes = !braced || name.as_bytes().get(end) == Some(&b'}');
    (end > 0 && closes).then(|| (&name[..end], start + end + start))
}

/// The text with everything escaped that means something in a pattern.
#[must_use]
pub fn quote_meta(text: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(text.len());
    for &byte in text {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            output.push(b'\\');
        }
        output.push(byte);
    }
    output
}

#[cfg(test)]
mod tests;
