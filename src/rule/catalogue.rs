//! [`Catalogue`]: all rules, ready to run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use crate::finding::{Applicability, Severity};
use crate::resource::KubernetesVersion;
use crate::yaml::FieldPath;

use super::compile;
use super::dockerfile;
use super::frame::Paths;
use super::message::Message;
use super::native;
use super::pod_security::{Check, Level};
use super::predicate::Predicate;
use super::schema::RuleFile;
use super::scope::{Root, Scope};
use super::slots::Slot;

/// The shipped rules.
pub(super) const SHIPPED: &str = include_str!("../../rules.toml");

/// What other tools call a rule: tool to ids.
pub type Peers = BTreeMap<String, Vec<String>>;

/// One rule, ready to run.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id.
    pub id: Arc<str>,
    /// The weakness in one line.
    pub summary: String,
    /// How bad it is, after the configuration.
    pub severity: Severity,
    /// What it looks at.
    pub scope: Scope,
    /// What happens at run time.
    pub why: String,
    /// First and last version of Kubernetes it is about.
    pub versions: (Option<KubernetesVersion>, Option<KubernetesVersion>),
    /// Ids of the Pod Security checks that fail where it finds something.
    pub pss: Vec<Arc<str>>,
    /// Standards it belongs to: `pss:baseline` and `pss:restricted` by its checks, and others.
    pub standards: Vec<Arc<str>>,
    /// What other tools call it.
    pub peers: Peers,
    /// Pages that say more.
    pub references: Vec<String>,
    /// Repairs, the best first.
    pub fixes: Vec<Fix>,
    /// Why there is no repair, for a rule without one or where a planned one is missing.
    pub no_fix: Option<Arc<str>>,
    /// Whether a configuration wrote it.
    pub user: bool,
    pub(super) default: bool,
    pub(super) checks: Vec<usize>,
    pub(super) kinds: Vec<String>,
    pub(super) condition: Option<Predicate>,
    pub(super) test: RuleTest,
    pub(super) message: Message,
}

/// What decides whether a rule finds something.
#[derive(Clone, Debug)]
pub(super) enum RuleTest {
    /// It must hold; absence fails.
    Require(Predicate),
    /// It must not hold; absence passes.
    Forbid(Predicate),
    /// Rust decides.
    Native(native::Finder),
    /// Rust decides on a Dockerfile.
    Dockerfile(dockerfile::Finder),
    /// Every subject of the scope is a finding.
    Every,
}

/// A repair of a rule.
#[derive(Clone, Debug)]
pub struct Fix {
    /// What it does.
    pub title: Arc<str>,
    /// Its level where no fact says otherwise.
    pub applicability: Applicability,
    /// What could break, and which fact makes it safe.
    pub safety: Arc<str>,
    /// The level that a configuration gave it.
    pub(super) given: Option<Applicability>,
    pub(super) change: Change,
    pub(super) safe_if: Option<Predicate>,
    pub(super) unsafe_if: Option<Predicate>,
    pub(super) suggestion_if: Option<Predicate>,
    pub(super) applies_if: Option<Predicate>,
    pub(super) blocked_if: Vec<(Predicate, Arc<str>)>,
    /// The flag that lets `fix` make it where it is unsafe, and where it is a suggestion.
    pub(super) flags: [Arc<str>; 2],
}

/// What a fix changes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Sets a field.
    Set { root: Root, path: FieldPath, value: serde_json::Value },
    /// Removes a field.
    Remove { root: Root, path: FieldPath, slot: Slot },
    /// Removes the subject from its list.
    RemoveItem,
    /// Appends to a list, or writes the item right that is there in another case.
    Append { root: Root, path: FieldPath, slot: Slot, value: serde_json::Value },
    /// Rust decides.
    Native(native::Fixer),
}

impl Rule {
    /// Whether it misses an item in a list, so that its repair appends one.
    #[must_use]
    pub fn misses_item(&self) -> bool {
        self.fixes.iter().any(|fix| matches!(fix.change, Change::Append { .. }))
    }

