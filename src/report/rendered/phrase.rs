//! A cause in a few words: `← values.yaml:4 image.tag (over base.yaml:2)`.

use crate::engine::render::{Explanation, SourcePlace};
use crate::report::clean::clean_line;
use crate::report::style::{Paint, Style};

/// The line of a template file in which a line of its output was asked for: where it stands itself,
/// or the outermost call that led to it.
pub(super) fn home_line(cause: &Explanation, template: &str) -> Option<u32> {
    let mut places = cause.template.iter().chain(cause.calls.iter().map(|call| &call.place));
    places.rfind(|place| &**place.source.name() == template).map(|place| place.start().line)
}

/// What a line came from, beside its own place in `template`.
pub(super) fn causes(cause: &Explanation, template: &str, style: &Style) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(place) = cause.template.as_ref().filter(|place| &**place.source.name() != template) {
        let name = cause.calls.first().map_or_else(String::new, |call| format!(" {}", call.name));
        parts.push(format!("{}{name}", shown(place)));
    }
    for value in &cause.values {
        let over: Vec<String> = value.over.iter().map(shown).collect();
        let over = if over.is_empty() { String::new() } else { format!(" (over {})", over.join(", ")) };
        let key = style.paint(Paint::Bold, &clean_line(&value.key));
        parts.push(format!("{} {key}{over}", shown(&value.place)));
    }
    parts.extend(cause.absent.iter().map(|absent| format!("{} is not set", clean_line(&absent.key))));
    parts.extend(cause.files.iter().map(shown));
    parts.extend(cause.context.iter().map(|name| clean_line(name)));
    parts.extend(cause.functions.iter().map(|name| format!("{}()", clean_line(name))));
    let arrow = if style.unicode { "←" } else { "<-" };
    parts
        .iter()
        .map(|part| format!("{} {part}", style.paint(Paint::Cyan, arrow)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// `FILE:LINE`, safe for a terminal.
pub(super) fn shown(place: &SourcePlace) -> String {
    clean_line(&place.line())
}
