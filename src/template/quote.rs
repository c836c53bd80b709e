//! Go's string and character literals: reading and writing them.

use std::borrow::Cow;

use super::rune::{decode, is_print};

/// The text of a Go string literal: double-quoted with escapes, or raw between backquotes (where
/// carriage returns are dropped). `None` where Go says `invalid syntax`.
#[must_use]
pub fn unquote(literal: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (&quote, rest) = literal.split_first()?;
    let (&last, inner) = rest.split_last()?;
    if quote != last {
        return None;
    }
    match quote {
        b'`' if inner.contains(&b'`') => None,
        b'`' if !inner.contains(&b'\r') => Some(Cow::Borrowed(inner)),
        b'`' => Some(inner.iter().copied().filter(|&byte| byte != b'\r').collect()),
        b'"' => unquote_double(inner),
        _ => None,
    }
}

fn unquote_double(inner: &[u8]) -> Option<Cow<'_, [u8]>> {
    let plain = !inner.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'"'));
    if plain && std::str::from_utf8(inner).is_ok() {
        return Some(Cow::Borrowed(inner));
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (part, tail) = unquote_char(rest, b'"')?;
        match part {
            Unquoted::Byte(byte) => text.push(byte),
            Unquoted::Character(character) => {
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        rest = tail;
    }
    Some(Cow::Owned(text))
}

/// What one character or escape of a literal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unquoted {
    /// A byte: ASCII, `\x` or octal.
    Byte(u8),
    /// A character.
    Character(char),
}

/// The first character or escape of a literal's inside, and what follows; `quote` is the literal's
/// quote, which may not stand there unescaped. `None` where Go says `invalid syntax`.
#[must_use]
pub fn unquote_char(text: &[u8], quote: u8) -> Option<(Unquoted, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first == quote || first == b'\n' && quote == b'"' {
        return None;
    }
    if first != b'\\' {
        let (character, width) = decode(text)?;
        let part = if first.is_ascii() { Unquoted::Byte(first) } else { Unquoted::Character(character) };
        return Some((part, text.get(width..)?));
    }
    let (&escape, rest) = rest.split_first()?;
    let byte = |byte: u8| Some((Unquoted::Byte(byte), rest));
    match escape {
        b'a' => byte(7),
        b'b' => byte(8),
        b'f' => byte(12),
        b'n' => byte(b'\n'),
        b'r' => byte(b'\r'),
        b't' => byte(b'\t'),
        b'v' => byte(11),
        b'\\' => byte(b'\\'),
        b'\'' | b'"' if escape == quote => byte(escape),
        b'x' => {
            let (value, rest) = digits(rest, 2, 16)?;
            Some((Unquoted::Byte(u8::try_from(value).ok()?), rest))
        }
        b'u' | b'U' => {
            let (value, rest) = digits(rest, if escape == b'u' { 4 } else { 8 }, 16)?;
            Some((Unquoted::Character(char::from_u32(value)?), rest))
        }
        b'0'..=b'7' => {
            let (value, rest) = digits(text.get(1..)?, 3, 8)?;
            Some((Unquoted::Byte(u8::try_from(value).ok()?), rest))
        }
        _ => None,
    }
}

fn digits(text: &[u8], count: usize, radix: u32) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(count)?;
    let mut value = 0u32;
    for &digit in digits {
        value = value.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?)?;
    }
    Some((value, rest))
}

/// The text as a Go string literal in double quotes, as `strconv.Quote` writes it.
#[must_use]
pub fn quote(text: &[u8]) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    quote_to(&mut literal, text, '"', false);
    literal
}

/// Appends the text as a Go literal between `quote` marks; with `ascii` everything else is
/// escaped, as `strconv.QuoteToASCII` does.
pub fn quote_to(literal: &mut String, text: &[u8], quote: char, ascii: bool) {
    literal.push(quote);
    let mut rest = text;
    while let Some((character, width)) = decode(rest) {
        let first = rest.first().copied().unwrap_or_default();
        rest = rest.get(width..).unwrap_or_default();
        if character == char::REPLACEMENT_CHARACTER && width == 1 {
            literal.push_str(&format!("\\x{first:02x}"));
            continue;
        }
        quote_character(literal, character, quote, ascii);
    }
    literal.push(quote);
}

fn quote_character(literal: &mut String, character: char, quote: char, ascii: bool) {
    match character {
        '\\' => literal.push_str("\\\\"),
        _ if character == quote => {
            literal.push('\\');
            literal.push(character);
        }
        _ if is_print(character) && (!ascii || character.is_ascii()) => literal.push(character),
        '\u{7}' => literal.push_str("\\a"),
        '\u{8}' => literal.push_str("\\b"),
        '\u{c}' => literal.push_str("\\f"),
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        '\u{b}' => literal.push_str("\\v"),
        _ => {
            let code = u32::from(character);
            literal.push_str(&match code {
                0..0x20 | 0x7f => format!("\\x{code:02x}"),
                0..0x1_0000 => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_read_as_go_reads_them() {
        let read = unquote;
        assert_eq!(&*read(br#""a\n\"\x41\101\u00e9""#).unwrap(), "a\n\"AAé".as_bytes());
        assert_eq!(&*read(br#""\xff\377""#).unwrap(), b"\xff\xff");
        assert_eq!(&*read(b"\"\xff\"").unwrap(), "\u{fffd}".as_bytes());
        assert_eq!(&*read(b"`a\r\n\\n`").unwrap(), b"a\n\\n");
        for bad in
            [&br#""\'""#[..], br#""\400""#, br#""\ud800""#, br#""\z""#, b"\"a", b"'a'", b"\"", br#""\x4""#]
        {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn quoting_is_gos() {
        assert_eq!(quote(b"a\"\\\n\x00\x7f\xff"), r#""a\"\\\n\x00\x7f\xff""#);
        assert_eq!(quote("é\u{a0}\u{301}\u{fffd}😀".as_bytes()), "\"é\\u00a0\u{301}\u{fffd}😀\"");
        let mut ascii = String::new();
        quote_to(&mut ascii, "é😀'".as_bytes(), '\'', true);
        assert_eq!(ascii, r"'\u00e9\U0001f600\''");
    }
}
