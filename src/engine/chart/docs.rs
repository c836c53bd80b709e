//! Tables of values in a chart's README.md, which a program makes from values.yaml.

use std::sync::Arc;

use crate::source::{Problem, ProblemKind, Source, Span};

use super::ChartInput;

/// Programs that write such tables: what they are called, the head of the table as each writes it, and the command.
const PROGRAMS: [(&str, &str, &str); 2] = [
    ("helm-docs", "| Key | Type | Default | Description |", "helm-docs"),
    (
        "readme-generator",
        "| Name | Description | Value |",
        "readme-generator --values values.yaml --readme README.md",
    ),
];

/// Says that the table in a chart's README.md does not show what values.yaml will say.
pub(super) fn stale(input: &ChartInput) -> Option<Problem> {
    let path = input.inside("README.md");
    let bytes = input.files.read(&path).ok()?;
    let source = Arc::new(Source::from_bytes(path, bytes).ok()?);
    let (program, command, span) = table(source.text())?;
    let message = format!(
        "values.yaml changes, and this table does not: {program} makes it, so that it has to be run again"
    );
    Some(Problem::new(ProblemKind::Warning, &source, span, message).with_help(command))
}

/// The program of the first table, its command, and the head of the table.
fn table(text: &str) -> Option<(&'static str, &'static str, Span)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        // Columns are often padded.
        let head = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((program, _, command)) = PROGRAMS.iter().find(|(_, known, _)| *known == head) {
            return Some((program, command, Span::new(at, at + line.trim_end().len())));
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
        let found = |text: &str| table(text).map(|(program, _, span)| (program, span.start()));
        assert_eq!(found("# a\n\n| Key | Type | Default | Description |\n"), Some(("helm-docs", 5)));
        assert_eq!(found("| Name      | Description | Value  |\r\n"), Some(("readme-generator", 0)));
        assert_eq!(found("| Key | Meaning |\n|---|---|\n"), None);
    }
}
