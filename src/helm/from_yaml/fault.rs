//! go-yaml's words for what is wrong with a text. `fromYaml` puts them into the map it returns, so
//! they can reach the output.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize as _;
use serde::de::IgnoredAny;

use crate::helm::number;
use crate::source::{Limits, Problem, Source};
use crate::yaml::{self, Kind, NodeId, Scalar, SpanTree};

/// The problems that libyaml's parser reports, in contrast to its scanner: go-yaml counts lines
/// otherwise for them.
const PARSER_PROBLEMS: [&str; 10] = [
    "did not find expected <stream-start>",
    "did not find expected <document start>",
    "did not find expected node content",
    "did not find expected '-' indicator",
    "did not find expected key",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "found undefined tag handle",
    "found incompatible YAML document",
    "found duplicate %YAML directive",
];

/// go-yaml's message for bytes that are no UTF-8.
pub(super) fn encoding(bytes: &[u8]) -> String {
    libyaml(bytes).unwrap_or_else(|| "yaml: invalid leading UTF-8 octet".to_owned())
}

/// go-yaml's message for a text that was refused.
pub(super) fn message(bytes: &[u8], problem: &Problem) -> String {
    libyaml(bytes).or_else(|| semantic(problem)).unwrap_or_else(|| format!("yaml: {}", problem.message))
}

/// What libyaml, of which go-yaml's reader is a translation, says of the grammar.
fn libyaml(bytes: &[u8]) -> Option<String> {
    let document = serde_yaml::Deserializer::from_slice(bytes).next()?;
    let error = IgnoredAny::deserialize(document).err()?;
    let text = error.to_string();
    // `PROBLEM at line L column C, CONTEXT at line L column C`; other errors are not about grammar.
    let (problem, places) = match text.find(" at line ").or(text.find(" at position ")) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let problem = problem.split_once(", while ").map_or(problem, |(problem, _)| problem);
    // go-yaml still has libyaml's misspelling.
    let problem = &*problem.replace("hexadecimal", "hexdecimal");
    let known = [
        "did not find",
        "could not find",
        "found ",
        "mapping values",
        "block sequence",
        "control characters",
    ];
    let known =
        known.iter().chain(&["invalid leading", "invalid trailing", "incomplete UTF-8", "invalid length"]);
    let known = known.chain(&["while ", "block collection", "mapping keys", "invalid Unicode"]);
    if !known.clone().any(|start| problem.starts_with(start)) {
        return None;
    }
    let line_of = |text: &str| -> Option<u64> {
        let digits = text.strip_prefix(" at line ")?;
        digits.split(' ').next()?.parse().ok()
    };
    // libyaml's lines count from 1 here, go-yaml's from 0.
    let line = line_of(places).map_or(0, |line| line - 1);
    let parser = PARSER_PROBLEMS.contains(&problem);
    let context = places.rfind(" at line ").filter(|at| *at > 0).and_then(|at| line_of(&places[at..]));
    let line = match line {
        0 => context.map_or(0, |line| line - 1),
        line if parser => line,
        line => line + 1,
    };
    Some(if line == 0 { format!("yaml: {problem}") } else { format!("yaml: line {line}: {problem}") })
}

/// go-yaml's words for what our own checks refuse though the grammar allows it.
fn semantic(problem: &Problem) -> Option<String> {
    let source = problem.source.as_ref()?;
    let text = source.slice(problem.span);
    let own = problem.message.as_str();
    // What go-yaml takes, `%YAML 1.1`, was taken before.
    if own.starts_with("kubectl refuses documents with a `%`") && text.starts_with("%YAML") {
        return Some("yaml: found incompatible YAML document".to_owned());
    }
    if own.starts_with("no anchor `&") {
        let name = own.split(['&', '`']).nth(2).unwrap_or("");
        return Some(format!("yaml: unknown anchor '{name}' referenced"));
    }
    if own.starts_with("the alias stands inside") {
        return Some(format!("yaml: anchor '{}' value contains itself", text.trim_start_matches('*')));
    }
    if own.starts_with("`<<` takes") {
        return Some("yaml: map merge requires map or sequence of maps as the value".to_owned());
    }
    if own.contains("excessive aliasing") || own.starts_with("aliases stand for more") {
        return Some("yaml: document contains excessive aliasing".to_owned());
    }
    if own.contains("JSON, and so Kubernetes, cannot hold") {
        let word = text.to_ascii_lowercase();
        let value = match word.trim_start_matches('+') {
            ".nan" => "NaN",
            "-.inf" => "-Inf",
            _ => "+Inf",
        };
        return Some(format!("json: unsupported value: {value}"));
    }
    if own.starts_with("not base64") {
        return Some("yaml: !!binary value contains invalid base64 data".to_owned());
    }
    if own.starts_with("the value is not of the type") {
        return Some(mismatch(text));
    }
    if own.starts_with("a key cannot be") || own.starts_with("a key that is a number") {
        return key(source, problem);
    }
    None
}

