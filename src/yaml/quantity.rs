//! [`Quantity`]: resource quantities, as k8s.io/apimachinery's `resource.ParseQuantity` reads them.

use std::str::FromStr;

/// An amount of a resource (`500m`, `1Gi`, `1e3`), exact to a billionth; below that it is rounded
/// away from zero, as Kubernetes does. Larger than any real cluster it saturates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nanos: i128,
}

/// Why a text is no quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// It is not a number with a suffix.
    #[error("not a quantity: a number with a suffix such as m, k, Mi, Gi is expected")]
    Format,
    /// The suffix is none.
    #[error("not a quantity: unknown suffix")]
    Suffix,
}

impl Quantity {
    /// The amount in billionths.
    #[must_use]
    pub fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, rest) = unsigned.split_at(digits(unsigned));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at(digits(rest)),
            None => ("", rest),
        };
        // Letters, a sign, digits; nothing else.
        let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
        let tail = suffix.get(letters..).unwrap_or("");
        let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
        if digits(tail) != tail.len() {
            return Err(QuantityError::Format);
        }
        let (factor, exponent) = unit(suffix).ok_or(QuantityError::Suffix)?;
        let magnitude = scaled(whole, fraction, factor, exponent);
        Ok(Self { nanos: if text.starts_with('-') { -magnitude } else { magnitude } })
    }
}

/// Factor and decimal exponent of a suffix.
fn unit(suffix: &str) -> Option<(u128, i64)> {
    Some(match suffix {
        "" => (1, 0),
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => {
            let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            (1, exponent)
        }
    })
}

/// `whole.fraction * factor * 10^exponent` in billionths, rounded up.
fn scaled(whole: &str, fraction: &str, factor: u128, exponent: i64) -> i128 {
    let digits = whole.bytes().chain(fraction.bytes()).map(|byte| u128::from(byte - b'0'));
    let mut digits = digits.skip_while(|&digit| digit == 0).peekable();
    if digits.peek().is_none() {
        return 0;
    }
    let shift = exponent.saturating_add(9).saturating_sub(i64::try_from(fraction.len()).unwrap_or(i64::MAX));
    let mut value: u128 = 0;
    let mut lost = false;
    let mut dropped: i64 = 0;
    for digit in digits {
        // Digits that do not fit are far behind the point, or the amount saturates anyway.
        match value.checked_mul(10).and_then(|value| value.checked_add(digit)) {
            Some(next) if dropped == 0 && next < u128::MAX >> 64 => value = next,
            _ => {
                dropped += 1;
                lost |= digit != 0;
            }
        }
    }
    value = value.saturating_mul(factor);
    let mut shift = shift.saturating_add(dropped);
    while shift > 0 && value < i128::MAX.unsigned_abs() {
        value = value.saturating_mul(10);
        shift -= 1;
    }
    while shift < 0 && value > 0 {
        lost |= !value.is_multiple_of(10);
        value /= 10;
        shift += 1;
    }
    i128::try_from(value.saturating_add(u128::from(lost))).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_compare_across_suffixes() {
        let nanos = |text: &str| text.parse::<Quantity>().unwrap().nanos();
        assert_eq!(nanos("1Gi"), (1 << 30) * 1_000_000_000);
        assert_eq!(nanos("1500m"), nanos("1.5"));
        assert_eq!(nanos("-1k"), -1000 * 1_000_000_000);
        assert_eq!(nanos("0.0000000001"), 1, "rounded up");
        assert_eq!(nanos("."), 0);
        assert_eq!(nanos("1e999999999999"), i128::MAX);
        assert_eq!(nanos("1e-999999999999"), 1);
    }

    #[test]
    fn what_is_no_quantity() {
        assert_eq!("".parse::<Quantity>(), Err(QuantityError::Format));
        assert_eq!("1 G".parse::<Quantity>(), Err(QuantityError::Format));
        assert_eq!("1e".parse::<Quantity>(), Err(QuantityError::Suffix));
        assert_eq!("1mi".parse::<Quantity>(), Err(QuantityError::Suffix));
    }
}
