//! Versions and version ranges as Helm's charts mean them: Masterminds/semver 3.5.
//!
//! Looser than <https://semver.org>: a leading `v`, missing parts and leading zeros are taken.
//! A range excludes pre-releases unless one of its own versions has one.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// Longest version taken, in bytes.
const MAX_VERSION_BYTES: usize = 256;
/// Longest constraint taken, in bytes.
const MAX_CONSTRAINT_BYTES: usize = 512;
/// Most `||` groups of one constraint.
const MAX_GROUPS: usize = 32;

/// Why a version or constraint is refused. Messages are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SemverError {
    /// Not a version at all.
    #[error("invalid semantic version")]
    Invalid,
    /// More than 256 bytes.
    #[error("version string is too long (max {MAX_VERSION_BYTES} bytes)")]
    VersionTooLong,
    /// A number of the version does not fit 64 bits.
    #[error("error parsing version segment: strconv.ParseUint: parsing \"{0}\": value out of range")]
    Segment(String),
    /// A numeric identifier of the pre-release starts with zero.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// More than 512 bytes.
    #[error("constraint string is too long (max {MAX_CONSTRAINT_BYTES} bytes)")]
    ConstraintTooLong,
    /// More than 32 `||` groups.
    #[error("too many constraint groups (max {MAX_GROUPS})")]
    TooManyGroups,
    /// A group that is no list of comparisons; holds the group (Helm quotes it as Go's `%q`).
    #[error("improper constraint: {:?}", String::from_utf8_lossy(.0))]
    Improper(Vec<u8>),
    /// A comparison whose version cannot be read (`1|2`).
    #[error("constraint parser error")]
    Parser,
}

/// A version. Ordering ignores build metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number, 0 if it was not given.
    pub minor: u64,
    /// Third number, 0 if it was not given.
    pub patch: u64,
    /// What follows `-`, without it.
    pub pre: String,
    /// What follows `+`, without it.
    pub metadata: String,
    /// The text it was read from.
    pub original: String,
}

/// The pieces of a version as written: numbers with `x` wildcards still in them.
struct Pieces<'a> {
    numbers: [&'a [u8]; 3],
    /// With the leading `-`, or empty.
    pre: &'a [u8],
    metadata: &'a [u8],
    length: usize,
}

fn identifiers(text: &[u8]) -> usize {
    let word =
        |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let mut length = word(text);
    while length > 0 && text.get(length) == Some(&b'.') {
        match word(&text[length + 1..]) {
            0 => break,
            next => length += 1 + next,
        }
    }
    length
}

/// Reads `v1.2.3-pre+meta` from the start of `text`; `in_number` says what a number consists of.
fn pieces(text: &[u8], in_number: fn(&u8) -> bool) -> Option<Pieces<'_>> {
    let mut at = usize::from(text.first() == Some(&b'v'));
    let mut numbers: [&[u8]; 3] = [b""; 3];
    for (place, number) in numbers.iter_mut().enumerate() {
        let start = if place == 0 { at } else { at + 1 };
        if place > 0 && text.get(at) != Some(&b'.') {
            break;
        }
        let length = text.get(start..).unwrap_or(b"").iter().take_while(|byte| in_number(byte)).count();
        if length == 0 {
            break;
        }
        *number = &text[start..start + length];
        at = start + length;
    }
    if numbers[0].is_empty() {
        return None;
    }
    let mut tail = |mark: u8| -> &[u8] {
        if text.get(at) != Some(&mark) {
            return b"";
        }
        let length = identifiers(&text[at + 1..]);
        if length == 0 {
            return b"";
        }
        let start = at;
        at += 1 + length;
        &text[start..at]
    };
    let pre = tail(b'-');
    let metadata = tail(b'+');
    let metadata = metadata.get(1..).unwrap_or(b"");
    Some(Pieces { numbers, pre, metadata, length: at })
}

fn segment(digits: &[u8]) -> Result<u64, SemverError> {
    let text = String::from_utf8_lossy(digits);
    if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| SemverError::Segment(text.into_owned())) }
}

impl Version {
    /// Reads a version; missing numbers are 0 and leading zeros are dropped.
    ///
    /// # Errors
    /// The text is no version, too long, or a number exceeds 64 bits.
    pub fn parse(text: &[u8]) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION_BYTES {
            return Err(SemverError::VersionTooLong);
        }
        let pieces = pieces(text, u8::is_ascii_digit).filter(|pieces| pieces.length == text.len());
        let pieces = pieces.ok_or(SemverError::Invalid)?;
        let owned = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let version = Self {
            major: segment(pieces.numbers[0])?,
            minor: segment(pieces.numbers[1])?,
            patch: segment(pieces.numbers[2])?,
            pre: owned(pieces.pre.get(1..).unwrap_or(b"")),
            metadata: owned(pieces.metadata),
            original: owned(text),
        };
        let zero =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if version.pre.split('.').any(zero) { Err(SemverError::LeadingZero) } else { Ok(version) }
    }

    /// Precedence: numbers first, then a pre-release below its release, then its identifiers.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch)).then_with(
            || match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_pre(&self.pre, &other.pre),
            },
        )
    }
}

