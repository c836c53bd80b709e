//! Other spellings of values: base64, JSON, YAML, TOML, and back.

use super::{derived_text, fail, fixed};
use crate::helm::call::{Args, Function, FunctionError, FunctionResult, Type};
use crate::helm::encoding;
use crate::helm::exec::Exec;
use crate::helm::from_yaml::{YamlError, from_yaml};
use crate::helm::json::{self, DecodeError, JsonError, Layout, Target};
use crate::helm::rope::Str;
use crate::helm::to_yaml;
use crate::helm::toml;
use crate::helm::value::{List, Map, Node, Value};

const ANY: &[Type] = &[Type::Any];
const TEXT: &[Type] = &[Type::String];

pub(super) const TABLE: &[Function] = &[
    fixed("b32dec", TEXT, |exec, args| decoded(exec, args, encoding::decode_base32)),
    fixed("b32enc", TEXT, |exec, args| derived_text(exec, args, encoding::base32(args.str(0).as_bytes()))),
    fixed("b64dec", TEXT, |exec, args| decoded(exec, args, encoding::decode_base64)),
    fixed("b64enc", TEXT, |exec, args| derived_text(exec, args, encoding::base64(args.str(0).as_bytes()))),
    fixed("fromJson", TEXT, |exec, args| read_json(exec, args, Target::Map)),
    fixed("fromJsonArray", TEXT, |exec, args| read_json(exec, args, Target::List)),
    fixed("fromToml", TEXT, from_toml),
    fixed("fromYaml", TEXT, |exec, args| read_yaml(exec, args, Target::Map)),
    fixed("fromYamlArray", TEXT, |exec, args| read_yaml(exec, args, Target::List)),
    fixed("mustFromJson", TEXT, |exec, args| match json::decode(exec, &args.str(0), Target::Any) {
        Ok((node, None)) => Ok(node),
        Ok((_, Some(error))) | Err(error) => Err(decode_error(error)),
    }),
    fixed("mustToJson", ANY, |exec, args| must(json_text(exec, args, Layout::Compact, true), "")),
    fixed("mustToPrettyJson", ANY, |exec, args| must(json_text(exec, args, Layout::Indented, true), "")),
    fixed("mustToRawJson", ANY, |exec, args| must(json_text(exec, args, Layout::Compact, false), "")),
    fixed("mustToToml", ANY, |exec, args| match toml::to_toml(exec, &args.node(0)) {
        Ok(text) => Ok(Node::from(text)),
        Err(toml::EncodeError::Limit(limit)) => Err(limit.into()),
        Err(error) => fail(error.to_string()),
    }),
    fixed("mustToYaml", ANY, |exec, args| {
        let text = to_yaml::to_yaml(exec, &args.node(0));
        let prefix =
            if matches!(text, Err(JsonError::Unreadable)) { "" } else { "error marshaling into JSON: " };
        must(text, prefix)
    }),
    fixed("toJson", ANY, |exec, args| {
        let text = json_text(exec, args, Layout::Compact, true);
        lenient(exec, args, text)
    }),
    fixed("toPrettyJson", ANY, |exec, args| {
        let text = json_text(exec, args, Layout::Indented, true);
        lenient(exec, args, text)
    }),
    fixed("toRawJson", ANY, |exec, args| must(json_text(exec, args, Layout::Compact, false), "")),
    fixed("toToml", ANY, |exec, args| match toml::to_toml(exec, &args.node(0)) {
        Ok(text) => Ok(Node::from(text)),
        Err(toml::EncodeError::Limit(limit)) => Err(limit.into()),
        Err(toml::EncodeError::Panic(message)) => fail(message),
        Err(error) => derived_text(exec, args, error.to_string()),
    }),
    fixed("toYaml", ANY, |exec, args| {
        let text = to_yaml::to_yaml(exec, &args.node(0));
        lenient(exec, args, text)
    }),
    fixed("toYamlPretty", ANY, |exec, args| match to_yaml::to_yaml_pretty(exec, &args.node(0)) {
        Err(JsonError::Type(name)) => fail(format!("cannot marshal type: {name}")),
        text => must(text, ""),
    }),
];

