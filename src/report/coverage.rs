//! `check --coverage`: branches of templates that no scenario took, for people and as LCOV.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::{BodyCoverage, ChartCoverage, Coverage, FileCoverage, Share};

use super::clean::clean_line;
use super::style::{Paint, Style};

/// How a coverage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverageFormat {
    /// What was not reached, for people.
    Text,
    /// LCOV's trace file, for programs that show it beside the code.
    Lcov,
}

/// A coverage as text.
#[must_use]
pub fn coverage(coverage: &Coverage, format: CoverageFormat, style: &Style) -> String {
    match format {
        CoverageFormat::Text => text(coverage, style),
        CoverageFormat::Lcov => lcov(coverage),
    }
}

fn words(share: Share) -> String {
    format!("branches reached: {} of {}", share.reached, share.total)
}

fn text(coverage: &Coverage, style: &Style) -> String {
    let mut output = String::new();
    let mut all = Share::default();
    for chart in &coverage.charts {
        let own = chart.own();
        (all.reached, all.total) = (all.reached + own.reached, all.total + own.total);
        one_chart(&mut output, chart, own, style);
    }
    if coverage.charts.len() > 1 {
        let line = format!("{} charts, {}", coverage.charts.len(), words(all));
        let _ = writeln!(output, "{}", style.paint(Paint::Bold, &line));
    }
    output
}

fn one_chart(output: &mut String, chart: &ChartCoverage, own: Share, style: &Style) {
    let scenarios = match chart.scenarios {
        1 => "1 scenario".to_owned(),
        number => format!("{number} scenarios"),
    };
    let head = format!("{}: {} ({scenarios})", clean_line(&chart.name), words(own));
    let _ = writeln!(output, "{}", style.paint(Paint::Bold, &head));
    for file in &chart.files {
        for body in file.bodies.iter().filter(|body| body.reached == 0) {
            let at = file.source.line_column(body.place.start());
            let place = format!("{}:{}:{}", clean_line(file.source.name()), at.line, at.column);
            let _ = writeln!(output, "  {place}: {}", clean_line(&body.words));
        }
    }
    if chart.vendored.total > 0 {
        let line = format!("vendored charts: {}", words(chart.vendored));
        let _ = writeln!(output, "  {}", style.paint(Paint::Dim, &line));
    }
    output.push('\n');
}

/// One record a file: definitions as functions, bodies as branches, lines by the innermost body.
fn lcov(coverage: &Coverage) -> String {
    let mut output = String::new();
    for file in coverage.charts.iter().flat_map(|chart| &chart.files) {
        let path = file.source.name();
        // A line end in a path would be taken for the next field.
        let path = clean_line(path.strip_prefix("./").unwrap_or(path));
        let _ = writeln!(output, "TN:\nSF:{path}");
        let line = |body: &BodyCoverage| file.source.line_column(body.place.start()).line;
        let (branches, defines): (Vec<_>, Vec<_>) =
            file.bodies.iter().partition(|body| body.structure.is_some());
        let name =
            |body: &BodyCoverage| clean_line(body.words.trim_start_matches("define ").trim_matches('"'));
        for body in &defines {
            let _ = writeln!(output, "FN:{},{}", line(body), name(body));
        }
        for body in &defines {
            let _ = writeln!(output, "FNDA:{},{}", body.reached, name(body));
        }
        let hit = |bodies: &[&BodyCoverage]| bodies.iter().filter(|body| body.reached > 0).count();
        let _ = writeln!(output, "FNF:{}\nFNH:{}", defines.len(), hit(&defines));
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        for body in &branches {
            let Some(structure) = body.structure else { continue };
            let number = numbers.entry(structure).or_default();
            let taken = if body.asked == 0 { "-".to_owned() } else { body.reached.to_string() };
            let _ = writeln!(output, "BRDA:{},{structure},{number},{taken}", line(body));
            *number += 1;
        }
        let _ = writeln!(output, "BRF:{}\nBRH:{}", branches.len(), hit(&branches));
        let lines = lines(file);
        let told = || lines.iter().enumerate().filter_map(|(at, count)| Some((at + 1, (*count)?)));
        for (number, count) in told() {
            let _ = writeln!(output, "DA:{number},{count}");
        }
        let hit = told().filter(|(_, count)| *count > 0).count();
        let _ = writeln!(output, "LF:{}\nLH:{hit}\nend_of_record", told().count());
    }
    output
}

/// In how many scenarios each line was executed; `None` for blank lines and those outside all bodies of a
/// file that only defines.
fn lines(file: &FileCoverage) -> Vec<Option<usize>> {
    let (text, index) = (file.source.text(), file.source.line_index());
    let mut counts = vec![file.executed; index.line_count()];
    // Outer bodies come first, so that the innermost one has the last word.
    for body in &file.bodies {
        let first = index.line_of(body.body.start()) + 1;
        let last = index.line_of(body.body.end());
        for count in counts.get_mut(first..last.max(first)).unwrap_or_default() {
            *count = Some(body.reached);
        }
    }
    for (line, count) in counts.iter_mut().enumerate() {
        let blank = index.line_range(text, line).and_then(|range| text.get(range));
        if blank.is_none_or(|line| line.trim().is_empty()) {
            *count = None;
        }
    }
    counts
}
