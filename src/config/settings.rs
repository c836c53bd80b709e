//! [`Settings`]: the configuration as the engine uses it, with every name checked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use crate::finding::{Applicability, Severity};
use crate::resource::{ImageRow, KindRow, Kinds, KubernetesVersion};
use crate::source::{Source, Span};

use super::date::Date;
use super::error::ConfigError;
use super::load::{Layer, Layers, Step};
use super::schema::{ApplicabilityWord, FailOn, IgnoreEntry, RuleChange, SeverityWord};

/// Changes of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleOverride {
    /// Whether it runs.
    pub enabled: Option<bool>,
    /// Another severity.
    pub severity: Option<Severity>,
    /// Level of its fixes. A suggestion stays one: the catalogue sees to that.
    pub applicability: Option<Applicability>,
}

/// A rule that the configuration adds.
#[derive(Clone, Debug)]
pub struct AddedRule {
    /// The text it stands in.
    pub source: Arc<Source>,
    /// Its table.
    pub table: toml::Value,
    /// Where its name stands.
    pub span: Span,
}

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
                let clean = path.strip_prefix("./").unwrap_or(path);
                glob.is_match(clean.strip_prefix(folder).unwrap_or(clean))
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

/// The names a configuration may use; the catalogue knows them.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Ids of the built-in rules.
    pub rules: BTreeSet<String>,
    /// Standards that rules belong to.
    pub standards: BTreeSet<String>,
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
    /// Changes by rule id.
    pub rules: BTreeMap<String, RuleOverride>,
    /// Rules that are added, by id.
    pub added_rules: BTreeMap<String, AddedRule>,
    /// Further kinds that hold pods.
    pub kinds: Vec<KindRow>,
    /// Facts on images, by repository.
    pub images: BTreeMap<String, ImageRow>,
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
    /// The day it is, for ignores that expire; `None` = none expires.
    pub today: Option<Date>,
}

impl Settings {
    /// Puts the layers on top of each other and checks every name in them.
    ///
    /// # Errors
    /// An unknown rule or standard, a version that is none or not this one, a glob or date that is
    /// none, a setting of a rule that does not fit.
    pub fn resolve(layers: &Layers, known: &KnownNames) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let mut known = known.clone();
        for layer in &layers.layers {
            settings.rules_of(layer, &mut known)?;
        }
        for layer in &layers.layers {
            settings.apply(layer, &known)?;
        }
        Ok(settings)
    }

    fn apply(&mut self, layer: &Layer, known: &KnownNames) -> Result<(), ConfigError> {
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
        self.unprivileged_ports = file.nodes.unprivileged_ports.or(self.unprivileged_ports);
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

    fn rules_of(&mut self, layer: &Layer, known: &mut KnownNames) -> Result<(), ConfigError> {
        for (id, value) in &layer.file.rules {
            let here = layer.span(&[Step::Value("rules"), Step::Key(id)]);
            let known_already = known.rules.contains(id);
            let names = known.rules.iter().map(String::as_str);
            let unknown = || ConfigError::unknown(&layer.source, here, "rule", id, names.clone());
            match value {
                toml::Value::Boolean(enabled) if known_already => {
                    self.rules.entry(id.clone()).or_default().enabled = Some(*enabled);
                }
                toml::Value::Table(_) if known_already => {
                    let change = change_of(layer, id)?;
                    let entry = self.rules.entry(id.clone()).or_default();
                    entry.enabled = change.enabled.or(entry.enabled);
                    entry.severity = change.severity.map(Severity::from).or(entry.severity);
                    entry.applicability =
                        change.applicability.map(Applicability::from).or(entry.applicability);
                }
                toml::Value::Table(table) if table.contains_key("summary") => {
                    let (source, table) = (Arc::clone(&layer.source), value.clone());
                    self.added_rules.insert(id.clone(), AddedRule { source, table, span: here });
                    known.rules.insert(id.clone());
                }
                toml::Value::Boolean(_) => return Err(unknown()),
                toml::Value::Table(_) => {
                    let mut error = unknown();
                    let advice = "a new rule needs a `summary`";
                    error.help.get_or_insert_with(|| advice.to_owned());
                    return Err(error);
                }
                _ => {
                    let message = format!("rule `{id}` takes true, false or a table");
                    return Err(ConfigError::new(&layer.source, here, message));
                }
            }
        }
        Ok(())
    }

    fn ignore_of(
        &self,
        layer: &Layer,
        index: usize,
        entry: &IgnoreEntry,
        known: &KnownNames,
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
            reason: entry.reason.clone(),
            expires,
            source: Arc::clone(&layer.source),
            span: layer.span(&list),
        })
    }
}

fn path_glob(glob: &str) -> Result<GlobMatcher, String> {
    let built = GlobBuilder::new(glob.trim_start_matches("./")).literal_separator(true).build();
    built.map(|glob| glob.compile_matcher()).map_err(|error| format!("no glob: {}", error.kind()))
}

/// Reads a table that changes a built-in rule, with the exact place of what is wrong in it.
fn change_of(layer: &Layer, id: &str) -> Result<RuleChange, ConfigError> {
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
        if error.message.starts_with("unknown key") && error.help.as_deref().is_none_or(|help| help.starts_with("known"))
        {
            let advice = "a built-in rule takes `enabled`, `severity` and `applicability`; give a rule of your own another id";
            error.help = Some(advice.to_owned());
        }
        error
    })
}

impl From<SeverityWord> for Severity {
    fn from(word: SeverityWord) -> Self {
        match word {
            SeverityWord::Info => Self::Info,
            SeverityWord::Low => Self::Low,
            SeverityWord::Medium => Self::Medium,
            SeverityWord::High => Self::High,
            SeverityWord::Critical => Self::Critical,
        }
    }
}

impl From<ApplicabilityWord> for Applicability {
    fn from(word: ApplicabilityWord) -> Self {
        match word {
            ApplicabilityWord::Suggestion => Self::Suggestion,
            ApplicabilityWord::Unsafe => Self::Unsafe,
            ApplicabilityWord::Safe => Self::Safe,
        }
    }
}
