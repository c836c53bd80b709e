//! Text as times.

use std::fmt;
use std::rc::Rc;

use super::layout::{OffsetStyle, Part, next_part};
use super::{MONTHS, Time, WEEKDAYS, Zone, days_from_civil, days_in, is_leap};

/// Why a text is no time of a layout. The message is Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ParseError {
    layout: Vec<u8>,
    text: Vec<u8>,
    element: Vec<u8>,
    at: Vec<u8>,
    message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = quote(&self.text);
        if !self.message.is_empty() {
            return write!(f, "parsing time {text}{}", self.message);
        }
        let (layout, at, element) = (quote(&self.layout), quote(&self.at), quote(&self.element));
        write!(f, "parsing time {text} as {layout}: cannot parse {at} as {element}")
    }
}

/// Quotes as the time package does: every byte outside ASCII as `\x..`.
pub(super) fn quote(text: &[u8]) -> String {
    let mut output = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => output.extend(['\\', char::from(byte)]),
            b' '..0x80 => output.push(char::from(byte)),
            _ => output.push_str(&format!("\\x{byte:02x}")),
        }
    }
    output.push('"');
    output
}

/// What went wrong with one part.
enum Fault {
    /// It does not look like that part.
    Bad,
    /// It does, but its value is out of range.
    Range(&'static str),
}

#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<u32>,
    day: Option<u32>,
    year_day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    afternoon: bool,
    forenoon: bool,
    utc: bool,
    offset: Option<i32>,
    zone: Vec<u8>,
}

fn digit_at(text: &[u8], at: usize) -> Option<u32> {
    text.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0'))
}

fn take<'a>(text: &mut &'a [u8], count: usize) -> Result<&'a [u8], Fault> {
    let (head, rest) = text.split_at_checked(count).ok_or(Fault::Bad)?;
    *text = rest;
    Ok(head)
}

/// One or two digits; `fixed` wants two.
fn number(text: &mut &[u8], fixed: bool) -> Result<u32, Fault> {
    let first = digit_at(text, 0).ok_or(Fault::Bad)?;
    match digit_at(text, 1) {
        Some(second) => {
            *text = &text[2..];
            Ok(first * 10 + second)
        }
        None if fixed => Err(Fault::Bad),
        None => {
            *text = &text[1..];
            Ok(first)
        }
    }
}

fn year_day(text: &mut &[u8], fixed: bool) -> Result<u32, Fault> {
    let digits = text.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || fixed && digits != 3 {
        return Err(Fault::Bad);
    }
    let value = text[..digits].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    *text = &text[digits..];
    Ok(value)
}

fn in_range(value: u32, range: std::ops::RangeInclusive<u32>, name: &'static str) -> Result<u32, Fault> {
    if range.contains(&value) { Ok(value) } else { Err(Fault::Range(name)) }
}

/// The place of the name that `text` starts with, whatever its case.
fn name_of(names: &[&str], length: Option<usize>, text: &mut &[u8]) -> Result<u32, Fault> {
    for (place, name) in (0..).zip(names) {
        let name = &name.as_bytes()[..length.unwrap_or(name.len())];
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            *text = &text[name.len()..];
            return Ok(place);
        }
    }
    Err(Fault::Bad)
}

/// A signed decimal number, as Go's time package reads two or nine characters.
fn signed(text: &[u8]) -> Result<i64, Fault> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Bad);
    }
    let value = digits.iter().fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
    Ok(if text.first() == Some(&b'-') { -value } else { value })
}

/// A separator and digits as nanoseconds; digits beyond the ninth are cut.
fn nanoseconds(text: &[u8]) -> Result<u32, Fault> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Err(Fault::Bad);
    }
    let digits = &text[1..text.len().min(10)];
    let value = signed(digits)?;
    let value = u32::try_from(value).map_err(|_| Fault::Range("fractional second"))?;
    Ok((digits.len()..9).fold(value, |value, _| value * 10))
}

fn has_fraction(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'.' | b',')) && digit_at(text, 1).is_some()
}

/// How long the separator and the digits after it are.
fn fraction_length(text: &[u8]) -> usize {
    1 + text.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count()
}

/// The length of the zone abbreviation that `text` starts with.
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if text.starts_with(b"GMT") {
        return Some(3 + signed_hours_length(&text[3..]));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_hours_length(text)).filter(|length| *length > 0);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

fn signed_hours_length(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let digits = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = text[1..=digits]
        .iter()
        .fold(0u32, |value, digit| value.saturating_mul(10).saturating_add(u32::from(digit - b'0')));
    if digits == 0 || hours > 23 { 0 } else { 1 + digits }
}

