//! Chart.yaml: its fields as Helm reads them, and Helm's checks of them.

use super::decode::{self, DecodeError, Field};
use super::semver::Version;
use crate::source::Span;
use crate::yaml::{NodeId, SpanTree};

/// Chart.yaml, with the dependencies of requirements.yaml where a v1 chart has that.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the fields of Chart.yaml under their own names (Helm docs, topics/charts)")]
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    /// `None` for an empty item, which Helm refuses.
    pub maintainers: Vec<Option<Maintainer>>,
    pub icon: String,
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    /// `None` where the key is absent: templates then see Go's nil map.
    pub annotations: Option<Vec<(String, String)>>,
    pub kube_version: String,
    /// `None` where the key is absent: Helm then looks at no subchart's condition.
    pub dependencies: Option<Vec<Option<Dependency>>>,
    /// The chart's `type`.
    pub chart_type: String,
    /// Where `name` is written.
    pub name_span: Span,
    /// Where `version` is written.
    pub version_span: Span,
}

/// One of a chart's maintainers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as above")]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// One entry of `dependencies`.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "as above")]
pub struct Dependency {
    pub name: String,
    pub version: String,
    pub repository: String,
    pub condition: String,
    pub tags: Vec<String>,
    pub enabled: bool,
    pub import_values: Vec<ImportValue>,
    pub alias: String,
    /// The entry in Chart.yaml (or requirements.yaml).
    pub span: Span,
}

impl Dependency {
    /// The name under which the parent knows the subchart.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

/// One entry of `import-values`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportValue {
    /// A name under the child's `exports`.
    Export(String),
    /// A table of the child and the path it gets in the parent (`.` for the root).
    Table {
        /// Path in the child's values.
        child: String,
        /// Path in the parent's values.
        parent: String,
    },
    /// Anything else, which Helm skips.
    Other,
}

/// A Chart.yaml that Helm refuses, with Helm's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("validation: {message}")]
pub struct ValidationError {
    /// What is wrong.
    pub message: String,
    /// The best place for it in Chart.yaml.
    pub span: Span,
}

fn field<'a>(place: &'a str, type_name: &'a str) -> Field<'a> {
    Field { place, type_name }
}

macro_rules! place {
    ($type:literal, $field:literal) => {
        concat!("Go struct field ", $type, ".", $field)
    };
}

impl Metadata {
    /// Takes up the fields of a file; those it does not have stay as they are.
    ///
    /// # Errors
    /// A field of another type, with Go's text; fields are read in the order of their names.
    pub fn read(&mut self, tree: &SpanTree, root: NodeId) -> Result<(), DecodeError> {
        let whole = field("Go value", "v2.Metadata");
        for (key, node) in decode::entries(tree, root, whole)?.unwrap_or_default() {
            self.read_field(tree, &key, node)?;
        }
        Ok(())
    }

