//! The order of a mapping's keys: as people count, not as bytes compare.

use std::cmp::Ordering;

use super::Dialect;
use crate::helm::unicode;

/// Characters of a key; what is no UTF-8 is U+FFFD.
fn characters(key: &[u8]) -> Vec<char> {
    String::from_utf8_lossy(key).chars().collect()
}

/// Whether go-yaml puts `left` before `right`: letters after everything else, runs of digits by
/// their value. The relation is not transitive (`2` < `10` < `1a` < `2`).
pub(super) fn is_before(left: &[u8], right: &[u8], dialect: Dialect) -> bool {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    // The usual case: two different ASCII letters.
    if let (Some(a), Some(b)) = (left.get(same), right.get(same))
        && a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
    {
        return a < b;
    }
    let (left, right) = (characters(left), characters(right));
    let same = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let (Some(&a), Some(&b)) = (left.get(same), right.get(same)) else { return left.len() < right.len() };
    let before = |at: usize| at.checked_sub(1).and_then(|at| left.get(at).copied());
    match (unicode::is_letter(a), unicode::is_letter(b)) {
        (true, true) => return a < b,
        (false, false) => {}
        (a_letter, b_letter) => {
            // Version 3 puts a letter that follows a digit first: `a1b` before `a10`.
            let behind_digit = dialect == Dialect::Version3 && before(same).is_some_and(unicode::is_digit);
            return if behind_digit { a_letter } else { b_letter };
        }
    }
    // A zero that continues a number which began before the difference is a digit like others; a
    // leading one does not count.
    let continues = (a == '0' || b == '0')
        && left[..same].iter().rev().take_while(|c| unicode::is_digit(**c)).any(|c| *c != '0');
    let number = |text: &[char]| -> (i64, usize) {
        let digits = text[same..].iter().take_while(|c| unicode::is_digit(**c));
        let start = (i64::from(continues), same);
        digits.fold(start, |(value, end), digit| {
            let digit = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
            (value.wrapping_mul(10).wrapping_add(digit), end + 1)
        })
    };
    let ((a_value, a_end), (b_value, b_end)) = (number(&left), number(&right));
    let order = a_value.cmp(&b_value).then(a_end.cmp(&b_end)).then(a.cmp(&b));
    order == Ordering::Less
}

/// Sorts by a relation that need not be an order; equal items keep theirs.
pub(super) fn sort<T: Clone>(items: &mut Vec<T>, is_before: impl Fn(&T, &T) -> bool) {
    // Mostly sorted input is the rule, and the standard sorts may panic without a total order.
    if items.windows(2).all(|pair| !is_before(&pair[1], &pair[0])) {
        return;
    }
    let mut width = 1;
    while width < items.len() {
        let mut merged = Vec::with_capacity(items.len());
        for chunk in items.chunks(width * 2) {
            let (mut left, mut right) = chunk.split_at(width.min(chunk.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                if is_before(b, a) {
                    merged.push(b.clone());
                    right = &right[1..];
                } else {
                    merged.push(a.clone());
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        *items = merged;
        width *= 2;
    }
}
