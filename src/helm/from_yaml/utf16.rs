//! YAML in UTF-16, which go-yaml tells by its byte order mark.

use crate::helm::rope::{Str, StrBuilder};

/// Why bytes are no UTF-16. Messages are go-yaml's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Utf16Error {
    /// The last character lacks a byte.
    #[error("incomplete UTF-16 character")]
    HalfCharacter,
    /// The text ends behind the first half of a pair.
    #[error("incomplete UTF-16 surrogate pair")]
    HalfPair,
    /// The second half of a pair stands alone.
    #[error("unexpected low surrogate area")]
    LowFirst,
    /// The first half of a pair has no second one.
    #[error("expected low surrogate area")]
    NoLow,
}

/// The text as UTF-8, each character with the origin of its bytes; `None` where it is not UTF-16.
///
/// # Errors
/// It begins like UTF-16 and is none.
pub(super) fn decode(text: &Str) -> Result<Option<Str>, Utf16Error> {
    let bytes = text.as_bytes();
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return Ok(None),
    };
    let unit_at = |at: usize| match bytes.get(at..at + 2) {
        Some(&[first, second]) => Some(unit([first, second])),
        _ => None,
    };
    let mut output = StrBuilder::with_capacity(bytes.len());
    let mut at = 2;
    while at < bytes.len() {
        let first = unit_at(at).ok_or(Utf16Error::HalfCharacter)?;
        let (code, length) = match first {
            0xDC00..0xE000 => return Err(Utf16Error::LowFirst),
            0xD800..0xDC00 => match unit_at(at + 2).ok_or(Utf16Error::HalfPair)? {
                low @ 0xDC00..0xE000 => {
                    (0x1_0000 + (u32::from(first - 0xD800) << 10) + u32::from(low - 0xDC00), 4)
                }
                _ => return Err(Utf16Error::NoLow),
            },
            unit => (u32::from(unit), 2),
        };
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        output.push_whole(character.encode_utf8(&mut [0; 4]).as_bytes(), text.origin_at(at));
        at += length;
    }
    Ok(Some(output.finish()))
}
