//! Why a chart does not render, with the way there and the values involved.

use std::fmt::Write as _;

use super::phrase::{causes, home_line, shown};
use crate::engine::render::RenderFailure;
use crate::report::clean::{clean, clean_line};
use crate::report::pretty::problem;
use crate::report::style::{Paint, Style};

/// Most calls that are shown.
const MOST_CALLS: usize = 8;

/// A frame around the place, the calls that led there, the values, the rendered lines.
pub fn failure(failure: &RenderFailure, style: &Style) -> String {
    let mut output = problem(&failure.problem, style);
    for call in failure.calls.iter().take(MOST_CALLS) {
        let name = clean_line(&call.name);
        let _ =
            writeln!(output, "  {} {name}, called at {}", style.paint(Paint::Cyan, "in"), shown(&call.place));
    }
    if failure.calls.len() > MOST_CALLS {
        let _ = writeln!(output, "  … and {} calls more", failure.calls.len() - MOST_CALLS);
    }
    let home = failure.problem.path.to_string();
    for value in &failure.cause.values {
        let over: Vec<String> = value.over.iter().map(shown).collect();
        let over = if over.is_empty() { String::new() } else { format!(" (over {})", over.join(", ")) };
        let from = style.paint(Paint::Cyan, "value");
        let _ = writeln!(output, "  {from} {} at {}{over}", clean_line(&value.key), shown(&value.place));
    }
    for absent in &failure.cause.absent {
        let _ = writeln!(
            output,
            "  {} {} is not set",
            style.paint(Paint::Cyan, "value"),
            clean_line(&absent.key)
        );
    }
    let Some((marked, lines)) = &failure.rendered else { return output };
    let _ = writeln!(output, "  {}", style.paint(Paint::Cyan, "rendered:"));
    let bar = style.paint(Paint::Dim, if style.unicode { "│" } else { "|" });
    for (at, line) in lines.iter().enumerate() {
        let number = failure.first_line + at;
        let sign = if at == *marked { style.paint(Paint::Red, ">") } else { " ".to_owned() };
        let home_line =
            home_line(&line.cause, &home).map_or_else(String::new, |line| format!("{home}:{line} "));
        let causes = causes(&line.cause, &home, style);
        let from = if at == *marked { String::new() } else { clean_line(&home_line) };
        let text = clean(&line.text);
        let tail = format!("{from}{causes}");
        let tail =
            if tail.is_empty() { tail } else { format!("   {}", style.paint(Paint::Dim, tail.trim_end())) };
        let _ = writeln!(output, "  {sign} {number:4} {bar} {}{tail}", text.trim_end());
    }
    output
}
