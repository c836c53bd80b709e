//! [`Settings`]: the configuration as the engine uses it, with every name checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use crate::resource::{ImageRow, KindRow, Kinds, KubernetesVersion, ReadImage};
use crate::rule::{Catalogue, RuleFile, RuleTable};
use crate::source::{Source, Span};

use super::date::Date;
use super::error::ConfigError;
use super::load::{Layer, Layers, Step};
use super::scenario::ScenarioSettings;
use super::schema::{FailOn, IgnoreEntry};

/// Which files are read.
#[derive(Clone, Debug, Default)]
pub struct PathSettings {
    /// Globs in the manner of `.gitignore`, each with the folder it is relative to.
    pub exclude: Vec<(PathBuf, String)>,
    /// Whether excluded paths stay excluded when named on the command line.
    pub force_exclude: bool,
    /// Whether files ignored by git are read all the same.
    pub no_gitignore: bool,
}

/// One `[[ignore]]`.
#[derive(Clone, Debug)]
pub struct Ignore {
    /// Rule ids; empty means any.
    pub rules: Vec<String>,
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    container: Option<String>,
    path: Option<(PathBuf, GlobMatcher)>,
    working_folder: PathBuf,
    /// Why.
    pub reason: Option<String>,
    /// Last day it holds.
    pub expires: Option<Date>,
    /// The configuration it stands in.
    pub source: Arc<Source>,
    /// Where it stands there.
    pub span: Span,
}

impl Ignore {
    /// Whether it covers a finding of `rule` on this object. `path` is the file's path; a relative
    /// one counts from the working directory.
    #[must_use]
    pub fn covers(
        &self,
        rule: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
        container: Option<&str>,
        path: &std::path::Path,
    ) -> bool {
        let fits = |pattern: &Option<String>, text: Option<&str>| {
            pattern.as_deref().is_none_or(|pattern| text.is_some_and(|text| wildcard(pattern, text)))
        };
        (self.rules.is_empty() || self.rules.iter().any(|id| id == rule))
            && fits(&self.kind, Some(kind))
            && fits(&self.namespace, namespace)
            && fits(&self.name, Some(name))
            && fits(&self.container, container)
            && self.path.as_ref().is_none_or(|(folder, glob)| {
                let path = self.working_folder.join(path.strip_prefix("./").unwrap_or(path));
                glob.is_match(path.strip_prefix(folder).unwrap_or(&path))
            })
    }

    /// Whether it no longer holds on this day.
    #[must_use]
    pub fn expired(&self, today: Option<Date>) -> bool {
        matches!((self.expires, today), (Some(last), Some(today)) if last < today)
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any text. Linear but for the stars.
fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at_pattern, mut at_text, mut retry) = (0, 0, None);
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                retry = Some((at_pattern + 1, at_text));
                at_pattern += 1;
            }
            Some(byte) if *byte == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                at_pattern = after;
                at_text = from + 1;
            }
        }
    }
    pattern.get(at_pattern..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// A Dockerfile that a configuration says makes an image.
#[derive(Clone, Debug)]
pub struct LinkedDockerfile {
    /// The image, as the configuration has it.
    pub image: String,
    /// Where the Dockerfile is.
    pub path: PathBuf,
    /// The configuration it stands in.
    pub source: Arc<Source>,
    /// Where it stands there.
    pub span: Span,
}

/// The configuration, resolved.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Version of Kubernetes the objects are for; the newest known by default.
    pub kubernetes_version: KubernetesVersion,
    /// Standards to hold; empty = every rule that is on.
    pub standards: Vec<String>,
    /// Lowest severity that fails a check; `None` = the default (low).
    pub fail_on: Option<FailOn>,
    /// Rules that the configuration switches off, also where a standard asks for them.
    pub disabled_rules: BTreeSet<String>,
    /// Further kinds that hold pods.
    pub kinds: Vec<KindRow>,
    /// Facts on images, by repository.
    pub images: BTreeMap<String, ImageRow>,
    /// Dockerfiles of images, by the configuration.
    pub dockerfiles: Vec<LinkedDockerfile>,
    /// What images say of themselves, each under a name (`--image-config`).
    pub read_images: Vec<(String, ReadImage)>,
    /// Which files are read.
    pub paths: PathSettings,
    /// Findings not to report.
    pub ignores: Vec<Ignore>,
    /// Rules that nothing may silence.
    pub never_ignore: BTreeSet<String>,
    /// Whether ignores of any kind are disregarded (`--no-ignores`).
    pub no_ignores: bool,
    /// Whether nodes let processes without capabilities listen below port 1024; `None` = unknown.
    pub unprivileged_ports: Option<bool>,
    /// Renderings of charts beside those that are found.
    pub scenarios: Vec<ScenarioSettings>,
    /// Absolute path that relative paths of files count from; empty where paths are compared as they
    /// are.
    pub working_folder: PathBuf,
    /// The day it is, for ignores that expire; `None` = none expires.
    pub today: Option<Date>,
}