fn decoded(
    exec: &mut Exec<'_>,
    args: &Args<'_>,
    decode: fn(&[u8]) -> Result<Vec<u8>, encoding::CorruptInput>,
) -> FunctionResult {
    match decode(args.str(0).as_bytes()) {
        Ok(bytes) => derived_text(exec, args, bytes),
        Err(error) => derived_text(exec, args, error.to_string()),
    }
}

fn json_text(
    exec: &mut Exec<'_>,
    args: &Args<'_>,
    layout: Layout,
    escape_html: bool,
) -> Result<Str, JsonError> {
    json::encode(exec, &args.node(0), layout, escape_html)
}

fn must(text: Result<Str, JsonError>, prefix: &str) -> FunctionResult {
    match text {
        Ok(text) => Ok(Node::from(text)),
        Err(JsonError::Limit(limit)) => Err(limit.into()),
        Err(error) => fail(format!("{prefix}{error}")),
    }
}

/// An empty string where there is no text.
fn lenient(exec: &mut Exec<'_>, args: &Args<'_>, text: Result<Str, JsonError>) -> FunctionResult {
    match text {
        Ok(text) => Ok(Node::from(text)),
        Err(JsonError::Limit(limit)) => Err(limit.into()),
        Err(_) => derived_text(exec, args, ""),
    }
}

fn decode_error(error: DecodeError) -> FunctionError {
    match error {
        DecodeError::Limit(limit) => limit.into(),
        error => FunctionError::new(error.to_string()),
    }
}

/// An error as Helm hands it to the chart: under the key `Error`, or as the only item.
fn reported(exec: &mut Exec<'_>, args: &Args<'_>, target: Target, message: &str, into: Option<&Map>) -> Node {
    let origin = exec.derive(args.all());
    let text = Node::from(Str::whole(message.as_bytes(), origin));
    if target == Target::List {
        return Node::new(List::new(vec![text]), origin);
    }
    let map = into.cloned().unwrap_or_default();
    map.insert(*b"Error", origin, text);
    Node::new(map, origin)
}

fn read_json(exec: &mut Exec<'_>, args: &Args<'_>, target: Target) -> FunctionResult {
    match json::decode(exec, &args.str(0), target) {
        Ok((node, None)) => Ok(node),
        Ok((node, Some(error))) => Ok(reported(exec, args, target, &error.to_string(), node.value.as_map())),
        Err(DecodeError::Limit(limit)) => Err(limit.into()),
        Err(error) => Ok(reported(exec, args, target, &error.to_string(), None)),
    }
}

fn read_yaml(exec: &mut Exec<'_>, args: &Args<'_>, target: Target) -> FunctionResult {
    match from_yaml(exec, &args.str(0), target) {
        // Nothing leaves the empty map or list as it was.
        Ok(node) if matches!(node.value, Value::Nil) && target == Target::List => {
            Ok(Node::new(List::new(Vec::new()), node.origin()))
        }
        Ok(node) if matches!(node.value, Value::Nil) => Ok(Node::new(Map::new(), node.origin())),
        Ok(node) => Ok(node),
        Err(YamlError::Limit(limit)) => Err(limit.into()),
        Err(error) => Ok(reported(exec, args, target, &error.to_string(), None)),
    }
}

fn from_toml(exec: &mut Exec<'_>, args: &Args<'_>) -> FunctionResult {
    match toml::from_toml(exec, &args.str(0)) {
        Ok(node) => Ok(node),
        Err(toml::DecodeError::Limit(limit)) => Err(limit.into()),
        Err(error) => Ok(reported(exec, args, Target::Map, &error.to_string(), None)),
    }
}
