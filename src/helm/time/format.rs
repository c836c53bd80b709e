//! Times as text.

use super::layout::{OffsetStyle, Part, next_part};
use super::{MONTHS, Time, WEEKDAYS};

fn push_number(output: &mut Vec<u8>, value: i64, width: usize) {
    if value < 0 {
        output.push(b'-');
    }
    output.extend(format!("{:0width$}", value.unsigned_abs()).into_bytes());
}

fn push_offset(output: &mut Vec<u8>, offset: i32, style: OffsetStyle) {
    if style.z && offset == 0 {
        output.push(b'Z');
        return;
    }
    // Go divides towards zero before it looks at the sign, so -30 seconds count as +00:00.
    let minutes = offset / 60;
    output.push(if minutes < 0 { b'-' } else { b'+' });
    let seconds = if minutes < 0 { -offset } else { offset } % 60;
    let minutes = i64::from(minutes.abs());
    push_number(output, minutes / 60, 2);
    if style.colons {
        output.push(b':');
    }
    if style.minutes {
        push_number(output, minutes % 60, 2);
    }
    if style.seconds {
        if style.colons {
            output.push(b':');
        }
        push_number(output, i64::from(seconds), 2);
    }
}

fn push_fraction(output: &mut Vec<u8>, nanos: u32, separator: u8, digits: usize, trim: bool) {
    if trim && (digits == 0 || nanos == 0) {
        return;
    }
    let text = format!("{nanos:09}");
    let mut shown = text.get(..digits.min(9)).unwrap_or(&text);
    if trim {
        shown = shown.trim_end_matches('0');
        if shown.is_empty() {
            return;
        }
    }
    output.push(separator);
    output.extend_from_slice(shown.as_bytes());
}

impl Time {
    /// The time in a Go layout.
    #[must_use]
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        let (offset, zone) = self.offset();
        let civil = self.civil();
        let mut output = Vec::with_capacity(layout.len() + 10);
        let mut rest = layout;
        loop {
            let (before, part) = next_part(rest);
            output.extend_from_slice(before);
            let Some((part, length)) = part else { return output };
            rest = rest.get(before.len() + length..).unwrap_or_default();
            let hour12 = i64::from(if civil.hour.is_multiple_of(12) { 12 } else { civil.hour % 12 });
            let month = MONTHS.get(civil.month as usize - 1).copied().unwrap_or("");
            let weekday = WEEKDAYS.get(civil.weekday).copied().unwrap_or("");
            let mut number = |value: u32, width| push_number(&mut output, i64::from(value), width);
            match part {
                Part::LongMonth => output.extend_from_slice(month.as_bytes()),
                Part::Month => output.extend_from_slice(&month.as_bytes()[..3]),
                Part::NumMonth => number(civil.month, 0),
                Part::ZeroMonth => number(civil.month, 2),
                Part::LongWeekday => output.extend_from_slice(weekday.as_bytes()),
                Part::Weekday => output.extend_from_slice(&weekday.as_bytes()[..3]),
                Part::Day => number(civil.day, 0),
                Part::UnderDay => output.extend(format!("{:2}", civil.day).into_bytes()),
                Part::ZeroDay => number(civil.day, 2),
                Part::UnderYearDay => output.extend(format!("{:3}", civil.year_day).into_bytes()),
                Part::ZeroYearDay => number(civil.year_day, 3),
                Part::Hour => number(civil.hour, 2),
                Part::Hour12 => push_number(&mut output, hour12, 0),
                Part::ZeroHour12 => push_number(&mut output, hour12, 2),
                Part::Minute => number(civil.minute, 0),
                Part::ZeroMinute => number(civil.minute, 2),
                Part::Second => number(civil.second, 0),
                Part::ZeroSecond => number(civil.second, 2),
                Part::LongYear => push_number(&mut output, civil.year, 4),
                Part::Year => push_number(&mut output, civil.year.abs() % 100, 2),
                Part::Noon { upper } => {
                    let words: [&[u8]; 2] = if upper { [b"AM", b"PM"] } else { [b"am", b"pm"] };
                    output.extend_from_slice(words[usize::from(civil.hour >= 12)]);
                }
                Part::ZoneName if !zone.is_empty() => output.extend_from_slice(&zone),
                Part::ZoneName => {
                    let style = OffsetStyle { z: false, colons: false, minutes: true, seconds: false };
                    push_offset(&mut output, offset, style);
                }
                Part::Offset(style) => push_offset(&mut output, offset, style),
                Part::Fraction { separator, digits, trim } => {
                    push_fraction(&mut output, self.nanos, separator, digits, trim);
                }
            }
        }
    }

    /// As `%v` prints it: `2006-01-02 15:04:05.999999999 -0700 MST`.
    #[must_use]
    pub fn to_text(&self) -> Vec<u8> {
        self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")
    }

    /// As JSON holds it: RFC 3339 with a fraction where there is one. `None` where RFC 3339 has
    /// no spelling for it: a year beyond four digits, an offset of a day or more.
    #[must_use]
    pub fn to_rfc3339(&self) -> Option<Vec<u8>> {
        let ok = (0..=9999).contains(&self.civil().year) && self.offset().0.abs() < 24 * 3600;
        ok.then(|| self.format(b"2006-01-02T15:04:05.999999999Z07:00"))
    }
}
