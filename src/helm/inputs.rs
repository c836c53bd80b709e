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

#[cfg(test)]
mod scratch {
    use super::*;
    use crate::helm::load::{LoadOptions, load_folder};
    use crate::helm::value::Value;
    use crate::helm::values::ValuesFile;
    use crate::project::DiskFiles;
    use crate::source::{Limits, Source};
    use serde_json::Value as J;

    fn json(node: &Node) -> J {
        match &node.value {
            Value::Bool(v) => J::Bool(*v),
            Value::Int64(v) | Value::Int(v) => J::from(*v),
            Value::Float(v) => {
                if v.fract() == 0.0 && v.abs() < 1e18 {
                    J::from(*v as i64)
                } else {
                    J::from(*v)
                }
            }
            Value::Str(t) => J::String(t.to_text().into_owned()),
            Value::List(l) => J::Array(l.items().iter().map(json).collect()),
            Value::Map(m) => J::Object(
                m.snapshot()
                    .iter()
                    .map(|(k, e)| (String::from_utf8_lossy(k).into_owned(), json(&e.node)))
                    .collect(),
            ),
            _ => J::Null,
        }
    }
    fn norm(v: &J) -> J {
        match v {
            J::Number(n) => {
                let f = n.as_f64().unwrap();
                if f.fract() == 0.0 && f.abs() < 1e18 { J::from(f as i64) } else { J::from(f) }
            }
            J::Array(a) => J::Array(a.iter().map(norm).collect()),
            J::Object(o) => {
                let mut k: Vec<_> = o.iter().collect();
                k.sort_by(|a, b| a.0.cmp(b.0));
                J::Object(k.into_iter().map(|(k, v)| (k.clone(), norm(v))).collect())
            }
            o => o.clone(),
        }
    }
    fn diff(path: String, a: &J, b: &J, out: &mut Vec<String>) {
        match (a, b) {
            (J::Object(x), J::Object(y)) => {
                for (k, v) in x {
                    match y.get(k) {
                        None => out.push(format!("{path}/{k}: extra {v}")),
                        Some(w) => diff(format!("{path}/{k}"), v, w, out),
                    }
                }
                for (k, v) in y {
                    if !x.contains_key(k) {
                        out.push(format!("{path}/{k}: missing {v}"))
                    }
                }
            }
            _ if a == b => {}
            _ => out.push(format!("{path}: {a} != {b}")),
        }
    }

    #[test]
    fn scratch_values() {
        let reqs = std::fs::read_to_string("/tmp/hc/reqs.jsonl").unwrap();
        let mut answers = std::collections::HashMap::new();
        for line in std::fs::read_to_string("/tmp/hc/ans.jsonl").unwrap().lines() {
            let j: J = serde_json::from_str(line).unwrap();
            answers.insert(j["id"].as_u64().unwrap(), j);
        }
        let files = DiskFiles::new(std::path::Path::new("/tmp/hc/vc"), &Limits::default()).unwrap();
        let (mut same, mut bad, mut errs) = (0, 0, 0);
        let mut total = std::time::Duration::ZERO;
        let mut times = Vec::new();
        for line in reqs.lines() {
            let r: J = serde_json::from_str(line).unwrap();
            let a = &answers[&r["id"].as_u64().unwrap()];
            let chart = r["chart"].as_str().unwrap();
            let mut run = || -> Result<(Node, Family), String> {
                let c = load_folder(&files, chart, &LoadOptions::default()).map_err(|e| e.to_string())?;
                if c.metadata.api_version == "v3" {
                    return Err("invalid chart apiVersion".into());
                }
                if c.metadata.chart_type == "library" {
                    return Err("library charts are not installable".into());
                }
                if !c.unmet.is_empty() {
                    return Err("an error occurred while checking".into());
                }
                let mut values = Vec::new();
                for v in r["values"].as_array().unwrap() {
                    let p = v.as_str().unwrap();
                    let s = Arc::new(Source::new(p, std::fs::read_to_string(p).map_err(|e| e.to_string())?));
                    values.push(Arc::new(ValuesFile::parse(&s, &Limits::default()).map_err(|e| e.message)?));
                }
                let s = Scenario { values, ..Scenario::default() };
                let t = std::time::Instant::now();
                let i = Inputs::new(&c, &s).map_err(|e| e.to_string())?;
                let t = t.elapsed();
                total += t;
                times.push((t, chart.to_owned()));
                Ok((i.values, i.family))
            };
            let got = run();
            match (got, a["ok"].as_bool().unwrap()) {
                (Ok((v, _)), true) => {
                    let m = a["manifest"].as_str().unwrap();
                    let body = m.split_once(".yaml\n").unwrap().1;
                    let Ok(j) = serde_json::from_str::<J>(body) else {
                        println!("UNPARSED {chart} {}", &body[..body.len().min(80)]);
                        continue;
                    };
                    let mut out = Vec::new();
                    diff(String::new(), &norm(&json(&v)), &norm(&j["v"]), &mut out);
                    if out.is_empty() {
                        same += 1
                    } else {
                        bad += 1;
                        println!(
                            "DIFF {chart} {}: {} {:?}",
                            r["values"],
                            out.len(),
                            out.iter()
                                .take(4)
                                .map(|s| s.chars().take(150).collect::<String>())
                                .collect::<Vec<_>>()
                        );
                    }
                }
                (Err(e), false) => {
                    errs += 1;
                    let w = a["error"].as_str().unwrap();
                    if e != w {
                        println!("ERR {chart}\n   ours {e}\n   helm {w}");
                    }
                }
                (Ok(_), false) => println!("SHOULD FAIL {chart}: {}", a["error"]),
                (Err(e), true) => println!("SHOULD PASS {chart}: {e}"),
            }
        }
        times.sort();
        println!(
            "same {same} bad {bad} errors {errs}; total {total:?}; median {:?} worst {:?}",
            times[times.len() / 2].0,
            &times[times.len() - 3..]
        );
    }
}
