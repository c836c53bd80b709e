//! ASN.1 in its distinguished encoding, as far as keys and certificates need it; and PEM.

use num_bigint::{BigUint, Sign};

use crate::helm::encoding;

/// A value with a tag.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut output = vec![tag];
    let length = content.len();
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        output.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let significant = bytes.iter().skip_while(|byte| **byte == 0);
        output.push(0x80 | u8::try_from(significant.clone().count()).unwrap_or(8));
        output.extend(significant);
    }
    output.extend_from_slice(content);
    output
}

pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

pub(super) fn integer(value: &BigUint) -> Vec<u8> {
    tagged(0x02, &num_bigint::BigInt::from_biguint(Sign::Plus, value.clone()).to_signed_bytes_be())
}

pub(super) fn small_integer(value: u8) -> Vec<u8> {
    integer(&BigUint::from(value))
}

pub(super) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, bytes)
}

/// Bits that fill whole bytes.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes].concat())
}

pub(super) const NULL: [u8; 2] = [0x05, 0x00];

/// An object identifier by its encoded content.
pub(super) fn identifier(content: &[u8]) -> Vec<u8> {
    tagged(0x06, content)
}

/// A value read: its tag, its content, the whole with its header, and what follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// Reads the value at the start of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, mut after) = after.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let (digits, rest) = after.split_at_checked(usize::from(first & 0x7F))?;
        after = rest;
        if digits.len() > 4 {
            return None;
        }
        digits.iter().fold(0usize, |length, digit| length << 8 | usize::from(*digit))
    };
    let (content, rest) = after.split_at_checked(length)?;
    Some(Element { tag, content, whole: &bytes[..bytes.len() - rest.len()], rest })
}

/// The values in a sequence's content, one after another.
pub(super) fn elements(content: &[u8]) -> Vec<Element<'_>> {
    let mut rest = content;
    std::iter::from_fn(|| {
        let element = read(rest)?;
        rest = element.rest;
        Some(element)
    })
    .collect()
}

pub(super) fn unsigned(content: &[u8]) -> BigUint {
    BigUint::from_bytes_be(content)
}

/// PEM text of a block.
pub(super) fn pem(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoding::base64(bytes).as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The first PEM block of a text: its label and content.
pub(super) fn read_pem(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(text);
    let mut rest: &str = &text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        let at_line_start = start == 0 || rest.as_bytes().get(start - 1) == Some(&b'\n');
        let after = rest.get(start + 11..)?;
        rest = after;
        if !at_line_start {
            continue;
        }
        let Some(end) = after.find("-----") else { continue };
        let label = after.get(..end)?;
        let body = after.get(end + 5..)?;
        let Some(stop) = body.find(&format!("-----END {label}-----")) else { continue };
        // Headers, if there are any, end with an empty line.
        let body = body.get(..stop)?;
        let body =
            if body.contains(": ") { body.split_once("\n\n").map_or(body, |(_, body)| body) } else { body };
        let body: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if let Ok(bytes) = encoding::decode_base64(&body) {
            return Some((label.to_owned(), bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_written() {
        let long = octets(&[7; 300]);
        let whole = sequence(&[small_integer(200), long.clone()]);
        let element = read(&whole).unwrap();
        let inner = elements(element.content);
        assert_eq!((element.tag, element.rest.len(), inner.len()), (0x30, 0, 2));
        assert_eq!(inner[0].content, [0, 200]);
        assert_eq!(inner[1].whole, long);
        assert!(read(&[0x30, 5, 1]).is_none() && read(&[]).is_none());
    }

    #[test]
    fn pem_round_trips_and_ignores_what_stands_around() {
        let text = format!("junk\n{}trailing", pem("X KEY", &[1, 2, 3]));
        assert_eq!(read_pem(text.as_bytes()), Some(("X KEY".to_owned(), vec![1, 2, 3])));
        assert_eq!(read_pem(b"-----BEGIN X-----\nAAAA"), None);
    }
}
