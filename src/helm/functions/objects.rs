//! Values with fields and methods that functions give: times, versions, durations, certificates.

use std::rc::Rc;

use crate::helm::call::{Args, FunctionResult, Method, Type};
use crate::helm::exec::Exec;
use crate::helm::rope::Str;
use crate::helm::semver::Version;
use crate::helm::time::{self, MONTHS, Time, WEEKDAYS, Zone};
use crate::helm::value::{Kind, Node, Object, Value};
use crate::origin::OriginId;

type Call<T> = fn(&mut Exec<'_>, &T, &Args<'_>) -> Value;

/// Calls `call` with the object as what it is.
fn on<T: Object>(exec: &mut Exec<'_>, object: &dyn Object, args: &Args<'_>, call: Call<T>) -> FunctionResult {
    let object: &dyn std::any::Any = object;
    let value = object.downcast_ref::<T>().map_or(Value::Nil, |object| call(exec, object, args));
    let origin = exec.derive(args.all());
    Ok(Node::new(value, origin))
}

macro_rules! methods {
    ($of:ty; $($name:literal($($parameter:expr),*) => $call:expr),* $(,)?) => {{
        const METHODS: &[Method] = &[$(Method {
            name: $name,
            parameters: &[$($parameter),*],
            variadic: false,
            call: |exec, object, args| on::<$of>(exec, object, args, $call),
        }),*];
        METHODS
    }};
}

fn find(methods: &'static [Method], name: &str) -> Option<&'static Method> {
    methods.iter().find(|method| method.name == name)
}

fn text(text: impl AsRef<[u8]>) -> Value {
    Value::Str(Str::plain(text.as_ref()))
}

fn object(object: impl Object) -> Value {
    Value::Object(Rc::new(object))
}

/// `time.Time`
#[derive(Clone, Debug)]
pub(super) struct TimeObject(pub(super) Time);

pub(super) const TIME: Type = Type::Object("time.Time");

impl Object for TimeObject {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn text(&self) -> Option<String> {
        Some(String::from_utf8_lossy(&self.0.to_text()).into_owned())
    }

    fn plain(&self) -> Option<Value> {
        self.0.to_rfc3339().map(text)
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        find(TIME_METHODS, name)
    }
}

fn civil(time: &TimeObject) -> time::Civil {
    time.0.civil()
}

fn time_argument(args: &Args<'_>, at: usize) -> Time {
    args.value(at).as_object::<TimeObject>().map_or(Time::ZERO, |time| time.0.clone())
}

fn int(value: impl Into<i64>) -> Value {
    Value::Int(value.into())
}

const TIME_METHODS: &[Method] = methods! { TimeObject;
    "Add"(Type::Int64) => |_, time, args| object(TimeObject(time.0.add(args.int(0)))),
    "AddDate"(Type::Int, Type::Int, Type::Int) => |_, time, args| {
        let civil = time.0.civil();
        let clock = [civil.hour, civil.minute, civil.second].map(i64::from);
        let (year, month) = (civil.year.saturating_add(args.int(0)), i64::from(civil.month).saturating_add(args.int(1)));
        let day = i64::from(civil.day).saturating_add(args.int(2));
        object(TimeObject(Time::from_civil(year, month, day, clock, time.0.nanos, time.0.zone.clone())))
    },
    "After"(TIME) => |_, time, args| Value::Bool(time.0.unix_nanos() > time_argument(args, 0).unix_nanos()),
    "Before"(TIME) => |_, time, args| Value::Bool(time.0.unix_nanos() < time_argument(args, 0).unix_nanos()),
    "Compare"(TIME) => |_, time, args| {
        int(time.0.unix_nanos().cmp(&time_argument(args, 0).unix_nanos()) as i64)
    },
    "Day"() => |_, time, _| int(civil(time).day),
    "Equal"(TIME) => |_, time, args| Value::Bool(time.0.unix_nanos() == time_argument(args, 0).unix_nanos()),
    "Format"(Type::String) => |_, time, args| text(time.0.format(args.str(0).as_bytes())),
    "Hour"() => |_, time, _| int(civil(time).hour),
    "IsZero"() => |_, time, _| Value::Bool(time.0.unix_nanos() == Time::ZERO.unix_nanos()),
    "Local"() => |_, time, _| object(TimeObject(time.0.in_zone(Zone::Utc))),
    "Minute"() => |_, time, _| int(civil(time).minute),
    "Month"() => |_, time, _| {
        let month = civil(time).month;
        object(NamedInt { type_name: "time.Month", value: month.into(), name: MONTHS.get(month as usize - 1).copied().unwrap_or("") })
    },
    "Nanosecond"() => |_, time, _| int(time.0.nanos),
    "Round"(Type::Int64) => |_, time, args| {
        let nanos = i64::try_from(time.0.unix_nanos()).unwrap_or(0);
        object(TimeObject(time.0.add(time::round(nanos, args.int(0)).saturating_sub(nanos))))
    },
    "Second"() => |_, time, _| int(civil(time).second),
    "String"() => |_, time, _| text(time.0.to_text()),
    "Sub"(TIME) => |_, time, args| Value::Duration(time.0.since(&time_argument(args, 0))),
    "Truncate"(Type::Int64) => |_, time, args| {
        let nanos = i64::try_from(time.0.unix_nanos()).unwrap_or(0);
        object(TimeObject(time.0.add(time::truncate(nanos, args.int(0)).saturating_sub(nanos))))
    },
    "UTC"() => |_, time, _| object(TimeObject(time.0.in_zone(Zone::Utc))),
    "Unix"() => |_, time, _| Value::Int64(time.0.seconds),
    "UnixMicro"() => |_, time, _| unix(time, 1_000),
    "UnixMilli"() => |_, time, _| unix(time, 1_000_000),
    "UnixNano"() => |_, time, _| unix(time, 1),
    "Weekday"() => |_, time, _| {
        let day = civil(time).weekday;
        object(NamedInt { type_name: "time.Weekday", value: day as i64, name: WEEKDAYS.get(day).copied().unwrap_or("") })
    },
    "Year"() => |_, time, _| int(civil(time).year),
    "YearDay"() => |_, time, _| int(civil(time).year_day),
};

fn unix(time: &TimeObject, unit: i128) -> Value {
    Value::Int64(i64::try_from(time.0.unix_nanos().div_euclid(unit)).unwrap_or(0))
}

/// `time.Month` and `time.Weekday`: integers that print as names.
#[derive(Debug)]
struct NamedInt {
    type_name: &'static str,
    value: i64,
    name: &'static str,
}

impl Object for NamedInt {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn kind(&self) -> Kind {
        Kind::Int
    }

    fn text(&self) -> Option<String> {
        Some(self.name.to_owned())
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Int(self.value))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        find(methods! { NamedInt; "String"() => |_, named, _| text(named.name) }, name)
    }
}

