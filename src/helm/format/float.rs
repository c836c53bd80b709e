//! Floats as Go's `strconv.FormatFloat` writes them.

/// The digits of a number: 0.DIGITS times ten to the power of `point`; no trailing zeros, none at
/// all for zero.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    /// The shortest digits that read back as the same float.
    fn shortest(value: f64) -> Self {
        Self::read(&format!("{value:e}"))
    }

    /// `count` digits, rounded to even; at least one.
    fn rounded(value: f64, count: usize) -> Self {
        let behind = count.max(1) - 1;
        Self::read(&format!("{value:.behind$e}"))
    }

    fn read(scientific: &str) -> Self {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let point = if digits.is_empty() { 0 } else { exponent.parse().unwrap_or(0) + 1 };
        Self { digits, point }
    }

    fn at(&self, index: usize) -> char {
        self.digits.get(index).map_or('0', |&digit| char::from(digit))
    }
}

/// Writes a float as `verb` (one of `e E f g G b x X`) with `precision` digits, or as few as needed to
/// read it back. Negative numbers have a sign, infinities always one: `+Inf`.
#[must_use]
pub fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-Inf" } else { "+Inf" }.to_owned();
    }
    let (sign, magnitude) = if value.is_sign_negative() { ("-", -value) } else { ("", value) };
    let text = match verb {
        'e' | 'E' => exponential(magnitude, precision, verb),
        'f' => match precision {
            Some(precision) => format!("{magnitude:.precision$}"),
            None => {
                let digits = Digits::shortest(magnitude);
                let behind = i32::try_from(digits.digits.len()).unwrap_or(0) - digits.point;
                fixed(&digits, usize::try_from(behind).unwrap_or(0))
            }
        },
        'g' | 'G' => general(magnitude, precision, verb),
        'x' | 'X' => hexadecimal(magnitude, precision, verb),
        _ => binary(magnitude),
    };
    format!("{sign}{text}")
}

fn exponential(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let digits = match precision {
        Some(precision) => Digits::rounded(magnitude, precision + 1),
        None => Digits::shortest(magnitude),
    };
    write_exponential(&digits, precision.unwrap_or_else(|| digits.digits.len().saturating_sub(1)), verb)
}

fn write_exponential(digits: &Digits, behind: usize, verb: char) -> String {
    let mut text = String::from(digits.at(0));
    if behind > 0 {
        text.push('.');
        text.extend((1..=behind).map(|index| digits.at(index)));
    }
    let exponent = if digits.digits.is_empty() { 0 } else { digits.point - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{text}{verb}{sign}{:02}", exponent.abs())
}

fn fixed(digits: &Digits, behind: usize) -> String {
    let mut text = String::new();
    let whole = usize::try_from(digits.point).unwrap_or(0);
    if whole == 0 {
        text.push('0');
    }
    text.extend((0..whole).map(|index| digits.at(index)));
    if behind > 0 {
        text.push('.');
    }
    for place in 0..behind {
        let index = i64::from(digits.point) + place as i64;
        text.push(usize::try_from(index).map_or('0', |index| digits.at(index)));
    }
    text
}

fn general(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let precision = precision.map(|precision| precision.max(1));
    let digits = match precision {
        Some(precision) => Digits::rounded(magnitude, precision),
        None => Digits::shortest(magnitude),
    };
    let count = i32::try_from(digits.digits.len()).unwrap_or(i32::MAX);
    let most = match precision {
        None => 6,
        Some(precision) => {
            let precision = i32::try_from(precision).unwrap_or(i32::MAX);
            if precision > count && count >= digits.point { count } else { precision }
        }
    };
    let exponent = digits.point - 1;
    if exponent < -4 || exponent >= most {
        let behind = digits.digits.len().saturating_sub(1);
        let letter = if verb == 'G' { 'E' } else { 'e' };
        return write_exponential(&digits, behind, letter);
    }
    fixed(&digits, usize::try_from(count - digits.point).unwrap_or(0))
}

/// The mantissa as an integer, and the power of two it is multiplied by.
fn parts(magnitude: f64) -> (u64, i32) {
    let bits = magnitude.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn binary(magnitude: f64) -> String {
    let (mantissa, exponent) = parts(magnitude);
    format!("{mantissa}p{exponent:+}")
}

fn hexadecimal(magnitude: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(magnitude);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The leading digit is 1, behind it 60 bits.
        let shift = mantissa.leading_zeros().saturating_sub(3);
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).unwrap_or(0);
    }
    if let Some(precision) = precision.filter(|&precision| precision < 15) {
        let drop = 60 - 4 * u32::try_from(precision).unwrap_or(0);
        let rest = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        let half = 1u64 << (drop - 1);
        if rest > half || rest == half && mantissa & 1 == 1 {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        Some(precision) => {
            while digits.len() < precision {
                digits.push('0');
            }
            digits.truncate(precision);
        }
        None => digits.truncate(digits.trim_end_matches('0').len()),
    }
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{digits}p{sign}{:02}", mantissa >> 60, exponent.abs());
    if verb == 'X' { text.to_ascii_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::format_float;

    #[test]
    fn general_form_changes_at_six_digits() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (8080.0, "8080"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (123_456.75, "123456.75"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (f64::INFINITY, "+Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format_float(value, 'g', None), text);
        }
        assert_eq!(format_float(100.0, 'g', Some(3)), "100");
        assert_eq!(format_float(1000.0, 'g', Some(3)), "1e+03");
        assert_eq!(format_float(1234.5, 'G', Some(2)), "1.2E+03");
        assert_eq!(format_float(0.5, 'g', Some(0)), "0.5");
    }

    #[test]
    fn other_forms() {
        assert_eq!(format_float(2.5, 'f', Some(0)), "2");
        assert_eq!(format_float(1e21, 'f', None), "1000000000000000000000");
        assert_eq!(format_float(0.25, 'f', None), "0.25");
        assert_eq!(format_float(-1234.5678, 'e', Some(3)), "-1.235e+03");
        assert_eq!(format_float(0.0, 'e', None), "0e+00");
        assert_eq!(format_float(1.0, 'x', None), "0x1p+00");
        assert_eq!(format_float(3.75, 'X', None), "0X1.EP+01");
        assert_eq!(format_float(3.99, 'x', Some(1)), "0x1.0p+02");
        assert_eq!(format_float(1.0, 'b', None), "4503599627370496p-52");
        assert_eq!(format_float(5e-324, 'x', None), "0x1p-1074");
    }
}
