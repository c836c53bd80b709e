//! Numbers as Go reads and writes them: `strconv.ParseInt`, `ParseFloat`, `FormatFloat`.

use super::scalar::Scalar;

/// Reads what begins with a digit or a sign, as go-yaml v2 does: underscores anywhere, base
/// prefixes, a leading 0 as octal, then YAML's floats.
pub(super) fn parse_number(text: &str) -> Option<Scalar<'static>> {
    let owned;
    let plain = if text.contains('_') {
        owned = text.replace('_', "");
        owned.as_str()
    } else {
        text
    };
    if let Some(value) = parse_int(plain) {
        return Some(value);
    }
    if is_float(plain) {
        return parse_float(plain).map(Scalar::Float);
    }
    // `0b-1`: go-yaml reads the digits behind the prefix by themselves, with a sign.
    let digits = plain.strip_prefix("0b")?;
    i64::from_str_radix(digits, 2).ok().map(Scalar::Int)
}

/// `strconv.ParseInt(text, 0, 64)`, then `ParseUint`.
fn parse_int(text: &str) -> Option<Scalar<'static>> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, text.get(1..)?),
        b'+' => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| char::from(byte).is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::UInt(magnitude)),
    }
}

/// go-yaml's float syntax: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let whole = digits(at);
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if whole == 0 && fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return false;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

/// `strconv.ParseFloat`, which refuses what is too large.
fn parse_float(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// What begins with a `.` and is no word: Go's float syntax, in which an underscore may stand between
/// two digits.
pub(super) fn parse_dotted(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return if is_float(text) { parse_float(text) } else { None };
    }
    let digit = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_digit);
    let mut underscores = text.match_indices('_').map(|(at, _)| at);
    let fits = underscores.all(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)));
    let plain = text.replace('_', "");
    if fits && is_float(&plain) { parse_float(&plain) } else { None }
}

/// How a float reads as a mapping key: `strconv.FormatFloat(value, 'g', -1, 32)`, with YAML's words
/// for the infinities and NaN.
pub(super) fn float_key(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "sigs.k8s.io/yaml formats keys as 32-bit floats")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let written = format!("{value:e}");
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// The number as kubectl sends it: written as JSON by Go and read again as an `int64` where it is
/// one, else as a `float64`.
pub(super) fn sent(scalar: Scalar<'_>) -> Scalar<'_> {
    match scalar {
        #[expect(clippy::cast_precision_loss, reason = "kubectl loses these digits too")]
        Scalar::UInt(value) => Scalar::Float(value as f64),
        Scalar::Float(value) if value.abs() < 1e21 => {
            // Both Go and Rust write the shortest digits and fill up with zeros.
            format!("{value}").parse().map_or(Scalar::Float(value), Scalar::Int)
        }
        other => other,
    }
}
