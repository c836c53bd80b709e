//! Numbers as Go's `strconv` and `encoding/json` read and print them, and casts between them.

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not the syntax of a number.
    #[error("invalid syntax")]
    Syntax,
    /// A number, but too large for the type.
    #[error("value out of range")]
    Range,
}

/// Whether underscores stand only between digits, or behind a base prefix (Go's literals).
fn underscores_fit(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let prefix = text.first() == Some(&b'0') && text.get(1).is_some_and(|c| b"boxBOX".contains(c));
    let hex = prefix && matches!(text.get(1), Some(b'x' | b'X'));
    let mut last = if prefix { b'0' } else { b'^' };
    for &byte in text.get(if prefix { 2 } else { 0 }..).unwrap_or_default() {
        let digit = byte.is_ascii_digit() || hex && byte.is_ascii_hexdigit();
        match (digit, byte) {
            (true, _) => last = b'0',
            (false, b'_') if last == b'0' => last = b'_',
            (false, b'_') => return false,
            (false, _) if last == b'_' => return false,
            (false, _) => last = b'!',
        }
    }
    last != b'_'
}

/// Reads an unsigned integer. Base 0 takes the base from the prefix (`0x`, `0o`, `0`, `0b`) and
/// allows underscores.
///
/// # Errors
/// The text is no integer of that base, or exceeds 64 bits.
pub fn parse_uint(text: &[u8], base: u32) -> Result<u64, NumberError> {
    let mut digits = text;
    let mut real_base = base;
    if base == 0 {
        let long = text.len() >= 3;
        (real_base, digits) = match (text.first(), text.get(1)) {
            (Some(b'0'), Some(b'b' | b'B')) if long => (2, &text[2..]),
            (Some(b'0'), Some(b'o' | b'O')) if long => (8, &text[2..]),
            (Some(b'0'), Some(b'x' | b'X')) if long => (16, &text[2..]),
            (Some(b'0'), _) => (8, &text[1..]),
            _ => (10, text),
        };
    }
    if text.is_empty() {
        return Err(NumberError::Syntax);
    }
    let (mut value, mut underscores) = (0u64, false);
    for &byte in digits {
        if byte == b'_' && base == 0 {
            underscores = true;
            continue;
        }
        let digit = char::from(byte).to_digit(36).filter(|&digit| digit < real_base);
        let digit = digit.ok_or(NumberError::Syntax)?;
        let grown =
            value.checked_mul(u64::from(real_base)).and_then(|value| value.checked_add(u64::from(digit)));
        value = grown.ok_or(NumberError::Range)?;
    }
    if underscores && !underscores_fit(text) { Err(NumberError::Syntax) } else { Ok(value) }
}

/// Reads an integer with an optional sign; see [`parse_uint`].
///
/// # Errors
/// The text is no integer of that base, or does not fit 64 bits.
pub fn parse_int(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let negative = text.first() == Some(&b'-');
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let value = parse_uint(digits, base)?;
    let value = if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
    value.ok_or(NumberError::Range)
}

/// Reads a floating point number: decimal, hexadecimal (`0x1p-2`), `inf`, `infinity`, `nan`.
///
/// # Errors
/// The text is no number, or its magnitude exceeds a `float64`.
pub fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    let (sign, body) = match text {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        _ => (1.0, text),
    };
    if body.eq_ignore_ascii_case(b"inf") || body.eq_ignore_ascii_case(b"infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return Ok(f64::NAN);
    }
    let underscores = body.contains(&b'_');
    if underscores && !underscores_fit(text) {
        return Err(NumberError::Syntax);
    }
    let body: Vec<u8> = body.iter().copied().filter(|byte| *byte != b'_').collect();
    let value = match body.as_slice() {
        [b'0', b'x' | b'X', hex @ ..] if !hex.is_empty() => parse_hex_float(hex)?,
        decimal => parse_decimal(decimal)?,
    };
    if value.is_infinite() { Err(NumberError::Range) } else { Ok(sign * value) }
}

fn parse_decimal(text: &[u8]) -> Result<f64, NumberError> {
    // Rust's parser takes the same decimal syntax but for words, which have a letter that is no
    // exponent.
    let plain = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let starts = text.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.');
    if !plain || !starts {
        return Err(NumberError::Syntax);
    }
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(NumberError::Syntax)
}

/// What follows `0x`: digits with an optional point, and a decimal exponent of two that must be
/// there.
fn parse_hex_float(text: &[u8]) -> Result<f64, NumberError> {
    let mark = text.iter().position(|byte| matches!(byte, b'p' | b'P')).ok_or(NumberError::Syntax)?;
    let (digits, exponent) = (&text[..mark], &text[mark + 1..]);
    let unsigned = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Syntax);
    }
    let power = parse_int(exponent, 10).unwrap_or(if exponent[0] == b'-' { -100_000 } else { 100_000 });
    let mut power = power.clamp(-100_000, 100_000);
    let (mut mantissa, mut sticky, mut point, mut seen) = (0u64, false, false, false);
    for &byte in digits {
        if byte == b'.' && !point {
            point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16).ok_or(NumberError::Syntax)?;
        seen = true;
        if mantissa < 1 << 59 {
            mantissa = mantissa << 4 | u64::from(digit);
            power -= if point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            power += if point { 0 } else { 4 };
        }
    }
    if !seen {
        return Err(NumberError::Syntax);
    }
    Ok(scale(mantissa | u64::from(sticky), power))
}