impl std::fmt::Display for Version {
    /// All three numbers, without a leading `v`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn compare_pre(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) if a == b => Ordering::Equal,
            // An empty part appears only where one side has no pre-release at all.
            (Some(""), Some(_)) => Ordering::Less,
            (Some(_), Some("")) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) if a > b => Ordering::Greater,
                (Ok(_), _) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// Longest first, so that `>=` is not read as `>`.
const OPERATORS: [(&[u8], Operator); 11] = [
    (b"!=", Operator::NotEqual),
    (b">=", Operator::GreaterOrEqual),
    (b"=>", Operator::GreaterOrEqual),
    (b"<=", Operator::LessOrEqual),
    (b"=<", Operator::LessOrEqual),
    (b"~>", Operator::Tilde),
    (b"=", Operator::Equal),
    (b">", Operator::Greater),
    (b"<", Operator::Less),
    (b"~", Operator::Tilde),
    (b"^", Operator::Caret),
];

#[derive(Clone, Debug)]
struct Comparison {
    operator: Operator,
    version: Version,
    /// The second number is missing or a wildcard (`1`, `1.x`).
    any_minor: bool,
    /// The third number is missing or a wildcard, the second is not (`1.2`).
    any_patch: bool,
    /// Some number is missing or a wildcard, also the first.
    wild: bool,
}

fn in_wild_number(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'|' | b'x' | b'X' | b'*')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

fn trim_start(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| is_space(**byte)).count()..]
}

impl Comparison {
    fn new(operator: Operator, pieces: &Pieces<'_>) -> Result<Self, SemverError> {
        let open = |number: &[u8]| number.is_empty() || matches!(number, b"x" | b"X" | b"*");
        let [major, minor, patch] = pieces.numbers;
        let (wild, any_minor, any_patch) = (
            open(major) || open(minor) || open(patch),
            !open(major) && open(minor),
            !open(major) && !open(minor) && open(patch),
        );
        let zero: &[u8] = b"0";
        let numbers = match (open(major), any_minor, any_patch) {
            (true, ..) => [zero, zero, zero],
            (_, true, _) => [major, zero, zero],
            (.., true) => [major, minor, zero],
            _ => pieces.numbers,
        };
        let text = [numbers.join(&b'.').as_slice(), pieces.pre].concat();
        let version = Version::parse(&text).map_err(|_| SemverError::Parser)?;
        Ok(Self { operator, version, any_minor, any_patch, wild })
    }

    fn check(&self, version: &Version, with_pre: bool) -> bool {
        if !version.pre.is_empty() && !with_pre {
            return false;
        }
        let order = version.compare(&self.version);
        match self.operator {
            Operator::Equal if self.wild => self.tilde(version),
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => self.differs(version),
            Operator::Greater => self.greater(version),
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual if !self.wild => order != Ordering::Greater,
            Operator::LessOrEqual => {
                let own = &self.version;
                version.major < own.major
                    || version.major == own.major && (version.minor <= own.minor || self.any_minor)
            }
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.wild {
            if own.major != version.major || own.minor != version.minor && !self.any_minor {
                return true;
            }
            if self.any_minor {
                return false;
            }
            if own.patch != version.patch && !self.any_patch {
                return true;
            }
            if self.any_patch {
                return compare_pre(&version.pre, &own.pre) != Ordering::Equal;
            }
        }
        version.compare(own) != Ordering::Equal
    }

    fn greater(&self, version: &Version) -> bool {
        let own = &self.version;
        if self.wild {
            match version.major.cmp(&own.major) {
                Ordering::Greater => return true,
                Ordering::Less => return false,
                Ordering::Equal if self.any_minor => return false,
                Ordering::Equal if self.any_patch => return version.minor > own.minor,
                Ordering::Equal => {}
            }
        }
        version.compare(own) == Ordering::Greater
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        let zero = own.major == 0 && own.minor == 0 && own.patch == 0;
        if zero && !self.any_minor && !self.any_patch {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.any_minor)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.any_minor {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.any_patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}

/// A range: groups of comparisons, `||` between groups, all of a group must hold.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Vec<Comparison>>,
}

impl Constraint {
    /// Reads a range such as `>=1.2, <2`, `^1.x || ~3.4` or `1.2 - 1.8`.
    ///
    /// # Errors
    /// The text is no range, or too long.
    pub fn parse(text: &[u8]) -> Result<Self, SemverError> {
        if text.len() > MAX_CONSTRAINT_BYTES {
            return Err(SemverError::ConstraintTooLong);
        }
        let text = rewrite_hyphens(text);
        let groups = split_groups(&text);
        if groups.len() > MAX_GROUPS {
            return Err(SemverError::TooManyGroups);
        }
        Ok(Self { groups: groups.into_iter().map(parse_group).collect::<Result<_, _>>()? })
    }

    /// Whether the version lies in the range.
    #[must_use]
    pub fn check(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let with_pre = group.iter().any(|comparison| !comparison.version.pre.is_empty());
            group.iter().all(|comparison| comparison.check(version, with_pre))
        })
    }
}

