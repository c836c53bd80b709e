//! What `rules.toml` and the `rules` tables of a configuration look like as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::finding::{Applicability, Severity};
use crate::resource::KubernetesVersion;

use super::scope::{Root, Scope};

/// A file of rules.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleFile {
    /// Predicates with a name, for `named`.
    pub predicates: BTreeMap<String, PredicateTable>,
    /// The checks of the Pod Security Standards, for `pss`.
    pub checks: BTreeMap<String, CheckTable>,
    /// The rules by id.
    #[schemars(with = "BTreeMap<String, RuleTable>")]
    pub rules: BTreeMap<String, Spanned<RuleTable>>,
}

/// One check of the Pod Security Standards.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckTable {
    /// The level it belongs to.
    pub level: super::Level,
    /// First version of Kubernetes that has it.
    pub since: KubernetesVersion,
    /// Checks that this one stands for wherever it applies.
    #[serde(default)]
    pub overrides: Vec<String>,
    /// Pods that pass whatever they say.
    pub exempt: Option<PredicateTable>,
}

/// A rule. For a rule that is shipped, a configuration may give `enabled`, `severity` and
/// `applicability` only; any other rule needs at least `summary`, `severity`, `scope`, `message`,
/// `why` and one of `require` and `forbid`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleTable {
    /// Whether it runs. A configuration's word; shipped rules say `default`.
    pub enabled: Option<bool>,
    /// The level of all its fixes. A configuration's word; a suggestion stays one.
    pub applicability: Option<Applicability>,

    /// The weakness in one line.
    pub summary: Option<String>,
    /// How bad it is.
    pub severity: Option<Severity>,
    /// What it looks at, one by one.
    pub scope: Option<Scope>,
    /// Kinds of objects it looks at; left out: all that have the scope.
    pub kinds: Vec<String>,
    /// Only subjects for which this holds are looked at.
    #[serde(rename = "where")]
    pub condition: Option<PredicateTable>,
    /// What must hold; absence fails.
    pub require: Option<PredicateTable>,
    /// What must not hold; absence passes.
    pub forbid: Option<PredicateTable>,
    /// The rule of this name in Rust decides.
    pub native: Option<String>,
    /// What a finding says, with placeholders: `{name}` of the subject's container, `{owner}`
    /// (`container app` or `the pod`), `{item}` for the name of a volume, `{image}` of the container,
    /// `{kind}` and `{object}` of the object, `{value}` and `{key}` of the field found.
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
    /// What happens at run time.
    pub why: Option<String>,
    /// Whether it runs unless asked otherwise; left out: yes.
    pub default: Option<bool>,
    /// First version of Kubernetes it is about.
    pub since: Option<KubernetesVersion>,
    /// Last version of Kubernetes it is about.
    pub until: Option<KubernetesVersion>,
    /// Checks of the Pod Security Standards that fail where this rule finds something.
    pub pss: Vec<String>,
    /// Further standards it belongs to.
    pub standards: Vec<String>,
    /// What other tools call it: tool to ids.
    pub peers: BTreeMap<String, Vec<String>>,
    /// Pages that say more.
    pub references: Vec<String>,
    /// Repairs, the best first.
    pub fix: Vec<FixTable>,
    /// Why there is no repair, for a rule without one or where a planned one is missing.
    pub no_fix: Option<String>,
}

/// What a fix does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Sets a field, whether it is there or not. (`add` is the same word.)
    #[serde(alias = "add", alias = "replace")]
    Set,
    /// Removes a field.
    Remove,
    /// Removes the item of a list that the rule is about.
    RemoveItem,
    /// Puts an item at the end of a list; where one differs from it by case alone, writes that one right.
    Append,
}

/// A repair.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct FixTable {
    /// What it does, in a few words.
    pub title: String,
    /// What it does to which field.
    pub op: Option<Operation>,
    /// Where `path` starts; left out: at the subject.
    pub at: Option<Root>,
    /// The field.
    #[schemars(with = "Option<String>")]
    pub path: Option<Spanned<String>>,
    /// The value to set or to append.
    pub value: Option<serde_json::Value>,
    /// The fixer of this name in Rust decides.
    pub native: Option<String>,
    /// How safe it is where nothing below says otherwise; left out: `unsafe`.
    pub applicability: Option<Applicability>,
    /// What could break, and which fact makes it safe.
    pub safety: String,
    /// Where this holds, it is safe.
    pub safe_if: Option<PredicateTable>,
    /// Where this holds, it is at most unsafe.
    pub unsafe_if: Option<PredicateTable>,
    /// Where this holds, it is a suggestion.
    pub suggestion_if: Option<PredicateTable>,
    /// Where this does not hold, another fix of the rule is meant.
    pub applies_if: Option<PredicateTable>,
    /// Where one of these holds, it is not offered.
    pub blocked_if: Vec<BlockTable>,
}

