//! Number literals: every kind of number that a literal can be, by Go's rules.

use super::ast::Number;
use super::quote::{Unquoted, unquote_char};

impl Number {
    /// Reads a number or an imaginary number.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(imaginary) = text.strip_suffix('i')
            && let Some(value) = parse_float(imaginary)
        {
            return Ok(Self::from_complex(0.0, value));
        }
        let mut number = Self::default();
        let (negative, magnitude) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let unsigned = parse_unsigned(magnitude);
        if magnitude == text {
            number.unsigned = unsigned;
        }
        number.int = unsigned.and_then(|value| match negative {
            true => 0i64.checked_sub_unsigned(value),
            false => i64::try_from(value).ok(),
        });
        if number.int == Some(0) {
            number.unsigned = Some(0);
        }
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(unsigned) = number.unsigned {
            number.float = Some(unsigned as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", super::quote(text.as_bytes())));
            }
            number.float = Some(float);
            (number.int, number.unsigned) = integral(float);
        } else {
            return Err(format!("illegal number syntax: {}", super::quote(text.as_bytes())));
        }
        Ok(number)
    }

    /// Reads `1+2i`.
    pub(super) fn parse_complex(text: &str) -> Result<Self, String> {
        let illegal = || "syntax error scanning complex number".to_owned();
        let sign = text.char_indices().skip(1).filter(|&(at, sign)| {
            matches!(sign, '+' | '-')
                && !text.get(..at).is_some_and(|real| real.ends_with(['e', 'E', 'p', 'P']))
        });
        let (at, _) = sign.last().ok_or_else(illegal)?;
        let (real, imaginary) = text.split_at(at);
        let imaginary = imaginary.strip_suffix('i').and_then(parse_float);
        match (parse_float(real), imaginary) {
            (Some(real), Some(imaginary)) => Ok(Self::from_complex(real, imaginary)),
            _ => Err(illegal()),
        }
    }

    /// Reads a character constant, quotes included.
    pub(super) fn parse_character(text: &[u8]) -> Result<Self, String> {
        let (quote, inner) = text.split_first().ok_or("invalid syntax")?;
        let (character, tail) = unquote_char(inner, *quote).ok_or("invalid syntax")?;
        if tail != b"'" {
            return Err(format!("malformed character constant: {}", String::from_utf8_lossy(text)));
        }
        let code = match character {
            Unquoted::Byte(byte) => u32::from(byte),
            Unquoted::Character(character) => u32::from(character),
        };
        Ok(Self {
            int: Some(i64::from(code)),
            unsigned: Some(u64::from(code)),
            float: Some(f64::from(code)),
            complex: None,
        })
    }

    fn from_complex(real: f64, imaginary: f64) -> Self {
        let float = (imaginary == 0.0).then_some(real);
        let (int, unsigned) = float.map_or((None, None), integral);
        Self { int, unsigned, float, complex: Some((real, imaginary)) }
    }
}

/// The integers that a float is.
fn integral(float: f64) -> (Option<i64>, Option<u64>) {
    let (int, unsigned) = (float as i64, float as u64);
    ((int as f64 == float).then_some(int), (unsigned as f64 == float).then_some(unsigned))
}

/// An unsigned integer with Go's prefixes (`0x`, `0o`, `0b`, `0`) and underscores.
fn parse_unsigned(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)?),
        [b'0', b'o', ..] => (8, lower.get(2..)?),
        [b'0', b'b', ..] => (2, lower.get(2..)?),
        [b'0', _, ..] => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    if !underscores_separate_digits(&lower) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.starts_with(|digit: char| digit.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// Whether underscores stand only between digits, or between a base prefix and a digit.
fn underscores_separate_digits(lower: &str) -> bool {
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(lower).as_bytes();
    let (prefixed, hex, body) = match unsigned {
        [b'0', b'x', rest @ ..] => (true, true, rest),
        [b'0', b'o' | b'b', rest @ ..] => (true, false, rest),
        _ => (false, false, unsigned),
    };
    let mut before = if prefixed { b'0' } else { b'^' };
    for &byte in body {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        match byte {
            b'_' if before != b'0' => return false,
            b'_' => before = b'_',
            _ if digit => before = b'0',
            _ if before == b'_' => return false,
            _ => before = b'!',
        }
    }
    before != b'_'
}

/// A float as Go's `strconv.ParseFloat` reads it: decimal or hexadecimal, with underscores,
/// `inf`, `infinity` and `nan` in any case. `None` also where the number is too large.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (negative, magnitude) = match lower.strip_prefix(['+', '-']) {
        Some(rest) => (lower.starts_with('-'), rest),
        None => (false, lower.as_str()),
    };
    let signed = |value: f64| if negative { -value } else { value };
    match magnitude {
        "inf" | "infinity" => return Some(signed(f64::INFINITY)),
        "nan" => return (magnitude == lower).then_some(f64::NAN),
        _ => {}
    }
    if magnitude.contains('_') && !underscores_separate_digits(&lower) {
        return None;
    }
    let plain = magnitude.replace('_', "");
    let value = match plain.strip_prefix("0x") {
        Some(hex) => parse_hex_float(hex)?,
        None => {
            let decimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-');
            if !plain.bytes().all(decimal) || !plain.bytes().any(|byte| byte.is_ascii_digit()) {
                return None;
            }
            plain.parse::<f64>().ok()?
        }
    };
    value.is_finite().then(|| signed(value))
}

