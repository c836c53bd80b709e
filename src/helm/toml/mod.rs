//! TOML as Helm writes and reads it (BurntSushi/toml 1.6): `toToml`, `fromToml`.

mod decode;
mod encode;
mod lex;

use std::fmt;

use super::budget::Limit;

pub use decode::from_toml;
pub use encode::{EncodeError, to_toml};

/// Why a text is no TOML. The message is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// What is wrong, on which line, and the key that was read last (empty if there was none).
    Syntax {
        /// From 1.
        line: usize,
        /// The key with the tables it is in.
        last_key: String,
        /// What is wrong.
        message: String,
    },
    /// The budget is used up.
    Limit(#[from] Limit),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, last_key, message } if last_key.is_empty() => {
                write!(f, "toml: line {line}: {message}")
            }
            Self::Syntax { line, last_key, message } => {
                write!(f, "toml: line {line} (last key {last_key:?}): {message}")
            }
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

/// Whether a key needs no quotes.
fn is_bare(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A text between quotes with TOML's escapes.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut output = vec![b'"'];
    for &byte in text {
        match byte {
            b'"' | b'\\' => output.extend([b'\\', byte]),
            0x08 => output.extend(b"\\b"),
            b'\t' => output.extend(b"\\t"),
            b'\n' => output.extend(b"\\n"),
            0x0C => output.extend(b"\\f"),
            b'\r' => output.extend(b"\\r"),
            0..0x20 | 0x7F => output.extend(format!("\\u{byte:04x}").into_bytes()),
            _ => output.push(byte),
        }
    }
    output.push(b'"');
    output
}

/// A path of keys, dotted.
fn path_text(path: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> =
        path.iter().map(|key| if is_bare(key) { key.clone() } else { quoted(key) }).collect();
    parts.join(&b'.')
}

#[cfg(test)]
mod tests;
