//! Values that stand in a resource: read with their places in its file, and read again where the file has
//! changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::helm::scenario::{SetArgument, SetKind};
use crate::helm::values::ValuesFile;
use crate::resource::{Document, Field, read_bool, read_text};
use crate::source::{Files, Limits, Problem, ProblemKind, Source, Span};
use crate::yaml::{self, DocumentState, FieldPath, Kind, NodeId, ScalarStyle, SpanTree};

/// Where something stands in a resource.
#[derive(Clone, Debug)]
pub(in crate::engine) struct At {
    /// The file as shown.
    pub file: Arc<str>,
    /// The file on disk.
    pub path: PathBuf,
    /// 0-based place among the file's documents.
    document: usize,
    /// The path from the document's top node.
    field: FieldPath,
}

/// How values are written.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Form {
    /// As a mapping.
    Mapping,
    /// As YAML in a literal block.
    Text,
    /// As a text that is one value, set as `--set` does below these keys.
    Single(Vec<String>),
}

/// A set of values.
#[derive(Debug)]
pub(in crate::engine) struct Place {
    /// Where it stands.
    pub at: At,
    /// How it is written.
    pub form: Form,
    known: Arc<Source>,
    values: Arc<ValuesFile>,
}

/// The `parameters` of an Argo CD Application.
#[derive(Debug)]
pub(in crate::engine) struct Parameters {
    /// Where the list stands.
    pub at: At,
    known: Arc<Source>,
    set: Vec<SetArgument>,
}

impl At {
    /// A field of an object in a file on disk.
    pub fn new(document: &Document, path: &Path, field: &FieldPath) -> Self {
        Self {
            file: Arc::clone(document.tree().source().name()),
            path: path.to_path_buf(),
            document: document.document(),
            field: document.path_in_document().join(field),
        }
    }

    /// The node, in a tree of the file.
    pub fn node(&self, tree: &SpanTree) -> Option<NodeId> {
        let root = tree.documents().get(self.document)?.root?;
        Some(tree.resolve(tree.find(root, &self.field)?))
    }

    /// The file's text now, if it is not `known`.
    fn changed(&self, files: &dyn Files, known: &Source) -> Result<Option<Arc<Source>>, Box<Problem>> {
        let unread =
            |why: String| Box::new(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&self.file), why));
        let bytes = files.read(&self.file).map_err(|error| unread(error.to_string()))?;
        if *bytes == *known.text().as_bytes() {
            return Ok(None);
        }
        let source = Source::from_bytes(Arc::clone(&self.file), bytes);
        source.map(|source| Some(Arc::new(source))).map_err(|error| unread(error.to_string()))
    }

    /// Reads what stands here in a text of the file.
    fn read<T>(
        &self,
        source: &Arc<Source>,
        limits: &Limits,
        read: impl FnOnce(&SpanTree, NodeId) -> Result<T, String>,
    ) -> Result<T, Box<Problem>> {
        let tree = yaml::parse(source, limits).tree;
        let node = self.node(&tree).ok_or_else(|| format!("{} is gone", self.field));
        node.and_then(|node| read(&tree, node))
            .map_err(|why| Box::new(Problem::of_path(ProblemKind::NotChecked, Arc::clone(&self.file), why)))
    }
}

impl Place {
    /// The values at a node of a resource.
    ///
    /// # Errors
    /// Why they can not be read with their places.
    pub fn read(at: At, form: Form, tree: &SpanTree, node: NodeId, limits: &Limits) -> Result<Self, String> {
        let values = Arc::new(values(&form, tree, node, limits)?);
        Ok(Self { at, form, known: Arc::clone(tree.source()), values })
    }

    /// The values as they were first read.
    pub fn first(&self) -> Arc<ValuesFile> {
        Arc::clone(&self.values)
    }

    /// The values as a tree whose places are those of a text of the file, and their mapping.
    pub fn tree(&self, source: &Arc<Source>, limits: &Limits) -> Option<(SpanTree, NodeId)> {
        let tree = yaml::parse(source, limits).tree;
        let node = self.at.node(&tree)?;
        match self.form {
            Form::Mapping => Some((tree, node)),
            Form::Text => masked(&tree, node, limits),
            Form::Single(_) => None,
        }
    }

    /// The values in the file as it is now.
    ///
    /// # Errors
    /// The file, or the values in it, can not be read any more.
    pub fn values(&self, files: &dyn Files, limits: &Limits) -> Result<Arc<ValuesFile>, Box<Problem>> {
        let Some(source) = self.at.changed(files, &self.known)? else { return Ok(Arc::clone(&self.values)) };
        let read = |tree: &SpanTree, node| values(&self.form, tree, node, limits);
        self.at.read(&source, limits, read).map(Arc::new)
    }
}

impl Parameters {
    /// The parameters in a list.
    ///
    /// # Errors
    /// Why they are not all known.
    pub fn read(at: At, tree: &SpanTree, node: NodeId) -> Result<Self, String> {
        let set = parameters(tree, node)?;
        Ok(Self { at, known: Arc::clone(tree.source()), set })
    }

    /// The parameters as they were first read.
    pub fn first(&self) -> Vec<SetArgument> {
        self.set.clone()
    }

