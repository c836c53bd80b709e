//! Changes of values that stand in a resource: in a mapping, in a string, as parameters.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use crate::engine::installs::{Form, Parameters, Place};
use crate::source::{Limits, Source, Span, TextEdits};
use crate::yaml::{self, DocumentState, Kind, NodeId, Op, ScalarStyle, SpanTree};

use super::values_site::{self, ValuesChange};

/// The mapping of the values at a node: that node, or the top of what the string says.
pub(super) fn root(
    tree: Rc<SpanTree>,
    place: &Place,
    node: NodeId,
    limits: &Limits,
) -> Option<(Rc<SpanTree>, NodeId)> {
    match place.form {
        Form::Mapping => Some((tree, node)),
        Form::Text => {
            let inner = inner(&tree, node, limits);
            let read = inner.documents().iter().rfind(|it| it.state == DocumentState::Read)?.root?;
            Some((Rc::new(inner), read))
        }
        Form::Single(_) => None,
    }
}

/// What the text of a node says, as a text of its own.
fn inner(tree: &SpanTree, node: NodeId, limits: &Limits) -> SpanTree {
    let source = Source::new(Arc::clone(tree.source().name()), tree.text(node).to_owned());
    yaml::parse_stream(&Arc::new(source), limits).tree
}

/// The edits that change values of a resource, shown to change nothing else in its file.
///
/// # Errors
/// Why they can not be made.
pub(super) fn edits(
    tree: &SpanTree,
    place: &Place,
    path: &[String],
    change: &ValuesChange,
    limits: &Limits,
) -> Result<TextEdits, String> {
    let node = place.at.node(tree).ok_or("its values are gone")?;
    let ops = match &place.form {
        Form::Mapping => values_site::ops(tree, node, path, change)?,
        Form::Text => {
            let inner = inner(tree, node, limits);
            let text = values_site::edits(&inner, path, change, limits)?.apply(inner.source().text());
            vec![Op::Replace { node, value: text.into() }]
        }
        Form::Single(keys) => match word(change) {
            Some(text) if *keys == path => vec![Op::Replace { node, value: text.into() }],
            _ => return Err("it is one value".to_owned()),
        },
    };
    let after = verified(tree, &ops, limits)?;
    let written = place.at.node(&after.1).map(|node| after.1.kind(node));
    if matches!(place.form, Form::Text) && written != Some(Kind::Scalar(ScalarStyle::Literal)) {
        return Err("the string would be written in another style".to_owned());
    }
    Ok(after.0)
}

/// The edits that give the parameter whose value stands at a place another one.
///
/// # Errors
/// Why they can not be made.
pub(super) fn parameter_edits(
    tree: &SpanTree,
    parameters: &Parameters,
    span: Span,
    text: &str,
    limits: &Limits,
) -> Result<TextEdits, String> {
    let list = parameters.at.node(tree).ok_or("its parameters are gone")?;
    let values = tree.items(list).iter().filter_map(|&item| tree.get(tree.resolve(item), "value"));
    let node = values.map(|node| tree.resolve(node)).find(|node| tree.span(*node) == span);
    let node = node.ok_or("the parameter is gone")?;
    Ok(verified(tree, &[Op::Replace { node, value: text.into() }], limits)?.0)
}

/// What a parameter, or a value of its own, says after a change; `None` where that would be more than a plain word.
pub(super) fn word(change: &ValuesChange) -> Option<String> {
    let ValuesChange::Set(value) = change else { return None };
    match value {
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::String(text) => {
            let plain =
                !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
            plain.then(|| text.clone())
        }
        _ => None,
    }
}

/// Edits of a resource's file and the tree afterwards, which differs in what the operations say only.
fn verified(tree: &SpanTree, ops: &[Op], limits: &Limits) -> Result<(TextEdits, SpanTree), String> {
    let source = tree.source();
    let edits = yaml::plan(tree, ops).map_err(|refusal| refusal.to_string())?;
    let after = Arc::new(Source::new(Arc::clone(source.name()), edits.apply(source.text())));
    let after = yaml::parse(&after, limits).tree;
    yaml::verify(tree, ops, &after).map_err(|difference| difference.to_string())?;
    Ok((edits, after))
}