/// A tag and a value that do not fit: `!!int x`.
fn mismatch(text: &str) -> String {
    let (tag, value) = text.split_once([' ', '\n']).unwrap_or((text, ""));
    let value = value.trim();
    let unquoted = value.strip_prefix(['"', '\'']).and_then(|inner| inner.strip_suffix(['"', '\'']));
    let value = unquoted.unwrap_or(value);
    let found = match yaml::resolve_plain(value) {
        Scalar::Null => "!!null",
        Scalar::Bool(_) => "!!bool",
        Scalar::Int(_) | Scalar::UInt(_) => "!!int",
        Scalar::Float(_) => "!!float",
        Scalar::String(_) | Scalar::Unknown => "!!str",
    };
    format!("yaml: cannot decode {found} `{value}` as a {tag}")
}

/// A key that is no string: go-yaml prints it as a Go value.
fn key(source: &Arc<Source>, problem: &Problem) -> Option<String> {
    let written = source.slice(problem.span);
    let shown = go_syntax_of(written)?;
    if problem.message.starts_with("a key cannot be a mapping") {
        return Some(format!("yaml: invalid map key: {shown}"));
    }
    // The value follows the key's colon; only its Go syntax is needed.
    let rest = source.text().get(problem.span.end()..).unwrap_or("");
    let value = rest.trim_start().strip_prefix(':').unwrap_or("");
    let value = go_syntax_of(value.lines().next().unwrap_or("")).unwrap_or_default();
    let (kind, shown) = match problem.message.starts_with("a key cannot be null") {
        true => ("%!s(<nil>)", "<nil>".to_owned()),
        false => ("uint64", shown),
    };
    Some(format!("unsupported map key of type: {kind}, key: {shown}, value: {value}"))
}

fn go_syntax_of(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("<nil>".to_owned());
    }
    let source = Arc::new(Source::new("", text));
    let parsed = yaml::parse_first(&source, &Limits::default());
    let root = parsed.tree.documents().first()?.root?;
    let mut output = String::new();
    go_syntax(&parsed.tree, root, true, &mut output);
    Some(output)
}

/// A node as Go's `%#v` prints it.
fn go_syntax(tree: &SpanTree, id: NodeId, outermost: bool, output: &mut String) {
    let id = tree.resolve(id);
    match tree.kind(id) {
        Kind::Mapping(_) => {
            output.push_str("map[interface {}]interface {}{");
            for (place, (key, value)) in tree.pairs(id).enumerate() {
                output.push_str(if place > 0 { ", " } else { "" });
                go_syntax(tree, key, false, output);
                output.push(':');
                go_syntax(tree, value, false, output);
            }
            output.push('}');
        }
        Kind::Sequence(_) => {
            output.push_str("[]interface {}{");
            for (place, item) in tree.items(id).iter().enumerate() {
                output.push_str(if place > 0 { ", " } else { "" });
                go_syntax(tree, *item, false, output);
            }
            output.push('}');
        }
        _ => {
            let _ = match tree.written_scalar(id) {
                None | Some(Scalar::Null | Scalar::Unknown) if outermost => write!(output, "<nil>"),
                None | Some(Scalar::Null | Scalar::Unknown) => write!(output, "interface {{}}(nil)"),
                Some(Scalar::Bool(value)) => write!(output, "{value}"),
                Some(Scalar::Int(value)) => write!(output, "{value}"),
                Some(Scalar::UInt(value)) => write!(output, "{value:#x}"),
                Some(Scalar::Float(value)) => write!(output, "{}", number::format_general(value)),
                Some(Scalar::String(text)) => write!(output, "{text:?}"),
            };
        }
    }
}
