//! Base64 and base32 as Go's `StdEncoding` writes and reads them.

use std::fmt;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Text that is no encoding: where it stops being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CorruptInput {
    name: &'static str,
    at: usize,
}

impl fmt::Display for CorruptInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "illegal {} data at input byte {}", self.name, self.at)
    }
}

fn encode(bytes: &[u8], alphabet: &[u8], bits: usize, group: usize) -> String {
    let mut output = String::with_capacity(bytes.len() * 2);
    let (mut pending, mut have) = (0usize, 0);
    let mut push = |index: usize| output.push(char::from(alphabet.get(index).copied().unwrap_or(b'=')));
    for &byte in bytes {
        pending = (pending << 8 | usize::from(byte)) & 0xFFFF;
        have += 8;
        while have >= bits {
            have -= bits;
            push(pending >> have & (alphabet.len() - 1));
        }
    }
    if have > 0 {
        push(pending << (bits - have) & (alphabet.len() - 1));
    }
    while !output.len().is_multiple_of(group) {
        output.push('=');
    }
    output
}

/// Bytes as base64 with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    encode(bytes, BASE64, 6, 4)
}

/// Bytes as base32 with padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    encode(bytes, BASE32, 5, 8)
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Reads base64 with padding; line ends anywhere are skipped.
///
/// # Errors
/// The text is no base64; the offset is the one that Go reports.
pub fn decode_base64(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
    let corrupt = |at: usize| CorruptInput { name: "base64", at };
    let mut output = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    loop {
        let (mut group, mut have, mut padding) = ([0u8; 4], 0, 0);
        while have < 4 {
            let Some(&byte) = text.get(at) else {
                // An incomplete group is reported at its start.
                return if have == 0 { Ok(output) } else { Err(corrupt(at - have)) };
            };
            at += 1;
            if is_line_end(byte) {
                continue;
            }
            if let Some(value) = BASE64.iter().position(|letter| *letter == byte) {
                group[have] = u8::try_from(value).unwrap_or(0);
                have += 1;
                continue;
            }
            if byte != b'=' || have < 2 {
                return Err(corrupt(at - 1));
            }
            let skip = |mut at: usize| {
                while text.get(at).is_some_and(|byte| is_line_end(*byte)) {
                    at += 1;
                }
                at
            };
            if have == 2 {
                at = skip(at);
                match text.get(at) {
                    None => return Err(corrupt(text.len())),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(corrupt(at - 1)),
                }
            }
            at = skip(at);
            padding = 4 - have;
            break;
        }
        let word = group.iter().fold(0u32, |word, value| word << 6 | u32::from(*value));
        output.extend_from_slice(word.to_be_bytes().get(1..4 - padding).unwrap_or_default());
        if padding > 0 {
            // Nothing may follow the padding.
            return if at < text.len() { Err(corrupt(at)) } else { Ok(output) };
        }
    }
}

/// Reads base32 with padding; line ends anywhere are skipped.
///
/// # Errors
/// The text is no base32; the offset counts the text without its line ends, as Go does.
pub fn decode_base32(text: &[u8]) -> Result<Vec<u8>, CorruptInput> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !is_line_end(*byte)).collect();
    let corrupt = |at: usize| CorruptInput { name: "base32", at };
    let mut output = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (mut word, mut have) = (0u64, 0usize);
        while have < 8 {
            let Some(&byte) = text.get(at) else { return Err(corrupt(at - have)) };
            at += 1;
            let rest = text.get(at..).unwrap_or_default();
            if byte == b'=' && have >= 2 && rest.len() < 8 {
                let missing = 7 - have;
                if rest.len() < missing {
                    return Err(corrupt(text.len()));
                }
                if let Some(wrong) = rest[..missing].iter().position(|byte| *byte != b'=') {
                    return Err(corrupt(at + wrong - 1));
                }
                // One, three or six characters carry no whole number of bytes.
                if matches!(have, 1 | 3 | 6) {
                    return Err(corrupt(at - 1));
                }
                // Go does not look at what follows the padding.
                at = text.len();
                break;
            }
            let Some(value) = BASE32.iter().position(|letter| *letter == byte) else {
                return Err(corrupt(at - 1));
            };
            word = word << 5 | value as u64;
            have += 1;
        }
        let bytes = have * 5 / 8;
        word <<= 5 * (8 - have);
        output.extend_from_slice(word.to_be_bytes().get(3..3 + bytes).unwrap_or_default());
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_round_trip() {
        for length in 0..12u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37) ^ 0xA5).collect();
            assert_eq!(decode_base64(base64(&bytes).as_bytes()), Ok(bytes.clone()));
            assert_eq!(decode_base32(base32(&bytes).as_bytes()), Ok(bytes));
        }
        assert_eq!((base64(b"a"), base32(b"a")), ("YQ==".to_owned(), "ME======".to_owned()));
        assert_eq!(decode_base64(b"Y\nQ\r\n==\n"), Ok(b"a".to_vec()));
    }

    #[test]
    fn errors_name_the_byte_that_go_names() {
        for (text, at) in
            [("YQ", 0), ("YWJjYQ", 4), ("!", 0), ("YQ=", 3), ("YQ=a", 2), ("YQ==a", 4), ("=", 0)]
        {
            assert_eq!(decode_base64(text.as_bytes()).unwrap_err().at, at, "{text}");
        }
        for (text, at) in [("1", 0), ("ME", 0), ("ME=====", 7), ("MEA=====", 3), ("me======", 0)] {
            assert_eq!(decode_base32(text.as_bytes()).unwrap_err().at, at, "{text}");
        }
    }
}
