//! Dates and durations. The clock is an input of the render; the local zone is UTC.

use std::rc::Rc;

use super::objects::{DurationObject, TIME, TimeObject};
use super::{derived, derived_text, fail, fixed};
use crate::helm::call::{Args, Function, FunctionResult, Type};
use crate::helm::exec::Exec;
use crate::helm::number;
use crate::helm::time::{self, Time, Zone};
use crate::helm::value::{Kind, Object, Value};
use crate::template::quote;

const ANY: &[Type] = &[Type::Any];
const ANY_2: &[Type] = &[Type::Any, Type::Any];
const TEXT_2: &[Type] = &[Type::String, Type::String];
const ZONED: &[Type] = &[Type::String, Type::Any, Type::String];
const MODIFY: &[Type] = &[Type::String, TIME];

pub(super) const TABLE: &[Function] = &[
    fixed("ago", ANY, |exec, args| {
        let now = now(exec);
        let time = instant(args.value(0)).unwrap_or_else(|| now.clone());
        derived_text(exec, args, time::format_duration(time::round(now.since(&time), 1_000_000_000)))
    }),
    fixed("date", &[Type::String, Type::Any], |exec, args| {
        date(exec, args, args.str(0).as_bytes(), args.value(1), b"Local")
    }),
    fixed("dateInZone", ZONED, in_zone),
    fixed("dateModify", MODIFY, |exec, args| modify(exec, args, false)),
    fixed("date_in_zone", ZONED, in_zone),
    fixed("date_modify", MODIFY, |exec, args| modify(exec, args, false)),
    fixed("duration", ANY, |exec, args| {
        let seconds = match args.value(0) {
            Value::Str(text) => match number::parse_int(text.as_bytes(), 10) {
                Err(number::NumberError::Range) if text.as_bytes().starts_with(b"-") => i64::MIN,
                Err(number::NumberError::Range) => i64::MAX,
                seconds => seconds.unwrap_or(0),
            },
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        derived_text(exec, args, time::format_duration(seconds.wrapping_mul(1_000_000_000)))
    }),
    fixed("durationDays", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Float(duration.hours() / 24.0))
    }),
    fixed("durationHours", ANY, |exec, args| measured(exec, args, |duration| Value::Float(duration.hours()))),
    fixed("durationMicroseconds", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Int64(duration.0 / 1_000))
    }),
    fixed("durationMilliseconds", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Int64(duration.0 / 1_000_000))
    }),
    fixed("durationMinutes", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Float(duration.minutes()))
    }),
    fixed("durationNanoseconds", ANY, |exec, args| measured(exec, args, |duration| Value::Int64(duration.0))),
    fixed("durationRound", ANY, |exec, args| {
        let nanos = match args.value(0) {
            Value::Str(text) => time::parse_duration(text.as_bytes()).unwrap_or(0),
            Value::Int64(nanos) => *nanos,
            value => match value.as_object::<TimeObject>() {
                Some(time) => now(exec).since(&time.0),
                None => 0,
            },
        };
        derived_text(exec, args, coarse(nanos.unsigned_abs()))
    }),
    fixed("durationRoundTo", ANY_2, |exec, args| to_multiple(exec, args, time::round)),
    fixed("durationSeconds", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Float(duration.seconds()))
    }),
    fixed("durationTruncateTo", ANY_2, |exec, args| to_multiple(exec, args, time::truncate)),
    fixed("durationWeeks", ANY, |exec, args| {
        measured(exec, args, |duration| Value::Float(duration.hours() / 24.0 / 7.0))
    }),
    fixed("htmlDate", ANY, |exec, args| date(exec, args, b"2006-01-02", args.value(0), b"Local")),
    fixed("htmlDateInZone", &[Type::Any, Type::String], |exec, args| {
        date(exec, args, b"2006-01-02", args.value(0), args.str(1).as_bytes())
    }),
    fixed("mustDateModify", MODIFY, |exec, args| modify(exec, args, true)),
    fixed("mustToDate", TEXT_2, |exec, args| {
        match Time::parse(args.str(0).as_bytes(), args.str(1).as_bytes()) {
            Ok(time) => timed(exec, args, time),
            Err(error) => fail(error.to_string()),
        }
    }),
    fixed("mustToDuration", ANY, |exec, args| match to_duration(args.value(0)) {
        Ok(nanos) => derived(exec, args, Value::Duration(nanos)),
        Err(message) => fail(message),
    }),
    fixed("must_date_modify", MODIFY, |exec, args| modify(exec, args, true)),
    fixed("now", &[], |exec, args| {
        let now = now(exec);
        timed(exec, args, now)
    }),
    fixed("toDate", TEXT_2, |exec, args| {
        let time = Time::parse(args.str(0).as_bytes(), args.str(1).as_bytes());
        timed(exec, args, time.unwrap_or(Time::ZERO))
    }),
    fixed("unixEpoch", &[TIME], |exec, args| {
        let seconds = instant(args.value(0)).map_or(0, |time| time.seconds);
        derived_text(exec, args, seconds.to_string())
    }),
];