fn offset(text: &mut &[u8], style: OffsetStyle) -> Result<i32, Fault> {
    let length = 3 + if style.minutes { 2 } else { 0 } + if style.seconds { 2 } else { 0 };
    let colons = if style.colons { if style.seconds { 2 } else { 1 } } else { 0 };
    let taken = take(text, length + colons)?;
    let part = |place: usize, fits: bool| -> Result<i32, Fault> {
        if !fits {
            return Ok(0);
        }
        let at = 1 + place * if style.colons { 3 } else { 2 };
        if style.colons && place > 0 && taken.get(at - 1) != Some(&b':') {
            return Err(Fault::Bad);
        }
        let (tens, ones) =
            (digit_at(taken, at).ok_or(Fault::Bad)?, digit_at(taken, at + 1).ok_or(Fault::Bad)?);
        Ok(i32::try_from(tens * 10 + ones).unwrap_or(0))
    };
    let (hours, minutes, seconds) = (part(0, true)?, part(1, style.minutes)?, part(2, style.seconds)?);
    for (value, most, name) in [
        (hours, 24, "time zone offset hour"),
        (minutes, 60, "time zone offset minute"),
        (seconds, 60, "time zone offset second"),
    ] {
        if value > most {
            return Err(Fault::Range(name));
        }
    }
    let value = (hours * 60 + minutes) * 60 + seconds;
    match taken[0] {
        b'+' => Ok(value),
        b'-' => Ok(-value),
        _ => Err(Fault::Bad),
    }
}

impl Fields {
    /// Reads one part from the start of `text`. `layout` is what follows the part.
    fn read(&mut self, part: Part, text: &mut &[u8], layout: &[u8]) -> Result<(), Fault> {
        match part {
            Part::Year => {
                let year = signed(take(text, 2)?)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Part::LongYear => {
                digit_at(text, 0).ok_or(Fault::Bad)?;
                self.year = signed(take(text, 4)?)?;
            }
            Part::Month => self.month = Some(name_of(&MONTHS, Some(3), text)? + 1),
            Part::LongMonth => self.month = Some(name_of(&MONTHS, None, text)? + 1),
            Part::NumMonth | Part::ZeroMonth => {
                let month = number(text, part == Part::ZeroMonth)?;
                self.month = Some(in_range(month, 1..=12, "month")?);
            }
            Part::Weekday => drop(name_of(&WEEKDAYS, Some(3), text)?),
            Part::LongWeekday => drop(name_of(&WEEKDAYS, None, text)?),
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                if part == Part::UnderDay {
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                }
                self.day = Some(number(text, part == Part::ZeroDay)?);
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                for _ in 0..if part == Part::UnderYearDay { 2 } else { 0 } {
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                }
                self.year_day = Some(year_day(text, part == Part::ZeroYearDay)?);
            }
            Part::Hour => self.hour = in_range(number(text, false)?, 0..=23, "hour")?,
            Part::Hour12 | Part::ZeroHour12 => {
                self.hour = in_range(number(text, part == Part::ZeroHour12)?, 0..=12, "hour")?;
            }
            Part::Minute | Part::ZeroMinute => {
                self.minute = in_range(number(text, part == Part::ZeroMinute)?, 0..=59, "minute")?;
            }
            Part::Second | Part::ZeroSecond => {
                self.second = in_range(number(text, part == Part::ZeroSecond)?, 0..=59, "second")?;
                // A fraction may follow that the layout does not have.
                let expected = matches!(next_part(layout).1, Some((Part::Fraction { .. }, _)));
                if has_fraction(text) && !expected {
                    self.nanos = nanoseconds(take(text, fraction_length(text))?)?;
                }
            }
            Part::Noon { upper } => {
                let taken = take(text, 2)?;
                let words: [&[u8]; 2] = if upper { [b"PM", b"AM"] } else { [b"pm", b"am"] };
                self.afternoon |= taken == words[0];
                self.forenoon |= taken == words[1];
                words.contains(&taken).then_some(()).ok_or(Fault::Bad)?;
            }
            Part::Offset(style) => {
                if style.z && text.first() == Some(&b'Z') {
                    *text = &text[1..];
                    self.utc = true;
                } else {
                    self.offset = Some(offset(text, style)?);
                }
            }
            Part::ZoneName => {
                if text.starts_with(b"UTC") {
                    *text = &text[3..];
                    self.utc = true;
                } else {
                    let length = zone_name_length(text).ok_or(Fault::Bad)?;
                    self.zone = take(text, length)?.to_vec();
                }
            }
            Part::Fraction { digits, trim: false, .. } => self.nanos = nanoseconds(take(text, 1 + digits)?)?,
            Part::Fraction { .. } => {
                if has_fraction(text) {
                    self.nanos = nanoseconds(take(text, fraction_length(text))?)?;
                }
            }
        }
        Ok(())
    }

