//! What becomes of a rendered file: documents, their heads, hooks, and Helm's order of kinds.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::decode::{self, DecodeError, Field};
use crate::source::{Limits, ProblemKind, Source, SourceError, Span};
use crate::yaml::{self, DocumentState, SpanTree, next_separator};

/// The fields of a document that Helm reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.annotations`
    pub annotations: Vec<(String, String)>,
}

impl Head {
    fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// When a hook runs. `test-success` of Helm 2 is `Test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names that helm.sh/hook takes (Helm docs, topics/charts_hooks)")]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }
}

/// What Helm does with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Part of the release.
    Manifest,
    /// A hook.
    Hook(Vec<HookEvent>),
    /// It has a `helm.sh/hook` that Helm does not know, so it is left out.
    Dropped,
}

impl Class {
    fn of(head: &Head) -> Self {
        let Some(hooks) = head.annotation("helm.sh/hook") else { return Self::Manifest };
        let event = |name: &str| HookEvent::of(&name.trim().to_lowercase());
        hooks.split(',').map(event).collect::<Option<_>>().map_or(Self::Dropped, Self::Hook)
    }

    /// Whether it is a hook that `--skip-tests` leaves out.
    #[must_use]
    pub fn is_test(&self) -> bool {
        matches!(self, Self::Hook(events) if events.contains(&HookEvent::Test))
    }
}

/// A document that Helm can read.
#[derive(Debug)]
pub struct Read {
    /// Its text.
    pub source: Arc<Source>,
    /// What is in it.
    pub tree: SpanTree,
    /// What Helm reads of it.
    pub head: Head,
    /// What Helm does with it.
    pub class: Class,
}

/// A document that Helm cannot read. The message is what follows `YAML parse error on FILE: `.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    /// What is wrong.
    pub message: String,
    /// Where in the document.
    pub span: Span,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

/// Splits a rendered file at lines that begin with `---`. Documents of nothing but whitespace are
/// dropped, the others lose whitespace in front and keep it behind.
#[must_use]
pub fn split(bytes: &[u8]) -> Vec<Range<usize>> {
    let start = skip_space(bytes, 0..bytes.len());
    let mut documents = Vec::new();
    let mut from = start;
    let mut push = |range: Range<usize>| {
        let inner = skip_space(bytes, range.clone());
        if inner < range.end {
            documents.push(inner..range.end);
        }
    };
    let mut line = start;
    while let Some(found) = bytes.get(line..).and_then(next_separator) {
        let at = line + found;
        push(from..at);
        let behind = bytes.get(at + 3..).unwrap_or_default();
        from = at + 3 + behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        // What stands on the line of a separator is no line of its own.
        let rest = bytes.get(from..).unwrap_or_default();
        line = rest.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |end| from + end + 1);
    }
    push(from..bytes.len());
    documents
}

/// Where whitespace in the sense of Unicode ends.
fn skip_space(bytes: &[u8], range: Range<usize>) -> usize {
    let mut at = range.start;
    while let Some(character) = first_character(bytes.get(at..range.end).unwrap_or_default()) {
        if !character.is_whitespace() {
            return at;
        }
        at += character.len_utf8();
    }
    at
}

/// The first character; U+FFFD for what is not UTF-8.
fn first_character(bytes: &[u8]) -> Option<char> {
    let start = bytes.get(..bytes.len().min(4))?;
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) => {
            start.get(..error.valid_up_to()).and_then(|it| std::str::from_utf8(it).ok()).unwrap_or("")
        }
    };
    valid.chars().next().or_else(|| (!bytes.is_empty()).then_some(char::REPLACEMENT_CHARACTER))
}

/// Whether bytes are whitespace in the sense of Unicode.
#[must_use]
pub fn is_blank(bytes: &[u8]) -> bool {
    skip_space(bytes, 0..bytes.len()) == bytes.len()
}

/// Reads a document. `name` is what its text is called.
///
/// # Errors
/// It is no YAML, or its head has other types than Helm needs: Helm then renders nothing at all.
pub fn read(name: &Arc<str>, bytes: &[u8], limits: &Limits) -> Result<Read, Unreadable> {
    let source = Source::from_bytes(Arc::clone(name), bytes).map_err(|error| {
        let (at, message) = match error {
            SourceError::InvalidUtf8 { offset } => (offset, "yaml: invalid leading UTF-8 octet".to_owned()),
            SourceError::Nul { offset } => (offset, "yaml: control characters are not allowed".to_owned()),
            other => (0, format!("yaml: {other}")),
        };
        Unreadable {
            message: format!("error converting YAML to JSON: {message}"),
            span: Span::at(at),
            help: None,
        }
    })?;
    let source = Arc::new(source);
    let parsed = yaml::parse_first(&source, limits);
    let document = parsed.tree.documents().first();
    if document.is_some_and(|document| document.state == DocumentState::Refused) {
        let problem = parsed.problems.into_iter().find(|problem| problem.kind == ProblemKind::NotChecked);
        let (message, span, help) = problem
            .map_or(("not YAML".to_owned(), Span::default(), None), |it| (it.message, it.span, it.help));
        let line = source.line_column(span.start()).line;
        let message = format!("error converting YAML to JSON: yaml: line {line}: {message}");
        return Err(Unreadable { message, span, help });
    }
    let root = document.and_then(|document| document.root);
    let head = root.map_or(Ok(Head::default()), |root| head(&parsed.tree, root));
    let head =
        head.map_err(|error| Unreadable { message: error.to_string(), span: error.span, help: None })?;
    let class = Class::of(&head);
    Ok(Read { source, tree: parsed.tree, head, class })
}

