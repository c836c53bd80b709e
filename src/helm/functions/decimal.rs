//! Exact decimals, as shopspring/decimal computes them for `addf` and its kin.

use num_bigint::{BigInt, Sign};

/// Digits behind the point that a division keeps.
const PRECISION: i64 = 16;

/// What to do with a list of numbers, from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// One more than the first.
    Add,
    /// The sum, from 0.
    Sum,
    Subtract,
    Multiply,
    Divide,
}

/// `mantissa * 10^exponent`
#[derive(Clone, Debug)]
struct Decimal {
    mantissa: BigInt,
    exponent: i64,
}

fn ten_to(power: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(power).unwrap_or(0))
}

impl Decimal {
    /// The shortest decimal that reads as the number.
    fn of(value: f64) -> Result<Self, String> {
        if !value.is_finite() {
            let shown = crate::helm::number::format_general(value);
            return Err(format!("Cannot create a Decimal from {shown}"));
        }
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let mantissa: BigInt = digits.replace('.', "").parse().unwrap_or_default();
        let exponent: i64 = exponent.parse().unwrap_or(0);
        Ok(Self { mantissa, exponent: exponent - i64::try_from(fraction).unwrap_or(0) })
    }

    fn to_float(&self) -> f64 {
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(0.0)
    }

    /// Both with the smaller of the two exponents.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt, i64) {
        let exponent = self.exponent.min(other.exponent);
        let scaled = |decimal: &Self| &decimal.mantissa * ten_to(decimal.exponent - exponent);
        (scaled(self), scaled(other), exponent)
    }

    fn divide(&self, other: &Self) -> Result<Self, String> {
        if other.mantissa.sign() == Sign::NoSign {
            return Err("decimal division by 0".to_owned());
        }
        let shift = self.exponent - other.exponent + PRECISION;
        let (dividend, divisor) = if shift < 0 {
            (self.mantissa.clone(), &other.mantissa * ten_to(-shift))
        } else {
            (&self.mantissa * ten_to(shift), other.mantissa.clone())
        };
        let (mut quotient, rest) = (&dividend / &divisor, &dividend % &divisor);
        // Halves away from zero.
        if rest.magnitude() * 2u8 >= *divisor.magnitude() {
            quotient += if dividend.sign() == divisor.sign() { 1 } else { -1 };
        }
        Ok(Self { mantissa: quotient, exponent: -PRECISION })
    }

    fn apply(&self, operation: Operation, other: &Self) -> Result<Self, String> {
        let (left, right, exponent) = match operation {
            Operation::Multiply => {
                let mantissa = &self.mantissa * &other.mantissa;
                return Ok(Self { mantissa, exponent: self.exponent + other.exponent });
            }
            Operation::Divide => return self.divide(other),
            _ => self.aligned(other),
        };
        let mantissa = if operation == Operation::Subtract { left - right } else { left + right };
        Ok(Self { mantissa, exponent })
    }
}

/// Computes with a list of numbers; the message is that of the panic that Go ends in.
pub(super) fn fold(operation: Operation, numbers: &[f64]) -> Result<f64, String> {
    let (first, rest) = match (operation, numbers.split_first()) {
        (Operation::Sum, _) => (0.0, numbers),
        (Operation::Add, first) => (first.map_or(0.0, |(first, _)| *first), &[1.0][..]),
        (_, Some((first, rest))) => (*first, rest),
        (_, None) => (0.0, numbers),
    };
    let mut result = Decimal::of(first)?;
    for number in rest {
        result = result.apply(operation, &Decimal::of(*number)?)?;
    }
    Ok(result.to_float())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_where_floats_are_not() {
        assert_eq!(fold(Operation::Sum, &[0.1, 0.2]), Ok(0.3));
        assert_eq!(fold(Operation::Multiply, &[1.1, 1.1]), Ok(1.21));
        assert_eq!(fold(Operation::Divide, &[1.0, 3.0]), Ok(0.333_333_333_333_333_3));
        assert_eq!(fold(Operation::Divide, &[2.0, 3.0]), Ok(0.666_666_666_666_666_7));
        assert_eq!(fold(Operation::Divide, &[1.0, -3.0]), Ok(-0.333_333_333_333_333_3));
        assert_eq!(fold(Operation::Subtract, &[1.0, 0.9, 0.1]), Ok(0.0));
        assert_eq!(fold(Operation::Add, &[1e300]), Ok(1e300));
        assert!(fold(Operation::Divide, &[1.0, 0.0]).is_err() && fold(Operation::Sum, &[f64::NAN]).is_err());
    }
}
