//! Kubernetes' reading of scalars: go-yaml v2's rules as sigs.k8s.io/yaml applies them.

use std::borrow::Cow;

use super::number;

/// What Kubernetes gets for a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// An integer that fits 64 bits with sign.
    Int(i64),
    /// A larger one (kubectl sends it as a float and loses digits).
    UInt(u64),
    /// A number with fraction or exponent.
    Float(f64),
    /// Everything else.
    String(Cow<'a, str>),
    /// Not known before something else fills it in: `${VAR}`, `{{ … }}`, `ENC[…]`.
    Unknown,
}

/// What a tag means to go-yaml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CoreTag {
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!binary`
    Binary,
    /// `!!timestamp`
    Timestamp,
    /// `!!merge`
    Merge,
    /// `!`
    NonSpecific,
    /// Any other tag: scalars become strings, collections are taken as they are.
    Other,
}

impl CoreTag {
    /// Reads a tag as written; `None` where its handle is declared nowhere (kubectl refuses the
    /// directives that could).
    #[must_use]
    pub fn of(written: &str) -> Option<Self> {
        let body = written.strip_prefix('!')?;
        if body.is_empty() {
            return Some(Self::NonSpecific);
        }
        if let Some(core) = body.strip_prefix('!') {
            return Some(Self::core(core));
        }
        if let Some(uri) = body.strip_prefix('<') {
            let uri = uri.strip_suffix('>').unwrap_or(uri);
            return Some(match uri.strip_prefix("tag:yaml.org,2002:") {
                Some(core) => Self::core(core),
                None if uri == "!" => Self::NonSpecific,
                None => Self::Other,
            });
        }
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let name = body.bytes().take_while(|&byte| word(byte)).count();
        if body.as_bytes().get(name) == Some(&b'!') { None } else { Some(Self::Other) }
    }

    fn core(name: &str) -> Self {
        match name {
            "str" => Self::Str,
            "int" => Self::Int,
            "float" => Self::Float,
            "bool" => Self::Bool,
            "null" => Self::Null,
            "binary" => Self::Binary,
            "timestamp" => Self::Timestamp,
            "merge" => Self::Merge,
            _ => Self::Other,
        }
    }
}

/// Why a tagged scalar is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TagMismatch;

/// Reads a scalar with its tag. Every reading but [`Scalar::Unknown`] is possible.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<CoreTag>) -> Result<Scalar<'_>, TagMismatch> {
    let string = || Ok(Scalar::String(Cow::Borrowed(text)));
    match tag {
        None if plain => Ok(resolve_plain(text)),
        None | Some(CoreTag::Str | CoreTag::NonSpecific | CoreTag::Merge | CoreTag::Other) => string(),
        Some(CoreTag::Binary) => match decode_base64(text) {
            Some(bytes) => Ok(Scalar::String(Cow::Owned(lossy(&bytes)))),
            None => Err(TagMismatch),
        },
        Some(CoreTag::Timestamp) => {
            if is_timestamp(text) {
                string()
            } else {
                Err(TagMismatch)
            }
        }
        Some(wanted) => match (wanted, resolve_plain(text)) {
            (CoreTag::Int, value @ (Scalar::Int(_) | Scalar::UInt(_)))
            | (CoreTag::Float, value @ Scalar::Float(_))
            | (CoreTag::Bool, value @ Scalar::Bool(_))
            | (CoreTag::Null, value @ Scalar::Null) => Ok(value),
            #[expect(clippy::cast_precision_loss, reason = "go-yaml converts the same way")]
            (CoreTag::Float, Scalar::Int(value)) => Ok(Scalar::Float(value as f64)),
            _ => Err(TagMismatch),
        },
    }
}

/// Reads an untagged plain scalar (go-yaml v2's `resolve`: the first byte decides what is tried).
#[must_use]
pub fn resolve_plain(text: &str) -> Scalar<'_> {
    let string = Scalar::String(Cow::Borrowed(text));
    match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => match text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
                Scalar::Bool(true)
            }
            "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
                Scalar::Bool(false)
            }
            "~" | "null" | "Null" | "NULL" => Scalar::Null,
            _ => string,
        },
        Some(b'.') => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            _ => number::parse_dotted(text).map_or(string, Scalar::Float),
        },
        Some(b'+' | b'-' | b'0'..=b'9') => match text {
            "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            _ => number::parse_number(text).unwrap_or(string),
        },
        Some(_) => string,
    }
}

/// Whether a text waits for something to fill it in: `${VAR}` (also as `${VAR:-x}`), a scalar that
/// is one `$VAR`, a template action `{{ … }}`, or a value encrypted by sops (`ENC[…]`).
#[must_use]
pub fn is_unknown_text(text: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.find(['$', '{', 'E']) {
        let here = rest.get(at..).unwrap_or("");
        if here.strip_prefix("{{").is_some_and(|inside| inside.contains("}}")) {
            return true;
        }
        if let Some(inside) = here.strip_prefix("${") {
            let name = inside.strip_prefix('!').unwrap_or(inside);
            let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if starts && name.contains('}') {
                return true;
            }
        }
        if at == 0 && rest.len() == text.len() {
            let variable = here.strip_prefix('$').unwrap_or("");
            let starts = variable.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
            if starts && variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return true;
            }
            if here.starts_with("ENC[") && here.trim_end().ends_with(']') {
                return true;
            }
        }
        rest = here.get(1..).unwrap_or("");
    }
    false
}

/// Bytes as Go writes them to JSON: each one that is no UTF-8 becomes U+FFFD.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// RFC 4648 base64 with padding; line breaks are skipped, as Go's decoder does.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(text.len() / 4 * 3);
    let mut group = 0u32;
    let (mut count, mut padding) = (0u32, 0u32);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if count >= 2 => {
                padding += 1;
                0
            }
            _ => return None,
        };
        if padding > 0 && byte != b'=' {
            return None;
        }
        group = (group << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            let bytes = group.to_be_bytes();
            let keep = 3usize.checked_sub(padding as usize)?;
            output.extend_from_slice(bytes.get(1..=keep).unwrap_or(&[]));
            (group, count) = (0, 0);
            if padding > 0 {
                padding = 4;
            }
        } else if padding > 3 {
            return None;
        }
    }
    (count == 0).then_some(output)
}

/// The timestamp formats go-yaml takes: a date, a date with a time and zone, or both with a space.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at).unwrap_or(""), text.get(at..)),
        None => (text, None),
    };
    let field = |text: &str, longest: usize| -> Option<u32> {
        let fits = (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse().ok()).flatten()
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let (Some(years), Some(month), Some(day)) = (field(year, 4), field(month, 2), field(day, 2)) else {
        return false;
    };
    let leap = years % 4 == 0 && (years % 100 != 0 || years % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    if year.len() != 4 || !(1..=days).contains(&day) {
        return false;
    }
    let Some(time) = time else { return true };
    let zoned = !time.starts_with(' ');
    let clock = time.get(1..).unwrap_or("");
    let (clock, zone) = match clock.find(['Z', '+', '-']) {
        Some(at) => (clock.get(..at).unwrap_or(""), clock.get(at..).unwrap_or("")),
        None => (clock, ""),
    };
    let zone_fits = match zone.as_bytes() {
        [] => !zoned,
        b"Z" => zoned,
        [_, h1, h2, b':', m1, m2] => zoned && [h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else { return false };
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let below = |text: &str, limit: u32| field(text, 2).is_some_and(|value| value < limit);
    let digits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    zone_fits && below(hour, 24) && below(minute, 60) && below(second, 60) && digits
}
