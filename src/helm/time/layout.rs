//! Go's layouts: the parts of the reference time, Mon Jan 2 15:04:05 MST 2006.

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetStyle {
    /// `Z` for UTC.
    pub(super) z: bool,
    pub(super) colons: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

/// A part of the reference time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    /// `PM` or `pm`
    Noon {
        upper: bool,
    },
    ZoneName,
    Offset(OffsetStyle),
    /// `.000` or `.999`: trailing zeros stay or go.
    Fraction {
        separator: u8,
        digits: usize,
        trim: bool,
    },
}

/// Finds the first part in a layout: the text before it, the part, and how long it is.
pub(super) fn next_part(layout: &[u8]) -> (&[u8], Option<(Part, usize)>) {
    for at in 0..layout.len() {
        if let Some((skip, part, length)) = part_at(&layout[at..]) {
            return (&layout[..at + skip], Some((part, length)));
        }
    }
    (layout, None)
}

/// The part that `text` starts with, the literal bytes before it that belong to its spelling, and
/// its length.
fn part_at(text: &[u8]) -> Option<(usize, Part, usize)> {
    let word = |word: &[u8]| text.starts_with(word);
    let lower_follows = || text.get(3).is_some_and(u8::is_ascii_lowercase);
    let found = |part: Part, length: usize| Some((0, part, length));
    match text.first()? {
        b'J' if word(b"January") => found(Part::LongMonth, 7),
        b'J' if word(b"Jan") && !lower_follows() => found(Part::Month, 3),
        b'M' if word(b"Monday") => found(Part::LongWeekday, 6),
        b'M' if word(b"Mon") && !lower_follows() => found(Part::Weekday, 3),
        b'M' if word(b"MST") => found(Part::ZoneName, 3),
        b'0' => match text.get(1)? {
            b'1' => found(Part::ZeroMonth, 2),
            b'2' => found(Part::ZeroDay, 2),
            b'3' => found(Part::ZeroHour12, 2),
            b'4' => found(Part::ZeroMinute, 2),
            b'5' => found(Part::ZeroSecond, 2),
            b'6' => found(Part::Year, 2),
            b'0' if text.get(2) == Some(&b'2') => found(Part::ZeroYearDay, 3),
            _ => None,
        },
        b'1' if word(b"15") => found(Part::Hour, 2),
        b'1' => found(Part::NumMonth, 1),
        b'2' if word(b"2006") => found(Part::LongYear, 4),
        b'2' => found(Part::Day, 1),
        b'_' if word(b"_2006") => Some((1, Part::LongYear, 4)),
        b'_' if word(b"_2") => found(Part::UnderDay, 2),
        b'_' if word(b"__2") => found(Part::UnderYearDay, 3),
        b'3' => found(Part::Hour12, 1),
        b'4' => found(Part::Minute, 1),
        b'5' => found(Part::Second, 1),
        b'P' if word(b"PM") => found(Part::Noon { upper: true }, 2),
        b'p' if word(b"pm") => found(Part::Noon { upper: false }, 2),
        b'-' | b'Z' => offset_at(text).map(|(style, length)| (0, Part::Offset(style), length)),
        b'.' | b',' => fraction_at(text).map(|(part, length)| (0, part, length)),
        _ => None,
    }
}

fn offset_at(text: &[u8]) -> Option<(OffsetStyle, usize)> {
    let z = text[0] == b'Z';
    let spellings: [(&[u8], bool, bool, bool); 5] = [
        (b"070000", false, true, true),
        (b"07:00:00", true, true, true),
        (b"0700", false, true, false),
        (b"07:00", true, true, false),
        (b"07", false, false, false),
    ];
    let found = spellings.iter().find(|(word, ..)| text[1..].starts_with(word));
    found.map(|&(word, colons, minutes, seconds)| {
        (OffsetStyle { z, colons, minutes, seconds }, word.len() + 1)
    })
}

fn fraction_at(text: &[u8]) -> Option<(Part, usize)> {
    let digit = *text.get(1).filter(|byte| matches!(byte, b'0' | b'9'))?;
    let digits = text[1..].iter().take_while(|byte| **byte == digit).count();
    // Only a fraction is made of these digits alone.
    if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    // Go keeps the count in twelve bits.
    let part = Part::Fraction { separator: text[0], digits: digits & 0xFFF, trim: digit == b'9' };
    Some((part, 1 + digits))
}
