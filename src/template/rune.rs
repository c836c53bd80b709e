//! Characters as Go sees them in byte strings.

use std::sync::LazyLock;

use regex::Regex;

/// The character at the start of `bytes` and its width, as Go's `utf8.DecodeRune`: a byte that
/// starts no valid sequence is U+FFFD of width 1. `None` at the end.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let &first = bytes.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let longest = bytes.get(..4).unwrap_or(bytes);
    let valid = match std::str::from_utf8(longest) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(longest.get(..error.valid_up_to())?).unwrap_or(""),
    };
    match valid.chars().next() {
        Some(character) => Some((character, character.len_utf8())),
        None => Some((char::REPLACEMENT_CHARACTER, 1)),
    }
}

/// One character of a Unicode class.
fn class(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

fn is_in(class: Option<&Regex>, character: char) -> bool {
    class.is_some_and(|class| class.is_match(character.encode_utf8(&mut [0; 4])))
}

/// Whether Go's lexer takes it as part of a word: a letter, a decimal digit or `_`.
pub(super) fn is_word(character: char) -> bool {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| class(r"^[\p{L}\p{Nd}]$"));
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    is_in(WORD.as_ref(), character)
}

/// Whether Go's `strconv.IsPrint` holds: letters, marks, numbers, punctuation, symbols and the
/// ASCII space.
#[must_use]
pub fn is_print(character: char) -> bool {
    static PRINT: LazyLock<Option<Regex>> = LazyLock::new(|| class(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$"));
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    is_in(PRINT.as_ref(), character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_are_one_replacement_character_each() {
        assert_eq!(decode("é!".as_bytes()), Some(('é', 2)));
        assert_eq!(decode(b"\xc3"), Some(('\u{fffd}', 1)));
        assert_eq!(decode(b"\xff\xfe"), Some(('\u{fffd}', 1)));
        assert_eq!(decode(b"\xe2\x82!"), Some(('\u{fffd}', 1)));
        assert_eq!(decode(b""), None);
    }

    #[test]
    fn classes_are_gos() {
        assert!(is_word('é') && is_word('٣') && !is_word('²') && !is_word('\u{301}') && !is_word('-'));
        assert!(is_print('é') && is_print('\u{301}') && !is_print('\u{a0}') && !is_print('\u{ad}'));
    }
}
