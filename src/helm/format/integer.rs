//! Integers, characters and floats under a verb.

use super::{Printer, Result, format_float};
use crate::helm::value::Value;
use crate::origin::OriginId;
use crate::template::{is_print, quote_to};

impl Printer<'_, '_> {
    /// An integer: its magnitude and sign. `shown` is the value for complaints about the verb.
    pub(super) fn integer(
        &mut self,
        (magnitude, negative, signed): (u64, bool, bool),
        verb: char,
        origin: OriginId,
        shown: &Value,
    ) -> Result<()> {
        let raw = if negative { magnitude.wrapping_neg() } else { magnitude };
        match verb {
            'v' if self.flags.go_syntax && !signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(magnitude, negative, 16, 'v', origin);
                self.flags.sharp = sharp;
            }
            'v' | 'd' => self.digits(magnitude, negative, 10, verb, origin),
            'b' => self.digits(magnitude, negative, 2, verb, origin),
            'o' | 'O' => self.digits(magnitude, negative, 8, verb, origin),
            'x' | 'X' => self.digits(magnitude, negative, 16, verb, origin),
            'c' => {
                let character = character(raw);
                self.padded_whole(character.encode_utf8(&mut [0; 4]), origin);
            }
            'q' => {
                let mut text = String::new();
                let character = character(raw);
                quote_to(&mut text, character.encode_utf8(&mut [0; 4]).as_bytes(), '\'', self.flags.plus);
                self.padded_whole(&text, origin);
            }
            'U' => self.code_point(raw, origin),
            _ => return self.bad_verb(verb, shown, origin),
        }
        Ok(())
    }

    fn digits(&mut self, magnitude: u64, negative: bool, radix: u32, verb: char, origin: OriginId) {
        let flags = self.flags;
        let mut least = 0;
        if let Some(precision) = flags.precision {
            least = precision;
            if precision == 0 && magnitude == 0 {
                let spaces = " ".repeat(flags.width.unwrap_or(0));
                return self.mark(&spaces);
            }
        } else if flags.zero
            && !flags.minus
            && let Some(width) = flags.width
        {
            least = width.saturating_sub(usize::from(negative || flags.plus || flags.space));
        }
        let mut digits = match radix {
            2 => format!("{magnitude:b}"),
            8 => format!("{magnitude:o}"),
            16 if verb == 'X' => format!("{magnitude:X}"),
            16 => format!("{magnitude:x}"),
            _ => magnitude.to_string(),
        };
        if digits.len() < least {
            digits.insert_str(0, &"0".repeat(least - digits.len()));
        }
        let prefix = match radix {
            2 if flags.sharp => "0b",
            8 if flags.sharp && !digits.starts_with('0') => "0",
            16 if flags.sharp && verb == 'X' => "0X",
            16 if flags.sharp => "0x",
            _ => "",
        };
        let octal = if verb == 'O' { "0o" } else { "" };
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (.., true) => " ",
            _ => "",
        };
        self.padded_with_spaces(&format!("{sign}{octal}{prefix}{digits}"), origin);
    }

    fn code_point(&mut self, code: u64, origin: OriginId) {
        let least = self.flags.precision.unwrap_or(4).max(4);
        let mut text = format!("U+{code:0least$X}");
        if self.flags.sharp
            && let Some(character) = u32::try_from(code).ok().and_then(char::from_u32)
            && is_print(character)
        {
            text.push_str(&format!(" '{character}'"));
        }
        self.padded_with_spaces(&text, origin);
    }

    /// A float; `shown` is the value for complaints about the verb.
    pub(super) fn float(&mut self, value: f64, verb: char, origin: OriginId, shown: &Value) -> Result<()> {
        let (letter, precision) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(verb, shown, origin),
        };
        let flags = self.flags;
        let precision = flags.precision.or(precision);
        let written = format_float(value, letter, precision);
        let mut number = if written.starts_with(['-', '+']) { written } else { format!("+{written}") };
        if flags.space && number.starts_with('+') && !flags.plus {
            number.replace_range(..1, " ");
        }
        if value.is_nan() || value.is_infinite() {
            let hide = value.is_nan() && !flags.space && !flags.plus;
            self.padded_with_spaces(number.get(usize::from(hide)..).unwrap_or_default(), origin);
            return Ok(());
        }
        if flags.sharp && letter != 'b' {
            number = with_point(&number, letter, precision);
        }
        if !flags.plus && number.starts_with('+') {
            self.padded_whole(number.get(1..).unwrap_or_default(), origin);
            return Ok(());
        }
        let (sign, digits) = number.split_at_checked(1).unwrap_or(("", &number));
        match flags.width {
            Some(width) if flags.zero && !flags.minus && width > number.len() => {
                self.output.push_whole(sign.as_bytes(), origin);
                self.padding(width - number.len());
                self.output.push_whole(digits.as_bytes(), origin);
            }
            _ => self.padded_whole(&number, origin),
        }
        Ok(())
    }

    /// A complex number.
    pub(super) fn complex(&mut self, parts: (f64, f64), verb: char, origin: OriginId) -> Result<()> {
        let shown = Value::Complex(parts.0, parts.1);
        if !matches!(verb, 'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E') {
            return self.bad_verb(verb, &shown, origin);
        }
        self.output.push_whole(b"(", origin);
        self.float(parts.0, verb, origin, &shown)?;
        let plus = std::mem::replace(&mut self.flags.plus, true);
        self.float(parts.1, verb, origin, &shown)?;
        self.flags.plus = plus;
        self.output.push_whole(b"i)", origin);
        Ok(())
    }
}

fn character(code: u64) -> char {
    u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The number with a decimal point and the trailing zeros that `#` keeps.
fn with_point(number: &str, letter: char, precision: Option<usize>) -> String {
    let mut digits = match letter {
        'g' | 'G' | 'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let hexadecimal = matches!(letter, 'x' | 'X');
    let tail_at = number.find(|c: char| matches!(c, 'p' | 'P') || !hexadecimal && matches!(c, 'e' | 'E'));
    let (mantissa, tail) = number.split_at(tail_at.unwrap_or(number.len()));
    let (mut point, mut nonzero) = (false, false);
    for digit in mantissa.chars().skip(1) {
        if digit == '.' {
            point = true;
            continue;
        }
        nonzero |= digit != '0';
        digits -= i64::from(nonzero);
    }
    let mut text = mantissa.to_owned();
    if !point {
        digits -= i64::from(mantissa.len() == 2 && mantissa.ends_with('0'));
        text.push('.');
    }
    text.extend((0..digits.max(0)).map(|_| '0'));
    text + tail
}