fn head(tree: &SpanTree, root: yaml::NodeId) -> Result<Head, DecodeError> {
    const METADATA: &str = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
    fn field<'a>(place: &'a str, type_name: &'a str) -> Field<'a> {
        Field { place, type_name }
    }
    let mut head = Head::default();
    let text = |node, place| decode::string(tree, node, field(place, "string"));
    let set = |target: &mut String, value: Option<Cow<'_, str>>| {
        if let Some(value) = value {
            *target = value.into_owned();
        }
    };
    let whole = field("Go value", "util.SimpleHead");
    for (key, node) in decode::entries(tree, root, whole)?.unwrap_or_default() {
        match key.to_ascii_lowercase().as_str() {
            "apiversion" => set(&mut head.api_version, text(node, "Go struct field SimpleHead.apiVersion")?),
            "kind" => set(&mut head.kind, text(node, "Go struct field SimpleHead.kind")?),
            "metadata" => {
                let place = field("Go struct field SimpleHead.metadata", METADATA);
                for (key, node) in decode::entries(tree, node, place)?.unwrap_or_default() {
                    match key.to_ascii_lowercase().as_str() {
                        "name" => set(&mut head.name, text(node, "Go struct field .metadata.name")?),
                        "annotations" => head.annotations = annotations(tree, node)?,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(head)
}

fn annotations(tree: &SpanTree, node: yaml::NodeId) -> Result<Vec<(String, String)>, DecodeError> {
    let place = "Go struct field .metadata.annotations";
    let field = |type_name| Field { place, type_name };
    let entries = decode::entries(tree, node, field("map[string]string"))?.unwrap_or_default();
    let text = |(key, node): (Cow<'_, str>, yaml::NodeId)| {
        let value = decode::string(tree, node, field("string"))?.unwrap_or_default();
        Ok((key.into_owned(), value.into_owned()))
    };
    entries.into_iter().map(text).collect()
}

/// Kinds in the order in which Helm installs them (pkg/release/v1/util, `InstallOrder`).
const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Which of two kinds is printed first; unknown kinds follow the known ones by name.
#[must_use]
pub fn compare_kinds(a: &str, b: &str) -> Ordering {
    let place = |kind: &str| INSTALL_ORDER.iter().position(|&known| known == kind);
    match (place(a), place(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        split(text.as_bytes()).into_iter().map(|range| &text[range]).collect()
    }

    fn classify(text: &str) -> Result<Class, String> {
        let read = read(&Arc::from("x"), text.as_bytes(), &Limits::default());
        read.map(|read| read.class).map_err(|error| error.message)
    }

    #[test]
    fn files_split_at_every_line_that_begins_with_three_dashes() {
        assert_eq!(pieces("\u{a0}\n---\na: 1\n\n---kind: A\n"), ["a: 1\n\n", "kind: A\n"]);
        assert_eq!(pieces("a\n----\n---\t x\n ---\n"), ["a\n", "-\n", "x\n ---\n"]);
        assert_eq!(pieces("--- # c\n\n---\n \u{3000}\n---"), ["# c\n\n"]);
        assert_eq!(split(b"\xff---\n---\n\xfe"), [0..5, 9..10]);
        assert!(split(b"").is_empty() && is_blank("\u{2003}\n".as_bytes()) && !is_blank(b"\xff"));
    }

    #[test]
    fn hooks_are_known_by_their_annotation() {
        let hook = |names: &str| {
            classify(&format!("metadata: {{annotations: {{helm.sh/hook: '{names}'}}}}")).unwrap()
        };
        assert_eq!(hook(" Pre-Install, test"), Class::Hook(vec![HookEvent::PreInstall, HookEvent::Test]));
        assert!(hook("test-success").is_test() && !hook("pre-delete").is_test());
        assert_eq!(hook("pre-install,crd-install"), Class::Dropped);
        assert_eq!(classify("kind: 1\nmetadata:\n"), Ok(Class::Manifest));
        assert_eq!(classify("~"), Ok(Class::Manifest));
    }

    #[test]
    fn a_head_of_other_types_is_refused_with_gos_text() {
        let refused = |text: &str| classify(text).unwrap_err();
        let prefix = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ";
        for (text, expected) in [
            ("[a]", "array into Go value of type util.SimpleHead"),
            ("KIND: []", "array into Go struct field SimpleHead.kind of type string"),
            ("metadata: {name: {}}", "object into Go struct field .metadata.name of type string"),
            (
                "metadata: {annotations: {a: {}}}",
                "object into Go struct field .metadata.annotations of type string",
            ),
        ] {
            assert_eq!(refused(text), format!("{prefix}{expected}"));
        }
        assert!(
            refused("metadata: x").contains("type struct { Name string \"json:\\\"name\\\"\"; Annotations")
        );
        assert!(refused("a: b: c").starts_with("error converting YAML to JSON: yaml: line 1: "));
    }

    #[test]
    fn unknown_kinds_follow_the_known_ones_by_name() {
        let mut kinds = ["Zebra", "Service", "", "Namespace", "Apple"];
        kinds.sort_by(|a, b| compare_kinds(a, b));
        assert_eq!(kinds, ["Namespace", "Service", "", "Apple", "Zebra"]);
    }
}