    /// Month and day, checked against each other and the year.
    fn date(&self) -> Result<(u32, u32), &'static str> {
        let (mut month, mut day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if let Some(year_day) = self.year_day {
            let length = if is_leap(self.year) { 366 } else { 365 };
            if !(1..=length).contains(&year_day) {
                return Err("day-of-year");
            }
            let start = days_from_civil(self.year, 1);
            let days = |month: u32| u32::try_from(days_from_civil(self.year, month) - start).unwrap_or(0);
            let found = (1..=12).rev().find(|month| days(*month) < year_day).unwrap_or(1);
            (month, day) = (found, year_day - days(found));
            if self.month.is_some_and(|given| given != month) {
                return Err("day-of-year does not match month");
            }
            if self.day.is_some_and(|given| given != day) {
                return Err("day-of-year does not match day");
            }
        }
        if day < 1 || day > days_in(self.year, month) { Err("day") } else { Ok((month, day)) }
    }

    fn time(&self, month: u32, day: u32) -> Time {
        let hour = match self.hour {
            hour if self.afternoon && hour < 12 => hour + 12,
            12 if self.forenoon && !self.afternoon => 0,
            hour => hour,
        };
        let clock = [hour, self.minute, self.second].map(i64::from);
        let mut time =
            Time::from_civil(self.year, i64::from(month), i64::from(day), clock, self.nanos, Zone::Utc);
        if self.utc {
            return time;
        }
        // The value -1 (one second west) means "none" to Go.
        if let Some(offset) = self.offset.filter(|offset| *offset != -1) {
            time.seconds -= i64::from(offset);
            if offset != 0 || !matches!(self.zone.as_slice(), b"" | b"UTC") {
                time.zone = Zone::Fixed { name: Rc::from(self.zone.as_slice()), offset };
            }
        } else if !self.zone.is_empty() {
            // An unknown abbreviation is at offset 0, but for GMT+3 and its kin, which are shown
            // at their offset without moving the instant.
            let hours = self.zone.strip_prefix(b"GMT").filter(|hours| !hours.is_empty());
            let hours =
                hours.and_then(|hours| signed(hours).ok()).and_then(|hours| i32::try_from(hours).ok());
            let offset = hours.unwrap_or(0) * 3600;
            time.zone = Zone::Fixed { name: Rc::from(self.zone.as_slice()), offset };
        }
        time
    }
}

/// Removes `prefix` from `text`; runs of spaces in the one match runs in the other, also none at
/// the end of the text.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some(&first) = prefix.first() {
        if first == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return Err(text);
            }
            let cut = |bytes: &[u8]| bytes.iter().take_while(|byte| **byte == b' ').count();
            prefix = &prefix[cut(prefix)..];
            text = &text[cut(text)..];
            continue;
        }
        if text.first() != Some(&first) {
            return Err(text);
        }
        (prefix, text) = (&prefix[1..], &text[1..]);
    }
    Ok(text)
}

impl Time {
    /// Reads a time in a Go layout; without a zone in the text it is in UTC.
    ///
    /// # Errors
    /// The text does not follow the layout, or names an impossible date.
    pub fn parse(layout: &[u8], text: &[u8]) -> Result<Self, ParseError> {
        let error = |element: &[u8], at: &[u8], message: String| ParseError {
            layout: layout.to_vec(),
            text: text.to_vec(),
            element: element.to_vec(),
            at: at.to_vec(),
            message,
        };
        let mut fields = Fields::default();
        let (mut rest, mut value) = (layout, text);
        loop {
            let (before, part) = next_part(rest);
            value = skip(value, before).map_err(|at| error(before, at, String::new()))?;
            let Some((part, length)) = part else {
                if value.is_empty() {
                    break;
                }
                return Err(error(b"", value, format!(": extra text: {}", quote(value))));
            };
            let (element, after) = rest.get(before.len()..).unwrap_or_default().split_at(length);
            rest = after;
            let hold = value;
            fields.read(part, &mut value, rest).map_err(|fault| match fault {
                Fault::Bad => error(element, hold, String::new()),
                Fault::Range(name) => error(element, value, format!(": {name} out of range")),
            })?;
        }
        let (month, day) = fields.date().map_err(|name| {
            let end = if name.contains("match") { "" } else { " out of range" };
            error(b"", value, format!(": {name}{end}"))
        })?;
        Ok(fields.time(month, day))
    }
}
