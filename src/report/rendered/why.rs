//! `render --why`: reasons, each with its place.

use std::fmt::Write as _;

use super::phrase::{causes, shown};
use crate::engine::render::Answer;
use crate::report::clean::clean_line;
use crate::report::style::{Paint, Style};

/// One paragraph for each reason.
pub fn answer(question: &str, answer: &Answer, style: &Style) -> String {
    let mut output = format!("{}\n", style.paint(Paint::Bold, &clean_line(question)));
    for reason in &answer.reasons {
        let place = reason.place.as_ref().map(|place| format!("{}: ", shown(place))).unwrap_or_default();
        let _ = writeln!(output, "  {place}{}", clean_line(&reason.text));
        let home = reason.place.as_ref().map_or("", |place| place.source.name());
        let causes = causes(&reason.cause, home, style);
        if !causes.is_empty() {
            let _ = writeln!(output, "      {causes}");
        }
        for value in &reason.cause.values {
            let written = value.place.source.slice(value.place.span);
            if written.len() <= 60 && !written.contains('\n') && !written.is_empty() {
                let _ = writeln!(output, "      {} is {}", clean_line(&value.key), clean_line(written));
            }
        }
    }
    output
}
