//! `render --origins`: the output with the place of each line beside it.

use std::fmt::Write as _;

use super::phrase::{causes, home_line};
use crate::engine::render::DocumentTrace;
use crate::report::clean::{clean, clean_line};
use crate::report::style::{Paint, Style};

/// Width that lines are filled up to, so that the arrows stand below each other.
const TEXT_WIDTH: usize = 44;

/// Each document with its template: the template's line, the rendered line, what it came from.
pub fn origins(documents: &[DocumentTrace], style: &Style) -> String {
    let mut output = String::new();
    for document in documents {
        let title = if document.title.is_empty() { String::new() } else { format!("  {}", document.title) };
        let heading = format!("{}{title}", document.template);
        let _ = writeln!(output, "{}", style.paint(Paint::Bold, &clean_line(&heading)));
        let bar = style.paint(Paint::Dim, if style.unicode { "│" } else { "|" });
        for line in &document.lines {
            let number = home_line(&line.cause, &document.template);
            let number = number.map_or_else(|| " ".repeat(5), |number| format!("{number:5}"));
            let causes = causes(&line.cause, &document.template, style);
            let text = clean(&line.text);
            let text = text.trim_end();
            let number = style.paint(Paint::Dim, &number);
            if causes.is_empty() {
                let _ = writeln!(output, "{}", format!("{number} {bar} {text}").trim_end());
                continue;
            }
            let fill = TEXT_WIDTH.saturating_sub(text.chars().count());
            let _ = writeln!(output, "{number} {bar} {text}{} {causes}", " ".repeat(fill));
        }
        output.push('\n');
    }
    output
}