fn now(exec: &Exec<'_>) -> Time {
    Time::from_nanos(exec.environment().now)
}

fn timed(exec: &mut Exec<'_>, args: &Args<'_>, time: Time) -> FunctionResult {
    let object: Rc<dyn Object> = Rc::new(TimeObject(time));
    derived(exec, args, Value::Object(object))
}

/// The instant that a time or a number of seconds is.
fn instant(value: &Value) -> Option<Time> {
    match value {
        Value::Int(seconds) | Value::Int64(seconds) => Some(Time::from_seconds(*seconds)),
        value => value.as_object::<TimeObject>().map(|time| time.0.clone()),
    }
}

/// A date in a zone; an unknown zone is UTC, what is no date is now.
fn date(exec: &mut Exec<'_>, args: &Args<'_>, layout: &[u8], date: &Value, zone: &[u8]) -> FunctionResult {
    let time = instant(date).unwrap_or_else(|| now(exec));
    let zone = std::str::from_utf8(zone).ok().and_then(Zone::load).unwrap_or(Zone::Utc);
    exec.charge_bytes(layout.len())?;
    derived_text(exec, args, time.in_zone(zone).format(layout))
}

fn in_zone(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    date(exec, args, args.str(0).as_bytes(), args.value(1), args.str(2).as_bytes())
}

fn modify(exec: &mut Exec<'_>, args: &Args<'_>, must: bool) -> FunctionResult {
    let time = instant(args.value(1)).unwrap_or(Time::ZERO);
    match time::parse_duration(args.str(0).as_bytes()) {
        Ok(duration) => timed(exec, args, time.add(duration)),
        Err(error) if must => fail(error.to_string()),
        Err(_) => Ok(args.node(1)),
    }
}

/// The largest unit of which there is more than one.
fn coarse(nanos: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    const DAY: u64 = SECOND * 86_400;
    let units = [
        (DAY * 365, "y"),
        (DAY * 30, "mo"),
        (DAY, "d"),
        (SECOND * 3600, "h"),
        (SECOND * 60, "m"),
        (SECOND, "s"),
    ];
    let unit = units.iter().find(|(size, _)| nanos > *size);
    unit.map_or_else(|| "0s".to_owned(), |(size, name)| format!("{}{name}", nanos / size))
}

/// Helm's reading of a duration: numbers, and texts without unit, are seconds.
fn to_duration(value: &Value) -> Result<i64, String> {
    let whole = |seconds: i64| {
        seconds.checked_mul(1_000_000_000).ok_or_else(|| format!("duration seconds overflow: {seconds}"))
    };
    match value {
        Value::Duration(nanos) => Ok(*nanos),
        Value::Nil => Err("invalid duration".to_owned()),
        Value::Int(seconds) | Value::Int64(seconds) => whole(*seconds),
        Value::Uint8(seconds) => whole(i64::from(*seconds)),
        Value::Uint64(seconds) => i64::try_from(*seconds)
            .map_or_else(|_| Err(format!("duration seconds overflow: {seconds}")), whole),
        Value::Float(seconds) => from_float(*seconds),
        Value::Str(text) => {
            let trimmed = text.to_text();
            let trimmed = trimmed.trim();
            if trimmed.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(nanos) = time::parse_duration(trimmed.as_bytes()) {
                return Ok(nanos);
            }
            match number::parse_float(trimmed.as_bytes()) {
                Ok(seconds) => from_float(seconds),
                Err(_) => Err(format!("could not parse duration {}", quote(text.as_bytes()))),
            }
        }
        Value::Object(object) if object.kind() == Kind::Int => {
            object.plain().map_or_else(|| Ok(0), |plain| to_duration(&plain))
        }
        value => Err(format!("unsupported duration type {}", value.type_name())),
    }
}

fn from_float(seconds: f64) -> Result<i64, String> {
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", number::format_general(seconds)));
    }
    #[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
    let most = i64::MAX as f64;
    if seconds.abs() > most / 1e9 {
        return Err(format!("duration seconds overflow: {}", number::format_general(seconds)));
    }
    Ok(number::truncate(seconds * 1e9))
}

/// A measure of a duration; 0 where the argument is none.
fn measured(exec: &mut Exec<'_>, args: &Args<'_>, measure: fn(&DurationObject) -> Value) -> FunctionResult {
    let nanos = to_duration(args.value(0)).unwrap_or(0);
    derived(exec, args, measure(&DurationObject(nanos)))
}

fn to_multiple(exec: &mut Exec<'_>, args: &Args<'_>, to: fn(i64, i64) -> i64) -> FunctionResult {
    let nanos = match (to_duration(args.value(0)), to_duration(args.value(1))) {
        (Err(_), _) => 0,
        (Ok(nanos), Err(_)) => nanos,
        (Ok(nanos), Ok(unit)) => to(nanos, unit),
    };
    derived(exec, args, Value::Duration(nanos))
}
