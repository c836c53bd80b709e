//! Labels of pods and the selectors that choose among them.

use crate::resource::{Document, Field, Pod, get, read_text};
use crate::yaml::{Entry, NodeId, SpanTree};

/// `key: value` pairs.
pub type Labels = Vec<(String, String)>;

/// A label or selector that is filled in later, or is of another shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// The pairs of a mapping.
pub fn pairs(tree: &SpanTree, map: NodeId) -> Result<Labels, Unreadable> {
    let pair = |entry: Entry<'_>| match Field::text_of(tree, entry.value_node) {
        Field::Value(value) => Ok((entry.key.into_owned(), value.into_owned())),
        _ => Err(Unreadable),
    };
    let map = tree.resolve(map);
    if !tree.kind(map).is_mapping() {
        return Err(Unreadable);
    }
    tree.entries(map).into_iter().map(pair).collect()
}

/// The pairs of a mapping that may be absent.
fn pairs_of(tree: &SpanTree, map: Field<NodeId>) -> Result<Labels, Unreadable> {
    match map {
        Field::Value(map) => pairs(tree, map),
        Field::Absent => Ok(Labels::new()),
        Field::Unknown | Field::Wrong => Err(Unreadable),
    }
}

/// The labels of a pod.
pub fn of_pod(tree: &SpanTree, pod: &Pod) -> Result<Labels, Unreadable> {
    pod.metadata.map_or(Ok(Labels::new()), |metadata| pairs_of(tree, get(tree, metadata, &["labels"])))
}

/// The labels of an object itself.
pub fn of_object(document: &Document) -> Result<Labels, Unreadable> {
    let tree = document.tree();
    pairs_of(tree, get(tree, document.root(), &["metadata", "labels"]))
}

/// What a selector asks of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asks {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

/// A selector of labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    asks: Vec<(String, Asks)>,
}

impl Selector {
    /// A plain mapping, as a Service has it. `None` where it selects nothing: absent or empty.
    pub fn of_map(tree: &SpanTree, map: Field<NodeId>) -> Result<Option<Self>, Unreadable> {
        let pairs = pairs_of(tree, map)?;
        let asks: Vec<_> = pairs.into_iter().map(|(key, value)| (key, Asks::In(vec![value]))).collect();
        Ok((!asks.is_empty()).then_some(Self { asks }))
    }

    /// A `LabelSelector`; an absent or empty one selects everything.
    pub fn of_labels(tree: &SpanTree, selector: Field<NodeId>) -> Result<Self, Unreadable> {
        let node = match selector {
            Field::Value(node) => node,
            Field::Absent => return Ok(Self::default()),
            Field::Unknown | Field::Wrong => return Err(Unreadable),
        };
        let mut whole = Self::of_map(tree, get(tree, node, &["matchLabels"]))?.unwrap_or_default();
        let list = match get(tree, node, &["matchExpressions"]) {
            Field::Value(list) => list,
            Field::Absent => return Ok(whole),
            Field::Unknown | Field::Wrong => return Err(Unreadable),
        };
        for &item in tree.items(list) {
            let text = |key| read_text(tree, item, &[key]).value().map(|text| text.into_owned());
            let (Some(key), Some(operator)) = (text("key"), text("operator")) else { return Err(Unreadable) };
            let values = || -> Result<Vec<String>, Unreadable> {
                let Field::Value(values) = get(tree, item, &["values"]) else { return Err(Unreadable) };
                let value =
                    |&value: &NodeId| Field::text_of(tree, value).value().map(|text| text.into_owned());
                tree.items(values).iter().map(value).collect::<Option<_>>().ok_or(Unreadable)
            };
            let asks = match &*operator {
                "In" => Asks::In(values()?),
                "NotIn" => Asks::NotIn(values()?),
                "Exists" => Asks::Exists,
                "DoesNotExist" => Asks::DoesNotExist,
                _ => return Err(Unreadable),
            };
            whole.asks.push((key, asks));
        }
        Ok(whole)
    }

    /// Whether labels are chosen.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.asks.iter().all(|(key, asks)| {
            let value = labels.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            match asks {
                Asks::In(values) => value.is_some_and(|value| values.contains(value)),
                Asks::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Asks::Exists => value.is_some(),
                Asks::DoesNotExist => value.is_none(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{Limits, Source};
    use crate::yaml;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> Option<bool> {
        let text = format!("s: {selector}\n");
        let tree = yaml::parse(&Arc::new(Source::new("", text)), &Limits::default()).tree;
        let root = tree.documents()[0].root.unwrap();
        let labels: Labels = labels.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        Selector::of_labels(&tree, get(&tree, root, &["s"])).ok().map(|selector| selector.matches(&labels))
    }

    #[test]
    fn selectors_choose_as_kubernetes_does() {
        let web = [("app", "web"), ("tier", "front")];
        assert_eq!(matches("{}", &web), Some(true));
        assert_eq!(matches("{matchLabels: {app: web}}", &web), Some(true));
        assert_eq!(matches("{matchLabels: {app: web, zone: east}}", &web), Some(false));
        let one = |operator: &str, values: &str| {
            matches(&format!("{{matchExpressions: [{{key: app, operator: {operator}{values}}}]}}"), &web)
        };
        assert_eq!(one("In", ", values: [api, web]"), Some(true));
        assert_eq!(one("NotIn", ", values: [web]"), Some(false));
        assert_eq!(one("Exists", ""), Some(true));
        assert_eq!(one("DoesNotExist", ""), Some(false));
        assert_eq!(one("Like", ""), None);
        assert_eq!(matches("{matchLabels: {app: '${APP}'}}", &web), None);
        assert_eq!(
            matches("{matchExpressions: [{key: gone, operator: NotIn, values: [a]}]}", &web),
            Some(true)
        );
    }
}
