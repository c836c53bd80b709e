//! What a configuration file may say, as it is written. Unknown keys are errors.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::resource::{ImageRow, KindRow};
use crate::rule::RuleTable;

/// Configuration of seaworthy (`seaworthy.toml` or `.seaworthy.toml`), the nearest file upwards from
/// the checked path. Paths in it are relative to its folder.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "seaworthy.toml")]
pub struct ConfigFile {
    /// Another configuration file that this one builds on: tables are merged key by key, lists of
    /// ignores are joined, any other key of this file wins.
    pub extend: Option<String>,
    /// Version of seaworthy this file is written for, as a Cargo requirement such as `>=0.1, <0.3`.
    pub required_version: Option<String>,
    /// Kubernetes version the manifests are for, such as `1.33`; the newest known one if absent.
    pub kubernetes_version: Option<String>,
    /// Standards to hold, such as `pss:restricted`. Absent: every rule that is on.
    pub standards: Option<Vec<String>>,
    /// Lowest severity for which `check` exits with 1.
    pub fail_on: Option<FailOn>,
    /// Rules by id: `false` or `true` switches one off or on, a table changes one or adds one.
    #[schemars(with = "BTreeMap<String, RuleEntry>")]
    pub rules: BTreeMap<String, toml::Value>,
    /// Kinds that hold pods beside the built-in ones.
    pub kinds: Vec<KindRow>,
    /// What is known of your images, by repository (`acme/api`, a trailing `*` matches more).
    pub images: BTreeMap<String, ImageRow>,
    /// Which files are read.
    pub paths: PathsEntry,
    /// Findings not to report.
    pub ignore: Vec<IgnoreEntry>,
    /// Rules that no comment, annotation or `[[ignore]]` may silence.
    pub never_ignore: Option<Vec<String>>,
    /// What is known of the nodes.
    pub nodes: NodesEntry,
    /// Renderings of charts to check beside those that are found.
    pub scenarios: Vec<ScenarioEntry>,
}

/// A rendering of charts: how an environment installs them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ScenarioEntry {
    /// What it is called in reports.
    pub name: String,
    /// Glob of the folders of the charts it is for; all charts, if absent.
    pub chart: Option<String>,
    /// Values files, later ones win.
    pub values: Vec<String>,
    /// Values, as `helm --set` takes them.
    pub set: Vec<String>,
    /// Values that are text, as `helm --set-string` takes them.
    pub set_string: Vec<String>,
    /// Name of the release.
    pub release: Option<String>,
    /// Namespace it is installed in.
    pub namespace: Option<String>,
    /// The cluster's version, for templates that ask.
    pub kubernetes_version: Option<String>,
    /// Further API versions of the cluster, such as `monitoring.coreos.com/v1`.
    pub api_versions: Vec<String>,
    /// What the cluster is, where that changes what may be written.
    pub platform: Option<Platform>,
}

/// A kind of cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// OpenShift gives every namespace user ids of its own and refuses pods that name others: no fix
    /// writes one.
    Openshift,
}

/// Lowest severity that fails a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Any finding.
    Info,
    /// Low and above; the default.
    Low,
    /// Medium and above.
    Medium,
    /// High and above.
    High,
    /// Critical alone.
    Critical,
    /// No finding fails a check.
    Never,
}

/// What may stand for a rule.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes the schema; read by hand for exact error places")]
enum RuleEntry {
    /// Switches the rule on or off.
    Switch(bool),
    /// Changes a built-in rule (`enabled`, `severity`, `applicability`), or is a rule of your own.
    Rule(Box<RuleTable>),
}

/// Which files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PathsEntry {
    /// Globs of paths not to read, in the manner of `.gitignore`.
    pub exclude: Vec<String>,
    /// Whether excluded paths stay excluded also when they are named on the command line.
    pub force_exclude: Option<bool>,
    /// Whether files ignored by git are passed over (they are, if absent).
    pub respect_gitignore: Option<bool>,
}

/// Findings not to report. All keys given must match; `*` matches any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct IgnoreEntry {
    /// Rule id, or several.
    pub rule: OneOrMany,
    /// Kind of the object.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The container's name.
    pub container: Option<String>,
    /// Glob of the file's path.
    pub path: Option<String>,
    /// Why; printed with `-v`.
    pub reason: Option<String>,
    /// Last day it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// One word or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    /// The words.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}

/// What is known of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct NodesEntry {
    /// Whether every node lets a process without capabilities listen below port 1024 in a pod's own
    /// network, as containerd 2.0 and later does by default: `true`, `false`, or `"unknown"` (which it
    /// is, if absent).
    pub unprivileged_ports: Option<Known>,
}

/// Something that is so, is not so, or is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Known {
    /// It is so, or not.
    Is(bool),
    /// Nobody can say.
    Unknown(UnknownWord),
}

/// The word `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownWord {
    /// Not known.
    Unknown,
}

impl Known {
    /// The answer, if there is one.
    #[must_use]
    pub fn answer(self) -> Option<bool> {
        match self {
            Self::Is(answer) => Some(answer),
            Self::Unknown(_) => None,
        }
    }
}

/// The JSON schema of [`ConfigFile`], pretty-printed, with a final newline.
#[must_use]
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(ConfigFile);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
