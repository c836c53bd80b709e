//! YAML into typed fields, as sigs.k8s.io/yaml and Go's `encoding/json` do it for Chart.yaml and
//! for the head of a rendered document: field names in any case, numbers and booleans taken as
//! strings where the field is one, and Go's texts for what does not fit.

use std::borrow::Cow;

use super::number::{format_general, format_json};
use crate::source::Span;
use crate::yaml::{Kind, NodeId, Scalar, SpanTree};

/// A value that does not fit its field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error unmarshaling JSON: while decoding JSON: {message}")]
pub struct DecodeError {
    /// Go's text.
    pub message: String,
    /// The value.
    pub span: Span,
}

/// The Go names of a field, for error texts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    /// `Go value` or `Go struct field Metadata.name`.
    pub place: &'a str,
    /// The type: `string`.
    pub type_name: &'a str,
}

impl Field<'_> {
    pub(super) fn mismatch(self, tree: &SpanTree, node: NodeId) -> DecodeError {
        let found = match tree.kind(tree.resolve(node)) {
            Kind::Mapping(_) => Cow::Borrowed("object"),
            Kind::Sequence(_) => Cow::Borrowed("array"),
            _ => match tree.written_scalar(node) {
                Some(Scalar::Bool(_)) => Cow::Borrowed("bool"),
                Some(Scalar::Int(_) | Scalar::UInt(_) | Scalar::Float(_)) => Cow::Borrowed("number"),
                _ => Cow::Borrowed("string"),
            },
        };
        let message =
            format!("json: cannot unmarshal {found} into {} of type {}", self.place, self.type_name);
        DecodeError { message, span: tree.full_span(node) }
    }
}

/// A field of type `string`: scalars are taken as text, null as absent.
pub(super) fn string<'a>(
    tree: &'a SpanTree,
    node: NodeId,
    field: Field<'_>,
) -> Result<Option<Cow<'a, str>>, DecodeError> {
    match tree.written_scalar(node) {
        None => Err(field.mismatch(tree, node)),
        Some(Scalar::Null) => Ok(None),
        Some(scalar) => Ok(Some(scalar_text(tree, node, scalar))),
    }
}

/// A scalar as sigs.k8s.io/yaml turns it into a string.
fn scalar_text<'a>(tree: &'a SpanTree, node: NodeId, scalar: Scalar<'a>) -> Cow<'a, str> {
    match scalar {
        Scalar::String(text) => text,
        Scalar::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Scalar::Int(value) => Cow::Owned(value.to_string()),
        Scalar::UInt(value) => Cow::Owned(value.to_string()),
        Scalar::Float(value) => Cow::Owned(format_general(value)),
        Scalar::Null | Scalar::Unknown => Cow::Borrowed(tree.text(tree.resolve(node))),
    }
}

/// A field of type `bool`.
pub(super) fn boolean(tree: &SpanTree, node: NodeId, field: Field<'_>) -> Result<Option<bool>, DecodeError> {
    match tree.written_scalar(node) {
        Some(Scalar::Null) => Ok(None),
        Some(Scalar::Bool(value)) => Ok(Some(value)),
        _ => Err(field.mismatch(tree, node)),
    }
}

/// The items of a slice; null is absent.
pub(super) fn items<'a>(
    tree: &'a SpanTree,
    node: NodeId,
    field: Field<'_>,
) -> Result<Option<&'a [NodeId]>, DecodeError> {
    if tree.kind(tree.resolve(node)).is_sequence() {
        return Ok(Some(tree.items(node)));
    }
    match tree.written_scalar(node) {
        Some(Scalar::Null) => Ok(None),
        _ => Err(field.mismatch(tree, node)),
    }
}

