//! Which style a string can be written in.

use super::Dialect;
use crate::helm::time::Time;
use crate::yaml::{Scalar, resolve_plain};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// What go-yaml's emitter finds out about a string before it chooses a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    pub(super) multiline: bool,
    plain: bool,
    single_quoted: bool,
    literal: bool,
}

/// Length in bytes of the line break at the start of `text`: LF, CR, NEL, LS or PS.
pub(super) fn line_break(text: &[u8]) -> Option<usize> {
    match text {
        [b'\n' | b'\r', ..] => Some(1),
        [0xC2, 0x85, ..] => Some(2),
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => Some(3),
        _ => None,
    }
}

/// Length in bytes of the character at the start of `text`.
pub(super) fn char_length(text: &[u8]) -> usize {
    let length = match text.first() {
        None => 0,
        Some(0..0xC0) => 1,
        Some(0xC0..0xE0) => 2,
        Some(0xE0..0xF0) => 3,
        Some(0xF0..) => 4,
    };
    length.min(text.len())
}

/// Whether the emitter writes the character as it is. Characters beyond 16 bits are escaped.
pub(super) fn is_printable(text: &[u8]) -> bool {
    match text {
        [b'\n' | 0x20..=0x7E, ..] => true,
        [0xC2, second, ..] => *second >= 0xA0,
        [0xED, second, ..] => *second < 0xA0,
        [0xEF, second, third, ..] => {
            !(*second == 0xBB && *third == 0xBF || *second == 0xBF && matches!(third, 0xBE | 0xBF))
        }
        [first, ..] => *first > 0xC2 && *first < 0xED || *first == 0xEE,
        [] => false,
    }
}

fn is_blank_or_break(text: &[u8]) -> bool {
    matches!(text.first(), Some(b' ' | b'\t' | 0)) || line_break(text).is_some()
}

impl Traits {
    pub(super) fn of(text: &[u8], dialect: Dialect) -> Self {
        if text.is_empty() {
            return Self { multiline: false, plain: true, single_quoted: true, literal: false };
        }
        let mut indicator = text.starts_with(b"---") || text.starts_with(b"...");
        let (mut breaks, mut special, mut tabs) = (false, false, false);
        let (mut edge_blank, mut trailing_space, mut break_space, mut space_break) =
            (false, false, false, false);
        let (mut after_space, mut after_break, mut after_blank) = (false, false, true);
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let width = char_length(rest);
            let first = at == 0;
            let last = at + width == text.len();
            let byte = rest[0];
            let before_blank = last || matches!(rest.get(width), Some(b' ' | b'\t'));
            indicator |= match byte {
                b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
                | b'%' | b'@' | b'`'
                    if first =>
                {
                    true
                }
                b'?' | b'-' if first => before_blank,
                b':' => before_blank,
                b'#' => after_blank,
                _ => false,
            };
            if byte == b'\t' && dialect == Dialect::Version3 {
                tabs = true;
            } else {
                special |= !is_printable(rest);
            }
            let is_break = line_break(rest).is_some();
            if byte == b' ' {
                edge_blank |= first || last;
                trailing_space |= last;
                break_space |= after_break;
            } else if is_break {
                breaks = true;
                edge_blank |= first || last;
                space_break |= after_space;
            }
            (after_space, after_break) = (byte == b' ', is_break);
            after_blank = is_blank_or_break(rest);
            at += width;
        }
        let no_quotes = special || space_break;
        Self {
            multiline: breaks,
            plain: !(edge_blank || break_space || no_quotes || tabs || breaks || indicator),
            single_quoted: !(break_space || no_quotes || tabs),
            literal: !(trailing_space || no_quotes),
        }
    }

    /// The style that is written where `wanted` is asked for.
    pub(super) fn style(self, wanted: Style, simple_key: bool) -> Style {
        let mut style = wanted;
        if simple_key && self.multiline {
            style = Style::DoubleQuoted;
        }
        if style == Style::Plain && !self.plain {
            style = Style::SingleQuoted;
        }
        if style == Style::SingleQuoted && !self.single_quoted {
            style = Style::DoubleQuoted;
        }
        if style == Style::Literal && (!self.literal || simple_key) {
            style = Style::DoubleQuoted;
        }
        style
    }
}

/// The style that go-yaml's encoder asks for: a block for several lines, quotes where the text
/// would be read as something else than a string.
pub(super) fn wanted_style(text: &str, dialect: Dialect) -> Style {
    if text.contains('\n') {
        return Style::Literal;
    }
    // Only these first characters begin what may be no string; `<<` is quoted by nobody.
    let suspicious = text.as_bytes().first().is_none_or(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'~') || b"yYnNtTfFoO".contains(byte)
    });
    if !suspicious {
        return Style::Plain;
    }
    let string = matches!(resolve_plain(text), Scalar::String(_)) && !is_timestamp(text) && !is_base_60(text);
    let octal = dialect == Dialect::Version3 && is_new_octal(text);
    if string && !octal { Style::Plain } else { Style::DoubleQuoted }
}

/// A date, or a date with a time, in one of the layouts that go-yaml knows.
fn is_timestamp(text: &str) -> bool {
    const LAYOUTS: [&[u8]; 4] = [
        b"2006-1-2T15:4:5.999999999Z07:00",
        b"2006-1-2t15:4:5.999999999Z07:00",
        b"2006-1-2 15:4:5.999999999",
        b"2006-1-2",
    ];
    let year =
        text.bytes().take_while(u8::is_ascii_digit).count() == 4 && text.as_bytes().get(4) == Some(&b'-');
    year && LAYOUTS.iter().any(|layout| Time::parse(layout, text.as_bytes()).is_ok())
}

/// Octal numbers of YAML 1.2 with a sign behind the prefix, or underscores: what only version 3
/// reads as a number.
fn is_new_octal(text: &str) -> bool {
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix("0o").or(plain.strip_prefix("-0o"));
    digits.is_some_and(|digits| i64::from_str_radix(digits, 8).is_ok())
}

/// Numbers in base 60 (`12:30:45`), which YAML 1.1 has.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or("");
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !head.starts_with(|c: char| c.is_ascii_digit()) || !digits(head) {
        return false;
    }
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.last_mut() else { return false };
    if let Some((whole, fraction)) = last.split_once('.') {
        if !digits(fraction) {
            return false;
        }
        *last = whole;
    }
    rest.iter().all(|part| match part.as_bytes() {
        [ones] => ones.is_ascii_digit(),
        [tens, ones] => matches!(tens, b'0'..=b'5') && ones.is_ascii_digit(),
        _ => false,
    })
}