    /// Whether it runs unless asked otherwise.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.default
    }

    /// What a finding at a values key says.
    #[must_use]
    pub fn message_for_key(&self, key: &str) -> String {
        self.message.fill_key(key)
    }

    /// Whether a repair of it changes, or depends on, other objects of the target: what is said of it
    /// holds only where all of them are known.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.fixes.iter().any(|fix| matches!(&fix.change, Change::Native(fixer) if fixer.linked))
    }
}

/// All rules, ready to run.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(super) rules: Vec<Rule>,
    pub(super) checks: Vec<Check>,
    pub(super) paths: Paths,
    by_scope: [Vec<usize>; Scope::ALL.len()],
    ids: HashMap<Arc<str>, usize>,
}

/// Why rules are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CatalogueError {
    /// What is wrong.
    pub message: String,
    /// Bytes in the text the tables were read from, where the place is known.
    pub span: Option<Range<usize>>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Catalogue {
    /// The rules that are built in.
    ///
    /// Should the built-in file be broken the catalogue is empty; a test makes sure it is not.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::load(None)
                .unwrap_or_else(|_| Catalogue::from_parts(Vec::new(), Vec::new(), Paths::default()))
        });
        &CATALOGUE
    }

    /// The built-in rules with those of a configuration: new ones added, known ones overridden.
    ///
    /// # Errors
    /// A rule is malformed or incomplete; the span is that of the user's text.
    pub fn load(user: Option<&RuleFile>) -> Result<Self, CatalogueError> {
        let shipped = Self::parse(SHIPPED)?;
        compile::compile(&shipped, user)
    }

    /// Reads a file of rules.
    ///
    /// # Errors
    /// It is no TOML, or has other keys.
    pub fn parse(text: &str) -> Result<RuleFile, CatalogueError> {
        toml::from_str(text).map_err(|error: toml::de::Error| CatalogueError {
            message: error.message().to_owned(),
            span: error.span(),
            help: None,
        })
    }

    pub(super) fn from_parts(rules: Vec<Rule>, checks: Vec<Check>, paths: Paths) -> Self {
        let mut by_scope: [Vec<usize>; Scope::ALL.len()] = Default::default();
        let mut ids = HashMap::new();
        for (index, rule) in rules.iter().enumerate() {
            if let Some(of_scope) = by_scope.get_mut(rule.scope as usize) {
                of_scope.push(index);
            }
            ids.insert(Arc::clone(&rule.id), index);
        }
        Self { rules, checks, paths, by_scope, ids }
    }

    /// All rules, by id.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule of an id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(self.index_of(id)?)
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// The places of the rules that look at a kind of subject.
    pub(super) fn in_scope(&self, scope: Scope) -> &[usize] {
        self.by_scope.get(scope as usize).map_or(&[], Vec::as_slice)
    }

    /// The rules that look at a kind of subject.
    pub fn rules_of(&self, scope: Scope) -> impl Iterator<Item = &Rule> {
        self.in_scope(scope).iter().filter_map(|&index| self.rules.get(index))
    }

    /// The known rule id most like a word.
    #[must_use]
    pub fn nearest(&self, word: &str) -> Option<&str> {
        super::selection::nearest(word, self.rules.iter().map(|rule| &*rule.id))
    }

    /// The checks of the Pod Security Standards.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The names of all standards, sorted.
    pub fn standards(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> =
            self.rules.iter().flat_map(|rule| rule.standards.iter().map(|name| &**name)).collect();
        names.into_iter()
    }

    /// The rules that a tool's id stands for.
    pub fn by_peer<'a>(&'a self, tool: &'a str, id: &'a str) -> impl Iterator<Item = &'a Rule> {
        let named = move |rule: &&Rule| {
            rule.peers.get(tool).is_some_and(|ids| ids.iter().any(|known| known.eq_ignore_ascii_case(id)))
        };
        self.rules.iter().filter(named)
    }

    /// Standards of a level, for a rule with these checks.
    pub(super) fn levels_of(checks: &[Check], of: &[usize]) -> Vec<Arc<str>> {
        let least = of.iter().filter_map(|&index| checks.get(index)).map(|check| check.level).min();
        let levels = Level::ALL.into_iter().filter(|level| least.is_some_and(|least| *level >= least));
        levels.map(|level| Arc::from(level.standard())).collect()
    }
}
