//! [`Date`]: a calendar day, for ignores that expire.

use std::fmt;
use std::str::FromStr;

/// A day of the proleptic Gregorian calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// The day that holds a moment, given in seconds since 1970-01-01T00:00Z.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Self {
        // Days are counted from 0000-03-01, so that a leap day ends its year.
        let days = seconds / 86_400 + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let narrow = |value: u64| u8::try_from(value).unwrap_or(u8::MAX);
        Self { year: u16::try_from(year).unwrap_or(u16::MAX), month: narrow(month), day: narrow(day) }
    }
}

fn days_in(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = ();

    /// Reads `YYYY-MM-DD`; a time behind it (`T…`) is passed over.
    fn from_str(text: &str) -> Result<Self, ()> {
        let day = text.split(['T', 't', ' ']).next().unwrap_or(text);
        let mut parts = day.split('-');
        let mut number = |length: usize| -> Result<u16, ()> {
            let part = parts.next().ok_or(())?;
            let digits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse().map_err(|_| ()) } else { Err(()) }
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let (month, day) = (u8::try_from(month).map_err(|_| ())?, u8::try_from(day).map_err(|_| ())?);
        if parts.next().is_some() || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
            return Err(());
        }
        Ok(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_from_the_unix_clock() {
        assert_eq!(Date::from_unix(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_unix(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Date::from_unix(1_798_761_599).to_string(), "2026-12-31");
        assert_eq!(Date::from_unix(4_107_542_400).to_string(), "2100-03-01");
    }

    #[test]
    fn only_real_days_are_read() {
        for good in ["2026-11-25", "2024-02-29", "2026-11-25T00:00:00Z"] {
            assert!(good.parse::<Date>().is_ok(), "{good}");
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-1-1", "tomorrow", "2026-11-25-1", ""] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        assert!("2026-11-25".parse::<Date>() < "2026-12-01".parse::<Date>());
    }
}