    fn read_field(&mut self, tree: &SpanTree, key: &str, node: NodeId) -> Result<(), DecodeError> {
        let set = |target: &mut String, place: &str| -> Result<(), DecodeError> {
            if let Some(text) = decode::string(tree, node, field(place, "string"))? {
                *target = text.into_owned();
            }
            Ok(())
        };
        let list =
            |place: &str| decode::strings(tree, node, field(place, "[]string"), field(place, "string"));
        match key.to_ascii_lowercase().as_str() {
            "name" => {
                self.name_span = tree.full_span(node);
                set(&mut self.name, place!("Metadata", "name"))
            }
            "home" => set(&mut self.home, place!("Metadata", "home")),
            "version" => {
                self.version_span = tree.full_span(node);
                set(&mut self.version, place!("Metadata", "version"))
            }
            "description" => set(&mut self.description, place!("Metadata", "description")),
            "icon" => set(&mut self.icon, place!("Metadata", "icon")),
            "apiversion" => set(&mut self.api_version, place!("Metadata", "apiVersion")),
            "condition" => set(&mut self.condition, place!("Metadata", "condition")),
            "tags" => set(&mut self.tags, place!("Metadata", "tags")),
            "appversion" => set(&mut self.app_version, place!("Metadata", "appVersion")),
            "kubeversion" => set(&mut self.kube_version, place!("Metadata", "kubeVersion")),
            "type" => set(&mut self.chart_type, place!("Metadata", "type")),
            "sources" => list(place!("Metadata", "sources")).map(|sources| self.sources = sources),
            "keywords" => list(place!("Metadata", "keywords")).map(|keywords| self.keywords = keywords),
            "deprecated" => {
                let value = decode::boolean(tree, node, field(place!("Metadata", "deprecated"), "bool"))?;
                self.deprecated = value.unwrap_or(self.deprecated);
                Ok(())
            }
            "maintainers" => {
                let whole = field(place!("Metadata", "maintainers"), "[]*v2.Maintainer");
                let items = decode::items(tree, node, whole)?.unwrap_or_default();
                self.maintainers =
                    items.iter().map(|&item| maintainer(tree, item)).collect::<Result<_, _>>()?;
                Ok(())
            }
            "annotations" => {
                self.annotations = annotations(tree, node)?.or_else(|| self.annotations.take());
                Ok(())
            }
            "dependencies" => {
                let whole = field(place!("Metadata", "dependencies"), "[]*v2.Dependency");
                let items = decode::items(tree, node, whole)?;
                let read = |items: &[NodeId]| items.iter().map(|&item| dependency(tree, item)).collect();
                self.dependencies = items.map(read).transpose()?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Cleans the texts and checks the fields, as Helm does when it loads a chart.
    ///
    /// # Errors
    /// The first thing that Helm refuses.
    pub fn validate(&mut self) -> Result<(), ValidationError> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().chain(&mut self.keywords).for_each(sanitize);
        let at_name = |message: String| Err(ValidationError { message, span: self.name_span });
        let name = &self.name;
        if self.api_version.is_empty() {
            return at_name("chart.metadata.apiVersion is required".to_owned());
        }
        if name.is_empty() {
            return at_name("chart.metadata.name is required".to_owned());
        }
        if name == "." || name == ".." {
            return at_name(format!("chart.metadata.name {name:?} is not allowed"));
        }
        if name.contains('/') && name != "/" {
            return at_name(format!("chart.metadata.name {name:?} is invalid"));
        }
        let at_version = |message: String| Err(ValidationError { message, span: self.version_span });
        if self.version.is_empty() {
            return at_version("chart.metadata.version is required".to_owned());
        }
        if Version::parse(self.version.as_bytes()).is_err() {
            return at_version(format!("chart.metadata.version {:?} is invalid", self.version));
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return at_name("chart.metadata.type must be application or library".to_owned());
        }
        for maintainer in &mut self.maintainers {
            let Some(maintainer) = maintainer else {
                return Err(ValidationError {
                    message: "maintainers must not contain empty or null nodes".to_owned(),
                    span: self.name_span,
                });
            };
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(sanitize);
        }
        self.validate_dependencies()
    }

    fn validate_dependencies(&mut self) -> Result<(), ValidationError> {
        let mut seen: Vec<String> = Vec::new();
        for dependency in self.dependencies.iter_mut().flatten() {
            let Some(dependency) = dependency else {
                let message = "dependencies must not contain empty or null nodes".to_owned();
                return Err(ValidationError { message, span: self.name_span });
            };
            let span = dependency.span;
            for text in [
                &mut dependency.name,
                &mut dependency.version,
                &mut dependency.repository,
                &mut dependency.condition,
            ] {
                sanitize(text);
            }
            dependency.tags.iter_mut().for_each(sanitize);
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if !dependency.alias.bytes().all(allowed) {
                let message =
                    format!("dependency {:?} has disallowed characters in the alias", dependency.name);
                return Err(ValidationError { message, span });
            }
            let key = dependency.key().to_owned();
            if seen.contains(&key) {
                let message = format!("more than one dependency with name or alias {key:?}");
                return Err(ValidationError { message, span });
            }
            seen.push(key);
        }
        Ok(())
    }

    /// Whether it is a chart that only lends templates to others.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }

    /// The declared dependencies.
    pub fn dependencies(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().flatten().flatten()
    }
}

fn maintainer(tree: &SpanTree, node: NodeId) -> Result<Option<Maintainer>, DecodeError> {
    let mut maintainer = Maintainer::default();
    let whole = field("Go struct field Metadata.maintainers", "v2.Maintainer");
    let Some(entries) = decode::entries(tree, node, whole)? else { return Ok(None) };
    for (key, node) in entries {
        let (target, place) = match key.to_ascii_lowercase().as_str() {
            "name" => (&mut maintainer.name, place!("Maintainer", "maintainers.name")),
            "email" => (&mut maintainer.email, place!("Maintainer", "maintainers.email")),
            "url" => (&mut maintainer.url, place!("Maintainer", "maintainers.url")),
            _ => continue,
        };
        *target = decode::string(tree, node, field(place, "string"))?.unwrap_or_default().into_owned();
    }
    Ok(Some(maintainer))
}

fn annotations(tree: &SpanTree, node: NodeId) -> Result<Option<Vec<(String, String)>>, DecodeError> {
    let place = "Go struct field Metadata.annotations";
    let Some(entries) = decode::entries(tree, node, field(place, "map[string]string"))? else {
        return Ok(None);
    };
    let mut annotations = Vec::with_capacity(entries.len());
    for (key, node) in entries {
        let value = decode::string(tree, node, field(place, "string"))?.unwrap_or_default();
        annotations.push((key.into_owned(), value.into_owned()));
    }
    Ok(Some(annotations))
}

fn dependency(tree: &SpanTree, node: NodeId) -> Result<Option<Dependency>, DecodeError> {
    let mut dependency = Dependency { span: tree.full_span(node), ..Dependency::default() };
    let whole = field("Go struct field Metadata.dependencies", "v2.Dependency");
    let Some(entries) = decode::entries(tree, node, whole)? else { return Ok(None) };
    for (key, node) in entries {
        let (target, place) = match key.to_ascii_lowercase().as_str() {
            "name" => (&mut dependency.name, place!("Dependency", "dependencies.name")),
            "version" => (&mut dependency.version, place!("Dependency", "dependencies.version")),
            "repository" => (&mut dependency.repository, place!("Dependency", "dependencies.repository")),
            "condition" => (&mut dependency.condition, place!("Dependency", "dependencies.condition")),
            "alias" => (&mut dependency.alias, place!("Dependency", "dependencies.alias")),
            "tags" => {
                let place = place!("Dependency", "dependencies.tags");
                dependency.tags =
                    decode::strings(tree, node, field(place, "[]string"), field(place, "string"))?;
                continue;
            }
            "enabled" => {
                let place = field(place!("Dependency", "dependencies.enabled"), "bool");
                dependency.enabled = decode::boolean(tree, node, place)?.unwrap_or(false);
                continue;
            }
            "import-values" => {
                let place = field(place!("Dependency", "dependencies.import-values"), "[]interface {}");
                let items = decode::items(tree, node, place)?.unwrap_or_default();
                dependency.import_values = items.iter().map(|&item| import_value(tree, item)).collect();
                continue;
            }
            _ => continue,
        };
        *target = decode::string(tree, node, field(place, "string"))?.unwrap_or_default().into_owned();
    }
    Ok(Some(dependency))
}

fn import_value(tree: &SpanTree, node: NodeId) -> ImportValue {
    if tree.kind(tree.resolve(node)).is_mapping() {
        let text = |key| {
            tree.get(node, key).map_or_else(|| "<nil>".to_owned(), |found| decode::printed(tree, found))
        };
        return ImportValue::Table { child: text("child"), parent: text("parent") };
    }
    match tree.written_scalar(node) {
        Some(crate::yaml::Scalar::String(name)) => ImportValue::Export(name.into_owned()),
        _ => ImportValue::Other,
    }
}

/// Turns every kind of whitespace into a space and drops what does not print.
fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .map(|character| if character.is_whitespace() { ' ' } else { character })
        .filter(|&character| is_printable(character))
        .collect();
}

/// Go's `unicode.IsPrint`: the standard library escapes what does not print. A letter in front
/// keeps it from escaping combining marks, which it does at the start of a text only.
fn is_printable(character: char) -> bool {
    matches!(character, '"' | '\'' | '\\') || !format!("a{character}").escape_debug().any(|c| c == '\\')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{Limits, Source};

    fn read(text: &str) -> Result<Metadata, String> {
        let source = Arc::new(Source::new("Chart.yaml", text));
        let tree = crate::yaml::parse(&source, &Limits::default()).tree;
        let mut metadata = Metadata::default();
        metadata.read(&tree, tree.documents()[0].root.unwrap()).map_err(|error| error.to_string())?;
        metadata.validate().map_err(|error| error.to_string())?;
        Ok(metadata)
    }

    const START: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\n";

    #[test]
    fn fields_are_read_in_any_case_and_scalars_as_texts() {
        let metadata = read(&format!("{START}APPVERSION: 1.10\ndescription: \"a\\tb\\u0001c\"\n")).unwrap();
        assert_eq!((metadata.app_version.as_str(), metadata.description.as_str()), ("1.1", "a bc"));
        assert!(metadata.dependencies.is_none());
    }

    #[test]
    fn dependencies_are_read_with_their_places() {
        let text = format!(
            "{START}dependencies:\n- name: a\n  alias: b\n  tags: [x]\n  import-values: [d, {{child: e, parent: f}}, 1]\n"
        );
        let metadata = read(&text).unwrap();
        let dependency = metadata.dependencies().next().unwrap();
        assert_eq!((dependency.key(), dependency.tags.len()), ("b", 1));
        assert_eq!(&text[dependency.span.range()][..7], "name: a");
        let expected = ImportValue::Table { child: "e".to_owned(), parent: "f".to_owned() };
        assert_eq!(
            dependency.import_values,
            [ImportValue::Export("d".to_owned()), expected, ImportValue::Other]
        );
    }

    #[test]
    fn what_helm_refuses_is_refused_with_its_text() {
        for (text, expected) in [
            ("name: c\nversion: 1.0.0", "validation: chart.metadata.apiVersion is required"),
            ("apiVersion: v2\nversion: 1.0.0", "validation: chart.metadata.name is required"),
            (
                "apiVersion: v2\nname: a/b\nversion: 1.0.0",
                "validation: chart.metadata.name \"a/b\" is invalid",
            ),
            ("apiVersion: v2\nname: c", "validation: chart.metadata.version is required"),
            (
                "apiVersion: v2\nname: c\nversion: x.y",
                "validation: chart.metadata.version \"x.y\" is invalid",
            ),
            (
                "apiVersion: v2\nname: c\nversion: 1.2\ntype: x",
                "validation: chart.metadata.type must be application or library",
            ),
            (
                "apiVersion: v2\nname: c\nversion: '1'\ndependencies: [{name: s}, {name: t, alias: s}]",
                "validation: more than one dependency with name or alias \"s\"",
            ),
            (
                "name: [c]",
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go struct field \
                 Metadata.name of type string",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
    }
}
