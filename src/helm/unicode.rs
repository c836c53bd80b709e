//! Character classes and case as Go's `unicode` package has them: by general category, and simple
//! mappings of one character to one.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! category {
    ($(#[$doc:meta])* $name:ident, $ascii:expr, $pattern:literal) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(character: char) -> bool {
            static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($pattern).ok());
            if character.is_ascii() {
                let ascii: fn(&char) -> bool = $ascii;
                return ascii(&character);
            }
            PATTERN.as_ref().is_some_and(|pattern| pattern.is_match(character.encode_utf8(&mut [0; 4])))
        }
    };
}

category! {
    /// Category L.
    is_letter, char::is_ascii_alphabetic, r"\A\pL"
}
category! {
    /// Category Nd.
    is_digit, char::is_ascii_digit, r"\A\p{Nd}"
}
category! {
    /// Category N.
    is_number, char::is_ascii_digit, r"\A\pN"
}
category! {
    /// Category P.
    is_punctuation, |c| c.is_ascii_punctuation() && !"$+<=>^`|~".contains(*c), r"\A\pP"
}
category! {
    /// Category Lu.
    is_upper, char::is_ascii_uppercase, r"\A\p{Lu}"
}
category! {
    /// Category Ll.
    is_lower, char::is_ascii_lowercase, r"\A\p{Ll}"
}
category! {
    /// Category Lt.
    is_title, |_| false, r"\A\p{Lt}"
}
category! {
    /// What Go's quoting leaves as it is: letters, marks, numbers, punctuation, symbols, and the
    /// ASCII space.
    is_print, |c| c.is_ascii_graphic() || *c == ' ', r"\A[\pL\pM\pN\pP\pS]"
}

/// White space: Unicode's property, as Go has it.
#[must_use]
pub fn is_space(character: char) -> bool {
    character.is_whitespace()
}

/// Upper case of one character, where that is one character.
#[must_use]
pub fn to_upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => iota(character),
    }
}

/// Greek letters with iota below: the full mapping has two characters, the simple one a single
/// character of title case.
fn iota(character: char) -> char {
    let code = u32::from(character);
    let upper = match code {
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => code + 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => code + 9,
        _ => code,
    };
    char::from_u32(upper).unwrap_or(character)
}

/// Lower case of one character.
#[must_use]
pub fn to_lower(character: char) -> char {
    // The one character whose full mapping has two is İ; its simple one is i.
    character.to_lowercase().next().unwrap_or(character)
}

/// Title case of one character: upper case but for the letters that have an own one.
#[must_use]
pub fn to_title(character: char) -> char {
    match character {
        '\u{1C4}'..='\u{1C6}' => '\u{1C5}',
        '\u{1C7}'..='\u{1C9}' => '\u{1C8}',
        '\u{1CA}'..='\u{1CC}' => '\u{1CB}',
        '\u{1F1}'..='\u{1F3}' => '\u{1F2}',
        // Georgian has upper case letters, but no title case.
        '\u{10D0}'..='\u{10FA}' | '\u{10FD}'..='\u{10FF}' => character,
        _ if is_title(character) => character,
        _ => to_upper(character),
    }
}

/// The characters of bytes, each with its length; a byte that is no UTF-8 is U+FFFD of length 1.
pub fn runes(bytes: &[u8]) -> impl Iterator<Item = (char, usize)> + '_ {
    bytes.utf8_chunks().flat_map(|chunk| {
        let valid = chunk.valid().chars().map(|character| (character, character.len_utf8()));
        valid.chain(chunk.invalid().iter().map(|_| ('\u{fffd}', 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_mapped_one_to_one() {
        assert_eq!(['ß', 'ǆ', 'é', 'ᾳ', 'ŉ'].map(to_upper), ['ß', 'Ǆ', 'É', 'ᾼ', 'ŉ']);
        assert_eq!(['İ', 'ǅ', 'Σ'].map(to_lower), ['i', 'ǆ', 'σ']);
        assert_eq!(['ǆ', 'ა', 'a', 'ǅ'].map(to_title), ['ǅ', 'ა', 'A', 'ǅ']);
    }

    #[test]
    fn classes_follow_the_category() {
        assert!(is_upper('É') && !is_upper('Ⅷ') && is_lower('é') && !is_lower('ª') && is_title('ǅ'));
        assert!(is_punctuation('!') && !is_punctuation('+') && is_punctuation('—') && !is_punctuation('€'));
        assert!(
            is_print('é') && is_print('€') && !is_print('\u{a0}') && !is_print('\u{7f}') && is_print(' ')
        );
    }

    #[test]
    fn every_byte_belongs_to_a_rune() {
        let found: Vec<_> = runes(b"a\xff\xe2\x82\xc3\xa9").collect();
        assert_eq!(found, [('a', 1), ('\u{fffd}', 1), ('\u{fffd}', 1), ('\u{fffd}', 1), ('é', 2)]);
    }
}
