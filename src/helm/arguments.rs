//! `--set` and its kin: arguments that set values on top of values files.

use std::sync::Arc;

use super::exec::Exec;
use super::json::decode_first;
use super::rope::Str;
use super::scenario::{Scenario, SetArgument, SetKind};
use super::strvals::{Reader, Setter};
use super::value::Node;
use super::values::merge;
use crate::origin::{OriginList, Origins, PathId, SourceRole, ValueOrigin};
use crate::source::{Source, Span};

/// The user's values with all arguments applied, kind by kind in Helm's order.
///
/// # Errors
/// An argument is wrong; the text is Helm's.
pub(super) fn apply(user: Node, scenario: &Scenario, origins: &mut Origins) -> Result<Node, String> {
    let mut user = user;
    for kind in SetKind::ORDER {
        for argument in scenario.set.iter().filter(|argument| argument.kind == kind) {
            user = one(user, argument, scenario, origins)?;
        }
    }
    Ok(user)
}

fn one(
    user: Node,
    argument: &SetArgument,
    scenario: &Scenario,
    origins: &mut Origins,
) -> Result<Node, String> {
    let text = &argument.text;
    let flag = argument.kind.flag();
    let source = match &argument.at {
        Some((source, _)) => Arc::clone(source),
        None => Arc::new(Source::new(flag, text.as_str())),
    };
    let source = origins.add_source(SourceRole::Argument, source);
    let at = argument.at.as_ref().map(|(_, span)| *span);
    let Some(map) = user.value.as_map().cloned() else { return Ok(user) };
    if argument.kind == SetKind::Json && text.trim_start().starts_with('{') {
        let start = text.len() - text.trim_start().len();
        let span = at.unwrap_or_else(|| Span::new(start, text.trim_end().len()));
        let losers = OriginList::default();
        let whole = ValueOrigin { source, span, key: None, path: PathId::NONE, losers };
        let origin = origins.push_value(whole);
        let object = Str::exact(text.trim().as_bytes(), origin);
        let parsed = with_exec(origins, scenario, |exec| decode_first(exec, &object));
        return match parsed {
            Ok((node, length)) if node.value.as_map().is_some() && length == object.len() => {
                Ok(merge(origins, &user, &node))
            }
            _ => Err(format!("failed parsing --set-json data JSON: {text}")),
        };
    }
    let reader = match argument.kind {
        SetKind::Json => Reader::Json,
        SetKind::Value => Reader::Typed,
        SetKind::String => Reader::Text,
        SetKind::File => Reader::File(scenario.read_file.clone()),
        SetKind::Literal => Reader::Literal,
    };
    let done = with_exec(origins, scenario, |exec| Setter::new(text, (source, at), &reader, exec).run(&map));
    done.map_err(|error| match argument.kind {
        SetKind::Json => format!("failed parsing {flag} data {text}"),
        _ => format!("failed parsing {flag} data: {error}"),
    })?;
    Ok(user)
}

/// Lends the origins to an evaluator that has nothing to execute, as those who read JSON need one.
fn with_exec<T>(origins: &mut Origins, scenario: &Scenario, run: impl FnOnce(&mut Exec<'_>) -> T) -> T {
    let mut exec = Exec::new(std::mem::take(origins), &scenario.environment, scenario.bounds);
    let result = run(&mut exec);
    *origins = std::mem::take(&mut exec.origins);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::helm::value::Map;
    use crate::helm::values::places;

    fn set(kind: SetKind, texts: &[&str]) -> (Result<Node, String>, Origins) {
        let mut origins = Origins::new();
        let set = texts.iter().map(|text| SetArgument { kind, text: (*text).to_owned(), at: None }).collect();
        let scenario = Scenario { set, ..Scenario::default() };
        let result = apply(Node::plain(Map::new()), &scenario, &mut origins);
        (result, origins)
    }

    fn at(node: &Node, path: &[&str]) -> Node {
        path.iter().fold(node.clone(), |node, key| node.value.as_map().unwrap().get(key.as_bytes()).unwrap())
    }

    #[test]
    fn a_value_knows_its_place_in_the_argument_and_what_it_beats() {
        let (user, origins) = set(SetKind::Value, &["a.b=x,c=1", "a.b=yy"]);
        let node = at(&user.unwrap(), &["a", "b"]);
        let places = places(&origins, node.origin());
        let text = |place: &ValueOrigin| match &origins.source(place.source).text {
            crate::origin::SourceText::Written(source) => source.slice(place.span).to_owned(),
            crate::origin::SourceText::Generated { .. } => String::new(),
        };
        assert_eq!(places.iter().map(text).collect::<Vec<_>>(), ["yy", "x"]);
        assert_eq!(origins.path(places[0].path).len(), 2);
    }

    #[test]
    fn a_json_object_is_merged() {
        let (user, _) = set(SetKind::Json, &["a.b=1", r#"{"a":{"c":[true]}}"#]);
        let user = user.unwrap();
        assert!(at(&user, &["a", "b"]).value.is_true() && at(&user, &["a", "c"]).value.is_true());
        let (error, _) = set(SetKind::Json, &["{"]);
        assert_eq!(error.unwrap_err(), "failed parsing --set-json data JSON: {");
    }
}