/// A reason not to offer a fix.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BlockTable {
    /// Where this holds.
    pub when: PredicateTable,
    /// Why, for the user.
    pub reason: String,
}

/// A value to compare a field with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Literal {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    Text(String),
}

/// Facts beyond the fields of one object that a predicate may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// The container certainly does not run as root: by `runAsUser`, `runAsNonRoot`, or a reliable
    /// row of the image table.
    NonRoot,
    /// No program of the image gains rights when it is started: a reliable row says that there is
    /// no shell and no file capability.
    GainsNothing,
    /// The image starts as root and becomes another user, or needs root throughout, and the container does not
    /// name another user.
    StartsAsRoot,
    /// The container is an ephemeral one.
    Ephemeral,
    /// The pod uses a namespace of the node, or mounts one of its paths.
    HostAccess,
    /// The container, or for what is said of the pod any of its containers, mounts a path of the node and may write
    /// to it: what is there mostly belongs to root.
    WritesToNode,
    /// An annotation of the pod asks for another seccomp profile than the runtime's default: the API
    /// refuses a pod whose `seccompProfile` says something else (`ValidatePodCreate`).
    OtherSeccompAnnotation,
    /// The image's programs carry the file capability NET_BIND_SERVICE and no other: where the container
    /// drops it they do not start, whatever the port.
    BindsByFile,
    /// The image's programs carry other file capabilities, and the container does not add them all.
    RightsByFile,
    /// The container runs as root, the image's start then hands over to another user, and the container
    /// does not add the capabilities that this takes: CHOWN, SETGID and SETUID.
    HandsOver,
    /// The container may be root, and its command calls a program that `drop: [ALL]` takes a capability from
    /// (`chown`: CHOWN).
    UsesCapabilities,
    /// The container may be root, and its command calls a program that needs the capability which is the subject.
    UsesCapability,
    /// The container may be root, and its command calls a program that works in a privileged container only
    /// (`sysctl`), or needs a capability that no runtime grants by default (`mount`: SYS_ADMIN).
    WorksPrivileged,
    /// A container's command calls a client of the Kubernetes API (`kubectl`), or its image is called like one.
    CallsApi,
}

/// A test, or several. Exactly one of `all`, `any`, `not`, `named`, `since`, `kind`, `fact` and
/// `path`; with `path` exactly one of `is`, `in`, `min`/`max`, `matches`, `contains`, `present`.
///
/// A test on a field whose value is filled in later (`${VAR}`) is neither true nor false.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct PredicateTable {
    /// All of these hold.
    pub all: Option<Vec<Self>>,
    /// One of these holds.
    pub any: Option<Vec<Self>>,
    /// This does not hold.
    pub not: Option<Box<Self>>,
    /// The predicate of this name in `[predicates]` holds.
    pub named: Option<String>,
    /// The cluster's version is this or later.
    pub since: Option<KubernetesVersion>,
    /// The object is of one of these kinds.
    pub kind: Option<Vec<String>>,
    /// This is known to be so.
    pub fact: Option<Fact>,

    /// Where `path` starts; left out: at the subject.
    pub at: Option<Root>,
    /// The field; `.` is the subject itself.
    #[schemars(with = "Option<String>")]
    pub path: Option<Spanned<String>>,
    /// Where the container does not set the field, the pod's value counts.
    pub effective: bool,
    /// The field has this value.
    pub is: Option<Literal>,
    /// The field has one of these values.
    #[serde(rename = "in")]
    pub within: Option<Vec<Literal>>,
    /// The field is this number or a larger one.
    pub min: Option<i64>,
    /// The field is this number or a smaller one.
    pub max: Option<i64>,
    /// The text matches this regular expression.
    #[schemars(with = "Option<String>")]
    pub matches: Option<Spanned<String>>,
    /// The list has this item.
    pub contains: Option<Literal>,
    /// The field is set, or not.
    pub present: Option<bool>,
}

/// The JSON schema of a file of rules.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(RuleFile).to_value()
}
