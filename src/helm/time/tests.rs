use super::*;

fn time(text: &str) -> Time {
    Time::parse(b"2006-01-02T15:04:05Z07:00", text.as_bytes()).unwrap()
}

fn shown(time: &Time, layout: &str) -> String {
    String::from_utf8(time.format(layout.as_bytes())).unwrap()
}

#[test]
fn layouts_print_every_part() {
    let instant = time("2024-02-09T07:05:03.120Z");
    for (layout, text) in [
        ("Mon Jan _2 15:04:05 MST 2006", "Fri Feb  9 07:05:03 UTC 2024"),
        ("Monday, January 2, 06 3:4:5 pm", "Friday, February 9, 24 7:5:3 am"),
        ("002 __2 02 01 1 03PM", "040  40 09 02 2 07AM"),
        ("05.000 05.999 05,9999999999 .99x .9", "03.120 03.12 03,12 .12x .1"),
        ("_2006 2006-07 Z0700 -07:00 -07 -070000", "_2024 2024+00 Z +00:00 +00 +000000"),
        ("Janx Monx 00 0 7", "Janx Monx 00 0 7"),
    ] {
        assert_eq!(shown(&instant, layout), text, "{layout}");
    }
}

#[test]
fn zones_shift_what_is_shown() {
    let instant = time("2024-07-01T12:00:00Z");
    let there = instant.in_zone(Zone::load("Europe/Berlin").unwrap());
    assert_eq!(shown(&there, "2006-01-02 15:04:05 -0700 MST"), "2024-07-01 14:00:00 +0200 CEST");
    let fixed = time("2024-01-01T00:00:00-05:30");
    assert_eq!(String::from_utf8(fixed.to_text()).unwrap(), "2024-01-01 00:00:00 -0530 -0530");
    assert!(Zone::load("europe/berlin").is_none() && Zone::load("Nowhere/City").is_none());
}

#[test]
fn far_years_print_and_count() {
    assert_eq!(shown(&Time::ZERO, "2006-01-02 15:04:05 Mon"), "0001-01-01 00:00:00 Mon");
    let far = Time::from_seconds(i64::MAX / 2);
    assert!(far.to_rfc3339().is_none());
    for seconds in [-62_135_596_801, -1, 0, 951_782_400, 4_102_444_799] {
        let civil = Time::from_seconds(seconds).civil();
        let clock = [civil.hour, civil.minute, civil.second].map(i64::from);
        let day = i64::from(civil.day);
        let back = Time::from_civil(civil.year, i64::from(civil.month), day, clock, 0, Zone::Utc);
        assert_eq!(back.seconds, seconds);
    }
}

#[test]
fn texts_that_break_the_layout_are_refused_with_gos_words() {
    for (layout, text, message) in [
        ("2006-01-02", "2024-13-01", "parsing time \"2024-13-01\": month out of range"),
        ("2006-01-02", "2024-02-30", "parsing time \"2024-02-30\": day out of range"),
        ("2006-01-02", "x", "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\""),
        ("2006-01-02", "2024", "parsing time \"2024\" as \"2006-01-02\": cannot parse \"\" as \"-\""),
        ("2006", "2024é", "parsing time \"2024\\xc3\\xa9\": extra text: \"\\xc3\\xa9\""),
        ("2006 002", "2023 366", "parsing time \"2023 366\": day-of-year out of range"),
        ("15:04", "24:00", "parsing time \"24:00\": hour out of range"),
    ] {
        let error = Time::parse(layout.as_bytes(), text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn parsing_takes_what_layouts_leave_out() {
    for (layout, text, unix) in [
        ("15:04:05", "00:00:01.5", -62_167_219_199),
        ("2006-01-02 3:04PM", "2024-01-01 12:30AM", 1_704_069_000),
        ("2006-002", "2024-060", 1_709_164_800),
        ("02 Jan 06 15:04 MST", "29 feb 24 00:00 CET", 1_709_164_800),
        ("2006-01-02T15:04:05-0700", "2024-02-29T01:00:00+0100", 1_709_164_800),
        ("Jan  _2 2006", "Feb 9 2024", 1_707_436_800),
    ] {
        assert_eq!(Time::parse(layout.as_bytes(), text.as_bytes()).unwrap().seconds, unix, "{layout} {text}");
    }
}

#[test]
fn durations_read_and_print() {
    for (text, nanos, printed) in [
        ("1h2m3.5s", 3_723_500_000_000, "1h2m3.5s"),
        ("-1.5h", -5_400_000_000_000, "-1h30m0s"),
        ("1500us", 1_500_000, "1.5ms"),
        ("1.5us", 1_500, "1.5\u{b5}s"),
        ("90s", 90_000_000_000, "1m30s"),
        (".5s", 500_000_000, "500ms"),
        ("0", 0, "0s"),
        ("7ns", 7, "7ns"),
        ("-9223372036854775808ns", i64::MIN, "-2562047h47m16.854775808s"),
    ] {
        assert_eq!(parse_duration(text.as_bytes()).unwrap(), nanos, "{text}");
        assert_eq!(format_duration(nanos), printed);
    }
    for (text, message) in [
        ("", "time: invalid duration \"\""),
        ("1", "time: missing unit in duration \"1\""),
        ("1d", "time: unknown unit \"d\" in duration \"1d\""),
        (".s", "time: invalid duration \".s\""),
        ("9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""),
    ] {
        assert_eq!(parse_duration(text.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn rounding_goes_to_the_nearest_and_never_overflows() {
    assert_eq!([round(15, 10), round(-15, 10), round(14, 10), round(7, 0)], [20, -20, 10, 7]);
    assert_eq!([round(i64::MAX, 1 << 62), round(i64::MIN, i64::MAX)], [i64::MAX, -i64::MAX]);
    assert_eq!([truncate(19, 10), truncate(-19, 10)], [10, -10]);
}