    /// The parameters in the file as it is now.
    ///
    /// # Errors
    /// The file, or the parameters in it, can not be read any more.
    pub fn arguments(&self, files: &dyn Files, limits: &Limits) -> Result<Vec<SetArgument>, Box<Problem>> {
        let Some(source) = self.at.changed(files, &self.known)? else { return Ok(self.set.clone()) };
        self.at.read(&source, limits, parameters)
    }
}

/// Values as they are written at a node.
fn values(form: &Form, tree: &SpanTree, node: NodeId, limits: &Limits) -> Result<ValuesFile, String> {
    let unread = || "its values can not be read".to_owned();
    match form {
        Form::Text if tree.kind(node) != Kind::Scalar(ScalarStyle::Literal) => {
            Err("its values stand in a string that is no literal block (`|`)".to_owned())
        }
        Form::Mapping => ValuesFile::at(tree, node, tree.source()).ok_or_else(unread),
        Form::Text => text(tree, node, limits).ok_or_else(unread),
        Form::Single(keys) => {
            let text = tree.text(node);
            // Flux: what stands in quotes is a string.
            let quoted =
                ['\'', '"'].into_iter().any(|quote| text.starts_with(quote) && text.ends_with(quote));
            let text = if quoted { text.trim_matches(['\'', '"']) } else { text };
            // Of which several values, or escapes, could be made.
            if text.contains(['\\', '{', ',']) {
                return Err("a value for a targetPath is no plain text".to_owned());
            }
            Ok(ValuesFile::set_at(keys, text, quoted, tree.source(), tree.span(node)))
        }
    }
}

/// Values in a literal block (`|`); of other strings the text does not stand in the file as it is.
fn text(tree: &SpanTree, node: NodeId, limits: &Limits) -> Option<ValuesFile> {
    let (masked, root) = masked(tree, node, limits)?;
    ValuesFile::at(&masked, root, tree.source())
}

/// A literal block as a tree whose places are those of the file, and the mapping in it.
fn masked(tree: &SpanTree, node: NodeId, limits: &Limits) -> Option<(SpanTree, NodeId)> {
    let source = tree.source();
    // The block alone, every byte at its place: blank where the file has something else.
    let masked: String = {
        let span = tree.span(node);
        let header = source.slice(span).find('\n').map_or(span.end(), |at| span.start() + at);
        let blank = |(at, c): (usize, char)| match c {
            '\n' | '\r' => c.to_string(),
            c if Span::new(header, span.end()).contains(at) => c.to_string(),
            c => " ".repeat(c.len_utf8()),
        };
        source.text().char_indices().map(blank).collect()
    };
    let masked = parse(source, masked, limits)?;
    let plain = parse(source, tree.text(node).to_owned(), limits)?;
    // That the mask did not change what is read is shown by reading the string too.
    let same = masked.0.to_json(masked.1).ok()? == plain.0.to_json(plain.1).ok()?;
    same.then_some(masked)
}

/// The only mapping in a text without mistakes.
fn parse(source: &Source, text: String, limits: &Limits) -> Option<(SpanTree, NodeId)> {
    let source = Arc::new(Source::new(Arc::clone(source.name()), text));
    let yaml::Parsed { tree, problems } = yaml::parse_stream(&source, limits);
    if problems.iter().any(|problem| problem.kind == ProblemKind::NotChecked) {
        return None;
    }
    let mut read = tree.documents().iter().filter(|it| it.state == DocumentState::Read);
    let root = read.next()?.root?;
    (read.next().is_none() && tree.kind(tree.resolve(root)).is_mapping()).then_some((tree, root))
}

/// Argo CD gives each parameter to `helm template` as `--set`, or as `--set-string` with `forceString`.
fn parameters(tree: &SpanTree, list: NodeId) -> Result<Vec<SetArgument>, String> {
    let mut set = Vec::new();
    for &item in tree.items(list) {
        let item = tree.resolve(item);
        let name = match read_text(tree, item, &["name"]) {
            Field::Value(name) if !name.is_empty() => name,
            _ => return Err("a parameter has no name that is known".to_owned()),
        };
        let value = match read_text(tree, item, &["value"]) {
            Field::Value(value) => value,
            Field::Absent => "".into(),
            _ => return Err(format!("the value of parameter {name} is no text that is known")),
        };
        // Argo CD puts its build environment in place of variables.
        if value.contains('$') {
            return Err(format!("parameter {name} has a variable in it"));
        }
        let kind = match read_bool(tree, item, &["forceString"]) {
            Field::Absent | Field::Value(false) => SetKind::Value,
            Field::Value(true) => SetKind::String,
            _ => return Err(format!("forceString of parameter {name} is not known")),
        };
        let span = tree.get(item, "value").map_or_else(|| tree.span(item), |value| tree.span(value));
        let text = format!("{name}={}", with_commas(&value));
        set.push(SetArgument { kind, text, at: Some((Arc::clone(tree.source()), span)) });
    }
    Ok(set)
}

/// A value with its commas escaped, unless it is a list in braces: as Argo CD gives it to Helm.
fn with_commas(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let (mut text, mut before) = (String::new(), None);
    for found in value.chars() {
        if found == ',' && before != Some('\\') {
            text.push('\\');
        }
        text.push(found);
        before = Some(found);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_of_a_parameter_are_part_of_it() {
        assert_eq!(with_commas("a,b"), "a\\,b");
        assert_eq!(with_commas("a\\,b,"), "a\\,b\\,");
        assert_eq!(with_commas("{a,b}"), "{a,b}");
    }
}
