//! The words of schema errors as Helm prints them (santhosh-tekuri/jsonschema v6, English).

use boon::{ErrorKind, InstanceLocation, InstanceToken, ValidationError};
use serde_json::{Number, Value as Json};

use super::number::format_general;
use super::schema::{Violation, Violations};
use super::schema_branch;
use super::value::{Node, Value};
use crate::origin::OriginId;

/// Puts a tree of errors into words.
pub(super) fn describe(error: &ValidationError<'_, '_>, values: &Node, json: &Json) -> Violations {
    let mut violations = Violations::default();
    let mut writer = Writer { violations: &mut violations, values, json };
    for cause in &error.causes {
        writer.write(cause, 0, "", (error.schema_url.to_owned(), 0));
    }
    violations
}

struct Writer<'a> {
    violations: &'a mut Violations,
    values: &'a Node,
    json: &'a Json,
}

impl Writer<'_> {
    /// Writes an error; `from` is the schema within which it was found, and how many tokens the
    /// location of the values has to which that applies.
    fn write(
        &mut self,
        error: &ValidationError<'_, '_>,
        mut indent: usize,
        above: &str,
        from: (String, usize),
    ) {
        let tokens = error.instance_location.tokens.as_slice();
        for branch in schema_branch::between(&from.0, error.schema_url, from.1, tokens.len()) {
            let pointer = pointer_of(tokens.get(..branch.depth).unwrap_or_default());
            self.line(indent, &pointer, branch.message);
            indent += 1;
        }
        if let ErrorKind::Reference { url, .. } = &error.kind
            && let [cause] = error.causes.as_slice()
        {
            return self.write(cause, indent, above, ((*url).to_owned(), tokens.len()));
        }
        let mut pointer = pointer_of(tokens);
        let mut origin = origin_at(self.values, &error.instance_location);
        if let ErrorKind::PropertyName { prop } = &error.kind {
            // boon gives the place of the name by itself; Helm that of the object that has it.
            pointer = holder(self.json, prop, above);
            origin = OriginId::NONE;
        }
        let message = message(&error.kind);
        self.line(indent, &pointer, &message);
        if error.causes.is_empty() {
            self.violations.leaves.push(Violation { pointer: pointer.clone(), message, origin });
        }
        for cause in &error.causes {
            let branch = match &error.kind {
                ErrorKind::AllOf => branch_of(error, cause, "allOf"),
                ErrorKind::AnyOf => branch_of(error, cause, "anyOf"),
                ErrorKind::OneOf(_) => branch_of(error, cause, "oneOf"),
                ErrorKind::Reference { url, .. } => (*url).to_owned(),
                _ => error.schema_url.to_owned(),
            };
            self.write(cause, indent + 1, &pointer, (branch, tokens.len()));
        }
    }

    fn line(&mut self, indent: usize, pointer: &str, message: &str) {
        self.violations.text.push_str(&format!(
            "{}- at {}: {message}\n",
            "  ".repeat(indent),
            quote(pointer)
        ));
    }
}

/// The branch of a keyword in which a cause lies: the keyword has its line already.
fn branch_of(error: &ValidationError<'_, '_>, cause: &ValidationError<'_, '_>, keyword: &str) -> String {
    let start = format!("{}/{keyword}/", error.schema_url);
    match cause.schema_url.strip_prefix(&start) {
        Some(rest) => format!("{start}{}", rest.split('/').next().unwrap_or_default()),
        None => error.schema_url.to_owned(),
    }
}

