//! `render --diff`: what differs between two renders, line by line, with the cause of each line.

use std::fmt::Write as _;

use super::phrase::{causes, home_line};
use crate::engine::render::{DocumentTrace, LineTrace};
use crate::report::clean::{clean, clean_line};
use crate::report::diff::{LineSide, line_groups};
use crate::report::style::{Paint, Style};

/// Lines of context around changed ones.
const CONTEXT: usize = 2;

/// The documents that differ, in the order of the second render, then those that are gone. Empty
/// where nothing differs.
pub fn changes(before: &[DocumentTrace], after: &[DocumentTrace], style: &Style) -> String {
    let mut taken = vec![false; before.len()];
    let mut output = String::new();
    for document in after {
        let free = taken.iter_mut().zip(before).find(|(taken, other)| !**taken && is_same(other, document));
        let partner = free.map(|(taken, other)| {
            *taken = true;
            other
        });
        write_document(&mut output, partner, Some(document), style);
    }
    for (document, _) in before.iter().zip(&taken).filter(|(_, taken)| !**taken) {
        write_document(&mut output, Some(document), None, style);
    }
    output
}

/// Whether two documents are one object, as far as file, kind and name tell. The chart's name is
/// the first part of the path and may change.
fn is_same(a: &DocumentTrace, b: &DocumentTrace) -> bool {
    let inner =
        |path: &str| path.split_once('/').map_or_else(|| path.to_owned(), |(_, inner)| inner.to_owned());
    a.title == b.title && inner(&a.path) == inner(&b.path)
}

fn write_document(
    output: &mut String,
    before: Option<&DocumentTrace>,
    after: Option<&DocumentTrace>,
    style: &Style,
) {
    let Some(document) = after.or(before) else { return };
    let texts = |side: Option<&DocumentTrace>| -> Vec<String> {
        side.map_or_else(Vec::new, |side| side.lines.iter().map(|line| line.text.clone()).collect())
    };
    let groups = line_groups(&texts(before), &texts(after), CONTEXT);
    if groups.is_empty() && before.is_some() == after.is_some() {
        return;
    }
    let what = match (before, after) {
        (None, _) => " (new)",
        (_, None) => " (gone)",
        _ => "",
    };
    let title = if document.title.is_empty() { String::new() } else { format!("  {}", document.title) };
    let heading = clean_line(&format!("{}{title}{what}", document.template));
    let _ = writeln!(output, "{}", style.paint(Paint::Bold, &heading));
    for (at, group) in groups.iter().enumerate() {
        if at > 0 {
            let _ = writeln!(output, "{}", style.paint(Paint::Dim, "      …"));
        }
        for change in group {
            let (side, sign, paint) = match change {
                LineSide::Before(at) => (before.and_then(|it| it.lines.get(*at)), "-", Some(Paint::Red)),
                LineSide::After(at) => (after.and_then(|it| it.lines.get(*at)), "+", Some(Paint::Green)),
                LineSide::Both(_, at) => (after.and_then(|it| it.lines.get(*at)), " ", None),
            };
            if let Some(line) = side {
                write_line(output, line, &document.template, sign, paint, style);
            }
        }
    }
    output.push('\n');
}

fn write_line(
    output: &mut String,
    line: &LineTrace,
    template: &str,
    sign: &str,
    paint: Option<Paint>,
    style: &Style,
) {
    let number =
        home_line(&line.cause, template).map_or_else(|| " ".repeat(5), |number| format!("{number:5}"));
    let text = clean(&line.text);
    let text = format!("{sign} {}", text.trim_end());
    let Some(paint) = paint else {
        let _ = writeln!(output, "{}", format!("{} {text}", style.paint(Paint::Dim, &number)).trim_end());
        return;
    };
    let causes = causes(&line.cause, template, style);
    let tail = if causes.is_empty() { causes } else { format!("   {causes}") };
    let _ = writeln!(output, "{} {}{tail}", style.paint(Paint::Dim, &number), style.paint(paint, &text));
}