/// The names a configuration may use.
struct Known {
    rules: BTreeSet<String>,
    standards: BTreeSet<String>,
}

impl Known {
    fn of(catalogue: &Catalogue) -> Self {
        Self {
            rules: catalogue.rules().map(|rule| rule.id.to_string()).collect(),
            standards: catalogue.standards().map(str::to_owned).collect(),
        }
    }
}

impl Settings {
    /// Puts the layers on top of each other and checks every name in them. The catalogue has the
    /// built-in rules as the configuration changes them, and its own.
    ///
    /// # Errors
    /// An unknown rule or standard, a version that is none or not this one, a glob or date that is
    /// none, a rule that does not hold together.
    pub fn resolve(layers: &Layers) -> Result<(Self, Arc<Catalogue>), ConfigError> {
        let mut catalogue: Option<Catalogue> = None;
        let mut rules = RuleFile::default();
        for layer in &layers.layers {
            if merge_rules(layer, &mut rules)? {
                let loaded = Catalogue::load(Some(&rules)).map_err(|error| {
                    let span = error.span.map(Span::from).unwrap_or_default();
                    ConfigError { help: error.help, ..ConfigError::new(&layer.source, span, error.message) }
                })?;
                catalogue = Some(loaded);
            }
        }
        let catalogue = Arc::new(catalogue.unwrap_or_else(|| Catalogue::shipped().clone()));
        let known = Known::of(&catalogue);
        let mut settings = Self { working_folder: layers.working_folder.clone(), ..Self::default() };
        let off = rules.rules.iter().filter(|(_, table)| table.get_ref().enabled == Some(false));
        settings.disabled_rules = off.map(|(id, _)| id.clone()).collect();
        for layer in &layers.layers {
            settings.apply(layer, &known)?;
        }
        Ok((settings, catalogue))
    }

