//! `explain` and `rules`.

use crate::report::{RuleFormat, explain as explanation, explain_recipe, recipe_table, rule_table};
use crate::rule::{Rule, recipes};

use super::args::{DescribeFormat, ExplainArgs, GlobalArgs, RulesArgs};
use super::exit::{Exit, Failure};
use super::session::Session;
use super::terminal::print;

impl From<DescribeFormat> for RuleFormat {
    fn from(format: DescribeFormat) -> Self {
        match format {
            DescribeFormat::Text => Self::Text,
            DescribeFormat::Json => Self::Json,
            DescribeFormat::Markdown => Self::Markdown,
        }
    }
}

/// Describes one rule; another tool's id leads to ours.
///
/// # Errors
/// There is no such rule, or standard output is closed.
pub fn explain(args: &ExplainArgs, global: &GlobalArgs) -> Result<Exit, Failure> {
    let session = Session::open(global, None)?;
    let catalogue = &session.catalogue;
    let given = args.rule.as_str();
    let mut found: Vec<&Rule> = catalogue.rule(given).into_iter().collect();
    if found.is_empty() {
        let called = |rule: &&Rule| rule.peers.values().flatten().any(|id| id.eq_ignore_ascii_case(given));
        found = catalogue.rules().filter(called).collect();
    }
    if found.is_empty()
        && let Some(recipe) = recipes().get(given)
    {
        print(&explain_recipe(given, recipe, args.format.into(), &session.terminal.stdout))?;
        return Ok(Exit::Clean);
    }
    if found.is_empty() {
        let near = catalogue.nearest(given);
        let help = near.map_or_else(
            || "`seaworthy rules` lists all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::with_help(format!("unknown rule `{given}`"), Some(help)));
    }
    let texts: Vec<String> = found
        .into_iter()
        .map(|rule| explanation(rule, args.format.into(), &session.terminal.stdout))
        .collect();
    print(&texts.join("\n"))?;
    Ok(Exit::Clean)
}

/// Lists all rules.
///
/// # Errors
/// Standard output is closed.
pub fn rules(args: &RulesArgs, global: &GlobalArgs) -> Result<Exit, Failure> {
    let session = Session::open(global, None)?;
    if args.recipes {
        print(&recipe_table(args.format.into(), &session.terminal.stdout))?;
        return Ok(Exit::Clean);
    }
    print(&rule_table(&session.catalogue, args.format.into(), &session.terminal.stdout))?;
    Ok(Exit::Clean)
}