fn split_groups(text: &[u8]) -> Vec<&[u8]> {
    let (mut groups, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        if text[at..].starts_with(b"||") {
            groups.push(&text[start..at]);
            at += 2;
            start = at;
        } else {
            at += 1;
        }
    }
    groups.push(&text[start..]);
    groups
}

fn parse_group(group: &[u8]) -> Result<Vec<Comparison>, SemverError> {
    let improper = || SemverError::Improper(group.to_vec());
    let mut comparisons: Vec<(Operator, Pieces<'_>)> = Vec::new();
    let mut rest = trim_start(group);
    loop {
        let operator = OPERATORS.iter().find(|(word, _)| rest.starts_with(word));
        let (word, operator) = operator.copied().unwrap_or((b"", Operator::Equal));
        rest = trim_start(&rest[word.len()..]);
        let version = pieces(rest, in_wild_number).ok_or_else(improper)?;
        let after = &rest[version.length..];
        comparisons.push((operator, version));
        rest = trim_start(after);
        match rest.first() {
            None => break,
            Some(b',') => rest = trim_start(&rest[1..]),
            Some(_) if rest.len() < after.len() => {}
            Some(_) => return Err(improper()),
        }
    }
    comparisons.iter().map(|(operator, pieces)| Comparison::new(*operator, pieces)).collect()
}

/// `A - B` as `>= A, <= B`.
fn rewrite_hyphens(text: &[u8]) -> Vec<u8> {
    #[allow(clippy::expect_used, reason = "a constant pattern, compiled by the tests")]
    static RANGE: LazyLock<Regex> = LazyLock::new(|| {
        let version = r"v?[0-9|xX*]+(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?";
        let space = r"[\t\n\x0C\r ]";
        Regex::new(&format!("(?-u){space}*({version}){space}+-{space}+({version}){space}*"))
            .expect("a constant pattern")
    });
    if !text.windows(2).any(|pair| pair[0] == b'-' && is_space(pair[1])) {
        return text.to_vec();
    }
    let mut output = text.to_vec();
    for found in RANGE.captures_iter(text) {
        let (whole, from, to) = (&found[0], &found[1], &found[2]);
        let place = output.windows(whole.len()).position(|window| window == whole);
        if let Some(place) = place {
            let new = [b">= ", from, b", <= ", to, b" "].concat();
            output.splice(place..place + whole.len(), new);
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, version: &str) -> bool {
        let version = Version::parse(version.as_bytes()).unwrap();
        Constraint::parse(range.as_bytes()).unwrap().check(&version)
    }

    #[test]
    fn versions_are_read_loosely_and_printed_in_full() {
        let printed = |text: &str| Version::parse(text.as_bytes()).map(|version| version.to_string());
        assert_eq!(printed("v1.02"), Ok("1.2.0".to_owned()));
        assert_eq!(printed("1.2.3-rc.1+b"), Ok("1.2.3-rc.1+b".to_owned()));
        assert_eq!(printed("1.2.3-01"), Err(SemverError::LeadingZero));
        for refused in ["", "x", "1.2.3.4", "1.-", "V1", "1.2.3-", "1 "] {
            assert_eq!(printed(refused), Err(SemverError::Invalid), "{refused}");
        }
        assert!(matches!(printed("99999999999999999999"), Err(SemverError::Segment(_))));
    }

    #[test]
    fn order_follows_the_specification() {
        let versions =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0"];
        for pair in versions.windows(2) {
            let [left, right] = [pair[0], pair[1]].map(|text| Version::parse(text.as_bytes()).unwrap());
            assert_eq!(left.compare(&right), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn ranges_hold_what_they_say() {
        for (range, inside, outside) in [
            (">=1.2, <2", "1.9.9", "2.0.0"),
            ("^1.2.3", "1.9.0", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~>1", "1.9.0", "2.0.0"),
            ("1.2.x || >=3.0.0", "3.1.0", "2.0.0"),
            ("1.2 - 1.4.5", "1.4.5", "1.4.6"),
            (">1.1", "1.2.0", "1.1.9"),
            ("!=1.2.x", "1.3.0", "1.2.7"),
            ("<=1.2", "1.2.9", "1.3.0"),
            (">=1.25.0-0", "1.25.3-gke.100", "1.24.9"),
            ("*", "0.0.1", "1.0.0-rc.1"),
        ] {
            assert!(check(range, inside), "{inside} in {range}");
            assert!(!check(range, outside), "{outside} not in {range}");
        }
        assert!(!check(">=1.25.0", "1.25.3-gke.100"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "a", ">=", "1,", ",1", "1.2.3.4", ">1<2", "1 ||"] {
            assert!(matches!(Constraint::parse(text.as_bytes()), Err(SemverError::Improper(_))), "{text}");
        }
        assert_eq!(Constraint::parse(b"1|2").err(), Some(SemverError::Parser));
        assert_eq!(Constraint::parse(&[b'1'; 513]).err(), Some(SemverError::ConstraintTooLong));
        assert_eq!(Constraint::parse("1||".repeat(33).as_bytes()).err(), Some(SemverError::TooManyGroups));
    }
}