    fn apply(&mut self, layer: &Layer, known: &Known) -> Result<(), ConfigError> {
        let file = &layer.file;
        let fail = |path: &[Step<'_>], message: String| {
            Err(ConfigError::new(&layer.source, layer.span(path), message))
        };
        if let Some(required) = &file.required_version {
            let here = [Step::Value("required-version")];
            let version = env!("CARGO_PKG_VERSION");
            match (semver::VersionReq::parse(required), semver::Version::parse(version)) {
                (Ok(wanted), Ok(this)) if wanted.matches(&this) => {}
                (Ok(_), _) => return fail(&here, format!("this is seaworthy {version}, not {required}")),
                (Err(error), _) => return fail(&here, format!("no version requirement: {error}")),
            }
        }
        if let Some(text) = &file.kubernetes_version {
            match text.parse() {
                Ok(version) => self.kubernetes_version = version,
                Err(error) => return fail(&[Step::Value("kubernetes-version")], format!("{error}")),
            }
        }
        if let Some(standards) = &file.standards {
            for (index, standard) in standards.iter().enumerate() {
                let here = [Step::Value("standards"), Step::Item(index)];
                self.known(layer, &here, "standard", standard, &known.standards)?;
            }
            self.standards.clone_from(standards);
        }
        self.fail_on = file.fail_on.or(self.fail_on);
        for (index, kind) in file.kinds.iter().enumerate() {
            let error = Kinds::shipped().clone().extend(std::slice::from_ref(kind)).err();
            let none = kind.templates.is_empty() && kind.pod_specs.is_empty();
            let nothing = || format!("kind {} needs `templates` or `pod-specs`", kind.kind);
            if let Some(message) = error.map(|error| error.to_string()).or_else(|| none.then(nothing)) {
                return fail(&[Step::Value("kinds"), Step::Item(index)], message);
            }
        }
        self.kinds.extend(file.kinds.iter().cloned());
        for (image, row) in &file.images {
            self.dockerfiles.retain(|linked| linked.image != *image);
            let Some(path) = &row.dockerfile else { continue };
            let here = [Step::Value("images"), Step::Key(image), Step::Value("dockerfile")];
            self.dockerfiles.push(LinkedDockerfile {
                image: image.clone(),
                path: layer.folder.join(path),
                source: Arc::clone(&layer.source),
                span: layer.span(&here),
            });
        }
        self.images.extend(file.images.iter().map(|(image, row)| (image.clone(), row.clone())));
        self.paths_of(layer)?;
        if let Some(ids) = &file.never_ignore {
            for (index, id) in ids.iter().enumerate() {
                self.known(
                    layer,
                    &[Step::Value("never-ignore"), Step::Item(index)],
                    "rule",
                    id,
                    &known.rules,
                )?;
            }
            self.never_ignore = ids.iter().cloned().collect();
        }
        for (index, entry) in file.ignore.iter().enumerate() {
            let ignore = self.ignore_of(layer, index, entry, known)?;
            self.ignores.push(ignore);
        }
        for index in 0..file.scenarios.len() {
            let scenario = ScenarioSettings::of(layer, index, &self.working_folder)?;
            if self.scenarios.iter().any(|known| known.name == scenario.name) {
                return fail(
                    &[Step::Value("scenarios"), Step::Item(index), Step::Value("name")],
                    format!("there are two scenarios `{}`", scenario.name),
                );
            }
            self.scenarios.push(scenario);
        }
        if let Some(known) = file.nodes.unprivileged_ports {
            self.unprivileged_ports = known.answer();
        }
        Ok(())
    }

    fn known(
        &self,
        layer: &Layer,
        path: &[Step<'_>],
        what: &str,
        given: &str,
        known: &BTreeSet<String>,
    ) -> Result<(), ConfigError> {
        if known.contains(given) {
            return Ok(());
        }
        let names = known.iter().map(String::as_str);
        Err(ConfigError::unknown(&layer.source, layer.span(path), what, given, names))
    }

    fn paths_of(&mut self, layer: &Layer) -> Result<(), ConfigError> {
        let entry = &layer.file.paths;
        for (index, glob) in entry.exclude.iter().enumerate() {
            let here = [Step::Value("paths"), Step::Value("exclude"), Step::Item(index)];
            path_glob(glob).map_err(|message| ConfigError::new(&layer.source, layer.span(&here), message))?;
            self.paths.exclude.push((layer.folder.clone(), glob.clone()));
        }
        self.paths.force_exclude = entry.force_exclude.unwrap_or(self.paths.force_exclude);
        self.paths.no_gitignore = entry.respect_gitignore.map_or(self.paths.no_gitignore, |respect| !respect);
        Ok(())
    }

    fn ignore_of(
        &self,
        layer: &Layer,
        index: usize,
        entry: &IgnoreEntry,
        known: &Known,
    ) -> Result<Ignore, ConfigError> {
        let list = [Step::Value("ignore"), Step::Item(index)];
        let at = |key: &'static str| [list[0], list[1], Step::Value(key)];
        for (place, id) in entry.rule.as_slice().iter().enumerate() {
            let mut path = at("rule").to_vec();
            if matches!(entry.rule, super::schema::OneOrMany::Many(_)) {
                path.push(Step::Item(place));
            }
            self.known(layer, &path, "rule", id, &known.rules)?;
        }
        let fail = |key: &'static str, message: String| {
            ConfigError::new(&layer.source, layer.span(&at(key)), message)
        };
        let none = entry.rule.as_slice().is_empty()
            && [&entry.kind, &entry.namespace, &entry.name, &entry.container, &entry.path]
                .iter()
                .all(|pattern| pattern.is_none());
        if none {
            let message = "an ignore that names nothing would silence everything";
            return Err(ConfigError::new(&layer.source, layer.span(&list), message));
        }
        let path = match &entry.path {
            Some(glob) => {
                Some((layer.folder.clone(), path_glob(glob).map_err(|message| fail("path", message))?))
            }
            None => None,
        };
        let expires = match &entry.expires {
            Some(text) => {
                let day =
                    text.parse().map_err(|()| fail("expires", format!("`{text}` is no day YYYY-MM-DD")));
                Some(day?)
            }
            None => None,
        };
        Ok(Ignore {
            rules: entry.rule.as_slice().to_vec(),
            kind: entry.kind.clone(),
            namespace: entry.namespace.clone(),
            name: entry.name.clone(),
            container: entry.container.clone(),
            path,
            working_folder: self.working_folder.clone(),
            reason: entry.reason.clone(),
            expires,
            source: Arc::clone(&layer.source),
            span: layer.span(&list),
        })
    }
}

