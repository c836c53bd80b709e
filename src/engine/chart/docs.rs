//! Tables of values in a chart's README.md, which a program makes from values.yaml.

use std::sync::Arc;

use crate::source::{Problem, ProblemKind, Source, Span};

use super::ChartInput;

/// Programs that write such tables, and the head of the table as each writes it.
const PROGRAMS: [(&str, &str); 2] = [
    ("helm-docs", "| Key | Type | Default | Description |"),
    ("readme-generator", "| Name | Description | Value |"),
];

/// Says that the table in a chart's README.md does not show what values.yaml will say.
pub(super) fn stale(input: &ChartInput) -> Option<Problem> {
    let path = input.inside("README.md");
    let bytes = input.files.read(&path).ok()?;
    let source = Arc::new(Source::from_bytes(path, bytes).ok()?);
    let (program, span) = table(source.text())?;
    let message = "values.yaml changes, and this table of its keys does not";
    let help = format!("run {program} again");
    Some(Problem::new(ProblemKind::Warning, &source, span, message).with_help(help))
}

/// The program of the first table, and the head of the table.
fn table(text: &str) -> Option<(&'static str, Span)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // Columns are often padded.
        let head = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((program, _)) = PROGRAMS.iter().find(|(_, known)| *known == head) {
            return Some((program, Span::new(at, at + line.trim_end().len())));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_known_by_their_heads() {
        let found = |text: &str| table(text).map(|(program, span)| (program, span.start()));
        assert_eq!(found("# a\n\n| Key | Type | Default | Description |\n"), Some(("helm-docs", 5)));
        assert_eq!(found("| Name      | Description | Value  |\r\n"), Some(("readme-generator", 0)));
        assert_eq!(found("| Key | Meaning |\n|---|---|\n"), None);
    }
}
