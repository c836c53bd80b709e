//! GitHub's `primaryLocationLineHash`: the fingerprint by which code scanning follows an alert.
//!
//! The algorithm is that of GitHub's own upload action: a polynomial hash (base 37, wrapping at 64
//! bits) over the 100 UTF-16 units that follow the start of a line, blanks and tabs left out, line
//! ends as one newline; then the number of times this hash has occurred so far in the file.

use std::collections::HashMap;

const BLOCK: usize = 100;
const BASE: u64 = 37;
/// Stands for the end of the text.
const END: u64 = 65_535;

struct Rolling {
    window: [u64; BLOCK],
    /// Line (1-based) that starts at this place of the window; 0 = none.
    lines: [usize; BLOCK],
    at: usize,
    hash: u64,
    outgoing: u64,
    counts: HashMap<u64, usize>,
    hashes: Vec<String>,
}

impl Rolling {
    fn emit(&mut self) {
        let Some(line) = self.lines.get_mut(self.at) else { return };
        if *line == 0 {
            return;
        }
        let number = self.counts.entry(self.hash).or_insert(0);
        *number += 1;
        self.hashes.push(format!("{:x}:{number}", self.hash));
        *line = 0;
    }

    fn push(&mut self, unit: u64) {
        let Some(slot) = self.window.get_mut(self.at) else { return };
        let leaving = std::mem::replace(slot, unit);
        self.hash =
            self.hash.wrapping_mul(BASE).wrapping_add(unit).wrapping_sub(self.outgoing.wrapping_mul(leaving));
        self.at = (self.at + 1) % BLOCK;
    }
}

/// The hash of each line, the first line first.
#[must_use]
pub fn line_hashes(text: &str) -> Vec<String> {
    let outgoing = (0..BLOCK).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut rolling = Rolling {
        window: [0; BLOCK],
        lines: [0; BLOCK],
        at: 0,
        hash: 0,
        outgoing,
        counts: HashMap::new(),
        hashes: Vec::new(),
    };
    let (mut line, mut at_start, mut after_return) = (0, true, false);
    for unit in text.encode_utf16().map(u64::from).chain([END]) {
        let is = |character: char| unit == u64::from(u32::from(character));
        if is(' ') || is('\t') || (after_return && is('\n')) {
            after_return = false;
            continue;
        }
        after_return = is('\r');
        let unit = if after_return { u64::from(u32::from('\n')) } else { unit };
        rolling.emit();
        if at_start {
            at_start = false;
            line += 1;
            if let Some(slot) = rolling.lines.get_mut(rolling.at) {
                *slot = line;
            }
        }
        at_start = at_start || unit == u64::from(u32::from('\n'));
        rolling.push(unit);
    }
    for _ in 0..BLOCK {
        rolling.emit();
        rolling.push(0);
    }
    rolling.hashes
}

#[cfg(test)]
mod tests {
    use super::line_hashes;

    /// The definition, without rolling: the hash over the first 100 units of each line.
    fn by_definition(text: &str) -> Vec<String> {
        let mut units = Vec::new();
        let mut starts = vec![0];
        for unit in text.replace("\r\n", "\n").replace('\r', "\n").encode_utf16() {
            if unit == 32 || unit == 9 {
                continue;
            }
            units.push(u64::from(unit));
            if unit == 10 {
                starts.push(units.len());
            }
        }
        units.push(65_535);
        let mut counts = std::collections::HashMap::new();
        let hash_at = |start: usize| {
            (start..start + 100).fold(0u64, |hash, at| {
                hash.wrapping_mul(37).wrapping_add(units.get(at).copied().unwrap_or(0))
            })
        };
        starts
            .into_iter()
            .map(|start| {
                let hash = hash_at(start);
                let number = counts.entry(hash).or_insert(0);
                *number += 1;
                format!("{hash:x}:{number}")
            })
            .collect()
    }

    #[test]
    fn rolling_equals_the_definition() {
        let long = "a: 1\n".repeat(60);
        for text in ["", "a", "a\n", "\n\n\n", "a: b\r\n  c: 😀ä\r\n", " \t\nx", long.as_str()] {
            assert_eq!(line_hashes(text), by_definition(text), "{text:?}");
        }
        assert_eq!(line_hashes("a\nb\n"), line_hashes("a \r\n b\r\n"));
    }
}