/// A slice of strings; null items are empty strings.
pub(super) fn strings(
    tree: &SpanTree,
    node: NodeId,
    field: Field<'_>,
    item: Field<'_>,
) -> Result<Vec<String>, DecodeError> {
    let items = items(tree, node, field)?.unwrap_or_default();
    let text = |&node: &NodeId| string(tree, node, item).map(|text| text.unwrap_or_default().into_owned());
    items.iter().map(text).collect()
}

/// Keys and values.
pub(super) type Entries<'a> = Vec<(Cow<'a, str>, NodeId)>;

/// The entries of a struct or map sorted by key, as they stand in the JSON that Go decodes; null is
/// absent.
pub(super) fn entries<'a>(
    tree: &'a SpanTree,
    node: NodeId,
    field: Field<'_>,
) -> Result<Option<Entries<'a>>, DecodeError> {
    if !tree.kind(tree.resolve(node)).is_mapping() {
        return match tree.written_scalar(node) {
            Some(Scalar::Null) => Ok(None),
            _ => Err(field.mismatch(tree, node)),
        };
    }
    let mut entries: Entries<'a> =
        tree.entries(node).into_iter().map(|entry| (entry.key, entry.value_node)).collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(Some(entries))
}

/// What `%v` prints of a decoded JSON value (numbers are `float64`, null is `<nil>`).
pub(super) fn printed(tree: &SpanTree, node: NodeId) -> String {
    let node = tree.resolve(node);
    match tree.kind(node) {
        Kind::Mapping(_) => {
            let mut entries = tree.entries(node);
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| format!("{}:{}", entry.key, printed(tree, entry.value_node)))
                .collect();
            format!("map[{}]", entries.join(" "))
        }
        Kind::Sequence(_) => {
            let items: Vec<_> = tree.items(node).iter().map(|&item| printed(tree, item)).collect();
            format!("[{}]", items.join(" "))
        }
        _ => match tree.written_scalar(node) {
            None | Some(Scalar::Null) => "<nil>".to_owned(),
            #[expect(clippy::cast_precision_loss, reason = "JSON numbers become float64 in Go too")]
            Some(Scalar::Int(value)) => format_general(value as f64),
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            Some(Scalar::UInt(value)) => format_general(value as f64),
            Some(Scalar::Float(value)) => format_general(format_json(value).parse().unwrap_or(value)),
            Some(scalar) => scalar_text(tree, node, scalar).into_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{Limits, Source};

    const FIELD: Field<'static> = Field { place: "Go struct field T.x", type_name: "string" };

    fn tree(text: &str) -> (SpanTree, NodeId) {
        let tree = crate::yaml::parse(&Arc::new(Source::new("t", text)), &Limits::default()).tree;
        let root = tree.documents()[0].root.unwrap();
        (tree, root)
    }

    #[test]
    fn scalars_become_strings_as_sigs_yaml_makes_them() {
        for (text, expected) in [
            ("1.10", "1.1"),
            ("007", "7"),
            ("1e6", "1e+06"),
            ("yes", "true"),
            ("'yes'", "yes"),
            ("${X}", "${X}"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            let (tree, root) = tree(text);
            assert_eq!(string(&tree, root, FIELD).unwrap().unwrap(), expected, "{text}");
        }
        let (tree, root) = tree("[~]");
        assert_eq!(strings(&tree, root, FIELD, FIELD).unwrap(), [""]);
    }

    #[test]
    fn what_does_not_fit_has_gos_text() {
        let (tree, root) = tree("[1]");
        let error = string(&tree, root, FIELD).unwrap_err();
        assert_eq!(error.message, "json: cannot unmarshal array into Go struct field T.x of type string");
        assert!(boolean(&tree, tree.items(root)[0], FIELD).unwrap_err().message.contains("unmarshal number"));
    }

    #[test]
    fn values_print_as_go_prints_them() {
        let (tree, root) = tree("{b: [1, true, ~], a: 1e7}");
        assert_eq!(printed(&tree, root), "map[a:1e+07 b:[1 true <nil>]]");
    }
}