/// The methods of a `time.Duration`.
#[derive(Debug)]
pub struct DurationObject(pub i64);

#[expect(clippy::cast_precision_loss, reason = "Go converts the same way")]
fn in_units(nanos: i64, unit: i64) -> f64 {
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

impl DurationObject {
    /// Go's `Seconds()`.
    pub(super) fn seconds(&self) -> f64 {
        in_units(self.0, 1_000_000_000)
    }

    /// Go's `Minutes()`.
    pub(super) fn minutes(&self) -> f64 {
        in_units(self.0, 60_000_000_000)
    }

    /// Go's `Hours()`.
    pub(super) fn hours(&self) -> f64 {
        in_units(self.0, 3_600_000_000_000)
    }
}

impl Object for DurationObject {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> Kind {
        Kind::Int64
    }

    fn text(&self) -> Option<String> {
        Some(time::format_duration(self.0))
    }

    fn plain(&self) -> Option<Value> {
        Some(Value::Int64(self.0))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        find(
            methods! { DurationObject;
                "Abs"() => |_, duration, _| Value::Duration(duration.0.saturating_abs()),
                "Hours"() => |_, duration, _| Value::Float(duration.hours()),
                "Microseconds"() => |_, duration, _| Value::Int64(duration.0 / 1_000),
                "Milliseconds"() => |_, duration, _| Value::Int64(duration.0 / 1_000_000),
                "Minutes"() => |_, duration, _| Value::Float(duration.minutes()),
                "Nanoseconds"() => |_, duration, _| Value::Int64(duration.0),
                "Round"(Type::Int64) => |_, duration, args| Value::Duration(time::round(duration.0, args.int(0))),
                "Seconds"() => |_, duration, _| Value::Float(duration.seconds()),
                "String"() => |_, duration, _| text(time::format_duration(duration.0)),
                "Truncate"(Type::Int64) => |_, duration, args| {
                    Value::Duration(time::truncate(duration.0, args.int(0)))
                },
            },
            name,
        )
    }
}

/// `*semver.Version`
#[derive(Clone, Debug)]
pub(super) struct SemverObject {
    pub(super) version: Version,
    /// Whether it is the pointer that `semver` gives, or the plain value that `IncMajor` gives.
    pub(super) pointer: bool,
}

impl SemverObject {
    /// What Go's deep copy makes of a version: its fields are private, so none is copied. `None`
    /// where the object is no version.
    pub(super) fn go_copy(object: &dyn Object) -> Option<Value> {
        let any: &dyn std::any::Any = object;
        let pointer = any.downcast_ref::<Self>()?.pointer;
        let nothing = String::new;
        let version = Version {
            major: 0,
            minor: 0,
            patch: 0,
            pre: nothing(),
            metadata: nothing(),
            original: nothing(),
        };
        Some(Value::Object(Rc::new(Self { version, pointer })))
    }
}

const VERSION: Type = Type::Object("*semver.Version");

impl Object for SemverObject {
    fn type_name(&self) -> &'static str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn kind(&self) -> Kind {
        if self.pointer { Kind::Pointer } else { Kind::Struct }
    }

    fn text(&self) -> Option<String> {
        Some(self.version.to_string())
    }

    fn plain(&self) -> Option<Value> {
        Some(text(self.version.to_string()))
    }

    fn fields(&self) -> Vec<(&'static str, Node)> {
        let Version { major, minor, patch, pre, metadata, original } = &self.version;
        let node = |value| Node::new(value, OriginId::NONE);
        vec![
            ("major", node(Value::Uint64(*major))),
            ("minor", node(Value::Uint64(*minor))),
            ("patch", node(Value::Uint64(*patch))),
            ("pre", node(text(pre))),
            ("metadata", node(text(metadata))),
            ("original", node(text(original))),
        ]
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        let found = find(VERSION_METHODS, name);
        found.or_else(|| if self.pointer { find(POINTER_METHODS, name) } else { None })
    }
}

