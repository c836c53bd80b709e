//! Recipes, described: the table of all, and one in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::rule::{Recipe, recipes};

use super::json;
use super::rules::RuleFormat;
use super::style::{Paint, Style};

/// All recipes, one a line.
#[must_use]
pub fn recipe_table(format: RuleFormat, style: &Style) -> String {
    match format {
        RuleFormat::Json => json::text(recipes()),
        RuleFormat::Markdown => {
            let mut output = String::from("| recipe | what it does |\n|---|---|\n");
            for (name, recipe) in recipes() {
                let _ = writeln!(output, "| `{name}` | {} |", recipe.title);
            }
            output
        }
        RuleFormat::Text => {
            let width = recipes().keys().map(String::len).max().unwrap_or(0);
            let mut output = String::new();
            for (name, recipe) in recipes() {
                let name = style.paint(Paint::Bold, &format!("{name:width$}"));
                let _ = writeln!(output, "{name}  {}", recipe.title);
            }
            output
        }
    }
}

/// One recipe in full.
#[must_use]
pub fn explain_recipe(name: &str, recipe: &Recipe, format: RuleFormat, style: &Style) -> String {
    if format == RuleFormat::Json {
        return json::text(&BTreeMap::from([(name, recipe)]));
    }
    let markdown = format == RuleFormat::Markdown;
    let code = |text: &str| if markdown { format!("`{text}`") } else { text.to_owned() };
    let list = |words: &[String]| words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", ");
    let heading = if markdown { format!("# {name}") } else { style.paint(Paint::Bold, name) };
    let mut output = format!("{heading}\n\n{}.\n\n{}\n\n", recipe.title, recipe.about.trim());
    let _ = writeln!(
        output,
        "Apply it with {}; with {} it only shows the diff.",
        code(&format!("seaworthy fix --recipe {name} PATH")),
        code("--diff")
    );
    let _ = writeln!(output, "It makes all of the change or, with the reasons, nothing.\n");
    let _ = writeln!(output, "Images: {}", list(&recipe.images));
    let _ = writeln!(output, "Rules on the Dockerfile: {}", list(&recipe.dockerfile));
    let _ = writeln!(output, "Rules on the workloads: {}", list(&recipe.workload));
    output
}
