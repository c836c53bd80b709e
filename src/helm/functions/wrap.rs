//! Breaking a text into lines: `wrap`, `wrapWith`.

use crate::helm::call::FunctionError;
use crate::helm::exec::Exec;
use crate::helm::rope::{Str, StrBuilder};

/// The text with `separator` (a line feed if empty) in place of the last space within each
/// `width` bytes; words longer than that are cut, or stand over.
pub(super) fn wrap(
    exec: &mut Exec<'_>,
    text: &Str,
    width: i64,
    separator: &Str,
    cut_words: bool,
) -> Result<Str, FunctionError> {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let bytes = text.as_bytes();
    let separator = if separator.is_empty() { Str::whole(*b"\n", exec.here()) } else { separator.clone() };
    exec.charge_bytes(bytes.len().saturating_mul(separator.len() + 1) / width.min(bytes.len().max(1)))?;
    let mut output = StrBuilder::with_capacity(bytes.len() * 2);
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let line = &bytes[at..at + width + 1];
        if let Some(space) = line.iter().rposition(|byte| *byte == b' ') {
            output.push_part(text, at..at + space);
            output.push(&separator);
            at += space + 1;
        } else if cut_words {
            output.push_part(text, at..at + width);
            output.push(&separator);
            at += width;
        } else {
            match bytes[at + width..].iter().position(|byte| *byte == b' ') {
                Some(space) => {
                    output.push_part(text, at..at + width + space);
                    output.push(&separator);
                    at += width + space + 1;
                }
                None => {
                    output.push_part(text, at..bytes.len());
                    at = bytes.len();
                }
            }
        }
    }
    output.push_part(text, at..bytes.len());
    Ok(output.finish())
}