fn next(version: &SemverObject, part: usize) -> Value {
    let mut version = version.version.clone();
    let release = version.pre.is_empty();
    let prefix = if version.original.starts_with('v') { "v" } else { "" };
    (version.pre, version.metadata) = (String::new(), String::new());
    match part {
        0 => (version.major, version.minor, version.patch) = (version.major.saturating_add(1), 0, 0),
        1 => (version.minor, version.patch) = (version.minor.saturating_add(1), 0),
        _ if release => version.patch = version.patch.saturating_add(1),
        // A pre-release comes before the version it is named after.
        _ => {}
    }
    version.original = format!("{prefix}{version}");
    object(SemverObject { version, pointer: false })
}

fn compare(version: &SemverObject, args: &Args<'_>) -> std::cmp::Ordering {
    let other = args.value(0).as_object::<SemverObject>();
    other.map_or(std::cmp::Ordering::Greater, |other| version.version.compare(&other.version))
}

const VERSION_METHODS: &[Method] = methods! { SemverObject;
    "IncMajor"() => |_, version, _| next(version, 0),
    "IncMinor"() => |_, version, _| next(version, 1),
    "IncPatch"() => |_, version, _| next(version, 2),
    "Major"() => |_, version, _| Value::Uint64(version.version.major),
    "Metadata"() => |_, version, _| text(&version.version.metadata),
    "Minor"() => |_, version, _| Value::Uint64(version.version.minor),
    "Patch"() => |_, version, _| Value::Uint64(version.version.patch),
    "Prerelease"() => |_, version, _| text(&version.version.pre),
    "String"() => |_, version, _| text(version.version.to_string()),
};

const POINTER_METHODS: &[Method] = methods! { SemverObject;
    "Compare"(VERSION) => |_, version, args| int(compare(version, args) as i64),
    "Equal"(VERSION) => |_, version, args| Value::Bool(compare(version, args).is_eq()),
    "GreaterThan"(VERSION) => |_, version, args| Value::Bool(compare(version, args).is_gt()),
    "GreaterThanEqual"(VERSION) => |_, version, args| Value::Bool(compare(version, args).is_ge()),
    "LessThan"(VERSION) => |_, version, args| Value::Bool(compare(version, args).is_lt()),
    "LessThanEqual"(VERSION) => |_, version, args| Value::Bool(compare(version, args).is_le()),
    "Original"() => |_, version, _| text(&version.version.original),
};

/// `sprig.certificate`: a certificate and its key, both PEM.
#[derive(Clone, Debug)]
pub(super) struct CertificateObject {
    pub(super) cert: Node,
    pub(super) key: Node,
}

impl Object for CertificateObject {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn field(&self, name: &str) -> Option<Node> {
        match name {
            "Cert" => Some(self.cert.clone()),
            "Key" => Some(self.key.clone()),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Node)> {
        vec![("Cert", self.cert.clone()), ("Key", self.key.clone())]
    }
}