fn pointer_of(tokens: &[InstanceToken<'_>]) -> String {
    tokens.iter().fold(String::new(), |mut pointer, token| {
        pointer.push('/');
        match token {
            InstanceToken::Prop(key) => pointer.push_str(&escape(key)),
            InstanceToken::Item(index) => pointer.push_str(&index.to_string()),
        }
        pointer
    })
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn origin_at(values: &Node, location: &InstanceLocation<'_>) -> OriginId {
    let mut node = values.clone();
    for token in &location.tokens {
        let next = match (token, &node.value) {
            (InstanceToken::Prop(key), Value::Map(map)) => map.get(key.as_bytes()),
            (InstanceToken::Item(index), Value::List(list)) => list.items().get(*index).cloned(),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => return node.origin(),
        }
    }
    node.origin()
}

/// The object that has the property: the one above in the tree of errors, or the only one that has
/// a property of this name.
fn holder(json: &Json, property: &str, above: &str) -> String {
    if !above.is_empty() {
        return above.to_owned();
    }
    let mut found = Vec::new();
    let mut open = vec![(String::new(), json)];
    while let Some((pointer, value)) = open.pop() {
        match value {
            Json::Object(entries) => {
                if entries.contains_key(property) {
                    found.push(pointer.clone());
                }
                open.extend(entries.iter().map(|(key, value)| (format!("{pointer}/{}", escape(key)), value)));
            }
            Json::Array(items) => {
                open.extend(items.iter().enumerate().map(|(at, value)| (format!("{pointer}/{at}"), value)));
            }
            _ => {}
        }
    }
    if found.len() == 1 { found.remove(0) } else { String::new() }
}

/// One error's words.
fn message(kind: &ErrorKind<'_, '_>) -> String {
    use ErrorKind as K;
    let counts = |name: &str, got: &usize, want: &usize| {
        format!("{name}: got {}, want {}", grouped(*got), grouped(*want))
    };
    let numbers = |name: &str, got: &Number, want: &Number| {
        format!("{name}: got {}, want {}", decimal(got), decimal(want))
    };
    match kind {
        K::Group | K::Reference { .. } => "validation failed".to_owned(),
        K::Schema { url } => format!("jsonschema validation failed with {}", quote(url)),
        K::ContentSchema => "'contentSchema' failed".to_owned(),
        K::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        K::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {url:?} causing reference cycle")
        }
        K::FalseSchema => "false schema".to_owned(),
        K::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        K::Enum { want } => match want.as_slice() {
            values if values.iter().any(|it| it.is_array() || it.is_object()) => "'enum' failed".to_owned(),
            [value] => format!("value must be {}", display(value)),
            values => {
                let values: Vec<_> = values.iter().map(display).collect();
                format!("value must be one of {}", values.join(", "))
            }
        },
        K::Const { want } if want.is_array() || want.is_object() => "'const' failed".to_owned(),
        K::Const { want } => format!("value must be {}", display(want)),
        K::Format { got, want, err } => format!("{} is not valid {want}: {err}", display(got)),
        K::MinProperties { got, want } => counts("minProperties", got, want),
        K::MaxProperties { got, want } => counts("maxProperties", got, want),
        K::AdditionalProperties { got } => format!("additional properties {} not allowed", joined(got)),
        K::Required { want } => match want.as_slice() {
            [one] => format!("missing property {}", quote(one)),
            many => format!("missing properties {}", joined(many)),
        },
        K::Dependency { prop, missing } | K::DependentRequired { prop, missing } => {
            format!("properties {} required, if {} exists", joined(missing), quote(prop))
        }
        K::MinItems { got, want } => counts("minItems", got, want),
        K::MaxItems { got, want } => counts("maxItems", got, want),
        K::Contains => "no items match contains schema".to_owned(),
        K::MinContains { got, want } if got.is_empty() => {
            format!("min {} items required to match contains schema, but none matched", grouped(*want))
        }
        K::MinContains { got, want } => contained("min", got, *want),
        K::MaxContains { got, want } => contained("max", got, *want),
        K::UniqueItems { got: [first, second] } => {
            format!("items at {} and {} are equal", grouped(*first), grouped(*second))
        }
        K::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", grouped(*got)),
        K::MinLength { got, want } => counts("minLength", got, want),
        K::MaxLength { got, want } => counts("maxLength", got, want),
        K::Pattern { got, want } => format!("{} does not match pattern {}", quote(got), quote(want)),
        K::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", quote(want)),
        K::ContentMediaType { want, err, .. } => format!("value is not of mediatype {}: {err}", quote(want)),
        K::Minimum { got, want } => numbers("minimum", got, want),
        K::Maximum { got, want } => numbers("maximum", got, want),
        K::ExclusiveMinimum { got, want } => numbers("exclusiveMinimum", got, want),
        K::ExclusiveMaximum { got, want } => numbers("exclusiveMaximum", got, want),
        K::MultipleOf { got, want } => numbers("multipleOf", got, want),
        K::Not => "'not' failed".to_owned(),
        K::AllOf => "'allOf' failed".to_owned(),
        K::AnyOf => "'anyOf' failed".to_owned(),
        K::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        K::OneOf(Some((first, second))) => {
            format!("'oneOf' failed, subschemas {}, {} matched", grouped(*first), grouped(*second))
        }
    }
}

fn contained(bound: &str, got: &[usize], want: usize) -> String {
    let places: Vec<_> = got.iter().map(ToString::to_string).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        grouped(want),
        grouped(got.len()),
        places.join(" ")
    )
}

fn joined<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<_> = names.iter().map(|name| quote(name.as_ref())).collect();
    names.join(", ")
}

/// A scalar as the library shows it.
fn display(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(value) => value.to_string(),
    }
}

/// Single quotes around text; what does not print is escaped.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("\\'"),
            '"' => quoted.push('"'),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' | '\r' | '\t' | '\\' => quoted.extend(character.escape_default()),
            c if c.is_control() && u32::from(c) < 0x80 => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(c)))
            }
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// A whole number as English writes it: `65,535`.
fn grouped(value: usize) -> String {
    group(&value.to_string())
}

fn group(digits: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of a values file or schema as English writes it: `99,999`, and `1.5×10⁰⁶` for what Go
/// prints with an exponent.
fn decimal(number: &Number) -> String {
    let written = format_general(number.as_f64().unwrap_or(0.0));
    if let Some((mantissa, exponent)) = written.split_once('e') {
        let raised = exponent.chars().filter_map(superscript).collect::<String>();
        return format!("{mantissa}×10{raised}");
    }
    let (sign, digits) = written.strip_prefix('-').map_or(("", written.as_str()), |digits| ("-", digits));
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", group(whole)),
        None => format!("{sign}{}", group(digits)),
    }
}

fn superscript(character: char) -> Option<char> {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    match character.to_digit(10) {
        Some(digit) => DIGITS.get(digit as usize).copied(),
        None => (character == '-').then_some('⁻'),
    }
}