/// `mantissa * 2^power`, rounded once to the nearest even.
fn scale(mantissa: u64, power: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let length = 64 - i64::from(mantissa.leading_zeros());
    // Bits below the last one of the result: more of them for a subnormal number.
    let drop = (length - 53).max(-1074 - power);
    if drop > 64 {
        return 0.0;
    }
    let (kept, power) = if drop <= 0 {
        (u128::from(mantissa), power)
    } else {
        let (wide, half) = (u128::from(mantissa), 1u128 << (drop - 1));
        let (kept, rest) = (wide >> drop, wide & ((1u128 << drop) - 1));
        let up = rest > half || rest == half && kept & 1 == 1;
        (kept + u128::from(up), power + drop)
    };
    if power > 1023 {
        return f64::INFINITY;
    }
    // Both factors are exact, and so is every product but an overflow.
    let value = kept as f64;
    let half = power / 2;
    value * 2f64.powi(half as i32) * 2f64.powi((power - half) as i32)
}

fn words(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// Scientific notation with at least two digits of exponent.
fn exponent_form(scientific: &str) -> String {
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

fn exponent_of(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`, which is also `%v`: the shortest digits that
/// read back, with an exponent where it is below -4 or above 5: `999999`, `1e+06`, `1e-05`.
#[must_use]
pub fn format_general(value: f64) -> String {
    if let Some(word) = words(value) {
        return word.to_owned();
    }
    let scientific = format!("{value:e}");
    if (-4..6).contains(&exponent_of(&scientific)) { value.to_string() } else { exponent_form(&scientific) }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`: as [`format_general`] of the nearest `float32`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits here")]
pub fn format_general_32(value: f64) -> String {
    let value = value as f32;
    if let Some(word) = words(f64::from(value)) {
        return word.to_owned();
    }
    let scientific = format!("{value:e}");
    if (-4..6).contains(&exponent_of(&scientific)) { value.to_string() } else { exponent_form(&scientific) }
}

/// As Go's `encoding/json` prints a finite number: an exponent only below 1e-6 and from 1e21 on.
#[must_use]
pub fn format_json(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = exponent_form(&format!("{value:e}"));
        // One digit of a negative exponent stays one digit.
        text.replacen("e-0", "e-", 1)
    } else {
        value.to_string()
    }
}

/// Go's conversion of a `float64` to an `int64` on amd64 hardware: towards zero; what does not fit
/// becomes the smallest `int64`.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "in range by the test before")]
pub fn truncate(value: f64) -> i64 {
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    if fits { value as i64 } else { i64::MIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_take_the_base_from_the_prefix() {
        for (text, value) in [
            ("010", Ok(8)),
            ("-0x1F", Ok(-31)),
            ("0b11", Ok(3)),
            ("0o17", Ok(15)),
            ("1_000", Ok(1000)),
            ("0x_1", Ok(1)),
            ("+5", Ok(5)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(NumberError::Range)),
            ("08", Err(NumberError::Syntax)),
            ("1__0", Err(NumberError::Syntax)),
            ("0x", Err(NumberError::Syntax)),
            ("", Err(NumberError::Syntax)),
            ("-", Err(NumberError::Syntax)),
            ("1.9", Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_int(text.as_bytes(), 0), value, "{text}");
        }
        assert_eq!(parse_int(b"1_0", 10), Err(NumberError::Syntax));
    }

    #[test]
    fn floats_are_read_as_go_reads_them() {
        for (text, value) in [
            ("1.5", Ok(1.5)),
            (".5", Ok(0.5)),
            ("5.", Ok(5.0)),
            ("1e3", Ok(1000.0)),
            ("1_0.2_5", Ok(10.25)),
            ("0x1p-2", Ok(0.25)),
            ("0x1.8p1", Ok(3.0)),
            ("0X_1FFFFFFFFFFFFF8p0", Ok(144_115_188_075_855_870.0)),
            ("0x1p-1074", Ok(5e-324)),
            ("0x1p-1075", Ok(0.0)),
            ("-Infinity", Ok(f64::NEG_INFINITY)),
            ("1e400", Err(NumberError::Range)),
            ("0x1p1024", Err(NumberError::Range)),
            ("0x1", Err(NumberError::Syntax)),
            ("infi", Err(NumberError::Syntax)),
            ("+nan", Err(NumberError::Syntax)),
            (".", Err(NumberError::Syntax)),
            ("e3", Err(NumberError::Syntax)),
            ("1e", Err(NumberError::Syntax)),
            ("", Err(NumberError::Syntax)),
        ] {
            assert_eq!(parse_float(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        for (value, general, json) in [
            (999_999.0, "999999", "999999"),
            (1e6, "1e+06", "1000000"),
            (1_234_567.5, "1.2345675e+06", "1234567.5"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (1e-10, "1e-10", "1e-10"),
            (1e21, "1e+21", "1e+21"),
            (-0.0, "-0", "-0"),
            (5e-324, "5e-324", "5e-324"),
        ] {
            assert_eq!((format_general(value).as_str(), format_json(value).as_str()), (general, json));
        }
        assert_eq!(format_general_32(0.1), "0.1");
        assert_eq!(format_general(f64::INFINITY), "+Inf");
    }

    #[test]
    fn what_does_not_fit_an_integer_is_the_smallest() {
        assert_eq!([3.99, -3.99, 1e19, f64::NAN].map(truncate), [3, -3, i64::MIN, i64::MIN]);
    }
}
