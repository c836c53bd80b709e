//! Values as numbers: spf13/cast as sprig uses it. What is no number is 0.

use crate::helm::number;
use crate::helm::value::{Kind, Value};

/// As `int` and `int64` read a value. Text takes its base from a prefix (`010` is 8); zeros behind
/// a point are cut, other fractions are no integer.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Uint8(value) => i64::from(*value),
        Value::Uint64(value) => value.cast_signed(),
        Value::Float(value) => number::truncate(*value),
        Value::Bool(value) => i64::from(*value),
        Value::Object(object) if object.kind() == Kind::Int => {
            object.plain().map_or(0, |plain| to_int(&plain))
        }
        Value::Str(text) => number::parse_int(without_zero_fraction(text.as_bytes()), 0).unwrap_or(0),
        _ => 0,
    }
}

/// As `float64` reads a value.
#[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Uint8(value) => f64::from(*value),
        Value::Uint64(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Object(object) if object.kind() == Kind::Int => to_int(value) as f64,
        Value::Str(text) => number::parse_float(text.as_bytes()).unwrap_or(0.0),
        _ => 0.0,
    }
}

/// `8.00` as `8`.
fn without_zero_fraction(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
    let rest = &text[..text.len() - zeros];
    match rest.strip_suffix(b".") {
        Some(whole) if zeros > 0 => whole,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::rope::Str;

    #[test]
    fn text_is_read_with_its_prefix() {
        let read = |text: &str| to_int(&Value::Str(Str::plain(text.as_bytes())));
        let texts = ["010", "0x1F", "8.00", "8.0", "1.9", "8.", "abc", "-5", "1_000", ".0"];
        assert_eq!(texts.map(read), [8, 31, 8, 8, 0, 0, 0, -5, 1000, 0]);
    }
}
