//! Rendering any template with any values: no panic, within its bounds, and templates print back as they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy::helm::load::{LoadOptions, load_folder};
use seaworthy::helm::render::{Output, render};
use seaworthy::helm::scenario::Scenario;
use seaworthy::source::MemoryFiles;
use seaworthy::template::{parse, print};

// Values, a NUL, and a template.
fuzz_target!(|input: &str| {
    let (values, template) = input.split_once('\0').unwrap_or(("", input));
    if let Ok(parsed) = parse("t", template.as_bytes(), &|_| Some(0)) {
        assert_eq!(print(&parsed), template.as_bytes(), "a template that does not print back");
    }
    let mut files = MemoryFiles::default();
    files.insert("c/Chart.yaml", &b"apiVersion: v2\nname: c\nversion: 0.1.0\n"[..]);
    files.insert("c/values.yaml", values.as_bytes());
    files.insert("c/templates/t.yaml", template.as_bytes());
    let Ok(chart) = load_folder(&files, "c", &LoadOptions::default()) else { return };
    let mut scenario = Scenario::default();
    scenario.bounds.steps = 20_000;
    let _ = render(&chart, &scenario).print(&Output::default());
});
