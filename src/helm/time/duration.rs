//! Durations: `1h2m3.5s`.

use std::fmt;

use super::parse::quote;

/// Units by name, in nanoseconds. The second and third spelling of a microsecond are U+00B5 and
/// U+03BC.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DurationError {
    message: String,
    text: Vec<u8>,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "time: {} {}", self.message, quote(&self.text))
    }
}

/// Reads a duration in nanoseconds: a sign, then numbers with units.
///
/// # Errors
/// The text is no duration, or too long a one.
pub fn parse_duration(text: &[u8]) -> Result<i64, DurationError> {
    let error = |message: String| DurationError { message, text: text.to_vec() };
    let invalid = || error("invalid duration".to_owned());
    let negative = text.first() == Some(&b'-');
    let mut rest = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut value = whole(&rest[..digits]).ok_or_else(invalid)?;
        rest = &rest[digits..];
        let (mut part, mut scale, mut places) = (0, 1.0, 0);
        if let Some(after) = rest.strip_prefix(b".") {
            places = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (part, scale) = fraction(&after[..places]);
            rest = &after[places..];
        }
        if digits == 0 && places == 0 {
            return Err(invalid());
        }
        let length = rest.iter().take_while(|byte| !byte.is_ascii_digit() && **byte != b'.').count();
        let (name, after) = rest.split_at(length);
        if name.is_empty() {
            return Err(error("missing unit in duration".to_owned()));
        }
        let unit = UNITS.iter().find(|(unit, _)| unit.as_bytes() == name);
        let &(_, unit) = unit.ok_or_else(|| error(format!("unknown unit {} in duration", quote(name))))?;
        rest = after;
        value = value.checked_mul(unit).filter(|value| *value <= 1 << 63).ok_or_else(invalid)?;
        if part > 0 {
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let more = (part as f64 * (unit as f64 / scale)) as u64;
            value = value.checked_add(more).filter(|value| *value <= 1 << 63).ok_or_else(invalid)?;
        }
        total = total.checked_add(value).filter(|total| *total <= 1 << 63).ok_or_else(invalid)?;
    }
    let signed = if negative { 0i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
    signed.ok_or_else(invalid)
}

/// A whole number up to 2^63.
fn whole(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0u64, |value, digit| {
        if value > (1 << 63) / 10 {
            return None;
        }
        Some(value * 10 + u64::from(digit - b'0')).filter(|value| *value <= 1 << 63)
    })
}

/// The digits of a fraction as far as they fit, and the power of ten that divides them.
fn fraction(digits: &[u8]) -> (u64, f64) {
    let (mut value, mut scale) = (0u64, 1.0);
    for digit in digits {
        if value > ((1 << 63) - 1) / 10 {
            break;
        }
        let grown = value * 10 + u64::from(digit - b'0');
        if grown > 1 << 63 {
            break;
        }
        value = grown;
        scale *= 10.0;
    }
    (value, scale)
}

/// A duration as `%v` prints it: `1h2m3.5s`, `1.5ms`, `0s`.
#[must_use]
pub fn format_duration(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let decimal = |value: u64, unit: u64, name: &str| {
        let width = unit.ilog10() as usize;
        let text = format!("{}.{:0width$}", value / unit, value % unit);
        format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    let text = match size {
        0 => return "0s".to_owned(),
        1..1_000 => format!("{size}ns"),
        1_000..1_000_000 => decimal(size, 1_000, "\u{b5}s"),
        1_000_000..1_000_000_000 => decimal(size, 1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (size / 60_000_000_000, size % 60_000_000_000);
            let seconds = decimal(rest, 1_000_000_000, "s");
            match (minutes / 60, minutes % 60) {
                (0, 0) => seconds,
                (0, minutes) => format!("{minutes}m{seconds}"),
                (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
            }
        }
    };
    format!("{sign}{text}")
}

/// To the nearest multiple of `unit`, halves away from zero; unchanged where `unit` is not
/// positive.
#[must_use]
pub fn round(duration: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return duration;
    }
    let rest = (duration % unit).unsigned_abs();
    let towards_zero = duration - duration % unit;
    if rest * 2 < unit.unsigned_abs() {
        towards_zero
    } else if duration < 0 {
        towards_zero.saturating_sub(unit)
    } else {
        towards_zero.saturating_add(unit)
    }
}

/// Towards zero to a multiple of `unit`; unchanged where `unit` is not positive.
#[must_use]
pub fn truncate(duration: i64, unit: i64) -> i64 {
    if unit <= 0 { duration } else { duration - duration % unit }
}