pub(super) fn path_glob(glob: &str) -> Result<GlobMatcher, String> {
    let built = GlobBuilder::new(glob.trim_start_matches("./")).literal_separator(true).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| format!("no glob: {}", error.kind()))
}

/// Adds a layer's rules to those of the layers below; says whether there are any.
fn merge_rules(layer: &Layer, rules: &mut RuleFile) -> Result<bool, ConfigError> {
    for (id, value) in &layer.file.rules {
        let span = layer.span(&[Step::Value("rules"), Step::Key(id)]);
        let table = match value {
            toml::Value::Boolean(enabled) => RuleTable { enabled: Some(*enabled), ..RuleTable::default() },
            toml::Value::Table(_) => rule_table(layer, id)?,
            _ => {
                let message = format!("rule `{id}` takes true, false or a table");
                return Err(ConfigError::new(&layer.source, span, message));
            }
        };
        let shipped = Catalogue::shipped();
        let is_known = shipped.rule(id).is_some() || rules.rules.contains_key(id);
        if !is_known && table.summary.is_none() {
            let ids = shipped.rules().map(|rule| &*rule.id).chain(rules.rules.keys().map(String::as_str));
            let mut error = ConfigError::unknown(&layer.source, span, "rule", id, ids);
            error.help.get_or_insert_with(|| "a rule of your own needs a `summary`".to_owned());
            return Err(error);
        }
        let merged = match rules.rules.remove(id) {
            Some(below) if table.summary.is_none() => {
                let mut below = below.into_inner();
                below.enabled = table.enabled.or(below.enabled);
                below.severity = table.severity.or(below.severity);
                below.applicability = table.applicability.or(below.applicability);
                below
            }
            _ => table,
        };
        rules.rules.insert(id.clone(), toml::Spanned::new(span.range(), merged));
    }
    Ok(!layer.file.rules.is_empty())
}

/// Reads one rule's table again, with the places of what is in it.
fn rule_table(layer: &Layer, id: &str) -> Result<RuleTable, ConfigError> {
    use toml::de::{DeTable, DeValue, ValueDeserializer};
    let body = layer.source.text().trim_start_matches('\u{feff}');
    let place = layer.span(&[Step::Value("rules"), Step::Key(id)]);
    let missing = || ConfigError::new(&layer.source, place, format!("rule `{id}` is no table"));
    let table = DeTable::parse(body).map_err(|error| ConfigError::from_toml(&layer.source, &error))?;
    let rules = table.into_inner().into_iter().find(|(key, _)| key.get_ref().as_ref() == "rules");
    let Some(DeValue::Table(rules)) = rules.map(|(_, value)| value.into_inner()) else {
        return Err(missing());
    };
    let entry = rules.into_iter().find(|(key, _)| key.get_ref().as_ref() == id);
    let Some((_, value)) = entry else { return Err(missing()) };
    serde::Deserialize::deserialize(ValueDeserializer::from(value)).map_err(|error| {
        let mut error = ConfigError::from_toml(&layer.source, &error);
        if error.span.is_empty() {
            error.span = place;
        }
        error
    })
}