/// The part of a hexadecimal float behind `0x`: digits, a point, and `p` with an exponent of two,
/// which must be there.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once('p')?;
    let exponent: i64 = exponent.parse::<i64>().ok()?.clamp(-100_000, 100_000);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut mantissa, mut shift, mut sticky) = (0u128, 0i64, false);
    for (at, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = digit.to_digit(16)?;
        let after_point = at >= whole.len();
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | u128::from(digit);
            shift -= if after_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            shift += if after_point { 0 } else { 4 };
        }
    }
    // One bit below everything that matters keeps the rounding right.
    let exponent = exponent + shift - 1;
    Some(scale(mantissa << 1 | u128::from(sticky), exponent))
}

/// `mantissa * 2^exponent`, rounded once.
fn scale(mantissa: u128, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let top = 128 - i64::from(mantissa.leading_zeros()) + exponent;
    if top > 1025 {
        return f64::INFINITY;
    }
    // Bits that a double of this size keeps: 53, fewer where it is subnormal.
    let kept = (top + 1074).min(53);
    if kept < 0 {
        return 0.0;
    }
    let drop = 128 - i64::from(mantissa.leading_zeros()) - kept;
    let (rounded, exponent) = if drop > 0 {
        let drop = u32::try_from(drop).unwrap_or(127).min(127);
        let (half, rest) = (1u128 << (drop - 1), mantissa & ((1u128 << drop) - 1));
        let mut rounded = mantissa >> drop;
        if rest > half || rest == half && rounded & 1 == 1 {
            rounded += 1;
        }
        (rounded, exponent + i64::from(drop))
    } else {
        (mantissa, exponent)
    };
    let mut value = rounded as f64;
    let mut left = exponent;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2f64.powi(i32::try_from(step).unwrap_or(0));
        left -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_gos_prefixes_and_underscores() {
        let int = |text: &str| Number::parse(text).ok().and_then(|number| number.int);
        for (text, value) in
            [("017", 15), ("0x1F", 31), ("0b11", 3), ("0o17", 15), ("1_000", 1000), ("0x_1", 1), ("-5", -5)]
        {
            assert_eq!(int(text), Some(value), "{text}");
        }
        assert_eq!(int("1e3"), Some(1000));
        assert_eq!(int("1.5"), None);
        for bad in ["1__0", "_1", "1_", "089", "0x", "0b2", "1e", ".", "18446744073709551616"] {
            assert!(Number::parse(bad).is_err(), "{bad}");
        }
        let huge = Number::parse("18446744073709551615").unwrap();
        assert_eq!((huge.int, huge.unsigned), (None, Some(u64::MAX)));
    }

    #[test]
    fn floats_are_gos() {
        for (text, value) in
            [("1.5", 1.5), ("0x1p-2", 0.25), ("0X1.8P1", 3.0), ("1_0.5", 10.5), (".5", 0.5), ("5.", 5.0)]
        {
            assert_eq!(parse_float(text), Some(value), "{text}");
        }
        assert_eq!(parse_float("0x1.fffffffffffff8p0"), Some(2.0));
        assert_eq!(parse_float("0x1p-1074"), Some(5e-324));
        assert_eq!(parse_float("0x1p-1076"), Some(0.0));
        assert_eq!(parse_float("0x1p1024"), None);
        assert_eq!(parse_float("1e999"), None);
        assert_eq!(parse_float("0x1"), None);
        assert_eq!(parse_float("-Inf"), Some(f64::NEG_INFINITY));
    }

    #[test]
    fn characters_and_complex_numbers_are_numbers() {
        assert_eq!(Number::parse_character(b"'a'").unwrap().int, Some(97));
        assert_eq!(Number::parse_character(br"'\''").unwrap().int, Some(39));
        assert!(Number::parse_character(b"'ab'").is_err());
        assert_eq!(Number::parse_complex("1e+2-2i").unwrap().complex, Some((100.0, -2.0)));
        assert_eq!(Number::parse("0i").unwrap().int, Some(0));
    }
}
