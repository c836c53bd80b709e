//! From a chart and a scenario to the values that templates see: the user's values, dependencies,
//! coalescing, schemas.

use std::sync::Arc;

use super::chart::Chart;
use super::coalesce::{Coalescer, TypeMismatch, ValuesWarning};
use super::dependency;
use super::family::{Family, MemberId};
use super::scenario::Scenario;
use super::schema::{CompiledSchema, SchemaError, Violation};
use super::value::{Map, Node};
use super::values::{deep_copy, merge};
use crate::origin::{Origin, Origins};
use crate::source::{Problem, ProblemKind};

/// Values that a schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{text}")]
pub struct SchemaFailure {
    /// Each chart's name and errors, as Helm prints them.
    pub text: String,
    /// The single errors: chart, and what is wrong.
    pub violations: Vec<(String, Violation)>,
}

/// Why there are no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// An argument that sets values is wrong.
    #[error("{0}")]
    Argument(String),
    /// A value where a subchart needs a table, met while dependencies were settled.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(TypeMismatch),
    /// The same, met later.
    #[error("{0}")]
    Coalesce(TypeMismatch),
}

/// What a render starts from.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The charts that take part.
    pub family: Family,
    /// The root chart's `.Values`.
    pub values: Node,
    /// Where all that came from.
    pub origins: Origins,
    /// What Helm would log.
    pub warnings: Vec<ValuesWarning>,
}

impl Inputs {
    /// Settles dependencies and values.
    pub fn new(chart: &Arc<Chart>, scenario: &Scenario) -> Result<Self, InputError> {
        let mut origins = Origins::new();
        let mut warnings = Vec::new();
        let user = user_values(scenario, &mut origins)?;
        let family = dependency::settle(chart, &user, &mut origins, &mut warnings)
            .map_err(InputError::Dependencies)?;
        let values = coalesce(&family, &user, &mut origins, &mut warnings).map_err(InputError::Coalesce)?;
        Ok(Self { family, values, origins, warnings })
    }
}

fn user_values(scenario: &Scenario, origins: &mut Origins) -> Result<Node, InputError> {
    let mut user: Option<Node> = None;
    for file in &scenario.values {
        let node = file.to_map(origins);
        user = Some(match user {
            None => node,
            Some(before) => merge(origins, &before, &node),
        });
    }
    let user = user.unwrap_or_else(|| Node::plain(Map::new()));
    super::arguments::apply(user, scenario, origins).map_err(InputError::Argument)
}

fn coalesce(
    family: &Family,
    user: &Node,
    origins: &mut Origins,
    warnings: &mut Vec<ValuesWarning>,
) -> Result<Node, TypeMismatch> {
    let root = family.root();
    let own = family.values(root).origin();
    let origin = [own, user.origin()].into_iter().find(|origin| !origin.is_none()).unwrap_or_else(|| {
        let name = origins.name("Values");
        origins.push(Origin::Context { name })
    });
    let copy = user.value.as_map().map_or_else(Map::new, |map| deep_copy(map, family.imports()));
    let dest = Node::new(copy, origin);
    let consume = family.is_tree();
    Coalescer { family, origins, warnings, merge: false, spread_nils: false, consume }.run(root, &dest)?;
    Ok(dest)
}

/// Checks the values of each chart against its schema. The second part says which schemas could
/// not be used.
pub(super) fn check_schemas(family: &Family, values: &Node) -> (Option<SchemaFailure>, Vec<Problem>) {
    let mut check = SchemaCheck {
        family,
        failure: SchemaFailure { text: String::new(), violations: Vec::new() },
        problems: Vec::new(),
    };
    check.chart(family.root(), values);
    let SchemaCheck { failure, problems, .. } = check;
    ((!failure.text.is_empty()).then_some(failure), problems)
}

struct SchemaCheck<'a> {
    family: &'a Family,
    failure: SchemaFailure,
    problems: Vec<Problem>,
}

impl SchemaCheck<'_> {
    fn chart(&mut self, member: MemberId, values: &Node) {
        let name = self.family.name(member);
        let chart = self.family.chart(member);
        match chart.compiled_schema() {
            None => {}
            Some(Ok(schema)) => self.validate(name, schema, values),
            Some(Err(SchemaError::Broken(message))) => {
                self.failure.text.push_str(&format!("{name}:\n{message}"));
            }
            Some(Err(error)) => {
                let path = chart
                    .schema
                    .as_ref()
                    .map_or_else(|| Arc::clone(&chart.folder), |it| Arc::clone(&it.path));
                self.problems.push(Problem::of_path(ProblemKind::Warning, path, error.to_string()));
            }
        }
        for &child in self.family.children(member) {
            let name = self.family.name(child);
            if let Some(table) = values.value.as_map().and_then(|map| map.get(name.as_bytes()))
                && table.value.as_map().is_some()
            {
                self.chart(child, &table);
            }
        }
    }

    fn validate(&mut self, name: &str, schema: &CompiledSchema, values: &Node) {
        if let Err(violations) = schema.validate(values) {
            self.failure.text.push_str(&format!("{name}:\n{}", violations.text));
            self.failure.violations.extend(violations.leaves.into_iter().map(|leaf| (name.to_owned(), leaf)));
        }
    }
}
